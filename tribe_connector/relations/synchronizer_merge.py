from odoo import models

from ..codes import UPDATE
from ..engine.problems import NeedsPerson
from ..mapping import (
    ADDRESS,
    ADDRESS_FIELDS,
    NUMBER_FIELDS,
    as_odoo_has,
    before_telling,
    canonical,
    leave_alone,
    merge,
)
from ..sentence import sentence


class TribeRelationSynchronizer(models.AbstractModel):
    """Which side's value goes where, and what both sides last agreed on."""

    _inherit = "tribe.relation.synchronizer"

    def _merge(self, connection, partner, link, agreed, odoo, remote):
        """Which value goes where (``mapping.Merge``), by the policy and by what was decided.

        :param link: the link whose conflicts a person may have decided; may be empty
        :param agreed: the values both sides last had in common, None at first sight
        """
        agreed = dict(agreed or {})
        copied, restored, edited = link._older(remote) if link else ((), (), ())
        values = self._values_shown(connection, remote, odoo, link)
        values |= {name: agreed[name] for name in copied if name in agreed and name in values}
        kept_apart = self._address_of_contact_apart(connection, partner, link, agreed, odoo)
        address = [name for name in ADDRESS_FIELDS if name in values and name in odoo]
        if kept_apart:
            # As if Odoo had not changed it: each side keeps its own.
            agreed |= {name: odoo[name] for name in address}
        elif link and self._has_new_address(connection, partner, link, agreed, odoo, remote):
            agreed |= {name: values[name] for name in address}
        outdated = self._outdated(link, partner, agreed, values, restored, edited)
        outdated = {name: each for name, each in outdated.items() if name not in kept_apart}
        agreed |= self._agreed_on_active(link, agreed, odoo, values)
        untouchable = partner._tribe_untouchable(connection, values)
        merged = merge(
            agreed,
            odoo,
            values,
            policy=self._policy(connection, link, remote),
            decided=link.conflict_ids._decisions(odoo, values) if link else {},
            only_odoo=untouchable,
            with_consent=partner._tribe_with_consent(values),
            apart=self._apart_from_address(connection, partner, odoo, values),
            outdated=outdated,
        )
        refused = {**untouchable, **kept_apart}
        self._leave_alone(connection, partner, link, merged, odoo, values, remote, refused)
        had = any(name in outdated and agreed.get(name) for name in address)
        is_lost = had and not any(values[name] for name in address)
        comes_back = is_lost and any(merged.to_tribe.get(name) for name in address)
        self._add_notes(connection, partner, merged, remote.not_shown, comes_back)
        return merged

    def _values_shown(self, connection, remote, odoo, link):
        """Tribe's values that count and are sent, as Odoo would have them."""
        values = self._values_from_tribe(connection, remote, odoo, link)
        values = {name: value for name, value in values.items() if name not in remote.not_shown}
        if link and link.made:
            values = as_odoo_has(link.made, values, odoo.get("country_code"))
        return values

    def _agreed_on_active(self, link, agreed, odoo, values):
        """What counts as agreed on where one side alone is active, if that is not what was.

        At first sight nobody closed anything: neither side is closed because of the other. Nor did
        anybody archive in Odoo what ended in another Tribe, and goes on in this one.
        """
        if "active" not in values or values["active"] == odoo["active"]:
            return {}
        is_ended_elsewhere = link and not odoo["active"] and link._archived_by_us()
        return {"active": False} if "active" not in agreed or is_ended_elsewhere else {}

    def _add_notes(self, connection, partner, merged, not_shown, comes_back):
        """Note what people have to know of a merge, besides what is left alone.

        :param not_shown: the fields that Tribe does not send
        :param comes_back: whether Tribe is told the address again that a restored backup lacks
        """
        called = partner.display_name
        if not_shown:
            text = sentence("fields_not_shown", partner=called, fields=self._labels(not_shown))
            merged.notes.update(dict.fromkeys(not_shown, text))
        if comes_back:
            merged.notes[ADDRESS] = sentence("address_comes_back", partner=called)
        if partner._tribe_claimed_sentence():
            # As of its address: the same text is told once.
            merged.notes["parent_id"] = partner._tribe_told_of_parent(connection)

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

    def _values_from_tribe(self, connection, remote, odoo, link=None):
        """Tribe's values that count: its numbers only where they are the source of Odoo's.

        And not one that a contact has given up for somebody else, who has it in Odoo now.

        :param link: that of the contact to the relation, if there is one
        """
        values = remote.values()
        missing = [name for name in NUMBER_FIELDS if name in values and odoo.get(name) is None]
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

    def _leave_alone(self, connection, partner, link, merged, odoo, tribe, remote, untouchable):
        """Take back what a side cannot hold, or may not be given; note that, and what is doubtful.

        :param untouchable: what Tribe may not write in Odoo: ``{field: a sentence why}``
        """
        of_parent = partner._tribe_address_of_parent(connection, odoo)
        leave_alone(
            merged,
            odoo,
            tribe,
            not_in_odoo={
                **partner._tribe_not_in_odoo(connection, merged.to_odoo),
                **self._stays_archived(link, partner, merged),
                **self._stays_active(link, partner, merged),
                **untouchable,
            },
            not_in_tribe={
                **connection._not_in_tribe({**odoo, **merged.to_tribe}),
                **self._not_reopened(link, remote, merged),
                **of_parent,
            },
        )
        for values, country in ((merged.to_odoo, tribe), (merged.to_tribe, odoo)):
            merged.notes.update(partner._tribe_doubtful(values, country.get("country_code")))
        # As if Odoo had not changed it: once it has one of its own again, that is Tribe's.
        merged.agreed.update({name: odoo[name] for name in of_parent})

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

    def _differs_from_agreed(self, values, agreed):
        """Whether a partner changed since both sides last agreed."""
        country = values.get("country_code")
        return any(
            name not in agreed
            or canonical(name, value, country) != canonical(name, agreed[name], country)
            for name, value in values.items()
        )

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
