"""JSON of a request body, checked strictly and turned into stored values. docs/tribe-api.md."""

import datetime
import json
import math
import re

from . import moments
from .errors import bad_request
from .schema import BOOLEAN, DATE, DOUBLE, LONG, MOMENT

MOMENT_PATTERN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")


def shown_id(identifier, switches):
    """Return a stored ID as this tenant writes it."""
    return identifier.upper() if switches.id_case == "upper" else identifier


def stored_value(one, value):
    """Return a JSON *value* as it is stored for Property *one*; raises ApiError (400)."""
    if value is None:
        return None
    converters = {BOOLEAN: _boolean, LONG: _long, DOUBLE: _double, MOMENT: _moment, DATE: _date}
    stored = converters.get(one.edm_type, _text)(value)
    if stored is None:
        raise bad_request(f"Invalid value for property '{one.name}'.")
    return stored


def _boolean(value):
    return int(value) if isinstance(value, bool) else None


def _long(value):
    is_long = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
    return value if is_long else None


def _double(value):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value)


def _moment(value):
    if not isinstance(value, str) or not MOMENT_PATTERN.fullmatch(value):
        return None
    try:
        return moments.written(datetime.datetime.fromisoformat(value.replace("Z", "+00:00")))
    except ValueError:
        return None


def _date(value):
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return None
    try:
        return datetime.date.fromisoformat(value).isoformat()
    except ValueError:
        return None


def _text(value):
    return value if isinstance(value, str) else None


def parse_json(data):
    """Return the JSON in request bytes; raises ApiError (400)."""
    try:
        return json.loads(data, parse_constant=_refuse_constant)
    except (ValueError, UnicodeDecodeError) as error:
        raise bad_request("The content of the request is not JSON.") from error


def _refuse_constant(name):
    raise ValueError(name)
