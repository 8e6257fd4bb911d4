"""$filter and $orderby, translated to SQL. docs/tribe-api.md.

$filter is parsed by odata-query into a tree; ``FilterTranslator`` checks every name and every type
against the schema and writes SQL. What Tribe does not document is refused.
"""

import re
from dataclasses import dataclass, field

from odata_query import ast
from odata_query.exceptions import ODataException
from odata_query.grammar import ODataLexer, ODataParser
from odata_query.visitor import NodeVisitor

from .errors import bad_request, unknown_property
from .moments import written
from .schema import BOOLEAN, DATE, DOUBLE, GUID, LONG, MOMENT, ROOT, STRING
from .store import fold, quote

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
