"""Odoo's command line, run as a file: Odoo starts itself again by the file's name, for the process
that serves long polling beside its workers. Not imported: it is for Odoo's own Python.
"""

import sys

# Odoo must not take the modules beside this file for its own.
del sys.path[0]

import odoo.cli  # noqa: E402

if __name__ == "__main__":
    odoo.cli.main()
