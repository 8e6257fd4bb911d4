from odoo import models

from ..mapping import agreed_on, made_of


class TribeRelationImporter(models.AbstractModel):
    """Creates the contacts of relations that are new."""

    _inherit = "tribe.relation.importer"

    def _create_contacts(self, batch, decisions):
        """Create the partners of some relations in one batch."""
        remotes = [decision.remote for decision in decisions]
        partners = (
            self.env["res.partner"]
            ._tribe_import_context()
            .with_company(batch.connection.company_id)
            ._tribe_create([self._new_partner(batch.connection, remote) for remote in remotes])
        )
        links = self.env["tribe.link"].create(
            [
                {
                    "connection_id": batch.connection.id,
                    "kind": remote.kind,
                    "tribe_id": remote.tribe_id,
                    "partner_id": partner.id,
                    **self._agreed_on_new(batch.connection, remote, partner),
                    "archived_by_us": not partner.active,
                }
                for remote, partner in zip(remotes, partners, strict=True)
            ]
        )
        for decision, partner in zip(decisions, partners, strict=True):
            decision.partner = partner
        self._link_new_relationships(batch.connection, links, remotes)
        for decision, remote, link in zip(decisions, remotes, links, strict=True):
            link._keep_shown(remote, decision.merged)
            # An addon may have reset them while the contact was made.
            self._raise_ranks(link.partner_id, remote)
            batch.log("create_odoo", remote.name, partner=link.partner_id)
            self._log_notes(batch, link, self._notes_on_new(batch, remote))
        self._forget_echoes(batch.connection, partners)

    def _have_completed(self, batch, partners):
        """Who is a customer or supplier without a number, or has a number without being one in
        Tribe, gets the other from the exporter."""
        incomplete = partners.filtered(
            lambda partner: (
                bool(partner.customer_rank) != bool(partner.debtor_number)
                or (
                    partner.is_company
                    and bool(partner.supplier_rank) != bool(partner.creditor_number)
                )
            )
        )
        if incomplete:
            self.env["tribe.work"]._add(
                batch.connection, "outbound", "partner", incomplete.ids, "follow"
            )
            self.env["tribe.engine"]._wake("outbound")

    def _values_of_new(self, connection, remote):
        """The neutral values that a partner is created with.

        What Tribe leaves empty gets Odoo's own default.
        """
        partners = self.env["res.partner"].with_company(connection.company_id)
        values = self._values_from_tribe(connection, remote, {})
        refused = partners._tribe_not_in_odoo(connection, values)
        return {
            name: value
            for name, value in values.items()
            if value is not None and name not in refused
        }

    def _new_partner(self, connection, remote):
        partners = self.env["res.partner"].with_company(connection.company_id)
        values = self._values_of_new(connection, remote)
        # Else Odoo has a default for all companies, which may be that of its installation.
        language = connection.company_id.partner_id.lang
        is_installed = language in dict(self.env["res.lang"].get_installed())
        return {
            **({"lang": language} if is_installed else {}),
            "is_company": remote.kind == "organization",
            # Nobody's default decides whose contact it is.
            "company_id": False,
            "parent_id": False,
            **partners._tribe_vals(connection, values, remote),
            **partners._tribe_address_vals(values),
            "active": remote.is_current,
            "customer_rank": int("customer" in remote.roles_held),
            "supplier_rank": int("supplier" in remote.roles_held),
        }

    def _agreed_on_new(self, connection, remote, partner):
        """What both sides agree on about a partner that was just created, as values of its link.

        As Odoo stores it, or it would count as changed here; but what Odoo filled in by itself
        is to go to Tribe.
        """
        tribe = self._values_from_tribe(connection, remote, {})
        stored = partner._tribe_values(connection, remote.relationships)
        given = {
            name: value
            for name, value in self._values_of_new(connection, remote).items()
            # It is archived, or not, when it is looked at next.
            if name != "active"
        }
        made = made_of(
            {},
            given,
            {},
            stored,
            policy=connection.conflict_policy,
            country=stored.get("country_code"),
        )
        agreed = {
            name: value
            for name, value in stored.items()
            if value is None or tribe.get(name) is not None
        }
        return {
            "agreed": agreed | agreed_on(made, given, stored),
            "made": {name: list(each) for name, each in made.items()} or False,
        }

    def _notes_on_new(self, batch, remote):
        partners, values = self.env["res.partner"], remote.values()
        notes = partners._tribe_not_in_odoo(batch.connection, values)
        return {**notes, **partners._tribe_doubtful(values, values.get("country_code"))}
