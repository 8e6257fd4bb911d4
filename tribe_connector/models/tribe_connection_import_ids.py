from odoo import models

from ..codes import RELATION_KINDS

# Beyond it PostgreSQL would refuse an ID, and all that is looked for with it.
HIGHEST_ID = 2**31 - 1


class TribeConnection(models.Model):
    """What the connector writes into Tribe's ``ImportId``, and whom such a value names."""

    _inherit = "tribe.connection"

    def _import_id(self, record, kind):
        """What we write into Tribe's ``ImportId``: this database, the record, the kind.

        The database's own ID is part of it, so that a copy of a database never takes the
        records of the original for its own.
        """
        return self._import_ids(record, kind)[0]

    def _import_ids(self, record, kind):
        """What Tribe's ``ImportId`` of a record of ours can be: as we write it now, then as we
        wrote it before this database was moved.
        """
        suffix = "" if kind in ("organization", "person") else f":{kind}"
        return [f"{prefix}{record.id}{suffix}" for prefix in self._import_id_prefixes()]

    def _import_id_prefixes(self):
        uuids = [self._here()["database_uuid"], *(self.sudo().former_uuids or ())]
        return [f"odoo:{uuid}:res.partner:" for uuid in uuids]

    def _partner_of_import_id(self, import_id):
        """The partner that an ``ImportId`` of ours names, archived or not; else an empty set.

        Anybody can type one into Tribe, so it is no proof about whom this connection does not
        synchronize: who is linked or being sent, or is among its customers and suppliers. Who is
        left to Odoo is none of these.

        :raises NeedsPerson: when only *Only Contacts That* could tell, which cannot be used
        """
        partner = self._partner_named_by(import_id)
        if not partner:
            return partner
        links = self.env["tribe.link"]._of_partners(self, partner, RELATION_KINDS).values()
        if any(link.state == "left_to_odoo" for link in links):
            return partner.browse()
        if links:
            return partner - self._no_longer_linked(partner)
        return self._relations_among(partner)

    def _partner_named_by(self, import_id):
        """The partner whose ID is in an ``ImportId`` of ours; an empty set where there is none."""
        partners = self.env["res.partner"].with_context(active_test=False)
        for prefix in self._import_id_prefixes():
            number = (import_id or "").removeprefix(prefix)
            is_ours = (import_id or "").startswith(prefix) and number.isdecimal()
            # As we write it: with a zero in front nobody would find the relation by it.
            if is_ours and int(number) <= HIGHEST_ID and number == str(int(number)):
                return partners.browse(int(number)).exists() or self._merged_of(import_id)
        return partners

    def _merged_of(self, import_id):
        """The partner into which one was merged while it was being sent; may be empty."""
        links = self.env["tribe.link"]._of_import_ids(self, [import_id])
        return self.env["tribe.link"].concat(*links.values()).partner_id

    def _is_import_id_of_ours(self, import_id):
        """Whether an ``ImportId`` is one that we write for a contact, whoever that was."""
        return any(
            import_id.startswith(prefix) and import_id.removeprefix(prefix).isdecimal()
            for prefix in self._import_id_prefixes()
        )
