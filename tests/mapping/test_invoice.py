"""An invoice is either exact or not booked, with a reason that a person understands."""

import copy
import dataclasses
import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from told import assert_only_says, assert_says, raises_sentence

from tribe_connector.mapping import (
    Invoice,
    InvoiceFields,
    InvoiceLine,
    InvoiceUnreadable,
    read_alone,
    read_invoice,
)

FIELDS = InvoiceFields(
    date="InvoiceDate",
    due_date="DueDate",
    reference="Reference",
    legal_entity="Identity",
    untaxed="TotalExcludingVat",
    vat="VatAmount",
    total="TotalIncludingVat",
    untaxed_in_currency="TotalExcludingVatInCurrency",
    vat_in_currency="VatAmountInCurrency",
    total_in_currency="TotalIncludingVatInCurrency",
    final="IsFinal",
    credit="IsCredit",
    credited="CreditedInvoice",
)
LINE = {
    "ID": "b1",
    "Description": "Onderhoud ",
    "ExtraDescription": "januari\n februari",
    "Quantity": 1.0,
    "Price": 100.0,
    "DiscountPercentage": None,
    "TotalExcludingVat": 100.0,
    "TotalIncludingVat": 121.0,
    "VatPercentage": 21.0,
    "VatAmount": 21.0,
    "StartDate": "2025-12-31T23:00:00Z",
    "EndDate": None,
    "VatGroup": {"ID": "d21", "Percentage": 21.0},
    "Product": {"ID": "e7", "Code": "SRV", "GeneralLedgerAccount": {"ID": "g8000"}},
}
ENTITY = {
    "ID": "a1",
    "Subject": "Onderhoud januari",
    "Number": "20260001",
    "Currency": "EUR",
    "InvoiceDate": "2025-12-31T23:00:00Z",
    "DueDate": "2026-01-31",
    "TotalExcludingVat": 100.0,
    "VatAmount": 21.0,
    "TotalIncludingVat": 121.0,
    "Phase": {"ID": "f2", "Code": "Sent"},
    "Relationship": {"ID": "c42"},
    "Identity": {"ID": "i1"},
    "CreditedInvoice": None,
    "ProductLines": [LINE],
}


def read(entity, fields=FIELDS, timezone="Europe/Amsterdam", digits=2, base_currency="EUR"):
    return read_invoice(
        entity, fields, timezone=timezone, digits=digits, base_currency=base_currency
    )


def entity(lines=None, **changes):
    changed = {**copy.deepcopy(ENTITY), **changes}
    if lines is not None:
        changed["ProductLines"] = [{**LINE, **line} for line in lines]
    return changed


def refusal(entity, **options):
    with pytest.raises(InvoiceUnreadable) as caught:
        read(entity, **options)
    return caught.value.args[0]


# Reading


def test_an_invoice_is_read_whole():
    assert read(ENTITY) == Invoice(
        tribe_id="a1",
        number="20260001",
        date=datetime.date(2026, 1, 1),
        due_date=datetime.date(2026, 1, 31),
        currency="EUR",
        phase_id="f2",
        phase_code="Sent",
        relationship_id="c42",
        legal_entity_id="i1",
        subject="Onderhoud januari",
        reference=None,
        credited_invoice_id=None,
        lines=(
            InvoiceLine(
                tribe_id="b1",
                description="Onderhoud",
                extra_description="januari\nfebruari",
                quantity=Decimal(1),
                price=Decimal(100),
                discount=Decimal(0),
                net_total=Decimal("100.00"),
                vat_amount=Decimal("21.00"),
                vat_percentage=Decimal(21),
                vat_group_id="d21",
                ledger_account_id="g8000",
                product_id="e7",
                product_code="SRV",
                start_date=datetime.date(2026, 1, 1),
                end_date=None,
            ),
        ),
        untaxed=Decimal("100.00"),
        vat=Decimal("21.00"),
        total=Decimal("121.00"),
    )


