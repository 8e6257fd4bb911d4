from odoo import models

from ..sentence import say
from ..tribe_api import Guid


class TribeConnection(models.Model):
    """Notices when a connection leads to another Tribe environment than the one that is linked."""

    _inherit = "tribe.connection"

    def _is_another_tenant(self, client, found):
        """Whether this is not the Tribe environment that our links lead to.

        An organization that is no longer the own one is still there, in the same environment.
        """
        known = self.own_organization_id
        if not known or known == found["own_organization"].get("ID") or not self._count_links():
            return False
        return not client.by_values("Relation_Organization", "ID", [Guid(known)], select="ID")

    def _compare_before_use(self):
        """Have nothing of Tribe used until *Connect* has seen which Tribe environment it is.

        Before the first time nothing runs, and there is nothing to compare.
        """
        known = self.filtered("own_organization_id")
        known.write({"must_compare": True})

    def _stop_before_another_tenant(self):
        """Sign out and stop, so that nobody's customers get into the Tribe of somebody else.

        No ``UserError``, which would undo that.
        """
        self._credential()._forget_tokens()
        problem = say(
            self.env,
            "connection_leads_to_other_tenant",
            name=self.name,
            own=self.own_organization_name or self.own_organization_id,
            count=self._count_links(),
        )
        self.write({"state": "draft", "sign_in_problem": problem})

    def _count_links(self):
        return self.env["tribe.link"].search_count([("connection_id", "=", self.id)])
