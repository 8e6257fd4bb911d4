"""One kill at a random moment of some work: Odoo ends (-9), or PostgreSQL restarts."""

import threading

from end_to_end.waiting import until

from .laboratory import Laboratory
from .reference_model import ODOO, TRIBE, ReferenceModel
from .storm import EDITS_BESIDE, Known, Storm, policy_of

MOMENTS = (
    "initial synchronization",
    "webhook processing",
    "nightly export",
    "booking",
    "payment export",
    "token refresh",
    "settling",
    "booking again",
)
VICTIMS = ("Odoo", "PostgreSQL")
CUSTOMERS = 4
# Calls to Tribe that the work may make before it is killed, and how long it may go on after them.
MOST_CALLS = 12
LONGEST_SECONDS = 0.5
INVOICES = 3
# How long PostgreSQL lets nobody in.
DOWN_SECONDS = 1.0
# The work with invoices that is done at these moments (books.py).
WORKS_AT = {
    "settling": ("credited", "credited first", "credited"),
    "booking again": ("booked again", "adopted", "booked again"),
}


class Kill(Storm):
    """One kill, drawn from its seed. Prepared like a storm, but the machine is what breaks."""

    letter = "K"
    letter_beside = "L"

    def __init__(self, seed: int):
        self.moment = MOMENTS[seed % len(MOMENTS)]
        super().__init__(seed, ReferenceModel(policy_of(seed)))
        self.victim = VICTIMS[(seed + seed // len(MOMENTS)) % len(VICTIMS)]
        self.calls = self.chance.randint(1, MOST_CALLS)
        self.seconds = self.chance.uniform(0, LONGEST_SECONDS)
        self.invoices: list[str] = []

    def __str__(self) -> str:
        return (
            f"kill {self.seed} ({self.victim} during {self.moment}, after {self.calls} calls and "
            f"{self.seconds:.2f} s)"
        )

    def _drawn_works(self) -> tuple[str, ...]:
        return WORKS_AT.get(self.moment, ())

    def send_first_invoice(self, lab: Laboratory) -> None:
        """Send some: their payments are one of the moments."""
        super().send_first_invoice(lab)
        self.invoices = [self.booked, *(self._send(lab, known) for known in self.old[1:INVOICES])]

    def strike(self, lab: Laboratory) -> None:
        """Begin the work, kill somebody in the middle of it, and start the victim again."""
        lab.odoo.write(
            "tribe.connection",
            lab.connection_ids,
            conflict_policy=self.model.policy,
            export_moment="nightly",
        )
        if self.restores:
            lab.neighbour.back_up()
        for _number in range(EDITS_BESIDE):
            self._edit_one(lab.neighbour, self.beside)
        lab.neighbour.press("action_run_nightly")
        lab.sandbox.reset_calls()
        begin = {
            "initial synchronization": self._initial,
            "webhook processing": self._webhooks,
            "nightly export": self._nightly,
            "booking": self._booking,
            "payment export": self._payments,
            "token refresh": self._tokens,
            "settling": self._invoices,
            "booking again": self._invoices,
        }[self.moment]
        begin(lab)
        if self.restores:
            self.restore(lab)
        self._wait_for_the_moment(lab)
        if self.victim == "PostgreSQL":
            lab.restart_postgresql(DOWN_SECONDS)
            return
        lab.kill_odoo()
        lab.start_odoo()

    def _wait_for_the_moment(self, lab: Laboratory) -> None:
        def has_come():
            calls = lab.sandbox.calls()
            return calls["total"] + calls["token_requests"] >= self.calls or not lab._due_work()

        until(self.moment, has_come, pause=0.01)
        threading.Event().wait(self.seconds)

    # The work

    def _initial(self, lab: Laboratory) -> None:
        lab.press("action_deactivate")
        lab.wait_until_idle()
        for _number in range(CUSTOMERS):
            self.new.append(self._make(lab, ODOO))
        lab.sandbox.reset_calls()
        lab.press("action_activate")

    def _webhooks(self, lab: Laboratory) -> None:
        for known in self.old:
            self._change_all(lab, known, TRIBE)
        self.new.append(self._make(lab, TRIBE))

    def _nightly(self, lab: Laboratory) -> None:
        for known in self.old:
            self._change_all(lab, known, ODOO)
        self.new.append(self._make(lab, ODOO))
        lab.press("action_run_nightly")

    def _booking(self, lab: Laboratory) -> None:
        stranger = self._make(lab, TRIBE)
        self.new.append(stranger)
        for known in (*self.old, stranger):
            self._send(lab, known)

    def _payments(self, lab: Laboratory) -> None:
        for invoice_id in self.invoices:
            lab.pay(invoice_id)
            self.model.paid(invoice_id)
        lab.press("action_run_nightly")

    def _invoices(self, _lab: Laboratory) -> None:
        for step in self.books.steps():
            step()

    def _tokens(self, lab: Laboratory) -> None:
        lab.sandbox.fault("slow", path_contains="/oauth2/token", seconds=0.5, times=3)
        lab.sandbox.revoke_tokens()
        self._webhooks(lab)

    def _change_all(self, lab: Laboratory, known: Known, side: str) -> None:
        for name in ("email", "phone", "city"):
            self._change(lab, known, side, name)
