"""English sentences that are translated where somebody reads them.

`tribe_api/` and `mapping/` know no Odoo and no language. What they tell people is a ``Sentence``,
written ``_lt("… %(host)s …", host=…)``: the form in which Odoo's export of translations finds it.
"""

from __future__ import annotations


class Sentence(str):
    """An English sentence that still knows its template and arguments, which may be sentences."""

    def __new__(cls, template: str, arguments: dict[str, object] | None = None):
        """``template % arguments``; a template without arguments is taken as it is."""
        sentence = super().__new__(cls, template % arguments if arguments else template)
        sentence.template = template
        sentence.arguments = arguments or {}
        return sentence


def _lt(template: str, **arguments: object) -> Sentence:
    """A sentence to be translated later; as Odoo's ``LazyTranslate``, yet without Odoo."""
    return Sentence(template, arguments)


def in_language(env, text: object) -> str:
    """A sentence in the language of an environment; any other text as it is.

    ``text`` may be an exception, whose first argument is then meant.
    """
    if isinstance(text, Exception):
        text = text.args[0] if text.args and isinstance(text.args[0], Sentence) else str(text)
    if not isinstance(text, Sentence):
        return str(text)
    arguments = {
        name: in_language(env, value) if isinstance(value, Sentence) else value
        for name, value in text.arguments.items()
    }
    return env._(text.template, **arguments)
