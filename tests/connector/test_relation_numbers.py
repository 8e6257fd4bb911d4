"""Where debtor and creditor numbers come from, per connection."""

from contextlib import contextmanager
from unittest.mock import patch

from odoo.addons.tribe_connector.engine.leases import (
    Leases,
    number_key,
)
from odoo.addons.tribe_connector.engine.problems import NeedsPerson
from odoo.addons.tribe_connector.relations import numbering
from odoo.addons.tribe_connector.sentence import Label

from .common import ORGANIZATION_CUSTOMER, SUPPLIER
from .relation_case import RelationCase

# Beyond so many questions a test of ours ends what would have no end.
MOST_QUESTIONS = 200


class NumberCase(RelationCase):
    """Numbers of partners in Odoo and of their relations in Tribe."""

    source = "sequence"

    def setUp(self):
        super().setUp()
        self.connection.number_source = self.source

    def numbers(self, partner):
        """The debtor and creditor number that both sides have."""
        row = self.tribe_of(partner)
        self.assertEqual(row["DebtorNumber"] or False, partner.debtor_number)
        self.assertEqual(row["CreditorNumber"] or False, partner.creditor_number)
        return partner.debtor_number, partner.creditor_number

    def imported(self, **fields):
        """The partner of a new customer of Tribe."""
        row = self.organization(**fields)
        self.look_at("organization", row["ID"])
        return self.link(row["ID"]).partner_id

    def upcoming(self, name="debtor_number", count=1):
        """The numbers that are next."""
        batch = type(
            "Reader", (), {"connection": self.connection, "client": self.connection._client()}
        )
        with self.enter_registry_test_mode():
            exporter = self.env["tribe.relation.exporter"]
            return exporter._peek_numbers(batch, name, count)[0]

    def assertNothingMore(self):
        self.assertFalse(self.problems())
        self.assertEqual(self.written(self.run_nightly), 0)


