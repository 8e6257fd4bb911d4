"""Problems are kept as codes, and everybody reads them in their own language."""

import json
import re
from datetime import date, datetime
from decimal import Decimal

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user

from odoo.addons.tribe_connector.engine.problems import NeedsPerson
from odoo.addons.tribe_connector.sentence import MESSAGES, Choice, Name, sentence, shortened, stored

from .relation_case import RelationCase

PLACEHOLDER = re.compile(r"%\((\w+)\)s")
# The same in both languages: only what they are filled in with is read.
SAME_IN_DUTCH = {
    "check_reading",
    "said_by_odoo",
    "amount_of",
    "one_after_the_other",
    "one_on_each_line",
    "fields_changed",
    "number_of_relation",
    "relation_with_numbers",
    "check_missing",
    "connection_problem",
    "address_api",
    "address_app",
    "field_website",
    "field_name",
    "field_email",
    "field_zip",
    "in_odoo",
    "in_tribe",
    "relation_in_tribe",
}


class MessageCase(RelationCase):
    """An English administrator and a Dutch bookkeeper of one company."""

    def setUp(self):
        super().setUp()
        self.env["res.lang"]._activate_lang("nl_NL")
        self.env["ir.module.module"]._load_module_terms(["tribe_connector"], ["nl_NL"])
        self.english = self.user("administrator", "group_manager", lang="en_US")
        self.dutch = self.user("boekhouder", "group_user", lang="nl_NL")

    def user(self, login, group, **values):
        company = self.connection.company_id
        groups = f"base.group_user,base.group_partner_manager,tribe_connector.{group}"
        return new_test_user(
            self.env, login, groups, company_id=company.id, company_ids=company.ids, **values
        )

    def read_by(self, user, records, name="error"):
        """What a user reads in a field of some records, as the web client asks for it."""
        (values,) = records.with_user(user).with_context(lang=user.lang).read([name])
        return values[name]

    def found_by(self, user, records, name, words):
        """Whether a user finds some records by words of a field."""
        model = records.with_user(user).with_context(lang=user.lang)
        return model.search([("id", "in", records.ids), (name, "ilike", words)]) == records

    def problem(self):
        """A private person, marked to be sent as a supplier, which Tribe does not have."""
        self.env["res.partner"].create(
            {
                "name": "Jan de Wit",
                "is_company": False,
                "supplier_rank": 1,
                "tribe_synchronize": True,
            }
        )
        self.run_nightly()
        return self.env["tribe.work"].search([("error_class", "=", "person")])


