from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..sentence import say


class TribeInvoiceField(models.Model):
    """What this tenant calls a field of invoices that Tribe's public documentation does not name.

    Found in ``$metadata`` when connecting, shown, and correctable (docs/tribe-api.md).
    """

    _name = "tribe.invoice.field"
    _inherit = "tribe.written.by.connector"
    _description = "Tribe Invoice Field"
    _order = "sequence, id"
    _rec_name = "meaning"

    connection_id = fields.Many2one(
        "tribe.connection", required=True, index=True, ondelete="cascade", readonly=True
    )
    sequence = fields.Integer(readonly=True)
    meaning = fields.Selection(
        [
            ("date", "Invoice Date"),
            ("due_date", "Due Date"),
            ("reference", "Customer Reference"),
            ("legal_entity", "Legal Entity"),
            ("untaxed", "Total Without VAT"),
            ("vat", "Total VAT"),
            ("total", "Total With VAT"),
            ("untaxed_in_currency", "Total Without VAT, in Currency"),
            ("vat_in_currency", "Total VAT, in Currency"),
            ("total_in_currency", "Total With VAT, in Currency"),
            ("final", "Final"),
            ("credit", "Credit Invoice"),
            ("credited", "Credited Invoice"),
        ],
        required=True,
        readonly=True,
    )
    name = fields.Char(
        "Field in Tribe",
        help="As Tribe's metadata writes it. Empty: none was recognized, or you emptied it. What "
        "you change stays as long as Tribe has what was recognized.",
    )
    recognized = fields.Char(
        readonly=True, help="What was recognized in Tribe's metadata when connecting last."
    )

    _meaning_unique = models.Constraint(
        "UNIQUE(connection_id, meaning)", "A meaning has one field per connection."
    )

    @api.constrains("name")
    def _check_name(self):
        for field in self.filtered("name"):
            known = field.connection_id.invoice_names or []
            if field.name not in known:
                raise ValidationError(
                    say(
                        self.env,
                        "invoice_field_unknown",
                        name=field.name,
                        known=", ".join(sorted(known)),
                    )
                )

    def write(self, vals):
        """Refuse to lead the invoices of others elsewhere: all legal entities go by these.

        :raises UserError: for who does not work in all companies of the connection
        """
        self.connection_id._check_works_in_all_companies()
        return super().write(vals)

    def _store(self, connection, resolved):
        """Bring the rows of a connection up to date: what was corrected stays while Tribe has it.

        With all rights: nobody enters what was recognized.

        :param resolved: ``{meaning: name or None}``
        """
        rows = {row.meaning: row for row in connection.invoice_field_ids}
        for sequence, (meaning, name) in enumerate(resolved.items()):
            row = rows.get(meaning)
            if row:
                row.sudo().write({"name": row.name if row._stays() else name, "recognized": name})
            else:
                self.create(
                    {
                        "connection_id": connection.id,
                        "sequence": sequence,
                        "meaning": meaning,
                        "name": name,
                        "recognized": name,
                    }
                )

    def _stays(self):
        """Whether Tribe has what it is called; or what was recognized, and somebody emptied."""
        return (self.name or self.recognized) in (self.connection_id.invoice_names or [])
