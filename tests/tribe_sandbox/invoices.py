"""Invoices: totals to the cent, numbering, dates and the PDF. docs/tribe-api.md.

Amounts without suffix are in the base currency, those with InCurrency in the document's.
"""

import base64
import datetime
from decimal import ROUND_HALF_UP, Decimal

from .moments import midnight

# Units of EUR for one unit of a currency; fixed, so that totals can be foretold.
EXCHANGE_RATES = {
    "EUR": Decimal("1"),
    "USD": Decimal("0.92"),
    "DKK": Decimal("0.134"),
    "SEK": Decimal("0.088"),
    "GBP": Decimal("1.17"),
    "JPY": Decimal("0.006"),
    "KWD": Decimal("3"),
}
DEFAULT_PAYMENT_TERM_IN_DAYS = 30
CENT = Decimal("0.01")
# The smallest coin of the currencies that have no cents, where the tenant knows them.
COINS = {"JPY": Decimal("1"), "KWD": Decimal("0.001")}
# More decimals than any currency has: floating-point numbers would show noise.
UNROUNDED = Decimal(1).scaleb(-12)
# The switch "amount_means", and the total that Amount then repeats; None: it is empty.
AMOUNT_COLUMNS = {
    "nothing": None,
    "including": "TotalIncludingVatInCurrency",
    "excluding": "TotalExcludingVatInCurrency",
}


def exact(number):
    """Return a stored Double (None counts as 0) as the Decimal that was written."""
    return Decimal(str(number or 0))


def to_cent(amount):
    """Round a Decimal to the cent, half up."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def rate_of(currency, base_currency):
    """Return the units of the base currency for one unit of a currency (None: the base)."""
    if currency in (None, base_currency):
        return Decimal(1)
    return EXCHANGE_RATES.get(currency, Decimal(1)) / EXCHANGE_RATES[base_currency]


def compute_totals(invoice, lines, switches):
    """Return (columns of the invoice, one dict of columns per line).

    *invoice* needs Currency, IsVatIncluded and DiscountPercentage; a line Quantity,
    PriceInCurrency, DiscountPercentage, VatPercentage and PurchasePrice.
    """
    totals = _Totals(invoice, lines, switches)
    return totals.header(), [totals.line(number) for number in range(len(lines))]


class _Totals:
    """The sums of one invoice; amounts are (excluding, VAT) in the document's currency."""

    def __init__(self, invoice, lines, switches):
        self._lines = lines
        self._switches = switches
        self._inclusive = bool(invoice["IsVatIncluded"])
        self._currency = invoice["Currency"] or switches.base_currency
        self._rate = rate_of(self._currency, switches.base_currency)
        factor = 1 - exact(invoice["DiscountPercentage"]) / 100
        # What the discount on the whole makes of a line, and of the sum of all lines.
        is_in_lines = switches.header_discount == "lines"
        self._spread, self._rest = (factor, Decimal(1)) if is_in_lines else (Decimal(1), factor)
        self._amounts = [self._amounts_of(line, self._spread) for line in lines]

    def _coin(self, currency):
        return COINS.get(currency, CENT) if self._switches.coins == "own" else CENT

    def _rounded(self, amount):
        return amount.quantize(self._coin(self._currency), rounding=ROUND_HALF_UP)

    def _rounded_in_line(self, amount):
        if self._switches.line_totals == "rounded":
            return self._rounded(amount)
        return amount.quantize(UNROUNDED)

    def _amounts_of(self, line, factor):
        """Return the amounts of one line, less its own discount and counted *factor* times."""
        rate = exact(line["VatPercentage"]) / 100
        discount = 1 - exact(line["DiscountPercentage"]) / 100
        gross = exact(line["Quantity"]) * exact(line["PriceInCurrency"]) * discount * factor
        total = self._rounded_in_line(gross)
        if not self._inclusive:
            return total, self._rounded_in_line(total * rate)
        excluding = self._rounded_in_line(total / (1 + rate))
        return excluding, total - excluding

    def header(self):
        """Return the columns of the invoice."""
        excluding = sum((one[0] for one in self._amounts), Decimal(0))
        vat = sum((one[1] for one in self._amounts), Decimal(0))
        including = excluding + vat
        if self._switches.vat_rounding == "group":
            vat = self._vat_per_group()
        else:
            vat = self._rounded(vat * self._rest)
        if self._inclusive:
            excluding = self._rounded(including * self._rest) - vat
        else:
            excluding = self._rounded(excluding * self._rest)
        return self._in_both_currencies((excluding, vat), self._to_coin)

    def _vat_per_group(self):
        bases = {}
        for line, (excluding, vat) in zip(self._lines, self._amounts, strict=True):
            group = exact(line["VatPercentage"]) / 100
            base = excluding + vat if self._inclusive else excluding
            bases[group] = bases.get(group, Decimal(0)) + base * self._rest
        shares = {rate: rate / (1 + rate) if self._inclusive else rate for rate in bases}
        return sum((self._rounded(base * shares[rate]) for rate, base in bases.items()), Decimal(0))

    def _to_coin(self, amount):
        """Round an amount in the base currency."""
        return amount.quantize(self._coin(self._switches.base_currency), rounding=ROUND_HALF_UP)

    def _in_line(self, amount):
        unrounded = self._switches.line_totals == "unrounded"
        return amount.quantize(UNROUNDED) if unrounded else self._to_coin(amount)

    def _in_both_currencies(self, amounts, rounded):
        excluding, vat = amounts
        base_excluding, base_vat = (rounded(amount * self._rate) for amount in amounts)
        return {
            "TotalExcludingVat": float(base_excluding),
            "VatAmount": float(base_vat),
            "TotalIncludingVat": float(base_excluding + base_vat),
            "TotalExcludingVatInCurrency": float(excluding),
            "VatAmountInCurrency": float(vat),
            "TotalIncludingVatInCurrency": float(excluding + vat),
        }

    def line(self, number):
        """Return the columns of one line."""
        line = self._lines[number]
        columns = self._in_both_currencies(self._amounts[number], self._in_line)
        total = "TotalIncludingVat" if self._inclusive else "TotalExcludingVat"
        purchase = exact(line["Quantity"]) * exact(line["PurchasePrice"])
        return {
            **columns,
            **self._vat_columns(number),
            "Total": columns[total],
            "TotalInCurrency": columns[f"{total}InCurrency"],
            "TotalPurchasePrice": float(to_cent(purchase)),
            "Currency": self._currency,
        }

    def _vat_columns(self, number):
        """Return both VAT amounts of a line, before and after what counts as discount."""
        line, amounts = self._lines[number], self._amounts[number]
        before = after = amounts[1]
        if self._switches.line_vat == "before_discount":
            before = self._amounts_of({**line, "DiscountPercentage": None}, self._spread)[1]
        if self._switches.line_vat_discount == "whole":
            after = self._amounts_of(line, self._spread * self._rest)[1]
        named = {"VatAmount": before, "VatAmountIncludingDiscount": after}
        return {
            column: float(amount)
            for name, vat in named.items()
            for column, amount in (
                (name, self._in_line(vat * self._rate)),
                (f"{name}InCurrency", vat),
            )
        }


