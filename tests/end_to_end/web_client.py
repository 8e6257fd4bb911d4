"""Odoo's web client in a real browser, used as a person uses it."""

import contextlib
import re
from collections.abc import Iterator

from playwright.sync_api import Locator, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from host import browser

from .waiting import until

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZE = {"width": 1280, "height": 800}
# A laptop and a telephone: every screen of ours is for both.
NARROW = 390
WIDTHS = (SIZE["width"], NARROW)
# Only to end what would hang: no machine is that slow.
SECONDS_TO_APPEAR = 300
SECONDS_TO_RELOAD = 900
# After so long a click that had no effect is tried again.
SECONDS_TO_TRY = 10
POLLING_MILLISECONDS = 200
# Marks the view that is there, as the client shows it until the next one is loaded.
GO_TO = """(address) => {
    for (const view of document.querySelectorAll(".o_action_manager .o_view_controller")) {
        view.dataset.isOld = true;
    }
    history.pushState({}, "", address);
    dispatchEvent(new PopStateEvent("popstate", { state: {} }));
}"""


class OdooRefused(Exception):
    """What Odoo answered instead of a result."""


class WebClient:
    """One person in one tab. Made by ``web_client``.

    ``complaints`` has every error that the browser's console showed.
    """

    def __init__(self, page: Page, address: str):
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    @contextlib.contextmanager
    def somebody_else(self) -> Iterator["WebClient"]:
        """Another person in the same browser, with a session of their own, not logged in."""
        context = self.page.context.browser.new_context(viewport=SIZE, locale="en-US")
        try:
            yield WebClient(context.new_page(), self.address)
        finally:
            context.close()

    @contextlib.contextmanager
    def on_telephone(self) -> Iterator["WebClient"]:
        """The same person with the same session, on a narrow screen."""
        page = self.page.context.new_page()
        page.set_viewport_size({**SIZE, "width": NARROW})
        telephone = WebClient(page, self.address)
        page.goto(f"{self.address}/odoo")
        expect(page.locator(".o_main_navbar")).to_be_visible(timeout=SECONDS_TO_RELOAD * 1000)
        self.page.bring_to_front()
        try:
            yield telephone
        finally:
            page.close()

    # Going somewhere

    def log_in(self, name: str, password: str) -> None:
        """Log in, and wait for the web client, whose assets the first page compiles."""
        self.page.goto(f"{self.address}/web/login")
        # By what they are, not by their labels: those are in the person's language.
        self.page.locator("input[name='login']").fill(name)
        self.page.locator("input[name='password']").fill(password)
        self.page.locator(".oe_login_form button[type='submit']").first.click()
        expect(self.page.locator(".o_main_navbar")).to_be_visible(timeout=SECONDS_TO_RELOAD * 1000)

    def open_app(self, menu: str) -> None:
        """Choose an app, by the external ID of its menu, and wait for it."""
        self.page.locator(".o_navbar_apps_menu button").click()
        app = self.page.locator(f".o-dropdown--menu .o_app[data-menu-xmlid='{menu}']")
        name = app.inner_text().strip()
        app.click()
        expect(self.page.locator(".o_menu_brand")).to_have_text(name)
        expect(self.view()).to_be_visible()

    def apps(self) -> list[str]:
        """The names in the menu of apps, opened by keyboard."""
        self.page.locator(".o_navbar_apps_menu button").press("Enter")
        items = self.page.locator(".o-dropdown--menu .o_app")
        expect(items.first).to_be_visible()
        names = items.all_inner_texts()
        self.page.keyboard.press("Escape")
        return [name.strip() for name in names]

    def open_menu(self, section: str, entry: str) -> None:
        """Choose an entry of a menu of the current app."""
        sections = self.page.locator(".o_menu_sections")
        sections.get_by_role("button", name=section, exact=True).click()
        self.page.get_by_role("menuitem", name=entry, exact=True).click()
        expect(self.page.locator(".o_breadcrumb")).to_contain_text(entry)

    def go(self, path: str) -> None:
        """Open an address of the web client, and wait for its view.

        Without loading the client anew, as with the browser's Back (``router.js``): that takes
        a tenth of the time.
        """
        self.page.evaluate(GO_TO, f"/odoo/{path}")
        new = self.page.locator(".o_action_manager .o_view_controller:not([data-is-old])")
        expect(new.first).to_be_visible()

    def search(self, text: str) -> None:
        """Search in the current view, by keyboard."""
        self.page.locator(".o_searchview_input").press_sequentially(text)
        proposed = self.page.locator(".o_searchview_autocomplete").get_by_role("menuitem")
        expect(proposed.filter(has_text=text).first).to_be_visible()
        self.page.keyboard.press("Enter")
        expect(self.page.locator(".o_searchview_facet").filter(has_text=text)).to_be_visible()

    # Reading and filling a form

    def select_all(self) -> None:
        """Select all rows of the current list."""
        box = self.page.locator(".o_list_view thead .o_list_record_selector input")
        # A list that is drawn anew under the click forgets it.
        until("the selection", lambda: self._select_all(box), SECONDS_TO_RELOAD)

    def _select_all(self, box: Locator) -> bool:
        if not box.is_checked():
            box.click()
        try:
            selected = self.page.locator(".o_selection_box")
            expect(selected).to_be_visible(timeout=SECONDS_TO_TRY * 1000)
        except AssertionError:
            return False
        return True

    def view(self) -> Locator:
        """The current list, form or kanban."""
        return self.page.locator(".o_action_manager .o_view_controller")

    def field(self, name: str) -> Locator:
        """A field of the current form."""
        return self.page.locator(f".o_form_view .o_field_widget[name='{name}']").first

    def fill(self, **values: str) -> None:
        """Type values into fields of the current form."""
        for name, value in values.items():
            typed = self.field(name).locator("input, textarea").first
            typed.fill(value)
            typed.press("Tab")

    def choose(self, name: str, option: str) -> None:
        """Choose an option of a selection field."""
        self.field(name).locator("input, select").first.click()
        self.page.locator(".o_select_menu_item").filter(has_text=option).click()
        expect(self.field(name).locator("input").first).to_have_value(re.compile(re.escape(option)))

    def value(self, name: str) -> str:
        """What a field of the current form shows."""
        inside = self.field(name).locator("input")
        return inside.input_value() if inside.count() else self.field(name).inner_text()

    def open_tab(self, name: str) -> None:
        """Turn to a page of the form's notebook."""
        self.page.get_by_role("tab", name=name, exact=True).click()

    def turn_to_tab(self, page: str) -> None:
        """Turn to a page of the notebook, by its name in the view, without a person's click."""
        tab = self.page.locator(f".o_form_view .o_notebook .nav-link[name='{page}']")
        tab.evaluate("tab => tab.click()")
        expect(tab).to_have_class(re.compile("active"))

    def press(self, button: str) -> None:
        """Press a button of the form's header."""
        bar = self.page.locator(".o_form_statusbar")
        bar.get_by_role("button", name=button, exact=True).click()

    def press_odoos(self, method: str) -> None:
        """Press a button of Odoo's own, by the method that it calls: its label is Odoo's."""
        self.page.locator(f".o_form_view button[name='{method}']:visible").last.click()

    def save(self) -> None:
        """Save the current form."""
        button = self.page.locator(".o_form_button_save")
        button.click()
        try:
            expect(button).to_be_hidden(timeout=SECONDS_TO_TRY * 1000)
        except AssertionError:
            # Odoo's proposals below a name may swallow a click while they go away. Where saving is
            # merely slow, there is nothing to click on any more.
            with contextlib.suppress(PlaywrightTimeoutError):
                button.click(timeout=SECONDS_TO_TRY * 1000)
            expect(button).to_be_hidden()

    def confirm(self) -> None:
        """Answer the dialog that is open with its first button, whatever that is called."""
        dialog = self.page.locator(".modal:not(.o_inactive_modal)")
        dialog.locator("footer .btn-primary").first.click()
        expect(dialog).to_be_hidden(timeout=SECONDS_TO_RELOAD * 1000)

    def state(self) -> Locator:
        """The current step of the form's status bar."""
        return self.page.locator(".o_statusbar_status .o_arrow_button_current").first

    def open_row(self, text: str = "") -> None:
        """Open the first row of a list that shows a text."""
        self.page.locator(".o_data_row").filter(has_text=text).first.locator(
            "td.o_data_cell"
        ).first.click()
        expect(self.page.locator(".o_form_view")).to_be_visible()

    def errors(self) -> Locator:
        """The error dialogs on the screen."""
        return self.page.locator(".o_error_dialog, .o_notification:has(.bg-danger)")

    @contextlib.contextmanager
    def reloading(self) -> Iterator[None]:
        """What is done inside makes the web client load anew; wait for that.

        :raises OdooRefused: with the text of the error dialog that came instead
        """
        self.page.evaluate("() => { document.body.dataset.isOld = true }")
        yield
        self.page.wait_for_function(
            """() => document.querySelector(".o_error_dialog") ||
                     document.querySelector("body:not([data-is-old]) .o_main_navbar")""",
            timeout=SECONDS_TO_RELOAD * 1000,
            # By itself it looks at every frame, and so has the browser draw all of them.
            polling=POLLING_MILLISECONDS,
        )
        if self.errors().count():
            raise OdooRefused(self.errors().first.inner_text())

    # The calls that the web client makes, with its session

    def call(self, model: str, method: str, ids=(), **arguments):
        """The result of a public method.

        :raises OdooRefused: with Odoo's message
        """
        answer = self.page.request.post(
            f"{self.address}/web/dataset/call_kw/{model}/{method}",
            data={
                "jsonrpc": "2.0",
                "method": "call",
                "params": {
                    "model": model,
                    "method": method,
                    "args": [list(ids)] if ids else [],
                    "kwargs": arguments,
                },
            },
            timeout=SECONDS_TO_RELOAD * 1000,
        ).json()
        if "error" in answer:
            raise OdooRefused(answer["error"]["data"]["message"])
        return answer.get("result")

    def _listen(self, message) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.text} ({message.location.get('url')})")


