"""How signing in works."""

from .reading import LATER, NAME, NUMBER, READING, YES_NO, Reading

SIGNING_IN = (
    Reading(
        "token_end",
        "How Tribe Says When a Token Ends",
        READING,
        ("expires_in", "jwt", "nothing"),
        "expires_in",
        "a token is renewed a minute before; where nothing tells, after an hour or a 401",
        unseen="reading_at_next_sign_in",
    ),
    Reading(
        "token_lifetime",
        "Seconds That a Token Lives",
        READING,
        (NUMBER,),
        "3600",
        "as above",
        unseen="reading_at_next_sign_in",
    ),
    Reading(
        "scope",
        "Scopes That Tribe Grants",
        READING,
        (NAME, "nothing"),
        "read write",
        "shown",
        unseen="reading_at_next_sign_in",
    ),
    Reading(
        "refused_scope",
        "Error for a Scope That Is Not Allowed",
        LATER,
        (NAME,),
        "invalid_grant",
        "`invalid_grant` and `invalid_scope` are told as the same",
        unseen="reading_either_way",
    ),
    Reading(
        "redirect",
        "Redirect Address Is Registered",
        LATER,
        YES_NO,
        "yes",
        "only with sign-in as a person; Tribe's own page says it",
        unseen="reading_when_person_signs_in",
    ),
    Reading(
        "code_lifetime",
        "Seconds That a Sign-In Code Lives",
        LATER,
        (NUMBER,),
        "600",
        "it is exchanged at once",
        unseen="reading_when_person_signs_in",
    ),
    Reading(
        "pkce",
        "Proof of a Sign-In (PKCE)",
        LATER,
        ("answered", "ignored", "refused"),
        "answered",
        "left out where Tribe refuses it, by the next sign-in",
        unseen="reading_when_person_signs_in",
    ),
)
