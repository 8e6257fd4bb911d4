"""The main job, as an administrator, a salesperson and a bookkeeper do it, and what must hold.

Every fact is read from outside: Odoo's external API, and Tribe's public API.
"""

import time
from decimal import Decimal

from host.console import step

from . import trial_balance
from .waiting import until
from .world import World

CUSTOMER = "Relationship_Organization_CommercialRelationship_Customer"
PERSON_CUSTOMER = "Relationship_Person_CommercialRelationship_Customer"
SUPPLIER = "Relationship_Organization_Supplier"


class MainJob:
    """Runs the job in one world and collects the rows of the table: ``(fact, figure, holds)``.

    Where Tribe tells of nothing (``world.is_told``), what changes there is found by looking.
    """

    def __init__(self, world: World):
        self.world = world
        self.odoo = world.odoo
        self.table: list[tuple[str, str, bool]] = []

    @property
    def holds(self) -> bool:
        """Whether every fact holds."""
        return all(holds for _fact, _figure, holds in self.table)

    def run(self) -> None:
        """All steps, in the order of a first day."""
        before = len(self.world.tribe.rows("Relation"))
        with step("connect, map, activate: relations and invoices cross over"):
            self.world.connect()
            self.world.map()
            self.world.activate()
        self._check_relations(before)
        self._check_invoices()
        with step("change a relation in Tribe"):
            self._change_in_tribe()
        with step("change a partner in Odoo, then run the nightly job"):
            self._change_in_odoo()
        with step("send an invoice in Tribe"):
            self._send_invoice()
        with step("register a payment in Odoo, then run the nightly job"):
            self._pay()
        with step("run everything a second time"):
            self._run_again()
        self._check_trial_balance()
        self._check_problems()

    # Facts

    def _check_relations(self, relations_before: int) -> None:
        domain = [
            *(["parent_id", "=", False], ["active", "=", True]),
            *("|", ["customer_rank", ">", 0], ["supplier_rank", ">", 0]),
            ["id", "not in", self.world.linked_elsewhere("partner_id")],
        ]
        partners = self.odoo.rows(
            "res.partner", domain, ["tribe_id", "debtor_number", "creditor_number", "name"]
        )
        linked = [partner["tribe_id"] for partner in partners if partner["tribe_id"]]
        relations = self.world.tribe.rows("Relation")
        known = {relation["ID"] for relation in relations}
        self._note(
            "customers and suppliers of Odoo, linked once",
            f"{len(set(linked))} of {len(partners)}",
            len(set(linked)) == len(partners) and set(linked) <= known,
        )
        created = len(relations) - relations_before
        self._note(
            "created in Tribe; the others matched by number, none doubled",
            f"{created} created",
            created == 30 and _no_number_twice(relations),
        )
        unnumbered = [
            partner["name"]
            for partner in partners
            if not partner["debtor_number"] and not partner["creditor_number"]
        ]
        self._note("partners without a number", str(len(unnumbered)), not unnumbered)

    def _check_invoices(self) -> None:
        invoices = self.world.tribe.rows("Activity_Invoice", "Phase,ProductLines")
        booked = [invoice for invoice in invoices if invoice["Phase"]["Code"] != "Draft"]
        moves = self._moves()
        differences = [
            difference for invoice in booked for difference in _differences(invoice, moves)
        ]
        self._note(
            "Sent and Paid invoices posted once, equal to the cent",
            f"{len(booked) - len(differences)} of {len(booked)}",
            not differences and len(moves) == len(booked),
        )
        drafts = {invoice["ID"] for invoice in invoices if invoice["Phase"]["Code"] == "Draft"}
        self._note("drafts booked", str(len(drafts & moves.keys())), not drafts & moves.keys())

    def _change_in_tribe(self) -> None:
        partner = self._linked_partner("organization")
        phone = "+31 30 765 43 21"
        own = self.world.own
        (run,) = self.odoo.rows("tribe.run", own, ["id"], order="id desc", limit=1)
        self.world.sandbox.change(
            "Relation_Organization", partner["tribe_id"], {"PhoneNumber": phone}
        )
        started = time.monotonic()
        self._until_found(
            "the change of Tribe in Odoo",
            lambda: self._partner(partner["id"])["phone"] == phone,
            pause=0.05,
        )
        seconds = time.monotonic() - started
        # By Tribe's own word: looking for changes would have found it too, within a quarter of an
        # hour.
        told = self.odoo.rows(
            "tribe.run", [*own, ["id", ">", run["id"]], ["webhooks", ">", 0]], ["id"]
        )
        self._note(
            "a change in Tribe visible in Odoo",
            f"{seconds:.1f} s" if self.world.is_told else "after a look",
            bool(told) == self.world.is_told,
        )

    def _change_in_odoo(self) -> None:
        partner = self._linked_partner("organization", skip=1)
        email = "nieuw@klant.example"
        self.odoo.write("res.partner", [partner["id"]], email=email, street="Nieuweweg 7 hs")
        early = self._organization(partner["tribe_id"])["EmailAddress"] == email
        self.world.run_nightly()
        late = self._organization(partner["tribe_id"])
        address = late["InvoiceAddress"] or {}
        arrived = late["EmailAddress"] == email and address.get("Street") == "Nieuweweg"
        self._note(
            "a change in Odoo visible in Tribe after the nightly job",
            "yes" if arrived else "no",
            arrived and not early,
        )

    def _send_invoice(self) -> None:
        invoice = next(
            row
            for row in self.world.tribe.rows("Activity_Invoice", "Phase,ProductLines")
            if row["Phase"]["Code"] == "Draft" and row["ProductLines"]
        )
        self.world.sandbox.set_phase(invoice["ID"], "Sent")
        self._until_found("the invoice in Odoo", lambda: invoice["ID"] in self._moves())
        # Its PDF follows; a person takes longer than that to find the invoice and pay it.
        self.world.wait_until_idle()
        sent = next(
            row
            for row in self.world.tribe.rows("Activity_Invoice", "Phase,ProductLines")
            if row["ID"] == invoice["ID"]
        )
        differences = _differences(sent, self._moves())
        self._note("an invoice sent in Tribe is posted in Odoo", sent["Number"], not differences)

    def _pay(self) -> None:
        move = next(
            move
            for move in self._moves().values()
            if move["payment_state"] == "not_paid"
            and move["amount_total"] > 0
            and self._phase_of(move["tribe_id"]) == "Sent"
        )
        wizard = self.odoo.call(
            "account.payment.register",
            "create",
            vals_list=[{}],
            context={
                "active_model": "account.move",
                "active_ids": [move["id"]],
                "allowed_company_ids": [move["company_id"][0]],
            },
        )
        self.odoo.call(
            "account.payment.register",
            "action_create_payments",
            wizard,
            context={"active_model": "account.move", "active_ids": [move["id"]]},
        )
        self.world.run_nightly()
        phase = self._phase_of(move["tribe_id"])
        self._note("an invoice paid in Odoo is Paid in Tribe", phase, phase == "Paid")

    def _run_again(self) -> None:
        self.world.run_nightly()
        partners = self._fingerprint("res.partner")
        moves = self._fingerprint("account.move")
        self.world.sandbox.reset_calls()
        self.odoo.call("res.partner", "action_synchronize_with_tribe", self._linked("partner_id"))
        self.world.run_nightly()
        calls = self.world.sandbox.calls()
        unchanged = partners == self._fingerprint("res.partner") and moves == self._fingerprint(
            "account.move"
        )
        self._note(
            "a second run of everything writes",
            f"{calls['writes']} in Tribe, {'nothing' if unchanged else 'something'} in Odoo",
            calls["writes"] == 0 and unchanged,
        )

    def _check_trial_balance(self) -> None:
        tribe = trial_balance.of_tribe(self.world)
        odoo = trial_balance.of_odoo(self.world)
        differences = trial_balance.differences(tribe, odoo)
        companies = {key[1] for key in odoo}
        self._note(
            "trial balance per company equals Tribe's, per ledger account and VAT group",
            f"{len(odoo)} balances, {len(companies)} companies",
            not differences and len(companies) == 2,
        )
        for difference in differences[:5]:
            self._note(f"  {difference}", "", False)

    def _check_problems(self) -> None:
        problems = self.world.problems()
        self._note("problems that need a person", str(len(problems)), not problems)
        for problem in problems[:5]:
            self._note(f"  {problem}", "", False)

    # Reading

    def _until_found(self, what: str, condition, **options) -> None:
        """Wait until what changed in Tribe is in Odoo: it is told, or it is looked for."""
        if not self.world.is_told:
            self.world.look()
        until(what, condition, **options)

    def _note(self, fact: str, figure: str, holds: bool) -> None:
        self.table.append((fact, figure, holds))

    def _moves(self) -> dict[str, dict]:
        names = ["tribe_id", "name", "state", "move_type", "invoice_date", "date", "company_id"]
        names += ["amount_untaxed", "amount_tax", "amount_total", "payment_state"]
        rows = self.odoo.rows("account.move", [["id", "in", self._linked("move_id")]], names)
        return {row["tribe_id"]: row for row in rows}

    def _linked(self, field: str) -> list[int]:
        """The contacts or invoices that this connection links."""
        return self.world.linked(field, self.world.own)

    def _linked_partner(self, kind: str, skip: int = 0) -> dict:
        domain = [*self.world.own, ["kind", "=", kind]]
        links = self.odoo.rows("tribe.link", domain, ["partner_id"], order="id")
        return self._partner(links[skip]["partner_id"][0])

    def _partner(self, partner_id: int) -> dict:
        (row,) = self.odoo.rows(
            "res.partner", [["id", "=", partner_id]], ["name", "phone", "email", "tribe_id"]
        )
        return row

    def _organization(self, tribe_id: str) -> dict:
        rows = self.world.tribe.rows("Relation_Organization", "InvoiceAddress")
        return next(row for row in rows if row["ID"] == tribe_id)

    def _phase_of(self, tribe_id: str) -> str:
        rows = self.world.tribe.rows("Activity_Invoice", "Phase")
        return next(row["Phase"]["Code"] for row in rows if row["ID"] == tribe_id)

    def _fingerprint(self, model: str) -> list:
        rows = self.odoo.rows(model, [], ["write_date"], order="id")
        return [(row["id"], row["write_date"]) for row in rows]