class Effort:
    """What a person does in a browser, as the browser sees it: clicks, and fields typed in.

    The browser itself says what a person did (``isTrusted``); a key that presses a button is
    no click.
    """

    _SCRIPT = """
        addEventListener("click", (event) => {
            if (event.isTrusted && event.detail) {
                tribeNote("click", event.target.innerText || event.target.className);
            }
        }, true);
        addEventListener("input", (event) => {
            const field = event.target.closest("[name]");
            if (event.isTrusted) {
                const name = field ? field.getAttribute("name") : event.target.className;
                tribeNote("input", name);
            }
        }, true);
    """

    def __init__(self, page: Page):
        self.clicks: list[str] = []
        self.typed: set[str] = set()
        page.context.expose_function("tribeNote", self._note)
        page.context.add_init_script(self._SCRIPT)
        page.evaluate(self._SCRIPT)

    def _note(self, kind: str, where: str) -> None:
        if kind == "click":
            self.clicks.append(where.strip()[:40])
        else:
            self.typed.add(where)


@contextlib.contextmanager
def web_client(address: str, **options) -> Iterator[WebClient]:
    """A browser with one tab, not logged in.

    ``options`` are those of Playwright's ``new_context``.
    """
    with sync_playwright() as playwright:
        program = playwright.chromium.launch(executable_path=browser.ensure(), args=list(ARGUMENTS))
        usual = {
            "viewport": SIZE,
            "locale": "en-US",
            "color_scheme": "light",
            # Nothing moves that a test has to wait for.
            "reduced_motion": "reduce",
        }
        context = program.new_context(**{**usual, **options})
        context.set_default_timeout(SECONDS_TO_APPEAR * 1000)
        expect.set_options(timeout=SECONDS_TO_APPEAR * 1000)
        try:
            yield WebClient(context.new_page(), address)
        finally:
            program.close()
