"""Measure one row in a process of its own: ``python -m bench NAME FILE [--quick]``."""

import importlib
import json
import resource
import sys
from dataclasses import asdict
from pathlib import Path

from .rows import ROWS

KIBIBYTES_PER_MEBIBYTE = 1024


def main(name: str, target: str, *options: str) -> None:
    """Write what was measured, as JSON, to a file."""
    module = importlib.import_module(f"bench.{name}")
    measured = module.measure("--quick" in options)
    # Linux counts in KiB.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIBIBYTES_PER_MEBIBYTE
    told = {"name": name, **asdict(ROWS[name]), **asdict(measured), "peak_mib": round(peak)}
    Path(target).write_text(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
