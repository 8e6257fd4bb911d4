"""Tribe's OData API, call by call.

The conventions (100 rows a page, partial ``PUT``, ``POST`` with an ID as an update) are those of
docs/tribe-api.md. Every method raises a ``TribeError`` and nothing else for what goes wrong
outside; a ``ValueError`` is a mistake of the caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ..sentence import sentence
from .bounds import FILE_BYTES, METADATA_BYTES, MOST_WEBHOOKS
from .deadline import Answer
from .metadata import Schema
from .paths import checked_id, checked_set, id_in_headers, is_id, is_set_name, record_path
from .reader import Reader
from .shape import is_written
from .transport import reading


class Client(Reader):
    """One Tribe environment, through one connection of ours. Not for use by several threads.

    ``longest_exchange`` is how many seconds a whole exchange may take, ``turn`` the time in which
    all of them have to end, ``rate_limit_pause`` the least number of seconds to wait after a 429;
    ``calls`` counts the HTTP calls made, ``seconds`` the time they took, ``header_names`` are those
    of the last answer. The mode is the last barrier: ``off`` refuses everything, ``dry_run``
    refuses writes, ``demo`` refuses every host but this machine. With ``reads_only`` writes are
    refused in every mode. ``before_write`` is called before everything but a read, and may refuse
    it: the mode is the one of when this was made. ``page_size`` are the rows that a list asks for
    at once, ``counts`` whether it asks how many there are.
    """

    def schema(self) -> Schema:
        """What this tenant has: modules add and remove entity sets and fields."""
        with self._noting():
            url = f"{self._addresses.odata}/$metadata"
            accept = "application/xml"
            answer = self._exchange("GET", url, accept=accept, most_bytes=METADATA_BYTES)
            with reading(url, False):
                return Schema.from_edmx(answer.body)

    def current_employee(self) -> dict:
        """The (virtual) employee we act as; the cheapest way to test a connection."""
        return self._one("GetCurrentEmployee()", {})

    def download(self, entity_set: str, entity_id: str, file_property: str) -> bytes:
        """The content of a file, such as ``download("Attachment", id, "File")``."""
        if not is_set_name(file_property):
            raise ValueError(f"not a property: {file_property!r}")
        key = quote(checked_id(entity_id))
        url = f"{self._addresses.files}/{checked_set(entity_set)}/{key}/{file_property}"
        with self._noting():
            return self._exchange("GET", url, accept="*/*", most_bytes=FILE_BYTES).body

    # Writing

    def create(  # pylint: disable=method-required-super
        self, entity_set: str, body: Mapping
    ) -> dict:
        """Create a record, with its children when the body nests them.

        The answer may be the record, only its ``ID``, or ``{}`` when Tribe names nothing.
        """
        return self._written("POST", f"{self._addresses.odata}/{checked_set(entity_set)}", body)

    def update(self, entity_set: str, entity_id: str, body: Mapping) -> dict:
        """Change only the fields in the body (a ``PUT``, yet partial: Tribe developer site)."""
        return self._written(
            "PUT", f"{self._addresses.odata}/{record_path(entity_set, entity_id)}", body
        )

    def update_by_post(self, entity_set: str, entity_id: str, body: Mapping) -> dict:
        """Change a record by ``POST`` with its ID, as Tribe asks for the phase of an invoice."""
        return self.create(entity_set, {"ID": checked_id(entity_id), **body})

    def delete(self, entity_set: str, entity_id: str) -> None:
        """Delete a record that we made for a test: nobody's records are deleted across.

        Raises ``TribeNotFound`` when it is gone already.
        """
        with self._noting():
            self._exchange(
                "DELETE", f"{self._addresses.odata}/{record_path(entity_set, entity_id)}"
            )

    # Webhooks

    def webhooks(self) -> list[dict]:
        """The webhooks of the tenant, each with its ``ID``."""
        with self._noting():
            answer = self._exchange("GET", self._addresses.webhooks)
            with reading(self._addresses.webhooks, False):
                return self._webhooks_of(answer)

    def _webhooks_of(self, answer: Answer) -> list[dict]:
        content = self._content(answer, changes_something=False)
        if isinstance(content, dict):
            content = content.get("value", content.get("data"))
        if not isinstance(content, list) or not all(map(_is_webhook, content)):
            raise self._unreadable(sentence("found_no_list_of_webhooks"), changes_something=False)
        if len(content) > MOST_WEBHOOKS:
            raise self._unreadable(sentence("found_too_many_webhooks"), changes_something=False)
        return [_with_id(each) for each in content]

    def create_webhook(self, entity_type: str, url: str, headers: Mapping[str, str]) -> dict:
        """Ask Tribe to report changes of one entity type (``Relation.Organization``) to ``url``.

        The field names are those of Efficy's first n8n node: probable, not documented.
        """
        body = {
            "entityType": entity_type,
            "webhookUrl": url,
            "headers": [{"name": name, "value": value} for name, value in headers.items()],
        }
        with self._noting():
            secrets = tuple(headers.values())
            content = self._answered("POST", self._addresses.webhooks, body, secrets)
            with reading(self._addresses.webhooks, True):
                return _with_id(content)

    def delete_webhook(self, webhook_id: str) -> None:
        """Stop the reports of one webhook. Raises ``TribeNotFound`` when it is gone already."""
        with self._noting():
            self._exchange("DELETE", f"{self._addresses.webhooks}/{checked_id(webhook_id)}")

    def _written(self, method: str, url: str, body: Mapping) -> dict:
        with self._noting():
            content = self._answered(method, url, body)
            with reading(url, True):
                if not is_written(content, body):
                    raise self._unreadable(sentence("found_no_record"), changes_something=True)
            return content

    def _answered(
        self, method: str, url: str, body: Mapping, secrets: tuple[str, ...] = ()
    ) -> dict:
        answer = self._exchange(method, url, body=body, secrets=secrets)
        content: Any = {}
        with reading(url, True):
            if answer.body.strip():
                content = self._content(answer, changes_something=True)
            if not isinstance(content, dict):
                raise self._unreadable(sentence("found_no_record"), changes_something=True)
            named = id_in_headers(answer.headers)
            self.write_answer = f"{answer.status} {_what_answers(content, named)}"
            return {"ID": named, **content} if named else content


def _is_webhook(row: object) -> bool:
    return (
        isinstance(row, dict)
        and is_id(_with_id(row).get("ID") or "")
        and isinstance(row.get("webhookUrl") or "", str)
    )


def _with_id(row: dict) -> dict:
    named = row.get("ID") or row.get("id") or row.get("webhookId")
    return {**row, "ID": str(named)} if named else row


def _what_answers(content: dict, named: str | None) -> str:
    """What an answer to a write has of the record, in a word."""
    if set(content) - {"ID", "@odata.context"}:
        return "record"
    if content.get("ID"):
        return "id"
    return "location" if named else "nothing"
