from odoo import api, models

from ..mapping import canonical

# What Odoo's own addons ask an outside host about as soon as a contact with it is made:
# account_peppol's and l10n_dk_nemhandel's address, which Odoo derives from the other values.
ASKED_ABOUT = ("peppol_endpoint", "nemhandel_identifier_value")
PLACE = ("zip", "city", "state_id", "country_id")


class ResPartner(models.Model):
    """What other addons would make of it that we write a contact: ask somebody outside, reset a
    value, or refuse the address. They are known by their fields, and never required.
    """

    _inherit = "res.partner"

    # Nobody outside is asked because of us: a lane would wait for them, and who is asked learns it.

    @api.model
    def _tribe_create(self, vals_list):
        """Make contacts without asking anybody outside about them."""
        derived = [name for name in ASKED_ABOUT if name in self._fields]
        quiet = dict.fromkeys(derived, False) | self._tribe_unasked_of_vies()
        partners = self.create([{**quiet, **vals} for vals in vals_list])
        for partner, vals in zip(partners, vals_list, strict=True):
            # Another addon may give a company to whoever has none: then no other books on them.
            if partner.company_id and not vals.get("company_id", True):
                partner.company_id = False
        for name in derived:
            # Derived after all, now that nobody looks: Odoo asks before it sends something there.
            self.env.add_to_compute(self._fields[name], partners)
        partners._tribe_ask_nobody()
        return partners

    def _tribe_unasked_of_vies(self, vals=None):
        """The values with which base_vat's look-up in VIES is passed over, beside some others.

        What VIES said stays with a number that stays the same, also when Odoo formats it anew.
        """
        if "vies_valid" not in self._fields:
            return {}
        if vals is not None and not {"vat", "country_id"} & vals.keys():
            return {}
        country = self.country_id.code
        before, now = (
            canonical("vat", vat, country) for vat in (self.vat, (vals or {}).get("vat", self.vat))
        )
        return {"vies_valid": bool(self and before == now and self.vies_valid)}

    @api.model
    def _format_vat_number(self, country_code, vat):
        """A VAT number of Tribe in its country's format, or as it is where that is another number.

        base_vat fills a Dutch one up with zeros, also a registry number, "GEEN", or the number of
        the country that somebody is just moving to.
        """
        formatted = super()._format_vat_number(country_code, vat)
        if not self.env.context.get("tribe_import"):
            return formatted
        is_same = canonical("vat", formatted, country_code) == canonical("vat", vat, country_code)
        return formatted if is_same else vat

    def _tribe_ask_nobody(self):
        """Have nobody asked about what was just written, here or below and above a contact: Odoo
        shares a VAT number, formats it, and shares it again.
        """
        if field := self._fields.get("vies_valid"):
            # Of the same number as above Odoo takes over what is known of that.
            asked = self.env.records_to_compute(field).filtered(
                lambda partner: partner.vat and partner.vat != partner.parent_id.vat
            )
            self.env.remove_to_compute(field, asked)
            if outdated := asked.filtered("vies_valid"):
                outdated.write({"vies_valid": False})

    def _should_check_deliverability(self):
        """partner_email_check looks up the host of an e-mail address: not because of us."""
        if self.env.context.get("tribe_import"):
            return False
        # Only that addon has it, and only that addon asks.
        return getattr(super(), "_should_check_deliverability", lambda: False)()

    # An address

    def _tribe_outdated_place(self, vals):
        """The records of a place that no longer fit an address with these values, emptied.

        ``zip_id`` of base_location, which refuses such an address, and ``city_id`` of
        base_address_extended.
        """
        names = [name for name in ("zip_id", "city_id") if name in self._fields and self[name]]
        if not names or not set(PLACE) & vals.keys():
            return {}
        address = {name: vals.get(name, self[name]) for name in PLACE}
        address |= {
            name: value.id if isinstance(value, models.BaseModel) else value
            for name, value in address.items()
        }
        fits = {"city_id": _is_city(self["city_id"], address)} if "city_id" in names else {}
        if "zip_id" in names:
            zip_code = self["zip_id"]
            is_city = _is_city(zip_code.city_id, address)
            fits["zip_id"] = is_city and zip_code.name == address["zip"]
        return {name: False for name in names if not fits[name]}

    def _tribe_chosen_address(self):
        """The invoice contact that somebody chose (partner_contact_address_default); may be empty.

        One of this contact's own: what Tribe says of its address must not change another's.
        """
        if "partner_invoice_id" not in self._fields:
            return self.browse()
        chosen = self["partner_invoice_id"]
        return chosen.filtered(
            lambda contact: (
                contact.active
                and contact != self
                and contact.commercial_partner_id == self.commercial_partner_id
            )
        )

    def _tribe_who_chose(self):
        """The contacts whose address is that of one of these because somebody chose it."""
        if "partner_invoice_id" not in self._fields:
            return self.browse()
        return self.with_context(active_test=False).search([("partner_invoice_id", "in", self.ids)])


def _is_city(city, address):
    """Whether a city (``res.city``) is that of an address, by Odoo's field names."""
    return (
        city.name == address["city"]
        and city.state_id.id == address["state_id"]
        and city.country_id.id == address["country_id"]
    )
