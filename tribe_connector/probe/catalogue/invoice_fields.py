"""The phases of invoices, and what their fields are called."""

from collections.abc import Mapping

from .reading import A_NAME, METADATA, OF_EITHER_KIND, READING, Reading

PHASES = (
    Reading(
        "phases",
        "Phases of Invoices, in Tribe's Order",
        READING,
        A_NAME,
        "Draft, Sent, Paid",
        "each after the draft is booked, unless switched off under *Invoice Phases*",
    ),
    Reading(
        "draft_phase",
        "Draft Phase Is Known By",
        READING,
        ("code", "numbers", "default"),
        "code",
        "its invoices are not booked; corrected under *Invoice Phases*",
    ),
)


def _named(
    code: str, title: str, assumed: str, unsupported: Mapping[str, str] | None = None
) -> Reading:
    use = "read by this name; it is corrected under *Fields in Tribe*"
    return Reading(code, title, METADATA, A_NAME, assumed, use, unsupported or {})


INVOICE_FIELDS = (
    _named(
        "invoice_date",
        "Field of the Invoice Date",
        "InvoiceDate",
        # Without it no invoice can be booked.
        {"none": "reading_no_invoice_date"},
    ),
    _named("due_date", "Field of the Due Date", "DueDate"),
    _named("reference", "Field of the Customer's Reference", "none"),
    _named("total_untaxed", "Field of the Total Without VAT", "TotalExcludingVat"),
    _named("total_vat", "Field of the VAT", "VatAmount"),
    _named("total", "Field of the Total With VAT", "TotalIncludingVat"),
    _named("final_mark", "Mark of a Final Invoice", "IsFinal"),
    _named("credit_mark", "Mark of a Credit Invoice", "none"),
    _named("credit_link", "Link to the Credited Invoice", "CreditedInvoice"),
    _named("legal_entity", "Link to the Legal Entity", "Identity"),
    Reading(
        "payment_reference",
        "Field of the Payment Reference",
        METADATA,
        A_NAME,
        "none",
        "not read yet: Odoo makes its own",
    ),
    Reading(
        "legal_entity_means",
        "That Link Leads To",
        METADATA,
        ("identity", "organization", "none"),
        "identity",
        OF_EITHER_KIND,
    ),
    Reading(
        "invoice_date_type",
        "Type of the Invoice Date",
        METADATA,
        ("moment", "day", "none"),
        "moment",
        "filters are written in it",
    ),
)
