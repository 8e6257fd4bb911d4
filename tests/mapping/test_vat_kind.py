import apart
import pytest

from tribe_connector.mapping import is_about_services, vat_country, vat_kind, what_is_sold


@pytest.mark.parametrize(
    ("name", "code", "percentage", "kind"),
    [
        ("NL - 21%", "NL21", 21.0, "domestic"),
        ("NL - 9%", "NL9", 9.0, "domestic"),
        ("NL - 0%", "NL0", 0.0, "domestic"),
        ("Nultarief", None, None, "domestic"),
        ("NL - Verlegd", "NLVERLEGD", 0.0, "reverse_charged"),
        ("BTW verlegd", None, 0.0, "reverse_charged"),
        ("BTW verlegd installatiewerk", None, 0.0, "reverse_charged"),
        ("Medecontractant", None, 0.0, "reverse_charged"),
        ("Cocontractant", None, 0.0, "reverse_charged"),
        ("Reverse charge", None, 0.0, "reverse_charged"),
        ("EU - Intracommunautair", "EUIC", 0.0, "intra_community"),
        ("ICP levering", None, 0.0, "intra_community"),
        ("Innergemeinschaftliche Lieferung", None, 0.0, "intra_community"),
        ("Livraison UE", None, 0.0, "intra_community"),
        ("BTW verlegd binnen de EU", None, 0.0, "intra_community"),
        ("Verkopen export binnen EU", None, 0.0, "intra_community"),
        ("Verkopen binnen Europa", None, 0.0, "intra_community"),
        ("Levering", "EU_0", 0.0, "intra_community"),
        ("Export", None, 0.0, "export"),
        ("Export buiten de EU", None, 0.0, "export"),
        ("Levering buiten Europa", None, 0.0, "export"),
        ("Non-EU", None, 0.0, "export"),
        ("Hors de l'UE", None, 0.0, "export"),
        ("Prestations extracommunautaires", None, 0.0, "export"),
        ("Ausfuhr in ein Drittland", None, 0.0, "export"),
        # Danish, Swedish and Norwegian, partly as Odoo's charts describe their taxes.
        ("DK - 0%", None, 0.0, "domestic"),
        ("Fritatt for mva", None, 0.0, "domestic"),
        ("Avgiftsfritt", None, 0.0, "domestic"),
        ("Omvendt betalingspligt", None, 0.0, "reverse_charged"),
        ("Omvänd skattskyldighet", None, 0.0, "reverse_charged"),
        ("Innenlands omsetning med omvendt avgiftsplikt", None, 0.0, "reverse_charged"),
        ("Snudd avregning", None, 0.0, "reverse_charged"),
        ("EU-levering", None, 0.0, "intra_community"),
        ("Varesalg B2B (EU), 0% moms", None, 0.0, "intra_community"),
        ("Momsfri försäljning av varor EU", None, 0.0, "intra_community"),
        ("Unionsintern försäljning", None, 0.0, "intra_community"),
        ("Salg innenfor EU", None, 0.0, "intra_community"),
        ("Eksport", None, 0.0, "export"),
        ("Salg uden for EU", None, 0.0, "export"),
        ("S_ejEU_Varer", None, 0.0, "export"),
        ("Salg til 3. lande", None, 0.0, "export"),
        ("Momsfri försäljning av varor utanför EU", None, 0.0, "export"),
        ("Försäljning till tredjeland", None, 0.0, "export"),
        ("Utførsel av varer og tjenester", None, 0.0, "export"),
        ("Salg utenfor EØS", None, 0.0, "export"),
        # Exempt is not zero-rated: it goes to another box of the VAT return, or to none.
        ("Vrijgesteld", None, None, "exempt"),
        ("VAT exempt", None, 0.0, "exempt"),
        ("Momsfritaget", None, 0.0, "exempt"),
        ("Momsfri", None, 0.0, "exempt"),
        ("Undantaget från moms", None, 0.0, "exempt"),
        ("Buiten toepassingsgebied", None, 0.0, "out_of_scope"),
        ("Buiten de heffing", None, 0.0, "out_of_scope"),
        ("Outside the scope of VAT", None, 0.0, "out_of_scope"),
        ("Udenfor momslovens anvendelsesområde", None, 0.0, "out_of_scope"),
        ("Omsetning utenfor mvaloven", None, 0.0, "out_of_scope"),
        ("Omsetning utenfor avgiftsområdet", None, 0.0, "out_of_scope"),
        ("Unntatt", None, 0.0, "out_of_scope"),
        # Inside of the EU, or outside of it?
        ("Buitenland", None, 0.0, "unclear"),
        ("Levering buiten Nederland", None, 0.0, "unclear"),
        ("Salg til udlandet", None, 0.0, "unclear"),
        ("Utland", None, 0.0, "unclear"),
        # Exempt, reverse-charged, or abroad?
        ("Geen BTW", None, 0.0, "unclear"),
        ("Uden moms", None, 0.0, "unclear"),
        ("Utan moms", None, 0.0, "unclear"),
        ("Uten mva", None, 0.0, "unclear"),
        # Charts have taxes of their own for these.
        ("Margeregeling", None, 0.0, "unclear"),
        ("Brugtmoms", None, 0.0, "unclear"),
        ("ABC-levering binnen EU", None, 0.0, "unclear"),
        ("Trekantshandel EU", None, 0.0, "unclear"),
        ("Afstandsverkopen EU", None, 0.0, "unclear"),
        ("Installatie binnen de EU", None, 0.0, "unclear"),
        # A percentage says more than a word.
        ("EU distance selling 21%", None, 21.0, "domestic"),
    ],
)
def test_the_kind_of_a_vat_group(name, code, percentage, kind):
    assert vat_kind(name, code, percentage) == kind


