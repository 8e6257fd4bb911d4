"""Whatever changes in Tribe, and whatever hides it: after looks and a night both sides agree.

Drawn by Hypothesis and played on the stand-in, without any webhook. ``./dev test`` plays the same
ten every time.
"""

from collections import Counter
from unittest.mock import patch

from connector.test_looking import moved_clock
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture.providers import HypothesisProvider

from .test_looking import LookingCase

# Longer than any test.
FOR_GOOD = 10.0**9
HISTORIES = 10
MINUTES = st.sampled_from([-10, -4, 0, 4, 10])
WHICH = st.integers(0, 4)
STEPS = st.one_of(
    st.tuples(st.just("send"), st.integers(1, 500)),
    st.tuples(st.sampled_from(["pay", "make draft", "send again"]), WHICH),
    st.tuples(st.just("delete"), WHICH),
    st.tuples(st.just("change"), WHICH, st.integers(1, 500)),
    st.tuples(st.just("look"), MINUTES),
    st.tuples(st.just("night"), MINUTES),
    st.tuples(st.just("change while pages are read")),
    st.tuples(st.just("lag")),
    st.tuples(st.just("catch up")),
    st.tuples(st.just("let time pass")),
)


class TestHistories(LookingCase):
    def setUp(self):
        super().setUp()
        self.sandbox.switch(final_invoice_writable="all", page_limit=3)
        # That all of a few are gone is no question here.
        self.connection.missing_percent = 100
        # How often each change came to an invoice that was booked: without any, nothing is tried.
        self.of_booked = Counter()

    def test_after_looks_and_a_night_both_sides_agree(self):
        for history in drawn_histories():
            with self.subTest(history=history):
                self.invoices = []
                for step in [("send", 100), ("send", 200), *history]:
                    self.play(*step)
                self.end()
                self.check()
        for change in ("Paid", "Draft", "delete", "change"):
            self.assertGreater(self.of_booked[change], 0, change)

    def play(self, step, *values):
        getattr(self, f"play_{step.replace(' ', '_')}")(*values)

    def of(self, which):
        """One of the invoices that are still in Tribe; None without any."""
        there = {row["ID"] for row in self.sandbox.rows("Activity_Invoice")}
        left = [tribe_id for tribe_id in self.invoices if tribe_id in there]
        return left[which % len(left)] if left else None

    def note(self, change, tribe_id):
        self.of_booked[change] += bool(self.link(tribe_id).move_id)

    def play_send(self, price):
        self.invoices.append(self.sent(float(price)))

    def move(self, which, code):
        if tribe_id := self.of(which):
            self.note(code, tribe_id)
            self.sandbox.set_phase(tribe_id, code)

    def play_pay(self, which):
        self.move(which, "Paid")

    def play_make_draft(self, which):
        self.move(which, "Draft")

    def play_send_again(self, which):
        self.move(which, "Sent")

    def play_delete(self, which):
        if tribe_id := self.of(which):
            self.note("delete", tribe_id)
            self.sandbox.delete("Activity_Invoice", tribe_id)

    def play_change(self, which, price):
        if tribe_id := self.of(which):
            self.note("change", tribe_id)
            (line,) = self.sandbox.rows("ProductLine", Activity=tribe_id)
            self.sandbox.change("ProductLine", line["ID"], {"Price": float(price)})

    def play_look(self, minutes):
        with moved_clock(minutes):
            self.look()

    def play_night(self, minutes):
        with moved_clock(minutes):
            self.pass_night()

    def play_change_while_pages_are_read(self):
        self.sandbox.fault("moving_page", path_contains="$skip=2", times=1)

    def play_lag(self):
        self.sandbox.switch(query_lag=FOR_GOOD)

    def play_catch_up(self):
        self.sandbox.switch(query_lag=0.0)

    def play_let_time_pass(self):
        """The last look was two minutes after all that was changed before."""
        self.forget_changes(seconds=120)

    def end(self):
        self.sandbox.clear_faults()
        self.play_catch_up()
        self.look()
        self.pass_night(7)

    def check(self):
        rows = {row["ID"]: row for row in self.sandbox.rows("Activity_Invoice")}
        phases = {
            row["ID"]: row["Code"] for row in self.sandbox.rows("Datastore_Phase_ActivityInvoice")
        }
        held = set(self.problematic().mapped("reference"))
        for tribe_id in self.invoices:
            link, row = self.link(tribe_id), rows.get(tribe_id)
            if not row:
                self.assertIn(link.state, (False, "gone"))
            elif phases[row["Phase"]] == "Draft":
                self.assertIn(link.state, (False, "differs"))
            elif not link:
                self.assertIn(tribe_id, held)
            else:
                self.assertEqual(link.phase_id.code, phases[row["Phase"]])
                is_same = link.move_id.amount_total == row["TotalIncludingVat"]
                self.assertEqual(link.state, "linked" if is_same else "differs")


def drawn_histories():
    """Ten histories, the same each time."""
    drawn = []

    @settings(
        max_examples=HISTORIES,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(STEPS, min_size=4, max_size=12))
    def collect(history):
        drawn.append(history)

    # Hypothesis draws some numbers from the source: another source, other histories.
    with patch.object(HypothesisProvider, "_maybe_draw_constant", lambda *_, **__: None):
        collect()
    return drawn
