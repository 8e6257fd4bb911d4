from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..engine.only_for import only_for
from ..mapping import canonical, value_of
from ..sentence import say


class TribeConflict(models.Model):
    """A field, or the address, that was changed in Odoo and in Tribe since both last agreed. A
    person decides.

    The decision counts for the two values that were shown: when one of them changes again before
    it is carried out, the question is asked anew.
    """

    _name = "tribe.conflict"
    _inherit = "tribe.written.by.connector"
    _description = "Conflict with Tribe"
    _order = "link_id, id"
    _rec_name = "label"

    link_id = fields.Many2one(
        "tribe.link", required=True, index=True, ondelete="cascade", readonly=True
    )
    connection_id = fields.Many2one(related="link_id.connection_id", store=True, index=True)
    partner_id = fields.Many2one(related="link_id.partner_id", store=True, index=True)
    company_id = fields.Many2one(related="link_id.company_id", store=True, index=True)
    tribe_url = fields.Char("Relation in Tribe", compute="_compute_tribe_url")
    field_name = fields.Char(required=True, readonly=True)
    label = fields.Char("Field", compute="_compute_label")
    odoo_value = fields.Char("In Odoo", readonly=True)
    tribe_value = fields.Char("In Tribe", readonly=True)
    odoo_shown = fields.Char("In Odoo (Shown)", compute="_compute_shown")
    tribe_shown = fields.Char("In Tribe (Shown)", compute="_compute_shown")
    warning = fields.Char("Note", compute="_compute_warning", compute_sudo=True)
    warned_of = fields.Json(
        readonly=True, help="The IDs of the users of whose sign-in the note warns."
    )
    decision = fields.Selection(
        [("odoo", "Odoo's"), ("tribe", "Tribe's")], "Decided", readonly=True
    )

    _field_unique = models.Constraint("UNIQUE(link_id, field_name)", "A field is asked once.")

    @api.depends("field_name")
    def _compute_label(self):
        for conflict in self:
            conflict.label = self.env["res.partner"]._tribe_label(conflict.field_name)

    @api.depends("field_name", "odoo_value", "tribe_value")
    @api.depends_context("lang")
    def _compute_shown(self):
        for conflict in self:
            conflict.odoo_shown = conflict._as_read(conflict.odoo_value)
            conflict.tribe_shown = conflict._as_read(conflict.tribe_value)

    def _as_read(self, value):
        if self.field_name == "active":
            return self.env._("yes") if value else self.env._("no")
        return self.env["res.partner"]._tribe_shown(self.field_name, value)

    @api.depends("link_id.tribe_url")
    def _compute_tribe_url(self):
        for conflict in self:
            conflict.tribe_url = conflict.link_id.tribe_url

    @api.depends("warned_of", "tribe_value")
    def _compute_warning(self):
        # With all rights: not for who only pretends that there is one, and names users.
        conflicts = self.filtered("id")
        (self - conflicts).warning = False
        for conflict in conflicts:
            users = self.env["res.users"].browse(conflict.warned_of or ()).exists()
            partner = conflict.partner_id
            conflict.warning = (
                partner._tribe_sign_in_sentence(users, conflict.tribe_value) if users else False
            )

    def _decisions(self, odoo, tribe):
        """What was decided about values that are still the same: ``{field: side}``.

        Tribe's e-mail address was only chosen if the note told who signs in with it.
        """
        return {
            conflict.field_name: conflict.decision
            for conflict in self
            if conflict.decision
            and conflict._is_about(
                value_of(conflict.field_name, odoo), value_of(conflict.field_name, tribe)
            )
            and (conflict.decision == "odoo" or conflict._has_warned())
        }

    def _has_warned(self):
        """Whether the note warns of all who sign in with what this conflict is about."""
        return set(self.partner_id._tribe_asked_about(self.field_name).ids) <= set(
            self.warned_of or ()
        )

    def _is_about(self, odoo_value, tribe_value):
        return self._is_shown(self.odoo_value, odoo_value) and (
            self._is_shown(self.tribe_value, tribe_value)
        )

    def _is_shown(self, shown, value):
        # A yes or no is compared as it is shown: any text would count as yes.
        name = self.field_name if self.field_name != "active" else "name"
        return canonical(name, shown) == canonical(name, _shown(value))

    def _store(self, link, conflicts):
        """Show these conflicts of a link, and no others.

        :param conflicts: ``{field: (Odoo's value, Tribe's value)}``
        """
        known = {conflict.field_name: conflict for conflict in link.conflict_ids}
        link.conflict_ids.filtered(lambda each: each.field_name not in conflicts).unlink()
        for name, (odoo_value, tribe_value) in conflicts.items():
            values = {
                "odoo_value": _shown(odoo_value),
                "tribe_value": _shown(tribe_value),
                "warned_of": link.partner_id._tribe_asked_about(name).ids,
            }
            conflict = known.get(name)
            if not conflict:
                self.create({**values, "link_id": link.id, "field_name": name})
            elif not (conflict._is_about(odoo_value, tribe_value) and conflict._has_warned()):
                conflict.write({**values, "decision": False})

    @only_for("Administrator")
    def action_take_odoo(self):
        """Odoo's value goes to Tribe."""
        return self._decide("odoo")

    @only_for("Administrator")
    def action_take_tribe(self):
        """Tribe's value comes to Odoo.

        :raises AccessError: for who may not decide about the e-mail address of users
        """
        self._check_may_consent()
        return self._decide("tribe")

    def _check_may_consent(self):
        """Let those alone consent who may change the contact and see all who sign in with it.

        A contact of all companies may be a customer of one Tribe with a user of another company:
        who consents gives that user away.
        """
        for conflict in self:
            partner = conflict.sudo().partner_id
            users = partner._tribe_asked_about(conflict.field_name)
            if not users:
                continue
            may = partner.with_env(self.env).has_access("write")
            if not (may and users.with_env(self.env).has_access("read")):
                raise AccessError(
                    say(
                        self.env,
                        "conflict_email_needs_consent",
                        contact=partner.display_name,
                    )
                )

    def _decide(self, side):
        works = self.env["tribe.work"]
        decided = self.sudo()
        decided.decision = side
        for connection in decided.connection_id:
            partners = decided.partner_id.filtered(
                lambda partner, connection=connection: (
                    connection in partner.tribe_link_ids.connection_id
                )
            )
            works._ask_for_partners(connection, partners)
        self.env["tribe.engine"].sudo()._wake("outbound")
        return works._tell(decided._decided_sentence(side), is_left=True)

    def _decided_sentence(self, side):
        if len(self) > 1:
            return self.env._("%s conflicts decided. The values are set now.", len(self))
        values = {"field": self.label, "contact": self.partner_id.display_name}
        if side == "odoo":
            return self.env._("%(field)s of %(contact)s: Odoo's value goes to Tribe.", **values)
        return self.env._("%(field)s of %(contact)s: Tribe's value comes to Odoo.", **values)


def _shown(value):
    """A neutral value as a person reads it; False for nothing."""
    return str(value) if value not in (None, False, "") else False
