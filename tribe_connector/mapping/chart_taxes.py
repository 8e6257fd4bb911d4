"""Which sales taxes the charts of Odoo have for a kind of VAT, for goods and for services.

Only what a chart makes clear is here. The IDs are those in ``data/template/account.tax-*.csv`` of
Odoo's ``l10n_nl``, ``l10n_be``, ``l10n_dk``, ``l10n_se`` and ``l10n_no``.
"""

from __future__ import annotations

from collections.abc import Iterable

from .vat_kind import (
    DOMESTIC,
    EXEMPT,
    EXPORT,
    INTRA_COMMUNITY,
    OUT_OF_SCOPE,
    REVERSE_CHARGED,
)

# By chart, kind and percentage. No second tax: the first is for services too.
_TAXES: dict[str, dict[tuple[str, float], tuple[str, str | None]]] = {
    "nl": {
        (DOMESTIC, 21): ("btw_21", "btw_21_d"),
        (DOMESTIC, 9): ("btw_9", "btw_9_d"),
        (DOMESTIC, 0): ("btw_0", "btw_0_d"),
        (REVERSE_CHARGED, 0): ("btw_verk_0", None),
        (INTRA_COMMUNITY, 0): ("btw_X0_producten", "btw_X0_diensten"),
        (EXPORT, 0): ("btw_X1", None),
    },
    # The domestic ones for services are archived until somebody wants them.
    "be": {
        (DOMESTIC, 21): ("attn_VAT-OUT-21-L", "attn_VAT-OUT-21-S"),
        (DOMESTIC, 12): ("attn_VAT-OUT-12-L", "attn_VAT-OUT-12-S"),
        (DOMESTIC, 6): ("attn_VAT-OUT-06-L", "attn_VAT-OUT-06-S"),
        (DOMESTIC, 0): ("attn_VAT-OUT-00-L", "attn_VAT-OUT-00-S"),
        (REVERSE_CHARGED, 0): ("attn_VAT-OUT-00-CC", None),
        (INTRA_COMMUNITY, 0): ("attn_VAT-OUT-00-EU-L", "attn_VAT-OUT-00-EU-S"),
        (EXPORT, 0): ("attn_VAT-OUT-00-ROW", None),
    },
    # Of 0 % at home it has one for section C of the return and some for no section at all, and
    # none for the domestic reverse charge.
    "dk": {
        (DOMESTIC, 25): ("tax_s1", "tax_s1y"),
        (EXEMPT, 0): ("tax_smf", None),
        (OUT_OF_SCOPE, 0): ("tax_s%", None),
        (INTRA_COMMUNITY, 0): ("tax_s2", "tax_s3"),
        (EXPORT, 0): ("tax_s4", "tax_s5"),
    },
    # It has none for the fields 41 (domestic reverse charge) and 42 (exempt) of the return.
    "se": {
        (DOMESTIC, 25): ("sale_tax_25_goods", "sale_tax_25_services"),
        (DOMESTIC, 12): ("sale_tax_12_goods", "sale_tax_12_services"),
        (DOMESTIC, 6): ("sale_tax_6_goods", "sale_tax_6_services"),
        (INTRA_COMMUNITY, 0): ("sale_tax_goods_EC", "sale_tax_services_EC"),
        (EXPORT, 0): ("sale_tax_goods_NEC", "sale_tax_services_NEC"),
    },
    # Outside of the EU: what goes there is exported. Exempt ("unntatt") is outside of the law,
    # code 6; zero-rated ("fritatt") is code 5.
    "no": {
        (DOMESTIC, 25): ("tax3", None),
        (DOMESTIC, 15): ("tax15", None),
        (DOMESTIC, 12): ("tax17", None),
        (DOMESTIC, 0): ("tax4", None),
        (OUT_OF_SCOPE, 0): ("tax5", None),
        (REVERSE_CHARGED, 0): ("tax18", None),
        (INTRA_COMMUNITY, 0): ("tax19", None),
        (EXPORT, 0): ("tax19", None),
    },
}


def chart_taxes(
    charts: Iterable[str], kind: str, percentage: float | None
) -> tuple[str | None, str | None]:
    """The IDs of a company's taxes for goods and for services; None where it is not clear.

    *charts* are the company's chart and those it is based on: companies of Belgium have
    ``be_comp`` or ``be_asso``, and both are based on ``be``.
    """
    of_chart = next((_TAXES[chart] for chart in charts if chart in _TAXES), {})
    return of_chart.get((kind, percentage or 0), (None, None))


def is_chart_known(charts: Iterable[str]) -> bool:
    """Whether the taxes of a company's chart, or of one it is based on, are listed here."""
    return any(chart in _TAXES for chart in charts)
