"""./dev translations: the terms of the addon as Odoo exports them, and their translations.

Odoo exports the name and the summary of its own modules only, in those of `base`; ours are added.
Odoo's export carries the date and Odoo's exact version; neither is kept, so that a second run
changes nothing.
"""

import ast
from pathlib import Path

import polib

from . import odoo_command, postgresql
from .console import say
from .databases import Databases
from .odoo_source import find_or_fetch
from .paths import ADDON, CHECKOUT, LOGS

DATABASE = "tribe_translations"
FOLDER = CHECKOUT / ADDON / "i18n"
TEMPLATE = FOLDER / f"{ADDON}.pot"
# What the manifest says, and the field of ``ir.module.module`` that shows it.
MANIFEST_FIELDS = {"name": "shortdesc", "summary": "summary"}
METADATA = {
    "Project-Id-Version": "Odoo Server 19.0",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
}
HEADER = f"Translation of Odoo Server.\nThis file contains the translation of the module {ADDON}."


def run() -> int:
    """Write the template and every language's file. 0 when all terms are translated, else 1."""
    terms = _exported()
    FOLDER.mkdir(exist_ok=True)
    _file(terms, {}).save(str(TEMPLATE))
    return max([_renew(path, terms) for path in sorted(FOLDER.glob("*.po"))], default=0)


def _exported() -> polib.POFile:
    odoo = find_or_fetch()
    exported = LOGS / f"{ADDON}.pot"
    with postgresql.running() as server:
        databases = Databases(server, odoo)
        databases.create_with_addon(DATABASE)
        odoo_command.export_terms(server, odoo, DATABASE, ADDON, exported)
        databases.drop(DATABASE)
    terms = polib.pofile(str(exported))
    terms.extend(_of_manifest())
    terms.sort(key=lambda term: term.msgid)
    return terms


def _of_manifest() -> list[polib.POEntry]:
    manifest = ast.literal_eval((CHECKOUT / ADDON / "__manifest__.py").read_text())
    return [
        polib.POEntry(
            msgid=manifest[key],
            comment=f"module: {ADDON}",
            occurrences=[(f"model:ir.module.module,{field}:base.module_{ADDON}", "")],
        )
        for key, field in MANIFEST_FIELDS.items()
    ]


def _renew(path: Path, terms: polib.POFile) -> int:
    known = {entry.msgid: entry.msgstr for entry in polib.pofile(str(path))}
    renewed = _file(terms, known)
    renewed.metadata["Language"] = path.stem
    renewed.save(str(path))
    untranslated = [entry.msgid for entry in renewed if not entry.msgstr]
    say(f"   {path.name}: {len(renewed)} terms, {len(untranslated)} not translated")
    for term in untranslated:
        say(f"      {term!r}")
    return 1 if untranslated else 0


def _file(terms: polib.POFile, known: dict[str, str]) -> polib.POFile:
    """The terms with the translations that are known: ``{term: translation}``."""
    file = polib.POFile()
    file.header = HEADER
    file.metadata = dict(METADATA)
    for term in terms:
        file.append(
            polib.POEntry(
                msgid=term.msgid,
                msgstr=known.get(term.msgid, ""),
                comment=term.comment,
                occurrences=term.occurrences,
            )
        )
    return file