@pytest.mark.parametrize(
    ("name", "country"),
    [
        ("NL - 21%", "NL"),
        ("BE - Medecontractant", "BE"),
        ("DK 25%", "DK"),
        ("SE25", "SE"),
        ("Moms 25% SE", "SE"),
        ("Moms 25 % (NO)", "NO"),
        # Not by ISO, but as VAT numbers begin and as people write.
        ("EL - 24%", "GR"),
        ("UK - 20%", "GB"),
        ("EU - Intracommunautair", None),
        ("IC - Levering", None),
        ("IT diensten 21%", None),
        ("BTW hoog", None),
        ("be - 21%", None),
        ("21% ST", None),
        ("", None),
        (None, None),
    ],
)
def test_the_country_of_a_vat_group(name, country):
    assert vat_country(name) == country


@pytest.mark.parametrize(
    ("name", "services"),
    [
        ("Omzet diensten", True),
        ("Omzet uren", True),
        ("Omzet werkuren", True),
        ("Consultancy revenue", True),
        ("Dienstleistungen", True),
        ("Salg af ydelser", True),
        ("Rådgivning", True),
        ("Försäljning tjänster", True),
        ("Konsultarvoden", True),
        ("Salgsinntekter tjenester", True),
        ("Omzet hoog", False),
        ("Omzet handelsgoederen", False),
        ("Omzet facturen", False),
        ("Verhuren", False),
        ("Varesalg", False),
        (None, False),
    ],
)
def test_whether_a_ledger_account_is_about_services(name, services):
    assert is_about_services(name) is services


def test_no_name_takes_long():
    apart.run(
        "from tribe_connector.mapping.vat_kind import vat_country, vat_kind\n"
        "vat_kind('1europ' * 100000, 'x', 0); vat_country('1europ' * 100000)"
    )


@pytest.mark.parametrize(
    ("name", "sold"),
    [
        ("EU - Diensten", "services"),
        ("Intracommunautaire diensten", "services"),
        ("EU services 0%", "services"),
        ("EU tjänster", "services"),
        ("EU - Goederen", "goods"),
        ("Intracommunautaire levering", "goods"),
        ("EU goods", "goods"),
        ("Innergemeinschaftliche Lieferung", "goods"),
        ("EU varer", "goods"),
        ("EU - Intracommunautair", None),
        ("Goederen en diensten EU", None),
        ("", None),
        (None, None),
    ],
)
def test_what_is_sold_where_the_name_says_just_one_of_them(name, sold):
    assert what_is_sold(name) == sold
