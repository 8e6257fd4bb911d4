"""One batch of work on its way: what is done, what failed, what happened."""

from datetime import timedelta

import psycopg2

from odoo import fields

from .problems import BUSY, NEEDS_PERSON, problem_of


class Session:
    """What a handler needs for one batch: connection, client, leases, and a place for results.

    ``references`` are the records to work on; each ends in ``done`` or ``failed`` (or is still
    open when the handler raises, and then shares its exception).
    """

    def __init__(self, engine, connection, leases, works):
        self._engine = engine
        self.env = engine.env
        self.connection = connection
        self.leases = leases
        self.kind = works[0].kind
        self.direction = works[0].direction
        self.client = connection._client()
        self._work_ids = works.ids
        self._rows = {}
        for work in works:
            self._rows.setdefault(work.reference, []).append(work.id)
        self.reasons = {
            reference: set(works.browse(ids).mapped("reason"))
            for reference, ids in self._rows.items()
        }
        # Which partner each relation of this batch was found to be: {tribe_id: partner}.
        self.claims = {}
        self._open = dict.fromkeys(self._rows)
        self._done = 0
        self._problems = {}
        self._lines = []
        self._committed_lines = 0

    @property
    def references(self) -> list[str]:
        """The records of this batch that are not finished: Tribe IDs or Odoo IDs."""
        return list(self._open)

    def done(self, reference: str) -> None:
        """The work on a record is done: its rows go with the next commit."""
        if reference in self._open:
            self._works(reference)._remove()
            del self._open[reference]
            self._done += 1

    def failed(self, reference: str, error: Exception, name: str | None = None) -> None:
        """A record cannot be worked on (now): note why on one row of it."""
        if reference not in self._open:
            return
        del self._open[reference]
        problem = problem_of(error, self.env)
        self._problems[reference] = (problem, name)

    def fail_rest(self, error: Exception) -> None:
        """Whatever is still open shares an exception that hit the whole batch."""
        for reference in self.references:
            self.failed(reference, error)

    def log(self, action: str, name: str, text: str = "", partner=None, move=None) -> None:
        """Note something that a person should see in the run."""
        self._lines.append(
            {
                "action": action,
                "name": name,
                "text": text,
                "partner_id": partner.id if partner else False,
                "move_id": move.id if move else False,
                "company_id": (move or partner).company_id.id if move or partner else False,
            }
        )

    def commit(self) -> None:
        """Make what was done so far permanent."""
        self._engine._commit(0)
        self._committed_lines = len(self._lines)

    def rollback(self) -> None:
        """Undo what was done since the last commit, and forget what was noted about it."""
        self.env.cr.rollback()
        del self._lines[self._committed_lines :]

    def halves(self, items: list, apply, fail) -> None:
        """Apply a function to a list, each part in a savepoint; split until the bad one is alone.

        ``apply`` is called with a list and undone as a whole when it raises; ``fail`` is called
        with one item and its exception.
        """
        if not items:
            return
        noted = len(self._lines)
        try:
            with self.env.cr.savepoint():
                apply(items)
        except psycopg2.OperationalError:
            # The transaction is lost (a serialization failure, say): all of it comes again.
            raise
        except Exception as error:  # noqa: BLE001 - classified later
            self.env.invalidate_all()
            del self._lines[noted:]
            if len(items) == 1:
                fail(items[0], error)
                return
            middle = len(items) // 2
            self.halves(items[:middle], apply, fail)
            self.halves(items[middle:], apply, fail)

    def finish(self) -> None:
        """Write the problems to the work rows, and the run."""
        for reference, (problem, name) in self._problems.items():
            self._note_problem(reference, problem, name)
        if self._lines or self._failed or self.client.calls:
            self._write_run()

    @property
    def _failed(self) -> int:
        return sum(problem.kind != BUSY for problem, _name in self._problems.values())

    def _note_problem(self, reference, problem, name):
        works = self._works(reference)
        if not works:
            return
        if problem.kind == BUSY:
            works.write({"due": fields.Datetime.now() + timedelta(seconds=problem.retry_after)})
            return
        kept, others = works[0], works[1:]
        tries = max(works.mapped("tries")) + 1
        kept.write(
            {
                "tries": tries,
                "due": self._due(problem, tries),
                "error": problem.text,
                "error_class": problem.kind,
                "cause": problem.cause,
                "record_name": name or kept.record_name,
            }
        )
        others._remove()
        if problem.kind == NEEDS_PERSON:
            self.log("problem", kept.record_name or reference, problem.text)

    def _due(self, problem, tries):
        if problem.kind == NEEDS_PERSON:
            # By itself only once a night; a person or a filled mapping brings it forward.
            return self.connection._last_nightly_moment() + timedelta(days=1)
        if problem.retry_after is not None:
            return fields.Datetime.now() + timedelta(seconds=problem.retry_after)
        return self._engine._back_off(self.connection, tries)

    def _write_run(self):
        self.env["tribe.run"].create(
            {
                "connection_id": self.connection.id,
                "direction": self.direction,
                "kind": self.kind,
                "calls": self.client.calls,
                "seconds": self.client.seconds,
                "webhooks": sum("webhook" in reasons for reasons in self.reasons.values()),
                "changed": sum(line["action"] != "problem" for line in self._lines),
                "done": self._done,
                "failed": self._failed,
                "line_ids": [fields.Command.create(line) for line in self._lines],
            }
        )

    def _works(self, reference):
        # The rows of the claim only: what was noted meanwhile stays for the next round.
        return self.env["tribe.work"].browse(self._rows[reference]).exists()
