from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.fields import Domain

from ..codes import PHASE_BEFORE
from ..engine.lost_race import LOST_RACES
from ..engine.problems import NeedsPerson
from ..invoices.entry_facts import VAT, entry_facts, vat_places_by_tax
from ..mapping.invoice_facts import (
    BY_KEY,
    OF_CUSTOMER,
    OF_ODOO,
    TOGETHER,
    agreeing,
    amount_of,
    by_vat_group,
    differing,
    differing_keys,
    differing_places,
    is_divided_alike,
    on_other_accounts,
    only,
    parts,
    shown,
)
from ..sentence import Name, codes_of, first_of, in_language, sentence, together

STATES_OF_ENTRY = {"draft": "difference_draft_in_odoo", "cancel": "difference_cancelled_in_odoo"}
# Odoo notes when a transaction began, which may be committed this much later.
LONGEST_TRANSACTION = timedelta(hours=1)
CHANGED_UNTIL = "schedule:facts"
# Where the agreed facts have what Tribe has otherwise by now.
IN_TRIBE = "in_tribe"
# What is looked at before Tribe's VAT is set: else that would be said to differ instead.
BEFORE_VAT = ("currency", "nets")
# What follows from Tribe's VAT, so what a draft does not have yet.
OF_VAT = ("untaxed", "vat", "vat_by_tax", "total")
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
# So many are compared by the schedule itself, which all connections share: in a few seconds.
MOST_COMPARED = 400


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

    def _facts_in_odoo(self, wanted=None):
        """The facts of the entry in Odoo, as far as they can be known.

        :param wanted: what it should have, by which its number and customer are known; by default
            what was agreed
        """
        wanted = (self.agreed or {}) if wanted is None else wanted
        facts = entry_facts(self.move_id)
        if not facts:
            return {}
        facts["number"] = self._number_in_odoo(wanted.get("number"))
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
        partners = self.env["res.partner"].sudo()
        # The relation where it is known: the relationship may have been moved since.
        tribe_id = wanted.get("relation") or wanted.get("customer")
        for link in self._of_tribe(self.connection_id, [tribe_id] if tribe_id else []).values():
            partner = link.partner_id | link.merged_into_id
            partners += partner - self.connection_id._no_longer_linked(partner)
        # Without a link: the one that it was booked for.
        return partners[:1] or partners.browse(wanted.get("partner_id") or ()).exists()

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

    # The legal entity

    def _legal_entity(self):
        """The Tribe ID of the legal entity that an invoice was booked for; None: not known."""
        return (self.agreed or {}).get("legal_entity")

    def _complete_legal_entity(self, named):
        """Keep for which one an invoice was booked, where an older version did not.

        :param named: the one that it names in Tribe by now
        """
        if not self.agreed or not self.move_id or self._legal_entity():
            return
        of_company = self.connection_id.legal_entity_ids.filtered(
            lambda each: each.company_id == self.move_id.company_id
        )
        booked = (named & of_company) or of_company[:1]
        if booked:
            self.agreed = {**self.agreed, "legal_entity": booked.tribe_id}

    def _legal_entity_in_odoo(self, theirs):
        """Tribe's legal entity, where the entry is in its books."""
        tribe_id = theirs.get("legal_entity")
        if not tribe_id:
            return {}
        named = self._legal_entities([tribe_id])
        is_ours = named.is_booked and named.company_id == self.move_id.company_id
        return {"legal_entity": tribe_id if is_ours else ""}

    def _is_booked_elsewhere(self):
        """Whether Odoo no longer keeps the books of the legal entity that it was booked for."""
        # Whoever sees the link is shown what Tribe is told.
        booked = self.sudo()._legal_entities([self._legal_entity()])
        return bool(booked) and not booked.is_booked

    def _legal_entities(self, tribe_ids):
        return self.connection_id.legal_entity_ids.filtered(lambda each: each.tribe_id in tribe_ids)

    def _names_of_legal_entities(self, *tribe_ids):
        """What some are called; None where they are another company's."""
        entities = self._legal_entities(tribe_ids)
        companies = [each.company_id or self.connection_id.company_id for each in entities]
        if any(company != self.move_id.company_id for company in companies):
            return None
        names = {each.tribe_id: each.name for each in entities}
        return tuple(names.get(each, each) for each in tribe_ids)

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

    # Differences

    def _facts_that_differ(self, is_confirming=False, asked=None):
        """What is another one in Odoo than in Tribe: ``[(fact, Tribe's, Odoo's)]``, as shown.

        Both are None where a customer, or legal entity, may not be named, or a product cannot be.

        :param is_confirming: leave out what is as it was agreed, and another one only in Tribe
        :param asked: the names of the facts to be looked at; by default all of them
        """
        is_booked = is_confirming or self.move_id.state == "posted"
        ours = self._facts_in_odoo() if is_booked else {}
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
                facts += self._shown(_telling(in_tribe), theirs, agreed)
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

    def _is_moved_back(self):
        """Whether Tribe has our Paid no longer: somebody there took it back, and Odoo has it.

        ``paid_by_us`` is kept for that, without ``told_paid``.
        """
        exporter = self.env["tribe.payment.exporter"]
        is_left_alone = self.phase_id._is_left_alone()
        is_taken_back = self.paid_by_us and not self.told_paid and not is_left_alone
        return is_taken_back and exporter._is_paid(self.connection_id, self)

    def _keep_phase_before(self):
        """Keep in which phase it is before Tribe is told Paid: there it belongs if that ends."""
        if self.agreed and self.phase_id and not self.phase_id._is_paid():
            self.agreed = {**self.agreed, PHASE_BEFORE: self.phase_id.tribe_id}

    def _phase_before(self):
        """That phase; empty where it is not known, or nothing that was sent is in it any more."""
        tribe_id = (self.agreed or {}).get(PHASE_BEFORE)
        return self.connection_id.phase_ids.filtered(
            lambda phase: (
                phase.tribe_id == tribe_id
                and not (phase.is_draft or phase._is_paid() or phase._is_left_alone())
            )
        )

    def _forget_phase_before(self):
        """Have it go back to Sent; returns whether that is another phase than was kept."""
        agreed = dict(self.agreed or {})
        is_known = bool(agreed.pop(PHASE_BEFORE, None))
        if is_known:
            self.agreed = agreed
        return is_known

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
        is_told = {*codes_of(self.difference)} <= WITH_REMEDY
        return [] if is_told else [sentence("remedy_differs")]

    # Looking for them

    def _ask_whether_well(self):
        """Have those that differed looked at: they were just confirmed as they are in Tribe."""
        for link in self.filtered(lambda link: link.state == "differs"):
            self.env["tribe.work"]._ask(
                link.connection_id, "inbound", "invoice", [link.tribe_id], "again"
            )

    def _note_changed_moves(self, connection):
        """Note which booked invoices are not what they were, by what was changed in Odoo.

        What differed is looked at again: it may be well now, in Odoo or in Tribe.
        """
        of_invoices = Domain("connection_id", "=", connection.id) & Domain("kind", "=", "invoice")
        # What is well is the most by far, and not even read.
        unlike = Domain("move_id", "=", False) | Domain("move_id.state", "!=", "posted")
        linked = of_invoices & Domain("state", "=", "linked")
        looked_at = self.browse()
        changed = self.search(linked & (unlike | self._changed_since_last(connection)))
        # There are more after a bulk change, or the night after the start: a lane has its turns.
        looked_at |= changed[MOST_COMPARED:]
        for link in changed[:MOST_COMPARED]:
            try:
                with self.env.cr.savepoint():
                    link._note_differences(link._move_differences())
            except LOST_RACES:
                # A lane, or the bookkeeper, is at it just now.
                looked_at |= link
        gone = Domain("state", "=", "gone") & Domain("move_id.state", "in", ("draft", "posted"))
        looked_at |= self.search(of_invoices & (Domain("state", "=", "differs") | gone))
        looked_at |= self._credits_of_before(connection)
        # It can be asked for again and again.
        self.env["tribe.work"]._ask(
            connection, "inbound", "invoice", looked_at.mapped("tribe_id"), "nightly"
        )

    def _changed_since_last(self, connection):
        """The domain of what was written to since this was asked for the last time.

        At first nothing: then the facts are looked at when Tribe is told, or tells, something.
        """
        cursors = self.env["tribe.cursor"]
        since = cursors._position(connection, CHANGED_UNTIL)
        cursors._move(connection, CHANGED_UNTIL, fields.Datetime.now())
        if not since:
            return Domain.FALSE
        since -= LONGEST_TRANSACTION
        return Domain("move_id.write_date", ">=", since) | Domain(
            "move_id.line_ids.write_date", ">=", since
        )

    def _note_differences(self, differences, is_looked_at=False):
        """Show what is not alike (sentences), or that all is well again (none).

        :param is_looked_at: by who makes a problem of it; else that is asked for
        """
        state = "differs" if differences else "linked"
        is_told = (self.difference or "") == in_language(self.env, differences)
        if self.state == state and is_told:
            return
        agreed_before = self.state == "linked"
        self.write({"state": state, "difference": differences})
        works = self.env["tribe.work"]
        if differences and not is_looked_at:
            works._ask(self.connection_id, "inbound", "invoice", [self.tribe_id], "again")
        if not (differences or agreed_before):
            self._tell_what_waited()

    def _tell_what_waited(self):
        """Have Tribe told what it could not be while this one differed: also of what it settles."""
        exporter = self.env["tribe.payment.exporter"]
        settled = exporter._links_of_settling(self)
        waited = self | settled.filtered(lambda link: link.connection_id == self.connection_id)
        untold = waited.filtered(lambda link: exporter._wanted_phase(link.connection_id, link))
        self.env["tribe.work"]._add(
            self.connection_id, "outbound", "payment", untold.move_id.ids, "follow"
        )


def _telling(facts):
    """Those of some facts that Tribe has otherwise which say what a person has to know.

    Another product alone says nothing, but what it would be booked on does, where that is mapped.
    """
    told = [fact for fact in facts if fact.name not in (*OF_ODOO, "products")]
    products = [fact for fact in facts if fact.name == "products"]
    return told or (products and [fact for fact in facts if fact.name == "nets"]) or products


def _amounts_of(amounts, names):
    """Amounts by key as sentences, each with what its key stands for; none that is nothing."""
    return [
        sentence("amount_of", what=what, amount=amount_of(amounts, of_key))
        for of_key, what in names.items()
        if amount_of(amounts, of_key)
    ]
