"""What the tenant contains: entity types, their properties and navigations.

The single source for $metadata, for validation and for the tables. docs/tribe-api.md.
Types that share a base live in one table (a family), so that base sets are one query.
A function of the switches: names, modules and custom fields differ per tenant.
"""

from dataclasses import dataclass, field, replace

STRING = "Edm.String"
DOUBLE = "Edm.Double"
LONG = "Edm.Int64"
BOOLEAN = "Edm.Boolean"
MOMENT = "Edm.DateTimeOffset"
DATE = "Edm.Date"
GUID = "Edm.Guid"
BINARY = "Edm.Binary"

NAMESPACE = "OData"
ROOT = "Entity"
INVOICE = "Activity_Invoice"
INVOICE_PHASE = "Datastore_Phase_ActivityInvoice"
# An invoice is stored the same way under every switch; the switches only name what is served.
INVOICE_COLUMNS = (
    *("InvoiceMoment", "InvoiceDay", "DueMoment", "DueDay", "IsFinal"),
    *("TotalExcludingVat", "TotalExcludingVatInCurrency"),
    *("TotalIncludingVat", "TotalIncludingVatInCurrency"),
    *("VatAmount", "VatAmountInCurrency", "IsCredit", "Reference", "CreditedInvoice_ID"),
    *("Identity_ID", "IdentityOrganization_ID"),
)
BILLING_TYPES = (INVOICE, "ProductLine", INVOICE_PHASE, "Payment")


@dataclass(frozen=True)
class Property:
    """A scalar: its name on the wire, its Edm type, the column that holds it."""

    name: str
    edm_type: str
    column: str
    read_only: bool = False


@dataclass(frozen=True)
class Navigation:
    """A link. To one: *column* holds the other's ID. To many: *inverse* columns hold ours.

    ``partner`` is the other side's navigation, for $metadata.
    """

    name: str
    target: str
    column: str = ""
    inverse: tuple = ()
    partner: str = ""
    read_only: bool = False

    @property
    def is_collection(self):
        """True for a link to many."""
        return bool(self.inverse)


@dataclass(frozen=True)
class EntityType:
    """A type with everything it has, inherited included.

    ``own`` names what it declares itself, ``required`` what a record cannot be without, ``columns``
    what it stores beside its properties and links.
    """

    name: str
    base: str
    family: str
    properties: dict
    navigations: dict
    own: frozenset
    required: tuple
    is_set: bool = True
    is_abstract: bool = False
    is_read_only: bool = False
    columns: tuple = ()

    @property
    def wire_type(self):
        """The dotted code that ``_Type`` and webhooks carry. docs/tribe-api.md."""
        return self.name.replace("_", ".")


class Schema:
    """All types of a tenant, by name."""

    def __init__(self, types):
        self.types = types
        self._by_wire_type = {one.wire_type: one for one in types.values()}
        self._concrete = {name: self._find_concrete(name) for name in types}

    @property
    def sets(self):
        """Names of the entity sets."""
        return [one.name for one in self.types.values() if one.is_set]

    def of_wire_type(self, wire_type):
        """Return the type with this dotted code."""
        return self._by_wire_type[wire_type]

    def concrete_wire_types(self, name):
        """Return the dotted codes of the records that set *name* contains."""
        return self._concrete[name]

    def is_a(self, name, ancestor):
        """Tell whether type *name* is *ancestor* or derived from it."""
        while name:
            if name == ancestor:
                return True
            name = self.types[name].base if name in self.types else ""
        return False

    def _find_concrete(self, name):
        return tuple(
            one.wire_type
            for one in self.types.values()
            if not one.is_abstract and self.is_a(one.name, name)
        )


@dataclass
class Declaration:
    """How a type is written down below, before inheritance is worked out."""

    name: str
    base: str
    properties: list = field(default_factory=list)
    navigations: list = field(default_factory=list)
    options: dict = field(default_factory=dict)


def scalars(edm_type, names):
    """Return a property per word in *names*, stored under its own name."""
    return [Property(name, edm_type, name) for name in names.split()]


def computed(properties):
    """Return *properties* as read-only."""
    return [replace(one, read_only=True) for one in properties]


def link(name, target, partner=""):
    """Return a navigation to one."""
    return Navigation(name, target, column=f"{name}_ID", partner=partner)


