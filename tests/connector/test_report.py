"""The tenant's report: how a Tribe works, for the maintainers, and nothing of anybody."""

import json
import re
from pathlib import Path
from unittest.mock import patch

from tribe_sandbox.schema import build_schema
from tribe_sandbox.switches import Switches

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user

from odoo.addons.tribe_connector import probe
from odoo.addons.tribe_connector.probe import READINGS, report, vocabulary

from .common import ConnectorCase

SECONDS = 900
LETTERS = re.compile(r"[^\W\d_]+")
WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
LONGEST_CHANCE = 4
DAY = re.compile(r"\d{4}-\d\d-\d\d")
CUSTOM = "9ecc8d21-f69a-4f4c-a239-5db7a5f21ddd"
# Of a customer, in a tenant that shows them wherever it can.
NAMED_BY_THE_CUSTOMER = {
    "extra_phases": ["Zwartgallig"],
    "uncoded_phases": ["Herinnering van Quispel"],
    "legal_entity_name": "QuispelOnderneming",
    "invoice_date_name": "DatumVanQuispel",
    "custom_fields": [{"type": "Relation_Organization", "id": CUSTOM}],
    "number_format": "QUISPEL-{year}-{sequence:05d}",
    "credit_invoices": True,
    "foreign_currency": True,
    "draft_code": "KladVanQuispel",
}


def words_of_ours():
    """The words of the catalogue and of the vocabulary, in small letters."""
    folder = Path(probe.__file__).parent
    text = "".join(path.read_text() for path in sorted(folder.rglob("*.py")))
    return {word.lower() for word in WORDS.findall(text)}


def parts(text):
    """All that is four letters long, in small letters."""
    return {
        run[start : start + LONGEST_CHANCE].lower()
        for run in LETTERS.findall(text)
        for start in range(len(run) - LONGEST_CHANCE + 1)
    }


class ReportCase(ConnectorCase):
    looks_how_tribe_works = True

    def report(self, user=None):
        """The file, as its reader sees it."""
        connection = self.connection.with_user(user or self.administrator())
        with self.enter_registry_test_mode():
            return json.dumps(connection._report(), indent=2)

    def administrator(self, login="administrates"):
        known = self.env["res.users"].search([("login", "=", login)])
        return known or self.user(login, "tribe_connector.group_manager")

    def user(self, login, groups):
        return new_test_user(
            self.env,
            login,
            groups=groups,
            password=login,
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )


