"""The addon's texts in a language, and the English ones that a screen shows by mistake."""

import re
from functools import cached_property

import polib
from playwright.sync_api import Page

from host.paths import ADDON, CHECKOUT

ENGLISH = "en_US"
DUTCH = "nl_NL"
TRANSLATION = CHECKOUT / ADDON / "i18n" / "nl.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z]")
MARKUP = re.compile(r"</?[a-z]+\b[^>]*>")
# Shorter ones are looked for as a whole only: they can be a part of anything.
WORDS_OF_A_SENTENCE = 4
# Fewer beside placeholders say nothing: "of" is Dutch, too.
WORDS_BESIDE_PLACEHOLDERS = 3
# Every text that the screen shows or that a screen reader says, each where it stands.
TEXTS = """() => {
    const attributes = ["title", "placeholder", "aria-label", "alt", "data-tooltip"];
    const texts = [];
    for (const element of document.querySelectorAll("body *")) {
        if (!element.checkVisibility()) {
            continue;
        }
        for (const node of element.childNodes) {
            if (node.nodeType === Node.TEXT_NODE) {
                texts.push(node.textContent);
            }
        }
        for (const name of attributes) {
            texts.push(element.getAttribute(name) || "");
        }
        texts.push(element.tagName === "INPUT" ? element.value : "");
    }
    return [texts, document.body.innerText];
}"""


class Language:
    """English, as the source has it, or Dutch, as ``i18n/nl.po`` has it."""

    def __init__(self, code: str):
        self.code = code

    def __str__(self):
        return self.code

    def said(self, text: str) -> str:
        """What a text of ours is called: ``said("Show Plan")``."""
        return self._translations.get(text) or text

    def pattern(self, template: str) -> re.Pattern:
        """A sentence of ours, with anything for its placeholders."""
        return re.compile(_pattern(self.said(template)))

    def english_on(self, page: Page) -> set[str]:
        """Our English texts that a page shows although they are other ones in this language."""
        texts, everything = page.evaluate(TEXTS)
        shown = {_plain(text) for text in texts}
        shown |= {_plain(line) for line in everything.splitlines()}
        whole = _plain(everything)
        return {text for text in self._foreign if _is_shown(text, shown, whole)}

    @cached_property
    def _translations(self) -> dict[str, str]:
        if self.code == ENGLISH:
            return {}
        return {entry.msgid: entry.msgstr for entry in polib.pofile(str(TRANSLATION))}

    @cached_property
    def _foreign(self) -> set[str]:
        texts = {
            _plain(MARKUP.sub("", text))
            for text, translation in self._translations.items()
            if translation and _plain(translation) != _plain(text)
        }
        return set(filter(_is_telling, texts))


def _is_shown(text: str, shown: set[str], whole: str) -> bool:
    if text in shown:
        return True
    parts = PLACEHOLDER.split(text)
    # A search with a pattern is slow; most texts are not even there in part.
    if len(text.split()) < WORDS_OF_A_SENTENCE or not all(part in whole for part in parts):
        return False
    return bool(re.search(_pattern(text), whole))


def _pattern(text: str) -> str:
    return ".+".join(map(re.escape, PLACEHOLDER.split(text)))


def _plain(text: str) -> str:
    return " ".join(text.split())


def _is_telling(text: str) -> bool:
    words = len(re.findall(r"[^\W\d_]{2,}", PLACEHOLDER.sub("", text)))
    return words >= (WORDS_BESIDE_PLACEHOLDERS if PLACEHOLDER.search(text) else 1)
