"""The tenant's own schema, from ``$metadata`` (EDMX).

Tribe's schema differs per tenant: modules add and remove entity sets and fields.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping

from ..sentence import _lt
from .errors import TribeUnavailable


class Schema:
    """Entity sets with their properties and navigations, those of base types included."""

    def __init__(self, sets: Mapping[str, Mapping]):
        self._sets = {name: _copied(content) for name, content in sets.items()}

    @classmethod
    def from_edmx(cls, document: bytes) -> Schema:
        """Read Tribe's metadata document. Raises ``TribeUnavailable`` when it is not one."""
        sets = _sets(_types_and_sets(_root(document)))
        if not sets:
            raise _unreadable()
        return cls(sets)

    @classmethod
    def from_dict(cls, content: Mapping[str, Mapping]) -> Schema:
        """The inverse of ``as_dict``."""
        return cls(content)

    def as_dict(self) -> dict[str, dict]:
        """``{set: {"properties": {name: type}, "navigations": {name: {"type", "collection"}}}}``.

        A navigation's ``type`` is the name of the entity set of its target where there is one.
        """
        return {name: _copied(content) for name, content in self._sets.items()}

    def has_set(self, name: str) -> bool:
        """Whether the tenant has this entity set."""
        return name in self._sets

    def properties(self, entity_set: str) -> dict[str, str]:
        """Property names with their EDM types, such as ``Edm.String``; empty for no such set."""
        return dict(self._sets.get(entity_set, _NOTHING)["properties"])

    def navigations(self, entity_set: str) -> dict[str, str]:
        """Navigation names with the set (else type) they lead to; empty for no such set."""
        navigations = self._sets.get(entity_set, _NOTHING)["navigations"]
        return {name: target["type"] for name, target in navigations.items()}

    def has(self, entity_set: str, path: str) -> bool:
        """Whether a property, a navigation, or a path such as ``"Phase/Code"`` exists."""
        first, _slash, rest = path.partition("/")
        content = self._sets.get(entity_set, _NOTHING)
        if not rest:
            return first in content["properties"] or first in content["navigations"]
        target = content["navigations"].get(first)
        return target is not None and self.has(target["type"], rest)


_NOTHING: dict[str, dict] = {"properties": {}, "navigations": {}}


def _copied(content: Mapping) -> dict:
    return {
        "properties": dict(content["properties"]),
        "navigations": {
            name: {"type": target["type"], "collection": bool(target["collection"])}
            for name, target in content["navigations"].items()
        },
    }


def _unreadable() -> TribeUnavailable:
    return TribeUnavailable(
        _lt(
            "Tribe's description of its data could not be read. Try again later; if it stays, "
            "check the API address of the connection."
        )
    )


def _root(document: bytes) -> ElementTree.Element:
    try:
        text = document.decode("utf-8-sig")
        # Metadata never has a DTD; entities in one could fill the memory or read files.
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise _unreadable()
        return ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError):
        raise _unreadable() from None


def _types_and_sets(root: ElementTree.Element) -> tuple[dict[str, dict], dict[str, str]]:
    """Entity types by short name, and entity sets with the short name of their type."""
    types: dict[str, dict] = {}
    sets: dict[str, str] = {}
    for element in root.iter():
        name = element.get("Name")
        if not name:
            continue
        if _tag(element) == "EntityType":
            types[name] = _type(element)
        elif _tag(element) == "EntitySet":
            sets[name] = _short(element.get("EntityType", ""))
    return types, sets


def _type(element: ElementTree.Element) -> dict:
    properties: dict[str, str] = {}
    navigations: dict[str, dict] = {}
    for child in element:
        name, declared = child.get("Name"), child.get("Type", "")
        if name and _tag(child) == "Property":
            properties[name] = declared
        elif name and _tag(child) == "NavigationProperty":
            navigations[name] = {
                "type": _short(declared.removeprefix("Collection(").removesuffix(")")),
                "collection": declared.startswith("Collection("),
            }
    return {
        "base": _short(element.get("BaseType", "")),
        "properties": properties,
        "navigations": navigations,
    }


def _sets(types_and_sets: tuple[dict[str, dict], dict[str, str]]) -> dict[str, dict]:
    types, sets = types_and_sets
    set_of_type: dict[str, str] = {}
    for name, type_name in sets.items():
        # Where several sets share a type, the one that bears its name is meant.
        if type_name not in set_of_type or name == type_name:
            set_of_type[type_name] = name
    result = {}
    for name, type_name in sets.items():
        properties, navigations = _inherited(type_name, types)
        result[name] = {
            "properties": properties,
            "navigations": {
                each: {**target, "type": set_of_type.get(target["type"], target["type"])}
                for each, target in navigations.items()
            },
        }
    return result


def _inherited(type_name: str, types: dict[str, dict]) -> tuple[dict, dict]:
    properties: dict[str, str] = {}
    navigations: dict[str, dict] = {}
    visited: set[str] = set()
    while type_name in types and type_name not in visited:
        visited.add(type_name)
        properties = {**types[type_name]["properties"], **properties}
        navigations = {**types[type_name]["navigations"], **navigations}
        type_name = types[type_name]["base"]
    return properties, navigations


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _short(qualified: str) -> str:
    return qualified.rpartition(".")[2]