def _no_number_twice(relations: list[dict]) -> bool:
    for name in ("DebtorNumber", "CreditorNumber"):
        numbers = [relation.get(name) for relation in relations if relation.get(name)]
        if len(numbers) != len(set(numbers)):
            return False
    return True


def _differences(invoice: dict, moves: dict[str, dict]) -> list[str]:
    """What is not alike between an invoice of Tribe and its move."""
    move = moves.get(invoice["ID"])
    if not move:
        return [f"{invoice['Number']}: not booked"]
    sign = -1 if invoice["TotalIncludingVat"] < 0 else 1
    pairs = {
        "state": ("posted", move["state"]),
        "number": (invoice["Number"], move["name"]),
        "untaxed": (_cents(sign * invoice["TotalExcludingVat"]), _cents(move["amount_untaxed"])),
        "vat": (_cents(sign * invoice["VatAmount"]), _cents(move["amount_tax"])),
        "total": (_cents(sign * invoice["TotalIncludingVat"]), _cents(move["amount_total"])),
    }
    return [
        f"{invoice['Number']}: {name} {tribe} / {odoo}"
        for name, (tribe, odoo) in pairs.items()
        if tribe != odoo
    ]


def _cents(amount: float) -> Decimal:
    return Decimal(str(amount)).quantize(Decimal("0.01"))
