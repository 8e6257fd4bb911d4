from decimal import Decimal

from odoo import SUPERUSER_ID, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..codes import RELATION_KINDS
from ..engine.only_for import only_for
from ..sentence import say
from .tribe_connection_import_ids import HIGHEST_ID

# Beyond it nobody needs to know how many they are, nor reads them all in a list.
MOST_UNPLACED = 1000
# How many of them go through a connection in one transaction.
PART = 400


class TribeConnection(models.Model):
    """Whose customer a contact is: those of one tenant are never shown to another.

    Every connection is a tenant of its own, also beside another one in the same company. A contact
    is a connection's when it is linked with it. One that is linked with no other either is the
    connection's when an administrator chose it for the contact, and, where none was chosen, when
    no other one could mean it: no other that runs works in the contact's company, or the contact
    was invoiced in this connection's companies and in none of theirs.

    What was deleted in Tribe is linked no longer. If it comes back there, its contact still is the
    connection's, unless it is linked with another one since, or there is an invoice of it where
    only others work.

    So the customers of the demo data are those of their connection, which never runs: they go to
    no other Tribe, and their numbers mean nothing there.

    One that is of a company in which a connection does not work is not the connection's, linked or
    not: ``res.partner._tribe_elsewhere``, here in SQL.

    Whatever leads from Tribe to a contact, or from a contact to Tribe, goes by it.
    """

    _inherit = "tribe.connection"

    # Not a field of the contact: choosing meets no lock that a user's save needs.
    chosen_partner_ids = fields.Many2many(
        "res.partner",
        "tribe_connection_chosen_partner",
        "connection_id",
        "partner_id",
        "Contacts That an Administrator Chose",
        readonly=True,
        copy=False,
        groups=fields.NO_ACCESS,
    )

    def init(self):
        result = super().init()
        # An earlier version let two administrators choose two at the same moment.
        self.env.cr.execute(
            """
            DELETE FROM tribe_connection_chosen_partner later
             USING tribe_connection_chosen_partner earlier
             WHERE later.partner_id = earlier.partner_id
               AND later.connection_id > earlier.connection_id;
            CREATE UNIQUE INDEX IF NOT EXISTS tribe_connection_chosen_partner_one
                ON tribe_connection_chosen_partner (partner_id)
            """
        )
        return result

    def _of_tenant(self, partners):
        """Those of some contacts that are this connection's; in one query."""
        return self._those(partners, self._is_of_tenant) if partners else partners

    def _of_others(self, partners):
        """Those of some contacts that are another company's or connection's, and not this one's.

        A contact that is nobody's, such as most of those below a customer, is none of them.
        """
        return self._those(partners, self._is_of_others) if partners else partners

    def _those(self, partners, condition):
        """Those of some contacts for which a condition holds, in one query.

        :param condition: gives it as SQL, for an alias
        """
        self._flush_tenants()
        rows = self.env.execute_query(
            SQL(
                "SELECT contact.id FROM unnest(%s::int[], %s::int[]) AS contact(id, company_id)"
                " WHERE %s",
                partners.ids,
                # What was just saved is not in the database yet.
                [partner.company_id.id or None for partner in partners],
                condition("contact"),
            )
        )
        ids = {partner_id for (partner_id,) in rows}
        return partners.filtered(lambda partner: partner.id in ids)

    def _no_longer_linked(self, partners):
        """Those of some contacts that were deleted in this Tribe, and are not its own any more.

        The link stays, and says what it was; it makes nobody this connection's.
        """
        links = self.env["tribe.link"]._of_partners(self, partners, RELATION_KINDS).values()
        gone = partners.browse(link.partner_id.id for link in links if link.state == "gone")
        return gone - self._of_tenant(gone)

    def _tenant_domain(self):
        """The contacts that are this connection's."""

        def condition(model, alias, _query):
            model.flush_model(["company_id"])
            self._flush_tenants()
            return self._is_of_tenant(alias)

        return Domain.custom(to_sql=condition)

    def _flush_tenants(self):
        self.env["tribe.link"].flush_model(["connection_id", "kind", "partner_id", "state"])
        self.env["tribe.legal.entity"].flush_model(["company_id", "connection_id", "is_booked"])
        self.flush_model(["active", "company_id", "is_demo_data", "state", *self._here()])

    # Whom nobody can place

    def _unplaced_sentence(self, companies):
        """How many contacts no connection sends because several could be meant; mostly empty.

        :param companies: those of which whoever is told may know the contacts: *Only Contacts
            That* could be a question about each of the others
        """
        try:
            count = len(self._unplaced(companies, MOST_UNPLACED))
        except UserError as error:
            return error.args[0]
        if not count:
            return ""
        shown = self.env["tribe.message"]._shown(Decimal(count))
        return say(
            self.env,
            "contacts_unplaced",
            count=f"{shown}+" if count == MOST_UNPLACED else shown,
        )

    def _unplaced_domain(self, companies):
        """The contacts that no connection sends because several could be meant, this one too.

        :param companies: see ``_unplaced_sentence``
        """
        connections = self._active()
        if self not in connections or self._filter_problem():
            return Domain.FALSE
        of_contacts = Domain("partner_id", "!=", False)
        relations = of_contacts & Domain("kind", "in", RELATION_KINDS)
        links = self.env["tribe.link"]
        linked = links._search(relations & Domain("state", "!=", "gone"))
        of_others = Domain.TRUE
        if len(connections) == 1:
            # It sends all others but those that were of a connection which does not run any more.
            gone = links._search(of_contacts & Domain("connection_id", "!=", self.id))
            of_others = Domain("id", "in", gone.subselect("partner_id"))
        return (
            of_others
            & Domain(self._contact_filter())
            & Domain(self._unfiltered_domain())
            & Domain("company_id", "in", [False, *companies.ids])
            & Domain("create_uid", "not in", self._users_elsewhere(companies))
            & Domain("id", "not in", linked.subselect("partner_id"))
            & Domain.AND(~connection._tenant_domain() for connection in connections)
        )

    def _users_elsewhere(self, companies):
        """The employees of other connections' companies who work in none of some companies.

        Whom they made may be a customer of theirs who was not invoiced yet: it is for them, or for
        who works in both, to choose.
        """
        of_others = self.env.execute_query(self._companies_of_others())
        users = self.env["res.users"].with_context(active_test=False)
        return users._search(
            # OdooBot makes contacts for everybody.
            Domain("id", "!=", SUPERUSER_ID)
            & Domain("share", "=", False)
            & Domain("company_ids", "in", [number for (number,) in of_others])
            & Domain("company_ids", "not in", companies.ids)
        )

    @only_for("Administrator")
    def action_open_unplaced(self):
        """The contacts that no connection sends, to choose which of them go through this one."""
        self.ensure_one()
        partners = self.env["res.partner"].browse(
            self.sudo()._unplaced(self.env.user.company_ids, MOST_UNPLACED).ids
        )
        view = self.env.ref("tribe_connector.view_partner_list_unplaced")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Contacts That No Connection Sends"),
            "res_model": "res.partner",
            "views": [(view.id, "list"), (False, "kanban"), (False, "form")],
            "domain": [("id", "in", partners.ids)],
            "context": {"tribe_connection": self.id},
        }

    @only_for("Administrator", "write")
    def action_take_unplaced(self):
        """Have all contacts that no connection sends go through this one, part by part."""
        self.ensure_one()
        self.env["res.partner"].check_access("write")
        works = self.env["tribe.work"]
        if not self.sudo()._unplaced(self.env.user.company_ids, 1):
            return works._tell_it_is_gone()
        added = works._ask(self, "outbound", "unplaced", [self.env.uid], "person")
        added._wake_lanes()
        return works._tell(
            self.env._("All contacts that no connection sends go through “%s” now.", self.name)
        )

    def _of_context(self):
        """The connection whose list of unplaced contacts it is (``action_open_unplaced``), if any.

        A program may put anything in the context.
        """
        number = self.env.context.get("tribe_connection")
        is_one = type(number) is int and 0 < number <= HIGHEST_ID
        return self.browse(number if is_one else []).exists()

    def _unplaced(self, companies, limit):
        return self._search_filtered(self._unplaced_domain(companies), limit=limit, order="id")

    def _take_part(self, user):
        """Have some contacts that no connection sends go through this one; whether there are more.

        :param user: who asked for it, and is shown the contacts of their own companies alone
        """
        # They may have left, or lost the right, since they asked for it.
        if not user.active or not all(
            each.with_user(user).has_access("write") for each in (self, self.env["res.partner"])
        ):
            return False
        partners = self._unplaced(user.company_ids, PART + 1)
        self._take(partners[:PART])
        return len(partners) > PART

    def _take(self, partners):
        """Have contacts go through this connection, whatever their Company, which stays."""
        partners._tribe_choose(self)
        self.env["tribe.work"]._ask_for_partners(self, partners)
