"""What the tests of relations share: an empty Tribe, connected (and active) once per class."""

from told import assert_says

from odoo.addons.tribe_connector.sentence import sentence

from .common import ORGANIZATION_CUSTOMER, PERSON_CUSTOMER, SUPPLIER, ConnectorCase

IDENTITY = "Relationship_Organization_Identity"
LEAD = "Relationship_Organization_CommercialRelationship_Lead"


class RelationCase(ConnectorCase):
    """A Tribe without customers or suppliers; ``activated`` is how far its connection is."""

    sandbox_options = {"relations": 0, "invoices": 0}
    activated = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if cls.activated:
            cls.activate_for_all_tests()
        else:
            with cls.class_in_registry_test_mode():
                cls.connection.action_connect()
                cls.map()
            cls.env.invalidate_all()
        cls.own_id = cls.connection.own_organization_id

    @classmethod
    def map(cls):
        """Relations need no more of a legal entity."""
        cls.connection.legal_entity_ids.company_id = cls.company
        cls.connection.legal_entity_ids.action_create_journal()

    # In Odoo

    @property
    def mobile(self):
        """The field with the mobile number: that of ``partner_mobile`` where it is installed."""
        return self.env["res.partner"]._tribe_mobile_field()

    def press_activate(self):
        """Press Activate."""
        with self.enter_registry_test_mode():
            self.connection.action_activate()

    def customer(self, name="Klant B.V.", **values):
        """A company that is a customer, unless the values say otherwise."""
        return self.env["res.partner"].create(
            {"name": name, "is_company": True, "customer_rank": 1, **values}
        )

    def linked(self, name="Klant B.V.", **values):
        """A partner that both sides know and agree on."""
        partner = self.customer(name, **values)
        self.synchronize(partner)
        self.assertTrue(partner.tribe_id, self.problems())
        return partner

    def synchronize(self, partners):
        """Choose “Synchronize with Tribe now” for some partners."""
        partners.action_synchronize_with_tribe()
        self.run_lanes()

    def no_old_copies(self):
        """All that Tribe showed, it showed so long ago that no read is older than that."""
        self.env["tribe.link"].search([]).shown_at = False

    # In Tribe

    def organization(self, *, roles=(ORGANIZATION_CUSTOMER,), **fields):
        """A new organization of Tribe with some relationships to our own; returns its row."""
        row = self.sandbox.create("Relation_Organization", {"Name": "Relatie B.V.", **fields})
        for entity_set in roles:
            self.relate(entity_set, Organization=row["ID"])
        return row

    def person(self, **fields):
        """A new private customer of Tribe; returns the row of the person."""
        row = self.sandbox.create("Relation_Person", fields)
        self.relate(PERSON_CUSTOMER, Person=row["ID"])
        return row

    def relate(self, entity_set, **child):
        """Relate an organization or person to our own organization; returns the row."""
        links = {name: {"ID": tribe_id} for name, tribe_id in child.items()}
        return self.sandbox.create(entity_set, {"Relation": {"ID": self.own_id}, **links})

    def relationships(self, partner):
        """The rows of the customer and supplier relationships of a partner, by set."""
        return {
            entity_set: row
            for entity_set, navigation in (
                (ORGANIZATION_CUSTOMER, "Organization"),
                (PERSON_CUSTOMER, "Person"),
                (SUPPLIER, "Organization"),
            )
            for row in self.sandbox.rows(entity_set, **{navigation: partner.tribe_id})
        }

    def named(self, name, entity_set="Relation_Organization"):
        """The relations of Tribe with a name."""
        return [row for row in self.sandbox.rows(entity_set) if row["Name"] == name]

    def tribe_of(self, partner):
        """The row of a partner's relation."""
        kind = "Organization" if partner.is_company else "Person"
        return self.tribe_row(f"Relation_{kind}", partner.tribe_id)

    def address_of(self, partner):
        """The row of the address that is a partner's in Tribe."""
        slot = "InvoiceAddress" if partner.is_company else "Address"
        return self.tribe_row("Address", self.tribe_of(partner)[slot])

    def written(self, work):
        """How many writes in Tribe some work makes."""
        self.sandbox.reset_calls()
        work()
        return self.sandbox.calls()["writes"]

    def numbered(self, name, **numbers):
        """What a relation or contact is called together with its numbers (``debtor="1001"``)."""
        told = [
            sentence(
                "number_of_relation", field=sentence(f"field_{each}_number"), number=numbers[each]
            )
            for each in numbers
        ]
        return sentence("relation_with_numbers", relation=name, numbers=told)

    def assertAsked(self, code, /, **parameters):
        """Exactly one problem waits for a person, and it is or has a sentence of this code."""
        works = self.problematic()
        self.assertEqual(works.mapped("error_class"), ["person"], works.mapped("error"))
        assert_says(works.error, code, **parameters)
