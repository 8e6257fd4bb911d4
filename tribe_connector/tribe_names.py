"""What Tribe calls its sets, types and navigations (docs/tribe-api.md)."""

RELATION_SETS = {"organization": "Relation_Organization", "person": "Relation_Person"}
# Sets of relationships, and the navigation from there to the relation.
ORGANIZATION_CUSTOMER = "Relationship_Organization_CommercialRelationship_Customer"
PERSON_CUSTOMER = "Relationship_Person_CommercialRelationship_Customer"
SUPPLIER = "Relationship_Organization_Supplier"
RELATIONSHIP_SETS = {
    "organization": {"customer": ORGANIZATION_CUSTOMER, "supplier": SUPPLIER},
    "person": {"customer": PERSON_CUSTOMER},
}
NAVIGATIONS = {"organization": "Organization", "person": "Person"}
# When a record was last changed in Tribe; not every tenant keeps it up to date.
STAMP = "LastMutationDate"
ADDRESS_NAVIGATIONS = {
    "organization": ("InvoiceAddress", "PostalAddress", "VisitingAddress"),
    "person": ("Address",),
}
# Kinds of work about something that belongs to a relation: its set, and the relation's kind.
RELATIONSHIPS = {
    "customer": (ORGANIZATION_CUSTOMER, "organization"),
    "supplier": (SUPPLIER, "organization"),
    "person_customer": (PERSON_CUSTOMER, "person"),
}
INVOICE_SET = "Activity_Invoice"
IDENTITY_SET = "Relationship_Organization_Identity"
PHASE_SET = "Datastore_Phase_ActivityInvoice"
INVOICING_SETS = {"Activity_Invoice", "ProductLine", PHASE_SET, "Datastore_VatGroup", "Product"}
CUSTOMER_SETS = (ORGANIZATION_CUSTOMER, PERSON_CUSTOMER)
# Of which kinds of relation the rows of a stream are a part: those relations are looked at.
PARTS_OF = {
    **{stream: (kind,) for stream, (_set, kind) in RELATIONSHIPS.items()},
    "address": tuple(NAVIGATIONS),
}
