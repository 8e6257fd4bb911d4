"""The tenant's own schema, from ``$metadata`` (EDMX).

Tribe's schema differs per tenant: modules add and remove entity sets and fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.parsers import expat

from ..sentence import sentence
from .bounds import DEEPEST, LONGEST_NAME, METADATA_BYTES, MOST_INHERITED, MOST_MARKUP, MOST_NAMES
from .errors import TribeUnavailable


class Schema:
    """Entity sets with their properties and navigations, those of base types included.

    What is kept of it is ``as_dict``; the methods that ask it are for tests and by hand.
    """

    def __init__(self, sets: Mapping[str, Mapping], *, is_inherited: bool = False):
        self._sets = {name: _copied(content) for name, content in sets.items()}
        # Whether types named others from which they have their fields.
        self.is_inherited = is_inherited

    @classmethod
    def from_edmx(cls, document: bytes) -> Schema:
        """Read Tribe's metadata document. Raises ``TribeUnavailable`` when it is not one."""
        types, names = _Reader.types_and_sets_of(document)
        sets = _sets((types, names))
        if not sets:
            raise _unreadable()
        return cls(sets, is_inherited=any(each["base"] for each in types.values()))

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
    return TribeUnavailable(sentence("metadata_unreadable"))


# What is given to the parser at once; longer than any element's tag.
_PIECE = 64 * 1024


_NAMES = ("Name", "Type", "BaseType", "EntityType")


class _Reader:
    """Reads metadata element by element: no tree of it is built, and what there is, is counted."""

    def __init__(self):
        # Entity types by short name, and entity sets with the short name of their type.
        self._types: dict[str, dict] = {}
        self._sets: dict[str, str] = {}
        self._open: list[str] = []
        # The entity type that is being read.
        self._type: dict | None = None
        self._markup = 0
        self._names: set[str] = set()
        self._parser = expat.ParserCreate("utf-8")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        # Metadata never has a DTD; entities in one could fill the memory or read files.
        self._parser.StartDoctypeDeclHandler = _refuse

    @classmethod
    def types_and_sets_of(cls, document: bytes) -> tuple[dict[str, dict], dict[str, str]]:
        """Raises ``TribeUnavailable`` when it is not well-formed, or has too much in it."""
        if len(document) > METADATA_BYTES:
            raise _unreadable()
        reader = cls()
        try:
            # Whatever encoding it declares, it is this one.
            reader._read(document.removeprefix(b"\xef\xbb\xbf"))
        except (expat.ExpatError, ValueError):
            raise _unreadable() from None
        return reader._types, reader._sets

    def _read(self, document: bytes) -> None:
        document.decode()
        pieces_without_markup = 0
        for start in range(0, len(document), _PIECE):
            before = self._markup
            self._parser.Parse(document[start : start + _PIECE], False)
            # A tag is told when it ends: with all its attributes, however many.
            pieces_without_markup = pieces_without_markup + 1 if self._markup == before else 0
            if pieces_without_markup > 2:
                raise _unreadable()
        self._parser.Parse(b"", True)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._markup += 1 + len(attributes)
        self._open.append(tag.rpartition(":")[2])
        self._names.add(tag)
        self._names.update(attributes)
        if self._markup > MOST_MARKUP or len(self._open) > DEEPEST or len(self._names) > MOST_NAMES:
            raise _unreadable()
        # What is inherited is kept once for each set.
        if any(len(attributes.get(each, "")) > LONGEST_NAME for each in _NAMES):
            raise _unreadable()
        name, declared = attributes.get("Name"), attributes.get("Type", "")
        if not name:
            return
        parent = self._open[-2] if len(self._open) > 1 else ""
        match self._open[-1]:
            case "EntityType":
                self._type = {
                    "base": _short(attributes.get("BaseType", "")),
                    "properties": {},
                    "navigations": {},
                }
                self._types[name] = self._type
            case "EntitySet":
                self._sets[name] = _short(attributes.get("EntityType", ""))
            case "Property" if self._type is not None and parent == "EntityType":
                self._type["properties"][name] = declared
            case "NavigationProperty" if self._type is not None and parent == "EntityType":
                self._type["navigations"][name] = {
                    "type": _short(declared.removeprefix("Collection(").removesuffix(")")),
                    "collection": declared.startswith("Collection("),
                }

    def _end(self, _tag: str) -> None:
        if self._open.pop() == "EntityType":
            self._type = None


def _refuse(*_declaration) -> None:
    raise _unreadable()


def _sets(types_and_sets: tuple[dict[str, dict], dict[str, str]]) -> dict[str, dict]:
    types, sets = types_and_sets
    set_of_type: dict[str, str] = {}
    for name, type_name in sets.items():
        # Where several sets share a type, the one that bears its name is meant.
        if type_name not in set_of_type or name == type_name:
            set_of_type[type_name] = name
    result = {}
    room = MOST_INHERITED
    for name, type_name in sets.items():
        line = _line(type_name, types, room)
        room -= sum(1 + len(each["properties"]) + len(each["navigations"]) for each in line)
        if room < 0:
            raise _unreadable()
        properties: dict[str, str] = {}
        navigations: dict[str, dict] = {}
        for each in reversed(line):
            properties |= each["properties"]
            navigations |= each["navigations"]
        result[name] = {
            "properties": properties,
            "navigations": {
                each: {**target, "type": set_of_type.get(target["type"], target["type"])}
                for each, target in navigations.items()
            },
        }
    return result


def _line(type_name: str, types: dict[str, dict], most: int) -> list[dict]:
    """A type and those that it inherits from, up to the topmost, or one more than ``most``."""
    line: list[dict] = []
    visited: set[str] = set()
    while type_name in types and type_name not in visited and len(line) <= most:
        visited.add(type_name)
        line.append(types[type_name])
        type_name = types[type_name]["base"]
    return line


def _short(qualified: str) -> str:
    return qualified.rpartition(".")[2]
