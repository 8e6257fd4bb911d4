import functools
import itertools

from odoo import models

from ..sentence import say
from .booking import Mapping

# So many are read while somebody waits for it: they take seconds.
PAGES_OF_BUTTON = 10


class TribeInvoiceImporter(models.AbstractModel):
    """What is still to be mapped before invoices can be booked."""

    _inherit = "tribe.invoice.importer"

    def _unmapped(self, connection, client):
        """What open invoices use and is not mapped: ``{legal entity: {name, ...}}``. Only reads.

        Of those that would be booked, and of very many the newest: somebody waits for it.
        """
        expand = (
            "ProductLines($select=ID;$expand=VatGroup($select=ID),"
            "Product($select=ID;$expand=GeneralLedgerAccount($select=ID)))"
        )
        holes = {}
        mapping_of = functools.cache(Mapping)
        pages = self.env["tribe.invoice.comparer"]._open_pages(connection, client, expand)
        for page in itertools.islice(pages, PAGES_OF_BUTTON):
            for entity in page:
                self._note_holes(connection, entity, mapping_of, holes)
        return holes

    def _note_holes(self, connection, invoice, mapping_of, holes):
        legal_entity = self._find_legal_entity(connection, invoice)
        if self._is_older(connection, invoice) or self._is_booked_elsewhere(legal_entity):
            return
        if not legal_entity.journal_id:
            holes.setdefault(legal_entity, set()).add(say(self.env, "no_journal_yet"))
        for line in invoice.get("ProductLines") or []:
            group_id = (line.get("VatGroup") or {}).get("ID")
            ledger_id = ((line.get("Product") or {}).get("GeneralLedgerAccount") or {}).get("ID")
            group, ledger = mapping_of(legal_entity).rows(group_id, ledger_id)
            if group and not group.tax_id:
                holes.setdefault(legal_entity, set()).add(group.name)
            elif group and not group._tax_of(ledger):
                asked = say(self.env, "goods_or_services", group=group.name)
                holes.setdefault(legal_entity, set()).add(asked)
            if not (ledger.account_id or group.account_id) and (ledger or group):
                holes.setdefault(legal_entity, set()).add((ledger or group).display_name)
