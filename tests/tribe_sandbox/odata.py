"""The OData service: which call does what, and how answers look. docs/tribe-api.md."""

import base64
import json
import re

from werkzeug.wrappers import Response

from . import metadata
from .errors import ApiError, bad_request, method_not_allowed, not_found
from .query import COLLECTION_OPTIONS, ENTITY_OPTIONS, Options, parse_options, split_query
from .reading import Reader
from .schema import BILLING_TYPES, NAMESPACE, ROOT
from .store import quote
from .values import parse_json, shown_id
from .writes import GUID_PATTERN, Actor, Writer

SEGMENT = re.compile(r"(\w+)(?:\(([^()]*)\))?")
EMPLOYEE = "Relationship_Person_Contact_Employee"
JSON_TYPE = "application/json;odata.metadata=minimal"


def json_answer(content, status=200, headers=()):
    """Return a Response with *content* as OData JSON."""
    return Response(
        json.dumps(content, ensure_ascii=False),
        status=status,
        headers=[*headers, ("OData-Version", "4.0")],
        content_type=JSON_TYPE,
    )


class ODataService:
    """Answers /v1/odata and /v1/odata-file on behalf of a program. Raises ApiError on refusal."""

    def __init__(self, sandbox):
        self._sandbox = sandbox

    def answer(self, request, path):
        """Answer a request; *path* is what follows ``/v1/odata/``."""
        pairs = split_query(request.query_string.decode("latin-1"), self._switches.plus_is_space)
        if path == "$metadata":
            return self._metadata(request, pairs)
        segments = path.split("/")
        name, key = _parse_segment(segments[0])
        if name == "GetCurrentEmployee":
            return self._current_employee(request, key, pairs)
        if name == ROOT and key and len(segments) == 1 and self._switches.entity_by_id:
            return self._any(request, key, pairs)
        entity_type = self._entity_type(name)
        if len(segments) == 2 and key:
            return self._linked(request, entity_type, key, segments[1], pairs)
        if len(segments) > 1 or key == "":
            raise not_found(f"The resource '{path}' does not exist.")
        if key:
            return self._one(request, entity_type, key, pairs)
        return self._all(request, entity_type, pairs)

    def file(self, request, set_name, key, property_name):
        """Answer the raw bytes of a File that a record links to. docs/tribe-api.md."""
        _allow(request, "GET")
        entity_type = self._entity_type(set_name)
        navigation = entity_type.navigations.get(property_name)
        if navigation is None or navigation.target != "File":
            raise not_found(f"'{set_name}' has no file '{property_name}'.")
        row = self._reader().stored(entity_type, _checked_key(key))
        file = self._sandbox.store.row("File", row[navigation.column])
        if file is None or file["Data"] is None:
            raise not_found("The record has no file.")
        return Response(base64.b64decode(file["Data"]), content_type=file["MimeType"])

    @property
    def _switches(self):
        return self._sandbox.switches

    @property
    def _schema(self):
        return self._sandbox.schema

    def _reader(self):
        return self._reader_of(self._sandbox.store.query)

    def _reader_of(self, source):
        return Reader(self._schema, source, self._switches, self._sandbox.address)

    def _entity_type(self, name):
        found = self._schema.types.get(name)
        if found is not None and found.is_set:
            return found
        if name in BILLING_TYPES:
            raise not_found(f"Entity type not found: {name.replace('_', '.')}")
        raise not_found(
            f"Cannot find EntitySet, Singleton, ActionImport or FunctionImport with name '{name}'."
        )

    def _metadata(self, request, pairs):
        _allow(request, "GET")
        style = self._switches.metadata_style
        if pairs.get("$format") in ("json", "application/json"):
            return json_answer(metadata.as_json(self._schema, style))
        document = metadata.as_xml(self._schema, style)
        return Response(
            document, content_type="application/xml", headers=[("OData-Version", "4.0")]
        )

    def _current_employee(self, request, key, pairs):
        _allow(request, "GET")
        if key != "":
            raise not_found("The function GetCurrentEmployee needs parentheses.")
        entity_type = self._schema.types[EMPLOYEE]
        rows = self._sandbox.store.rows("Relationship", "_Type = ?", (entity_type.wire_type,))
        if not rows:
            raise not_found("There is no current employee.")
        options = parse_options(self._schema, entity_type, pairs, ENTITY_OPTIONS)
        return self._entity_answer(entity_type, rows[0]["ID"], options)

    def _entity_answer(self, entity_type, identifier, options):
        record = self._reader().entity(entity_type, identifier, options)
        return json_answer({**_context(entity_type), **record})

    def _linked(self, request, entity_type, key, name, pairs):
        _allow(request, "GET")
        row = self._reader().stored(entity_type, _checked_key(key))
        navigation = entity_type.navigations.get(name)
        if navigation is None or navigation.target == ROOT:
            raise not_found(f"The segment '{name}' is not a navigation property.")
        target = self._schema.types[navigation.target]
        if navigation.is_collection:
            columns = [f"t.{quote(column)} = ?" for column in navigation.inverse]
            restriction = (f"({' OR '.join(columns)})", [row["ID"]] * len(columns))
            return self._collection_answer(target, pairs, restriction)
        if not row[navigation.column]:
            return Response(status=204)
        options = parse_options(self._schema, target, pairs, ENTITY_OPTIONS)
        return self._entity_answer(target, row[navigation.column], options)

    def _all(self, request, entity_type, pairs):
        _allow(request, "GET", "POST")
        if request.method == "GET":
            return self._collection_answer(entity_type, pairs, ("", ()))
        content = _content(request)
        if isinstance(content, dict) and "ID" in content:
            return self._change(entity_type, _checked_key(content["ID"]), content)
        identifier = self._write(lambda writer: writer.create(entity_type, content))
        return self._write_answer(entity_type, identifier, 201)

    def _collection_answer(self, entity_type, pairs, restriction):
        options = parse_options(self._schema, entity_type, pairs, COLLECTION_OPTIONS)
        if options.count and self._sandbox.switches.count_option == "refused":
            raise bad_request("The system query option '$count' is not allowed.")
        records, count = self._reader().collection(entity_type, options, restriction)
        answer = _context(entity_type)
        if options.count and self._sandbox.switches.count_option == "answered":
            answer["@odata.count"] = count
        return json_answer({**answer, "value": records})

    def _one(self, request, entity_type, key, pairs):
        _allow(request, "GET", "PUT", "DELETE")
        identifier = _checked_key(key)
        if request.method == "GET":
            options = parse_options(self._schema, entity_type, pairs, ENTITY_OPTIONS)
            return self._entity_answer(entity_type, identifier, options)
        if request.method == "PUT":
            content = _content(request)
            self._write(lambda writer: writer.update(entity_type, identifier, content))
            return self._write_answer(entity_type, identifier, 200)
        self._write(lambda writer: writer.delete(entity_type, identifier))
        return Response(status=204)

    def _any(self, request, key, pairs):
        """A record of whatever type, with what all have. docs/tribe-api.md."""
        _allow(request, "GET", "PUT")
        root, identifier = self._schema.types[ROOT], _checked_key(key)
        if request.method == "PUT":
            found = self._schema.of_wire_type(self._reader().any_stored(identifier)["_Type"])
            content = _content(request)
            _refuse_unknown(content, root)
            self._write(lambda writer: writer.update(found, identifier, content))
            return self._write_answer(found, identifier, 200)
        options = parse_options(self._schema, root, pairs, ENTITY_OPTIONS)
        record = self._reader().any_entity(root, identifier, options)
        return json_answer({**_context(root), **record})

    def _change(self, entity_type, identifier, content):
        if "_UpgradeType" not in content:
            self._write(lambda writer: writer.update(entity_type, identifier, content))
            return self._write_answer(entity_type, identifier, 200)
        rest = {k: v for k, v in content.items() if k not in ("ID", "_UpgradeType")}
        name = content["_UpgradeType"]
        new_type = self._write(lambda writer: writer.upgrade(entity_type, identifier, name, rest))
        return self._write_answer(new_type, identifier, 200)

    def _write(self, work):
        return self._sandbox.write(Actor.PROGRAM, work)

    def _write_answer(self, entity_type, identifier, status):
        identifier = shown_id(identifier.lower(), self._switches)
        location = f"{self._sandbox.address}/v1/odata/{entity_type.name}({identifier})"
        headers = [("Location", location)] if status == 201 else []
        if self._switches.write_answer == "empty":
            return Response(status=204, headers=[("Location", location)])
        if self._switches.write_answer == "bare":
            return Response(status=204)
        if self._switches.write_answer == "id":
            return json_answer({**_context(entity_type), "ID": identifier}, status, headers)
        # The answer to a write shows the write, however far queries are behind.
        reader = self._reader_of(self._sandbox.store.select)
        record = reader.entity(entity_type, identifier, Options())
        return json_answer({**_context(entity_type), **record}, status, headers)


