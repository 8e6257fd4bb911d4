"""Finds the readings of a tenant by reading alone: a bounded number of calls, and nothing written.

What a tenant has no record for is not found; nothing is guessed. A call that Tribe refuses, or to
which nothing usable comes back, leaves its readings unfound.
"""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from ..mapping import InvoiceFields, ValueUnreadable, read_invoice
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
    is_guid,
    query_string,
)
from .totals import Totals, is_currency, most_common, shape_of

# With the calls of Connect itself (a page of each set that is mapped) no more than 60.
MOST_CALLS = 40
# Recent invoices that are looked at, so many in a call.
INVOICES = 200
INVOICES_PER_CALL = 50
# No longer invoice is booked, and each line takes its time.
MOST_LINES = 500
PAGE = 100
# So many records that were dated in the second of their part are no chance.
ENOUGH = 3
# Longer than any that is sent; and what servers usually take at most.
LENGTHS = (4500, 8000)
ORGANIZATION = "Relation_Organization"
INVOICE = "Activity_Invoice"
# Sets of which a tenant may have more than a page.
LARGE_SETS = (ORGANIZATION, "ProductLine", "Address")
NOWHERE = Guid("00000000-0000-4000-8000-000000000000")
PAYMENT_REFERENCES = (
    *("PaymentReference", "PaymentFeature", "PaymentId", "StructuredCommunication"),
    *("StructuredReference", "OGM", "KID", "OCR"),
)
KNOWN_PHASES = ("draft", "sent", "paid")
LONGEST_VALUE = 200
MOST_NAMES = 5


