"""Histories that nobody thought of: edits on both sides, in any order, with everything between.

Drawn by Hypothesis, played on the stand-in and in Odoo. What must come of them is in
``relation_history``. ``./dev test`` plays the same five every time; with ``--full`` ten, and 90
more (TRIBE_HISTORIES) from a seed of chance, which is printed and can be given as
TRIBE_HISTORY_SEED. A history that fails is printed step by step, the shortest that Hypothesis
finds.
"""

import contextlib
import sys
from dataclasses import dataclass

from choices import IS_FULL
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    multiple,
    rule,
)
from told import is_sentence, sentences_of

from odoo import Command, fields
from odoo.exceptions import ValidationError

from odoo.addons.tribe_connector.engine.kinds import OUR_KINDS

from .common import ORGANIZATION_CUSTOMER, PERSON_CUSTOMER, SUPPLIER
from .history_case import HistoryMixin
from .relation_case import LEAD
from .relation_history import (
    ABSENT,
    ADDRESS,
    ANYBODY,
    FIELDS,
    INTERNAL,
    NUMBERS,
    PORTAL,
    SIDES,
    Role,
    Twin,
    alike,
    line,
)
from .test_two_tenants import TenantsCase

# Seconds: no test takes as long.
FOR_GOOD = 10.0**6
MOST_RUNS = 2

CUSTOMERS = {"organization": ORGANIZATION_CUSTOMER, "person": PERSON_CUSTOMER}
RELATION_SETS = {"organization": "Relation_Organization", "person": "Relation_Person"}
NAVIGATIONS = {"organization": "Organization", "person": "Person"}
SLOTS = {
    "organization": ("InvoiceAddress", "PostalAddress", "VisitingAddress"),
    "person": ("Address",),
}
WIRE = {
    "email": "EmailAddress",
    "phone": "PhoneNumber",
    "mobile": "MobilePhoneNumber",
    "website": "Website",
    "vat": "VATNumber",
    "debtor_number": "DebtorNumber",
    "creditor_number": "CreditorNumber",
}
WIRE_ADDRESS = {"street2": "Extra", "zip": "Postalcode", "city": "City"}
GROUPS = {INTERNAL: "base.group_user", PORTAL: "base.group_portal"}

# The same thing in several forms, and different things.
PLAIN = {
    "email": ["info@een{0}.example", "Info@Een{0}.example", "twee{0}@klant.example", None],
    "phone": ["030 1234567", "030-123 45 67", "+31 20 555 0001", "+31 (0)20-5550001", None],
    "website": ["https://www.een.example/", "www.een.example", "http://twee.example/a", None],
    "vat": [1, 2, None],
    "mobile": ["06 12345678", "06-12345678", "+31 6 1111 1111", None],
    "street2": ["t.a.v. de  administratie", "2e verdieping", None],
    "zip": ["3512 LR", "3512lr", "1000", None],
    "city": ["Utrecht", "Köln", "Łódź", None],
    "country": ["NL", "BE", "DE", "FR", None],
    "debtor_number": ["D{0}", "D{0}-2", " D{0} ", None],
}
SUPPLIED = {"creditor_number": ["C{0}", "C{0}-2", None]}
STREETS = {
    "Kerkstraat 12": ("Kerkstraat", 12, None),
    "Kerkstraat 12 a": ("Kerkstraat", 12, "a"),
    "Nieuwe Gracht 7 bis": ("Nieuwe Gracht", 7, "bis"),
    "12 Rue de Lyon": ("Rue de Lyon", 12, None),
    "Postbus 99": ("Postbus", 99, None),
    "Plein": ("Plein", None, None),
    None: (None, None, None),
}
ORGANIZATIONS = ["Alfa {0} B.V.", "Beta  & Zn. {0}", "Gamma {0} 🚲 GmbH", "Δέλτα {0}"]
PERSONS = [
    ("Jan", "van der", "Berg{0}"),
    (None, None, "Smit{0}"),
    ("Anna Maria", None, "Jansen-de Boer{0}"),
    ("Søren", "op den", "Kamp{0}"),
]


def field_of(partner, name):
    """The field in Odoo of a neutral one."""
    fields = {"mobile": partner._tribe_mobile_field(), "country": "country_id"}
    return fields.get(name, name)


def changes(plain):
    """Some fields with values to write, as a person might on either side."""
    return st.fixed_dictionaries(
        {},
        optional={
            "name": st.integers(0, len(ORGANIZATIONS) - 1),
            "street": st.sampled_from(list(STREETS)),
            **{name: st.sampled_from(values) for name, values in plain.items()},
        },
    )


PLAIN_CHANGES = changes(PLAIN)
ANY_CHANGES = changes(PLAIN | SUPPLIED)


def vat_number(number, which):
    """A valid Belgian VAT number, another one for every relation; written in one of two forms."""
    base = 4_000_000 + 2 * number + which
    text = f"{base:08d}{97 - base % 97:02d}"
    return f"BE{text}" if which == 1 else f"be {text[:4]}.{text[4:7]}.{text[7:]}"


