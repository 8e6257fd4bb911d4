"""Debtor and creditor numbers: whose they are, and what each side calls them."""

from ..mapping import NUMBER_FIELDS
from ..sentence import sentence

# What in Tribe has such a number.
ROLE_OF_NUMBER = {"debtor_number": "customer", "creditor_number": "supplier"}
WIRE_NUMBERS = {"debtor_number": "DebtorNumber", "creditor_number": "CreditorNumber"}
NUMBER_NAMES = {
    "debtor_number": sentence("field_debtor_number"),
    "creditor_number": sentence("field_creditor_number"),
}


def number_sentences(numbers):
    """Some debtor and creditor numbers as people read them.

    :param numbers: ``{field: number}``; of others than these fields nothing is said
    """
    return [
        sentence("number_of_relation", field=NUMBER_NAMES[each], number=numbers[each])
        for each in NUMBER_FIELDS
        if numbers.get(each)
    ]


def with_numbers(name, numbers):
    """What a relation or contact is called, with its numbers if it has any."""
    if each := number_sentences(numbers):
        return sentence("relation_with_numbers", relation=name, numbers=each)
    return name


def numbers_of(remote):
    """``[(field, number)]`` of a relation."""
    values = remote.values()
    return [(name, values[name]) for name in NUMBER_FIELDS if values.get(name)]
