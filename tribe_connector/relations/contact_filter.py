"""What *Only Contacts That* of a connection may say.

Lanes evaluate it with all rights, whoever wrote it. So a filter is about nothing but what every
employee may read: by its shape alone, which can also be judged long after its writer has left.

It is evaluated by the database, and on a save in Python. So it says nothing that means something
else in one of them, or takes one of them long.
"""

import ast
import math

from odoo.fields import Domain
from odoo.tools.date_utils import parse_date

from ..sentence import sentence

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
SAMENESS = (*EQUALITY, *MEMBERSHIP, "=?")
ORDER = ("<", ">", "<=", ">=")
PATTERN = (
    *("like", "ilike", "=like", "=ilike"),
    *("not like", "not ilike", "not =like", "not =ilike"),
)
SHORT_TEXTS = ("char", "selection")
TEXTS = (*SHORT_TEXTS, "text", "html")
NUMERIC_TYPES = ("integer", "float", "monetary")
MOMENTS = ("date", "datetime")
VALUES = (*TEXTS, *NUMERIC_TYPES, *MOMENTS, "boolean")
# What PostgreSQL's integers hold.
HIGHEST_INTEGER = 2**31 - 1
# Python looks for each % anew from each place at which the one before it can end.
MOST_WILDCARDS = 2
MOST_OF_A_PATTERN = 100
# And that is long for a long value, whoever entered it: Odoo's own texts have no bound.
LONGEST_VALUE = 1_000


_A_TEXT, _A_NUMBER = sentence("filter_operand_text"), sentence("filter_operand_number")
_A_DATE = sentence("filter_operand_date")
_SUITABLE = {
    **dict.fromkeys(TEXTS, _A_TEXT),
    **dict.fromkeys(NUMERIC_TYPES, _A_NUMBER),
    **dict.fromkeys(MOMENTS, _A_DATE),
    "boolean": sentence("filter_operand_boolean"),
}


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


def has_long_value(domain, partner):
    """Whether a partner has a value, in a field that a filter names, that takes Python long."""
    names = {condition.field_expr for condition in domain.iter_conditions()}
    return any(
        isinstance(value, str) and len(value) > LONGEST_VALUE
        for name in names
        for value in partner.mapped(name)
    )


def not_understood():
    """What is raised for a filter that is none."""
    return FilterRefused(sentence("filter_not_understood"))


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
    operators = _operators(field)
    if operator not in operators:
        raise FilterRefused(
            sentence(
                "filter_operator_not_allowed",
                field=name,
                operator=operator,
                operators=", ".join(operators),
            )
        )
    if operator in PATTERN:
        _check_pattern(name, field, operator, operand)
    elif not _are_of(field, operator, operand, partners.env):
        raise _operand_refused(name, field)


def _operators(field):
    """The operators that both the database and Python know for a field."""
    if field.type == "many2many":
        return (*EQUALITY, *MEMBERSHIP, "child_of")
    if field.type == "many2one":
        return (*EQUALITY, *MEMBERSHIP)
    if field.type in TEXTS:
        return SAMENESS + PATTERN
    return SAMENESS if field.type == "boolean" else SAMENESS + ORDER


def _field(name, partners):
    """The field that a condition is about.

    :raises FilterRefused: when not every employee may read it on any contact
    """
    if name in PATHS:
        base, _dot, name_there = name.partition(".")
        return partners.env[partners._fields[base].comodel_name]._fields[name_there]
    if "." in name:
        raise FilterRefused(
            sentence(
                "filter_path_not_allowed",
                field=name,
                paths=", ".join(PATHS),
            )
        )
    field = partners._fields.get(name)
    if field is None:
        raise FilterRefused(sentence("filter_field_unknown", field=name))
    if field.groups and field.groups != EMPLOYEES:
        raise FilterRefused(sentence("filter_field_restricted", field=name))
    if name == TAGS:
        return field
    if field.type in ("one2many", "many2many"):
        raise FilterRefused(sentence("filter_field_is_list", field=name))
    is_own = field.store and field.column_type and not field.search
    if not is_own or field.company_dependent or field.type not in (*VALUES, "many2one"):
        raise FilterRefused(sentence("filter_field_calculated", field=name))
    return field


def _are_of(field, operator, operand, env):
    """Whether an operand is of the type of a field: a value, or for *in* a list of them.

    An empty one is False or None, which nothing is less or more than.
    """
    if operator in MEMBERSHIP:
        if not isinstance(operand, (list, tuple)):
            return False
        values = operand
    elif operator == "child_of" and isinstance(operand, (list, tuple)):
        values = operand
    else:
        values = [operand]
    may_be_empty = operator not in ORDER
    return all(
        may_be_empty if value is None or value is False else _is_of(field, value, env)
        for value in values
    )


def _is_of(field, value, env):
    """Whether a value is of the type of a field. A name would be looked up with all rights."""
    if field.type == "boolean":
        return value is True
    if field.type in TEXTS:
        return isinstance(value, str)
    if field.type in MOMENTS:
        return isinstance(value, str) and _is_moment(value, env)
    if isinstance(value, float) and field.type in NUMERIC_TYPES:
        return math.isfinite(value)
    return type(value) is int and abs(value) <= HIGHEST_INTEGER


def _is_moment(value, env):
    """Whether a text is a date or a time as Odoo reads them in domains."""
    try:
        parse_date(value, env)
    except (ValueError, OverflowError):
        return False
    return True


def _check_pattern(name, field, operator, operand):
    """Refuse a pattern that takes Python long: a save would wait for it.

    :raises FilterRefused: with what to use instead
    """
    if not isinstance(operand, str):
        raise _operand_refused(name, field)
    # Around these Odoo puts a % itself; in a long text one is enough.
    most = MOST_WILDCARDS if "=" in operator else MOST_WILDCARDS - 1
    most = most if field.type in SHORT_TEXTS else 0
    is_long = len(operand) > MOST_OF_A_PATTERN or operand.count("%") > most
    if is_long or operand.endswith("\\"):
        raise FilterRefused(
            sentence(
                "filter_pattern_too_slow",
                field=name,
                operator="ilike",
                length=MOST_OF_A_PATTERN,
                most=MOST_WILDCARDS - 1 if field.type in SHORT_TEXTS else 0,
            )
        )


def _operand_refused(name, field):
    if field.relational:
        return FilterRefused(sentence("filter_operand_not_a_record", field=name))
    return FilterRefused(
        sentence(
            "filter_operand_of_other_type",
            field=name,
            value=_SUITABLE[field.type],
        )
    )
