"""Life cycle and totals of invoices. docs/tribe-api.md."""

import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from .client import CUSTOMERS

MIXED = [(3, 33.3333, "NL21", None), (1, 10.005, "NL9", 12.5), (2, 0.015, "NL21", 5)]


def invoice_of(api, identifier):
    expand = "Phase,Identity,CreditedInvoice,ProductLines($orderby=Price desc),Attachments"
    return api.read(f"Activity_Invoice({identifier})", expand=expand)


def cents(number):
    return Decimal(str(number)).quantize(Decimal("0.01"))


def today():
    return datetime.datetime.now(ZoneInfo("Europe/Amsterdam")).date()


def day_of(moment):
    """The day in the Netherlands that a moment at its midnight stands for."""
    local = datetime.datetime.fromisoformat(moment.replace("Z", "+00:00")).astimezone(
        ZoneInfo("Europe/Amsterdam")
    )
    assert local.time() == datetime.time(0)
    return local.date()


def test_draft_has_no_number_and_no_date(api):
    invoice = invoice_of(api, api.new_invoice(MIXED, Subject="Concept"))
    assert invoice["Phase"]["Code"] == "Draft"
    assert invoice["_Name"] == "Concept"
    assert invoice["Number"] is invoice["InvoiceDate"] is invoice["DueDate"] is None
    assert invoice["IsFinal"] is False
    assert invoice["Attachments"] == []
    assert invoice["Identity"]["Name"] == "Voorbeeld Verkoop B.V."


def test_sending_makes_it_final(api):
    identifier = api.new_invoice(MIXED)
    assert api.send(identifier).status_code == 200
    invoice = invoice_of(api, identifier)
    assert invoice["Number"] == invoice["_Name"] == f"{today().year}0031"
    assert day_of(invoice["InvoiceDate"]) == today()
    assert day_of(invoice["DueDate"]) == today() + datetime.timedelta(days=14)
    assert invoice["IsFinal"] is True
    assert [row["Description"] for row in invoice["Attachments"]] == [f"{invoice['Number']}.pdf"]


def test_numbers_follow_each_other_in_the_tenants_format(api, sandbox):
    sandbox.switch(number_format="F{year}-{month:02d}-{sequence}")
    numbers = []
    for _ in range(2):
        identifier = api.new_invoice(MIXED)
        api.send(identifier)
        numbers.append(invoice_of(api, identifier)["Number"])
    month = f"F{today().year}-{today().month:02d}"
    assert numbers == [f"{month}-31", f"{month}-32"]


def test_final_invoice_is_frozen_but_its_phase_is_not(api, sandbox):
    identifier = api.new_invoice(MIXED)
    api.send(identifier)
    path = f"Activity_Invoice({identifier})"
    before = invoice_of(api, identifier)
    line = before["ProductLines"][0]["ID"]
    refused = [
        api.put(path, {"Currency": "USD"}),
        api.put(path, {"Number": "1"}),
        api.put(path, {"ProductLines": [{"Price": 1}]}),
        api.put(f"ProductLine({line})", {"Price": 1}),
        api.delete(f"ProductLine({line})"),
        api.post("ProductLine", {"Price": 1, "Activity": {"ID": identifier}}),
        api.delete(path),
        api.post("Activity_Invoice", {"ID": identifier, "Phase": phase_link(api, "Draft")}),
        api.put(path, {"Phase": None}),
    ]
    assert {answer.status_code for answer in refused} == {400}
    assert invoice_of(api, identifier) == before
    for code in ("Paid", "Sent", "Paid"):
        assert api.put(path, {"Phase": phase_link(api, code)}).status_code == 200
    paid = invoice_of(api, identifier)
    assert paid["Phase"]["Code"] == "Paid"
    assert paid["Number"] == before["Number"]
    assert len(paid["Attachments"]) == 1


