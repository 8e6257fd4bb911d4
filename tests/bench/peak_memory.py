"""The most memory of a process that imports relations: of very many, compared with a tenth."""

from pathlib import Path

from .core import Measured
from .inside import inside

MANY = 50_000
SHARE = 10
MOST_RATIO = 1.2
STATUS = Path("/proc/self/status")
KIBIBYTES_PER_MEBIBYTE = 1024


def measure(quick: bool) -> Measured:
    """First the tenth, then the rest, in one process, as a cron worker does it."""
    many = MANY // 50 if quick else MANY
    few = many // SHARE
    with inside("tribe_bench_memory") as both:
        both.activate()
        ids = both.relations(many)
        both.note("organization", ids[:few])
        both.run_lanes()
        of_few = peak_mebibytes()
        both.note("organization", ids[few:])
        del ids
        both.run_lanes()
        of_many = peak_mebibytes()
    ratio = of_many / of_few
    return Measured(
        f"{ratio:.2f} x ({of_many:.0f} MiB for {many}, {of_few:.0f} for {few})",
        # What Odoo itself takes hides what a small import does.
        None if quick else ratio <= MOST_RATIO,
        {"ratio": ratio, "mib_of_many": of_many, "mib_of_few": of_few, "many": many},
    )


def peak_mebibytes() -> float:
    """The most memory that this process has had so far."""
    (line,) = (line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / KIBIBYTES_PER_MEBIBYTE
