"""Imports run down the list of rooms in docs/developing.md, never up."""

import ast
from pathlib import Path

import pytest

ADDON = Path(__file__).parents[2] / "tribe_connector"
# From the top floor to the ground floor; the files beside them are the ground floor.
ROOMS = (
    "wizards",
    "controllers",
    "models",
    "invoices",
    "relations",
    "engine",
    "probe",
    "mapping",
    "tribe_api",
)
GROUND_FLOOR = len(ROOMS)
# Python files that belong to no room: what Odoo loads, and what it installs.
OUTSIDE = ("demo", "tests", "hooks", "__init__", "__manifest__")


def _floor(parts: tuple[str, ...]) -> int:
    return ROOMS.index(parts[0]) if parts and parts[0] in ROOMS else GROUND_FLOOR


def _imported(path: Path) -> list[tuple[int, tuple[str, ...]]]:
    """``[(line, parts of the path)]`` of what a file imports of the addon."""
    package = path.relative_to(ADDON).parts[:-1]
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - (node.level - 1)]
            module = tuple((node.module or "").split(".")) if node.module else ()
            found += [(node.lineno, (*base, *module, alias.name)) for alias in node.names]
    return found


def _files() -> list[Path]:
    paths = (path.relative_to(ADDON) for path in sorted(ADDON.rglob("*.py")))
    return [path for path in paths if Path(path.parts[0]).stem not in OUTSIDE]


@pytest.mark.parametrize("path", _files(), ids=str)
def test_imports_run_down(path):
    here = _floor(path.parts)
    up = [
        f"line {line}: {'.'.join(parts)}"
        for line, parts in _imported(ADDON / path)
        if _floor(parts) < here
    ]
    assert up == []


def test_pure_rooms_know_no_odoo():
    for room in ("probe", "mapping", "tribe_api"):
        for path in (ADDON / room).rglob("*.py"):
            modules = [
                name
                for node in ast.walk(ast.parse(path.read_text()))
                for name in _absolute(node)
                if name.split(".")[0] == "odoo"
            ]
            assert modules == [], path


def test_models_have_rows_or_are_inherited():
    """What has no rows and is inherited by no model is a service, in the room of its flow."""
    inherited = set()
    abstract = {}
    for path in sorted((ADDON / "models").glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                names = _attributes(node)
                inherited |= set(names.get("_inherit", ()))
                if ast.unparse(node.bases[0]) == "models.AbstractModel":
                    abstract[path.name] = names["_name"][0]
    assert {name for name, model in abstract.items() if model not in inherited} == set()


def _absolute(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [node.module or ""]
    return []


def _attributes(node: ast.ClassDef) -> dict[str, list[str]]:
    """The names in ``_name`` and ``_inherit`` of a model."""
    return {
        target.id: [
            value.value for value in ast.walk(each.value) if isinstance(value, ast.Constant)
        ]
        for each in node.body
        if isinstance(each, ast.Assign)
        for target in each.targets
        if isinstance(target, ast.Name) and target.id in ("_name", "_inherit")
    }
