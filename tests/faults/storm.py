"""One storm: people work on both sides while everything between them goes wrong.

Everything a storm does is drawn from its seed: the faults, their rates, the people's edits. What
the machine does at the same time is its own affair; the outcome must not depend on it.
"""

import random
from collections import Counter
from dataclasses import dataclass

from .books import WORKS, Books
from .laboratory import WAITS, Laboratory, values_of
from .reference_model import INTERNAL, ODOO, PORTAL, SIDES, TRIBE, ReferenceModel
from .tenant import Tenant

RATES = (0.05, 0.30)
# Each write comes after several reads, and a read that fails ends the attempt: writes fail so much
# more often that most of them do.
WRITES_FAIL_MORE = 2
READS_FAIL_LESS = 0.1
WRITING_METHODS = ("POST", "PUT")
EDITS = 10
# The storm goes on until so many writes met a fault, if that takes no longer than this.
ENOUGH_WRITES = 4
MOST_SECONDS = 8
# In some storms Tribe never counts as down, however often it fails: then more is tried.
FAILURES_BEFORE_PAUSE = (5, 10**6)
OLD_RELATIONS = 3
# Who signs in to Odoo, of the old ones: an internal user, and one of the portal.
USERS = (INTERNAL, PORTAL)
# In so many storms the neighbour's Tribe returns to what it had before the first of the row.
RESTORES = 1 / 3
EDITS_BESIDE = 3
# Creating in Tribe is where a lost answer could double.
NEW_IN_ODOO = 3
# So many kinds of work with invoices, beside those that every storm has.
WORKS_WITH_INVOICES = 3
UNKNOWN_ID = "00000000-0000-4000-8000-00000000dead"
# In a storm we wait so long for an answer. In the calm Tribe answers, however slow the machine is.
ANSWER_SECONDS = 1
# Longer than that: the request is carried out after we gave up.
TOO_LATE_SECONDS = 1.5

FAULTS = {
    "500": {"kind": "status", "status": 500},
    "502": {"kind": "html", "status": 502},
    "503": {"kind": "status", "status": 503},
    "503, try later": {"kind": "status", "status": 503, "headers": {"Retry-After": "1"}},
    "503, but applied": {"kind": "status", "status": 503, "applied": True},
    "429": {"kind": "status", "status": 429},
    "429 with a hint": {"kind": "status", "status": 429, "headers": {"Retry-After": "2"}},
    "time-out": {"kind": "timeout", "seconds": TOO_LATE_SECONDS},
    "time-out, but applied": {"kind": "timeout", "seconds": TOO_LATE_SECONDS, "applied": True},
    "applied too late": {"kind": "slow", "seconds": TOO_LATE_SECONDS},
    "slow drip": {"kind": "drip", "seconds": 0.5},
    "endless drip": {"kind": "drip", "seconds": 12.0},
    "reset": {"kind": "reset"},
    "reset, but applied": {"kind": "reset", "applied": True},
    "lost answer": {"kind": "lose_answer"},
    "cut body": {"kind": "cut_body"},
    "HTML with 200": {"kind": "html", "status": 200, "applied": True},
    "broken JSON": {"kind": "broken_json", "applied": True},
    "empty answer": {"kind": "empty", "applied": True},
    "repeated rows": {"kind": "repeat_rows"},
    "moving pages": {"kind": "moving_page", "path_contains": "$skip=99"},
    "token: 503": {"kind": "status", "path_contains": "/oauth2/token"},
    "token: cut": {"kind": "cut_body", "path_contains": "/oauth2/token"},
    "token: late": {"kind": "slow", "seconds": TOO_LATE_SECONDS, "path_contains": "/oauth2/token"},
}
UNNOTICED = [
    name
    for name, fault in FAULTS.items()
    if fault.get("applied") or fault["kind"] in ("lose_answer", "cut_body")
]
LAGS = ("writes visible later", "writes visible much later")
SWITCHES = {
    "writes visible later": lambda chance: {"query_lag": chance.uniform(0.1, 0.8)},
    # As long as it may be. While others write, the stand-in's copy gets twice as old, which has to
    # be less than looking for changes looks back, and with TOO_LATE_SECONDS than the settle time.
    "writes visible much later": lambda chance: {"query_lag": chance.uniform(0.8, 2.0)},
    "tokens expire": lambda chance: {"expires_in": 61},
    "webhooks dropped": lambda chance: {"webhook_drop_rate": chance.uniform(*RATES)},
    "all webhooks dropped": lambda chance: {"webhook_drop_rate": 1.0},
    "webhooks repeated": lambda chance: {"webhook_duplicate_rate": chance.uniform(*RATES)},
    "webhooks reordered": lambda chance: {"webhook_reorder": True, "webhook_delay": 0.2},
    "webhooks delayed": lambda chance: {"webhook_delay": chance.uniform(0.2, 1.0)},
    "phases as relationship mutations": lambda chance: {"phase_change_mutation": "relationship"},
    "customers as relationship mutations": lambda chance: {"relationship_mutation": "relationship"},
    "customers told twice": lambda chance: {"relationship_mutation": "both"},
    "answers with only an ID": lambda chance: {"write_answer": "id"},
    "empty answers to writes": lambda chance: {"write_answer": "empty"},
    "bare answers to writes": lambda chance: {"write_answer": "bare"},
}
USUAL_SWITCHES = {
    "phase_change_mutation": "both",
    "relationship_mutation": "entity",
    "write_answer": "full",
}


