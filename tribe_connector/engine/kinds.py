"""The kinds of work: which way each goes, who does it, and what it may meet.

What is told by webhooks, looked for, read in dry run or done first follows from this table. Another
addon adds its own kinds by overriding ``tribe.engine._kinds``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property

from ..codes import TRIAL
from ..tribe_names import INVOICE_SET, ORGANIZATION_CUSTOMER, PERSON_CUSTOMER, SUPPLIER

INBOUND, OUTBOUND = "inbound", "outbound"
# What references are IDs of, as leases on records call it.
IN_TRIBE, PARTNER, MOVE = "tribe", "res.partner", "account.move"


@dataclass(frozen=True)
class Kind:
    """One kind of work: a value of the field ``kind`` of ``tribe.work``.

    ``handler`` is the model whose ``_process`` does it, ``leased`` of what its references are IDs.
    A kind with an ``entity_type``, by which Tribe's webhooks call it, is a stream: its changes are
    told by webhooks, and looked for in its ``entity_set``.
    """

    code: str
    direction: str
    handler: str
    leased: str = IN_TRIBE
    entity_set: str = ""
    entity_type: str = ""
    # About one record of Tribe, whose ID the reference is.
    is_of_record: bool = False
    # What a person can leave alone. The others are found again by themselves.
    can_ignore: bool = False
    # About what relations are read: one batch takes what follows and what Tribe told, in order.
    is_of_relations: bool = False
    # Only tells which relation to look at: done first, so that each is looked at once.
    is_first: bool = False
    # Done in the journals of a connection, in each of which one worker is at a time.
    in_journals: bool = False
    # Only reads, and only notes what it found: done in dry run as well, and never with a client
    # that could write.
    only_reads: bool = False
    # What a person may have written in Tribe before the connection is activated.
    before_activation: bool = False
    # Done of a connection that is paused or deactivated as well.
    in_every_state: bool = False


def _of_relations(code: str, entity_set: str, entity_type: str, is_first: bool = False) -> Kind:
    return Kind(
        code,
        INBOUND,
        "tribe.relation.importer",
        entity_set=entity_set,
        entity_type=entity_type,
        is_of_record=True,
        can_ignore=True,
        is_of_relations=True,
        is_first=is_first,
    )


# The streams are looked at in this order.
KINDS: tuple[Kind, ...] = (
    _of_relations("organization", "Relation_Organization", "Relation.Organization"),
    _of_relations("person", "Relation_Person", "Relation.Person"),
    _of_relations(
        "customer",
        ORGANIZATION_CUSTOMER,
        "Relationship.Organization.CommercialRelationship.Customer",
        is_first=True,
    ),
    _of_relations("supplier", SUPPLIER, "Relationship.Organization.Supplier", is_first=True),
    _of_relations(
        "person_customer",
        PERSON_CUSTOMER,
        "Relationship.Person.CommercialRelationship.Customer",
        is_first=True,
    ),
    _of_relations("address", "Address", "Address", is_first=True),
    Kind(
        "invoice",
        INBOUND,
        "tribe.invoice.importer",
        entity_set=INVOICE_SET,
        entity_type="Activity.Invoice",
        is_of_record=True,
        can_ignore=True,
        in_journals=True,
    ),
    Kind(
        "document",
        INBOUND,
        "tribe.document.importer",
        is_of_record=True,
        can_ignore=True,
        in_journals=True,
    ),
    Kind("entity", INBOUND, "tribe.poller", is_first=True, only_reads=True),
    Kind("poll", INBOUND, "tribe.poller", is_first=True, only_reads=True),
    Kind("comparison", INBOUND, "tribe.relation.comparer"),
    Kind("invoices", INBOUND, "tribe.invoice.comparer", only_reads=True),
    Kind("partner", OUTBOUND, "tribe.relation.exporter", leased=PARTNER, can_ignore=True),
    Kind("payment", OUTBOUND, "tribe.payment.exporter", leased=MOVE),
    Kind("plan", OUTBOUND, "tribe.relation.planner", only_reads=True, in_every_state=True),
    Kind("unplaced", OUTBOUND, "tribe.poller"),
    Kind("activate", OUTBOUND, "tribe.poller"),
    Kind("deactivate", OUTBOUND, "tribe.poller", in_every_state=True),
    Kind(TRIAL, OUTBOUND, "tribe.trial", before_activation=True, in_every_state=True),
)


class Kinds:
    """All kinds of work that there are, by code, and what follows from them."""

    def __init__(self, kinds: tuple[Kind, ...]):
        self._kinds = {kind.code: kind for kind in kinds}

    def __getitem__(self, code: str) -> Kind:
        return self._kinds[code]

    def codes(self, **wanted) -> tuple[str, ...]:
        """The codes of those with some values: ``codes(direction="inbound", is_first=True)``."""
        return tuple(
            code
            for code, kind in self._kinds.items()
            if all(getattr(kind, name) == value for name, value in wanted.items())
        )

    @cached_property
    def streams(self) -> tuple[str, ...]:
        """The codes of those whose changes are looked for, in the order in which they are."""
        return tuple(self.by_entity_type.values())

    @cached_property
    def by_entity_type(self) -> Mapping[str, str]:
        """The codes of the streams by the entity types of which Tribe reports changes to us."""
        return {kind.entity_type: code for code, kind in self._kinds.items() if kind.entity_type}


@cache
def table_of(kinds: tuple[Kind, ...]) -> Kinds:
    """Some kinds as a table."""
    return Kinds(kinds)


# Those of this addon, for what knows no environment: tests, and classes while they are defined.
OUR_KINDS = table_of(KINDS)
