from decimal import Decimal

from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from ..sentence import say
from .tribe_connection import RUNNING_STATES
from .tribe_link import RELATION_KINDS

# Beyond it nobody needs to know how many they are.
MOST_UNPLACED = 1000


class TribeConnection(models.Model):
    """Whose customer a contact is: those of one tenant are never shown to another.

    Every connection is a tenant of its own, also beside another one in the same company. A contact
    is a connection's when it is linked with it. One that is linked with no other either is the
    connection's when no other one could mean it: no other that runs works in the contact's
    company, or the contact was invoiced in this connection's companies and in none of theirs.

    What was deleted in Tribe is linked no longer. If it comes back there, its contact still is the
    connection's, unless it is linked with another one since, or there is an invoice of it where
    only others work.

    One that is of a company in which a connection does not work is not the connection's, linked or
    not: ``res.partner._tribe_elsewhere``, here in SQL.

    Whatever leads from Tribe to a contact, or from a contact to Tribe, goes by it.
    """

    # As Odoo's account_journal_dashboard.py: a file for each thing that is done with it.
    _inherit = "tribe.connection"  # pylint: disable=consider-merging-classes-inherited

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

    def _is_of_tenant(self, alias):
        """The condition on a contact, as SQL. No invoice is looked at unless another connection
        could mean the contact.

        Nothing that is pending in accounting is flushed for it: a save may be in the middle of it.
        """
        contact = SQL.identifier(alias)
        linked = SQL(
            """
            SELECT 1 FROM tribe_link link
              JOIN tribe_connection linking ON linking.id = link.connection_id
             WHERE link.partner_id = %s.id AND link.kind IN %s
            """,
            contact,
            RELATION_KINDS,
        )
        return SQL(
            """
            (%(contact)s.company_id IS NULL OR %(contact)s.company_id = ANY(%(within)s))
            AND
            (EXISTS (%(linked)s AND linking.id = %(me)s AND link.state != 'gone')
             OR NOT EXISTS (%(linked)s AND linking.id != %(me)s AND link.state != 'gone'
                            AND linking.is_demo_data IS NOT TRUE)
                AND (NOT EXISTS (SELECT 1 FROM (%(theirs)s) AS theirs
                                  WHERE %(contact)s.company_id IS NULL
                                     OR %(contact)s.company_id = theirs.company_id)
                     OR (EXISTS (%(invoiced)s AND move.state = 'posted'
                                 AND move.company_id = ANY(%(ours)s))
                         AND NOT EXISTS (%(invoiced)s AND move.company_id IN (%(branches)s)))
                     OR (EXISTS (%(linked)s AND linking.id = %(me)s)
                         AND NOT EXISTS (%(invoiced)s AND move.company_id IN (%(branches)s)
                                         AND move.company_id != ALL(%(ours)s)))))
            """,
            me=self.id,
            contact=contact,
            linked=linked,
            theirs=self._companies_of_others(),
            ours=self._companies().ids,
            within=self._companies().parent_ids.ids,
            branches=SQL(
                """
                SELECT branch.id FROM res_company company
                  JOIN res_company branch ON branch.parent_path LIKE company.parent_path || '%%'
                 WHERE company.id IN (%s)
                """,
                self._companies_of_others(),
            ),
            # By who was invoiced, of which there is an index.
            invoiced=SQL(
                """
                SELECT 1 FROM account_move move JOIN res_partner invoiced
                    ON invoiced.id = move.partner_id
                 WHERE invoiced.commercial_partner_id = %s.id AND move.move_type != 'entry'
                """,
                contact,
            ),
        )

    def _is_of_others(self, alias):
        """The condition on a contact that is another company's or connection's, as SQL."""
        contact = SQL.identifier(alias)
        return SQL(
            """
            NOT (%(mine)s)
            AND (%(contact)s.company_id != ALL(%(within)s)
                 OR EXISTS (SELECT 1 FROM tribe_link link
                              JOIN tribe_connection linking ON linking.id = link.connection_id
                             WHERE link.partner_id = %(contact)s.id AND link.kind IN %(kinds)s
                               AND link.state != 'gone' AND linking.is_demo_data IS NOT TRUE)
                 OR %(of_others)s)
            """,
            mine=self._is_of_tenant(alias),
            contact=contact,
            within=self._companies().parent_ids.ids,
            kinds=RELATION_KINDS,
            of_others=SQL(" OR ").join(
                [
                    SQL("FALSE"),
                    *(SQL("(%s)", other._is_of_tenant(alias)) for other in self._active() - self),
                ]
            ),
        )

    def _companies_of_others(self):
        """In which companies the other connections that run work, as SQL."""
        here = self._here()
        others = SQL(
            """
            SELECT other.id, other.company_id FROM tribe_connection other
             WHERE other.id != %s AND other.state IN %s AND other.active
               AND other.is_demo_data IS NOT TRUE
               AND other.database_uuid = %s AND other.database_name = %s
            """,
            self.id,
            RUNNING_STATES,
            here["database_uuid"],
            here["database_name"],
        )
        return SQL(
            """
            SELECT other.company_id FROM (%(others)s) AS other
             UNION
            SELECT entity.company_id FROM tribe_legal_entity entity
              JOIN (%(others)s) AS other ON other.id = entity.connection_id
             WHERE entity.is_booked AND entity.company_id IS NOT NULL
            """,
            others=others,
        )

    def _unplaced_sentence(self, companies):
        """How many contacts no connection sends because several could be meant; mostly empty.

        :param companies: those of which whoever is told may know the contacts: *Only Contacts
            That* could be a question about each of the others
        """
        connections = self._active()
        if self not in connections or len(connections) < 2 or self._filter_problem():
            return ""
        linked = self.env["tribe.link"]._search(
            Domain("kind", "in", RELATION_KINDS)
            & Domain("partner_id", "!=", False)
            & Domain("state", "!=", "gone")
            & Domain("connection_id.is_demo_data", "=", False)
        )
        unplaced = (
            Domain(self._contact_filter())
            & Domain(self._unfiltered_domain())
            & Domain("company_id", "in", [False, *companies.ids])
            & Domain("id", "not in", linked.subselect("partner_id"))
            & Domain.AND(~connection._tenant_domain() for connection in connections)
        )
        count = self.env["res.partner"].search_count(unplaced, limit=MOST_UNPLACED)
        if not count:
            return ""
        shown = self.env["tribe.message"]._shown(Decimal(count))
        return say(
            self.env,
            "contacts_unplaced",
            count=f"{shown}+" if count == MOST_UNPLACED else shown,
        )
