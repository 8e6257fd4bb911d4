"""Every open reading of Tribe's API, as a switch with a default.

A switch stands for something docs/tribe-api.md could not settle, or for another kind of tenant.
The connector may not depend on any one position.
"""

import json
from dataclasses import dataclass
from typing import Any


class UnknownSwitch(ValueError):
    """The name is not a switch, or the value does not fit it."""


@dataclass(frozen=True)
class Switch:
    """One switch. *allowed* are its values; empty: any of the default's type."""

    default: Any
    meaning: str
    allowed: tuple = ()


SWITCHES = {
    # --- Token endpoint -----------------------------------------------------------------------
    "expires_in": Switch(3600, "Seconds that an access token lives."),
    "token_style": Switch(
        "opaque",
        "An access token means nothing, and the answer says how long it lives; or it is a JWT, and "
        "only its exp says that.",
        ("opaque", "jwt"),
    ),
    "allowed_scopes": Switch(["read", "write"], "Scopes the application is configured for."),
    "redirect_uris": Switch([], "Redirect addresses registered with the application."),
    "code_lifetime": Switch(600.0, "Seconds that an authorization code is good for."),
    "pkce": Switch(
        "checked",
        "A code_challenge on the consent page is required, checked where it is sent, passed over, "
        "or refused as an unknown parameter, there or only when the code is exchanged.",
        ("required", "checked", "ignored", "refused", "refused_at_exchange"),
    ),
    "refused_scope_error": Switch(
        "invalid_grant",
        "The OAuth2 error for a scope that is not configured.",
        ("invalid_grant", "invalid_scope"),
    ),
    # --- Reading ------------------------------------------------------------------------------
    "plus_is_space": Switch(False, "Read a literal + in a query as a space."),
    "string_equality": Switch(
        "case_sensitive",
        "Whether eq on strings looks at case.",
        ("case_sensitive", "case_insensitive"),
    ),
    "top_over_limit": Switch("cap", "A $top above 100 is capped or refused.", ("cap", "error")),
    "page_limit": Switch(100, "Rows per GET at most; 100 is what is documented."),
    "count_option": Switch(
        "answered",
        "$count=true is answered, passed over, or refused.",
        ("answered", "ignored", "refused"),
    ),
    "base_set_fields": Switch(
        "base",
        "Rows of base sets show only the base type's fields, or the derived type's.",
        ("base", "derived"),
    ),
    "metadata_style": Switch(
        "inherited",
        "$metadata uses BaseType, or repeats every property on every type.",
        ("inherited", "flat"),
    ),
    "entity_by_id": Switch(True, "Entity({id}) finds any record by its ID."),
    "file_data_in_expand": Switch(True, "An expanded File carries its bytes as base64."),
    "query_lag": Switch(0.0, "Seconds that queries may lag behind writes."),
    # --- Writing ------------------------------------------------------------------------------
    "write_answer": Switch(
        "full",
        "A write answers with the record, only its ID, or 204 with or without Location.",
        ("full", "id", "empty", "bare"),
    ),
    "last_mutation_on_new": Switch(
        "null",
        "LastMutationDate of a never-edited row: null, or its CreationDate.",
        ("null", "creation"),
    ),
    "child_touches_parent": Switch(
        False, "A changed address or line touches its parent's LastMutationDate."
    ),
    "phase_touches_invoice": Switch(
        False, "A phase change touches the invoice's LastMutationDate."
    ),
    "final_invoice_writable": Switch(
        "phase",
        "What stays writable on a final invoice: the phase, all but the money, or (from before the "
        "strict policy of April 2024) everything, and it can be deleted.",
        ("phase", "non_money", "all"),
    ),
    "relation_deletion": Switch(
        "cascade",
        "Deleting a relation takes its relationships and addresses along, or keeps them without "
        "it.",
        ("cascade", "keep"),
    ),
    # --- The tenant's schema ------------------------------------------------------------------
    "billing_module": Switch(True, "The tenant has the invoicing module."),
    "import_id": Switch(True, "Entities have an ImportId."),
    "id_case": Switch("lower", "Letters of the IDs of records.", ("lower", "upper")),
    "product_price": Switch(False, "A product has a Price too, as in Efficy's own examples."),
    "relation_name": Switch(
        False, "The base set Relation has a Name, as in Efficy's own examples."
    ),
    "absent_fields": Switch(
        [],
        'Fields that this tenant lacks: ["Address/State", "Relation_Organization/Website"]. 1.2.',
    ),
    "custom_fields": Switch(
        [],
        'Custom fields: [{"type": set name, "id": UUID, "edm_type": "Edm.String"}]. 2.1.',
    ),
    "extra_phases": Switch([], "Codes of invoice phases that the tenant added."),
    "uncoded_phases": Switch([], "Names of invoice phases that the tenant added without a code."),
    "invoice_date_name": Switch("InvoiceDate", "Name of the invoice date; empty: there is none."),
    "due_date_name": Switch("DueDate", "Name of the due date; empty: there is none."),
    "invoice_date_type": Switch(
        "Edm.DateTimeOffset",
        "Type of both dates. As a moment it is midnight in Amsterdam, written in UTC.",
        ("Edm.DateTimeOffset", "Edm.Date"),
    ),
    "reference_name": Switch("", "Name of the customer's reference; empty: there is none."),
    "legal_entity_name": Switch(
        "Identity", "Navigation from an invoice to its legal entity; empty: none."
    ),
    "legal_entity_means": Switch(
        "identity",
        "That navigation leads to the identity, or to the organization behind it.",
        ("identity", "organization"),
    ),
    "total_excluding_vat_name": Switch(
        "TotalExcludingVat", "Name on the invoice, also with InCurrency; empty: none."
    ),
    "total_including_vat_name": Switch(
        "TotalIncludingVat", "Name on the invoice, also with InCurrency; empty: none."
    ),
    "vat_amount_name": Switch(
        "VatAmount", "Name on the invoice, also with InCurrency; empty: none."
    ),
    "final_flag_name": Switch("IsFinal", "Name of the final mark; empty: there is none."),
    "credit_mark_name": Switch("", "Name of the mark of a credit; empty: there is none."),
    "credit_link_name": Switch(
        "CreditedInvoice", "Navigation from a credit to its invoice; empty: none."
    ),
    "line_invoice_name": Switch("Activity", "Navigation from a line to its invoice; empty: none."),
    # --- Invoices -----------------------------------------------------------------------------
    "number_format": Switch(
        "{year}{sequence:04d}",
        "Format of an invoice number, of year, month and sequence.",
    ),
    "sending_finalises": Switch(
        True, "Sending marks an invoice final; before April 2024 it did not always."
    ),
    "invoice_day": Switch("", "The day that it is in Tribe when an invoice is sent; empty: today."),
    "invoice_day_offset": Switch(
        0, "Days from that day to the date that an invoice gets when it is sent."
    ),
    "base_currency": Switch(
        "EUR", "Currency of amounts without InCurrency.", ("EUR", "DKK", "SEK")
    ),
    "vat_rounding": Switch("line", "VAT is rounded per line or per VAT group.", ("line", "group")),
    "header_discount": Switch(
        "lines",
        "The header discount is in the lines' totals, or only in the invoice's.",
        ("lines", "header"),
    ),
    "line_totals": Switch(
        "rounded",
        "The totals of a line are rounded, or kept as they were calculated.",
        ("rounded", "unrounded"),
    ),
    "line_vat": Switch(
        "after_discount",
        "VatAmount of a line is after the line's own discount, or before it.",
        ("after_discount", "before_discount"),
    ),
    "line_vat_discount": Switch(
        "line",
        "VatAmountIncludingDiscount counts the line's own discount, or that on the whole invoice "
        "too.",
        ("line", "whole"),
    ),
    "coins": Switch(
        "cents",
        "Amounts are rounded to cents, or to the currency's own coin (JPY, KWD).",
        ("cents", "own"),
    ),
    "amount_means": Switch(
        "including",
        "What Amount is: including VAT, excluding it, or never filled.",
        ("including", "excluding", "nothing"),
    ),
    # --- What the seed contains; takes effect at the next reset -------------------------------
    "draft_code": Switch("Draft", "Code of the phase before sending; empty: it has none."),
    "foreign_currency": Switch(False, "A few invoices are in USD or DKK."),
    "credit_invoices": Switch(False, "A few invoices are credits with a negative total."),
    "header_discounts": Switch(False, "A few invoices have a header discount."),
    "legal_entities": Switch(2, "Number of legal entities.", (1, 2)),
    # --- Rate limit ---------------------------------------------------------------------------
    "rate_limit": Switch(1000, "Calls allowed within the window."),
    "rate_window": Switch(60.0, "Seconds of the sliding window."),
    "rate_counts_refused": Switch(False, "Refused calls count in the window."),
    "retry_after": Switch(False, "A 429 carries Retry-After."),
    # --- Webhooks -----------------------------------------------------------------------------
    "webhook_signature_header": Switch(
        "X-Tribe-Webhook-Signature", "Header of the signature. The name is invented."
    ),
    "webhook_secret_in_answer": Switch(
        False, "Creating a webhook through the API answers with the secret."
    ),
    "webhook_payload": Switch(
        "minimal",
        "The payload has only the ID, or also type and entityType.",
        ("minimal", "typed"),
    ),
    "phase_change_mutation": Switch(
        "both",
        "A phase change arrives as an entity mutation, a relationship mutation or both.",
        ("entity", "relationship", "both"),
    ),
    "relationship_mutation": Switch(
        "entity",
        "A change of a customer or supplier arrives as an entity mutation, or as a relationship "
        "mutation that names its relationshipId, or both.",
        ("entity", "relationship", "both"),
    ),
    "webhook_timeout": Switch(60.0, "Seconds to wait for the receiver."),
    "webhook_retry_delays": Switch(
        [0.2, 1.0], "Seconds to wait before each further attempt at a delivery."
    ),
    "webhook_duplicate_rate": Switch(0.0, "Share of deliveries that are sent twice."),
    "webhook_drop_rate": Switch(0.0, "Share of deliveries that are lost."),
    "webhook_delay": Switch(0.0, "Seconds that every delivery waits before it is sent."),
    "webhook_paused": Switch(False, "Hold deliveries back until switched off again."),
    "webhook_reorder": Switch(False, "Shuffle the deliveries that are waiting together."),
}


