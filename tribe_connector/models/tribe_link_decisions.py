from odoo import fields, models
from odoo.exceptions import UserError

from ..codes import (
    ASKED_BY,
    PHASE_BEFORE,
    RELATION_KINDS,
    RELATIONSHIP_KINDS,
    TOLD_PAID,
)
from ..engine.only_for import only_for
from ..sentence import say


class TribeLink(models.Model):
    """What a person decides about a link."""

    _inherit = "tribe.link"

    decided_by_id = fields.Many2one(
        "res.users",
        "Left to Odoo By",
        readonly=True,
        ondelete="set null",
        help="Who ignored the invoice, or left it to Odoo.",
    )
    decided_at = fields.Datetime("Left to Odoo On", readonly=True)

    def _check_may_decide(self):
        """Let those decide about a relation who administrate its connection, where that is.

        A link with a contact of all companies is seen as well by who works in the company of a
        legal entity only: the invoices of that one are theirs to decide, its relations are not.

        :raises AccessError: for a connection of another company
        """
        relations = self.filtered(lambda link: link.kind != "invoice")
        relations.sudo().connection_id.with_env(self.env).check_access("write")

    @only_for("Administrator")
    def action_send_again(self):
        """Tribe's answer was lost and a person saw that Tribe did not create it: send it again.

        :raises AccessError: for who does not administrate the connection
        :raises UserError: while Tribe may still be applying the request
        """
        self._check_may_decide()
        works = self.env["tribe.work"]
        added = works
        for link in self.sudo().filtered(lambda link: link.state == "sending"):
            if not link.exists():
                continue
            connection, partner = link.connection_id, link.partner_id
            settled_at = link._settled_at()
            if settled_at and settled_at > fields.Datetime.now():
                raise UserError(
                    say(
                        self.env,
                        "tribe_may_still_create",
                        partner=partner.display_name,
                        moment=settled_at,
                    )
                )
            links = self.sudo()._of_partners(connection, partner, (link.kind, *RELATIONSHIP_KINDS))
            for each in links.values():
                if not each.tribe_id:
                    each.unlink()
            added += works._ask_for_partners(connection, partner)
        if not added:
            return works._tell_it_is_gone()
        added._wake_lanes()
        return added.with_env(self.env)._watch(added, is_left=True)

    @only_for("Administrator")
    def action_leave_to_odoo(self):
        """Accept what Odoo has: the invoice, or the contact that was merged into another one, or
        that is a company of Odoo's own now, or of a company where the connection does not work.

        It is no longer compared with Tribe. Nor is Tribe told that such an invoice is paid: what
        was paid is what Odoo has, not what Tribe has.
        """
        self._check_may_decide()
        left = self.sudo().filtered("can_leave_to_odoo")
        if not left:
            return self.env["tribe.work"]._tell_it_is_gone()
        left.write({"state": "left_to_odoo", "difference": False, **self._decision()})
        for connection, links in left.grouped("connection_id").items():
            left.env["tribe.suggestion"]._forget_relations(connection, links.mapped("tribe_id"))
        references = [*left.mapped("tribe_id"), *map(str, left.partner_id.ids)]
        self.env["tribe.work"]._add_again(
            [
                ("connection_id", "in", left.connection_id.ids),
                ("reference", "in", references),
            ],
            "person",
        )
        return self.env["tribe.work"]._tell(
            self.env._("Left to Odoo: %s.", ", ".join(left.mapped("display_name")))
        )

    def _decision(self):
        """Who decides now about what is told no more, to be kept with it."""
        return {"decided_by_id": self.env.uid, "decided_at": fields.Datetime.now()}

    @only_for("Administrator")
    def action_follow_again(self):
        """Take back *Leave to Odoo* of relations: they are synchronized again."""
        self._check_may_decide()
        works = self.env["tribe.work"]
        left = self.sudo().filtered(
            lambda link: (
                link.state == "left_to_odoo" and link.kind in RELATION_KINDS and link.partner_id
            )
        )
        if not left:
            return works._tell_it_is_gone()
        left.state = "linked"
        for connection in left.connection_id:
            of_connection = left.filtered(lambda link, c=connection: link.connection_id == c)
            works._ask_for_partners(connection, of_connection.partner_id)
        self.env["tribe.engine"].sudo()._wake("outbound")
        return works._tell(
            self.env._("Synchronized again: %s.", ", ".join(left.mapped("display_name")))
        )

    @only_for("Administrator")
    def action_book_again(self):
        """Book invoices anew whose move was deleted or cancelled in Odoo.

        :raises UserError: for an invoice that is still booked
        """
        works = self.env["tribe.work"]
        added = works
        links = self.sudo().filtered(lambda link: link.kind == "invoice")
        if not links:
            return works._tell_it_is_gone()
        for link in links:
            if link.move_id.state in ("draft", "posted"):
                raise UserError(
                    say(
                        self.env,
                        "invoice_still_in_odoo",
                        invoice=link.move_id.display_name,
                    )
                )
            # What Tribe was told outlives the link: it may be taken back.
            reason = TOLD_PAID if link.told_paid and link.paid_by_us else "person"
            work = works._add(link.connection_id, "inbound", "invoice", [link.tribe_id], reason)
            work.facts = {ASKED_BY: self.env.uid}
            if reason == TOLD_PAID and (before := (link.agreed or {}).get(PHASE_BEFORE)):
                work.facts |= {PHASE_BEFORE: before}
            added += work
            link.move_id.tribe_booked_before = link.tribe_id
        links.unlink()
        added._wake_lanes()
        return added.with_env(self.env)._watch(added, is_left=True)
