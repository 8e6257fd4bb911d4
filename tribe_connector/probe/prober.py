"""Finds the readings of a tenant by reading alone: a bounded number of calls, and nothing written.

What a tenant has no record for is not found; nothing is guessed. A call that Tribe refuses, or to
which nothing usable comes back, leaves its readings unfound.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from ..tribe_api import (
    Client,
    Guid,
    Page,
    TribePaused,
    TribeRateLimited,
    TribeRefused,
    TribeUnauthorized,
    TribeUnavailable,
    TribeUnknownSet,
    any_of,
    contains,
    either,
    equals,
    query_string,
)
from .dating import CHANGED, is_touched, touch
from .schema_readings import readings_of_schema
from .seen_invoices import SeenInvoices, expand_of_invoices
from .tenant import INVOICE, ORGANIZATION, Tenant, shown_phases, yes_or_no

# With the calls of Connect itself (a page of each set that is mapped) no more than 60.
MOST_CALLS = 40
# Recent invoices that are looked at, so many in a call.
INVOICES = 200
INVOICES_PER_CALL = 50
PAGE = 100
# Longer than any that is sent; and what servers usually take at most.
LENGTHS = (4500, 8000)
# Sets of which a tenant may have more than a page.
LARGE_SETS = (ORGANIZATION, "ProductLine", "Address")
NOWHERE = Guid("00000000-0000-4000-8000-000000000000")
LONGEST_VALUE = 200
IS_CHANGED = f"{CHANGED} ne null"


@dataclass
class Findings:
    """What was found: the readings by their code; whether time or calls were over before all."""

    values: dict[str, str] = field(default_factory=dict)
    is_cut_short: bool = False


def probe(client: Client, tenant: Tenant) -> Findings:
    """Look how a tenant works; raises what concerns the sign-in or the mode, and nothing else."""
    return _Prober(client, tenant).look()


class _Stop(Exception):
    """No more calls are made."""


class _Prober:
    def __init__(self, client: Client, tenant: Tenant):
        self.client = client
        self.tenant = tenant
        self.found = Findings()
        self._first = client.calls
        # One that has more rows than a page, once it is known.
        self.large_set = ORGANIZATION

    def look(self) -> Findings:
        for step in (
            *(self.token, self.schema, self.phases, self.organizations, self.filters),
            *(self.invoices, self.dates, self.addresses, self.entity, self.rows),
            *(self.pages, self.lengths),
        ):
            try:
                step()
            except (_Stop, TribePaused, TribeRateLimited):
                self.found.is_cut_short = True
                break
            except (TribeRefused, TribeUnavailable):
                continue
        return self.found

    # Asking

    def ask(self, entity_set: str, raw: str = "", **options: object) -> Page:
        """A page by its options, without their dollar sign; ``raw`` goes behind them as it is."""
        if self.client.calls - self._first >= MOST_CALLS:
            raise _Stop
        query = query_string({f"${name}": value for name, value in options.items()})
        return self.client.look(entity_set, query + raw, expand=options.get("expand"))

    def answers(self, entity_set: str, **options: object) -> str | None:
        """Whether Tribe answers such a query, as a word."""
        try:
            self.ask(entity_set, **options)
        except (TribeUnauthorized, TribeUnknownSet):
            return None
        except TribeRefused:
            return "refused"
        except (TribePaused, TribeRateLimited):
            raise
        except TribeUnavailable:
            return None
        return "answered"

    def note(self, code: str, value: object) -> None:
        if value is not None and value != "":
            self.found.values[code] = str(value)[:LONGEST_VALUE]

    # Without a call

    def token(self) -> None:
        if token := self.client.granted:
            self.note("token_end", token.end_told)
            if token.end_told != "nothing":
                self.note("token_lifetime", round(token.lifetime) or 1)
            scope = " ".join(word for word in token.scope.split() if word.isprintable())
            self.note("scope", scope or "nothing")

    def schema(self) -> None:
        for code, value in readings_of_schema(self.tenant):
            self.note(code, value)

    # Phases

    def phases(self) -> None:
        """Those of Tribe by their code; a tenant's own are counted."""
        if not self.tenant.has(INVOICE):
            return
        self.note("phases", shown_phases(self.tenant.phases))
        drafts = [row for row in self.tenant.phases if row["ID"] in self.tenant.drafts]
        if any(str(row.get("Code") or "").strip().lower() == "draft" for row in drafts):
            self.note("draft_phase", "code")
        elif drafts:
            in_draft = equals("Phase/ID", Guid(drafts[0]["ID"]))
            page = self.ask(INVOICE, filter=in_draft, select="ID", top=1)
            self.note("draft_phase", "numbers" if page.rows else "default")

    # Lists

    def organizations(self) -> None:
        """How a list of organizations is told: the count, the page, the IDs."""
        page = self.counted(ORGANIZATION)
        self.note("clock", "answered" if self.client.tells_time else "none")
        letters = "".join(row["ID"] for row in page.rows)
        if any(map(str.isalpha, letters)):
            cases = {"upper": letters.upper(), "lower": letters.lower()}
            self.note("id_case", next((k for k, v in cases.items() if v == letters), "mixed"))
        self.page_size(page)

    def counted(self, entity_set: str) -> Page:
        options = {"select": "ID", "orderby": "ID asc", "top": PAGE}
        if self.found.values.get("count") == "refused":
            return self.ask(entity_set, **options)
        try:
            page = self.ask(entity_set, count="true", **options)
        except (TribeUnauthorized, TribeUnknownSet):
            raise
        except TribeRefused:
            page = self.ask(entity_set, **options)
            self.note("count", "refused")
            return page
        self.note("count", "ignored" if page.count is None else "answered")
        return page

    @staticmethod
    def is_more(page: Page) -> bool:
        """Whether the page is known not to be all."""
        return page.is_announced or (page.count or 0) > len(page.rows) > 0

    def page_size(self, page: Page, entity_set: str = ORGANIZATION) -> None:
        """Note how many rows a page has, where it is seen: there are more behind it."""
        size = len(page.rows)
        is_full = self.is_more(page)
        if size and not is_full and page.count is None:
            behind = self.ask(entity_set, select="ID", orderby="ID asc", top=1, skip=size)
            is_full = bool(behind.rows)
        if is_full:
            self.large_set = entity_set
            self.note("page_size", size)
            self.note("next_link", yes_or_no(page.is_announced))

    def entity(self) -> None:
        if not self.tenant.own_id:
            return
        try:
            self.client.find(self.tenant.own_id)
        except TribeUnauthorized:
            return
        except TribeRefused:
            self.note("entity_by_id", "no")
            return
        self.note("entity_by_id", "yes")

    def pages(self) -> None:
        for entity_set in LARGE_SETS:
            if "page_size" in self.found.values or not self.tenant.has(entity_set):
                continue
            if entity_set != ORGANIZATION:
                self.page_size(self.counted(entity_set), entity_set)
        more = PAGE + 1
        try:
            page = self.ask(self.large_set, select="ID", orderby="ID asc", top=more)
        except TribeUnauthorized:
            return
        except TribeRefused:
            self.note("page_above", "refused")
            return
        is_capped = PAGE >= len(page.rows) > 0 and "page_size" in self.found.values
        shown = "more" if len(page.rows) > PAGE else "capped" if is_capped else "answered"
        self.note("page_above", shown)

    # Filters

    def filters(self) -> None:
        one = {"select": "ID", "top": 1}
        ids = [Guid(f"{NOWHERE[:-2]}{number:02}") for number in range(40)]
        self.note("or_terms", self.answers(ORGANIZATION, filter=any_of("ID", ids), **one))
        moment = datetime.datetime(2000, 1, 1, tzinfo=datetime.timezone.utc)
        since = either(
            *(f"{name} ge {moment:%Y-%m-%dT%H:%M:%SZ}" for name in ("CreationDate", CHANGED))
        )
        self.note("date_filter", self.answers(ORGANIZATION, filter=since, **one))
        if self.tenant.has(INVOICE):
            in_phase = equals("Phase/ID", NOWHERE)
            self.note("path_filter", self.answers(INVOICE, filter=in_phase, **one))
        self.note("null_filter", self.answers(ORGANIZATION, filter=f"{CHANGED} eq null", **one))
        self.texts(one)

    def texts(self, one: Mapping) -> None:
        """The code of a country, which stands there in capital letters."""
        codes = [str(row.get("Code") or "") for row in self.tenant.countries]
        code = next((code for code in codes if code.isascii() and code.isalpha()), None)
        if not code:
            self.note("contains", self.refused_contains(one))
            return
        countries, other = "Datastore_Country", code.swapcase()
        if self.ask(countries, filter=equals("Code", code), **one).rows:
            is_same = bool(self.ask(countries, filter=equals("Code", other), **one).rows)
            self.note("eq_case", "case_insensitive" if is_same else "case_sensitive")
            plus = f"&$filter=Code+eq+{quote(repr(code))}"
            try:
                is_space = bool(self.ask(countries, plus, **one).rows)
            except TribeRefused:
                is_space = False
            self.note("plus", "space" if is_space else "plus")
        try:
            is_same = bool(self.ask(countries, filter=contains("Code", other), **one).rows)
        except TribeUnauthorized:
            return
        except TribeRefused:
            self.note("contains", "refused")
            return
        self.note("contains", "case_insensitive" if is_same else "case_sensitive")

    def refused_contains(self, one: Mapping) -> str | None:
        answer = self.answers(ORGANIZATION, filter=contains("Name", "a"), **one)
        return "refused" if answer == "refused" else None

    def lengths(self) -> None:
        """With a long text: there may be a limit for the number of alternatives as well."""
        longest = None
        for length in LENGTHS:
            text = contains("Name", "x" * length)
            answer = self.answers(ORGANIZATION, filter=text, select="ID", top=1)
            if answer == "refused":
                self.note("longest_address", longest or "refused")
                return
            longest = length if answer else longest
        self.note("longest_address", longest)

    # What rows show

    def rows(self) -> None:
        if page := self.ask(ORGANIZATION, top=5).rows:
            properties = self.tenant.schema[ORGANIZATION]["properties"]
            names = set(properties) - {"_Type", "_Name"}
            shown = [name for row in page for name in names if name in row]
            if len(shown) < len(names) * len(page):
                self.note("unset", "absent")
            elif any(row[name] is None for row in page for name in names):
                self.note("unset", "null")
        if self.tenant.has("Relation"):
            known = set(self.tenant.schema["Relation"]["properties"])
            others = set(self.tenant.schema[ORGANIZATION]["properties"]) - known
            if page := self.ask("Relation", top=5).rows:
                is_derived = any(name in row for row in page for name in others)
                self.note("base_rows", "derived" if is_derived else "base")

    def dates(self) -> None:
        """Records that were never changed have no date of it, or the one of their creation."""
        options = {"select": f"ID,CreationDate,{CHANGED}", "top": PAGE}
        for entity_set in (ORGANIZATION, "Address"):
            if "mutation_on_new" in self.found.values or not self.tenant.has(entity_set, CHANGED):
                continue
            rows = self.ask(entity_set, orderby="CreationDate desc", **options).rows
            if any(row.get(CHANGED) is None for row in rows):
                self.note("mutation_on_new", "empty")
            elif any(row[CHANGED] == row.get("CreationDate") for row in rows):
                self.note("mutation_on_new", "creation")

    def addresses(self) -> None:
        """Compares the addresses that were changed last with their relations."""
        links = [name for name in ("Organization", "Person") if self.tenant.has("Address", name)]
        if not links:
            return
        dates = f"ID,CreationDate,{CHANGED}"
        rows = self.ask(
            "Address",
            select=dates,
            expand=",".join(f"{name}($select={dates})" for name in links),
            # Where the empty ones stand in an order is the affair of Tribe's database.
            filter=None if self.found.values.get("null_filter") == "refused" else IS_CHANGED,
            orderby=f"{CHANGED} desc",
            top=PAGE,
        ).rows
        touches = [
            touch(row, parent)
            for row in rows
            for name in links
            if (parent := row.get(name)) is not None
        ]
        self.note("address_touches", is_touched(touches))

    # Invoices

    def invoices(self) -> None:
        if not self.tenant.has(INVOICE):
            return
        seen = SeenInvoices(self.tenant)
        try:
            self.look_at_recent_invoices(seen)
        finally:
            for code, value in seen.values():
                self.note(code, value)

    def look_at_recent_invoices(self, seen: SeenInvoices) -> None:
        """Those that were sent, the newest first, some at a time."""
        names = self.tenant.names
        sent = [row["ID"] for row in self.tenant.phases if row["ID"] not in self.tenant.drafts]
        options = {
            "filter": any_of("Phase/ID", map(Guid, sent[:40])) if sent else None,
            "expand": expand_of_invoices(self.tenant),
            "orderby": f"{names.date or 'CreationDate'} desc,ID asc",
        }
        position = 0
        while position < INVOICES:
            top = min(INVOICES_PER_CALL, INVOICES - position)
            count = self.look_at_invoices(seen, **options, top=top, skip=position or None)
            if not count:
                return
            position += count

    def look_at_invoices(self, seen: SeenInvoices, **options: object) -> int:
        """A page of invoices, which is let go before the next one comes; how many there were."""
        rows = self.ask(INVOICE, **options).rows
        for row in rows:
            seen.add(row)
        return len(rows)