class TestNumbersFromSequence(NumberCase):
    """Odoo's sequences: the default."""

    def test_debtors_and_creditors_get_each_their_own(self):
        partner = self.linked(supplier_rank=1)
        debtor, creditor = self.numbers(partner)
        self.assertTrue(debtor and creditor)
        self.assertNotEqual(debtor, creditor)
        self.assertFalse(self.numbers(self.linked("Alleen klant"))[1])
        self.assertFalse(self.numbers(self.linked("Jan Smit", is_company=False))[1])
        self.assertNothingMore()

    def test_odoos_number_overwrites_tribes(self):
        next_number = self.upcoming()[0]
        partner = self.imported(DebtorNumber="T-1")
        self.assertEqual(self.numbers(partner), (next_number, False))

        self.sandbox.change("Relation_Organization", partner.tribe_id, {"DebtorNumber": "T-2"})
        self.look_at("organization", partner.tribe_id)
        self.run_nightly()
        self.assertEqual(self.numbers(partner), (next_number, False))
        self.assertNothingMore()

    def test_a_linked_customer_without_a_number_gets_one(self):
        partner = self.linked()
        partner.debtor_number = False
        self.sandbox.change("Relation_Organization", partner.tribe_id, {"DebtorNumber": "T-1"})

        self.look_at("organization", partner.tribe_id)

        self.assertNotIn(self.numbers(partner)[0], (False, "T-1"))
        self.assertNothingMore()

    def test_numbers_in_use_are_passed_over(self):
        first, second, third, fourth = self.upcoming(count=4)
        self.customer("Ander", debtor_number=first, customer_rank=0, active=False)
        self.organization(Name="In Tribe", DebtorNumber=second, roles=())

        self.assertEqual(self.upcoming(count=2), [third, fourth])
        self.assertEqual(self.numbers(self.linked())[0], third)

    def test_looking_ahead_draws_nothing_and_tells_the_truth(self):
        sequences = self.env["ir.sequence"]
        for values in (
            {},
            {"implementation": "no_gap"},
            {"prefix": "D%(year)s-", "padding": 5, "number_increment": 10},
            {"use_date_range": True},
        ):
            with self.subTest(**values):
                sequences.search([("code", "=", "tribe.debtor")]).active = False
                sequences.create(
                    {
                        "name": "Debtors",
                        "code": "tribe.debtor",
                        "company_id": self.company.id,
                        "number_next": 500,
                        **values,
                    }
                )
                expected = self.upcoming(count=2)
                self.assertEqual(self.upcoming(count=2), expected)
                drawn = [
                    self.numbers(self.linked(f"{name} {values}"))[0] for name in ("Een", "Twee")
                ]
                self.assertEqual(drawn, expected)
                self.assertNotIn(self.upcoming()[0], expected)

    def refuse(self, method, path):
        """Tribe refuses such requests from now on."""
        self.sandbox.fault("status", status=400, path_contains=path, method=method, times=1000)

    def test_what_tribe_refuses_is_drawn_once(self):
        """Other companies draw from the same sequence: what is drawn in vain, they never get."""
        partners = self.customer("Eerste B.V.") | self.customer("Tweede B.V.", supplier_rank=1)
        upcoming = self.upcoming(count=3)
        creditor = self.upcoming("creditor_number", 2)
        self.refuse("POST", ORGANIZATION_CUSTOMER)
        for _try in range(3):
            self.synchronize(partners)
            self.assertFalse(any(partners.mapped("debtor_number")))
            self.assertEqual(self.upcoming(), upcoming[2:])
        self.connection.action_plan()
        self.run_lanes()
        lines = self.connection.plan_id.line_ids
        self.assertEqual({*lines.mapped("debtor_number")}, {*upcoming[:2]})

        self.sandbox.clear_faults()
        self.synchronize(partners)

        self.assertEqual({self.numbers(each)[0] for each in partners}, {*upcoming[:2]})
        self.assertEqual(partners[1].creditor_number, creditor[0])
        self.assertEqual(self.upcoming(), upcoming[2:])
        self.assertNothingMore()

    def test_nor_is_more_drawn_for_a_linked_one_whenever_tribe_tells_of_it(self):
        upcoming = self.upcoming(count=2)
        self.refuse("PUT", "Relation_Organization")
        partner = self.imported()
        for number in range(3):
            self.sandbox.change(
                "Relation_Organization", partner.tribe_id, {"PhoneNumber": f"030 123456{number}"}
            )
            self.look_at("organization", partner.tribe_id)
            self.assertEqual(self.upcoming(), upcoming[1:])

        self.sandbox.clear_faults()
        self.run_nightly()

        self.assertEqual(self.numbers(partner), (upcoming[0], False))
        self.assertEqual(self.upcoming(), upcoming[1:])

    def test_a_number_that_tribe_has_stays_where_the_rest_is_refused(self):
        """The number is told first; then the supplier relationship, or the payment term, is not."""
        term = self.env.ref("account.account_payment_term_15days")
        for method, path, values in (
            ("POST", SUPPLIER, {"supplier_rank": 1}),
            (
                "PUT",
                ORGANIZATION_CUSTOMER,
                {"supplier_rank": 1, "property_payment_term_id": term.id},
            ),
        ):
            with self.subTest(path):
                partner = self.linked(f"Ook leverancier {path}")
                drawn, following = self.upcoming("creditor_number", 2)
                self.refuse(method, path)
                partner.write(values)
                for _try in range(3):
                    self.synchronize(partner)
                    self.look_at("organization", partner.tribe_id)
                    self.assertEqual(partner.creditor_number, drawn)
                    self.assertEqual(self.tribe_of(partner)["CreditorNumber"], drawn)
                    self.assertEqual(self.upcoming("creditor_number"), [following])
                self.sandbox.clear_faults()
                self.synchronize(partner)
                self.assertIn(SUPPLIER, self.relationships(partner))
                self.assertFalse(self.problems())

    def test_what_was_drawn_and_is_somebody_elses_by_now_is_given_to_nobody_else(self):
        upcoming = self.upcoming(count=3)
        partner = self.customer()
        self.refuse("POST", ORGANIZATION_CUSTOMER)
        self.synchronize(partner)
        self.customer("Getypt B.V.", debtor_number=upcoming[0])

        self.sandbox.clear_faults()
        self.synchronize(partner)

        self.assertEqual(self.numbers(partner), (upcoming[1], False))

    def test_without_a_sequence_a_person_is_told(self):
        self.env["ir.sequence"].search([("code", "=", "tribe.debtor")]).active = False
        self.customer()

        self.run_nightly()

        self.assertAsked("sequence_missing", code="tribe.debtor")

    def test_a_number_that_was_typed_twice_is_a_question(self):
        partner = self.linked(debtor_number="D-1")
        other = self.linked("Ander B.V.")
        other.debtor_number = "D-1"

        self.run_nightly()
        self.assertAsked(
            "number_of_two_contacts", number="D-1", partner=other.name, other=partner.name
        )

        other.debtor_number = "D-2"
        self.run_nightly()
        self.assertEqual(self.numbers(other)[0], "D-2")
        self.assertNothingMore()

    def test_another_number_is_tried_at_once_also_by_night(self):
        """Whoever mended what was asked is not told the same until the morning."""
        self.connection.export_moment = "nightly"
        other = self.linked(debtor_number="D-1")
        partner = self.customer("Ander", debtor_number="D-1")
        self.synchronize(partner)
        self.assertAsked(
            "number_of_two_contacts", number="D-1", partner=partner.name, other=other.name
        )

        partner.debtor_number = "D-2"
        self.run_lanes()

        self.assertTrue(partner.tribe_id)
        self.assertFalse(partner.tribe_note)
        self.assertFalse(self.problems())

    def test_a_typed_number_that_another_relation_has_is_a_question(self):
        self.organization(Name="Vreemde B.V.", DebtorNumber="D-1", roles=())
        partner = self.linked()
        partner.debtor_number = "D-1"

        self.run_nightly()

        self.assertAsked(
            "number_taken_in_tribe", number="D-1", partner=partner.name, relation="Vreemde B.V."
        )
        self.assertNotEqual(self.tribe_of(partner)["DebtorNumber"], "D-1")


