from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, escape_psql


class TribeInvoiceFacts(models.AbstractModel):
    """Mixin of what is known of an invoice of Tribe, booked or not: by what people know it."""

    _name = "tribe.invoice.facts"
    _description = "Facts of an Invoice"

    customer_name = fields.Char(
        "Customer", compute="_compute_facts", compute_sudo=True, search="_search_customer_name"
    )
    invoice_date = fields.Date(compute="_compute_facts", compute_sudo=True)
    amount_total = fields.Monetary("Total", compute="_compute_facts", compute_sudo=True)
    currency_id = fields.Many2one("res.currency", compute="_compute_facts", compute_sudo=True)

    def _known_facts(self):
        """The facts of one of these (``mapping.invoice_facts``), with ``customer_name``."""
        return {}

    @api.depends(lambda self: self._facts_depend_on())
    def _compute_facts(self):
        currencies = self.env["res.currency"].with_context(active_test=False)
        by_name = {}
        for record in self:
            # Nothing is told of what is only pretended, in an onchange.
            facts = record._known_facts() if record.id else {}
            name = facts.get("currency")
            if name and name not in by_name:
                by_name[name] = currencies.search([("name", "=", name)], limit=1)
            customer = record.move_id.commercial_partner_id if facts else None
            called = customer._tribe_called() if customer else False
            record.customer_name = facts.get("customer_name") or called
            record.invoice_date = facts.get("date", False)
            record.currency_id = by_name.get(name, False)
            record.amount_total = float(facts.get("total") or 0)

    @api.model
    def _facts_depend_on(self):
        """The fields from which ``_known_facts`` come, the one that has the facts first."""
        return []

    @api.model
    def _search_customer_name(self, operator, value):
        """Find by what the customer is called: whoever sees one of these reads that."""
        if operator not in ("ilike", "in"):
            return NotImplemented
        if operator == "ilike":
            patterns = [f"%{escape_psql(value)}%"]
        else:
            patterns = [escape_psql(each) for each in value if each]
        return Domain("id", "in", self.sudo()._search(self._booked_for(patterns)))

    @api.model
    def _booked_for(self, patterns):
        """Those of customers whose name is like one of some patterns (``ILIKE``), as a domain."""
        column = self._facts_depend_on()[0]

        def is_named(_model, alias, _query):
            named = SQL("%s->>'customer_name'", SQL.identifier(alias, column))
            return SQL("%s ILIKE ANY(%s)", named, patterns)

        return Domain.custom(to_sql=is_named)
