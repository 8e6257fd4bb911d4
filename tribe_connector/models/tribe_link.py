from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..codes import (
    ADDRESS_MARK,
    ALSO_ENDED,
    ASKED_BY,
    DEAD_STATES,
    DOUBTED,
    ENDED_STATES,
    LINKED_BEFORE,
    PAID_CODE,
    PHASE_BEFORE,
    RELATION_KINDS,
    RELATIONSHIP_KINDS,
    RESTORED,
    TOLD_PAID,
)
from ..engine.only_for import only_for
from ..engine.problems import Busy
from ..engine.sentence_field import SentenceText
from ..mapping import (
    ADDRESS_FIELDS,
    PAYMENT_TERM_FIELDS,
    canonical,
    is_before,
    look,
    oldest,
    tell,
)
from ..sentence import say, sentence, together

# What is said of the links of relations that have no contact any more.
ENDED_BY = {
    "gone": "link_deleted_on_both_sides",
    "merged": "link_merged_in_odoo",
    "unlinked": "difference_contact_deleted",
}
# So many other relations are read along, to find out whether one was.
WITNESSES = 3
# An old copy is looked at again so soon at the earliest.
FIRST_LOOK_SECONDS = 5
# No more relations than these share an address in Tribe, where each has its own.
MOST_AT_ADDRESS = 40


