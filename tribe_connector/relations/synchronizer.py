import re
from contextlib import contextmanager

import psycopg2

from odoo import models
from odoo.exceptions import RedirectWarning, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..codes import (
    ALSO_ENDED,
    RELATION_KINDS,
    SAME,
    UPDATE,
)
from ..engine.leases import (
    number_key,
    partner_key,
    tribe_key,
)
from ..engine.problems import Busy, NeedsPerson, TryAgain, is_refused_by_odoo, refusal_of
from ..mapping import (
    ADDRESS,
    ADDRESS_FIELDS,
    PAYMENT_TERM_FIELDS,
    Merge,
    address_body,
    agreed_on,
    as_odoo_has,
    before_telling,
    canonical,
    has_place,
    leave_alone,
    made_of,
    merge,
    organization_body,
    person_body,
    relationship_body,
)
from ..sentence import Choice, in_language, say, sentence, stored, together
from ..tribe_api import TribeError
from ..tribe_names import (
    RELATION_SETS,
    RELATIONSHIP_SETS,
    STAMP,
)
from .domains import COMMERCIAL
from .remote_relation import role_name

NUMBERS = {"debtor_number": "customer", "creditor_number": "supplier"}
WIRE_NUMBERS = {"debtor_number": "DebtorNumber", "creditor_number": "CreditorNumber"}
# As Tribe writes moments; whatever else it sends for one is none, and is not kept.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[0-9.:Z+-]{0,20}", re.ASCII)
INVOICE_CONTACT_APART = "invoice_contact_became_customer"
# A record that another worker is at comes again so soon.
BUSY_SECONDS = 2
NUMBER_NAMES = {
    "debtor_number": sentence("field_debtor_number"),
    "creditor_number": sentence("field_creditor_number"),
}