@pytest.mark.parametrize(
    ("written", "timezone", "date"),
    [
        ("2025-12-31T23:00:00Z", "Europe/Amsterdam", (2026, 1, 1)),
        ("2025-12-31T23:00:00Z", "UTC", (2025, 12, 31)),
        ("2026-06-30T22:00:00Z", "Europe/Amsterdam", (2026, 7, 1)),
        ("2026-06-30T21:59:59.9999999Z", "Europe/Amsterdam", (2026, 6, 30)),
        ("2026-01-01T00:00:00+01:00", "Europe/Amsterdam", (2026, 1, 1)),
        ("2025-12-31T23:30:00", "Europe/Amsterdam", (2026, 1, 1)),
        ("2026-01-01", "America/New_York", (2026, 1, 1)),
    ],
)
def test_a_date_is_that_of_the_legal_entity(written, timezone, date):
    read_date = read(entity(InvoiceDate=written), timezone=timezone).date
    assert read_date == datetime.date(*date)


def test_numbers_that_are_numbers_stay_as_written():
    assert read(entity(Number=1601.0)).number == "1601"
    assert read(entity(Number=" F-0001 ")).number == "F-0001"


def test_amounts_of_a_foreign_invoice_are_those_in_its_currency():
    amounts = {"TotalExcludingVat": 200.0, "TotalIncludingVat": 242.0, "VatAmount": 42.0}
    in_currency = {f"{name}InCurrency": value for name, value in amounts.items()}
    line = {**in_currency, "PriceInCurrency": 200.0}
    invoice = read(entity([line], Currency="usd", **in_currency))
    assert (invoice.currency, invoice.total) == ("USD", Decimal("242.00"))
    assert invoice.lines[0].price == Decimal(200)


def test_amounts_in_the_companys_currency_count_where_tribes_base_currency_is_another():
    # A Danish legal entity in a Tribe that counts in euros: 100 DKK are 13.40 EUR.
    line = {
        "Price": 13.4,
        "TotalExcludingVat": 13.4,
        "TotalIncludingVat": 16.21,
        "Currency": "DKK",
        "PriceInCurrency": 100.0,
        "TotalExcludingVatInCurrency": 100.0,
        "TotalIncludingVatInCurrency": 121.0,
    }
    totals = {"TotalExcludingVat": 13.4, "VatAmount": 2.81, "TotalIncludingVat": 16.21}
    in_currency = {
        "TotalExcludingVatInCurrency": 100.0,
        "VatAmountInCurrency": 21.0,
        "TotalIncludingVatInCurrency": 121.0,
    }
    danish = entity([line], Currency="DKK", **totals, **in_currency)
    invoice = read(danish, base_currency="DKK")
    assert (invoice.untaxed, invoice.vat, invoice.total) == (100, 21, 121)
    assert invoice.lines[0].price == 100


@pytest.mark.parametrize("currency", ["USD", "", None])
def test_amounts_left_over_from_another_currency_are_not_booked(currency):
    line = {"TotalExcludingVatInCurrency": 108.0, "Currency": currency}
    assert_says(
        refusal(entity([line])),
        "invoice_line_other_in_currency",
        plain=Decimal(100),
        other=Decimal(108),
        line="Onderhoud",
    )


@pytest.mark.parametrize("in_currency", [None, 0.0, 100.0])
def test_without_other_amounts_in_currency_the_plain_ones_count(in_currency):
    line = {"TotalExcludingVatInCurrency": in_currency, "TotalIncludingVatInCurrency": None}
    assert read(entity([line])).total == 121


def test_a_foreign_invoice_without_amounts_in_its_currency_is_held():
    assert_says(
        refusal(entity(Currency="USD")), "invoice_line_without_total_in_currency", currency="USD"
    )


def test_floating_point_noise_is_not_money():
    lines = [{"TotalExcludingVat": 0.1, "TotalIncludingVat": 0.121}] * 3
    totals = {"TotalExcludingVat": 0.1 + 0.1 + 0.1, "VatAmount": 0.06, "TotalIncludingVat": 0.36}
    invoice = read(entity(lines, **totals))
    assert (invoice.untaxed, invoice.total) == (Decimal("0.30"), Decimal("0.36"))


@pytest.mark.parametrize(
    ("digits", "written", "expected"),
    [
        (2, 1.005, "1.01"),
        (2, -1.005, "-1.01"),
        (2, 2.675, "2.68"),
        (0, 1.5, "2"),
        (3, 1.0005, "1.001"),
    ],
)
def test_halves_are_rounded_away_from_zero(digits, written, expected):
    line = {"TotalExcludingVat": written, "TotalIncludingVat": None, "VatAmount": 0}
    totals = {"TotalExcludingVat": None, "VatAmount": None, "TotalIncludingVat": None}
    assert str(read(entity([line], **totals), digits=digits).untaxed) == expected


