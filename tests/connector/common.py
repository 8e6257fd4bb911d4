"""Odoo in the test's own process, the stand-in for Tribe as a real server beside it.

What a test sees is records in Odoo and rows in Tribe. The lanes run as they do in production,
through their crons; only locking between workers cannot be shown here (tests/faults does).
"""

import contextlib
import functools
from datetime import datetime, timedelta
from unittest.mock import Mock, patch

from end_to_end.waiting import ZONE, far_hour
from tribe_sandbox import process

from odoo import SUPERUSER_ID, api, fields
from odoo.modules.registry import Registry
from odoo.tests import TransactionCase, tagged
from odoo.tests.common import _super_send, get_db_name
from odoo.tools import SQL

from odoo.addons.account.models.chart_template import AccountChartTemplate
from odoo.addons.base_vat.models import res_partner as base_vat
from odoo.addons.tribe_connector.engine import rounds, turn
from odoo.addons.tribe_connector.models import tribe_connection_tenant
from odoo.addons.tribe_connector.probe import Findings
from odoo.addons.tribe_connector.tribe_api import exchange

from .locks import Locks
from .sentence_case import SentenceCase

# The second lane for what comes in differs from the first in nothing but its lock.
CRONS = {"outbound": "cron_outbound", "inbound": "cron_inbound_1"}
# Odoo's own tests leave out the mail that most tests are not about, too.
WITHOUT_MAIL = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_notrack": True,
    "no_reset_password": True,
}
# So many rows of work are noted by no test: each must have led to the next.
MOST_WORK = 10_000
UNLIMITED = 10**6
# An hour: what waits for its time waits until a test lets that pass, however long the test takes.
LONG = 3600
ORGANIZATION_CUSTOMER = "Relationship_Organization_CommercialRelationship_Customer"
PERSON_CUSTOMER = "Relationship_Person_CommercialRelationship_Customer"
SUPPLIER = "Relationship_Organization_Supplier"
# How the stand-in's VAT groups are booked with the Dutch chart.
TAXES = {
    "NL21": "21% ST",
    "NL9": "9% ST",
    "NL0": "0% ST S",
    "NLVERLEGD": "0% R",
    "EUIC": "0% EX EU G",
}


