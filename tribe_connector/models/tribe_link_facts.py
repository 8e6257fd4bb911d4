from decimal import Decimal

from odoo import api, fields, models
from odoo.fields import Domain

from ..invoices.entry_facts import VAT, entry_facts, vat_places_by_tax
from ..mapping.invoice_facts import (
    OF_CUSTOMER,
    agreeing,
    differing,
    differing_places,
    is_divided_alike,
    on_other_accounts,
    only,
    parts,
)

# Where the agreed facts have what Tribe has otherwise by now.
IN_TRIBE = "in_tribe"
# What is looked at before Tribe's VAT is set: else that would be said to differ instead.
BEFORE_VAT = ("currency", "nets")
# What follows from Tribe's VAT, so what a draft does not have yet.
OF_VAT = ("untaxed", "vat", "vat_by_tax", "total")


class TribeLink(models.Model):
    """What a booked invoice must have in common with Tribe (``mapping.invoice_facts``)."""

    _inherit = "tribe.link"

    @api.model
    def _booked_for(self, patterns):
        names = [
            Domain("move_id.commercial_partner_id.name", "=ilike", pattern) for pattern in patterns
        ]
        return super()._booked_for(patterns) | Domain.OR(names)

    # The facts of the entry

    def _facts_in_odoo(self, wanted=None, customer=None):
        """The facts of the entry in Odoo, as far as they can be known.

        :param wanted: what it should have, by which its number and customer are known; by default
            what was agreed
        :param customer: its ``_expected_customer``, where that is known already
        """
        wanted = (self.agreed or {}) if wanted is None else wanted
        facts = entry_facts(self.move_id)
        if not facts:
            return {}
        facts["number"] = self._number_in_odoo(wanted.get("number"))
        if customer is None:
            customer = self._expected_customer(wanted)
        if customer:
            ours = self.move_id.partner_id.commercial_partner_id
            is_same = customer.commercial_partner_id == ours
            facts["customer"] = wanted.get("customer") if is_same else ""
        if self._is_locked_out(wanted.get("accounting_date")):
            facts["accounting_date"] = wanted["accounting_date"]
        return facts

    def _follow_taxes(self, found):
        """Agree on where the entry has its VAT by now, where its taxes have it there.

        Odoo follows a tax that was changed, at the next change of a line, or in all entries where
        one asks it to. Other taxes and amounts that Tribe has by now are divided so, too.

        :param found: its ``vat_places``
        """
        agreed = (self.agreed or {}).get("vat_places")
        if agreed is None:
            return
        alike = ({*agreed} & {*found}) - {*differing_places(agreed, found)}
        unlike = [what for what in found if what not in alike]
        by_tax = vat_places_by_tax(self.move_id) if unlike else {}
        followed = {**agreed, **only(found, alike)}
        for what in unlike:
            if what in by_tax and is_divided_alike(found[what], by_tax[what], self._cents(what)):
                followed[what] = found[what]
            else:
                followed.setdefault(what, by_tax.get(what, found[what]))
        if followed != agreed:
            self.agreed = {**self.agreed, "vat_places": followed}

    def _cents(self, what):
        """By how much the VAT of some tax may be another in Tribe; what is taxed is the same."""
        kind, taxes = parts(what)
        if kind != VAT:
            return Decimal(0)
        return self.move_id._tribe_tolerance(self.env["account.tax"].browse(int(taxes)), self)

    def _follow_accounts(self, found):
        """Agree on the accounts that the entry has instead of ones that its company has no more.

        Odoo gives entries other ones when accounts are merged, or split by company.

        :param found: its facts
        """
        agreed = self.agreed or {}
        followed = only(agreed, ("nets", "vat_places"))
        if "nets" in followed:
            followed["nets"] = self._on_own_accounts(followed["nets"], found["nets"])
        if "vat_places" in followed:
            followed["vat_places"] = {
                what: self._on_own_accounts(places, found["vat_places"].get(what) or {})
                for what, places in followed["vat_places"].items()
            }
        if followed != only(agreed, followed):
            self.agreed = {**agreed, **followed}

    def _on_own_accounts(self, wanted, found):
        """Amounts by account as they were agreed, on accounts that the company still has."""
        if not isinstance(wanted, dict):
            # An older version kept no amounts of VAT.
            return wanted
        unlike = {parts(each)[0] for each in wanted} - {parts(each)[0] for each in found}
        accounts = self.env["account.account"].sudo().browse(map(int, filter(None, unlike)))
        own = accounts.exists().filtered_domain(
            accounts._check_company_domain(self.move_id.company_id)
        )
        return on_other_accounts(wanted, found, set(map(str, (accounts - own).ids)))

    def _is_locked_out(self, wanted):
        """Whether the entry is in a later period because its own (accounting date) is locked."""
        move = self.move_id
        if not (wanted and move.date and move.date.isoformat() > wanted):
            return False
        return bool(move._get_violated_lock_dates(fields.Date.to_date(wanted), True))

    def _keep_accounting_date(self):
        """Agree on the later period of an entry: it stays there when its own is opened again."""
        if self._is_locked_out((self.agreed or {}).get("accounting_date")):
            self.agreed = {**self.agreed, "accounting_date": self.move_id.date.isoformat()}

    def _number_in_odoo(self, number):
        """Tribe's number where the entry has it: as its name, or where Odoo numbers beside that."""
        move, keeps = self.move_id, (self.agreed or {}).get("keeps_number")
        if keeps is None:
            keeps = move.journal_id in move._tribe_reserved_journals()
        reference = move.ref or ""
        places = (move.name, move.payment_reference, reference, reference.split(" / ")[0])
        return number if not keeps and number in places else move.name or ""

    def _expected_customer(self, wanted=None):
        """The contact that has the relationship of the invoice; empty where nobody can tell."""
        wanted = (self.agreed or {}) if wanted is None else wanted
        (customer,) = self._customers_by([wanted])
        return customer

    def _expected_customers(self):
        """Those of some invoices of one connection: ``{link: contact}``."""
        if not self:
            return {}
        customers = self._customers_by([link.agreed or {} for link in self])
        return dict(zip(self, customers, strict=True))

    def _customers_by(self, wanted):
        """The contacts that have the relationships of some invoices (facts) of one connection."""
        connection, none = self.connection_id, self.env["res.partner"].sudo()
        # The relation where it is known: the relationship may have been moved since.
        ids = [each.get("relation") or each.get("customer") for each in wanted]
        links = self._of_tribe(connection, {*filter(None, ids)})
        partners = none.union(*(each.partner_id | each.merged_into_id for each in links.values()))
        partners -= connection._no_longer_linked(partners)
        found = []
        for tribe_id, facts in zip(ids, wanted, strict=True):
            link = links.get(tribe_id, self.browse())
            of_link = (link.partner_id | link.merged_into_id).with_env(none.env)
            partner = (of_link & partners)[:1]
            # Without a link: the one that it was booked for.
            found.append(partner or none.browse(facts.get("partner_id") or ()).exists())
        return found

    def _ignored_of(self, customers):
        """The ignored invoices of some customers (links): those keep what they are called."""
        ids = set(customers.mapped("tribe_id"))
        ignored = self.search(
            [
                ("connection_id", "in", customers.connection_id.ids),
                ("kind", "=", "invoice"),
                ("state", "=", "left_to_odoo"),
                ("move_id", "=", False),
            ]
        )
        return ignored.filtered(lambda link: (link.agreed or {}).get("customer") in ids)

    # What Tribe has by now

    def _in_tribe(self):
        """What Tribe has otherwise than it was agreed, when it was looked at last (facts)."""
        return (self.agreed or {}).get(IN_TRIBE) or {}

    def _note_in_tribe(self, theirs):
        """Keep what Tribe has otherwise than it was agreed, unless the entry has it as well."""
        if theirs != self._in_tribe():
            self.agreed = {**(self.agreed or {}), IN_TRIBE: theirs}
        if self.move_id.state == "posted":
            self._follow_tribe()

    def _follow_tribe(self, is_confirming=False):
        """Take as agreed what Tribe has by now, where the entry has it as well.

        :param is_confirming: of a draft with other lines, which gets Tribe's VAT only after this
        """
        theirs = self._in_tribe()
        if not theirs:
            return
        if self._is_locked_out(theirs.get("date")):
            # It belongs on any open day: the one on which the entry was is only one of them.
            theirs = {**theirs, "accounting_date": self.move_id.date.isoformat()}
        ours = self._facts_in_odoo(theirs) | self._legal_entity_in_odoo(theirs)
        if is_confirming and differing(only(self.agreed, BEFORE_VAT), ours):
            ours = {name: value for name, value in ours.items() if name not in OF_VAT}
        for names in agreeing(theirs, ours):
            agreed = {name: value for name, value in self.agreed.items() if name not in names}
            agreed |= only(theirs, names)
            if names == OF_CUSTOMER:
                agreed["partner_id"] = self.move_id.partner_id.id
            theirs = {name: value for name, value in theirs.items() if name not in names}
            self.agreed = {**agreed, IN_TRIBE: theirs}