class TestNumbersThatAreTaken(NumberCase):
    """A Tribe that says of its numbers what it likes: other companies share the sequence."""

    def setUp(self):
        super().setUp()
        self.sequence = self.env["ir.sequence"].search([("code", "=", "tribe.debtor")])
        self.assertFalse(self.sequence.company_id)
        self.first = self.next_number()
        self.questions = []
        self.most_leases = 0

    def next_number(self):
        self.sequence.invalidate_recordset()
        return self.sequence.number_next_actual

    def leases(self):
        """How many leases this session of PostgreSQL holds."""
        self.env.cr.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND pid = pg_backend_pid()"
        )
        return self.env.cr.fetchone()[0]

    @contextmanager
    def tribe_says(self, is_taken):
        """Whether Tribe has a number, as ``is_taken(number)`` says; it has it beside ours."""
        find = numbering.find_by_numbers

        def find_by_numbers(connection, client, field_name, numbers):
            self.questions.append(numbers)
            self.assertLess(len(self.questions), MOST_QUESTIONS)
            self.most_leases = max(self.most_leases, self.leases())
            stranger = {"ID": "stranger", "Name": "Vreemde B.V."}
            return {
                **find(connection, client, field_name, numbers),
                **{number: [stranger] for number in numbers if is_taken(number)},
            }

        with patch.object(numbering, "find_by_numbers", find_by_numbers):
            yield

    def given(self, partners):
        return sorted(int(number) for number in partners.mapped("debtor_number") if number)

    def test_all_of_them_are_a_question_for_a_person(self):
        partners = self.env["res.partner"].union(
            *(self.customer(f"Klant {count}") for count in range(40))
        )

        with self.tribe_says(lambda _number: True):
            self.run_nightly()

        self.assertFalse(self.given(partners))
        self.assertEqual(len(set(self.problems())), 1)
        self.assert_only_told(
            self.problematic()[0],
            "too_few_numbers_are_free",
            first=str(self.first),
            next=Label("tribe.connection", "next_debtor_number"),
            connection=self.connection.name,
        )
        # Nothing was drawn of what other companies share, and few leases were held at once.
        self.assertEqual(self.next_number(), self.first)
        self.assertLess(len(self.questions), 30)
        # Of each contact and its number, and what is being asked about.
        self.assertLess(self.most_leases, 130)
        self.assertEqual(self.leases(), 0)

        self.sequence.number_next_actual = self.first + 1000
        with self.tribe_says(lambda number: int(number) < self.first + 1000):
            self.env["tribe.work"].search([]).action_retry()
            self.run_lanes()
        self.assertEqual(self.given(partners)[0], self.first + 1000)
        self.assertEqual(len(set(self.given(partners))), 40)
        self.assertNothingMore()

    def test_some_are_passed_over_and_no_more_than_those(self):
        taken = range(self.first, self.first + 120)
        with self.tribe_says(lambda number: int(number) in taken):
            partners = self.linked("Een") | self.linked("Twee")

        self.assertEqual(self.given(partners), [self.first + 120, self.first + 121])
        self.assertEqual(self.next_number(), self.first + 122)
        self.assertLess(len(self.questions), 10)
        self.assertEqual(self.leases(), 0)

    def test_what_contacts_have_is_passed_over_however_many(self):
        """Somebody may type, or import, the numbers that come next."""
        self.env["res.partner"].create(
            [
                {
                    "name": f"Getypt {count}",
                    "debtor_number": str(self.first + count),
                    "active": False,
                }
                for count in range(450)
            ]
        )
        with self.tribe_says(lambda _number: False):
            partner = self.linked("Een")

        self.assertEqual(self.given(partner), [self.first + 450])
        self.assertEqual(self.next_number(), self.first + 451)
        self.assertLess(len([numbers for numbers in self.questions if numbers]), 10)
        self.assertEqual(self.leases(), 0)

    def test_every_other_one(self):
        partners = self.customer("Een") | self.customer("Twee") | self.customer("Drie")
        with self.tribe_says(lambda number: int(number) % 2 == 0):
            self.synchronize(partners)

        odd = self.first | 1
        self.assertEqual(self.given(partners), [odd, odd + 2, odd + 4])
        self.assertEqual(self.next_number(), odd + 5)

    def test_what_another_worker_draws_meanwhile_is_not_given(self):
        drawn = []

        def others(_number):
            if len(drawn) < 2:
                drawn.append(int(self.sequence.next_by_id()))
            return False

        partners = self.customer("Een") | self.customer("Twee")
        with self.tribe_says(others):
            self.synchronize(partners)

        self.assertEqual(drawn, [self.first, self.first + 1])
        self.assertEqual(self.given(partners), [self.first + 2, self.first + 3])
        self.assertEqual(self.next_number(), self.first + 4)
        self.assertEqual(self.leases(), 0)

    def test_a_number_of_the_batch_itself_stays_its_own(self):
        """Its lease is not given back although that number is not free."""
        exporter = self.env["tribe.relation.exporter"]
        with self.enter_registry_test_mode(), Leases(self.env.registry) as leases:
            batch = type(
                "Batch",
                (),
                {
                    "connection": self.connection,
                    "client": self.connection._client(),
                    "leases": leases,
                },
            )
            own = number_key(self.connection.id, "debtor_number", str(self.first))
            self.assertTrue(leases.take(own))
            with self.tribe_says(lambda number: int(number) < self.first + 3):
                numbers = exporter._free_numbers(batch, "debtor_number", 2)
            self.assertEqual(numbers, [str(self.first + 3), str(self.first + 4)])
            self.assertTrue(leases.holds(own))
            self.assertEqual(self.leases(), 3)

    def test_a_plan_asks_a_person_too(self):
        for count in range(3):
            self.customer(f"In Odoo {count}")
            self.organization(Name=f"In Tribe {count}")
        with self.tribe_says(lambda _number: True):
            with self.assert_refused("too_few_numbers_are_free", NeedsPerson):
                self.upcoming()
            self.connection.action_plan()
            self.run_lanes()

        plan = self.connection.plan_id
        self.assertEqual(plan.state, "ready")
        asked = plan.line_ids.filtered(
            lambda line: line.text and line.text.code == "too_few_numbers_are_free"
        )
        self.assertEqual(asked.mapped("action"), ["question"] * len(asked))
        self.assertGreaterEqual(len(asked), 3)
        # For each batch once, not for each contact.
        self.assertLess(len(self.questions), 45)
        self.assertEqual(self.next_number(), self.first)


