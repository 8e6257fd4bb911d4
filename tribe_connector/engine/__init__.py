"""The machinery under the records: leases, tokens, the limiter, kinds of problems.

Plain Python that knows Odoo's cursors and environments, but is no model.
"""
