from odoo import models

from ..tribe_api import Guid

PDF_MARK = b"%PDF"


class TribeDocumentImporter(models.AbstractModel):
    """Tribe to Odoo: the PDF of a booked invoice becomes its main attachment.

    Work of its own: a download must neither delay a booking nor hold its locks.
    """

    _name = "tribe.document.importer"
    _description = "Tribe Document Importer"

    def _process(self, session):
        """Do the work rows of some invoices."""
        links = self.env["tribe.link"]._of_tribe(session.connection, session.references)
        wanted = {
            tribe_id: link.move_id
            for tribe_id, link in links.items()
            if link.move_id and not link.move_id.message_main_attachment_id
        }
        attachments = self._attachments(session, wanted)
        for reference in session.references:
            if reference in wanted and reference in attachments:
                self._attach(session, wanted[reference], attachments[reference])
            session.done(reference)
            session.commit()

    def _attachments(self, session, invoice_ids):
        """The attachments of some invoices: ``{invoice_id: [row with File]}``, in one call."""
        if not invoice_ids:
            return {}
        rows = session.client.by_values(
            "Attachment",
            "Invoice/ID",
            [Guid(invoice_id) for invoice_id in invoice_ids],
            expand="Invoice($select=ID),File($select=ID,Name,MimeType)",
        )
        found = {}
        for row in rows:
            found.setdefault(row["Invoice"]["ID"], []).append(row)
        return found

    def _attach(self, session, move, rows):
        pdfs = [row for row in rows if (row.get("File") or {}).get("MimeType") == "application/pdf"]
        if not pdfs:
            return
        content = session.client.download("Attachment", pdfs[0]["ID"], "File")
        if not content.startswith(PDF_MARK):
            return
        attachment = self.env["ir.attachment"].create(
            {
                "name": pdfs[0]["File"].get("Name") or f"{move.name}.pdf",
                "raw": content,
                "mimetype": "application/pdf",
                "res_model": "account.move",
                "res_id": move.id,
                "company_id": move.company_id.id,
            }
        )
        move.message_main_attachment_id = attachment
