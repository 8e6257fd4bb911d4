from odoo import models
from odoo.exceptions import UserError

from ..engine.only_for import only_for
from ..sentence import Name, say

# Of the journals that are made for Tribe's invoices.
JOURNAL_CODES = ("TRIBE", *(f"TRI{number}" for number in range(2, 99)))
JOURNAL_SEQUENCE_PATTERN = r"^(?P<prefix1>.*?)(?P<seq>\d{0,9})(?P<suffix>\D*?)$"


class TribeLegalEntity(models.Model):
    """The journal of Tribe's invoices, and whose numbers they get in it."""

    _inherit = "tribe.legal.entity"

    @only_for("Administrator", "write")
    def action_create_journal(self):
        """Create the sales journal in which invoices keep Tribe's numbers.

        The sequence pattern takes numbers in any order (Odoo's ``sequence.mixin`` would read a
        year or a month into some of them); hashing would refuse a lower number after a higher.
        Where Odoo numbers, it has to read the year.
        """
        for entity in self.filtered(lambda entity: entity.company_id and not entity.journal_id):
            company = entity.company_id
            journal = (
                self.env["account.journal"]
                .with_company(company)
                .create(
                    {
                        "name": self.env._("Tribe CRM invoices"),
                        "code": entity._free_journal_code(),
                        "type": "sale",
                        "company_id": company.id,
                        "sequence_override_regex": entity.number_policy == "tribe"
                        and JOURNAL_SEQUENCE_PATTERN,
                        "restrict_mode_hash_table": False,
                        "refund_sequence": False,
                        # Never the journal that Odoo proposes for an invoice made by hand.
                        "sequence": 99,
                    }
                )
            )
            # Whoever reads it, not only in the language of who pressed the button.
            for language, _name in self.env["res.lang"].get_installed():
                translated = journal.with_context(lang=language)
                translated.name = translated.env._("Tribe CRM invoices")
            entity.journal_id = journal

    def _free_journal_code(self):
        taken = set(
            self.env["account.journal"]
            .with_context(active_test=False)
            .search([("company_id", "=", self.company_id.id)])
            .mapped("code")
        )
        return next(code for code in JOURNAL_CODES if code not in taken)

    def _follow_numbering(self, before):
        """Have a journal that was made for Tribe read numbers as whose they are.

        Odoo would not begin anew each year with the pattern for Tribe's. That one stays where it
        has invoices: Odoo would read years into Tribe's numbers when one is confirmed again.

        :param before: ``{legal entity: what _numbering gave}``
        """
        for entity, numbering in before.items():
            journal = entity.journal_id
            if entity._numbering() == numbering or not entity._is_made_for_tribe(journal):
                continue
            pattern = entity._has_tribes_numbers(journal) and JOURNAL_SEQUENCE_PATTERN
            moves = self.env["account.move"].sudo()
            is_used = moves.search_count([("journal_id", "=", journal.id)], limit=1)
            if journal.sequence_override_regex != pattern and (pattern or not is_used):
                journal.sequence_override_regex = pattern

    def _is_made_for_tribe(self, journal):
        """Whether a journal is, or was, one of those that *Create Journal* makes."""
        pattern = journal.sequence_override_regex
        return pattern == JOURNAL_SEQUENCE_PATTERN or (
            not pattern and journal.type == "sale" and journal.code in JOURNAL_CODES
        )

    def _has_tribes_numbers(self, journal):
        """Whether invoices get Tribe's numbers in a journal, of any legal entity."""
        entities = self.sudo().search(
            [
                ("journal_id", "=", journal.id),
                ("number_policy", "=", "tribe"),
                ("connection_id.active", "=", True),
            ],
            limit=1,
        )
        return bool(entities)

    def _check_journal(self):
        """Refuse a journal that could not keep Tribe's numbers.

        :raises UserError: naming the legal entity, the cause and the remedy
        """
        for entity in self:
            cause = entity._journal_problem()
            if cause:
                raise UserError(
                    say(self.env, "legal_entity_problem", name=entity.name, cause=cause)
                )

    def _check_chosen_journal(self, before):
        """Refuse a journal that is chosen just now, while something else is in it.

        What was chosen before stays: it must not keep anybody from saving.

        :param before: ``{legal entity: what _numbering gave}``
        :raises UserError: naming the legal entity, the cause and the remedy
        """
        for entity, numbering in before.items():
            if entity._numbering() != numbering:
                entity._check_journal()
                entity._check_own_journal()
            if entity.journal_id != numbering[0] and entity._has_other_invoices():
                raise UserError(
                    say(
                        self.env,
                        "journal_has_other_invoices",
                        name=entity.name,
                        journal=Name.of(entity.journal_id),
                    )
                )

    def _numbering(self):
        """What decides whose numbers its invoices get."""
        return self.journal_id, self.number_policy, self.company_id

    def _check_own_journal(self):
        """Refuse a journal in which numbers of this Tribe and those of others would meet.

        Odoo takes the journals of the company above a branch for the branch's too; who works in
        the branch alone does not lead its numbers.

        :raises UserError: naming the legal entity, the cause and the remedy
        """
        journal = self.sudo().journal_id
        if not journal:
            return
        if self.number_policy == "tribe" and journal.company_id != self.company_id:
            raise UserError(
                say(
                    self.env,
                    "journal_of_other_company",
                    name=self.name,
                    journal=Name.of(journal),
                )
            )
        if self._shares_numbers():
            raise UserError(
                say(
                    self.env,
                    "journal_of_other_connection",
                    name=self.name,
                    journal=Name.of(journal),
                )
            )

    def _shares_numbers(self):
        """Whether another connection books in the journal, and one of the two has Tribe number.

        Not one that is archived: who connects the same Tribe anew keeps its journal.
        """
        others = self.sudo().search(
            [
                ("journal_id", "=", self.journal_id.id),
                ("connection_id", "!=", self.connection_id.id),
                ("connection_id.active", "=", True),
            ]
        )
        return bool(others) and "tribe" in (self | others).mapped("number_policy")

    def _has_other_invoices(self):
        """Whether invoices that never came from Tribe are in a journal for Tribe's numbers."""
        if not self.journal_id or self.number_policy == "odoo":
            return False
        moves = self.env["account.move"].sudo()
        others = [
            ("journal_id", "=", self.journal_id.id),
            ("move_type", "in", moves.get_sale_types(include_receipts=True)),
            # Also of a connection that is deleted by now: its journal can be chosen again.
            ("tribe_id", "=", False),
        ]
        return bool(moves.search_count(others, limit=1))

    def _journal_problem(self):
        journal = self.journal_id
        if journal and not journal.active:
            return say(
                self.env,
                "journal_archived",
                journal=Name.of(journal),
            )
        if journal and journal.type != "sale":
            return say(
                self.env,
                "journal_not_of_sales",
                journal=Name.of(journal),
            )
        if not journal or self.number_policy == "odoo":
            return None
        if journal.restrict_mode_hash_table:
            return say(
                self.env,
                "journal_hashed",
                journal=Name.of(journal),
            )
        if journal.sequence_override_regex != JOURNAL_SEQUENCE_PATTERN:
            return say(
                self.env,
                "journal_reads_dates",
                journal=Name.of(journal),
            )
        return None
