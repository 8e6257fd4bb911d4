"""One new customer, when the next numbers of the sequence are in use in Tribe."""

from .core import Measured
from .in_tribe import ORGANIZATION
from .inside import inside

IN_USE = 5000
MOST_CALLS = 60
# The next number of the sequence of a new database.
FIRST = 10_001


def measure(quick: bool) -> Measured:
    """The relations that have them are no customers, so Odoo does not know of them."""
    in_use = IN_USE // 10 if quick else IN_USE
    with inside("tribe_bench_numbers") as both:
        both.activate()
        for number in range(FIRST, FIRST + in_use):
            both.sandbox.create(
                ORGANIZATION, {"Name": f"Bedrijf {number} B.V.", "DebtorNumber": f"{number}"}
            )
        partner = both.env["res.partner"].create(
            {"name": "Nieuwe Klant B.V.", "is_company": True, "customer_rank": 1}
        )
        partner.action_synchronize_with_tribe()
        both.commit()
        both.sandbox.reset_calls()
        both.run_due_work()
        calls = both.sandbox.calls()
        number = partner.debtor_number
        asked = both.problems()
    given = f"number {number}" if number else f"no number: {'; '.join(asked)}"
    return Measured(
        f"{calls['total']} calls with {in_use} in use; {given}",
        bool(number) and calls["total"] <= MOST_CALLS,
        {"calls": calls["total"], "by": calls["by"], "in_use": in_use, "number": number},
    )
