"""What both systems must contain after a history: a model that knows nothing of the connector.

A ``Twin`` is one relation as people see it: its fields, roles and state on either side, and what
both sides last had in common. It is written from the promises of the product, not from its code.
"""

import re
from dataclasses import dataclass, field
from itertools import product

ABSENT = object()
# Neither value: both stay as they are until a person decides.
UNDECIDED = object()
SIDES = ("odoo", "tribe")
NUMBERS = ("debtor_number", "creditor_number")
ADDRESS = ("street", "street2", "zip", "city", "country")
# What says where: a mere country is no address.
PLACE = ("street", "street2", "zip", "city")
COMMON = ("name", "email", "phone", *ADDRESS, "debtor_number")
# Who signs in to Odoo with a contact, and what Tribe never writes of whom.
INTERNAL, PORTAL = "internal", "portal"
KEPT = {INTERNAL: ("name", "email", "phone", "mobile"), PORTAL: ("email",)}
# Who ended a relationship, where Tribe is as it was on another day: nobody can know.
ANYBODY = "anybody"
FIELDS = {
    "organization": (*COMMON, "website", "vat", "creditor_number"),
    "person": (*COMMON, "mobile"),
}


def alike(name, text):
    """A value without what is only its form; two values that mean the same are equal then."""
    text = " ".join(str(text or "").split())
    if not text:
        return None
    if name == "email":
        return text.lower()
    if name in ("phone", "mobile"):
        return re.sub(r"\(0\)|[^0-9+]", "", text)
    if name == "website":
        return re.sub(r"^https?://|^www\.|/$", "", re.sub(r"^https?://", "", text)).lower()
    if name == "vat":
        return re.sub(r"\W", "", text).upper()
    if name == "zip":
        return text.replace(" ", "").upper()
    if name == "street":
        # Which part stands first depends on the country, whether "12 a" is one word on nobody.
        return " ".join(sorted(re.findall(r"\d+|[^\W\d]+", text.lower())))
    return text


@dataclass
class Value:
    """One field on both sides, as ``alike`` has it, and what both may last have agreed on.

    ``decided`` has the side that a person chose, by the two values that were shown.
    """

    odoo: object = ABSENT
    tribe: object = ABSENT
    agreed: frozenset = frozenset([ABSENT])
    decided: dict = field(default_factory=dict)
    # Nobody has touched the field since the last decision.
    is_untouched: bool = False
    # Odoo has what both agreed on, written anew: that may count as a change or not.
    is_rewritten: bool = False
    # A backup of Tribe was restored: of what differs nobody can tell what was edited there.
    may_be_restored: bool = False
    # Because of which users Tribe does not write it in Odoo, or not without a question.
    kept: str = ""

    def keep(self, kind):
        """Somebody signs in with the contact from now on: nobody was asked about that one yet."""
        self.kept = kind if self.kept != INTERNAL else INTERNAL
        self.decided = {shown: side for shown, side in self.decided.items() if side != "tribe"}
        self.is_untouched = False

    def edit(self, side, value):
        """A person may have changed the field on one side."""
        if getattr(self, side) != value:
            setattr(self, side, value)
            self.is_untouched = False

    def decide(self, shown, side):
        """A person chose a side for the two values shown."""
        self.decided[shown] = side
        self.is_untouched = shown == (self.odoo, self.tribe)

    def is_decided(self):
        """Whether there is nothing left to ask."""
        return self.is_untouched and (self.odoo, self.tribe) in self.decided

    def changed_by(self, base):
        """The side that changed the value since both had ``base``, or ``"both"`` where equal."""
        if self.odoo == self.tribe:
            return "both"
        if base is ABSENT and None in (self.odoo, self.tribe):
            return "odoo" if self.odoo else "tribe"
        if self.odoo == base:
            return "tribe"
        return "odoo" if self.tribe == base else "ask"

    def outcomes(self, name, policy):
        """What the field may be on both sides once they agree; empty while a person is asked."""
        found = {self._outcome(name, base, policy) for base in self.agreed}
        if self.is_rewritten:
            found.add(self._by_policy(policy))
        if self.may_be_restored:
            found.add(self.odoo)
        return found - {UNDECIDED}

    def _outcome(self, name, base, policy):
        if self.odoo == self.tribe:
            return self.odoo
        if name in NUMBERS:
            return self.odoo or self.tribe
        side = self.changed_by(base)
        if self.kept:
            return self._kept_outcome(side, policy)
        return self._by_policy(policy) if side == "ask" else getattr(self, side)

    def _kept_outcome(self, side, policy):
        decided = self.decided.get((self.odoo, self.tribe))
        if self.kept == PORTAL and decided == "tribe":
            return self.tribe
        # Of an internal user there is nothing to ask: what is changed in Odoo goes to Tribe.
        wins = self.kept == INTERNAL or policy == "odoo"
        is_odoos = decided == "odoo" or side == "odoo" or (side == "ask" and wins)
        return self.odoo if is_odoos else UNDECIDED

    def _by_policy(self, policy):
        side = self.decided.get((self.odoo, self.tribe), policy)
        return {"odoo": self.odoo, "tribe": self.tribe, "ask": UNDECIDED}[side]

    def see(self, odoo, tribe, *, certainly):
        """Take over what both sides hold now.

        Where the two were equal before anybody looked, a connector may or may not have noticed,
        unless ``certainly``.
        """
        if odoo == tribe:
            self.is_rewritten = False
            moved = self.odoo != self.tribe
            self.agreed = (
                frozenset([odoo]) if moved or certainly else self.agreed | frozenset([odoo])
            )
        self.odoo, self.tribe = odoo, tribe


