import contextlib
from unittest.mock import patch

import psycopg2

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain
from odoo.tools import mute_logger

from odoo.addons.base.tests.common import new_test_user

from .relation_case import RelationCase

LOGGER = "odoo.addons.tribe_connector.models.tribe_synchronized"


class TestNeverInTheWay(RelationCase):
    """Nobody's save, deletion or archiving of a contact fails because of the connector."""

    def setUp(self):
        super().setUp()
        self.connection.export_moment = "minute"

    def filter_by_a_field_that_is_deleted(self):
        field = self.env["ir.model.fields"].create(
            {
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "name": "x_soort",
                "field_description": "Soort",
                "ttype": "char",
            }
        )
        self.connection.relation_domain = "[('x_soort', '=', 'klant')]"
        self.env.flush_all()
        field.unlink()
        self.env.invalidate_all()

    def test_who_may_not_change_a_record_holds_none(self):
        """Lanes give way to whoever works on a contact or an invoice."""
        partner = self.linked()
        move = self.env["account.move"].create(
            {"move_type": "out_invoice", "partner_id": partner.id}
        )
        user = new_test_user(self.env, "nobody_special", groups="base.group_user")
        kept_off = []

        def note(records, with_links=False):
            kept_off.extend(records)

        with patch.object(self.registry["tribe.synchronized"], "_tribe_keep_lanes_off", note):
            for name, do in {
                "write": lambda: partner.with_user(user).write({"phone": "030 9"}),
                "unlink": lambda: partner.with_user(user).unlink(),
                "invoice": lambda: move.with_user(user).write({"ref": "x"}),
                "nothing": lambda: move.with_user(user).write({}),
            }.items():
                with self.subTest(name), contextlib.suppress(AccessError):
                    do()

        self.assertEqual(kept_off, [])

    def test_nobody_is_refused_who_changes_nothing(self):
        """As in Odoo, where a salesperson cancels an order without invoices."""
        user = new_test_user(self.env, "nobody_special", groups="base.group_user")
        for name in ("res.partner", "account.move", "account.partial.reconcile"):
            nothing = self.env[name].with_user(user)
            with self.subTest(name):
                self.assertTrue(nothing.write({}))
                self.assertTrue(nothing.write({"company_id": False}))
                self.assertTrue(nothing.unlink())
        nothing = self.env["account.move"].with_user(user)
        self.assertTrue(nothing.button_cancel() is None or not nothing.line_ids)

    def broken(self):
        """Everything that was found to go wrong while a save is noted, and more."""
        return {
            "filter": self.filter_by_a_field_that_is_deleted,
            "nonsense": lambda: self.env.cr.execute(
                "UPDATE tribe_connection SET relation_domain = '[(1, 2'"
            ),
            "values": lambda: self.env.cr.execute(
                "UPDATE tribe_connection SET relation_domain = %s", ["[('name', '>', 5)]"]
            ),
            "cron deleted": lambda: self.env.ref("tribe_connector.cron_outbound").unlink(),
            "cron inactive": lambda: self.env.ref("tribe_connector.cron_outbound").write(
                {"active": False}
            ),
            "SQL": lambda: self.broken_by(
                "tribe.work", "_add_saved_partners", lambda: self.env.cr.execute("SELECT 1 / 0")
            ),
            "bug": lambda: self.broken_by("res.partner", "_tribe_note_for", lambda: {}["bug"]),
        }

    def broken_by(self, model, method, error):
        def fail(*_arguments, **_options):
            error()

        patcher = patch.object(self.registry[model], method, fail, create=True)
        patcher.start()
        self.addCleanup(patcher.stop)

    @contextlib.contextmanager
    def each_way(self, why, breaks):
        with (
            self.subTest(why=why),
            contextlib.closing(self.env.cr.savepoint()),
            mute_logger(LOGGER, "odoo.sql_db"),
        ):
            try:
                breaks()
                self.env.invalidate_all()
                yield
            finally:
                self.doCleanups_of_patches()

    def doCleanups_of_patches(self):
        patch.stopall()
        self.env.registry.clear_all_caches()

    def test_contacts_are_saved_archived_and_deleted(self):
        for why, breaks in self.broken().items():
            linked = self.linked(f"Klant {why}")
            child = self.env["res.partner"].create({"name": "Kind", "parent_id": linked.id})
            with self.each_way(why, breaks):
                linked.write({"city": "Utrecht", "name": f"Anders {why}"})
                new = self.customer("Nieuw")
                child.parent_id = False
                child.parent_id = linked
                child.unlink()
                new.action_archive()
                new.unlink()
                self.env.flush_all()
                self.env.invalidate_all()

                self.assertEqual((linked.city, linked.name), ("Utrecht", f"Anders {why}"))
                self.assertFalse((child | new).exists())

    def works_of(self, partner):
        return self.env["tribe.work"].search(
            [("kind", "=", "partner"), ("reference", "=", str(partner.id))]
        )

    def test_what_was_saved_is_noted_all_the_same(self):
        for why, breaks in self.broken().items():
            linked = self.linked(f"Klant {why}")
            with self.each_way(why, breaks):
                linked.city = "Utrecht"
                new = self.customer("Nieuw")

                if why != "SQL":
                    self.assertTrue(self.works_of(linked))
                    self.assertTrue(self.works_of(new))

    def test_the_error_of_the_save_itself_is_not_swallowed(self):
        partner = self.linked("Klant")

        # Odoo's own constraint; or partner_firstname looks first.
        error = ValidationError if partner._tribe_has_name_parts() else psycopg2.Error

        def refuse(_records):
            raise ValidationError("Zo niet.")

        with (
            patch.object(self.registry["res.partner"], "_tribe_note_for", refuse, create=True),
            self.assertRaises(error) as refused,
            mute_logger(LOGGER, "odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            # Without a name it is refused, when it is written.
            partner.write({"name": False, "type": "contact", "city": "Utrecht"})
        self.assertNotIn("Zo niet.", str(refused.exception))

    def test_a_conflict_of_transactions_is_odoos_to_repeat(self):
        partner = self.linked("Klant")

        def fail(*_arguments):
            raise psycopg2.errors.SerializationFailure("could not serialize access")

        with (
            patch.object(self.registry["tribe.work"], "_add_saved_partners", fail),
            self.assertRaises(psycopg2.OperationalError),
        ):
            partner.city = "Utrecht"

    # Nothing new goes to Tribe by a filter that says nothing

    def test_nobody_new_is_sent_while_the_filter_cannot_be_evaluated(self):
        linked = self.linked("Gekoppeld B.V.")
        self.filter_by_a_field_that_is_deleted()
        linked.email = "nieuw@klant.example"
        new = self.customer("Nieuw B.V.")

        self.synchronize(linked | new)
        self.run_nightly()

        self.assertEqual(self.tribe_of(linked)["EmailAddress"], "nieuw@klant.example")
        self.assertFalse(self.named("Nieuw B.V."))
        self.assertAsked("filter_refused", name="Tribe CRM")
        self.assert_trouble(self.connection, "filter_held")

        self.connection.relation_domain = "[]"
        self.run_nightly()

        self.assertTrue(self.named("Nieuw B.V."))
        self.assertFalse(self.connection.trouble)
        self.assertFalse(self.problems())

    def test_nobody_new_is_sent_by_a_filter_of_before_that_compares_text_with_numbers(self):
        linked = self.linked("Gekoppeld B.V.")
        for domain in ("[('color', '>', '500')]", "[('zip', '<', 5)]"):
            with self.subTest(domain=domain):
                self.env.cr.execute("UPDATE tribe_connection SET relation_domain = %s", [domain])
                self.env.invalidate_all()
                linked.email = f"{len(domain)}@klant.example"
                new = self.customer("Nieuw B.V.")

                self.synchronize(linked | new)
                self.run_nightly()

                row = self.tribe_of(linked)
                self.assertEqual(row["EmailAddress"], f"{len(domain)}@klant.example")
                self.assertFalse(self.named("Nieuw B.V."))
                self.assertAsked("filter_held")
                new.unlink()

    def test_who_is_sent_is_whom_the_search_finds(self):
        """Were a filter ever taken that Python cannot evaluate, it sends nobody else."""
        new = self.customer("Nieuw B.V.", color=5)
        row = self.organization(
            Name="Nieuw B.V.", ImportId=self.connection._import_id(new, "organization")
        )
        for color, is_sent in (("9", False), ("4", True)):
            with (
                self.subTest(color=color),
                patch.object(
                    self.registry["tribe.connection"],
                    "_contact_filter",
                    lambda _self, color=color: Domain("color", ">", color),
                ),
            ):
                self.connection.relation_domain = "[('color', '>', 1)]"
                self.synchronize(new)

                proved = self.connection._partner_of_import_id(row["ImportId"])
                self.assertEqual(bool(proved), is_sent)
                self.assertEqual(bool(new.tribe_id), is_sent)
                self.assertFalse(self.problems())

    def test_an_import_id_waits_for_the_filter(self):
        new = self.customer("Nieuw B.V.")
        row = self.organization(
            Name="Kwaad B.V.", ImportId=self.connection._import_id(new, "organization")
        )
        self.env.cr.execute(
            "UPDATE tribe_connection SET relation_domain = %s", ["[('color', '>', '500')]"]
        )
        self.env.invalidate_all()
        self.env["tribe.work"].search([]).unlink()

        self.look_at("organization", row["ID"])

        self.assertFalse(new.tribe_id)
        self.assertEqual(new.name, "Nieuw B.V.")
        self.assertFalse(self.link(row["ID"]))
        self.assertAsked("filter_held")

    def test_the_connection_says_which_scheduled_action_is_missing(self):
        for name in ("cron_inbound_1", "cron_inbound_2", "cron_outbound", "cron_schedule"):
            cron = self.env.ref(f"tribe_connector.{name}")
            with self.subTest(name=name), contextlib.closing(self.env.cr.savepoint()):
                cron.active = False
                self.assert_trouble(self.connection, "scheduled_action_off", action=cron.name)
                title = cron.name
                cron.unlink()
                self.env.invalidate_all()
                self.assert_trouble(self.connection, "scheduled_action_deleted", action=title)
                self.env["tribe.engine"]._wake("inbound")
                self.env["tribe.engine"]._wake("outbound")
        self.assertFalse(self.connection.trouble)

    def test_installing_beside_many_invoices_computes_nothing_for_them(self):
        move = self.env["account.move"].create({"move_type": "entry"})
        self.env.flush_all()
        self.env.cr.execute("ALTER TABLE account_move DROP COLUMN tribe_id")
        self.env.invalidate_all()

        with patch.object(self.registry, "post_init"):
            move.browse()._auto_init()

        self.assertNotIn(move._fields["tribe_id"], list(self.env.fields_to_compute()))
        self.assertFalse(move.tribe_id)

    # No right that an ordinary save does not need

    def test_a_user_who_may_not_read_the_parent(self):
        seller = new_test_user(
            self.env(su=False), "verkoper", groups="base.group_user,base.group_partner_manager"
        )
        parent = self.customer("Moeder B.V.")
        self.env["ir.rule"].create(
            {
                "name": "not the parent",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain_force": f"[('id', '!=', {parent.id})]",
            }
        )
        for state in ("active", "paused"):
            with self.subTest(state=state):
                self.connection.state = state
                child = self.env["res.partner"].create(
                    {"name": "Kind", "parent_id": parent.id, "type": "invoice"}
                )
                self.env.flush_all()
                self.env.invalidate_all()
                as_seller = child.with_user(seller).sudo(False)

                with self.assertRaises(AccessError):
                    as_seller.parent_id.with_user(seller).sudo(False).read(["name"])
                as_seller.write({"city": "Utrecht", "customer_rank": 1, "ref": "K-1"})
                as_seller.write({"parent_id": False})
                child.parent_id = parent
                self.env.invalidate_all()
                as_seller.unlink()

                self.assertFalse(child.exists())
                self.assertTrue(self.works_of(parent))
