"""How a tenant works is found by looking: every switch of the stand-in, at every position."""

import itertools

from choices import IS_FULL
from tribe_sandbox.switches import SWITCHES

from odoo.exceptions import ValidationError
from odoo.tests import Form, new_test_user

from odoo.addons.tribe_connector.models import tribe_connection_tenant as tenant
from odoo.addons.tribe_connector.probe import LATER, READING, READINGS, WRITING, prober
from odoo.addons.tribe_connector.sentence import MESSAGES, sentence
from odoo.addons.tribe_connector.tribe_api import Client, TribeUnavailable

from .common import ConnectorCase

# What Connect and the probe may ask of Tribe together.
MOST_CALLS_OF_CONNECT = 60
UUID = "e4d6da94-fe9d-43e8-be1f-8a359911b9a8"
UUID_OF_DIGIT = "9ecc8d21-f69a-4f4c-a239-5db7a5f21ddd"
WITH_DISCOUNT = {"header_discounts": True}
IN_HEADER = {"header_discounts": True, "header_discount": "header"}


def name_cases(reading, *positions):
    """Of a switch that names a field: the names that we look for, and others."""
    return [(position, {}, {reading: position or "none"}) for position in positions]


def unseen(reading, *positions):
    """Of a switch that cannot be seen by reading."""
    return [(position, {}, {reading: None}) for position in positions]