class TestNumbersFromReference(NumberCase):
    """The contact's reference, as ``base_partner_sequence`` fills it."""

    source = "ref"

    def test_the_reference_is_the_number(self):
        partner = self.linked(ref="K-7", supplier_rank=1)
        self.customer("Contact", parent_id=partner.id, ref="K-7", customer_rank=0)

        self.assertEqual(self.numbers(partner), ("K-7", "K-7"))
        self.assertNothingMore()

    def test_without_a_reference_the_sequence_gives_one(self):
        next_number = self.upcoming()[0]
        partner = self.linked()
        self.assertEqual(self.numbers(partner), (next_number, False))

        partner.ref = "K-8"
        self.assertEqual(partner.debtor_number, "K-8")
        self.run_nightly()
        self.assertEqual(self.numbers(partner), ("K-8", False))
        self.assertNothingMore()

    def test_a_number_once_given_stays_until_the_reference_changes(self):
        partner = self.linked(debtor_number="D-1", ref="K-1")
        self.assertEqual(self.numbers(partner)[0], "D-1")
        partner.write({"ref": "K-1", "phone": "030 1"})
        self.assertEqual(partner.debtor_number, "D-1")

        partner.ref = "K-2"
        self.run_nightly()
        self.assertEqual(self.numbers(partner)[0], "K-2")
        partner.ref = False
        self.run_nightly()
        self.assertEqual(self.numbers(partner)[0], "K-2")
        self.assertNothingMore()

    def test_the_reference_of_a_merged_duplicate_is_no_other_number(self):
        partner = self.linked()
        number = partner.debtor_number
        duplicate = self.customer("Dubbel", customer_rank=0, ref="K77")
        merge = self.env["base.partner.merge.automatic.wizard"].create({})

        merge._merge((partner | duplicate).ids, partner)
        self.run_nightly()

        self.assertEqual(partner.ref, "K77")
        self.assertEqual(self.numbers(partner)[0], number)
        self.assertNothingMore()

    def test_a_relation_of_tribe_with_the_reference_as_number_is_that_contact(self):
        for name, roles, field in (
            ("Klant", {}, "DebtorNumber"),
            ("Leverancier", {"customer_rank": 0, "supplier_rank": 1}, "CreditorNumber"),
        ):
            with self.subTest(name):
                partner = self.customer(name, ref=f"{name}-7", active=False, **roles)
                entity_sets = {"roles": (SUPPLIER,)} if roles else {}
                row = self.organization(Name=name, **{field: f"{name}-7"}, **entity_sets)
                self.look_at("organization", row["ID"])
                self.assertEqual(self.link(row["ID"]).partner_id, partner)

    def test_a_contact_with_the_reference_of_a_relation_is_linked(self):
        row = self.organization(Name="Klant", DebtorNumber="K-9")
        partner = self.linked("Klant B.V.", ref="K-9")
        self.assertEqual(partner.tribe_id, row["ID"])
        self.assertEqual(self.numbers(partner)[0], "K-9")

    def test_one_reference_for_two_is_a_question(self):
        partners = self.customer("Een", ref="K-1") | self.customer("Twee", ref="K-1")

        self.run_nightly()

        works = self.problematic()
        self.assertTrue(works)
        for work in works:
            self.assert_only_told(work, "number_of_two_contacts", number="K-1")
            (told,) = self.sentences_told(work)
            names = {told.parameters["partner"], told.parameters["other"]}
            self.assertEqual(names, {"Een", "Twee"})
        self.assertLess(len(partners.filtered("tribe_id")), 2)
        partners[1].ref = "K-2"
        self.env["tribe.work"].search([]).action_retry()
        self.run_lanes()
        self.assertEqual([self.numbers(partner)[0] for partner in partners], ["K-1", "K-2"])


class TestNumbersFromTribe(NumberCase):
    """Tribe's number, where Odoo has none."""

    source = "tribe"

    def test_tribes_number_is_taken(self):
        partner = self.imported(DebtorNumber="T-1")
        self.assertEqual(self.numbers(partner), ("T-1", False))
        self.assertNothingMore()

    def test_without_one_the_sequence_gives_one(self):
        next_number = self.upcoming()[0]
        self.assertEqual(self.numbers(self.imported()), (next_number, False))

    def test_odoos_number_still_wins(self):
        partner = self.linked(debtor_number="D-1")
        self.sandbox.change("Relation_Organization", partner.tribe_id, {"DebtorNumber": "T-1"})

        self.look_at("organization", partner.tribe_id)
        self.run_nightly()

        self.assertEqual(self.numbers(partner), ("D-1", False))
        self.assertNothingMore()

    def test_a_number_that_two_relations_got_is_for_one(self):
        for way in ("webhooks", "night"):
            with self.subTest(way):
                number = f"T-{way}"
                partners = self.linked(f"Een {way}") | self.linked(f"Twee {way}")
                tribe_ids = partners.mapped("tribe_id")
                partners.debtor_number = False
                partners.tribe_link_ids.agreed = {}
                self.env["tribe.work"].search([])._remove()
                for tribe_id in tribe_ids:
                    self.sandbox.change("Relation_Organization", tribe_id, {"DebtorNumber": number})
                if way == "night":
                    self.synchronize(partners)
                else:
                    self.look_at("organization", *tribe_ids)
                self.assertEqual(set(partners.mapped("debtor_number")), {number, False})
                self.assertAsked("relations_with_same_number")
                (told,) = self.sentences_told(self.problematic())
                names = [told.parameters["relation"], told.parameters["other"]]
                self.assertCountEqual(names, partners.mapped("name"))
                self.env["tribe.work"].search([])._remove()