class TribeLink(models.Model):
    """The binding between a record of Tribe and one of Odoo, of whatever kind.

    It outlives both: what was once created or booked is never created or booked again. The
    agreed values are the ones both sides last had in common, in the neutral form of ``mapping``.
    """

    _name = "tribe.link"
    _inherit = ["tribe.written.by.connector", "tribe.invoice.facts"]
    _description = "Tribe Link"
    _rec_name = "tribe_id"

    connection_id = fields.Many2one(
        "tribe.connection", required=True, index=True, ondelete="cascade", readonly=True
    )
    kind = fields.Selection(
        [
            ("organization", "Organization"),
            ("person", "Person"),
            ("customer", "Customer"),
            ("supplier", "Supplier"),
            ("invoice", "Invoice"),
        ],
        required=True,
        readonly=True,
    )
    tribe_id = fields.Char("Tribe ID", index=True, readonly=True)
    partner_id = fields.Many2one("res.partner", index=True, ondelete="set null", readonly=True)
    move_id = fields.Many2one("account.move", index=True, ondelete="set null", readonly=True)
    company_id = fields.Many2one(
        "res.company", compute="_compute_company_id", store=True, index=True
    )
    state = fields.Selection(
        [
            ("sending", "Being Sent"),
            ("linked", "Linked"),
            ("differs", "Differs"),
            ("gone", "Deleted in Tribe"),
            ("unlinked", "Deleted in Odoo"),
            ("merged", "Merged in Odoo"),
            ("left_to_odoo", "Left to Odoo"),
        ],
        required=True,
        default="linked",
        readonly=True,
        index=True,
    )
    sent_at = fields.Datetime(
        readonly=True, help="When the request that creates the record in Tribe was last sent."
    )
    import_id = fields.Char(
        "ImportId",
        readonly=True,
        index="btree_not_null",
        help="What the relation has of a contact that was merged or deleted while it was sent.",
    )
    # Also what is another company's: payment terms, for one. Nobody reads these but the connector.
    agreed = fields.Json(readonly=True, groups=fields.NO_ACCESS)
    being_told = fields.Json(
        readonly=True,
        groups=fields.NO_ACCESS,
        help="What Tribe was told, and had before, until a read of Tribe shows it.",
    )
    shown = fields.Json(
        readonly=True,
        groups=fields.NO_ACCESS,
        help="When the records of Tribe were changed last on which the agreed values rest, by ID.",
    )
    shown_at = fields.Datetime(readonly=True, help="When Tribe first showed those records so.")
    made = fields.Json(
        readonly=True,
        groups=fields.NO_ACCESS,
        help="What an automation made of Tribe's values in Odoo, by field: Odoo's, Tribe's, and"
        " whether the two count as the same.",
    )
    noted = fields.Json(
        readonly=True,
        groups=fields.NO_ACCESS,
        help="The notes about it that a person was told, by field.",
    )
    conflict_ids = fields.One2many("tribe.conflict", "link_id", "Conflicts", readonly=True)
    merged_into_id = fields.Many2one(
        "res.partner", readonly=True, ondelete="set null", help="The contact it was merged into."
    )
    difference = SentenceText(readonly=True, help="Differences between Odoo and Tribe.")
    difference_shown = fields.Text(
        "What Differs", compute="_compute_difference_shown", compute_sudo=True
    )
    closed_by_us = fields.Boolean(
        readonly=True, help="The connector ended this relationship in Tribe, so it may reopen it."
    )
    archived_by_us = fields.Boolean(
        readonly=True, help="The connector archived this partner, so it may unarchive it."
    )
    phase_id = fields.Many2one("tribe.phase", readonly=True, ondelete="set null")
    told_paid = fields.Boolean("Paid in Tribe", readonly=True)
    paid_by_us = fields.Boolean(
        readonly=True, help="The connector moved the invoice to Paid, so it may move it back."
    )
    decided_by_id = fields.Many2one(
        "res.users",
        "Left to Odoo By",
        readonly=True,
        ondelete="set null",
        help="Who ignored the invoice, or left it to Odoo.",
    )
    decided_at = fields.Datetime("Left to Odoo On", readonly=True)
    tribe_url = fields.Char("In Tribe", compute="_compute_tribe_url")
    can_leave_to_odoo = fields.Boolean(compute="_compute_can_leave_to_odoo", compute_sudo=True)
    can_book_again = fields.Boolean(compute="_compute_can_book_again", compute_sudo=True)

    _tribe_unique = models.Constraint(
        "UNIQUE(connection_id, tribe_id)", "A record of Tribe is linked once."
    )
    _partner_unique = models.Constraint(
        "UNIQUE(connection_id, kind, partner_id)",
        "A partner is linked to one relation of Tribe.",
    )
    # For the witnesses of each read.
    _changed_index = models.Index(
        "(connection_id, kind, shown_at) WHERE shown_at > create_date + interval '1 day'"
    )
    _move_unique = models.Constraint(
        "UNIQUE(connection_id, kind, move_id)", "An invoice is linked to one invoice of Tribe."
    )

    def init(self):
        result = super().init()
        # An earlier version kept it when the relation was linked anew.
        self.env.cr.execute(
            "UPDATE tribe_link SET merged_into_id = NULL"
            " WHERE merged_into_id IS NOT NULL AND partner_id IS NOT NULL"
        )
        return result

    def write(self, vals):
        if vals.get("state") in ENDED_STATES:
            self.conflict_ids.unlink()
        return super().write(vals)

    @api.depends("partner_id.company_id", "move_id.company_id", "merged_into_id.company_id")
    def _compute_company_id(self):
        for link in self:
            partner = link.partner_id or link.merged_into_id
            company = link.move_id.company_id or partner.company_id
            if link.kind == "invoice" and not link.move_id:
                # Of which one it was: what was booked is not told to others once it is deleted.
                company = link.company_id
            # Computed with all rights: nothing is told of a link that is only pretended, as
            # anybody may in an onchange of a contact. So are the other fields.
            link.company_id = bool(link.id) and company

    @api.depends(
        *("tribe_id", "agreed", "kind", "state", "move_id.display_name"),
        *("partner_id.display_name", "merged_into_id.display_name"),
    )
    def _compute_display_name(self):
        for link in self:
            # Who may see the link sees what it is called, without any right in accounting.
            contact = (link.partner_id or link.merged_into_id).sudo()
            called = link.move_id.sudo().display_name or contact._tribe_called()
            name = bool(link.id) and (called or link._booked_number())
            number = link.tribe_id or link.import_id
            if link.kind in RELATION_KINDS and link.state in ENDED_STATES and not name:
                # What it was called is forgotten.
                name = self.env._("Deleted contact (%s)", number)
            link.display_name = name or number

    def _called_in_tribe(self):
        """What a relation was called on both sides when they were last alike."""
        return (self.agreed or {}).get("name") or self.tribe_id or ""

    def _booked_number(self):
        """The number of an invoice that was booked, also when it was deleted since."""
        return self.kind == "invoice" and (self.agreed or {}).get("number")

    @api.model
    def _facts_depend_on(self):
        return ["agreed", "kind", "move_id"]

    def _known_facts(self):
        return (self.agreed or {}) if self.kind == "invoice" else {}

    @api.depends("tribe_id", "connection_id", "state")
    def _compute_tribe_url(self):
        for link in self:
            connection = link.connection_id.sudo()
            is_there = bool(link.id and link.tribe_id) and link.state != "gone"
            link.tribe_url = is_there and connection._addresses().entity_link(link.tribe_id)

    @api.depends("kind", "state", "partner_id", "company_id")
    def _compute_can_leave_to_odoo(self):
        links = self.filtered("id")
        (self - links).can_leave_to_odoo = False
        own = links.partner_id._tribe_own()
        for link in links:
            may = link.kind == "invoice" or (
                link.state in ("merged", "unlinked") and bool(link.tribe_id)
            )
            may |= link.kind in RELATION_KINDS and bool(
                link.partner_id & own or link.partner_id._tribe_elsewhere(link.connection_id)
            )
            link.can_leave_to_odoo = may and link.state != "left_to_odoo"

    @api.depends("kind", "state", "move_id.state")
    def _compute_can_book_again(self):
        for link in self:
            link.can_book_again = bool(link.id) and link._may_be_booked_again()

    def _may_be_booked_again(self):
        """Whether no entry of the invoice is in Odoo, and Tribe still has it."""
        is_booked = self.move_id.state in ("draft", "posted")
        return self.kind == "invoice" and self.state != "gone" and not is_booked

    @api.depends(
        "difference",
        "kind",
        "state",
        "partner_id.display_name",
        "told_paid",
        "paid_by_us",
        "connection_id.tell_unpaid",
        "connection_id.paid_when",
        "move_id.state",
        "move_id.payment_state",
        "move_id.amount_residual",
    )
    @api.depends_context("lang")
    def _compute_difference_shown(self):
        links = self.filtered("id")
        (self - links).difference_shown = False
        for link in links:
            link.difference_shown = "\n".join(link._difference_parts()) or False

    def _difference_parts(self):
        """What is not alike, and what Tribe is not told because of that; each a text.

        Of a relation, what it means that nothing goes through its link any more.
        """
        if self.kind != "invoice":
            return list(filter(None, [self._why_ended()]))
        return [each for each in (self.difference, self._untold_payment()) if each]

    def _where_it_differs(self):
        """What is not alike, and where a person decides about that."""
        if self.kind != "invoice":
            return self.difference_shown
        told = together([self.difference_shown, *self._remedies()])
        return say(self.env, "form_invoice_differs", difference=told)

    def _why_ended(self):
        """Why nothing goes through the link of a relation any more, and what can be done; else
        nothing. What a person left to Odoo is no trouble."""
        if self.kind not in RELATION_KINDS:
            return ""
        if self.state == "gone" and self.partner_id:
            name = self.partner_id._tribe_called()
            return say(self.env, "link_deleted_in_tribe", contact=name)
        return say(self.env, ENDED_BY[self.state]) if self.state in ENDED_BY else ""

    def _why_not_synchronized(self):
        """Why a contact whose link has ended was not synchronized, for who asked for that."""
        contact = self.partner_id._tribe_called()
        left = say(self.env, "contact_left_to_odoo", contact=contact)
        return self._why_ended() or left

    def _untold_payment(self):
        """What Tribe is not told of a payment because the invoice differs; may be empty."""
        if self.kind != "invoice" or self.state != "differs":
            return ""
        exporter = self.env["tribe.payment.exporter"]
        code = exporter._phase_not_in_tribe(self.connection_id, self)
        if code == PAID_CODE:
            return say(self.env, "difference_paid_untold")
        if code and self.connection_id.tell_unpaid:
            return say(self.env, "difference_unpaid_untold")
        return ""

    def _told_next(self):
        """What Tribe is told of the payments of an invoice next, and when; may be empty."""
        connection = self.connection_id
        is_at_work = connection.state == "active" and connection.mode in ("demo", "live")
        if self.kind != "invoice" or not is_at_work or connection not in connection._active():
            return ""
        code = self.env["tribe.payment.exporter"]._wanted_phase(connection, self)
        before = self._phase_before() if code and code != PAID_CODE else None
        phase = before or (code and connection._phase(code))
        if not phase:
            return ""
        is_nightly = connection.export_moment == "nightly"
        when = "payment_told_tonight" if is_nightly else "payment_told_soon"
        return say(self.env, when, phase=phase.name or code)

    @api.model
    def _seen_by_employees(self, domain):
        """The links of a domain that the companies of whoever asks may see, with all rights.

        Every employee sees the Tribe ID of a contact, without a right on links; but only where a
        user of Tribe CRM in the same companies would see the link.
        """
        seen = self.env["ir.rule"]._compute_domain(self._name) if not self.env.su else Domain.TRUE
        return self.sudo().search(Domain(domain) & seen, order="id")

    def _of_tribe(self, connection, tribe_ids):
        """The links of some records of Tribe, by Tribe ID: ``{tribe_id: link}``."""
        links = self.search(
            [("connection_id", "=", connection.id), ("tribe_id", "in", list(tribe_ids))]
        )
        return {link.tribe_id: link for link in links}

    def _taken(self, connection, tribe_ids):
        """The IDs of those relations that are linked to a contact, or left to Odoo."""
        links = self._of_tribe(connection, tribe_ids)
        return {
            tribe_id
            for tribe_id, link in links.items()
            if link.partner_id or link.state == "left_to_odoo"
        }

    def _left_to_odoo(self, connection, tribe_ids):
        """The IDs of those relations that a person left to Odoo: no other contact is one."""
        links = self._of_tribe(connection, tribe_ids)
        return {tribe_id for tribe_id, link in links.items() if link.state == "left_to_odoo"}

    def _of_partners(self, connection, partners, kinds):
        """The links of some partners: ``{(partner_id, kind): link}``."""
        links = self.search(
            [
                ("connection_id", "=", connection.id),
                ("partner_id", "in", partners.ids),
                ("kind", "in", list(kinds)),
            ]
        )
        return {(link.partner_id.id, link.kind): link for link in links}

    def _of_import_ids(self, connection, import_ids):
        """The links of relations that were being sent when their contact was merged or deleted.

        :returns: ``{import_id: link}``, of those whose relation was not seen yet
        """
        links = self.search(
            [
                ("connection_id", "=", connection.id),
                ("import_id", "in", list(import_ids)),
                ("tribe_id", "=", False),
            ]
        )
        return {link.import_id: link for link in links}

    def _keep_import_id(self):
        """Keep by what Tribe knows a contact that is being sent, and is about to be no more."""
        for link in self.filtered(
            lambda link: link.state == "sending" and link.kind in RELATION_KINDS
        ):
            if link.connection_id.has_import_id and not link.import_id:
                link.import_id = link.connection_id._import_id(link.partner_id, link.kind)

    # A contact that several connections are linked with

    def _of_same_partner(self):
        """The links with relations of the contact of this one, through all connections that run."""
        return self | self.search(
            [
                ("partner_id", "in", self.partner_id.ids),
                ("kind", "in", RELATION_KINDS),
                ("state", "=", "linked"),
                ("connection_id", "in", self.connection_id._active().ids),
            ]
        )

    def _is_current_elsewhere(self):
        """Whether the contact is a customer or supplier of another connection, and both sides agree
        on that."""
        return any(
            (link.agreed or {}).get("active") and "active" not in (link.noted or {})
            for link in self._of_same_partner() - self
        )

    def _was_former(self):
        """Whether the relationship of this link had ended when it was read last."""
        return (self.agreed or {}).get("active") is False

    def _also_ended(self):
        """The IDs of other relationships of the kind that the connector ended with this one."""
        return (self.agreed or {}).get(ALSO_ENDED, [])

    def _note_also_ended(self, tribe_id):
        """Note that another relationship of the kind is ended with this one."""
        also = list(dict.fromkeys([*self._also_ended(), tribe_id]))
        self.agreed = {**(self.agreed or {}), ALSO_ENDED: also}

    def _is_agreed_elsewhere(self, name, number):
        """Whether the contact has a number through another connection, on both sides."""
        return any(
            canonical(name, (link.agreed or {}).get(name)) == canonical(name, number)
            for link in self._of_same_partner() - self
        )

    def _is_number_agreed(self, name):
        """Whether both sides have the number that the contact has by now."""
        number = self.partner_id._tribe_number(self.connection_id, name)
        agreed = (self.agreed or {}).get(name)
        return bool(number) and canonical(name, agreed) == canonical(name, number)

    def _archived_by_us(self):
        """The links through one of which the connector archived the contact.

        Whatever became of that one, or of its connection, since.
        """
        return self.search(
            [
                ("partner_id", "in", self.partner_id.ids),
                ("kind", "in", RELATION_KINDS),
                ("archived_by_us", "=", True),
            ]
        )

    def _join(self, connection, kind, tribe_id, partner, agreed=False):
        """The link of a contact and a relation that are one, made or changed.

        One that is being sent is this one: its answer was lost. One that is gone was deleted in
        Tribe, and made anew there. One of a contact that was deleted in Odoo is taken over.
        """
        own = next(iter(self._of_partners(connection, partner, RELATION_KINDS).values()), self)
        left = self._of_tribe(connection, [tribe_id]).get(tribe_id, self)
        if own.state == "gone" and not agreed:
            # Nothing is, about this one; whose the contact is outlives it all the same.
            agreed = {LINKED_BEFORE: True}
        if left:
            (own - left).unlink()
        if left.state == "merged":
            # Nobody is asked any more what becomes of it.
            self.env["tribe.work"]._add_again(
                [
                    ("connection_id", "=", connection.id),
                    ("direction", "=", "inbound"),
                    ("reference", "=", tribe_id),
                ],
                "follow",
            )
            self.env["tribe.engine"]._wake("inbound")
        link = left or own
        values = {
            "tribe_id": tribe_id,
            "kind": kind,
            "partner_id": partner.id,
            "merged_into_id": False,
            "state": "linked",
            "agreed": agreed,
            "import_id": False,
            # What Odoo made of its values as another contact's.
            "made": False,
        }
        if link:
            link.write(values)
        else:
            link = self.create({**values, "connection_id": connection.id})
        return link

    def _settled_at(self):
        """When Tribe has surely applied what was last sent (datetime, UTC); None if nothing was."""
        wait = timedelta(seconds=self.connection_id.settle_seconds)
        return self.sent_at + wait if self.sent_at else None

    # What Tribe was told, and its reads may not show yet

    def _note_told(self, values, before):
        """Note what Tribe is about to be told, and what it has as far as we know."""
        now = fields.Datetime.to_string(fields.Datetime.now())
        self.being_told = tell(self.being_told, values, before, now)

    def _forget_told(self, names):
        """Forget what Tribe was told of some fields: it has refused it."""
        kept = {name: each for name, each in self.being_told.items() if name not in names}
        self.being_told = kept or False

    def _told_since(self, read_at):
        """What was told before shows in a read of a moment (datetime as text, UTC)."""
        wait = timedelta(seconds=self.connection_id.settle_seconds)
        return fields.Datetime.to_string(read_at - wait)

    def _see(self, shown, stamps, read_at, country_code=None):
        """What a read of a moment shows of what Tribe was told (``mapping.Seen``)."""
        return look(
            self.being_told,
            shown,
            stamps=stamps,
            since=self._told_since(read_at),
            country_code=country_code,
        )

    def _keep_told(self, seen):
        """Keep what is still to be seen in Tribe, and look again where a read is an old copy."""
        if seen.told != (self.being_told or {}):
            self.being_told = seen.told or False
        if seen.is_old:
            self._look_again_at_old_copy(seen.told)

    def _lag_shown(self, seen, stamps, began):
        """How many seconds Tribe's queries are behind at least, by a read of before our last write.

        Only by its dates: without these it may be that somebody took back what was told. None where
        nothing shows it.

        :param seen: what the read shows of what was told (``mapping.Seen``)
        :param began: a moment before the read (datetime, UTC)
        """

        seconds = [
            (began - fields.Datetime.to_datetime(entry["at"])).total_seconds()
            for name, entry in seen.told.items()
            if name in seen.hidden and is_before(stamps.get(name), entry.get("stamp"))
        ]
        return max(seconds, default=None)

    def _older(self, remote):
        """The fields that a read shows as they were before what was read of them once.

        ``(fields, fields, fields)``: those of an old copy, which Tribe may answer from for a while;
        those of a backup that was restored there; and those of what somebody edited there since,
        of which nobody can tell what is from the backup. None of another relation than this one.
        """
        if self.tribe_id != remote.tribe_id:
            return set(), set(), set()
        marks = self.shown or {}
        older, none = remote.older_than(marks), set()
        is_copy = self._seconds_of_old_copies(remote.read_at) > 0
        copied, restored = (older, none) if is_copy else (none, older)
        if not self._is_in_doubt(remote.restored_at):
            return copied, restored, none
        edited = remote.edited_since(marks)
        return copied, remote.shown().keys() - copied - edited, edited - copied

    # A backup of Tribe that was restored

    def _is_in_doubt(self, restored_at):
        """Whether a backup of Tribe was restored since both sides were last seen to be alike.

        :param restored_at: from when on no read is from before that (datetime, UTC), or None
        """
        return bool(restored_at and self.shown_at and self.shown_at < restored_at)

    def _witnesses(self, connection, kind, tribe_ids):
        """The Tribe IDs of a few other linked relations, by which a restored backup shows.

        Of those that were changed last: of them a backup has an earlier state. Not of who was new
        then, whom it need not have at all; nor while a read may be an old copy.
        """
        settled = fields.Datetime.now() - timedelta(seconds=connection.settle_seconds)
        restored_at = self.env["tribe.cursor"]._position(connection, RESTORED)

        def is_changed_later(model, alias, _query):
            model.flush_model(["shown_at"])
            return SQL(
                "%s > %s + interval '1 day'",
                SQL.identifier(alias, "shown_at"),
                SQL.identifier(alias, "create_date"),
            )

        return self.search(
            Domain("connection_id", "=", connection.id)
            & Domain("kind", "=", kind)
            & Domain("state", "=", "linked")
            & Domain("tribe_id", "not in", list(tribe_ids))
            & Domain("shown_at", "<=", settled)
            & (Domain("shown_at", ">=", restored_at) if restored_at else Domain.TRUE)
            & Domain.custom(to_sql=is_changed_later),
            order="shown_at DESC, id",
            limit=WITNESSES,
        ).mapped("tribe_id")

    def _restored_at(self, connection, remotes):
        """From when on no read is from before a backup of Tribe was restored, or None.

        That one was is noted where a relation shows by its date as it was before, and no old copy
        explains it. One that is not there proves nothing.

        :param remotes: relations as they were just read, ``{tribe_id: remote}``
        """
        restored_at = self.env["tribe.cursor"]._position(connection, RESTORED)
        for tribe_id, link in self._of_tribe(connection, remotes).items():
            if (
                link.state in ("linked", "gone")
                and remotes[tribe_id].is_older_than(link.shown or {})
                and link._seconds_of_old_copies(remotes[tribe_id].read_at) <= 0
                and not link._is_in_doubt(restored_at)
            ):
                return connection._note_restored()
        return restored_at

    def _seconds_of_old_copies(self, read_at):
        """How long from a moment on Tribe may answer from a copy without what it showed last."""
        if not self.shown_at:
            return 0
        shown = (read_at - self.shown_at).total_seconds()
        return self.connection_id.settle_seconds - shown

    def _may_be_old_address(self, read_at):
        """Whether Tribe may have answered from a copy that lacks its address."""
        is_being_told = not {*ADDRESS_FIELDS}.isdisjoint(self.being_told or {})
        return is_being_told or self._seconds_of_old_copies(read_at) > 0

    def _may_be_new(self, read_at):
        """Whether it was made so shortly before a read that this need not show it yet."""
        wait = timedelta(seconds=self.connection_id.settle_seconds)
        made_at = max(self.sent_at or self.create_date, self.create_date)
        return made_at + wait > read_at

    def _keep_shown(self, remote, merged):
        """Keep how new what was read is; look again where it is an old copy.

        Of what is doubted nothing is kept: it is looked at again once it shows.

        :param merged: what comes of it
        """
        if remote.doubted:
            self.shown = {**(self.shown or {}), DOUBTED: True}
            return
        copied = self._older(remote)[0]
        if copied:
            self.env["tribe.work"]._look_later(self.connection_id, self.kind, self.tribe_id)
        if self._is_in_doubt(remote.restored_at):
            if not (copied or self.being_told or merged.conflicts or merged.to_tribe):
                self._keep_alike(remote)
            return
        kept = self.shown or {}
        marks = {
            tribe_id: kept[tribe_id] if is_before(mark, kept.get(tribe_id)) else mark
            for tribe_id, mark in remote.marks().items()
        }
        if any((self.agreed or {}).get(name) for name in ADDRESS_FIELDS):
            # Nobody has said yet whether it was taken away.
            marks |= remote.marks_of_lost_address(kept)
        if marks != kept:
            now = fields.Datetime.now()
            # Not in doubt again, where it was just found to be alike.
            shown_at = max(now, remote.restored_at or now)
            self.write({"shown": marks or False, "shown_at": shown_at})

    def _keep_alike(self, remote):
        """Both sides are alike since a backup of Tribe was restored: what is there now counts,
        whatever its date.

        Unless it may be a copy from before that, as its dates are those that it had then.
        """
        now, marks = fields.Datetime.now(), remote.marks()
        if not self._is_in_doubt(remote.restored_at) or self._older(remote)[0] or remote.doubted:
            return
        if remote.read_at >= remote.restored_at or marks != self.shown:
            self.write({"shown": marks or False, "shown_at": max(now, remote.restored_at)})

    def _of_addresses(self, connection, address_ids):
        """The linked relations that showed some addresses when they were last read.

        None of an address that more of them show than ``MOST_AT_ADDRESS``: in Tribe each has its
        own, and one deletion would have all of them looked at at once.
        """
        if not address_ids:
            return self.browse()

        def shows(model, alias, _query):
            model.flush_model(["connection_id", "shown"])
            return SQL(
                """
                %(address)s IN (SELECT shown->>%(mark)s FROM tribe_link
                                 WHERE connection_id = %(connection)s
                                   AND shown->>%(mark)s IN %(addresses)s
                                 GROUP BY 1 HAVING count(*) <= %(most)s)
                """,
                address=SQL("%s->>%s", SQL.identifier(alias, "shown"), ADDRESS_MARK),
                mark=ADDRESS_MARK,
                connection=connection.id,
                addresses=tuple(address_ids),
                most=MOST_AT_ADDRESS,
            )

        return self.search(
            Domain("connection_id", "=", connection.id)
            & Domain("kind", "in", RELATION_KINDS)
            & Domain("state", "=", "linked")
            & Domain.custom(to_sql=shows)
        )

    def _address_shown(self):
        """The ID of the address that Tribe showed when it was last read; may be None."""
        return (self.shown or {}).get(ADDRESS_MARK)

    def _forget_address_shown(self):
        """Somebody took the address away: that it is not there is no old copy, nor a backup."""
        address_id = self._address_shown()
        kept = {each: mark for each, mark in self.shown.items() if each != address_id}
        self.shown = {**kept, ADDRESS_MARK: None}

    def _look_again_at_old_copy(self, told):
        """Have Tribe looked at again in a moment: what was read is what it had before."""
        self.env["tribe.work"]._look_later(
            self.connection_id, self.kind, self.tribe_id, self._seconds_to_next_look(told)
        )

    def _seconds_to_next_look(self, told):
        """How long to wait for Tribe to show what it was told: each time twice as long.

        At last until it surely shows it.
        """
        told_at = fields.Datetime.to_datetime(oldest(told))
        return self._seconds_to_next_copy((fields.Datetime.now() - told_at).total_seconds())

    def _seconds_to_next_copy(self, seconds):
        """How long to wait for Tribe to answer from a newer copy than one so many seconds old."""
        left = self.connection_id.settle_seconds - seconds + 1
        shown = self.connection_id._seconds_of_lag() - seconds
        return max(min(max(seconds, FIRST_LOOK_SECONDS, shown), left), 1)

    def _check_no_old_copy(self, remote, name):
        """Refuse to tell Tribe anything while it answers from an old copy, or seems to.

        It may be a backup that was restored, which shows by its dates alone: what is told would
        give it a new one, and all else that is from the backup would be an edit of somebody there.

        :param name: what the contact is called
        :raises Busy: as long as that may be
        """
        left = self._seconds_of_old_copies(remote.read_at)
        if left > 0 and self._older(remote)[0]:
            seconds = self._seconds_to_next_copy(self.connection_id.settle_seconds - left)
            raise Busy(sentence("not_shown_yet", contact=name), seconds)

    @api.model
    def _forget_terms(self, connections):
        """Forget which payment terms were agreed on: Odoo keeps them for each company.

        Those of the company that a connection has now are another's, not an edit of anybody.
        """
        if not connections:
            return
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE tribe_link SET agreed = agreed - %s::text[]"
                " WHERE connection_id = ANY(%s) AND jsonb_typeof(agreed) = 'object'",
                list(PAYMENT_TERM_FIELDS.values()),
                connections.ids,
            )
        )
        self.invalidate_model(["agreed"])

    def _note_deleted_partners(self, partners):
        """Say of the links of some partners, about to be deleted, that they no longer link."""
        for link in self.search(
            [("partner_id", "in", partners.ids), ("kind", "in", RELATION_KINDS)]
        ):
            link._keep_import_id()
            if link.state not in DEAD_STATES:
                link.state = "unlinked"

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
