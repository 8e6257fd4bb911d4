from odoo import api, fields, models

from ..mapping import ORGANIZATION_FIELDS, PERSON_FIELDS

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
    }
)

RANKS = ("customer_rank", "supplier_rank")


class ResPartner(models.Model):
    _inherit = "res.partner"

    tribe_link_ids = fields.One2many(
        "tribe.link", "partner_id", "Tribe Links", groups="tribe_connector.group_user"
    )
    tribe_id = fields.Char(
        "Tribe ID",
        compute="_compute_tribe_id",
        compute_sudo=True,
        store=True,
        index="btree_not_null",
        copy=False,
        groups="base.group_user",
    )
    tribe_url = fields.Char(
        "In Tribe", compute="_compute_tribe_url", compute_sudo=True, groups="base.group_user"
    )
    debtor_number = fields.Char(index="btree_not_null", copy=False, groups="base.group_user")
    creditor_number = fields.Char(index="btree_not_null", copy=False, groups="base.group_user")
    tribe_mobile = fields.Char(
        "Mobile", groups="base.group_user", help="Odoo has no mobile number of its own; Tribe does."
    )
    tribe_synchronize = fields.Boolean(
        "Synchronize with Tribe",
        copy=False,
        groups="base.group_user",
        help="Send this contact to Tribe as a customer before the first invoice.",
    )

    @api.depends("tribe_link_ids.tribe_id", "tribe_link_ids.kind", "tribe_link_ids.state")
    def _compute_tribe_id(self):
        for partner in self:
            links = partner.tribe_link_ids.filtered(
                lambda link: link.kind in ("organization", "person") and link.state == "linked"
            )
            partner.tribe_id = links[:1].tribe_id

    @api.depends("tribe_id")
    def _compute_tribe_url(self):
        for partner in self:
            link = partner.tribe_link_ids.filtered(lambda link: link.tribe_id == partner.tribe_id)
            partner.tribe_url = partner.tribe_id and link[:1].tribe_url

    def action_open_in_tribe(self):
        """Open this contact in Tribe's web app."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": self.tribe_url, "target": "new"}

    def action_synchronize_with_tribe(self):
        """Send the selected customers and suppliers to Tribe now."""
        self.check_access("write")
        relations = (self | self.parent_id).sudo()
        for connection in self.env["tribe.connection"]._active():
            partners = relations.filtered_domain(connection._relation_domain())
            self.env["tribe.work"]._ask_for_partners(connection, partners)
        self.env["tribe.engine"]._wake("outbound")

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        partners._tribe_note_save()
        return partners

    def write(self, vals):
        noted = self._tribe_changed_by(vals)
        if "parent_id" in vals:
            # Whoever loses an address changed as well.
            noted |= self.parent_id
        result = super().write(vals)
        noted._tribe_note_save()
        return result

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
        parents = self.parent_id - self
        self.env["tribe.link"].sudo()._note_deleted_partners(self)
        result = super().unlink()
        parents._tribe_note_save()
        return result

    def _tribe_note_save(self):
        """Note for the active connections that these partners, or their parents, changed."""
        for connection in self.env["tribe.connection"]._active():
            relations = (self | self.parent_id).sudo().with_context(active_test=False)
            linked = relations.filtered(
                lambda partner: connection in partner.tribe_link_ids.connection_id
            )
            noted = linked | relations.filtered_domain(connection._relation_domain())
            if noted:
                self.env["tribe.work"]._add_saved_partners(connection, noted.ids)
                if connection.export_moment == "minute":
                    self.env["tribe.engine"]._wake("outbound")

    @api.model
    def _tribe_label(self, name):
        """What a person calls a neutral field (``mapping.ORGANIZATION_FIELDS`` …)."""
        labels = {
            "name": self.env._("Name"),
            "email": self.env._("E-mail"),
            "phone": self.env._("Phone"),
            "mobile": self.env._("Mobile"),
            "website": self.env._("Website"),
            "vat": self.env._("VAT number"),
            "debtor_number": self.env._("Debtor number"),
            "creditor_number": self.env._("Creditor number"),
            "street": self.env._("Street"),
            "street2": self.env._("Extra address line"),
            "zip": self.env._("Postcode"),
            "city": self.env._("City"),
            "country_code": self.env._("Country"),
            "state_code": self.env._("State"),
            "payment_term_days": self.env._("Payment term (days)"),
            "active": self.env._("Active"),
            "customer": self.env._("Customer"),
            "supplier": self.env._("Supplier"),
        }
        return labels.get(name, name)

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

    def _tribe_address_partner(self):
        """The partner whose address is the invoice address."""
        self.ensure_one()
        return self.child_ids.filtered(lambda child: child.type == "invoice")[:1] or self

    def _tribe_mobile_field(self):
        """``partner_mobile``'s field where that addon is installed, else our own."""
        return "mobile" if "mobile" in self._fields else "tribe_mobile"

    def _tribe_values(self):
        """The neutral values of this partner (``mapping.ORGANIZATION_FIELDS`` / ``PERSON_FIELDS``).

        The payment term is not among them yet, so it is left alone on both sides.
        """
        self.ensure_one()
        address = self._tribe_address_partner()
        values = {
            "name": self.name,
            "email": self.email,
            "phone": self.phone,
            "mobile": self[self._tribe_mobile_field()],
            "website": self.website,
            "vat": self.vat,
            "debtor_number": self.debtor_number,
            "creditor_number": self.creditor_number,
            "street": address.street,
            "street2": address.street2,
            "zip": address.zip,
            "city": address.city,
            "country_code": address.country_id.code,
            "active": self.active,
        }
        names = ORGANIZATION_FIELDS if self._tribe_kind() == "organization" else PERSON_FIELDS
        return {name: values[name] or None for name in names if name in values} | {
            "active": self.active
        }

    @api.model
    def _tribe_vals(self, values):
        """Odoo's field values for some neutral values, without the address and ``active``."""
        same = ("name", "email", "phone", "website", "vat", "debtor_number", "creditor_number")
        vals = {name: values[name] for name in same if name in values}
        if "mobile" in values:
            vals[self._tribe_mobile_field()] = values["mobile"]
        return vals

    @api.model
    def _tribe_address_vals(self, values):
        """Odoo's address fields for some neutral values."""
        vals = {
            name: values[name] for name in ("street", "street2", "zip", "city") if name in values
        }
        if "country_code" in values:
            country = self.env["res.country"].search([("code", "=", values["country_code"])])
            vals["country_id"] = country.id
        return vals

    def _tribe_write(self, values):
        """Write neutral values that came from Tribe, all but ``active``.

        The VAT number is stored as Tribe has it: Odoo's check would refuse the whole record, and
        its look-up in VIES would wait for a third party.
        """
        self.ensure_one()
        partner = self._tribe_import_context()
        if vals := partner._tribe_vals(values):
            partner.write(vals)
        if vals := partner._tribe_address_vals(values):
            partner._tribe_address_partner().write(vals)

    def _tribe_import_context(self):
        return self.with_context(no_vat_validation=True, tracking_disable=True)
