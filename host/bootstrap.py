"""From a bare machine to the environment in which the commands run."""

import concurrent.futures
import os
import sys

from . import locks, odoo_source, python_environment
from .paths import HOST, PYTHON

# For all that runs from here: Odoo starts in half the time when it is compiled already.
COMPILED_ONCE = {"PYTHONPYCACHEPREFIX": str(HOST / "bytecode"), "PYTHONDONTWRITEBYTECODE": ""}


def ensure() -> None:
    """Fetch Odoo and make the Python environment, then go on inside that environment."""
    os.environ.update(COMPILED_ONCE)
    with locks.exclusive(HOST / "set-up.lock"):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            # Both mostly wait for the network.
            fetched = pool.submit(odoo_source.find_or_fetch)
            python_environment.make()
        fetched.result()
    if os.path.realpath(sys.prefix) != os.path.realpath(PYTHON.parent.parent):
        os.execv(PYTHON, [str(PYTHON), *sys.argv])
