"""People and lanes at the same records in the same second: nobody waits, fails, or is alarmed."""

import concurrent.futures

import pytest
from end_to_end.odoo_log import alarms
from end_to_end.waiting import until

from .gate import assert_nobody_waits, gate, lease_number, wait_at_gate

PARTNER = ["name", "phone", "active"]
LINES = [(1, 100.0, 21.0)]


@pytest.fixture
def calm(lab):
    """Nobody is alarmed while this is used."""
    lab.wait_until_idle()
    lengths = [len(server.log_text()) for server in lab.servers]
    yield
    lab.wait_until_idle()
    for server, length in zip(lab.servers, lengths, strict=True):
        log = server.log_text()[length:]
        # The laboratory presses a button of the schedule, which may be running.
        assert [each for each in alarms(log) if "already executing" not in each] == []
    assert lab.problems() == []


@pytest.fixture
def person():
    """A thread in which a person works."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        yield pool


def customers(lab, *names) -> dict[str, tuple[str, str, int]]:
    """Customers that both sides know: the IDs of relation, relationship and contact by name."""
    made = {name: lab.make_customer_of({"Name": name}) for name in names}
    lab.sandbox.deliveries()
    lab.wait_until_idle()
    known = {}
    for name, ids in made.items():
        (row,) = lab.odoo.rows("res.partner", [["tribe_id", "=", ids[0]]], ["id"])
        known[name] = (*ids, row["id"])
    return known


def edit_at_once(lab, relation_ids, **values) -> None:
    """Change relations in Tribe so that a lane comes to all of them at the same moment."""
    lab.sandbox.deliveries()
    lab.sandbox.switch(webhook_drop_rate=1.0)
    for relation_id in relation_ids:
        lab.sandbox.change("Relation_Organization", relation_id, values)
    lab.look()
    lab.sandbox.switch(webhook_drop_rate=0.0)


def invoices(lab, count: int, *customer) -> list[str]:
    """Booked invoices of a customer, without their PDF."""
    _relation, relationship, _partner = customer
    lab.odoo.write("tribe.connection", [lab.connection_id], fetch_documents=False)
    sent = [lab.send_invoice(relationship, LINES) for _number in range(count)]
    lab.sandbox.deliveries()
    lab.wait_until_idle()
    lab.odoo.write("tribe.connection", [lab.connection_id], fetch_documents=True)
    return sent


def have_fetched(lab, invoice_ids) -> None:
    """Have the PDFs of invoices fetched, in this order."""
    for invoice_id in invoice_ids:
        lab.query(
            """INSERT INTO tribe_work (connection_id, company_id, direction, kind, reference,
                                       reason, due, created, tries)
               SELECT connection_id, company_id, 'inbound', 'document', tribe_id, 'follow',
                      clock_timestamp() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC', 0
                 FROM tribe_link WHERE tribe_id = %s""",
            [invoice_id],
        )


def wait_for_pdf(lab, invoice_id) -> None:
    """Let the clock go on until the PDF of an invoice is attached."""

    def is_attached():
        lab.tick()
        return has_pdf(lab, invoice_id)

    until("the PDF", is_attached, pause=1)


def has_pdf(lab, invoice_id) -> bool:
    """Whether the PDF of an invoice is attached."""
    (row,) = lab.odoo.rows(
        "account.move", [["tribe_id", "=", invoice_id]], ["message_main_attachment_id"]
    )
    return bool(row["message_main_attachment_id"])


def phone_of(lab, partner_id) -> str:
    (row,) = lab.odoo.rows("res.partner", [["id", "=", partner_id]], ["phone"])
    return row["phone"]


def test_a_contact_is_saved_while_its_first_invoice_is_booked(lab, calm, person):
    """Odoo makes it a customer, and would hold it until the invoice is booked."""
    customer = customers(lab, "P-eerste")["P-eerste"]
    lab.query("UPDATE res_partner SET customer_rank = 0 WHERE id = %s", [customer[2]])
    with gate(lab, "AT COMMIT AFTER INSERT", "tribe_link", "NEW.kind = 'invoice'"):
        invoice = lab.send_invoice(customer[1], LINES)
        wait_at_gate(lab)
        saved = person.submit(lab.odoo.write, "res.partner", [customer[2]], phone="1")
        assert_nobody_waits(lab, saved)
    lab.wait_until_idle()
    assert lab.odoo.rows("account.move", [["tribe_id", "=", invoice]], ["id"])
    assert phone_of(lab, customer[2]) == "1"


def test_one_invoice_after_the_other_counts_nothing_up_meanwhile(lab, calm, person):
    """Nor does it write to the contact afterwards: a save that is on its way would fail."""
    customer = customers(lab, "P-tweede")["P-tweede"]
    with gate(lab, "AT COMMIT AFTER UPDATE", "res_partner", "NEW.phone = '2'"):
        saved = person.submit(lab.odoo.write, "res.partner", [customer[2]], phone="2")
        wait_at_gate(lab)
        invoice = lab.send_invoice(customer[1], LINES)
        until(
            "the invoice",
            lambda: lab.odoo.rows("account.move", [["tribe_id", "=", invoice]], ["id"]),
        )
    saved.result()


def test_others_are_saved_while_a_lane_changes_a_contact(lab, calm, person):
    known = customers(lab, "P-a", "P-b", "P-c")
    partner_ids = [partner_id for _relation, _relationship, partner_id in known.values()]
    with gate(lab, "AT COMMIT AFTER UPDATE", "res_partner", "NEW.phone = '030 3'"):
        edit_at_once(lab, [each[0] for each in known.values()], PhoneNumber="030 3")
        wait_at_gate(lab)
        free = lab.query(
            "SELECT id FROM res_partner WHERE id = ANY(%s) FOR UPDATE SKIP LOCKED", [partner_ids]
        )
        assert len(free) == 2
        saved = person.submit(lab.odoo.write, "res.partner", [free[0][0]], city="Breda")
        assert_nobody_waits(lab, saved)
    lab.wait_until_idle()
    assert {phone_of(lab, each) for each in partner_ids} == {"030 3"}


@pytest.mark.parametrize("work", ["save", "archive", "delete", "move"])
def test_a_lane_goes_on_with_others_while_a_contact_is_being_changed(lab, calm, person, work):
    names = [f"P-{work}-{number}" for number in range(3)]
    known = customers(lab, *names)
    first, *others = (each[2] for each in known.values())
    company = lab.odoo.rows("res.company", [], ["id"])[0]["id"]
    changes = {
        "save": lambda: lab.odoo.write("res.partner", [first], city="Breda"),
        "archive": lambda: lab.odoo.write("res.partner", [first], active=False),
        "delete": lambda: lab.odoo.call("res.partner", "unlink", [first]),
        "move": lambda: lab.odoo.write("res.partner", [first], company_id=company),
    }
    moment = "DELETE" if work == "delete" else "UPDATE"
    with gate(lab, f"AT COMMIT AFTER {moment}", "res_partner", f"OLD.id = {first}"):
        changed = person.submit(changes[work])
        wait_at_gate(lab)
        edit_at_once(lab, [each[0] for each in known.values()], PhoneNumber="030 4")
        until("the others", lambda: {phone_of(lab, each) for each in others} == {"030 4"})
        assert not changed.done()
    changed.result()
    lab.wait_until_idle()
    if work != "delete":
        assert phone_of(lab, first) == "030 4"


@pytest.mark.parametrize(
    ("moment", "table"),
    [("BEFORE INSERT", "account_payment"), ("AT COMMIT AFTER INSERT", "account_partial_reconcile")],
)
def test_a_payment_is_registered_while_a_pdf_comes(lab, calm, person, moment, table):
    """At its beginning, when nothing is written yet, and at its end; it is not begun anew."""
    name = f"P-{table}"
    paid, other = invoices(lab, 2, *customers(lab, name)[name])
    tried = "SELECT last_value - 1 + is_called::integer FROM account_payment_id_seq"
    ((before,),) = lab.query(tried)
    with gate(lab, moment, table):
        payment = person.submit(lab.pay, paid)
        wait_at_gate(lab)
        have_fetched(lab, [paid, other])
        wait_for_pdf(lab, other)
        assert not has_pdf(lab, paid)
        assert not payment.done()
    payment.result()
    assert lab.query(tried) == [(before + 1,)]
    wait_for_pdf(lab, paid)
    lab.run_nightly()
    assert lab._phases([paid, other]) == {paid: "Paid", other: "Sent"}


def test_a_payment_is_told_once_nobody_looks_at_the_invoice(lab, calm):
    """Who looks at it writes to the same link."""
    looked_at, other = invoices(lab, 2, *customers(lab, "P-samen")["P-samen"])
    for each in (looked_at, other):
        lab.pay(each)
    lease = lease_number(f"{lab.connection_id}:tribe:{looked_at}")
    lab.query("SELECT pg_advisory_lock(%s)", [lease])
    try:
        lab.press("action_run_nightly")
        until("the other one", lambda: lab._phases([other]) == {other: "Paid"})
        assert lab._phases([looked_at]) == {looked_at: "Sent"}
    finally:
        lab.query("SELECT pg_advisory_unlock(%s)", [lease])
    lab.wait_until_idle()
    assert lab._phases([looked_at]) == {looked_at: "Paid"}
