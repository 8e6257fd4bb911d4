"""The whole product from the outside: real Odoo processes, the stand-in, real HTTP."""
