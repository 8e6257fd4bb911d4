"""What deciding needs, for a plan: reads of both sides, and leases that nobody has to wait for."""


class _NoLeases:
    """A plan changes nothing, so it works on no record."""

    def take(self, key: str) -> bool:
        """Always free."""
        return True


class PlanSession:
    """The part of ``Session`` that decisions use; there is nothing to commit or to finish.

    ``reasons`` says why each partner is looked at: ``{partner_id as text: {reason}}``.
    """

    def __init__(self, session, plan, reasons):
        self.env = session.env
        self.connection = session.connection
        self.client = session.client
        self.plan = plan
        self.reasons = reasons
        self.leases = _NoLeases()
        self.claims = {}
        self.firsts = {}
