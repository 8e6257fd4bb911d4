"""States of Tribe and of Odoo: by code, else by name, within the country."""

import unicodedata

from tribe_connector.mapping import match_states
from tribe_connector.mapping import state as state_module

ODOO = [
    ("NL", "UT", "Utrecht"),
    ("NL", "ZH", "Zuid-Holland"),
    ("US", "NY", "New York (US)"),
    ("DE", "BW", "Baden-W\u00fcrttemberg"),
    ("BR", "UT", "Utrecht"),
]


def state(tribe_id, country, code=None, name=None):
    return {
        "ID": tribe_id,
        "Code": code,
        "Name": name,
        "Country": {"Code": country} if country else None,
    }


def test_a_state_is_found_by_code_or_name_in_its_country():
    assert match_states(
        [
            state("1", "nl", code="NL-UT", name="Provincie Utrecht"),
            state("2", "NL", code="zh"),
            state("3", "US", code="??", name=" new  york "),
            state("4", "DE", name="baden-wurttemberg"),
        ],
        ODOO,
    ) == {"NL": {"UT": "1", "ZH": "2"}, "US": {"NY": "3"}, "DE": {"BW": "4"}}


def test_what_matches_nothing_is_left_out():
    rows = [state("1", None, code="UT"), state("2", "NL", "XX", "Atlantis"), state("3", "FR", "UT")]
    assert match_states(rows, ODOO) == {}
    assert match_states([], ODOO) == {}


def test_a_code_goes_before_a_name():
    rows = [state("1", "NL", code="UT"), state("2", "NL", name="Utrecht")]
    assert match_states(rows, ODOO) == match_states(rows[::-1], ODOO) == {"NL": {"UT": "1"}}


def test_a_name_without_end_is_no_state(monkeypatch):
    taken_apart = []

    def normalize(form, text, real=unicodedata.normalize):
        taken_apart.append(len(text))
        return real(form, text)

    monkeypatch.setattr(state_module.unicodedata, "normalize", normalize)
    assert match_states([state("1", "NL", name="\ufdfa" * 100_000)], ODOO) == {}
    assert max(taken_apart) <= 200
