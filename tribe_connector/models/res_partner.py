from functools import partial

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..codes import (
    DEAD_STATES,
    RELATION_KINDS,
)
from ..engine.only_for import only_for
from ..invoices.booking import BOOKING
from ..mapping import (
    ADDRESS,
    COUNTRY_OF_LINE,
    FIELD_LABELS,
    PAYMENT_TERM_FIELDS,
    clean,
    in_natural_order,
    is_email_doubtful,
    is_vat_doubtful,
    is_website,
    join,
    join_street,
    split,
    split_street,
    split_surname_like,
    suffix_from_tribe,
)
from ..relations.domains import CUSTOMERS_AND_SUPPLIERS
from ..sentence import Name, in_language, say, sentence

# Saving one of these can make a difference in Tribe.
SYNCHRONIZED_FIELDS = frozenset(
    {
        "name",
        "firstname",
        "lastname",
        "email",
        "phone",
        "mobile",
        "tribe_mobile",
        "website",
        "vat",
        "street",
        "street2",
        "zip",
        "city",
        "country_id",
        "state_id",
        "property_payment_term_id",
        "property_supplier_payment_term_id",
        "active",
        "is_company",
        "company_id",
        "type",
        "parent_id",
        "customer_rank",
        "supplier_rank",
        "debtor_number",
        "creditor_number",
        "tribe_synchronize",
        # Of partner_contact_address_default.
        "partner_invoice_id",
    }
)

# What says below whom a contact is.
HIERARCHY = frozenset({"parent_id", "commercial_partner_id", "is_company"})
# What decides where a customer's invoices go: an address below it, and which one that is.
ADDRESSING = frozenset(
    {
        *("type", "active", "company_id"),
        *("street", "street2", "zip", "city", "state_id", "country_id"),
    }
)
# The links that make a contact a relation of Tribe.
OF_RELATIONS = Domain("kind", "in", RELATION_KINDS) & Domain("state", "=", "linked")
RANKS = ("customer_rank", "supplier_rank")
NUMBERS = ("debtor_number", "creditor_number")
PAYMENT_TERM_PROPERTIES = {
    "customer": "property_payment_term_id",
    "supplier": "property_supplier_payment_term_id",
}


