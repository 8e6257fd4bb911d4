"""Words that the seed makes believable names and addresses of."""

FIRST_NAMES = (
    *("Jan", "Piet", "Sanne", "Fleur", "Daan", "Eva", "Bram", "Lotte", "Willem", "Anneke"),
    *("Joost", "Maaike", "Thijs", "Roos", "Hendrik", "Noor", "Gijs", "Femke", "Ruben", "Ilse"),
    *("Kees", "Marijke", "Sjoerd", "Zoë", "Chloé", "André", "Renée", "Björn", "Søren", "Jürgen"),
)
SURNAMES = (
    ("van der", "Berg"),
    ("de", "Vries"),
    ("", "Jansen"),
    ("", "Bakker"),
    ("van", "Dijk"),
    ("", "Smit"),
    ("de", "Boer"),
    ("", "O'Brien"),
    ("", "Jansen-de Wit"),
    ("van den", "Broek - van der Meer"),
    ("ter", "Horst"),
    ("'t", "Hart"),
    ("", "Özdemir"),
    ("", "Müller"),
    ("", "Sørensen"),
    ("", "Åkerström"),
    ("op den", "Kamp"),
    ("", "Peeters"),
    ("", "Nguyễn"),
    ("van", "Oranje Nassau van Amsberg"),
)
TRADES = (
    "Bouw",
    "Installatietechniek",
    "Logistiek",
    "Advies",
    "Zuivel",
    "Schilderwerken",
    "Drukkerij",
    "Horeca",
    "Software",
    "Tuinen",
    "Transport",
    "Metaal",
    "Optiek",
    "Bakkerij",
)
LEGAL_FORMS = {
    "NL": ("B.V.", "V.O.F.", "N.V.", "Holding B.V.", "& Zonen"),
    "BE": ("BV", "NV", "CVBA"),
    "DE": ("GmbH", "GmbH & Co. KG", "AG"),
    "DK": ("ApS", "A/S"),
    "SE": ("AB",),
}
STREETS = {
    "NL": (
        "Dorpsstraat",
        "Keizersgracht",
        "'s-Gravelandseweg",
        "Plein 1944",
        "Laan van Meerdervoort",
    ),
    "BE": ("Kerkstraat", "Chaussée de Wavre", "Grote Markt"),
    "DE": ("Hauptstraße", "Königsallee", "Straße des 17. Juni"),
    "DK": ("Nørregade", "Østerbrogade"),
    "SE": ("Storgatan", "Ågatan"),
}
CITIES = {
    "NL": (
        ("Amsterdam", "1015 CJ"),
        ("'s-Hertogenbosch", "5211 AB"),
        ("Utrecht", "3511LK"),
        ("Súdwest-Fryslân", "8601 XX"),
        ("Den Haag", "2511 cv"),
    ),
    "BE": (("Antwerpen", "2000"), ("Liège", "4000")),
    "DE": (("Köln", "50667"), ("München", "80331")),
    "DK": (("København Ø", "2100"), ("Aarhus", "8000")),
    "SE": (("Malmö", "211 20"), ("Göteborg", "411 05")),
}
SUFFIXES = (None, None, None, None, "a", "bis", "-14", "II", "hs", " rood")
COUNTRIES = (
    # Code, name, has intra-community VAT, CountryNumber
    ("NL", "Nederland", 1, "528"),
    ("BE", "België", 1, "056"),
    ("DE", "Duitsland", 1, "276"),
    ("DK", "Denemarken", 1, "208"),
    ("SE", "Zweden", 1, "752"),
    ("FR", "Frankrijk", 1, "250"),
    ("GB", "Verenigd Koninkrijk", 0, "826"),
    ("US", "Verenigde Staten", 0, "840"),
    ("CH", "Zwitserland", 0, "756"),
)
STATES = (
    # Country, code, name
    ("NL", "UT", "Utrecht"),
    ("NL", "NL-NH", "Noord-Holland"),
    ("NL", "", "Zeeland"),
    ("NL", "XX", "Nergensland"),
    ("DE", "BY", "Beieren"),
    ("US", "CA", "California"),
)
VAT_GROUPS = (
    # Code, name, percentage, country
    ("NL21", "NL - 21%", 21.0, "NL"),
    ("NL9", "NL - 9%", 9.0, "NL"),
    ("NL0", "NL - 0%", 0.0, "NL"),
    ("NLVERLEGD", "NL - Verlegd", 0.0, "NL"),
    ("EUIC", "EU - Intracommunautair", 0.0, None),
)
LEDGER_ACCOUNTS = (
    ("8000", "Omzet hoog"),
    ("8010", "Omzet laag"),
    ("8020", "Omzet nul"),
    ("8030", "Omzet diensten"),
    ("8040", "Omzet verlegd"),
    ("8050", "Omzet EU"),
)
PRODUCTS = (
    # Name, VAT group, ledger account, unit
    ("Onderhoudscontract", "NL21", "8030", "MND"),
    ("Advies per uur", "NL21", "8030", "UUR"),
    ("Softwarelicentie", "NL21", "8000", "ST"),
    ("Vakliteratuur", "NL9", "8010", "ST"),
    ("Lunchpakket", "NL9", "8010", "ST"),
    ("Export van machines", "NL0", "8020", "ST"),
    ("Onderaanneming bouw", "NLVERLEGD", "8040", "UUR"),
    ("Levering binnen de EU", "EUIC", "8050", "ST"),
    ("Kabel per meter", "NL21", "8000", "M"),
    ("Koffiebonen", "NL9", "8010", "KG"),
)
DATASTORES = {
    "Unit": (("ST", "Stuk"), ("UUR", "Uur"), ("MND", "Maand"), ("M", "Meter"), ("KG", "Kilogram")),
    "PaymentMethod": (("BANK", "Bankoverschrijving"), ("INCASSO", "Incasso"), ("IDEAL", "iDEAL")),
    "PaymentStatus": (("Open", "Open"), ("Paid", "Betaald"), ("Failed", "Mislukt")),
    "AdressType": (("VISIT", "Bezoekadres"), ("POST", "Postadres"), ("INVOICE", "Factuuradres")),
    "Language": (("nl", "Nederlands"), ("en", "Engels"), ("de", "Duits")),
    "Gender": (("M", "Man"), ("F", "Vrouw"), ("X", "Anders")),
    "Role": (("DIR", "Directeur"), ("FIN", "Administrateur")),
    "Branch": (("BOUW", "Bouw"), ("ICT", "ICT"), ("ZORG", "Zorg")),
    "GeneralLedgerAccount": LEDGER_ACCOUNTS,
    "Phase_ActivityInvoice": (("Draft", "Concept"), ("Sent", "Verzonden"), ("Paid", "Betaald")),
}