# By switch: (its position, other switches without which it does nothing, what is found).
CASES = {
    # Token endpoint
    "expires_in": [(1200, {}, {"token_end": "expires_in", "token_lifetime": "1200"})],
    "token_style": [
        ("opaque", {}, {"token_end": "expires_in", "token_lifetime": "3600"}),
        ("jwt", {}, {"token_end": "jwt", "token_lifetime": "3600"}),
    ],
    "allowed_scopes": [(["read", "write", "offline"], {}, {"scope": "read write"})],
    "redirect_uris": unseen("redirect", ["https://odoo.example/tribe/callback"]),
    "code_lifetime": unseen("code_lifetime", 10.0),
    "pkce": unseen("pkce", *SWITCHES["pkce"].allowed),
    "refused_scope_error": unseen("refused_scope", "invalid_grant", "invalid_scope"),
    # Reading
    "plus_is_space": [(False, {}, {"plus": "plus"}), (True, {}, {"plus": "space"})],
    "string_equality": [
        (each, {}, {"eq_case": each}) for each in ("case_sensitive", "case_insensitive")
    ],
    "top_over_limit": [
        ("cap", {}, {"page_above": "capped"}),
        ("error", {}, {"page_above": "refused"}),
    ],
    "page_limit": [
        (20, {}, {"page_size": "20", "page_above": "capped"}),
        (1, {}, {"page_size": "1"}),
        (100, {}, {"page_size": "100", "page_above": "capped"}),
        (200, {}, {"page_size": "100", "page_above": "more"}),
    ],
    "count_option": [
        (each, {}, {"count": each, "page_size": "100"})
        for each in ("answered", "ignored", "refused")
    ],
    "base_set_fields": [(each, {}, {"base_rows": each}) for each in ("base", "derived")],
    "metadata_style": [(each, {}, {"metadata_style": each}) for each in ("inherited", "flat")],
    "entity_by_id": [(True, {}, {"entity_by_id": "yes"}), (False, {}, {"entity_by_id": "no"})],
    "file_data_in_expand": unseen("file_data", True, False),
    "query_lag": unseen("lag", 5.0),
    # Writing
    "write_answer": unseen("write_answer", *SWITCHES["write_answer"].allowed),
    "last_mutation_on_new": [
        ("null", {}, {"mutation_on_new": "empty"}),
        ("creation", {}, {"mutation_on_new": "creation"}),
    ],
    "child_touches_parent": [
        (False, {}, {"address_touches": "no", "line_touches": None}),
        (True, {}, {"address_touches": "yes", "line_touches": None}),
    ],
    "phase_touches_invoice": [
        (False, {}, {"phase_touches": "no"}),
        (True, {}, {"phase_touches": None}),
    ],
    "final_invoice_writable": unseen("final_writable", "phase", "non_money", "all"),
    "relation_deletion": unseen("relation_deletion", "cascade", "keep"),
    # The tenant's schema
    "billing_module": [
        (True, {}, {"invoicing": "yes", "totals": "all"}),
        (False, {}, {"invoicing": "no", "totals": None, "invoice_date": None}),
    ],
    "import_id": [(True, {}, {"import_id": "yes"}), (False, {}, {"import_id": "no"})],
    "absent_fields": [(["Address/State"], {}, {"known_names": "Address/State"})],
    "id_case": [(each, {}, {"id_case": each}) for each in ("lower", "upper")],
    "product_price": [
        (False, {}, {"product_price": "none"}),
        (True, {}, {"product_price": "property"}),
    ],
    "relation_name": [(False, {}, {"relation_name": "no"}), (True, {}, {"relation_name": "yes"})],
    "custom_fields": [
        ([], {}, {"custom_fields": "none"}),
        *(
            (
                [{"type": "Relation_Organization", "id": identifier}],
                {},
                {"custom_fields": "prefix_where_needed"},
            )
            for identifier in (UUID, UUID_OF_DIGIT)
        ),
    ],
    "extra_phases": [(["Reminder"], {}, {"phases": "Draft, Sent, Paid, +1"})],
    "uncoded_phases": [(["Herinnering"], {}, {"phases": "Draft, Sent, Paid, +1"})],
    "invoice_date_name": [
        *name_cases("invoice_date", "InvoiceDate", "Date", ""),
        ("Datum", {}, {"invoice_date": "none"}),
    ],
    "due_date_name": [
        *name_cases("due_date", "DueDate", "ExpirationDate", "InvoiceDueDate", ""),
        ("DueDate", {}, {"due_date_filled": "always"}),
    ],
    "invoice_date_type": [
        (
            "Edm.DateTimeOffset",
            {},
            {"invoice_date_type": "moment", "invoice_day": "midnight_here"},
        ),
        ("Edm.Date", {}, {"invoice_date_type": "day", "invoice_day": "day"}),
    ],
    "reference_name": name_cases("reference", "CustomerReference", "Reference", ""),
    "legal_entity_name": name_cases("legal_entity", "Identity", "LegalEntity", "Onderneming", ""),
    "legal_entity_means": [
        (each, {}, {"legal_entity_means": each}) for each in ("identity", "organization")
    ],
    "total_excluding_vat_name": name_cases("total_untaxed", "TotalExcludingVat", ""),
    "total_including_vat_name": name_cases("total", "TotalIncludingVat", ""),
    "vat_amount_name": name_cases("total_vat", "VatAmount", "TotalVat", ""),
    "final_flag_name": name_cases("final_mark", "IsFinal", "IsFinalized", ""),
    "credit_mark_name": name_cases("credit_mark", "IsCredit", "IsCreditNote", ""),
    "credit_link_name": name_cases("credit_link", "CreditedInvoice", "OriginalInvoice", ""),
    "line_invoice_name": name_cases("line_invoice", "Activity", "Invoice", ""),
    # Invoices
    "number_format": [
        ("{year}{sequence:04d}", {}, {"invoice_number": "99999999"}),
        ("F-{year}-{sequence:05d}", {}, {"invoice_number": "A-9999-99999"}),
    ],
    "sending_finalises": [
        (True, {}, {"final_filled": "always"}),
        (False, {}, {"final_filled": "never"}),
    ],
    "invoice_day": unseen("number_day", "2026-01-31"),
    "invoice_day_offset": unseen("number_day", 3),
    "base_currency": [(each, {}, {"base_currency": each}) for each in ("EUR", "DKK", "SEK")],
    "vat_rounding": [(each, {}, {"vat_rounding": each}) for each in ("line", "group")],
    "header_discount": [
        (each, WITH_DISCOUNT, {"header_discount": each}) for each in ("lines", "header")
    ],
    "line_totals": [(each, {}, {"line_totals": each}) for each in ("rounded", "unrounded")],
    "line_vat": [(each, {}, {"line_vat": each}) for each in ("after_discount", "before_discount")],
    "line_vat_discount": [
        (each, IN_HEADER, {"line_vat_discount": each}) for each in ("line", "whole")
    ],
    # There is no such currency in the seed; test_coins has one.
    "coins": unseen("coins", "cents", "own"),
    "amount_means": [
        (each, {}, {"amount": each}) for each in ("including", "excluding", "nothing")
    ],
    # What the seed contains
    "draft_code": [
        ("Draft", {}, {"draft_phase": "code"}),
        ("Concept", {}, {"draft_phase": "numbers", "phases": "Sent, Paid, +1"}),
        ("", {}, {"draft_phase": "numbers", "phases": "Sent, Paid, +1"}),
    ],
    "foreign_currency": [
        (False, {}, {"currencies": "EUR"}),
        (True, {}, {"base_currency": "EUR"}),
    ],
    "credit_invoices": [
        (False, {}, {"credits": None}),
        (True, {}, {"credits": "negative"}),
    ],
    "header_discounts": [
        (False, {}, {"header_discount": None}),
        (True, {}, {"header_discount": "lines"}),
    ],
    "legal_entities": [(1, {}, {"legal_entities": "1"}), (2, {}, {"legal_entities": "2"})],
    # Rate limit
    "rate_limit": unseen("rate_limit", 900),
    "rate_window": unseen("rate_limit", 30.0),
    "rate_counts_refused": unseen("rate_refused", True, False),
    "retry_after": unseen("retry_after", True, False),
    # Webhooks
    "webhook_signature_header": unseen("webhook_header", "X-Signature"),
    "webhook_secret_in_answer": unseen("webhook_secret", True, False),
    "webhook_payload": unseen("webhook_payload", "minimal", "typed"),
    "phase_change_mutation": unseen("phase_webhook", "entity", "relationship", "both"),
    "relationship_mutation": unseen("relationship_webhook", "entity", "relationship", "both"),
    "webhook_timeout": unseen("webhook_delivery", 5.0),
    "webhook_retry_delays": unseen("webhook_delivery", [0.1]),
    "webhook_duplicate_rate": unseen("webhook_delivery", 1.0),
    "webhook_drop_rate": unseen("webhook_delivery", 1.0),
    "webhook_delay": unseen("webhook_delivery", 1.0),
    "webhook_paused": unseen("webhook", True, False),
    "webhook_reorder": unseen("webhook_delivery", True, False),
}
# What is right where no set has more rows than a page.
UNDECIDED = {"page_above": {"answered"}}
# What is seen by nothing that is read: all of these together must change nothing.
UNSEEN = {
    switch: [position for position, _others, _expected in cases]
    for switch, cases in CASES.items()
    if all(READINGS[code].how in (WRITING, LATER) for case in cases for code in case[2])
}
# What is read otherwise than by default.
SEEN = [
    (switch, case)
    for switch, cases in CASES.items()
    for case in cases
    if switch not in UNSEEN and case[0] != SWITCHES[switch].default
]


