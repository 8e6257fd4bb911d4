from urllib.parse import urlsplit

from odoo import fields, models

from ..engine.sentence_field import SentenceChar
from ..sentence import codes_of, say

# Where in Tribe's web app the rights of applications and the general settings are
# (docs/tribe-api.md).
CONFIGURATION_PAGE = "/configuration"
APPLICATIONS_PAGE = "/configuration/api"
ORDER = ("blocking", "note", "ok")
# The sentences about how the tenant works.
READING_CODES = {"check_reading", "check_dates_do_not_tell", "check_settles_before_lag"}


class TribeCheck(models.Model):
    """One thing that was looked at when connecting: in order, or with its remedy."""

    _name = "tribe.check"
    _inherit = "tribe.written.by.connector"
    _description = "Tribe Check"
    _order = "sequence, id"

    connection_id = fields.Many2one(
        "tribe.connection", required=True, index=True, ondelete="cascade", readonly=True
    )
    legal_entity_id = fields.Many2one(
        "tribe.legal.entity", index=True, ondelete="cascade", readonly=True
    )
    sequence = fields.Integer(readonly=True)
    state = fields.Selection(
        [("ok", "In Order"), ("note", "Good to Know"), ("blocking", "To Be Mended")],
        required=True,
        readonly=True,
    )
    name = SentenceChar("Looked At", required=True, readonly=True)
    remedy = SentenceChar("What to Do", readonly=True)
    url = fields.Char("Where", readonly=True)

    def _store(self, connection, found):
        """Replace the checks of a connection.

        :param found: what ``tribe.connection._read_tenant`` read
        """
        rows = [
            *self._of_sign_in(connection, found),
            *self._of_counts(connection, found),
            *self._of_own_organization(connection),
            *self._of_webhooks(connection),
            *self._of_requirements(connection, found),
            *self._of_readings(connection),
            *({"state": "note", "name": note} for note in found["invoice_notes"]),
        ]
        for entity in connection.legal_entity_ids:
            rows += self._of_legal_entity(entity)
        connection.sudo().check_ids.unlink()
        self._store_rows(connection, rows)

    def _store_legal_entities(self, entities):
        """Look again at some legal entities: somebody changed them."""
        for entity in entities:
            found = self.sudo().search([("legal_entity_id", "=", entity.id)])
            found.unlink()
            if entity.connection_id.sudo().check_ids or found:
                self._store_rows(entity.connection_id, self._of_legal_entity(entity))

    def _store_missing(self, connection, missing):
        """Add what a connection turned out to lack since (``mapping.Requirement``)."""
        found = {"missing": missing, "blocking": [each for each in missing if each.blocking]}
        self._store_rows(connection, self._of_requirements(connection, found))

    def _store_readings(self, connection):
        """Look again at how the tenant works: more of it is known."""
        checks = connection.sudo().check_ids
        if checks:
            of_readings = checks.filtered(lambda check: READING_CODES & set(codes_of(check.name)))
            of_readings.unlink()
            self._store_rows(connection, self._of_readings(connection))

    def _store_rows(self, connection, rows):
        self.sudo().create(
            [
                {**row, "connection_id": connection.id, "sequence": ORDER.index(row["state"])}
                for row in rows
            ]
        )

    def _of_legal_entity(self, entity):
        """What is to be known before its invoices are booked."""
        of_entity = {"state": "note", "legal_entity_id": entity.id}
        if not entity.is_booked:
            yield {
                **of_entity,
                "name": say(self.env, "check_legal_entity_not_booked", entity=entity.name),
                "remedy": say(self.env, "check_legal_entity_not_booked_remedy"),
            }
        elif vat := entity._vat_of_company():
            yield {
                **of_entity,
                "name": say(
                    self.env,
                    "check_vat_number_of_company_differs",
                    entity=entity.name,
                    vat=entity.vat,
                    company=entity.company_id.sudo().name,
                    other=vat,
                ),
                "remedy": say(self.env, "check_vat_number_of_company_differs_remedy"),
            }

    def _of_sign_in(self, connection, found):
        yield {"state": "ok", "name": say(self.env, "check_signed_in")}

    def _of_counts(self, connection, found):
        """How much there is to map; without a legal entity nothing can be booked."""
        entities = connection.legal_entity_ids
        if not entities:
            yield {
                "state": "blocking",
                "name": say(self.env, "check_no_legal_entity"),
                "remedy": say(self.env, "check_no_legal_entity_remedy"),
                "url": connection.web_address + CONFIGURATION_PAGE,
            }
            return
        yield {
            "state": "ok",
            "name": say(
                self.env,
                "check_counts",
                entities=len(entities),
                groups=len(found["vat_groups"]),
                accounts=len(found["ledger_accounts"]),
                phases=len(found["phases"]),
            ),
        }

    def _of_own_organization(self, connection):
        if other := connection._other_of_tenant():
            # Whoever reads the connection reads this: they may know those of its company.
            may_know = other.filtered(lambda other: other.company_id == connection.company_id)
            yield {
                "state": "blocking",
                "name": say(self.env, "check_tenant_of_other", other=may_know._called_as_other()),
                "remedy": say(self.env, "check_tenant_of_other_remedy"),
            }
        if connection.own_organization_id:
            yield {
                "state": "ok",
                "name": say(
                    self.env, "check_own_organization", name=connection.own_organization_name
                ),
            }
            return
        yield {
            "state": "blocking",
            "name": say(self.env, "check_no_own_organization"),
            "remedy": say(self.env, "check_no_own_organization_remedy"),
            "url": connection.web_address + CONFIGURATION_PAGE,
        }

    def _of_webhooks(self, connection):
        """Whether Tribe can reach us. Changes are found without webhooks too, but later."""
        address = urlsplit(connection._webhook_url(""))
        reached = say(self.env, "check_webhooks_reach_odoo", host=address.netloc)
        if connection.mode == "demo" or address.scheme == "https":
            yield {"state": "ok", "name": reached}
            return
        yield {
            "state": "note",
            "name": say(self.env, "check_webhooks_do_not_reach_odoo", host=address.netloc),
            "remedy": say(
                self.env,
                "check_webhooks_do_not_reach_odoo_remedy",
                minutes=max(connection.poll_seconds // 60, 1),
            ),
        }

    def _of_readings(self, connection):
        """How this tenant works otherwise than we need it."""
        for reading in connection._blocking_readings():
            yield {
                "state": "blocking",
                "name": say(
                    self.env, "check_reading", reading=reading._title(), found=reading._sentence()
                ),
                "remedy": reading._remedy(),
            }
        is_undated = connection._reading("phase_touches") == "no"
        if connection.dates_tell and is_undated:
            yield {
                "state": "blocking",
                "name": say(self.env, "check_dates_do_not_tell"),
                "remedy": say(self.env, "check_dates_do_not_tell_remedy"),
            }

        wait = connection._seconds_to_be_settled()
        if connection.settle_seconds < wait:
            yield {
                "state": "blocking",
                "name": say(self.env, "check_settles_before_lag"),
                "remedy": say(self.env, "check_settles_before_lag_remedy", seconds=wait),
            }

    def _of_requirements(self, connection, found):
        """What this tenant lacks: sets and fields, each with what does not work without it."""
        for requirement in found["missing"]:
            yield {
                "state": "blocking" if requirement in found["blocking"] else "note",
                "name": say(self.env, "check_missing", path=requirement.path, why=requirement.why),
                "remedy": requirement.remedy,
                "url": connection.web_address + APPLICATIONS_PAGE,
            }
