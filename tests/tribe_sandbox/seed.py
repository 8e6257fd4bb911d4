"""The first contents of the tenant: the same for the same seed, day and sizes, IDs included.

docs/tribe-api.md. Awkward values are meant: white space around a name, an empty e-mail,
numbers such as 12-14, one address in two roles, rows that were never edited.
"""

import datetime
import random
import uuid
from dataclasses import dataclass

from . import invoices, vat_numbers
from .moments import AMSTERDAM, written
from .names import computed_names
from .schema import encode_custom_name
from .seed_words import (
    CITIES,
    COUNTRIES,
    DATASTORES,
    FIRST_NAMES,
    LEGAL_FORMS,
    PRODUCTS,
    STATES,
    STREETS,
    SUFFIXES,
    SURNAMES,
    TRADES,
    VAT_GROUPS,
)

CUSTOMER = "Relationship.Organization.CommercialRelationship.Customer"
SUPPLIER = "Relationship.Organization.Supplier"
FUNNEL = ("Suspect", "Lead", "HotProspect", "Prospect")
INVOICE = "Activity.Invoice"
COUNTRY_WEIGHTS = {"NL": 80, "BE": 8, "DE": 6, "DK": 3, "SE": 3}
VAT_PERCENTAGES = {code: percentage for code, _, percentage, _ in VAT_GROUPS}


@dataclass(frozen=True)
class Size:
    """What to seed: *seed* and *today* (a date) decide the values, the rest how many."""

    seed: int
    relations: int
    invoices: int
    today: datetime.date


def fill(store, switches, size):
    """Fill an empty store inside a transaction that the caller holds."""
    seeder = Seeder(store, switches, size)
    seeder.settings()
    seeder.own_organisation()
    seeder.relations()
    seeder.invoices()
    seeder.save()


