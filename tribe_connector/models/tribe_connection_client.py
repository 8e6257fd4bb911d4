import contextlib

from odoo import models
from odoo.exceptions import UserError

from ..engine.leases import (
    Leases,
    button_keys,
)
from ..engine.limiter import DatabaseLimiter, ProbingLimiter
from ..engine.tokens import StoredTokens
from ..engine.turn import current_turn
from ..sentence import say
from ..tribe_api import (
    Addresses,
    Client,
)


class TribeConnection(models.Model):
    """How a connection calls Tribe."""

    _inherit = "tribe.connection"

    def _addresses(self):
        self.ensure_one()
        return Addresses(self.api_address, self.authorization_address, self.web_address)

    def _client(self, **options):
        """A client for one piece of work; it opens cursors of its own for token and limit.

        :param options: as ``Client`` takes them
        :raises UserError: for demo data, and in a copy of the database
        """
        self.ensure_one()
        return self._client_with(DatabaseLimiter(self), **options)

    def _probing_client(self):
        """A client that also calls a Tribe that could not be reached: its answer ends that."""
        self.ensure_one()
        return self._client_with(ProbingLimiter(self))

    def _connecting_client(self):
        """As ``_probing_client``, to see which Tribe environment this is."""
        self.ensure_one()
        return self._client_with(ProbingLimiter(self), StoredTokens(self, compares=True))

    def _client_with(self, limiter, tokens=None, **options):
        self._refuse_demo_data()
        self._refuse_moved()
        return Client(
            self._addresses(),
            tokens or StoredTokens(self),
            limiter,
            **{
                "mode": self.mode,
                "longest_exchange": self.answer_seconds,
                "turn": current_turn(),
                "rate_limit_pause": self.rate_limit_pause_seconds,
                **self.env["tribe.reading"]._client_options(self),
                **options,
            },
        )

    @contextlib.contextmanager
    def _asking_for_button(self):
        """While a button asks Tribe, which keeps a worker of the web from everybody's requests.

        One of a user, and one of the connections of a company: a slow Tribe takes no more.

        :raises UserError: at once, for another one
        """
        with Leases(self.env.registry) as leases:
            if not all(map(leases.take, button_keys(self.env.uid, self.company_id.id))):
                raise UserError(say(self.env, "tribe_asked_for_button"))
            yield

    def _refuse_demo_data(self):
        if self.is_demo_data:
            raise UserError(
                say(
                    self.env,
                    "connection_is_example",
                    name=self.name,
                )
            )
