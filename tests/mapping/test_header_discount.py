"""A discount on the whole invoice counts once, and no total is guessed."""

from decimal import Decimal

import apart
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_invoice import LINE, entity, read, refusal
from told import assert_only_says

from tribe_connector.mapping import InvoiceFields

WITHOUT_TOTALS = InvoiceFields(date="InvoiceDate")
NO_TOTALS = {"TotalExcludingVat": None, "VatAmount": None, "TotalIncludingVat": None}


def amounts(net, vat="21", group="d21"):
    """A line with its VAT as Tribe rounds it."""
    net, percentage = Decimal(net), Decimal(vat)
    of_line = (net * percentage / 100).quantize(Decimal("0.01"), "ROUND_HALF_UP")
    return {
        "Price": float(net),
        "TotalExcludingVat": float(net),
        "VatAmount": float(of_line),
        "TotalIncludingVat": float(net + of_line),
        "VatPercentage": float(percentage),
        "VatGroup": {"ID": group, "Percentage": float(percentage)},
    }


def named(*totals):
    """The totals of an invoice, by name."""
    return dict(zip(NO_TOTALS, totals, strict=True))


def only_amount(lines, amount, discount=None, **changes):
    made = entity(lines, Amount=amount, DiscountPercentage=discount, **NO_TOTALS)
    return {**made, **changes}


def booked(entity, **options):
    invoice = read(entity, WITHOUT_TOTALS, **options)
    assert sum(line.net_total for line in invoice.lines) == invoice.untaxed
    assert sum(invoice.vat_by_group(2).values()) == invoice.vat
    assert invoice.untaxed + invoice.vat == invoice.total
    return tuple(map(str, (invoice.untaxed, invoice.vat, invoice.total)))


@pytest.mark.parametrize("amount", [90.0, 108.9])
def test_lines_before_the_discount_are_booked_with_it(amount):
    assert booked(only_amount([amounts("100")], amount, 10)) == ("90.00", "18.90", "108.90")


@pytest.mark.parametrize("amount", [90.0, 108.9])
def test_lines_after_the_discount_are_booked_as_they_are(amount):
    assert booked(only_amount([amounts("90")], amount, 10)) == ("90.00", "18.90", "108.90")


def test_lines_before_the_discount_are_booked_with_it_where_all_totals_are_given():
    totals = {"TotalExcludingVat": 90.0, "VatAmount": 18.9, "TotalIncludingVat": 108.9}
    invoice = read(entity([amounts("100")], DiscountPercentage=10.0, **totals))
    assert (invoice.untaxed, invoice.lines[0].net_total) == (90, 90)


@pytest.mark.parametrize("fields", [WITHOUT_TOTALS, None])
def test_a_discount_without_any_total_is_held(fields):
    message = refusal(only_amount([amounts("100")], None, 10), fields=fields or WITHOUT_TOTALS)
    assert_only_says(message, "invoice_discount_without_total", discount=Decimal(10))


def test_what_agrees_with_no_total_is_held_with_all_of_them():
    message = refusal(only_amount([amounts("100")], 85.0, 10), fields=WITHOUT_TOTALS)
    assert_only_says(
        message,
        "invoice_amount_differs_from_lines_with_discount",
        invoice="20260001",
        amount=Decimal(85),
        untaxed=Decimal(100),
        total=Decimal(121),
        reduced=Decimal(90),
        reduced_total=Decimal("108.90"),
        discount=Decimal(10),
    )


# 100 less 20 % and 25 % VAT are 100 again.
AMBIGUOUS = amounts("100", "25")


@pytest.mark.parametrize("price", [0.0, 77.0])
def test_an_amount_that_is_both_with_and_without_the_discount_is_held(price):
    line = {**AMBIGUOUS, "Price": price}
    message = refusal(only_amount([line], 100.0, 20), fields=WITHOUT_TOTALS)
    assert_only_says(message, "invoice_discount_ambiguous", amount=Decimal(100))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # Price times quantity, less the line's discount: so without that on the whole.
        ({"Price": 100.0}, ("80.00", "20.00", "100.00")),
        (
            {"Price": 25.0, "Quantity": 8.0, "DiscountPercentage": 50.0},
            ("80.00", "20.00", "100.00"),
        ),
        ({"Price": 125.0}, ("100.00", "25.00", "125.00")),
        # Its VAT has the discount, which its totals have not.
        ({"Price": 77.0, "VatAmountIncludingDiscount": 20.0}, ("80.00", "20.00", "100.00")),
        ({"Price": 125.0, "VatAmountIncludingDiscount": 25.0}, ("100.00", "25.00", "125.00")),
    ],
)
def test_prices_or_the_vat_of_the_lines_tell_which_one_it_is(line, expected):
    assert booked(only_amount([{**AMBIGUOUS, **line}], 100.0, 20)) == expected


