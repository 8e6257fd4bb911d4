from odoo import models
from odoo.exceptions import RedirectWarning, UserError

from ..codes import RELATION_KINDS
from ..engine.problems import Busy, NeedsPerson
from ..mapping import ADDRESS_FIELDS, agreed_on, made_of
from ..sentence import in_language, say, sentence, stored
from .synchronizer import BUSY_SECONDS, as_sentence

# What says in Odoo that a contact is one.
RANK_OF_ROLE = {"customer": "customer_rank", "supplier": "supplier_rank"}


class TribeRelationSynchronizer(models.AbstractModel):
    """Writes to Odoo: values, archiving, ranks, and notes for people."""

    _inherit = "tribe.relation.synchronizer"

    def _log_notes(self, batch, link, notes, to_tribe=()):
        """Tell a person what was left alone, or is doubtful: ``{field: sentence}``, each once.

        :param to_tribe: the fields that Tribe is still to be told: until then, notes about them
            (and an address is one) say what was agreed on
        """
        partner, noted = link.partner_id, link.noted or {}
        waiting = {*to_tribe}
        waiting |= waiting & {*ADDRESS_FIELDS} and {*ADDRESS_FIELDS}
        kept = {name: text for name, text in noted.items() if name in waiting}
        kept |= {name: stored(text) for name, text in notes.items()}
        known = set(noted.values())
        for name, text in notes.items():
            # Before notes were kept as sentences, their text was.
            if known.isdisjoint((kept[name], in_language(self.env, text))):
                batch.log("note", partner.display_name, text, partner=partner)
                known.add(kept[name])
        if kept != noted:
            link.noted = kept or False

    def _forget_echoes(self, connection, partners):
        """Take back the notes about our own saves of partners on whom both sides agree.

        Within the transaction that saved them: what a user saves is another one, and what an
        automation made of our save is a difference.
        """
        links = self.env["tribe.link"]._of_partners(connection, partners, RELATION_KINDS)
        # Whoever is of another company since, by an automation of our save, is asked about.
        elsewhere = partners._tribe_elsewhere(connection)
        agreeing = [
            link.partner_id.id
            for link in links.values()
            if link.partner_id not in elsewhere
            and not self._differs_from_agreed(
                link.partner_id._tribe_values(connection), link.agreed or {}
            )
        ]
        if agreeing:
            self.env["tribe.work"]._forget_saves(connection, agreeing)

    def _apply_to_odoo(self, batch, link, to_odoo, agreed, remote):
        """Write neutral values to Odoo, and note on the link what both sides now agree on.

        Returns the question why the partner cannot be archived, or None: all else is done.
        """
        partner = link.partner_id
        partner._tribe_check_ours(link.connection_id)
        values = {name: value for name, value in to_odoo.items() if name != "active"}
        agreed = dict(agreed)
        if values:
            agreed |= self._apply_values(link, values, remote)
        refusal = None
        if "active" in to_odoo:
            agreed["active"], refusal = self._apply_active(link, to_odoo["active"])
        elif partner.active and (archived := link._archived_by_us()):
            # Somebody unarchived it: who archives it from now on is not us.
            archived.archived_by_us = False
        if agreed != link.agreed:
            link.agreed = agreed
        self._link_relationships(link, remote)
        self._raise_ranks(partner, remote)
        if values:
            batch.log(
                "update_odoo", partner.display_name, self._changed_sentence(values), partner=partner
            )
        return refusal

    def _apply_values(self, link, values, remote):
        """Write neutral values to Odoo. Returns what of them both sides now agree on.

        As Odoo stores it (a VAT number gets its format, an automation may do anything), or it would
        count as changed here.
        """
        connection, partner = link.connection_id, link.partner_id
        before = partner._tribe_values(connection, remote.relationships)
        stored = partner._tribe_write(connection, values, remote)
        refused = partner._tribe_refused(connection, values)
        made = made_of(
            link.made or {},
            {name: value for name, value in values.items() if name not in refused},
            before,
            stored,
            policy=connection.conflict_policy,
            country=stored.get("country_code"),
        )
        self._note_made(link, made)
        return agreed_on(made, values, stored)

    def _note_made(self, link, made):
        """Keep what Odoo made of Tribe's values (``mapping.made_of``)."""
        made = {name: list(each) for name, each in made.items()} or False
        if made != link.made:
            link.made = made

    def _apply_active(self, link, active):
        """Archive, or unarchive what we archived.

        Returns whether the partner is active now, and the question why it cannot be archived.
        """
        partner = link.partner_id
        if partner.active and not active:
            if refusal := self._archive(partner):
                return True, refusal
            link.archived_by_us = not partner.active
            if partner.active:
                # Something in Odoo unarchives it: nobody archives it again and again.
                self._note_made(link, {**(link.made or {}), "active": [True, False, True]})
        elif active and not partner.active and link._archived_by_us():
            partner._tribe_import_context().action_unarchive()
            link._archived_by_us().archived_by_us = False
        return partner.active, None

    def _archive(self, partner):
        """Archive a partner. Returns the question why Odoo refuses it, or None."""
        try:
            with self.env.cr.savepoint():
                partner._tribe_import_context().action_archive()
        except (UserError, RedirectWarning) as error:
            return self._cannot_archive(partner, as_sentence(error.args[0]))
        return None

    def _leave_active(self, decision):
        """Have a partner who has a user not archived, but asked about: all else goes on."""
        partner, merged = decision.partner, decision.merged
        if merged.to_odoo.get("active") is not False or not partner.active:
            return
        users = self.env["res.users"].search([("partner_id", "=", partner.id)])
        if users:
            # As it was agreed on: it is archived as soon as it can be.
            merged.agreed["active"] = True
            del merged.to_odoo["active"]
            names = ", ".join(users.mapped("display_name"))
            decision.error = self._cannot_archive(
                partner, say(self.env, "contact_has_user", users=names)
            )

    def _check_unchanged(self, connection, decision):
        """What was decided is about the values that the partner had then.

        :raises Busy: when somebody has saved it since: it has to be decided again
        """
        if decision.odoo is None:
            return
        now = decision.partner._tribe_values(connection, decision.remote.relationships)
        if decision.odoo != now:
            raise Busy(sentence("contact_being_saved", contact=decision.name), BUSY_SECONDS)

    def _check_can_apply(self, batch, partner, remote, to_odoo):
        """Refuse what Odoo does not take.

        :raises NeedsPerson: for a number of somebody else
        :raises Busy: for a number that another worker is giving to somebody, or for what somebody
            has just forbidden: it has to be decided again
        """
        if partner._tribe_refused(batch.connection, to_odoo):
            raise Busy(sentence("contact_being_saved", contact=partner.display_name), BUSY_SECONDS)
        self._check_numbers_free(batch, partner, remote, to_odoo)

    def _cannot_archive(self, partner, reason):
        return NeedsPerson(
            sentence(
                "contact_cannot_be_archived",
                partner=partner.display_name,
                reason=reason,
            ),
        )

    def _raise_ranks(self, partner, remote):
        """A customer (supplier) of Tribe is one in Odoo: its rank is at least 1."""
        ranks = [RANK_OF_ROLE[role] for role in remote.roles_held]
        vals = {rank: 1 for rank in ranks if not partner[rank]}
        if vals:
            partner.write(vals)
