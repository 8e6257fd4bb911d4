import json
from ast import literal_eval
from datetime import date, datetime, timedelta

from freezegun import freeze_time
from invoices.invoice_case import InvoiceCase
from told import assert_never_says, assert_only_says, beginning

from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user
from odoo.tools import html2plaintext

from odoo.addons.tribe_connector.sentence import sentence


class TestDashboard(InvoiceCase):
    """The numbers of the dashboard, each with the list behind it, and the badges on records."""

    def list_behind(self, method, **context):
        action = getattr(self.connection.with_context(**context), method)()
        return self.env[action["res_model"]].search(action["domain"])

    def unmap(self):
        """Take the tax of the group that invoices of this test use away."""
        self.connection.vat_group_ids.tax_id = False

    def test_every_number_is_the_length_of_the_list_behind_it(self):
        booked = self.send_new(self.line(100.0))
        self.unmap()
        self.send_new(self.line(100.0))
        self.partner.email = "nieuw@klant.example"

        numbers = {
            "relation_count": self.list_behind("action_open_relations"),
            "invoice_count": self.list_behind("action_open_invoices"),
            "relation_waiting_count": self.list_behind(
                "action_open_waiting", tribe_area="relation"
            ),
            "waiting_count": self.list_behind("action_open_waiting"),
            "invoice_attention_count": self.list_behind(
                "action_open_attention", tribe_area="invoice"
            ),
            "attention_count": self.list_behind("action_open_attention"),
        }

        self.assertTrue(self.booked_move(booked))
        for name, records in numbers.items():
            with self.subTest(name):
                self.assertTrue(records)
                self.assertEqual(self.connection[name], len(records))

    def pay(self, move):
        payment = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        )
        payment.create({})._create_payments()

    def headline(self, **context):
        self.connection.invalidate_recordset()
        connection = self.connection.with_context(**context)
        return connection.headline_level, connection.headline

    def assert_headline(self, level, code, /, **parameters):
        found = self.headline()
        headline = self.connection._headline()
        self.assertEqual(found, (headline.level, headline.text))
        self.assertEqual(found[0], level, found[1])
        assert_only_says(headline.text, code, **parameters)

    def assert_one_change_waits(self, *, is_noted):
        """What is noted has a time since which it waits."""
        level, text = self.headline()
        changes = sentence("headline_one_change_waits")
        self.assertEqual(level, "info", text)
        if is_noted:
            since = beginning(sentence, "headline_waits_since", "moment", changes=changes)
            self.assertTrue(text.startswith(since), text)
        else:
            self.assertEqual(text, f"{changes}.")

    def assert_paused_with_a_record(self):
        """Two sentences in one line."""
        codes = ("headline_paused", "headline_one_record_needs_attention")
        self.assertEqual(self.headline(), ("danger", " ".join(map(sentence, codes))))

    def opened_by_headline(self):
        action = self.connection.action_open_headline()
        return self.env[action["res_model"]].search(action["domain"])

    def test_an_invoice_paid_in_odoo_waits_until_tribe_is_told(self):
        link = self.link(self.send_new(self.line(100.0)))
        self.assertEqual(self.connection.untold_count, 0)

        self.pay(link.move_id)
        self.connection.invalidate_recordset()

        self.assertEqual(self.connection.untold_count, 1)
        self.assertEqual(self.list_behind("action_open_untold"), link)
        self.assert_one_change_waits(is_noted=False)
        self.assertEqual(self.opened_by_headline(), link)

        # Noted at night it is work that waits: counted once.
        self.connection._enqueue_payments()
        self.connection.invalidate_recordset()
        self.assertEqual(self.connection.untold_count, 0)
        self.assertEqual(self.connection.invoice_waiting_count, 1)
        self.assert_one_change_waits(is_noted=True)

        self.run_lanes()
        self.connection.invalidate_recordset()
        self.assertEqual(self.connection.untold_count, 0)
        self.assert_headline("success", "headline_in_sync")

    def test_who_has_no_right_in_accounting_sees_the_same_numbers(self):
        link = self.link(self.send_new(self.line(100.0)))
        self.pay(link.move_id)
        user = new_test_user(
            self.env,
            "seller",
            groups="base.group_user,tribe_connector.group_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )

        connection = self.connection.with_user(user)

        self.assertEqual(connection.untold_count, 1)
        self.assertEqual(connection.headline, self.connection.headline)

    def test_the_headline_is_the_worst_that_is_true(self):
        booked = self.link(self.send_new(self.line(100.0)))
        self.assert_headline("success", "headline_in_sync")

        self.partner.email = "nieuw@klant.example"
        self.assert_one_change_waits(is_noted=True)

        self.env["tribe.suggestion"].create(
            {
                "connection_id": self.connection.id,
                "partner_id": self.partner.id,
                "kind": "organization",
                "tribe_id": "a" * 36,
                "basis": "vat",
            }
        )
        self.assert_headline("warning", "headline_one_question")
        self.assertEqual(self.opened_by_headline()._name, "tribe.suggestion")

        booked._note_differences(["Anders."])
        self.assert_headline("warning", "headline_one_invoice_differs")
        self.assertEqual(self.opened_by_headline(), booked)

        self.unmap()
        self.send_new(self.line(100.0))
        self.assert_headline("danger", "headline_one_record_needs_attention")
        self.assertEqual(self.opened_by_headline().cause, "vat_group")

        self.tribe_is_down()
        self.assert_headline("danger", "tribe_unavailable_since", reason="HTTP 503.")
        self.assertEqual(self.connection.action_open_headline()["res_id"], self.connection.id)

        self.connection.action_pause()
        self.assert_paused_with_a_record()
        self.connection.mode = "off"
        self.assert_headline("warning", "headline_off")
        self.connection.active = False
        self.assert_headline("warning", "headline_archived")

    def tribe_is_down(self):
        now = fields.Datetime.now()
        self.env["tribe.availability"].search([("connection_id", "=", self.connection.id)]).write(
            {
                "unavailable_since": now - timedelta(minutes=5),
                "next_probe": now + timedelta(minutes=1),
                "reason": "HTTP 503.",
            }
        )

    def test_only_what_is_well_is_green(self):
        for state in ("draft", "connected", "initial", "paused"):
            self.connection.state = state
            with self.subTest(state):
                self.assertNotEqual(self.headline()[0], "success")
        self.connection.state = "active"
        self.connection.mode = "dry_run"
        self.assert_headline("warning", "headline_dry_run")

    def work_of_the_connection(self, direction, kind, reference, error_class="again"):
        """Work of the connection itself that goes wrong."""
        work = self.env["tribe.work"]
        work._add(self.connection, direction, kind, [reference], "poll")
        work.search([("kind", "=", kind)]).write(
            {"error_class": error_class, "error": "Tribe refused.", "due": "2099-01-01"}
        )

    def test_a_copy_says_so_in_every_state(self):
        self.env["ir.config_parameter"].set_param("database.uuid", "another-uuid")
        for values in (
            {"state": "active"},
            {"state": "paused"},
            {"state": "connected"},
            {"mode": "off"},
            {"active": False},
        ):
            with self.subTest(values):
                self.connection.write(values)
                self.assert_headline("danger", "database_is_copy")

    def test_paused_it_still_says_what_needs_a_person(self):
        self.connection.action_pause()
        self.assert_headline("warning", "headline_paused")
        self.work_of_the_connection("outbound", "activate", self.connection.id, "person")

        self.assert_paused_with_a_record()
        self.assertEqual(self.opened_by_headline().kind, "activate")

    def test_what_was_never_looked_at_is_not_in_sync(self):
        self.assert_headline("success", "headline_in_sync")
        cursors = self.env["tribe.cursor"]
        cursors.search([("stream", "=", "invoice")]).unlink()
        self.assert_headline("warning", "headline_never_fully_looked")
        cursors.search([]).unlink()
        self.assert_headline("warning", "headline_never_fully_looked")

        self.env["tribe.work"]._add(self.connection, "inbound", "poll", ["invoice"], "initial")
        self.assert_headline("info", "headline_first_look")
        self.work_of_the_connection("inbound", "poll", "invoice")
        self.assert_headline("warning", "headline_connection_work_fails", reason="Tribe refused.")

    def test_a_set_that_this_tribe_lacks_needs_no_look(self):
        self.env["tribe.cursor"].search([("stream", "=", "invoice")]).unlink()
        self.connection.sudo().absent = ["Activity_Invoice"]
        self.assert_headline("success", "headline_in_sync")

    def test_work_of_the_connection_that_goes_wrong_is_said(self):
        for state in ("active", "initial"):
            self.connection.state = state
            for direction, kind in (("inbound", "poll"), ("outbound", "activate")):
                with self.subTest(f"{state}, {kind}"), self.env.cr.savepoint() as savepoint:
                    self.work_of_the_connection(direction, kind, "1")
                    self.assert_headline(
                        "warning", "headline_connection_work_fails", reason="Tribe refused."
                    )
                    savepoint.rollback()

    def test_the_initial_synchronization_is_said_to_run_only_while_it_does(self):
        self.connection.state = "initial"
        self.assert_headline("warning", "headline_initial_stuck")
        self.env["tribe.work"]._add(
            self.connection, "outbound", "partner", self.partner.ids, "initial"
        )
        self.assert_headline("info", "headline_initial")
        self.env["tribe.work"].search([("kind", "=", "partner")]).error_class = "person"
        self.assert_headline("danger", "headline_one_record_needs_attention")

        self.env["tribe.work"].search([]).unlink()
        self.connection.action_pause()
        self.connection.action_resume()
        self.assert_headline("success", "headline_in_sync")

    def test_without_a_sign_in_nothing_is_well(self):
        self.connection.sign_in_problem = sentence("sign_in_refused")
        self.assert_headline("danger", "sign_in_refused")
        self.connection.sign_in_problem = False
        self.connection.sign_in = "authorization_code"
        self.assert_headline("danger", "headline_nobody_signed_in")

    def test_demo_data_is_not_in_sync_with_anything(self):
        self.connection.is_demo_data = True
        self.assert_headline("info", "headline_example")

    def test_all_is_not_in_sync_when_nobody_looked_for_long(self):
        self.assert_headline("success", "headline_in_sync")

        cursors = self.env["tribe.cursor"].search([("stream", "=", "invoice")])
        cursors.position -= timedelta(hours=5)

        self.assert_headline("warning", "headline_last_look_long_ago")

    def test_of_another_company_the_headline_says_nothing(self):
        self.unmap()
        self.send_new(self.line(100.0))
        self.assert_headline("danger", "headline_one_record_needs_attention")
        other = self.env["res.company"].create({"name": "Andere B.V."})
        self.env["tribe.work"].search([("error_class", "=", "person")]).company_id = other
        user = new_test_user(
            self.env,
            "colleague",
            groups="base.group_user,tribe_connector.group_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )

        of_user = self.connection.with_user(user)
        assert_never_says(of_user._headline().text, "headline_one_record_needs_attention")
        self.assertEqual(of_user.headline, of_user._headline().text)

    def test_what_tries_again_by_itself_waits_and_needs_nobody(self):
        self.sandbox.fault("status", path_contains="Activity_Invoice", status=503)
        tribe_id = self.draft(self.line(100.0))
        self.sandbox.set_phase(tribe_id, "Sent")
        self.env["tribe.work"]._add(self.connection, "inbound", "invoice", [tribe_id], "webhook")
        self.run_lanes()

        self.assertEqual(self.connection.attention_count, 0)
        self.assertEqual(self.connection.invoice_waiting_count, 1)
        self.assertTrue(self.connection.oldest_waiting)
        (work,) = self.list_behind("action_open_waiting", tribe_area="invoice")
        self.assertEqual(work.cause, "unavailable")

    def test_webhooks_calls_and_changes_of_today(self):
        self.assertFalse(self.connection.webhook_seen)

        self.send_new(self.line(100.0))

        self.assertTrue(self.connection.webhook_seen)
        runs = self.env["tribe.run"].search([("kind", "=", "invoice")])
        self.assertGreater(sum(runs.mapped("seconds")), 0)
        now = fields.Datetime.now()
        # However long ago that is by now, and on whichever side of midnight.
        self.env["tribe.run"].search([]).date = now
        with freeze_time(now):
            self.connection.invalidate_recordset()
            self.assertGreater(self.connection.calls_last_minute, 0)
            self.assertEqual(self.connection.calls_last_day, self.connection.calls_last_minute)
            (graph,) = json.loads(self.connection.dashboard_graph)
        self.assertEqual(len(graph["values"]), 30)
        self.assertGreater(graph["values"][-1]["value"], 0)
        self.assertEqual(sum(value["value"] for value in graph["values"][:-1]), 0)

    def test_the_days_of_the_graph_are_those_of_who_looks(self):
        # In Amsterdam it is tomorrow already. Programs do not tell a time zone, as browsers do.
        moment = datetime(2026, 3, 16, 23, 30)
        self.env.user.tz = "Europe/Amsterdam"
        self.env["tribe.run"].create(
            {
                "connection_id": self.connection.id,
                "direction": "inbound",
                "date": moment,
                "changed": 3,
            }
        )

        with freeze_time(moment):
            connection = self.connection.with_context(anew=True)
            (graph,) = json.loads(connection.dashboard_graph)

        self.assertEqual([value["value"] for value in graph["values"][-2:]], [0, 3])

    def test_invoices_are_booked_from_the_day_that_it_is_in_tribe(self):
        self.env.user.tz = False
        moments = {datetime(2026, 3, 16, 22, 30): 16, datetime(2026, 3, 16, 23, 30): 17}
        for moment, day in moments.items():
            with self.subTest(moment), freeze_time(moment):
                offered = self.env["tribe.connection"].default_get(["invoices_from"])
                self.assertEqual(offered["invoices_from"], date(2026, 3, day))

    def test_a_webhook_counts_before_its_work_is_done(self):
        self.env["tribe.work"]._add(
            self.connection, "inbound", "organization", ["a" * 36], "webhook"
        )

        self.assertTrue(self.connection.webhook_seen)

    def test_the_next_run_is_the_next_look_for_changes(self):
        now = fields.Datetime.now()
        with freeze_time(now):
            self.connection._enqueue_due()
            self.connection.invalidate_recordset()

            self.assertLessEqual(self.connection.next_run, now + timedelta(seconds=900))
            self.assertGreaterEqual(self.connection.next_run, now)
            self.connection.action_pause()
            self.connection.invalidate_recordset()
            self.assertFalse(self.connection.next_run)

    def test_the_badge_of_a_contact(self):
        stranger = self.env["res.partner"].create({"name": "Alleen een contact"})
        self.assertFalse(stranger.tribe_state)
        self.assert_partner_state("linked")

        self.partner.email = "nieuw@klant.example"
        self.assert_partner_state("waiting")

        work = self.env["tribe.work"].search([("kind", "=", "partner")])
        work.error_class = "person"
        self.assert_partner_state("attention")

    def test_nothing_of_a_contact_waits_after_synchronize_now(self):
        self.partner.email = "nieuw@klant.example"
        self.assert_partner_state("waiting")

        self.partner.action_synchronize_with_tribe()
        self.run_lanes()

        self.assert_partner_state("linked")

    def test_a_contact_that_is_merely_looked_at_once_more_does_not_wait(self):
        work = self.env["tribe.work"]
        work._look_later(self.connection, "organization", self.partner.tribe_id)

        self.assert_partner_state("linked")

        looked_at = work.search([("reason", "=", "again")])
        looked_at.error_class = "again"
        self.assert_partner_state("waiting")

    def assert_partner_state(self, state):
        self.partner.invalidate_recordset(["tribe_state"])
        self.assertEqual(self.partner.tribe_state, state)
        for each in ("linked", "waiting", "differs", "attention"):
            found = self.env["res.partner"].search([("tribe_state", "=", each)])
            self.assertEqual(self.partner in found, each == state, each)
        self.assertNotIn(
            self.partner, self.env["res.partner"].search([("tribe_state", "=", False)])
        )

    def test_the_badge_of_an_invoice(self):
        move = self.booked_move(self.send_new(self.line(100.0)))
        self.assertEqual(move.tribe_state, "linked")

        move.button_draft()
        self.connection._enqueue_nightly()

        move.invalidate_recordset(["tribe_state"])
        self.assertEqual(move.tribe_state, "differs")
        self.assertEqual(self.env["account.move"].search([("tribe_state", "=", "differs")]), move)

    def test_an_invoice_that_is_left_to_odoo_has_no_badge(self):
        tribe_id = self.send_new(self.line(100.0))
        self.link(tribe_id).action_leave_to_odoo()

        self.assertFalse(self.booked_move(tribe_id).tribe_state)

    def test_who_is_not_of_our_groups_has_no_badge(self):
        user = new_test_user(
            self.env,
            "salesperson",
            groups="base.group_user,base.group_partner_manager",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )

        self.assertNotIn("tribe_state", self.partner.with_user(user).fields_get())

    def test_a_problem_has_a_cause_and_leads_to_the_mapping(self):
        self.unmap()
        self.send_new(self.line(100.0))

        work = self.env["tribe.work"].search([("error_class", "=", "person")])

        self.assertEqual(work.cause, "vat_group")
        action = work.action_open_mapping()
        self.assertEqual(action["res_model"], "tribe.vat.group")
        self.assertTrue(action["context"]["search_default_unmapped"])

    def test_a_problem_opens_the_record_it_is_about(self):
        move = self.booked_move(self.send_new(self.line(100.0)))
        self.env["tribe.work"]._add(
            self.connection, "inbound", "invoice", [move.tribe_id], "person"
        )

        work = self.env["tribe.work"].search([("reference", "=", move.tribe_id)])

        self.assertEqual(work.action_open_record()["res_id"], move.id)

    def test_an_archived_connection_is_shown_and_says_so(self):
        self.connection.active = False

        action = self.env["tribe.connection"]._open_app()

        self.assertEqual(action["views"][0][1], "kanban")
        shown = self.env["tribe.connection"].with_context(**literal_eval(action["context"]))
        self.assertIn(self.connection, shown.search([]))
        self.assertEqual(self.connection.headline, sentence("headline_archived"))

    def test_the_app_opens_with_the_set_up_until_there_is_a_connection(self):
        action = self.env["tribe.connection"]._open_app()
        self.assertEqual(action["views"][0][1], "kanban")

        self.connection.action_deactivate()
        self.run_lanes()
        self.connection.unlink()

        action = self.env["tribe.connection"]._open_app()
        self.assertEqual(action["views"], [(False, "form")])


class TestDashboardOfAnotherCompany(InvoiceCase):
    """A connection belongs to one company, and people may work in another one alone."""

    def setUp(self):
        super().setUp()
        self.other = self.env["res.company"].create({"name": "Zuster & Zn."})
        self.dashboard = self.env.ref("tribe_connector.action_tribe_dashboard")

    def person_of(self, companies, group="user"):
        return new_test_user(
            self.env,
            f"person_{group}",
            groups=f"base.group_user,tribe_connector.group_{group}",
            company_id=companies[0].id,
            company_ids=[Command.set(companies.ids)],
        )

    def empty_dashboard(self, person, company):
        """What is read where no connection is shown, as the web client loads it."""
        action = self.dashboard.with_user(person).with_context(allowed_company_ids=company.ids)
        return action.sudo()._get_action_dict()["help"]

    def assert_tells(self, shown, code, /, **parameters):
        self.assertEqual(html2plaintext(shown), sentence(code, **parameters))

    def test_whose_it_is_is_named_to_who_may_choose_that_company(self):
        self.connection.company_id.name = "Moeder & Zn."
        person = self.person_of(self.company | self.other)

        told = self.empty_dashboard(person, self.other)

        name = self.company.display_name
        self.assert_tells(told, "connection_of_company_not_chosen", companies=[name])
        self.assertEqual(self.empty_dashboard(person, self.company), self.dashboard.help)

    def test_it_is_not_told_to_who_may_see_no_connection(self):
        clerk = new_test_user(
            self.env,
            "clerk",
            groups="base.group_user",
            company_id=self.company.id,
            company_ids=[Command.set((self.company | self.other).ids)],
        )

        self.assertEqual(self.empty_dashboard(clerk, self.other), self.dashboard.help)

    def test_an_archived_one_counts_too(self):
        self.connection.active = False
        person = self.person_of(self.company | self.other)

        told = self.empty_dashboard(person, self.other)

        name = self.company.display_name
        self.assert_tells(told, "connection_of_company_not_chosen", companies=[name])

    def test_it_is_not_named_to_who_works_only_in_a_company_that_it_books_for(self):
        person = self.person_of(self.other)
        self.assertEqual(self.empty_dashboard(person, self.other), self.dashboard.help)
        self.env["tribe.legal.entity"].create(
            {
                "connection_id": self.connection.id,
                "tribe_id": "7d1c7d29-6a4e-4a2e-9d2f-0c5f6d1f0a11",
                "name": "Zuster",
                "company_id": self.other.id,
            }
        )

        told = self.empty_dashboard(person, self.other)

        self.assert_tells(told, "connection_of_company_elsewhere")

    def test_the_app_does_not_open_with_the_set_up_of_a_second_one(self):
        manager = self.person_of(self.company | self.other, "manager")
        connections = self.env["tribe.connection"].with_user(manager)

        action = connections.with_context(allowed_company_ids=self.other.ids)._open_app()

        self.assertEqual(action["views"][0][1], "kanban")
        name = self.company.display_name
        self.assert_tells(action["help"], "connection_of_company_not_chosen", companies=[name])
