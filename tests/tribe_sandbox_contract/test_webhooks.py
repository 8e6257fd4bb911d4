"""Webhooks. docs/tribe-api.md."""

import base64
import hashlib
import hmac
import json

import pytest

from .client import CUSTOMERS, UNKNOWN_ID, message_of


@pytest.fixture
def listen(api, receiver):
    """Return a function that registers a webhook for an entity type at the receiver."""

    def register(entity_type, **extra):
        body = {"entityType": entity_type, "webhookUrl": receiver.address, **extra}
        answer = api.call("POST", "webhooks", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return register


def payloads(sandbox):
    return [one["payload"] for one in sandbox.deliveries()]


def test_webhooks_are_listed_and_deleted(api, listen):
    created = listen("Relation.Organization", headers=[{"name": "X-Token", "value": "geheim"}])
    assert created["entityType"] == "Relation.Organization"
    assert "secret" not in created
    assert api.call("GET", "webhooks").json() == [created]
    assert [row["ID"] for row in api.rows("Webhook")] == [created["id"]]
    assert api.call("DELETE", f"webhooks/{created['id']}").status_code == 204
    assert api.call("GET", "webhooks").json() == []
    assert api.call("DELETE", f"webhooks/{created['id']}").status_code == 404


def test_secret_is_in_the_answer_only_by_switch(sandbox, listen):
    sandbox.switch(webhook_secret_in_answer=True)
    assert listen("Address")["secret"] == sandbox.webhook_secret


@pytest.mark.parametrize(
    "change",
    [
        {"webhookUrl": "http://odoo.example/hook"},
        {"webhookUrl": "odoo.example"},
        {"webhookUrl": None},
        {"entityType": "Relation_Organization"},
        {"entityType": "Relation"},
        {"entityType": None},
        {"headers": [{"name": "X"}]},
        {"Filter": "x"},
    ],
)
def test_wrong_webhook_is_refused(api, change):
    body = {"entityType": "Address", "webhookUrl": "https://odoo.example/hook", **change}
    answer = api.call("POST", "webhooks", json=body)
    assert answer.status_code == 400
    assert message_of(answer)


def test_delivery_is_signed_over_the_raw_body(api, sandbox, listen, receiver):
    hook = listen("Relation.Organization", headers=[{"name": "X-Token", "value": "geheim"}])
    created = api.created("Relation_Organization", {"Name": "Zoë"})
    sandbox.deliveries()
    headers, body = receiver.requests[0]
    assert json.loads(body) == {"webhookId": hook["id"], "payload": {"entityId": created["ID"]}}
    digest = hmac.new(sandbox.webhook_secret.encode(), body, hashlib.sha512).digest()
    assert headers["X-Tribe-Webhook-Signature"] == base64.b64encode(digest).decode()
    assert headers["X-Token"] == "geheim"
    assert headers["Content-Type"] == "application/json"


def test_header_of_the_signature_is_a_switch(api, sandbox, listen, receiver):
    sandbox.switch(webhook_signature_header="X-Anders")
    listen("Relation.Organization")
    api.created("Relation_Organization", {"Name": "X"})
    sandbox.deliveries()
    headers, _ = receiver.requests[0]
    assert "X-Anders" in headers and "X-Tribe-Webhook-Signature" not in headers


def test_each_type_is_told_of_its_own_changes(api, sandbox, listen):
    types = {
        listen(name)["id"]: name
        for name in (
            "Relation.Organization",
            "Relationship.Organization.CommercialRelationship.Customer",
            "Address",
        )
    }
    customer = api.new_customer(InvoiceAddress={"City": "Ede"})["ID"]
    assert {types[one["webhookId"]] for one in sandbox.deliveries()} == set(types.values())
    organisation = api.read(f"{CUSTOMERS}({customer})/Organization", expand="InvoiceAddress")
    seen = len(sandbox.deliveries())
    api.put(f"Address({organisation['InvoiceAddress']['ID']})", {"City": "Breda"})
    changed = sandbox.deliveries()[seen:]
    assert [types[one["webhookId"]] for one in changed] == ["Address"]


def test_kinds_of_mutation(api, sandbox, listen):
    sandbox.switch(webhook_payload="typed")
    listen("Relation.Organization")
    created = api.created("Relation_Organization", {"Name": "X"})["ID"]
    api.put(f"Relation_Organization({created})", {"Name": "Y"})
    api.delete(f"Relation_Organization({created})")
    assert [(one["type"], one["entityId"]) for one in payloads(sandbox)] == [
        ("EntityCreationMutation", created),
        ("EntityUpdateMutation", created),
        ("EntityDeletionMutation", created),
    ]


@pytest.mark.parametrize(
    ("position", "keys"),
    [
        ("entity", [{"entityId"}]),
        ("relationship", [{"relationshipId"}]),
        ("both", [{"entityId"}, {"relationshipId"}]),
    ],
)
def test_phase_change_may_arrive_as_either_kind(api, sandbox, listen, position, keys):
    sandbox.switch(phase_change_mutation=position)
    identifier = api.new_invoice([(1, 10, "NL21", None)])
    listen("Activity.Invoice")
    sandbox.set_phase(identifier, "Sent")
    assert [set(one) for one in payloads(sandbox)] == keys


@pytest.mark.parametrize(
    ("position", "keys"),
    [
        ("entity", ["entityId"]),
        ("relationship", ["relationshipId"]),
        ("both", ["entityId", "relationshipId"]),
    ],
)
def test_a_changed_customer_may_arrive_as_either_kind(api, sandbox, listen, position, keys):
    sandbox.switch(relationship_mutation=position)
    listen(CUSTOMERS.replace("_", "."))
    customer = api.rows(CUSTOMERS, top=1)[0]["ID"]
    api.put(f"{CUSTOMERS}({customer})", {"IsFormer": True})
    assert payloads(sandbox) == [{key: customer} for key in keys]
    assert api.read(f"Entity({customer})")["_Type"] == CUSTOMERS.replace("_", ".")


def test_a_persons_changes_are_told_too(sandbox, listen):
    listen("Relation.Organization")
    row = sandbox.create("Relation_Organization", {"Name": "Met de hand"})
    assert payloads(sandbox) == [{"entityId": row["ID"]}]


def test_refused_write_tells_nothing(api, sandbox, listen):
    listen("Relation.Organization")
    listen("Address")
    api.post("Relation_Organization", {"Name": "X", "InvoiceAddress": {"Foo": 1}})
    api.put(f"Relation_Organization({UNKNOWN_ID})", {"Name": "X"})
    assert payloads(sandbox) == []


def test_failed_delivery_is_tried_again(api, sandbox, listen, receiver):
    sandbox.switch(webhook_retry_delays=[0.01, 0.01])
    receiver.statuses += [500, 503]
    listen("Relation.Organization")
    api.created("Relation_Organization", {"Name": "X"})
    assert sandbox.deliveries()[0]["attempts"] == [500, 503, 200]
    receiver.statuses += [500, 500, 500]
    api.created("Relation_Organization", {"Name": "Y"})
    assert [one["status"] for one in sandbox.deliveries()] == ["delivered", "failed"]


def test_deliveries_may_come_twice_or_never(api, sandbox, listen, receiver):
    listen("Relation.Organization")
    sandbox.switch(webhook_duplicate_rate=1.0)
    api.created("Relation_Organization", {"Name": "X"})
    sandbox.deliveries()
    assert len(receiver.requests) == 2
    sandbox.switch(webhook_duplicate_rate=0.0, webhook_drop_rate=1.0)
    api.created("Relation_Organization", {"Name": "Y"})
    assert sandbox.deliveries()[-1]["status"] == "dropped"
    assert len(receiver.requests) == 2


@pytest.mark.parametrize("reorder", [False, True])
def test_held_deliveries_come_in_order_or_shuffled(api, sandbox, listen, receiver, reorder):
    listen("Relation.Organization")
    sandbox.switch(webhook_paused=True, webhook_reorder=reorder)
    made = [api.created("Relation_Organization", {"Name": "X"})["ID"] for _ in range(12)]
    assert not receiver.requests
    sandbox.switch(webhook_paused=False)
    sandbox.deliveries()
    came = [json.loads(body)["payload"]["entityId"] for _, body in receiver.requests]
    assert sorted(came) == sorted(made)
    assert (came != made) is reorder


def test_webhooks_survive_a_reset_when_asked(api, sandbox, listen):
    hook = listen("Address")
    sandbox.reset(keep_webhooks=True)
    assert api.call("GET", "webhooks").json() == [hook]
    sandbox.reset()
    assert not sandbox.rows("Webhook")


def test_message_that_no_mutation_stands_for(sandbox, listen, receiver):
    listen("Address")
    sandbox.send_webhook("Address", {"entityId": UNKNOWN_ID})
    sandbox.send_webhook("Relation.Person", {"entityId": UNKNOWN_ID})
    assert payloads(sandbox) == [{"entityId": UNKNOWN_ID}]
