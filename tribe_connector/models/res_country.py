from odoo import api, models
from odoo.tools import ormcache


class ResCountry(models.Model):
    _inherit = "res.country"

    @api.model
    def _tribe_with_code(self, code):
        """The country with a code; an empty set where there is none.

        :param code: as it is written in Odoo, or whatever else Tribe sends for one
        """
        # Odoo looks for no more of a code than the field can hold.
        is_code = isinstance(code, str) and len(code) == self._fields["code"].size
        return self.browse(self._tribe_ids_with_code(code) if is_code else ())

    @api.model
    @ormcache("code", cache="stable")
    def _tribe_ids_with_code(self, code):
        # Odoo clears this cache when a code changes, a country is made or goes.
        return self.search([("code", "=", code)])._ids