class TestManyInUse(NumberCase):
    """Many numbers of our sequence are in use: they are asked for once, in blocks."""

    # A call for each kind of relation and so many numbers (``VALUES_PER_CALL``).
    BLOCK = 40

    def calls_for(self, work):
        self.sandbox.reset_calls()
        work()
        return self.sandbox.calls()["total"]

    def use(self, count, entity_set="Relation_Organization", **names):
        """Have Tribe use the next numbers of the sequence."""
        sequence = self.env["ir.sequence"].search([("code", "=", "tribe.debtor")])
        sequence.invalidate_recordset()
        first = sequence.number_next_actual
        for number in range(first, first + count):
            self.sandbox.create(entity_set, {**names, "DebtorNumber": f"{number}"})
        return str(first + count)

    def blocks(self, count):
        """The calls that the numbers may take, beyond the first of them."""
        return 2 * -(-count // self.BLOCK)

    def test_one_customer(self):
        usual = self.calls_for(lambda: self.linked("Eerst B.V."))
        for count, entity_set, names in (
            (60, "Relation_Organization", {"Name": "In Tribe"}),
            (60, "Relation_Person", {"LastName": "In Tribe"}),
            (150, "Relation_Organization", {"Name": "In Tribe"}),
        ):
            with self.subTest(count=count, entity_set=entity_set):
                free = self.use(count, entity_set, **names)
                partner = self.customer(f"Nieuw {free} B.V.")
                calls = self.calls_for(lambda partner=partner: self.synchronize(partner))
                self.assertEqual(partner.debtor_number, free)
                self.assertLessEqual(calls, usual + self.blocks(count))
                # They are behind the sequence now: nobody asks for them any more.
                after = self.customer(f"Daarna {free} B.V.")
                calls = self.calls_for(lambda partner=after: self.synchronize(partner))
                self.assertLessEqual(calls, usual)

    def test_many_customers_at_once(self):
        usual = self.calls_for(lambda: self.synchronize(self.many("Eerst")))
        free = self.use(60, Name="In Tribe")
        partners = self.many("Nieuw")
        calls = self.calls_for(lambda: self.synchronize(partners))
        self.assertEqual(min(partners.mapped("debtor_number")), free)
        self.assertLessEqual(calls, usual + self.blocks(60))

    def many(self, name):
        return self.env["res.partner"].union(*(self.customer(f"{name} {n}") for n in range(10)))

    def test_in_a_plan(self):
        self.many("In Odoo")
        usual = self.calls_for(self.plan)
        free = self.use(60, Name="In Tribe")
        # They changed in Tribe, and are looked at as well: who they are, in what relationships.
        looks = 2 * self.blocks(60)
        self.assertLessEqual(self.calls_for(self.plan), usual + self.blocks(60) + looks)
        numbers = self.connection.plan_id.line_ids.filtered("partner_id").mapped("debtor_number")
        self.assertEqual((min(numbers), len(set(numbers))), (free, 10))

    def plan(self):
        self.connection.action_plan()
        self.run_lanes()


class TestNumbersWrittenOtherwise(NumberCase):
    """A number is the same with a space around it, or in capitals."""

    def imported_from_file(self, name, number, field="debtor_number"):
        """A customer as a file of Odoo's import has it, which keeps spaces."""
        result = self.env["res.partner"].load(
            ["name", "is_company", "customer_rank", field], [[name, "1", "1", number]]
        )
        self.assertTrue(result["ids"], result["messages"])
        return self.env["res.partner"].browse(result["ids"])

    def assertOne(self, partner, row):
        self.assertEqual(partner.tribe_id, row["ID"], self.problems())
        self.assertEqual(self.env["res.partner"].search([("name", "=", partner.name)]), partner)
        self.assertEqual(len(self.named(partner.name)), 1)

    def test_a_space_at_an_imported_number_makes_no_second_contact(self):
        partner = self.imported_from_file("Spatie B.V.", "1001 ")
        row = self.organization(Name="Spatie B.V.", DebtorNumber="1001")
        self.look_at("organization", row["ID"])
        self.assertOne(partner, row)
        self.assertEqual(partner.debtor_number, "1001")
        self.assertNothingMore()

    def test_a_space_at_an_imported_number_makes_no_second_relation(self):
        partner = self.imported_from_file("Spatie B.V.", " 1001")
        row = self.organization(Name="Spatie B.V.", DebtorNumber="1001")
        self.synchronize(partner)
        self.assertOne(partner, row)
        self.assertNothingMore()

    def test_a_number_that_was_kept_with_a_space_before_is_found(self):
        partner = self.customer("Spatie B.V.", debtor_number="1001")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET debtor_number = '1001 ' WHERE id = %s", [partner.id]
        )
        partner.invalidate_recordset()
        row = self.organization(Name="Spatie B.V.", DebtorNumber="1001")
        self.look_at("organization", row["ID"])
        self.assertOne(partner, row)
        self.assertNothingMore()

    def test_a_space_at_a_reference_makes_no_second_contact(self):
        self.connection.number_source = "ref"
        partner = self.imported_from_file("Spatie B.V.", " 1001", "ref")
        row = self.organization(Name="Spatie B.V.", DebtorNumber="1001")
        self.look_at("organization", row["ID"])
        self.assertOne(partner, row)

    def test_capitals_make_no_second_contact(self):
        partner = self.customer("Hoofd B.V.", debtor_number="d1001")
        row = self.organization(Name="Hoofd B.V.", DebtorNumber="D1001")
        self.look_at("organization", row["ID"])
        self.assertOne(partner, row)
        self.assertNothingMore()

    def test_capitals_make_no_second_relation(self):
        partner = self.customer("Hoofd B.V.", debtor_number="d1001")
        row = self.organization(Name="Hoofd B.V.", DebtorNumber="D1001")
        self.synchronize(partner)
        self.assertOne(partner, row)
        self.assertNothingMore()

    def test_a_number_swapped_with_an_archived_contact_is_no_question(self):
        one = self.linked("Een B.V.", debtor_number="1001")
        other = self.linked("Ander B.V.", debtor_number="1002")
        other.active = False
        self.run_nightly()
        other.debtor_number, one.debtor_number = "1003", "1002"

        self.run_nightly()

        self.assertFalse(self.problems())
        self.assertEqual(self.tribe_of(one)["DebtorNumber"], "1002")
        self.assertEqual(self.tribe_of(other)["DebtorNumber"], "1003")


