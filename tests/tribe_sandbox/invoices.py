"""Invoices: totals to the cent, numbering, dates and the PDF. docs/tribe-api.md 3.11 to 3.13, 6.3.

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
}
DEFAULT_PAYMENT_TERM_IN_DAYS = 30
CENT = Decimal("0.01")
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
    PriceInCurrency, DiscountPercentage, VatPercentage and PurchasePrice. Of *switches*,
    vat_rounding, header_discount and base_currency count.
    """
    header_discount = switches.header_discount
    factor = 1 - exact(invoice["DiscountPercentage"]) / 100
    inclusive = bool(invoice["IsVatIncluded"])
    spread = factor if header_discount == "lines" else Decimal(1)
    amounts = [_line_amounts(line, inclusive, spread) for line in lines]
    rest = Decimal(1) if header_discount == "lines" else factor
    header = _header_amounts(lines, amounts, inclusive, rest, switches.vat_rounding)
    currency = invoice["Currency"] or switches.base_currency
    rate = rate_of(currency, switches.base_currency)
    return (
        _in_both_currencies(header, rate),
        [
            {**_line_columns(line, one, rate, inclusive), "Currency": currency}
            for line, one in zip(lines, amounts, strict=True)
        ],
    )


def _line_amounts(line, inclusive, spread):
    """Return (excluding, VAT) of one line in the document's currency."""
    rate = exact(line["VatPercentage"]) / 100
    discount = 1 - exact(line["DiscountPercentage"]) / 100
    gross = exact(line["Quantity"]) * exact(line["PriceInCurrency"]) * discount * spread
    if inclusive:
        including = to_cent(gross)
        excluding = to_cent(including / (1 + rate))
        return excluding, including - excluding
    excluding = to_cent(gross)
    return excluding, to_cent(excluding * rate)


def _header_amounts(lines, amounts, inclusive, rest, vat_rounding):
    excluding = sum((one[0] for one in amounts), Decimal(0))
    vat = sum((one[1] for one in amounts), Decimal(0))
    including = excluding + vat
    if vat_rounding == "group":
        vat = _vat_per_group(lines, amounts, inclusive, rest)
    else:
        vat = to_cent(vat * rest)
    if inclusive:
        return to_cent(including * rest) - vat, vat
    return to_cent(excluding * rest), vat


def _vat_per_group(lines, amounts, inclusive, rest):
    bases = {}
    for line, (excluding, vat) in zip(lines, amounts, strict=True):
        group = exact(line["VatPercentage"]) / 100
        base = excluding + vat if inclusive else excluding
        bases[group] = bases.get(group, Decimal(0)) + base * rest
    shares = {rate: rate / (1 + rate) if inclusive else rate for rate in bases}
    return sum((to_cent(base * shares[rate]) for rate, base in bases.items()), Decimal(0))


def _in_both_currencies(amounts, rate):
    excluding, vat = amounts
    base_excluding, base_vat = to_cent(excluding * rate), to_cent(vat * rate)
    return {
        "TotalExcludingVat": float(base_excluding),
        "VatAmount": float(base_vat),
        "TotalIncludingVat": float(base_excluding + base_vat),
        "TotalExcludingVatInCurrency": float(excluding),
        "VatAmountInCurrency": float(vat),
        "TotalIncludingVatInCurrency": float(excluding + vat),
    }


def _line_columns(line, amounts, rate, inclusive):
    columns = _in_both_currencies(amounts, rate)
    total = "TotalIncludingVat" if inclusive else "TotalExcludingVat"
    purchase = exact(line["Quantity"]) * exact(line["PurchasePrice"])
    return {
        **columns,
        "Total": columns[total],
        "TotalInCurrency": columns[f"{total}InCurrency"],
        "VatAmountIncludingDiscount": columns["VatAmount"],
        "VatAmountIncludingDiscountInCurrency": columns["VatAmountInCurrency"],
        "TotalPurchasePrice": float(to_cent(purchase)),
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
