"""A line of an invoice as Tribe sends it: its net amount and VAT, as exact as Tribe has them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from .cents import coin_of
from .invoice import InvoiceLine
from .invoice_values import ValueReader, description_of, id_of
from .normalization import clean, clean_lines


class LineReader(ValueReader):
    """Reads lines, of which Tribe may show some amounts and leave out others."""

    def rows(self) -> list[Mapping]:
        """The lines of Tribe, in the order in which they are shown."""
        if "ProductLines" not in self.entity:
            raise self.unreadable("invoice_without_lines")
        rows = self.entity["ProductLines"] or []
        return sorted(rows, key=lambda row: self.decimal(row.get("SortIndex")) or 0)

    def line(self, row: Mapping) -> InvoiceLine:
        """One line, with its amounts as Tribe has them: not rounded yet."""
        product = row.get("Product") or {}
        group = row.get("VatGroup") or {}
        quantity = self.decimal(row.get("Quantity"))
        percentage = self.decimal(row.get("VatPercentage"))
        if percentage is None:
            percentage = self.decimal(group.get("Percentage"))
        net = self.net(row, percentage)
        if net and quantity == 0:
            raise self.unreadable(
                "invoice_line_with_quantity_zero",
                net=self.rounded(net),
                line=description_of(row),
            )
        return InvoiceLine(
            tribe_id=str(row.get("ID") or ""),
            description=description_of(row),
            extra_description=clean_lines(row.get("ExtraDescription")),
            quantity=Decimal(1) if quantity is None else quantity,
            price=self.decimal(row.get(self.amount_name("Price"))) or Decimal(0),
            discount=self.decimal(row.get("DiscountPercentage")) or Decimal(0),
            net_total=net,
            vat_amount=self.line_vat(row, net, percentage),
            vat_percentage=percentage,
            vat_group_id=id_of(group),
            ledger_account_id=id_of(product.get("GeneralLedgerAccount")),
            product_id=id_of(product),
            product_code=clean(product.get("Code")),
            start_date=self.date(row.get("StartDate")),
            end_date=self.date(row.get("EndDate")),
            unit=clean((product.get("Unit") or {}).get("Name")),
        )

    def net(self, row: Mapping, percentage: Decimal | None) -> Decimal:
        """The net total of a line; of mere text it is nothing."""
        net = self.amount(row, "TotalExcludingVat")
        if net is not None:
            return net
        including = self.amount(row, "TotalIncludingVat")
        if including is not None and percentage is not None:
            net = self.exact(including * 100 / (100 + percentage))
            # Tribe's own VAT where that is it, to the cent.
            return including - self.fitting(self.vat_amounts(row), including - net)
        # A line of mere text has no amounts at all.
        if not self.decimal(row.get("Price")) and not self.decimal(row.get("PriceInCurrency")):
            return self.rounded(Decimal(0))
        raise self.unreadable(
            "invoice_line_without_total_in_currency",
            currency=self.currency,
            line=description_of(row),
        )

    def line_vat(self, row: Mapping, net: Decimal, percentage: Decimal | None) -> Decimal:
        """The VAT of a line."""
        including = self.amount(row, "TotalIncludingVat")
        if including is not None:
            # Which of Tribe's two VAT amounts counts the discount is not said; the totals are
            # what the customer pays.
            return including - net
        amounts = self.vat_amounts(row)
        if percentage is not None and amounts:
            fitting = self.fitting(amounts, self.exact(net * percentage / 100))
            return fitting if fitting in amounts else self.other_vat(row, amounts, fitting)
        if amounts:
            return amounts[0]
        if not net:
            return self.rounded(Decimal(0))
        if percentage is None:
            raise self.unreadable(
                "invoice_line_without_vat",
                line=description_of(row),
            )
        return self.exact(net * percentage / 100)

    def vat_amounts(self, row: Mapping) -> list[Decimal]:
        """Both VAT amounts of a line: which discounts they count is not said."""
        both = (self.amount(row, name) for name in ("VatAmount", "VatAmountIncludingDiscount"))
        return [amount for amount in both if amount is not None]

    def fitting(self, amounts: list[Decimal], calculated: Decimal) -> Decimal:
        """The amount that is what was calculated, but for its rounding; else that."""
        closest = min(amounts, key=lambda each: abs(each - calculated), default=calculated)
        is_rounded = abs(closest - calculated) <= coin_of(self.digits)
        return closest if is_rounded else calculated

    def other_vat(self, row: Mapping, amounts: list[Decimal], calculated: Decimal) -> Decimal:
        """The VAT of a line of which neither amount is that of its net amount.

        Where the first does not count the line's discount, the second counts that on the whole
        too; else the first is what Tribe says, also where the customer owes the VAT.
        """
        is_before_discount = bool(self.decimal(row.get("DiscountPercentage")))
        return calculated if len(set(amounts)) == 2 and is_before_discount else amounts[0]
