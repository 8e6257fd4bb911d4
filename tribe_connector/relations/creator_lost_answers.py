from odoo import models

from ..codes import LINK, QUESTION, RELATION_KINDS
from ..engine.problems import NeedsPerson, TryAgain
from ..sentence import sentence
from .decision import Decision
from .number_fields import WIRE_NUMBERS
from .relation_reader import find_by_import_ids, find_by_numbers, load_relations


class TribeRelationCreator(models.AbstractModel):
    """What was being sent when the answer, or the process, was lost."""

    _inherit = "tribe.relation.creator"

    def _settle(self, batch, partners, links):
        """Find out whether Tribe created what was being sent. Nothing is sent twice before."""
        if not partners:
            return
        own = batch.connection._own_relation_ids()
        for kind in RELATION_KINDS:
            of_kind = partners.filtered(lambda partner, kind=kind: links[partner.id].kind == kind)
            found = self._find_sent(batch, kind, of_kind, links)
            pairs = [(partner, row) for partner in of_kind for row in found.get(partner.id, [])]
            apart = self._apart(batch, of_kind, pairs)
            nobody = own | self._left_to_odoo(batch, [row for _partner, row in pairs])
            found = {
                partner.id: [
                    row
                    for row in found.get(partner.id, [])
                    if row["ID"] not in nobody and (partner.id, row["ID"]) not in apart
                ]
                for partner in of_kind
            }
            decisions = self._judge_sent(batch, kind, of_kind, links, found)
            batch.apply_splitting_on_error(
                list(of_kind),
                lambda part, found=found, decisions=decisions: [
                    self._settle_one(
                        batch,
                        partner,
                        links[partner.id],
                        found[partner.id],
                        decisions.get(partner.id),
                    )
                    for partner in part
                ],
                lambda partner, error: batch.failed(str(partner.id), error, partner.display_name),
            )
        batch.commit()

    def _find_sent(self, batch, kind, partners, links):
        """What Tribe shows of what was being sent: ``{partner_id: [row]}``.

        Without an ``ImportId`` the numbers tell: the one that was sent along, which nobody had
        then, and the one that a person has entered since.
        """
        connection = batch.connection
        if connection.has_import_id:
            import_ids = {
                import_id: partner.id
                for partner in partners
                for import_id in (
                    *connection._import_ids(partner, kind),
                    links[partner.id].import_id,
                )
                if import_id
            }
            found_by_partner = {}
            for import_id, rows in find_by_import_ids(batch.client, kind, import_ids).items():
                found_by_partner.setdefault(import_ids[import_id], []).extend(rows)
            return found_by_partner
        rows_by_partner = {}
        for name, wire in WIRE_NUMBERS.items():
            by_number = {}
            for partner in partners:
                now = partner._tribe_number(connection, name)
                for number in {(links[partner.id].agreed or {}).get(name), now}:
                    by_number[number] = partner.id
            by_number = {number: partner for number, partner in by_number.items() if number}
            found = find_by_numbers(connection, batch.client, wire, list(by_number))
            for number, rows in found.items():
                if number in by_number:
                    rows_by_partner.setdefault(by_number[number], {}).update(
                        {row["ID"]: row for row in rows if row["kind"] == kind}
                    )
        return {partner_id: list(rows.values()) for partner_id, rows in rows_by_partner.items()}

    def _judge_sent(self, batch, kind, partners, links, found):
        """Whether the one relation that is found is what was sent: ``{partner_id: Decision}``.

        Anybody can type a number, or an ``ImportId``, into Tribe.
        """
        decisions = [
            Decision(LINK, partner=partner, link=links[partner.id], row=found[partner.id][0])
            for partner in partners
            if len(found[partner.id]) == 1
        ]
        ids = [decision.tribe_id for decision in decisions]
        remotes = load_relations(batch.connection, batch.client, kind, ids)
        for decision in decisions:
            decision.remote = remotes.get(decision.tribe_id)
            with self._alone(decision):
                if not decision.remote:
                    raise TryAgain(sentence("not_shown_yet", contact=decision.name))
                facts = self._relation_facts(decision.remote)
                self._judge(batch, decision, facts, decision.remote.entity)
        return {decision.partner.id: decision for decision in decisions}

    def _settle_one(self, batch, partner, link, rows, decision):
        if len(rows) > 1:
            batch.failed(str(partner.id), self._several(partner, rows), partner.display_name)
        elif decision and decision.action == QUESTION:
            self.env["tribe.suggestion"]._store(batch.connection, decision.candidates)
            batch.failed(str(partner.id), decision.error, partner.display_name)
        elif rows:
            link.write({"tribe_id": rows[0]["ID"], "state": "linked"})
            batch.log("link", partner.display_name, partner=partner)
        else:
            try:
                self._check_settled(batch, partner, link)
                if not batch.connection.has_import_id:
                    raise self._cannot_tell(partner)
            except (TryAgain, NeedsPerson) as error:
                batch.failed(str(partner.id), error, partner.display_name)

    def _check_settled(self, batch, partner, link):
        """Refuse to send again what Tribe may still be applying, or was when it was looked for.

        :raises TryAgain: until the settle time of a request without an answer is over
        """
        wait = (link._settled_at() - batch.began).total_seconds()
        if wait > 0:
            raise TryAgain(
                sentence(
                    "answer_lost",
                    contact=partner.display_name,
                ),
                min(wait, batch.connection.back_off_seconds),
            )

    def _forget_sending(self, batch, partner):
        """Tribe surely did not create what was marked as being sent: nothing needs to settle.

        For good: another record of the batch may end it, and undo what was not committed.
        """
        links = self.env["tribe.link"].search(
            [("connection_id", "=", batch.connection.id), ("partner_id", "=", partner.id)]
        )
        if not any(link.tribe_id for link in links):
            links.unlink()
        else:
            links.filtered(
                lambda link: link.kind not in RELATION_KINDS and not link.tribe_id
            ).unlink()
        batch.commit()

    def _cannot_tell(self, partner):
        return NeedsPerson(
            sentence(
                "answer_lost_without_import_id",
                contact=partner.display_name,
            ),
        )
