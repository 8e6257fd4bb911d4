"""Query options: text in, validated Options out. docs/tribe-api.md."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from .errors import bad_request, unknown_property

COLLECTION_OPTIONS = ("select", "expand", "filter", "orderby", "top", "skip", "count", "format")
ENTITY_OPTIONS = ("select", "expand", "format")
EXPAND_TO_ONE_OPTIONS = ("select", "expand")
EXPAND_TO_MANY_OPTIONS = ("select", "expand", "filter", "orderby", "top", "skip")


@dataclass
class Options:
    """What a request, or one $expand, asks for. ``expand`` maps a navigation name to its Options.

    ``filter`` and ``order_by`` are still text: they are translated where they are used.
    """

    select: tuple = ()
    expand: dict = field(default_factory=dict)
    filter: str = ""
    order_by: str = ""
    top: int = -1
    skip: int = 0
    count: bool = False
    format: str = "json"


def split_query(raw, plus_is_space):
    """Return the pairs of a raw query string as a dict; raises ApiError when one is repeated.

    Percent-decoding happens after splitting; a plus stays a plus unless *plus_is_space*.
    """
    pairs = {}
    for part in filter(None, raw.split("&")):
        name, _, value = part.partition("=")
        if plus_is_space:
            name, value = name.replace("+", " "), value.replace("+", " ")
        name = unquote(name)
        if name in pairs and name.startswith("$"):
            raise bad_request(f"The system query option '{name}' must be specified only once.")
        pairs[name] = unquote(value)
    return pairs


def parse_options(schema, entity_type, pairs, allowed):
    """Return the Options in *pairs* (name -> text) for *entity_type*; raises ApiError."""
    options = Options()
    for name, value in pairs.items():
        if name.startswith("$"):
            _take_option(schema, entity_type, options, name[1:], value, allowed)
    return options


def _take_option(schema, entity_type, options, name, value, allowed):
    if name not in allowed:
        raise bad_request(f"The system query option '${name}' is not allowed.")
    if not value:
        raise bad_request(f"The system query option '${name}' has no value.")
    if name == "select":
        options.select = _parse_select(entity_type, value)
    elif name == "expand":
        options.expand = _parse_expand(schema, entity_type, value)
    else:
        field_name, parse = PLAIN_OPTIONS[name]
        setattr(options, field_name, parse(name, value))


def _take_text(name, value):
    return value


def _check_format(name, value):
    if value not in ("json", "application/json"):
        raise bad_request(f"The $format '{value}' is not supported.")
    return value


def _parse_number(name, value):
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise bad_request(f"The system query option '${name}' has the not-allowed value '{value}'.")
    return int(value)


def _parse_count(name, value):
    if value not in ("true", "false"):
        raise bad_request(f"The system query option '${name}' has the not-allowed value '{value}'.")
    return value == "true"


# Options that need no schema to be parsed: the field of Options they fill, and how.
PLAIN_OPTIONS = {
    "filter": ("filter", _take_text),
    "orderby": ("order_by", _take_text),
    "top": ("top", _parse_number),
    "skip": ("skip", _parse_number),
    "count": ("count", _parse_count),
    "format": ("format", _check_format),
}


def _parse_select(entity_type, value):
    names = [name.strip(" ") for name in value.split(",")]
    if names == ["*"]:
        return ()
    for name in names:
        if name not in entity_type.properties and name not in entity_type.navigations:
            raise unknown_property(name, entity_type)
    return ("ID", *names)


def _parse_expand(schema, entity_type, value):
    expand = {}
    for item in split_outside(value, ","):
        name, inner = _split_parentheses(item.strip(" "))
        navigation = entity_type.navigations.get(name)
        if navigation is None:
            raise unknown_property(name, entity_type)
        target = schema.types[navigation.target]
        pairs = _split_inner_options(inner)
        allowed = EXPAND_TO_MANY_OPTIONS if navigation.is_collection else EXPAND_TO_ONE_OPTIONS
        expand[name] = parse_options(schema, target, pairs, allowed)
    return expand


def _split_inner_options(inner):
    pairs = {}
    for option in filter(None, split_outside(inner, ";")):
        name, equals, value = option.strip(" ").partition("=")
        if not equals or not name.startswith("$") or name in pairs:
            raise bad_request(f"Syntax error in the expand option '{option}'.")
        pairs[name] = value
    return pairs


def _split_parentheses(item):
    match = re.fullmatch(r"(\w+)(?:\((.*)\))?", item, re.DOTALL)
    if not match:
        raise bad_request(f"The system query option '$expand' has the not-allowed value '{item}'.")
    return match.group(1), match.group(2) or ""


def split_outside(text, separator):
    """Split *text* at *separator*, but not inside quotes or parentheses; raises ApiError."""
    parts, start, depth, quoted = [], 0, 0, False
    for index, character in enumerate(text):
        if character == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
        elif character == separator and depth == 0:
            parts.append(text[start:index])
            start = index + 1
        if depth < 0:
            break
    if depth or quoted:
        raise bad_request(f"Unbalanced quotes or parentheses in '{text}'.")
    return [*parts, text[start:]]
