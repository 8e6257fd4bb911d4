from odoo.http import HttpDispatcher


class RawDispatcher(HttpDispatcher):
    """Requests whose body and query nobody reads but the controller, which gets its path only.

    Odoo's own dispatcher parses forms first, logs the names of fields that a controller does not
    know, and fails over a field that is called "self".
    """

    routing_type = "tribe_raw"

    def dispatch(self, endpoint, args):
        self.request.params = dict(args)
        return self.request.registry["ir.http"]._dispatch(endpoint)
