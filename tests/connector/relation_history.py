"""What both systems must contain after a history: a model that knows nothing of the connector.

A ``Twin`` is one relation as people see it: its fields, roles and state on either side, and what
both sides last had in common. It is written from the promises of the product, not from its code.
"""

import re
from dataclasses import dataclass, field

ABSENT = object()
# Neither value: both stay as they are until a person decides.
UNDECIDED = object()
NUMBERS = ("debtor_number", "creditor_number")
ADDRESS = ("street", "street2", "zip", "city", "country")
COMMON = ("name", "email", "phone", *ADDRESS, "debtor_number")
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

    def outcomes(self, name, policy):
        """What the field may be on both sides once they agree; empty while a person is asked."""
        found = {self._outcome(name, base, policy) for base in self.agreed}
        if self.is_rewritten:
            found.add(self._by_policy(policy))
        return found - {UNDECIDED}

    def _outcome(self, name, base, policy):
        if self.odoo == self.tribe:
            return self.odoo
        if name in NUMBERS:
            return self.odoo or self.tribe
        if base is ABSENT and None in (self.odoo, self.tribe):
            return self.odoo or self.tribe
        if self.odoo == base:
            return self.tribe
        if self.tribe == base:
            return self.odoo
        return self._by_policy(policy)

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
    partner: object = None
    tribe_id: str = ""
    is_linked: bool = False
    deleted_in_odoo: bool = False
    deleted_in_tribe: bool = False
    values: dict = field(default_factory=dict)
    roles: dict = field(default_factory=dict)
    lead_id: str = ""
    active: bool = True
    archived_by: str = ""
    # Since both sides last agreed whether it is current.
    unarchived_in_odoo: bool = False
    reopened_in_tribe: bool = False

    def __post_init__(self):
        self.values = {name: Value() for name in FIELDS[self.kind]}

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

    def is_justly_unequal(self):
        """Whether one side may stay active while the other is not: nobody undoes what a person
        did on the other side."""
        if self.active:
            by_person = all(role.ended_by == "person" for role in self.roles.values())
            return self.unarchived_in_odoo and by_person
        return self.reopened_in_tribe and self.archived_by == "person"
