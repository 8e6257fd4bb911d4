"""./dev shell and ./dev odoo: Odoo's own command line on the database that ./dev demo leaves."""

from collections.abc import Sequence

from . import odoo_command, postgresql
from .console import Failure
from .databases import Databases
from .odoo_source import find_or_fetch

DATABASE = "tribe_demo"


def run_odoo(arguments: Sequence[str]) -> int:
    """Run Odoo's command line in the foreground; its exit code.

    :raises Failure: before the first ``./dev demo``
    """
    odoo = find_or_fetch()
    with postgresql.running() as server:
        if not Databases(server, odoo).exists(DATABASE):
            raise Failure("there is no database of the demo yet: run ./dev demo first.")
        return odoo_command.run_in_foreground(server, odoo, DATABASE, arguments)
