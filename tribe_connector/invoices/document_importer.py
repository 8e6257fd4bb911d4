from odoo import fields, models

from ..engine.leases import journal_key
from ..engine.problems import Busy
from ..mapping import file_name
from ..sentence import sentence
from ..tribe_api import Guid, TribeRefused, TribeUnauthorized, TribeUnknownSet

PDF_MARK = b"%PDF"
BUSY_SECONDS = 1
# Tribe may have the PDF only later. After each look it is waited twice as long, up to a day.
FIRST_WAIT_SECONDS = 60
LONGEST_WAIT_SECONDS = 24 * 3600


class TribeDocumentImporter(models.AbstractModel):
    """Tribe to Odoo: the PDF of a booked invoice becomes its main attachment.

    Work of its own: a download must neither delay a booking nor hold its locks.
    """

    _name = "tribe.document.importer"
    _description = "Tribe Document Importer"

    def _process(self, batch):
        """Do the work rows of some invoices."""
        wanted = self._wanted(batch)
        attachments = self._attachments(batch, wanted)
        for reference in batch.references:
            if reference in wanted:
                rows = attachments.get(reference, [])
                try:
                    if not self._fetch(batch, reference, wanted[reference], rows):
                        self._look_again(batch, reference)
                except (TribeUnauthorized, TribeUnknownSet):
                    # Those of the others would be refused as well.
                    raise
                except TribeRefused as error:
                    batch.failed(reference, error)
            batch.done(reference)
            batch.commit()

    def _wanted(self, batch):
        """The invoices without a PDF: ``{tribe_id: move}``, each with the lease on its journal.

        Booking an invoice touches its neighbours in the journal, so nobody may book meanwhile.
        """
        links = self.env["tribe.link"]._of_tribe(batch.connection, batch.references)
        for tribe_id, link in links.items():
            journal = link.move_id.journal_id
            if journal and not batch.leases.take(journal_key(journal.id)):
                batch.failed(tribe_id, Busy(sentence("invoices_being_booked"), BUSY_SECONDS))
        # A new transaction sees what whoever had the leases before us did.
        batch.commit()
        return {
            tribe_id: link.move_id
            for tribe_id, link in links.items()
            if tribe_id in batch.references
            and link.move_id
            and not link.move_id.message_main_attachment_id
        }

    def _attachments(self, batch, invoice_ids):
        """The attachments of some invoices: ``{invoice_id: [row with File]}``, in one call."""
        if not invoice_ids:
            return {}
        rows = batch.client.by_values(
            "Attachment",
            "Invoice/ID",
            [Guid(invoice_id) for invoice_id in invoice_ids],
            expand="Invoice($select=ID),File($select=ID,Name,MimeType)",
        )
        found = {}
        for row in rows:
            if row.get("Invoice"):
                found.setdefault(row["Invoice"]["ID"], []).append(row)
        return found

    def _fetch(self, batch, reference, move, rows):
        """Attach the PDF of one invoice, which somebody may be paying meanwhile.

        :return: whether Tribe has one
        """
        pdfs = [row for row in rows if (row.get("File") or {}).get("MimeType") == "application/pdf"]
        if not pdfs:
            return False
        content = batch.client.download("Attachment", pdfs[0]["ID"], "File")
        if not content.startswith(PDF_MARK):
            return False
        # A new transaction sees what was done with the invoice while Tribe was asked.
        batch.commit()
        name = file_name(pdfs[0]["File"].get("Name"), ".pdf", move.name)
        batch.apply_splitting_on_error(
            [reference], lambda _one: self._attach(move, name, content), batch.failed
        )
        return True

    def _look_again(self, batch, reference):
        """Look for the PDF once more, as long after this look as it was booked before it."""
        link = self.env["tribe.link"]._of_tribe(batch.connection, [reference])[reference]
        seconds = (fields.Datetime.now() - link.create_date).total_seconds()
        if seconds < LONGEST_WAIT_SECONDS:
            self.env["tribe.work"]._look_later(
                batch.connection, "document", reference, max(seconds, FIRST_WAIT_SECONDS)
            )

    def _attach(self, move, name, content):
        attachment = self.env["ir.attachment"].create(
            {
                "name": name,
                "mimetype": "application/pdf",
                "res_model": "account.move",
                "res_id": move.id,
                "company_id": move.company_id.id,
            }
        )
        # Not created with it: kept in the database, Odoo would hold all of a batch at once.
        attachment._set_attachment_data(lambda _attachment: content)
        attachment.invalidate_recordset()
        move.message_main_attachment_id = attachment
