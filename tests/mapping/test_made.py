from tribe_connector.mapping import agreed_on, as_odoo_has, made_after_telling, made_of, merge

UTRECHT = {"city": "Utrecht"}
CAPITALS = {"city": "UTRECHT"}
ZEIST = {"city": "Zeist"}
NOTHING = ({}, {}, {})


def kept(made):
    """As a link keeps it."""
    return {name: list(each) for name, each in made.items()}


def look(agreed, odoo, tribe, made, policy="tribe"):
    """What a look decides."""
    return merge(agreed, odoo, as_odoo_has(kept(made), tribe), policy=policy)


def changes(merged):
    return merged.to_odoo, merged.to_tribe, merged.conflicts


def test_what_odoo_made_of_a_value_counts_as_the_same():
    for policy in ("tribe", "ask"):
        made = made_of({}, UTRECHT, {"city": None}, CAPITALS, policy=policy)
        agreed = agreed_on(made, UTRECHT, CAPITALS)
        assert changes(look(agreed, CAPITALS, UTRECHT, made, policy)) == NOTHING


def test_it_is_told_once_where_odoo_wins():
    made = made_of({}, UTRECHT, {"city": None}, CAPITALS, policy="odoo")
    merged = look(agreed_on(made, UTRECHT, CAPITALS), CAPITALS, UTRECHT, made, "odoo")
    assert merged.to_tribe == CAPITALS
    made = made_after_telling(kept(made), merged.to_tribe)
    # Tribe writes it its own way again.
    assert changes(look(merged.agreed, CAPITALS, UTRECHT, made, "odoo")) == NOTHING


def test_numbers_are_told_whatever_the_policy_and_once():
    number, zeros = {"debtor_number": "1"}, {"debtor_number": "001"}
    made = made_of({}, number, {}, zeros, policy="tribe")
    merged = look(agreed_on(made, number, zeros), zeros, number, made)
    assert merged.to_tribe == zeros
    made = made_after_telling(kept(made), merged.to_tribe)
    assert changes(look(merged.agreed, zeros, number, made)) == NOTHING


def test_an_edit_on_either_side_is_an_edit_all_the_same():
    for policy in ("odoo", "tribe", "ask"):
        made = made_after_telling(kept(made_of({}, UTRECHT, {}, CAPITALS, policy=policy)), CAPITALS)
        agreed = agreed_on(made, UTRECHT, CAPITALS)
        assert changes(look(agreed, ZEIST, UTRECHT, made, policy)) == ({}, ZEIST, {})
        assert changes(look(agreed, CAPITALS, ZEIST, made, policy)) == (ZEIST, {}, {})


def test_what_comes_back_later_is_known_by_what_was_there_before():
    """A scheduled automation in Odoo, and Tribe, write a city their own way."""
    made = made_of({}, UTRECHT, CAPITALS, UTRECHT, policy="tribe")
    merged = look(UTRECHT, CAPITALS, UTRECHT, made)
    assert merged.to_tribe == CAPITALS
    made = made_after_telling(kept(made), merged.to_tribe)
    assert changes(look(merged.agreed, CAPITALS, UTRECHT, made)) == NOTHING


def test_another_value_that_was_there_before_is_an_edit():
    assert made_of({}, ZEIST, UTRECHT, ZEIST, policy="tribe") == {}


def test_a_value_that_is_stored_as_it_is_ends_what_was_known():
    made = kept(made_of({}, UTRECHT, {}, CAPITALS, policy="tribe"))
    assert made_of(made, ZEIST, CAPITALS, ZEIST, policy="tribe") == {}
    # But not where it is Odoo's own way of writing it, beside another part of the address.
    assert kept(made_of(made, CAPITALS, CAPITALS, CAPITALS, policy="tribe")) == made


def test_the_same_once_more_is_not_told_again():
    made = kept(made_of({}, UTRECHT, {}, CAPITALS, policy="odoo"))
    again = made_of(made, UTRECHT, CAPITALS, CAPITALS, policy="odoo")
    assert as_odoo_has(kept(again), UTRECHT) == CAPITALS


def test_a_telephone_number_is_compared_in_its_country():
    national, formatted = {"phone": "030 1234567"}, {"phone": "tel. 030-1234567"}
    made = made_of({}, national, {}, formatted, policy="tribe", country="NL")
    international = {"phone": "+31 30 1234567"}
    assert as_odoo_has(kept(made), international, "NL") == formatted
