from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools.misc import format_date

from ..engine.same_text import is_same_text
from ..mapping.cents import rounded


class TribeInvoiceBooker(models.AbstractModel):
    """The values of an entry and its lines, from those of an invoice of Tribe."""

    _inherit = "tribe.invoice.booker"

    def _move_values(self, booking):
        invoice = booking.invoice
        sign = -1 if invoice.is_credit else 1
        return {
            "move_type": "out_refund" if invoice.is_credit else "out_invoice",
            "name": invoice.number if booking.keeps_number else False,
            "is_move_sent": True,
            "journal_id": booking.journal.id,
            "company_id": booking.company.id,
            "partner_id": booking.partner.id,
            "partner_shipping_id": self._delivery_address(booking.partner, booking.company).id,
            "currency_id": booking.currency.id,
            "invoice_date": invoice.date,
            "date": self._accounting_date(booking),
            # Both set by us: the customer's own term could carry a discount that changes amounts.
            "invoice_payment_term_id": False,
            # A company may have one by default, which would change the total.
            "invoice_cash_rounding_id": False,
            "invoice_date_due": self._due_date(booking),
            "invoice_user_id": booking.salesperson.id,
            "fiscal_position_id": self._fiscal_position(booking).id,
            "ref": self._reference(booking),
            "payment_reference": invoice.number,
            "invoice_line_ids": [
                fields.Command.create(self._line_values(booking, line, sign))
                for line in invoice.lines
            ],
        }

    def _due_date(self, booking):
        if booking.invoice.due_date:
            return booking.invoice.due_date
        return booking.invoice.date + timedelta(days=int(booking.payment_term_days or 0))

    @api.model
    def _delivery_address(self, partner, company):
        """The one that Odoo would take, or the customer where that is one of another company.

        Odoo takes it whoever's it is, and then refuses the invoice.
        """
        address = partner.browse(partner.address_get(["delivery"])["delivery"])
        return address.filtered_domain(partner._check_company_domain(company)) or partner

    def _reference(self, booking):
        """The customer's reference; with Tribe's number where Odoo gives the move another one."""
        invoice = booking.invoice
        if booking.keeps_number:
            return invoice.reference or invoice.subject
        return " / ".join(filter(None, (invoice.number, invoice.reference)))

    def _line_values(self, booking, line, sign):
        if line.is_text:
            return {"display_type": "line_note", "name": self._line_text(booking, line)}
        account, tax = self._account_and_tax(booking, line)
        quantity, price, discount = self._amounts(booking, line)
        if sign < 0:
            # What is given back is a quantity on a credit note; a price only where it has to be.
            quantity, price = (-quantity, price) if quantity < 0 else (quantity, -price)
        return {
            "name": self._line_text(booking, line) or booking.invoice.number,
            "product_id": self._product(booking, line).id,
            **self._unit(booking, line),
            "quantity": float(quantity),
            "price_unit": float(price),
            "discount": float(discount),
            "account_id": account.id,
            "tax_ids": [fields.Command.set(tax.ids)],
        }

    def _line_text(self, booking, line):
        """Description, extra description and period, a line each.

        Dates as the customer writes them, who gets the invoice.
        """
        language = booking.partner.lang or self._language(booking.company)
        dates = filter(None, (line.start_date, line.end_date))
        period = " - ".join(format_date(self.env, date, lang_code=language) for date in dates)
        texts = (line.description, line.extra_description, period)
        return "\n".join(text for text in texts if text)

    def _product(self, booking, line):
        """The product with Tribe's code, where that is wanted and there is just one."""
        products = self.env["product.product"]
        if not line.product_code or not booking.legal_entity.connection_id.match_products:
            return products
        found = products.search(
            [
                ("default_code", "=", line.product_code),
                *products._check_company_domain(booking.company),
            ],
            limit=2,
        )
        return found if len(found) == 1 else products

    def _unit(self, booking, line):
        """Odoo's unit with the name of Tribe's, in the company's language; else its own choice."""
        unit = (
            self.env["uom.uom"]
            .with_context(lang=self._language(booking.company))
            .search(is_same_text("name", line.unit), limit=2)
            if line.unit
            else self.env["uom.uom"]
        )
        return {"product_uom_id": unit.id} if len(unit) == 1 else {}

    def _amounts(self, booking, line):
        """Quantity, price and discount that give the net total to the cent.

        Tribe's own where they do; else the net price at full precision. Odoo keeps quantities and
        discounts with two decimals (its settings), so more of them would change the total.
        """
        precisions = self.env["decimal.precision"]
        quantity = rounded(line.quantity, precisions.precision_get("Product Unit")) or Decimal(1)
        discount = rounded(line.discount, precisions.precision_get("Discount"))
        total = quantity * line.price * (1 - discount / 100)
        # To the last digit: Odoo adds the lines up before it rounds.
        if total == line.net_total:
            return quantity, line.price, discount
        return quantity, line.net_total / quantity, Decimal(0)
