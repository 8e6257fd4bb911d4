"""What axe-core says of a screen."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from .web_client import WebClient

# Ours is what an action shows; menus and dialogs around it are Odoo's.
CONTENT = ".o_action_manager"
# What is ours on a screen of Odoo's.
OUR_PARTS = (
    "[name^='tribe_'], [name='debtor_number'], [name='creditor_number'], "
    "[name='action_open_in_tribe'], .settings [data-key='tribe_connector']"
)
GRAVE = ("serious", "critical")
# What fades in has less contrast.
IS_STILL = """() => !document.getAnimations().some(
    (each) => each.playState === "running" && each.effect.getComputedTiming().endTime !== Infinity
)"""
# Odoo's own widgets, the same on each of its screens: their markup and colors are not ours to mend.
OF_ODOO = (
    *(".o_control_panel", ".o_statusbar_status", ".o_notebook_headers", ".settings_tab"),
    *(".o_list_record_selector", ".o_optional_columns_dropdown", ".o-checkbox", ".o_pager"),
    *(".o_progressbar", ".o_field_badge", ".o_form_label_readonly", ".o_group_name .o_pager"),
    *(".o_field_contact_statistics", ".o_field_list_activity", ".o_avatar", ".o_tag"),
    ".o-mail-Chatter",
)
# Faults of Odoo's where the rest is to be looked at: the markup of its selection field, the light
# gray that form_controller.scss gives labels on a small screen, the tabindex of a list without rows
# that can be opened, the gray of the help beside a setting, the colors of badges.
OF_ODOO_ALONE = (
    ("autocomplete-valid", "o_select_menu_input"),
    ("aria-allowed-attr", "o-dropdown"),
    ("color-contrast", 'class="o_form_label"'),
    ("scrollable-region-focusable", "o_list_renderer"),
    ("color-contrast", "searchabletext="),
    ("color-contrast", 'class="badge rounded-pill text-bg-'),
)


def violations(person: WebClient, content: str = CONTENT) -> list[str]:
    """The grave violations on a screen of the web client: rule, elements and why.

    Odoo's own widgets are not looked at. ``content`` is a selector of what is, if it is there.
    """
    if not person.page.locator(content).count():
        return []
    return [
        text
        for text, rule, html in _grave(person.page, [content], OF_ODOO)
        if not any(rule == excused and part in html for excused, part in OF_ODOO_ALONE)
    ]


def violations_of_page(page: Page) -> list[str]:
    """The grave violations on a page that is all ours."""
    return [text for text, _rule, _html in _grave(page, ["html"], ())]


def _grave(page: Page, included, excluded):
    page.wait_for_function(IS_STILL)
    context = {"include": [[each] for each in included], "exclude": [[each] for each in excluded]}
    for violation in Axe().run(page, context=context).response["violations"]:
        if violation["impact"] in GRAVE:
            for node in violation["nodes"]:
                rule, html = violation["id"], node["html"]
                yield f"{rule}: {node['target']} {html[:200]} {node['failureSummary']}", rule, html
