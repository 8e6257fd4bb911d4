from odoo.addons.tribe_connector.mapping import likeness

from .common import ConnectorCase

# As many as a text of Tribe can have here.
LONGEST = 1000
SHARED = {
    "name": (likeness.ADDRESS, "Bakker {}"),
    "email": (likeness.EMAIL, "{}@klant.example"),
    "zip": (likeness.ADDRESS, "1012{}"),
}


class TestLongTexts(ConnectorCase):
    """Odoo's texts have no length, and anybody who may change a contact can make one so long that
    PostgreSQL compares it for seconds, for each relation of each connection."""

    def found(self, **values):
        """Whether a contact is found by the values that it has, in other capitals."""
        partner = self.env["res.partner"].create(values)
        basis = next(SHARED[name][0] for name in ("email", "zip") if name in values)
        sought = {name: value.swapcase() for name, value in values.items() if name != "zip"}
        shares = self.env["tribe.relation.importer"]._shares(
            basis, {**sought, "zip": values.get("zip")}
        )
        return partner in self.env["res.partner"].search(shares)

    def test_what_is_longer_than_a_text_of_tribe_is_compared_with_none(self):
        others = {
            "name": {"name": "Bakker", "zip": "1012AB"},
            "zip": {"name": "Bakker", "zip": "1012AB"},
            "email": {"name": "Bakker", "email": "info@klant.example"},
        }
        for name, (_basis, text) in SHARED.items():
            short = len(text.format(""))
            for count, is_found in ((1, True), (LONGEST - short, True), (LONGEST, False)):
                with self.subTest(name=name, count=count):
                    values = {**others[name], name: text.format("A" * count)}
                    self.assertEqual(self.found(**values), is_found)