@dataclass(frozen=True)
class Tenant:
    """What *Connect* has read of a tenant already. ``digits`` are the decimals of a currency."""

    schema: Mapping
    is_inherited: bool
    names: InvoiceFields
    missing: Sequence[str]
    phases: Sequence[Mapping]
    drafts: frozenset
    countries: Sequence[Mapping]
    identities: Sequence[Mapping]
    own_id: str | None
    timezone: str
    digits: Callable[[str], int]
    base_currency: str


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
            *(self.token, self.names, self.phases, self.organizations, self.filters),
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

    def has(self, entity_set: str, name: str = "") -> bool:
        content = self.tenant.schema.get(entity_set)
        if content is None:
            return False
        return not name or name in content["properties"] or name in content["navigations"]

    # Without a call

    def token(self) -> None:
        if token := self.client.granted:
            self.note("token_end", token.end_told)
            if token.end_told != "nothing":
                self.note("token_lifetime", round(token.lifetime) or 1)
            scope = " ".join(word for word in token.scope.split() if word.isprintable())
            self.note("scope", scope or "nothing")

    def names(self) -> None:
        tenant = self.tenant
        self.note("known_names", shown_names(tenant.missing))
        self.note("invoicing", _yes(self.has(INVOICE)))
        self.note("import_id", _yes(self.has(ORGANIZATION, "ImportId")))
        self.note("metadata_style", "inherited" if tenant.is_inherited else "flat")
        self.note("custom_fields", self.custom_fields())
        if self.has("Product"):
            self.note("product_price", self.kind_of("Product", "Price"))
        if self.has("Relation"):
            self.note("relation_name", _yes(self.has("Relation", "Name")))
        self.note("legal_entities", len(tenant.identities) or "none")
        if self.has(INVOICE):
            self.names_of_invoices()

    def kind_of(self, entity_set: str, name: str) -> str:
        content = self.tenant.schema[entity_set]
        kinds = {"property": content["properties"], "navigation": content["navigations"]}
        return next((kind for kind, names in kinds.items() if name in names), "none")

    def custom_fields(self) -> str:
        """A UUID, its hyphens as two underscores; an identifier cannot begin with a digit."""
        names = {
            name
            for content in self.tenant.schema.values()
            for name in (*content["properties"], *content["navigations"])
            if is_guid(name.removeprefix("_").replace("__", "-"))
        }
        if not names:
            return "none"
        needless = any(name.startswith("_") and not name[1].isdigit() for name in names)
        return "prefix_always" if needless else "prefix_where_needed"

    def names_of_invoices(self) -> None:
        content, names = self.tenant.schema[INVOICE], self.tenant.names
        for code, name in (
            ("invoice_date", names.date),
            ("due_date", names.due_date),
            ("reference", names.reference),
            ("total_untaxed", names.untaxed),
            ("total_vat", names.vat),
            ("total", names.total),
            ("final_mark", names.final),
            ("credit_mark", names.credit),
            ("credit_link", names.credited),
            ("legal_entity", names.legal_entity),
        ):
            self.note(code, name or "none")
        properties, navigations = content["properties"], content["navigations"]
        references = [name for name in PAYMENT_REFERENCES if name in properties]
        self.note("payment_reference", references[0] if references else "none")
        types = {"Edm.Date": "day", "Edm.DateTimeOffset": "moment"}
        self.note("invoice_date_type", types.get(properties.get(names.date), "none"))
        target = navigations.get(names.legal_entity, {}).get("type")
        means = {ORGANIZATION: "organization", "Relationship_Organization_Identity": "identity"}
        self.note("legal_entity_means", means.get(target, "none"))
        lines = self.tenant.schema.get("ProductLine", {"navigations": {}})["navigations"]
        to_invoice = [name for name, link in lines.items() if link["type"] == INVOICE]
        self.note("line_invoice", min(to_invoice, default="none"))

    # Phases

    def phases(self) -> None:
        """Those of Tribe by their code; a tenant's own are counted."""
        if not self.has(INVOICE):
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
            self.note("next_link", _yes(page.is_announced))

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
            if "page_size" in self.found.values or not self.has(entity_set):
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
            *(f"{name} ge {moment:%Y-%m-%dT%H:%M:%SZ}" for name in ("CreationDate", _CHANGED))
        )
        self.note("date_filter", self.answers(ORGANIZATION, filter=since, **one))
        if self.has(INVOICE):
            in_phase = equals("Phase/ID", NOWHERE)
            self.note("path_filter", self.answers(INVOICE, filter=in_phase, **one))
        self.note("null_filter", self.answers(ORGANIZATION, filter=f"{_CHANGED} eq null", **one))
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
        if self.has("Relation"):
            known = set(self.tenant.schema["Relation"]["properties"])
            others = set(self.tenant.schema[ORGANIZATION]["properties"]) - known
            if page := self.ask("Relation", top=5).rows:
                is_derived = any(name in row for row in page for name in others)
                self.note("base_rows", "derived" if is_derived else "base")

    def dates(self) -> None:
        """Records that were never changed have no date of it, or the one of their creation."""
        options = {"select": f"ID,CreationDate,{_CHANGED}", "top": PAGE}
        for entity_set in (ORGANIZATION, "Address"):
            if "mutation_on_new" in self.found.values or not self.has(entity_set, _CHANGED):
                continue
            rows = self.ask(entity_set, orderby="CreationDate desc", **options).rows
            if any(row.get(_CHANGED) is None for row in rows):
                self.note("mutation_on_new", "empty")
            elif any(row[_CHANGED] == row.get("CreationDate") for row in rows):
                self.note("mutation_on_new", "creation")

    def addresses(self) -> None:
        """Compares the addresses that were changed last with their relations."""
        links = [name for name in ("Organization", "Person") if self.has("Address", name)]
        if not links:
            return
        dates = f"ID,CreationDate,{_CHANGED}"
        rows = self.ask(
            "Address",
            select=dates,
            expand=",".join(f"{name}($select={dates})" for name in links),
            # Where the empty ones stand in an order is the affair of Tribe's database.
            filter=None if self.found.values.get("null_filter") == "refused" else _IS_CHANGED,
            orderby=f"{_CHANGED} desc",
            top=PAGE,
        ).rows
        touches = [
            _touch(row, parent)
            for row in rows
            for name in links
            if (parent := row.get(name)) is not None
        ]
        self.note("address_touches", _is_touched(touches))

    # Invoices

    def invoices(self) -> None:
        if not self.has(INVOICE):
            return
        seen = _Seen(self.tenant)
        try:
            self.look_at_recent_invoices(seen)
        finally:
            for code, value in seen.values():
                self.note(code, value)

    def look_at_recent_invoices(self, seen: _Seen) -> None:
        """Those that were sent, the newest first, some at a time."""
        names = self.tenant.names
        sent = [row["ID"] for row in self.tenant.phases if row["ID"] not in self.tenant.drafts]
        options = {
            "filter": any_of("Phase/ID", map(Guid, sent[:40])) if sent else None,
            "expand": _expand_of_invoices(self.tenant),
            "orderby": f"{names.date or 'CreationDate'} desc,ID asc",
        }
        position = 0
        while position < INVOICES:
            top = min(INVOICES_PER_CALL, INVOICES - position)
            count = self.look_at_invoices(seen, **options, top=top, skip=position or None)
            if not count:
                return
            position += count

    def look_at_invoices(self, seen: _Seen, **options: object) -> int:
        """A page of invoices, which is let go before the next one comes; how many there were."""
        rows = self.ask(INVOICE, **options).rows
        for row in rows:
            seen.add(row)
        return len(rows)


