from odoo import api, fields, models

from ..engine.sentence_field import SentenceChar, SentenceName
from ..mapping import mail_addresses
from ..sentence import stored


class TribeRunLine(models.Model):
    """One thing that a run did, or could not do, with one record."""

    _name = "tribe.run.line"
    _inherit = "tribe.written.by.connector"
    _description = "Tribe Run Line"
    _order = "id"

    run_id = fields.Many2one("tribe.run", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", index=True, readonly=True)
    action = fields.Selection(
        [
            ("create_odoo", "Created in Odoo"),
            ("create_tribe", "Created in Tribe"),
            ("link", "Linked"),
            ("update_odoo", "Changed in Odoo"),
            ("update_tribe", "Changed in Tribe"),
            ("post", "Booked"),
            ("paid", "Paid in Tribe"),
            ("unpaid", "Unpaid Again in Tribe"),
            ("note", "Note"),
            ("problem", "Problem"),
        ],
        required=True,
        readonly=True,
    )
    name = SentenceName("Record", readonly=True)
    text = SentenceChar("Details", readonly=True)
    email = fields.Char(
        "E-mail Addresses",
        compute="_compute_email",
        store=True,
        help="Those in the details. Odoo's privacy look-up searches them, and the record's name.",
    )
    partner_id = fields.Many2one("res.partner", ondelete="set null", readonly=True)
    move_id = fields.Many2one("account.move", ondelete="set null", readonly=True)

    @api.depends("name", "text")
    def _compute_email(self):
        for line in self:
            line.email = mail_addresses(stored(line.name), stored(line.text))
