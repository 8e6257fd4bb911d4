"""What a person sees of a run: a line for each change and problem, not without an end."""

from datetime import timedelta

from odoo import fields

# How many problems of a connection its runs name within a day; beyond it they only count them. So
# many notes, too.
MOST_PROBLEMS = 2000
BOUNDED = ("problem", "note")
# And how many changes of each kind; what is made once is not bounded, as it stays.
MOST_CHANGES = 20_000
CHANGES = ("link", "update_odoo", "update_tribe")


class RunLines:
    """The lines of one run of a connection, as long as they may still be undone."""

    def __init__(self, connection, began):
        self._connection = connection
        self._began = began
        self._lines = []
        # How many of a day's lines there were before this run: {action: count}.
        self._before = {}

    def __len__(self):
        return len(self._lines)

    def add(self, action, name, text, partner, move, company) -> None:
        """Note something that a person should see; of which company, if of one (``Batch.log``)."""
        if action in BOUNDED and self._count_today(action, MOST_PROBLEMS) >= MOST_PROBLEMS:
            return
        if action in CHANGES and self._count_today(action, MOST_CHANGES) >= MOST_CHANGES:
            self._lines.append({"action": action})
            return
        company = company or (move or partner or self._connection).company_id
        if action == "note" and not company:
            # It may tell a value, which is for those alone who may know what the connection knows.
            company = self._connection.company_id
        self._lines.append(
            {
                "action": action,
                "name": name,
                "text": text,
                "partner_id": partner.id if partner else False,
                "move_id": move.id if move else False,
                "company_id": company.id,
            }
        )

    def forget_beyond(self, count: int) -> None:
        """Forget the lines beyond so many: what they tell of was undone."""
        del self._lines[count:]

    @property
    def changed(self) -> int:
        """How many changes there were, those that have no line of their own included."""
        return sum(line["action"] != "problem" for line in self._lines)

    def commands(self) -> list:
        """The lines, to be created with the run."""
        return [fields.Command.create(line) for line in self._lines if "name" in line]

    def _count_today(self, action: str, most: int) -> int:
        """How many lines of a kind the runs of a day have, this one's included; or ``most``."""
        if action not in self._before:
            self._before[action] = self._count_before(action, most)
        return self._before[action] + sum(line["action"] == action for line in self._lines)

    def _count_before(self, action: str, most: int) -> int:
        runs = [
            ("connection_id", "=", self._connection.id),
            ("date", ">", self._began - timedelta(days=1)),
        ]
        named = [("action", "=", action), ("run_id", "any", runs)]
        return self._connection.env["tribe.run.line"].search_count(named, limit=most)