class TestWhatIsTold(ReportCase):
    def test_each_reading_with_what_was_found_and_how(self):
        self.connect()

        report = json.loads(self.report())

        self.assertEqual(list(report["readings"]), list(READINGS))
        page_size = report["readings"]["eq_case"]
        self.assertEqual(page_size["found"], "case_sensitive")
        self.assertEqual((page_size["how"], page_size["state"]), ("reading", "found"))
        self.assertRegex(page_size["found_at"], DAY)
        lag = report["readings"]["lag"]
        self.assertEqual((lag["how"], lag["found"], lag["found_at"]), ("writing", None, None))
        for code, told in report["readings"].items():
            with self.subTest(code):
                self.assertEqual(told["found"] or False, self.reading(code).value)

    def reading(self, code):
        return self.connection.reading_ids.filtered(lambda row: row.code == code)

    def test_before_anything_was_found(self):
        report = json.loads(self.report())

        self.assertEqual({told["found"] for told in report["readings"].values()}, {None})

    def test_what_a_person_corrected(self):
        self.connect()
        self.reading("page_size").with_user(self.administrator()).value = "40"

        told = json.loads(self.report())["readings"]["page_size"]

        self.assertEqual(told["set_by_person"], "40")
        self.assertNotEqual(told["found"], "40")

    def test_names_and_types_of_the_metadata(self):
        self.seed_tribe(custom_fields=[{"type": "Relation_Organization", "id": CUSTOM}])

        report = json.loads(self.report())

        organization = report["metadata"]["sets"]["Relation_Organization"]
        self.assertEqual(organization["fields"]["Name"], "Edm.String")
        self.assertEqual(organization["links"]["InvoiceAddress"], "Address")
        self.assertEqual(organization["custom"], {"Edm.String": 1})
        invoice = report["metadata"]["sets"]["Activity_Invoice"]
        self.assertEqual(invoice["links"]["ProductLines"], "many ProductLine")
        self.assertIn("content-type", report["headers"])

    def test_a_hostile_tribe_makes_no_long_report(self):
        """Its names are long, and many sets inherit them: each is looked at once."""
        long = {f"{'Invoice' * 60}{number}": "Edm.String" for number in range(1000)}
        usual = {f"Invoice{number}": "Edm.String" for number in range(900)}
        sets = {
            f"Order{number}": {"properties": long | usual, "navigations": {}}
            for number in range(298)
        }
        looked_at = []

        def told_name(name, also=()):
            looked_at.append(name)
            return vocabulary.told_name(name, also)

        with patch.object(report, "told_name", told_name):
            told = report.told_schema(sets)

        self.assertEqual(len(told["sets"]), 10)
        self.assertEqual(told["left_out_sets"], 288)
        self.assertEqual(set(told["sets"]["Order1"]["fields"]), set(usual))
        self.assertLessEqual(len(looked_at), 3000)

    def test_every_name_that_we_know_is_told(self):
        """So is what the stand-in has, which is what public pages show of Tribe."""
        schema = build_schema(Switches({}))
        known = {
            (name, each)
            for name in schema.sets
            for each in (*schema.types[name].properties, *schema.types[name].navigations)
        }

        sets = json.loads(self.report())["metadata"]["sets"]

        told = {
            (name, each)
            for name, content in sets.items()
            for each in (*content["fields"], *content["links"])
        }
        self.assertFalse({each for each in known - told if each[1] != "_Type"})

    def test_it_is_the_same_each_time(self):
        self.connect()

        first, second = (json.loads(self.report()) for _each in range(2))

        first.pop("made")
        second.pop("made")
        self.assertEqual(json.dumps(first), json.dumps(second))

    def test_a_tribe_that_does_not_answer(self):
        self.connect()
        self.sandbox.fault("status", path_contains="$metadata", status=503, times=None)
        self.addCleanup(self.sandbox.clear_faults)

        report = json.loads(self.report())

        self.assertEqual(report["metadata"], {"problem": "tribe_has_problem"})
        self.assertEqual(report["readings"]["eq_case"]["found"], "case_sensitive")

    def test_nothing_is_asked_in_mode_off(self):
        self.connect()
        self.connection.mode = "off"
        self.sandbox.reset_calls()

        report = json.loads(self.report())

        self.assertEqual(report["metadata"], {"problem": "mode_off"})
        self.assertEqual(self.sandbox.calls()["total"], 0)


