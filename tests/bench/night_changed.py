"""The night in which some of very many linked contacts changed, compared with some of few."""

import itertools
import statistics

from .core import Measured
from .inside import Inside, inside
from .multitude import multiply
from .night_unchanged import night

CHANGED = 500
FEW = 1000
MANY = 100_000
NIGHTS = 3
MOST_CALLS = 510
MOST_RATIO = 1.5


def measure(quick: bool) -> Measured:
    """Each got another telephone number in Odoo, which Tribe is told by one write."""
    part = 10 if quick else 1
    changed, few, many = CHANGED // part, FEW // part, MANY // part
    with inside("tribe_bench_changed") as both:
        both.activate()
        both.note("organization", both.relations(changed))
        both.run_lanes()
        links = both.env["tribe.link"].search([("kind", "=", "organization")])
        partners = links.partner_id
        multiply(both.env, partners[0], 1, few - changed)
        nights = Nights(both, partners)
        among_few = nights.run()
        multiply(both.env, partners[0], few - changed + 1, many - changed)
        among_many = nights.run()
    ratio = _median(among_many, "seconds") / _median(among_few, "seconds")
    calls, writes = _median(among_many, "calls"), _median(among_many, "writes")
    return Measured(
        f"{calls:.0f} calls, {writes:.0f} of them writes; {ratio:.2f} x the time of"
        f" {changed} among {few}",
        calls - writes <= MOST_CALLS / part and ratio <= MOST_RATIO,
        {"changed": changed, "many": many, "ratio": ratio}
        | {"among_few": among_few, "among_many": among_many},
    )


class Nights:
    """Nights in which the same contacts changed."""

    def __init__(self, both: Inside, partners):
        self._both = both
        self._partners = partners
        self._numbers = itertools.count(1)

    def run(self) -> list[dict]:
        """Some of them; the first, which reads where listings end, does not count."""
        return [self._one() for _number in range(NIGHTS + 1)][1:]

    def _one(self) -> dict:
        for partner, number in zip(self._partners, self._numbers, strict=False):
            partner.phone = f"+31 50 {number:07d}"
        self._both.commit()
        return night(self._both, self._both.connection.action_run_nightly)


def _median(nights: list[dict], name: str) -> float:
    return statistics.median(each[name] for each in nights)
