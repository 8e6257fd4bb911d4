"""How ./dev brings a real Odoo 19, its Python, PostgreSQL and a browser to a bare machine.

``bootstrap`` and what it uses need only the standard library; the rest runs in the
environment that it made.
"""
