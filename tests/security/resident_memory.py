"""How much memory the processes of an Odoo have, and had at most."""

from pathlib import Path

# The most that a process may grow, whoever is hostile (docs/security.md).
MOST_GROWTH_KILOBYTES = 150 * 1024


class ResidentMemory:
    """The growth of some processes since this was made."""

    def __init__(self, pids: list[int]):
        for pid in pids:
            # From here on the kernel notes the peak anew.
            Path(f"/proc/{pid}/clear_refs").write_text("5")
        self.before = {pid: kilobytes(pid, "VmRSS") for pid in pids}

    def growth(self) -> dict[int, int]:
        """By how many kilobytes each process had grown at its peak."""
        return {pid: kilobytes(pid, "VmHWM") - before for pid, before in self.before.items()}


def kilobytes(pid: int, name: str) -> int:
    """A line of a process's status, such as ``VmRSS``."""
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith(f"{name}:")]
    return int(line.split()[1])
