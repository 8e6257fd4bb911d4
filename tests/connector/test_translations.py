"""Every sentence can be read in Dutch."""

import ast
import io
import re
from pathlib import Path

import polib
from lxml import etree

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools.translate import trans_export

from .relation_case import RelationCase

ADDON = Path(__file__).resolve().parents[2] / "tribe_connector"
TEMPLATE = ADDON / "i18n" / "tribe_connector.pot"
DUTCH = ADDON / "i18n" / "nl.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z%]")
MARKUP = re.compile(r"</?[a-z]+\b[^>]*>")

# One word for each thing, and one tone; each pattern is of another word or tone.
OTHER_DUTCH = {
    "applicatie": re.compile(r"\btoepassing"),
    "je": re.compile(r"\bu\b|\buw\b"),
    "klik op": re.compile(r"\bdruk(ken|t)? (nogmaals )?op\b|\bwerd gedrukt\b", re.IGNORECASE),
    "aflettering": re.compile(r"afletterring"),
    "ons ID": re.compile(r"\bonze ID\b"),
    "Open de verbinding": re.compile(r"Open de koppeling"),
    "versturen": re.compile(r"^Verzend|\bVerzend(en)?\b"),
}


@tagged("post_install", "-at_install")
class TestTranslations(TransactionCase):
    """The files in i18n/ are those of the addon as it is."""

    def test_the_template_has_the_terms_of_the_addon(self):
        exported = io.BytesIO()
        trans_export(None, ["tribe_connector"], exported, "po", self.env)
        terms = {entry.msgid for entry in polib.pofile(exported.getvalue().decode())}
        module = self.env.ref("base.module_tribe_connector")
        terms |= {module.shortdesc, module.summary}
        written = {entry.msgid for entry in polib.pofile(str(TEMPLATE))}
        self.assertEqual(terms - written, set(), "new terms: run ./dev translations")
        self.assertEqual(written - terms, set(), "terms that are gone: run ./dev translations")

    def test_dutch_is_complete(self):
        terms = {entry.msgid for entry in polib.pofile(str(TEMPLATE))}
        dutch = polib.pofile(str(DUTCH))
        self.assertEqual({entry.msgid for entry in dutch}, terms)
        self.assertEqual([entry.msgid for entry in dutch if not entry.msgstr or entry.fuzzy], [])

    def test_a_translation_has_the_placeholders_of_its_term(self):
        for entry in polib.pofile(str(DUTCH)):
            with self.subTest(entry.msgid):
                term, translation = (
                    sorted(PLACEHOLDER.findall(text)) for text in (entry.msgid, entry.msgstr)
                )
                self.assertEqual(translation, term)

    def test_dutch_has_one_word_for_each_thing(self):
        for word, others in OTHER_DUTCH.items():
            with self.subTest(word):
                found = [e.msgstr for e in polib.pofile(str(DUTCH)) if others.search(e.msgstr)]
                self.assertEqual(found, [])

    def test_a_translation_has_the_markup_of_its_term(self):
        for entry in polib.pofile(str(DUTCH)):
            if MARKUP.search(entry.msgid):
                with self.subTest(entry.msgid):
                    self.assertEqual(_elements(entry.msgstr), _elements(entry.msgid))

    def test_errors_outside_the_models_are_templates(self):
        """An f-string, or a text that is put together, has no translation."""
        for folder in ("tribe_api", "mapping", "engine", "relations", "invoices"):
            for path in sorted((ADDON / folder).glob("*.py")):
                for call in _raised(ast.parse(path.read_text())):
                    with self.subTest(file=path.name, line=call.lineno):
                        self.assertNotIsInstance(call.args[0], (ast.JoinedStr, ast.Constant))


# What is raised for a mistake of the caller, which no user sees.
FOR_PROGRAMMERS = (
    *("ValueError", "TypeError", "WebhookUnreadable", "ChunkedEncodingError"),
    "ConnectionAbortedError",
    # It has a code, of which mapping/invoice.py makes the sentence.
    "TotalsDisagree",
)


def _raised(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            name = getattr(node.exc.func, "id", getattr(node.exc.func, "attr", ""))
            if name not in FOR_PROGRAMMERS and not name.startswith("_") and name[0].isupper():
                yield node.exc


def _elements(text):
    parsed = etree.fromstring(f"<term>{text}</term>")
    return [element.tag for element in parsed.iter()]


class TestDutchUser(RelationCase):
    """Somebody who uses Odoo in Dutch."""

    def setUp(self):
        super().setUp()
        self.env["res.lang"]._activate_lang("nl_NL")
        self.env["ir.module.module"]._load_module_terms(["tribe_connector"], ["nl_NL"])
        self.connection.responsible_id = self.env.user
        self.env.user.lang = "nl_NL"

    def test_an_error_of_tribe_is_shown_in_dutch(self):
        self.connection.client_secret = "wrong"
        with (
            self.enter_registry_test_mode(),
            self.assertRaisesRegex(UserError, "Tribe accepteert het client-ID niet"),
        ):
            self.connection.with_context(lang="nl_NL").action_connect()

    def test_labels_are_dutch(self):
        partner = self.env["res.partner"].with_context(lang="nl_NL")
        labels = partner.fields_get(["debtor_number", "creditor_number"], ["string"])
        self.assertEqual(
            [each["string"] for each in labels.values()], ["Debiteurnummer", "Crediteurnummer"]
        )
