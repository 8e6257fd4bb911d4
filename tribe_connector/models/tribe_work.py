from odoo import api, fields, models

from ..codes import (
    BOOK_ANYWAY,
    MOVE_BACK,
    TOLD_PAID,
    TRIAL,
)
from ..engine.only_for import only_for
from ..engine.problems import DIFFERS, UNDONE
from ..engine.sentence_field import SentenceName, SentenceText
from ..help_page import help_page
from ..mapping import mail_addresses
from ..sentence import MESSAGES, codes_of, stored

# Where a mapping is filled in or corrected, by cause: an action, a filter of its search view.
MAPPINGS = {
    "vat_group": ("action_tribe_vat_group", "unmapped"),
    "ledger_account": ("action_tribe_ledger_account", "unmapped"),
    "legal_entity": ("action_tribe_legal_entity", "incomplete"),
    # The tax of a VAT group has another percentage.
    "amounts": ("action_tribe_vat_group", None),
    # Its form has all of them.
    "mapping": ("action_tribe_legal_entity", None),
}


class TribeWork(models.Model):
    """ "Look at this": what is to be done, in both directions.

    Rows are only added; several about one record are done at once. A row is deleted when its work
    is done, so what is here is what is waiting or in trouble.
    """

    _name = "tribe.work"
    _inherit = ["tribe.written.by.connector", "tribe.invoice.facts"]
    _description = "Tribe Work"
    _rec_name = "record_name"
    _order = "due, id"
    _log_access = False

    connection_id = fields.Many2one(
        "tribe.connection", required=True, index=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one("res.company", readonly=True)
    direction = fields.Selection(
        [("inbound", "Tribe to Odoo"), ("outbound", "Odoo to Tribe")], required=True, readonly=True
    )
    kind = fields.Selection(
        [
            ("organization", "Organization"),
            ("person", "Person"),
            ("customer", "Customer"),
            ("person_customer", "Private Customer"),
            ("supplier", "Supplier"),
            ("address", "Address"),
            ("invoice", "Invoice"),
            ("document", "PDF of an Invoice"),
            ("entity", "Find Out What Changed"),
            ("poll", "Look for Changes"),
            ("comparison", "Look for Deleted Relations"),
            ("invoices", "Look Through Invoices"),
            ("partner", "Contact"),
            ("payment", "Payment"),
            ("plan", "Plan"),
            ("unplaced", "Contacts That No Connection Sends"),
            ("activate", "Activation"),
            ("deactivate", "Deactivation"),
            (TRIAL, "Try Writing"),
        ],
        required=True,
        readonly=True,
    )
    reference = fields.Char(
        required=True,
        readonly=True,
        index=True,
        help="Which record: its Tribe ID on the way in, its Odoo ID on the way out.",
    )
    reason = fields.Selection(
        [
            ("webhook", "Webhook"),
            ("poll", "Changed in Tribe"),
            ("save", "Saved in Odoo"),
            ("initial", "Initial Synchronization"),
            ("nightly", "Nightly"),
            ("person", "Asked for"),
            ("follow", "Follows from Other Work"),
            ("again", "Looked at Once More"),
            (BOOK_ANYWAY, "Asked to Book Anyway"),
            (MOVE_BACK, "Asked to Move Back"),
            (TOLD_PAID, "Asked to Book Again, Paid in Tribe"),
        ],
        required=True,
        readonly=True,
    )
    due = fields.Datetime(required=True, readonly=True)
    created = fields.Datetime(default=fields.Datetime.now, readonly=True)
    transaction = fields.Char(
        readonly=True,
        index="btree_not_null",
        help="The database transaction of a save, so that it counts once.",
    )
    tries = fields.Integer(readonly=True)
    error = SentenceText(readonly=True)
    error_class = fields.Selection(
        [
            ("again", "Tries Again"),
            ("person", "Needs a Person"),
            ("bug", "Bug"),
            ("given_up", "Given Up"),
        ],
        index=True,
        readonly=True,
    )
    cause = fields.Selection(
        [
            ("vat_group", "A VAT group has no sales tax"),
            ("ledger_account", "A general ledger account has no account"),
            ("legal_entity", "A legal entity has no company or journal"),
            ("mapping", "A journal, a tax or an account cannot be used"),
            ("set_up", "Tribe is set up differently than when it was connected"),
            ("customer", "The customer is missing"),
            ("doubt", "Two records could be the same"),
            ("both_changed", "Both sides differ"),
            ("sign_in", "A user's e-mail address differs"),
            ("kind", "A company on one side, a person on the other"),
            ("number", "A number is taken"),
            ("period", "The period is locked"),
            ("currency", "A currency or its rate is missing"),
            ("amounts", "The amounts are not the same"),
            (DIFFERS, "A booked invoice is not the same on both sides"),
            (UNDONE, "A payment was undone"),
            ("archive", "Odoo cannot archive it"),
            ("lost", "Tribe's answer was lost"),
            ("missing", "Tribe does not show what is linked"),
            ("tribe", "Tribe refused it"),
            ("odoo", "Odoo refused it"),
            ("unreadable", "Something is missing or wrong in Tribe"),
            ("unavailable", "Tribe cannot be reached"),
            ("stopped", "It stopped the worker"),
            ("bug", "Something is wrong in the connector"),
            ("other", "Another reason"),
        ],
        index=True,
        readonly=True,
    )
    record_name = SentenceName("Record", readonly=True)
    email = fields.Char(
        "E-mail Addresses",
        compute="_compute_email",
        store=True,
        help="Those in the problem. Odoo's privacy look-up searches them, and the record's name.",
    )
    facts = fields.Json(
        readonly=True,
        groups=fields.NO_ACCESS,
        help="What is known of an invoice that is held; of a contact, the numbers drawn for it.",
    )
    tribe_url = fields.Char("In Tribe", compute="_compute_tribe_url")
    help_url = fields.Char("Help", compute="_compute_help_url")
    partner_id = fields.Many2one("res.partner", compute="_compute_records")
    move_id = fields.Many2one("account.move", compute="_compute_records")
    can_open_mapping = fields.Boolean(compute="_compute_can_open_mapping")

    @api.depends("kind", "reference")
    @api.depends_context("uid")
    def _compute_records(self):
        links = self.env["tribe.link"].search([("tribe_id", "in", self.mapped("reference"))])
        by_tribe_id = {(link.connection_id, link.tribe_id): link for link in links}
        for work in self:
            number = int(work.reference) if work.reference and work.reference.isdigit() else False
            link = by_tribe_id.get((work.connection_id, work.reference), links.browse())
            work.partner_id = number if work.kind == "partner" else link.partner_id
            work.move_id = number if work.kind == "payment" else link.move_id
            if not self.env.su:
                # Odoo tells what a linked record is called to whoever reads the link to it.
                work.partner_id -= work._partner_elsewhere() | work._partner_of_others()

    @api.depends("record_name", "error")
    def _compute_email(self):
        for work in self:
            work.email = mail_addresses(stored(work.record_name), stored(work.error))

    @api.depends("kind", "reference")
    def _compute_tribe_url(self):
        works = self.filtered("id")
        (self - works).tribe_url = False
        of_records = self.env["tribe.engine"]._table_of_kinds().codes(is_of_record=True)
        for work in works:
            addresses = work.connection_id.sudo()._addresses()
            work.tribe_url = work.kind in of_records and addresses.entity_link(work.reference)

    @api.depends("error")
    @api.depends_context("lang")
    def _compute_help_url(self):
        for work in self:
            codes = [code for code in codes_of(work.error) if code in MESSAGES]
            work.help_url = help_page(work.env, "messages", *codes[:1])

    @api.depends("kind", "reference", "record_name")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for work in self:
            name = work.record_name or work._name_in_odoo() or work.reference
            work.display_name = f"{kinds.get(work.kind)} {name}"

    def _name_in_odoo(self):
        """What the contact or invoice is called that this is about; nothing, if it is gone, or
        another company's."""
        if not self.id:
            return ""
        partner = self.partner_id - self._partner_elsewhere()
        record = (self.move_id or partner).sudo().exists()
        # It may have been given to another company since this was noted.
        is_seen = self.env.su or record.company_id <= self.env.user.company_ids
        if not record or not is_seen:
            return ""
        return record.display_name if self.move_id else record._tribe_called()

    def _partner_of_others(self):
        """The contact that this is about if the reader does not work in its company."""
        return self.partner_id.filtered(
            lambda partner: partner.sudo().exists().company_id - self.env.user.company_ids
        )

    def _partner_elsewhere(self):
        """The contact that this is about if it is of a company where the connection is not."""
        return self.partner_id.sudo().exists()._tribe_elsewhere(self.sudo().connection_id)

    @only_for("User")
    def action_retry(self):
        """Try again now, with as many tries as at first."""
        added = self._rows_again([("id", "in", self.ids)], "person")
        added._wake_lanes()
        return added._watch(self, is_left=True)

    @only_for("User")
    def action_open_record(self):
        """Open the contact or invoice in Odoo that this is about."""
        self.ensure_one()
        record = self.move_id or self.partner_id or self.taken_by_id
        if not record:
            return self._tell_it_is_gone()
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }

    @api.depends("cause")
    def _compute_can_open_mapping(self):
        for work in self:
            work.can_open_mapping = work.cause in MAPPINGS

    @only_for("User")
    def action_open_mapping(self):
        """Open the list in which the tax, account or journal is chosen."""
        self.ensure_one()
        if not self.can_open_mapping:
            return self._tell_it_is_gone()
        name, search_filter = MAPPINGS[self.cause]
        action = self.env["ir.actions.act_window"]._for_xml_id(f"tribe_connector.{name}")
        context = {"search_default_by_entity": 1}
        if search_filter:
            context[f"search_default_{search_filter}"] = 1
        domain = [("connection_id", "=", self.connection_id.id)]
        return {**action, "context": context, "domain": domain}

    @api.model
    def _facts_depend_on(self):
        return ["facts", "reference", "cause"]

    def _known_facts(self):
        # Of what is booked its link has them.
        booked = self._links() if self.cause == DIFFERS else self.env["tribe.link"]
        return self.facts or booked[:1]._known_facts()
