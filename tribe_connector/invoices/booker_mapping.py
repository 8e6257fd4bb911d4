from odoo import models

from ..engine.problems import NeedsPerson
from ..mapping.cents import vat_by_tax
from ..mapping.invoice_facts import key, summed, text, tribe_facts
from ..sentence import Name, sentence


class TribeInvoiceBooker(models.AbstractModel):
    """What the lines of an invoice are booked on, and what is agreed of that."""

    _inherit = "tribe.invoice.booker"

    def _account_and_tax(self, booking, line):
        """What a line is booked on, looked up once in a transaction and kept on the booking.

        :raises NeedsPerson: where it is not mapped, or mapped to what cannot be used
        """
        if line not in booking.accounts_and_taxes:
            account, tax = self._chosen_for(booking, line)
            if not (tax and account):
                raise NeedsPerson(self._unmapped_sentence(booking, line, tax))
            self._check_usable(booking, account, tax)
            booking.accounts_and_taxes[line] = account, tax
        return booking.accounts_and_taxes[line]

    def _chosen_for(self, booking, line):
        """What is chosen for a line; the ledger account also tells goods from services."""
        group, ledger = booking.mapping.rows(line.vat_group_id, line.ledger_account_id)
        return ledger.account_id or group.account_id, group._tax_of(ledger)

    def _check_usable(self, booking, account, tax):
        """Refuse an account or tax that became unusable since it was chosen."""
        problem = tax._tribe_problem()
        if problem:
            raise NeedsPerson(
                sentence(
                    "tax_unusable",
                    number=booking.invoice.number,
                    problem=problem,
                ),
            )
        named = {"number": booking.invoice.number, "entity": booking.legal_entity.name}
        if not account.active:
            raise NeedsPerson(sentence("account_archived", account=Name.of(account), **named))
        if not tax.active:
            raise NeedsPerson(sentence("tax_archived", tax=Name.of(tax), **named))

    def _unmapped_sentence(self, booking, line, tax):
        """What a line lacks: something on it in Tribe, or what is chosen for that here."""
        group, ledger = booking.mapping.rows(line.vat_group_id, line.ledger_account_id)
        number, entity = booking.invoice.number, booking.legal_entity.name
        if not line.vat_group_id:
            return sentence("line_without_vat_group", number=number, line=line.description)
        if not group or (group.tax_id and line.ledger_account_id and not ledger):
            return sentence("line_uses_what_is_unknown", number=number, line=line.description)
        if not tax and group.tax_id:
            return sentence(
                "vat_group_sells_goods_or_services",
                number=number,
                line=line.description,
                group=group.name,
                entity=entity,
            )
        if not tax:
            return sentence("vat_group_without_tax", number=number, group=group.name, entity=entity)
        if ledger:
            return sentence(
                "ledger_account_without_account",
                number=number,
                ledger=ledger.display_name,
                entity=entity,
            )
        return sentence(
            "line_without_ledger_account",
            number=number,
            line=line.description,
            group=group.name,
            entity=entity,
        )

    def _taxes(self, booking):
        """The taxes of all lines.

        :raises NeedsPerson: for what is not mapped
        """
        taxes = {self._account_and_tax(booking, line)[1] for line in booking.mapped_lines}
        return self.env["account.tax"].union(*taxes)

    def _fiscal_position(self, booking):
        return self._taxes(booking)._tribe_fiscal_position(booking.company)

    def _vat_by_tax(self, booking):
        """Tribe's VAT per tax of Odoo: ``{account.tax: Decimal}``, as on the credit note itself."""
        sign = -1 if booking.invoice.is_credit else 1
        by_tax = vat_by_tax(
            [(line, self._account_and_tax(booking, line)[1]) for line in booking.mapped_lines],
            booking.invoice.vat_by_group(booking.currency.decimal_places),
        )
        return {tax: sign * vat for tax, vat in by_tax.items()}

    def _facts_in_tribe(self, booking):
        """Tribe's facts, with the relation that has the customer relationship, if that is known."""
        relation = {"relation": booking.relation_id} if booking.relation_id else {}
        return {**tribe_facts(booking.invoice), **relation}

    def _facts_of(self, booking):
        """What is agreed once it is booked: Tribe's facts, and what they mean in Odoo.

        :raises NeedsPerson: for what is not mapped
        """
        nets = []
        for line in booking.mapped_lines:
            account, tax = self._account_and_tax(booking, line)
            nets.append((key(account.id, tax.id), line.net_total))
        return {
            **self._facts_in_tribe(booking),
            "legal_entity": booking.legal_entity.tribe_id,
            "nets": summed(nets),
            "is_vat_included": booking.invoice.is_vat_included,
            "early_discount": "",
            "vat_by_tax": {
                str(tax.id): text(vat) for tax, vat in self._vat_by_tax(booking).items()
            },
        }
