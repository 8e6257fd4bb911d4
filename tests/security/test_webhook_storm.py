"""Thousands of hostile webhook requests: refused in a sentence's worth of work, and forgotten."""

import os
import time
from collections import Counter

import pytest
from choices import IS_FULL
from end_to_end.odoo_log import alarms

from host.odoo_server import OdooServer

from .conftest import DATABASE
from .database import rows
from .resident_memory import MOST_GROWTH_KILOBYTES, ResidentMemory, kilobytes
from .webhook_storm import GUID, Storm, status_of

REQUESTS = 5000 if IS_FULL else 500
SEED = int(os.environ.get("TRIBE_FUZZ_SEED", "5"))
TOKEN_HEADER = "X-Tribe-Connector-Token"
TABLES = ("res_partner", "account_move", "tribe_link", "tribe_run", "tribe_connection", "res_users")
# By how much the resident memory may grow after the first tenth.
GROWTH = 1.10


class Samples(list):
    """The resident memory from time to time, and by how much its peak was above the start."""

    peak_growth = 0


@pytest.fixture(scope="module")
def storm(day, databases, server):
    """The storm is over: ``(statuses by whether they proved who they are, memory, Odoo's log)``."""
    before = _fingerprint(server), _works(server)
    statuses = Counter()
    memory = Samples()
    requests = Storm(SEED, day.webhook_key, day.secrets["webhook_token"], TOKEN_HEADER)
    started = time.monotonic()
    with OdooServer(databases.server, databases.odoo, DATABASE, max_cron_threads=0) as odoo:
        watched = ResidentMemory(odoo.pids())
        for number in range(REQUESTS):
            shot = requests.shot()
            statuses[shot.proves, status_of(odoo.port, shot.raw)] += 1
            if number % (REQUESTS // 20) == 0:
                memory.append(_resident_kilobytes(odoo))
        memory.append(_resident_kilobytes(odoo))
        memory.peak_growth = max(watched.growth().values())
    print(
        f"{REQUESTS} requests in {time.monotonic() - started:.0f} s, seed {SEED}: "
        f"{sorted(statuses.items())}; memory {memory[2]} to {memory[-1]} kB, at its peak "
        f"{memory.peak_growth} kB more than at the start"
    )
    return statuses, memory, odoo.log_text(), before


def test_nothing_breaks(storm):
    statuses, *_rest = storm
    assert sum(statuses.values()) == REQUESTS
    assert not [status for _proves, status in statuses if status >= 500]


def test_without_proof_nothing_is_taken(storm):
    statuses, *_rest = storm
    assert not [status for proves, status in statuses if not proves and 200 <= status < 300]
    assert statuses[False, 403] + statuses[False, 429] > REQUESTS / 5
    assert statuses[False, 429]


def test_a_real_webhook_passes_in_the_middle_of_it(storm):
    statuses, *_rest = storm
    assert statuses[True, 204] > REQUESTS / 50
    assert statuses[True, 400] > REQUESTS / 50


def test_nothing_is_complained_about(storm):
    _statuses, _memory, log, _before = storm
    assert alarms(log) == []
    assert "Traceback" not in log


def test_nothing_is_written_but_what_to_look_at(storm, server):
    *_rest, (before, waiting) = storm
    assert _fingerprint(server) == before
    noted = _works(server) - waiting
    usual = {("organization", GUID), ("poll", "organization")}
    # Of so many some happen to name a link.
    assert usual <= noted <= {*usual, ("entity", f"organization:{GUID}")}


def test_the_memory_stays_flat(storm):
    _statuses, memory, *_rest = storm
    assert memory[-1] < GROWTH * memory[2]
    assert memory.peak_growth < MOST_GROWTH_KILOBYTES


def _works(server):
    """What is to be looked at: ``{(kind, reference)}``."""
    return set(
        rows(
            server, DATABASE, "SELECT DISTINCT kind, reference FROM tribe_work WHERE error IS NULL"
        )
    )


def _fingerprint(server):
    """How many rows the tables hold, and when they were last written."""
    return {
        table: rows(server, DATABASE, f"SELECT count(*), max(write_date) FROM {table}")
        for table in TABLES
    }


def _resident_kilobytes(odoo) -> int:
    return kilobytes(odoo.pid, "VmRSS")
