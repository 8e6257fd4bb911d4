"""VAT numbers that cannot exist are told, nothing more."""

import pytest

from tribe_connector.mapping import is_email_doubtful, is_vat_doubtful


@pytest.mark.parametrize(
    ("vat", "country"),
    [
        ("NL123456782B90", None),
        ("NL123456782B90", "NL"),
        ("nl 1234.56.782.b90", None),
        ("123456782B90", "NL"),
        ("BE0477472701", "NL"),
        ("BE 0477.472.701", None),
        ("477472701", "BE"),
        ("DE136695976", None),
        ("FR23334175221", "FR"),
        ("GB980780684", "GB"),
        ("SE123456789701", None),
        ("DK13585628", None),
        ("NO995525828MVA", "NO"),
        ("EL094259216", "GR"),
        ("GR094259216", None),
        ("/", "NL"),
        ("", "NL"),
        (None, None),
        ("12-3456", None),
        ("12-3456", "XK"),
    ],
)
def test_what_can_exist_is_not_doubtful(vat, country):
    assert not is_vat_doubtful(vat, country)


@pytest.mark.parametrize(
    ("vat", "country"),
    [
        ("NL000000000B00", None),
        ("NL123456789B90", "NL"),
        ("BE0477472702", None),
        ("whatever", "NL"),
        ("n.v.t.", None),
        ("n.v.t.", "XK"),
        ("DE000000000", "BE"),
        ("GB123", "GB"),
        ("BEBE0477472701", "BE"),
    ],
)
def test_what_cannot_exist_is_doubtful(vat, country):
    assert is_vat_doubtful(vat, country)


@pytest.mark.parametrize(
    "email",
    ["a@b.example", "Jan <jan@b.example>", "a@b.example, c@d.example;e@f.example", "", None],
)
def test_an_address_or_several_are_not_doubtful(email):
    assert not is_email_doubtful(email)


@pytest.mark.parametrize(
    "email", ["geen", "info@@nguyen", "a@b", "a@b.example, geen", "a b@c.example"]
)
def test_what_is_no_address_is_doubtful(email):
    assert is_email_doubtful(email)
