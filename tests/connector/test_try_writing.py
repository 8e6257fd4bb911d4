"""How a tenant takes writes is found with one organization of our own, which nothing else sees."""

from datetime import timedelta

from odoo import fields
from odoo.tests import new_test_user

from odoo.addons.tribe_connector.engine import (
    lanes,
    trial,
)
from odoo.addons.tribe_connector.probe import READINGS, TEST_IMPORT_ID, TEST_NAME, WRITING, Trial

from .common import ORGANIZATION_CUSTOMER, ConnectorCase

FOR_GOOD = 10.0**9
ORGANIZATION = "Relation_Organization"
# Nothing takes longer than what is waited for, with some looks.
MOST_STEPS = 200


class TrialCase(ConnectorCase):
    """A tenant in which writing is tried, on a clock of its own."""

    def setUp(self):
        super().setUp()
        self.seconds = 1_000_000.0
        self.patch(trial.TribeTrial, "_now", lambda _trial: self.seconds)
        # What is due in a moment waits until a test lets that pass.
        self.patch(lanes, "SOON_SECONDS", -1)

    def try_writing(self, answer=True):
        """Press the button, and let it come to its end. Tribe's webhooks come at once."""
        self.press()
        self.end(answer)

    def press(self):
        with self.enter_registry_test_mode():
            self.connection.action_try_writing()

    def trials(self):
        return self.env["tribe.work"].search([("kind", "=", "trial")])

    def steps(self, number=1):
        """Do so many steps."""
        for _step in range(number):
            self.run_lanes()
            self.pass_seconds()

    def pass_seconds(self):
        """Let the time pass until the next step."""
        if waiting := self.trials().filtered(lambda work: not work.error_class):
            seconds = max((waiting[0].due - fields.Datetime.now()).total_seconds(), 0)
            self.seconds += seconds
            waiting.due = fields.Datetime.now()

    def end(self, answer=True):
        for _step in range(MOST_STEPS):
            self.run_lanes()
            if not self.trials().filtered(lambda work: not work.error_class):
                return
            if answer and self.listens():
                self.tell()
            self.pass_seconds()
        raise AssertionError("It has no end")

    def listens(self):
        """Whether there is a webhook of the try in Tribe."""
        hooks = self.sandbox.rows("Webhook")
        return any(hook["WebhookUrl"].endswith("/trial") for hook in hooks)

    def tell(self, **facts):
        """What the controller does with the webhook of the update."""
        heard = {"at": self.seconds + 3, "webhook_header": "X-Sign", "webhook_kind": "none"}
        heard["webhook_payload"] = "entityId"
        self.env["tribe.work"]._note_trial_webhook(self.connection, {"heard": {**heard, **facts}})

    def left_in_tribe(self):
        return [row for row in self.sandbox.rows(ORGANIZATION) if row["Name"] == TEST_NAME]

    def created(self):
        """How many organizations were made since the calls were reset."""
        return sum(
            call["method"] == "POST" and call["path"].endswith(f"/{ORGANIZATION}")
            for call in self.sandbox.call_log()
        )

    def value(self, code):
        return self.row(code).value

    def row(self, code):
        return self.connection.reading_ids.filtered(lambda row: row.code == code)

    def values(self):
        return {
            row.code: row.value
            for row in self.connection.reading_ids
            if READINGS[row.code].how == WRITING
        }

    def assert_nothing_is_left(self):
        self.assertFalse(self.left_in_tribe() or self.listens())
        self.assertFalse(self.connection.test_organization_id or self.trials())

    def administrator(self):
        groups = "tribe_connector.group_manager"
        return new_test_user(self.env, "administrates", groups=groups, company_id=self.company.id)