def test_totals_that_the_tenant_does_not_name_come_from_the_lines():
    invoice = read(ENTITY, fields=InvoiceFields(date="InvoiceDate"))
    assert (invoice.untaxed, invoice.vat, invoice.total) == (100, 21, 121)
    assert (invoice.due_date, invoice.legal_entity_id) == (None, None)


@pytest.mark.parametrize(
    ("amounts", "vat"),
    [
        ({"VatAmount": 30.0, "TotalIncludingVat": 121.0}, "21.00"),
        ({"VatAmount": 21.0, "TotalIncludingVat": None}, "21.00"),
        (
            {
                "VatAmount": None,
                "TotalIncludingVat": None,
                "VatAmountIncludingDiscount": 21.0,
            },
            "21.00",
        ),
        ({"VatAmount": None, "TotalIncludingVat": None}, "21.00"),
    ],
    ids=["totals", "amount", "amount with discount", "percentage"],
)
def test_the_vat_of_a_line_is_what_its_totals_say_else_what_it_names(amounts, vat):
    assert read(entity([amounts])).lines[0].vat_amount == Decimal(vat)


@pytest.mark.parametrize(
    ("percentage", "amounts", "vat"),
    [
        # Before the line's discount of 20 %, and after it.
        (21.0, {"VatAmount": 26.25, "VatAmountIncludingDiscount": 21.0}, "21.00"),
        # Before it, and after that on the whole invoice too.
        (21.0, {"VatAmount": 26.25, "VatAmountIncludingDiscount": 18.9}, "21.00"),
        # The customer owes the VAT, whatever the percentage of the group.
        (21.0, {"VatAmount": 0.0, "VatAmountIncludingDiscount": 0.0}, "0.00"),
        (21.0, {"VatAmount": None, "VatAmountIncludingDiscount": 21.01}, "21.01"),
    ],
)
def test_of_two_vat_amounts_the_one_of_the_net_amount_counts(percentage, amounts, vat):
    line = {"TotalIncludingVat": None, "VatPercentage": percentage, "DiscountPercentage": 20.0}
    fields = InvoiceFields(date="InvoiceDate")
    assert read(entity([{**line, **amounts}]), fields).vat == Decimal(vat)


@pytest.mark.parametrize(
    ("amounts", "net"),
    [
        ({"TotalIncludingVat": 121.0}, "100.00"),
        ({"TotalIncludingVat": 0.05, "VatAmount": 0.01}, "0.04"),
        ({"TotalIncludingVat": 121.0, "VatAmount": 26.25}, "100.00"),
        ({"TotalIncludingVat": -121.0, "VatAmount": -21.0}, "-100.00"),
        ({"TotalIncludingVat": 100.0, "VatAmount": 0.0, "VatPercentage": 0.0}, "100.00"),
    ],
)
def test_a_line_without_a_net_total_has_what_the_vat_leaves(amounts, net):
    line = {"TotalExcludingVat": None, "VatAmount": None, **amounts}
    fields = InvoiceFields(date="InvoiceDate")
    assert read(entity([line]), fields).untaxed == Decimal(net)


def test_the_percentage_may_be_that_of_the_vat_group():
    assert read(entity([{"VatPercentage": None}])).lines[0].vat_percentage == 21


def test_a_line_of_mere_text_has_no_amounts():
    text = {name: None for name in LINE if name not in ("ID", "Description")}
    invoice = read(entity([{}, text]))
    assert (invoice.lines[1].net_total, invoice.lines[1].vat_amount) == (0, 0)
    assert invoice.lines[1].vat_group_id is None
    assert [line.is_text for line in invoice.lines] == [False, True]


def test_lines_are_in_the_order_of_the_document():
    lines = [{"ID": "second", "SortIndex": 2.0}, {"ID": "first", "SortIndex": 1.0}]
    totals = {"TotalExcludingVat": 200, "VatAmount": 42, "TotalIncludingVat": 242}
    assert [line.tribe_id for line in read(entity(lines, **totals)).lines] == ["first", "second"]