def many(name, target, *through, read_only=False):
    """Return a navigation to all *target* records whose navigation in *through* points here."""
    columns = tuple(f"{one}_ID" for one in through)
    return Navigation(name, target, inverse=columns, partner=through[0], read_only=read_only)


def build_schema(switches):
    """Return the Schema of the tenant that *switches* describe."""
    declarations = _declarations(switches)
    if not switches.billing_module:
        declarations = [one for one in declarations if one.name not in BILLING_TYPES]
    names = {one.name for one in declarations}
    types = {}
    for declaration in declarations:
        types[declaration.name] = _resolve(declaration, types, names)
    return Schema(types)


def encode_custom_name(identifier):
    """Return the wire name of a custom field with this UUID. docs/tribe-api.md."""
    encoded = identifier.replace("-", "__")
    return f"_{encoded}" if encoded[0].isdigit() else encoded


def _resolve(declaration, types, names):
    base = types.get(declaration.base)
    properties = dict(base.properties) if base else {}
    navigations = dict(base.navigations) if base else {}
    own_navigations = [one for one in declaration.navigations if one.target in names]
    properties.update({one.name: one for one in declaration.properties})
    navigations.update({one.name: one for one in own_navigations})
    own = {one.name for one in declaration.properties} | {one.name for one in own_navigations}
    options = dict(declaration.options)
    inherited = base.required if base else ()
    inherits_family = base is not None and base.name != ROOT
    family = base.family if inherits_family else declaration.name
    if inherits_family and base.is_read_only:
        options.setdefault("is_read_only", True)
    return EntityType(
        declaration.name,
        declaration.base,
        family,
        properties,
        navigations,
        frozenset(own),
        (*inherited, *options.pop("required", ())),
        **options,
    )


def _declarations(switches):
    declarations = [
        _root(switches),
        *_relations(switches),
        *_relationships(),
        *_datastores(),
        *_products(switches),
        *_activities(switches),
        *_files_and_webhooks(),
    ]
    _add_custom_fields(declarations, switches.custom_fields)
    _remove_fields(declarations, switches.absent_fields)
    return declarations


def _remove_fields(declarations, paths):
    by_name = {one.name: one for one in declarations}
    for path in paths:
        type_name, _slash, name = path.partition("/")
        declaration = by_name[type_name]
        declaration.properties[:] = [one for one in declaration.properties if one.name != name]
        declaration.navigations[:] = [one for one in declaration.navigations if one.name != name]


def _add_custom_fields(declarations, custom_fields):
    by_name = {one.name: one for one in declarations}
    for custom in custom_fields:
        name = encode_custom_name(custom["id"])
        edm_type = custom.get("edm_type", STRING)
        by_name[custom["type"]].properties.append(Property(name, edm_type, name))


ABSTRACT = {"is_abstract": True}
HIDDEN = {"is_abstract": True, "is_set": False}


def _root(switches):
    return Declaration(
        ROOT,
        "",
        [
            *computed(scalars(GUID, "ID")),
            *computed(scalars(STRING, "_Type _Name")),
            *scalars(DOUBLE, "SortIndex"),
            *computed(scalars(MOMENT, "CreationDate LastMutationDate")),
            *scalars(MOMENT, "CloseDate Start End Deadline"),
            *scalars(BOOLEAN, "IsActive IsClosed IsRoot IsExclusion"),
            *computed(scalars(DOUBLE, "NumberOfNotes NumberOfAttachments")),
            *(scalars(STRING, "ImportId") if switches.import_id else []),
        ],
        [many("Attachments", "Attachment", "Entity"), many("Notes", "Note", "Entity")],
        HIDDEN,
    )


