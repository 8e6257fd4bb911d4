"""What Odoo and Tribe must both contain, computed from what people did. Pure Python.

The model is told of every edit in the order in which it was made, and knows neither the connector
nor the faults. Afterwards it is shown what both systems contain, and names every difference.
"""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

ODOO, TRIBE = "odoo", "tribe"
SIDES = (ODOO, TRIBE)
CENT = Decimal("0.01")
INTERNAL, PORTAL = "internal", "portal"
# What became of an invoice in Tribe: it is as it was sent, another one, a draft again, deleted.
AS_SENT, CHANGED, DRAFT, GONE = "as sent", "changed", "draft", "gone"
# Somebody typed it by hand before, and nobody adopted that yet.
TYPED = "typed"
# How its link stands, what must be said on it, and which problems there are.
STANDING = {
    AS_SENT: ("linked", None, []),
    CHANGED: ("differs", None, ["differs"]),
    DRAFT: ("differs", "difference_draft_in_tribe", ["differs"]),
    GONE: ("gone", "difference_deleted_in_tribe", ["differs"]),
    TYPED: (None, None, ["number"]),
}
# What Tribe never writes of who signs in to Odoo, as each kind of user.
KEPT = {INTERNAL: ("name", "email", "phone"), PORTAL: ("email",), "": ()}


@dataclass
class Relation:
    """One customer as people made and changed it. ``marker`` is how its name begins."""

    marker: str
    values: dict
    edits: list[tuple[str, str, object]] = field(default_factory=list)
    active: bool = True
    # Who signs in to Odoo with it: INTERNAL or PORTAL.
    user: str = ""
    # After so many edits Tribe had again what it had before the first of them.
    edits_before_restore: int = 0
    was_restored: bool = False
    # What Odoo had told Tribe then was read by nobody: it looks as if it never arrived.
    was_unseen: bool = False

    def allowed(self, name: str, policy: str, side: str = ODOO) -> set:
        """The values that a field may end with on a side: of one person, or of who wins.

        Without a policy nobody can know which of two edits wins.

        Who edits last and belongs to the side that wins has the last word. The other side only
        has it when its edit came after the first one had crossed over, which nobody can know.
        What Odoo keeps because somebody signs in is Odoo's, there; Tribe may keep its own.
        """
        edits = _of_field(self.edits, name)
        if _of_field(self.edits[: self.edits_before_restore], name):
            return self._allowed_after_restore(name, policy)
        if not edits:
            return {self.values[name]}
        last = dict(edits)
        if name in KEPT[self.user]:
            odoos = last.get(ODOO, self.values[name])
            return {odoos, last[TRIBE]} if self.may_differ(name) and side == TRIBE else {odoos}
        last_side, last_value = edits[-1]
        if self.was_restored and TRIBE in last and not last_side == policy == ODOO:
            # Somebody may have been asked about it, and chose Odoo's.
            return {last.get(ODOO, self.values[name]), *last.values()}
        if len(last) == 1 or last_side == policy:
            return {last_value}
        return set(last.values())

    def _allowed_after_restore(self, name: str, policy: str) -> set:
        """What Odoo has counts, and it may have what Tribe had in the meantime.

        Nothing that was changed in Odoo alone is ever undone.
        """
        edits = _of_field(self.edits, name)
        if edits[-1][0] == policy == ODOO:
            return {edits[-1][1]}
        before = _of_field(self.edits[: self.edits_before_restore], name)
        after = _of_field(self.edits[self.edits_before_restore :], name)
        return {
            dict(before).get(ODOO, self.values[name]),
            *(value for side, value in before if side == TRIBE),
            *dict(after).values(),
            *([self.values[name]] if self.was_unseen else []),
        }

    def may_differ(self, name: str) -> bool:
        """Whether each side may keep its own: of an internal user, what Tribe changed last.

        About who signs in to the portal somebody was asked, and chose Odoo's.
        """
        edited_on = [side for side, edited, _value in self.edits if edited == name]
        return self.user == INTERNAL and name in KEPT[INTERNAL] and edited_on[-1:] == [TRIBE]


@dataclass
class Invoice:
    """One invoice that was sent in Tribe. ``lines`` are (quantity, price, VAT percentage).

    ``entity``: its legal entity. ``credits``: the ID of the invoice that it credits, as a whole or
    in part.
    """

    tribe_id: str
    marker: str
    lines: list[tuple[Decimal, Decimal, Decimal]]
    entity: str = ""
    credits: str = ""
    paid: bool = False
    state: str = AS_SENT
    was_typed: bool = False

    @property
    def total(self) -> Decimal:
        """The total including VAT, which Tribe rounds per line."""
        return sum(
            (_cents(quantity * price) + _cents(_cents(quantity * price) * vat / 100))
            for quantity, price, vat in self.lines
        )


