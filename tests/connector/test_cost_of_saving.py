"""What a save of a contact costs beside what Odoo itself does for it, in queries."""

from odoo.addons.tribe_connector.models.res_partner import ResPartner

from .relation_case import RelationCase

# The lock, the connections, the step apart (two), the links, the company, the note, and what Odoo
# reads anew of the contact after it.
MOST_MORE = 8


class TestCostOfSaving(RelationCase):
    """Users wait for a save: the connector asks little, and starts nothing in it."""

    def queries(self, partner, write, phone):
        """How many queries a save takes, with nothing in the cache of records."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        write(partner, {"phone": phone})
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def more_than_odoo(self, partner):
        """How many queries of a save are the connector's."""
        saves = (type(partner).write, lambda record, vals: super(ResPartner, record).write(vals))
        for write in saves:
            self.queries(partner, write, "030 1")
        ours, odoo = (self.queries(partner, write, "030 2") for write in saves)
        return ours - odoo

    def test_a_save_asks_little(self):
        partner = self.linked()
        for moment in ("nightly", "minute"):
            with self.subTest(moment):
                self.connection.export_moment = moment
                self.assertLessEqual(self.more_than_odoo(partner), MOST_MORE)

    def test_a_save_starts_no_lane(self):
        """The schedule does, every minute: a save need not write about it."""
        partner = self.linked()
        self.connection.export_moment = "minute"
        triggers = self.env["ir.cron.trigger"]
        triggers.search([]).unlink()

        partner.phone = "030 3"

        self.assertFalse(triggers.search([]))
        with self.enter_registry_test_mode():
            self.env.ref("tribe_connector.cron_schedule").method_direct_trigger()
        self.env.invalidate_all()
        lane = self.env.ref("tribe_connector.cron_outbound")
        self.assertTrue(triggers.search([("cron_id", "=", lane.id)]))
