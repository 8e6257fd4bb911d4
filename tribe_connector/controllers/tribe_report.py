import json

from werkzeug.exceptions import NotFound

from odoo import fields, http
from odoo.http import content_disposition, request

from .raw_dispatcher import RawDispatcher


class TribeReport(http.Controller):
    """Downloads the tenant's report."""

    @http.route(
        "/tribe/report/<int:connection_id>",
        type=RawDispatcher.routing_type,
        auth="user",
        methods=["GET"],
        sitemap=False,
    )
    def report(self, connection_id):
        """The report of a connection, for an administrator of it; whoever is not finds nothing."""
        connections = request.env["tribe.connection"].with_context(active_test=False)
        if not connections.has_access("write"):
            raise NotFound
        connection = connections.search([("id", "=", connection_id)])
        if not connection:
            raise NotFound
        name = f"tribe-report-{fields.Date.today()}.json"
        return request.make_response(
            json.dumps(connection._report(), indent=2) + "\n",
            [
                ("Content-Type", "application/json; charset=utf-8"),
                ("Content-Disposition", content_disposition(name)),
                ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )
