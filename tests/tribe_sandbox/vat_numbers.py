"""Made-up VAT numbers whose check digits are right, so that a strict validator accepts them."""


def make(country, rng):
    """Return a VAT number of *country* (alpha-2 code) drawn from *rng*, or None if we know none."""
    maker = MAKERS.get(country)
    return maker(rng) if maker else None


def _digits(rng, count):
    return [rng.randint(1, 9), *[rng.randint(0, 9) for _ in range(count - 1)]]


def _joined(digits):
    return "".join(str(digit) for digit in digits)


def _dutch(rng):
    while True:
        digits = _digits(rng, 8)
        check = (
            sum(weight * digit for weight, digit in zip(range(9, 1, -1), digits, strict=True)) % 11
        )
        if check < 10:
            return f"NL{_joined(digits)}{check}B{rng.randint(1, 99):02d}"


def _belgian(rng):
    base = int("04" + _joined(_digits(rng, 6)))
    return f"BE{base:08d}{97 - base % 97:02d}"


def _german(rng):
    digits, product = _digits(rng, 8), 10
    for digit in digits:
        product = ((digit + product) % 10 or 10) * 2 % 11
    return f"DE{_joined(digits)}{(11 - product) % 10}"


def _danish(rng):
    while True:
        digits = _digits(rng, 7)
        check = -sum(w * d for w, d in zip((2, 7, 6, 5, 4, 3, 2), digits, strict=True)) % 11
        if check < 10:
            return f"DK{_joined(digits)}{check}"


def _swedish(rng):
    digits = [5, 5, *_digits(rng, 7)]
    doubled = [d * 2 if index % 2 == 0 else d for index, d in enumerate(digits)]
    check = -sum(value // 10 + value % 10 for value in doubled) % 10
    return f"SE{_joined(digits)}{check}01"


MAKERS = {"NL": _dutch, "BE": _belgian, "DE": _german, "DK": _danish, "SE": _swedish}
