"""What *Only Contacts That* of a connection may say.

Lanes evaluate it with all rights, whoever wrote it. So a filter is about nothing but what every
employee may read: by its shape alone, which can also be judged long after its writer has left.
"""

import ast

from odoo.fields import Domain

from ..sentence import _lt

MOST_CHARACTERS = 20_000
MOST_ITEMS = 200
# Every employee reads these models, which nothing private is in.
PATHS = ("country_id.code", "country_id.name", "state_id.code", "state_id.name", "industry_id.name")
TAGS = "category_id"
# What employees alone may read: the portal has no filters.
EMPLOYEES = "base.group_user"
LOGIC = ("&", "|", "!")
CONSTANTS = ((1, "=", 1), (0, "=", 1))
EQUALITY = ("=", "!=")
MEMBERSHIP = ("in", "not in")
COMPARISON = (*EQUALITY, *MEMBERSHIP, "=?", "<", ">", "<=", ">=")
PATTERN = (
    *("like", "ilike", "=like", "=ilike"),
    *("not like", "not ilike", "not =like", "not =ilike"),
)
TEXTS = ("char", "text", "html", "selection")
VALUES = (*TEXTS, "boolean", "integer", "float", "monetary", "date", "datetime")


class FilterRefused(Exception):
    """A filter that is not evaluated. The text is a sentence with what to do instead."""


def read_filter(text, partners):
    """The domain that a stored filter stands for.

    :param partners: ``res.partner``, of whom the fields are
    :raises FilterRefused: for what is no domain, and for what could tell more than an employee
        may read
    """
    items = _literal(text or "[]")
    for item in items:
        if item not in LOGIC:
            _check_condition(item, partners)
    try:
        return Domain(items)
    except (TypeError, ValueError) as error:
        raise not_understood() from error


def not_understood():
    """What is raised for a filter that is none."""
    return FilterRefused(_lt("It is no filter that Odoo understands. Choose it with the editor."))


def _literal(text):
    """The list that a text is, with its conditions as tuples."""
    if len(text) > MOST_CHARACTERS:
        raise not_understood()
    try:
        items = ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        raise not_understood() from error
    if not isinstance(items, list) or len(items) > MOST_ITEMS:
        raise not_understood()
    return [tuple(item) if isinstance(item, (list, tuple)) else item for item in items]


def _check_condition(condition, partners):
    if condition in CONSTANTS:
        return
    if not (isinstance(condition, tuple) and len(condition) == 3):
        raise not_understood()
    name, operator, operand = condition
    if not (isinstance(name, str) and name and isinstance(operator, str)):
        raise not_understood()
    field = _field(name, partners)
    if field.type == "many2many":
        operators, operands = (*EQUALITY, *MEMBERSHIP, "child_of"), _are_ids
    elif field.type == "many2one":
        operators, operands = (*EQUALITY, *MEMBERSHIP), _are_ids
    else:
        operators, operands = COMPARISON + (PATTERN if field.type in TEXTS else ()), _are_plain
    if operator not in operators:
        raise FilterRefused(
            _lt(
                "“%(field)s” cannot be filtered by “%(operator)s”. Choose one of: %(operators)s.",
                field=name,
                operator=operator,
                operators=", ".join(operators),
            )
        )
    if not operands(operator, operand):
        raise _operand_refused(name, field)


def _field(name, partners):
    """The field that a condition is about.

    :raises FilterRefused: when not every employee may read it on any contact
    """
    if name in PATHS:
        base, _dot, name_there = name.partition(".")
        return partners.env[partners._fields[base].comodel_name]._fields[name_there]
    if "." in name:
        raise FilterRefused(
            _lt(
                "“%(field)s” is not of the contact itself. Filter by a field of the contact, or by "
                "%(paths)s.",
                field=name,
                paths=", ".join(PATHS),
            )
        )
    field = partners._fields.get(name)
    if field is None:
        raise FilterRefused(
            _lt("Contacts have no field “%(field)s”. Choose another one.", field=name)
        )
    if field.groups and field.groups != EMPLOYEES:
        raise FilterRefused(
            _lt(
                "“%(field)s” is not for every employee. Choose a field that everybody may read.",
                field=name,
            )
        )
    if name == TAGS:
        return field
    if field.type in ("one2many", "many2many"):
        raise FilterRefused(
            _lt(
                "“%(field)s” is a list of other records. Filter by a field of the contact itself, "
                "or by its tags (category_id).",
                field=name,
            )
        )
    is_own = field.store and field.column_type and not field.search
    if not is_own or field.company_dependent or field.type not in (*VALUES, "many2one"):
        raise FilterRefused(
            _lt(
                "“%(field)s” is calculated, or differs between companies. Choose a field that is "
                "stored with the contact, such as country_id, city, is_company or category_id.",
                field=name,
            )
        )
    return field


def _are_ids(operator, operand):
    """Whether an operand is an ID, or a list of them. A name would be looked up with all rights."""
    if operator in MEMBERSHIP:
        return isinstance(operand, (list, tuple)) and all(map(_is_id, operand))
    if operator == "child_of" and isinstance(operand, (list, tuple)):
        return all(map(_is_id, operand))
    return _is_id(operand)


def _is_id(value):
    return value is False or value is None or type(value) is int


def _are_plain(operator, operand):
    if operator in MEMBERSHIP:
        return isinstance(operand, (list, tuple)) and all(map(_is_plain, operand))
    return _is_plain(operand)


def _is_plain(value):
    return value is None or isinstance(value, (str, bool, int, float))


def _operand_refused(name, field):
    if field.relational:
        return FilterRefused(
            _lt(
                "“%(field)s” is compared with something else than a record. Choose the record from "
                "the list, not by a part of its name.",
                field=name,
            )
        )
    return FilterRefused(
        _lt(
            "“%(field)s” is compared with something that is no plain value. Choose a text, a "
            "number, a date, or a list of them.",
            field=name,
        )
    )
