import re
from datetime import date, datetime
from decimal import Decimal

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.tools.misc import format_amount, format_date, format_datetime, formatLang

from ..sentence import (
    COMMA,
    MESSAGES,
    SEVERITIES,
    TOPICS,
    Choice,
    Label,
    Money,
    Name,
    Sentence,
    filled,
    in_language,
    say,
)

MOST_DIGITS = 8
LONGEST_SHOWN = 300
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


class TribeMessage(models.Model):
    """A sentence in which the connector tells of a problem, by its code.

    The rows are ``data/tribe.message.csv``. What is stored about a problem is the code with its
    parameters; here is what people read, so a system administrator can word it otherwise, in
    every language, as any translated field of Odoo.
    """

    _name = "tribe.message"
    _inherit = ["tribe.written.by.connector"]
    _description = "Tribe Message"
    _rec_name = "code"
    _order = "topic, code"

    code = fields.Char(required=True, index=True, readonly=True)
    topic = fields.Selection(list(TOPICS.items()), required=True, readonly=True)
    severity = fields.Selection(list(SEVERITIES.items()), required=True, readonly=True)
    cause = fields.Selection("_causes", readonly=True)
    sentence = fields.Text(required=True, translate=True)
    advice = fields.Text(
        "More to Do", readonly=True, help="For the documentation (docs/messages.md), in English."
    )

    _code_unique = models.Constraint("UNIQUE(code)", "A message has one code.")

    @api.model
    def _causes(self):
        return self.env["tribe.work"]._fields["cause"]._description_selection(self.env)

    @api.constrains("sentence")
    def _check_placeholders(self):
        """What is filled in has to be known; what is left out is left out.

        :raises ValidationError: naming what a sentence cannot be filled in with
        """
        languages = [code for code, _name in self.env["res.lang"].get_installed()]
        for message in self:
            texts = [message.with_context(lang=language).sentence for language in languages]
            if not all(_can_be_filled(message.code, text) for text in texts):
                known = dict.fromkeys(_placeholders_of(message.code))
                raise ValidationError(
                    say(
                        self.env,
                        "message_cannot_be_filled",
                        message=message.code,
                        known=[f"%({name})s" for name in known] or "-",
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        created = super().create(vals_list)
        if created:
            self.env.registry.clear_cache()
        return created

    def write(self, vals):
        result = super().write(vals)
        if self:
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        if self:
            self.env.registry.clear_cache()
        return result

    @api.model
    @tools.ormcache("self.env.lang")
    def _sentences(self):
        """What each code says in the language of the environment: ``{code: sentence}``.

        An import of translations asks nobody: what cannot be filled in is read in English.
        """
        messages = self.sudo().search_fetch([], ["code", "sentence"])
        english = messages.with_context(lang="en_US")
        said = {}
        for message, original in zip(messages, english, strict=True):
            texts = (message.sentence, original.sentence)
            fitting = (text for text in texts if _can_be_filled(message.code, text))
            if text := next(fitting, None):
                said[message.code] = text
        return said

    @api.model
    def _text(self, sentence):
        """A sentence (``Sentence``) in the language of the environment."""
        template = self._sentences().get(sentence.code) or MESSAGES[sentence.code]["sentence"]
        return filled(template, sentence.parameters, self._shown)

    def _shown(self, value):
        """A parameter as people of the environment's language write it."""
        try:
            return self._in_words(value)
        except Exception:  # noqa: BLE001 - what it tells of may be gone, or of any size
            return str(value)[:LONGEST_SHOWN]

    def _in_words(self, value):
        if isinstance(value, Money):
            return self._shown_money(value)
        if isinstance(value, Choice):
            field = self.env[value.model]._fields[value.field]
            return dict(field._description_selection(self.env)).get(value.value, value.value)
        if isinstance(value, Name):
            return self._shown_name(value)
        if isinstance(value, Label):
            return self.env[value.model]._fields[value.field]._description_string(self.env)
        if isinstance(value, (list, tuple)):
            return COMMA.join(map(self._shown, value))
        if isinstance(value, Sentence):
            return in_language(self.env, value)
        if isinstance(value, Decimal):
            return self._shown_amount(value)
        if isinstance(value, datetime):
            return format_datetime(self.env, value)
        if isinstance(value, date):
            return format_date(self.env, value)
        return str(value)

    def _shown_name(self, name):
        """What a record is called in the reader's language, if it is still called so in one.

        With all rights: the sentence tells it already, only in another language.
        """
        record = self.env[name.model].sudo().browse(name.record_id).exists()
        languages = [code for code, _language in self.env["res.lang"].get_installed()]
        called = (record.with_context(lang=language).display_name for language in languages)
        return record.display_name if record and str(name) in called else str(name)

    def _shown_amount(self, amount):
        if not amount.is_finite():
            return str(amount)
        digits = min(max(-amount.as_tuple().exponent, 0), MOST_DIGITS)
        return formatLang(self.env, float(amount), digits=digits)

    def _shown_money(self, money):
        currencies = self.env["res.currency"].sudo().with_context(active_test=False)
        currency = currencies.search([("name", "=", money.currency)], limit=1)
        return format_amount(self.env, float(money.amount), currency) if currency else str(money)


def _placeholders_of(code):
    return PLACEHOLDER.findall(MESSAGES.get(code, {}).get("sentence", ""))


def _can_be_filled(code, text):
    """Whether a text is a sentence that has no other placeholders than its code's."""
    text = (text or "").strip()
    unknown = set(PLACEHOLDER.findall(text)) - set(_placeholders_of(code))
    return bool(text) and not unknown and "%" not in PLACEHOLDER.sub("", text)
