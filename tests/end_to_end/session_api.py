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

    def create_user(self, login: str, *groups: str, **values) -> int:
        """The ID of a new user with some groups, by their external IDs; the login is the password.

        ``values`` are further ones of the user.
        """
        names = [group.partition(".")[::2] for group in groups]
        ids = [
            self.rows("ir.model.data", [["module", "=", module], ["name", "=", name]], ["res_id"])
            for module, name in names
        ]
        return self.create(
            "res.users",
            **{
                "name": login.capitalize(),
                "login": login,
                "password": login,
                "odoobot_state": "disabled",
                "group_ids": [[6, 0, [row["res_id"] for (row,) in ids]]],
                **values,
            },
        )