def _relations(switches):
    return [
        Declaration(
            "Relation",
            ROOT,
            [
                *scalars(STRING, "DebtorNumber CreditorNumber"),
                *scalars(LONG, "Number"),
                *scalars(STRING, "IBAN BIC BankName EmailAddress PhoneNumber"),
                *scalars(STRING, "Facebook Twitter LinkedIn Instagram YouTube Blog"),
                *(scalars(STRING, "Name") if switches.relation_name else []),
            ],
            [
                link("Language", "Datastore_Language"),
                many("Addresses", "Address", "Relation"),
                many(
                    "Relationships",
                    "Relationship",
                    "Relation",
                    "Organization",
                    "Person",
                    read_only=True,
                ),
            ],
            ABSTRACT,
        ),
        Declaration(
            "Relation_Organization",
            "Relation",
            [
                *scalars(STRING, "Name"),
                *scalars(STRING, "FinancialEmailAddress Website VATNumber"),
                *scalars(STRING, "ChamberOfCommerceNumber ChamberOfCommerceName OIN"),
                *scalars(LONG, "RSIN EstablishmentNumber NumberOfEmployees"),
                *scalars(DATE, "FoundingDate EstablishmentDate DiscontinuationDate"),
                *scalars(DATE, "IssueDate ExpirationDate"),
                *scalars(STRING, "CompanyActivity CoCDescription"),
            ],
            [
                link("VisitingAddress", "Address"),
                link("PostalAddress", "Address"),
                link("InvoiceAddress", "Address"),
                link("Branch", "Datastore_Branch"),
            ],
            {"required": ("Name",)},
        ),
        Declaration(
            "Relation_Person",
            "Relation",
            [
                *scalars(STRING, "FirstName MiddleName"),
                *scalars(STRING, "LastName"),
                *scalars(STRING, "Initials Title Suffix MobilePhoneNumber"),
                *scalars(DATE, "BirthDate"),
                *computed(scalars(STRING, "BirthDay Name SortName")),
            ],
            [
                link("Address", "Address"),
                link("Gender", "Datastore_Gender"),
                link("Picture", "File"),
            ],
            {"required": ("LastName",)},
        ),
        Declaration(
            "Address",
            ROOT,
            [
                *scalars(STRING, "Street"),
                *scalars(DOUBLE, "HouseNumber"),
                *scalars(STRING, "HouseNumberSuffix Extra Postalcode City"),
                *scalars(DOUBLE, "Latitude Longitude"),
            ],
            [
                link("Relation", "Relation", "Addresses"),
                link("Person", "Relation_Person"),
                link("Organization", "Relation_Organization"),
                link("AddressType", "Datastore_AdressType"),
                link("Country", "Datastore_Country"),
                link("State", "Datastore_State"),
            ],
        ),
    ]


def _relationships():
    funnel = ("Suspect", "Lead", "HotProspect", "Prospect", "Customer")
    commercial = [
        *scalars(MOMENT, "UpgradeDate DowngradeDate"),
        *scalars(BOOLEAN, "MailingOptOut IsMasterAccount"),
        *scalars(LONG, "PaymentTermInDays"),
    ]
    manager = link("AccountManager", "Relationship_Person_Contact_Employee")
    organization_base = "Relationship_Organization_CommercialRelationship"
    person_base = "Relationship_Person_CommercialRelationship"
    return [
        Declaration(
            "Relationship",
            ROOT,
            [
                *scalars(STRING, "Name"),
                *computed(scalars(STRING, "SortName")),
                *scalars(BOOLEAN, "IsFormer"),
                *scalars(MOMENT, "FormerDate"),
            ],
            [
                link("Relation", "Relation"),
                link("Organization", "Relation_Organization"),
                link("Person", "Relation_Person"),
            ],
            {**ABSTRACT, "required": ("Relation",)},
        ),
        *[
            Declaration(
                f"Relationship_{child}", "Relationship", [], [], {**HIDDEN, "required": (child,)}
            )
            for child in ("Organization", "Person")
        ],
        Declaration(
            organization_base, "Relationship_Organization", commercial, [manager], ABSTRACT
        ),
        *[Declaration(f"{organization_base}_{stage}", organization_base) for stage in funnel],
        Declaration(person_base, "Relationship_Person", commercial, [manager], ABSTRACT),
        *[Declaration(f"{person_base}_{stage}", person_base) for stage in ("Lead", "Customer")],
        Declaration(
            "Relationship_Organization_Supplier",
            "Relationship_Organization",
            [*scalars(LONG, "PaymentTermInDays"), *scalars(BOOLEAN, "MailingOptOut")],
            [manager],
        ),
        Declaration("Relationship_Organization_Identity", "Relationship_Organization"),
        Declaration(
            "Relationship_Person_Contact",
            "Relationship_Person",
            scalars(STRING, "EmailAddress PhoneNumber MobilePhoneNumber Department"),
            [link("Role", "Datastore_Role")],
            ABSTRACT,
        ),
        Declaration("Relationship_Person_Contact_Standard", "Relationship_Person_Contact"),
        Declaration("Relationship_Person_Contact_Employee", "Relationship_Person_Contact"),
    ]


