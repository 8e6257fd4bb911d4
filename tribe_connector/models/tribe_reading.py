from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..engine.sentence_field import SentenceChar
from ..probe import (
    LATER,
    METADATA,
    NOT_BY_READING,
    NOT_SEEN,
    READING,
    READINGS,
    TOO_SLOW,
    WORDS,
    told_value,
)
from ..probe import WRITING as BY_WRITING
from ..sentence import Choice, codes_of, say, sentence
from ..tribe_api import PAGE_SIZE

# A lag that grew by no more than this, and so many seconds, is the one that was found.
MOST_GROWTH, LAG_SPARE_SECONDS = 1.25, 2
# What is found only once something is written, or in use.
NOT_FOUND_BY_READING = (BY_WRITING, LATER)
WORD_OF_SENTENCE = {code: word for word, code in WORDS.items()}


class TribeReading(models.Model):
    """How a tenant works, where Tribe's public documentation leaves it open (docs/tribe-api.md).

    Found by looking when connecting (``probe``). It tells names of fields, counts and shapes, and
    nothing of anybody. What a person corrected stays.
    """

    _name = "tribe.reading"
    _inherit = "tribe.written.by.connector"
    _description = "Tribe Reading"
    _order = "sequence, id"
    _rec_name = "code"

    connection_id = fields.Many2one(
        "tribe.connection", required=True, index=True, ondelete="cascade", readonly=True
    )
    sequence = fields.Integer(readonly=True)
    code = fields.Selection(
        [(code, reading.title) for code, reading in READINGS.items()],
        "Question",
        required=True,
        readonly=True,
    )
    value = fields.Char(
        help="What counts. Where the connector goes by it, it can be corrected, and then stays as "
        "it is; empty it to have it found again."
    )
    found = SentenceChar("What Was Found", readonly=True)
    assumed = fields.Char(compute="_compute_assumed")
    how = fields.Selection(
        [
            (METADATA, "In the Metadata"),
            (READING, "By Reading"),
            (BY_WRITING, "By Writing"),
            (LATER, "Only in Use"),
        ],
        "Found How",
        required=True,
        readonly=True,
    )
    found_at = fields.Datetime("Found On", readonly=True)
    is_set_by_person = fields.Boolean("Set by a Person", readonly=True)
    is_correctable = fields.Boolean(compute="_compute_assumed")
    remedy = SentenceChar("What to Do", readonly=True)
    state = fields.Selection(
        [
            ("found", "Found"),
            ("other", "Other Than Assumed"),
            ("unseen", "Not Seen Yet"),
            ("blocking", "To Be Mended"),
        ],
        compute="_compute_state",
    )

    _code_unique = models.Constraint(
        "UNIQUE(connection_id, code)", "A reading is listed once per connection."
    )

    @api.depends("code")
    @api.depends_context("lang")
    def _compute_assumed(self):
        for reading in self:
            known = READINGS.get(reading.code)
            reading.assumed = known and _said(self.env, known.assumed)
            reading.is_correctable = bool(known and known.is_correctable)

    @api.depends("code", "value")
    def _compute_state(self):
        for reading in self:
            known = READINGS.get(reading.code)
            if not (known and reading.value):
                reading.state = "unseen"
            elif reading.value in known.unsupported:
                reading.state = "blocking"
            else:
                reading.state = "found" if reading.value == known.assumed else "other"

    @api.constrains("value")
    def _check_value(self):
        for reading in self.filtered("value"):
            known = READINGS[reading.code]
            if not known.takes(reading.value):
                raise ValidationError(
                    say(
                        self.env,
                        "reading_value_unknown",
                        value=reading.value,
                        reading=reading._title(),
                        known=", ".join(known.values),
                    )
                )

    def write(self, vals):
        """Note that a person corrected a value: it stays. All legal entities go by it.

        :raises UserError: for what cannot be corrected, and for who does not work in all companies
            of the connection
        """
        if "value" not in vals or self.env.su:
            return super().write(vals)
        self.connection_id._check_works_in_all_companies()
        if fixed := self.filtered(lambda reading: not reading.is_correctable)[:1]:
            raise UserError(say(self.env, "reading_not_correctable", reading=fixed._title()))
        result = super().write(vals)
        self._write_as_connector({"is_set_by_person": bool(vals["value"])})
        return result

    def _title(self):
        return Choice(self._name, "code", self.code)

    def _sentence(self):
        """What counts, as a sentence."""
        return _found(READINGS[self.code], self.value)["found"]

    def _remedy(self):
        """What to do about a value with which the connector cannot work."""
        return _found(READINGS[self.code], self.value)["remedy"]

    def _store(self, connection, findings):
        """Bring the rows of a connection up to date.

        What was seen before and is not there to be seen any more stays.

        :param findings: ``probe.Findings``
        """
        rows = {row.code: row for row in connection.sudo().reading_ids}
        now = fields.Datetime.now()
        new = []
        for sequence, (code, reading) in enumerate(READINGS.items()):
            row = rows.pop(code, self.browse())
            value = findings.values.get(code) or ""
            if reading.takes(value):
                values = {**_found(reading, value), "found_at": now}
            elif row.found_at:
                continue
            else:
                values = _unseen(reading, findings.is_cut_short)
            if row.is_set_by_person:
                values.pop("value", None)
            if row:
                row.write({**values, "sequence": sequence, "how": reading.how})
            else:
                of_reading = {"connection_id": connection.id, "code": code, "how": reading.how}
                new.append({**values, **of_reading, "sequence": sequence})
        # Those of an earlier version.
        self.sudo().browse(row.id for row in rows.values()).unlink()
        self.sudo().create(new)

    def _learn(self, connection, values, how):
        """Note what was found after *Connect*; returns the rows that say something else now.

        :param values: what was found: ``{code: value}``
        :param how: ``WRITING`` or ``LATER``
        """
        rows = {row.code: row for row in connection.sudo().reading_ids}
        others = self.sudo().browse()
        for code, value in values.items():
            reading, row = READINGS.get(code), rows.get(code)
            if not (reading and reading.takes(value)):
                continue
            told = _found(reading, value)
            found = {**told, "found_at": fields.Datetime.now(), "how": how}
            if row and row.is_set_by_person:
                del found["value"]
            if not row:
                of_reading = {"connection_id": connection.id, "code": code}
                others |= others.create(
                    {**of_reading, **found, "sequence": list(READINGS).index(code)}
                )
            elif not row.found_at or codes_of(row.found) != codes_of(told["found"]):
                row.write(found)
                others |= row
        return others

    def _notice(self, connection, noticed):
        """Note what everyday work shows of how Tribe works; returns the rows that tell it newly.

        Only what is worse than was found, or was not known: a page that is short, a lag that is
        short, or an answer says nothing. So it is told once.
        """
        rows = self._rows_of(connection, list(noticed), ["value", "found"])
        news = {
            code: value
            for code, value in noticed.items()
            if code in rows and rows[code]._is_news(value)
        }
        others = self._learn(connection, news, LATER) if news else self.browse()
        if others:
            self.env["tribe.check"]._store_readings(connection)
        return others

    def _is_news(self, value):
        """Whether it says something else than what was found, or counts."""
        if self.code == "lag":
            known = max(map(_number, (self.value, self.found)))
            return _number(value) > known * MOST_GROWTH + LAG_SPARE_SECONDS
        if self.code == "page_size":
            return not self.found_at or _number(value) < (_number(self.found) or PAGE_SIZE)
        return codes_of(self.found) != codes_of(_found(READINGS[self.code], value)["found"])

    def _turned_sentence(self):
        """That Tribe works otherwise than was found before."""
        code = "reading_turned_blocking" if self.state == "blocking" else "reading_turned"
        known = {"reading": self._title(), "found": self._sentence()}
        return say(
            self.env, code, **known, **({"remedy": self._remedy()} if self._remedy() else {})
        )

    def _for_report(self, reading, currencies):
        """What the maintainers are told of a reading, of which there may be no row.

        :param currencies: the codes of currencies that may be told
        """
        # A word is kept as its sentence.
        found = WORD_OF_SENTENCE.get(getattr(self.found, "code", None), self.found or "")
        typed = self.value if self.is_set_by_person else ""
        return {
            "question": reading.title,
            "how": self.how or reading.how,
            "assumed": reading.assumed,
            "state": self.state or "unseen",
            "found": told_value(reading, found, currencies) if self.found_at else None,
            "found_at": self.found_at and to_the_minute(self.found_at) or None,
            "set_by_person": told_value(reading, typed or "", currencies),
        }

    def _forget(self, connection):
        """Forget what was found: it is another Tribe. Nor does what was corrected hold there."""
        connection.sudo().reading_ids.unlink()

    def _rows_of(self, connection, codes, names=("value", "is_set_by_person")):
        """The rows of some readings by their code, in one query."""
        rows = self.sudo().search_fetch(
            [("connection_id", "=", connection.id), ("code", "in", codes)], ["code", *names]
        )
        return {row.code: row for row in rows}

    def _values(self, connection, codes):
        """What counts of some readings: ``{code: value}``."""
        return {code: row.value for code, row in self._rows_of(connection, codes).items()}

    def _client_options(self, connection):
        """What ``Client`` is made with, as this tenant works.

        A page that was found to be shorter than what was asked for is no reason to ask for less.
        """
        by_code = self._rows_of(connection, ["count", "page_size"])
        options = {}
        size = by_code.get("page_size")
        if size and size.is_set_by_person and size.value:
            options["page_size"] = min(int(size.value), PAGE_SIZE)
        if by_code.get("count") and by_code["count"].value == "refused":
            options["counts"] = False
        return options


def to_the_minute(moment):
    """A moment as the report tells it."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _found(reading, value):
    """What a row says of a value that was found: a word as a sentence, others as they are."""
    remedy = reading.unsupported.get(value)
    return {
        "value": value,
        "found": sentence(WORDS[value]) if value in WORDS else value,
        "remedy": remedy and sentence(remedy),
    }


def _unseen(reading, is_cut_short):
    """What a row says where nothing was found."""
    is_late = is_cut_short and reading.how == READING
    is_seen_otherwise = reading.how in NOT_FOUND_BY_READING
    return {
        "found": sentence(NOT_BY_READING if is_seen_otherwise else NOT_SEEN),
        "remedy": sentence(TOO_SLOW if is_late else reading.unseen),
    }


def _number(text):
    text = str(text or "")
    return int(text) if text.isascii() and text.isdecimal() else 0


def _said(env, value):
    return say(env, WORDS[value]) if value in WORDS else value
