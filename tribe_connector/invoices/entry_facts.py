"""The facts of an entry in Odoo, to be compared with those of its invoice in Tribe."""

from decimal import Decimal

from ..mapping.cents import rounded
from ..mapping.invoice_facts import key, summed, text

# Of what ``vat_places`` tells: of VAT itself, or of the net amounts that are taxed.
VAT, NET = "vat", "net"


def entry_facts(move):
    """What an entry in Odoo has of the facts of an invoice (``mapping.invoice_facts``).

    But for its number and customer, which only what was booked tells (``tribe.link``).
    """
    if not move:
        return {}
    dates = {
        "date": move.invoice_date,
        "accounting_date": move.date,
        "due_date": move.invoice_date_due,
    }
    term = move.invoice_payment_term_id
    return {
        # A draft may have no date yet.
        **{name: date.isoformat() for name, date in dates.items() if date},
        "currency": move.currency_id.name,
        **_amounts(move),
        "vat_places": vat_places(move),
        "early_discount": str(term.id) if term.early_discount else "",
    }


def _amounts(move):
    """The totals of an entry, its net amounts by account and tax, and its VAT by tax."""
    digits = move.currency_id.decimal_places
    sign = -1 if move.move_type == "out_refund" else 1

    def amount(value):
        return rounded(Decimal(str(value)), digits)

    lines = move.invoice_line_ids.filtered(lambda line: line.display_type == "product")
    taxes = move.line_ids.filtered("tax_line_id")
    return {
        "nets": summed(
            (
                key(line.account_id.id, "+".join(map(str, line.tax_ids.ids))),
                amount(-line.amount_currency),
            )
            for line in lines
        ),
        "untaxed": text(sign * amount(move.amount_untaxed)),
        "vat": text(sign * amount(move.amount_tax)),
        # As on the credit note itself.
        "vat_by_tax": summed(
            (str(line.tax_line_id.id), amount(-sign * line.amount_currency)) for line in taxes
        ),
        "total": text(sign * amount(move.amount_total)),
    }


def vat_places(move):
    """Where an entry has its VAT, and how much: ``{what: {place: amount}}``, all as texts.

    The account and the grids of the VAT of each tax, and the grids of what is taxed by some.
    """
    vat = move.line_ids.filtered("tax_line_id")
    net = (move.line_ids - vat).filtered("tax_ids")
    return _by_place(
        move,
        [
            (line.tax_line_id, line.account_id, line.tax_tag_ids, line.amount_currency)
            for line in vat
        ],
        [(line.tax_ids, line.tax_tag_ids, line.amount_currency) for line in net],
    )


def vat_places_by_tax(move):
    """The same as Odoo would book it by now, without the cents that Tribe rounds otherwise."""
    base_lines, _tax_lines = move._get_rounded_base_and_tax_lines(round_from_tax_lines=False)
    move.env["account.tax"]._add_accounting_data_in_base_lines_tax_details(
        base_lines, move.company_id, include_caba_tags=move.always_tax_exigible
    )
    vat = [
        (
            of_tax["tax"],
            part["account"],
            part["tax_tags"],
            base["sign"] * part["tax_amount_currency"],
        )
        for base in base_lines
        for of_tax in base["tax_details"]["taxes_data"]
        for part in of_tax["tax_reps_data"]
    ]
    net = [
        (base["tax_ids"], base["tax_tag_ids"], base["record"].amount_currency)
        for base in base_lines
        if base["tax_ids"]
    ]
    return _by_place(move, vat, net)


def _by_place(move, vat, net):
    """Amounts of VAT and of what is taxed, as on the invoice or credit note itself."""
    rows = [(key(VAT, tax.id), account.id, *rest) for tax, account, *rest in vat]
    rows += [(key(NET, _joined(taxes)), None, *rest) for taxes, *rest in net]
    sign, digits = 1 if move.move_type == "out_refund" else -1, move.currency_id.decimal_places
    places = {}
    for what, account_id, grids, amount in rows:
        grids = grids.filtered(lambda grid: grid.applicability == "taxes")
        place, amounts = key(account_id, _joined(grids)), places.setdefault(what, {})
        amounts[place] = amounts.get(place, 0) + sign * rounded(Decimal(str(amount)), digits)
    return {
        what: {place: text(amount) for place, amount in amounts.items()}
        for what, amounts in places.items()
    }


def _joined(records):
    return "+".join(map(str, sorted(records.ids)))
