"""One batch of work on its way: what is done, what failed, what happened."""

import math
from functools import cached_property

from odoo import fields

from ..sentence import sentence
from ..tribe_api import TribePaused
from .lost_race import is_of_transaction
from .problems import BUSY, STOPPED, OfSome, is_of_one_record, problem_of
from .retry import NIGHTLY, count_tries, moment_in, next_try, unless_given_up
from .run_lines import RunLines
from .separate_transaction import execute_apart
from .turn import current_turn, is_turn_over
from .work_rows import asked_facts, reason_of, row_to_keep, tells_of, values_of_problem


class Batch:
    """What a handler needs for one batch: connection, client, leases, and a place for results.

    ``references`` are the records to work on; each ends in ``done`` or ``failed`` (or is still
    open when the handler raises, and then shares its exception).
    """

    def __init__(self, engine, connection, leases, works):
        self._engine = engine
        self.env = engine.env
        self.connection = connection
        self.leases = leases
        # Whatever is read of Tribe is read after this.
        self.began = fields.Datetime.now()
        self.kind = works[0].kind
        self._kind = engine._table_of_kinds()[self.kind]
        self.direction = works[0].direction
        self._work_ids = works.ids
        self._mode = connection.mode
        self._addresses = (connection.api_address, connection.authorization_address)
        self._read_rows(works)
        # Which partner each relation of this batch was found to be: {tribe_id: partner}.
        self.owner_by_tribe_id = {}
        # Which relation came first with a partner or a number: {partner or (field, number): it}.
        self.first_relation_with = {}
        # Whose relation has the number that a contact has by now: {(field, link): links or None}.
        self.links_with_number = {}
        # What stays known of a record that fails, on its row: {reference: facts}.
        self.kept = {}
        # What of the tenant was read again, as something was not known.
        self._learned = set()
        # How Tribe works otherwise than was found: readings by their code.
        self._noticed = {}
        self._open = dict.fromkeys(self._rows)
        self._done = 0
        self._has_stopped = False
        self._problems = {}
        self._lines = RunLines(connection, self.began)
        self._committed_lines = 0
        # What is done, and undone again by a rollback.
        self._uncommitted = []

    def _read_rows(self, works):
        """Which records the rows are about, and what each of them says."""
        self._rows = {}
        for work in works:
            self._rows.setdefault(work.reference, []).append(work.id)
        self.reasons = {
            reference: {reason_of(work) for work in works.browse(ids)}
            for reference, ids in self._rows.items()
        }
        # What was noted with what a person asked for: {reference: facts}.
        self.asked = {
            reference: asked_facts(works.browse(ids)) for reference, ids in self._rows.items()
        }
        # What could not be done before.
        self.held = {work.reference for work in works if work.tries or work.error_class}

    @cached_property
    def client(self):
        """The client of this batch."""
        return self.connection._client(
            mode=self._mode, reads_only=self._kind.only_reads, before_write=self.check_still_on
        )

    @property
    def references(self) -> list[str]:
        """The records of this batch that are not finished: Tribe IDs or Odoo IDs."""
        return list(self._open)

    def facts(self, reference: str) -> list[dict]:
        """What is noted on the rows of a record, the oldest first."""
        return [work.facts for work in self._works(reference).sorted("id") if work.facts]

    def keep(self, reference: str, facts: dict) -> None:
        """Note for good what has to be known should this batch never come to its end."""
        self._works(reference)[:1].facts = facts
        self.commit()

    def done(self, *references: str) -> None:
        """The work on some records is done: their rows go with the next commit."""
        done = [reference for reference in references if reference in self._open]
        rows = [row for reference in done for row in self._rows[reference]]
        # Whether they are there still is not asked: they are not wanted.
        self.env["tribe.work"].browse(rows)._remove()
        for reference in done:
            del self._open[reference]
        self._done += len(done)
        self._uncommitted += done

    def failed(
        self,
        reference: str,
        error: Exception,
        name: str | None = None,
        company=None,
        facts: dict | None = None,
    ) -> None:
        """A record cannot be worked on (now): note why on one row of it.

        Only users of the record's company see it, where it has one. ``company``: the one that it
        will belong to, where it is not in Odoo yet. ``facts``: what is known of an invoice.
        """
        if reference not in self._open:
            return
        del self._open[reference]
        problem = problem_of(error, self.env)
        self._problems[reference] = (problem, name, company, facts)

    def has_failed(self, reference: str) -> bool:
        """Whether a record of this batch could not be done, wholly or in part."""
        return reference in self._problems

    def fail_rest(self, error: Exception) -> None:
        """Whatever is still open shares an exception that hit the whole batch."""
        for reference in self.references:
            self.failed(reference, error)

    def log(
        self, action: str, name: str, text: str = "", partner=None, move=None, company=None
    ) -> None:
        """Note something that a person should see in the run; of which company, if of one.

        What is about no contact or invoice of Odoo is for the connection's own company: it may
        name whatever that one may know.

        Not one problem, note or change more than runs name within a day: what fails, is well and
        fails again would fill them without an end, and so would what changes again and again.
        *Needs Attention* has it all the same, and changes are counted.
        """
        self._lines.add(action, name, text, partner, move, company)

    def notice(self, code: str, value: str) -> None:
        """Note how Tribe works, as far as this batch showed it (``tribe.reading``)."""
        self._noticed[code] = value

    def notice_lag(self, seconds: float | None) -> None:
        """Note that Tribe did not show yet what was there so many seconds before."""
        if seconds and seconds > float(self._noticed.get("lag") or 0):
            self.notice("lag", str(math.ceil(seconds)))

    def may_learn(self, what: str, unknown: set) -> bool:
        """Whether something of the tenant is to be read again, as some of it is not known: once."""
        if not unknown or what in self._learned:
            return False
        self._learned.add(what)
        return True

    def check_still_on(self) -> None:
        """Stop where somebody chose another mode, archived or deactivated since the batch began.

        Or entered another address: what is read from then on, such as the token of webhooks, is
        for the host there.

        Asked apart, for what is committed now. In a pause a batch may end.

        :raises TribePaused: what waits goes on in another batch, once it may
        """
        off = ("draft",) if self._kind.before_activation else ("draft", "connected")
        row = execute_apart(
            self.env.registry,
            """SELECT 1 FROM tribe_connection
                WHERE id = %s AND active AND mode = %s AND state NOT IN %s
                  AND api_address = %s AND authorization_address = %s""",
            [self.connection.id, self._mode, off, *self._addresses],
        )
        if not row:
            raise TribePaused(sentence("connection_switched"))

    def check_may_change_odoo(self) -> None:
        """As ``check_still_on``, for what comes in from Tribe.

        What goes out is checked before each write in Tribe, and is kept whatever happens then.
        """
        if self.direction == "inbound" and not self._kind.only_reads:
            self.check_still_on()

    def commit(self) -> None:
        """Make what was done so far permanent.

        :raises TribePaused: for what came in, once it may not any more
        """
        self.check_may_change_odoo()
        self._engine._commit(0)
        self._committed_lines = len(self._lines)
        self._uncommitted.clear()

    def rollback(self) -> None:
        """Undo what was done since the last commit, and forget what was noted about it."""
        self.env.cr.rollback()
        self._forget(self._committed_lines, 0)

    def _forget(self, lines, done):
        """Forget what was noted and done beyond so many lines and records: it was undone."""
        self._lines.forget_beyond(lines)
        for reference in self._uncommitted[done:]:
            self._open[reference] = None
        self._done -= len(self._uncommitted[done:])
        del self._uncommitted[done:]

    def apply_splitting_on_error(self, items: list, apply, fail) -> None:
        """Apply a function to a list, in a savepoint; if that fails, to one item after the other.

        Whose fault it is ``apply`` may know (``OfSome``): then the others are done without these.
        After each that is done twice as many are done at once, so that one bad item costs little,
        and only bad ones no more than each by itself. What is left when the time of the turn is
        over fails with that; but never is nothing done.

        ``apply`` is called with a list and undone as a whole when it raises; ``fail`` is called
        with one item and its exception.
        """
        left, size = list(items), len(items)
        while left:
            if len(left) < len(items) and is_turn_over():
                for item in left:
                    fail(item, current_turn().over())
                return
            part = left[:size]
            try:
                self._apply(part, apply)
            except OfSome as error:
                for item, reason in error.reasons.items():
                    fail(item, reason)
                left = [item for item in left if item not in error.reasons]
            except Exception as error:
                if is_of_transaction(error):
                    # All of it comes again.
                    raise
                if len(part) == 1:
                    fail(part[0], error)
                    left = left[1:]
                size = 1
            else:
                left, size = left[size:], size * 2

    def _apply(self, items, apply):
        """Apply a function to a list; when it raises, it is as if that had not been done."""
        noted = len(self._lines), len(self._uncommitted)
        try:
            with self.env.cr.savepoint():
                apply(items)
        except Exception:
            self.env.invalidate_all()
            self._forget(*noted)
            raise

    def split_on_error(self, process) -> None:
        """Have the open records done; when a batch fails by one record, one after the other.

        After each that is done twice as many are done at once. ``process`` is called with this
        batch, whose ``references`` are those of the part.
        """
        left = self.references
        size = len(left)
        while left:
            part, left = left[:size], left[size:]
            self._open = dict.fromkeys(part)
            try:
                process(self)
                self.fail_rest(LookupError("neither done nor failed"))
                if left:
                    self.commit()
                size *= 2
            except Exception as error:
                if not is_of_one_record(error):
                    self._open = dict.fromkeys([*self._open, *left])
                    raise
                self.rollback()
                self.owner_by_tribe_id.clear()
                self.first_relation_with.clear()
                size = 1
                if len(self._open) < 2:
                    self.fail_rest(error)
                else:
                    # What failed in it by itself is known already.
                    left = [*self._open, *left]

    def postpone_all(self, error: Exception) -> None:
        """Not even the problems could be noted: have everything of this batch wait."""
        problem = problem_of(error, self.env)
        works = self.env["tribe.work"].browse(self._work_ids).exists()
        for work in works:
            tries = work.tries + 1
            noted = unless_given_up(self.connection, problem, tries)
            work.write(
                {
                    "tries": tries,
                    "due": next_try(self.connection, noted, tries),
                    **values_of_problem(work, noted),
                    "begun": 0,
                }
            )

    def finish(self) -> None:
        """Write the problems to the work rows, and the run."""
        for reference, noted in self._problems.items():
            self._note_problem(reference, *noted)
        if noticed := {**self.client.noticed, **self._noticed}:
            for reading in self.env["tribe.reading"]._notice(self.connection, noticed):
                self.log("note", self.connection.name, reading._turned_sentence())
        if self._lines or self._failed or self.client.calls:
            self._write_run()
        if self._has_stopped:
            self.connection._rest_when_workers_end()

    @property
    def _failed(self) -> int:
        return sum(problem.kind != BUSY for problem, *_about in self._problems.values())

    def _note_problem(self, reference, problem, name, company, facts):
        works = self._works(reference)
        if not works:
            return
        facts = facts or self.kept.get(reference)
        known = {"facts": facts} if facts else {}
        if problem.kind == BUSY:
            works.write({"due": moment_in(problem.retry_after), "begun": 0, **known})
            return
        if works._is_ignored(problem):
            works._remove()
            return
        kept = row_to_keep(works)
        # Not what merely waits: nobody was at it.
        self._has_stopped |= problem.cause == STOPPED and works._stops_workers()
        company = company or (kept.move_id.exists() or kept.partner_id.exists()).company_id
        tries = count_tries(works, problem)
        problem = unless_given_up(self.connection, problem, tries)
        told = values_of_problem(kept, problem)
        is_new = told and not tells_of(kept, problem)
        kept.write(
            {
                "tries": tries,
                "due": next_try(self.connection, problem, tries),
                **told,
                "record_name": name or next(filter(None, works.mapped("record_name")), False),
                "company_id": (company or kept.company_id).id,
                **known,
                # No longer what that transaction noted: a later save is another row.
                "transaction": False,
                # What stopped its worker is begun alone the next time, and once a night.
                "begun": int(problem.cause == STOPPED),
            }
        )
        (works - kept)._remove()
        # Once, however often Tribe has it looked at again: runs are kept for long.
        if is_new and problem.kind in NIGHTLY:
            # Seen where the row is.
            company = kept.company_id
            self.log("problem", kept.record_name or reference, problem.text, company=company)

    def _write_run(self):
        self.env["tribe.run"].create(
            {
                "connection_id": self.connection.id,
                "direction": self.direction,
                "kind": self.kind,
                "calls": self.client.calls,
                "seconds": self.client.seconds,
                "webhooks": sum("webhook" in reasons for reasons in self.reasons.values()),
                "changed": self._lines.changed,
                "done": self._done,
                "failed": self._failed,
                "has_stopped": self._has_stopped,
                "line_ids": self._lines.commands(),
            }
        )

    def _works(self, reference):
        # The rows of the claim only: what was noted meanwhile stays for the next round.
        return self.env["tribe.work"].browse(self._rows[reference]).exists()
