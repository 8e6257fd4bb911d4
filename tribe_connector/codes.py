"""What is stored as a code: kinds, states, reasons and marks, and groups of them."""

# States of connections

# In which records go across.
WORKING_STATES = ("initial", "active")
# And those in which what changes is noted: it is done at once, or when it goes on.
RUNNING_STATES = (*WORKING_STATES, "paused")

# Links

RELATION_KINDS = ("organization", "person")
RELATIONSHIP_KINDS = ("customer", "supplier")
# Of links that nothing goes through any more, whatever becomes of their contact.
DEAD_STATES = ("gone", "left_to_odoo")
# Of links through which nothing goes, so that there is nothing for a person to decide.
ENDED_STATES = (*DEAD_STATES, "merged", "unlinked")
# What is kept with the agreed values of a relationship: the IDs of others that end with it.
ALSO_ENDED = "also_ended"
# Kept in their place while nothing is agreed on yet: the contact was linked with a relation that is
# gone, before a person linked it with this one.
LINKED_BEFORE = "linked_before"
# Kept with the dates of what was shown: some of it did not show when it was read last, and was
# doubted (``tribe.relation.comparer``).
DOUBTED = "doubted"
# Stream of tribe.cursor: from when on no read is from before a backup of Tribe was restored.
RESTORED = "restored"
# Under what the marks of a relation have the ID of its address.
ADDRESS_MARK = "address"
# What is compared with Tribe: neither left to Odoo nor deleted in Tribe.
COMPARED = ("linked", "differs")

# What is to become of a contact and its relation

# Nothing differs.
SAME = "same"
# Odoo's contact and Tribe's relation are one and the same, and do not know it yet.
LINK = "link"
# They know each other, and differ.
UPDATE = "update"
CREATE_TRIBE = "create_tribe"
CREATE_ODOO = "create_odoo"
# The relation was deleted in Tribe.
GONE = "gone"
# Only a person can tell.
QUESTION = "question"
DEACTIVATE = "deactivate"

# Phases of invoices

DRAFT_CODE = "draft"
PAID_CODE, SENT_CODE = "Paid", "Sent"
# The codes that Tribe documents for phases after sending (docs/tribe-api.md, Invoices).
SENT_CODES = ("sent", "paid")

# Reasons of work, and what is kept with it

# The reason of work (``tribe.work``) with which a person has an invoice booked although another
# one has its number.
BOOK_ANYWAY = "book_anyway"
# The reason of work with which a person has Tribe told that an invoice is not paid any more.
MOVE_BACK = "move_back"
# The reason with which a person has an invoice booked again that Tribe was told is paid.
TOLD_PAID = "told_paid"
# Where the facts of an invoice have the phase (its Tribe ID) from which Tribe was told Paid.
PHASE_BEFORE = "phase_before"
# Where the facts of work have who asked for it (the ID of a user).
ASKED_BY = "asked_by"
# What a person decided about an invoice is known by its row of work alone. Of several, the first.
DECISIONS = (TOLD_PAID, BOOK_ANYWAY, MOVE_BACK)
# The reasons of what somebody waits for.
ASKED_FOR = ("person", *DECISIONS)

# A kind of work (engine/kinds.py has all of them): trying how Tribe takes writes (``tribe.trial``).
TRIAL = "trial"

# The order of work

# How urgent work is: what a person asked for, what Tribe told, what follows from other work; then
# what was found by looking, in the night or at the start, and whatever could not be done before.
ASKED, TOLD, FOLLOWING, FOUND = range(4)
# The same of a row, as SQL. The index by which lanes find the first row of each has this very text.
URGENCY = f"""
    CASE WHEN error_class IS NOT NULL THEN {FOUND}
         WHEN reason IN {ASKED_FOR} THEN {ASKED}
         WHEN reason = 'webhook' THEN {TOLD}
         WHEN reason = 'follow' THEN {FOLLOWING}
         ELSE {FOUND} END
"""
