"""Fields that keep sentences by their code and show them in the language of who reads them."""

import re
from itertools import chain

from odoo import fields
from odoo.fields import Domain
from odoo.tools import SQL

from ..like import is_like, pieces_of
from ..sentence import LONGEST_ITEM, LONGEST_TEXT, in_language, read_stored, stored

# Words of a search that stand in the same letters in a sentence or its parameters.
WORD = re.compile(r"[^\W\d_]+")
MOST_WORDS = 3
# Nobody looks for more.
LONGEST_PATTERN = 2000
# What a reader's language writes with other words than those that are kept.
WRITTEN_BY_LANGUAGE = '"(amount|choice|date|label|moment|money|name)": '
POSITIVE = {
    "not in": "in",
    "not like": "like",
    "not ilike": "ilike",
    "not =like": "=like",
    "not =ilike": "=ilike",
}


class _Sentences:
    """What both fields have in common.

    Written are sentences (``sentence``), texts, or lists of these; read is text. A text that was
    there before sentences had codes is shown as it is.
    """

    # Of a text that is no sentence.
    longest = LONGEST_TEXT

    # Grouped and sorted by what is kept, a list would make no sense to anybody.
    def _description_groupable(self, env):
        return False

    def _description_sortable(self, env):
        return False

    def convert_to_cache(self, value, record, validate=True):
        return stored(value, self.longest)

    def convert_to_column(self, value, record, values=None, validate=True):
        kept = stored(value, self.longest)
        return None if kept is None else str(kept)

    def convert_to_record(self, value, record):
        if value is None:
            return False
        return in_language(record.env, read_stored(value)) or False

    def convert_to_read(self, value, record, use_display_name=True):
        # A plain text: XML-RPC knows no other kind.
        return str(value) if value else False

    def _condition_to_sql(self, field_expr, operator, value, model, alias, query):
        """Search what people read, in their language.

        The database narrows it down by the words; then the texts themselves are compared.
        """
        if operator in ("in", "not in") and not any(value):
            is_empty = SQL("%s IS NULL", SQL.identifier(alias, self.name))
            return is_empty if operator == "in" else SQL("NOT (%s)", is_empty)
        positive = POSITIVE.get(operator, operator)
        if positive not in ("in", "like", "ilike", "=like", "=ilike"):
            raise ValueError(model.env._("“%s” is searched by its words.", self.string))
        ids = self._ids_that_say(model, positive, value)
        found = SQL("%s IN %s", SQL.identifier(alias, "id"), ids or (0,))
        return found if positive == operator else SQL("NOT (%s)", found)

    def _ids_that_say(self, model, operator, value):
        """The records that a user may read and that say something, as IDs.

        Only those are looked at: else how long it takes would tell of the others.
        """
        says = self._comparison(model, operator, value)
        if says is None:
            return ()
        readable = model.with_context(active_test=False)
        readable.flush_model([self.name])
        mine = readable._search(Domain(self.name, "!=", False))
        column = SQL.identifier(self.name)
        narrowed = SQL("TRUE") if operator == "in" else self._narrowed(model, column, str(value))
        # What is kept alike is read alike: one of them tells.
        kept = model.env.execute_query(
            SQL(
                "SELECT %s, array_agg(id) FROM %s WHERE id IN %s AND (%s) GROUP BY %s",
                column,
                SQL.identifier(model._table),
                mine.subselect(),
                narrowed,
                column,
            )
        )
        found = chain.from_iterable(
            ids for text, ids in kept if says(str(in_language(model.env, read_stored(text))))
        )
        ids = tuple(found)
        if operator == "in" and not all(value):
            ids += readable.search([(self.name, "=", False)])._ids
        return ids

    def _comparison(self, model, operator, value):
        """A function that compares a text; None where nothing can be alike.

        Without a regular expression: people choose the pattern, and some take for ever.
        """
        if operator == "in":
            return {str(each) for each in value if each}.__contains__
        if len(str(value)) > LONGEST_PATTERN:
            return None
        unaccent = model.env.registry.unaccent_python

        def plain(text):
            return unaccent(text.lower()) if operator.endswith("ilike") else text

        pattern = pieces_of(plain(str(value)), is_whole=operator.startswith("="))
        return lambda text: is_like(plain(text), pattern)

    def _narrowed(self, model, column, value):
        """A condition that is true at least where the text can have the words of a value."""
        registry = model.env.registry
        unaccent, plain = registry.unaccent, registry.unaccent_python
        conditions = [SQL("TRUE")]
        said = {
            code: plain(sentence.lower())
            for code, sentence in model.env["tribe.message"]._sentences().items()
        }
        # The longest words tell most; the others are only compared.
        for word in sorted(WORD.findall(value), key=len)[-MOST_WORDS:]:
            wanted = plain(word.lower())
            codes = [code for code, sentence in said.items() if wanted in sentence]
            pattern = "|".join(f'"code": "{code}"' for code in codes) or "$^"
            conditions.append(
                SQL(
                    "(%s ILIKE %s OR %s ~ %s OR %s ~ %s)",
                    unaccent(column),
                    unaccent(SQL("%s", f"%{word}%")),
                    column,
                    pattern,
                    column,
                    WRITTEN_BY_LANGUAGE,
                )
            )
        return SQL("(%s)", SQL(" AND ").join(conditions))


class SentenceText(_Sentences, fields.Text):
    """Sentences of several lines."""


class SentenceChar(_Sentences, fields.Char):
    """A sentence of one line."""


class SentenceName(SentenceChar):
    """What a record is called, mostly in Tribe, which may call it anything."""

    longest = LONGEST_ITEM
