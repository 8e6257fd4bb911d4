from odoo import models

from ..mapping import agreed_on, made_of
from .number_fields import ROLE_OF_NUMBER
from .odoo_writer import RANK_OF_ROLE


class TribeRelationImporter(models.AbstractModel):
    """Creates the contacts of relations that are new."""

    _inherit = "tribe.relation.importer"

    def _create_contacts(self, batch, decisions):
        """Create the partners of some relations in one batch."""
        connection = batch.connection
        remotes = [decision.remote for decision in decisions]
        values = [self._values_and_refusals(connection, remote) for remote in remotes]
        given = [each for each, _refused in values]
        partners = (
            self.env["res.partner"]
            ._tribe_import_context()
            .with_company(connection.company_id)
            ._tribe_create(
                [
                    self._new_partner(connection, remote, each)
                    for remote, each in zip(remotes, given, strict=True)
                ]
            )
        )
        links = self.env["tribe.link"].create(
            [
                self._new_link_values(connection, *each)
                for each in zip(remotes, partners, given, strict=True)
            ]
        )
        for decision, partner in zip(decisions, partners, strict=True):
            decision.partner = partner
        self._link_new_relationships(connection, links, remotes)
        for decision, link, (_given, refused) in zip(decisions, links, values, strict=True):
            partner, remote = decision.partner, decision.remote
            link._keep_shown(remote, decision.merged)
            # An addon may have reset them while the contact was made.
            self._raise_ranks(partner, remote)
            batch.log("create_odoo", remote.name, partner=partner)
            self._log_notes(batch, link, self._notes_on_new(partner, remote, refused))
        self._forget_echoes(connection, partners)

    def _new_link_values(self, connection, remote, partner, values):
        """The field values of the link of a contact that was just created.

        :param values: the neutral values that it was created with
        """
        return {
            "connection_id": connection.id,
            "kind": remote.kind,
            "tribe_id": remote.tribe_id,
            "partner_id": partner.id,
            **self._agreed_on_new(connection, remote, partner, values),
            "archived_by_us": not partner.active,
        }

    def _have_completed(self, batch, partners):
        """Who is a customer or supplier without a number, or has a number without being one in
        Tribe, gets the other from the exporter."""
        incomplete = partners.filtered(self._is_incomplete)
        if incomplete:
            self.env["tribe.work"]._add(
                batch.connection, "outbound", "partner", incomplete.ids, "follow"
            )
            self.env["tribe.engine"]._wake("outbound")

    def _is_incomplete(self, partner):
        """Whether a contact has a number without the rank that an import gives with it, or is a
        customer or supplier, whatever makes it one, without a number."""
        roles = self._wanted_roles(partner)
        return any(
            not (partner[name] and partner[RANK_OF_ROLE[role]])
            for name, role in ROLE_OF_NUMBER.items()
            if role in roles
        )

    def _values_of_new(self, connection, remote):
        """The neutral values that a partner is created with.

        What Tribe leaves empty gets Odoo's own default.
        """
        given, _refused = self._values_and_refusals(connection, remote)
        return given

    def _values_and_refusals(self, connection, remote):
        """As ``_values_of_new``, and what Odoo cannot hold: ``{field: a sentence why}``."""
        partners = self.env["res.partner"].with_company(connection.company_id)
        values = self._values_from_tribe(connection, remote, {})
        refused = partners._tribe_not_in_odoo(connection, values)
        given = {
            name: value
            for name, value in values.items()
            if value is not None and name not in refused
        }
        return given, refused

    def _new_partner(self, connection, remote, values):
        """The field values of a contact that is created with some neutral values."""
        partners = self.env["res.partner"].with_company(connection.company_id)
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

    def _agreed_on_new(self, connection, remote, partner, values):
        """What both sides agree on about a partner that was just created, as values of its link.

        As Odoo stores it, or it would count as changed here; but what Odoo filled in by itself
        is to go to Tribe.

        :param values: the neutral values that it was created with
        """
        tribe = self._values_from_tribe(connection, remote, {})
        stored = partner._tribe_values(connection, remote.relationships)
        given = {
            name: value
            for name, value in values.items()
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

    def _notes_on_new(self, partner, remote, refused):
        """What a person has to know of a contact that was created: ``{field: sentence}``."""
        values = remote.values()
        return {**refused, **partner._tribe_doubtful(values, values.get("country_code"))}
