from odoo import models

from ..codes import CREATE_ODOO, CREATE_TRIBE, DEACTIVATE, LINK, QUESTION, UPDATE
from ..engine.problems import problem_of
from ..mapping import (
    ADDRESS,
    ADDRESS_FIELDS,
    NUMBER_FIELDS,
    ValueUnreadable,
    address_line,
    canonical,
)
from .number_fields import ROLE_OF_NUMBER


class TribeRelationPlanner(models.AbstractModel):
    """What a decision changes on both sides, as a line of a plan tells it."""

    _inherit = "tribe.relation.planner"

    def _changes_of_contact(self, batch, decision):
        """The changes on both sides that a decision of the exporter makes."""
        if decision.action == CREATE_TRIBE:
            values, _notes = self._values_to_create(batch, decision)
            changes = _value_changes(
                "tribe", {}, {name: new for name, new in values.items() if new}
            )
        elif decision.action in (LINK, UPDATE):
            changes = self._merged_changes(batch, decision)
        else:
            return []
        changes += [_change("tribe", kind, None, True) for kind in decision.relationships]
        changes += [_change("odoo", name, None, new) for name, new in decision.numbers.items()]
        return changes

    def _merged_changes(self, batch, decision):
        merged, remote = decision.merged, decision.remote.values()
        odoo = decision.odoo or decision.partner._tribe_values(
            batch.connection, decision.remote.relationships
        )
        to_tribe = dict(merged.to_tribe)
        if "active" in to_tribe and not self._to_end_or_reopen(
            decision.link or self._no_link(decision), decision.remote, to_tribe["active"]
        ):
            del to_tribe["active"]
        return [
            *_value_changes("tribe", remote, to_tribe),
            *_value_changes("odoo", odoo, merged.to_odoo),
        ]

    def _no_link(self, decision):
        """What a link about to be made will be like, for whom has none."""
        return self.env["tribe.link"].new({"partner_id": decision.partner.id})

    def _changes_of_relation(self, batch, decision):
        """The changes on both sides that a decision of the importer makes."""
        if decision.action == CREATE_ODOO:
            connection, remote = batch.connection, decision.remote
            tribe = self._values_from_tribe(connection, remote, {})
            for name, relationship in ROLE_OF_NUMBER.items():
                if relationship in remote.roles_held and not tribe.get(name, True):
                    (decision.numbers[name],) = self._free_numbers(batch, name, 1)
            values = {
                **self.env["tribe.relation.importer"]._values_of_new(connection, remote),
                **dict.fromkeys(remote.roles_held, True),
                **decision.numbers,
            }
            return [
                *_value_changes("odoo", {}, {name: new for name, new in values.items() if new}),
                *self._number_changes(decision),
            ]
        if decision.action in (LINK, UPDATE):
            self._decide_numbers(batch, [decision])
            return [
                *self._merged_changes(batch, decision),
                *self._number_changes(decision),
                *(_change("odoo", name, None, new) for name, new in decision.numbers.items()),
            ]
        return []

    def _number_changes(self, decision):
        """A new number in Tribe, in place of the one it may have."""
        before = decision.remote.values()
        return [
            _change("tribe", name, before.get(name), new) for name, new in decision.numbers.items()
        ]

    def _fill(self, batch, line, decision, changes):
        active = [change for change in changes if change["field"] == "active"]
        ends = decision.action == UPDATE and any(not change["new"] for change in active)
        action = DEACTIVATE if ends else decision.action
        if action == UPDATE and not changes:
            action = "same"
        if decision.error or decision.merged.conflicts:
            decision.error = self._question(decision)
            action = QUESTION
        numbers = {**decision.numbers}
        if decision.remote:
            numbers = {**_readable_values(decision.remote), **numbers}
        elif decision.partner:
            numbers = {**{name: decision.partner[name] for name in NUMBER_FIELDS}, **numbers}
        batch.fill(
            line,
            {
                "action": action,
                "name": decision.name,
                "tribe_id": decision.tribe_id or line.tribe_id,
                "partner_id": decision.partner.id if decision.partner else line.partner_id.id,
                # A line of a relation keeps its kind, whatever contact it is asked about.
                "kind": line.kind or decision.partner._tribe_kind(),
                "company_id": decision.partner.company_id.id if decision.partner else False,
                "changes": changes,
                "change_count": len(changes),
                "text": problem_of(decision.error, self.env).text
                if decision.error
                else list(dict.fromkeys(decision.merged.notes.values())),
                **{name: canonical(name, numbers.get(name)) or False for name in NUMBER_FIELDS},
            },
        )


def _readable_values(remote):
    """The values of a relation; none where the question is that Odoo cannot have them."""
    try:
        remote.check()
    except ValueUnreadable:
        return {}
    return remote.values()


def _value_changes(side, before, values):
    """What some values change on one side; an address is one value."""
    address = {name: value for name, value in values.items() if name in ADDRESS_FIELDS}
    changes = [
        _change(side, name, before.get(name), new)
        for name, new in values.items()
        if name not in address
    ]
    if address:
        lines = address_line(before), address_line({**before, **address})
        changes.append(_change(side, ADDRESS, *lines))
    return changes


def _change(side, name, old, new):
    return {"side": side, "field": name, "old": old, "new": new}
