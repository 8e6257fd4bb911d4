"""The one organization with which a connection is tried: what it is, and how it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..tribe_api import Client, TribeNotFound, contains
from .tenant import ORGANIZATION

ORGANIZATION_TYPE = "Relation.Organization"
TEST_NAME = "Odoo connection test – may be deleted"
TEST_IMPORT_ID = "odoo:connection-test"
# What is asked for, as it is written the same way in every address.
_ASKED_NAME = "Odoo connection test"
# What is written, with a number, as nobody has it. Another value of the first one that the tenant
# has says when a change shows.
FIELDS = {
    "PhoneNumber": "000 {:06}",
    "EmailAddress": "test{:06}@example.invalid",
    "Website": "https://test{:06}.example.invalid",
}
ADDRESSES = ("InvoiceAddress", "PostalAddress", "VisitingAddress")
ADDRESS = {"City": "Test"}


def is_test_organization(row: Mapping) -> bool:
    """Whether a row of Tribe is the organization with which a connection was tried, anybody's.

    By its name and its ``ImportId``; by its name alone where that is not read.
    """
    return row.get("Name") == TEST_NAME and row.get("ImportId", TEST_IMPORT_ID) == TEST_IMPORT_ID


class TrialOrganization:
    """The organization of one try, in Tribe: found, read, written, and its webhooks removed.

    :param notes: what the try remembers; changed by each step
    :param absent: paths of what the tenant lacks (``Relation_Organization/Website``)
    :param keep: keeps the notes for good; called before what must not be done twice
    :param own_webhooks: reads our webhooks of tries in Tribe
    :param webhook: the address and the headers of the one that is registered
    :param settle: seconds after which a write whose answer was lost is not applied any more
    :param now: the time in seconds
    """

    def __init__(
        self,
        client: Client,
        notes: dict,
        *,
        absent: Sequence[str],
        keep: Callable[[], None],
        own_webhooks: Callable[[], list[dict]],
        webhook: tuple[str, Mapping[str, str]],
        settle: float,
        now: Callable[[], float],
    ):
        self.client = client
        self.notes = notes
        self.absent = set(absent)
        self.keep = keep
        self.own_webhooks = own_webhooks
        self.webhook = webhook
        self.settle = settle
        self.now = now

    @property
    def values(self) -> dict[str, str]:
        """What was found: the readings by their code."""
        return self.notes["values"]

    def has(self, name: str) -> bool:
        """Whether the tenant's organizations have a field."""
        return f"{ORGANIZATION}/{name}" not in self.absent

    @property
    def fields(self) -> list[str]:
        """Those fields that are written which the tenant has."""
        return [name for name in FIELDS if self.has(name)]

    @property
    def address(self) -> str | None:
        """The navigation to the address that is made along."""
        if "Address/City" in self.absent:
            return None
        return next((name for name in ADDRESSES if self.has(name)), None)

    def read_ours(self) -> dict | None:
        """The organization as Tribe shows it now."""
        tribe_id = self.notes.get("id")
        if not tribe_id:
            row = self.look_for()
            if row is None:
                return None
            tribe_id = self.notes["id"] = row["ID"]
        try:
            row = self.client.get(ORGANIZATION, tribe_id, expand=self.address)
        except TribeNotFound:
            return None
        # Not every Tribe need keep an ImportId; whose ID this is we know.
        is_named = str(row.get("Name") or "").strip().startswith(_ASKED_NAME)
        return row if is_named else None

    def look_for(self) -> dict | None:
        """A test organization, of this connection or another one."""
        select = "ID,Name"
        condition = contains("Name", _ASKED_NAME)
        if self.has("ImportId"):
            select, condition = "ID,Name,ImportId", contains("ImportId", TEST_IMPORT_ID)
        rows = self.client.page(
            ORGANIZATION, filter=condition, select=select, orderby="ID asc", top=10
        )
        return next(filter(is_test_organization, rows), None)

    def new_value(self, name: str) -> str:
        """A value that the field has not had yet."""
        number = self.notes.get("number") or int(self.now()) % 10**6
        self.notes["number"] = number + 1
        return FIELDS[name].format(number)

    def shows(self, row: Mapping | None) -> bool:
        """Whether a read shows the last change."""
        return row is not None and _is_same(row.get(self.fields[0]), self.notes["expected"])

    def write_ours(self, body: Mapping) -> None:
        """Change the organization in Tribe."""
        self.client.update(ORGANIZATION, self.notes["id"], body)

    def remove_webhooks(self) -> None:
        """Remove all webhooks of tries from Tribe."""
        for webhook in self.own_webhooks():
            try:
                self.client.delete_webhook(webhook["ID"])
            except TribeNotFound:
                continue


def _is_same(shown: object, written: str) -> bool:
    """Whether a value is what was written, however Tribe writes it."""
    return _letters(str(shown or "")) == _letters(written)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).lower()