def test_other_fields_of_a_final_invoice_are_writable_by_switch(api, sandbox):
    identifier = api.new_invoice(MIXED)
    api.send(identifier)
    path = f"Activity_Invoice({identifier})"
    assert api.put(path, {"ImportId": "odoo:1"}).status_code == 400
    sandbox.switch(final_invoice_writable="non_money")
    assert api.put(path, {"ImportId": "odoo:1"}).status_code == 200
    assert api.put(path, {"IsVatIncluded": True}).status_code == 400


def test_sending_may_not_make_it_final_and_then_does_not_freeze_it(api, sandbox):
    sandbox.switch(sending_finalises=False)
    identifier = api.new_invoice(MIXED)
    api.send(identifier)
    sent = invoice_of(api, identifier)
    assert sent["IsFinal"] is False
    assert sent["Number"]
    assert api.put(f"Activity_Invoice({identifier})", {"Subject": "Anders"}).status_code == 200
    sandbox.switch(sending_finalises=True)
    api.send(identifier)
    assert invoice_of(api, identifier)["IsFinal"] is True
    assert invoice_of(api, identifier)["Number"] == sent["Number"]


def test_a_credit_may_be_marked_and_written_positive(api, sandbox):
    sandbox.switch(credit_mark_name="IsCredit")
    credit = invoice_of(api, api.new_invoice([(1, 100, "NL21", None)], IsCredit=True))
    assert credit["IsCredit"] is True
    assert cents(credit["TotalIncludingVat"]) == Decimal("121.00")


def test_amounts_without_currency_are_in_the_base_currency(api, sandbox):
    sandbox.switch(base_currency="DKK")
    invoice = invoice_of(api, api.new_invoice([(1, 1000, "NL21", None)], Currency="EUR"))
    assert cents(invoice["TotalExcludingVatInCurrency"]) == Decimal("134.00")
    assert cents(invoice["TotalExcludingVat"]) == Decimal("1000.00")
    own = invoice_of(api, api.new_invoice([(1, 134, "NL21", None)]))
    assert (own["Currency"], cents(own["TotalExcludingVat"])) == ("DKK", Decimal("134.00"))


def phase_link(api, code):
    return api.with_code("Datastore_Phase_ActivityInvoice", code)


def test_phase_change_touches_the_mutation_date_only_by_switch(api, sandbox):
    identifier = api.new_invoice(MIXED)
    api.send(identifier)
    assert invoice_of(api, identifier)["LastMutationDate"] is None
    sandbox.switch(phase_touches_invoice=True)
    api.put(f"Activity_Invoice({identifier})", {"Phase": phase_link(api, "Paid")})
    assert invoice_of(api, identifier)["LastMutationDate"]


def test_number_and_totals_are_not_ours_to_write(api):
    path = f"Activity_Invoice({api.new_invoice(MIXED)})"
    for field in ("Number", "InvoiceDate", "DueDate", "IsFinal", "TotalIncludingVat", "Amount"):
        assert api.put(path, {field: None}).status_code == 400


def test_empty_invoice_cannot_be_sent(api):
    assert api.send(api.new_invoice([])).status_code == 400


def test_line_totals_are_net_of_discount_and_to_the_cent(api):
    lines = invoice_of(api, api.new_invoice(MIXED))["ProductLines"]
    net = [cents(line["TotalExcludingVat"]) for line in lines]
    assert net == [Decimal("100.00"), Decimal("8.75"), Decimal("0.03")]
    vat = [cents(line["VatAmount"]) for line in lines]
    assert vat == [Decimal("21.00"), Decimal("0.79"), Decimal("0.01")]
    for line in lines:
        total = cents(line["TotalExcludingVat"]) + cents(line["VatAmount"])
        assert cents(line["TotalIncludingVat"]) == total


def test_header_is_the_sum_of_its_lines(api):
    for invoice in api.rows("Activity_Invoice", expand="ProductLines"):
        for name in ("TotalExcludingVat", "VatAmount", "TotalIncludingVat"):
            total = sum(cents(line[name]) for line in invoice["ProductLines"])
            assert cents(invoice[name]) == cents(invoice[f"{name}InCurrency"]) == total


