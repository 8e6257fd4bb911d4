"""What people make in Tribe."""

from tribe_sandbox.process import SandboxProcess

ORGANIZATION = "Relation_Organization"
CUSTOMER = "Relationship_Organization_CommercialRelationship_Customer"


def make_relation(sandbox: SandboxProcess, own_id: str, number: int) -> str:
    """An organization with a number and a customer relationship, without an address; its ID."""
    row = sandbox.create(
        ORGANIZATION,
        {
            "Name": f"Bouwbedrijf {number} B.V.",
            "DebtorNumber": f"{500_000 + number}",
            "EmailAddress": f"administratie@klant{number}.example",
            "PhoneNumber": f"+31 20 {number:07d}",
        },
    )
    ends = {"Relation": {"ID": own_id}, "Organization": {"ID": row["ID"]}}
    sandbox.create(CUSTOMER, ends)
    return row["ID"]
