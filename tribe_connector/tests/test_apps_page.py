import re
import struct

from odoo.modules.module import Manifest
from odoo.tests import BaseCase
from odoo.tools.misc import file_path

DESCRIPTION = "tribe_connector/static/description"
# What Odoo's Apps store takes out or refuses.
FORBIDDEN = re.compile(r"<script|<link|<style|<iframe|javascript:|\son\w+=|https?://|@import", re.I)


def size_of(name):
    """Width and height of a PNG, in pixels."""
    with open(file_path(f"{DESCRIPTION}/{name}"), "rb") as picture:
        head = picture.read(24)
    return struct.unpack(">II", head[16:24]) if head.startswith(b"\x89PNG") else None


class TestAppsPage(BaseCase):
    """What Odoo's Apps store shows of this app."""

    def setUp(self):
        super().setUp()
        with open(file_path(f"{DESCRIPTION}/index.html"), encoding="utf-8") as page:
            self.page = page.read()

    def test_the_page_needs_nothing_from_elsewhere(self):
        self.assertIsNone(FORBIDDEN.search(self.page))

    def test_every_picture_is_there_is_small_and_is_described(self):
        pictures = re.findall(r"<img\b[^>]*>", self.page)
        self.assertGreaterEqual(len(pictures), 6)
        for picture in pictures:
            with self.subTest(picture):
                self.assertIn("alt=", picture)
                source = re.search(r'src="([^"]+)"', picture)[1]
                path = file_path(f"{DESCRIPTION}/{source}")
                with open(path, "rb") as file:
                    self.assertLess(len(file.read()), 200 * 1024)

    def test_the_manifest_fits_the_store(self):
        manifest = Manifest.for_addon("tribe_connector")
        self.assertLessEqual(len(manifest["name"]), 25)
        self.assertEqual(manifest["images"], ["static/description/banner.png"])
        self.assertEqual(size_of("banner.png"), (1120, 560))
        self.assertEqual(size_of("icon.png"), (128, 128))
