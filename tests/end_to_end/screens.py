"""A picture of every screen of ours, wide and narrow: to be looked at."""

import collections
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page, expect

from host.console import say, step
from host.paths import ADDON, CHECKOUT

from .odoo_api import OdooApi
from .waiting import until
from .web_client import SIZE, WIDTHS, WebClient, web_client
from .world import World

LISTS = {
    "connections": "tribe_connection",
    "attention": "tribe_work_attention",
    "waiting": "tribe_work_waiting",
    "adoption": "tribe_work_adoption",
    "matches": "tribe_suggestion",
    "conflicts": "tribe_conflict",
    "relations": "tribe_link_relations",
    "invoices": "tribe_link_invoices",
    "plans": "tribe_plan",
    "plan-lines": "tribe_plan_line",
    "runs": "tribe_run",
    "legal-entities": "tribe_legal_entity",
    "vat-groups": "tribe_vat_group",
    "ledger-accounts": "tribe_ledger_account",
    "readings": "tribe_reading",
}
# One record's screen: the action, the model, and which record.
FORMS = {
    "problem": ("tribe_work_attention", "tribe.work", [["error_class", "=", "person"]]),
    "match": ("tribe_suggestion", "tribe.suggestion", []),
    "conflict": ("tribe_conflict", "tribe.conflict", []),
    "relation": ("tribe_link_relations", "tribe.link", [["kind", "=", "organization"]]),
    "merged": ("tribe_link_relations", "tribe.link", [["merged_into_id", "!=", False]]),
    "invoice": ("tribe_link_invoices", "tribe.link", [["move_id", "!=", False]]),
    "plan": ("tribe_plan", "tribe.plan", []),
    "run": ("tribe_run", "tribe.run", [["changed", ">", 2]]),
    "legal-entity": ("tribe_legal_entity", "tribe.legal.entity", []),
}
# Odoo's own screens with our parts.
ODOOS = {
    "contacts": "action-account.res_partner_action_customer",
    "contacts-list": "action-account.res_partner_action_customer?view_type=list",
    "moves": "action-account.action_move_out_invoice_type",
    "moves-kanban": "action-account.action_move_out_invoice_type?view_type=kanban",
    "settings": "settings#tribe_connector",
}
# The pages of the connection's form.
SET_UP_TABS = ("check", "readings", "legal_entities", "vat_groups", "ledger_accounts", "numbers")
TABS = (*SET_UP_TABS, "plan", "invoices", "synchronization", "addresses")
# A list may go on for ever.
TALLEST = 2400
# How many pixels of the screen are below the edge of what scrolls.
HIDDEN_BELOW = """() => Math.max(...[...document.querySelectorAll("*")]
    .filter((each) => each === document.scrollingElement
        || /auto|scroll/.test(getComputedStyle(each).overflowY))
    .map((each) => each.scrollHeight - each.clientHeight))"""
CALM_LOOKS = 4
MILLISECONDS_BETWEEN_LOOKS = 100
# What a view has when its records are there.
DRAWN = (
    ".o_form_sheet, .o_data_row, .o_group_header, .o_kanban_record:not(.o_kanban_ghost), "
    ".settings, .o_view_nocontent"
)
# Everything is drawn: nothing loads, and all pictures and fonts are there.
IS_QUIET = """async () => {
    await document.fonts.ready;
    const pictures = [...document.images].every((picture) => picture.complete);
    const moves = document
        .getAnimations()
        .some((each) => each.effect.getComputedTiming().endTime !== Infinity);
    return pictures && !moves && !document.querySelector(".o_loading_indicator, .o_blockUI");
}"""


@dataclass(frozen=True)
class Screen:
    """A screen: its name, its path after ``/odoo/``, and a tab of its form.

    ``tab`` is the name of the tab's page in the view. ``is_odoos``: only some parts are ours.
    """

    name: str
    path: str
    tab: str = ""
    is_odoos: bool = False


def all_screens(odoo: OdooApi) -> list[Screen]:
    """Every screen of ours, and those of Odoo that show something of ours; of what there is."""
    (connection, *_) = odoo.rows("tribe.connection", [], ["plan_id"])
    form = f"tribe-crm/{connection['id']}"
    return [
        Screen("dashboard", "tribe-crm"),
        *(
            Screen(f"connection-{tab.replace('_', '-')}", form, tab)
            for tab in TABS
            if tab != "plan" or connection["plan_id"]
        ),
        *(
            Screen(name, f"action-tribe_connector.action_{action}")
            for name, action in LISTS.items()
        ),
        *(Screen(name, path, is_odoos=True) for name, path in ODOOS.items()),
        *_records(odoo),
    ]