def test_prices_with_vat_tell_it_too():
    line = {**AMBIGUOUS, "Price": 125.0}
    made = only_amount([line], 100.0, 20, IsVatIncluded=True)
    assert booked(made) == ("80.00", "20.00", "100.00")


def with_less_vat(net, vat, less):
    return {**amounts(net, vat), "VatAmountIncludingDiscount": less}


def test_the_vat_of_the_lines_alone_tells_of_the_discount():
    lines = [with_less_vat("100", "21", 18.9), with_less_vat("50", "9", 4.05)]
    assert booked(only_amount(lines, None, 10)) == ("135.00", "22.95", "157.95")
    # That of the line itself says nothing.
    lines = [with_less_vat("100", "21", 21.0)]
    message = refusal(only_amount(lines, None, 10), fields=WITHOUT_TOTALS)
    assert_only_says(message, "invoice_discount_without_total")


def test_vat_alone_is_not_enough_where_roundings_differ():
    lines = [with_less_vat("0.05", "21", 0.0095), with_less_vat("0.05", "0", 0.0)]
    message = refusal(only_amount(lines, None, 10), fields=WITHOUT_TOTALS)
    assert_only_says(message, "invoice_discount_without_total")


def test_the_vat_of_each_line_with_the_discount_is_tribes():
    # 0.20 less 5 % are 0.19 (or 0.20 per line), of which 21 % are 0.04; per line 0.02.
    lines = [with_less_vat("0.10", "21", 0.0199)] * 2
    made = entity(lines, DiscountPercentage=5.0, **named(0.19, 0.04, 0.23))
    assert read(made).vat == Decimal("0.04")


def test_a_discount_that_only_the_vat_of_the_lines_has_is_held():
    lines = [with_less_vat("100", "21", 18.9)]
    message = refusal(entity(lines, DiscountPercentage=10.0, **TOTALS))
    assert_only_says(
        message,
        "invoice_discount_in_vat_only",
        invoice="20260001",
        discount=Decimal(10),
        total=Decimal(100),
        vat=Decimal("18.9"),
    )


def owed_by_the_customer(net):
    """A line without VAT in a VAT group that has a percentage."""
    return {**amounts(net), "VatAmount": 0.0, "TotalIncludingVat": float(net)}


@pytest.mark.parametrize(("discount", "untaxed"), [(4.0, 0.29), (4.0, 0.30), (6.0, 0.27)])
def test_vat_that_the_customer_owes_gets_no_percentage(discount, untaxed):
    # 4 %: 0.288 as a whole, 0.10 a line; 6 %: 0.282 as a whole, 0.09 a line.
    lines = [owed_by_the_customer("0.10")] * 3
    made = entity(lines, DiscountPercentage=discount, **named(untaxed, 0.0, untaxed))
    invoice = read(made)
    assert (float(invoice.untaxed), invoice.vat) == (untaxed, 0)


@pytest.mark.parametrize("discount", [1.0, 10.0, 100.0])
def test_a_line_that_gives_back_and_one_without_vat(discount):
    lines = [amounts("100"), amounts("-40", "9", "d9"), amounts("25", "0", "d0")]
    factor = 1 - discount / 100
    made = [round(each * factor, 2) for each in (85.0, 17.4, 102.4)]
    made = entity(lines, DiscountPercentage=discount, **named(*made))
    assert float(read(made).untaxed) == round(85 * factor, 2)


def test_totals_that_do_not_add_up_are_said_so_with_a_discount_too():
    message = refusal(
        entity([amounts("100")], DiscountPercentage=10.0, **{**LESS, "VatAmount": 19.9})
    )
    assert_only_says(message, "invoice_total_differs_from_sum", vat=Decimal("19.90"))


