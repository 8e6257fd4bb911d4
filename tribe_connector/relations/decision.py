"""What is to become of a contact and its relation: decided by reading, carried out or shown later.

A decision is made from what both sides hold and changes neither. The exporter and the importer
carry decisions out; a plan shows the same ones. That is why a plan tells what then happens.
"""

from dataclasses import dataclass, field

from ..codes import CREATE_ODOO, CREATE_TRIBE, LINK, QUESTION, UPDATE
from ..mapping import Merge, Seen, evidence, likeness
from ..sentence import sentence
from .remote_relation import RemoteRelation

# Of a contact or a relation; for more nobody could decide, and Tribe says how many there are.
MOST_CANDIDATES = 10
# What speaks against two being the same, in a sentence.
AGAINST = {
    likeness.VAT: "against_vat",
    likeness.REGISTRY: "against_company_registry",
    evidence.CONTACT_DETAILS: "against_contact_details",
    evidence.NAME: "against_name",
    evidence.YOUNGER: "against_younger",
    evidence.KIND: "against_kind",
    evidence.LINKED: "against_linked",
    evidence.LEFT_OUT: "against_left_out",
    evidence.ANOTHER: "against_another",
    evidence.NOBODY: "against_nobody",
    evidence.AGAIN: "against_again",
    evidence.NAMESAKE: "against_namesake",
}


@dataclass
class Candidate:
    """A contact and a relation that could be the same: what they share, and what speaks against it.

    ``basis`` is one of ``mapping.evidence``; ``against`` are sentences.
    """

    partner: object
    kind: str
    tribe_id: str
    name: str
    basis: str
    against: list[str] = field(default_factory=list)


@dataclass
class Decision:
    """What is to become of one contact (``partner``), its relation (``remote``), or both.

    ``numbers`` are the debtor and creditor number that the contact gets, ``relationships`` the
    customer and supplier relationships that Tribe gets. ``error`` says why it is a question, or
    why another worker has to finish first.
    """

    action: str
    partner: object = None
    link: object = None
    remote: RemoteRelation | None = None
    # The relation that the contact is found to be, before it is read whole.
    row: dict | None = None
    # The neutral values that the contact had when this was decided.
    odoo: dict | None = None
    merged: Merge = field(default_factory=Merge)
    # What the read of the relation shows of what it was told.
    seen: Seen = field(default_factory=Seen)
    numbers: dict = field(default_factory=dict)
    relationships: list[str] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    # Relations (rows with their kind) that carry our ImportId of a contact that they are not.
    disowned: list[dict] = field(default_factory=list)
    # The relation has a number of a contact that a person keeps apart from it.
    has_number_apart: bool = False
    # Whose relation has a number of the contact, and is to be told another one first: field, link.
    given_up: list[tuple] = field(default_factory=list)
    # The relations that share a value with the contact, which is named otherwise than its own:
    # {(basis, key): [row]}.
    alike: dict = field(default_factory=dict)
    error: Exception | None = None
    # What it is called in Tribe, where the contact is another company's: it is told where the
    # connection is, in which nobody may know what the contact is called by now.
    called: str = ""

    @property
    def tribe_id(self) -> str | None:
        """Tribe's ID of the relation, where there is one."""
        if self.remote:
            return self.remote.tribe_id
        return self.row["ID"] if self.row else self.link.tribe_id if self.link else None

    @property
    def name(self) -> str:
        """What a person calls it."""
        if self.called:
            return self.called
        return self.partner._tribe_called() if self.partner else self.remote.name

    @property
    def tells_all_matches(self) -> bool:
        """Whether what could be the same is all among its candidates.

        Not where something else is the question, nor of who is linked with nobody who is there.
        """
        if self.action == QUESTION:
            return 0 < len(self.candidates) < MOST_CANDIDATES
        is_linked = self.link and self.link.partner_id and self.link.state == "linked"
        return self.action in (LINK, UPDATE, CREATE_TRIBE, CREATE_ODOO) or bool(is_linked)

    def ask(self, error: Exception) -> None:
        """Leave it to a person, or to another time."""
        self.action = QUESTION
        self.error = error


def against_sentences(against, odoo, tribe):
    """What speaks against it, in sentences, of the values of both."""
    return [
        sentence(AGAINST[name], odoo=odoo.get(name) or "…", tribe=tribe[name])
        if name in (likeness.VAT, likeness.REGISTRY)
        else sentence(AGAINST[name])
        for name in against
    ]
