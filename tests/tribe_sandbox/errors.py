"""Refusals as Olingo words them. docs/tribe-api.md."""


class ApiError(Exception):
    """A request that is refused: an HTTP status and an Olingo-shaped message."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status
        self.message = message

    def body(self):
        """Return the error as the JSON shape that Olingo writes."""
        return {"error": {"code": None, "message": self.message}}


def bad_request(message):
    """Return a 400."""
    return ApiError(400, message)


def not_found(message):
    """Return a 404."""
    return ApiError(404, message)


def method_not_allowed(message):
    """Return a 405."""
    return ApiError(405, message)


def unknown_property(name, entity_type):
    """Return the 400 for a name that the entity type does not have."""
    return bad_request(
        f"The property '{name}', used in a query expression, is not defined in type "
        f"'OData.{entity_type.name}'."
    )