class ProbeCase(ConnectorCase):
    """A tenant that is looked at."""

    looks_how_tribe_works = True

    # Some 180 lines, so that there is a set with more than a page.
    sandbox_options = {"relations": 30, "invoices": 40}

    def setUp(self):
        super().setUp()
        self.seen = {}

    def look(self, **switches):
        """What is found with some switches: ``{reading: value}``. Of the same tenant once."""
        others = {name: each for name, each in switches.items() if each != SWITCHES[name].default}
        key = repr(sorted(others.items()))
        if key not in self.seen:
            self.seed_tribe(**others)
            self.seen[key] = self.found().values
        return self.seen[key]

    def found(self):
        with self.enter_registry_test_mode():
            client = self.connection._connecting_client()
            read = self.connection._read_tenant(client)
            return self.connection._look_how_tribe_works(client, read)

    def assert_found(self, expected, values):
        """Each reading is what it should be; what is not seen has a sentence of what to do."""
        self.assertEqual({code: values.get(code) for code in expected}, expected)
        for code, value in values.items():
            self.assertTrue(READINGS[code].takes(value), (code, value))
        for code in expected:
            self.assertIn(READINGS[code].unseen, MESSAGES)

    def row(self, code):
        return self.connection.reading_ids.filtered(lambda row: row.code == code)


