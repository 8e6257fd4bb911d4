"""Where things are: the checkout, and the git-ignored folder of the host."""

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
HOST = CHECKOUT / ".host"
ADDON = "tribe_connector"
REQUIREMENTS = CHECKOUT / "host" / "requirements.txt"
PYTHON_ENVIRONMENT = HOST / "python"
PYTHON = PYTHON_ENVIRONMENT / "bin" / "python"
LOGS = HOST / "logs"
ODOO_DATA = HOST / "odoo-data"
