"""A database that was copied and not neutralized stops by itself, and harms nothing in Tribe."""

import uuid

import psycopg2
import pytest
import requests
from end_to_end.odoo_api import OdooApi, OdooError
from end_to_end.world import world

from host.odoo_server import OdooServer

from .database import credential_values, rows

ORIGINAL = "tribe_original"
COPIES = {"another name and uuid": "tribe_copied", "another name": "tribe_copied_by_name"}
CRONS = ("cron_schedule", "cron_outbound", "cron_inbound_1", "cron_inbound_2")
TOKEN_HEADER = "X-Tribe-Connector-Token"
SECONDS = 60


@pytest.fixture(scope="module")
def original(databases, server):
    """A connection that runs, its Odoo stopped, and the two copies of its database."""
    with world(
        ORIGINAL,
        seed=None,
        sandbox_options={"relations": 10, "invoices": 4, "switches": {"legal_entities": 1}},
        max_cron_threads=2,
    ) as both:
        both.connect(export_moment="minute")
        both.map()
        both.activate()
        assert both.problems() == []
        assert len(both.tribe.webhooks()) == 7
        linked = {row["tribe_id"] for row in both.odoo.rows("tribe.link", [], ["tribe_id"])}
        both.server.stop()
        invoices = [row["ID"] for row in both.sandbox.rows("Activity_Invoice")]
        both.sandbox.set_phase(next(each for each in invoices if each not in linked), "Sent")
        for name in COPIES.values():
            databases.drop(name)
            databases.copy(ORIGINAL, name)
        _give_another_uuid(server, COPIES["another name and uuid"])
        yield both
        for name in COPIES.values():
            databases.drop(name)


@pytest.fixture(scope="module", params=COPIES.values(), ids=COPIES)
def copy(request, original, databases):
    """An Odoo on a copy, whose crons run when a test says so."""
    with OdooServer(databases.server, databases.odoo, request.param, max_cron_threads=0) as odoo:
        yield odoo


@pytest.fixture(scope="module")
def api(copy, original):
    return OdooApi(copy.address, original.key)


@pytest.fixture(scope="module")
def worked_in(copy, api, original, server):
    """Somebody works in the copy, and in Tribe: ``(calls to Tribe, answer to a webhook)``."""
    original.sandbox.reset_calls()
    api.create("res.partner", name="Alleen in de kopie", is_company=True, customer_rank=1)
    linked = api.rows("tribe.link", [["partner_id", "!=", False]], ["partner_id"])
    api.write("res.partner", [linked[0]["partner_id"][0]], phone="066 6")
    invoice = original.sandbox.rows("Activity_Invoice")[0]["ID"]
    api.call("tribe.connection", "action_run_nightly", [original.connection_id])
    answer = _send_webhook(copy, server, invoice)
    _run_crons(api)
    return original.sandbox.calls(), answer.status_code


def test_no_call_leaves(worked_in):
    calls, _answer = worked_in
    assert calls["total"] == calls["token_requests"] == 0


def test_nothing_is_booked(worked_in, copy, server):
    count = "SELECT count(*) FROM account_move"
    assert rows(server, copy.database, count) == rows(server, ORIGINAL, count)


def test_no_webhook_is_taken(worked_in, api):
    _calls, answer = worked_in
    assert answer == 403
    assert api.rows("tribe.work", [["reason", "=", "webhook"]], ["id"]) == []


def test_it_says_so(worked_in, api):
    (row,) = api.rows("tribe.connection", [], ["trouble", "is_moved"])
    assert row["is_moved"]
    assert "This Is the Moved Original" in row["trouble"]


def test_connecting_is_refused(worked_in, api, original):
    with pytest.raises(OdooError, match="This Is the Moved Original"):
        api.call("tribe.connection", "action_connect", [original.connection_id])


def test_neither_deactivating_nor_uninstalling_takes_webhooks_away(worked_in, api, original):
    before = sorted(webhook["webhookUrl"] for webhook in original.tribe.webhooks())
    api.call("tribe.connection", "action_deactivate", [original.connection_id])
    _run_crons(api)
    assert sorted(webhook["webhookUrl"] for webhook in original.tribe.webhooks()) == before

    (module,) = api.rows("ir.module.module", [["name", "=", "tribe_connector"]], ["id"])
    api.call("ir.module.module", "button_immediate_uninstall", [module["id"]])

    (module,) = api.rows("ir.module.module", [["name", "=", "tribe_connector"]], ["state"])
    assert module["state"] == "uninstalled"
    assert sorted(webhook["webhookUrl"] for webhook in original.tribe.webhooks()) == before


def test_the_original_goes_on(original):
    original.server.start()
    original.run_nightly()
    assert original.problems() == []
    (row,) = original.odoo.rows("tribe.connection", [], ["trouble", "state"])
    assert (row["trouble"], row["state"]) in ((False, "active"), ("", "active"))
    original.press("action_deactivate")
    original.wait_until_idle()
    assert original.tribe.webhooks() == []


def _run_crons(api):
    """All crons, twice: what the first one notes, the others have seen."""
    names = [["name", "in", CRONS], ["module", "=", "tribe_connector"]]
    crons = api.rows("ir.model.data", names, ["res_id"])
    assert len(crons) == len(CRONS)
    for _time in range(2):
        for cron in crons:
            api.call("ir.cron", "method_direct_trigger", [cron["res_id"]])


def _send_webhook(odoo, server, tribe_id):
    """What Tribe sends, to the copy, with the proof that the copy knows as well."""
    ((key,),) = rows(server, odoo.database, "SELECT webhook_key FROM tribe_connection")
    (token,) = credential_values(server, odoo.database)["webhook_token"]
    return requests.post(
        f"{odoo.address}/tribe/webhook/{key}/Activity.Invoice",
        json={"payload": {"entityId": tribe_id}},
        headers={TOKEN_HEADER: token},
        timeout=SECONDS,
    )


def _give_another_uuid(server, database):
    """As Odoo's database manager does with a copy."""
    connection = psycopg2.connect(
        dbname=database, host=server.host, port=server.port, user=server.user
    )
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ir_config_parameter SET value = %s WHERE key = 'database.uuid'",
            [str(uuid.uuid4())],
        )
    connection.close()
