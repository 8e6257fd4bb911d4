import platform

import requests

from odoo import fields, models, release
from odoo.exceptions import UserError
from odoo.modules.module import get_manifest

from ..engine.only_for import only_for
from ..probe import READINGS, told_headers, told_schema
from ..tribe_api import TribeError
from .tribe_reading import to_the_minute

# Of what is in the file: who reads it knows what to expect.
REPORT_VERSION = 1


class TribeConnection(models.Model):
    """The tenant's report: how this Tribe works, for the maintainers, and nothing of anybody."""

    _inherit = "tribe.connection"

    @only_for("Administrator", "write")
    def action_report(self):
        """Download the tenant's report."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": f"/tribe/report/{self.id}", "target": "self"}

    @only_for("Administrator", "write")
    def _report(self):
        """The tenant's report, as plain values in the order in which they are read.

        What was found is kept; of the metadata, which is not, Tribe is asked. Where it does not
        answer, the report says so by the code of the message.
        """
        self.ensure_one()
        return {
            "report": REPORT_VERSION,
            "made": to_the_minute(fields.Datetime.now()),
            "versions": {
                "odoo": release.version,
                "tribe_connector": get_manifest("tribe_connector")["version"],
                "python": platform.python_version(),
                "requests": requests.__version__,
            },
            "connection": {"mode": self.mode, "state": self.state, "sign_in": self.sign_in},
            "counts": self._counts_of_report(),
            "readings": self._readings_of_report(),
            **self._metadata_of_report(),
        }

    def _counts_of_report(self):
        links = self.env["tribe.link"]._read_group(
            [("connection_id", "=", self.id)], ["kind"], ["__count"]
        )
        return {
            "legal_entities": len(self.legal_entity_ids),
            "phases": len(self.phase_ids),
            "booking_phases": len(self._booking_phases()),
            "vat_groups": len(self.vat_group_ids),
            "ledger_accounts": len(self.ledger_account_ids),
            "missing_sets_and_fields": len(self._absent()),
            "links": dict(sorted(links)),
        }

    def _readings_of_report(self):
        """Each reading of the catalogue, also one of which nothing is known."""
        rows = {row.code: row for row in self.reading_ids}
        currencies = (
            self.env["res.currency"].with_context(active_test=False).search([("name", "!=", False)])
        )
        currencies = set(currencies.mapped("name"))
        return {
            code: rows.get(code, self.env["tribe.reading"])._for_report(reading, currencies)
            for code, reading in READINGS.items()
        }

    def _metadata_of_report(self):
        """What ``$metadata`` has now, and the headers with which Tribe answers."""
        try:
            client = self.sudo()._probing_client()
            # What Tribe answers may be long: one report at a time.
            with self._asking_for_button():
                schema = told_schema(client.schema().as_dict())
                return {"headers": told_headers(client.header_names), "metadata": schema}
        except (TribeError, UserError) as error:
            return {"headers": [], "metadata": {"problem": getattr(error.args[0], "code", "?")}}
