"""What Tribe can change in Odoo: the table in docs/security.md, and nothing else."""

import contextlib
import re
import sys
from functools import wraps
from pathlib import Path
from unittest.mock import patch

from invoices.invoice_case import InvoiceCase

CHECKOUT = Path(__file__).resolve().parents[2]
ADDON = str(CHECKOUT / "tribe_connector")
PAGE = CHECKOUT / "docs" / "security.md"
ROW = re.compile(r"^\| `([a-z.]+)` \| ([^|]*) \|", re.MULTILINE)
METHODS = ("create", "write", "unlink")
# What the day below does not bring about: tests/companions (a place), tests/invoices/
# test_credit_note.py (what is taken apart), VAT where Odoo has none, and what Denmark's addon has.
RARE = {
    *(("res.partner", name) for name in ("nemhandel_identifier_value", "zip_id", "city_id")),
    ("account.partial.reconcile", "unlink"),
    *(
        ("account.move.line", name)
        for name in (
            *("move_id", "display_type", "tax_repartition_line_id", "tax_tag_ids", "partner_id"),
            *("currency_id", "product_id", "product_uom_id"),
        )
    ),
}
# What stands in place of a field of ours or of Odoo's where another addon has it.
IN_PLACE = {
    "mobile": "tribe_mobile",
    "firstname": "name",
    "lastname": "name",
    "street_name": "street",
    "street_number": "street",
    "street_number2": "street2",
}


def table():
    """``{(model, field)}`` of docs/security.md; of what is deleted the field is "unlink"."""
    text = PAGE.read_text()
    part = text[text.index("## What Tribe can change in Odoo") :]
    part = part[: part.index("\n## ", 3)]
    return {
        (model, name)
        for model, names in ROW.findall(part)
        for name in re.findall(r"`([a-z_0-9]+)`", names)
    }


def is_ours(frame):
    """Whether our addon itself asked for it: not Odoo, by what it does with it."""
    while frame and "/odoo/orm/" in frame.f_code.co_filename:
        frame = frame.f_back
    return frame and frame.f_code.co_filename.startswith(ADDON)


def fields_of(model, method, arguments):
    """``{(model, field)}`` that a call writes, those of the lines that it makes as well."""
    if method == "unlink":
        return {(model, "unlink")}
    found = set()
    for values in arguments[0] if isinstance(arguments[0], list) else [arguments[0]]:
        for name, value in values.items():
            found.add((model, name))
            if name == "invoice_line_ids":
                found |= fields_of("account.move.line", "create", [[line[2] for line in value]])
    return found