class TribeRelationSynchronizer(models.AbstractModel):
    """What importer and exporter of relations have in common: matching, merging, linking."""

    _name = "tribe.relation.synchronizer"
    _description = "Tribe Relation Synchronizer"

    @contextmanager
    def _alone(self, decision):
        """What goes wrong while one thing is decided is a question about that one alone.

        :raises psycopg2.Error: as it is: the transaction is lost, with all that it decided
        """
        try:
            yield
        except psycopg2.Error:
            raise
        except Exception as error:  # noqa: BLE001 - classified by the batch
            decision.ask(error)

    def _of_relation(self, error, name, numbers):
        """What Odoo or an addon refuses, as a problem of the relation that it is about.

        Once what was begun is undone. Any other exception comes back as it is.

        :param numbers: neutral values, of which the debtor and creditor number are told
        """
        if not is_refused_by_odoo(error):
            return error
        called = with_numbers(name, numbers)
        reason = together(
            [
                sentence("said_by_odoo", text=_sentence(each))
                if each.code == "said_by_odoo"
                else each
                for each in refusal_of(error, self.env)
            ]
        )
        return NeedsPerson(sentence("odoo_refuses_relation", relation=called, reason=reason))

    # Comparing

    def _too_long(self, connection, partners, links):
        """Those of some partners with a text that nobody may look at: ``{partner: problem}``.

        Not those who are left as they are in any case.
        """
        left = partners.filtered(
            lambda partner: (
                partner.id in links and links[partner.id].state in ("gone", "left_to_odoo")
            )
        )
        return (partners - left)._tribe_too_long(connection)

    def _merge(self, connection, partner, link, agreed, odoo, remote):
        """Which value goes where (``mapping.Merge``), by the policy and by what was decided.

        :param link: the link whose conflicts a person may have decided; may be empty
        :param agreed: the values both sides last had in common, None at first sight
        """
        not_shown = remote.not_shown.keys()
        values = self._values_from_tribe(connection, remote, odoo, link)
        values = {name: value for name, value in values.items() if name not in not_shown}
        if link and link.made:
            values = as_odoo_has(link.made, values, odoo.get("country_code"))
        agreed = dict(agreed or {})
        copied, restored, edited = link._older(remote) if link else ((), (), ())
        values |= {name: agreed[name] for name in copied if name in agreed and name in values}
        address = [name for name in ADDRESS_FIELDS if name in values and name in odoo]
        kept_apart = self._address_of_contact_apart(connection, partner, link, agreed, odoo)
        if kept_apart:
            # As if Odoo had not changed it: each side keeps its own.
            agreed |= {name: odoo[name] for name in address}
        elif link and self._has_new_address(connection, partner, link, agreed, odoo, remote):
            agreed |= {name: values[name] for name in address}
        outdated = self._outdated(link, partner, agreed, values, restored, edited)
        outdated = {name: each for name, each in outdated.items() if name not in kept_apart}
        if "active" in values and values["active"] != odoo["active"]:
            # At first sight nobody closed anything: neither side is closed because of the other.
            agreed.setdefault("active", False)
            if link and not odoo["active"] and link._archived_by_us():
                # Nobody archived it in Odoo: it ended in another Tribe, and goes on in this one.
                agreed["active"] = False
        decided = link.conflict_ids._decisions(odoo, values) if link else {}
        untouchable = partner._tribe_untouchable(connection, values)
        of_parent = partner._tribe_address_of_parent(connection, odoo)
        merged = merge(
            agreed,
            odoo,
            values,
            policy=self._policy(connection, link, remote),
            decided=decided,
            only_odoo=untouchable,
            with_consent=partner._tribe_with_consent(values),
            apart=self._apart_from_address(connection, partner, odoo, values),
            outdated=outdated,
        )
        self._leave_alone(
            connection,
            partner,
            merged,
            odoo,
            values,
            {
                **self._stays_archived(link, partner, merged),
                **self._stays_active(link, partner, merged),
                **untouchable,
                **kept_apart,
            },
            self._not_reopened(link, remote, merged),
        )
        # As if Odoo had not changed it: once it has one of its own again, that is Tribe's.
        merged.agreed.update({name: odoo[name] for name in of_parent})
        if not_shown:
            text = sentence(
                "fields_not_shown", partner=partner.display_name, fields=self._labels(not_shown)
            )
            merged.notes.update(dict.fromkeys(not_shown, text))
        had = any(name in outdated and agreed.get(name) for name in address)
        is_lost = had and not any(values[name] for name in address)
        if is_lost and any(merged.to_tribe.get(name) for name in address):
            merged.notes[ADDRESS] = sentence("address_comes_back", partner=partner.display_name)
        if partner._tribe_claimed_sentence():
            # As of its address: the same text is told once.
            merged.notes["parent_id"] = partner._tribe_told_of_parent(connection)
        return merged

    def _policy(self, connection, link, remote):
        """Which side wins where both changed a field, or nothing about it was agreed on yet.

        Not Tribe where it may be from a backup: as of a relation in whose place another one was
        linked since, which is gone by that.
        """
        policy = connection.conflict_policy
        is_in_doubt = link and link._is_in_doubt(remote.restored_at)
        return "ask" if policy == "tribe" and is_in_doubt else policy

    def _outdated(self, link, partner, agreed, values, restored, edited):
        """The fields of a restored backup of Tribe, each with the policy by which it is decided.

        Of what somebody edited there since, people are asked. What Odoo cannot have, as was noted
        before, is none: each side keeps its own. Nobody is archived because of a backup.
        """
        if not restored and not edited:
            return {}
        policies = dict.fromkeys(restored, link.connection_id.conflict_policy)
        policies |= {"active": "odoo"} if "active" in restored else {}
        policies |= dict.fromkeys(edited, "ask")
        kept_apart = partner._tribe_not_in_odoo(link.connection_id, values)
        kept_apart = kept_apart.keys() & (link.noted or {}).keys()
        return {
            name: policy
            for name, policy in policies.items()
            if name in agreed and name not in kept_apart
        }

    def _has_company_untold(self, connection, partner, link):
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

    def _values_from_tribe(self, connection, remote, odoo, link=None):
        """Tribe's values that count: its numbers only where they are the source of Odoo's.

        And not one that a contact has given up for somebody else, who has it in Odoo now.

        :param link: that of the contact to the relation, if there is one
        """
        values = remote.values()
        missing = [name for name in NUMBERS if name in values and odoo.get(name) is None]
        # Nothing about it is agreed on until the relation has another one.
        given_up = [
            name
            for name in missing
            if link
            and self._has_given_up(link, name, values[name])
            and self._partners_with(connection, name, values[name]) - link.partner_id
        ]
        if connection.number_source != "tribe":
            values |= dict.fromkeys(missing)
        return {name: value for name, value in values.items() if name not in given_up}

    def _has_given_up(self, link, name, number):
        """Whether a contact had a number in both systems, and has another one, or none, in Odoo.

        Not one that its relation has got in Tribe: it may be who it says there.
        """
        partner, number = link.partner_id, canonical(name, number)
        if link.state != "linked" or not partner:
            return False
        if canonical(name, partner._tribe_number(link.connection_id, name)) == number:
            return False
        had = [(link.agreed or {}).get(name), *before_telling(link.being_told, name)]
        return number in [canonical(name, each) for each in had]

    def _not_reopened(self, link, remote, merged):
        """Why a relation that is active in Odoo stays former in Tribe: ``{"active": sentence}``."""
        if not merged.to_tribe.get("active") or (
            link and self._to_end_or_reopen(link, remote, True)
        ):
            return {}
        return {"active": sentence("relation_stays_former", relation=remote.name)}

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

    def _stays_archived(self, link, partner, merged):
        """Why a contact that is current in Tribe stays archived: ``{"active": sentence}``."""
        if not merged.to_odoo.get("active") or (link and link._archived_by_us()):
            return {}
        return {"active": sentence("contact_stays_archived", partner=partner.display_name)}

    def _stays_active(self, link, partner, merged):
        """Why a contact that is former in Tribe stays active: ``{"active": sentence}``.

        Whether it is active is one for all whose customer it is.
        """
        is_former = merged.to_odoo.get("active") is False
        if not is_former or not (link and link._is_current_elsewhere()):
            return {}
        return {"active": sentence("contact_stays_active", partner=partner.display_name)}

    def _leave_alone(self, connection, partner, merged, odoo, tribe, untouchable, not_reopened):
        """Take back what a side cannot hold, or may not be given; note that, and what is doubtful.

        :param untouchable: what Tribe may not write in Odoo: ``{field: a sentence why}``
        :param not_reopened: what we may not reopen or replace in Tribe, likewise
        """
        leave_alone(
            merged,
            odoo,
            tribe,
            not_in_odoo={
                **partner._tribe_not_in_odoo(connection, merged.to_odoo),
                **untouchable,
            },
            not_in_tribe={
                **connection._not_in_tribe({**odoo, **merged.to_tribe}),
                **not_reopened,
                **partner._tribe_address_of_parent(connection, odoo),
            },
        )
        for values, country in ((merged.to_odoo, tribe), (merged.to_tribe, odoo)):
            merged.notes.update(partner._tribe_doubtful(values, country.get("country_code")))

    def _log_notes(self, batch, link, notes, to_tribe=()):
        """Tell a person what was left alone, or is doubtful: ``{field: sentence}``, each once.

        :param to_tribe: the fields that Tribe is still to be told: until then, notes about them
            (and an address is one) say what was agreed on
        """
        partner, told = link.partner_id, link.noted or {}
        waiting = {*to_tribe}
        waiting |= waiting & {*ADDRESS_FIELDS} and {*ADDRESS_FIELDS}
        kept = {name: text for name, text in told.items() if name in waiting}
        kept |= {name: stored(text) for name, text in notes.items()}
        known = set(told.values())
        for name, text in notes.items():
            # Before notes were kept as sentences, their text was.
            if known.isdisjoint((kept[name], in_language(self.env, text))):
                batch.log("note", partner.display_name, text, partner=partner)
                known.add(kept[name])
        if kept != told:
            link.noted = kept or False

    def _agreed(self, decision):
        """The values that both sides last had in common, or None.

        What was being sent counts as agreed with what arrived of it, and so does what Tribe has of
        what it was told, or had before: what we tell it never wins over a later edit in Odoo. What
        another relation had, which was deleted in Tribe since, does not.
        """
        link = decision.link
        if not link or link.state in ("unlinked", "merged"):
            return None
        if link.state == "gone" and link.tribe_id != decision.remote.tribe_id:
            return None
        if link.state == "sending" and not self._has_arrived(decision):
            return None
        values = decision.remote.values()
        ours = {name: values[name] for name in self._ours(decision) if name in values}
        ours = as_odoo_has(link.made or {}, ours, values.get("country_code"))
        return {**(link.agreed or {}), **ours} if ours else link.agreed

    def _ours(self, decision):
        """What nobody has edited in Tribe since it was told."""
        ours = decision.seen.ours
        # It has no mutation date of its own: it follows from relationships, which have.
        roles = (decision.link.being_told or {}).keys() & decision.remote.roles().keys()
        is_active_ours = roles and roles <= ours
        return ours if is_active_ours else ours - {"active"}

    def _has_arrived(self, decision):
        """Whether a relation is what was being sent, and not one that merely has its number."""
        link, remote = decision.link, decision.remote
        if not link.connection_id.has_import_id:
            return True
        sent = link.connection_id._import_ids(link.partner_id, remote.kind)
        return remote.entity.get("ImportId") in {*sent, link.import_id} - {False}

    # What Tribe was told, and its reads do not show yet

    def _see(self, decision):
        """Find out what the read of a linked relation shows of what Tribe was told.

        Where it is an old copy, the relation has what it has by now.
        """
        link, remote = decision.link, decision.remote
        if not link or not link.being_told or link.tribe_id != remote.tribe_id:
            return
        shown = remote.shown()
        decision.seen = link._see(
            {**shown, **remote.roles()},
            remote.stamps(),
            remote.read_at,
            shown.get("country_code"),
        )
        if decision.seen.hidden:
            decision.remote = remote.with_hidden(decision.seen.hidden)

    def _both_changed(self, decision):
        """The question about the conflicts of a decision."""
        conflicts = decision.merged.conflicts
        consents = decision.partner._tribe_with_consent(
            {name: tribe for name, (_odoo, tribe) in conflicts.items()}
        )
        asked = conflicts.keys() - consents.keys()
        # Nobody changed it on both sides, and the policy does not decide it.
        restored = asked & decision.merged.outdated
        # At first sight nothing was agreed on yet: they differ, and nobody changed anything.
        changed = (asked & decision.merged.changed) - restored
        # The first sentence says what the problem is listed under.
        return NeedsPerson(
            *(
                sentence(code, relation=decision.name, fields=self._labels(names))
                for code, names in (
                    ("restored_in_tribe_differs", restored),
                    ("both_sides_changed", changed),
                    ("both_sides_differ", asked - changed - restored),
                )
                if names
            ),
            *consents.values(),
        )

    def _question(self, decision):
        """What is left for a person of a decision that is carried out; None if nothing is."""
        if not decision.merged.conflicts:
            return decision.error
        changed = self._both_changed(decision)
        if decision.action != UPDATE or not decision.error:
            return decision.error or changed
        return NeedsPerson(*decision.error.args, *changed.args)

    def _changed(self, values):
        return sentence("fields_changed", fields=self._labels(values))

    def _labels(self, names):
        partners = self.env["res.partner"]
        return sorted(partners._tribe_label(name) for name in names)

    def _differs_from_agreed(self, values, agreed):
        """Whether a partner changed since both sides last agreed."""
        country = values.get("country_code")
        return any(
            name not in agreed
            or canonical(name, value, country) != canonical(name, agreed[name], country)
            for name, value in values.items()
        )

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

    # What is Odoo's own, or another company's

    def _decide_others(self, connection, decisions):
        """Ask about the linked contacts that are Odoo's own, or of a company in which the
        connection does not work, and do nothing else with them.

        What a person has left to Odoo, or is gone in Tribe, is not asked.
        """
        partners = self.env["res.partner"].browse(
            decision.partner.id for decision in decisions if decision.partner
        )
        own = partners._tribe_own()
        others = own | partners._tribe_elsewhere(connection)
        for decision in decisions:
            if not decision.partner or decision.partner not in others:
                continue
            decision.action = SAME
            if decision.link and decision.link.state in ("left_to_odoo", "gone"):
                continue
            if decision.link and decision.partner not in own:
                decision.called = decision.link._called_in_tribe()
                told = decision.partner._tribe_elsewhere_sentence(connection, decision.called)
                decision.ask(NeedsPerson(told))
                continue
            try:
                decision.partner._tribe_check_ours(connection)
            except NeedsPerson as error:
                decision.ask(error)

    def _changed_kind(self, partner, link):
        """The question about a linked contact that is a person now, or a company."""
        return NeedsPerson(
            sentence(
                "contact_changed_kind",
                partner=partner._tribe_called(),
                kind=Choice("tribe.link", "kind", link.kind),
            ),
        )

    # Writing to Odoo

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
            batch.log("update_odoo", partner.display_name, self._changed(values), partner=partner)
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
            return self._cannot_archive(partner, _sentence(error.args[0]))
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

    def _join(self, batch, decision):
        """Link a contact and a relation that are one and the same. Returns the link."""
        partner = decision.partner
        link = self.env["tribe.link"]._join(
            batch.connection,
            decision.remote.kind,
            decision.tribe_id,
            partner,
            agreed=self._agreed(decision) or False,
        )
        self.env["tribe.suggestion"]._forget(batch.connection, partner, decision.tribe_id)
        batch.log("link", partner.display_name, partner=partner)
        return link

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

    def _check_numbers_free(self, batch, partner, remote, values):
        """Refuse a number of Tribe that another partner has already, or is about to get."""
        for name in NUMBERS:
            if not values.get(name):
                continue
            if not self._take_number(batch, name, values[name]):
                raise self._busy(partner)
            self._check_first_with(batch, (name, values[name]), remote)
            others = self._partners_with(batch.connection, name, values[name]) - partner
            if others:
                raise NeedsPerson(
                    sentence(
                        "number_taken_in_odoo",
                        field=NUMBER_NAMES[name],
                        number=values[name],
                        relation=partner.name or values.get("name"),
                        partner=self._name_of_other(batch.connection, others[0], partner),
                    ),
                )

    def _take_number(self, batch, name, number):
        """Take the lease on giving somebody a number; False when another worker has it.

        Two relations with one number may come to two workers at the same moment. Neither would
        see the partner that the other one is making.
        """
        return batch.leases.take(number_key(batch.connection.id, name, number))

    def _check_first_with(self, batch, key, remote):
        """Two relations of one batch that would be one partner, or have one number, are a question.

        :param key: the partner, or ``(field, number)``
        """
        if isinstance(key, tuple):
            key = (key[0], canonical(*key))
        first = batch.first_relation_with.setdefault(key, remote)
        if first.tribe_id != remote.tribe_id:
            raise self._same_number(remote, first.name)

    def _same_number(self, remote, other):
        return NeedsPerson(
            sentence(
                "relations_with_same_number",
                relation=remote.name,
                other=other,
            ),
        )

    def _name_of_other(self, connection, other, partner=None):
        """What a contact is called where the problem of a partner is read."""
        if not self._may_be_told(connection, other, partner):
            return say(self.env, "contact_of_other_company")
        return other._tribe_called()

    def _may_be_told(self, connection, other, partner=None):
        """Whether a contact is read by all who read the problem of a partner.

        Or, without a partner, that of what is not in Odoo yet: its connection's company reads it.
        """
        company = (partner and partner.company_id) or connection.company_id
        return not other.company_id or other.company_id == company

    def _busy(self, partner):
        return Busy(
            sentence("contact_being_received", contact=partner._tribe_called()),
            BUSY_SECONDS,
        )

    def _partners_with(self, connection, name, number):
        """The partners of the connection's tenant with a number, archived or not.

        Whoever is linked keeps it, also as a person who is under a company since; who is being
        sent with it has it already.
        """
        having = self._partners_by_number(connection, name, [number])
        return having.get(canonical(name, number), self.env["res.partner"])

    def _partners_by_number(self, connection, name, numbers):
        """As ``_partners_with``, of many numbers at the cost of one: ``{compared: partners}``."""
        compared = {canonical(name, number) for number in numbers}
        companies = [False, *connection._companies_of_contacts().ids]
        linked = self.env["tribe.link"]._search(
            Domain("connection_id", "=", connection.id)
            & Domain("kind", "in", RELATION_KINDS)
            & Domain("partner_id", "!=", False)
            & Domain("state", "!=", "gone")
        )
        is_one = Domain(COMMERCIAL) | Domain("id", "in", linked.subselect("partner_id"))
        has_number = _is_written(name, compared) & is_one
        if connection.number_source == "ref":
            has_number |= Domain(name, "=", False) & _is_written("ref", compared)
        found = (
            self.env["res.partner"]
            .with_context(active_test=False)
            .search(
                has_number
                & Domain("company_id", "in", companies)
                & Domain("id", "not in", connection._own_partner_ids())
                & connection._tenant_domain()
            )
            .grouped(lambda partner: canonical(name, partner._tribe_number(connection, name)))
        )
        sent = self._partners_being_sent(connection, name)
        nobody = self.env["res.partner"]
        return {
            number: found.get(number, nobody) | sent.get(number, nobody)
            for number in compared & (found.keys() | sent.keys())
        }

    def _partners_being_sent(self, connection, name):
        """Whom we sent to Tribe with a number, and whose answer was lost: ``{compared: partners}``.

        The number is not on the partner yet: it is written when Tribe has it.
        """
        sending = self.env["tribe.link"].search(
            [
                ("connection_id", "=", connection.id),
                ("kind", "in", RELATION_KINDS),
                ("state", "=", "sending"),
                ("tribe_id", "=", False),
            ]
        )
        links = sending.grouped(lambda link: canonical(name, (link.agreed or {}).get(name)))
        return {number: of_number.partner_id for number, of_number in links.items()}

    def _raise_ranks(self, partner, remote):
        """A customer (supplier) of Tribe is one in Odoo: its rank is at least 1."""
        ranks = {"customer": "customer_rank", "supplier": "supplier_rank"}
        vals = {ranks[kind]: 1 for kind in remote.roles_held if not partner[ranks[kind]]}
        if vals:
            partner.write(vals)

    # Linking

    def _link_relationships(self, link, remote):
        """Link the customer and supplier relationships of a linked relation.

        Those that were deleted in Tribe are linked no longer.
        """
        self._deleted_relationships(link.connection_id, link.partner_id, remote).unlink()
        ids = [row["ID"] for row in remote.relationships.values()]
        known = self.env["tribe.link"].search(
            [
                ("connection_id", "=", link.connection_id.id),
                ("kind", "in", list(remote.relationships)),
                "|",
                ("partner_id", "=", link.partner_id.id),
                ("tribe_id", "in", ids),
            ]
        )
        for kind, row in remote.relationships.items():
            of_partner = known.filtered(
                lambda each: each.kind == kind and each.partner_id == link.partner_id
            )
            of_row = known.filtered(lambda each: each.tribe_id == row["ID"])
            self._link_relationship(link, kind, row, of_partner, of_row)

    def _deleted_relationships(self, connection, partner, remote):
        """The links of a partner to relationships that Tribe has no more.

        Not to those that were made just before it was read: they need not show yet.
        """
        return self._not_shown_relationships(connection, partner, remote).filtered(
            lambda link: not link._may_be_new(remote.read_at)
        )

    def _not_shown_relationships(self, connection, partner, remote):
        """The links of a partner to relationships that a read does not show, but could.

        Beside a role that goes on, not to one that had ended: nothing ends with it. Nor where so
        many do not show that nobody is believed to have deleted it.
        """
        sets = RELATIONSHIP_SETS[remote.kind]
        readable = [kind for kind, name in sets.items() if name not in connection._absent()]
        links = self.env["tribe.link"]._of_partners(connection, partner, readable)
        return self.env["tribe.link"].concat(
            *(
                link
                for (_partner, kind), link in links.items()
                if link.tribe_id
                and kind not in remote.relationships
                and kind not in remote.doubted
                and not (remote.is_current and link._was_former())
            )
        )

    def _link_relationship(self, link, kind, row, of_partner, of_row):
        """Have one link for one relationship.

        :param of_partner: the link that the partner has for this kind, or an empty set
        :param of_row: the link of the relationship: that one, that of a partner who was deleted
            in Odoo, or of the one from whom Tribe moved it; or an empty set
        """
        if of_partner and of_row - of_partner:
            of_row.unlink()
        existing = of_partner or of_row
        is_former = row.get("IsFormer") is True
        values = {
            "tribe_id": row["ID"],
            "partner_id": link.partner_id.id,
            "state": "linked",
            "agreed": {"active": not is_former},
        }
        if not existing:
            existing.create({**values, "connection_id": link.connection_id.id, "kind": kind})
            return
        is_another = existing.tribe_id not in (row["ID"], False)
        # What Tribe is being told, or does not show yet, is no word of somebody there.
        is_current = not is_former and role_name(kind) not in (link.being_told or {})
        if is_another or is_current:
            values["closed_by_us"] = False
        elif existing._also_ended():
            values["agreed"] |= {ALSO_ENDED: existing._also_ended()}
        current = {name: existing[name] for name in values if name != "partner_id"}
        if current | {"partner_id": existing.partner_id.id} != values:
            existing.write(values)

    def _check_surely_gone(self, batch, link):
        """What was just sent may not show yet in Tribe, which reads from a copy of its data; nor
        what was just read, as there may be several copies.

        :raises TryAgain: until it shows by now wherever it is read
        """
        settled_at = link._settled_at()
        is_new = settled_at and settled_at > batch.began
        if is_new or link._seconds_of_old_copies(batch.began) > 0:
            code = "not_shown_yet" if is_new else "not_shown_any_more"
            raise TryAgain(
                sentence(code, contact=link.partner_id._tribe_called()),
                batch.connection.back_off_seconds,
            )

    def _unlink_gone(self, batch, link, name):
        """Say of a link that its relation was deleted in Tribe; the contact stays.

        One through which nothing ever went is none: a person pressed *Link* when the relation was
        there no more. What becomes of its contact is decided anew; not of who was linked before
        (``LINKED_BEFORE``), and so is this Tribe's.
        """
        partner = link.partner_id
        if partner and not link.agreed:
            works = self.env["tribe.work"]
            works._add(batch.connection, "outbound", "partner", partner.ids, "follow")
            self.env["tribe.engine"]._wake("outbound")
            link.unlink()
        else:
            link.state = "gone"
        batch.log("problem", name, sentence("relation_deleted_in_tribe"), partner=partner)

    def _relation_link(self, connection, partner):
        """The link of a partner to its relation, of either kind."""
        found = self.env["tribe.link"]._of_partners(connection, partner, RELATION_KINDS)
        return next(iter(found.values()), self.env["tribe.link"])

    def _take_both(self, batch, tribe_id, partner):
        """Take the leases on both sides of a link; False when another worker is on it."""
        connection_id = batch.connection.id
        taken = not tribe_id or batch.leases.take(tribe_key(connection_id, tribe_id))
        return taken and (not partner or batch.leases.take(partner_key(connection_id, partner.id)))

    # What is known of partners

    def _still_open(self, batch, partners):
        still_open = set(batch.references)
        return partners.filtered(lambda partner: str(partner.id) in still_open)

    def _links_by_partner(self, connection, partners):
        """``{partner_id: link}`` of partners that have a link to a relation."""
        links = self.env["tribe.link"]._of_partners(connection, partners, RELATION_KINDS)
        return {partner_id: link for (partner_id, _kind), link in links.items()}

    def _wanted_relationships(self, partner):
        """What Tribe should know this partner as: ``["customer", "supplier"]``.

        Nothing, for a private person from whom something is bought: an employee, say.
        """
        wanted = ["customer"] if partner._tribe_is_customer() else []
        if partner._tribe_is_supplier() and partner._tribe_kind() == "organization":
            wanted.append("supplier")
        return wanted

    def _missing_relationships(self, connection, partner, remote=None):
        """What a partner is that Tribe does not know it as: ``["customer", "supplier"]``.

        :param remote: the relation as it was just read, if it was
        """
        if not partner.active:
            return []
        links = self.env["tribe.link"]._of_partners(connection, partner, ("customer", "supplier"))
        deleted = remote and self._deleted_relationships(connection, partner, remote)
        known = {
            kind
            for (_partner, kind), link in links.items()
            if link.tribe_id and not (deleted and link in deleted)
        }
        return [kind for kind in self._wanted_relationships(partner) if kind not in known]

    # Writing to Tribe

    def _write_to_tribe(self, batch, link, merged: Merge, remote, answered):
        """Write what goes to Tribe, in as few calls as there are records to change.

        Returns what both sides agree on once Odoo is written too.

        :param answered: takes what Tribe has answered to, also where a later call fails: ``{field:
            the mutation date that the answer tells, or None}``
        """
        values = dict(merged.to_tribe)
        agreed = dict(merged.agreed)
        active = values.pop("active", None)
        self._write_relation(batch, link.partner_id, remote, values, answered)
        agreed |= self._write_address(batch, link, remote, values, answered)
        self._write_payment_terms(batch, remote, values, answered)
        if active is not None:
            agreed["active"] = self._write_active(batch, link, remote, active, answered)
        if values:
            partner = link.partner_id
            batch.log("update_tribe", partner.display_name, self._changed(values), partner=partner)
        return agreed

    def _note_answered(self, answered, names, record, answer):
        """Note to what a write was answered, and the mutation date where the write has moved it.

        Only then it says of a read whether that is an old copy.
        """
        stamp = answer.get(STAMP)
        is_moved = isinstance(stamp, str) and MOMENT.fullmatch(stamp) and stamp != record.get(STAMP)
        answered.update(dict.fromkeys(names, stamp if is_moved else None))

    def _relation_fields(self, connection, partner, kind, values, before=None):
        """The fields of a relation itself, as Tribe names them.

        :param before: the parts of a person's name as Tribe has them
        """
        if kind == "organization":
            body = organization_body(values)
        else:
            body = person_body(values, partner._tribe_person_name(before))
        return self._present(connection, RELATION_SETS[kind], body)

    def _write_relation(self, batch, partner, remote, values, answered):
        body = self._relation_fields(
            batch.connection, partner, remote.kind, values, remote.person_name()
        )
        if body:
            answer = batch.client.update(RELATION_SETS[remote.kind], remote.tribe_id, body)
            names = values.keys() - {*ADDRESS_FIELDS, *PAYMENT_TERM_FIELDS.values()}
            self._note_answered(answered, names, remote.entity, answer)

    def _write_address(self, batch, link, remote, values, answered):
        """Write the address fields of some values to Tribe.

        Returns what Tribe shows afterwards instead of the values, if anything: an address that is
        emptied has the relation's other addresses fill in for it.
        """
        changed = {name: values[name] for name in ADDRESS_FIELDS if name in values}
        if not changed:
            return {}
        shown = self._address_shown_then(batch.connection, remote, changed)
        body = self._address_changes(batch.connection, remote, changed)
        slot = remote.invoice_address()
        if body and slot:
            answer = batch.client.update("Address", slot["ID"], body)
            self._note_answered(answered, changed, slot, answer)
        elif body:
            self._create_address(batch, link, remote, changed, body)
            answered.update(dict.fromkeys(changed))
        return {
            name: shown[name]
            for name, value in changed.items()
            if canonical(name, shown[name]) != canonical(name, value)
        }

    def _address_shown_then(self, connection, remote, changed):
        """What Tribe shows of some address fields once it was told them: ``{field: value}``."""
        body = self._address_changes(connection, remote, changed)
        shown = remote.with_address(body, changed).values()
        return {name: shown[name] for name in changed}

    def _create_address(self, batch, link, remote, changed, body):
        """Give a relation its first address.

        Whether it was sent is noted, for good: it is sent again once it surely did not arrive,
        which is at once where Tribe refused it.

        :param changed: the neutral values of the body
        """
        link._note_told(changed, remote.values())
        batch.commit()
        try:
            if remote.kind == "organization":
                entity_set = RELATION_SETS[remote.kind]
                batch.client.update(entity_set, remote.tribe_id, {"InvoiceAddress": body})
            else:
                batch.client.create("Address", {**body, "Person": {"ID": remote.tribe_id}})
        except TribeError as error:
            if not error.outcome_unknown:
                link._forget_told(changed)
                batch.commit()
            raise

    def _address_changes(self, connection, remote, values):
        """How changed address fields are told to Tribe; ``{}`` when it has them already.

        :raises CountryUnknown: when Tribe lacks the country
        """
        return remote.address_changes(values, connection.country_ids or {}, connection.state_ids)

    def _address_body(self, connection, values, country_code=None):
        """The address fields of some neutral values, as Tribe names them."""
        address = {name: values[name] for name in ADDRESS_FIELDS if name in values}
        return address_body(
            address, connection.country_ids or {}, country_code, connection.state_ids
        )

    def _write_payment_terms(self, batch, remote, values, answered):
        for kind, row in remote.relationships.items():
            body = relationship_body(kind, values)
            if body:
                entity_set = RELATIONSHIP_SETS[remote.kind][kind]
                answer = batch.client.update(entity_set, row["ID"], body)
                self._note_answered(answered, [PAYMENT_TERM_FIELDS[kind]], row, answer)

    def _write_active(self, batch, link, remote, active, answered):
        """End the relationships, or reopen the ones that we ended.

        Returns whether the relation is a customer or supplier in Tribe afterwards.
        """
        for kind, row, relationship_link in self._to_end_or_reopen(link, remote, active):
            entity_set = RELATIONSHIP_SETS[remote.kind][kind]
            answer = batch.client.update(entity_set, row["ID"], {"IsFormer": not active})
            if row is remote.relationships[kind]:
                self._note_answered(answered, [role_name(kind)], row, answer)
                remote.note_former(kind, not active)
                relationship_link.closed_by_us = not active
        return remote.is_current

    def _to_end_or_reopen(self, link, remote, active):
        """``[(kind, row, link)]`` of the relationships that change with the partner.

        The one that counts is ended last, and reopened first: until then it still counts.
        """
        links = self.env["tribe.link"]._of_partners(
            link.connection_id, link.partner_id, ("customer", "supplier")
        )
        found = []
        for kind, row in remote.relationships.items():
            relationship_link = links.get((link.partner_id.id, kind), self.env["tribe.link"])
            ended = set(relationship_link._also_ended())
            ended |= {row["ID"]} if relationship_link.closed_by_us else set()
            rows = [*remote.others.get(kind, ()), row]
            found += [
                (kind, each, relationship_link)
                for each in (reversed(rows) if active else rows)
                if active == (each.get("IsFormer") is True) and (not active or each["ID"] in ended)
            ]
        return found

    def _present(self, connection, entity_set, body):
        """A body without the fields that this tenant lacks (the connection's report has them)."""
        absent = connection._absent()
        return {name: value for name, value in body.items() if f"{entity_set}/{name}" not in absent}


def numbers_told(numbers):
    """Some debtor and creditor numbers as people are told them: ``{field: number}``."""
    return [
        sentence("number_of_relation", field=NUMBER_NAMES[each], number=numbers[each])
        for each in NUMBERS
        if numbers.get(each)
    ]


def with_numbers(name, numbers):
    """What a relation or contact is called, with its numbers if it has any."""
    told = numbers_told(numbers)
    return sentence("relation_with_numbers", relation=name, numbers=told) if told else name


def _is_written(name, numbers):
    """The contacts with one of some numbers (or references), however written, as a domain."""

    def condition(model, alias, _query):
        model.flush_model([name])
        field = SQL.identifier(alias, name)
        lowered = SQL("SELECT lower(number) FROM unnest(%s::text[]) AS number", list(numbers))
        # An index has exactly this.
        return SQL("lower(btrim(%s)) = ANY(ARRAY(%s))", field, lowered)

    return Domain.custom(to_sql=condition)


def _sentence(text):
    """Odoo's message on one line, ending in a full stop."""
    line = " ".join(str(text).split())
    return line if line.endswith((".", "!", "?")) else f"{line}."
