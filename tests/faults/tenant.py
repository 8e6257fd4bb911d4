"""One tenant of Tribe, the connection with it, and what people do with its customers."""

import functools
import time

from end_to_end.waiting import until
from end_to_end.world import World

CUSTOMER = "Relationship_Organization_CommercialRelationship_Customer"
IDENTITY = "Relationship_Organization_Identity"


class Tenant(World):
    """Both systems, seen from one of the tenants."""

    @functools.cached_property
    def company_id(self) -> int:
        """The company whose customers go to this tenant."""
        own = [["id", "=", self.connection_id]]
        (row,) = self.odoo.rows("tribe.connection", own, ["company_id"])
        return row["company_id"][0]

    def make_in_odoo(self, marker: str, values: dict, *, under: int | None = None) -> int:
        """Save a customer in Odoo, perhaps a subsidiary of one; returns the ID of the partner."""
        (nl,) = self.odoo.call("res.country", "search", domain=[["code", "=", "NL"]])
        return self.odoo.create(
            "res.partner",
            **values,
            street=f"Kerkstraat {len(marker)}",
            zip="1012 AB",
            country_id=nl,
            is_company=True,
            customer_rank=1,
            company_id=self.company_id,
            # With another type it has an address of its own.
            **({"parent_id": under, "type": "other"} if under else {}),
        )

    def make_in_tribe(self, marker: str, values: dict) -> tuple[str, str]:
        """Make a customer in Tribe; returns the IDs of the relation and of the relationship."""
        return self.make_customer_of(
            {
                "Name": values["name"],
                "EmailAddress": values["email"],
                "PhoneNumber": values["phone"],
                "InvoiceAddress": {"City": values["city"], "Street": marker},
            }
        )

    def make_customer_of(self, organization_fields: dict) -> tuple[str, str]:
        """Make a customer in Tribe with these fields; returns the IDs as ``make_in_tribe``."""
        organization = self.sandbox.create("Relation_Organization", organization_fields)
        relationship = self.sandbox.create(
            CUSTOMER,
            {"Relation": {"ID": self.own_id}, "Organization": {"ID": organization["ID"]}},
        )
        return organization["ID"], relationship["ID"]

    @property
    def own_id(self) -> str:
        """Our own organization in Tribe, which every customer belongs to."""
        return self.sandbox.rows(IDENTITY)[0]["Relation"]

    def edit_in_tribe(self, relation_id: str, name: str, value) -> None:
        """Change one field of a customer as a person in Tribe."""
        names = {"name": "Name", "email": "EmailAddress", "phone": "PhoneNumber"}
        if name != "city":
            self.sandbox.change("Relation_Organization", relation_id, {names[name]: value})
            return
        (row,) = self.sandbox.rows("Relation_Organization", ID=relation_id)
        self.sandbox.change("Address", row["InvoiceAddress"], {"City": value})

    # Another day in Tribe

    def back_up(self) -> None:
        """Keep what Tribe has now. Nothing else is written within this second: its dates have no
        more than seconds.
        """
        _wait_for_a_new_second()
        self.sandbox.back_up()
        _wait_for_a_new_second()

    def have_looked_at(self, markers) -> None:
        """Have somebody look at customers: of a restored backup Tribe tells nobody."""
        own = [["company_id", "=", self.company_id]]
        partners = self.odoo.rows("res.partner", own, ["name"])
        looked_at = [each["id"] for each in partners if marker_of(each["name"]) in markers]
        self.odoo.call("res.partner", "action_synchronize_with_tribe", looked_at)

    # Looking

    def relations(self, markers) -> dict[str, list[dict]]:
        """What it has of the customers that some markers name: ``{marker: [row]}``."""
        cities = {row["ID"]: row["City"] for row in self.sandbox.rows("Address")}
        found: dict[str, list[dict]] = {}
        for row in self.sandbox.rows("Relation_Organization"):
            marker = marker_of(row["Name"])
            if marker in markers:
                found.setdefault(marker, []).append(
                    {
                        "id": row["ID"],
                        "name": row["Name"],
                        "email": row["EmailAddress"],
                        "phone": row["PhoneNumber"],
                        "city": cities.get(row["InvoiceAddress"]),
                        "number": row["DebtorNumber"],
                        "company": self.company_id,
                    }
                )
        return found

    def relationships(self) -> dict[str, list[dict]]:
        """How each relation is a customer: ``{ID: [row]}``."""
        found: dict[str, list[dict]] = {}
        for row in self.sandbox.rows(CUSTOMER):
            found.setdefault(row["Organization"], []).append({"active": not row["IsFormer"]})
        return found


def marker_of(name: str) -> str:
    """How the name of a customer begins."""
    return (name or "").partition(" ")[0]


def _wait_for_a_new_second() -> None:
    second = int(time.time())
    until("a new second", lambda: int(time.time()) != second, pause=0.01)
