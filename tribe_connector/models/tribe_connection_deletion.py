from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.base.models.ir_model import MODULE_UNINSTALL_FLAG

from ..sentence import say


class TribeConnection(models.Model):
    """What keeps a connection from being deleted."""

    _inherit = "tribe.connection"

    # The checks are done at an uninstall as well, which has all rights: a program may pretend one
    # (``_force_unlink``).
    @api.ondelete(at_uninstall=True)
    def _check_works_in_all_companies(self):
        """Refuse to end what somebody else's company goes by: its mapping, links and webhooks.

        :raises UserError: naming the connection, for a user who does not work there
        """
        for connection in self:
            if not connection._works_in_all_companies():
                raise UserError(
                    say(
                        self.env,
                        "connection_serves_other_companies",
                        name=connection.name,
                    )
                )

    @api.ondelete(at_uninstall=True)
    def _check_is_deactivated(self):
        """Refuse to delete what runs, or what is just having its webhooks removed.

        Where they cannot be removed, such as from a Tribe that is no more, they stay.

        :raises UserError: naming the connection, and what is lost with it
        """
        for connection in self._not_uninstalled():
            if connection.is_running:
                count = connection.sudo()._count_links()
                raise UserError(
                    say(self.env, "delete_while_running", name=connection.name, count=count)
                )
            if connection._is_deactivating():
                raise UserError(say(self.env, "delete_while_deactivating", name=connection.name))

    @api.ondelete(at_uninstall=True)
    def _check_leaves_nobody_to_others(self):
        """Refuse to forget whose customers contacts are while another connection could send them.

        Now, or once it is activated.

        :raises UserError: naming the connection, for who works not in all companies of that other
            one either
        """
        connections = self.sudo().with_context(active_test=False)
        real = connections.search([("is_demo_data", "=", False)])
        others = (real - self).filtered(
            lambda other: not other.with_env(self.env)._works_in_all_companies()
        )
        for connection in self._not_uninstalled().sudo():
            count = len(connection._partners_linked_and_open_to(others)) if others else 0
            if count:
                raise UserError(
                    say(
                        self.env,
                        "delete_leaves_contacts_to_others",
                        name=connection.name,
                        count=count,
                    )
                )

    def _not_uninstalled(self):
        """These connections but for the made-up ones; none while Odoo uninstalls the addon."""
        is_uninstall = self.env.su and self.env.context.get(MODULE_UNINSTALL_FLAG)
        return self.browse() if is_uninstall else self.filtered(lambda each: not each.is_demo_data)

    def _partners_linked_and_open_to(self, others):
        """The contacts that are linked with a relation of this Tribe, or were.

        Of no company, or of one with whose contacts one of some other connections works.
        """
        companies = [False, *others._companies_of_contacts().ids]
        links = Domain("connection_id", "=", self.id) & Domain("partner_id", "!=", False)
        of_others = Domain("partner_id.company_id", "in", companies)
        return self.env["tribe.link"].search(links & of_others).partner_id

    def _is_deactivating(self):
        """Whether a lane is about to remove its webhooks, and nothing keeps it from that."""
        is_on = self.active and self.mode in ("demo", "live") and not self.is_moved
        waiting = [("connection_id", "=", self.id), ("kind", "=", "deactivate")]
        waiting += [("error_class", "=", False)]
        return (
            is_on
            and not self._availability().unavailable_since
            and bool(self.env["tribe.work"].sudo().search_count(waiting, limit=1))
        )
