from odoo import api, models
from odoo.exceptions import ValidationError

from ..mapping import (
    ADDRESS,
    COUNTRY_OF_LINE,
    FIELD_LABELS,
    PAYMENT_TERM_FIELDS,
    clean,
    is_email_doubtful,
    is_vat_doubtful,
    is_website,
    join,
    split,
    split_street,
)
from ..sentence import in_language, say, sentence
from .res_partner import PAYMENT_TERM_PROPERTIES


class ResPartner(models.Model):
    """Writes neutral values of Tribe to contacts, and says what Odoo cannot hold of them."""

    _inherit = "res.partner"

    @api.model
    def _tribe_label(self, name):
        """What a person calls a neutral field (``mapping.FIELD_LABELS``)."""
        return in_language(self.env, FIELD_LABELS.get(name, name))

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
        return refused | self._tribe_terms_not_in_odoo(connection.company_id, values)

    @api.model
    def _tribe_terms_not_in_odoo(self, company, values):
        """Which payment terms of Tribe a company has none of: ``{field: a sentence why}``."""
        terms = self.env["account.payment.term"]
        refused = {}
        for name in PAYMENT_TERM_FIELDS.values():
            days = values.get(name)
            if days is not None and not terms._tribe_of_days(company, days):
                refused[name] = say(
                    self.env, "payment_term_not_in_odoo", company=company.name, days=days
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