def test_without_a_discount_the_amount_has_to_agree_too():
    assert booked(only_amount([amounts("100")], 121.0))[2] == "121.00"
    assert booked(only_amount([amounts("100")], 100.0))[2] == "121.00"
    assert booked(only_amount([amounts("100")], None))[2] == "121.00"
    message = refusal(only_amount([amounts("100")], 150.0), fields=WITHOUT_TOTALS)
    assert_only_says(message, "invoice_amount_differs_from_lines", amount=Decimal(150))


def test_totals_by_name_go_before_the_amount():
    assert read(entity(Amount=150.0)).total == 121


def test_one_total_by_name_is_enough():
    fields = InvoiceFields(date="InvoiceDate", vat="VatAmount")
    made = only_amount([amounts("100")], None, 10, VatAmount=18.9)
    assert read(made, fields).total == Decimal("108.90")


def test_a_credit_invoice_with_a_discount():
    assert booked(only_amount([amounts("-100")], -90.0, 10)) == ("-90.00", "-18.90", "-108.90")


def test_a_discount_of_all():
    assert booked(only_amount([amounts("100")], 0.0, 100)) == ("0.00", "0.00", "0.00")


def test_prices_that_include_vat():
    made = only_amount([amounts("100")], 108.9, 10, IsVatIncluded=True)
    assert booked(made) == ("90.00", "18.90", "108.90")


def test_a_foreign_amount_may_be_in_tribes_own_currency():
    plain = amounts("92")
    line = {
        **plain,
        "Currency": "USD",
        "PriceInCurrency": 100.0,
        "TotalExcludingVatInCurrency": 100.0,
        "TotalIncludingVatInCurrency": 121.0,
    }
    for amount in (92.0, 111.32, 100.0, 121.0):
        assert booked(only_amount([line], amount, Currency="USD"))[2] == "121.00"
    # The cents of a discount cannot be known from another currency.
    made = only_amount([line], 82.8, 10, Currency="USD")
    assert_only_says(
        refusal(made, fields=WITHOUT_TOTALS),
        "invoice_amount_differs_from_lines_with_discount",
        amount=Decimal("82.80"),
    )


def in_dollars(euros, dollars, price=None):
    """A line of a dollar invoice, whose plain amounts are euros."""
    return {
        **amounts(euros),
        "Currency": "USD",
        "PriceInCurrency": price,
        "TotalExcludingVatInCurrency": dollars,
        "TotalIncludingVatInCurrency": round(dollars * 1.21, 2),
    }


@pytest.mark.parametrize("amount", [90.0, 108.9])
def test_euros_of_the_whole_may_be_dollars_less_the_discount(amount):
    message = refusal(
        only_amount([in_dollars("90", 100.0)], amount, 10, Currency="USD"), fields=WITHOUT_TOTALS
    )
    assert_only_says(message, "invoice_discount_ambiguous", amount=Decimal(str(amount)))


def test_prices_tell_whether_it_is_dollars_less_the_discount():
    made = only_amount([in_dollars("90", 100.0, 100.0)], 90.0, 10, Currency="USD")
    assert booked(made) == ("90.00", "18.90", "108.90")


def test_euros_less_the_discount_may_be_dollars_of_the_whole():
    message = refusal(
        only_amount([in_dollars("125", 100.0)], 100.0, 20, Currency="USD"), fields=WITHOUT_TOTALS
    )
    assert_only_says(message, "invoice_discount_ambiguous", amount=Decimal(100))


def test_dollars_that_only_fit_once_are_booked():
    for amount in (90.0, 108.9):
        made = only_amount([in_dollars("80", 100.0)], amount, 10, Currency="USD")
        assert booked(made) == ("90.00", "18.90", "108.90")
    for amount in (80.0, 96.8, 100.0, 121.0):
        made = only_amount([in_dollars("80", 100.0)], amount, 10, Currency="USD")
        assert booked(made) == ("100.00", "21.00", "121.00")


TOTALS = {"TotalExcludingVat": 100.0, "VatAmount": 21.0, "TotalIncludingVat": 121.0}
LESS = {"TotalExcludingVat": 90.0, "VatAmount": 18.9, "TotalIncludingVat": 108.9}