def test_a_negative_total_is_a_credit_invoice():
    amounts = {"TotalExcludingVat": -100.0, "VatAmount": -21.0, "TotalIncludingVat": -121.0}
    credit = read(entity([amounts], CreditedInvoice={"ID": "a0"}, **amounts))
    assert credit.is_credit and credit.credited_invoice_id == "a0"
    assert not read(ENTITY).is_credit


def test_what_credits_an_invoice_of_nothing_is_a_credit_invoice():
    amounts = {"TotalExcludingVat": 0.0, "VatAmount": 0.0, "TotalIncludingVat": 0.0}
    line = {**amounts, "Price": 0.0}
    assert read(entity([line], CreditedInvoice={"ID": "a0"}, **amounts)).is_credit
    assert not read(entity([line], **amounts)).is_credit


@pytest.mark.parametrize("sign", [1, -1])
def test_a_marked_credit_invoice_has_negative_amounts_however_tribe_writes_them(sign):
    amounts = {"TotalExcludingVat": 100.0, "VatAmount": 21.0, "TotalIncludingVat": 121.0}
    amounts = {name: sign * amount for name, amount in amounts.items()}
    line = {**amounts, "Price": sign * 100.0}
    credit = read(entity([line], IsCredit=True, CreditedInvoice={"ID": "a0"}, **amounts))
    assert credit.is_credit
    assert (credit.untaxed, credit.vat, credit.total) == (-100, -21, -121)
    (line,) = credit.lines
    assert (line.price, line.net_total, line.vat_amount) == (-100, -100, -21)
    assert credit.vat_by_group(2) == {"d21": -21}


@pytest.mark.parametrize(("mark", "is_final"), [(True, True), (None, True), (False, False)])
def test_only_a_no_means_that_an_invoice_is_not_final(mark, is_final):
    assert read(entity(IsFinal=mark)).is_final is is_final


def test_the_customers_reference_is_read_where_the_tenant_has_one():
    assert read(entity(Reference=" PO 4711 ")).reference == "PO 4711"
    assert read(ENTITY).reference is None


# Refusing


@pytest.mark.parametrize(
    ("changes", "code", "parameters"),
    [
        ({"Number": None}, "invoice_without_number", {}),
        ({"Number": " "}, "invoice_without_number", {}),
        ({"InvoiceDate": None}, "invoice_without_date", {}),
        ({"InvoiceDate": "gisteren"}, "invoice_date_unreadable", {"date": "gisteren"}),
        ({"InvoiceDate": "2026-13-01"}, "invoice_date_unreadable", {"date": "2026-13-01"}),
        ({"Currency": ""}, "invoice_without_currency", {}),
        ({"Relationship": None}, "invoice_without_customer", {}),
        (
            {"TotalExcludingVat": 99.99},
            "invoice_untaxed_differs_from_lines",
            {"untaxed": Decimal("99.99"), "lines": Decimal(100)},
        ),
        (
            {"TotalIncludingVat": 121.01},
            "invoice_total_differs_from_sum",
            {"total": Decimal("121.01"), "untaxed": Decimal(100), "vat": Decimal(21)},
        ),
        ({"TotalIncludingVat": "NaN"}, "invoice_amount_not_a_number", {"amount": "NaN"}),
        ({"TotalIncludingVat": "much"}, "invoice_amount_not_a_number", {"amount": "much"}),
        ({"ProductLines": []}, "invoice_untaxed_differs_from_lines", {"lines": Decimal(0)}),
        ({"CreditedInvoice": {"ID": "a0"}}, "invoice_credit_not_negative", {}),
    ],
)
def test_an_invoice_that_cannot_be_booked_says_why(changes, code, parameters):
    invoice = "20260001" if "Number" not in changes else "a1"
    assert_only_says(refusal(entity(**changes)), code, invoice=invoice, **parameters)


@pytest.mark.parametrize(
    ("line", "code", "parameters"),
    [
        ({"Quantity": 0}, "invoice_line_with_quantity_zero", {}),
        (
            {"TotalExcludingVat": None, "TotalIncludingVat": None},
            "invoice_line_without_total_in_currency",
            {"currency": "EUR"},
        ),
        (
            {"VatAmount": None, "TotalIncludingVat": None, "VatPercentage": None, "VatGroup": None},
            "invoice_line_without_vat",
            {},
        ),
    ],
)
def test_a_line_that_cannot_be_booked_is_named(line, code, parameters):
    assert_only_says(refusal(entity([line])), code, line="Onderhoud", **parameters)