def _datastores():
    plain = "AdressType Branch Gender GeneralLedgerAccount Language PaymentMethod PaymentStatus"
    return [
        Declaration(
            "Datastore",
            ROOT,
            [*scalars(STRING, "Name Code LocalizedName"), *scalars(BOOLEAN, "IsDefault")],
            [],
            {"is_abstract": True, "is_read_only": True},
        ),
        *[Declaration(f"Datastore_{name}", "Datastore") for name in plain.split()],
        *[Declaration(f"Datastore_{name}", "Datastore") for name in ("Role", "Unit")],
        Declaration(
            "Datastore_Country",
            "Datastore",
            [*scalars(BOOLEAN, "HasIntraCommunityVat"), *scalars(STRING, "CountryNumber")],
            [many("States", "Datastore_State", "Country")],
        ),
        Declaration(
            "Datastore_State", "Datastore", [], [link("Country", "Datastore_Country", "States")]
        ),
        Declaration(
            "Datastore_VatGroup",
            "Datastore",
            scalars(DOUBLE, "Percentage"),
            [link("Country", "Datastore_Country")],
        ),
        Declaration("Datastore_Phase", "Datastore", [], [], ABSTRACT),
        Declaration(INVOICE_PHASE, "Datastore_Phase"),
    ]


def _products(switches):
    return [
        Declaration("ProductGroup", ROOT, scalars(STRING, "Name Code")),
        Declaration(
            "Product",
            ROOT,
            [
                *scalars(STRING, "Name"),
                *scalars(STRING, "LocalizedName Code Description"),
                *scalars(DOUBLE, "SalesPrice PurchasePrice StockLevel"),
                *scalars(BOOLEAN, "IsVatIncluded IsInactive IsDividable IsPriceEditable"),
                *scalars(BOOLEAN, "IsVatEditable IsDescriptionEditable"),
                *_price_of_examples(switches),
            ],
            [
                link("ProductGroup", "ProductGroup"),
                link("Unit", "Datastore_Unit"),
                link("VatGroup", "Datastore_VatGroup"),
                link("GeneralLedgerAccount", "Datastore_GeneralLedgerAccount"),
                many("ProductLine", "ProductLine", "Product", read_only=True),
            ],
            {"required": ("Name",)},
        ),
    ]


def _price_of_examples(switches):
    price = Property("Price", DOUBLE, "SalesPrice", read_only=True)
    return [price] if switches.product_price else []


def _activities(switches):
    return [
        Declaration(
            "Activity",
            ROOT,
            scalars(STRING, "Subject RelationDescription"),
            [
                link("Relationship", "Relationship"),
                link("Contact", "Relationship_Person_Contact"),
            ],
            ABSTRACT,
        ),
        Declaration(
            INVOICE,
            "Activity",
            _invoice_properties(switches),
            _invoice_navigations(switches),
            {"columns": INVOICE_COLUMNS},
        ),
        Declaration(
            "ProductLine",
            ROOT,
            [
                *scalars(STRING, "Description LocalizedDescription ExtraDescription"),
                *scalars(DOUBLE, "Quantity Price PriceInCurrency PurchasePrice"),
                *computed(scalars(DOUBLE, "TotalPurchasePrice")),
                *scalars(DOUBLE, "DiscountPercentage"),
                *computed(scalars(STRING, "Currency")),
                *scalars(BOOLEAN, "IsPriceManuallyChanged IsBilled IsProcessableInParent"),
                *computed(scalars(DOUBLE, "Total TotalExcludingVat TotalIncludingVat")),
                *computed(scalars(DOUBLE, "TotalInCurrency TotalExcludingVatInCurrency")),
                *computed(scalars(DOUBLE, "TotalIncludingVatInCurrency VatPercentage")),
                *computed(scalars(DOUBLE, "VatAmount VatAmountInCurrency")),
                *computed(scalars(DOUBLE, "VatAmountIncludingDiscount")),
                *computed(scalars(DOUBLE, "VatAmountIncludingDiscountInCurrency")),
                *scalars(MOMENT, "StartDate EndDate"),
            ],
            [
                link("Product", "Product", "ProductLine"),
                link("VatGroup", "Datastore_VatGroup"),
                *_line_navigations(switches),
            ],
            {"columns": ("Activity_ID",)},
        ),
        Declaration(
            "Payment",
            ROOT,
            [
                *scalars(DOUBLE, "Amount"),
                *scalars(STRING, "Currency Reference Provider PayLink ExtraInfo Metadata"),
                *scalars(MOMENT, "CreatedAt UpdatedAt"),
            ],
            [
                link("Invoice", INVOICE, "Payments"),
                link("PaymentMethod", "Datastore_PaymentMethod"),
                link("PaymentStatus", "Datastore_PaymentStatus"),
            ],
        ),
    ]


