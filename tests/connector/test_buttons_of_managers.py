"""Only Tribe CRM administrators start, pause and stop a connection, also by RPC."""

from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from .relation_case import RelationCase

BUTTONS = (
    "action_activate",
    "action_deactivate",
    "action_pause",
    "action_plan",
    "action_resume",
    "action_run_nightly",
)


class TestButtonsOfManagers(RelationCase):
    def test_a_user_starts_and_stops_nothing(self):
        user = new_test_user(
            self.env,
            "reader",
            groups="base.group_user,tribe_connector.group_user",
            company_id=self.company.id,
        )
        self.customer("Wacht nog")
        before = self.env["tribe.work"].search([])
        for state in ("active", "paused"):
            self.connection.state = state
            for button in BUTTONS:
                with self.subTest(f"{button}, {state}"), self.assertRaises(AccessError):
                    getattr(self.connection.with_user(user), button)()
        self.assertEqual(self.env["tribe.work"].search([]), before)
        self.assertEqual(self.connection.state, "paused")
