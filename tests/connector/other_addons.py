"""What other addons do, done by a test: overrides of Odoo's methods, and a field of theirs."""

import contextlib
from unittest.mock import patch

from odoo import models
from odoo.orm.model_classes import add_to_registry


@contextlib.contextmanager
def overriding(registry, model, **methods):
    """While it lasts, an addon overrides methods; each is given first what it overrides."""
    with contextlib.ExitStack() as stack:
        for name, method in methods.items():
            stack.enter_context(
                patch.object(registry[model], name, _over(registry, model, name, method))
            )
        yield


def _over(registry, model, name, method):
    original = getattr(registry[model], name)

    def override(records, *arguments, **options):
        return method(original, records, *arguments, **options)

    override.__dict__.update(vars(original))
    return override


def have_fields(case, **fields):
    """Have contacts with some more fields, for a class of tests, as an addon brings them."""
    have_models(
        case,
        type(
            "ResPartner",
            (models.Model,),
            {"_module": None, "_name": "res.partner", "_inherit": ["res.partner"], **fields},
        ),
    )


def have_models(case, *definitions):
    """Have other models, or models with more in them, for a class of tests."""
    for definition in definitions:
        model_class = case.registry.get(definition._name)
        if model_class is None:
            case.addClassCleanup(case.registry.models.pop, definition._name, None)
        else:
            bases = model_class._base_classes__
            case.addClassCleanup(setattr, model_class, "_base_classes__", bases)
        add_to_registry(case.registry, definition)
    names = [definition._name for definition in definitions]
    case.registry._setup_models__(case.cr, [])
    case.registry.init_models(case.cr, names, {"module": "tribe_connector"})
    case.env.invalidate_all()
