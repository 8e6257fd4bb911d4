"""Makes ``mapping`` importable as it is inside the addon, and the tables of data beside it."""

import pathlib
import sys

from hypothesis import settings

ADDON = pathlib.Path(__file__).resolve().parents[2] / "tribe_connector"
sys.path.insert(0, str(ADDON))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

# The same on every machine: no examples kept from earlier runs, no clock.
settings.register_profile("tribe", database=None, deadline=None, derandomize=True)
settings.load_profile("tribe")
