"""The patterns of a search, compared without going through a text again at each of its places."""

from collections import defaultdict

ANY_TEXT, ANY_CHARACTER, ESCAPE = "%", "_", "\\"


def pieces_of(pattern: str, *, is_whole: bool) -> list[list[str | None]]:
    """What stands between the ``%`` of a pattern: characters, ``None`` for any one (``_``).

    :param is_whole: whether the text begins and ends as the pattern does
    """
    pieces: list[list[str | None]] = [[]]
    characters = iter(pattern)
    for character in characters:
        if character == ESCAPE:
            pieces[-1].extend(next(characters, ""))
        elif character == ANY_TEXT:
            pieces.append([])
        else:
            pieces[-1].append(None if character == ANY_CHARACTER else character)
    return pieces if is_whole else [[], *pieces, []]


def is_like(text: str, pieces: list[list[str | None]]) -> bool:
    """Whether a text has the pieces in their order: the first at its start, the last at its end."""
    first, *between = pieces
    if not between:
        return len(text) == len(first) and _is_at(text, 0, first)
    *between, last = between
    end = len(text) - len(last)
    if not _is_at(text, 0, first) or end < len(first) or not _is_at(text, end, last):
        return False
    position = len(first)
    places = _places(text) if any(None in piece for piece in between) else {}
    for piece in between:
        position = _find(text, position, end, piece, places)
        if position is None:
            return False
    return True


def _places(text):
    """Where each character stands: a number whose bits are the places in the text."""
    places = defaultdict(lambda: bytearray(len(text) // 8 + 1))
    for place, character in enumerate(text):
        places[character][place // 8] |= 1 << place % 8
    return {character: int.from_bytes(bits, "little") for character, bits in places.items()}


def _find(text, start, end, piece, places):
    """Where the piece ends that is found first; None without one."""
    if None not in piece:
        found = text.find("".join(piece), start, end)
        return None if found < 0 else found + len(piece)
    # All places are looked at together, one bit each: someone else's pattern must not take the
    # length of the text times its own.
    begins = (1 << max(0, end - start - len(piece) + 1)) - 1
    for index, each in enumerate(piece):
        if each is not None:
            begins &= places.get(each, 0) >> start + index
        if not begins:
            return None
    return start + (begins & -begins).bit_length() - 1 + len(piece)


def _is_at(text, place, piece):
    if len(text) < place + len(piece):
        return False
    return all(each is None or each == text[place + index] for index, each in enumerate(piece))
