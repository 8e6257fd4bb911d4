from odoo import models

from ..engine.problems import NeedsPerson
from ..mapping.invoice_facts import (
    BY_KEY,
    OF_CUSTOMER,
    OF_ODOO,
    TOGETHER,
    amount_of,
    by_vat_group,
    differing,
    differing_keys,
    differing_places,
    only,
    parts,
    shown,
)
from ..sentence import Name, codes_of, first_of, in_language, sentence, together

STATES_OF_ENTRY = {"draft": "difference_draft_in_odoo", "cancel": "difference_cancelled_in_odoo"}
# What is told of a difference where neither side may be named, or can be.
NAMELESS = {
    **dict.fromkeys(OF_CUSTOMER, "difference_of_customer"),
    "legal_entity": "difference_of_legal_entity",
    "products": "difference_of_products",
}
# Differences that say themselves what to do.
WITH_REMEDY = {
    "credit_not_settled",
    "credit_of_other_company",
    "credit_reconciled_elsewhere",
    "difference_adopted",
    "difference_never_confirmed",
}


class TribeLink(models.Model):
    """What is not alike in Odoo and in Tribe, as people are told it."""

    _inherit = "tribe.link"

    def _facts_that_differ(self, is_confirming=False, asked=None, customer=None):
        """What is another one in Odoo than in Tribe: ``[(fact, Tribe's, Odoo's)]``, as shown.

        Both are None where a customer, or legal entity, may not be named, or a product cannot be.

        :param is_confirming: leave out what is as it was agreed, and another one only in Tribe
        :param asked: the names of the facts to be looked at; by default all of them
        :param customer: its ``_expected_customer``, where that is known already
        """
        is_booked = is_confirming or self.move_id.state == "posted"
        ours = self._facts_in_odoo(customer=customer) if is_booked else {}
        if ours:
            self._follow_accounts(ours)
            self._follow_taxes(ours["vat_places"])
        agreed, theirs = self.agreed or {}, self._in_tribe()
        if asked:
            agreed, theirs = only(agreed, asked), only(theirs, asked)
        facts = []
        for names in TOGETHER:
            in_odoo = differing(only(agreed, names), ours)
            in_tribe = differing(only(agreed, names), theirs)
            if not in_tribe:
                facts += self._shown(in_odoo, agreed, ours)
            elif is_confirming and not in_odoo:
                continue
            elif names == OF_CUSTOMER:
                facts.append((in_tribe[0], None, None))
            elif not in_odoo:
                facts += self._shown(_worth_saying(in_tribe), theirs, agreed)
            else:
                found = self._facts_in_odoo(theirs)
                unlike = differing(only(theirs, names), found)
                facts += self._shown(unlike, theirs, found) or self._shown(in_odoo, agreed, ours)
        return facts

    def _shown(self, facts, wanted, found):
        """Some facts with what both sides have."""
        return [
            (fact, *self._shown_of_both(fact.name, wanted[fact.name], found[fact.name]))
            for fact in facts
        ]

    def _shown_of_both(self, name, tribe, odoo):
        if name == "customer":
            customers = (self._expected_customer(), self.move_id.commercial_partner_id)
            return self._names_of_customers(*customers) or (None, None)
        if name == "legal_entity":
            return self._names_of_legal_entities(tribe, odoo) or (None, None)
        if name == "products":
            return None, None
        if name == "lines":
            tribe, odoo = by_vat_group(tribe), by_vat_group(odoo)
        if name in BY_KEY:
            # Only what is told is looked up: an invoice in Tribe may have thousands.
            keys, more = first_of(differing_keys(tribe, odoo))
            names = self._names_of_keys(name, keys)
            return tuple([*_amounts_of(side, names), *more] for side in (tribe, odoo))
        if name == "vat_places":
            differing, more = first_of(differing_places(tribe, odoo))
            return tuple(
                [*(self._place_of(what, side[what]) for what in differing), *more]
                for side in (tribe, odoo)
            )
        if name == "early_discount":
            return tuple(self._called("account.payment.term", side) for side in (tribe, odoo))
        return shown(name, tribe), shown(name, odoo)

    def _place_of(self, what, places):
        """Where the VAT of a tax is, and how much, or in which grids what it taxes."""
        _kind, taxes = parts(what)
        called = []
        for place in places:
            account, grids = parts(place)
            called += [
                self._called("account.account", account),
                self._called("account.account.tag", grids),
                # An older version kept none.
                isinstance(places, dict) and amount_of(places, place),
            ]
        return sentence(
            "amount_of",
            what=self._called("account.tax", taxes),
            amount=[each for each in called if each not in ("", False)],
        )

    def _names_of_customers(self, theirs, ours):
        """What two customers are called; nothing where that says nothing, or tells of another
        company's contact."""
        names = (theirs.commercial_partner_id._tribe_called(), ours._tribe_called())
        is_named = theirs.commercial_partner_id.company_id <= self.move_id.company_id.parent_ids
        return names if is_named and names[0] != names[1] else None

    def _names_of_keys(self, name, keys):
        """What the keys of some amounts stand for: ``{key: names}``."""
        if name == "lines":
            return self._names_in_tribe(keys)
        if name == "vat_by_tax":
            return {each: self._called("account.tax", parts(each)[0]) for each in keys}
        called = {
            each: [self._called("account.account", account), self._called("account.tax", taxes)]
            for each in keys
            for account, taxes in [parts(each)]
        }
        return {each: [*filter(None, names)] for each, names in called.items()}

    def _called(self, model, ids):
        records = self.env[model].sudo().with_company(self.company_id)
        found = records.browse(int(each) for each in ids.split("+") if each).exists()
        return (
            [Name.of(record) for record in found]
            if len(found) > 1
            else (Name.of(found) if found else "")
        )

    def _names_in_tribe(self, keys):
        """The same of VAT groups."""
        ids = {each: parts(each)[0] for each in keys}
        groups = self._mapped_in("tribe.vat.group", ids.values())
        return {each: groups.get(group_id, group_id) for each, group_id in ids.items()}

    def _mapped_in(self, model, tribe_ids):
        """What some rows of mapping are called, by their IDs in Tribe."""
        rows = (
            self.env[model]
            .sudo()
            .search(
                [("connection_id", "=", self.connection_id.id), ("tribe_id", "in", list(tribe_ids))]
            )
        )
        return {row.tribe_id: row.display_name for row in rows}

    def _move_differences(self):
        """What is not alike in Odoo and in Tribe, as that was seen last, as sentences."""
        moved_back = [sentence("difference_moved_back_in_tribe")] if self._is_moved_back() else []
        return [
            *moved_back,
            *(
                sentence(NAMELESS[fact.name])
                if tribe is None and fact.name in NAMELESS
                else sentence(
                    "difference_of_fact",
                    what=sentence(fact.label),
                    now=tribe or "-",
                    booked=odoo or "-",
                )
                for fact, tribe, odoo in self._facts_that_differ()
            ),
            *self._difference_of_entry(),
        ]

    def _difference_of_entry(self):
        """What is wrong with the entry itself, as sentences: it is deleted, cancelled, a draft, or
        settled with what is none of its company's.
        """
        if not self.move_id:
            return [sentence("difference_deleted_in_odoo")]
        code = STATES_OF_ENTRY.get(self.move_id.state)
        if code == "difference_draft_in_odoo" and not self.move_id.posted_before:
            # Adopted as a draft.
            code = "difference_never_confirmed"
        elif not code and self.move_id._tribe_is_settled_by_others():
            code = "difference_settled_by_others"
        return [sentence(code)] if code else []

    def _needs_attention(self):
        """Whether a person has to decide about a booked invoice."""
        is_booked = self.move_id.state in ("draft", "posted")
        return self.state == "differs" or (self.state == "gone" and is_booked)

    def _problem(self):
        """The problem of an invoice that is not the same on both sides."""
        return NeedsPerson(
            sentence(
                "invoice_differs",
                number=self._called_by_customer(),
                differences=together([*self._difference_parts(), *self._remedies()]),
            )
        )

    def _called_by_customer(self):
        """What people know a booked invoice by: its number, with its customer and date."""
        number = self._booked_number() or self.display_name
        customer, date = self.customer_name, self.invoice_date
        if not customer or not date:
            return number
        return sentence("number_of_customer", number=number, customer=customer, date=date)

    def _remedies(self):
        """What a person can do about a booked invoice that differs; may be empty."""
        if self.kind != "invoice":
            return []
        if self.state == "gone":
            return [sentence("remedy_deleted_in_tribe")] if self._needs_attention() else []
        if self._may_be_booked_again():
            return [sentence("remedy_not_booked")]
        has_remedy = {*codes_of(self.difference)} <= WITH_REMEDY
        return [] if has_remedy else [sentence("remedy_differs")]

    def _note_differences(self, differences, is_looked_at=False):
        """Show what is not alike (sentences), or that all is well again (none).

        :param is_looked_at: by who makes a problem of it; else that is asked for
        """
        state = "differs" if differences else "linked"
        is_shown = (self.difference or "") == in_language(self.env, differences)
        if self.state == state and is_shown:
            return
        agreed_before = self.state == "linked"
        self.write({"state": state, "difference": differences})
        works = self.env["tribe.work"]
        if differences and not is_looked_at:
            works._ask(self.connection_id, "inbound", "invoice", [self.tribe_id], "again")
        if not (differences or agreed_before):
            self._enqueue_payments_that_waited()

    def _enqueue_payments_that_waited(self):
        """Have Tribe told what it could not be while this one differed: also of what it settles."""
        exporter = self.env["tribe.payment.exporter"]
        settled = exporter._links_of_settling(self)
        waited = self | settled.filtered(lambda link: link.connection_id == self.connection_id)
        unsent = waited.filtered(lambda link: exporter._wanted_phase(link.connection_id, link))
        self.env["tribe.work"]._add(
            self.connection_id, "outbound", "payment", unsent.move_id.ids, "follow"
        )


def _worth_saying(facts):
    """Those of some facts that Tribe has otherwise which say what a person has to know.

    Another product alone says nothing, but what it would be booked on does, where that is mapped.
    """
    worth_saying = [fact for fact in facts if fact.name not in (*OF_ODOO, "products")]
    products = [fact for fact in facts if fact.name == "products"]
    nets = products and [fact for fact in facts if fact.name == "nets"]
    return worth_saying or nets or products


def _amounts_of(amounts, names):
    """Amounts by key as sentences, each with what its key stands for; none that is nothing."""
    return [
        sentence("amount_of", what=what, amount=amount_of(amounts, of_key))
        for of_key, what in names.items()
        if amount_of(amounts, of_key)
    ]
