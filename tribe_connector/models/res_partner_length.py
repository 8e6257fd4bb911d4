from odoo import models

from ..engine.problems import NeedsPerson
from ..mapping import clean_start, is_too_long
from ..sentence import LONGEST_ITEM, Label, sentence, shortened

NAMES = ("name", "company_name", "commercial_company_name", "firstname", "lastname")
# What is told to Tribe, or compared with what it has.
TEXTS = (
    "email",
    "phone",
    "mobile",
    "tribe_mobile",
    "website",
    "vat",
    "company_registry",
    "ref",
    "debtor_number",
    "creditor_number",
)
OF_ADDRESS = (
    "street",
    "street_name",
    "street_number",
    "street_number2",
    "street2",
    "zip",
    "city",
)


class ResPartner(models.Model):
    """Texts without end: a field of Odoo takes millions of characters, from whoever may change a
    contact, a customer in the portal too.

    What Tribe has is held from the same length on (``mapping.check_storable``).
    """

    _inherit = "res.partner"

    def _tribe_check_length(self, address):
        """Refuse a contact of which something that is told or compared is too long.

        :param address: the contact whose address it has (``_tribe_address_partner``)
        :raises NeedsPerson: with the record, the field and the remedy
        """
        self.ensure_one()
        self._tribe_check_names()
        self._tribe_check_texts(self, TEXTS)
        address._tribe_check_texts(address, OF_ADDRESS)
        address._tribe_check_texts(address.state_id, ("code", "name"))

    def _tribe_check_names(self):
        """As ``_tribe_check_length``, of the names that Odoo itself shows, in an invoice too."""
        for record in self, self.parent_id:
            self._tribe_check_texts(record, NAMES)

    def _tribe_check_texts(self, record, names):
        """Refuse a record of this contact, such as itself, with a text that is too long."""
        for name in names:
            if name in record._fields and is_too_long(record[name]):
                raise NeedsPerson(
                    sentence(
                        "contact_value_too_long",
                        what=Label(record._name, name),
                        contact=self._tribe_called(),
                        count=len(record[name]),
                        start=record[name][:40],
                    )
                )

    def _tribe_too_long(self, connection):
        """Those of these contacts that ``_tribe_check_length`` refuses: ``{contact: problem}``."""
        problems = {}
        for partner in self:
            try:
                partner._tribe_check_length(partner._tribe_address_partner(connection))
            except NeedsPerson as problem:
                problems[partner] = problem
        return problems

    def _tribe_called(self):
        """What people are told that a contact is called.

        To show a name takes Odoo the square of the white space in it, so only the start is read
        of one that is too long.
        """
        owner = self.sudo()
        names = [owner[name] for name in NAMES if name in self._fields]
        names.append(owner.parent_id.name)
        if not any(map(is_too_long, names)):
            return self.display_name
        first = next(filter(None, names))
        return clean_start(shortened(first, LONGEST_ITEM)) or str(self.id)
