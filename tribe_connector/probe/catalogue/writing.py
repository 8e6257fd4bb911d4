"""What only writing shows."""

from .reading import NAME, NUMBER, YES_NO, YES_NO_REFUSED, written

WRITING_READINGS = (
    written(
        "lag",
        "Seconds Until a Change Can Be Read",
        (NUMBER, "none", "longer"),
        "none",
        "what a webhook tells of is read at once, and once more after that time; looks for changes "
        "go back further than it",
        {"longer": "reading_lag_too_long"},
        is_correctable=True,
    ),
    written(
        "create_answer", "Answer to a New Record", (NAME,), "201 record", "what it lacks is read"
    ),
    written("write_answer", "Answer to a Change", (NAME,), "200 record", "what it lacks is read"),
    written(
        "partial_update",
        "An Update Leaves Other Fields Alone",
        YES_NO,
        "yes",
        "only what changed is sent",
        {"no": "reading_writing_needed"},
    ),
    written(
        "clearing",
        "A Field Is Emptied by null",
        YES_NO_REFUSED,
        "yes",
        "sent where Odoo's is empty",
        {"no": "reading_writing_needed", "refused": "reading_writing_needed"},
    ),
    written(
        "empty_text", "A Field Is Emptied by an Empty Text", YES_NO_REFUSED, "no", "never sent"
    ),
    written(
        "nested_create",
        "A Record Is Made with Its Parts",
        YES_NO_REFUSED,
        "yes",
        "one call for a customer and its organization",
        {"no": "reading_writing_needed", "refused": "reading_writing_needed"},
    ),
    written(
        "relation_deletion",
        "A Deleted Relation Takes Its Parts Along",
        YES_NO,
        "yes",
        "no relation of anybody is deleted; one that is gone is told",
    ),
)
