"""Finds how a tenant takes writes, with one organization of our own: made, changed and deleted.

It goes step by step, as Tribe may show a change late: ``Trial.step`` says after how many seconds
the next one is due. All that it has to remember is in ``notes``, as JSON can keep it. Nobody's
records are read or written, and no invoice is made.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping

from ..tribe_api import (
    TribeError,
    TribeNotFound,
    TribeRefused,
    TribeUnauthorized,
    TribeUnavailable,
    TribeUnknownSet,
)
from .tenant import yes_or_no
from .trial_organization import (
    ADDRESS,
    FIELDS,
    ORGANIZATION,
    ORGANIZATION_TYPE,
    TEST_IMPORT_ID,
    TEST_NAME,
    TrialOrganization,
)

# Seconds until Tribe has to show a change, and until a webhook has to come.
LONGEST_LAG = 240
LONGEST_WEBHOOK = 150
# Seconds from one look to the next: often at first, as most Tribes are quick.
SOON, LATER_ON = 2, 15
OFTEN = 20
BEGIN, END, DONE = "find", "tidy", "done"


class Trial(TrialOrganization):
    """One try, as far as it came."""

    @staticmethod
    def begin(before: Mapping) -> dict:
        """The notes of a try that begins anew; of one before it, what may have been lost."""
        return {
            "step": BEGIN,
            "values": {},
            "id": before.get("id"),
            "creating": before.get("creating"),
        }

    def step(self) -> float | None:
        """Do what comes next; seconds until the step after it, None at the end."""
        steps = {
            BEGIN: self.find,
            "create": self.create_ours,
            "created": self.created,
            "listen": self.listen,
            "update": self.update,
            "updated": self.updated,
            "fill": self.fill,
            "filled": self.filled,
            "clear": self.clear,
            "cleared": self.cleared,
            END: self.tidy,
            "deleted": self.deleted,
        }
        if self.notes["step"] not in steps:
            return None
        return steps[self.notes["step"]]()

    def hear(self, event: Mapping) -> None:
        """A webhook arrived: note the first one about the change.

        :param event: ``at`` (seconds), and of what shape it was
        """
        is_due = self.notes["step"] == "updated" and event["at"] >= self.notes["since"]
        if not is_due or "heard" in self.notes:
            return
        self.notes["heard"] = event["at"]
        self.values["webhook"] = "yes"
        self.values["webhook_wait"] = _seconds(event["at"] - self.notes["since"])
        for code in ("webhook_header", "webhook_payload", "webhook_kind"):
            if event.get(code):
                self.values[code] = event[code]

    def go_to(self, step: str) -> float | None:
        self.notes["step"] = step
        self.notes.pop("looks", None)
        return None if step == DONE else 0

    # Waiting

    def wait(self, longest: float) -> float | None:
        """Seconds until the next look; None where it was waited for long enough."""
        waited = self.now() - self.notes["since"]
        if waited >= longest:
            return None
        return SOON if waited < OFTEN else LATER_ON

    def note_lag(self) -> None:
        """Note how long it took until the last change was shown: the longest counts."""
        lag = 0 if not self.notes.get("looks") else self.now() - self.notes["since"]
        self.notes["lag"] = max(self.notes.get("lag", 0), lag)
        self.values["lag"] = _seconds(self.notes["lag"])

    def is_too_late(self, longest: float) -> float:
        """Nothing is shown yet: look again, or give up."""
        self.notes["looks"] = self.notes.get("looks", 0) + 1
        wait = self.wait(longest)
        if wait is None:
            self.values["lag"] = "longer"
            return self.go_to(END) or 0
        return wait

    # Making it

    def find(self) -> float | None:
        """Clean up behind an earlier try, and look for what it left: there is never a second."""
        self.remove_webhooks()
        if self.notes.get("id"):
            if self.read_ours():
                self.notes["creating"] = None
                return self.go_to("fill")
            # It may only not show yet.
            self.notes["creating"] = self.notes.get("creating") or self.now()
        if row := self.look_for():
            self.notes["id"] = row["ID"]
            self.notes["creating"] = None
            return self.go_to("fill")
        if self.notes.get("creating"):
            left = self.notes["creating"] + self.settle - self.now()
            if left > 0:
                return left
        self.notes["id"] = None
        return self.go_to("create")

    def create_ours(self) -> float | None:
        body = {"Name": TEST_NAME}
        if self.has("ImportId"):
            body["ImportId"] = TEST_IMPORT_ID
        body |= {name: self.new_value(name) for name in self.fields}
        self.notes["creating"] = self.now()
        self.notes["step"] = BEGIN
        self.keep()
        with_address = self.address and self.values.get("nested_create") != "refused"
        try:
            made = self.client.create(
                ORGANIZATION, {**body, self.address: dict(ADDRESS)} if with_address else body
            )
        except (TribeUnauthorized, TribeUnknownSet):
            raise
        except TribeRefused:
            # Perhaps of its part alone.
            self.notes["creating"] = None
            if not with_address:
                raise
            self.values["nested_create"] = "refused"
            return self.go_to("create")
        except TribeUnavailable as error:
            if not error.outcome_unknown:
                self.notes["creating"] = None
            raise
        self.values["create_answer"] = self.client.write_answer
        self.notes["id"] = made.get("ID")
        self.notes["since"] = self.now()
        self.go_to("created")
        return self.created()

    def created(self) -> float | None:
        row = self.read_ours()
        if row is None:
            return self.is_too_late(LONGEST_LAG)
        self.note_lag()
        self.notes["creating"] = None
        if self.address and "nested_create" not in self.values:
            self.values["nested_create"] = yes_or_no(bool(row.get(self.address)))
        return self.go_to("listen")

    # Changing it

    def listen(self) -> float | None:
        url, headers = self.webhook
        self.keep()
        try:
            webhook = self.client.create_webhook(ORGANIZATION_TYPE, url, headers)
        except TribeRefused:
            self.values["webhook"] = "refused"
        else:
            self.notes["listens"] = True
            self.values["webhook_secret"] = yes_or_no(
                any("secret" in name.lower() for name in webhook)
            )
        return self.go_to("update")

    def fill(self) -> float | None:
        """One that an earlier try left lacks what that emptied."""
        if not self.fields:
            return self.go_to(END)
        return self.change({name: self.new_value(name) for name in self.fields}, "filled")

    def filled(self) -> float | None:
        if not self.shows(self.read_ours()):
            return self.is_too_late(LONGEST_LAG)
        self.note_lag()
        return self.go_to("listen")

    def update(self) -> float | None:
        if not self.fields:
            return self.go_to(END)
        row = self.read_ours() or {}
        # Those that are left out have to have a value.
        self.notes["left_out"] = [name for name in self.fields[1:] if row.get(name)]
        marker = self.fields[0]
        return self.change({marker: self.new_value(marker)}, "updated")

    def change(self, body: Mapping, step: str) -> float | None:
        """Write, and look at once whether it shows."""
        self.notes["expected"] = body[self.fields[0]]
        self.notes["since"] = self.now()
        self.write_ours(body)
        self.values["write_answer"] = self.client.write_answer
        self.go_to(step)
        return self.step()

    def updated(self) -> float | None:
        if not self.notes.get("shown"):
            self.look_at_update()
        if self.notes.get("shown") and ("heard" in self.notes or not self.notes.get("listens")):
            return self.go_to("clear")
        if not self.notes.get("shown"):
            return self.is_too_late(LONGEST_LAG)
        wait = self.wait(LONGEST_WEBHOOK)
        if wait is None:
            self.values["webhook"] = "no"
            return self.go_to("clear")
        return wait

    def look_at_update(self) -> None:
        row = self.read_ours()
        is_shown = self.shows(row)
        if "heard" in self.notes and "webhook_read" not in self.values:
            self.values["webhook_read"] = yes_or_no(is_shown)
        if not is_shown:
            return
        self.note_lag()
        self.notes["shown"] = True
        if "webhook_read" not in self.values and self.notes.get("listens"):
            # Shown before the webhook is here, so also when it comes.
            self.values["webhook_read"] = "yes"
        if self.notes["left_out"]:
            self.values["partial_update"] = yes_or_no(all(map(row.get, self.notes["left_out"])))

    def clear(self) -> float | None:
        """Empty a field by null and another one by an empty text; a third one tells when it shows.

        Where an update empties what it leaves out, nothing can be told.
        """
        if len(self.fields) < len(FIELDS) or self.values.get("partial_update") != "yes":
            return self.go_to(END)
        marker, by_null, by_text = self.fields
        is_written = False
        for code, name, value in (("clearing", by_null, None), ("empty_text", by_text, "")):
            mark = self.new_value(marker)
            try:
                self.write_ours({name: value, marker: mark})
            except (TribeUnauthorized, TribeNotFound):
                raise
            except TribeRefused:
                self.values[code] = "refused"
                continue
            self.notes["expected"] = mark
            is_written = True
        if not is_written:
            return self.go_to(END)
        self.notes["since"] = self.now()
        self.go_to("cleared")
        return self.cleared()

    def cleared(self) -> float | None:
        row = self.read_ours()
        if not self.shows(row):
            return self.is_too_late(LONGEST_LAG)
        self.note_lag()
        for code, name in zip(("clearing", "empty_text"), self.fields[1:], strict=True):
            self.values.setdefault(code, yes_or_no(not row.get(name)))
        return self.go_to(END)

    # Taking it away

    def tidy(self) -> float | None:
        """Remove the webhook, and delete the organization; where that is refused it stays.

        Read right before: nothing is deleted that is not ours.
        """
        self.remove_webhooks()
        row = self.read_ours()
        if row is None:
            # Not shown yet: the next try looks for it.
            return self.go_to(DONE)
        address = row.get(self.address) if self.address else None
        try:
            self.client.delete(ORGANIZATION, row["ID"])
        except TribeRefused:
            return self.go_to(DONE)
        self.notes["address_id"] = (address or {}).get("ID")
        self.notes["since"] = self.now()
        self.go_to("deleted")
        return self.deleted()

    def deleted(self) -> float | None:
        """Look whether its address went with it; else it is deleted too."""
        if self.read_ours() is not None:
            self.notes["looks"] = self.notes.get("looks", 0) + 1
            wait = self.wait(LONGEST_LAG)
            return self.go_to(DONE) if wait is None else wait
        self.notes["id"] = None
        if address_id := self.notes.get("address_id"):
            self.values["relation_deletion"] = yes_or_no(self.is_gone(address_id))
        return self.go_to(DONE)

    def is_gone(self, address_id: str) -> bool:
        try:
            self.client.get("Address", address_id, select="ID")
        except TribeNotFound:
            return True
        with contextlib.suppress(TribeRefused):
            self.client.delete("Address", address_id)
        return False

    def give_up(self) -> None:
        """Something was refused: clean up, as far as Tribe lets us."""
        try:
            self.remove_webhooks()
            row = self.read_ours() if self.notes.get("id") else None
            if row is not None:
                self.client.delete(ORGANIZATION, row["ID"])
                self.notes["id"] = None
        except TribeError:
            return


def _seconds(seconds: float) -> str:
    """Whole seconds, rounded up; less than one is none."""
    return str(math.ceil(seconds)) if seconds >= 1 else "none"