class TestTryWriting(TrialCase):
    """What is found, in each kind of tenant; nothing of it stays."""

    def setUp(self):
        super().setUp()
        self.connect()

    def test_a_usual_tenant(self):
        self.try_writing()

        self.assertEqual(
            self.values(),
            {
                "lag": "none",
                "create_answer": "201 record",
                "write_answer": "200 record",
                "partial_update": "yes",
                "clearing": "yes",
                "empty_text": "yes",
                "nested_create": "yes",
                "relation_deletion": "yes",
                "webhook": "yes",
                "webhook_wait": "3",
                "webhook_read": "yes",
                "webhook_header": "X-Sign",
                "webhook_payload": "entityId",
                "webhook_kind": "none",
                "webhook_secret": "no",
            },
        )
        self.assert_nothing_is_left()
        self.assertEqual(self.row("lag").how, WRITING)

    def test_nothing_else_is_written(self):
        self.sandbox.reset_calls()

        self.try_writing()

        written = {
            (call["method"], call["path"].rpartition("/")[2].partition("(")[0])
            for call in self.sandbox.call_log()
            if call["method"] != "GET"
        }
        identifiers = {name for _method, name in written} - {ORGANIZATION, "webhooks"}
        self.assertEqual(
            {(method, name) for method, name in written if name not in identifiers},
            {
                ("POST", ORGANIZATION),
                ("PUT", ORGANIZATION),
                ("DELETE", ORGANIZATION),
                ("POST", "webhooks"),
            },
        )
        # The webhook by its ID.
        self.assertEqual({method for method, name in written if name in identifiers}, {"DELETE"})
        self.assertEqual(self.created(), 1)

    def test_few_calls(self):
        self.sandbox.reset_calls()
        self.try_writing()
        self.assertLess(self.sandbox.calls()["total"], 30)

    def test_how_tribe_answers(self):
        for position, created, changed in (
            ("full", "201 record", "200 record"),
            ("id", "201 id", "200 id"),
            ("empty", "204 location", "204 location"),
            ("bare", "204 nothing", "204 nothing"),
        ):
            with self.subTest(position):
                self.seed_tribe(write_answer=position)

                self.try_writing()

                self.assertEqual(self.value("create_answer"), created)
                self.assertEqual(self.value("write_answer"), changed)
                self.assertEqual(self.value("clearing"), "yes")
                self.assert_nothing_is_left()

    def test_parts_that_stay(self):
        addresses = len(self.sandbox.rows("Address"))
        for position, found in (("keep", "no"), ("cascade", "yes")):
            with self.subTest(position):
                self.seed_tribe(relation_deletion=position)
                self.try_writing()

                self.assertEqual(self.value("relation_deletion"), found)
                self.assertEqual(len(self.sandbox.rows("Address")), addresses)
                self.assert_nothing_is_left()

    def test_a_tenant_without_some_fields(self):
        for absent in (["Website"], ["PhoneNumber"], ["InvoiceAddress", "PostalAddress"]):
            with self.subTest(absent):
                paths = [f"{ORGANIZATION}/{name}" for name in absent]
                self.seed_tribe(absent_fields=paths, import_id=absent != ["Website"])
                self.connect()

                self.try_writing()

                self.assertEqual(self.value("nested_create"), "yes")
                self.assertEqual(self.value("partial_update"), "yes")
                self.assert_nothing_is_left()

    def test_a_secret_in_the_answer(self):
        self.seed_tribe(webhook_secret_in_answer=True)
        self.try_writing()
        self.assertEqual(self.value("webhook_secret"), "yes")

    def test_it_tells_nothing_of_anybody(self):
        self.try_writing()
        told = repr(self.connection.reading_ids.read(["value", "found", "remedy"]))
        for value in (TEST_NAME, TEST_IMPORT_ID, "example.invalid", "/tribe/webhook"):
            self.assertNotIn(value, told)
        self.assertNotIn(self.connection._credential().webhook_token, told)


