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
