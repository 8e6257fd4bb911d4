"""Reads: validated options in, rows as they go over the wire out. docs/tribe-api.md."""

from dataclasses import dataclass

from .errors import bad_request, not_found
from .filters import FilterTranslator, Selection, order_clause, parse_filter
from .schema import BOOLEAN, DOUBLE, GUID, ROOT
from .store import quote
from .values import shown_id

# What Tribe documents; a tenant's own limit is the switch "page_limit".
DOCUMENTED_LIMIT = 100


@dataclass
class Page:
    """Rows of one set, as stored, and how many there are in all (-1: not asked)."""

    rows: list
    count: int = -1


class Reader:
    """Answers reads. ``present`` turns stored rows into what goes over the wire."""

    def __init__(self, schema, source, switches, address):
        """*source* runs a SELECT and returns rows; *address* is our own, for the Url of a file."""
        self._schema = schema
        self._source = source
        self._switches = switches
        self._address = address

    def collection(self, entity_type, options, restriction=("", ())):
        """Return the wire form of a set: a list of dicts and the count (-1: not asked).

        *restriction* is an SQL condition with its parameters. Raises ApiError.
        """
        top = options.top if options.top >= 0 else DOCUMENTED_LIMIT
        if top > DOCUMENTED_LIMIT and self._switches.top_over_limit == "error":
            raise bad_request(f"The system query option '$top' may not exceed {DOCUMENTED_LIMIT}.")
        limit = f"LIMIT {min(top, self._switches.page_limit)} OFFSET {options.skip}"
        page = self._page(entity_type, options, restriction, limit)
        return self.present(entity_type, page.rows, options), page.count

    def entity(self, entity_type, identifier, options):
        """Return the wire form of one record; raises ApiError (404)."""
        row = self.stored(entity_type, identifier)
        return self.present(entity_type, [row], options)[0]

    def stored(self, entity_type, identifier):
        """Return the stored row of one record of a set; raises ApiError (404)."""
        wire_types = self._schema.concrete_wire_types(entity_type.name)
        found = self._fetch(entity_type.family, "ID", [identifier.lower()])
        if not found or found[0]["_Type"] not in wire_types:
            raise not_found(f"No entity found in '{entity_type.name}' with ID {identifier}.")
        return found[0]

    def any_entity(self, root, identifier, options):
        """Return what all types have of one record, whatever its type; raises ApiError (404)."""
        row = self.any_stored(identifier)
        shown = self._scalars(root, row, options)
        for name, inner in options.expand.items():
            self._expand_many(root, root.navigations[name], inner, [row], [shown])
        return shown

    def any_stored(self, identifier):
        """Return the stored row of one record of any type; raises ApiError (404)."""
        found = self._fetch_any(self._schema.types[ROOT], [identifier.lower()])
        if not found:
            raise not_found(f"No entity found in '{ROOT}' with ID {identifier}.")
        return found[0]

    def _page(self, entity_type, options, restriction, limit):
        selection = Selection(self._schema, entity_type, self._switches)
        conditions, parameters = self._conditions(selection, options, restriction)
        order = order_clause(selection, options.order_by)
        source = f"{selection.source()} WHERE {conditions}"
        rows = self._source(f"SELECT t.* {source} ORDER BY {order} {limit}", parameters)
        count = -1
        if options.count:
            count = self._source(f"SELECT COUNT(*) AS n {source}", parameters)[0]["n"]
        return Page(rows, count)

    def _conditions(self, selection, options, restriction):
        wire_types = self._schema.concrete_wire_types(selection.entity_type.name)
        marks = ", ".join("?" for _ in wire_types)
        conditions, parameters = [f"t._Type IN ({marks})"], list(wire_types)
        condition, condition_parameters = restriction
        if condition:
            conditions.append(condition)
            parameters.extend(condition_parameters)
        if options.filter:
            translator = FilterTranslator(selection)
            conditions.append(translator.condition(parse_filter(options.filter)))
            parameters.extend(translator.parameters)
        return " AND ".join(conditions), parameters

    def present(self, entity_type, rows, options):
        """Return *rows* as dicts for the wire, expanded as *options* ask."""
        shown = [self._scalars(self._shown_type(entity_type, row), row, options) for row in rows]
        for name, inner in options.expand.items():
            navigation = entity_type.navigations[name]
            if navigation.is_collection:
                self._expand_many(entity_type, navigation, inner, rows, shown)
            else:
                self._expand_one(navigation, inner, rows, shown)
        return shown

    def _shown_type(self, entity_type, row):
        if self._switches.base_set_fields == "base" and entity_type.name != ROOT:
            return entity_type
        return self._schema.of_wire_type(row["_Type"])

    def _scalars(self, entity_type, row, options):
        wanted = options.select
        return {
            name: self._wire_value(one, row)
            for name, one in entity_type.properties.items()
            if not wanted or name in wanted
        }

    def _wire_value(self, one, row):
        value = row.get(one.column)
        if one.name == "LastMutationDate" and value is None:
            use_creation = self._switches.last_mutation_on_new == "creation"
            return row["CreationDate"] if use_creation else None
        if one.name == "Data" and not self._switches.file_data_in_expand:
            return None
        if value is None:
            return None
        if one.edm_type == GUID:
            return shown_id(value, self._switches)
        if one.edm_type == BOOLEAN:
            return bool(value)
        if one.edm_type == DOUBLE and float(value).is_integer():
            return int(value)
        if one.name == "Url":
            return f"{self._address}{value}"
        return value

    def _expand_one(self, navigation, options, rows, shown):
        wanted = sorted({row[navigation.column] for row in rows if row.get(navigation.column)})
        target = self._schema.types[navigation.target]
        found = self._fetch_any(target, wanted)
        presented = dict(
            zip((row["ID"] for row in found), self.present(target, found, options), strict=True)
        )
        for row, record in zip(rows, shown, strict=True):
            record[navigation.name] = presented.get(row.get(navigation.column))

    def _fetch_any(self, target, identifiers):
        if target.name != ROOT:
            return self._fetch(target.family, "ID", identifiers)
        families = sorted({one.family for one in self._schema.types.values()} - {ROOT})
        known = self._schema.concrete_wire_types(ROOT)
        found = [row for family in families for row in self._fetch(family, "ID", identifiers)]
        return [row for row in found if row["_Type"] in known]

    def _fetch(self, family, column, values):
        if not values:
            return []
        marks = ", ".join("?" for _ in values)
        return self._source(
            f"SELECT * FROM {quote(family)} WHERE {quote(column)} IN ({marks}) ORDER BY rowid",
            values,
        )

    def _expand_many(self, entity_type, navigation, options, rows, shown):
        target = self._schema.types[navigation.target]
        grouped = {row["ID"]: {} for row in rows}
        for column in navigation.inverse:
            for child in self._children(target, column, options, list(grouped)):
                grouped[child[column]][child["ID"]] = child
        for row, record in zip(rows, shown, strict=True):
            children = list(grouped[row["ID"]].values())
            end = options.skip + options.top if options.top >= 0 else None
            record[navigation.name] = self.present(target, children[options.skip : end], options)

    def _children(self, target, column, options, parents):
        if not parents:
            return []
        marks = ", ".join("?" for _ in parents)
        restriction = (f"t.{quote(column)} IN ({marks})", parents)
        return self._page(target, options, restriction, "").rows
