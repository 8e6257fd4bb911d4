import re

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..codes import (
    DEAD_STATES,
    RELATION_KINDS,
)
from ..engine.only_for import only_for
from ..sentence import say

DOUBLE_STOP = re.compile(r"(?<!\.)\.\.(?!\.)")


class TribeWork(models.Model):
    """What came of a button that has a lane do something: ``static/src/outcome`` asks and tells."""

    _inherit = "tribe.work"

    def _watch(self, asked, is_left=False):
        """An action that waits until some work is done or has failed, and tells.

        ``self`` is the work that was added just now for what a person asked.

        :param asked: the rows of work that a person chose
        :param is_left: whether the form that it was asked on goes back to its list
        """
        subjects = {each._subject(): each.display_name for each in asked}
        return {
            "type": "ir.actions.client",
            "tag": "tribe_outcome",
            "params": {
                "watched": {
                    "added_ids": self.ids,
                    "subjects": [[*subject, name] for subject, name in subjects.items()],
                },
                "is_left": is_left,
            },
        }

    def _subject(self):
        """What the work is about, whatever row is left of it."""
        return (self.connection_id.id, self.kind, self.reference)

    @api.model
    @only_for("User", operation=None)
    def look_at_outcome(self, added_ids, subjects):
        """What came of some work.

        :param added_ids: the rows that were added for it
        :param subjects: what it is about, ``[[connection_id, kind, reference, name]]``
        :return: what ``_told`` gives, and whether it is final: ``{"is_final": True, …}``
        """
        added_ids, subjects = self._read_watched(added_ids, subjects)
        added = self.search([("id", "in", added_ids), ("error_class", "=", False)])
        asked = {tuple(subject) for *subject, _name in subjects}
        rows = self.search(
            Domain("connection_id", "in", [connection_id for connection_id, *_ in asked])
            & Domain("reference", "in", [reference for *_, reference in asked])
            & Domain("error_class", "!=", False)
        )
        under_way = {row._subject() for row in added}
        failed = {
            row._subject(): row
            for row in rows
            if row._subject() in asked and row._subject() not in under_way
        }
        if len(subjects) == 1:
            outcome = self._outcome_of_one(subjects[0], next(iter(failed.values()), self), added)
        else:
            ended = asked & self._ended_links(asked).keys() - failed.keys() - under_way
            outcome = self._outcome_of_many(len(subjects), failed, under_way, ended)
        return {**outcome, "is_final": not added or bool(self._held_up(added))}

    def _read_watched(self, added_ids, subjects):
        """What ``_watch`` gave to the browser, as it comes back; a program may send anything.

        :raises UserError: for anything else
        """
        try:
            numbers = [int(number) for number in added_ids]
            subjects = [
                (int(connection_id), str(kind), str(reference), str(name))
                for connection_id, kind, reference, name in subjects
            ]
        except (TypeError, ValueError) as error:
            raise UserError(say(self.env, "outcome_unknown")) from error
        return numbers, subjects

    def _outcome_of_one(self, subject, failed, added):
        connection_id, kind, reference, name = subject
        ended = self._ended_links([(connection_id, kind, reference)])
        if added:
            return self._told(self._held_up(added) or self._is_under_way_sentence())
        if failed:
            return self._told(say(self.env, "still_not_done", problem=failed.error), "warning")
        for link in ended.values():
            return self._told(link._why_not_synchronized(), "warning")
        links = self.env["tribe.link"].search(
            [("connection_id", "=", connection_id), ("tribe_id", "=", reference)]
        )
        if kind != "invoice" or not links.move_id:
            return self._told(self.env._("Done: %s.", name), "success")
        move = links.move_id.sudo()
        number = move.name or move.display_name
        if links.state == "differs":
            return self._told(
                say(
                    self.env,
                    "booked_and_differs",
                    number=number,
                    difference=links.difference or "",
                ),
                "warning",
                move=links.move_id,
            )
        return self._told(
            self.env._("Invoice %s is booked.", number), "success", move=links.move_id
        )

    def _ended_links(self, subjects):
        """The links through which nothing goes any more, of the contacts among some subjects.

        :return: ``{subject: link}``
        """
        contacts = {
            (connection_id, int(reference)): (connection_id, kind, reference)
            for connection_id, kind, reference in subjects
            if kind == "partner" and reference.isdecimal()
        }
        links = self.env["tribe.link"].search(
            Domain("connection_id", "in", [connection_id for connection_id, _ in contacts])
            & Domain("partner_id", "in", [partner_id for _, partner_id in contacts])
            & Domain("kind", "in", RELATION_KINDS)
            & Domain("state", "in", DEAD_STATES)
        )
        by_contact = {(link.connection_id.id, link.partner_id.id): link for link in links}
        return {contacts[each]: link for each, link in by_contact.items() if each in contacts}

    def _outcome_of_many(self, total, failed, under_way, ended):
        parts = []
        if done := total - len(failed) - len(under_way) - len(ended):
            parts.append(self.env._("%s done.", done))
        if ended:
            parts.append(say(self.env, "not_synchronized_any_more", count=len(ended)))
        if failed:
            parts.append(say(self.env, "still_need_attention", count=len(failed)))
        if under_way:
            parts.append(self.env._("%s are being worked on; look again soon.", len(under_way)))
        level = "warning" if failed or ended else "info" if under_way else "success"
        return self._told(" ".join(parts), level)

    def _held_up(self, added):
        """Why a lane does not come to some work soon: a sentence; nothing, if one should."""
        for connection in added.sudo().connection_id:
            headline = connection._standstill_headline() or connection._trouble_headline()
            if headline and connection.with_env(self.env).has_access("read"):
                return self.env._("It waits. %s", headline.text)
            if headline:
                return say(self.env, "waits_as_administrator_sees")
        return ""

    def _is_under_way_sentence(self):
        return self.env._("It is being worked on. Look again in a moment.")

    @api.model
    def _told(self, message, level="info", move=None):
        """What a person is told, and what can be opened."""
        # A plain text: XML-RPC knows no other kind. What ends with a full stop ("B.V.") is followed
        # by no other one.
        message = DOUBLE_STOP.sub(".", str(message))
        told = {"message": message, "level": level}
        if move and move.has_access("read"):
            told["button"] = {
                "name": self.env._("Open Invoice"),
                "action": {
                    "type": "ir.actions.act_window",
                    "res_model": "account.move",
                    "res_id": move.id,
                    "views": [[False, "form"]],
                },
            }
        return told

    @api.model
    def _tell(self, message, level="success", move=None, is_left=False):
        """An action that tells at once what came of a button, and shows anew what is there.

        :param is_left: whether the form that it was asked on goes back to its list
        """
        return {
            "type": "ir.actions.client",
            "tag": "tribe_outcome",
            "params": {"outcome": self._told(message, level, move), "is_left": is_left},
        }

    @api.model
    def _tell_it_is_gone(self):
        """The action for who asks about what somebody else, or another tab, decided before."""
        return self._tell(
            say(self.env, "done_meanwhile"),
            "info",
            is_left=True,
        )
