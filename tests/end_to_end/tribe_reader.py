"""Tribe as another program sees it: its public API, read without the connector's client."""

import requests

from .waiting import SECONDS

PAGE = 100


class TribeReader:
    """Reads whole sets through ``/v1/odata`` with a token of its own."""

    def __init__(self, address: str, client_id: str, client_secret: str):
        self._address = address
        self._session = requests.Session()
        self._session.trust_env = False
        answer = self._session.post(
            f"{address}/oauth2/token",
            data={
                "grant_type": "client_credentials",
                "client_id": client_id,
                "client_secret": client_secret,
            },
            timeout=SECONDS,
        )
        answer.raise_for_status()
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def rows(self, entity_set: str, expand: str = "") -> list[dict]:
        """All rows of a set."""
        rows: list[dict] = []
        while True:
            query = f"$top={PAGE}&$skip={len(rows)}&$orderby=ID%20asc"
            if expand:
                query += f"&$expand={expand}"
            answer = self._session.get(
                f"{self._address}/v1/odata/{entity_set}?{query}", timeout=SECONDS
            )
            answer.raise_for_status()
            page = answer.json()["value"]
            rows += page
            # A page may have fewer rows than were asked for.
            if not page:
                return rows

    def webhooks(self) -> list[dict]:
        """The webhooks that somebody registered."""
        answer = self._session.get(f"{self._address}/v1/webhooks", timeout=SECONDS)
        answer.raise_for_status()
        return answer.json()
