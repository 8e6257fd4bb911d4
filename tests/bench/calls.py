"""How many calls to Tribe each part of the work takes: calls are what is limited."""

from end_to_end.world import World, world

from .core import Measured

DATABASE = "tribe_bench"


def measure(_quick: bool) -> Measured:
    """A first day on the seeded data, step by step."""
    rows = _steps()
    told = "; ".join(f"{what}: {calls} calls, {records} records" for what, records, calls in rows)
    steps = [{"step": what, "records": records, "calls": calls} for what, records, calls in rows]
    return Measured(told, None, {"steps": steps})


def _steps() -> list[tuple[str, int, int]]:
    with world(DATABASE) as both:
        return [
            _counted(both, "connect", both.connect, lambda: 1),
            _counted(both, "map", both.map, lambda: 1),
            _counted(both, "activate: partners and invoices", both.activate, lambda: _links(both)),
            _counted(both, "nightly, one partner changed", lambda: _change_one(both), lambda: 1),
            _counted(both, "nightly, nothing changed", both.run_nightly, lambda: _links(both)),
            _counted(both, "an invoice sent", lambda: _send_one(both), lambda: 1),
        ]


def _counted(both: World, what: str, work, records) -> tuple[str, int, int]:
    both.sandbox.reset_calls()
    work()
    return what, records(), both.sandbox.calls()["total"]


def _links(both: World) -> int:
    return len(both.odoo.rows("tribe.link", [["kind", "!=", "customer"]], ["id"]))


def _change_one(both: World) -> None:
    (partner, *_others) = both.odoo.rows("res.partner", [["tribe_id", "!=", False]], ["id"])
    both.odoo.write("res.partner", [partner["id"]], phone="+31 20 000 00 00")
    both.run_nightly()


def _send_one(both: World) -> None:
    (phase,) = both.sandbox.rows("Datastore_Phase_ActivityInvoice", Code="Draft")
    lines = {row["Activity"] for row in both.sandbox.rows("ProductLine")}
    drafts = both.sandbox.rows("Activity_Invoice", Phase=phase["ID"])
    both.sandbox.set_phase(next(row["ID"] for row in drafts if row["ID"] in lines), "Sent")
    both.sandbox.deliveries()
    both.wait_until_idle()
