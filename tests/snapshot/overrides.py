"""Which method of the addon overrides which other ones: in models, and in plain classes.

Classes of ours are told by their model or their name, not by the file that they are in: to move
one is no difference, while a name that is changed in one place only is one.
"""

import functools
import importlib
import inspect
import pkgutil
import sys

from .text import write

PACKAGE = "odoo.addons.tribe_connector"
# Of a class that is made for Python itself.
OF_PYTHON = {"__annotations__", "__dict__", "__doc__", "__module__", "__slots__", "__weakref__"}
OF_PYTHON |= {"__firstlineno__", "__static_attributes__", "__abstractmethods__", "_abc_impl"}
# What a class says to have its model made.
OF_MODELS = {"_inherit", "_module", "_name", "_register"}
PLAIN = (str, int, float, type(None))
DECORATED = {
    "_api_model": "model",
    "_api_private": "private",
    "_autovacuum": "autovacuum",
    "_constrains": "constrains",
    "_depends": "depends",
    "_onchange": "onchange",
    "_ondelete": "ondelete",
    "_readonly": "readonly",
}
KEPT_OUT = (".demo", ".tests")


def write_all(env, path):
    """Write them as a file."""
    lines = [line for name in sorted(env.registry) for line in _of_model(env.registry[name])]
    write(path, [*lines, *_of_plain_classes()])


# Models


def _of_model(model):
    classes = [each for each in model.__mro__ if each is not object]
    ours = [each for each in classes if _is_ours(each)]
    names = sorted({name for each in ours for name in vars(each)} - OF_PYTHON)
    return [told for name in names if (told := _told(model._name, name, classes, ours)) is not None]


def _told(whose, name, classes, ours):
    chain = [each for each in classes if name in vars(each) and not _is_of_registry(each)]
    mine = [each for each in ours if name in vars(each)]
    value = vars(mine[0])[name]
    if _is_method(value):
        called = f"{name}{_signature(value)}{_decorators(value)}"
    elif _is_plain(value) and not name.startswith("__") and name not in OF_MODELS:
        called = f"{name} = {value!r}"
    else:
        return None
    where = " > ".join(map(_label, chain))
    others = len(chain) - 1
    how_many = {0: "nothing", 1: "1 other"}.get(others, f"{others} others")
    return f"{whose}.{called} overrides {how_many}: {where}"


def _is_ours(cls):
    is_here = cls.__module__ == PACKAGE or cls.__module__.startswith(f"{PACKAGE}.")
    return is_here and not _is_of_registry(cls)


def _is_of_registry(cls):
    """Whether it is what the registry made of all classes of a model."""
    return "_base_classes__" in vars(cls)


def _label(cls):
    if _is_ours(cls):
        return getattr(cls, "_name", None) or cls.__qualname__
    return f"{cls.__module__}.{cls.__qualname__}"


def _is_method(value):
    kinds = (staticmethod, classmethod, property, functools.cached_property)
    return inspect.isfunction(value) or isinstance(value, kinds)


def _is_plain(value):
    """Whether it reads the same in every process."""
    return all(map(_is_plain, value)) if isinstance(value, tuple) else isinstance(value, PLAIN)


def _function(value):
    if isinstance(value, property):
        value = value.fget
    value = getattr(value, "func", None) or value
    return getattr(value, "__func__", value)


def _signature(value):
    if isinstance(value, property | functools.cached_property):
        return ""
    kind = type(value).__name__ if isinstance(value, staticmethod | classmethod) else ""
    parameters = inspect.signature(_function(value)).parameters.values()
    told = [str(each.replace(annotation=each.empty, default=_default(each))) for each in parameters]
    return f"({', '.join(told)}){f' {kind}' if kind else ''}"


def _default(parameter):
    """Some defaults would show where they are in memory."""
    default = parameter.default
    return default if default is parameter.empty or _is_plain(default) else ...


def _decorators(value):
    function = _function(value)
    told = []
    for attribute, called in DECORATED.items():
        found = getattr(function, attribute, None)
        if found is None or found is False:
            continue
        if isinstance(found, tuple):
            called += f"({', '.join('a function' if callable(each) else each for each in found)})"
        elif attribute == "_ondelete":
            called += f"(at_uninstall={found})"
        told.append(f" @{called}")
    if routing := getattr(function, "original_routing", None):
        given = sorted((name, each) for name, each in routing.items() if not callable(each))
        told.append(f" @route({', '.join(f'{name}={each!r}' for name, each in given)})")
    return "".join(told)


# Plain classes


def _of_plain_classes():
    lines = []
    for cls in _plain_classes():
        classes = [each for each in cls.__mro__ if each is not object]
        bases = ", ".join(map(_label, cls.__bases__))
        lines.append(f"class {cls.__qualname__}: bases {bases}")
        for name in sorted(set(vars(cls)) - OF_PYTHON):
            told = _told(f"class {cls.__qualname__}", name, classes, [cls])
            lines += [told] if told else []
    return sorted(lines)


def _plain_classes():
    """Those that are no model, in every module of the addon."""
    package = importlib.import_module(PACKAGE)
    for found in pkgutil.walk_packages(package.__path__, f"{PACKAGE}."):
        if not found.name.removeprefix(PACKAGE).startswith(KEPT_OUT):
            importlib.import_module(found.name)
    classes = {
        value
        for name, module in list(sys.modules.items())
        if name == PACKAGE or name.startswith(f"{PACKAGE}.")
        if not name.removeprefix(PACKAGE).startswith(KEPT_OUT)
        for value in vars(module).values()
        if inspect.isclass(value) and value.__module__ == name
    }
    return sorted(
        (each for each in classes if not hasattr(each, "_module")),
        key=lambda each: (each.__qualname__, sorted(vars(each))),
    )
