"""Makes ``mapping`` importable as it is inside the addon, and the tables of data beside it."""

import pathlib
import sys

import addon_without_odoo  # noqa: F401
from hypothesis import settings

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

# The same on every machine: no examples kept from earlier runs, no clock.
settings.register_profile("tribe", database=None, deadline=None, derandomize=True)
settings.load_profile("tribe")
