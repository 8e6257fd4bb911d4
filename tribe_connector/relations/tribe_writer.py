import re
from dataclasses import replace

from odoo import models

from ..engine.problems import Busy, TryAgain
from ..mapping import (
    ADDRESS_FIELDS,
    PAYMENT_TERM_FIELDS,
    Merge,
    answer,
    canonical,
    is_unanswered,
    relationship_body,
    without_unanswered,
)
from ..sentence import sentence
from ..tribe_api import Guid, TribeError
from ..tribe_names import RELATION_SETS, RELATIONSHIP_SETS, STAMP
from .relation_reader import load_entities
from .remote_relation import role_name, role_value
from .synchronizer import BUSY_SECONDS

# As Tribe writes moments; whatever else it sends for one is none, and is not kept.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[0-9.:Z+-]{0,20}", re.ASCII)


class TribeRelationExporter(models.AbstractModel):
    """Writes what changed in Odoo to Tribe."""

    _inherit = "tribe.relation.exporter"

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
            batch.log(
                "update_tribe",
                partner.display_name,
                self._changed_sentence(values),
                partner=partner,
            )
        return agreed

    def _note_answered(self, answered, names, record, answer):
        """Note to what a write was answered, and the mutation date where the write has moved it.

        Only then it says of a read whether that is an old copy.
        """
        stamp = answer.get(STAMP)
        is_moved = isinstance(stamp, str) and MOMENT.fullmatch(stamp) and stamp != record.get(STAMP)
        answered.update(dict.fromkeys(names, stamp if is_moved else None))

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

    def _check_unchanged_in_tribe(self, batch, decision):
        """Look once more, just before writing: a batch is read at once and written one by one.

        Tribe has no way to write only what nobody changed meanwhile (docs/tribe-api.md).

        :raises TryAgain: when somebody has changed it there since: it has to be decided again
        """
        remote = decision.remote
        rows = load_entities(batch.connection, batch.client, remote.kind, [Guid(remote.tribe_id)])
        # Only what is synchronized counts: other fields may change all the time.
        if [replace(remote, entity=row).shown() for row in rows] != [remote.shown()]:
            raise TryAgain(sentence("contact_being_saved", contact=decision.name), BUSY_SECONDS)

    def _keep_seen(self, decision):
        """Keep what is still to be seen of what Tribe was told, and that both agree on the rest.

        Both at once: it is noted for good with what Tribe is told next, whatever becomes of that.
        """
        link = decision.link
        agreed = self._agreed(decision) if decision.seen.ours else link.agreed
        if agreed != link.agreed:
            link.agreed = agreed
        link._keep_told(decision.seen)

    def _note_sending(self, batch, decision):
        """Note, for good, what Tribe is about to be told.

        If the answer or the process is lost then, what Tribe has is no edit of somebody there,
        and a later edit in Odoo is no conflict with it.

        Which relationships we end is noted as well, or nobody could tell who may reopen them.

        Returns it: ``{field: value}``.

        :raises Busy: when somebody has saved the partner since it was decided, Tribe answers from
            an old copy, or does not show yet an address that it was told of
        """
        link, remote, told = decision.link, decision.remote, dict(decision.merged.to_tribe)
        link._check_no_old_copy(remote, decision.name)
        self._check_address_shown(decision)
        active = told.get("active")
        changing = self._to_end_or_reopen(link, remote, active) if "active" in told else []
        for kind, row, relationship_link in changing:
            told[role_name(kind)] = role_value(active)
            if not active and row is remote.relationships[kind]:
                relationship_link.closed_by_us = True
            elif not active:
                relationship_link._note_also_ended(row["ID"])
        changed = {name: told[name] for name in ADDRESS_FIELDS if name in told}
        if changed:
            # Another one may fill in for an address that is emptied.
            told |= self._address_shown_then(batch.connection, remote, changed)
        # A first address is noted once it is sent.
        later = () if remote.invoice_address() else ADDRESS_FIELDS
        noted = {name: value for name, value in told.items() if name not in later}
        link._note_told(noted, {**remote.values(), **remote.roles()})
        batch.commit()
        self._check_unchanged(batch.connection, decision)
        return told

    def _check_address_shown(self, decision):
        """Have Tribe make no second address: where it does not show the one that it was told of,
        nobody knows which one to change, nor, without an answer, whether there is one.

        :raises Busy: as long as that may be
        """
        remote, link = decision.remote, decision.link
        changes_address = decision.merged.to_tribe.keys() & {*ADDRESS_FIELDS}
        if remote.invoice_address() or not changes_address:
            return
        told = {n: each for n, each in decision.seen.told.items() if n in ADDRESS_FIELDS}
        may_be_there = is_unanswered(without_unanswered(told, link._told_since(remote.read_at)))
        if remote.is_address_hidden or may_be_there:
            seconds = link._seconds_to_next_look(told)
            raise Busy(sentence("not_shown_yet", contact=decision.name), seconds)

    def _send_changes(self, batch, decision, told):
        """Tell Tribe what goes there, and note its answers; of each call where a later one fails.

        What Tribe has answered to is what both sides have: whatever it has afterwards is an edit
        there. Returns what both sides agree on once Odoo is written too.

        :raises TribeError: when a call fails
        """
        link, remote, answered = decision.link, decision.remote, {}
        try:
            agreed = self._write_to_tribe(batch, link, decision.merged, remote, answered)
        except TribeError:
            known = {name: told[name] for name in answered if name in told}
            if known:
                link.being_told = answer(link.being_told, known, answered)
                self._agree(link, remote, known)
                if numbers := {n: each for n, each in decision.numbers.items() if n in known}:
                    decision.partner._tribe_import_context().write(numbers)
                batch.commit()
            raise
        known = {name: agreed.get(name, told[name]) for name in told}
        self._note_answer(link, remote, known, answered)
        self._agree(link, remote, known)
        return agreed

    def _agree(self, link, remote, values):
        """Note that both sides have some values, of a relation whose values are known."""
        names = values.keys() & remote.values().keys()
        if link.agreed and names:
            link.agreed = {**link.agreed, **{name: values[name] for name in names}}

    def _note_answer(self, link, remote, told, stamps):
        """Note that Tribe has what it was told; what it never answered to before is told anew."""
        since = link._told_since(remote.read_at)
        kept = without_unanswered(answer(link.being_told, told, stamps), since)
        if kept != (link.being_told or {}):
            link.being_told = kept or False