def _records(odoo: OdooApi) -> Iterator[Screen]:
    for name, (action, model, domain) in FORMS.items():
        for row in odoo.rows(model, domain, ["id"], limit=1):
            yield Screen(name, f"action-tribe_connector.action_{action}/{row['id']}")
    linked = [["tribe_id", "!=", False]]
    for row in odoo.rows("res.partner", [*linked, ["is_company", "=", True]], ["id"], limit=1):
        yield Screen("contact", f"res.partner/{row['id']}", "sales_purchases", is_odoos=True)
    for row in odoo.rows("account.move", linked, ["id"], limit=1):
        path = f"action-account.action_move_out_invoice_type/{row['id']}"
        yield Screen("move", path, is_odoos=True)


def open_screen(person: WebClient, screen: Screen) -> None:
    """Open a screen, and wait until it is drawn."""
    person.go(screen.path)
    expect(person.page.locator(DRAWN).first).to_be_visible()
    if screen.tab:
        person.turn_to_tab(screen.tab)


def faults_of(person: WebClient, screens: Iterable[Screen]) -> list[str]:
    """What the browser complains of while somebody opens some screens, one after the other."""
    found = []
    for screen in screens:
        before = len(person.complaints)
        open_screen(person, screen)
        if person.errors().count():
            found.append(f"{screen.name}: {person.errors().first.inner_text()}")
        found += [f"{screen.name}: {each}" for each in person.complaints[before:]]
    return found


def take(both: World, folder: Path) -> None:
    """Take all pictures: ``folder/<screen>-<width>.png``.

    Both systems have to be synchronized; some trouble is made first, so that there is some to see.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _make_trouble(both)
    for width in WIDTHS:
        with (
            step(f"take pictures, {width} wide"),
            web_client(both.server.address, viewport={**SIZE, "width": width}) as person,
        ):
            calls = OpenCalls(person.page)
            person.log_in("admin", "admin")
            for name in _pictures(both, person):
                _take_whole(person.page, calls, folder / f"{name}-{width}.png")
            for complaint in person.complaints:
                say(f"   console: {complaint}")


def _take_whole(page: Page, calls: "OpenCalls", path: Path) -> None:
    """Take a picture as high as what is shown, so that nothing is below its edge."""
    size = page.viewport_size
    _wait_until_quiet(page, calls)
    height = min(size["height"] + page.evaluate(HIDDEN_BELOW), TALLEST)
    page.set_viewport_size({**size, "height": height})
    _wait_until_quiet(page, calls)
    page.screenshot(path=path)
    page.set_viewport_size(size)


def _wait_until_quiet(page: Page, calls: "OpenCalls") -> None:
    calls.wait_until_answered()
    page.wait_for_function(IS_QUIET)


def _make_trouble(both: World) -> None:
    """What needs a person: a problem, a conflict, a possible match. What waits, and its plan."""
    both.odoo.write("tribe.connection", [both.connection_id], conflict_policy="ask")
    first, second = both.odoo.rows(
        "tribe.link", [["kind", "=", "organization"]], ["partner_id", "tribe_id"], limit=2
    )
    both.odoo.write("res.partner", [first["partner_id"][0]], phone="+31 20 555 01 23")
    both.sandbox.change(
        "Relation_Organization", first["tribe_id"], {"PhoneNumber": "+31 20 555 99 88"}
    )
    until("the conflict", lambda: both.odoo.rows("tribe.conflict", [], ["label"]))

    _make_a_match(both)
    both.odoo.write("res.partner", [second["partner_id"][0]], email="nieuw@klant.example")
    both.press("action_plan")
    until("the plan", lambda: both.odoo.rows("tribe.plan", [["state", "=", "ready"]], ["id"]))
    _make_a_problem(both)
    _merge_two(both)


def _merge_two(both: World) -> None:
    """Merge two contacts that are linked with relations of Tribe."""
    linked = [["kind", "=", "organization"], ["state", "=", "linked"]]
    links = both.odoo.rows("tribe.link", linked, ["partner_id"], order="id desc", limit=2)
    kept, merged = (link["partner_id"][0] for link in links)
    wizard = both.odoo.create(
        "base.partner.merge.automatic.wizard",
        dst_partner_id=kept,
        partner_ids=[[6, 0, [kept, merged]]],
    )
    both.odoo.call("base.partner.merge.automatic.wizard", "action_merge", [wizard])


def _make_a_match(both: World) -> None:
    known = {row["tribe_id"] for row in both.odoo.rows("tribe.link", [], ["tribe_id"])}
    rows = both.sandbox.rows("Relation_Organization")
    addresses = collections.Counter(row["EmailAddress"] for row in rows)
    relation = next(
        row for row in rows if row["ID"] not in known and addresses[row["EmailAddress"]] == 1
    )
    both.odoo.create(
        "res.partner",
        name=f"{relation['Name'].strip()} Holding",
        email=relation["EmailAddress"],
        is_company=True,
        customer_rank=1,
    )
    both.run_nightly()
    until("the match", lambda: both.odoo.rows("tribe.suggestion", [], ["id"]))


def _make_a_problem(both: World) -> None:
    draft = next(
        row
        for row in both.tribe.rows("Activity_Invoice", "Phase,ProductLines($expand=VatGroup)")
        if row["Phase"]["Code"] == "Draft" and row["ProductLines"]
    )
    codes = [line["VatGroup"]["Code"] for line in draft["ProductLines"]]
    groups = both.odoo.rows("tribe.vat.group", [["code", "in", codes]], ["id"])
    both.odoo.write("tribe.vat.group", [group["id"] for group in groups], tax_id=False)
    both.sandbox.set_phase(draft["ID"], "Sent")
    unmapped = [["cause", "=", "vat_group"]]
    until("the problem", lambda: both.odoo.rows("tribe.work", unmapped, ["error"]))


def _pictures(both: World, person: WebClient) -> Iterator[str]:
    """Open one screen after the other; gives its name when it is there."""
    form = f"tribe-crm/{both.connection_id}"
    with _as_in_state(both, "draft"):
        open_screen(person, Screen("connect", form))
        yield "connect"
    with _as_in_state(both, "connected"):
        for tab in SET_UP_TABS:
            open_screen(person, Screen("set-up", form, tab))
            yield f"set-up-{tab.replace('_', '-')}"
    with _as_in_state(both, "initial"):
        open_screen(person, Screen("progress", form))
        yield "progress"
    for screen in all_screens(both.odoo):
        open_screen(person, screen)
        yield screen.name
    for name, address in _pages(both):
        person.page.goto(address)
        yield name
    person.page.goto("about:blank")


def _pages(both: World) -> Iterator[tuple[str, str]]:
    """Pages of ours outside the web client: the stand-in's, and the one of the Apps store."""
    tribe = both.sandbox.address
    for path in ("invoices", "invoices/new", "traffic", "trouble", "application"):
        yield f"tribe-{path.replace('/', '-')}", f"{tribe}/{path}"
    yield "tribe-relations", tribe
    relation = both.sandbox.rows("Relation_Organization")[0]["ID"]
    yield "tribe-relation", f"{tribe}/relations/{relation}"
    invoice = both.sandbox.rows("Activity_Invoice")[0]["ID"]
    yield "tribe-invoice", f"{tribe}/invoices/{invoice}"
    yield "tribe-relation-new", f"{tribe}/relations/new?kind=person"
    yield "tribe-consent", _consent_page(both)
    static = CHECKOUT / ADDON / "static"
    yield "apps-page", (static / "description/index.html").as_uri()
    for page in ("index", "messages"):
        yield f"help-{page}", (static / "docs/en" / f"{page}.html").as_uri()


