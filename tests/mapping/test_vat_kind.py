import pytest

from tribe_connector.mapping import is_about_services, vat_kind


@pytest.mark.parametrize(
    ("name", "code", "percentage", "kind"),
    [
        ("NL - 21%", "NL21", 21.0, "domestic"),
        ("NL - 9%", "NL9", 9.0, "domestic"),
        ("NL - 0%", "NL0", 0.0, "domestic"),
        ("Vrijgesteld", None, None, "domestic"),
        ("NL - Verlegd", "NLVERLEGD", 0.0, "reverse_charged"),
        ("BTW verlegd", None, 0.0, "reverse_charged"),
        ("Medecontractant", None, 0.0, "reverse_charged"),
        ("Omvendt betalingspligt", None, 0.0, "reverse_charged"),
        ("EU - Intracommunautair", "EUIC", 0.0, "intra_community"),
        ("ICP levering", None, 0.0, "intra_community"),
        ("Innergemeinschaftliche Lieferung", None, 0.0, "intra_community"),
        ("Export buiten de EU", None, 0.0, "export"),
        ("Non-EU", None, 0.0, "export"),
        # A percentage says more than a word.
        ("EU distance selling 21%", None, 21.0, "domestic"),
    ],
)
def test_the_kind_of_a_vat_group(name, code, percentage, kind):
    assert vat_kind(name, code, percentage) == kind


@pytest.mark.parametrize(
    ("name", "services"),
    [
        ("Omzet diensten", True),
        ("Consultancy revenue", True),
        ("Dienstleistungen", True),
        ("Omzet hoog", False),
        ("Omzet handelsgoederen", False),
        (None, False),
    ],
)
def test_whether_a_ledger_account_is_about_services(name, services):
    assert is_about_services(name) is services