class TestLag(TrialCase):
    """A tenant that shows a change late, or never."""

    def setUp(self):
        super().setUp()
        self.connect()

    def test_a_change_that_shows_after_some_seconds(self):
        self.sandbox.switch(query_lag=FOR_GOOD)
        self.press()
        self.steps(4)
        self.assertEqual(self.connection.trial_state, "running")
        waited = self.seconds
        self.sandbox.switch(query_lag=0.0)

        self.end()

        self.assertEqual(self.value("lag"), str(round(waited - 1_000_000)))
        self.assertEqual(self.row("lag").state, "other")
        self.assert_nothing_is_left()

    def test_the_longest_lag_counts(self):
        self.lag_from_the_update_on()
        self.press()
        before = self.seconds
        self.steps(6)
        self.tell(at=before + 1)
        self.run_lanes()
        self.assertEqual(self.value("webhook_read"), "no")
        self.assertEqual(self.value("webhook"), "yes")
        self.assertEqual(self.value("lag"), "none")
        self.sandbox.switch(query_lag=0.0)

        self.end()

        self.assertGreater(int(self.value("lag")), 5)
        self.assertEqual(self.value("webhook_read"), "no")
        self.assert_nothing_is_left()

    def lag_from_the_update_on(self):
        update = Trial.update

        def lagging(trial):
            self.sandbox.switch(query_lag=FOR_GOOD)
            return update(trial)

        self.patch(Trial, "update", lagging)

    def test_a_change_that_never_shows(self):
        self.sandbox.switch(query_lag=FOR_GOOD)

        self.try_writing()

        self.assertEqual(self.value("lag"), "longer")
        self.assertEqual(self.connection.step, "check")
        blocking = self.connection.check_ids.filtered(lambda check: check.state == "blocking")
        self.assert_told(blocking, "reading_longer", field="name")
        self.assert_told(blocking, "reading_lag_too_long", field="remedy")
        self.assertEqual(len(self.left_in_tribe()), 1)
        self.assertTrue(self.connection.test_organization_id)

        # The next try uses what is there, also where that still does not show.
        self.press()
        self.run_lanes()
        self.assertEqual(len(self.left_in_tribe()), 1)
        self.sandbox.switch(query_lag=0.0)
        self.end()
        self.assert_nothing_is_left()
        self.sandbox.switch(query_lag=FOR_GOOD)
        self.try_writing()
        self.assertEqual(len(self.left_in_tribe()), 1)
        self.sandbox.switch(query_lag=0.0)
        self.sandbox.reset_calls()
        self.try_writing()

        self.assertEqual(self.created(), 0)
        self.assertEqual(self.value("lag"), "none")
        self.assertEqual(self.value("partial_update"), "yes")
        self.assertFalse(
            self.connection.check_ids.filtered(lambda check: check.state == "blocking")
        )
        self.assert_nothing_is_left()

    def test_a_webhook_that_never_comes(self):
        self.try_writing(answer=False)

        self.assertEqual(self.value("webhook"), "no")
        self.assertFalse(self.value("webhook_wait"))
        self.assertEqual(self.value("clearing"), "yes")
        self.assert_nothing_is_left()

    def test_what_a_person_corrected_stays(self):
        self.row("lag").with_user(self.administrator()).value = "30"

        self.try_writing()

        self.assertEqual(self.value("lag"), "30")
        self.assert_told(self.row("lag"), "reading_none", field="found")


class TestHalfWay(TrialCase):
    """What is refused, lost or left behind."""

    def setUp(self):
        super().setUp()
        self.connect()

    def test_a_refused_update(self):
        self.sandbox.fault("status", status=403, method="PUT", path_contains=ORGANIZATION)

        self.try_writing()

        self.assertFalse(self.left_in_tribe() or self.listens())
        self.assertEqual(self.connection.trial_state, "failed")
        self.assert_told(self.trials(), "not_allowed_to_application")
        self.assertTrue(self.connection.trial_problem and self.connection.can_try_writing)
        # What was seen before is kept.
        self.assertEqual(self.value("nested_create"), "yes")

        self.try_writing()
        self.assertEqual(self.value("clearing"), "yes")
        self.assertFalse(self.connection.trial_state)
        self.assert_nothing_is_left()

    def test_a_refused_deletion(self):
        self.sandbox.fault("status", status=403, method="DELETE", path_contains=ORGANIZATION)
        self.try_writing()
        self.assertEqual(len(self.left_in_tribe()), 1)
        self.assertFalse(self.listens() or self.trials())

        self.sandbox.fault("status", status=405, method="DELETE", path_contains=ORGANIZATION)
        self.try_writing()
        self.assertEqual(len(self.left_in_tribe()), 1)
        self.assertEqual(self.value("clearing"), "yes")
        self.try_writing()
        self.assert_nothing_is_left()

    def test_a_nested_create_that_is_refused(self):
        self.sandbox.fault("status", status=400, method="POST", path_contains=ORGANIZATION)
        self.try_writing()
        self.assertEqual(self.value("nested_create"), "refused")
        self.assertEqual(self.row("nested_create").state, "blocking")
        self.assertEqual(self.value("partial_update"), "yes")
        self.assert_nothing_is_left()

    def test_an_emptied_field_that_is_refused(self):
        for value, code in (("null", "clearing"), ('""', "empty_text")):
            with self.subTest(code):
                self.sandbox.fault("status", status=400, method="PUT", body_contains=f": {value}")
                self.try_writing()
                self.assertEqual(self.value(code), "refused")
                self.assert_nothing_is_left()

    def test_a_refused_webhook(self):
        self.sandbox.fault("status", status=400, method="POST", path_contains="webhooks")
        self.try_writing()
        self.assertEqual(self.value("webhook"), "refused")
        self.assertEqual(self.value("clearing"), "yes")
        self.assert_nothing_is_left()

    def test_the_answer_to_the_create_is_lost(self):
        for applied in (True, False):
            with self.subTest(applied):
                self.sandbox.fault(
                    "reset", method="POST", path_contains=ORGANIZATION, applied=applied
                )
                self.press()
                self.run_lanes()
                self.assertEqual(len(self.left_in_tribe()), int(applied))
                # At once it is not sent again.
                self.retry()
                self.assertEqual(len(self.left_in_tribe()), int(applied))
                self.seconds += self.connection.settle_seconds
                self.retry()
                self.end()
                self.assert_nothing_is_left()

    def retry(self):
        """Let what failed be tried again."""
        self.trials().due = fields.Datetime.now()
        self.run_lanes()

    def test_whoever_is_no_administrator_does_not_begin_it_anew(self):
        user = new_test_user(self.env, "try", "base.group_user,tribe_connector.group_user")
        self.sandbox.fault("reset", method="POST", path_contains=ORGANIZATION, applied=False)
        self.press()
        self.run_lanes()
        self.assertTrue(self.trials().error)
        self.sandbox.clear_faults()
        self.seconds += self.connection.settle_seconds
        self.sandbox.reset_calls()

        self.trials().with_user(user).action_retry()
        self.run_lanes()

        self.assertEqual(self.sandbox.calls()["writes"], 0)

    def test_what_was_left_behind_is_removed(self):
        """By another database as well, whose connector knows no ID of ours."""
        self.sandbox.create(ORGANIZATION, {"Name": TEST_NAME, "ImportId": TEST_IMPORT_ID})
        client = self.connection._client()
        with self.enter_registry_test_mode():
            url = self.connection._webhook_url("trial")
            client.create_webhook("Relation.Organization", url, {})
        self.sandbox.reset_calls()

        self.try_writing()

        self.assertEqual(self.created(), 0)
        self.assertEqual(self.value("partial_update"), "yes")
        self.assert_nothing_is_left()

    def test_deactivating_in_the_middle(self):
        self.connection.state = "active"
        self.press()
        while not self.listens():
            self.steps()
        self.connection.action_deactivate()
        self.run_lanes()
        self.assertFalse(self.listens() or self.trials())

    def test_activating_in_the_middle(self):
        """Its webhook stays, and so do the others at its end."""
        self.map()
        self.press()
        while not self.listens():
            self.steps()
        self.press_activate()
        self.run_lanes()
        self.assertTrue(self.listens())
        others = len(self.sandbox.rows("Webhook")) - 1
        self.assertGreater(others, 3)

        self.end()

        self.assertEqual(self.value("webhook"), "yes")
        self.assertEqual(len(self.sandbox.rows("Webhook")), others)
        self.assertFalse(self.left_in_tribe())


