from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..codes import RELATION_KINDS
from ..engine.only_for import only_for
from ..engine.problems import NeedsPerson
from ..engine.sentence_field import SentenceText
from ..mapping.likeness import ADDRESS
from ..relations.decision import MOST_CANDIDATES
from ..sentence import in_language, say
from .tribe_synchronized import NUMBERS


class TribeSuggestion(models.Model):
    """A contact of Odoo and a relation of Tribe that could be the same. A person decides.

    They share something that is no proof, such as a VAT number, or something that is, which
    something else contradicts (``mapping.evidence``). While it is open, neither is created on the
    other side. What was decided stands until a person decides otherwise.
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
            ("import_id", "our ID in Tribe"),
            ("debtor_number", "same debtor number"),
            ("creditor_number", "same creditor number"),
            ("vat", "same VAT number"),
            ("company_registry", "same registry number"),
            ("email", "same e-mail address"),
            ("address", "same name and address"),
        ],
        "Because",
        required=True,
        readonly=True,
    )
    shared = fields.Char(
        "What Both Have", compute="_compute_shared", help="As it is written in Odoo."
    )
    against = SentenceText("But", readonly=True, help="What speaks against it.")
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

    @api.depends("partner_id", "basis")
    @api.depends_context("uid")
    def _compute_shared(self):
        readable = self.partner_id._filtered_access("read")
        for suggestion in self:
            is_read = suggestion.partner_id in readable
            suggestion.shared = (is_read and suggestion._shared_in_odoo()) or False

    def _shared_in_odoo(self):
        """The number or address that both have, as the contact has it; nothing, of our ID."""
        if self.basis in NUMBERS:
            return self.partner_id._tribe_number(self.connection_id, self.basis)
        if self.basis == ADDRESS:
            partner = self.partner_id._tribe_address_partner(self.connection_id)
            return ", ".join(filter(None, (partner[name] for name in ("street", "zip", "city"))))
        return self.basis in self.partner_id and self.partner_id[self.basis]

    @api.depends("partner_id.display_name", "tribe_name")
    def _compute_display_name(self):
        for suggestion in self:
            suggestion.display_name = (
                f"{suggestion.partner_id._tribe_called()} – {suggestion.tribe_name}"
            )

    def _refused(self, connection, partners):
        """The pairs about some contacts that a person refused: ``{(partner_id, tribe_id)}``."""
        return self._pairs(connection, [("partner_id", "in", partners.ids)])

    def _refused_of(self, connection, tribe_ids):
        """As ``_refused``, about some relations."""
        return self._pairs(connection, [("tribe_id", "in", list(tribe_ids))])

    def _pairs(self, connection, domain):
        refused = [("connection_id", "=", connection.id), ("state", "=", "refused")]
        return {(each.partner_id.id, each.tribe_id) for each in self.search(refused + domain)}

    def _store(self, connection, candidates):
        """Show some candidates (``engine.relation_decision.Candidate``), each once.

        No more of a contact than ``MOST_CANDIDATES`` at a time: the others when these are decided.
        """
        of_partners = Domain("connection_id", "=", connection.id) & Domain(
            "partner_id", "in", [candidate.partner.id for candidate in candidates]
        )
        pairs = of_partners & Domain("tribe_id", "in", [each.tribe_id for each in candidates])
        known = {(each.partner_id.id, each.tribe_id): each for each in self.search(pairs)}
        is_open = of_partners & Domain("state", "=", "open")
        shown = Counter(
            {
                partner.id: count
                for partner, count in self._read_group(is_open, ["partner_id"], ["__count"])
            }
        )
        new = []
        # Both contacts of a relation that names two may ask about both.
        of_pairs = {(each.partner.id, each.tribe_id): each for each in reversed(candidates)}
        for pair, candidate in reversed(of_pairs.items()):
            values = {"basis": candidate.basis, "against": candidate.against or False}
            if pair in known:
                known[pair]._shown_anew(values)
            elif shown[candidate.partner.id] < MOST_CANDIDATES:
                shown[candidate.partner.id] += 1
                new.append(
                    {
                        **values,
                        "connection_id": connection.id,
                        "partner_id": candidate.partner.id,
                        "kind": candidate.kind,
                        "tribe_id": candidate.tribe_id,
                        "tribe_name": candidate.name,
                    }
                )
        self.create(new)

    def _shown_anew(self, values):
        """Say why two could be the same as it is now, unless that was decided."""
        before = {"basis": self.basis, "against": self.against}
        if self.state == "open" and before != values:
            self.write(values)

    def _forget(self, connection, partner, tribe_id):
        """Take back what was suggested, or refused, about two that are linked now.

        And what else was suggested about either of them.
        """
        of_connection = Domain("connection_id", "=", connection.id)
        of_partner = Domain("partner_id", "=", partner.id)
        of_relation = Domain("tribe_id", "=", tribe_id)
        self.search(of_connection & of_partner & of_relation).unlink()
        is_open = Domain("state", "=", "open")
        self.search(of_connection & is_open & (of_partner | of_relation))._take_back()

    def _forget_relations(self, connection, tribe_ids):
        """Take back what was suggested about relations that are there no more."""
        self._open_about(connection, "tribe_id", tribe_ids)._take_back()

    def _review_contacts(self, connection, decisions):
        """Take back what is open about contacts that were looked at, and is no match any more."""
        looked_at = {each.partner.id: each for each in decisions if each.tells_all_matches}
        self._open_about(connection, "partner_id", looked_at)._take_back_but(looked_at.values())

    def _review_relations(self, connection, decisions):
        """As ``_review_contacts``, of relations."""
        looked_at = {each.tribe_id: each for each in decisions if each.tells_all_matches}
        self._open_about(connection, "tribe_id", looked_at)._take_back_but(looked_at.values())

    def _open_about(self, connection, name, values):
        return self.search(
            [
                ("connection_id", "=", connection.id),
                ("state", "=", "open"),
                (name, "in", list(values)),
            ]
        )

    def _take_back_but(self, decisions):
        kept = {
            (candidate.partner.id, candidate.tribe_id)
            for decision in decisions
            for candidate in decision.candidates
        }
        self.filtered(lambda each: (each.partner_id.id, each.tribe_id) not in kept)._take_back()

    def _take_back(self):
        """Suggest it no more; who waited for a decision is looked at again."""
        if self:
            self._decided()
            self.unlink()

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
            self.env["tribe.link"].sudo()._join(
                suggestion.connection_id,
                suggestion.kind,
                suggestion.tribe_id,
                suggestion.partner_id,
            )
            suggestion._decided()
            (suggestion | suggestion._open_beside()).unlink()
        works = self.env["tribe.work"]
        if not linked:
            return works._tell_it_is_gone()
        return works._tell(
            self.env._("Linked: %s. Both are brought together now.", linked[0])
            if len(linked) == 1
            else self.env._("%s pairs linked. They are brought together now.", len(linked)),
            is_left=True,
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
            else self.env._("%s pairs kept apart.", len(self)),
            is_left=True,
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
        if self.partner_id._tribe_kind() != self.kind:
            raise UserError(
                say(
                    self.env,
                    "linking_of_other_kind",
                    partner=self.partner_id.display_name,
                    relation=self.tribe_name,
                )
            )
        if self.tribe_id in self.connection_id._own_relation_ids():
            raise UserError(say(self.env, "linking_of_own_organization", relation=self.tribe_name))
        links = self.env["tribe.link"].sudo()
        taken = links._taken(self.connection_id, [self.tribe_id])
        linked = links._of_partners(self.connection_id, self.partner_id, RELATION_KINDS)
        if taken or any(link.tribe_id and link.state != "gone" for link in linked.values()):
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
            others._take_back()

    def _open_beside(self):
        """What else is open about these contacts and relations."""
        return self.search(
            [
                ("connection_id", "in", self.connection_id.ids),
                ("state", "=", "open"),
                ("id", "not in", self.ids),
                "|",
                ("partner_id", "in", self.partner_id.ids),
                ("tribe_id", "in", self.mapped("tribe_id")),
            ]
        )

    def _decided(self):
        """Have looked at again the contacts, the relations that wait, and who waits with them."""
        about = self | self._open_beside()
        works = self.env["tribe.work"]
        for connection in self.connection_id.filtered("is_running"):
            suggestions = about.filtered(lambda each, c=connection: each.connection_id == c)
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
