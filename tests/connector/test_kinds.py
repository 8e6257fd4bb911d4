"""The table of the kinds of work, and what follows from it."""

from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from odoo.addons.tribe_connector.engine.kinds import KINDS, OUR_KINDS, Kind
from odoo.addons.tribe_connector.engine.leases import partner_key, record_key, tribe_key


@tagged("standard", "post_install", "-at_install")
class TestKinds(TransactionCase):
    """One table says what a kind of work is; whoever needs a part of it reads it there."""

    def setUp(self):
        super().setUp()
        self.engine = self.env["tribe.engine"]

    def with_products(self):
        """As if another addon had a kind of its own."""
        ours = type(self.engine)._kinds
        product = Kind(
            "product",
            "inbound",
            "tribe.product.importer",
            entity_set="Product",
            entity_type="Product",
            is_of_record=True,
        )
        return patch.object(type(self.engine), "_kinds", lambda engine: (*ours(engine), product))

    def test_each_kind_has_a_label_and_a_handler(self):
        labels = dict(self.env["tribe.work"]._fields["kind"].selection)
        self.assertEqual(set(labels), {kind.code for kind in KINDS})
        for kind in KINDS:
            self.assertTrue(callable(self.env[kind.handler]._process), kind)

    def test_lanes_and_flows_have_one_lease_for_one_record(self):
        """Otherwise two workers would be at it without knowing of each other."""
        tribe_id = "0b5bf3e4-1f8f-4d8c-9b0e-0d6b9f8f7a11"
        for kind in OUR_KINDS.codes(direction="inbound"):
            self.assertEqual(self.engine._lease_of(7, kind, tribe_id), tribe_key(7, tribe_id), kind)
        self.assertEqual(self.engine._lease_of(7, "partner", "12"), partner_key(7, 12))
        self.assertEqual(
            self.engine._lease_of(7, "payment", "12"), record_key(7, "account.move", 12)
        )

    def test_leases_on_what_differs_differ(self):
        keys = [tribe_key(7, "12"), partner_key(7, 12), record_key(7, "account.move", 12)]
        keys += [tribe_key(71, "2"), partner_key(8, 12)]
        self.assertEqual(len(set(keys)), len(keys))

    def test_another_addon_adds_a_kind(self):
        with self.with_products():
            kinds = self.engine._table_of_kinds()
            self.assertEqual(kinds.by_entity_type["Product"], "product")
            self.assertEqual(kinds.streams, (*OUR_KINDS.streams, "product"))
            self.assertEqual(kinds["product"].entity_set, "Product")
            self.assertIn("product", kinds.codes(direction="inbound"))
        self.assertNotIn("product", self.engine._table_of_kinds().streams)
