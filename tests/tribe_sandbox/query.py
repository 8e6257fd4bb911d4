"""Reads: query options in, validated and translated to SQL, rows out. docs/tribe-api.md 2.2 to 2.5.

$filter is parsed by odata-query into a tree; ``FilterTranslator`` checks every name and every type
against the schema and writes SQL. What Tribe does not document is refused.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from odata_query import ast
from odata_query.exceptions import ODataException
from odata_query.grammar import ODataLexer, ODataParser
from odata_query.visitor import NodeVisitor

from .errors import bad_request, not_found
from .moments import written
from .schema import BOOLEAN, DATE, DOUBLE, GUID, LONG, MOMENT, NAMESPACE, ROOT, STRING
from .store import fold, quote

PAGE_LIMIT = 100
COLLECTION_OPTIONS = ("select", "expand", "filter", "orderby", "top", "skip", "count", "format")
ENTITY_OPTIONS = ("select", "expand", "format")
EXPAND_TO_ONE_OPTIONS = ("select", "expand")
EXPAND_TO_MANY_OPTIONS = ("select", "expand", "filter", "orderby", "top", "skip")
KEYWORD_TOKENS = {
    *("EQ", "NE", "LT", "LE", "GT", "GE", "AND", "OR", "NOT", "IN", "NULL", "BOOLEAN"),
}
LITERAL_TYPES = {
    ast.String: (STRING,),
    ast.Integer: (LONG, DOUBLE),
    ast.Float: (DOUBLE,),
    ast.Boolean: (BOOLEAN,),
    ast.GUID: (GUID,),
    ast.Date: (DATE,),
    ast.DateTime: (MOMENT,),
}
LITERAL_NAMES = {
    ast.String: STRING,
    ast.Integer: "Edm.SByte",
    ast.Float: DOUBLE,
    ast.Boolean: BOOLEAN,
    ast.GUID: GUID,
    ast.Date: DATE,
    ast.DateTime: MOMENT,
}
COMPARATORS = {
    ast.Eq: "=",
    ast.NotEq: "IS NOT",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


@dataclass
class Options:
    """What a request, or one $expand, asks for. ``expand`` maps a navigation name to its Options.

    ``filter`` and ``order_by`` are still text: they are translated where they are used.
    """

    select: tuple = ()
    expand: dict = field(default_factory=dict)
    filter: str = ""
    order_by: str = ""
    top: int = -1
    skip: int = 0
    count: bool = False
    format: str = "json"


def split_query(raw, plus_is_space):
    """Return the pairs of a raw query string as a dict; raises ApiError when one is repeated.

    Percent-decoding happens after splitting; a plus stays a plus unless *plus_is_space*.
    """
    pairs = {}
    for part in filter(None, raw.split("&")):
        name, _, value = part.partition("=")
        if plus_is_space:
            name, value = name.replace("+", " "), value.replace("+", " ")
        name = unquote(name)
        if name in pairs and name.startswith("$"):
            raise bad_request(f"The system query option '{name}' must be specified only once.")
        pairs[name] = unquote(value)
    return pairs


def parse_options(schema, entity_type, pairs, allowed):
    """Return the Options in *pairs* (name -> text) for *entity_type*; raises ApiError."""
    options = Options()
    for name, value in pairs.items():
        if name.startswith("$"):
            _take_option(schema, entity_type, options, name[1:], value, allowed)
    return options


def _take_option(schema, entity_type, options, name, value, allowed):
    if name not in allowed:
        raise bad_request(f"The system query option '${name}' is not allowed.")
    if not value:
        raise bad_request(f"The system query option '${name}' has no value.")
    if name == "select":
        options.select = _parse_select(entity_type, value)
    elif name == "expand":
        options.expand = _parse_expand(schema, entity_type, value)
    else:
        field_name, parse = PLAIN_OPTIONS[name]
        setattr(options, field_name, parse(name, value))


def _take_text(name, value):
    return value


def _check_format(name, value):
    if value not in ("json", "application/json"):
        raise bad_request(f"The $format '{value}' is not supported.")
    return value


def _parse_number(name, value):
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise bad_request(f"The system query option '${name}' has the not-allowed value '{value}'.")
    return int(value)


def _parse_count(name, value):
    if value not in ("true", "false"):
        raise bad_request(f"The system query option '${name}' has the not-allowed value '{value}'.")
    return value == "true"


# Options that need no schema to be parsed: the field of Options they fill, and how.
PLAIN_OPTIONS = {
    "filter": ("filter", _take_text),
    "orderby": ("order_by", _take_text),
    "top": ("top", _parse_number),
    "skip": ("skip", _parse_number),
    "count": ("count", _parse_count),
    "format": ("format", _check_format),
}


def _parse_select(entity_type, value):
    names = [name.strip(" ") for name in value.split(",")]
    if names == ["*"]:
        return ()
    for name in names:
        if name not in entity_type.properties and name not in entity_type.navigations:
            raise unknown_property(name, entity_type)
    return ("ID", *names)


def _parse_expand(schema, entity_type, value):
    expand = {}
    for item in split_outside(value, ","):
        name, inner = _split_parentheses(item.strip(" "))
        navigation = entity_type.navigations.get(name)
        if navigation is None:
            raise unknown_property(name, entity_type)
        target = schema.types[navigation.target]
        pairs = _split_inner_options(inner)
        allowed = EXPAND_TO_MANY_OPTIONS if navigation.is_collection else EXPAND_TO_ONE_OPTIONS
        expand[name] = parse_options(schema, target, pairs, allowed)
    return expand


def _split_inner_options(inner):
    pairs = {}
    for option in filter(None, split_outside(inner, ";")):
        name, equals, value = option.strip(" ").partition("=")
        if not equals or not name.startswith("$") or name in pairs:
            raise bad_request(f"Syntax error in the expand option '{option}'.")
        pairs[name] = value
    return pairs


def _split_parentheses(item):
    match = re.fullmatch(r"(\w+)(?:\((.*)\))?", item, re.DOTALL)
    if not match:
        raise bad_request(f"The system query option '$expand' has the not-allowed value '{item}'.")
    return match.group(1), match.group(2) or ""


def split_outside(text, separator):
    """Split *text* at *separator*, but not inside quotes or parentheses; raises ApiError."""
    parts, start, depth, quoted = [], 0, 0, False
    for index, character in enumerate(text):
        if character == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
        elif character == separator and depth == 0:
            parts.append(text[start:index])
            start = index + 1
        if depth < 0:
            break
    if depth or quoted:
        raise bad_request(f"Unbalanced quotes or parentheses in '{text}'.")
    return [*parts, text[start:]]


def unknown_property(name, entity_type):
    """Return the 400 for a name that the type does not have."""
    return bad_request(
        f"The property '{name}', used in a query expression, is not defined in type "
        f"'{NAMESPACE}.{entity_type.name}'."
    )


@dataclass
class Selection:
    """An SQL query under construction over one set: its joins, one per navigation path."""

    schema: object
    entity_type: object
    switches: object
    joins: dict = field(default_factory=dict)

    def resolve(self, path):
        """Return (Property, SQL expression) of a path such as ("Phase", "Code").

        Raises ApiError when a step does not exist or leads to many.
        """
        current, alias = self.entity_type, "t"
        for position, name in enumerate(path[:-1]):
            navigation = current.navigations.get(name)
            if navigation is None:
                raise unknown_property(name, current)
            if navigation.is_collection or navigation.target == ROOT:
                raise bad_request(f"The navigation '{name}' cannot be used in a path.")
            target = self.schema.types[navigation.target]
            if path[position + 1 :] == ("ID",):
                return target.properties["ID"], f"{alias}.{quote(navigation.column)}"
            alias = self._join(path[: position + 1], alias, navigation.column, target.family)
            current = target
        return self._property(current, alias, path[-1])

    def _property(self, entity_type, alias, name):
        if name not in entity_type.properties:
            raise unknown_property(name, entity_type)
        found = entity_type.properties[name]
        expression = f"{alias}.{quote(found.column)}"
        if name == "LastMutationDate" and self.switches.last_mutation_on_new == "creation":
            expression = f'COALESCE({expression}, {alias}."CreationDate")'
        return found, expression

    def _join(self, path, alias, column, family):
        if path not in self.joins:
            name = f"j{len(self.joins)}"
            self.joins[path] = (
                name,
                f"LEFT JOIN {quote(family)} AS {name} ON {name}.ID = {alias}.{quote(column)}",
            )
        return self.joins[path][0]

    def source(self):
        """Return the FROM clause."""
        joins = " ".join(clause for _, clause in self.joins.values())
        return f"FROM {quote(self.entity_type.family)} AS t {joins}"


class FilterTranslator(NodeVisitor):
    """Translates a parsed $filter into an SQL condition; ``parameters`` fill its question marks."""

    def __init__(self, selection):
        self._selection = selection
        self.parameters = []

    def condition(self, node):
        """Return SQL for a node that is true or false; raises ApiError for any other node."""
        if isinstance(node, (ast.Identifier, ast.Attribute)):
            found, expression = self._selection.resolve(path_of(node))
            if found.edm_type != BOOLEAN:
                raise bad_request("The expression of $filter is not Edm.Boolean.")
            return f"{expression} = 1"
        return self.visit(node)

    def generic_visit(self, node):
        """Refuse what Tribe does not document."""
        raise bad_request(f"The expression '{type(node).__name__}' in $filter is not supported.")

    def visit_BoolOp(self, node):
        """and, or: a chain stays flat, since SQLite nests no deeper than a hundred."""
        word = "AND" if isinstance(node.op, ast.And) else "OR"
        return f"({f' {word} '.join(self.condition(one) for one in _chain(node, type(node.op)))})"

    def visit_UnaryOp(self, node):
        """not: what is neither true nor false counts as false."""
        if not isinstance(node.op, ast.Not):
            raise bad_request("Arithmetic in $filter is not supported.")
        return f"NOT COALESCE({self.condition(node.operand)}, 0)"

    def visit_Call(self, node):
        """contains, startswith, endswith: case-insensitive."""
        name = node.func.full_name()
        if name not in ("contains", "startswith", "endswith"):
            raise bad_request(f"The function '{name}' is not supported.")
        subject, literal = node.args
        if not isinstance(literal, ast.String):
            raise bad_request(f"The function '{name}' takes a string literal.")
        found, expression = self._selection.resolve(path_of(subject))
        if found.edm_type != STRING:
            raise bad_request(f"The function '{name}' cannot be applied to '{found.edm_type}'.")
        return self._like(name, expression, literal.py_val)

    def _like(self, name, expression, text):
        # SQLite's LIKE ignores the case of ASCII letters only, but is far faster than our fold.
        if not text.isascii():
            expression, text = f"fold({expression})", fold(text)
        escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        before = "" if name == "startswith" else "%"
        after = "" if name == "endswith" else "%"
        self.parameters.append(f"{before}{escaped}{after}")
        return f"{expression} LIKE ? ESCAPE '\\'"

    def visit_Compare(self, node):
        """eq ne gt ge lt le, of a property with a literal or with a property."""
        if type(node.comparator) not in COMPARATORS:
            raise bad_request("The operator 'in' is not supported.")
        if not isinstance(node.left, (ast.Identifier, ast.Attribute)):
            raise bad_request("The left side of a comparison must be a property.")
        found, expression = self._selection.resolve(path_of(node.left))
        if isinstance(node.right, ast.Null):
            return self._compare_null(node.comparator, expression)
        if isinstance(node.right, (ast.Identifier, ast.Attribute)):
            return self._compare_property(node, found, expression)
        return self._compare_literal(node, found, expression)

    def _compare_null(self, comparator, expression):
        if isinstance(comparator, ast.Eq):
            return f"{expression} IS NULL"
        if isinstance(comparator, ast.NotEq):
            return f"{expression} IS NOT NULL"
        return "0"

    def _compare_property(self, node, found, expression):
        other, other_expression = self._selection.resolve(path_of(node.right))
        if other.edm_type != found.edm_type:
            raise incompatible(found.edm_type, other.edm_type)
        return f"{expression} {COMPARATORS[type(node.comparator)]} {other_expression}"

    def _compare_literal(self, node, found, expression):
        literal_type = type(node.right)
        if found.edm_type not in LITERAL_TYPES.get(literal_type, ()):
            raise incompatible(found.edm_type, LITERAL_NAMES.get(literal_type, "unknown"))
        if found.edm_type == MOMENT:
            return self._compare_moment(node, expression)
        operator = COMPARATORS[type(node.comparator)]
        self.parameters.append(_literal_value(node.right))
        ignore_case = self._selection.switches.string_equality == "case_insensitive"
        collation = " COLLATE NOCASE" if found.edm_type == STRING and ignore_case else ""
        return f"{expression} {operator} ?{collation}"

    def _compare_moment(self, node, expression):
        if not re.search(r"(Z|[+-]\d\d:\d\d)$", node.right.val, re.IGNORECASE):
            raise incompatible(MOMENT, f"'{node.right.val}' without a zone")
        moment = _literal_value(node.right)
        # What is stored has whole seconds, so only the comparison has to know about a fraction.
        comparator = type(node.comparator)
        if moment.microsecond and comparator in (ast.Eq, ast.NotEq):
            return "0" if comparator is ast.Eq else "1"
        if moment.microsecond:
            comparator = {ast.GtE: ast.Gt, ast.Lt: ast.LtE}.get(comparator, comparator)
        self.parameters.append(written(moment))
        return f"{expression} {COMPARATORS[comparator]} ?"


def _chain(node, operator):
    """Return the operands of ``a or b or c ...``, left to right."""
    operands = []
    while isinstance(node, ast.BoolOp) and isinstance(node.op, operator):
        operands.append(node.right)
        node = node.left
    return [node, *reversed(operands)]


def _literal_value(literal):
    if isinstance(literal, ast.GUID):
        return literal.val.lower()
    if isinstance(literal, ast.Boolean):
        return int(literal.py_val)
    try:
        value = literal.py_val
    except (ValueError, OverflowError) as error:
        raise bad_request(f"Invalid literal '{literal.val}'.") from error
    return value.isoformat() if isinstance(literal, ast.Date) else value


def incompatible(left, right):
    """Return the 400 for a comparison of two types that do not go together."""
    return bad_request(f"The types '{left}' and '{right}' are not compatible.")


def path_of(node):
    """Return the names of an Identifier or Attribute tree, outermost first; raises ApiError."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.owner
    if not isinstance(node, ast.Identifier) or node.namespace:
        raise bad_request("A property path was expected in $filter.")
    return (node.name, *reversed(names))


