from odoo import models
from odoo.tools import SQL

from ..codes import RELATION_KINDS, RUNNING_STATES


class TribeConnection(models.Model):
    """Whose customer a contact is, as conditions in SQL (``tribe_connection_customers.py``)."""

    _inherit = "tribe.connection"

    def _is_of_tenant(self, alias):
        """The condition on a contact, as SQL. No invoice is looked at unless another connection
        could mean the contact.

        Nothing that is pending in accounting is flushed for it: a save may be in the middle of it.
        """
        contact, ours = SQL.identifier(alias), self._companies().ids
        return SQL(
            """
            (%(contact)s.company_id IS NULL OR %(contact)s.company_id = ANY(%(within)s))
            AND
            (EXISTS (%(linked)s AND link.connection_id = %(me)s AND link.state != 'gone')
             OR NOT EXISTS (%(linked)s AND link.connection_id != %(me)s AND link.state != 'gone')
                AND (EXISTS (%(chosen)s = %(me)s)
                     OR NOT (%(is_out_of_ours)s
                             AND EXISTS (%(chosen)s IN
                                         (SELECT other.id FROM (%(others)s) AS other)))
                AND (%(is_no_others)s OR %(is_invoiced_here)s OR %(was_linked_here)s)))
            """,
            me=self.id,
            chosen=_chosen_for(contact),
            others=self._others_that_run(),
            contact=contact,
            linked=_links_with(contact),
            is_out_of_ours=_is_out_of(contact, ours),
            is_no_others=self._is_no_others(contact, ours),
            is_invoiced_here=self._is_invoiced_here(contact, ours),
            was_linked_here=self._was_linked_here(contact, ours),
            within=self._companies_of_contacts().ids,
        )

    def _is_no_others(self, contact, ours):
        """Whether no other connection that runs could mean a contact, as SQL.

        Nor had it once, also through a relationship alone, as an earlier version left it.

        :param ours: the IDs of the companies where this connection works
        """
        return SQL(
            """
            (NOT EXISTS (SELECT 1 FROM (%(theirs)s) AS theirs
                          WHERE %(contact)s.company_id IS NULL
                             OR %(contact)s.company_id = theirs.company_id
                             OR (%(contact)s.company_id != ALL(%(ours)s)
                                 AND EXISTS (%(above_theirs)s)))
             AND (%(contact)s.company_id = ANY(%(ours)s)
                  OR NOT EXISTS (SELECT 1 FROM tribe_link link
                                  WHERE link.partner_id = %(contact)s.id
                                    AND link.connection_id != %(me)s)))
            """,
            me=self.id,
            contact=contact,
            theirs=self._companies_of_others(),
            ours=ours,
            # Of a company above branches of both it can be the customer of either.
            above_theirs=SQL(
                """
                SELECT 1 FROM res_company above
                  JOIN res_company below ON below.parent_path LIKE above.parent_path || '%%'
                 WHERE above.id = %s.company_id AND below.id = theirs.company_id
                """,
                contact,
            ),
        )

    def _is_invoiced_here(self, contact, ours):
        """Whether a contact was invoiced where this connection works and no other, as SQL."""
        return SQL(
            """
            (EXISTS (%(invoiced)s AND move.state = 'posted' AND move.company_id = ANY(%(ours)s))
             AND NOT EXISTS (%(invoiced)s AND move.company_id IN (%(branches)s)))
            """,
            invoiced=_invoices_of(contact),
            ours=ours,
            branches=self._branches_of_others(),
        )

    def _was_linked_here(self, contact, ours):
        """Whether a contact is linked here, also as deleted in Tribe, and was not invoiced where
        only others work, as SQL."""
        return SQL(
            """
            (EXISTS (%(linked)s AND link.connection_id = %(me)s)
             AND NOT EXISTS (%(invoiced)s AND move.company_id IN (%(branches)s)
                             AND move.company_id != ALL(%(ours)s)))
            """,
            me=self.id,
            linked=_links_with(contact),
            invoiced=_invoices_of(contact),
            ours=ours,
            branches=self._branches_of_others(),
        )

    def _branches_of_others(self):
        """The companies where the other connections that run work, and those below, as SQL."""
        return SQL(
            """
            SELECT branch.id FROM res_company company
              JOIN res_company branch ON branch.parent_path LIKE company.parent_path || '%%'
             WHERE company.id IN (%s)
            """,
            self._companies_of_others(),
        )

    def _is_of_others(self, alias):
        """The condition on a contact that is another company's or connection's, as SQL."""
        contact = SQL.identifier(alias)
        return SQL(
            """
            NOT (%(mine)s)
            AND (%(contact)s.company_id != ALL(%(within)s)
                 OR EXISTS (SELECT 1 FROM tribe_link link
                             WHERE link.partner_id = %(contact)s.id AND link.kind IN %(kinds)s
                               AND link.state != 'gone')
                 OR %(of_others)s)
            """,
            mine=self._is_of_tenant(alias),
            contact=contact,
            within=self._companies_of_contacts().ids,
            kinds=RELATION_KINDS,
            of_others=SQL(" OR ").join(
                [
                    SQL("FALSE"),
                    *(SQL("(%s)", other._is_of_tenant(alias)) for other in self._active() - self),
                ]
            ),
        )

    def _others_that_run(self):
        """The other connections that run, and the company of each, as SQL."""
        here = self._here()
        return SQL(
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

    def _companies_of_others(self):
        """In which companies the other connections that run work, as SQL."""
        return SQL(
            """
            SELECT other.company_id FROM (%(others)s) AS other
             UNION
            SELECT entity.company_id FROM tribe_legal_entity entity
              JOIN (%(others)s) AS other ON other.id = entity.connection_id
             WHERE entity.is_booked AND entity.company_id IS NOT NULL
            """,
            others=self._others_that_run(),
        )


def _is_out_of(contact, company_ids):
    """Whether a contact is of none of some companies, or of all companies, as SQL."""
    return SQL(
        "(%(contact)s.company_id IS NULL OR %(contact)s.company_id != ALL(%(companies)s))",
        contact=contact,
        companies=company_ids,
    )


def _links_with(contact):
    """The links of a contact with relations, as SQL."""
    return SQL(
        "SELECT 1 FROM tribe_link link WHERE link.partner_id = %s.id AND link.kind IN %s",
        contact,
        RELATION_KINDS,
    )


def _chosen_for(contact):
    """The choices of a connection for a contact, as SQL that ends with the connection's ID."""
    return SQL(
        """
        SELECT 1 FROM tribe_connection_chosen_partner chosen
         WHERE chosen.partner_id = %s.id AND chosen.connection_id
        """,
        contact,
    )


def _invoices_of(contact):
    """The invoices of a contact, as SQL: by who was invoiced, of which there is an index."""
    return SQL(
        """
        SELECT 1 FROM account_move move JOIN res_partner invoiced
            ON invoiced.id = move.partner_id
         WHERE invoiced.commercial_partner_id = %s.id AND move.move_type != 'entry'
        """,
        contact,
    )