class TestSwitches(ProbeCase):
    """Each switch at each of its positions, one at a time; pairs with --full."""

    def test_every_switch_is_here_at_every_position(self):
        self.assertEqual(set(CASES), set(SWITCHES))
        for name, switch in SWITCHES.items():
            positions = switch.allowed or ((True, False) if type(switch.default) is bool else ())
            with self.subTest(name):
                self.assertLessEqual(
                    set(positions), {case[0] for case in CASES[name]} if positions else set()
                )

    def test_each_alone(self):
        for name in CASES.keys() - UNSEEN.keys():
            for position, others, expected in CASES[name]:
                with self.subTest(switch=name, position=position):
                    self.assert_found(expected, self.look(**others, **{name: position}))

    def test_what_cannot_be_seen_by_reading(self):
        usual = self.look()
        codes = {code for name in UNSEEN for case in CASES[name] for code in case[2]}
        self.assertFalse(codes & set(usual))
        for number in range(max(map(len, UNSEEN.values()))):
            switches = {name: each[number] for name, each in UNSEEN.items() if number < len(each)}
            with self.subTest(**switches):
                self.assert_found(dict.fromkeys(codes), self.look(**switches))
                self.assertEqual(self.look(**switches), usual)

    def test_two_together(self):
        if not IS_FULL:
            self.skipTest("--full")
        for (one, first), (other, second) in itertools.combinations(SEEN, 2):
            if one == other or one in second[1] or other in first[1]:
                continue
            if {*first[1].items()} ^ {*second[1].items()} and first[1] and second[1]:
                continue
            switches = {**first[1], **second[1], one: first[0], other: second[0]}
            with self.subTest(**switches):
                values = self.look(**switches)
                for code, value in {**first[2], **second[2]}.items():
                    # The other one may leave nothing by which it can be seen; never a wrong one.
                    right = (
                        {value, None} | self.alike(code, first, second) | UNDECIDED.get(code, set())
                    )
                    found = values.get(code)
                    if code == "known_names" and found:
                        # Both lack something.
                        found = next((each for each in found.split(", ") if each in right), found)
                    self.assertIn(found, right)

    @staticmethod
    def alike(code, *cases):
        """What both say of one reading."""
        return {case[2][code] for case in cases if code in case[2]}


