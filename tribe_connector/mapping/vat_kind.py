"""What kind of VAT a VAT group stands for, judged by its name and code.

Tribe's VAT groups have a name, a code and a percentage; that a group is reverse-charged or for
another country is only in the words (docs/tribe-api.md, Invoices). So this is a suggestion for
a person, never a booking.
"""

from __future__ import annotations

import re

DOMESTIC = "domestic"
EXEMPT = "exempt"
OUT_OF_SCOPE = "out_of_scope"
REVERSE_CHARGED = "reverse_charged"
INTRA_COMMUNITY = "intra_community"
EXPORT = "export"
# None of the others, or one of several: only a person knows.
UNCLEAR = "unclear"

_LETTER = r"[^\W\d_]"
# The EU, and the EEA, as the languages below write them.
_EU = rf"(?:(?:union )?europ\w*|eu|ue|eg|eea|eøs|ees|eer)(?!{_LETTER})"
_IN_EU = rf"(?<!{_LETTER}){_EU}"
_OUTSIDE = r"(?:\bbuiten\b|outside|\bhors\b|uden ?for|utenfor|utanför|au(?:ß|ss)erhalb)"
_ARTICLES = r"\W*(?:(?:de|the|der|l|d)\W+)*"
_VAT = r"(?:btw|vat|mwst|ust|tva|moms|mva|merverdi|mervärde|avgift|heffing)"
# Words of Dutch, English, German, French, Danish, Swedish and Norwegian; the first match counts.
_WORDS = (
    (
        # Taxed on the margin, a triangular sale, one at a distance or with installation.
        UNCLEAR,
        r"\bmarg[ei]|vinstmarginal|brugtmoms|differenzbesteuer"
        r"|driehoek|\babc\b|triang|trekant|trepart|dreieck"
        r"|afstandsverk|distan[cs]|fjernsalg|fernverkauf|\boss\b"
        rf"|(?:install|montage).*{_IN_EU}|{_IN_EU}.*(?:install|montage)",
    ),
    (
        OUT_OF_SCOPE,
        r"buiten (?:de )?(?:toepassing|reikwijdte)|outside (?:the )?scope|out of scope|hors champ"
        r"|niet (?:btw.?plichtig|belastbaar|onderworpen)|nicht steuerbar|unntatt"
        rf"|{_OUTSIDE}{_ARTICLES}{_VAT}",
    ),
    (
        EXPORT,
        rf"(?:{_OUTSIDE}|(?<!{_LETTER})(?:non|not|niet|nicht|ikke|icke|ej|ex|excl\w*))"
        rf"{_ARTICLES}{_EU}"
        r"|third.?countr|drittl[aä]nd|derde.?land|tredje.?land|\b3\.?\W?land|pays tiers"
        r"|extra.?com|rest of (?:the )?world",
    ),
    (
        INTRA_COMMUNITY,
        r"\bintra|\bic[lp]?\b|innergemeinschaft|communautaire|gemenskapsintern|unionsintern"
        rf"|{_IN_EU}",
    ),
    (
        REVERSE_CHARGED,
        r"verleg|reverse|medecontract|co-?contract|autoliquid|omvendt|omvänd|snudd"
        r"|steuerschuldner",
    ),
    (
        EXPORT,
        r"export|eksport|\buitvoer\b|ausfuhr|utførsel|udførsel|utförsel",
    ),
    (
        EXEMPT,
        r"vrijgesteld|vrijstelling|btw.?vrij|vrij van|exempt|exon[eé]r|befrei|steuerfrei|fritag"
        r"|momsfri|undanta",
    ),
    (
        # Abroad may be inside of the EU or outside of it.
        UNCLEAR,
        r"buitenland|abroad|foreign|ausland|étrang|udland|utland|utomlands"
        rf"|{_OUTSIDE}"
        rf"|\b(?:geen|zonder|no|without|ohne|keine?|sans|ingen|uden|uten|utan) {_VAT}",
    ),
)
# Countries in Europe with a VAT of their own; two are often written in another way than by ISO.
_COUNTRIES = {
    **{
        code: code
        for code in (
            "AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT"
            " RO SE SI SK"
        ).split()
    },
    "EL": "GR",
    "UK": "GB",
}
# Of a name so much is looked at: the words that tell may stand in any order.
LONGEST_NAME = 200
_AT_THE_START = re.compile(r"([A-Z]{2})(?=\s*[-–—:|/_]|\s*\d)")
_AT_THE_END = re.compile(r"%\s*\(?([A-Z]{2})\)?$")
_SERVICES = re.compile(
    r"dienst|service|prestation|ydelse|ytelse|tjänst|tjenest|advi[es]|rådgiv|beratung|conseil"
    r"|consult|konsul|(?:\b|werk|arbeids|man)uren\b|hours|heures|stunden",
    re.IGNORECASE,
)

_GOODS = re.compile(
    r"goed(?:eren)?\b|goods|marchandise|\bbiens\b|\bwaren|lieferung|levering|\bvar(?:er|or)\b"
    r"|produ[ck]t",
    re.IGNORECASE,
)


def vat_kind(name: str | None, code: str | None, percentage: float | None) -> str:
    """``DOMESTIC``, or what else the words say.

    Whatever has a percentage is domestic: the others are charged elsewhere or not at all.
    """
    if percentage:
        return DOMESTIC
    text = f"{(name or '')[:LONGEST_NAME]} {(code or '')[:LONGEST_NAME]}".lower()
    return next((kind for kind, words in _WORDS if re.search(words, text)), DOMESTIC)


def vat_country(name: str | None) -> str | None:
    """The country whose VAT it is, where the name tells ("BE - 21%", "Moms 25% SE")."""
    name = (name or "").strip()[:LONGEST_NAME]
    found = _AT_THE_START.match(name) or _AT_THE_END.search(name)
    return _COUNTRIES.get(found[1]) if found else None


def is_about_services(name: str | None) -> bool:
    """Whether the name of a ledger account says that services are booked on it."""
    return bool(_SERVICES.search((name or "")[:LONGEST_NAME]))


def what_is_sold(name: str | None) -> str | None:
    """ "goods" or "services", where the name of a VAT group says just one of them."""
    text = (name or "")[:LONGEST_NAME]
    are_goods, are_services = bool(_GOODS.search(text)), bool(_SERVICES.search(text))
    if are_goods == are_services:
        return None
    return "goods" if are_goods else "services"
