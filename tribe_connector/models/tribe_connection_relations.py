import contextlib

import psycopg2

from odoo import fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from ..engine.problems import NeedsPerson
from ..relations.contact_filter import (
    FilterRefused,
    has_long_value,
    not_understood,
    read_filter,
)
from ..relations.domains import (
    COMMERCIAL,
    CUSTOMERS_AND_SUPPLIERS,
)
from ..sentence import in_language, say, sentence
from .tribe_connection import SLOW_FILTER

# No Domain.FALSE, for which Odoo asks nothing.
NOBODY = Domain("id", "<", 0)
# For looking once through all contacts by a filter, which with very long texts of them takes
# PostgreSQL minutes: the schedule of all connections does so.
LONGEST_QUERY = "10s"


class TribeConnection(models.Model):
    """Who is a customer or supplier that a connection synchronizes, and *Only Contacts That*."""

    _inherit = "tribe.connection"

    relation_domain = fields.Char(
        "Only Contacts That",
        default="[]",
        help="Narrows which customers and suppliers of Odoo are sent to Tribe. Who is linked "
        "already stays synchronized.\n"
        "It may use the contact's own fields, such as its country, city and tags (category_id), "
        "and the code and name of its country and state.",
    )

    def _check_may_filter(self, vals):
        """Refuse to say which contacts go, of a company in which the user does not work.

        What is then sent or counted would be a question about contacts that they may not read.

        :raises AccessError: naming the connection
        """
        if self.env.su or "relation_domain" not in vals:
            return
        own = set(self.env.user._get_company_ids())
        for connection in self.sudo():
            is_other = connection.relation_domain != vals["relation_domain"]
            if is_other and not set(connection._companies().ids) <= own:
                raise AccessError(
                    say(self.env, "filter_serves_other_companies", name=connection.name)
                )

    def _check_relation_domain(self):
        """Refuse a filter that is none, or that could tell its writer more than they may read.

        No constraint: Odoo checks those with all rights, and a filter is looked at with its
        writer's.

        :raises ValidationError: naming the connection, the field, and what to use instead
        """
        partners = self.env["res.partner"]
        for connection in self:
            try:
                domain = read_filter(connection.relation_domain, partners)
                try:
                    partners.search(Domain(domain) & NOBODY, limit=1)
                except Exception as error:
                    raise not_understood() from error
            except FilterRefused as error:
                raise ValidationError(connection._filter_sentence(error)) from error

    def _filter_sentence(self, error):
        return say(
            self.env,
            "filter_refused",
            name=self.name,
            cause=in_language(self.env, error),
        )

    def _relation_domain(self):
        """The partners that this connection synchronizes. Archived ones are not sent first.

        :raises UserError: when *Only Contacts That* cannot be used
        """
        if problem := self._filter_problem():
            raise UserError(problem)
        return (
            Domain(self._contact_filter())
            & Domain(self._unfiltered_domain())
            & self._tenant_domain()
        )

    def _relations_among(self, partners):
        """Those of some partners that this connection synchronizes: whoever sends goes by it.

        :raises NeedsPerson: when *Only Contacts That*, which they depend on, cannot be used
        """
        if not partners:
            return partners
        among = self._of_tenant(partners.filtered_domain(self._unfiltered_domain()))
        if not among or not self._has_filter():
            return among
        try:
            found = self._search_filter(Domain("id", "in", among.ids))
        except FilterRefused as error:
            raise NeedsPerson(self._held_sentence(error)) from error
        return among.filtered(lambda partner: partner.id in found.ids)

    def _perhaps_relations_among(self, partners):
        """Those of some partners to look at, such as after a save: rather more than less.

        Whatever the filter says that goes wrong, or takes Python long: who is sent is decided
        later, by the database.
        """
        if not partners:
            return partners
        among = self._of_tenant(partners.filtered_domain(self._unfiltered_domain()))
        try:
            contact_filter = self._contact_filter()
            slow = among.filtered(lambda partner: has_long_value(contact_filter, partner))
            return slow | (among - slow).filtered_domain(contact_filter)
        except psycopg2.Error:
            raise
        except Exception:  # noqa: BLE001 - told by _filter_problem
            return among

    def _has_filter(self):
        return self.relation_domain not in (False, "", "[]")

    def _search_filter(self, domain, limit=None):
        """Whom *Only Contacts That* lets through, archived or not, by the database alone.

        Odoo also evaluates domains in Python, where some mean something else.

        :raises FilterRefused: when it cannot be evaluated
        """
        partners = self.env["res.partner"].sudo().with_context(active_test=False)
        try:
            with self._filtering():
                return partners.search(Domain(self._contact_filter()) & domain, limit=limit)
        except (psycopg2.OperationalError, FilterRefused):
            raise
        except Exception as error:
            raise not_understood() from error

    @contextlib.contextmanager
    def _filtering(self):
        """While the database looks for whom *Only Contacts That* lets through.

        :raises FilterRefused: when that takes too long
        """
        if not self._has_filter():
            yield
            return
        cursor = self.env.cr
        try:
            with cursor.savepoint():
                cursor.execute("SELECT current_setting('statement_timeout')")
                (before,) = cursor.fetchone()
                limit = "SELECT set_config('statement_timeout', %s, true)"
                cursor.execute(limit, [LONGEST_QUERY])
                yield
                cursor.execute(limit, [before])
        except psycopg2.errors.QueryCanceled as error:
            raise FilterRefused(sentence("filter_too_slow")) from error

    def _search_filtered(self, domain, **options):
        """The partners of a domain in which *Only Contacts That* is.

        :raises UserError: when that takes too long
        """
        try:
            with self._filtering():
                return self.env["res.partner"].search(domain, **options)
        except FilterRefused as error:
            raise UserError(self._held_sentence(error)) from error

    def _contact_filter(self):
        """*Only Contacts That*, as a domain.

        :raises FilterRefused: for what is not evaluated (``relations/contact_filter.py``)
        """
        return read_filter(self.relation_domain, self.env["res.partner"])

    def _filter_problem(self):
        """Why *Only Contacts That* cannot be used, in a sentence; empty where it can.

        It may be from before such filters were refused, and a field that it names may have been
        deleted since it was entered.
        """
        if not self._has_filter():
            return ""
        if self.env["tribe.cursor"].sudo()._position(self, SLOW_FILTER):
            return self._held_sentence(sentence("filter_too_slow"))
        try:
            # Of nobody: PostgreSQL says what it does not understand before it looks at contacts, of
            # which each may have long texts, and the schedule of all connections asks each minute.
            self._search_filter(NOBODY, limit=1)
        except FilterRefused as error:
            return self._held_sentence(error)
        return ""

    def _held_sentence(self, error):
        return say(self.env, "filter_held", cause=self._filter_sentence(error))

    def _unfiltered_domain(self):
        return [
            *COMMERCIAL,
            ("company_id", "in", [False, *self._companies_of_contacts().ids]),
            ("id", "not in", self._own_partner_ids()),
            *CUSTOMERS_AND_SUPPLIERS,
        ]

    def _own_partner_ids(self):
        """The partners that stand for companies of this Odoo: never customers of themselves."""
        return self.env["res.partner"]._tribe_own_ids()

    def _own_relation_ids(self):
        """Tribe's IDs of our own organization and its legal entities: nobody's customers here."""
        own = {self.own_organization_id, *self.legal_entity_ids.mapped("organization_id")}
        return own - {False}

    def _companies(self):
        return self.company_id | self.legal_entity_ids.filtered("is_booked").company_id

    def _companies_of_contacts(self):
        """The companies whose contacts can be customers here.

        As Odoo's own rule: whoever works in a branch works with the contacts of the company above.
        """
        return self._companies().parent_ids
