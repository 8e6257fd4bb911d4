"""A picture of every screen of ours, wide and narrow: to be looked at."""

from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, expect

from host.console import say, step

from .waiting import until
from .web_client import SIZE, WebClient, web_client
from .world import World

WIDTHS = (1280, 390)
LINES_OF_A_RELATION = 2
CALM_LOOKS = 4
MILLISECONDS_BETWEEN_LOOKS = 100
# What a view has when its records are there.
DRAWN = ".o_form_sheet, .o_data_row, .o_kanban_record:not(.o_kanban_ghost), .settings"
# Everything is drawn: nothing loads, and all pictures and fonts are there.
IS_QUIET = """async () => {
    await document.fonts.ready;
    const pictures = [...document.images].every((picture) => picture.complete);
    const moves = document
        .getAnimations()
        .some((each) => each.effect.getComputedTiming().endTime !== Infinity);
    return pictures && !moves && !document.querySelector(".o_loading_indicator, .o_blockUI");
}"""


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
            for name in _screens(both, person):
                calls.wait_until_answered()
                person.page.wait_for_function(IS_QUIET)
                person.page.screenshot(path=folder / f"{name}-{width}.png")
            for complaint in person.complaints:
                say(f"   console: {complaint}")


def _make_trouble(both: World) -> None:
    """A customer that waits for the night, and an invoice whose VAT group is not mapped."""
    (partner, *_) = both.odoo.rows("res.partner", [["tribe_id", "!=", False]], ["id"], limit=1)
    both.odoo.write("res.partner", [partner["id"]], comment="-", email="nieuw@klant.example")
    draft = next(
        row
        for row in both.tribe.rows("Activity_Invoice", "Phase,ProductLines($expand=VatGroup)")
        if row["Phase"]["Code"] == "Draft" and row["ProductLines"]
    )
    codes = [line["VatGroup"]["Code"] for line in draft["ProductLines"]]
    groups = both.odoo.rows("tribe.vat.group", [["code", "in", codes]], ["id"])
    both.odoo.write("tribe.vat.group", [group["id"] for group in groups], tax_id=False)
    both.sandbox.set_phase(draft["ID"], "Sent")
    until("the problem", both.problems, 60)


def _screens(both: World, person: WebClient) -> Iterator[str]:
    """Open one screen after the other; gives its name when it is there."""
    page = person.page
    connection = f"tribe-crm/{both.connection_id}"
    with _as_in_state(both, "draft"):
        yield _open(person, "connect", connection)
    with _as_in_state(both, "connected"):
        yield _open(person, "set-up", connection)
        for tab in ("Legal Entities", "VAT Groups", "General Ledger Accounts", "Numbers"):
            person.open_tab(tab)
            yield f"set-up-{tab.lower().replace(' ', '-')}"
    with _as_in_state(both, "initial"):
        yield _open(person, "progress", connection)
    yield _open(person, "dashboard", "tribe-crm")
    yield _open(person, "active", connection)
    for tab in ("Invoices", "Synchronization", "Addresses and Limits"):
        person.open_tab(tab)
        yield f"active-{tab.lower().replace(' ', '-')}"
    for name, action in {
        "connections": "action_tribe_connection",
        "attention": "action_tribe_work_attention",
        "waiting": "action_tribe_work_waiting",
        "relations": "action_tribe_link_relations",
        "invoices": "action_tribe_link_invoices",
        "runs": "action_tribe_run",
        "legal-entities": "action_tribe_legal_entity",
        "vat-groups": "action_tribe_vat_group",
        "ledger-accounts": "action_tribe_ledger_account",
    }.items():
        yield _open(person, name, f"action-tribe_connector.{action}")
    (work, *_) = both.odoo.rows("tribe.work", [["error_class", "=", "person"]], ["id"])
    yield _open(
        person, "problem", f"action-tribe_connector.action_tribe_work_attention/{work['id']}"
    )
    (run, *_) = both.odoo.rows("tribe.run", [["changed", ">", LINES_OF_A_RELATION]], ["id"])
    yield _open(person, "run", f"action-tribe_connector.action_tribe_run/{run['id']}")
    (link, *_) = both.odoo.rows("tribe.link", [["kind", "=", "invoice"]], ["id", "move_id"])
    yield _open(person, "link", f"action-tribe_connector.action_tribe_link_invoices/{link['id']}")
    yield _open(person, "contacts", "action-account.res_partner_action_customer")
    yield _open(person, "moves", "action-account.action_move_out_invoice_type")
    yield _open(person, "move", f"action-account.action_move_out_invoice_type/{link['move_id'][0]}")
    yield _open(person, "settings", "settings#tribe_connector")
    page.goto("about:blank")


def _open(person: WebClient, name: str, path: str) -> str:
    person.page.goto(f"{person.address}/odoo/{path}")
    content = person.page.locator(DRAWN).first
    expect(content).to_be_visible()
    return name


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
        self._both.odoo.write("tribe.connection", [self._both.connection_id], state=state)
