"""The patterns of a search, compared in time that grows with the text alone."""

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
    for piece in between:
        position = _find(text, position, end, piece)
        if position is None:
            return False
    return True


def _find(text, start, end, piece):
    """Where the piece ends that is found first; None without one."""
    if None not in piece:
        found = text.find("".join(piece), start, end)
        return None if found < 0 else found + len(piece)
    places = range(start, end - len(piece) + 1)
    found = next((place for place in places if _is_at(text, place, piece)), None)
    return None if found is None else found + len(piece)


def _is_at(text, place, piece):
    if len(text) < place + len(piece):
        return False
    return all(each is None or each == text[place + index] for index, each in enumerate(piece))
