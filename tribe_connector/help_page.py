"""Where the pages for users are, which ``./dev pages`` makes from the docs."""

FOLDER = "/tribe_connector/static/docs"
LANGUAGES = ("en", "nl")


def help_page(env, name: str = "index", anchor: str = "") -> str:
    """The address of a page in the reader's language; in English, where it is not translated.

    :param anchor: of a heading, the same in each language, or the code of a message
    """
    language = (env.lang or "").partition("_")[0]
    folder = f"{FOLDER}/{language if language in LANGUAGES else 'en'}"
    return f"{folder}/{name}.html{anchor and f'#{anchor}'}"
