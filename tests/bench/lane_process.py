"""A process of Odoo that does what it is told on standard input, line by line, as JSON.

``{"lane": name of a scheduled action}`` runs it as long as there is work;
``{"bare": file, "count": n, "prefix": text}`` books entries without the connector.
"""

import json
import pickle
import sys
import time
from pathlib import Path

from .book_invoices import Floor
from .inside import Inside, loaded, waiting_for_tribe


def main(configuration: str, database: str) -> None:
    """Answer each line with how many seconds it took, and how many of them Tribe's answers."""
    with loaded(Path(configuration), database) as env:
        both = Inside(env, None)
        # What comes is noted after this: a transaction of before would not see it.
        both.commit()
        with waiting_for_tribe(both):
            print(json.dumps({"is_ready": True}), flush=True)
            for line in sys.stdin:
                print(json.dumps(_done(both, json.loads(line))), flush=True)


def _done(both: Inside, order: dict) -> dict:
    waited, started = both.waited, time.perf_counter()
    if "lane" in order:
        _run(both, order["lane"])
        return {"seconds": time.perf_counter() - started, "waited": both.waited - waited}
    from odoo.addons.tribe_connector.invoices.booking import BOOKING  # noqa: PLC0415

    taken = pickle.loads(Path(order["bare"]).read_bytes())
    env = both.env(user=taken["uid"], su=taken["su"])
    env = env(context={**taken["context"], "tribe_booking": BOOKING})
    floor = Floor(both, env, taken["vals_list"], order["prefix"])
    return {"seconds": floor.book(order["count"]), "waited": 0.0}


def _run(both: Inside, lane: str) -> None:
    """Run a scheduled action until no work is due any more."""
    while both.due_directions():
        both.env.ref(f"tribe_connector.{lane}").method_direct_trigger()
        both.commit()


if __name__ == "__main__":
    main(*sys.argv[1:])