class TestWhoAndWhen(TrialCase):
    """Who may, in which connection."""

    def test_only_what_may_write(self):
        with self.assert_refused("connect_first"):
            self.press()
        self.connect()
        for mode in ("off", "dry_run"):
            self.connection.mode = mode
            with self.subTest(mode), self.assert_refused("trial_in_mode"):
                self.press()
            self.assertFalse(self.connection.can_try_writing)
        self.connection.mode = "demo"
        self.connection.active = False
        with self.assert_refused("trial_in_mode"):
            self.press()
        self.connection.active = True
        self.assertTrue(self.connection.can_try_writing)

    def test_a_mode_that_is_chosen_in_the_middle(self):
        self.connect()
        self.press()
        self.connection.mode = "dry_run"
        self.sandbox.reset_calls()
        with self.class_in_registry_test_mode():
            self.env.ref("tribe_connector.cron_outbound").method_direct_trigger()
        self.assertEqual(self.sandbox.calls()["total"], 0)
        self.connection.mode = "demo"
        self.end()
        self.assertEqual(self.value("clearing"), "yes")

    def test_pressed_twice(self):
        self.connect()
        self.press()
        self.press()
        self.assertEqual(len(self.trials()), 1)
        self.steps(2)
        self.press()
        self.assertEqual(len(self.trials()), 1)

    def test_a_webhook_when_nobody_tries(self):
        self.connect()
        self.tell()
        self.assertFalse(self.trials())