def test_vat_may_be_rounded_per_group(api, sandbox):
    lines = [(1, 0.07, "NL21", None)] * 3
    by_line = invoice_of(api, api.new_invoice(lines))
    sandbox.switch(vat_rounding="group")
    by_group = invoice_of(api, api.new_invoice(lines))
    assert cents(by_line["VatAmount"]) == Decimal("0.03")
    assert cents(by_group["VatAmount"]) == Decimal("0.04")
    assert cents(by_group["TotalIncludingVat"]) == Decimal("0.25")


def test_prices_may_include_vat(api):
    lines = [(2, 60.5, "NL21", None)]
    invoice = invoice_of(api, api.new_invoice(lines, IsVatIncluded=True))
    assert cents(invoice["TotalIncludingVat"]) == Decimal("121.00")
    assert cents(invoice["TotalExcludingVat"]) == Decimal("100.00")
    assert cents(invoice["VatAmount"]) == Decimal("21.00")
    assert cents(invoice["ProductLines"][0]["TotalExcludingVat"]) == Decimal("100.00")


def test_header_discount_is_in_the_lines_or_only_in_the_header(api, sandbox):
    lines = [(1, 100, "NL21", None)]
    spread = invoice_of(api, api.new_invoice(lines, DiscountPercentage=10))
    assert cents(spread["ProductLines"][0]["TotalExcludingVat"]) == Decimal("90.00")
    sandbox.switch(header_discount="header")
    apart = invoice_of(api, api.new_invoice(lines, DiscountPercentage=10))
    assert cents(apart["ProductLines"][0]["TotalExcludingVat"]) == Decimal("100.00")
    for invoice in (spread, apart):
        assert cents(invoice["TotalExcludingVat"]) == Decimal("90.00")
        assert cents(invoice["TotalIncludingVat"]) == Decimal("108.90")


@pytest.mark.parametrize(("means", "amount"), [("including", "121"), ("excluding", "100")])
def test_meaning_of_amount_is_open(api, sandbox, means, amount):
    sandbox.switch(amount_means=means)
    invoice = invoice_of(api, api.new_invoice([(1, 100, "NL21", None)]))
    assert cents(invoice["Amount"]) == Decimal(amount)


@pytest.mark.parametrize("means", ["including", "excluding", "nothing"])
@pytest.mark.parametrize("discount", ["lines", "header"])
def test_a_tenant_may_have_no_total_but_amount(api, sandbox, means, discount):
    names = ("total_excluding_vat_name", "total_including_vat_name", "vat_amount_name")
    sandbox.reset(
        switches={
            **dict.fromkeys(names, ""),
            "amount_means": means,
            "header_discount": discount,
        }
    )
    api.authorize()
    lines = [(1, 100, "NL21", None)]
    invoice = invoice_of(api, api.new_invoice(lines, DiscountPercentage=10))
    assert not [name for name in invoice if name.startswith(("Total", "VatAmount"))]
    (line,) = invoice["ProductLines"]
    assert line["TotalExcludingVat"] == (90.0 if discount == "lines" else 100.0)
    amounts = {"including": 108.9, "excluding": 90.0, "nothing": None}
    assert invoice["Amount"] == amounts[means]


def test_foreign_amounts_are_in_currency_and_in_euros(api):
    identifier = api.new_invoice([], Currency="USD")
    body = {
        "PriceInCurrency": 100,
        "VatGroup": api.with_code("Datastore_VatGroup", "NL21"),
        "Activity": {"ID": identifier},
    }
    api.created("ProductLine", body)
    invoice = invoice_of(api, identifier)
    assert cents(invoice["TotalExcludingVatInCurrency"]) == Decimal("100.00")
    assert cents(invoice["TotalExcludingVat"]) == Decimal("92.00")
    assert cents(invoice["TotalIncludingVatInCurrency"]) == Decimal("121.00")
    assert invoice["ProductLines"][0]["Currency"] == "USD"
    assert cents(invoice["ProductLines"][0]["Price"]) == Decimal("92.00")