@dataclass
class Known:
    """A customer that people can work on: where it is on each side, as far as it is there yet."""

    marker: str
    partner_id: int | None = None
    relation_id: str | None = None
    relationship_id: str | None = None


def policy_of(seed: int) -> str:
    """Whose edit wins in the storm (or kill) with this seed."""
    return SIDES[seed % len(SIDES)]


class Storm:
    """One storm, drawn from its seed. Its customers are made in the calm; then it rages.

    What its people do is told to ``model``, which several storms may share.
    """

    # How the names of its customers begin.
    letter = "S"
    letter_beside = "N"

    def __init__(self, seed: int, model: ReferenceModel):
        self.seed = seed
        self.chance = random.Random(seed)
        self.model = model
        self.faults = {
            name: self.chance.uniform(*RATES)
            for name in [
                # Only a write that happened and seems to have failed can be done twice.
                self.chance.choice(UNNOTICED),
                *self.chance.sample(list(FAULTS), self.chance.randint(2, 5)),
            ]
        }
        self.switches = self.chance.sample(list(SWITCHES), self.chance.randint(1, 3))
        self.restores = self.chance.random() < RESTORES
        self.books = Books(self.chance, model, self._drawn_works())
        self.old: list[Known] = []
        self.new: list[Known] = []
        # A customer of the other tenant.
        self.beside: Known | None = None
        self.booked: str | None = None
        self.strikes = Counter()
        self._count = 0

    def __str__(self) -> str:
        faults = ", ".join(f"{name} {rate:.0%}" for name, rate in self.faults.items())
        return (
            f"storm {self.seed} ({self.model.policy} wins; {faults}; {', '.join(self.switches)}; "
            f"{', '.join(self.books.works)})"
        )

    def _drawn_works(self) -> list[str]:
        """The kinds of work with invoices (books.py)."""
        return self.chance.sample(list(WORKS), WORKS_WITH_INVOICES)

    # In the calm

    def make_customers(self, lab: Laboratory) -> None:
        """Customers that both sides will know when the storm comes."""
        for _number in range(OLD_RELATIONS):
            self.old.append(self._make(lab, ODOO))
        self.beside = self._make_beside(lab)
        # Not of the one that is closed in the storm: Odoo archives nobody who signs in.
        for known, kind in zip(self.old, USERS, strict=False):
            lab.make_user(known.partner_id, known.marker, kind)
            self.model.signs_in(known.marker, kind)

    def send_first_invoice(self, lab: Laboratory) -> None:
        """Learn where the customers are in Tribe, and send one an invoice that the storm pays."""
        tribe = lab._in_tribe(self.model.relations)
        self.beside.relation_id = tribe[self.beside.marker][0]["id"]
        relationships = {
            row["Organization"]: row["ID"]
            for row in lab.sandbox.rows("Relationship_Organization_CommercialRelationship_Customer")
        }
        for known in self.old:
            known.relation_id = tribe[known.marker][0]["id"]
            known.relationship_id = relationships[known.relation_id]
        self.booked = self._send(lab, self.old[0])
        # Not with the one that is closed in the storm.
        self.books.prepare(lab, self.old[:-1])

    # In the storm

    def rage(self, lab: Laboratory) -> None:
        """Let everything go wrong while people go on working."""
        lab.odoo.write(
            "tribe.connection",
            lab.connection_ids,
            conflict_policy=self.model.policy,
            export_moment=self.chance.choice(["minute", "nightly"]),
            failures_before_pause=self.chance.choice(FAILURES_BEFORE_PAUSE),
            answer_seconds=ANSWER_SECONDS,
        )
        for name in self.switches:
            values = SWITCHES[name](self.chance)
            for tenant in lab.tenants:
                tenant.sandbox.switch(**values)
        self.model.copies_lag |= not {*LAGS}.isdisjoint(self.switches)
        for tenant in lab.tenants:
            self._let_loose(tenant)
        before = Counter(lab.sandbox.calls()["struck"])
        for work in self._drawn_work(lab):
            work()
        lab.press("action_run_nightly")
        lab.look()
        if self.restores:
            self.restore(lab)
        lab.go_on(MOST_SECONDS, until=lambda: self._has_struck(lab, before))

    def restore(self, lab: Laboratory) -> None:
        """The neighbour's Tribe has again what it had at the beginning of the row."""
        markers = {
            marker for marker in self.model.relations if marker.startswith(self.letter_beside)
        }
        lab.neighbour.sandbox.restore()
        unseen = lab.unseen(lab.neighbour)
        for marker in markers:
            self.model.restored(marker, is_unseen=marker in unseen)
        lab.neighbour.have_looked_at(markers)

    def _let_loose(self, tenant: Tenant) -> None:
        """Set the faults: those that a path names as they are, the others by method."""
        for name, rate in self.faults.items():
            fault = {**FAULTS[name], "times": None}
            if "path_contains" in fault:
                tenant.sandbox.fault(**fault, probability=rate)
                continue
            tenant.sandbox.fault(**fault, method="GET", probability=rate * READS_FAIL_LESS)
            for method in WRITING_METHODS:
                tenant.sandbox.fault(**fault, method=method, probability=rate * WRITES_FAIL_MORE)

    def _has_struck(self, lab: Laboratory, before: Counter) -> bool:
        self.strikes = Counter(lab.sandbox.calls()["struck"]) - before
        return sum(self.strikes[method] for method in WRITING_METHODS) >= ENOUGH_WRITES

    def told_strikes(self) -> str:
        """How often a fault struck, by method."""
        return ", ".join(f"{count} {method}" for method, count in sorted(self.strikes.items()))

    def end(self, lab: Laboratory) -> None:
        """Let no fault of this storm go on."""
        lab.calm_down()
        for tenant in lab.tenants:
            tenant.sandbox.switch(**USUAL_SWITCHES)
        lab.odoo.write(
            "tribe.connection",
            lab.connection_ids,
            failures_before_pause=FAILURES_BEFORE_PAUSE[0],
            answer_seconds=WAITS["answer_seconds"],
        )

    def _drawn_work(self, lab: Laboratory):
        works = [lambda: self._edit(lab) for _number in range(EDITS)]
        works += [
            lambda: self._edit_one(lab.neighbour, self.beside) for _number in range(EDITS_BESIDE)
        ]
        works += [
            *[lambda: self.new.append(self._make(lab, ODOO)) for _number in range(NEW_IN_ODOO)],
            lambda: self.new.append(self._make(lab, TRIBE)),
            lambda: self.new.append(self._make(lab, self.chance.choice(SIDES))),
            lambda: self._send_to_somebody(lab),
            lambda: self._send_to_somebody(lab),
            lambda: self._pay(lab),
            lambda: self._end_customer(lab),
            lambda: lab.press("action_run_nightly"),
            lambda: self._send_nonsense(lab),
            lab.look,
            lab.tick,
            lab.sandbox.revoke_tokens,
            *self.books.steps(),
        ]
        self.chance.shuffle(works)
        return works

    def _make(self, lab: Laboratory, side: str) -> Known:
        self._count += 1
        known = Known(f"{self.letter}{self.seed}-{self._count}")
        values = self._values_of_new(known)
        if side == ODOO:
            # Every other one is a subsidiary of the one before.
            mother = self.old[-1].partner_id if self.old and self._count % 2 == 0 else None
            known.partner_id = lab.make_in_odoo(known.marker, values, under=mother)
        else:
            known.relation_id, known.relationship_id = lab.make_in_tribe(known.marker, values)
        return known

    def _make_beside(self, lab: Laboratory) -> Known:
        known = Known(f"{self.letter_beside}{self.seed}-1")
        values = self._values_of_new(known)
        known.partner_id = lab.neighbour.make_in_odoo(known.marker, values)
        return known

    def _values_of_new(self, known: Known) -> dict:
        values = values_of(known.marker, self.chance)
        self.model.created(known.marker, values)
        return values

    def _edit(self, lab: Laboratory) -> None:
        self._edit_one(lab, self.chance.choice(self.old + self.new))

    def _edit_one(self, tenant: Tenant, known: Known) -> None:
        """Change one field of a customer on one of the sides where it is."""
        sides = [ODOO] if known.partner_id else []
        sides += [TRIBE] if known.relation_id else []
        name = self.chance.choice(["name", "email", "phone", "city"])
        self._change(tenant, known, self.chance.choice(sides), name)

    def _change(self, tenant: Tenant, known: Known, side: str, name: str) -> None:
        value = values_of(known.marker, self.chance)[name]
        self.model.edited(known.marker, side, name, value)
        if side == ODOO:
            tenant.odoo.write("res.partner", [known.partner_id], **{name: value})
        else:
            tenant.edit_in_tribe(known.relation_id, name, value)

    def _send_to_somebody(self, lab: Laboratory) -> None:
        self._send(lab, self.chance.choice([k for k in self.old + self.new if k.relationship_id]))

    def _send(self, lab: Laboratory, known: Known) -> str:
        return self.books.send(lab, known)

    def _pay(self, lab: Laboratory) -> None:
        lab.pay(self.booked)
        self.model.paid(self.booked)

    def _end_customer(self, lab: Laboratory) -> None:
        """One customer is closed on one side, and perhaps opened again there."""
        known = self.old[-1]
        side = self.chance.choice(SIDES)
        for active in [False, True][: self.chance.randint(1, 2)]:
            self.model.activated(known.marker, active)
            if side == ODOO:
                lab.odoo.write("res.partner", [known.partner_id], active=active)
            else:
                lab.sandbox.change(
                    "Relationship_Organization_CommercialRelationship_Customer",
                    known.relationship_id,
                    {"IsFormer": not active},
                )

    def _send_nonsense(self, lab: Laboratory) -> None:
        """Webhooks about what does not exist, and about links instead of records."""
        for entity_type in ("Relation.Organization", "Activity.Invoice", "Address"):
            lab.sandbox.send_webhook(entity_type, {"entityId": UNKNOWN_ID})
            lab.sandbox.send_webhook(entity_type, {"relationshipId": UNKNOWN_ID})
