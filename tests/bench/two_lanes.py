"""Two lanes that book in two processes, compared with two bare processes beside each other."""

import contextlib
import itertools
import json
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from host.paths import LOGS

from .book_invoices import CUSTOMERS, Invoices
from .core import TURNS, Measured, pair
from .inside import Inside, capturing_creates, inside

DATABASE = "tribe_bench_lanes"
LANES = ("cron_inbound_1", "cron_inbound_2")
EACH = 200
QUICK_EACH = 50
QUICK_TURNS = 3
LEAST_RATE = 0.9
# The spread of a machine: two lanes that take so much longer than one are slower.
MOST_OF_ONE = 1.05


def measure(quick: bool) -> Measured:
    """Two legal entities, each with a journal; the longer of both counts, net of Tribe."""
    each, turns = (QUICK_EACH, QUICK_TURNS) if quick else (EACH, TURNS)
    with inside(DATABASE) as both, contextlib.ExitStack() as stack:
        both.activate(fetch_documents=False)
        both.note("organization", both.relations(CUSTOMERS))
        both.run_lanes()
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        books = Books(both, Path(folder))
        processes = [stack.enter_context(lane_process()) for _lane in LANES]
        on_two = pair(
            lambda: books.lanes(processes, each, books.entities),
            lambda: books.bare(processes, each),
            turns,
        )
        in_one = pair(
            lambda: books.lanes(processes, each, books.entities[:1] * 2),
            lambda: books.lanes(processes[:1], each, books.entities[:1] * 2),
            turns,
        )
    rate = 1 / on_two.ratio
    return Measured(
        f"{rate:.2f} x the rate of two bare processes; in one journal two lanes take"
        f" {in_one.ratio:.2f} x the time of one",
        rate >= LEAST_RATE and in_one.ratio <= MOST_OF_ONE,
        {"rate": rate, "on_two": on_two.figures(), "in_one": in_one.figures(), "each": each},
    )


class Books:
    """What both kinds of processes book."""

    def __init__(self, both: Inside, folder: Path):
        self._both = both
        self._folder = folder
        self._tribe = Invoices(both)
        self._prefixes = itertools.count(1)
        entities = both.connection.legal_entity_ids.filtered("journal_id")[:2]
        self.entities = entities.mapped("tribe_id")
        self._files = [self._taken(tribe_id) for tribe_id in self.entities]

    def lanes(self, processes, each: int, entities: list[str]) -> float:
        """Book so many invoices of each legal entity with some lanes."""
        for tribe_id in entities:
            self._both.note("invoice", self._tribe.send(each, Identity={"ID": tribe_id}))
        booked = self._count_booked() + each * len(entities)
        orders = [{"lane": lane} for lane in LANES[: len(processes)]]
        answers = together(processes, orders)
        self._both.env.invalidate_all()
        if self._count_booked() != booked:
            raise AssertionError(f"not everything was booked: {self._both.problems()[:5]}")
        return max(answer["seconds"] - answer["waited"] for answer in answers)

    def bare(self, processes, each: int) -> float:
        """Book as many entries in each journal, without the connector."""
        orders = [
            {"bare": str(path), "count": each, "prefix": f"BARE{next(self._prefixes)}/"}
            for path in self._files
        ]
        return max(answer["seconds"] for answer in together(processes, orders))

    def _count_booked(self) -> int:
        links = self._both.env["tribe.link"]
        found = links.search_count([("kind", "=", "invoice"), ("move_id", "!=", False)])
        self._both.commit()
        return found

    def _taken(self, tribe_id: str) -> Path:
        """A file with the values that the connector books for a legal entity."""
        with capturing_creates(self._both.env, "account.move") as noted:
            self._both.note("invoice", self._tribe.send(QUICK_EACH, Identity={"ID": tribe_id}))
            self._both.run_lanes()
        env = noted[0][0]
        context = {
            name: value for name, value in env.context.items() if not name.startswith("tribe_")
        }
        path = self._folder / tribe_id
        taken = {"uid": env.uid, "su": env.su, "context": context}
        taken["vals_list"] = [vals for _env, vals_list in noted for vals in vals_list]
        path.write_bytes(pickle.dumps(taken))
        return path


@contextlib.contextmanager
def lane_process() -> Iterator[subprocess.Popen]:
    """A process of Odoo that waits for orders."""
    command = [sys.executable, "-m", "bench.lane_process"]
    with subprocess.Popen(
        [*command, str(LOGS / f"{DATABASE}.conf"), DATABASE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdout.readline()
        yield process
        process.stdin.close()


def together(processes: list[subprocess.Popen], orders: list[dict]) -> list[dict]:
    """Have several processes do something at the same time; their answers."""
    for process, order in zip(processes, orders, strict=True):
        process.stdin.write(f"{json.dumps(order)}\n")
        process.stdin.flush()
    return [json.loads(process.stdout.readline()) for process in processes]