@dataclass(frozen=True)
class Contents:
    """What both systems contain, as the laboratory reads it; rows are dicts of neutral values.

    ``tribe``: marker -> relations; ``relationships``: Tribe ID -> how many customers it is.
    ``odoo``: marker -> partners. ``leftovers``: what the connector still has to do.
    By the Tribe ID of an invoice: ``moves``, its ``links`` (state and codes), ``phases`` (codes),
    the causes of its ``problems``. ``settled``: which two are reconciled -> how much.
    """

    tribe: dict[str, list[dict]]
    relationships: dict[str, list[dict]]
    odoo: dict[str, list[dict]]
    moves: dict[str, list[dict]]
    phases: dict[str, str]
    leftovers: list[str]
    links: dict[str, dict] = field(default_factory=dict)
    settled: dict[frozenset, float] = field(default_factory=dict)
    problems: dict[str, list[str]] = field(default_factory=dict)


class ReferenceModel:
    """Everything that people did, and what must follow from it."""

    def __init__(self, policy: str = ODOO):
        self.policy = policy
        # Tribe answered from old copies: what one person has just changed there is overwritten by
        # what another changed in Odoo, and nobody could have seen it (docs/relations.md).
        self.copies_lag = False
        self.relations: dict[str, Relation] = {}
        self.invoices: dict[str, Invoice] = {}

    # What people did

    def created(self, marker: str, values: dict) -> None:
        """Somebody made a customer, on whichever side."""
        self.relations[marker] = Relation(marker, dict(values))

    def edited(self, marker: str, side: str, name: str, value) -> None:
        """Somebody changed one field on one side."""
        self.relations[marker].edits.append((side, name, value))

    def signs_in(self, marker: str, kind: str) -> None:
        """Somebody signs in to Odoo with a customer from now on, as INTERNAL or PORTAL user."""
        self.relations[marker].user = kind

    def activated(self, marker: str, active: bool) -> None:
        """Somebody archived, or made former, or took that back."""
        self.relations[marker].active = active

    def restored(self, marker: str, *, is_unseen: bool = False) -> None:
        """Tribe has again what it had before all edits of a customer.

        ``is_unseen``: no read had shown yet what Odoo had told Tribe of it (docs/relations.md).
        """
        relation = self.relations[marker]
        relation.was_restored = True
        relation.was_unseen |= is_unseen
        relation.edits_before_restore = len(relation.edits)

    def sent(self, tribe_id: str, marker: str, lines, entity="", credits="") -> None:
        """Somebody sent an invoice in Tribe to a customer, perhaps one that credits another."""
        self.invoices[tribe_id] = Invoice(tribe_id, marker, lines, entity, credits)

    def in_tribe(self, tribe_id: str, state: str = AS_SENT) -> None:
        """Somebody changed an invoice in Tribe that was booked, or took that back."""
        self.invoices[tribe_id].state = state

    def typed(self, tribe_id: str) -> None:
        """Somebody typed an invoice by hand before it was booked."""
        self.invoices[tribe_id].state = TYPED

    def adopted(self, tribe_id: str) -> None:
        """Somebody took the one that was typed for it."""
        self.invoices[tribe_id].state = AS_SENT
        self.invoices[tribe_id].was_typed = True

    def paid(self, tribe_id: str) -> None:
        """Somebody registered the payment of an invoice."""
        self.invoices[tribe_id].paid = True

    # What must follow

    def differences(self, contents: Contents) -> list[str]:
        """Every difference, as "lost: ...", "doubled: ..." or "half: ..."; none if all is well."""
        found = [
            difference
            for relation in self.relations.values()
            for difference in self._of_relation(relation, contents)
        ]
        found += [
            difference
            for invoice in self.invoices.values()
            for difference in self._of_invoice(invoice, contents)
        ]
        found += self._of_numbers(contents)
        return found + [f"half: {leftover}" for leftover in contents.leftovers]

    def _of_relation(self, relation: Relation, contents: Contents) -> list[str]:
        marker = relation.marker
        there = {ODOO: contents.odoo.get(marker, []), TRIBE: contents.tribe.get(marker, [])}
        counts = [
            f"{'lost' if not rows else 'doubled'}: {marker} is {len(rows)} times in {side}"
            for side, rows in there.items()
            if len(rows) != 1
        ]
        if counts:
            return counts
        (partner,), (row,) = there[ODOO], there[TRIBE]
        policy = "" if self.copies_lag else self.policy
        found = [
            f"lost: {name} of {marker} is {rows[0].get(name)!r} in {side}, not {allowed}"
            for name in relation.values
            for side, rows in there.items()
            if rows[0].get(name) not in (allowed := relation.allowed(name, policy, side))
        ]
        found += [
            f"half: {name} of {marker} is {partner.get(name)!r} in Odoo, {row.get(name)!r} in Tribe"
            for name in (*relation.values, "number")
            if partner.get(name) != row.get(name) and not relation.may_differ(name)
        ]
        return found + self._of_state(relation, partner, row, contents)

    def _of_state(self, relation, partner, row, contents) -> list[str]:
        marker, found = relation.marker, []
        if partner["tribe_id"] != row["id"]:
            found.append(f"half: {marker} is linked to {partner['tribe_id']}, not to {row['id']}")
        if partner.get("company") != row.get("company"):
            found.append(f"doubled: {marker} went to the tenant of another company")
        if not row.get("number"):
            found.append(f"half: {marker} has no number")
        relationships = contents.relationships.get(row["id"], [])
        if len(relationships) != 1:
            kind = "doubled" if relationships else "half"
            found.append(f"{kind}: {marker} is a customer {len(relationships)} times in Tribe")
        elif relationships[0]["active"] != relation.active:
            found.append(f"lost: {marker} is active in Tribe: {relationships[0]['active']}")
        if partner["active"] != relation.active:
            found.append(f"lost: {marker} is active in Odoo: {partner['active']}")
        return found

    def _of_invoice(self, invoice: Invoice, contents: Contents) -> list[str]:
        moves = contents.moves.get(invoice.tribe_id, [])
        expected = 0 if invoice.state == TYPED else 1
        if len(moves) != expected:
            kind = "doubled" if moves else "lost"
            return [f"{kind}: invoice {invoice.tribe_id} is booked {len(moves)} times"]
        found = [
            difference for move in moves for difference in self._of_move(invoice, move, contents)
        ]
        found += self._of_standing(invoice, contents)
        expected = self._phase(invoice)
        if contents.phases.get(invoice.tribe_id) != expected:
            found.append(
                f"lost: invoice {invoice.tribe_id} is {contents.phases.get(invoice.tribe_id)} "
                f"in Tribe, not {expected}"
            )
        return found

    def _of_move(self, invoice: Invoice, move, contents: Contents) -> list[str]:
        found = []
        if move["state"] != "posted":
            found.append(f"half: invoice {invoice.tribe_id} is {move['state']}")
        if _cents(move["total"]) != invoice.total:
            found.append(f"half: invoice {invoice.tribe_id}: {move['total']}, not {invoice.total}")
        (partner,) = contents.odoo.get(invoice.marker) or [{}]
        if move["partner"] != partner.get("id"):
            found.append(f"half: invoice {invoice.tribe_id} is booked for {move['partner']}")
        if invoice.entity and not invoice.was_typed and move.get("entity") != invoice.entity:
            found.append(f"half: invoice {invoice.tribe_id} is booked for {move.get('entity')}")
        if invoice.credits:
            settled = contents.settled.get(frozenset((invoice.tribe_id, invoice.credits)), 0)
            if _cents(settled) != -invoice.total:
                found.append(f"half: credit {invoice.tribe_id} is settled with {settled}")
        return found

    def _of_standing(self, invoice: Invoice, contents: Contents) -> list[str]:
        """What somebody can see of it: neither more nor less than there is to be told."""
        state, code, problems = STANDING[invoice.state]
        link = contents.links.get(invoice.tribe_id, {"state": None, "codes": []})
        found = []
        if link["state"] != state or (code and code not in link["codes"]):
            found.append(f"half: invoice {invoice.tribe_id} ({invoice.state}) shows {link}")
        told = contents.problems.get(invoice.tribe_id, [])
        if told != problems:
            found.append(f"half: of invoice {invoice.tribe_id} ({invoice.state}) is told: {told}")
        return found

    def _phase(self, invoice: Invoice) -> str | None:
        """In which phase an invoice is in Tribe: the connector writes none but Paid."""
        if invoice.state == GONE:
            return None
        if invoice.state == DRAFT:
            return "Draft"
        return "Paid" if invoice.state == AS_SENT and self._is_paid(invoice) else "Sent"

    def _is_paid(self, invoice: Invoice) -> bool:
        credited = sum(
            other.total for other in self.invoices.values() if other.credits == invoice.tribe_id
        )
        return bool(invoice.paid or invoice.credits or (credited and credited == -invoice.total))

    def _of_numbers(self, contents: Contents) -> list[str]:
        found = []
        for side, groups in ((ODOO, contents.odoo), (TRIBE, contents.tribe)):
            # Each tenant has a series of its own.
            numbers = [
                (row.get("company"), row["number"])
                for rows in groups.values()
                for row in rows
                if row["number"]
            ]
            found += [
                f"doubled: number {each[1]} in {side}"
                for each in {each for each in numbers if numbers.count(each) > 1}
            ]
        return found


def _of_field(edits, name: str) -> list[tuple[str, object]]:
    return [(side, value) for side, edited, value in edits if edited == name]


def _cents(amount) -> Decimal:
    return Decimal(str(amount)).quantize(CENT, rounding=ROUND_HALF_UP)