ALONE = {
    "number": "20260001",
    "date": "2026-01-01",
    "customer": "c42",
    "currency": "EUR",
    "total": "121",
}


@pytest.mark.parametrize(
    ("changes", "known"),
    [
        ({}, {}),
        ({"ProductLines": None}, {}),
        ({"ProductLines": [{"Quantity": "many", "TotalExcludingVatInCurrency": "much"}]}, {}),
        ({"TotalExcludingVat": 77.0}, {}),
        ({"TotalIncludingVat": 121.005}, {"total": "121.005"}),
        ({"TotalIncludingVat": None}, {"total": "0"}),
        ({"TotalIncludingVat": "much"}, {"total": None}),
        ({"IsCredit": True}, {"total": "-121"}),
        ({"TotalIncludingVat": -121.0, "IsCredit": True}, {"total": "-121"}),
        (
            {"Currency": "USD", "TotalIncludingVatInCurrency": 130.0},
            {"currency": "USD", "total": "130"},
        ),
        ({"Currency": ""}, {"currency": None, "total": "0"}),
        ({"InvoiceDate": "gisteren"}, {"date": None}),
        ({"Relationship": None}, {"customer": None}),
        ({"Number": None}, {"number": None}),
    ],
)
def test_what_can_be_read_is_known_of_what_cannot_be_read_whole(changes, known):
    wanted = {name: value for name, value in {**ALONE, **known}.items() if value}
    read_of_it = read_alone(
        entity(**changes), FIELDS, timezone="Europe/Amsterdam", base_currency="EUR"
    )
    assert read_of_it == wanted


def test_an_invoice_without_its_lines_is_not_an_empty_one():
    bare = entity()
    del bare["ProductLines"]
    assert_only_says(refusal(bare), "invoice_without_lines")


def test_a_tenant_without_a_date_field_is_told_where_to_name_it():
    assert_only_says(refusal(ENTITY, fields=InvoiceFields()), "invoice_without_date")


# VAT per group


def of_equal_prices_with_vat(**changes):
    """Eight times 17.43 including VAT, of which Tribe took the VAT per VAT group."""
    line = {"Price": 17.43, "TotalExcludingVat": 14.4, "TotalIncludingVat": 17.43}
    totals = {"TotalExcludingVat": 115.24, "VatAmount": 24.2, "TotalIncludingVat": 139.44}
    lines = [{**line, "ID": f"b{number}", "SortIndex": number} for number in range(8)]
    return entity(lines, **{"IsVatIncluded": True, **totals, **changes})


@pytest.mark.parametrize("fields", [FIELDS, dataclasses.replace(FIELDS, untaxed=None)])
def test_vat_taken_out_of_a_group_moves_cents_to_the_net_amount_of_a_line(fields):
    invoice = read(of_equal_prices_with_vat(), fields)
    assert (invoice.untaxed, invoice.vat) == (Decimal("115.24"), Decimal("24.20"))
    assert sum(line.net_total for line in invoice.lines) == invoice.untaxed
    assert sum(line.vat_amount for line in invoice.lines) == invoice.vat
    assert {line.net_total + line.vat_amount for line in invoice.lines} == {Decimal("17.43")}
    assert {line.net_total for line in invoice.lines} == {Decimal("14.40"), Decimal("14.41")}
    assert [line.tribe_id for line in invoice.lines] == [f"b{number}" for number in range(8)]


@pytest.mark.parametrize(
    "changes",
    [
        {"IsVatIncluded": False},
        {"TotalExcludingVat": 115.23, "VatAmount": 24.21},
        {"TotalExcludingVat": 103.72, "VatAmount": 21.78, "TotalIncludingVat": 125.5},
    ],
    ids=["prices without VAT", "another cent", "a discount on the whole"],
)
def test_another_net_amount_than_that_of_the_lines_is_refused(changes):
    assert_only_says(
        refusal(of_equal_prices_with_vat(**changes)),
        "invoice_untaxed_differs_from_lines",
        lines=Decimal("115.20"),
    )