def _trimmed(vals):
    """The values of a save, with numbers as people mean them: an import keeps spaces."""
    numbers = {name: vals[name] for name in NUMBERS if isinstance(vals.get(name), str)}
    return {**vals, **{name: number.strip() or False for name, number in numbers.items()}}


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "tribe.synchronized"]
    _tribe_link_field = "partner_id"
    _tribe_work_kind = "partner"

    tribe_link_ids = fields.One2many(
        "tribe.link",
        "partner_id",
        "Tribe Links",
        readonly=True,
        # Odoo searches in them without the rules of links: it would tell what others linked.
        groups=fields.NO_ACCESS,
    )
    # Not stored: a contact of all companies may be linked by a connection of others.
    tribe_id = fields.Char(
        "Tribe ID",
        compute="_compute_tribe_id",
        compute_sudo=False,
        search="_search_tribe_id",
        groups="base.group_user",
    )
    tribe_url = fields.Char(
        "In Tribe", compute="_compute_tribe_id", compute_sudo=False, groups="base.group_user"
    )
    debtor_number = fields.Char(index="btree_not_null", copy=False, groups="base.group_user")
    creditor_number = fields.Char(index="btree_not_null", copy=False, groups="base.group_user")
    # As numbers are compared (``_is_written``).
    _tribe_debtor_number_index = models.Index(
        "(lower(btrim(debtor_number))) WHERE debtor_number IS NOT NULL"
    )
    _tribe_creditor_number_index = models.Index(
        "(lower(btrim(creditor_number))) WHERE creditor_number IS NOT NULL"
    )
    _tribe_ref_index = models.Index("(lower(btrim(ref))) WHERE ref IS NOT NULL")
    tribe_mobile = fields.Char(
        "Mobile", groups="base.group_user", help="Odoo has no mobile number of its own; Tribe does."
    )
    tribe_synchronize = fields.Boolean(
        "Synchronize with Tribe",
        copy=False,
        groups="base.group_user",
        help="Send this contact to Tribe before the first invoice: as a customer, unless it is a "
        "supplier alone.",
    )

    @api.depends("tribe_link_ids.tribe_id", "tribe_link_ids.kind", "tribe_link_ids.state")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_tribe_id(self):
        links = self.env["tribe.link"]._seen_by_employees(
            Domain("partner_id", "in", self.ids) & OF_RELATIONS
        )
        by_partner = links.grouped("partner_id")
        for partner in self:
            link = by_partner.get(partner._origin, links.browse())[:1]
            partner.tribe_id = link.tribe_id
            partner.tribe_url = link.tribe_url

    @api.depends("parent_id", "is_company", "active")
    def _compute_tribe_note(self):
        """Says, before it is saved, who owes what a linked person with a company is invoiced.

        And who is archived here, and current in Tribe.
        """
        result = super()._compute_tribe_note()
        links = self.env["tribe.link"].search(
            Domain("partner_id", "in", self._origin.ids) & OF_RELATIONS
        )
        for partner in self:
            own = links.filtered(lambda link, partner=partner: link.partner_id == partner._origin)
            told = [partner._tribe_claimed_sentence(), partner._tribe_archived_sentence(own)]
            texts = [in_language(self.env, each) for each in told if own and each]
            partner.tribe_note = "\n".join(filter(None, [partner.tribe_note, *texts])) or False
        return result

    def _tribe_archived_sentence(self, links):
        """That this contact stays archived, as was noted with its links; empty where it does not.

        Its badge is green all the same: nothing waits, and nothing else differs.
        """
        noted = [link.noted or {} for link in links.sudo()]
        stays = any("contact_stays_archived" in str(each.get("active")) for each in noted)
        if self.active or not stays:
            return ""
        return sentence("contact_stays_archived", partner=self._tribe_called())

    @api.model
    def _search_tribe_id(self, operator, value):
        # Odoo does not look at the groups of a field that has its own search.
        self._check_field_access(self._fields["tribe_id"], "read")
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        links = self.env["tribe.link"]
        if operator == "in" and False in value:
            linked = links._seen_by_employees(OF_RELATIONS & Domain("tribe_id", "!=", False))
            without = Domain("id", "not in", linked.partner_id.ids)
            return without | Domain("tribe_id", "in", set(value) - {False})
        found = links._seen_by_employees(OF_RELATIONS & Domain("tribe_id", operator, value))
        return Domain("id", "in", found.partner_id.ids)

    @only_for("Employee")
    def action_open_in_tribe(self):
        """Open this contact in Tribe's web app."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": self.tribe_url, "target": "new"}

    @only_for("User", "write")
    def action_synchronize_with_tribe(self):
        """Send the selected customers and suppliers to Tribe now.

        By the connections that whoever asks may see: whether another one knows a contact of all
        companies is not theirs to learn.
        """
        relations = self.sudo() | self.sudo().parent_id
        works = self.env["tribe.work"]
        asked = works.browse()
        active = self.env["tribe.connection"]._active().with_env(self.env)
        for connection in active._filtered_access("read").sudo():
            partners = relations._tribe_of(connection)
            asked |= works._ask_for_partners(connection, partners).with_env(self.env)
        self.env["tribe.engine"]._wake("outbound")
        if not asked:
            return works._tell(say(self.env, "nothing_to_synchronize"), "warning")
        return asked._watch(asked)

    @only_for("Administrator", "write")
    def action_go_through_connection(self):
        """Have those of the selected contacts that no connection sends go through the one in the
        context (``tribe_connection``), whose list of them this is."""
        works = self.env["tribe.work"]
        connection = self.env["tribe.connection"]._of_context()
        connection.check_access("write")
        unplaced = connection.sudo()._unplaced_domain(self.env.user.company_ids)
        taken = connection.sudo()._search_filtered(Domain("id", "in", self.ids) & unplaced)
        if not taken:
            return works._tell_it_is_gone()
        connection.sudo()._take(taken)
        self.env["tribe.engine"].sudo()._wake("outbound")
        return works._tell(
            self.env._(
                "%(count)s contacts go through “%(connection)s” now.",
                count=len(taken),
                connection=connection.name,
            )
        )

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create([_trimmed(vals) for vals in vals_list])
        partners._tribe_check_above()
        partners._tribe_note_save()
        return partners

    def write(self, vals):
        # Read with our rights: a save needs no other right because of us.
        partners = self.sudo()
        noted = partners._tribe_changed_by(vals)
        if "parent_id" in vals:
            # Whoever loses an address changed as well.
            noted |= partners.parent_id
        gets_reference = vals.get("ref") and not self.env.context.get("tribe_merging")
        references = {partner: partner.ref for partner in partners} if gets_reference else {}
        # Whoever may not write them holds none of them.
        if self:
            self.check_access("write")
        self._tribe_check_addresses_of_others(vals)
        moves = HIERARCHY & vals.keys()
        above = [partner._tribe_above() for partner in partners] if moves else []
        with_links = not vals.keys().isdisjoint({"company_id", "parent_id", "type"})
        partners._tribe_keep_lanes_off(with_links)
        leaving = partners if {"parent_id", "type"} & vals.keys() else partners.browse()
        with leaving._tribe_noting_who_leaves():
            result = super().write(_trimmed(vals))
        for partner, before in zip(self, above, strict=False):
            partner._tribe_check_above(before)
        self._tribe_check_addresses_of_others(vals)
        if self.env.context.get("tribe_import"):
            self._tribe_ask_nobody()
        if references:
            partners._tribe_apart(lambda: partners._tribe_numbers_follow(references))
        noted._tribe_note_save()
        return result

    def _tribe_above(self):
        """Those below whom these contacts are, and whose company they are part of."""
        return (self.parent_id | self.commercial_partner_id) - self

    def _tribe_check_above(self, before=None):
        """Refuse to put contacts below one that whoever does it may not read.

        The address below a customer goes to Tribe, and comes from there; and what Odoo shares
        between contacts stays as it is where one is another company's.

        :param before: those below whom they were
        :raises AccessError: Odoo's own, as when it reads the address above
        """
        above = self.sudo()._tribe_above() - (before or self)
        above.with_env(self.env).check_access("read")

    def _tribe_check_addresses_of_others(self, vals):
        """Refuse who changes where invoices of another company's customer go.

        A contact below such a customer that has no company itself is everybody's to change.

        :param vals: what is written, or was just now
        :raises AccessError: naming the contact
        """
        if self.env.su or ADDRESSING.isdisjoint(vals):
            return
        own = set(self.env.user._get_company_ids())
        for partner in self.sudo().filtered("parent_id"):
            counts = partner.type == "invoice" or "company_id" in vals
            if counts and not set(partner._tribe_above().company_id.ids) <= own:
                name = Name.of(partner)
                raise AccessError(say(self.env, "address_of_other_company", contact=name))

    def _tribe_choose(self, connection):
        """Have these contacts go through a connection as long as no link says more.

        :param connection: an empty one takes the choice back
        """
        self.env.cr.execute(
            SQL("DELETE FROM tribe_connection_chosen_partner WHERE partner_id = ANY(%s)", self.ids)
        )
        self.env.cr.execute(
            SQL(
                "INSERT INTO tribe_connection_chosen_partner (connection_id, partner_id)"
                " SELECT connection.id, contact.id"
                " FROM unnest(%s::int[]) AS connection(id), unnest(%s::int[]) AS contact(id)"
                # Somebody may be choosing another one: whoever comes second begins anew.
                " ON CONFLICT (partner_id) DO UPDATE SET connection_id = EXCLUDED.connection_id",
                connection.ids,
                self.ids,
            )
        )
        connection.invalidate_recordset(["chosen_partner_ids"])

    def _tribe_chosen(self):
        """The connections that administrators chose for these contacts."""
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT connection_id FROM tribe_connection_chosen_partner"
                " WHERE partner_id = ANY(%s) ORDER BY connection_id",
                self.ids,
            )
        )
        return self.env["tribe.connection"].browse(number for (number,) in rows)

    def _tribe_numbers_follow(self, references):
        """Give who had another reference (``{partner: reference}``) the new one for a number.

        Where a connection takes numbers from the reference, and the partner has a number.
        """
        changed = self.filtered(
            lambda partner: (
                references.get(partner, partner.ref) != partner.ref
                and partner.commercial_partner_id == partner
            )
        )
        if not changed:
            return
        connections = self.env["tribe.connection"]._active()
        for connection in connections.filtered(lambda each: each.number_source == "ref"):
            for partner in connection._perhaps_relations_among(changed):
                numbers = {name: partner.ref for name in NUMBERS if partner[name]}
                if numbers:
                    partner.write(numbers)

    def _tribe_changed_by(self, vals):
        """The partners for which these values can make a difference in Tribe.

        Odoo counts ranks up with every invoice; only the first one makes a customer or supplier.
        """
        names = SYNCHRONIZED_FIELDS & vals.keys()
        if names - set(RANKS):
            return self
        return self.filtered(
            lambda partner: any(vals[name] and not partner[name] for name in names)
        )

    def unlink(self):
        # An invoice address that goes changes the address of its company.
        parents = self.sudo().parent_id - self
        if self:
            self.check_access("unlink")
        below = self.sudo().with_context(active_test=False).child_ids - self.sudo()
        (self | below)._tribe_keep_lanes_off(with_links=True)
        self._tribe_apart(self._tribe_note_deletion)
        with below._tribe_noting_who_leaves():
            result = super().unlink()
        parents._tribe_note_save()
        return result

    def _increase_rank(self, field, n=1):
        """As Odoo's, but for an invoice of Tribe, which is not counted.

        Somebody may be saving the contact at that very moment (``_tribe_become_customer``).
        """
        if self.env.context.get("tribe_booking") is BOOKING:
            return None
        return super()._increase_rank(field, n)

    def _tribe_become_customer(self):
        """Make who gets an invoice a customer, and so the company that it is for in the books."""
        partners = self | self.commercial_partner_id
        partners -= partners._tribe_own()
        partners.filtered(lambda partner: not partner.customer_rank).customer_rank = 1

    def _tribe_note_deletion(self):
        self.env["tribe.link"].sudo()._note_deleted_partners(self)
        self._tribe_forget()

    def _tribe_forget(self):
        """Forget what we noted about persons and organizations that are deleted.

        Links stay, so that nobody comes back from Tribe by itself; their values go.
        """
        links = self.env["tribe.link"].sudo().search([("partner_id", "in", self.ids)])
        links.write({"agreed": False, "being_told": False, "made": False, "noted": False})
        links.conflict_ids.unlink()
        ignored = self.env["tribe.link"].sudo()._ignored_of(links)
        for link in ignored:
            link.agreed = {**link.agreed, "customer_name": ""}
        lines = self.env["tribe.run.line"].sudo().search([("partner_id", "in", self.ids)])
        lines.write({"name": False, "text": False})

    def _tribe_note_save(self):
        """Note for the active connections that these partners, or their parents, changed.

        Whatever goes wrong in it, the save goes on, and more is noted rather than less: whoever
        is no customer is passed over later.
        """
        if not self:
            return
        works = self.env["tribe.work"]
        for connection in self.env["tribe.connection"]._active():
            if not self._tribe_apart(partial(self._tribe_note_for, connection)):
                self._tribe_apart(partial(works._add_saved_partners, connection, self.ids))

    def _tribe_note_for(self, connection):
        saved = self.sudo()
        noted = (saved | saved.parent_id | saved._tribe_who_chose())._tribe_of(connection)
        if noted and self.env["tribe.work"]._add_saved_partners(connection, noted.ids):
            self.env["tribe.engine"]._wake("outbound")

    def _tribe_of(self, connection):
        """Those of these that a connection synchronizes: linked ones, customers and suppliers."""
        partners = self.with_context(active_test=False)
        linked = partners.filtered(
            lambda partner: (
                connection
                in partner.tribe_link_ids.filtered(
                    lambda link: link.kind in RELATION_KINDS and link.state != "gone"
                ).connection_id
            )
        )
        return linked | connection._perhaps_relations_among(partners - linked)

    @api.model
    def _tribe_label(self, name):
        """What a person calls a neutral field (``mapping.FIELD_LABELS``)."""
        return in_language(self.env, FIELD_LABELS.get(name, name))

    # What is synchronized: thin methods, so that another addon can extend them.

    def _tribe_kind(self):
        """``"organization"`` or ``"person"``: which relation of Tribe this partner is."""
        self.ensure_one()
        return "organization" if self.is_company else "person"

    def _tribe_is_customer(self):
        """Whether Tribe should know this partner as a customer."""
        self.ensure_one()
        return bool(self.customer_rank or self.debtor_number or not self._tribe_is_supplier())

    def _tribe_is_supplier(self):
        """Whether Tribe should know this partner as a supplier."""
        self.ensure_one()
        return bool(self.supplier_rank or self.creditor_number)

    def _tribe_number(self, connection, name):
        """The debtor or creditor number (``name`` is the field): given, or from the reference."""
        self.ensure_one()
        is_one = {
            "debtor_number": self._tribe_is_customer,
            "creditor_number": self._tribe_is_supplier,
        }
        return self[name] or (is_one[name]() and self._tribe_reference(connection))

    def _tribe_reference(self, connection):
        """The reference, where it is the source of the connection's numbers; else False.

        Nor is it one of a person under a company, who may have the company's.
        """
        is_source = connection.number_source == "ref" and self.commercial_partner_id == self
        return is_source and (self.ref or "").strip() or False

    def _tribe_address_partner(self, connection):
        """The partner whose address is the invoice address in a connection's Tribe.

        The invoice contact that was chosen, else the oldest. One without an address (with an
        e-mail only, say) is passed over, and so is one of a company in which the connection does
        not work, or of another connection, a company that is a customer or supplier itself, and
        who is a relation itself: two would have one address, of which each changes the other's.
        """
        self.ensure_one()
        contacts = self._tribe_invoice_contacts()
        contacts -= contacts.filtered("is_company").filtered_domain(CUSTOMERS_AND_SUPPLIERS)
        contacts -= connection._of_others(contacts)
        return (contacts - contacts._tribe_relations_of(connection))[:1] or self

    def _tribe_invoice_contacts(self):
        """The invoice contacts with an address: the one that was chosen, then the oldest first."""
        contacts = self._tribe_chosen_address() + self.child_ids.filtered(
            lambda child: child.type == "invoice" and child.active
        ).sorted("id")
        return contacts.filtered(
            lambda child: child.street or child.street2 or child.zip or child.city
        )

    def _tribe_invoice_contacts_apart(self, connection):
        """The invoice contacts that are none in Tribe for what they are themselves.

        Nobody where another one is, or its own address was chosen.
        """
        contacts = self._tribe_invoice_contacts()
        is_own = self not in contacts and self._tribe_address_partner(connection) == self
        return contacts if is_own else self.browse()

    def _tribe_relations_of(self, connection):
        """Those of these that are a relation of a connection's Tribe, and synchronized with it."""
        if not self:
            return self
        links = self.env["tribe.link"]._of_partners(connection, self, RELATION_KINDS).values()
        return self.browse(link.partner_id.id for link in links if link.state not in DEAD_STATES)

    def _tribe_mobile_field(self):
        """``partner_mobile``'s field where that addon is installed, else our own."""
        return "mobile" if "mobile" in self._fields else "tribe_mobile"

    def _tribe_values(self, connection, relationships=()):
        """The neutral values of this partner (``mapping.ORGANIZATION_FIELDS`` / ``PERSON_FIELDS``).

        Only the fields that the connection's tenant has. There is a payment term for what the
        partner is, and for what Tribe knows it as (``"customer"``, ``"supplier"``).

        :raises NeedsPerson: for a text that is too long: nobody looks at it any further
        """
        self.ensure_one()
        address = self._tribe_address_partner(connection)
        self._tribe_check_length(address)
        values = {
            "name": self._tribe_name(),
            "email": self.email,
            "phone": self.phone,
            "mobile": self[self._tribe_mobile_field()],
            "website": self.website,
            # How Odoo writes that there is none.
            "vat": self.vat if self.vat != "/" else None,
            "debtor_number": self.debtor_number,
            "creditor_number": self.creditor_number,
            **address._tribe_address_values(),
        }
        values = {name: value or None for name, value in values.items()}
        values |= self._tribe_payment_term_values(connection, relationships)
        values["active"] = self.active
        fields_of_kind = connection._synchronized_fields(self._tribe_kind())
        return {name: value for name, value in values.items() if name in fields_of_kind}

    def _tribe_name(self):
        """The name; of a person with the first name in front."""
        if self.is_company:
            return self.name
        if self._tribe_has_name_parts():
            return join(self.firstname, "", self.lastname) or self.name
        return in_natural_order(self.name)

    def _tribe_has_name_parts(self):
        """Whether ``partner_firstname`` keeps first and last name apart."""
        return "firstname" in self._fields and "lastname" in self._fields

    def _tribe_person_name(self, before):
        """The parts of a person's name (``PersonName``): where they are known apart, else before's.

        :param before: the parts as Tribe has them, or None
        """
        if self._tribe_has_name_parts() and not self.is_company:
            return split_surname_like(self.firstname, self.lastname, before)
        return before

    def _tribe_address_values(self):
        self.ensure_one()
        return {
            "street": self._tribe_street(),
            "street2": self.street2,
            "zip": self.zip,
            "city": self.city,
            "country_code": self.country_id.code,
            "state_code": self.state_id.code,
        }

    def _tribe_has_street_parts(self):
        """Whether ``base_address_extended`` keeps street, house and door number apart."""
        return "street_number" in self._fields and "street_number2" in self._fields

    def _tribe_street(self):
        """The street line, in the order of its country."""
        if self._tribe_has_street_parts() and self.street_number:
            return join_street(
                self.street_name,
                self.street_number,
                suffix_from_tribe(self.street_number2),
                self.country_id.code,
            )
        return self.street

    def _tribe_payment_term_values(self, connection, relationships):
        """Days by ``PAYMENT_TERM_FIELDS``; a term that is not simply net days is not told."""
        roles = set(relationships)
        roles |= {"customer"} if self._tribe_is_customer() else set()
        roles |= {"supplier"} if self._tribe_is_supplier() else set()
        values = {}
        for role in roles:
            term = self.with_company(connection.company_id)[PAYMENT_TERM_PROPERTIES[role]]
            days = term._tribe_net_days() if term else None
            if not term or days is not None:
                values[PAYMENT_TERM_FIELDS[role]] = days
        return values

    @api.model
    def _tribe_vals(self, connection, values, remote):
        """Odoo's field values for some neutral values, without the address and ``active``.

        :param remote: the ``RemoteRelation`` that they are from
        """
        same = ("email", "phone", "website", "vat", "debtor_number", "creditor_number")
        vals = {name: values[name] for name in same if name in values}
        if "mobile" in values:
            vals[self._tribe_mobile_field()] = values["mobile"]
        if "name" in values:
            vals |= self._tribe_name_vals(values["name"], remote.person_name())
        for role, name in PAYMENT_TERM_FIELDS.items():
            if name in values:
                days = values[name]
                terms = self.env["account.payment.term"]
                term = terms if days is None else terms._tribe_of_days(connection.company_id, days)
                vals[PAYMENT_TERM_PROPERTIES[role]] = term.id
        return vals

    @api.model
    def _tribe_name_vals(self, name, parts):
        """A name, in the two parts of ``partner_firstname`` where a person's can be.

        :param parts: the ``PersonName`` of a person as Tribe has it; None for an organization
        """
        if parts is None or not self._tribe_has_name_parts():
            return {"name": name}
        if join(*parts) != name:
            parts = split(name)
        return {"firstname": parts.first, "lastname": join("", parts.middle, parts.last)}

    @api.model
    def _tribe_address_vals(self, values, country=None):
        """Odoo's address fields for some neutral values.

        :param country: the ``res.country`` so far
        """
        vals = {name: values[name] for name in ("street2", "zip", "city") if name in values}
        country = country or self.env["res.country"]
        if "country_code" in values:
            country = self._tribe_country(values["country_code"])
            vals["country_id"] = country.id
        if "street" in values:
            vals |= self._tribe_street_vals(values["street"], country.code)
        if "state_code" in values:
            vals["state_id"] = self._tribe_state(values["state_code"], country).id
        return vals

    @api.model
    def _tribe_street_vals(self, street, country_code):
        """A street line, in the parts of ``base_address_extended`` where it has a house number."""
        parts = split_street(street, country_code)
        if parts.house_number is None or not self._tribe_has_street_parts():
            return {"street": street}
        beside, _space, door = parts.suffix.partition(" ")
        return {
            "street_name": parts.street.rstrip(", "),
            "street_number": f"{parts.house_number}{beside.rstrip(',')}",
            "street_number2": clean(door.rstrip(",")) or False,
        }

    @api.model
    def _tribe_country(self, code):
        return self.env["res.country"]._tribe_with_code(code)

    @api.model
    def _tribe_shown(self, name, value):
        """A neutral value as people read it: the name of a country, in their language."""
        if name == ADDRESS and (found := COUNTRY_OF_LINE.search(value or "")):
            country = self._tribe_country(found[1]).name or found[1]
            return ", ".join(filter(None, (value[: found.start()], country)))
        return (name == "country_code" and self._tribe_country(value).name) or value

    @api.model
    def _tribe_state(self, code, country):
        wanted = (code or "").upper()
        return country.state_ids.filtered(lambda state: state.code.upper() == wanted)[:1]

    def _tribe_not_in_odoo(self, connection, values):
        """What Odoo cannot hold of some neutral values of Tribe: ``{field: a sentence why}``.

        Such a field is left as it is in Odoo. The partner is empty when it is still to be made.
        """
        refused = {}
        country = self.env["res.country"]
        if self:
            country = self._tribe_address_partner(connection).country_id
        if values.get("country_code"):
            country = self._tribe_country(values["country_code"])
            if not country:
                refused["country_code"] = say(
                    self.env,
                    "country_not_in_odoo",
                    country=values["country_code"],
                )
        state = values.get("state_code")
        if state and not self._tribe_state(state, country):
            refused["state_code"] = say(
                self.env,
                "state_not_in_odoo",
                state=state,
                country=country.name or sentence("no_country"),
            )
        if not is_website(values.get("website")):
            refused["website"] = say(
                self.env,
                "website_not_an_address",
                website=values["website"],
            )
        for name in PAYMENT_TERM_FIELDS.values():
            days = values.get(name)
            terms = self.env["account.payment.term"]
            if days is not None and not terms._tribe_of_days(connection.company_id, days):
                refused[name] = say(
                    self.env,
                    "payment_term_not_in_odoo",
                    company=connection.company_id.name,
                    days=days,
                )
        return refused

    @api.model
    def _tribe_doubtful(self, values, country_code):
        """What of some neutral values cannot be: ``{field: a sentence about it}``."""
        vat, email = values.get("vat"), values.get("email")
        notes = {}
        if is_vat_doubtful(vat, country_code):
            notes["vat"] = say(self.env, "vat_number_wrong", vat=vat)
        if is_email_doubtful(email):
            notes["email"] = say(self.env, "email_wrong", email=email)
        return notes

    def _tribe_write(self, connection, values, remote):
        """Write neutral values that came from Tribe, all but ``active``, that Tribe may write.

        The VAT number is stored as Tribe has it: Odoo's check would refuse the whole record, and
        its look-up in VIES would wait for a third party.

        Returns the neutral values as Odoo stored them (a VAT number gets its format), the
        address from where it was written.
        """
        self.ensure_one()
        refused = self._tribe_refused(connection, values)
        values = {name: value for name, value in values.items() if name not in refused}
        partner = self._tribe_import_context().with_company(connection.company_id)
        address = partner._tribe_address_partner(connection)
        if vals := partner._tribe_vals(connection, values, remote):
            partner._tribe_write_checked(vals)
        if vals := partner._tribe_address_vals(values, address.country_id):
            address._tribe_write_checked({**vals, **address._tribe_outdated_place(vals)})
        stored = partner._tribe_values(connection, remote.relationships)
        of_address = {
            name: value or None for name, value in address._tribe_address_values().items()
        }
        return {name: of_address.get(name, value) for name, value in stored.items()}

    def _tribe_write_checked(self, vals):
        """Write what Tribe has, also when the Peppol endpoint of before stands in the way.

        Odoo derives the scheme of the endpoint from the country and the VAT number; it keeps the
        endpoint, and then refuses it (account_edi_ubl_cii, ``_compute_peppol_endpoint``).
        """
        vals = {**vals, **self._tribe_unasked_of_vies(vals)}
        if not ({"vat", "country_id"} & vals.keys() and self._tribe_has_peppol_endpoint()):
            self.write(vals)
            return
        try:
            with self.env.cr.savepoint():
                self.write(vals)
        except ValidationError:
            self.write({**vals, "peppol_endpoint": False})

    def _tribe_has_peppol_endpoint(self):
        return bool("peppol_endpoint" in self._fields and self.peppol_endpoint)

    def _tribe_import_context(self):
        return self.with_context(no_vat_validation=True, tracking_disable=True, tribe_import=True)