class TestNothingOfAnybody(ReportCase):
    """A tenant of which each value would be recognized."""

    sandbox_options = {"relations": 30, "invoices": 40}

    def test_nothing_of_anybody_is_told(self):
        self.seed_tribe(**NAMED_BY_THE_CUSTOMER)
        self.connect()
        self.map()
        self.connection.name = "Koppeling van Quispel"
        for code, typed in (("invoice_date", "DatumVanQuispel"), ("reference", "QuispelKenmerk")):
            self.connection.reading_ids.filtered(lambda row, code=code: row.code == code).write(
                {"value": typed, "found": typed, "is_set_by_person": True}
            )
        for code in ("webhook_header", "webhook_payload", "scope", "known_names", "phases"):
            self.connection.reading_ids.filtered(lambda row, code=code: row.code == code).write(
                {
                    "value": "X-Quispel-Handtekening: Dérksen 0612345678, b.v. €",
                    "found": "X-Quispel-Handtekening: Dérksen 0612345678, b.v. €",
                    "found_at": "2026-01-01 00:00:00",
                }
            )
        self.env["res.partner"].create({"name": "Wolkenkrabber Quispel", "city": "Zoetermeer"})
        self.env["tribe.message"].search([]).write({"sentence": "Quispel zegt het zelf"})

        told = self.report()

        secrets = self.secrets()
        self.assertGreater(len(secrets), 1500)
        self.assertFalse({each for each in secrets if each in told})
        left = self.without_words_of_ours(told)
        of_anybody = set().union(*map(parts, secrets))
        self.assertFalse(parts(left) & of_anybody)

    def secrets(self):
        """All values of both sides, as texts that nobody else has."""
        connection = self.connection.sudo()
        credential = connection._credential()
        fields = ("api_address", "client_id", "own_organization_id", "own_organization_name")
        values = {connection[name] for name in fields} | {
            connection.name,
            self.env["ir.config_parameter"].sudo().get_param("database.uuid"),
            *NAMED_BY_THE_CUSTOMER["extra_phases"],
            *NAMED_BY_THE_CUSTOMER["uncoded_phases"],
            *(NAMED_BY_THE_CUSTOMER[name] for name in ("legal_entity_name", "draft_code")),
            *("DatumVanQuispel", "QuispelKenmerk", "Handtekening", "Quispel zegt het zelf"),
            *("Dérksen", "0612345678", CUSTOM, CUSTOM.replace("-", "__")),
        }
        for name, field in credential._fields.items():
            if field.type in ("char", "text"):
                values.add(credential[name])
        for partner in self.env["res.partner"].search([]):
            values |= {partner.name, partner.email, partner.city, partner.street, partner.phone}
        values |= set(self.env["res.company"].search([]).mapped("name"))
        for entity_set in build_schema(Switches(self.sandbox.switch())).sets:
            for row in self.sandbox.rows(entity_set):
                values |= {
                    value if isinstance(value, str) else json.dumps(value)
                    for name, value in row.items()
                    if name != "_Type" and isinstance(value, (str, int, float))
                }
        return {
            value
            for value in values - {None, False, ""}
            # A day is nobody's, and shorter ones are in any text.
            if len(value) >= LONGEST_CHANCE and not DAY.fullmatch(value)
        } - self.words_as_values()

    @staticmethod
    def words_as_values():
        """What stands there too as a word or a number of ours: of phases, of the virtual user, of
        an account that is called as an address is long, of the settings."""
        return {"Draft", "Sent", "Paid", "Tribe", "1000", "8000", "read write", "true", "false"}

    @staticmethod
    def without_words_of_ours(told):
        known = words_of_ours()
        # The keys of the file, and what says where it comes from.
        known |= {"edm", "http", "requests", "ledger", "booking", "made", "versions", "utc"}
        return WORDS.sub(lambda word: " " if word[0].lower() in known else word[0], told)


class TestDownload(ReportCase, HttpCase):
    """Who gets it, and how."""

    def download(self, login=None):
        self.authenticate(login, login)
        return self.url_open(f"/tribe/report/{self.connection.id}", timeout=SECONDS)

    def test_the_button_leads_to_the_file(self):
        action = self.connection.with_user(self.administrator()).action_report()
        self.assertEqual(action["url"], f"/tribe/report/{self.connection.id}")

        answer = self.download("administrates")

        self.assertEqual(answer.status_code, 200)
        self.assertRegex(
            answer.headers["Content-Disposition"], r"attachment.*tribe-report-[\d-]+\.json"
        )
        self.assertEqual(set(answer.json()["readings"]), set(READINGS))

    def test_who_is_no_administrator_of_the_connection_gets_none(self):
        self.user("sees", "tribe_connector.group_user")
        self.user("works", "base.group_user")
        self.user("buys", "base.group_portal")
        other = self.env["res.company"].create({"name": "Elders B.V."})
        new_test_user(
            self.env,
            "elsewhere",
            groups="tribe_connector.group_manager,base.group_system",
            password="elsewhere",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        for login in ("sees", "works", "buys", "elsewhere"):
            with self.subTest(login):
                self.assertEqual(self.download(login).status_code, 404)
        with self.assertRaises(AccessError):
            self.connection.with_user(
                self.env["res.users"].search([("login", "=", "sees")])
            )._report()

    def test_nobody_gets_it_without_signing_in(self):
        answer = self.url_open(
            f"/tribe/report/{self.connection.id}", timeout=SECONDS, allow_redirects=False
        )

        self.assertIn("/web/login", answer.headers["Location"])
