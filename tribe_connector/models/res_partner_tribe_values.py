from odoo import models

from ..codes import (
    DEAD_STATES,
    RELATION_KINDS,
)
from ..mapping import (
    PAYMENT_TERM_FIELDS,
    in_natural_order,
    join,
    join_street,
    split_surname_like,
    suffix_from_tribe,
)
from ..relations.domains import CUSTOMERS_AND_SUPPLIERS
from .res_partner import PAYMENT_TERM_PROPERTIES


class ResPartner(models.Model):
    """What of a contact is synchronized, in neutral values.

    Thin methods, so that another addon can extend them.
    """

    _inherit = "res.partner"

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