class TestEverybodyReadsTheirLanguage(MessageCase):
    ENGLISH = "Jan de Wit is a supplier, and a private person cannot be one in Tribe."
    DUTCH = "Jan de Wit is een leverancier, en een particulier kan dat in Tribe niet zijn."

    def test_needs_attention(self):
        work = self.problem()
        self.assertIn(self.ENGLISH, self.read_by(self.english, work))
        self.assertIn(self.DUTCH, self.read_by(self.dutch, work))
        for user, word, other in (
            (self.english, "supplier", "leverancier"),
            (self.dutch, "leverancier", "supplier"),
        ):
            self.assertTrue(self.found_by(user, work, "error", word))
            self.assertTrue(self.found_by(user, work, "error", "jan de wit"))
            self.assertFalse(self.found_by(user, work, "error", other))
            self.assertFalse(self.found_by(user, work, "error", "Jan de Zwart"))
        # Not by the names of the code and of what it is filled in with.
        self.assertFalse(self.found_by(self.english, work, "error", "parameters"))

    def test_a_whole_sentence_is_found_and_what_has_it_is_left_out(self):
        work = self.problem()
        works = self.env["tribe.work"].with_user(self.dutch).with_context(lang="nl_NL")
        of_work = [("id", "=", work.id)]
        self.assertEqual(works.search([*of_work, ("error", "ilike", self.DUTCH)]), work)
        self.assertFalse(works.search([*of_work, ("error", "not ilike", "leverancier")]))
        self.assertEqual(works.search([*of_work, ("error", "not ilike", "supplier")]), work)
        self.assertEqual(works.search([*of_work, ("error", "!=", False)]), work)
        self.assertFalse(works.search([*of_work, ("error", "=", False)]))
        self.assertEqual(
            works.search([*of_work, ("error", "=", work.with_env(works.env).error)]), work
        )

    def test_a_run(self):
        self.problem()
        line = self.env["tribe.run.line"].search([("action", "=", "problem")], limit=1)
        self.assertIn(self.ENGLISH, self.read_by(self.english, line, "text"))
        self.assertIn(self.DUTCH, self.read_by(self.dutch, line, "text"))
        self.assertTrue(self.found_by(self.dutch, line, "text", "leverancier"))
        self.assertTrue(self.found_by(self.english, line, "text", "supplier"))

    def test_what_changed_in_a_run(self):
        partner = self.linked()
        partner.write({"phone": "030 123", "city": "Utrecht"})
        self.synchronize(partner)
        line = self.env["tribe.run.line"].search([("action", "=", "update_tribe")], limit=1)
        self.assertEqual(self.read_by(self.english, line, "text"), "City, Phone")
        self.assertEqual(self.read_by(self.dutch, line, "text"), "Plaats, Telefoon")
        self.assertTrue(self.found_by(self.dutch, line, "text", "plaats"))

    def test_check(self):
        self.connection.mode = "dry_run"
        self.env["tribe.check"].sudo()._store_rows(
            self.connection, list(self.env["tribe.check"]._of_webhooks(self.connection))
        )
        check = self.connection.check_ids.filtered(lambda each: each.state == "note")
        self.assertEqual(
            self.read_by(self.english, check, "name"),
            "Tribe cannot report changes to 127.0.0.1:9",
        )
        self.assertIn("127.0.0.1:9", self.read_by(self.dutch, check, "name"))
        self.assertNotIn("cannot report", self.read_by(self.dutch, check, "name"))
        self.assertIn("HTTPS", self.read_by(self.dutch, check, "remedy"))
        self.assertNotIn("Give this", self.read_by(self.dutch, check, "remedy"))
        self.assertTrue(self.found_by(self.english, check, "name", "cannot report"))
        self.assertFalse(self.found_by(self.dutch, check, "name", "cannot report"))
        self.assertTrue(self.found_by(self.dutch, check, "name", "127.0.0.1:9"))

    def test_plan(self):
        self.env["res.partner"].create(
            {
                "name": "Jan de Wit",
                "is_company": False,
                "supplier_rank": 1,
                "tribe_synchronize": True,
            }
        )
        action = self.connection.action_plan()
        self.run_lanes()
        plan = self.env["tribe.plan"].browse(action["res_id"])
        line = plan.line_ids.filtered(lambda each: each.name == "Jan de Wit")
        for name in ("text", "details"):
            self.assertIn(self.ENGLISH, self.read_by(self.english, line, name))
            self.assertIn(self.DUTCH, self.read_by(self.dutch, line, name))
        self.assertTrue(self.found_by(self.dutch, line, "text", "leverancier"))

    def test_a_difference_with_its_amounts_and_dates(self):
        link = self.linked().tribe_link_ids[:1]
        link.difference = [
            sentence(
                "difference_of_fact",
                what=sentence("compared_total"),
                now=Decimal("1234.50"),
                booked=Decimal("1000.00"),
            ),
            sentence(
                "difference_of_fact",
                what=sentence("compared_date"),
                now=date(2026, 11, 28),
                booked=date(2026, 11, 1),
            ),
        ]
        self.assertEqual(
            self.read_by(self.english, link, "difference").splitlines(),
            [
                "Total: 1,234.50 in Tribe, booked as 1,000.00.",
                "Date: 11/28/2026 in Tribe, booked as 11/01/2026.",
            ],
        )
        self.assertEqual(
            self.read_by(self.dutch, link, "difference").splitlines(),
            [
                "Totaal: 1.234,50 in Tribe, geboekt als 1.000,00.",
                "Datum: 28-11-2026 in Tribe, geboekt als 01-11-2026.",
            ],
        )
        self.assertTrue(self.found_by(self.dutch, link, "difference", "1.234,50"))

    def test_a_record_is_called_as_in_the_readers_language(self):
        country = self.env.ref("base.be")
        country.with_context(lang="nl_NL").name = "België"
        link = self.linked().tribe_link_ids[:1]
        for called in (country, country.with_context(lang="nl_NL")):
            name = Name.of(called)
            link.difference = [sentence("amount_of", what=[name], amount=Decimal("1.00"))]
            self.assertEqual(self.read_by(self.english, link, "difference"), "Belgium: 1.00")
            self.assertEqual(self.read_by(self.dutch, link, "difference"), "België: 1,00")
        # What it was called then, once it is called otherwise, or gone.
        for gone in (Name("Omzet", "res.country", country.id), Name("Omzet", "res.country", 0)):
            link.difference = [sentence("amount_of", what=gone, amount=Decimal("1.00"))]
            self.assertEqual(self.read_by(self.dutch, link, "difference"), "Omzet: 1,00")

    def test_a_moment_is_that_of_the_readers_time_zone(self):
        text = stored(sentence("headline_in_sync", moment=datetime(2026, 11, 29, 6, 15)))
        line = self.env["tribe.run.line"].create(
            {
                "run_id": self.env["tribe.run"]
                .create({"connection_id": self.connection.id, "direction": "inbound"})
                .id,
                "action": "note",
                "text": text,
            }
        )
        self.dutch.tz = "Europe/Amsterdam"
        shown = line.with_user(self.dutch).with_context(lang="nl_NL", tz="Europe/Amsterdam").text
        self.assertIn("07:15", shown)

    def test_a_sentence_is_kept_as_a_code_with_parameters(self):
        work = self.problem()
        self.env.flush_all()
        self.env.cr.execute("SELECT error FROM tribe_work WHERE id = %s", [work.id])
        (kept,) = json.loads(self.env.cr.fetchone()[0])
        self.assertEqual(
            kept,
            {"code": "supplier_is_private_person", "parameters": {"contact": "Jan de Wit"}},
        )

    def test_rows_of_before_keep_their_text(self):
        work = self.problem()
        text = "Factuur 12 heeft geen klant. [Kies er een]"
        self.env.cr.execute("UPDATE tribe_work SET error = %s WHERE id = %s", [text, work.id])
        work.invalidate_recordset()
        self.assertEqual(self.read_by(self.english, work), text)
        self.assertTrue(self.found_by(self.english, work, "error", "geen klant"))
        self.assertEqual(work.email, False)

    def test_what_odoo_said_is_kept_as_it_was_said(self):
        work = self.problem()
        work.error = sentence("said_by_odoo", text="Onbekende munt")
        self.assertEqual(self.read_by(self.english, work), "Onbekende munt")