def parse_filter(text):
    """Return the tree of a $filter; raises ApiError with an Olingo-like message."""
    try:
        tree = ODataParser().parse(_checked_tokens(text))
    except ODataException as error:
        raise bad_request(f"The $filter '{text}' cannot be parsed: {error}") from error
    if tree is None:
        raise bad_request("The $filter is empty.")
    return tree


def _checked_tokens(text):
    tokens = list(ODataLexer().tokenize(text))
    ends = [*[token.index for token in tokens[1:]], len(text)]
    for token, end in zip(tokens, ends, strict=True):
        written_as = text[token.index : end]
        # The library reads keywords in any case; Olingo does not.
        if token.type in KEYWORD_TOKENS and written_as != written_as.lower():
            raise bad_request(f"The keyword '{written_as.strip()}' must be in lower case.")
        yield token


def order_clause(selection, text):
    """Return the SQL of an $orderby; raises ApiError. The default is the order of creation."""
    if not text:
        return "t.rowid"
    terms = []
    for item in text.split(","):
        match = re.fullmatch(r" *([\w/]+)(?: +(asc|desc))? *", item)
        if not match:
            raise bad_request(
                f"The system query option '$orderby' has the not-allowed value '{item}'."
            )
        _, expression = selection.resolve(tuple(match.group(1).split("/")))
        terms.append(f"{expression} {match.group(2) or 'asc'}")
    return ", ".join(terms)


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
        top = options.top if options.top >= 0 else PAGE_LIMIT
        if top > PAGE_LIMIT and self._switches.top_over_limit == "error":
            raise bad_request(f"The system query option '$top' may not exceed {PAGE_LIMIT}.")
        limit = f"LIMIT {min(top, PAGE_LIMIT)} OFFSET {options.skip}"
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
        return [row for family in families for row in self._fetch(family, "ID", identifiers)]

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
