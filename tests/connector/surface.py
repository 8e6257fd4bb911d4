"""What of this addon others can call and reach, as its registry and its source have it."""

import ast
import inspect
from pathlib import Path

from odoo.http import _generate_routing_rules

ADDON = Path(__file__).parents[2] / "tribe_connector"
MODULE = "odoo.addons.tribe_connector."
# Other addons' models; ours begin with this.
OUR_PREFIX = "tribe."
# What the ORM calls by itself, and a program through it: with Odoo's own checks in super().
OF_ODOO = (
    "copy_data",
    "create",
    "default_get",
    "fields_get",
    "get_empty_list_help",
    "method_direct_trigger",
    "unlink",
    "write",
)
WITH_ALL_RIGHTS = ("compute_sudo", "related_sudo")


def public_methods(registry):
    """What a program can call and we wrote: ``{(model, method): (on, who)}``."""
    methods = {}
    for name, model in registry.items():
        for cls in model.mro():
            if not cls.__module__.startswith(MODULE) or ".tests." in cls.__module__:
                continue
            for attribute, value in vars(cls).items():
                if is_public(attribute, value, model):
                    methods[name, attribute] = declared(attribute, value)
    return methods


def is_public(name, value, model):
    """As Odoo's ``get_public_method``: no underscore, and nowhere marked as private."""
    if name.startswith("_") or not inspect.isfunction(value):
        return False
    return not any(getattr(getattr(cls, name, None), "_api_private", False) for cls in model.mro())


def declared(name, method):
    """On what a method is called, and who may, in the words of the table."""
    if name in OF_ODOO:
        return ("as Odoo's", "as Odoo's")
    operation = getattr(method, "tribe_operation", None)
    on = {None: "–", "read": "what they read", "write": "what they change"}[operation]
    return (on, getattr(method, "tribe_role", "**anybody**"))


def fields_of_others(registry):
    """The fields that we add to models of others: ``{(model, field): groups}``."""
    return {
        (name, field_name): field.groups or "–"
        for name, model in registry.items()
        if not name.startswith(OUR_PREFIX)
        for field_name, field in model._fields.items()
        # Those that Odoo derives from them (``_inherits``) have the same groups.
        if field._modules[:1] == ("tribe_connector",) and not field.inherited
    }


def fields_with_all_rights(registry):
    """Our fields that Odoo calculates with all rights: ``{model: [field]}``.

    It does so for what is stored or related, unless told otherwise.
    """
    found = {}
    for name, model in registry.items():
        for field_name, field in model._fields.items():
            is_ours = field._modules[:1] == ("tribe_connector",) and not field.inherited
            if is_ours and field.compute and field.compute_sudo:
                found.setdefault(name, []).append(field_name)
    return found


def routes():
    """Our addresses: ``{path: (auth, methods, csrf)}``."""
    found = {}
    for path, endpoint in _generate_routing_rules(["tribe_connector"], nodb_only=False):
        routing = endpoint.routing
        methods = ", ".join(routing.get("methods") or ["any"])
        csrf = routing.get("csrf", routing["type"] == "http")
        found[path] = (routing["auth"], methods, "yes" if csrf else "no")
    return found


def places_with_all_rights():
    """Where our source leaves the rights of whoever asks: ``{file: {function: how often}}``."""
    found = {}
    for path in sorted(ADDON.rglob("*.py")):
        file = path.relative_to(ADDON)
        if file.parts[0] in ("tests", "demo"):
            continue
        places = _places(ast.parse(path.read_text()))
        if places:
            found[str(file)] = places
    return found


def _places(tree, place="(fields)"):
    found = {}
    for node in ast.iter_child_nodes(tree):
        inner = node.name if isinstance(node, ast.FunctionDef) else place
        if _leaves_rights(node):
            found[inner] = found.get(inner, 0) + 1
        for name, count in _places(node, inner).items():
            found[name] = found.get(name, 0) + count
    return found


def _leaves_rights(node):
    if isinstance(node, ast.Attribute):
        return node.attr in ("sudo", "with_user")
    if isinstance(node, ast.Name):
        return node.id == "SUPERUSER_ID"
    if isinstance(node, ast.keyword):
        is_true = isinstance(node.value, ast.Constant) and node.value.value is True
        return node.arg == "su" or (node.arg in WITH_ALL_RIGHTS and is_true)
    return False