KINDS = st.sampled_from(["organization", "person"])
# Which Tribe: of two that one Odoo is connected with, where it is with both.
TENANTS = st.integers(0, 1)
NEW = st.fixed_dictionaries({"kind": KINDS, "values": PLAIN_CHANGES, "which": TENANTS})
PICKS = st.lists(st.integers(0, 99), min_size=1, max_size=6)


@dataclass(eq=False)
class Tenant:
    """One Tribe, and what Odoo has of it."""

    connection: object
    sandbox: object
    deliveries_seen: int = 0
    is_backed_up: bool = False
    relations_before: int = 0

    def __post_init__(self):
        self.own_id = self.connection.own_organization_id
        self.country_ids = self.connection.country_ids
        self.countries = {tribe_id: code for code, tribe_id in self.country_ids.items()}

    def __repr__(self):
        return self.connection.name

    def count_relations(self):
        return sum(len(self.sandbox.rows(entity_set)) for entity_set in RELATION_SETS.values())


class History(RuleBasedStateMachine):
    """People at work in both systems, and the connector between them.

    In some there is a second Tribe, with customers of the same names and numbers.
    """

    twins = Bundle("twins")

    def __init__(self, case):
        super().__init__()
        self.case = case
        self.env = case.env
        self.all = []
        self.events = []
        self.savepoint = case.begin_history()
        self.tenants = [Tenant(case.a, case.sandbox), Tenant(case.b, case.tenants[case.b])]
        for tenant in self.tenants:
            tenant.relations_before = tenant.count_relations()
        self.partners_before = self._count_partners()

    def teardown(self):
        try:
            if sys.exc_info()[0] is None:
                self.settle()
        finally:
            self.case.end_history(self.savepoint)

    @initialize(
        target=twins,
        policy=st.sampled_from(["odoo", "tribe", "ask"]),
        moment=st.sampled_from(["nightly", "minute"]),
        made_in_odoo=st.lists(NEW, min_size=1, max_size=2),
        made_in_tribe=st.lists(NEW, min_size=1, max_size=2),
        is_linked=st.booleans(),
        has_two=st.booleans(),
    )
    def begin(self, policy, moment, made_in_odoo, made_in_tribe, is_linked, has_two):
        """What is there on an ordinary morning."""
        self.policy = policy
        self.tenants = self.tenants[: 1 + has_two]
        if not has_two:
            self.case.b.state = "connected"
        for tenant in self.tenants:
            tenant.connection.write({"conflict_policy": policy, "export_moment": moment})
        twins = [self.new_in_odoo(**new) for new in made_in_odoo]
        twins += [self.new_in_tribe(slot=2, role="customer", **new) for new in made_in_tribe]
        if is_linked:
            self._run_fully()
            self._see(certainly=True)
        return multiple(*twins)

    # People in Odoo

    @rule(target=twins, mother=twins, values=PLAIN_CHANGES)
    def subsidiary_in_odoo(self, mother, values):
        """A company under a company, with an address of its own: a relation like any other."""
        if not mother.in_odoo or mother.kind != "organization":
            return multiple()
        which = self.tenants.index(mother.tenant)
        return self.new_in_odoo("organization", values, which, under=mother.partner)

    @rule(target=twins, kind=KINDS, values=PLAIN_CHANGES, which=TENANTS, is_supplier=st.booleans())
    def new_in_odoo(self, kind, values, which, is_supplier=False, under=None):
        twin = self._new_twin(kind, which)
        values = {"name": 0, **values}
        vals = self._odoo_vals(twin, values)
        is_supplier = is_supplier and kind == "organization"
        twin.partner = self.env["res.partner"].create(
            {
                **vals,
                "is_company": kind == "organization",
                "customer_rank": int(not is_supplier),
                "supplier_rank": int(is_supplier),
                **({"parent_id": under.id, "type": "other"} if under else {}),
                # Which Tribe it is for must be said where there are two.
                "company_id": len(self.tenants) > 1 and twin.tenant.connection.company_id.id,
            }
        )
        self._saved()
        self._look_in_odoo(twin)
        return twin

    @rule(twin=twins, values=ANY_CHANGES)
    def edit_in_odoo(self, twin, values):
        if not twin.in_odoo:
            return
        vals = self._odoo_vals(twin, values)
        address = {name: vals.pop(name) for name in list(vals) if name in self._odoo_address_names}
        # What Odoo refuses, nobody saves: it keeps the Peppol endpoint of another country.
        with contextlib.suppress(ValidationError), self.env.cr.savepoint():
            twin.partner.write(vals)
            (self._invoice_contact(twin) or twin.partner).write(address)
        # The words of a street may be the same, and stand in another order.
        twin.values["street"].is_rewritten |= "street" in values
        self._note_what_is_typed(twin)
        self._saved()
        self._look_in_odoo(twin)

    @rule(twin=twins, street=st.sampled_from(list(STREETS)), city=st.sampled_from(PLAIN["city"]))
    def invoice_address_in_odoo(self, twin, street, city):
        if not twin.in_odoo or self._invoice_contact(twin):
            return
        self.env["res.partner"].create(
            {
                "name": "Crediteuren",
                "type": "invoice",
                "parent_id": twin.partner.id,
                "company_id": twin.partner.company_id.id,
                "street": street,
                "city": city,
            }
        )
        self._saved()
        self._look_in_odoo(twin)

    @rule(twin=twins)
    def no_invoice_address_in_odoo(self, twin):
        if twin.in_odoo and self._invoice_contact(twin):
            self._invoice_contact(twin).unlink()
            self._saved()
            self._look_in_odoo(twin)

    @rule(twin=twins)
    def archive_or_unarchive_in_odoo(self, twin):
        if not twin.in_odoo or (twin.active and twin.cannot_be_archived):
            return
        twin.active = not twin.active
        twin.archived_by = "" if twin.active else "person"
        twin.unarchived_in_odoo = twin.active
        twin.partner.active = twin.active
        self._saved()

    @rule(twin=twins, kind=st.sampled_from([INTERNAL, PORTAL]))
    def sign_in_to_odoo(self, twin, kind):
        """Somebody signs in to Odoo with a contact from now on: may others take that over?"""
        if not twin.in_odoo or not twin.active:
            return
        company = twin.partner.company_id or self.case.company
        user = self.env["res.users"].create(
            {
                "login": f"{kind} {len(twin.users or ())} of {twin.partner.id}",
                "partner_id": twin.partner.id,
                "group_ids": [Command.set(self.env.ref(GROUPS[kind]).ids)],
                "company_id": company.id,
                "company_ids": [Command.set(company.ids)],
            }
        )
        twin.sign_in(user, kind)
        self._note_what_is_typed(twin)
        self._saved()

    @rule(twin=twins)
    def sign_in_no_more_or_again(self, twin):
        """The users of a contact are archived, or come back; then their contact does, too."""
        if not twin.in_odoo or not twin.users:
            return
        twin.users.active = not twin.cannot_be_archived
        if twin.cannot_be_archived and not twin.active:
            twin.active, twin.archived_by, twin.unarchived_in_odoo = True, "", True
        self._saved()

    @rule(twin=twins, name=st.sampled_from(["customer_rank", "supplier_rank"]))
    def another_role_in_odoo(self, twin, name):
        if twin.in_odoo and twin.kind == "organization":
            twin.partner[name] = 1
            self._saved()

    @rule(twin=consumes(twins))
    def delete_in_odoo(self, twin):
        if twin.in_odoo:
            self._invoice_contact(twin).unlink()
            if twin.users:
                twin.users.unlink()
            twin.partner.unlink()
            twin.deleted_in_odoo = True
            self._saved()

    # People in Tribe

    @rule(
        target=twins,
        kind=KINDS,
        values=PLAIN_CHANGES,
        which=TENANTS,
        slot=st.integers(0, 2),
        role=st.sampled_from(["customer", "supplier", "lead"]),
    )
    def new_in_tribe(self, kind, values, which, slot, role):
        twin = self._new_twin(kind, which)
        body, address = self._tribe_bodies(twin, {"name": 0, **values})
        if address:
            body[SLOTS[kind][slot % len(SLOTS[kind])]] = address
        twin.tribe_id = twin.tenant.sandbox.create(RELATION_SETS[kind], body)["ID"]
        if role == "lead" and kind == "organization":
            twin.lead_id = twin.first_lead_id = self._relate(twin, LEAD)
        elif role == "supplier" and kind == "organization":
            self._relate_role(twin, SUPPLIER)
        else:
            self._relate_role(twin, CUSTOMERS[kind])
        self._look_in_tribe(twin)
        return twin

    @rule(twin=twins, values=ANY_CHANGES, slot=st.integers(0, 2))
    def edit_in_tribe(self, twin, values, slot):
        if not twin.in_tribe:
            return
        body, address = self._tribe_bodies(twin, values)
        if address:
            shown = self._shown_address(twin)
            if shown:
                twin.tenant.sandbox.change("Address", shown["ID"], address)
            else:
                body[SLOTS[twin.kind][slot % len(SLOTS[twin.kind])]] = address
        if body:
            twin.tenant.sandbox.change(RELATION_SETS[twin.kind], twin.tribe_id, body)
        self._look_in_tribe(twin)

    @rule(twin=twins, in_odoo=ANY_CHANGES, in_tribe=ANY_CHANGES, slot=st.integers(0, 2))
    def edit_on_both_sides(self, twin, in_odoo, in_tribe, slot):
        """Two people at the same time: what most easily goes wrong."""
        self.edit_in_odoo(twin, in_odoo)
        self.edit_in_tribe(twin, in_tribe, slot)

    @rule(twin=twins, pick=st.integers(0, 1))
    def end_or_reopen_in_tribe(self, twin, pick):
        if not twin.in_tribe or not twin.roles:
            return
        entity_set = list(twin.roles)[pick % len(twin.roles)]
        role = twin.roles[entity_set]
        role.is_former = not role.is_former
        role.ended_by = "person" if role.is_former else ""
        if not role.is_former:
            twin.reopened_in_tribe = True
        twin.tenant.sandbox.change(entity_set, role.tribe_id, {"IsFormer": role.is_former})

    @rule(twin=twins, entity_set=st.sampled_from([ORGANIZATION_CUSTOMER, SUPPLIER]))
    def another_role_in_tribe(self, twin, entity_set):
        if not twin.in_tribe or twin.kind != "organization" or entity_set in twin.roles:
            return
        if entity_set == ORGANIZATION_CUSTOMER and twin.lead_id:
            self._upgrade_lead(twin)
        else:
            self._relate_role(twin, entity_set)
        twin.reopened_in_tribe = True

    @rule(twin=consumes(twins))
    def delete_in_tribe(self, twin):
        if twin.in_tribe:
            twin.tenant.sandbox.delete(RELATION_SETS[twin.kind], twin.tribe_id)
            twin.deleted_in_tribe = True

    @rule(which=TENANTS)
    def back_up_tribe(self, which):
        tenant = self._tenant(which)
        tenant.sandbox.back_up()
        tenant.is_backed_up = True

    @rule(which=TENANTS)
    def restore_tribe(self, which):
        """Tribe is as it was on another day, and tells nobody; so somebody has all looked at."""
        tenant = self._tenant(which)
        if not tenant.is_backed_up:
            return
        self._find_links()
        tenant.sandbox.restore()
        rows = self._tribe_rows(tenant)
        for twin in self.all:
            if twin.tenant == tenant and twin.tribe_id:
                self._see_restored(twin, rows)
        for kind in RELATION_SETS:
            self.env["tribe.work"]._add(
                tenant.connection, "inbound", kind, list(rows[kind]), "webhook"
            )
        self._run_fully()
        self._see(certainly=False)

    def _see_restored(self, twin, rows):
        twin.deleted_in_tribe = twin.tribe_id not in rows[twin.kind]
        twin.roles = {
            entity_set: Role(row["ID"], row["IsFormer"], ANYBODY if row["IsFormer"] else "")
            for entity_set in (CUSTOMERS[twin.kind], SUPPLIER)
            for row in rows["roles"].get((twin.tribe_id, entity_set), [])
        }
        is_upgraded = any(role.tribe_id == twin.first_lead_id for role in twin.roles.values())
        twin.lead_id = "" if is_upgraded else twin.first_lead_id
        for value in twin.values.values():
            value.may_be_restored = True
        if twin.in_tribe:
            twin.reopened_in_tribe = twin.is_current
            self._look_in_tribe(twin)

    # A person who is asked

    @rule(pick=st.integers(0, 99), side=st.sampled_from(SIDES))
    def decide(self, pick, side):
        """Somebody answers one question, when there is one; it is carried out later."""
        conflicts = self._open_conflicts()
        if conflicts:
            self._answer(conflicts[pick % len(conflicts)], side)

    # The connector

    @rule(picks=PICKS, times=st.integers(1, 2), at_once=st.booleans(), as_links=st.booleans())
    def deliver(self, picks, times, at_once, as_links):
        """Some webhooks arrive, in any order, perhaps twice, and are worked on now or later.

        They may tell of a link between two records, by the ID of one of them.
        """
        self._collect_events()
        for pick in picks:
            if self.events:
                event = self.events.pop(pick % len(self.events))
                for _time in range(times):
                    self._arrive(event, as_link=as_links)
        if at_once:
            self._run()

    @rule(twin=twins, side=st.sampled_from(SIDES), values=ANY_CHANGES, slot=st.integers(0, 2))
    def edit_while_reads_lag(self, twin, side, values, slot):
        """Tribe's reads show what it had before, also to the webhooks of this edit."""
        self._run_fully()
        self._see(certainly=False)
        tenant = twin.tenant
        tenant.connection.settle_seconds = 900
        tenant.sandbox.switch(query_lag=FOR_GOOD)
        if side == "odoo":
            self.edit_in_odoo(twin, values)
            tenant.connection.action_run_nightly()
        else:
            self.edit_in_tribe(twin, values, slot)
        self._run()
        self._collect_events()
        while self.events:
            self._arrive(self.events.pop())
        self._run()
        tenant.sandbox.switch(query_lag=0.0)
        # A moment later.
        self.env["tribe.work"].search([("reason", "=", "again")]).due = fields.Datetime.now()
        self._run()
        tenant.connection.settle_seconds = 0

    @rule(picks=PICKS)
    def lose(self, picks):
        """Some webhooks never arrive."""
        self._collect_events()
        for pick in picks:
            if self.events:
                self.events.pop(pick % len(self.events))

    @rule(streams=st.lists(st.sampled_from(OUR_KINDS.streams), min_size=1, max_size=3, unique=True))
    def poll(self, streams):
        self._poll(streams)
        self._run()

    @rule()
    def nightly(self):
        self._run_nightly()
        self._run()

    @rule()
    def look_for_deleted(self):
        self._compare()
        self._run()

    @rule(twin=twins)
    def synchronize_now(self, twin):
        if twin.in_odoo:
            twin.partner.action_synchronize_with_tribe()
            self._run()

    @rule()
    def lanes(self):
        self._run()

    # The end

    def settle(self):
        """After a bounded number of full runs both sides agree, and another one writes nothing."""
        self._collect_events()
        for event in self.events:
            self._arrive(event)
        for _run in range(MOST_RUNS):
            self._run_fully()
            self._answer_all()
        self._see(certainly=True)
        self._check_end()
        self._check_nothing_left()

    def _run_fully(self):
        self._poll(OUR_KINDS.streams)
        self._run_nightly()
        self._compare()
        self.case.run_lanes()

    def _poll(self, streams):
        for tenant in self.tenants:
            self.env["tribe.work"]._add(tenant.connection, "inbound", "poll", streams, "poll")

    def _run_nightly(self):
        for tenant in self.tenants:
            tenant.connection.action_run_nightly()

    def _compare(self):
        for tenant in self.tenants:
            self.env["tribe.relation.comparer"]._enqueue_parts(tenant.connection)

    def _answer_all(self):
        """The last questions are answered, in favour of one side and the other in turn."""
        conflicts = self._open_conflicts()
        self._see(certainly=False)
        for number, conflict in enumerate(conflicts):
            self._answer(conflict, SIDES[number % len(SIDES)])
        self._run()

    def _check_end(self):
        case = self.case
        told = case.problematic() - self._told_of_users()
        case.assertFalse(told, told.mapped("error"))
        case.assertFalse(self.env["tribe.conflict"].search([]), "Questions are left")
        for twin in self.all:
            self._check_twin(twin)
        for tenant in self.tenants:
            case.assertEqual(
                tenant.count_relations() - tenant.relations_before,
                sum(twin.in_tribe for twin in self.all if twin.tenant == tenant),
                f"Relations in {tenant}",
            )
        case.assertEqual(
            self._count_partners() - self.partners_before,
            sum(twin.in_odoo for twin in self.all),
            "Partners in Odoo",
        )

    def _told_of_users(self):
        """The problems that are right: former in Tribe, and somebody signs in to Odoo."""
        works = self.env["tribe.work"]
        for twin in self.all:
            if twin.cannot_be_archived and twin.in_tribe and not twin.is_current:
                works |= works.search(
                    [("error_class", "=", "person"), ("reference", "in", self._ids(twin))]
                ).filtered(lambda work: work.cause == "archive")
        return works

    def _ids(self, twin):
        return [twin.tribe_id, str(twin.partner.id), *(r.tribe_id for r in twin.roles.values())]

    def _check_twin(self, twin):
        case = self.case
        if twin.in_odoo:
            elsewhere = twin.partner.tribe_link_ids.connection_id - twin.tenant.connection
            case.assertFalse(elsewhere, f"{twin} is in the other Tribe")
        if twin.in_odoo and not twin.deleted_in_tribe and twin.active:
            case.assertTrue(twin.is_linked, f"{twin} is not in Tribe")
        if twin.in_tribe and not twin.deleted_in_odoo and twin.is_current:
            case.assertTrue(twin.is_linked, f"{twin} is not in Odoo")
        if not (twin.is_linked and twin.in_odoo and twin.in_tribe):
            return
        is_filled_in = self._is_filled_in(twin)
        for name, value in twin.values.items():
            if value.kept == INTERNAL and value.odoo != value.tribe:
                self._check_is_noted(twin)
            elif not (is_filled_in and name in ADDRESS):
                case.assertEqual(value.odoo, value.tribe, f"{name} of {twin}")
        if twin.active != twin.is_current:
            case.assertTrue(
                twin.is_justly_unequal(), f"{twin} is {twin.active} in Odoo, Tribe: {twin.roles}"
            )
        self._check_roles(twin)

    def _check_is_noted(self, twin):
        lines = self.env["tribe.run.line"].search(
            [("action", "=", "note"), ("partner_id", "=", twin.partner.id)]
        )
        codes = {each.code for each in sentences_of(lines.mapped("text")) if is_sentence(each)}
        self.case.assertIn("value_of_internal_user_kept", codes, repr(twin))

    def _is_filled_in(self, twin):
        """Whether Odoo says nowhere, and another than the invoice address is shown in Tribe."""
        if any(twin.values[name].odoo for name in ADDRESS if name != "country"):
            return False
        rows = self._tribe_rows(twin.tenant)
        shown = self._shown_address(twin, rows)
        return bool(shown) and shown["ID"] != rows[twin.kind][twin.tribe_id][SLOTS[twin.kind][0]]

    def _check_roles(self, twin):
        case, partner = self.case, twin.partner
        for entity_set, rank in (
            (CUSTOMERS[twin.kind], "customer_rank"),
            (SUPPLIER, "supplier_rank"),
        ):
            number = "debtor_number" if rank == "customer_rank" else "creditor_number"
            if entity_set in twin.roles:
                case.assertTrue(partner[rank], f"{rank} of {twin}")
            if twin.active and (partner[rank] or partner[number]):
                case.assertIn(entity_set, twin.roles, repr(twin))
            if twin.active and entity_set in twin.roles:
                case.assertTrue(twin.values[number].odoo, f"{number} of {twin}")

    def _check_nothing_left(self):
        case = self.case
        self.env.flush_all()
        self.env.cr.execute("UPDATE res_partner SET write_date = '2020-01-01'")
        self.env.invalidate_all()
        for tenant in self.tenants:
            tenant.sandbox.reset_calls()
        self._run_fully()
        for tenant in self.tenants:
            calls = [call for call in tenant.sandbox.call_log() if call["method"] != "GET"]
            case.assertEqual(tenant.sandbox.calls()["writes"], 0, calls)
        written = self.env["res.partner"].with_context(active_test=False)
        written = written.search([("write_date", ">", "2020-01-02")])
        case.assertFalse(written, written.mapped("display_name"))
        left = self.env["tribe.work"].search([]) - self._told_of_users()
        case.assertFalse(left, "Work is left")

    # Steps of the connector

    def _run(self):
        self.case.run_lanes()
        self._see(certainly=False)

    def _collect_events(self):
        """What Tribe reports: since the last look, our own writes included."""
        for tenant in self.tenants:
            deliveries = tenant.sandbox.deliveries()
            self.events += [
                (tenant, OUR_KINDS.by_entity_type[each["entityType"]], each["payload"]["entityId"])
                for each in deliveries[tenant.deliveries_seen :]
            ]
            tenant.deliveries_seen = len(deliveries)

    def _arrive(self, event, *, as_link=False):
        tenant, kind, tribe_id = event
        if as_link:
            kind, tribe_id = "entity", f"{kind}:{tribe_id}"
        self.env["tribe.work"]._add(tenant.connection, "inbound", kind, [tribe_id], "webhook")

    # Questions

    def _open_conflicts(self):
        return self.env["tribe.conflict"].search([("decision", "=", False)], order="id")

    def _answer(self, conflict, side):
        twin = next(twin for twin in self.all if twin.partner == conflict.partner_id)
        values = conflict.odoo_value, conflict.tribe_value
        name = conflict.field_name
        if name == "address":
            twin.address.decide(tuple(line(value or "") for value in values), side)
        else:
            twin.values[name].decide(tuple(alike(name, value) for value in values), side)
        {"odoo": conflict.action_take_odoo, "tribe": conflict.action_take_tribe}[side]()

    def _check_not_asked_again(self, twin):
        """What was decided stays so while nobody changed either value."""
        if not twin.in_odoo:
            return
        asked = self._open_conflicts().filtered(lambda each: each.partner_id == twin.partner)
        for name in asked.mapped("field_name"):
            value = twin.address if name == "address" else twin.values[name]
            self.case.assertFalse(value.is_decided(), f"{name} of {twin} again")

    # Looking

    def _see(self, *, certainly):
        """Look at both sides after the connector worked; what it did must have been right."""
        self._find_links()
        rows = {tenant: self._tribe_rows(tenant) for tenant in self.tenants}
        for twin in self.all:
            tribe = rows[twin.tenant]
            before = {name: (value.odoo, value.tribe) for name, value in twin.values.items()}
            odoo_now = self._odoo_values(twin) if twin.in_odoo else {}
            tribe_now = self._tribe_values(twin, tribe) if twin.in_tribe else {}
            now = {
                name: (odoo_now.get(name, ABSENT), tribe_now.get(name, ABSENT)) for name in before
            }
            self._check_address_move(twin, before, now)
            for name, value in twin.values.items():
                if name not in ADDRESS:
                    self._check_move(twin, name, value, before[name], now[name])
                value.see(*now[name], certainly=certainly)
            self._check_not_asked_again(twin)
            self._check_users(twin)
            self._see_state(twin, tribe)

    def _check_move(self, twin, name, value, before, now):
        case = self.case
        if now == before:
            return
        label = f"{name} of {twin}: {before} became {now}, agreed {set(value.agreed)}"
        drawn = name in NUMBERS and not any(each for each in before if each is not ABSENT)
        if drawn:
            return
        for was, is_now in zip(before, now, strict=True):
            # Either what is right for both, or as it was.
            if is_now not in (was, ABSENT):
                case.assertIn(is_now, self._rightful(twin, name, value), label)

    def _check_address_move(self, twin, before, now):
        was = [tuple(before[name][side] for name in ADDRESS) for side in (0, 1)]
        became = [tuple(now[name][side] for name in ADDRESS) for side in (0, 1)]
        if was == became:
            return
        rightful = {each for each in was if ABSENT not in each}
        if len(rightful) == 2:
            rightful = twin.address.outcomes(self.policy)
        agreed = {name: set(part.agreed) for name, part in twin.address.parts.items()}
        label = f"address of {twin}: {was} became {became}, agreed {agreed}"
        for old, new in zip(was, became, strict=True):
            if new != old and ABSENT not in new and not self._is_filled_in(twin):
                self.case.assertIn(new, rightful, label)

    def _note_what_is_typed(self, twin):
        """What people who sign in to Odoo are known by, to the letter."""
        twin.typed = {
            name: twin.partner[field_of(twin.partner, name)]
            for name, value in twin.values.items()
            if value.kept
        }

    def _check_users(self, twin):
        """What nobody may change but people in Odoo, or with a person's consent."""
        for name in twin.typed if twin.in_odoo else ():
            value, now = twin.values[name], twin.partner[field_of(twin.partner, name)]
            if value.kept == PORTAL and "tribe" in value.decided.values():
                twin.typed[name] = now
            self.case.assertEqual(now, twin.typed[name], f"{name} of {twin}, who signs in")

    def _rightful(self, twin, name, value):
        if ABSENT in (value.odoo, value.tribe):
            return {value.odoo, value.tribe} - {ABSENT}
        return value.outcomes(name, self.policy)

    def _see_state(self, twin, tribe):
        if twin.in_odoo:
            active = twin.partner.active
            if active != twin.active:
                self._check_state_move(twin, active)
                twin.archived_by = "" if active else "connector"
                twin.active = active
        if twin.in_tribe:
            self._see_roles(twin, tribe)
        if twin.in_odoo and twin.in_tribe and twin.active == twin.is_current:
            twin.unarchived_in_odoo = twin.reopened_in_tribe = False

    def _check_state_move(self, twin, active):
        if active:
            self.case.assertEqual(twin.archived_by, "connector", f"{twin} was unarchived")
        else:
            self.case.assertFalse(twin.is_current, f"{twin} was archived")

    def _see_roles(self, twin, tribe):
        for entity_set in (CUSTOMERS[twin.kind], SUPPLIER):
            for row in tribe["roles"].get((twin.tribe_id, entity_set), []):
                role = twin.roles.setdefault(entity_set, Role(row["ID"]))
                self.case.assertEqual(role.tribe_id, row["ID"], f"{twin} has a role twice")
                is_former = bool(row["IsFormer"])
                if is_former == role.is_former:
                    continue
                if is_former:
                    self.case.assertFalse(twin.active, f"{twin} was ended")
                else:
                    self.case.assertEqual(role.ended_by, "connector", f"{twin} was reopened")
                role.is_former, role.ended_by = is_former, "connector" if is_former else ""

    def _find_links(self):
        partners = self.env["res.partner"].with_context(active_test=False)
        for twin in self.all:
            if twin.in_odoo and not twin.tribe_id:
                twin.tribe_id = twin.partner.tribe_id or ""
                twin.is_linked = bool(twin.tribe_id)
            elif twin.tribe_id and not twin.partner and not twin.deleted_in_odoo:
                found = partners.search([("tribe_id", "=", twin.tribe_id)])
                if found:
                    twin.partner = found
                    twin.is_linked = True
                    self.case.assertEqual(len(found), 1)

    def _look_in_odoo(self, twin):
        for name, value in self._odoo_values(twin).items():
            twin.values[name].edit("odoo", value)

    def _look_in_tribe(self, twin):
        for name, value in self._tribe_values(twin, self._tribe_rows(twin.tenant)).items():
            twin.values[name].edit("tribe", value)

    def _odoo_values(self, twin):
        partner, address = twin.partner, self._address_partner(twin)
        values = {}
        for name in FIELDS[twin.kind]:
            record = address if name in ADDRESS else partner
            value = record[field_of(record, name)]
            values[name] = alike(name, value.code if name == "country" else value)
        return values

    @staticmethod
    def _tribe_rows(tenant):
        rows, sandbox = {}, tenant.sandbox
        for kind, entity_set in RELATION_SETS.items():
            rows[kind] = {row["ID"]: row for row in sandbox.rows(entity_set)}
        rows["address"] = {row["ID"]: row for row in sandbox.rows("Address")}
        rows["roles"] = {}
        for entity_set in (*CUSTOMERS.values(), SUPPLIER):
            for row in sandbox.rows(entity_set):
                child = row.get("Organization") or row.get("Person")
                rows["roles"].setdefault((child, entity_set), []).append(row)
        return rows

    def _tribe_values(self, twin, rows):
        row = rows[twin.kind][twin.tribe_id]
        address = self._shown_address(twin, rows) or {}
        name = row["Name"]
        if twin.kind == "person":
            name = " ".join(filter(None, (row["FirstName"], row["MiddleName"], row["LastName"])))
        number = address.get("HouseNumber")
        street = (
            address.get("Street"),
            int(number) if number is not None else None,
            address.get("HouseNumberSuffix"),
        )
        values = {
            "name": name,
            "street": " ".join(str(part) for part in street if part is not None),
            "country": twin.tenant.countries.get(address.get("Country")),
            **{each: row[wire] for each, wire in WIRE.items() if wire in row},
            **{each: address.get(wire) for each, wire in WIRE_ADDRESS.items()},
        }
        return {each: alike(each, values[each]) for each in FIELDS[twin.kind]}

    def _shown_address(self, twin, rows=None):
        """The row of the address that people see: invoices go to the first one that says where."""
        rows = rows or self._tribe_rows(twin.tenant)
        row = rows[twin.kind][twin.tribe_id]
        slots = [rows["address"][row[slot]] for slot in SLOTS[twin.kind] if row[slot]]
        for names in (("Street", "Extra", "Postalcode", "City"), ("Country",)):
            for address in slots:
                if any(address[name] for name in names):
                    return address
        return slots[0] if slots else None

    def _count_partners(self):
        partners = self.env["res.partner"].with_context(active_test=False)
        return partners.search_count(
            [
                "|",
                ("parent_id", "=", False),
                ("is_company", "=", True),
                "|",
                ("customer_rank", ">", 0),
                ("supplier_rank", ">", 0),
            ]
        )

    # Doing

    def _tenant(self, which):
        return self.tenants[which % len(self.tenants)]

    def _new_twin(self, kind, which):
        """A new relation. Numbers and names of one tenant are those of the other as well."""
        tenant = self._tenant(which)
        number = 1 + sum(twin.tenant == tenant for twin in self.all)
        twin = Twin(number, kind, tenant)
        self.all.append(twin)
        return twin

    def _saved(self):
        """What was saved is committed: what follows is another transaction."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE tribe_work SET transaction = 'of the past' "
            "WHERE transaction = txid_current()::text"
        )
        self.env.invalidate_all()

    _odoo_address_names = ("street", "street2", "zip", "city", "country_id")

    def _odoo_vals(self, twin, values):
        vals = {}
        for name, value in values.items():
            if name not in FIELDS[twin.kind]:
                continue
            if name == "name":
                value = (
                    ORGANIZATIONS[value].format(twin.number)
                    if twin.kind == "organization"
                    else " ".join(filter(None, PERSONS[value])).format(twin.number)
                )
            if name == "vat" and value:
                value = vat_number(twin.number, value)
            elif isinstance(value, str):
                value = value.format(twin.number)
            if name == "country":
                value = self.env["res.country"].search([("code", "=", value)]).id
            vals[field_of(self.env["res.partner"], name)] = value or False
        return vals

    def _tribe_bodies(self, twin, values):
        body, address = {}, {}
        for name, value in values.items():
            if name not in FIELDS[twin.kind]:
                continue
            if name == "name" and twin.kind == "organization":
                body["Name"] = ORGANIZATIONS[value].format(twin.number)
            elif name == "name":
                body |= {
                    wire: part and part.format(twin.number)
                    for wire, part in zip(
                        ("FirstName", "MiddleName", "LastName"), PERSONS[value], strict=True
                    )
                }
            elif name == "street":
                address |= dict(
                    zip(("Street", "HouseNumber", "HouseNumberSuffix"), STREETS[value], strict=True)
                )
            elif name == "country":
                address["Country"] = value and {"ID": twin.tenant.country_ids[value]}
            elif name in WIRE_ADDRESS:
                address[WIRE_ADDRESS[name]] = value
            elif name == "vat":
                body["VATNumber"] = value and vat_number(twin.number, value)
            else:
                body[WIRE[name]] = value and value.format(twin.number)
        return body, address

    def _address_partner(self, twin):
        """Where the invoice address is kept: with the invoice contact that has one, if any."""
        contact = self._invoice_contact(twin)
        has_address = contact.street or contact.street2 or contact.zip or contact.city
        return contact if has_address else twin.partner

    def _invoice_contact(self, twin):
        return twin.partner.child_ids.filtered(lambda child: child.type == "invoice")[:1]

    def _relate(self, twin, entity_set):
        ends = {"Relation": twin.tenant.own_id, NAVIGATIONS[twin.kind]: twin.tribe_id}
        ends = {name: {"ID": tribe_id} for name, tribe_id in ends.items()}
        return twin.tenant.sandbox.create(entity_set, ends)["ID"]

    def _relate_role(self, twin, entity_set):
        twin.roles[entity_set] = Role(self._relate(twin, entity_set))

    def _upgrade_lead(self, twin):
        with self.case.enter_registry_test_mode():
            client = twin.tenant.connection._client()
            client.create(LEAD, {"ID": twin.lead_id, "_UpgradeType": ORGANIZATION_CUSTOMER})
        twin.roles[ORGANIZATION_CUSTOMER] = Role(twin.lead_id)
        twin.lead_id = ""


class TestRelationHistories(HistoryMixin, TenantsCase):
    machine = History
    steps = 25
    same_every_time = 10 if IS_FULL else 5

    def setUp(self):
        super().setUp()
        for connection in (self.a, self.b):
            # Of a handful of relations all may have been deleted.
            connection.write({"settle_seconds": 0, "missing_percent": 100})
            with self.enter_registry_test_mode():
                connection._register_webhooks(connection._client())
        self.env.flush_all()

    def begin_history(self):
        self.env.flush_all()
        for sandbox in (self.sandbox, *self.tenants.values()):
            sandbox.reset(keep_webhooks=True, switches={"webhook_paused": True})
        return self.env.cr.savepoint()
