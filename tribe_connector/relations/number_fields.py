"""Debtor and creditor numbers: whose they are, and what each side calls them."""

from ..sentence import sentence

NUMBERS = {"debtor_number": "customer", "creditor_number": "supplier"}
WIRE_NUMBERS = {"debtor_number": "DebtorNumber", "creditor_number": "CreditorNumber"}
NUMBER_NAMES = {
    "debtor_number": sentence("field_debtor_number"),
    "creditor_number": sentence("field_creditor_number"),
}


def numbers_told(numbers):
    """Some debtor and creditor numbers as people are told them: ``{field: number}``."""
    return [
        sentence("number_of_relation", field=NUMBER_NAMES[each], number=numbers[each])
        for each in NUMBERS
        if numbers.get(each)
    ]


def with_numbers(name, numbers):
    """What a relation or contact is called, with its numbers if it has any."""
    told = numbers_told(numbers)
    return sentence("relation_with_numbers", relation=name, numbers=told) if told else name


def numbers_of(remote):
    """``[(field, number)]`` of a relation."""
    values = remote.values()
    return [(name, values[name]) for name in NUMBERS if values.get(name)]
