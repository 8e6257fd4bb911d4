from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine.only_for import only_for
from ..engine.problems import NeedsPerson
from ..sentence import in_language, say
from .tribe_link import RELATION_KINDS


class TribeSuggestion(models.Model):
    """A contact of Odoo and a relation of Tribe that could be the same. A person decides.

    They share something that is no proof, such as a VAT number. While it is open, neither is
    created on the other side.
    """

    _name = "tribe.suggestion"
    _inherit = "tribe.written.by.connector"
    _description = "Possible Match with Tribe"
    _order = "state, partner_id, id"

    connection_id = fields.Many2one(
        "tribe.connection", required=True, index=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(related="partner_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(
        "res.partner", "In Odoo", required=True, index=True, ondelete="cascade", readonly=True
    )
    kind = fields.Selection(
        [("organization", "Organization"), ("person", "Person")], required=True, readonly=True
    )
    tribe_id = fields.Char("Tribe ID", required=True, index=True, readonly=True)
    tribe_name = fields.Char("In Tribe", readonly=True)
    tribe_url = fields.Char(compute="_compute_tribe_url")
    basis = fields.Selection(
        [
            ("vat", "same VAT number"),
            ("company_registry", "same registry number"),
            ("email", "same e-mail address"),
            ("address", "same name and address"),
        ],
        "Because",
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [("open", "To Decide"), ("refused", "Different")],
        required=True,
        default="open",
        readonly=True,
        index=True,
    )

    _pair_unique = models.Constraint(
        "UNIQUE(connection_id, partner_id, tribe_id)", "A pair is suggested once."
    )

    @api.depends("tribe_id")
    def _compute_tribe_url(self):
        suggestions = self.filtered("id")
        (self - suggestions).tribe_url = False
        for suggestion in suggestions:
            addresses = suggestion.connection_id.sudo()._addresses()
            suggestion.tribe_url = addresses.entity_link(suggestion.tribe_id)

    @api.depends("partner_id.display_name", "tribe_name")
    def _compute_display_name(self):
        for suggestion in self:
            suggestion.display_name = (
                f"{suggestion.partner_id._tribe_called()} – {suggestion.tribe_name}"
            )

    def _refused(self, connection, partners):
        """The pairs that a person refused: ``{(partner_id, tribe_id)}``."""
        refused = self.search(
            [
                ("connection_id", "=", connection.id),
                ("partner_id", "in", partners.ids),
                ("state", "=", "refused"),
            ]
        )
        return {(each.partner_id.id, each.tribe_id) for each in refused}

    def _store(self, connection, candidates):
        """Show some candidates (``engine.relation_decision.Candidate``), each once."""
        known = self.search(
            [
                ("connection_id", "=", connection.id),
                ("partner_id", "in", [candidate.partner.id for candidate in candidates]),
            ]
        )
        pairs = {(each.partner_id.id, each.tribe_id) for each in known}
        self.create(
            [
                {
                    "connection_id": connection.id,
                    "partner_id": candidate.partner.id,
                    "kind": candidate.kind,
                    "tribe_id": candidate.tribe_id,
                    "tribe_name": candidate.name,
                    "basis": candidate.basis,
                }
                for candidate in candidates
                if (candidate.partner.id, candidate.tribe_id) not in pairs
            ]
        )

    @only_for("Administrator")
    def action_link(self):
        """The two are the same: link them, and bring them together.

        :raises UserError: when one of them has been linked since, or the contact is Odoo's own
        """
        linked = []
        for suggestion in self.sudo():
            # Another one of these may have decided it.
            if not suggestion.exists():
                continue
            suggestion._check_unlinked()
            linked.append(suggestion.display_name)
            self.env["tribe.link"].sudo().create(
                {
                    "connection_id": suggestion.connection_id.id,
                    "kind": suggestion.kind,
                    "tribe_id": suggestion.tribe_id,
                    "partner_id": suggestion.partner_id.id,
                }
            )
            suggestion._decided()
            suggestion._about_the_same().unlink()
        works = self.env["tribe.work"]
        if not linked:
            return works._tell_it_is_gone()
        return works._tell(
            self.env._("Linked: %s. Both are brought together now.", linked[0])
            if len(linked) == 1
            else self.env._("%s pairs linked. They are brought together now.", len(linked))
        )

    @only_for("Administrator")
    def action_refuse(self):
        """The two are different: what waited for this decision goes on."""
        works = self.env["tribe.work"]
        self.sudo().state = "refused"
        self.sudo()._decided()
        return works._tell(
            self.env._("Kept apart: %s.", self.display_name)
            if len(self) == 1
            else self.env._("%s pairs kept apart.", len(self))
        )

    def _check_unlinked(self):
        try:
            self.partner_id._tribe_check_ours(self.connection_id)
        except NeedsPerson as error:
            raise UserError(in_language(self.env, error)) from error
        if not self.connection_id._of_tenant(self.partner_id):
            raise UserError(
                say(
                    self.env,
                    "contact_of_other_connection",
                    contact=self.partner_id.display_name,
                )
            )
        links = self.env["tribe.link"].sudo()
        taken = links._of_tribe(self.connection_id, [self.tribe_id]).get(self.tribe_id, links)
        linked = links._of_partners(self.connection_id, self.partner_id, RELATION_KINDS)
        if taken or linked:
            raise UserError(
                say(
                    self.env,
                    "linked_already",
                    partner=self.partner_id.display_name,
                    relation=self.tribe_name,
                )
            )

    @api.autovacuum
    def _vacuum_of_others(self):
        """Take back what was suggested about contacts that are another connection's since."""
        suggestions = self.search([("state", "=", "open")])
        for connection, of_connection in suggestions.grouped("connection_id").items():
            ours = connection._of_tenant(of_connection.partner_id)
            others = of_connection.filtered(lambda each, ours=ours: each.partner_id not in ours)
            if others:
                others._decided()
                others.unlink()

    def _about_the_same(self):
        """All suggestions about this contact or this relation, this one too."""
        return self.search(
            [
                ("connection_id", "=", self.connection_id.id),
                "|",
                ("partner_id", "=", self.partner_id.id),
                ("tribe_id", "=", self.tribe_id),
            ]
        )

    def _decided(self):
        """Have the contact, and the relation that waits, looked at again."""
        works = self.env["tribe.work"]
        for connection in self.connection_id.filtered("is_running"):
            suggestions = self.filtered(lambda each, c=connection: each.connection_id == c)
            works._ask_for_partners(
                connection,
                connection._perhaps_relations_among(suggestions.partner_id)
                | self.env["tribe.link"]
                .sudo()
                .search(
                    [
                        ("connection_id", "=", connection.id),
                        ("tribe_id", "in", suggestions.mapped("tribe_id")),
                    ]
                )
                .partner_id,
            )
            works._add_again(
                [
                    ("connection_id", "=", connection.id),
                    ("direction", "=", "inbound"),
                    ("reference", "in", suggestions.mapped("tribe_id")),
                ],
                "person",
            )
        for direction in ("inbound", "outbound"):
            self.env["tribe.engine"].sudo()._wake(direction)
