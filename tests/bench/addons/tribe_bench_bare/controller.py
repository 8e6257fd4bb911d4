from odoo import http
from odoo.http import request


class Bare(http.Controller):
    """Nothing but what Odoo does for each request, and an insert."""

    @http.route(
        "/tribe_bench/bare",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def receive(self):
        """Insert the body as a row."""
        body = request.httprequest.get_data(as_text=True)
        request.env.cr.execute("INSERT INTO tribe_bench_bare (body) VALUES (%s)", [body])
        return request.make_response("", status=204)