class TestNumbersGivenUp(NumberCase):
    """A number that one customer gives up and another, new one gets before Tribe was told."""

    def given_up(self):
        """Each way to give it up: ``(a linked contact, the new one that has its number)``."""
        for number, values in enumerate(
            ({"debtor_number": "2001"}, {"debtor_number": False, "active": False})
        ):
            with_number = f"100{number}"
            one = self.linked(f"Een {number} B.V.", debtor_number=with_number)
            one.write(values)
            yield one, self.customer(f"Ander {number} B.V.", debtor_number=with_number)

    def assertGiven(self, one, other, number):
        """The new one has the number on both sides, and the other one has another."""
        self.assertFalse(self.problems())
        self.assertEqual(self.numbers(other)[0], number)
        self.assertTrue(self.numbers(one)[0])
        self.assertNotEqual(one.debtor_number, number)
        is_former = self.relationships(one)[ORGANIZATION_CUSTOMER]["IsFormer"]
        self.assertEqual(bool(is_former), not one.active)
        found = self.sandbox.rows("Relation_Organization", DebtorNumber=number)
        self.assertEqual([row["ID"] for row in found], [other.tribe_id])
        self.assertNothingMore()

    def again(self):
        """What waits is tried again, with no night between."""
        for _time in range(3):
            self.env["tribe.work"].search([("error_class", "!=", False)]).due = "2020-01-01"
            self.run_lanes()

    def test_it_goes_in_one_night(self):
        for one, other in self.given_up():
            number = other.debtor_number
            with self.subTest(number):
                self.run_nightly()

                self.assertGiven(one, other, number)

    def test_where_numbers_come_from_tribe(self):
        self.connection.number_source = "tribe"
        for one, other in self.given_up():
            number = other.debtor_number
            with self.subTest(number):
                self.run_nightly()

                self.assertGiven(one, other, number)

    def test_whoever_is_looked_at_first(self):
        for source in ("sequence", "tribe"):
            self.connection.number_source = source
            for by_tribe in (False, True):
                number = f"15{source}{int(by_tribe)}"
                with self.subTest(number):
                    one = self.linked(f"Een {number} B.V.", debtor_number=number)
                    one.debtor_number = False
                    other = self.customer(f"Ander {number} B.V.", debtor_number=number)
                    if by_tribe:
                        self.look_at("organization", one.tribe_id)
                    self.synchronize(other)
                    self.again()

                    self.assertGiven(one, other, number)

    def test_where_numbers_come_from_tribe_one_that_nobody_got_comes_back(self):
        self.connection.number_source = "tribe"
        one = self.linked("Een B.V.", debtor_number="1600")
        one.debtor_number = False
        self.run_nightly()

        self.assertEqual(self.numbers(one)[0], "1600")
        self.assertNothingMore()

    def test_a_linked_one_gets_it_too(self):
        other = self.linked("Ander B.V.", debtor_number="1005")
        for one, new in self.given_up():
            number = new.debtor_number
            new.unlink()
            other.debtor_number = number
            with self.subTest(number):
                self.run_nightly()

                self.assertGiven(one, other, number)

    def test_whoever_is_sent_first(self):
        for one, other in self.given_up():
            number = other.debtor_number
            with self.subTest(number):
                self.synchronize(other)
                self.again()

                self.assertGiven(one, other, number)

    def test_the_plan_says_so(self):
        for one, other in self.given_up():
            with self.subTest(other.debtor_number):
                action = self.connection.action_plan()
                self.run_lanes()
                plan = self.env["tribe.plan"].browse(action["res_id"])

                lines = {line.partner_id: line.action for line in plan.line_ids}
                self.assertEqual(lines[other], "create_tribe", plan.line_ids.mapped("text"))
                self.assertNotIn("question", lines.values())
                self.assertIn(one, lines)

    def test_the_other_one_waits_where_tribe_refuses(self):
        for one, other in self.given_up():
            number = other.debtor_number
            with self.subTest(number):
                self.sandbox.fault("status", status=400, method="PUT", times=None)
                self.run_nightly()
                self.again()
                self.assertFalse(self.named(other.name))
                self.assertEqual(len(self.problems()), 2)
                self.sandbox.clear_faults()
                self.again()

                self.assertGiven(one, other, number)

    def test_nothing_is_lost_where_tribe_fails_in_between(self):
        for kind in ("reset", "lose_answer"):
            for method in ("PUT", "POST"):
                for one, other in self.given_up():
                    number = other.debtor_number
                    with self.subTest(number, fault=kind, method=method), self.env.cr.savepoint():
                        self.sandbox.fault(kind, method=method, times=1)
                        self.run_nightly()
                        self.again()
                        self.pass_settle_time()
                        self.again()

                        self.assertGiven(one, other, number)
                    number = f"{number}{kind[0]}{method}"
                    one.debtor_number, other.debtor_number = f"1{number}", f"2{number}"
                    one.active = True
                    self.run_nightly()

    def pass_settle_time(self):
        self.env["tribe.link"].search([("sent_at", "!=", False)]).sent_at = "2020-01-01"

    def test_where_queries_lag(self):
        for one, other in self.given_up():
            number = other.debtor_number
            with self.subTest(number):
                self.sandbox.switch(query_lag=10.0**9)
                self.synchronize(one)
                self.synchronize(other)
                self.sandbox.switch(query_lag=0.0)
                self.again()

                self.assertGiven(one, other, number)

    def test_a_relation_that_has_it_is_the_new_one(self):
        for side in ("odoo", "tribe"):
            for one, other in self.given_up():
                number = other.debtor_number
                with self.subTest(number, side=side):
                    row = self.organization(Name=other.name, DebtorNumber=number)
                    if side == "odoo":
                        self.synchronize(other)
                    else:
                        self.look_at("organization", row["ID"])
                    self.run_nightly()

                    self.assertEqual(other.tribe_id, row["ID"])
                    self.assertGiven(one, other, number)
                one.active = True
                one.debtor_number, other.debtor_number = f"3{number}{side}", f"4{number}{side}"
                self.run_nightly()

    def test_what_was_typed_in_tribe_is_a_question(self):
        """It may be who it says there."""
        one = self.linked("Een B.V.", debtor_number="1001")
        self.sandbox.change("Relation_Organization", one.tribe_id, {"DebtorNumber": "1009"})
        other = self.customer("Ander B.V.", debtor_number="1009")

        self.synchronize(other)

        self.assertAsked("number_of_linked_relation")
