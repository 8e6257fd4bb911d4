"""A text of Tribe in a pattern of Odoo, where it must not choose what else is found."""


def literal_pattern(text: str) -> str:
    """A text as a pattern for ``=ilike`` that only finds itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
