from odoo import models

from ..engine.problems import NeedsPerson
from ..mapping import clean, read_invoice, shown_date
from ..sentence import sentence
from ..tribe_api import Guid
from ..tribe_names import NAVIGATIONS
from .booking import CUSTOMER_SETS, Booking, entity_set_of, title_of

ACCOUNT_MANAGER = "AccountManager($select=ID,EmailAddress;$expand=Person($select=EmailAddress))"


class TribeInvoiceImporter(models.AbstractModel):
    """What an invoice of Tribe says, whose it is, and what of that is known here."""

    _inherit = "tribe.invoice.importer"

    def _load_invoices(self, batch, tribe_ids):
        """Some invoices with all that a booking needs, in one call: ``{tribe_id: entity}``."""
        names = batch.connection._invoice_fields()
        links = [name for name in (names.legal_entity, names.credited) if name]
        rows = batch.client.by_values(
            "Activity_Invoice",
            "ID",
            [Guid(tribe_id) for tribe_id in tribe_ids],
            expand=",".join(
                [
                    "Phase",
                    "Relationship",
                    "ProductLines($expand=VatGroup,Product($expand=GeneralLedgerAccount,Unit))",
                    *(f"{name}($select=ID)" for name in links),
                ]
            ),
        )
        return {row["ID"]: row for row in rows}

    def _learn(self, batch, invoices):
        """Read again what Tribe added since Connect and these invoices use."""
        batch.connection._learn_phases(batch, {_id_of(each, "Phase") for each in invoices})
        newer = [each for each in invoices if not self._is_older(batch.connection, each)]
        lines = [line for invoice in newer for line in invoice.get("ProductLines") or []]
        batch.connection._learn_mapping(
            batch,
            {_id_of(line, "VatGroup") for line in lines},
            {_id_of(line.get("Product") or {}, "GeneralLedgerAccount") for line in lines},
        )

    def _load_relationships(self, batch, entities):
        """The customer relationships of some invoices as Tribe has them now: ``{invoice_id: row}``.

        One call for each kind, before anything is changed: no lock is held then.
        """
        absent = batch.connection._absent()
        rows = {}
        for kind, entity_set in CUSTOMER_SETS.items():
            of_kind = {
                entity["ID"]: entity["Relationship"].get("ID")
                for entity in entities
                if entity_set_of(entity.get("Relationship")) == entity_set
            }
            if not of_kind or entity_set in absent:
                continue
            expand = f"{NAVIGATIONS[kind]}($select=ID)"
            if f"{entity_set}/AccountManager" not in absent:
                expand += f",{ACCOUNT_MANAGER}"
            found = batch.client.by_values(
                entity_set, "ID", {Guid(each) for each in of_kind.values()}, expand=expand
            )
            by_id = {row["ID"]: row for row in found}
            for invoice_id, relationship_id in of_kind.items():
                rows[invoice_id] = by_id.get(relationship_id, {})
        return rows

    def _read_booking(self, connection, entity, legal_entity=None):
        """What an invoice says and means, checked but for the mapping.

        :param legal_entity: for which it is read; by default the one that it names
        :raises NeedsPerson, ValueUnreadable: with what is missing and the remedy
        """
        self._check_fields(connection, entity)
        legal_entity = legal_entity or self._legal_entity(connection, entity)
        currency = self._currency(entity, legal_entity.company_id)
        invoice = read_invoice(
            entity,
            connection._invoice_fields(),
            timezone=legal_entity.timezone,
            digits=currency.decimal_places,
            base_currency=legal_entity.company_id.currency_id.name,
        )
        return Booking(invoice, entity, legal_entity, currency, self._phase_of(connection, entity))

    def _check_fields(self, connection, entity):
        """Refuse an invoice without a field that this tenant had when it was connected."""
        names = connection._invoice_fields().as_dict().values()
        missing = [name for name in names if name and name not in entity]
        if missing:
            raise NeedsPerson(
                sentence(
                    "invoice_fields_gone",
                    names=", ".join(missing),
                    number=title_of(entity),
                ),
            )

    def _find_legal_entity(self, connection, entity):
        """The legal entity that an invoice names, else the default one; may be empty."""
        tribe_id = self._named_legal_entity(connection, entity)
        # Some tenants may link the organization behind the identity.
        found = connection.legal_entity_ids.filtered(
            lambda each: (
                tribe_id in (each.tribe_id, each.organization_id) if tribe_id else each.is_default
            )
        )
        return found if len(found) == 1 else found.browse()

    @staticmethod
    def _named_legal_entity(connection, entity):
        """The Tribe ID of the legal entity that an invoice names; may be empty."""
        name = connection._invoice_fields().legal_entity
        link = entity.get(name) if name else None
        # Any value names one, if not one that is known here: the default one is for none at all.
        return link.get("ID") if isinstance(link, dict) else link

    def _is_booked_elsewhere(self, legal_entity):
        """Whether Odoo does not keep the books of a legal entity that is known here."""
        return bool(legal_entity) and not legal_entity.is_booked

    def _legal_entity(self, connection, entity):
        """The legal entity of an invoice, with all that booking needs.

        :raises NeedsPerson: when it is unknown here, or has no company or journal
        """
        legal_entity = self._find_legal_entity(connection, entity)
        number = title_of(entity)
        if not legal_entity:
            is_named = self._named_legal_entity(connection, entity)
            code = "invoice_legal_entity_unknown" if is_named else "invoice_names_no_legal_entity"
            raise NeedsPerson(sentence(code, number=number))
        if not legal_entity.company_id or not legal_entity.journal_id:
            raise NeedsPerson(
                sentence(
                    "legal_entity_incomplete",
                    number=number,
                    entity=legal_entity.name,
                ),
            )
        return legal_entity

    def _currency(self, entity, company=None):
        """The currency of an invoice, which may be archived.

        :param company: the one that books it, whose own currency it mostly is
        :raises NeedsPerson: for one that Odoo does not know
        """
        code = (clean(entity.get("Currency")) or "").upper()
        if company and company.currency_id.name == code:
            return company.currency_id
        currency = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "=", code)], limit=1)
            # Odoo looks for no more of a code than the field can hold.
            .filtered(lambda currency: currency.name == code)
        )
        if not currency:
            raise self._currency_not_active(title_of(entity), code or sentence("no_currency"))
        return currency

    def _currency_not_active(self, number, currency):
        return NeedsPerson(sentence("currency_not_active", number=number, currency=currency))

    def _phase_of(self, connection, entity):
        phase_id = (entity.get("Phase") or {}).get("ID")
        return connection.phase_ids.filtered(lambda phase: phase.tribe_id == phase_id)

    def _is_older(self, connection, entity):
        """Whether an invoice is from before the books begin, as far as its date can be read."""
        timezone = self._find_legal_entity(connection, entity).timezone or connection.timezone
        date = shown_date(entity, connection._invoice_fields(), timezone)
        return bool(date and connection.invoices_from and date < connection.invoices_from)


def _id_of(row, name):
    """The Tribe ID that a navigation leads to, or None."""
    return (row.get(name) or {}).get("ID")
