"""Tenants that work in any way at once: switches drawn by chance, from a seed."""

import random

from .switches import SWITCHES

UUID = "e4d6da94-fe9d-43e8-be1f-8a359911b9a8"
UUID_OF_DIGIT = "9ecc8d21-f69a-4f4c-a239-5db7a5f21ddd"
HIGHEST_SEED = 10**9
# Longer than any test.
FOR_GOOD = 10.0**9
# Of how many switches are elsewhere than by default.
SHARES = (0.1, 0.25, 0.5, 0.8)
# With some of their positions the connector claims no tenant, whatever else is so: mostly the
# others are to be seen.
RARE = {"sending_finalises": 0.2, "invoice_date_name": 0.3, "legal_entity_name": 0.3}
# Other positions of the switches that take any value of a kind.
POSITIONS = {
    "absent_fields": (["Address/State"], ["Relation_Organization/Website", "Address/State"]),
    "allowed_scopes": (["read", "write", "offline"],),
    "code_lifetime": (10.0,),
    "credit_link_name": ("OriginalInvoice", ""),
    "credit_mark_name": ("IsCredit", "IsCreditNote"),
    "custom_fields": tuple(
        [{"type": "Relation_Organization", "id": identifier}]
        for identifier in (UUID, UUID_OF_DIGIT)
    ),
    "draft_code": ("Concept", ""),
    "due_date_name": ("ExpirationDate", "InvoiceDueDate", ""),
    "expires_in": (1200,),
    "extra_phases": (["Reminder"],),
    "final_flag_name": ("IsFinalized", ""),
    "invoice_date_name": ("Date", "Datum", ""),
    "invoice_day": (),
    "invoice_day_offset": (-3, 3),
    "legal_entity_name": ("LegalEntity", "Onderneming", ""),
    "line_invoice_name": ("Invoice", ""),
    "number_format": ("F-{year}-{sequence:05d}",),
    "page_limit": (1, 3, 20, 200),
    "query_lag": (FOR_GOOD,),
    "rate_limit": (900,),
    "rate_window": (30.0,),
    "redirect_uris": (["https://odoo.example/tribe/callback"],),
    "reference_name": ("CustomerReference", "Reference"),
    "total_excluding_vat_name": ("",),
    "total_including_vat_name": ("",),
    "uncoded_phases": (["Herinnering"],),
    "vat_amount_name": ("TotalVat", ""),
    "webhook_delay": (1.0,),
    "webhook_drop_rate": (0.5,),
    "webhook_duplicate_rate": (1.0,),
    "webhook_retry_delays": ([0.1],),
    "webhook_signature_header": ("X-Signature",),
    "webhook_timeout": (5.0,),
}


def drawn(seed, left_alone=()):
    """The switches of one combination that are elsewhere than by default.

    *left_alone* are the names of those that stay there.
    """
    chance = random.Random(seed)
    share = chance.choice(SHARES)
    switches = {}
    for name in sorted(SWITCHES):
        # Drawn all the same: a switch that is left alone changes nothing of the others.
        is_moved = chance.random() < share * RARE.get(name, 1)
        position = chance.random()
        positions = other_positions(name)
        if is_moved and positions and name not in left_alone:
            switches[name] = positions[int(position * len(positions))]
    return switches


def other_positions(name):
    """All positions of a switch that are drawn, but for its default."""
    switch = SWITCHES[name]
    is_yes_or_no = type(switch.default) is bool
    known = switch.allowed or ((True, False) if is_yes_or_no else POSITIONS[name])
    return [each for each in known if each != switch.default]
