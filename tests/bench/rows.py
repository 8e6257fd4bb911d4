"""The rows of the benchmark: what is measured, and what is aimed at. Needs no Odoo.

A row is measured by the module of its name, in a process of its own.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    number: int
    work: str
    target: str


ROWS = {
    "calls": Row(0, "calls of a first day, step by step", "none: what is limited is counted"),
    "import_relations": Row(
        1,
        "import a relation of Tribe, net of Tribe's answers / bare batched `create`",
        "<= 2.0 x, bare + 2 queries each",
    ),
    "book_invoices": Row(
        3,
        "book Sent invoices of 4.6 lines, net of Tribe's answers / bare batches of 50",
        "<= 1.25 x",
    ),
    "save_contact": Row(
        10,
        "save a contact, nightly and within a minute, 1 and 5 connections / bare `write`",
        "<= 2 queries more, no trigger",
    ),
}
