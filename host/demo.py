"""./dev demo: both systems, the main job, and what crossed over."""

import signal
import sys
from pathlib import Path

from .console import say
from .demo_database import DATABASE
from .paths import CHECKOUT

sys.path[:0] = [str(CHECKOUT), str(CHECKOUT / "tests")]

from end_to_end import screens  # noqa: E402
from end_to_end.main_job import MainJob  # noqa: E402
from end_to_end.world import world  # noqa: E402


def check(*, is_told: bool) -> int:
    """Run the main job and verify it from both sides. 0 when every fact holds.

    :param is_told: whether Tribe's webhooks arrive; else changes are found by looking
    """
    with world(DATABASE, is_told=is_told) as both:
        job = MainJob(both)
        job.run()
        _print_table(job)
    return 0 if job.holds else 1


def show(*, is_told: bool) -> int:
    """Run the main job, then serve both systems until Ctrl-C."""
    with world(DATABASE, is_told=is_told) as both:
        job = MainJob(both)
        job.run()
        _print_table(job)
        say(f"\nOdoo:  {both.server.address}/odoo/action-tribe_connector.action_tribe_connection")
        say("       login admin, password admin")
        say(f"Tribe: {both.sandbox.address} (the stand-in)")
        say("Stop both with Ctrl-C.")
        signal.pause()
    return 0


def pictures(folder: str) -> int:
    """Run the main job, then take a picture of every screen into a folder."""
    with world(DATABASE) as both:
        MainJob(both).run()
        screens.take(both, Path(folder))
    return 0


def _print_table(job: MainJob) -> None:
    width = max(len(fact) for fact, _figure, _holds in job.table)
    say("")
    for fact, figure, holds in job.table:
        say(f" {'ok  ' if holds else 'FAIL'} {fact.ljust(width)}  {figure}")