def test_lines_of_a_draft_can_change_and_totals_follow(api):
    identifier = api.new_invoice([(1, 100, "NL21", None)])
    line = invoice_of(api, identifier)["ProductLines"][0]["ID"]
    api.put(f"ProductLine({line})", {"Quantity": 2})
    assert cents(invoice_of(api, identifier)["TotalIncludingVat"]) == Decimal("242.00")
    api.delete(f"ProductLine({line})")
    assert cents(invoice_of(api, identifier)["TotalIncludingVat"]) == Decimal("0.00")


def test_line_takes_over_from_its_product(api):
    product = api.rows("Product", top=1, expand="VatGroup")[0]
    line = api.created("ProductLine", {"Product": {"ID": product["ID"]}})
    stored = api.read(f"ProductLine({line['ID']})", expand="VatGroup")
    assert stored["Price"] == product["SalesPrice"]
    assert stored["Description"] == product["Name"]
    assert stored["VatGroup"] == product["VatGroup"]


def test_person_in_tribe_sends_an_invoice(api, sandbox):
    identifier = api.new_invoice(MIXED)
    row = sandbox.set_phase(identifier, "Sent")
    assert row["Number"] == invoice_of(api, identifier)["Number"]
    assert sandbox.set_phase(identifier, "Paid")["IsFinal"] is True


def test_draft_takes_its_lines_along_when_deleted(api, sandbox):
    identifier = api.new_invoice(MIXED)
    assert api.delete(f"Activity_Invoice({identifier})").status_code == 204
    assert not sandbox.rows("ProductLine", Activity=identifier)


def test_due_date_follows_the_customers_term(api):
    customer = api.new_customer()["ID"]
    api.put(f"{CUSTOMERS}({customer})", {"PaymentTermInDays": 0})
    identifier = api.new_invoice(MIXED, Relationship={"ID": customer})
    api.send(identifier)
    invoice = invoice_of(api, identifier)
    assert invoice["DueDate"] == invoice["InvoiceDate"]


def test_a_draft_phase_with_another_code_or_none(api, sandbox):
    for code in ("CONCEPT", ""):
        sandbox.reset(invoices=8, switches={"draft_code": code})
        api.authorize()
        phases = {row["Code"]: row for row in api.rows("Datastore_Phase_ActivityInvoice")}
        assert set(phases) == {code or None, "Sent", "Paid"}
        draft = phases[code or None]
        assert draft["IsDefault"] is True
        (first, *_rest) = api.rows("Activity_Invoice", filter=f"Phase/ID eq {draft['ID']}")
        assert first["Number"] is None
        assert sandbox.set_phase(first["ID"], "Sent")["Number"]


def test_a_phase_without_a_code(api, sandbox):
    sandbox.switch(uncoded_phases=["Herinnerd"])
    (phase,) = [row for row in api.rows("Datastore_Phase_ActivityInvoice") if not row["Code"]]
    assert phase["Name"] == "Herinnerd"
    assert api.get("Activity_Invoice", filter="Phase/Code eq false").status_code == 400
    assert api.get("Activity_Invoice", filter=f"Phase/ID eq {phase['ID']}").status_code == 200


def test_line_totals_may_be_kept_unrounded(api, sandbox):
    sandbox.switch(line_totals="unrounded")
    invoice = invoice_of(api, api.new_invoice([(1, 113.715, "NL21", None)] * 3))
    assert {line["TotalExcludingVat"] for line in invoice["ProductLines"]} == {113.715}
    assert {line["TotalIncludingVat"] for line in invoice["ProductLines"]} == {137.59515}
    assert invoice["TotalExcludingVat"] == 341.15
    # As a whole: 412.78545.
    assert invoice["TotalIncludingVat"] == 412.79


