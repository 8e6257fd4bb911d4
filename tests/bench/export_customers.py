"""Exporting new customers while Tribe takes 250 ms for an answer and limits the calls."""

from end_to_end.world import World, world

from .core import Measured
from .rate import LIMIT, SWITCHES, answer_slowly, watch

SECONDS = 120
QUICK_SECONDS = 30
# More than are exported meanwhile at the full rate.
CUSTOMERS = 3000
AT_ONCE = 500
LEAST_SHARE = 0.88
MOST_CALLS_EACH = 1.2


def measure(quick: bool) -> Measured:
    """They are made in Odoo after the activation; the nightly job notes them."""
    options = {"relations": 0, "invoices": 0, "switches": SWITCHES}
    with world(
        "tribe_bench_export", seed=None, sandbox_options=options, max_cron_threads=2
    ) as both:
        both.connect()
        both.map()
        both.activate()
        make_customers(both, CUSTOMERS)
        answer_slowly(both)
        both.press("action_run_nightly")
        found = watch(both, QUICK_SECONDS if quick else SECONDS)
    share = found["calls_a_minute"] / LIMIT
    held = (
        share >= LEAST_SHARE
        and not found["answers_429"]
        and (found["most_in_a_window"] or 0) <= LIMIT
        and found["calls_each"] <= MOST_CALLS_EACH
    )
    return Measured(
        f"{found['calls_a_minute']} calls a minute ({share:.0%} of the limit),"
        f" {found['calls_each']} each, {found['answers_429']} answers 429",
        held,
        found,
    )


def make_customers(both: World, count: int) -> None:
    """Make companies that are customers, as an import does."""
    for start in range(0, count, AT_ONCE):
        both.odoo.call(
            "res.partner",
            "create",
            vals_list=[customer(number) for number in range(start, start + AT_ONCE)],
            context={"tracking_disable": True},
        )


def customer(number: int) -> dict:
    """The values of one."""
    return {
        "name": f"Bouwbedrijf {number} B.V.",
        "is_company": True,
        "customer_rank": 1,
        "email": f"administratie@klant{number}.example",
        "phone": f"+31 20 {number:07d}",
        "street": f"Kerkstraat {number % 300 + 1}",
        "zip": "1012 AB",
        "city": "Amsterdam",
    }
