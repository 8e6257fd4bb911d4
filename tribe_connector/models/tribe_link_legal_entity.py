from odoo import models


class TribeLink(models.Model):
    """The legal entity for which an invoice was booked."""

    _inherit = "tribe.link"

    def _legal_entity(self):
        """The Tribe ID of the legal entity that an invoice was booked for; None: not known."""
        return (self.agreed or {}).get("legal_entity")

    def _complete_legal_entity(self, named):
        """Keep for which one an invoice was booked, where an older version did not.

        :param named: the one that it names in Tribe by now
        """
        if not self.agreed or not self.move_id or self._legal_entity():
            return
        of_company = self.connection_id.legal_entity_ids.filtered(
            lambda each: each.company_id == self.move_id.company_id
        )
        booked = (named & of_company) or of_company[:1]
        if booked:
            self.agreed = {**self.agreed, "legal_entity": booked.tribe_id}

    def _legal_entity_in_odoo(self, theirs):
        """Tribe's legal entity, where the entry is in its books."""
        tribe_id = theirs.get("legal_entity")
        if not tribe_id:
            return {}
        named = self._legal_entities([tribe_id])
        is_ours = named.is_booked and named.company_id == self.move_id.company_id
        return {"legal_entity": tribe_id if is_ours else ""}

    def _is_booked_elsewhere(self):
        """Whether Odoo no longer keeps the books of the legal entity that it was booked for."""
        # Whoever sees the link is shown what Tribe is told.
        booked = self.sudo()._legal_entities([self._legal_entity()])
        return bool(booked) and not booked.is_booked

    def _legal_entities(self, tribe_ids):
        return self.connection_id.legal_entity_ids.filtered(lambda each: each.tribe_id in tribe_ids)

    def _names_of_legal_entities(self, *tribe_ids):
        """What some are called; None where they are another company's."""
        entities = self._legal_entities(tribe_ids)
        companies = [each.company_id or self.connection_id.company_id for each in entities]
        if any(company != self.move_id.company_id for company in companies):
            return None
        names = {each.tribe_id: each.name for each in entities}
        return tuple(names.get(each, each) for each in tribe_ids)