_CHANGED = "LastMutationDate"
_IS_CHANGED = f"{_CHANGED} ne null"


class _Seen:
    """What some sent invoices show. Nothing of an invoice is kept but words of ours, short marks
    and its ID: it may have any size.
    """

    def __init__(self, tenant: Tenant):
        self.tenant = tenant
        self.names = tenant.names
        self.zone = zoneinfo.ZoneInfo(tenant.timezone)
        self.totals = Totals(tenant.names, tenant.digits)
        self.ids: set[str] = set()
        self.due, self.final, self.inclusive = [], [], []
        self.days: list[str] = []
        self.shapes: list[str] = []
        self.currencies: set[str] = set()
        self.readable: list[bool] = []
        self.touches: list[str | None] = []
        self.is_phase_undated = False

    def add(self, row: Mapping) -> None:
        if row["ID"] in self.ids or len(row.get("ProductLines") or ()) > MOST_LINES:
            return
        self.ids.add(row["ID"])
        self.totals.add(row)
        names = self.names
        if names.due_date:
            self.due.append(bool(row.get(names.due_date)))
        if names.final and row.get(names.final) is not None:
            self.final.append(row[names.final] is True)
        self.inclusive.append(row.get("IsVatIncluded") is True)
        if names.date and isinstance(row.get(names.date), str):
            self.days.append(_time_of_day(row[names.date], self.zone))
        if number := row.get("Number"):
            self.shapes.append(shape_of(str(number)))
        currency = row.get("Currency")
        if is_currency(currency):
            self.currencies.add(currency.upper())
        lines = [line for line in row.get("ProductLines") or () if line.get(_CHANGED)]
        self.touches += [_touch(line, row) for line in lines[: PAGE - len(self.touches)]]
        code = str((row.get("Phase") or {}).get("Code") or "")
        if code.lower() == "paid" and row.get(_CHANGED) in (None, row.get("CreationDate")):
            self.is_phase_undated = True
        if names.date:
            self.readable.append(self.is_readable(row))

    def is_readable(self, row: Mapping) -> bool:
        currency = row.get("Currency")
        try:
            invoice = read_invoice(
                row,
                self.names,
                timezone=self.tenant.timezone,
                digits=self.tenant.digits(currency if isinstance(currency, str) else ""),
                base_currency=self.tenant.base_currency,
            )
            invoice.vat_by_group(self.tenant.digits(invoice.currency))
        except ValueUnreadable:
            return False
        return True

    def values(self):
        yield "due_date_filled", _how_often(self.due)
        # One or two may not be final by themselves.
        is_enough = any(self.final) or len(self.final) >= ENOUGH
        yield "final_filled", _how_often(self.final) if is_enough else None
        yield "prices_including", _how_often(self.inclusive)
        kinds = set(self.days)
        yield "invoice_day", kinds.pop() if len(kinds) == 1 else "other" if kinds else None
        yield "invoice_number", most_common(self.shapes)
        yield "currencies", ", ".join(sorted(self.currencies))
        often = {"always": "all", "sometimes": "some", "never": "none"}
        # One or two may be wrong by themselves.
        is_enough = any(self.readable) or len(self.readable) >= ENOUGH
        yield "totals", often.get(_how_often(self.readable)) if is_enough else None
        if self.is_phase_undated:
            yield "phase_touches", "no"
        yield "line_touches", _is_touched(self.touches)
        for reading in self.totals.votes:
            yield reading, self.word(reading)

    def word(self, reading: str) -> str | None:
        word = self.totals.word(reading)
        if word == "mixed":
            # Several currencies cannot all be Tribe's own.
            return {"amount": "other", "base_currency": None}.get(reading, word)
        return word


