"""What the probe makes of a Tribe that shows anything: of its rows nothing is kept."""

import gc
import itertools
import uuid
import weakref

import pytest

from tribe_connector.mapping import InvoiceFields
from tribe_connector.probe import Tenant, probe
from tribe_connector.probe.tenant import INVOICE, ORGANIZATION
from tribe_connector.probe.totals import Totals
from tribe_connector.tribe_api import Page

NAMES = InvoiceFields(
    date="InvoiceDate",
    due_date="DueDate",
    reference="Reference",
    untaxed="TotalExcludingVat",
    vat="VatAmount",
    total="TotalIncludingVat",
    final="IsFinal",
    credit="IsCredit",
    credited="CreditedInvoice",
    legal_entity="LegalEntity",
)
DATES = ("CreationDate", "LastMutationDate")
TEXTS = (
    *filter(None, NAMES.as_dict().values()),
    *DATES,
    *("Number", "Currency", "Name", "Description"),
)
ROWS = 3


class Row(dict):
    """As JSON's, but it can be told whether somebody keeps it."""


class Text(str):
    """The same."""


class HostileClient:
    """Answers each query with rows that have a long text wherever one can be."""

    granted = None
    tells_time = True

    def __init__(self):
        self.calls = 0
        self.made = []
        # How many rows and texts of earlier pages were there as the next one was asked for.
        self.kept = []

    def look(self, entity_set, _query, expand=None):
        self.calls += 1
        self.note_kept()
        return Page([self.row(has_lines=True) for _number in range(ROWS)], count=10**6)

    def find(self, _record_id):
        return self.row()

    def note_kept(self):
        gc.collect()
        self.made = [each for each in self.made if each() is not None]
        self.kept.append(len(self.made))

    def text(self, name):
        made = Text(f"{uuid.uuid4()} {name} " + "x" * 1000)
        self.made.append(weakref.ref(made))
        return made

    def row(self, has_lines=False):
        row = Row({name: self.text(name) for name in TEXTS})
        row["ID"] = str(uuid.uuid4())
        row["Phase"] = {"ID": str(uuid.uuid4()), "Code": self.text("Code")}
        if has_lines:
            row["ProductLines"] = [self.row() for _number in range(ROWS)]
            row["Organization"] = self.row()
        self.made.append(weakref.ref(row))
        return row


def tenant(**values):
    entity = {"properties": dict.fromkeys(TEXTS, "Edm.String"), "navigations": {}}
    links = {name: {"type": ORGANIZATION} for name in ("Organization", "VatGroup", "Product")}
    known = {
        "schema": {
            name: {**entity, "navigations": links}
            for name in (ORGANIZATION, INVOICE, "ProductLine", "Address", "Relation")
        },
        "is_inherited": False,
        "names": NAMES,
        "missing": (),
        "phases": [],
        "drafts": frozenset(),
        "countries": [{"Code": "NL"}],
        "identities": [],
        "own_id": str(uuid.uuid4()),
        "timezone": "Europe/Amsterdam",
        "digits": lambda _currency: 2,
        "base_currency": "EUR",
    }
    return Tenant(**{**known, **values})


def test_no_row_and_no_text_of_one_is_kept():
    client = HostileClient()

    found = probe(client, tenant())

    client.note_kept()
    assert client.calls > 30
    assert "line_touches" in found.values
    assert client.kept == [0] * len(client.kept)
    assert max(map(len, found.values.values())) <= 200


AMOUNTS = (1e15, -1e15, 1e-15, 0.005, 0.0)


@pytest.mark.parametrize("digits", [0, 2, 3])
@pytest.mark.parametrize("discount", [None, 0.0, 12.5, 99.99999, 100.0])
def test_amounts_of_any_size_are_looked_at(digits, discount):
    for quantity, price, total in itertools.product(AMOUNTS, repeat=3):
        line = {
            "Quantity": quantity,
            "Price": price,
            "TotalExcludingVat": total,
            "TotalIncludingVat": price,
            "VatAmount": quantity,
            "VatPercentage": 21.0,
            "DiscountPercentage": discount,
        }
        totals = Totals(NAMES, lambda _currency: digits)
        for is_included in (True, False):
            totals.add(
                {
                    "Currency": "EUR",
                    "TotalExcludingVat": total,
                    "VatAmount": price,
                    "TotalIncludingVat": quantity,
                    "DiscountPercentage": discount,
                    "IsVatIncluded": is_included,
                    "ProductLines": [line] * 2,
                }
            )
        assert totals.votes
