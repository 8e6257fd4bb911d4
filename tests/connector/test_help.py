"""The links to the pages for users: in the reader's language, to what is there."""

from pathlib import Path

from lxml import html

from odoo.tests import tagged

from .test_messages import MessageCase

ADDON = Path(__file__).resolve().parents[2] / "tribe_connector"


@tagged("standard", "post_install", "-at_install")
class TestHelp(MessageCase):
    def assert_leads_to(self, link, language, page, anchor=""):
        path, _hash, found = link.partition("#")
        self.assertEqual(path, f"/tribe_connector/static/docs/{language}/{page}.html")
        file = ADDON / path.removeprefix("/tribe_connector/")
        self.assertTrue(file.exists(), link)
        self.assertEqual(found, anchor)
        if anchor:
            document = html.document_fromstring(file.read_text())
            self.assertTrue(document.xpath(f"//*[@id='{anchor}']"), link)

    def in_language(self, records, code):
        self.env["res.lang"]._activate_lang(code)
        return records.with_context(lang=code)

    def test_the_connection_leads_to_the_first_steps(self):
        self.assert_leads_to(self.connection.help_url, "en", "index")
        for code, language in (("nl_NL", "nl"), ("nl_BE", "nl"), ("fr_FR", "en"), ("en_GB", "en")):
            with self.subTest(code):
                connection = self.in_language(self.connection, code)
                self.assert_leads_to(connection.help_url, language, "index")

    def test_a_connection_that_is_being_made_does_too(self):
        fields = {"help_url": {}}
        connections = self.in_language(self.env["tribe.connection"], "nl_NL")
        value = connections.onchange({}, [], fields)["value"]
        self.assert_leads_to(value["help_url"], "nl", "index")

    def test_so_do_the_settings(self):
        settings = self.env["res.config.settings"].new({})
        self.assert_leads_to(settings.tribe_help_url, "en", "index")
        self.assert_leads_to(self.in_language(settings, "nl_NL").tribe_help_url, "nl", "index")

    def test_a_problem_leads_to_its_message(self):
        work = self.problem()
        (told,) = self.sentences_told(work)
        for user, language in ((self.english, "en"), (self.dutch, "nl")):
            link = self.read_by(user, work, "help_url")
            self.assert_leads_to(link, language, "messages", told.code)

    def test_what_has_no_code_leads_to_all_messages(self):
        work = self.problem()
        for error in ("Told before there were codes", False):
            work._write_as_connector({"error": error})
            self.assert_leads_to(work.help_url, "en", "messages")

    def test_it_is_where_people_look_for_it(self):
        views = {
            "tribe_connection_form": "help_url",
            "tribe_work_list": "help_url",
            "tribe_work_form": "help_url",
            "tribe_work_kanban": "help_url",
            "res_config_settings_form": "tribe_help_url",
        }
        for view, field in views.items():
            with self.subTest(view):
                arch = html.fromstring(self.env.ref(f"tribe_connector.view_{view}").arch)
                (link,) = arch.xpath(f"//field[@name='{field}'][@widget='url']")
                self.assertEqual(link.get("text"), "Help")
                self.assertFalse(link.get("groups"))
        arch = html.fromstring(self.env.ref("tribe_connector.view_tribe_connection_dashboard").arch)
        (link,) = arch.xpath("//a[contains(@*, 'help_url')]")
        self.assertEqual(link.text, "Help")