def write_once(sandbox, actor, work):
    """Run *work* with a Writer in one transaction, then tell the webhooks; return its result."""
    with sandbox.store.transaction():
        writer = Writer(sandbox.schema, sandbox.store, sandbox.switches, actor)
        result = work(writer)
    sandbox.webhooks.publish(writer.mutations)
    return result


def _parse_segment(segment):
    match = SEGMENT.fullmatch(segment)
    if not match:
        raise not_found(f"The resource path segment '{segment}' is malformed.")
    return match.group(1), match.group(2)


def _checked_key(key):
    if not isinstance(key, str) or not GUID_PATTERN.fullmatch(key):
        raise bad_request(f"The key value '{key}' is invalid.")
    return key.lower()


def _refuse_unknown(content, entity_type):
    unknown = set(content if isinstance(content, dict) else {}) - set(entity_type.properties)
    if unknown:
        raise bad_request(
            f"The property '{sorted(unknown)[0]}' does not exist on type '{entity_type.name}'."
        )


def _allow(request, *methods):
    if request.method not in methods:
        raise method_not_allowed(f"The method {request.method} is not allowed here.")


def _content(request):
    if request.mimetype != "application/json":
        raise ApiError(415, f"The content type '{request.mimetype}' is not supported.")
    return parse_json(request.get_data())


def _context(entity_type):
    return {"@odata.context": f"$metadata#{NAMESPACE}.{entity_type.name}"}