def invoice_of(lines, vat):
    """An invoice of (net, VAT, percentage, VAT group) lines and a VAT total."""
    made = tuple(
        InvoiceLine(
            tribe_id=str(index),
            description="",
            extra_description=None,
            quantity=Decimal(1),
            price=Decimal(net),
            discount=Decimal(0),
            net_total=Decimal(net),
            vat_amount=Decimal(amount),
            vat_percentage=None if percentage is None else Decimal(percentage),
            vat_group_id=group,
            ledger_account_id=None,
            product_id=None,
            product_code=None,
            start_date=None,
            end_date=None,
        )
        for index, (net, amount, percentage, group) in enumerate(lines)
    )
    untaxed = sum((line.net_total for line in made), Decimal(0))
    day = datetime.date(2026, 1, 1)
    return Invoice(
        *("a1", "20260001", day, None, "EUR", None, None, "c42", None, None, None, None),
        lines=made,
        untaxed=untaxed,
        vat=Decimal(vat),
        total=untaxed + Decimal(vat),
    )


def test_vat_rounded_per_line_is_added_up():
    invoice = invoice_of(
        [("10.01", "2.10", 21, "high"), ("10.01", "2.10", 21, "high"), ("5.00", "0.45", 9, "low")],
        "4.65",
    )
    assert invoice.vat_by_group(2) == {"high": Decimal("4.20"), "low": Decimal("0.45")}


def test_vat_rounded_per_group_is_recognized():
    lines = [("1.12", "0.24", 21, "high")] * 10 + [("1.00", "0.09", 9, "low")]
    invoice = invoice_of(lines, "2.44")
    assert invoice.vat_by_group(2) == {"high": Decimal("2.35"), "low": Decimal("0.09")}


def test_a_small_rest_goes_to_the_largest_taxed_group():
    lines = [
        ("500.00", "0.00", 0, "none"),
        ("100.00", "21.00", 21, "high"),
        ("50.00", "4.50", 9, "low"),
    ]
    assert invoice_of(lines, "25.51").vat_by_group(2) == {
        "none": Decimal("0.00"),
        "high": Decimal("21.01"),
        "low": Decimal("4.50"),
    }


@pytest.mark.parametrize(
    ("count", "rest", "allowed"),
    [
        (1, "0.01", True),
        (1, "-0.01", True),
        (1, "0.02", False),
        (3, "0.02", False),
        (4, "0.02", True),
        (4, "-0.03", False),
    ],
)
def test_how_much_rest_is_small(count, rest, allowed):
    lines = [("100.00", "21.00", 21, "high")] * count
    invoice = invoice_of(lines, 21 * count + Decimal(rest))
    if allowed:
        assert invoice.vat_by_group(2) == {"high": 21 * count + Decimal(rest)}
    else:
        with raises_sentence(
            "invoice_vat_differs_from_lines", InvoiceUnreadable, invoice="20260001"
        ):
            invoice.vat_by_group(2)


def test_a_coin_may_have_no_decimals():
    assert invoice_of([("100", "21", 21, "high")], "22").vat_by_group(0) == {"high": Decimal(22)}


def test_vat_without_a_taxed_line_is_refused():
    with pytest.raises(InvoiceUnreadable):
        invoice_of([("100.00", "0.00", 0, "none")], "0.01").vat_by_group(2)


def test_a_line_of_mere_text_is_in_no_group():
    invoice = invoice_of([("10.00", "2.10", 21, "high"), ("0.00", "0.00", None, None)], "2.10")
    assert invoice.vat_by_group(2) == {"high": Decimal("2.10")}


def test_no_lines_are_no_groups():
    assert invoice_of([], "0").vat_by_group(2) == {}


CENTS = st.integers(-100_000, 100_000).map(lambda cents: Decimal(cents).scaleb(-2))
RATES = st.sampled_from([(Decimal(21), "high"), (Decimal(9), "low"), (Decimal(0), "none")])