class TestWhatOnlyLooksLikeASentence(MessageCase):
    """Anybody may be called as a sentence is kept, in Tribe and in Odoo."""

    def test_a_name_stays_a_name(self):
        work = self.problem()
        for name in (
            '[{"code":"nobody_signed_in","parameters":{"name":"Tribe CRM"}}]',
            '[{"code":"nothing","parameters":{"a":{"choice":["res.partner","name","x"]}}}]',
            '[{"code":"nothing","parameters":{"a":{"amount":"1E-100000000"}}}]',
            '[{"code":"nothing","parameters":' + "[" * 600 + "]" * 600 + "}]",
        ):
            with self.subTest(name[:60]):
                work.record_name = name
                self.env.flush_all()
                self.env.invalidate_all()
                shown = shortened(name, 200)
                self.assertEqual(self.read_by(self.english, work, "record_name"), shown)
                self.assertEqual(work.copy_data()[0]["record_name"], shown)

    def test_a_name_without_end_is_shortened(self):
        work = self.problem()
        line = self.env["tribe.run.line"].search([("action", "=", "problem")], limit=1)
        work.record_name = line.name = "x" * 100_000
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.read_by(self.english, work, "record_name"), "x" * 200 + "…")
        self.assertEqual(self.read_by(self.english, line, "name"), "x" * 200 + "…")

    def test_what_is_only_pretended_is_not_read_as_one(self):
        text = str(stored(sentence("sign_in_refused")))
        pretended = self.env["tribe.link"].new({"difference": text})
        self.assertEqual(pretended.difference, text)


