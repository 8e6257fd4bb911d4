"""A flood of webhooks that prove to be Tribe's: nothing is lost, and nobody waits for its end."""

import concurrent.futures
import json
import threading
import uuid

import requests
from end_to_end.odoo_log import alarms
from end_to_end.waiting import until

CUSTOMERS = 5
EDITS = 25
# With them all at work Odoo's pool has connections left, however slow the machine is.
ABOUT_ONE = 5
RANDOM = 400
ENTITY_TYPE = "Relation.Organization"


class Sender:
    """Sends webhooks as Tribe does, with our token."""

    def __init__(self, lab):
        ((key, self._token),) = lab.query(
            """SELECT webhook_key, webhook_token FROM tribe_connection
                 JOIN tribe_credential ON connection_id = tribe_connection.id
                WHERE tribe_connection.id = %s""",
            [lab.connection_id],
        )
        self._address = f"{lab.server.address}/tribe/webhook/{key}/{ENTITY_TYPE}"
        self.statuses: list[int] = []

    def send(self, tribe_id: str) -> None:
        """One webhook about a record."""
        body = {"entityId": tribe_id, "entityType": ENTITY_TYPE, "type": "UPDATE"}
        answer = requests.post(
            self._address,
            data=json.dumps({"payload": body} | body),
            headers={"X-Tribe-Connector-Token": self._token, "Content-Type": "application/json"},
            timeout=900,
        )
        self.statuses.append(answer.status_code)


def test_no_edit_is_lost_between_webhooks_and_lanes(lab, report):
    """Each edit is told while lanes claim and read, by several webhooks at the same moment."""
    relations = {
        number: lab.make_customer_of({"Name": f"W-{number}"})[0] for number in range(CUSTOMERS)
    }
    lab.sandbox.deliveries()
    lab.wait_until_idle()
    # From here on only we tell; and nothing is found by looking.
    lab.sandbox.switch(webhook_drop_rate=1.0)
    sender = Sender(lab)
    logs = [len(server.log_text()) for server in lab.servers]
    last = {}

    def edit(number):
        with concurrent.futures.ThreadPoolExecutor(ABOUT_ONE) as pool:
            for turn in range(EDITS):
                last[number] = f"W-{number} keer {turn}"
                lab.sandbox.change(
                    "Relation_Organization", relations[number], {"Name": last[number]}
                )
                list(pool.map(sender.send, [relations[number]] * ABOUT_ONE))

    polls = polls_begun(lab)
    with concurrent.futures.ThreadPoolExecutor(CUSTOMERS) as people:
        list(people.map(edit, relations))
    lab.wait_until_idle()
    looked = polls_begun(lab) - polls
    lab.sandbox.switch(webhook_drop_rate=0.0)

    assert set(sender.statuses) == {204}
    rows = lab.odoo.rows("res.partner", [["tribe_id", "in", list(relations.values())]], ["name"])
    assert sorted(row["name"] for row in rows) == sorted(last.values())
    for server, length in zip(lab.servers, logs, strict=True):
        assert alarms(server.log_text()[length:]) == []
    report(f"webhooks: {len(sender.statuses)} about {CUSTOMERS} records; {looked} looks meanwhile")


def polls_begun(lab) -> int:
    """How many runs looked for changed organizations."""
    ((count,),) = lab.query("SELECT count(*) FROM tribe_run WHERE kind = 'poll'")
    return count


def test_a_real_customer_does_not_wait_for_the_end_of_a_flood(lab, report):
    relation_id, _relationship_id = lab.make_customer_of({"Name": "W-echt"})
    lab.sandbox.deliveries()
    lab.wait_until_idle()
    sender = Sender(lab)
    is_over = threading.Event()

    def flood(_worker):
        while not is_over.is_set():
            sender.send(str(uuid.uuid4()))

    with concurrent.futures.ThreadPoolExecutor(4) as tribe:
        floods = [tribe.submit(flood, worker) for worker in range(4)]
        until("the flood", lambda: len(sender.statuses) > RANDOM)
        lab.sandbox.change("Relation_Organization", relation_id, {"Name": "W-echt gewijzigd"})
        try:
            until(
                "the real customer",
                lambda: lab.odoo.rows("res.partner", [["name", "=", "W-echt gewijzigd"]], ["id"]),
            )
            triggers = lab.query(
                "SELECT cron_id FROM ir_cron_trigger GROUP BY cron_id HAVING count(*) > 10"
            )
        finally:
            is_over.set()
        for each in floods:
            each.result()
    lab.wait_until_idle()

    assert set(sender.statuses) == {204}
    assert triggers == []
    report(f"webhooks: {len(sender.statuses)} about invented records")