def phase_row_id(code):
    """Return the ID of a phase that the tenant added later, always the same for a code."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"phase {code}"))


class Seeder:
    """Makes rows family by family and inserts them at the end."""

    def __init__(self, store, switches, size):
        self._store = store
        self._switches = switches
        self._size = size
        self._rng = random.Random(size.seed)
        self._rows = {}
        self._datastore = {}
        self._customers = []
        self._identities = []
        self._products = []
        self._debtors = 10000
        self._creditors = 50000

    def save(self):
        """Insert everything that was made."""
        if self._switches.child_touches_parent:
            self._date_parents()
        if self._switches.phase_touches_invoice:
            self._date_sent_invoices()
        for family, rows in self._rows.items():
            self._store.insert_many(family, rows)

    def _date_parents(self):
        """As if each address had been changed in this tenant: its relation changed with it."""
        relations = {row["ID"]: row for row in self._rows.get("Relation", ())}
        for address in self._rows.get("Address", ()):
            self._date(relations[address["Relation_ID"]], address["LastMutationDate"])

    def _date_sent_invoices(self):
        for invoice in self._rows.get("Activity", ()):
            self._date(invoice, invoice["InvoiceMoment"])

    @staticmethod
    def _date(row, moment):
        row["LastMutationDate"] = max(row["LastMutationDate"] or "", moment or "") or None

    # --- building blocks ----------------------------------------------------------------------

    def _add(self, family, wire_type, **columns):
        row = dict.fromkeys(self._store.families[family])
        row.update(ID=self._new_id(), _Type=wire_type, CreationDate=self._past_moment())
        row.update(columns)
        row.update({k: v for k, v in computed_names(family, wire_type, row).items() if v})
        self._rows.setdefault(family, []).append(row)
        return row

    def _new_id(self):
        return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))

    def _past_moment(self):
        seconds = self._rng.randint(86400, 3 * 365 * 86400)
        return written(self._noon() - datetime.timedelta(seconds=seconds))

    def _noon(self):
        day = self._size.today
        return datetime.datetime(day.year, day.month, day.day, 12, tzinfo=AMSTERDAM)

    def _sometimes(self, percentage):
        return self._rng.random() * 100 < percentage

    def _maybe_edited(self, row):
        if self._sometimes(40):
            hours = self._rng.randint(1, 24 * 200)
            edited = written(self._noon() - datetime.timedelta(days=1, hours=hours))
            row["LastMutationDate"] = max(edited, row["CreationDate"])

    # --- settings -----------------------------------------------------------------------------

    def settings(self):
        """Datastores and products."""
        for code, name, intra_community, number in COUNTRIES:
            row = self._datastore_row("Country", code, name)
            row.update(HasIntraCommunityVat=intra_community, CountryNumber=number)
        for code, name, percentage, country in VAT_GROUPS:
            row = self._datastore_row("VatGroup", code, name)
            row.update(Percentage=percentage, Country_ID=self._id("Country", country))
        for kind, entries in DATASTORES.items():
            for code, name in entries:
                self._datastore_row(kind, code, name)
        self._datastore["Phase_ActivityInvoice", "Draft"]["Code"] = (
            self._switches.draft_code or None
        )
        for country, code, name in STATES:
            row = self._datastore_row("State", code or name, name)
            row.update(Code=code or None, Country_ID=self._id("Country", country))
        self._make_products()

    def _datastore_row(self, kind, code, name):
        wire_type = f"Datastore.{kind}".replace("_", ".")
        is_default = int(not any(key[0] == kind for key in self._datastore))
        row = self._add(
            "Datastore", wire_type, Code=code, Name=name, LocalizedName=name, IsDefault=is_default
        )
        self._datastore[kind, code] = row
        return row

    def _id(self, kind, code):
        row = self._datastore.get((kind, code))
        return row["ID"] if row else None

    def _make_products(self):
        group = self._add("ProductGroup", "ProductGroup", Name="Algemeen", Code="ALG")
        for index in range(30):
            name, vat_group, account, unit = PRODUCTS[index % len(PRODUCTS)]
            price = self._price()
            row = self._add(
                "Product",
                "Product",
                Name=name if index < len(PRODUCTS) else f"{name} {index // len(PRODUCTS) + 1}",
                Code=f"ART-{index + 1:03d}",
                SalesPrice=price,
                PurchasePrice=round(price * 0.6, 4),
                IsVatIncluded=0,
                IsInactive=0,
                ProductGroup_ID=group["ID"],
                VatGroup_ID=self._id("VatGroup", vat_group),
                GeneralLedgerAccount_ID=self._id("GeneralLedgerAccount", account),
                Unit_ID=self._id("Unit", unit),
            )
            self._products.append((row, vat_group))

    def _price(self):
        decimals = self._rng.choice((0, 2, 2, 2, 3, 4))
        return round(self._rng.uniform(1, 750), decimals)

    # --- our own side -------------------------------------------------------------------------

    def own_organisation(self):
        """The own organisation, its legal entities and two employees."""
        if self._switches.legal_entities == 1:
            self._own = self._legal_entity_organisation("Voorbeeld Verkoop B.V.")
            organisations = [self._own]
        else:
            self._own = self._legal_entity_organisation("Voorbeeld Groep B.V.")
            names = ("Voorbeeld Verkoop B.V.", "Voorbeeld Diensten B.V.")
            organisations = [self._legal_entity_organisation(name) for name in names]
        for organisation in organisations:
            self._identities.append(
                self._role("Relationship.Organization.Identity", organisation, "Organization_ID")
            )
        # The first employee is the virtual user that a program runs as.
        for first, last in (("Tribe", "API"), ("Marloes", "Medewerker")):
            person = self._add("Relation", "Relation.Person", FirstName=first, LastName=last)
            self._role("Relationship.Person.Contact.Employee", person, "Person_ID")

    def _legal_entity_organisation(self, name):
        row = self._add(
            "Relation",
            "Relation.Organization",
            Name=name,
            VATNumber=vat_numbers.make("NL", self._rng),
            ChamberOfCommerceNumber=str(self._rng.randint(10000000, 99999999)),
            EmailAddress="administratie@voorbeeld.example",
        )
        self._give_address(row, "NL", ("VisitingAddress", "InvoiceAddress"), "Organization_ID")
        return row

    def _role(self, wire_type, child, child_column, **columns):
        return self._add(
            "Relationship",
            wire_type,
            **{
                "Name": child["_Name"],
                "Relation_ID": self._own["ID"],
                child_column: child["ID"],
                **columns,
            },
        )

    # --- relations ----------------------------------------------------------------------------

    def relations(self):
        """Two organisations for each person, with their roles."""
        for index in range(self._size.relations):
            if index % 3 == 2:
                self._person(index)
            else:
                self._organisation(index)

    def _organisation(self, index):
        country = self._country()
        prefix, surname = self._rng.choice(SURNAMES)
        trade = self._rng.choice(TRADES)
        form = self._rng.choice(LEGAL_FORMS[country])
        name = " ".join(part for part in (prefix, surname, trade, form) if part)
        row = self._add(
            "Relation",
            "Relation.Organization",
            Name=self._spaced(index, name),
            Number=1000 + index,
            EmailAddress=self._email(index, f"info@relatie{index + 1}.example"),
            FinancialEmailAddress=f"facturen@relatie{index + 1}.example"
            if index % 5 == 0
            else None,
            PhoneNumber=f"+31 20 {5000000 + index}",
            Website=f"https://www.relatie{index + 1}.example" if index % 2 else None,
            VATNumber=vat_numbers.make(country, self._rng) if index % 10 else None,
            ChamberOfCommerceNumber=str(60000000 + index) if country == "NL" else None,
        )
        self._give_address(row, country, self._slots(index), "Organization_ID")
        self._organisation_roles(row)
        self._custom_values(row, index)
        self._maybe_edited(row)

    def _country(self):
        return self._rng.choices(list(COUNTRY_WEIGHTS), list(COUNTRY_WEIGHTS.values()))[0]

    def _spaced(self, index, name):
        return f"  {name} " if index % 40 == 7 else name

    def _email(self, index, address):
        return "" if index % 25 == 3 else address

    def _slots(self, index):
        return (
            ("VisitingAddress",),
            ("VisitingAddress", "InvoiceAddress"),
            ("VisitingAddress", "PostalAddress", "InvoiceAddress"),
            ("InvoiceAddress",),
            (),
        )[index % 5]

    def _give_address(self, relation, country, slots, column):
        if not slots:
            return
        first = self._address(relation, country, column)
        relation.update({f"{slot}_ID": first["ID"] for slot in slots})
        # About half of the relations use one address in all roles; the others have a second one.
        if len(slots) > 1 and self._sometimes(50):
            second = self._address(relation, country, column)
            relation[f"{slots[-1]}_ID"] = second["ID"]

    def _address(self, relation, country, column):
        city, postal_code = self._rng.choice(CITIES[country])
        row = self._add(
            "Address",
            "Address",
            Street=self._rng.choice(STREETS[country]),
            HouseNumber=float(self._rng.randint(1, 250)),
            HouseNumberSuffix=self._rng.choice(SUFFIXES),
            Extra="t.a.v. de administratie" if self._sometimes(8) else None,
            Postalcode=postal_code,
            City=city,
            **{
                "Country_ID": self._id("Country", country),
                "Relation_ID": relation["ID"],
                column: relation["ID"],
            },
        )
        self._maybe_edited(row)
        return row

    def _organisation_roles(self, row):
        draw = self._rng.random() * 100
        if draw < 70:
            self._customer(row, CUSTOMER, "Organization_ID", former=draw < 6)
        if 60 <= draw < 85:
            self._supplier(row, former=draw > 83)
        if draw >= 85:
            stage = self._rng.choice(FUNNEL)
            wire_type = f"Relationship.Organization.CommercialRelationship.{stage}"
            self._role(wire_type, row, "Organization_ID")

    def _customer(self, row, wire_type, column, former):
        relationship = self._role(
            wire_type,
            row,
            column,
            PaymentTermInDays=self._rng.choice((None, 0, 8, 14, 30, 30, 60)),
            **self._former(former),
        )
        if self._sometimes(70):
            self._debtors += 1
            row["DebtorNumber"] = str(self._debtors)
        if not former:
            self._customers.append(relationship)
        self._maybe_edited(relationship)

    def _supplier(self, row, former):
        relationship = self._role(
            SUPPLIER,
            row,
            "Organization_ID",
            PaymentTermInDays=self._rng.choice((None, 14, 30)),
            **self._former(former),
        )
        if self._sometimes(70):
            self._creditors += 1
            row["CreditorNumber"] = str(self._creditors)
        self._maybe_edited(relationship)

    def _former(self, former):
        return {"IsFormer": 1, "FormerDate": self._past_moment()} if former else {}

    def _person(self, index):
        prefix, surname = self._rng.choice(SURNAMES)
        first = self._rng.choice(FIRST_NAMES)
        row = self._add(
            "Relation",
            "Relation.Person",
            FirstName=self._spaced(index, first),
            MiddleName=prefix or None,
            LastName=surname,
            Initials=f"{first[0]}.",
            Number=1000 + index,
            EmailAddress=self._email(index, f"persoon{index + 1}@post.example"),
            PhoneNumber=f"030-{2000000 + index}" if index % 2 else None,
            MobilePhoneNumber=f"06-{10000000 + index}",
            BirthDate=f"{1950 + index % 50}-{index % 12 + 1:02d}-{index % 28 + 1:02d}",
        )
        slots = ("Address",) if index % 4 else ()
        self._give_address(row, self._country(), slots, "Person_ID")
        self._person_role(row)
        self._maybe_edited(row)

    def _person_role(self, row):
        draw = self._rng.random() * 100
        base = "Relationship.Person.CommercialRelationship"
        if draw < 75:
            self._customer(row, f"{base}.Customer", "Person_ID", former=draw < 5)
        elif draw < 85 or not self._customers:
            self._role(f"{base}.Lead", row, "Person_ID")
        else:
            self._contact(row)

    def _contact(self, row):
        customers = [one for one in self._customers if one["Organization_ID"]]
        if not customers:
            return
        self._role(
            "Relationship.Person.Contact.Standard",
            row,
            "Person_ID",
            Relation_ID=self._rng.choice(customers)["Organization_ID"],
            EmailAddress=f"{row['ID'][:8]}@werk.example",
            PhoneNumber="020-7001234",
            Department="Administratie",
            Role_ID=self._id("Role", "FIN"),
        )

    def _custom_values(self, row, index):
        for custom in self._switches.custom_fields:
            is_text = custom.get("edm_type", "Edm.String") == "Edm.String"
            if custom["type"] in ("Relation", "Relation_Organization") and is_text:
                row[encode_custom_name(custom["id"])] = f"eigen waarde {index + 1}"

    # --- invoices -----------------------------------------------------------------------------

    def invoices(self):
        """A quarter drafts, half sent, a quarter paid; numbered in the order of their dates."""
        if not self._customers:
            return
        drafts = self._size.invoices // 4
        days = sorted(self._invoice_days(self._size.invoices - drafts))
        for sequence, day in enumerate(days, start=1):
            code = "Paid" if sequence % 3 == 0 else "Sent"
            self._final_invoice(sequence, day, code)
        for _ in range(drafts):
            invoice, _ = self._draft(self._size.today, "Draft")
            self._maybe_edited(invoice)
        if days:
            self._set_counter(len(days))

    def _invoice_days(self, count):
        first = datetime.date(self._size.today.year, 1, 1)
        span = (self._size.today - first).days
        # New Year's Day in the Netherlands is still last year in UTC: always have one.
        return [first, *[self._day(first, span) for _ in range(count - 1)]][:count]

    def _day(self, first, span):
        return first + datetime.timedelta(days=self._rng.randint(0, span))

    def _set_counter(self, value):
        self._store.execute(
            "INSERT INTO counter VALUES (?, ?)", (f"invoice {self._size.today.year}", value)
        )

    def _final_invoice(self, sequence, day, code):
        credited = None
        if self._switches.credit_invoices and sequence % 12 == 0:
            credited = self._rows["Activity"][-1]
        invoice, customer = self._draft(day, code, sequence, credited)
        number = self._switches.number_format.format(
            year=day.year, month=day.month, sequence=sequence
        )
        term = customer["PaymentTermInDays"]
        if term is None:
            term = invoices.DEFAULT_PAYMENT_TERM_IN_DAYS
        invoice.update(
            invoices.number_and_dates(number, day, term),
            IsFinal=int(self._switches.sending_finalises),
        )
        self._maybe_edited(invoice)
        self._pdf(invoice, number)

    def _pdf(self, invoice, number):
        attachment = self._add(
            "Attachment",
            "Attachment",
            Description=f"{number}.pdf",
            Entity_ID=invoice["ID"],
            Invoice_ID=invoice["ID"],
        )
        file = self._add("File", "File", **invoices.pdf_file(number, attachment["ID"]))
        attachment["File_ID"] = file["ID"]

    def _draft(self, day, code, sequence=0, credited=None):
        customer = self._rng.choice(self._customers)
        if credited:
            customer = next(c for c in self._customers if c["ID"] == credited["Relationship_ID"])
        # The day before: at no hour is anything made in the future.
        hour = datetime.datetime(day.year, day.month, day.day, 8, tzinfo=AMSTERDAM)
        hour -= datetime.timedelta(days=1)
        invoice = self._add(
            "Activity",
            INVOICE,
            Subject=self._rng.choice(
                ("Werkzaamheden", "Levering", "Onderhoud januari", "Project Ö")
            ),
            Currency=credited["Currency"] if credited else self._currency(sequence),
            IsVatIncluded=int(self._sometimes(10)),
            DiscountPercentage=self._header_discount(sequence),
            CreationDate=written(hour + datetime.timedelta(seconds=self._rng.randint(0, 30000))),
            RelationDescription=customer["Name"],
            IsFinal=0,
            Relationship_ID=customer["ID"],
            Phase_ID=self._id("Phase_ActivityInvoice", code),
            PaymentMethod_ID=self._id("PaymentMethod", "BANK"),
            Identity_ID=(identity := self._rng.choice(self._identities))["ID"],
            IdentityOrganization_ID=identity["Organization_ID"],
            CreditedInvoice_ID=credited["ID"] if credited else None,
        )
        sign = -1.0 if credited else 1.0
        lines = [self._line(invoice, sign) for _ in range(self._rng.randint(1, 8))]
        self._fill_totals(invoice, lines)
        return invoice, customer

    def _currency(self, sequence):
        if self._switches.foreign_currency and sequence % 15 == 1:
            return "USD" if sequence % 2 else "DKK"
        return self._switches.base_currency

    def _header_discount(self, sequence):
        return 2.5 if self._switches.header_discounts and sequence % 10 == 5 else None

    def _line(self, invoice, sign):
        product, vat_group = self._rng.choice(self._products)
        price = product["SalesPrice"] if self._sometimes(60) else self._price()
        both = invoices.prices_in_both_currencies(
            None, price, invoice["Currency"], self._switches.base_currency
        )
        return self._add(
            "ProductLine",
            "ProductLine",
            Description=product["Name"],
            Quantity=sign * self._rng.choice((1.0, 1.0, 2.0, 3.5, 10.0, 0.25)),
            Price=both[0],
            PriceInCurrency=both[1],
            PurchasePrice=product["PurchasePrice"],
            DiscountPercentage=self._rng.choice((None, None, None, None, 5.0, 12.5)),
            VatPercentage=VAT_PERCENTAGES[vat_group],
            VatGroup_ID=product["VatGroup_ID"],
            Product_ID=product["ID"],
            Activity_ID=invoice["ID"],
            CreationDate=invoice["CreationDate"],
        )

    def _fill_totals(self, invoice, lines):
        header, line_columns = invoices.compute_totals(invoice, lines, self._switches)
        invoice.update(header)
        invoice["Amount"] = header.get(invoices.AMOUNT_COLUMNS[self._switches.amount_means])
        for line, columns in zip(lines, line_columns, strict=True):
            line.update(columns)