def _invoice_properties(switches):
    date_columns = {MOMENT: ("InvoiceMoment", "DueMoment"), DATE: ("InvoiceDay", "DueDay")}
    invoice_date, due_date = date_columns[switches.invoice_date_type]
    tenant_names = [
        Property(switches.invoice_date_name, switches.invoice_date_type, invoice_date),
        Property(switches.due_date_name, switches.invoice_date_type, due_date),
        Property(switches.final_flag_name, BOOLEAN, "IsFinal"),
        *_total(switches.total_excluding_vat_name, "TotalExcludingVat"),
        *_total(switches.total_including_vat_name, "TotalIncludingVat"),
        *_total(switches.vat_amount_name, "VatAmount"),
    ]
    return [
        *computed(scalars(STRING, "Number")),
        *computed(scalars(DOUBLE, "Amount")),
        *scalars(STRING, "Currency"),
        *scalars(BOOLEAN, "IsVatIncluded"),
        *scalars(DOUBLE, "DiscountPercentage"),
        *computed([one for one in tenant_names if one.name]),
        *_optional(switches.credit_mark_name, BOOLEAN, "IsCredit"),
        *_optional(switches.reference_name, STRING, "Reference"),
    ]


def _optional(name, edm_type, column):
    return [Property(name, edm_type, column)] if name else []


def _total(name, column):
    if not name:
        return []
    return [
        Property(name, DOUBLE, column),
        Property(f"{name}InCurrency", DOUBLE, f"{column}InCurrency"),
    ]


def _invoice_navigations(switches):
    target, column = {
        "identity": ("Relationship_Organization_Identity", "Identity_ID"),
        "organization": ("Relation_Organization", "IdentityOrganization_ID"),
    }[switches.legal_entity_means]
    tenant_names = [
        Navigation(switches.legal_entity_name, target, column=column),
        Navigation(switches.credit_link_name, INVOICE, column="CreditedInvoice_ID"),
    ]
    lines = Navigation(
        "ProductLines",
        "ProductLine",
        inverse=("Activity_ID",),
        partner=switches.line_invoice_name,
    )
    return [
        link("Phase", INVOICE_PHASE),
        lines,
        link("PaymentMethod", "Datastore_PaymentMethod"),
        many("Payments", "Payment", "Invoice"),
        *[one for one in tenant_names if one.name],
    ]


def _line_navigations(switches):
    if not switches.line_invoice_name:
        return []
    name = switches.line_invoice_name
    return [Navigation(name, INVOICE, column="Activity_ID", partner="ProductLines")]


def _files_and_webhooks():
    return [
        Declaration(
            "File",
            ROOT,
            [*scalars(STRING, "Name MimeType"), *computed(scalars(STRING, "Url"))]
            + scalars(BINARY, "Data"),
        ),
        Declaration(
            "Attachment",
            ROOT,
            [
                *scalars(STRING, "Description ContentId Version"),
                *scalars(BOOLEAN, "IsVisibleInSupportPortal"),
            ],
            [
                link("Entity", ROOT, "Attachments"),
                link("File", "File"),
                link("Invoice", INVOICE),
            ],
        ),
        Declaration(
            "Note",
            ROOT,
            [*scalars(STRING, "Content"), *scalars(BOOLEAN, "IsPinned")],
            [link("Entity", ROOT, "Notes")],
        ),
        Declaration(
            "Webhook",
            ROOT,
            scalars(STRING, "EntityType WebhookUrl"),
            [],
            {"is_read_only": True, "columns": ("Headers",)},
        ),
    ]