class TestProbe(ProbeCase):
    """What a usual tenant tells; the bounds; what is kept, shown, corrected and gone by."""

    def test_a_usual_tenant(self):
        values = self.look()

        by_reading = {code for code, reading in READINGS.items() if reading.how == READING}
        discounts = {"header_discount", "line_vat_discount"}
        self.assertEqual(by_reading - set(values), {"line_touches", "coins", "credits"} | discounts)

    def test_it_asks_little_and_writes_nothing(self):
        for mode in ("dry_run", "demo"):
            for switches in ({}, {"count_option": "refused", "page_limit": 20}):
                with self.subTest(switches, mode=mode):
                    self.connection.mode = mode
                    self.seed_tribe(**switches)
                    self.sandbox.reset_calls()

                    self.connect()

                    calls = self.sandbox.calls()
                    self.assertEqual(calls["writes"], 0)
                    methods = {name.partition(" ")[0] for name in calls["by"]}
                    self.assertEqual(methods, {"GET"})
                    self.assertLessEqual(calls["total"], MOST_CALLS_OF_CONNECT)

    def test_it_stops_after_some_calls(self):
        self.patch(prober, "MOST_CALLS", 5)

        self.connect()

        row = self.row("longest_address")
        self.assert_told(row, "reading_not_seen", field="found")
        self.assert_told(row, "reading_too_slow", field="remedy")
        self.assertEqual(self.connection.state, "connected")

    def test_each_reading_is_a_row(self):
        self.connect()

        rows = self.connection.reading_ids
        self.assertEqual(rows.mapped("code"), list(READINGS))
        for row in rows:
            with self.subTest(row.code):
                self.assertTrue(row.found and row.assumed)
                self.assertEqual(bool(row.value), bool(row.found_at))
                self.assertTrue(row.value or row.remedy)
                self.assertEqual(row.state == "unseen", not row.value)
        self.assertEqual(self.row("page_size").value, "100")
        self.assertEqual(self.row("mutation_on_new").state, "found")
        self.assert_told(self.row("lag"), "reading_cannot_be_seen", field="found")
        self.assertNotIn("blocking", rows.mapped("state"))

    def test_it_tells_nothing_of_anybody(self):
        sets = ("Relation", "Address", "Activity_Invoice", "ProductLine", "Relationship")
        texts = {
            value
            for entity_set in sets
            for row in self.sandbox.rows(entity_set)
            for name, value in row.items()
            if isinstance(value, str) and len(value) > 3 and name != "_Type"
        }
        # So the first name of the virtual user is, too.
        texts -= {"Tribe"}
        self.assertGreater(len(texts), 500)

        self.connect()

        rows = self.connection.reading_ids
        told = repr(rows.read(["value", "found", "remedy", "assumed"]))
        self.assertFalse({text for text in texts if text in told})
        self.env.flush_all()
        self.env.cr.execute("SELECT value, found, remedy FROM tribe_reading")
        kept = repr(self.env.cr.fetchall())
        self.assertFalse({text for text in texts if text in kept})

    def test_what_was_seen_before_stays(self):
        self.connect()
        self.sandbox.reset(relations=3, invoices=0, switches={})

        self.connect()

        self.assertEqual(self.row("page_size").value, "100")
        self.assertEqual(self.row("totals").value, "all")

    def test_another_tribe_is_looked_at_anew(self):
        self.connect()
        self.row("page_size").with_user(self.administrator()).value = "40"
        self.sandbox.reset(seed=2, relations=3, invoices=0, switches={})

        self.connect()

        self.assertFalse(self.row("page_size").value)
        self.assertFalse(self.row("totals").value)

    def administrator(self):
        groups = "tribe_connector.group_manager"
        return new_test_user(self.env, "administrates", groups=groups, company_id=self.company.id)

    # What a person says

    def test_what_a_person_corrected_stays(self):
        self.connect()
        row = self.row("page_size").with_user(self.administrator())

        row.value = "40"
        self.connect()

        self.assertEqual((row.value, row.found), ("40", "100"))
        self.assertTrue(row.is_set_by_person)
        row.value = False
        self.connect()
        self.assertEqual((row.value, row.is_set_by_person), ("100", False))

    def test_what_cannot_be_corrected(self):
        self.connect()
        administrator = self.administrator()

        with self.assert_refused("reading_not_correctable"):
            self.row("eq_case").with_user(administrator).value = "case_insensitive"
        with self.assert_refused("reading_value_unknown", ValidationError, value="many"):
            self.row("page_size").with_user(administrator).value = "many"
        # Python refuses to read a number of so many digits.
        with self.assert_refused("reading_value_unknown", ValidationError):
            self.row("page_size").with_user(administrator).value = "9" * 5000

    # What is gone by

    def test_no_call_is_spent_on_a_count_that_is_refused(self):
        self.seed_tribe(count_option="refused")
        self.connect()

        self.assertEqual(self.calls_to_list(), 1)
        self.row("count").with_user(self.administrator()).value = "answered"
        self.assertEqual(self.calls_to_list(), 2)

    def calls_to_list(self):
        """How many calls a list of one page takes."""
        self.sandbox.reset_calls()
        with self.enter_registry_test_mode():
            next(self.connection._client().pages("Datastore_Country", select="ID"))
        return self.sandbox.calls()["total"]

    def test_so_many_rows_are_asked_for_as_a_person_says(self):
        self.connect()
        self.row("page_size").with_user(self.administrator()).value = "2"

        self.calls_to_list()

        (call,) = self.sandbox.call_log()
        self.assertIn("$top=2&", call["query"] + "&")

    def test_a_tribe_that_the_connector_cannot_work_with(self):
        self.find(contains="refused", totals="none")

        self.connect()

        self.assertEqual((self.connection.state, self.connection.step), ("draft", "check"))
        blocking = self.connection.check_ids.filtered(lambda check: check.state == "blocking")
        self.assert_told(blocking, "check_reading", field="name")
        self.assert_told(blocking, "reading_refused", field="name")
        self.assert_told(blocking, "reading_filter_needed", field="remedy")
        self.assert_told(blocking, "reading_totals_disagree", field="remedy")
        with self.assert_refused("connect_first"):
            self.press_activate()
        self.find()
        self.connect()
        self.assertEqual(self.connection.state, "connected")

    def test_a_tribe_that_calls_no_sent_invoice_final(self):
        self.seed_tribe(sending_finalises=False)

        self.connect()

        self.assertEqual((self.connection.state, self.connection.step), ("draft", "check"))
        blocking = self.connection.check_ids.filtered(lambda check: check.state == "blocking")
        self.assert_told(blocking, "check_reading", field="name")
        self.assert_told(blocking, "reading_never_final", field="remedy")

    def test_a_tribe_whose_invoice_date_is_not_known_by_its_name(self):
        self.seed_tribe(invoice_date_name="Datum")

        self.connect()

        self.assertEqual((self.connection.state, self.connection.step), ("draft", "check"))
        blocking = self.connection.check_ids.filtered(lambda check: check.state == "blocking")
        self.assert_only_told(blocking, "reading_no_invoice_date", field="remedy")
        with (
            Form(self.connection.with_user(self.administrator())) as form,
            form.invoice_field_ids.edit(0) as field,
        ):
            self.assertEqual(field.meaning, "date")
            field.name = "Datum"
        self.connect()
        self.assertEqual(self.connection.state, "connected")
        self.assertEqual(self.row("totals").value, "all")

    def test_what_is_found_later_is_not_activated_either(self):
        self.connect()
        self.map()
        self.find(or_terms="refused")

        self.connect()

        self.assertEqual((self.connection.state, self.connection.step), ("connected", "check"))
        with self.assert_refused("activate_against_reading"):
            self.press_activate()
        # As if it were otherwise: what it says now counts.
        self.row("or_terms").value = "answered"
        self.press_activate()
        self.assertEqual(self.connection.state, "initial")

    def find(self, **values):
        """Have the probe find something else."""

        def found(client, of_tenant):
            findings = prober.probe(client, of_tenant)
            findings.values.update(values)
            return findings

        self.patch(tenant, "probe", found)

    def test_dates_that_do_not_tell_of_every_change(self):
        self.connection.dates_tell = True

        self.connect()

        self.assertEqual(self.connection.step, "check")
        blocking = self.connection.check_ids.filtered(lambda check: check.state == "blocking")
        self.assert_only_told(blocking, "check_dates_do_not_tell", field="name")
        self.connection.dates_tell = False
        self.connect()
        self.assertEqual(self.connection.step, "map")

    # What is not as usual

    def test_a_tribe_that_breaks_off_is_connected_all_the_same(self):
        self.find_nothing_of("Address")

        self.connect()

        self.assertEqual(self.connection.state, "connected")
        self.assertFalse(self.row("address_touches").value)
        self.assertEqual(self.row("eq_case").value, "case_sensitive")

    def find_nothing_of(self, entity_set):
        look = Client.look

        def broken(client, of_set, *args, **options):
            if of_set == entity_set:
                raise TribeUnavailable(sentence("found_no_json"))
            return look(client, of_set, *args, **options)

        self.patch(Client, "look", broken)

    def test_currencies(self):
        for base_currency, found in (("EUR", "DKK, EUR, USD"), ("SEK", "DKK, SEK, USD")):
            values = self.look(base_currency=base_currency, foreign_currency=True)
            self.assertEqual(values["currencies"], found)

    def test_coins(self):
        """Amounts of a currency without cents, in cents or not."""
        for coins, found in (("cents", "cents"), ("own", "own")):
            with self.subTest(coins):
                self.seed_tribe(coins=coins)
                row = next(
                    row for row in self.sandbox.rows("Activity_Invoice") if not row["Number"]
                )
                invoice = self.sandbox.create(
                    "Activity_Invoice",
                    {
                        "Currency": "JPY",
                        "Relationship": {"ID": row["Relationship"]},
                        "ProductLines": [
                            {
                                "Quantity": 1.0,
                                "PriceInCurrency": 99.75,
                                "VatGroup": {"ID": self.vat_group("NL21")},
                            }
                        ],
                    },
                )
                self.sandbox.set_phase(invoice["ID"], "Sent")

                self.assertEqual(self.found().values.get("coins"), found)

    def vat_group(self, code):
        groups = self.sandbox.rows("Datastore_VatGroup", Code=code)
        return groups[0]["ID"]

    def test_a_changed_line_dates_its_invoice(self):
        for child_touches_parent, found in ((True, "yes"), (False, "no")):
            with self.subTest(child_touches_parent):
                self.seed_tribe(
                    child_touches_parent=child_touches_parent, final_invoice_writable="all"
                )
                lines = {row["Activity"]: row for row in self.sandbox.rows("ProductLine")}
                invoices = [row for row in self.sandbox.rows("Activity_Invoice") if row["Number"]]
                for invoice in invoices[-4:]:
                    line = lines[invoice["ID"]]
                    self.sandbox.change("ProductLine", line["ID"], {"Description": "Anders"})

                self.assertEqual(self.found().values.get("line_touches"), found)
