from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.only_for import only_for


class ResPartner(models.Model):
    """By which connection a contact goes, where an administrator chose one."""

    _inherit = "res.partner"

    @only_for("Administrator", "write")
    def action_go_through_connection(self):
        """Have those of the selected contacts that no connection sends go through the one in the
        context (``tribe_connection``), whose list of them this is."""
        works = self.env["tribe.work"]
        connection = self.env["tribe.connection"]._of_context()
        connection.check_access("write")
        unplaced = connection.sudo()._unplaced_domain(self.env.user.company_ids)
        taken = connection.sudo()._search_filtered(Domain("id", "in", self.ids) & unplaced)
        if not taken:
            return works._tell_it_is_gone()
        connection.sudo()._take(taken)
        self.env["tribe.engine"].sudo()._wake("outbound")
        return works._tell(
            self.env._(
                "%(count)s contacts go through “%(connection)s” now.",
                count=len(taken),
                connection=connection.name,
            )
        )

    def _tribe_choose(self, connection):
        """Have these contacts go through a connection as long as no link says more.

        :param connection: an empty one takes the choice back
        """
        self.env.cr.execute(
            SQL("DELETE FROM tribe_connection_chosen_partner WHERE partner_id = ANY(%s)", self.ids)
        )
        self.env.cr.execute(
            SQL(
                "INSERT INTO tribe_connection_chosen_partner (connection_id, partner_id)"
                " SELECT connection.id, contact.id"
                " FROM unnest(%s::int[]) AS connection(id), unnest(%s::int[]) AS contact(id)"
                # Somebody may be choosing another one: whoever comes second begins anew.
                " ON CONFLICT (partner_id) DO UPDATE SET connection_id = EXCLUDED.connection_id",
                connection.ids,
                self.ids,
            )
        )
        connection.invalidate_recordset(["chosen_partner_ids"])

    def _tribe_chosen(self):
        """The connections that administrators chose for these contacts."""
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT connection_id FROM tribe_connection_chosen_partner"
                " WHERE partner_id = ANY(%s) ORDER BY connection_id",
                self.ids,
            )
        )
        return self.env["tribe.connection"].browse(number for (number,) in rows)