# "standard" has Odoo let no request through to anywhere else.
@tagged("standard", "post_install", "-at_install")
class ConnectorCase(SentenceCase, TransactionCase):
    """A Dutch company, and a small Tribe that is as it was seeded at the start of every test.

    Not Odoo's own case for accounting: what that makes for each class takes long.
    """

    sandbox_options: dict = {"relations": 30, "invoices": 12}
    # At 40 calls each time somebody presses Connect, most tests are not about it.
    looks_how_tribe_works = False
    # A test writes on purpose while a lane is at it.
    writes_before_it_asks = False

    @classmethod
    def setUpClass(cls):
        prepare_database(get_db_name())
        super().setUpClass()
        # The cron's rights; what users may do has tests of its own.
        cls.env = cls.env(user=cls.env.ref("base.user_admin"), su=True, context=WITHOUT_MAIL)
        # What broke is tried again as often as in reality, but at once.
        cls.classPatch(exchange, "RETRY_PAUSES", tuple(0 for _ in exchange.RETRY_PAUSES))
        # Where a company looks numbers up, those of contacts that people save are.
        cls.vies = Mock(return_value={"valid": False})
        cls.classPatch(base_vat, "check_vies", cls.vies)
        if not cls.looks_how_tribe_works:
            cls.classPatch(tribe_connection_tenant, "probe", lambda *_arguments: Findings())
        cls.classPatch(AccountChartTemplate, "_get_chart_template_mapping", known_charts)
        # However long a busy machine takes for a turn; what has no time has tests of its own.
        cls.classPatch(turn, "LONGEST_ROW_SECONDS", LONG)
        # The day that it is in Tribe, also if midnight comes before the test is over.
        cls.today = datetime.now(ZONE).date()
        switches = {
            "invoice_day": f"{cls.today}",
            # Tribe's limit is met in tests/faults; here it would only slow everything down.
            "rate_limit": UNLIMITED,
            **cls.sandbox_options.get("switches", {}),
        }
        options = {**cls.sandbox_options, "switches": switches}
        cls.sandbox = process.take(**options)
        cls.addClassCleanup(process.give_back, cls.sandbox, **options)
        cls.company = cls.env.ref("base.main_company")
        cls.connection = cls.env["tribe.connection"].create(
            {
                "name": "Tribe CRM",
                "company_id": cls.company.id,
                "mode": "demo",
                "api_address": cls.sandbox.address,
                "authorization_address": cls.sandbox.address,
                "web_address": cls.sandbox.address,
                "webhook_address": "http://127.0.0.1:9",
                "client_id": cls.sandbox.client_id,
                "client_secret": cls.sandbox.client_secret,
                "calls_per_window": UNLIMITED,
                "invoices_from": False,
                "nightly_hour": far_hour(),
                "back_off_seconds": LONG,
                "probe_seconds": LONG,
                "rate_limit_pause_seconds": LONG,
            }
        )

    @classmethod
    def _request_handler(cls, session, request, /, **options):
        # Odoo's own lets loopback through too, but cannot read our pair of time-outs.
        if request.url.startswith(cls.sandbox.address):
            return _super_send(session, request, **options)
        return super()._request_handler(session, request, **options)

    def setUp(self):
        super().setUp()
        # As in a new process: it remembers who had a turn, and which lanes had no time.
        self.patch(rounds, "_rounds", {})
        self.patch(turn, "_row", turn._Row())
        self.seed_tribe()

    def seed_tribe(self, *, keep_webhooks=False, **switches):
        """Have Tribe as it is at the start of every test, but for some switches."""
        switches = {"webhook_paused": True, **switches}
        self.sandbox.reset(keep_webhooks=keep_webhooks, switches=switches)

    # The steps of an administrator

    def connect(self):
        """Press Connect."""
        with self.enter_registry_test_mode():
            self.connection.action_connect()

    @classmethod
    def map(cls):
        """Give every legal entity this company, a journal, and the taxes of the Dutch chart."""
        account = cls.account("income")
        taxes = {code: cls.tax(name) for code, name in TAXES.items()}
        for entity in cls.connection.legal_entity_ids:
            entity.company_id = cls.company
            entity.action_create_journal()
            for group in entity.vat_group_ids:
                group.write({"tax_id": taxes[group.code].id, "account_id": account.id})

    @classmethod
    def activate_for_all_tests(cls):
        """The steps up to Activate, once for a class that has no test of them."""
        with cls.class_in_registry_test_mode():
            cls.connection.action_connect()
            cls.map()
            cls.connection.action_activate()
        cls.env.invalidate_all()
        cls.run_lanes()

    @classmethod
    @contextlib.contextmanager
    def class_in_registry_test_mode(cls):
        """As enter_registry_test_mode(), which only tests themselves can use."""
        with contextlib.ExitStack() as stack:
            cls.env.flush_all()
            for patch in cls._registry_test_mode_patches(cr=cls.cr, registry=cls.registry):
                stack.enter_context(patch)
            yield

    def activate(self):
        """Press Connect and Activate, and let the initial synchronization run."""
        self.connect()
        self.map()
        self.press_activate()
        self.run_lanes()

    def press_activate(self):
        """Press Activate."""
        with self.enter_registry_test_mode():
            self.connection.action_activate()

    @staticmethod
    def give(connection, company):
        """Give a connection to another company, as people do while it is deactivated."""
        state, connection.state = connection.state, "connected"
        connection.company_id = company
        connection.state = state

    def run_nightly(self):
        """Let the nightly job run."""
        self.connection.action_run_nightly()
        self.run_lanes()

    @classmethod
    def run_lanes(cls):
        """Run the crons that have something to do, until no work is due any more.

        As often as that takes: a lane ends when its time is up, which says how fast the machine is.
        """
        last = cls.last_work() + MOST_WORK
        locks = Locks()
        while due := cls.due_work():
            before = cls.progress_of(due)
            with cls.class_in_registry_test_mode(), locks.watched():
                looked_up = cls.vies.call_count
                for direction in sorted(set(due.mapped("direction"))):
                    cls.env.ref(f"tribe_connector.{CRONS[direction]}").method_direct_trigger()
            cls.env.invalidate_all()
            if cls.vies.call_count != looked_up:
                raise AssertionError("VIES is asked in a lane")
            if locks.met and not cls.writes_before_it_asks:
                raise AssertionError(f"Tribe is asked while there are locks on {set(locks.met)}")
            still_due = cls.due_work()
            if cls.progress_of(still_due) == before:
                raise AssertionError(f"Nothing is done of what is due: {told(still_due)}")
            if cls.last_work() > last:
                raise AssertionError(f"The work has no end: {told(still_due)}")

    @classmethod
    def due_work(cls):
        """The work that is due now."""
        return cls.env["tribe.work"].search([("due", "<=", fields.Datetime.now())])

    @staticmethod
    def progress_of(works):
        """What is another thing when a lane has done, or tried, or noted any of it."""
        return [(work.id, work.tries, work.due) for work in works]

    @classmethod
    def last_work(cls):
        """How many rows of work were ever noted."""
        ((number,),) = cls.env.execute_query(SQL("SELECT last_value FROM tribe_work_id_seq"))
        return number

    def look_at(self, kind, *tribe_ids):
        """What a webhook does: note that something changed in Tribe; then let the lanes run."""
        self.env["tribe.work"]._add(self.connection, "inbound", kind, tribe_ids, "webhook")
        self.run_lanes()

    def poll(self, *streams):
        """Let the connector look for changes."""
        self.env["tribe.work"]._add(self.connection, "inbound", "poll", streams, "poll")
        self.run_lanes()

    @contextlib.contextmanager
    def late_after(self, owner, name):
        """Have all be later, once ``owner.name`` has returned: by more than Tribe takes to show
        what it has.
        """
        late, now, done = [], fields.Datetime.now, getattr(owner, name)

        def be_late(*arguments, **options):
            returned = done(*arguments, **options)
            if not late:
                late.append(timedelta(seconds=self.connection.settle_seconds + 2))
                self.sandbox.switch(query_lag=0.0)
            return returned

        with (
            patch.object(owner, name, be_late),
            patch.object(fields.Datetime, "now", lambda *_: sum(late, now())),
        ):
            yield
        self.assertTrue(late)

    # Looking

    def problematic(self):
        """The work under Needs Attention."""
        return self.env["tribe.work"].search([("error_class", "!=", False)])

    def problems(self):
        """The sentences under Needs Attention."""
        return self.problematic().mapped("error")

    @classmethod
    def account(cls, account_type, company=None):
        """The first account of a type."""
        company = company or cls.company
        accounts = cls.env["account.account"].with_company(company)
        return accounts.search(
            [("company_ids", "in", company.ids), ("account_type", "=", account_type)], limit=1
        )

    @classmethod
    def tax(cls, name):
        """A sales tax of the company."""
        return cls.env["account.tax"].search(
            [
                ("company_id", "=", cls.company.id),
                ("name", "=", name),
                ("type_tax_use", "=", "sale"),
            ],
            limit=1,
        )

    def link(self, tribe_id):
        """The link of a record of Tribe."""
        return self.env["tribe.link"].search([("tribe_id", "=", tribe_id)])

    def tribe_row(self, entity_set, tribe_id):
        """One row of Tribe, links as IDs."""
        return next(row for row in self.sandbox.rows(entity_set) if row["ID"] == tribe_id)

    def booked_move(self, tribe_id):
        """The invoice in Odoo of an invoice of Tribe; empty when it is not booked."""
        return self.link(tribe_id).move_id


@functools.cache
def prepare_database(name):
    """Commit what is the same for all classes: to make a company takes longer than many a test."""
    registry = Registry(name)
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        env = env(user=env.ref("base.user_admin"), su=True, context=WITHOUT_MAIL)
        # Then a legal entity is not its company merely because there is just one.
        env["res.company"].create({"name": "Voorbeeld Beheer B.V."})
        # Odoo's own partners are no customers of ours.
        env["res.partner"].search([]).write({"customer_rank": 0, "supplier_rank": 0})
    registry.signal_changes()


read_charts = AccountChartTemplate._get_chart_template_mapping
charts: dict[tuple, dict] = {}


def known_charts(templates, get_all=False):
    """The charts of all countries, which Odoo reads anew for each company that gets one."""
    key = (templates.env.cr.dbname, templates.env.lang, get_all)
    if key not in charts:
        charts[key] = read_charts(templates, get_all)
    return {code: {**chart} for code, chart in charts[key].items()}


def told(works):
    """Some work as a failed test tells of it."""
    return [(work.kind, work.reference, work.error) for work in works[:10]]
