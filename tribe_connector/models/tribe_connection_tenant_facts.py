import math

from odoo import models

from ..mapping import (
    InvoiceFields,
    is_state_known,
    sight_of,
    synchronized_fields,
)
from ..sentence import say, sentence

# Seconds of a lag that is believed, whoever says it.
MOST_LAG = 3600
# What was seen once can take as many seconds more, and this share.
LAG_SPARE_SECONDS, LAG_SPARE = 2, 0.25


class TribeConnection(models.Model):
    """What this tenant of Tribe is like, and how long it takes to show a change."""

    _inherit = "tribe.connection"

    def _reading(self, code):
        """What counts of a reading, or None."""
        return self.sudo().reading_ids.filtered(lambda reading: reading.code == code).value

    def _lag_seconds(self):
        """How long Tribe takes to show a change, in seconds, as far as that is known; else 0."""
        lag = self.env["tribe.reading"]._values(self, ["lag"]).get("lag") or ""
        return min(int(lag), MOST_LAG) if lag.isdecimal() else 0

    def _seconds_to_show(self):
        """After how long a read surely shows what a webhook told of, as far as that is known.

        None where it is not, and where it shows as soon as the webhook is here.
        """
        values = self.env["tribe.reading"]._values(self, ["lag", "webhook_read"])
        if values.get("webhook_read") == "yes":
            return None
        return self._seconds_of_lag() or None

    def _seconds_of_lag(self):
        """After how long a read surely shows what Tribe has, as far as that is known; else 0."""
        lag = self._lag_seconds()
        return math.ceil(lag * (1 + LAG_SPARE)) + LAG_SPARE_SECONDS if lag else 0

    def _seconds_to_be_settled(self):
        """How long an old copy has to be reckoned with, at least: Tribe may have several."""
        return 2 * self._lag_seconds()

    def _overlap_seconds(self):
        """How far a look goes back before the one before it: more than Tribe's lag."""
        return max(self.overlap_seconds, self._seconds_of_lag())

    def _blocking_readings(self):
        """The readings of this tenant with which the connector cannot work."""
        return self.sudo().reading_ids.filtered(lambda reading: reading.state == "blocking")

    def _invoice_fields(self):
        return InvoiceFields.from_dict({row.meaning: row.name for row in self.invoice_field_ids})

    def _sight_of(self, row):
        """What a row of Tribe shows of an invoice (``mapping.Sight``)."""
        names = self._invoice_fields()
        return sight_of(row, names, self.invoice_names or (), self.timezone)

    def _booking_phases(self):
        """The phases in which invoices are booked."""
        return self.phase_ids.filtered(lambda phase: phase.is_booked and not phase.is_draft)

    def _open_phases(self):
        """Those of them in which Tribe still waits for the money."""
        return self._booking_phases().filtered(lambda phase: not phase._is_paid())

    def _phase(self, code):
        """The phase with a code, or an empty set."""
        return self.phase_ids.filtered(lambda phase: phase._has_code(code))[:1]

    def _absent(self):
        """The sets and fields that this tenant lacks: ``{"Set", "Set/Field"}``."""
        return set(self.absent or ())

    def _lacks(self, entity_set, name):
        """Whether this tenant lacks a set, or a field of it."""
        return bool({entity_set, f"{entity_set}/{name}"} & self._absent())

    def _synchronized_fields(self, kind):
        """The neutral fields of a kind of relation that this tenant can hold."""
        return synchronized_fields(kind, self._absent())

    def _state_codes(self):
        """Odoo's codes by the country and Tribe's ID of a state."""
        return {
            (country, tribe_id): code
            for country, states in (self.state_ids or {}).items()
            for code, tribe_id in states.items()
        }

    def _not_in_tribe(self, values):
        """What Tribe cannot hold of some neutral values: ``{field: a sentence why}``."""
        state, country = values.get("state_code"), values.get("country_code")
        if is_state_known(state, country, self.state_ids):
            return {}
        return {
            "state_code": say(
                self.env,
                "state_not_in_tribe",
                state=state,
                country=country or sentence("no_country"),
            )
        }