def _expand_of_invoices(tenant: Tenant) -> str:
    """What reading an invoice needs, as far as this tenant has it."""

    def has(entity_set: str, name: str) -> bool:
        return name in tenant.schema.get(entity_set, {"navigations": {}})["navigations"]

    names = tenant.names
    parts = ["Phase", "Relationship($select=ID)"]
    inner = []
    if has("ProductLine", "VatGroup"):
        inner.append("VatGroup($select=ID,Percentage)")
    if has("ProductLine", "Product"):
        inner.append("Product($select=ID,Name)")
    parts.append(f"ProductLines($expand={','.join(inner)})" if inner else "ProductLines")
    parts += [f"{name}($select=ID)" for name in (names.legal_entity, names.credited) if name]
    return ",".join(parts)


def _touch(part: Mapping, whole: Mapping) -> str | None:
    """When something was dated of which a part was changed, as a word; None: it was not."""
    changed = part.get(_CHANGED)
    if not isinstance(changed, str) or changed == part.get("CreationDate"):
        return None
    dated = whole.get(_CHANGED)
    if not isinstance(dated, str) or dated < changed:
        return "before"
    return "together" if dated == changed else "after"


def _is_touched(touches: Sequence[str | None]) -> str | None:
    """Whether what has a changed part was dated with it; None where that cannot be told."""
    if "before" in touches:
        return "no"
    return "yes" if touches.count("together") >= ENOUGH else None


def _time_of_day(text: str, zone: zoneinfo.ZoneInfo) -> str:
    if len(text) == len("2026-01-01"):
        return "day"
    try:
        moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
        here = moment.astimezone(zone)
    except (ValueError, OverflowError):
        return "other"
    if here.time() == datetime.time():
        return "midnight_here"
    in_utc = moment.astimezone(datetime.timezone.utc)
    return "midnight_utc" if in_utc.time() == datetime.time() else "other"


def shown_phases(rows: Sequence[Mapping]) -> str:
    """Phases by their code, in order: those of Tribe; a tenant's own are counted."""
    codes = [str(row.get("Code") or "").strip() for row in rows]
    known = [code for code in codes if code.lower() in KNOWN_PHASES]
    own = len(codes) - len(known)
    return ", ".join([*known, *([f"+{own}"] if own else [])]) or "none"


def shown_names(names: Iterable[str]) -> str:
    """A few names, and how many more there are."""
    names = sorted(names)
    rest = len(names) - MOST_NAMES
    return ", ".join([*names[:MOST_NAMES], *([f"+{rest}"] if rest > 0 else [])]) or "none"


def _how_often(flags: Sequence[bool]) -> str | None:
    if not flags:
        return None
    return "always" if all(flags) else "sometimes" if any(flags) else "never"


def _yes(value: bool) -> str:
    return "yes" if value else "no"
