"""Activating with very many customers in Odoo, by the rate at which they are exported."""

from end_to_end.world import world

from .core import Measured
from .export_customers import CUSTOMERS, make_customers
from .rate import SWITCHES, answer_slowly, watch

SECONDS = 120
QUICK_SECONDS = 30
MANY = 20_000
MOST_MINUTES = 30


def measure(quick: bool) -> Measured:
    """Tribe knows none of them; it takes 250 ms for each answer."""
    options = {"relations": 0, "invoices": 0, "switches": SWITCHES}
    with world(
        "tribe_bench_activate", seed=None, sandbox_options=options, max_cron_threads=2
    ) as both:
        make_customers(both, CUSTOMERS)
        both.connect()
        both.map()
        answer_slowly(both)
        both.press("action_activate")
        found = watch(both, QUICK_SECONDS if quick else SECONDS)
    minutes = MANY / max(found["customers_a_minute"], 0.1)
    return Measured(
        f"{minutes // 60:.0f} h {minutes % 60:02.0f} by the rate of"
        f" {found['customers_a_minute']:.0f} a minute, {found['calls_each']} calls each",
        minutes <= MOST_MINUTES,
        {"minutes": round(minutes, 1), **found},
    )