class Switches:
    """The current positions. Attribute access reads one; ``change`` moves several at once."""

    def __init__(self, start):
        """Take the positions in *start* (dict name -> value) over the defaults.

        Raises UnknownSwitch.
        """
        self._start = {**defaults(), **checked(start)}
        self._values = dict(self._start)

    def __getattr__(self, name):
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None

    def as_dict(self):
        """Return all positions, name -> value."""
        return dict(self._values)

    def change(self, changes):
        """Move all switches in *changes* (name -> value), or none; raises UnknownSwitch."""
        self._values = {**self._values, **checked(changes)}

    def restart(self):
        """Return to the positions the server was started with."""
        self._values = dict(self._start)


def defaults():
    """Return the default of every switch, name -> value."""
    return {name: switch.default for name, switch in SWITCHES.items()}


def checked(changes):
    """Return *changes* with numbers in the switch's own type; raises UnknownSwitch."""
    return {name: _checked_value(name, value) for name, value in changes.items()}


def parse_assignment(text):
    """Turn ``name=value`` from the command line into (name, value); raises UnknownSwitch."""

    name, separator, written = text.partition("=")
    if not separator:
        raise UnknownSwitch(f"Expected name=value, not {text!r}.")
    try:
        value = json.loads(written)
    except ValueError:
        value = written
    if name in SWITCHES and isinstance(SWITCHES[name].default, str):
        value = written
    return name, _checked_value(name, value)


def _checked_value(name, value):
    if name not in SWITCHES:
        raise UnknownSwitch(f"There is no switch named {name!r}.")
    switch = SWITCHES[name]
    expected = type(switch.default)
    if expected is float and type(value) is int:
        value = float(value)
    if type(value) is not expected:
        raise UnknownSwitch(f"Switch {name!r} takes a {expected.__name__}, not {value!r}.")
    if switch.allowed and value not in switch.allowed:
        raise UnknownSwitch(f"Switch {name!r} takes one of {switch.allowed}, not {value!r}.")
    return value