@pytest.mark.parametrize(
    ("vat", "discount", "amounts"),
    [
        ("after_discount", "line", (16.8, 16.8)),
        ("after_discount", "whole", (16.8, 15.12)),
        ("before_discount", "line", (21.0, 16.8)),
        ("before_discount", "whole", (21.0, 15.12)),
    ],
)
def test_meaning_of_both_vat_amounts_of_a_line_is_open(api, sandbox, vat, discount, amounts):
    sandbox.switch(header_discount="header", line_vat=vat, line_vat_discount=discount)
    invoice = invoice_of(api, api.new_invoice([(1, 100, "NL21", 20)], DiscountPercentage=10))
    (line,) = invoice["ProductLines"]
    assert (line["VatAmount"], line["VatAmountIncludingDiscount"]) == amounts
    assert (line["TotalExcludingVat"], line["TotalIncludingVat"]) == (80.0, 96.8)
    assert (invoice["TotalExcludingVat"], invoice["VatAmount"]) == (72.0, 15.12)


@pytest.mark.parametrize(
    ("coins", "currency", "total"),
    [
        ("cents", "JPY", 33.3),
        ("own", "JPY", 33.0),
        ("cents", "KWD", 33.3),
        ("own", "KWD", 33.3),
        ("own", "EUR", 33.3),
    ],
)
def test_a_currency_may_have_other_coins_than_cents(api, sandbox, coins, currency, total):
    sandbox.switch(coins=coins)
    identifier = api.new_invoice([(1, 33.3, "NL0", None)], Currency=currency)
    api.put(
        f"ProductLine({invoice_of(api, identifier)['ProductLines'][0]['ID']})",
        {"PriceInCurrency": 33.3},
    )
    assert invoice_of(api, identifier)["TotalIncludingVatInCurrency"] == total


def test_a_total_of_a_line_may_be_missing(api, sandbox):
    sandbox.reset(switches={"absent_fields": ["ProductLine/TotalExcludingVat"]})
    api.authorize()
    (line,) = invoice_of(api, api.new_invoice([(1, 100, "NL21", None)]))["ProductLines"]
    assert "TotalExcludingVat" not in line
    assert line["TotalIncludingVat"] == 121.0


def test_a_credit_may_be_sent_before_what_it_credits(api):
    invoice = api.new_invoice([(1, 100, "NL21", None)])
    credit = api.new_invoice([(1, -100, "NL21", None)], CreditedInvoice={"ID": invoice})
    assert api.send(credit).status_code == 200
    assert invoice_of(api, credit)["CreditedInvoice"]["Number"] is None
    assert api.send(invoice).status_code == 200
    numbers = [invoice_of(api, each)["Number"] for each in (credit, invoice)]
    assert numbers == sorted(numbers)


def test_credits_of_the_seed_come_in_any_order(sandbox):
    sandbox.reset(invoices=400, switches={"credit_invoices": True})
    invoices = sandbox.rows("Activity_Invoice")
    pairs = [(row["ID"], row["CreditedInvoice"]) for row in invoices if row["CreditedInvoice"]]
    # By ID, as they are read.
    assert {credit < credited for credit, credited in pairs} == {True, False}


def test_a_customer_relationship_moves_to_another_organization(api, sandbox):
    customer, other = api.new_customer(), api.new_customer()
    identifier = api.new_invoice(MIXED, Relationship={"ID": customer["ID"]})
    api.send(identifier)
    expand = "Organization"
    new_one = api.read(f"{CUSTOMERS}({other['ID']})", expand=expand)["Organization"]

    sandbox.change(CUSTOMERS, customer["ID"], {"Organization": {"ID": new_one["ID"]}})

    moved = api.read(f"{CUSTOMERS}({customer['ID']})", expand=expand)
    assert moved["Organization"]["ID"] == new_one["ID"]
    found = api.read(f"Activity_Invoice({identifier})", expand="Relationship")
    assert found["Relationship"]["ID"] == customer["ID"]
    assert found["IsFinal"] is True
