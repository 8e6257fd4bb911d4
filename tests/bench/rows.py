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
    "import_beside_outside_program": Row(
        2,
        "import a relation / an outside program through JSON-2, look-up and create one by one",
        ">= 12 x faster",
    ),
    "book_invoices": Row(
        3,
        "book Sent invoices of 4.6 lines, net of Tribe's answers / bare batches of 50",
        "<= 1.25 x",
    ),
    "two_lanes": Row(
        4,
        "two lanes in two processes, on two legal entities / two bare processes",
        ">= 0.9 x of their rate; in one journal not slower than one lane",
    ),
    "export_customers": Row(
        5,
        "export new customers, Tribe answers after 250 ms, limit 1,000 a minute",
        ">= 88 % of the limit, 0 answers 429, <= 1.2 calls each",
    ),
    "activate_many": Row(
        6, "activate with 20,000 customers at 250 ms", "<= 30 minutes by that rate"
    ),
    "webhook_flood": Row(
        7,
        "2,000 webhooks about 360 relations, 22 a second",
        "<= 100 calls, applied 10 s after the last",
    ),
    "acknowledge_webhook": Row(
        8, "acknowledge a webhook / bare controller that inserts one row", "p50 <= 1.25 x"
    ),
    "visible_change": Row(
        9,
        "a change in Tribe visible in Odoo, 5 a second, while an import of 10,000 runs",
        "p95 <= 2 s",
    ),
    "save_contact": Row(
        10,
        "save a contact, nightly and within a minute, 1 and 5 connections / bare `write`",
        "<= 2 queries more, no trigger",
    ),
    "night_unchanged": Row(
        11,
        "the night with nothing changed, 100,000 linked",
        "<= 13 queries to note it, no call but for looks at what is new",
    ),
    "night_changed": Row(
        12,
        "the night with 500 changed among 100,000 / among 1,000",
        "<= 510 calls besides the writes, <= 1.5 x the time",
    ),
    "install_on_invoices": Row(
        13, "install on 100,000 invoices", "no row is changed, and none read but to build indexes"
    ),
    "peak_memory": Row(14, "peak memory, import of 50,000 relations / of 5,000", "<= 1.2 x"),
    "numbers_in_use": Row(
        15, "one customer when 5,000 numbers of the sequence are in use", "<= 60 calls"
    ),
}
