"""Whose turn it is: a flood in one place must not keep the others waiting."""

from collections.abc import Callable, Iterable, Iterator

# By database and direction. Forgotten with the process: a new one goes on behind those at whom the
# last one was, which may be what ended it.
_rounds: dict[tuple[str, str], "Rounds"] = {}


class Rounds:
    """Lets everybody who waits have a turn before anybody has another one.

    Whoever had a turn longest ago comes first, whoever else waited then: so one who waits now and
    then waits for a turn of each other at most.
    """

    def __init__(self, had: Iterable = ()):
        # The number of the last turn of each.
        self._last = dict.fromkeys(had, 0)
        self._turns = 0

    def order(self, names: list) -> list:
        """Some names, those first who had no turn yet, or theirs longest ago."""
        return sorted(names, key=lambda name: self._last.get(name, -1))

    def in_turn(self, items: list, share: Callable, *shares: Callable) -> Iterator:
        """Some items in the order in which it is their turn.

        ``share`` names whose turn it is that an item belongs to, ``shares`` that within this one.
        """
        of_each = {}
        for item in items:
            of_each.setdefault(share(item), []).append(item)
        for name in self.order(list(of_each)):
            yield from self.in_turn(of_each[name], *shares) if shares else of_each[name]

    def had(self, name) -> None:
        """Note that somebody had a turn."""
        self._turns += 1
        self._last[name] = self._turns

    def forget(self, is_over: Callable) -> None:
        """Let some begin anew, as if they had had no turn.

        ``is_over`` tells of a name whether it is one of them.
        """
        self._last = {name: turn for name, turn in self._last.items() if not is_over(name)}


def rounds_of(database: str, direction: str, had: Callable[[], Iterable] = tuple) -> Rounds:
    """The rounds that all lanes of a direction in this process go by.

    ``had`` tells who had a turn when the process begins.
    """
    if (database, direction) not in _rounds:
        _rounds[database, direction] = Rounds(had())
    return _rounds[database, direction]