@given(st.lists(st.tuples(CENTS, RATES), min_size=1, max_size=40), st.sampled_from([-1, 0, 1]))
def test_vat_per_group_adds_up_whatever_way_tribe_rounds(rows, rest):
    lines = [
        (net, (net * rate / 100).quantize(Decimal("0.01")), rate, group)
        for net, (rate, group) in rows
    ]
    vat = sum(line[1] for line in lines)
    taxed = any(line[1] for line in lines)
    invoice = invoice_of(lines, vat + Decimal(rest if taxed else 0).scaleb(-2))
    try:
        groups = invoice.vat_by_group(2)
    except InvoiceUnreadable:
        # Only when the VAT of every group cancels out is there nowhere to put a rest.
        sums = {group: sum(x[1] for x in lines if x[3] == group) for *_rest, group in lines}
        assert not any(sums.values())
        return
    assert sum(groups.values()) == invoice.vat
    assert set(groups) == {group for _net, (_rate, group) in rows}


# Field names


def test_field_names_survive_being_stored():
    assert InvoiceFields.from_dict(FIELDS.as_dict()) == FIELDS
    assert InvoiceFields.from_dict({"date": "", "unknown": "x"}) == InvoiceFields()


def test_an_amount_of_endless_decimals_is_refused():
    endless = "1E-300000000"
    assert_only_says(
        refusal(entity([{**LINE, "TotalExcludingVat": endless}])),
        "invoice_amount_not_a_number",
        amount=endless,
    )


# Line totals that Tribe does not round, and coins that are no cents


def unrounded(net, percentage=21.0, group="d21", **changes):
    """A line with its totals as they were calculated."""
    vat = round(net * percentage / 100, 12)
    return {
        "Price": net,
        "TotalExcludingVat": net,
        "VatAmount": vat,
        "TotalIncludingVat": round(net + vat, 12),
        "VatPercentage": percentage,
        "VatGroup": {"ID": group, "Percentage": percentage},
        **changes,
    }


def totals(untaxed, vat, total):
    return {"TotalExcludingVat": untaxed, "VatAmount": vat, "TotalIncludingVat": total}


def amounts_of(invoice, digits=2):
    """The totals, of an invoice whose lines and VAT groups add up to them."""
    assert sum(line.net_total for line in invoice.lines) == invoice.untaxed
    assert sum(invoice.vat_by_group(digits).values()) == invoice.vat
    assert invoice.untaxed + invoice.vat == invoice.total
    coin = Decimal(1).scaleb(-digits)
    assert all(line.net_total == line.net_total.quantize(coin) for line in invoice.lines)
    return tuple(map(str, (invoice.untaxed, invoice.vat, invoice.total)))


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        # Of floating-point numbers a half is often a bit less.
        ([341.15, 71.64, 412.79], ("341.15", "71.64", "412.79")),
        ([341.14, 71.64, 412.78], ("341.14", "71.64", "412.78")),
        # A tenant may round each line after all.
        ([341.16, 71.64, 412.80], ("341.16", "71.64", "412.80")),
        ([341.145, 71.64045, 412.78545], ("341.15", "71.64", "412.79")),
        ([341.15, None, None], ("341.15", "71.64", "412.79")),
        ([None, None, 412.79], ("341.15", "71.64", "412.79")),
    ],
)
def test_lines_that_are_not_rounded_add_up_as_a_whole(made, expected):
    invoice = read(entity([unrounded(113.715)] * 3, **totals(*made)))
    assert amounts_of(invoice) == expected


def test_neither_is_another_total_of_them():
    message = refusal(entity([unrounded(113.715)] * 3, **totals(341.17, 71.64, 412.81)))
    assert_only_says(message, "invoice_untaxed_differs_from_lines", untaxed=Decimal("341.17"))


@pytest.mark.parametrize("amount", [341.15, 412.79])
def test_amount_alone_may_be_that_of_lines_that_are_not_rounded(amount):
    made = entity([unrounded(113.715)] * 3, Amount=amount, **totals(None, None, None))
    assert amounts_of(read(made, InvoiceFields(date="InvoiceDate")))[0] == "341.15"


def test_each_vat_group_keeps_its_net_amount():
    lines = [
        *[unrounded(113.715)] * 3,
        *[unrounded(0.125, 9.0, "d9")] * 5,
        unrounded(-10.005, 0.0, "d0"),
    ]
    invoice = read(entity(lines, **totals(331.77, 71.70, 403.47)))
    nets = {}
    for line in invoice.lines:
        nets[line.vat_group_id] = nets.get(line.vat_group_id, 0) + line.net_total
    assert amounts_of(invoice) == ("331.77", "71.70", "403.47")
    assert nets["d9"] in (Decimal("0.62"), Decimal("0.63"))
    assert nets["d0"] in (Decimal("-10.00"), Decimal("-10.01"))