def _consent_page(both: World) -> str:
    """Where the stand-in asks a person to let Odoo in."""
    (row,) = both.odoo.rows("tribe.connection", [], ["redirect_address"])
    scopes = ["read", "write", "offline"]
    both.sandbox.switch(redirect_uris=[row["redirect_address"]], allowed_scopes=scopes)
    question = {
        "response_type": "code",
        "client_id": both.sandbox.client_id,
        "redirect_uri": row["redirect_address"],
        "scope": " ".join(scopes),
        "state": "only for a picture",
    }
    return f"{both.sandbox.address}/oauth2/auth?{urlencode(question)}"


class OpenCalls:
    """The calls of the web client that Odoo has not answered.

    Odoo shows what it showed last time, until the answers are there.
    """

    def __init__(self, page: Page):
        self._page = page
        self._open = set()
        page.on("request", self._note)
        page.on("requestfinished", lambda request: self._open.discard(request))
        page.on("requestfailed", lambda request: self._open.discard(request))

    def wait_until_answered(self) -> None:
        """Wait until nothing is asked for a moment."""
        quiet = 0
        while quiet < CALM_LOOKS:
            self._page.wait_for_timeout(MILLISECONDS_BETWEEN_LOOKS)
            quiet = 0 if self._open else quiet + 1

    def _note(self, request) -> None:
        if "/web/dataset/" in request.url or "/web/action/" in request.url:
            self._open.add(request)


class _as_in_state:
    """The connection looks as it does in a state; nothing is done by that.

    Only for pictures: through the database, as no user may write the state.
    """

    def __init__(self, both: World, state: str):
        self._both, self._state = both, state

    def __enter__(self):
        self._write(self._state)

    def __exit__(self, *_):
        self._write("active")

    def _write(self, state: str) -> None:
        self._both.server.execute(
            "UPDATE tribe_connection SET state = %s WHERE id = %s",
            [state, self._both.connection_id],
        )
