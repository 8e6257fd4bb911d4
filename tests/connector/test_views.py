from lxml import etree

from odoo.tests import TransactionCase, new_test_user, tagged

GROUPS = ("tribe_connector.group_user", "tribe_connector.group_manager", "base.group_system")


@tagged("standard", "post_install", "-at_install")
class TestViews(TransactionCase):
    """Views as people of each group get them: Odoo takes away what is not for them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = [
            new_test_user(
                cls.env,
                f"with_{group.rpartition('_')[2]}",
                f"base.group_user,account.group_account_invoice,{group}",
            )
            for group in GROUPS
        ]

    def views(self):
        """Every view of ours, and those of Odoo that ours are part of."""
        ours = self.env["ir.model.data"].search(
            [("module", "=", "tribe_connector"), ("model", "=", "ir.ui.view")]
        )
        views = self.env["ir.ui.view"].browse(ours.mapped("res_id"))
        while inherited := views.inherit_id - views:
            views |= inherited
        return views.filtered(lambda view: view.mode == "primary" and view.type != "qweb")

    def test_no_else_lost_its_if(self):
        for user in self.users:
            for view in self.views():
                model = self.env[view.model].with_user(user)
                if not model.has_access("read"):
                    continue
                with self.subTest(user=user.login, view=view.xml_id):
                    arch = etree.fromstring(model.get_view(view.id, view.type)["arch"])
                    self.assertEqual(orphans(arch), [])

    def test_who_may_not_decide_about_a_problem_reads_who_does(self):
        view = self.env.ref("tribe_connector.view_tribe_work_form")
        for group, is_told in (("group_user", True), ("group_manager", False)):
            with self.subTest(group):
                user = new_test_user(self.env, group, groups=f"tribe_connector.{group}")
                arch = self.env["tribe.work"].with_user(user).get_view(view.id, "form")["arch"]
                self.assertEqual("decides about it" in arch, is_told)
                self.assertEqual("action_adopt" in arch, not is_told)

    def shown(self, view, group="group_manager"):
        """A view as a user of a group gets it."""
        view = self.env.ref(f"tribe_connector.{view}")
        user = self.users[GROUPS.index(f"tribe_connector.{group}")]
        model = self.env[view.model].with_user(user)
        return etree.fromstring(model.get_view(view.id, view.type)["arch"])

    def test_what_a_problem_asks_for_is_where_it_is_read(self):
        """What the sentence names is a button of its line and of its card, not only of its form."""
        for view in ("view_tribe_work_list", "view_tribe_work_kanban", "view_tribe_work_form"):
            arch = self.shown(view)
            buttons = {node.get("name"): node.get("invisible") for node in arch.iter("button")}
            for name in ("action_adopt", "action_book_anyway", "action_open_mapping"):
                self.assertIn(name, buttons, view)
            self.assertIn("taken_by_id", buttons["action_open_record"], view)

    def test_a_telephone_tells_of_a_booked_invoice_what_people_know_it_by(self):
        fields = {node.get("name") for node in self.shown("view_tribe_link_kanban").iter("field")}
        self.assertLessEqual({"customer_name", "invoice_date", "amount_total"}, fields)

    def test_a_telephone_begins_with_the_newest_invoice_as_the_list_does(self):
        orders = {
            self.shown(f"view_tribe_link_invoice_{kind}").get("default_order")
            for kind in ("list", "kanban")
        }
        # As invoices of Odoo are in order: by their date, the latest first.
        self.assertEqual(orders, {"move_id"})
        shown = self.env.ref("tribe_connector.action_tribe_link_invoices").views
        view = self.env.ref("tribe_connector.view_tribe_link_invoice_kanban")
        self.assertIn((view.id, "kanban"), shown)

    def test_the_lists_of_the_mapping_say_what_is_wrong(self):
        for view in ("view_tribe_vat_group_list", "view_tribe_ledger_account_list"):
            arch = self.shown(view)
            self.assertIn("warning", arch.get("decoration-danger"))
            (warning,) = arch.xpath("field[@name='warning']")
            # A sentence, also beside many columns.
            self.assertGreaterEqual(int(warning.get("width").removesuffix("px")), 250)
        for view in ("view_tribe_connection_form", "view_tribe_legal_entity_form"):
            for name in ("vat_group_ids", "ledger_account_ids"):
                (rows,) = self.shown(view).xpath(f"//field[@name='{name}']/list")
                self.assertIn("warning", rows.get("decoration-danger"))
                self.assertTrue(rows.xpath("field[@name='warning']/@width"))

    def test_the_next_try_is_read_as_a_date_and_a_time(self):
        """Odoo's days that remain make the next night, at the end of a month, "Next month"."""
        for view in ("view_tribe_work_list", "view_tribe_work_kanban"):
            (due,) = self.shown(view).xpath("//field[@name='due']")
            self.assertFalse(due.get("widget"), view)

    def test_ignoring_speaks_of_invoices_where_it_is_one(self):
        for kind in ("list", "kanban", "form"):
            buttons = self.shown(f"view_tribe_work_{kind}").xpath(
                "//button[@name='action_ignore'][@invisible]"
            )
            said = {each.get("invisible"): "invoice" in each.get("confirm") for each in buttons}
            self.assertEqual(
                said,
                {
                    "not can_ignore or kind != 'invoice'": True,
                    "not can_ignore or kind == 'invoice'": False,
                },
                kind,
            )

    def test_a_list_of_contacts_has_room_for_the_state(self):
        (state,) = self.shown("view_partner_tree", "group_user").xpath(
            "//field[@name='tribe_state']"
        )
        self.assertGreaterEqual(int(state.get("width").removesuffix("px")), 140)

    def test_what_is_compared_is_read_whole(self):
        compared = {
            "view_tribe_conflict_list": ("partner_id", "odoo_shown", "tribe_shown", "warning"),
            "view_tribe_suggestion_list": ("partner_id", "tribe_name", "shared", "against"),
        }
        for view, names in compared.items():
            for name in names:
                (field,) = self.shown(view).xpath(f"field[@name='{name}']")
                self.assertIn("text-wrap", field.get("class", ""), (view, name))
                self.assertNotEqual(field.get("optional"), "hide", (view, name))

    def test_who_may_not_decide_reads_who_does(self):
        for name in ("conflict", "suggestion"):
            views = self.env.ref(f"tribe_connector.action_tribe_{name}").view_mode
            self.assertEqual(views.split(","), ["list", "kanban", "form"])
            for kind in ("form", "kanban"):
                for group, is_told in (("group_user", True), ("group_manager", False)):
                    arch = self.shown(f"view_tribe_{name}_{kind}", group)
                    told = "An administrator of Tribe CRM decides" in " ".join(arch.itertext())
                    self.assertEqual(told, is_told, (name, kind, group))
                    self.assertEqual(not arch.xpath("//button"), is_told, (name, kind, group))

    def test_giving_a_sign_in_away_is_asked_once_more(self):
        for kind in ("list", "kanban", "form"):
            buttons = self.shown(f"view_tribe_conflict_{kind}").xpath(
                "//button[@name='action_take_tribe'][not(parent::header/parent::list)]"
            )
            confirms = {each.get("invisible"): bool(each.get("confirm")) for each in buttons}
            self.assertEqual(
                confirms, {"decision or warning": False, "decision or not warning": True}, kind
            )

    def test_what_is_looked_for_is_found(self):
        arch = etree.fromstring("<div><t t-if='a'/><b t-elif='b'/><b/><t t-else='1'/></div>")

        self.assertEqual(orphans(arch), ["<t t-else='1'/>".replace("'", '"')])


def orphans(arch):
    """What has a ``t-elif`` or ``t-else`` without the ``t-if`` that it belongs to."""
    found = []
    for element in arch.xpath("//*[@t-elif or @t-else]"):
        before = element.getprevious()
        if before is None or not {"t-if", "t-elif"} & set(before.attrib):
            found.append(etree.tostring(element, with_tail=False).decode())
    return found
