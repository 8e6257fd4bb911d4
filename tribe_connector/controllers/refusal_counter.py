"""How often somebody was refused lately, without asking or telling the database."""

import threading
import time
from collections import OrderedDict

REFUSALS_PER_MINUTE = 60
WINDOW_SECONDS = 60
# Some hundred bytes each. Whoever has more addresses than this is not stopped by counting.
MOST_ADDRESSES = 10_000


class RefusalCounter:
    """Counts refusals per address in windows of a minute, in the memory of this process.

    Its size is bounded: the address that was refused first is forgotten first.
    """

    def __init__(
        self,
        allowed: int = REFUSALS_PER_MINUTE,
        seconds: float = WINDOW_SECONDS,
        most_addresses: int = MOST_ADDRESSES,
        clock=time.monotonic,
    ):
        self._allowed = allowed
        self._seconds = seconds
        self._most_addresses = most_addresses
        self._clock = clock
        self._lock = threading.Lock()
        # {address: (end of its window, refusals in it)}, the oldest window first.
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._windows)

    def note(self, address: str) -> bool:
        """Count one refusal of an address. True when it was refused too often within a minute."""
        with self._lock:
            now = self._clock()
            end, refusals = self._windows.get(address, (now, 0))
            if end <= now:
                self._windows.pop(address, None)
                end, refusals = now + self._seconds, 0
            self._windows[address] = (end, refusals + 1)
            if len(self._windows) > self._most_addresses:
                self._windows.popitem(last=False)
            return refusals >= self._allowed