def prices_in_both_currencies(price, price_in_currency, currency, base_currency):
    """Return (price in base currency, price in *currency*) when at least one is known.

    None stays None.
    """
    rate = rate_of(currency, base_currency)
    if rate == 1:
        same = price if price_in_currency is None else price_in_currency
        return same, same
    if price_in_currency is None and price is not None:
        price_in_currency = float(round(exact(price) / rate, 4))
    if price_in_currency is not None:
        price = float(round(exact(price_in_currency) * rate, 4))
    return price, price_in_currency


def number_and_dates(number, day, payment_term):
    """Return the columns that an invoice gets when it is made final on *day* (a date)."""
    due = day + datetime.timedelta(days=payment_term)
    return {
        "Number": number,
        "_Name": number,
        "InvoiceDay": day.isoformat(),
        "InvoiceMoment": midnight(day),
        "DueDay": due.isoformat(),
        "DueMoment": midnight(due),
    }


def next_number(store, day, number_format):
    """Return the next invoice number of the year of *day*, in the tenant's format."""
    sequence = store.next_number(f"invoice {day.year}")
    return number_format.format(year=day.year, month=day.month, sequence=sequence)


def pdf_file(number, attachment_id):
    """Return the columns of a File that holds the PDF of invoice *number*."""
    return {
        "Name": f"{number}.pdf",
        "_Name": f"{number}.pdf",
        "MimeType": "application/pdf",
        "Url": f"/v1/odata-file/Attachment/{attachment_id}/File",
        "Data": base64.b64encode(pdf_bytes(f"Factuur {number}")).decode(),
    }


def pdf_bytes(text):
    """Return a one-page PDF that shows *text* (ASCII)."""
    drawing = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET".encode("ascii", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    written, offsets = b"%PDF-1.4\n", []
    for index, body in enumerate(objects, start=1):
        offsets.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (index, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return written + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (size, table, size, len(written))
    )