@pytest.mark.parametrize(
    ("totals", "amount"),
    [
        (TOTALS, 108.9),
        (TOTALS, 90.0),
        ({**TOTALS, "VatAmount": None, "TotalIncludingVat": None}, 108.9),
        ({**TOTALS, "VatAmount": 21.01, "TotalIncludingVat": 121.01}, 108.9),
        (LESS, 121.0),
        (LESS, 100.0),
    ],
)
def test_a_discount_that_only_one_total_has_is_held(totals, amount):
    message = refusal(entity([amounts("100")], DiscountPercentage=10.0, Amount=amount, **totals))
    assert_only_says(message, "invoice_discount_in_one_total", amount=Decimal(str(amount)))


@pytest.mark.parametrize("totals", [TOTALS, LESS])
def test_an_amount_that_agrees_with_the_totals_by_name_is_no_obstacle(totals):
    for amount in (totals["TotalExcludingVat"], totals["TotalIncludingVat"], 0.0, None, 55.0):
        made = entity([amounts("100")], DiscountPercentage=10.0, Amount=amount, **totals)
        assert float(read(made).total) == totals["TotalIncludingVat"]


def test_a_line_of_mere_text_gets_no_cent():
    text = {name: None for name in LINE if name not in ("ID", "Description")}
    made = only_amount([amounts("0.05"), text, amounts("0.05")], 0.1, 5)
    assert booked(made)[0] == "0.10"


CENTS = st.integers(1, 100_000).map(lambda cents: Decimal(cents).scaleb(-2))
RATES = st.sampled_from([("21", "high"), ("9", "low"), ("0", "none")])


@given(
    st.lists(st.tuples(CENTS, RATES), min_size=1, max_size=30),
    st.decimals("0.5", "60", places=2),
    st.booleans(),
    st.sampled_from(["untaxed", "total"]),
)
def test_a_whole_rounded_by_tribe_is_booked_to_the_cent(rows, discount, by_group, means):
    lines = [amounts(str(net), *rate) for net, rate in rows]
    factor = 1 - discount / 100
    exact = sum(net for net, _rate in rows) * factor
    untaxed = exact.quantize(Decimal("0.01"), "ROUND_HALF_UP")
    parts = {}
    for (net, (rate, group)), line in zip(rows, lines, strict=True):
        share = net * Decimal(rate) / 100 if by_group else Decimal(str(line["VatAmount"]))
        key = group if by_group else "all"
        parts[key] = parts.get(key, Decimal(0)) + share * factor
    vat = sum(part.quantize(Decimal("0.01"), "ROUND_HALF_UP") for part in parts.values())
    amount = untaxed if means == "untaxed" else untaxed + vat
    made = only_amount(lines, float(amount), float(discount))
    plain = sum(net for net, _rate in rows)
    plain_total = sum(Decimal(str(line["TotalIncludingVat"])) for line in lines)
    if abs(amount - plain) < Decimal("0.5") or abs(amount - plain_total) < Decimal("0.5"):
        # With or without: another test's.
        return
    found = dict(zip(("untaxed", "vat", "total"), map(Decimal, booked(made)), strict=True))
    assert found[means] == amount
    assert abs(found["untaxed"] - untaxed) <= Decimal(len(rows) + 1) / 200


def test_amounts_that_are_far_from_each_other_are_refused_at_once():
    apart.run(
        "from test_invoice import entity, refusal\n"
        "line = {'TotalExcludingVat': 1e12, 'TotalIncludingVat': 1e12 + 1, 'VatPercentage': 21}\n"
        "refusal(entity([line], DiscountPercentage=10.0))"
    )


def test_an_only_total_that_can_be_with_and_without_vat_is_not_guessed():
    """Rounded by line the net amounts are 811.40; rounded as a whole 811.39, and 0.01 of VAT."""
    nets = [("676.80", "0"), ("0.13", "9"), ("1.00", "0"), ("0.97", "0"), ("136.19", "0")]
    lines = [amounts(net, vat, f"d{vat}") for net, vat in [*nets, ("0.01", "0")]]
    message = refusal(only_amount(lines, 811.4, 0.455))
    assert_only_says(message, "invoice_amount_with_or_without_vat", amount=Decimal("811.40"))


def test_an_only_total_without_any_vat_is_both():
    lines = [amounts("676.80", "0", "d0"), amounts("136.19", "0", "d0")]
    assert booked(only_amount(lines, 809.29, 0.455)) == ("809.29", "0.00", "809.29")
