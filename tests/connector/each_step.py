"""Makes each step of a flow fail for one record of a batch, and says what came of it."""

import contextlib
import functools
import inspect
import os
import re
from unittest.mock import patch

from choices import IS_FULL

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import mute_logger

from odoo.addons.tribe_connector.engine import batch as batch_module
from odoo.addons.tribe_connector.relations.decision import Decision
from odoo.addons.tribe_connector.relations.remote_relation import RemoteRelation
from odoo.addons.tribe_connector.tribe_api import Client

# Every so many steps are made to fail, each in another way; all of them, in every way, by --full.
SHARE = int(os.environ.get("TRIBE_STEPS_SHARE", 36))
OURS = "odoo.addons.tribe_connector"
TRIBE_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}$")
REFUSAL = "Deze ene niet."
# The models of which every method is a step, in whatever flow it is called.
MODELS = (
    "tribe.conflict",
    "tribe.document.importer",
    "tribe.invoice.importer",
    "tribe.link",
    "tribe.payment.exporter",
    "tribe.relation.comparer",
    "tribe.relation.exporter",
    "tribe.relation.importer",
    "tribe.suggestion",
)
# And those that only help them; they fail where a step calls them.
HELPERS = ("account.move", "res.partner", "tribe.connection", "tribe.legal.entity", "tribe.phase")
CALLS = ("by_values", "create", "download", "update", "update_by_post")
# What Odoo has done with a record, by whatever addon.
OF_ODOO = {
    "res.partner": ("create", "write", "action_archive", "action_unarchive"),
    "account.move": ("create", "write", "_post"),
    "tribe.link": ("create", "write", "unlink"),
    "tribe.conflict": ("create", "write", "unlink"),
    "ir.attachment": ("create",),
}
# No steps: what only tells of a record, also of one that failed.
TELLING = {
    "_tribe_called": "names the record of a problem",
    "_name_of_other": "the same",
    "_may_be_named": "whether it is named there",
    "_failure": "makes the problem",
    "_customer_problem": "the same",
    "_tribe_label": "names a field",
    "fields_get": "describes fields, not records",
    "default_get": "the same",
}


class Fault:
    """Raises in one step, wherever that is about one record."""

    def __init__(self, error):
        self.error = error
        self.about = set()
        self.met = 0

    def strike(self, given):
        """Fail, where what is given to the step mentions the record."""
        if _is_about(given, self.about):
            self.met += 1
            self.error(given[0])

    def wrap(self, original):
        @functools.wraps(original)
        def step(*arguments, **options):
            self.strike([*arguments, *options.values()])
            return original(*arguments, **options)

        return step


def _is_about(given, about):
    """Whether a step is given the record; of a batch, which has all, only where that is all."""
    batches = [each for each in given if isinstance(each, batch_module.Batch)]
    others = [each for each in given[1:] if not isinstance(each, batch_module.Batch)] + [
        each for each in given[:1] if getattr(each, "ids", None)
    ]
    if any(map(_is_of_records, others)):
        return _mentions(others, about, 0)
    return _mentions(batches + others, about, 0)


def _is_of_records(value):
    if isinstance(value, models.BaseModel):
        return value._name in ("res.partner", "account.move", "tribe.link") and bool(value)
    if isinstance(value, (list, tuple)):
        return any(map(_is_of_records, value))
    if isinstance(value, dict):
        return any(map(_is_of_records, value.values()))
    if isinstance(value, str):
        return bool(TRIBE_ID.match(value))
    return isinstance(value, (Decision, RemoteRelation)) or hasattr(value, "invoice")


def _mentions(value, about, depth):  # noqa: C901 - one case for each type
    """Whether a value is, or has in it, the record: ``about`` are its records and its IDs."""
    if depth > 4:
        return False
    if isinstance(value, models.BaseModel):
        if any(isinstance(each, models.BaseModel) and value & each for each in _like(value, about)):
            return True
        if value._name == "tribe.link":
            return any(link.tribe_id in about for link in value.exists())
        return False
    if isinstance(value, (Decision, RemoteRelation)):
        return value.tribe_id in about or _mentions(
            getattr(value, "partner", None), about, depth + 1
        )
    if isinstance(value, batch_module.Batch):
        return bool(about & set(value.references))
    if isinstance(value, str):
        return value in about
    if isinstance(value, dict):
        return any(_mentions(each, about, depth + 1) for each in (*value, *value.values()))
    if isinstance(value, (list, tuple, set)):
        return any(_mentions(each, about, depth + 1) for each in value)
    if hasattr(value, "invoice"):
        return _mentions([value.invoice.tribe_id, value.partner], about, depth + 1)
    return False