class TestWhatTribeChanges(InvoiceCase):
    """A day on which the stand-in changes whatever it can."""

    fetches_documents = True

    @contextlib.contextmanager
    def noting(self):
        """Note ``{(model, field)}`` that our code writes on Odoo's own models."""
        written = set()

        def noted(model, method, original):
            @wraps(original)
            def call(records, *arguments, **options):
                if is_ours(sys._getframe(1)):
                    given = [*arguments, *options.values()]
                    written.update(fields_of(model, method, given))
                return original(records, *arguments, **options)

            return call

        with contextlib.ExitStack() as stack:
            for model, cls in self.env.registry.items():
                if model.startswith("tribe.") or cls._abstract:
                    continue
                for method in METHODS:
                    original = getattr(cls, method)
                    had = vars(cls).get(method)
                    setattr(cls, method, noted(model, method, original))
                    if had is None:
                        stack.callback(delattr, cls, method)
                    else:
                        stack.callback(setattr, cls, method, had)
            stack.enter_context(self.noting_content(written))
            yield written

    def noting_content(self, written):
        """The content of an attachment is set apart from what else it has."""
        attachments = self.env.registry["ir.attachment"]
        original = attachments._set_attachment_data

        @wraps(original)
        def call(records, *arguments):
            if is_ours(sys._getframe(1)):
                written.add(("ir.attachment", "raw"))
            return original(records, *arguments)

        return patch.object(attachments, "_set_attachment_data", call)

    def test_the_table_is_what_is_written(self):
        with self.noting() as written:
            self.day()

        self.assertFalse(self.open_problems)
        self.assertEqual(written - table(), set(), "not in the table of docs/security.md")
        expected = table() - RARE - self.kept_elsewhere()
        self.assertEqual(expected - written, set(), "in the table, and never written")

    def kept_elsewhere(self):
        """What this database has no field for, or keeps in the field of another addon."""
        fields = self.env["res.partner"]._fields
        return {("res.partner", IN_PLACE[name] if name in fields else name) for name in IN_PLACE}

    def day(self):
        self.relations()
        self.invoices()
        self.open_problems = self.problems()
        self.trouble()

    def relations(self):
        """New, changed in every field, former, and current again."""
        own = self.connection.own_organization_id
        numbers = {"DebtorNumber": "70001", "CreditorNumber": "80001"}
        address = {
            "Street": "Dorpsstraat",
            "HouseNumber": 12,
            "Postalcode": "1012AB",
            "City": "Amsterdam",
        }
        relation = self.sandbox.create(
            "Relation_Organization", {"Name": "Nieuw B.V.", "InvoiceAddress": address, **numbers}
        )
        relationships = [
            (entity_set, self.relate(entity_set, own, Organization=relation["ID"]))
            for entity_set in (
                "Relationship_Organization_CommercialRelationship_Customer",
                "Relationship_Organization_Supplier",
            )
        ]
        person = self.sandbox.create("Relation_Person", {"FirstName": "Jan", "LastName": "Jansen"})
        self.relate("Relationship_Person_CommercialRelationship_Customer", own, Person=person["ID"])
        self.look_at("organization", relation["ID"])
        self.look_at("person", person["ID"])
        partner = self.link(relation["ID"]).partner_id
        row = self.tribe_row("Relation_Organization", relation["ID"])
        code, states = next(iter(self.connection.state_ids.items()))
        country = self.connection.country_ids[code]
        self.sandbox.change(
            "Address",
            row["InvoiceAddress"],
            {
                "Street": "Grote Markt",
                "HouseNumber": 1,
                "Extra": "2e verdieping",
                "Postalcode": "2000",
                "City": "Antwerpen",
                "Country": {"ID": country},
                "State": {"ID": next(iter(states.values()))},
            },
        )
        self.sandbox.change(
            "Relation_Organization",
            relation["ID"],
            {
                "Name": "Anders B.V.",
                "EmailAddress": "anders@klant.example",
                "PhoneNumber": "+32 3 555 55 55",
                "Website": "https://anders.example",
                "VATNumber": "BE0477472701",
                "DebtorNumber": "70002",
                "CreditorNumber": "80002",
            },
        )
        self.sandbox.change("Relation_Person", person["ID"], {"MobilePhoneNumber": "06 12345678"})
        for entity_set, relationship in relationships:
            self.sandbox.change(entity_set, relationship["ID"], {"PaymentTermInDays": 30})
        self.look_at("organization", relation["ID"])
        self.look_at("person", person["ID"])
        self.assertEqual(partner.name, "Anders B.V.")
        for is_former in (True, False):
            for entity_set, relationship in relationships:
                self.sandbox.change(entity_set, relationship["ID"], {"IsFormer": is_former})
            self.look_at("organization", relation["ID"])
            self.assertEqual(partner.active, not is_former)

    def relate(self, entity_set, own, **child):
        links = {name: {"ID": tribe_id} for name, tribe_id in child.items()}
        return self.sandbox.create(entity_set, {"Relation": {"ID": own}, **links})

    def invoices(self):
        """Booked with a VAT that is not Odoo's, with its PDF; credited."""
        credited = self.send_new(*[self.line(10.03) for _line in range(3)])
        self.send_new(self.line(-25.0), CreditedInvoice={"ID": credited})
        self.assertTrue(self.booked_move(credited).reversal_move_ids)

    def trouble(self):
        """What somebody is told of."""
        self.connection.responsible_id = self.env.ref("base.user_admin")
        self.connection.responsible_id.email = "beheer@odoo.example"
        for name in ("Een", "Twee"):
            self.sandbox.create("Relation_Organization", {"Name": name, "DebtorNumber": "77"})
        partner = self.env["res.partner"].create(
            {"name": "Wie", "is_company": True, "customer_rank": 1, "debtor_number": "77"}
        )
        partner.action_synchronize_with_tribe()
        self.run_lanes()
        self.assertTrue(self.problems())
        self.connection.mode = "live"
        self.connection._tell_trouble()
        self.env["tribe.work"].search([("error_class", "=", "person")], limit=1).error = "Anders."
        self.connection._tell_trouble()
        self.env["tribe.work"].search([]).unlink()
        self.connection._tell_trouble()
