"""Odoo's models through the session of a person in the browser."""

from .odoo_api import OdooApi
from .web_client import WebClient


class SessionApi(OdooApi):
    """Like ``OdooApi``; no API key has to be made for it."""

    def __init__(self, person: WebClient):
        self._person = person

    def call(self, model, method, ids=(), **arguments):
        """The result of a method.

        :raises OdooRefused: with Odoo's message
        """
        return self._person.call(model, method, ids, **arguments)

    def create(self, model, **values):
        """The ID of a new record."""
        (record_id,) = self.call(model, "create", [values])
        return record_id