def _like(value, about):
    return [
        each for each in about if isinstance(each, models.BaseModel) and each._name == value._name
    ]


class EachStep:
    """Mixin: three records at once, of which one cannot be done, for each step of a flow."""

    def methods(self):
        """``[(class, name)]`` of every step that a flow could have: found, not listed."""
        found = [(Client, name) for name in CALLS]
        for model in (*MODELS, *HELPERS) if IS_FULL else MODELS:
            model_class = self.registry[model]
            ours = {
                name
                for each in model_class.__mro__
                if each.__module__.startswith(OURS)
                for name, value in vars(each).items()
                if inspect.isfunction(value)
            }
            found += [(model_class, name) for name in sorted(ours) if _is_step(name)]
        found += [
            (self.registry[model], name) for model, names in OF_ODOO.items() for name in names
        ]
        return list(dict.fromkeys(found))

    def steps(self, flow, about):
        """Those of them that the flow takes, and that are about the record in the middle."""
        taken = {}
        with contextlib.ExitStack() as stack:
            for owner, name in self.methods():
                fault = Fault(lambda _owner: None)
                fault.about = about
                taken[owner, name] = fault
                stack.enter_context(patch.object(owner, name, fault.wrap(getattr(owner, name))))
            self.run_lanes()
        self.assertTrue(self.is_done(flow, (0, 1, 2)), (flow, self.problems()))
        return [step for step, fault in taken.items() if fault.met]

    def errors(self):
        """What a step may fail by."""

        def refuse(_owner):
            raise UserError(REFUSAL)

        def lose(owner):
            # What PostgreSQL refuses ends the transaction with all that is in it.
            if isinstance(owner, models.BaseModel):
                owner.env.cr.execute("SELECT 1 / 0")
            raise KeyError(REFUSAL)

        def slip(_owner):
            raise KeyError(REFUSAL)

        return {"refused": refuse, "SQL": lose, "bug": slip}

    def assert_each_step_may_fail(self, flow):
        """Two are done, the third says why; and once the cause is mended it is done as well."""
        # Once for all steps: what is ready to be done is the same for each.
        about = self.begin(flow)
        with self.undone():
            steps = self.steps(flow, about)
        self.assertGreater(len(steps), 3)
        errors = self.errors()
        for number, (owner, name) in enumerate(steps):
            step = f"{getattr(owner, '_name', 'client')}.{name}"
            if not IS_FULL and number % SHARE:
                continue
            for why in errors if IS_FULL else [list(errors)[number // SHARE % len(errors)]]:
                with self.subTest(flow=flow, step=step, why=why), self.undone():
                    self.fail_once(flow, about, owner, name, errors[why], why)

    def fail_once(self, flow, about, owner, name, error, why):
        fault = Fault(error)
        fault.about = about
        with (
            patch.object(owner, name, fault.wrap(getattr(owner, name))),
            mute_logger(
                "odoo.sql_db", f"{OURS}.engine.problems", f"{OURS}.models.tribe_synchronized"
            ),
        ):
            self.run_lanes()
        self.assertTrue(fault.met)
        told = self.problems()
        self.assertTrue(self.is_done(flow, (0, 2)), told)
        self.assertLessEqual(len(set(self.problematic().mapped("reference"))), self.most_told, told)
        if not self.is_done(flow, (1,)):
            self.assertTrue(told)
            if why == "refused":
                self.assertTrue(all(REFUSAL in each for each in told), told)
            else:
                # Nobody is asked to decide about a mistake of ours.
                self.assertEqual(set(self.problematic().mapped("error_class")), {"bug"}, told)
        self.env["tribe.work"].search([]).action_retry()
        self.run_lanes()
        self.assertTrue(self.is_done(flow, (0, 1, 2)), self.problems())
        self.assertFalse(self.problems())

    # A step that fails may leave a row of work on either side.
    most_told = 1

    @contextlib.contextmanager
    def undone(self):
        """Undo what happens in Odoo and in Tribe meanwhile."""
        self.sandbox.back_up()
        try:
            with contextlib.closing(self.env.cr.savepoint()):
                yield
        finally:
            self.env.invalidate_all(flush=False)
            self.sandbox.restore()


def _is_step(name):
    return not name.startswith(("__", "action_", "_compute", "_search", "_inverse")) and (
        name not in TELLING
    )
