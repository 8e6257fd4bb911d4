"""What axe-core says of a screen."""

from axe_playwright_python.sync_playwright import Axe

from .web_client import WebClient

# Ours is what an action shows; menus and dialogs around it are Odoo's.
CONTENT = ".o_action_manager"
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
# The same of Odoo's selection field, whose label is to be looked at nevertheless.
OF_SELECTION = (("autocomplete-valid", "o_select_menu_input"), ("aria-allowed-attr", "o-dropdown"))


def violations(person: WebClient) -> list[str]:
    """The grave violations on the screen: rule, elements and why.

    Odoo's own widgets are not looked at.
    """
    person.page.wait_for_function(IS_STILL)
    context = {"include": [[CONTENT]], "exclude": [[selector] for selector in OF_ODOO]}
    results = Axe().run(person.page, context=context)
    return [
        f"{violation['id']}: {node['target']} {node['html'][:200]} {node['failureSummary']}"
        for violation in results.response["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
        if not any(violation["id"] == rule and text in node["html"] for rule, text in OF_SELECTION)
    ]
