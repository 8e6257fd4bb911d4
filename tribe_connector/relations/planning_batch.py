"""What deciding needs, for a plan: reads of both sides, and leases that nobody has to wait for."""


class _NoLeases:
    """A plan changes nothing, so it works on no record."""

    def take(self, key: str) -> bool:
        """Always free."""
        return True


class PlanningBatch:
    """The part of ``Batch`` that decisions use, and what the plan is to keep of them.

    Whatever deciding does to the database is undone; ``lines`` (``{line_id: values}``, no values
    for a line that goes) and ``candidates`` are written afterwards. A record in them may be gone
    then. ``reasons`` says why each partner is looked at: ``{partner_id as text: {reason}}``.
    """

    def __init__(self, batch, plan, reasons):
        self.env = batch.env
        self.began = batch.began
        self.connection = batch.connection
        self.client = batch.client
        self.plan = plan
        self.reasons = reasons
        self.leases = _NoLeases()
        self.owner_by_tribe_id = {}
        self.first_relation_with = {}
        self.links_with_number = {}
        self.kept = {}
        # Why there is no number of a sequence: {field: exception}.
        self.taken_up = {}
        self.lines = {}
        self.candidates = []

    def may_learn(self, what: str, unknown: set) -> bool:
        """Nothing of the tenant is read again: that is not undone."""
        return False

    def fill(self, line, values) -> None:
        """Say what a line means, for the lines after it and for good."""
        line.write(values)
        self.lines[line.id] = values

    def leave_out(self, line) -> None:
        """Take a line out of the plan, for the lines after it and for good."""
        self.lines[line.id] = None
        line.unlink()