@dataclass
class Address:
    """The fields of an address on both sides: one value, whole from one side.

    Unless both are of one place, and each only has what the other one lacks.
    """

    parts: dict
    decided: dict = field(default_factory=dict)

    def on(self, side):
        """The address of one side."""
        return tuple(getattr(self.parts[name], side) for name in ADDRESS)

    @property
    def shown(self):
        """What a person is shown of both sides (``line``)."""
        return tuple(line(self.on(side)) for side in ("odoo", "tribe"))

    def decide(self, shown, side):
        """A person chose a side for the two addresses shown."""
        self.decided[shown] = side
        for part in self.parts.values():
            part.is_untouched = shown == self.shown

    def is_decided(self):
        """Whether there is nothing left to ask."""
        is_untouched = all(part.is_untouched for part in self.parts.values())
        return is_untouched and self.shown in self.decided

    def outcomes(self, policy):
        """What the address may be on both sides once they agree; empty while a person is asked."""
        votes = product(*(self._votes(name) for name in ADDRESS))
        found = {self._outcome(dict(zip(ADDRESS, each, strict=True)), policy) for each in votes}
        if any(part.may_be_restored for part in self.parts.values()):
            found.add(self.on("odoo"))
        return found - {UNDECIDED}

    def _votes(self, name):
        """Whose value a field alone would have, as far as one knows: ``{(side, base)}``."""
        part = self.parts[name]
        votes = {(part.changed_by(base), base) for base in part.agreed}
        if name == "street" and part.odoo and (part.is_rewritten or self._has_moved_abroad()):
            # The number may stand on the other side of the name then.
            votes |= {(side, base) for side in ("odoo", "tribe", "ask") for base in part.agreed}
        return votes

    def _has_moved_abroad(self):
        country = self.parts["country"]
        return {country.odoo, country.tribe} != set(country.agreed)

    def _outcome(self, votes, policy):
        odoo, tribe = self.on("odoo"), self.on("tribe")
        differing = {name: vote for name, vote in votes.items() if vote[0] != "both"}
        sides = {side for side, _base in differing.values()}
        if sides <= {"odoo"} or sides == {"tribe"} or self._complete_each_other(differing):
            return tuple(
                getattr(self.parts[name], "tribe" if votes[name][0] == "tribe" else "odoo")
                for name in ADDRESS
            )
        had_none = not any(votes[name][1] not in (ABSENT, None) for name in PLACE)
        says_where = [any(getattr(self.parts[name], side) for name in PLACE) for side in SIDES]
        if had_none and says_where[0] != says_where[1]:
            return odoo if says_where[0] else tribe
        side = self.decided.get(self.shown, policy)
        return {"odoo": odoo, "tribe": tribe, "ask": UNDECIDED}[side]

    def _complete_each_other(self, differing):
        for name, (side, base) in differing.items():
            part = self.parts[name]
            if side == "ask" or base not in (ABSENT, None) or None not in (part.odoo, part.tribe):
                return False
        same = {name for name, part in self.parts.items() if part.odoo and part.odoo == part.tribe}
        return "zip" in same or {"street", "city"} <= same


def line(address):
    """An address by its letters and digits: as one line of text has them, in whatever order."""
    text = address if isinstance(address, str) else "".join(part or "" for part in address)
    return "".join(sorted(character for character in text.casefold() if character.isalnum()))


@dataclass
class Role:
    """A customer or supplier relationship of Tribe, and who ended it."""

    tribe_id: str
    is_former: bool = False
    ended_by: str = ""


@dataclass(eq=False)
class Twin:
    """One relation on both sides. ``partner`` and ``tribe_id`` are empty where it is not (yet)."""

    number: int
    kind: str
    tenant: object = None
    partner: object = None
    tribe_id: str = ""
    is_linked: bool = False
    deleted_in_odoo: bool = False
    deleted_in_tribe: bool = False
    values: dict = field(default_factory=dict)
    address: Address | None = None
    roles: dict = field(default_factory=dict)
    # The relationship of a lead, which keeps its ID when it becomes that of a customer.
    first_lead_id: str = ""
    lead_id: str = ""
    active: bool = True
    archived_by: str = ""
    # Since both sides last agreed whether it is current.
    unarchived_in_odoo: bool = False
    reopened_in_tribe: bool = False
    # Who signs in to Odoo with it, and what people typed there of which they are known.
    users: object = None
    typed: dict = field(default_factory=dict)

    def __post_init__(self):
        self.values = {name: Value() for name in FIELDS[self.kind]}
        self.address = Address({name: self.values[name] for name in ADDRESS})

    def __repr__(self):
        return f"{self.kind} {self.number}"

    @property
    def in_odoo(self):
        """Whether the partner is there."""
        return self.partner is not None and not self.deleted_in_odoo

    @property
    def in_tribe(self):
        """Whether the relation is there."""
        return bool(self.tribe_id) and not self.deleted_in_tribe

    @property
    def is_current(self):
        """Whether it is a customer or supplier in Tribe now."""
        return any(not role.is_former for role in self.roles.values())

    @property
    def cannot_be_archived(self):
        """Whether Odoo archives it not: somebody signs in with it."""
        return self.in_odoo and bool(self.users) and any(user.active for user in self.users)

    def sign_in(self, user, kind):
        """Somebody signs in to Odoo with it from now on."""
        self.users = self.users | user if self.users else user
        for name in KEPT[kind]:
            if name in self.values:
                self.values[name].keep(kind)

    def is_justly_unequal(self):
        """Whether one side may stay active while the other is not: nobody undoes what a person
        did on the other side, and nobody is locked out."""
        if self.active:
            by_person = all(role.ended_by in ("person", ANYBODY) for role in self.roles.values())
            return self.cannot_be_archived or (self.unarchived_in_odoo and by_person)
        return self.reopened_in_tribe and self.archived_by == "person"
