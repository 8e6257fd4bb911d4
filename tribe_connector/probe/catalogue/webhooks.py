"""How webhooks arrive."""

from .reading import A_NAME, LATER, NAME, NUMBER, YES_NO, YES_NO_REFUSED, Reading, written


def _seen_in_use(code: str, title: str, assumed: str, use: str) -> Reading:
    return Reading(code, title, LATER, (NAME,), assumed, use, unseen="reading_either_way")


WEBHOOKS = (
    written(
        "webhook",
        "Webhooks Arrive",
        YES_NO_REFUSED,
        "yes",
        "changes are also looked for",
    ),
    written(
        "webhook_wait",
        "Seconds Until a Webhook Arrives",
        (NUMBER, "none"),
        "none",
        "nothing waits for one",
    ),
    written(
        "webhook_read",
        "A Read When the Webhook Arrives Shows the Change",
        YES_NO,
        "yes",
        "where it does not, what it tells of is read once more",
    ),
    written(
        "webhook_header",
        "Header of a Webhook's Signature",
        A_NAME,
        "none",
        "all headers are compared",
    ),
    written(
        "webhook_payload",
        "What a Webhook Tells",
        (NAME,),
        "entityId",
        "it only means: look now",
    ),
    written(
        "webhook_kind",
        "Kind of Change That a Webhook Names",
        A_NAME,
        "none",
        "not needed: what changed is read",
    ),
    written(
        "webhook_secret",
        "Tribe Answers with a Webhook's Secret",
        YES_NO,
        "no",
        "entered by hand; our own header protects webhooks too",
    ),
    _seen_in_use(
        "phase_webhook", "Another Phase Is Told As", "both", "records and links are both taken"
    ),
    _seen_in_use("relationship_webhook", "A Changed Customer Is Told As", "entity", "as above"),
    _seen_in_use(
        "webhook_delivery", "Webhooks That Come Late, Twice or Never", "any", "each is harmless"
    ),
)