class TestSearching(MessageCase):
    def test_no_pattern_takes_for_ever(self):
        """The bound would only end what hangs: a pattern that a regular expression tries for
        ever."""
        work = self.problem()
        for pattern in ("%" * 200 + "]", "_%" * 200 + "]", "%" * 10**6):
            for operator in ("ilike", "=ilike", "like", "not ilike"):
                self.env["tribe.work"].search([("error", operator, pattern)])
        self.assertTrue(self.found_by(self.english, work, "error", "jan%supplier%_annot"))
        self.assertFalse(self.found_by(self.english, work, "error", "supplier%jan"))

    def test_only_what_a_reader_may_read_is_looked_at(self):
        other = self.env["res.company"].create({"name": "Elders B.V."})
        work = self.problem()
        work.company_id = other
        works = self.env["tribe.work"].with_user(self.english)
        field = works._fields["error"]
        self.assertEqual(field._ids_that_say(works, "ilike", "supplier"), ())


class TestWithinOthers(MessageCase):
    """Sentences that become a part of another one are still read in each language."""

    def test_an_invoice_that_waits_for_its_customer(self):
        problem = NeedsPerson(
            sentence(
                "possible_match",
                subject="Jansen",
                objects=["“Janssen”"],
                where=sentence("in_tribe"),
                basis=[Choice("tribe.suggestion", "basis", "vat")],
            )
        )
        work = self.problem()
        work.error = sentence("invoice_waits_for_customer", number="1", problem=problem)
        self.assertIn("same VAT number", self.read_by(self.english, work))
        dutch = self.read_by(self.dutch, work)
        self.assertIn("zelfde btw-nummer", dutch)
        self.assertNotIn("could be", dutch)
        for words in ("btw-nummer", dutch):
            self.assertTrue(self.found_by(self.dutch, work, "error", words), words)

    def test_several_sentences_that_are_ignored(self):
        work = self.problem()
        work.error = [sentence("difference_draft_in_tribe"), sentence("difference_of_customer")]
        work.with_user(self.env.user).action_ignore()
        line = self.env["tribe.run.line"].search([("text", "ilike", "Ignored by")], limit=1)
        self.assertIn("another one in Tribe", self.read_by(self.english, line, "text"))
        dutch = self.read_by(self.dutch, line, "text")
        self.assertNotIn("another one", dutch)
        self.assertNotIn("draft", dutch)

    def test_an_amount_is_written_as_its_reader_does(self):
        message = self.env["tribe.message"].with_context(lang="nl_NL")
        text = message._text(
            sentence(
                "vat_differs", number="1", tax="21%", tribe=Decimal("2592.56"), odoo=Decimal(1)
            )
        )
        self.assertIn("2.592,56", text)

    def test_why_nobody_is_signed_in(self):
        self.connection.sign_in_problem = sentence("sign_in_refused")
        self.assertIn(
            "Tribe refused", self.read_by(self.english, self.connection, "sign_in_problem")
        )
        self.assertNotIn(
            "Tribe refused", self.read_by(self.dutch, self.connection, "sign_in_problem")
        )


class TestEveryMessage(MessageCase):
    def test_each_code_has_its_english_and_its_dutch(self):
        dutch = self.env["tribe.message"].with_context(lang="nl_NL")
        english = self.env["tribe.message"].with_context(lang="en_US")
        for code, row in MESSAGES.items():
            names = PLACEHOLDER.findall(row["sentence"])
            said = sentence(code, **{name: f"<{name}>" for name in names})
            with self.subTest(code):
                self.assertEqual(english._text(said), said)
                shown = dutch._text(said)
                self.assertEqual(
                    sorted(re.findall(r"<\w+>", shown)), sorted(f"<{name}>" for name in names)
                )
                if code not in SAME_IN_DUTCH:
                    self.assertNotEqual(shown, said)

    def test_the_database_has_the_table(self):
        rows = self.env["tribe.message"].with_context(lang="en_US").search([])
        self.assertEqual(
            {row.code: (row.topic, row.severity, row.cause or "", row.sentence) for row in rows},
            {
                code: (row["topic"], row["severity"], row["cause"], row["sentence"])
                for code, row in MESSAGES.items()
            },
        )


