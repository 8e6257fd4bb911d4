"""Somebody edits in Tribe between our reading and our writing: that edit counts."""

import itertools
from unittest.mock import patch

from odoo.exceptions import ValidationError

from odoo.addons.tribe_connector.relations import tribe_writer

from .common import LONG, ORGANIZATION_CUSTOMER, SUPPLIER
from .relation_case import RelationCase
from .test_relation_restored import wait_for_next_second


class TestRelationRace(RelationCase):
    """Tribe overwrites whatever it has; it cannot be told to write only what nobody changed."""

    edit_in_tribe = None

    @classmethod
    def _request_handler(cls, session, request, /, **options):
        response = super()._request_handler(session, request, **options)
        # The last thing that is read of a relation before it is written.
        if cls.edit_in_tribe and request.method == "GET" and SUPPLIER in request.url:
            edit, cls.edit_in_tribe = cls.edit_in_tribe, None
            edit()
        return response

    def setUp(self):
        super().setUp()
        self.connection.conflict_policy = "tribe"
        self.partner = self.linked()

    def export_while_tribe_gets(self, **fields):
        """Let the night export the partner, while somebody edits its relation in Tribe."""
        type(self).edit_in_tribe = lambda: self.sandbox.change(
            "Relation_Organization", self.partner.tribe_id, fields
        )
        self.run_nightly()
        self.assertIsNone(self.edit_in_tribe, "nobody edited")
        self.run_nightly()
        self.assertFalse(self.problems())

    def test_of_the_same_field_the_policy_decides(self):
        self.partner.phone = "030 1"
        self.export_while_tribe_gets(PhoneNumber="030 2")
        self.assertEqual(self.tribe_of(self.partner)["PhoneNumber"], "030 2")
        self.assertEqual(self.partner.phone, "030 2")

    def test_of_another_field_both_edits_stay(self):
        self.partner.phone = "030 1"
        self.export_while_tribe_gets(EmailAddress="nieuw@klant.example")
        self.assertEqual(self.tribe_of(self.partner)["PhoneNumber"], "030 1")
        self.assertEqual(self.partner.email, "nieuw@klant.example")

    def test_what_we_told_is_no_edit_of_tribe_when_the_answer_is_lost(self):
        for first in ("webhook", "retry"):
            with self.subTest(first):
                self.partner.phone = f"030 1 {first}"
                self.sandbox.fault("lose_answer", method="PUT", times=1)
                self.run_nightly()
                self.assertEqual(self.tribe_of(self.partner)["PhoneNumber"], f"030 1 {first}")
                self.assertTrue(self.problems())

                self.partner.phone = f"030 2 {first}"
                if first == "webhook":
                    self.look_at("organization", self.partner.tribe_id)
                self.env["tribe.work"].search([]).action_retry()
                self.run_lanes()

                self.assertEqual(self.partner.phone, f"030 2 {first}")
                self.assertEqual(self.tribe_of(self.partner)["PhoneNumber"], f"030 2 {first}")
                self.assertFalse(self.problems())

    def lose_answer(self):
        """Have Tribe told of the partner, without its answer."""
        self.sandbox.fault("lose_answer", method="PUT", times=1)
        self.run_nightly()

    def interrupt_telling(self, website):
        """Have Tribe told of the partner, which is edited there just before it is written."""
        type(self).edit_in_tribe = lambda: self.sandbox.change(
            "Relation_Organization", self.partner.tribe_id, {"Website": website}
        )
        # Until somebody asks.
        with patch.object(tribe_writer, "BUSY_SECONDS", LONG):
            self.env["tribe.work"].search([]).action_retry()
            self.run_nightly()
        self.assertIsNone(self.edit_in_tribe, "nobody edited")

    def test_what_arrived_stays_ours_when_telling_what_follows_is_interrupted(self):
        for follows in ("phone", "email"):
            for first in ("webhook", "retry"):
                case = f"{follows}.{first}"
                with self.subTest(case):
                    self.partner.phone = f"030 1 {case}"
                    self.lose_answer()
                    self.partner[follows] = f"2@{case}.example"
                    self.interrupt_telling(f"https://{case}.example")
                    self.assertEqual(self.tribe_of(self.partner)["PhoneNumber"], f"030 1 {case}")

                    self.partner.phone = f"030 3 {case}"
                    if first == "webhook":
                        self.look_at("organization", self.partner.tribe_id)
                    self.env["tribe.work"].search([]).action_retry()
                    self.run_lanes()

                    self.assertEqual(self.partner.phone, f"030 3 {case}")
                    self.assertEqual(self.tribe_of(self.partner)["PhoneNumber"], f"030 3 {case}")
                    self.assertFalse(self.problems())

    def test_so_does_what_arrived_before_something_else_was_refused(self):
        """Such as that the customer is a supplier as well."""
        for first in ("webhook", "retry"):
            with self.subTest(first):
                self.partner = self.linked(f"Ook leverancier {first}")
                self.partner.write({"phone": "030 1", "supplier_rank": 1})
                self.sandbox.fault("status", status=400, method="POST", path_contains=SUPPLIER)
                self.run_nightly()
                self.assertEqual(self.tribe_of(self.partner)["PhoneNumber"], "030 1")
                self.assertTrue(self.problems())

                self.partner.phone = "030 2"
                if first == "webhook":
                    self.look_at("organization", self.partner.tribe_id)
                self.env["tribe.work"].search([]).action_retry()
                self.run_lanes()

                self.assertEqual(self.partner.phone, "030 2")
                self.assertEqual(self.tribe_of(self.partner)["PhoneNumber"], "030 2")
                self.assertIn(SUPPLIER, self.relationships(self.partner))
                self.assertFalse(self.problems())

    def test_what_is_taken_back_in_tribe_stays_so_where_the_rest_was_refused(self):
        """No look came between: Tribe's answer alone says what was there."""
        self.partner.street, self.partner.city = "Kade 1", "Assen"
        self.run_nightly()
        for refused, policy in itertools.product(("supplier", "payment term"), ("ask", "odoo")):
            self.connection.conflict_policy = policy
            for field in ("phone", "city"):
                with self.subTest(refused=refused, policy=policy, field=field):
                    self.take_back(refused, field)
                    self.sandbox.clear_faults()
                    self.env["tribe.work"].search([]).action_retry()
                    self.run_lanes()

                    self.assertEqual(self.partner[field], "eerst")
                    self.assertFalse(self.problems())
                    self.assertTermIsOurs(refused == "payment term")

    def assertTermIsOurs(self, was_told):
        """Also once no read is an old copy any more."""
        self.env["tribe.link"].search([]).shown_at = False
        self.connection.settle_seconds = 0
        wait_for_next_second()
        self.look_at("organization", self.partner.tribe_id)
        self.connection.settle_seconds = 900
        term = 15 if was_told else None
        self.assertEqual(self.partner.property_payment_term_id.line_ids.nb_days or None, term)
        row = self.relationships(self.partner)[ORGANIZATION_CUSTOMER]
        self.assertEqual(row["PaymentTermInDays"], term)

    def test_what_was_not_told_as_another_call_failed_is_told_later(self):
        """The address is told before the payment term, which Tribe never got."""
        self.partner.write({"street": "Kade 1", "city": "Assen"})
        self.run_nightly()
        self.partner.write({"phone": "030 9", "city": "Emmen"})
        self.partner.property_payment_term_id = self.env.ref("account.account_payment_term_15days")
        self.sandbox.fault("status", status=400, method="PUT", path_contains="Address")
        self.run_nightly()
        self.assertTrue(self.problems())

        self.env["tribe.work"].search([]).action_retry()
        self.run_lanes()

        self.assertEqual(self.address_of(self.partner)["City"], "Emmen")
        self.assertEqual(self.tribe_of(self.partner)["PhoneNumber"], "030 9")
        self.assertTermIsOurs(True)

    def test_what_odoo_refuses_takes_nothing_back_that_tribe_has(self):
        """Somebody in Tribe takes it back, and no look came between."""
        self.partner.phone = "030 1"
        self.run_nightly()
        self.partner.phone = "030 2"
        self.sandbox.change(
            "Relation_Organization", self.partner.tribe_id, {"EmailAddress": "b@b.example"}
        )

        def refuse(_partner, _connection, values, *_arguments):
            raise ValidationError(f"Nee: {sorted(values)}")

        wait_for_next_second()
        with patch.object(self.registry["res.partner"], "_tribe_write", refuse):
            self.run_nightly()
        self.assertTrue(self.problems())
        self.assertEqual(self.tribe_of(self.partner)["PhoneNumber"], "030 2")
        self.sandbox.change(
            "Relation_Organization", self.partner.tribe_id, {"PhoneNumber": "030 1"}
        )
        self.env["tribe.work"].search([]).action_retry()
        self.run_lanes()

        self.assertEqual(self.partner.phone, "030 1")
        self.assertEqual(self.partner.email, "b@b.example")
        self.assertFalse(self.problems())

    def take_back(self, refused, field):
        """Tell Tribe of a field, and of something that it refuses; then somebody there takes the
        field back."""
        self.partner = self.linked(f"{refused} {field}", **{field: "eerst"}, street="Kade 1")
        self.partner[field] = "daarna"
        if refused == "supplier":
            self.partner.supplier_rank = 1
            self.sandbox.fault("status", status=400, method="POST", path_contains=SUPPLIER)
        else:
            self.partner.property_payment_term_id = self.env.ref(
                "account.account_payment_term_15days"
            )
            self.sandbox.fault(
                "status", status=400, method="PUT", path_contains=ORGANIZATION_CUSTOMER
            )
        self.run_nightly()
        self.assertTrue(self.problems())
        if field == "phone":
            row = "Relation_Organization", self.partner.tribe_id, {"PhoneNumber": "eerst"}
        else:
            row = "Address", self.address_of(self.partner)["ID"], {"City": "eerst"}
        self.sandbox.change(*row)

    def test_what_tribe_has_again_counts_however_long_odoos_is_refused(self):
        """No read is from before what was refused any more."""
        self.connection.settle_seconds = 0
        for policy in ("ask", "tribe"):
            with self.subTest(policy):
                self.connection.conflict_policy = policy
                self.partner = self.linked(f"Geweigerd {policy}", phone="030 0")
                self.partner.phone = "030 1"
                self.run_nightly()
                self.partner.phone = "030 2"
                self.sandbox.fault(
                    "status", status=400, method="PUT", path_contains="Organization", times=None
                )
                self.run_nightly()
                self.assertTrue(self.problems())
                wait_for_next_second()
                self.sandbox.change(
                    "Relation_Organization", self.partner.tribe_id, {"PhoneNumber": "030 0"}
                )
                self.look_at("organization", self.partner.tribe_id)
                self.sandbox.clear_faults()
                self.env["tribe.work"].search([]).action_retry()
                self.run_lanes()

                self.assertEqual(self.tribe_of(self.partner)["PhoneNumber"], "030 0")
                conflicts = self.env["tribe.conflict"].search([])
                self.assertEqual(conflicts.mapped("field_name"), ["phone"] * (policy == "ask"))
                conflicts.unlink()

    def test_what_was_taken_back_after_a_lost_answer_is_taken_back_in_tribe_too(self):
        before = self.partner.phone = "030 0"
        self.run_nightly()
        self.partner.phone = "030 1"
        self.sandbox.fault("lose_answer", method="PUT", times=1)
        self.run_nightly()

        self.partner.phone = before
        self.env["tribe.work"].search([]).action_retry()
        self.run_lanes()

        self.assertEqual(self.partner.phone, before)
        self.assertEqual(self.tribe_of(self.partner)["PhoneNumber"], before)
        self.assertFalse(self.problems())

    def test_what_is_saved_in_odoo_before_it_is_changed_there_stays(self):
        """Each contact of a batch is changed by itself, a while after all were compared."""
        self.connection.conflict_policy = "ask"
        self.partner.phone = "030 1"
        self.run_nightly()
        self.sandbox.change(
            "Relation_Organization", self.partner.tribe_id, {"PhoneNumber": "030 2"}
        )
        importer = self.registry["tribe.relation.importer"]
        decide, saves = importer._decide_relations, ["030 3"]

        def decide_and_save(handler, batch, remotes):
            decisions = decide(handler, batch, remotes)
            if saves:
                self.partner.phone = saves.pop()
                batch.commit()
            return decisions

        with patch.object(importer, "_decide_relations", decide_and_save):
            self.look_at("organization", self.partner.tribe_id)
        self.run_nightly()

        self.assertFalse(saves)
        self.assertEqual(self.partner.phone, "030 3")
        self.assertEqual(self.tribe_of(self.partner)["PhoneNumber"], "030 2")
        self.assertEqual(self.env["tribe.conflict"].search([]).field_name, "phone")