class TestLeftAlone(TrialCase):
    """Nothing else of ours sees the organization, also when people in Tribe use it."""

    def setUp(self):
        super().setUp()
        self.activate()

    def test_nothing_comes_of_it(self):
        for import_id in (TEST_IMPORT_ID, None):
            with self.subTest(import_id):
                values = {"Name": TEST_NAME, "DebtorNumber": "T-1", "VATNumber": "NL123456782B90"}
                row = self.sandbox.create(ORGANIZATION, {**values, "ImportId": import_id})
                # By its ID, where somebody changed what it is called.
                self.connection.test_organization_id = not import_id and row["ID"]
                own = {"ID": self.connection.own_organization_id}
                relation = {"Relation": own, "Organization": {"ID": row["ID"]}}
                self.sandbox.create(ORGANIZATION_CUSTOMER, relation)
                partner = self.env["res.partner"].create(
                    {"name": TEST_NAME, "customer_rank": 1, "vat": "NL123456782B90"}
                )

                self.look_at("organization", row["ID"])
                self.poll("organization", "customer", "address")
                self.run_nightly()
                self.connection.action_plan()
                self.run_lanes()

                self.assertFalse(self.link(row["ID"]))
                self.assertFalse(self.env["tribe.suggestion"].search([]))
                self.assertFalse(self.problems())
                named = self.env["res.partner"].search([("name", "=", TEST_NAME)])
                self.assertEqual(named, partner)
                self.assertNotEqual(partner.tribe_id, row["ID"])
                partner.unlink()
                self.sandbox.delete(ORGANIZATION, row["ID"])


class TestLagIsUsed(TrialCase):
    """What was found of Tribe's lag is gone by."""

    def setUp(self):
        super().setUp()
        self.activate()
        self.row_of = next(
            row for row in self.sandbox.rows("Activity_Invoice") if not row["Number"]
        )

    def know(self, **values):
        self.env["tribe.reading"]._learn(self.connection, values, WRITING)

    def later(self):
        """After how many seconds an invoice is looked at again."""
        now = fields.Datetime.now()
        works = self.env["tribe.work"].search([("reason", "=", "again")], order="due")
        return [round((work.due - now).total_seconds(), -1) for work in works]

    def send_with_lag(self):
        """An invoice is sent, and Tribe's webhook comes before its queries show that."""
        self.sandbox.switch(query_lag=FOR_GOOD)
        self.sandbox.set_phase(self.row_of["ID"], "Sent")
        self.look_at("invoice", self.row_of["ID"])
        self.assertFalse(self.booked_move(self.row_of["ID"]))

    def pass_time(self, seconds):
        for work in self.env["tribe.work"].search([]):
            work.due -= timedelta(seconds=seconds)
        self.run_lanes()

    def test_what_a_webhook_told_of_is_read_once_more_when_it_shows(self):
        self.know(lag="30", webhook_read="no")
        self.send_with_lag()
        self.assertEqual(self.later(), [40, 900])

        self.sandbox.switch(query_lag=0.0)
        self.pass_time(45)

        self.assertEqual(self.booked_move(self.row_of["ID"]).state, "posted")

    def test_and_again_where_it_takes_longer_than_it_did(self):
        self.know(lag="30", webhook_read="no")
        self.send_with_lag()
        self.pass_time(45)
        self.assertEqual(self.later(), [900])
        self.pass_time(910)
        self.assertFalse(self.later())

    def test_as_ever_where_nothing_is_known(self):
        self.send_with_lag()
        self.assertEqual(self.later(), [900])

    def test_or_where_the_webhook_comes_when_it_shows(self):
        self.know(lag="30", webhook_read="yes")
        self.send_with_lag()
        self.assertEqual(self.later(), [900])

    def test_what_a_person_entered_counts(self):
        self.row("lag").with_user(self.administrator()).value = "60"
        self.know(lag="30", webhook_read="no")
        self.send_with_lag()
        self.assertEqual(self.later(), [80, 900])

    def test_an_old_copy_of_what_was_told_is_read_when_the_lag_is_over(self):
        partner = self.env["tribe.link"].search(
            [("connection_id", "=", self.connection.id), ("kind", "=", "organization")], limit=1
        )
        self.assertEqual(partner._seconds_to_next_copy(0), 5)
        self.know(lag="100")
        self.assertEqual(partner._seconds_to_next_copy(0), 127)
        self.assertEqual(partner._seconds_to_next_copy(127), 127)

    def test_a_look_goes_back_further_than_the_lag(self):
        self.assertEqual(self.connection._overlap_seconds(), 300)
        self.know(lag="400")
        self.assertEqual(self.connection._overlap_seconds(), 502)
        self.know(lag="100")
        self.assertEqual(self.connection._overlap_seconds(), 300)

    def test_a_wait_that_is_shorter_than_the_lag(self):
        self.know(lag="200")
        self.connection.settle_seconds = 300

        self.connect()

        blocking = self.connection.check_ids.filtered(lambda check: check.state == "blocking")
        self.assert_only_told(blocking, "check_settles_before_lag", field="name")
        self.assert_told(blocking, "check_settles_before_lag_remedy", field="remedy", seconds=400)
