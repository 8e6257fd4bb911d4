from odoo import models

from ..mapping import ADDRESS_FIELDS, canonical, has_place
from ..sentence import sentence, stored

INVOICE_CONTACT_APART = "invoice_contact_became_customer"


class TribeRelationSynchronizer(models.AbstractModel):
    """Addresses: one value, which may be that of the contact above, or of an invoice contact."""

    _inherit = "tribe.relation.synchronizer"

    def _has_parent_to_report(self, connection, partner, link):
        """Whether it is still to be told, or no more, who owes what a partner is invoiced."""
        text = partner._tribe_claimed_sentence() and partner._tribe_told_of_parent(connection)
        return stored(text) != (link.noted or {}).get("parent_id")

    def _has_own_address_again(self, connection, partner, link):
        """Whether it was noted that the address is that of the contact above, and it is not now."""
        noted = {
            name
            for name in ADDRESS_FIELDS
            if "address_of_parent" in ((link.noted or {}).get(name) or "")
        }
        return noted and not partner._tribe_address_of_parent(connection, noted)

    def _has_new_address(self, connection, partner, link, agreed, odoo, remote):
        """Whether the address is no more that of the contact above but another one since, and
        Tribe's is what it was all the time; or whether it was that of an invoice contact that
        became a customer, say, and is the partner's own from now on.

        Meanwhile what Odoo had was noted as what both agree on.
        """
        is_new = self._has_contact_apart(link) or (
            self._has_own_address_again(connection, partner, link)
            and not self._is_address_agreed(agreed, odoo)
        )
        return is_new and remote.has_address_of(link.shown or {})

    def _apart_from_address(self, connection, partner, odoo, tribe):
        """The parts of the address that differ for good, as one side cannot hold the other's."""
        if all(odoo.get(name) == tribe.get(name) for name in ("country_code", "state_code")):
            return ()
        return {
            *partner._tribe_not_in_odoo(connection, tribe),
            *connection._not_in_tribe(odoo),
        }

    def _address_of_contact_apart(self, connection, partner, link, agreed, odoo):
        """Why Tribe keeps the address of an invoice contact that became a customer, say.

        As long as nobody enters another one for the partner. Returns ``{field: sentence}``.
        """
        contacts = link and partner._tribe_invoice_contacts_apart(connection)
        if not contacts:
            return {}
        if self._has_contact_apart(link):
            # To empty it is not to enter another one.
            is_kept = not has_place(odoo) or self._is_address_agreed(agreed, odoo)
            contact = contacts[0] if is_kept else None
        else:
            contact = next(
                (
                    each
                    for each in contacts
                    if any(agreed.get(name) for name in ADDRESS_FIELDS)
                    and self._is_address_agreed(agreed, each._tribe_address_values())
                ),
                None,
            )
        if not contact:
            return {}
        text = sentence(
            INVOICE_CONTACT_APART,
            partner=partner.display_name,
            contact=self._name_of_other(connection, contact, partner),
        )
        return dict.fromkeys(ADDRESS_FIELDS, text)

    def _has_contact_apart(self, link):
        """Whether it was noted that Tribe keeps the address of an invoice contact that became a
        customer; what was agreed on is the partner's own in Odoo since."""
        noted = link.noted or {}
        return any(INVOICE_CONTACT_APART in str(noted.get(name)) for name in ADDRESS_FIELDS)

    def _is_address_agreed(self, agreed, values):
        """Whether an address in Odoo is the one that was agreed on."""
        country = agreed.get("country_code")
        return all(
            canonical(name, values.get(name), country) == canonical(name, agreed[name], country)
            for name in ADDRESS_FIELDS
            if name in agreed
        )
