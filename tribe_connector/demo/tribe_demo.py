import random
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Command

from ..invoices.booking import BOOKING
from ..sentence import Choice, sentence

DAYS = 30
# What ran on a day: kind, direction, hour, the action of its lines, and how many at most.
RUNS = (
    ("partner", "outbound", 2, "update_tribe", 5),
    ("organization", "inbound", 10, "update_odoo", 6),
    ("invoice", "inbound", 14, "post", 4),
    ("payment", "outbound", 3, "paid", 3),
)
# Number, customer, days ago, price without VAT, whether it is paid.
INVOICES = (
    ("0031", "demo_partner_bakker", 32, 1250.0, True),
    ("0032", "demo_partner_jansen", 27, 480.5, True),
    ("0033", "demo_partner_hart", 21, 2310.0, False),
    ("0034", "demo_partner_dijk", 15, 96.0, False),
    ("0035", "demo_partner_smit", 9, 742.25, False),
    ("0036", "demo_partner_berg", 3, 150.0, False),
)
# What demo records say, so that it is read in each language: record, field, sentence. Numbers of
# invoices begin with the year.
SAID = (
    ("demo_check_0", "name", sentence("check_signed_in")),
    ("demo_check_1", "name", sentence("check_counts", entities=1, groups=5, accounts=4, phases=3)),
    ("demo_check_2", "name", sentence("check_own_organization", name="Voorbeeld Verkoop B.V.")),
    ("demo_check_3", "name", sentence("check_demo_data")),
    ("demo_check_3", "remedy", sentence("check_demo_data_remedy")),
    (
        "demo_work_doubt",
        "error",
        sentence(
            "contact_could_be_several_relations",
            partner="De Vries Bouw B.V.",
            count=2,
            names="De Vries Bouw, De Vries Bouw B.V.",
        ),
    ),
    (
        "demo_work_both_changed",
        "error",
        sentence(
            "both_sides_changed",
            relation="Van Dijk Installatietechniek B.V.",
            fields=[sentence("field_phone")],
        ),
    ),
    (
        "demo_work_unavailable",
        "error",
        sentence("tribe_has_problem", host="api.tribecrm.nl", status=503),
    ),
    (
        "demo_plan_line_boer",
        "text",
        sentence(
            "possible_match",
            subject="De Boer Horeca",
            objects=["“De Boer Horeca B.V.”"],
            where=sentence("in_tribe"),
            basis=[Choice("tribe.suggestion", "basis", "email")],
        ),
    ),
)
PARTNERS = sorted({partner for _number, partner, *_others in INVOICES})


class TribeDemo(models.AbstractModel):
    """Demo data that a data file cannot hold: they depend on the chart of accounts and the clock.

    As Odoo's account_demo.py: only demo data call this.
    """

    _name = "tribe.demo"
    _description = "Demo Data of Tribe CRM"

    @api.model
    def _fill(self):
        """Map the demo legal entity, book its invoices where a chart allows it, and note runs."""
        entity = self.env.ref("tribe_connector.demo_legal_entity")
        if entity.company_id.chart_template:
            entity.action_create_journal()
            entity.action_suggest()
            group = self.env.ref("tribe_connector.demo_vat_group_high")
            # Charts of other countries have no 21 %; here their own rate will do.
            group.tax_id = group.tax_id or entity.company_id.account_sale_tax_id
            # As the problem of an invoice among the demo data says.
            unmapped = self.env.ref("tribe_connector.demo_vat_group_reverse")
            unmapped.write({"tax_id": False, "service_tax_id": False})
            self._book_invoices(entity.with_company(entity.company_id), group)
        self._note_runs(entity.connection_id)
        for record, field, said in (*SAID, *self._said_of_invoices()):
            self.env.ref(f"tribe_connector.{record}")[field] = said

    def _said_of_invoices(self):
        today = fields.Date.today()
        unmapped = sentence(
            "vat_group_without_tax",
            number=f"{today.year}0041",
            group="NL - Verlegd",
            entity="Voorbeeld Verkoop B.V.",
        )
        locked = sentence(
            "invoice_in_locked_period",
            number=f"{today.year}0038",
            date=today - timedelta(days=40),
            lock=today - timedelta(days=35),
        )
        yield "demo_work_vat_group", "error", unmapped
        yield "demo_work_period", "error", locked

    def _book_invoices(self, entity, group):
        for index, (number, partner, days_ago, price, is_paid) in enumerate(INVOICES):
            move = self._posted_move(entity, group, number, partner, days_ago, price)
            if is_paid:
                self._pay(move)
            phase = "demo_phase_paid" if is_paid else "demo_phase_sent"
            self.env["tribe.link"].create(
                {
                    "connection_id": entity.connection_id.id,
                    "kind": "invoice",
                    "tribe_id": f"d1000000-0000-4000-8000-{index:012d}",
                    "move_id": move.id,
                    "agreed": {
                        "number": move.name,
                        "date": move.invoice_date.isoformat(),
                        "currency": move.currency_id.name,
                        "untaxed": str(move.amount_untaxed),
                        "vat": str(move.amount_tax),
                        "total": str(move.amount_total),
                    },
                    "phase_id": self.env.ref(f"tribe_connector.{phase}").id,
                    "told_paid": is_paid,
                }
            )

    def _posted_move(self, entity, group, number, partner, days_ago, price):
        date = fields.Date.context_today(self) - timedelta(days=days_ago)
        moves = entity.env["account.move"].with_context(tribe_booking=BOOKING)
        move = moves.create(
            {
                "move_type": "out_invoice",
                "journal_id": entity.journal_id.id,
                "partner_id": self.env.ref(f"tribe_connector.{partner}").id,
                "name": f"{date.year}{number}",
                "invoice_date": date,
                "invoice_date_due": date + timedelta(days=30),
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": self.env._("Maintenance contract"),
                            "quantity": 1,
                            "price_unit": price,
                            "account_id": group.account_id.id,
                            "tax_ids": [Command.set(group.tax_id.ids)],
                        }
                    )
                ],
            }
        )
        move.action_post()
        return move

    def _pay(self, move):
        context = {"active_model": "account.move", "active_ids": move.ids}
        self.env["account.payment.register"].with_context(**context).create(
            {}
        ).action_create_payments()

    def _note_runs(self, connection):
        dice = random.Random(19)
        now = fields.Datetime.now()
        for days_ago in reversed(range(DAYS)):
            for kind, direction, hour, action, most in RUNS:
                moment = (now - timedelta(days=days_ago)).replace(
                    hour=hour, minute=dice.randrange(60)
                )
                count = dice.randrange(most + 1)
                if moment < now and count:
                    self._note_run(connection, kind, direction, moment, action, count)

    def _note_run(self, connection, kind, direction, moment, action, count):
        partners = [self.env.ref(f"tribe_connector.{name}") for name in PARTNERS[:count]]
        calls = 1 if direction == "inbound" else count
        self.env["tribe.run"].create(
            {
                "connection_id": connection.id,
                "direction": direction,
                "kind": kind,
                "date": moment,
                "calls": calls,
                "seconds": 0.3 * calls,
                "webhooks": count if direction == "inbound" else 0,
                "changed": count,
                "done": count,
                "line_ids": [
                    Command.create(
                        {"action": action, "name": partner.name, "partner_id": partner.id}
                    )
                    for partner in partners
                ],
            }
        )
