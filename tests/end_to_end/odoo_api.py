"""Odoo as another program sees it: its external JSON-2 API with an API key."""

import requests

# Only to end what would hang: no machine is that slow.
SECONDS_TO_ANSWER = 900


class OdooError(Exception):
    """What Odoo answered instead of a result, with the status of the answer."""

    def __init__(self, message, status: int = 0):
        super().__init__(message)
        self.status = status


class OdooApi:
    """Calls public methods of models: ``api.call("res.partner", "search", domain=[...])``."""

    def __init__(self, address: str, key: str):
        self._address = address
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {key}"

    def call(self, model: str, method: str, ids=(), **arguments):
        """The result of a method, as JSON gives it.

        :raises OdooError: with Odoo's message
        """
        answer = self._session.post(
            f"{self._address}/json/2/{model}/{method}",
            json={"ids": list(ids), **arguments},
            timeout=SECONDS_TO_ANSWER,
        )
        content = answer.json() if answer.content else None
        if not answer.ok:
            message = content.get("message") if isinstance(content, dict) else answer.text
            raise OdooError(message, answer.status_code)
        return content

    def rows(self, model: str, domain, fields, **options) -> list[dict]:
        """The records that match, archived ones too."""
        return self.call(
            model,
            "search_read",
            domain=domain,
            fields=fields,
            context={"active_test": False},
            **options,
        )

    def create(self, model: str, **values) -> int:
        """The ID of a new record."""
        (record_id,) = self.call(model, "create", vals_list=[values])
        return record_id

    def write(self, model: str, ids, **values) -> None:
        """Change some records."""
        self.call(model, "write", ids, vals=values)
