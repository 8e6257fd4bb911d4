"""Makes the addon's parts that know no Odoo importable."""

import addon_without_odoo  # noqa: F401
