"""What the stand-in promises, as tests against docs/tribe-api.md. No Odoo, no connector."""
