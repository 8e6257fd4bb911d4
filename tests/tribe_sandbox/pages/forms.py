"""What a person typed, as values of the API; and the page they typed it on."""

from urllib.parse import urlsplit

from flask import request

from ..errors import bad_request


def page_before():
    """The path of the page that sent this form (of this server only), else the first page."""
    parts = urlsplit(request.headers.get("Referer", ""))
    is_ours = parts.netloc == request.host
    return f"{parts.path}?{parts.query}" if is_ours and parts.query else (parts.path or "/")


def text(name):
    """A typed text without spaces around it; None when the field was left empty."""
    return request.form.get(name, "").strip() or None


def number(name, label):
    """A typed number (a comma is a point), or None; raises ApiError (400) naming the *label*."""
    typed = text(name)
    if typed is None:
        return None
    try:
        return float(typed.replace(",", "."))
    except ValueError:
        raise bad_request(f"{label} must be a number, not “{typed}”.") from None


def changes(fields, row):
    """The wire names and typed values of the *fields* that differ from a stored *row*."""
    typed = {field.name: field.read() for field in fields}
    return {name: value for name, value in typed.items() if value != (row.get(name) or None)}