class TestOwnWords(MessageCase):
    """A system administrator words a message otherwise, as any translated field of Odoo."""

    def setUp(self):
        super().setUp()
        self.work = self.problem()
        self.message = self.env.ref("tribe_connector.message_supplier_is_private_person")

    def test_a_translation_of_ones_own_shows_and_is_found(self):
        self.message.update_field_translations(
            "sentence", {"nl_NL": "Let op: %(contact)s kan geen crediteur zijn."}
        )
        self.assertEqual(
            self.read_by(self.dutch, self.work), "Let op: Jan de Wit kan geen crediteur zijn."
        )
        self.assertTrue(self.found_by(self.dutch, self.work, "error", "crediteur"))
        self.assertIn("is a supplier", self.read_by(self.english, self.work))

    def test_a_placeholder_that_cannot_be_filled_in_is_refused(self):
        for text in ("%(naam)s mag niet.", "100% fout", "%s mag niet.", "%(contact)d mag niet"):
            with self.subTest(text), self.assertRaisesRegex(ValidationError, r"%\(contact\)s"):
                self.message.with_context(lang="nl_NL").sentence = text

    def test_neither_is_it_in_another_language_than_ones_own(self):
        message = self.message.with_context(lang="en_US")
        for text in ("%(naam)s", " "):
            with self.subTest(text), self.assertRaises(ValidationError):
                message.update_field_translations("sentence", {"nl_NL": text})

    def test_an_address_is_found_by_a_privacy_look_up_whatever_the_words(self):
        message = self.env.ref("tribe_connector.message_email_of_signed_in_contact")
        message.sentence = "The address of %(partner)s differs."
        self.work.error = sentence(
            "email_of_signed_in_contact", partner="Jan", address="jan@klant.example", users="jan"
        )
        self.assertNotIn("jan@klant.example", self.work.error)
        self.assertIn("jan@klant.example", self.work.email)

    def test_what_cannot_be_filled_in_is_read_in_english(self):
        """An import of translations asks nobody."""
        self.env.cr.execute(
            """UPDATE tribe_message
                  SET sentence = sentence || '{"nl_NL": "%%(naam)s, 100%% fout"}'
                WHERE id = %s""",
            [self.message.id],
        )
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        self.assertIn("is a supplier", self.read_by(self.dutch, self.work))

    def test_only_a_system_administrator_words_them(self):
        with self.assertRaises(AccessError):
            self.message.with_user(self.english).sentence = "Anything."
        with self.assertRaises(AccessError):
            self.message.with_user(self.english).create({"code": "x", "sentence": "y"})


class TestWhoIsTold(MessageCase):
    def setUp(self):
        super().setUp()
        self.connection.responsible_id = self.english

    def activities(self):
        return self.connection._trouble_activities()

    def test_the_open_activity_moves_to_who_is_told_now(self):
        self.problem()
        self.connection._in_language_of_responsible_user()._tell_trouble()
        (activity,) = self.activities()
        self.assertEqual(activity.user_id, self.english)
        self.assertIn("is a supplier", activity.note)

        self.connection.responsible_id = self.dutch

        self.assertEqual(self.activities(), activity)
        self.assertEqual(activity.user_id, self.dutch)
        self.assertIn("is een leverancier", activity.note)
        self.assertNotIn("supplier", activity.note)
        self.assertNotEqual(activity.summary, "Tribe CRM needs attention")

    def test_nobody_is_told_anew_when_nothing_was_told(self):
        self.connection.responsible_id = self.dutch
        self.assertFalse(self.activities())
