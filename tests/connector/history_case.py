"""How histories drawn by Hypothesis are played: the same ones every time, and others by chance."""

import os
import random

import pytest
from choices import IS_FULL
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

BY_CHANCE = int(os.environ.get("TRIBE_HISTORIES", "90")) if IS_FULL else 0


class HistoryMixin:
    """Plays histories in a case. ``machine`` is made for the case, once for each of them."""

    machine = None
    # Of a history at most.
    steps = 0
    same_every_time = 0

    @pytest.fixture(autouse=True)
    def _terminal(self, capsys):
        self.terminal = capsys

    def begin_history(self):
        """Reset the stand-ins; returns a savepoint, for ``end_history``."""
        raise NotImplementedError

    def end_history(self, savepoint):
        """Undo in Odoo all that came after a savepoint."""
        self.env.invalidate_all(flush=False)
        self.env.transaction.clear()
        savepoint.close(rollback=True)
        self.env.invalidate_all(flush=False)

    def play(self, count, chance=None):
        """Play some histories: those of a seed, else the same ones every time."""

        def begin():
            return self.machine(self)

        run_state_machine_as_test(
            begin if chance is None else seed(chance)(begin),
            settings=settings(
                max_examples=count,
                stateful_step_count=self.steps,
                database=None,
                deadline=None,
                derandomize=chance is None,
                phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            ),
        )

    def test_the_same_histories_every_time(self):
        self.play(self.same_every_time)

    def test_histories_of_chance(self):
        if not BY_CHANCE:
            self.skipTest("Only with --full.")
        chance = int(os.environ.get("TRIBE_HISTORY_SEED") or random.randrange(10**9))
        with self.terminal.disabled():
            print(f"\nTRIBE_HISTORY_SEED={chance}")
        self.play(BY_CHANCE, chance)
