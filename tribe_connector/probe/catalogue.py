"""All that public documentation does not settle about a tenant of Tribe, one row each.

Imports nothing of ours: docs/tribe-api.md is made from it without Odoo (``./dev messages``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# Where a reading is found: in ``$metadata``, by reading records, by writing one of our own, or only
# when the connector works.
METADATA, READING, WRITING, LATER = "metadata", "reading", "writing", "later"
# What a reading can be beside words: a number, or what the tenant or the book of ISO calls it.
NUMBER, NAME = "number", "name"
# Nothing that is counted has more; Python refuses to read a number of thousands.
MOST_DIGITS = 9
# What is said of one that was not found: it may be seen later, or only by writing.
NOT_SEEN, NOT_BY_READING, TOO_SLOW = (
    "reading_not_seen",
    "reading_cannot_be_seen",
    "reading_too_slow",
)

# The words that a reading can be, with the sentence that says it. In Tribe's sense, not in ours.
WORDS: dict[str, str] = {
    "yes": "reading_yes",
    "no": "reading_no",
    "none": "reading_none",
    "all": "reading_all",
    "some": "reading_some",
    "always": "reading_always",
    "sometimes": "reading_sometimes",
    "never": "reading_never",
    "answered": "reading_answered",
    "ignored": "reading_ignored",
    "refused": "reading_refused",
    "capped": "reading_capped",
    "more": "reading_more",
    "longer": "reading_longer",
    "space": "reading_space",
    "plus": "reading_plus",
    "case_sensitive": "reading_case_sensitive",
    "case_insensitive": "reading_case_insensitive",
    "lower": "reading_lower",
    "upper": "reading_upper",
    "mixed": "reading_mixed",
    "inherited": "reading_inherited",
    "flat": "reading_flat",
    "base": "reading_base",
    "derived": "reading_derived",
    "property": "reading_property",
    "navigation": "reading_navigation",
    "null": "reading_null",
    "absent": "reading_absent",
    "empty": "reading_empty",
    "creation": "reading_creation",
    "identity": "reading_identity",
    "organization": "reading_organization",
    "expires_in": "reading_expires_in",
    "jwt": "reading_jwt",
    "nothing": "reading_nothing",
    "prefix_where_needed": "reading_prefix_where_needed",
    "prefix_always": "reading_prefix_always",
    "code": "reading_code",
    "numbers": "reading_numbers",
    "default": "reading_default",
    "moment": "reading_moment",
    "day": "reading_day",
    "midnight_here": "reading_midnight_here",
    "midnight_utc": "reading_midnight_utc",
    "other": "reading_other",
    "lines": "reading_lines",
    "header": "reading_header",
    "line": "reading_line",
    "group": "reading_group",
    "whole": "reading_whole",
    "rounded": "reading_rounded",
    "unrounded": "reading_unrounded",
    "after_discount": "reading_after_discount",
    "before_discount": "reading_before_discount",
    "cents": "reading_cents",
    "own": "reading_own",
    "including": "reading_including",
    "excluding": "reading_excluding",
    "negative": "reading_negative",
    "positive": "reading_positive",
}


@dataclass(frozen=True)
class Reading:
    """One question about a tenant, and what we do with its answer.

    ``values`` are words of ``WORDS``, ``NUMBER`` or ``NAME``; ``assumed`` is what holds until it
    was found. ``unsupported`` are the words with which the connector cannot work, with the sentence
    of the remedy. ``unseen`` is the sentence of what to do where it was not seen. With
    ``is_correctable`` a person may say otherwise: then that counts. ``use`` is for the
    documentation.
    """

    code: str
    title: str
    how: str
    values: tuple[str, ...]
    assumed: str
    use: str
    unsupported: Mapping[str, str] = field(default_factory=dict)
    unseen: str = "reading_not_there_yet"
    is_correctable: bool = False

    def takes(self, value: str) -> bool:
        """Whether a value is one that this reading can have."""
        if value in WORDS:
            return value in self.values
        if NUMBER in self.values and value.isascii() and value.isdecimal():
            return len(value) <= MOST_DIGITS and int(value) > 0
        return NAME in self.values and value != ""


_YES_NO = ("yes", "no")
_YES_NO_REFUSED = ("yes", "no", "refused")
_A_NAME = (NAME, "none")
_OF_EITHER_KIND = "nothing goes by it: both are read"
_BY_NAME = "read by this name; it is corrected under *Fields in Tribe*"


def _signing_in():
    yield Reading(
        "token_end",
        "How Tribe Says When a Token Ends",
        READING,
        ("expires_in", "jwt", "nothing"),
        "expires_in",
        "a token is renewed a minute before; where nothing tells, after an hour or a 401",
        unseen="reading_at_next_sign_in",
    )
    yield Reading(
        "token_lifetime",
        "Seconds That a Token Lives",
        READING,
        (NUMBER,),
        "3600",
        "as above",
        unseen="reading_at_next_sign_in",
    )
    yield Reading(
        "scope",
        "Scopes That Tribe Grants",
        READING,
        (NAME, "nothing"),
        "read write",
        "shown",
        unseen="reading_at_next_sign_in",
    )
    yield Reading(
        "refused_scope",
        "Error for a Scope That Is Not Allowed",
        LATER,
        (NAME,),
        "invalid_grant",
        "`invalid_grant` and `invalid_scope` are told as the same",
        unseen="reading_either_way",
    )
    yield Reading(
        "redirect",
        "Redirect Address Is Registered",
        LATER,
        _YES_NO,
        "yes",
        "only with sign-in as a person; Tribe's own page says it",
        unseen="reading_when_person_signs_in",
    )
    yield Reading(
        "code_lifetime",
        "Seconds That a Sign-In Code Lives",
        LATER,
        (NUMBER,),
        "600",
        "it is exchanged at once",
        unseen="reading_when_person_signs_in",
    )
    yield Reading(
        "pkce",
        "Proof of a Sign-In (PKCE)",
        LATER,
        ("answered", "ignored", "refused"),
        "answered",
        "left out where Tribe refuses it, by the next sign-in",
        unseen="reading_when_person_signs_in",
    )


def _names():
    yield Reading(
        "known_names",
        "Sets and Fields That Are Missing",
        METADATA,
        (NAME, "none"),
        "none",
        "what needs them is left out, as *Check* says",
    )
    yield Reading(
        "invoicing",
        "Module for Invoices",
        METADATA,
        _YES_NO,
        "yes",
        "without it relations alone are synchronized",
    )
    yield Reading(
        "import_id",
        "Records Have an ImportId",
        METADATA,
        _YES_NO,
        "yes",
        "a record whose answer was lost is found by it; without it a person is asked",
    )
    yield Reading(
        "metadata_style",
        "Fields in the Metadata",
        METADATA,
        ("inherited", "flat"),
        "inherited",
        _OF_EITHER_KIND,
    )
    yield Reading(
        "custom_fields",
        "Names of Custom Fields",
        METADATA,
        ("prefix_where_needed", "prefix_always", "none"),
        "prefix_where_needed",
        "not synchronized",
    )
    yield Reading(
        "product_price",
        "Price of a Product",
        METADATA,
        ("property", "navigation", "none"),
        "navigation",
        "not read: an invoice line has its own",
    )
    yield Reading(
        "relation_name",
        "Relations of Any Kind Have a Name",
        METADATA,
        _YES_NO,
        "no",
        "not read: organizations and persons have theirs",
    )
    yield Reading(
        "line_invoice",
        "Link from a Line to Its Invoice",
        METADATA,
        _A_NAME,
        "none",
        "not followed: lines are read with their invoice",
    )
    yield Reading(
        "base_rows",
        "Rows of a Base Set Show",
        READING,
        ("base", "derived"),
        "base",
        "no base set is read",
    )
    yield Reading(
        "id_case",
        "Letters in IDs",
        READING,
        ("lower", "upper", "mixed"),
        "lower",
        "kept as Tribe writes them",
    )
    yield Reading(
        "unset",
        "Fields That Are Not Set",
        READING,
        ("null", "absent"),
        "null",
        "both are empty",
    )
    yield Reading(
        "legal_entities",
        "Legal Entities",
        READING,
        (NUMBER, "none"),
        "1",
        "each is mapped by itself",
    )


def _reading():
    yield Reading(
        "page_size",
        "Rows on a Page",
        READING,
        (NUMBER,),
        "100",
        "100 are asked for, or what somebody enters here; pages may be shorter at any time",
        is_correctable=True,
    )
    yield Reading(
        "page_above",
        "More Rows Than 100 Are Asked For",
        READING,
        ("capped", "more", "answered", "refused"),
        "capped",
        "never asked",
    )
    yield Reading(
        "count",
        "Counting Rows ($count)",
        READING,
        ("answered", "ignored", "refused"),
        "answered",
        "not asked where it is refused; then a list ends where nothing follows",
        is_correctable=True,
    )
    yield Reading(
        "next_link",
        "Link to the Next Page",
        READING,
        _YES_NO,
        "no",
        "a page that announces another is never the last",
    )
    yield Reading(
        "plus",
        "A + in an Address Is Read As",
        READING,
        ("plus", "space"),
        "plus",
        "never sent: a space is `%20`",
    )
    yield Reading(
        "eq_case",
        "Letters When Texts Are Compared (eq)",
        READING,
        ("case_sensitive", "case_insensitive"),
        "case_sensitive",
        "what is found is compared once more, letter by letter",
    )
    yield Reading(
        "contains",
        "Letters When Texts Are Looked Through (contains)",
        READING,
        ("case_insensitive", "case_sensitive", "refused"),
        "case_insensitive",
        "a record whose answer was lost is looked for with it",
        {"refused": "reading_filter_needed"},
    )
    yield Reading(
        "date_filter",
        "Filter by the Date of a Change",
        READING,
        ("answered", "refused"),
        "answered",
        "changes are looked for with it",
        {"refused": "reading_filter_needed"},
    )
    yield Reading(
        "path_filter",
        "Filter by a Linked Record",
        READING,
        ("answered", "refused"),
        "answered",
        "invoices are asked for by their phase",
        {"refused": "reading_filter_needed"},
    )
    yield Reading(
        "or_terms",
        "Filter with 40 Alternatives",
        READING,
        ("answered", "refused"),
        "answered",
        "records are read by their IDs, 40 in a call",
        {"refused": "reading_filter_needed"},
    )
    yield Reading(
        "longest_address",
        "Longest Address in Characters",
        READING,
        (NUMBER, "refused"),
        "4500",
        "no longer one is sent",
        {"refused": "reading_filter_needed"},
    )
    yield Reading(
        "null_filter",
        "Filter by an Empty Field",
        READING,
        ("answered", "refused"),
        "answered",
        "invoices without a date are found with it; where it is refused, by their phase alone",
    )
    yield Reading(
        "mutation_on_new",
        "Date of Change of a New Record",
        READING,
        ("empty", "creation"),
        "empty",
        "changes are looked for by this date or the one on which it was made",
    )
    yield Reading(
        "address_touches",
        "A Changed Address Dates Its Relation",
        READING,
        _YES_NO,
        "no",
        "addresses are looked through as well",
        unseen="reading_change_address",
    )
    yield Reading(
        "line_touches",
        "A Changed Line Dates Its Invoice",
        READING,
        _YES_NO,
        "no",
        "open invoices are looked at by what they show",
        unseen="reading_change_line",
    )
    yield Reading(
        "phase_touches",
        "Another Phase Dates the Invoice",
        READING,
        _YES_NO,
        "no",
        "open invoices are looked at; *Dates Tell of Every Change* is told to be wrong where it "
        "does not",
        unseen="reading_open_invoices",
    )
    yield Reading(
        "entity_by_id",
        "Any Record by Its ID (Entity)",
        READING,
        _YES_NO,
        "yes",
        "asked what a webhook's link is; without it the stream is looked through",
    )
    yield Reading(
        "clock",
        "Tribe's Clock",
        READING,
        ("answered", "none"),
        "answered",
        "changes are looked for by it; where Tribe does not tell, by our own",
    )
    yield Reading(
        "file_data",
        "Files Within Records",
        LATER,
        _YES_NO,
        "yes",
        "not read: a PDF is downloaded from its own address",
        unseen="reading_either_way",
    )
    yield Reading(
        "rate_limit",
        "Calls a Minute",
        LATER,
        (NUMBER,),
        "1000",
        "no more are made; set under *Addresses and Limits*",
        unseen="reading_limits",
    )
    yield Reading(
        "rate_refused",
        "Refused Calls Count",
        LATER,
        _YES_NO,
        "yes",
        "none is made for a minute after a refusal",
        unseen="reading_limits",
    )
    yield Reading(
        "retry_after",
        "Tribe Says How Long to Wait",
        LATER,
        _YES_NO,
        "no",
        "honored where it is longer than a minute",
        unseen="reading_limits",
    )


def _phases():
    yield Reading(
        "phases",
        "Phases of Invoices, in Tribe's Order",
        READING,
        _A_NAME,
        "Draft, Sent, Paid",
        "each after the draft is booked, unless switched off under *Invoice Phases*",
    )
    yield Reading(
        "draft_phase",
        "Draft Phase Is Known By",
        READING,
        ("code", "numbers", "default"),
        "code",
        "its invoices are not booked; corrected under *Invoice Phases*",
    )


def _invoice_names():
    for code, title in (
        ("invoice_date", "Field of the Invoice Date"),
        ("due_date", "Field of the Due Date"),
        ("reference", "Field of the Customer's Reference"),
        ("total_untaxed", "Field of the Total Without VAT"),
        ("total_vat", "Field of the VAT"),
        ("total", "Field of the Total With VAT"),
        ("final_mark", "Mark of a Final Invoice"),
        ("credit_mark", "Mark of a Credit Invoice"),
        ("credit_link", "Link to the Credited Invoice"),
        ("legal_entity", "Link to the Legal Entity"),
    ):
        assumed, needed = _ASSUMED_NAMES[code], _NEEDED_NAMES.get(code, {})
        yield Reading(code, title, METADATA, _A_NAME, assumed, _BY_NAME, needed)
    yield Reading(
        "payment_reference",
        "Field of the Payment Reference",
        METADATA,
        _A_NAME,
        "none",
        "not read yet: Odoo makes its own",
    )
    yield Reading(
        "legal_entity_means",
        "That Link Leads To",
        METADATA,
        ("identity", "organization", "none"),
        "identity",
        _OF_EITHER_KIND,
    )
    yield Reading(
        "invoice_date_type",
        "Type of the Invoice Date",
        METADATA,
        ("moment", "day", "none"),
        "moment",
        "filters are written in it",
    )


# Without these no invoice can be booked.
_NEEDED_NAMES = {"invoice_date": {"none": "reading_no_invoice_date"}}
_ASSUMED_NAMES = {
    "invoice_date": "InvoiceDate",
    "due_date": "DueDate",
    "reference": "none",
    "total_untaxed": "TotalExcludingVat",
    "total_vat": "VatAmount",
    "total": "TotalIncludingVat",
    "final_mark": "IsFinal",
    "credit_mark": "none",
    "credit_link": "CreditedInvoice",
    "legal_entity": "Identity",
}


def _invoices():
    yield Reading(
        "invoice_day",
        "Time of Day in the Invoice Date",
        READING,
        ("midnight_here", "midnight_utc", "day", "other"),
        "midnight_here",
        "the day is that of the legal entity's time zone",
    )
    yield Reading(
        "due_date_filled",
        "Invoices with a Due Date",
        READING,
        ("always", "sometimes", "never"),
        "sometimes",
        "without one it follows from the customer's payment term",
    )
    yield Reading(
        "final_filled",
        "Sent Invoices That Are Marked as Final",
        READING,
        ("always", "sometimes", "never"),
        "always",
        "one that says that it is not final is held",
        {"never": "reading_never_final"},
    )
    yield Reading(
        "invoice_number",
        "Shape of Invoice Numbers",
        READING,
        (NAME,),
        "99999999",
        "taken over as it is",
    )
    yield Reading(
        "prices_including",
        "Invoices with Prices Including VAT",
        READING,
        ("always", "sometimes", "never"),
        "sometimes",
        _OF_EITHER_KIND,
    )
    yield Reading(
        "currencies",
        "Currencies of Invoices",
        READING,
        (NAME,),
        "EUR",
        "each has to be active in Odoo",
    )
    yield Reading(
        "base_currency",
        "Tribe's Own Currency",
        READING,
        (NAME,),
        "EUR",
        "the amounts in the invoice's currency are booked",
    )
    yield Reading(
        "totals",
        "Recent Invoices Whose Totals Agree with Their Lines",
        READING,
        ("all", "some", "none"),
        "all",
        "what does not agree is held",
        {"none": "reading_totals_disagree"},
    )
    yield Reading(
        "header_discount",
        "Discount on a Whole Invoice Is In",
        READING,
        ("lines", "header", "mixed"),
        "lines",
        _OF_EITHER_KIND,
    )
    yield Reading(
        "vat_rounding",
        "VAT Is Rounded Per",
        READING,
        ("line", "group", "mixed"),
        "line",
        _OF_EITHER_KIND,
    )
    yield Reading(
        "line_totals",
        "Totals of Lines Are",
        READING,
        ("rounded", "unrounded"),
        "rounded",
        _OF_EITHER_KIND,
    )
    yield Reading(
        "line_vat",
        "VatAmount of a Line Counts",
        READING,
        ("after_discount", "before_discount", "mixed"),
        "after_discount",
        "used only where a line has no totals",
    )
    yield Reading(
        "line_vat_discount",
        "VatAmountIncludingDiscount of a Line Counts",
        READING,
        ("line", "whole", "mixed"),
        "line",
        "tells whether lines have the discount on the whole invoice",
    )
    yield Reading(
        "coins",
        "Amounts in Currencies Without Cents",
        READING,
        ("cents", "own"),
        "cents",
        _OF_EITHER_KIND,
    )
    yield Reading(
        "amount",
        "Amount of an Invoice Is",
        READING,
        ("including", "excluding", "nothing", "other"),
        "including",
        "used only where an invoice has no other total",
    )
    yield Reading(
        "credits",
        "Credit Invoices Have Amounts That Are",
        READING,
        ("negative", "positive", "mixed"),
        "negative",
        "those with a mark may be positive",
    )
    yield Reading(
        "final_writable",
        "Final Invoices Can Be Changed",
        LATER,
        _YES_NO,
        "no",
        "a change is seen, and told as a difference",
        unseen="reading_either_way",
    )
    yield Reading(
        "number_day",
        "Day That Tribe Gives an Invoice",
        LATER,
        (NAME,),
        "today",
        "booked on the date that Tribe shows",
        unseen="reading_either_way",
    )


def _writing():
    yield _written(
        "lag",
        "Seconds Until a Change Can Be Read",
        (NUMBER, "none", "longer"),
        "none",
        "what a webhook tells of is read at once, and once more after that time; looks for changes "
        "go back further than it",
        {"longer": "reading_lag_too_long"},
        is_correctable=True,
    )
    yield _written(
        "create_answer", "Answer to a New Record", (NAME,), "201 record", "what it lacks is read"
    )
    yield _written(
        "write_answer", "Answer to a Change", (NAME,), "200 record", "what it lacks is read"
    )
    yield _written(
        "partial_update",
        "An Update Leaves Other Fields Alone",
        _YES_NO,
        "yes",
        "only what changed is sent",
        {"no": "reading_writing_needed"},
    )
    yield _written(
        "clearing",
        "A Field Is Emptied by null",
        _YES_NO_REFUSED,
        "yes",
        "sent where Odoo's is empty",
        {"no": "reading_writing_needed", "refused": "reading_writing_needed"},
    )
    yield _written(
        "empty_text", "A Field Is Emptied by an Empty Text", _YES_NO_REFUSED, "no", "never sent"
    )
    yield _written(
        "nested_create",
        "A Record Is Made with Its Parts",
        _YES_NO_REFUSED,
        "yes",
        "one call for a customer and its organization",
        {"no": "reading_writing_needed", "refused": "reading_writing_needed"},
    )
    yield _written(
        "relation_deletion",
        "A Deleted Relation Takes Its Parts Along",
        _YES_NO,
        "yes",
        "no relation of anybody is deleted; one that is gone is told",
    )
    yield from _webhooks()


def _webhooks():
    yield _written(
        "webhook",
        "Webhooks Arrive",
        _YES_NO_REFUSED,
        "yes",
        "changes are also looked for",
    )
    yield _written(
        "webhook_wait",
        "Seconds Until a Webhook Arrives",
        (NUMBER, "none"),
        "none",
        "nothing waits for one",
    )
    yield _written(
        "webhook_read",
        "A Read When the Webhook Arrives Shows the Change",
        _YES_NO,
        "yes",
        "where it does not, what it tells of is read once more",
    )
    yield _written(
        "webhook_header",
        "Header of a Webhook's Signature",
        _A_NAME,
        "none",
        "all headers are compared",
    )
    yield _written(
        "webhook_payload",
        "What a Webhook Tells",
        (NAME,),
        "entityId",
        "it only means: look now",
    )
    yield _written(
        "webhook_kind",
        "Kind of Change That a Webhook Names",
        _A_NAME,
        "none",
        "not needed: what changed is read",
    )
    yield _written(
        "webhook_secret",
        "Tribe Answers with a Webhook's Secret",
        _YES_NO,
        "no",
        "entered by hand; our own header protects webhooks too",
    )
    for code, title, assumed, use in (
        (
            "phase_webhook",
            "Another Phase Is Told As",
            "both",
            "records and links are both taken",
        ),
        ("relationship_webhook", "A Changed Customer Is Told As", "entity", "as above"),
        (
            "webhook_delivery",
            "Webhooks That Come Late, Twice or Never",
            "any",
            "each is harmless",
        ),
    ):
        yield Reading(code, title, LATER, (NAME,), assumed, use, unseen="reading_either_way")


def _written(code, title, values, assumed, use, unsupported=(), **options):
    return Reading(
        code,
        title,
        WRITING,
        values,
        assumed,
        use,
        dict(unsupported),
        unseen="reading_try_writing",
        **options,
    )


READINGS: dict[str, Reading] = {
    each.code: each
    for part in (_signing_in, _names, _reading, _phases, _invoice_names, _invoices, _writing)
    for each in part()
}