def test_amount_tells_how_vat_was_rounded_where_tribe_names_only_the_net_total():
    fields = InvoiceFields(date="InvoiceDate", untaxed="TotalExcludingVat")
    lines = [unrounded(0.07, VatAmount=0.01, TotalIncludingVat=0.08)] * 3
    for amount, vat in ((0.24, "0.03"), (0.25, "0.04"), (0.21, "0.03"), (None, "0.03")):
        made = entity(lines, Amount=amount, TotalExcludingVat=0.21)
        assert amounts_of(read(made, fields))[1] == vat


def foreign(line, **changes):
    """The same line, of a currency that Tribe does not count in."""
    names = ("TotalExcludingVat", "VatAmount", "TotalIncludingVat", "Price")
    return {**line, **{f"{name}InCurrency": line[name] for name in names}, **changes}


def in_currency(currency, lines, *made):
    by_name = {f"{name}InCurrency": amount for name, amount in totals(*made).items()}
    return entity(
        [foreign(line, Currency=currency) for line in lines], Currency=currency, **by_name
    )


def test_yen_that_tribe_counts_in_cents_are_booked_in_whole_ones():
    lines = [unrounded(33.33, 10.0, VatAmount=3.33, TotalIncludingVat=36.66)] * 3
    invoice = read(in_currency("JPY", lines, 99.99, 9.99, 109.98), digits=0)
    assert amounts_of(invoice, 0) == ("100", "10", "110")
    # Rounded one by one these do not add up: what the customer pays is what counts.
    lines = [unrounded(100.4, 10.0, VatAmount=10.4, TotalIncludingVat=110.8)]
    invoice = read(in_currency("JPY", lines, 100.4, 10.4, 110.8), digits=0)
    assert amounts_of(invoice, 0) == ("100", "11", "111")


def test_whole_yen_are_booked_as_they_are():
    lines = [unrounded(33.0, 10.0, VatAmount=3.0, TotalIncludingVat=36.0)] * 3
    invoice = read(in_currency("JPY", lines, 99.0, 9.0, 108.0), digits=0)
    assert amounts_of(invoice, 0) == ("99", "9", "108")


def test_dinars_may_have_three_decimals_or_two():
    lines = [unrounded(33.333, 5.0, VatAmount=1.667, TotalIncludingVat=35.0)] * 3
    invoice = read(in_currency("KWD", lines, 99.999, 5.001, 105.0), digits=3)
    assert amounts_of(invoice, 3) == ("99.999", "5.001", "105.000")
    lines = [unrounded(33.333, 5.0)] * 3
    invoice = read(in_currency("KWD", lines, 100.0, 5.0, 105.0), digits=3)
    assert float(invoice.total) == 105.0


def test_totals_in_smaller_coins_are_not_read_in_cents():
    def line(net, vat, percentage, quantity, price, vat_less_discount):
        return {
            "VatGroup": {"ID": f"d{percentage}", "Percentage": percentage},
            "VatPercentage": percentage,
            "Quantity": quantity,
            "PriceInCurrency": price,
            "DiscountPercentage": 10,
            "TotalExcludingVatInCurrency": net,
            "VatAmountInCurrency": vat,
            "VatAmountIncludingDiscountInCurrency": vat_less_discount,
            "TotalIncludingVatInCurrency": None,
        }

    lines = [
        line(168.075, 39.218, 21.0, 2.25, 83.0, 29.168),
        line(475.2, 0.0, 0.0, 12.0, 44.0, 0.0),
    ]
    told = {
        "TotalExcludingVatInCurrency": 531.602,
        "VatAmountInCurrency": 29.169,
        "TotalIncludingVatInCurrency": 560.771,
    }
    of_tribe = entity(lines, Currency="KWD", DiscountPercentage=17.36, **told)
    invoice = read(of_tribe, digits=3)
    assert amounts_of(invoice, 3) == ("531.602", "29.169", "560.771")
