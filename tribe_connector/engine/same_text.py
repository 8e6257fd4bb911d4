"""A text of Tribe that is looked for in Odoo, whatever is in either."""

from odoo.fields import Domain
from odoo.tools import SQL

from ..mapping.normalization import LONGEST_TEXT


def is_same_text(name: str, text: str) -> Domain:
    """The records whose field is a text, in capitals or not, as a domain.

    Odoo's texts have no length, and PostgreSQL makes small letters of all of one to compare it:
    seconds for each that anybody made very long. Such a one is no text of Tribe.
    """

    def condition(model, alias, query):
        return SQL(
            "CASE WHEN %s THEN %s ELSE FALSE END",
            is_short(model._field_to_sql(alias, name, query)),
            model._fields[name].condition_to_sql(
                name, "=ilike", _literal_pattern(text), model, alias, query
            ),
        )

    return Domain.custom(to_sql=condition)


def is_short(field: SQL) -> SQL:
    """Whether a text could be one of Tribe; how many bytes it has is known without reading it."""
    return SQL("octet_length(%s) <= %s", field, LONGEST_TEXT)


def _literal_pattern(text: str) -> str:
    """A text as a pattern for ``=ilike`` that only finds itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
