"""A complete Odoo 19: the one named by ODOO_SOURCE, else Debian's package, unpacked.

Debian's package lacks fonts and JavaScript libraries (it links to other packages) and one
file that it may not ship; both are added to the unpacked copy.
"""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import debian
from .console import Failure, step
from .paths import HOST

VARIABLE = "ODOO_SOURCE"
UNPACKED = HOST / "odoo"
DIST_PACKAGES = Path("usr/lib/python3/dist-packages")
LINKED_PACKAGES = [
    "fonts-roboto-unhinted",
    "fonts-montserrat",
    "fonts-inconsolata",
    "fonts-ocr-b",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
]
# The unstable suite's package of this font lacks the web fonts.
LINKED_PACKAGES_OF_OWN_SUITE = ["fonts-font-awesome"]
LEFT_OUT = "odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"


@dataclass(frozen=True)
class OdooSource:
    """An Odoo that can be run: where its Python package is, its addons, its version."""

    python_path: Path
    addons: tuple[Path, ...]
    version: str


def find_or_fetch() -> OdooSource:
    """The Odoo to use.

    :raises Failure: when ODOO_SOURCE names no Odoo 19, or none can be fetched.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return _named(Path(named).expanduser().resolve())
    if not UNPACKED.exists():
        _fetch()
    return _source(UNPACKED / DIST_PACKAGES)


def _named(folder: Path) -> OdooSource:
    for candidate in (folder, folder / DIST_PACKAGES):
        if (candidate / "odoo" / "release.py").exists():
            return _source(candidate)
    raise Failure(f"{VARIABLE} names {folder}, where there is no odoo/release.py.")


def _source(python_path: Path) -> OdooSource:
    version = _version(python_path)
    if not version.startswith("19."):
        raise Failure(f"the Odoo in {python_path} is {version}; this addon needs 19.0.")
    candidates = (python_path / "odoo" / "addons", python_path / "addons")
    # Debian's second addons folder holds code without data files and must stay off the path.
    addons = tuple(path for path in candidates if (path / "web" / "static").is_dir()) or (
        candidates[0],
    )
    account = [path for path in candidates if (path / "account" / "data").is_dir()]
    return OdooSource(python_path, tuple(dict.fromkeys([*addons, *account])), version)


def _version(python_path: Path) -> str:
    text = (python_path / "odoo" / "release.py").read_text()
    match = re.search(r"version_info = \((\d+), (\d+)", text)
    return ".".join(match.groups()) if match else "unknown"


def _fetch() -> None:
    unfinished = UNPACKED.with_name("odoo.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    with step("fetch Odoo 19 from Debian (117 MiB, once)"):
        debian.fetch_and_unpack(
            ["odoo-19", *LINKED_PACKAGES], suite=debian.UNSTABLE, root=unfinished
        )
        debian.fetch_and_unpack(LINKED_PACKAGES_OF_OWN_SUITE, suite=None, root=unfinished)
    _mend_links(unfinished)
    left_out = unfinished / DIST_PACKAGES / LEFT_OUT
    left_out.parent.mkdir(parents=True, exist_ok=True)
    left_out.touch()
    unfinished.rename(UNPACKED)


def _mend_links(root: Path) -> None:
    """Point the package's absolute links to other packages into the unpacked root."""
    for link in (path for path in root.rglob("*") if path.is_symlink()):
        target = os.readlink(link)
        if os.path.isabs(target) and (root / target.lstrip("/")).exists():
            link.unlink()
            link.symlink_to(os.path.relpath(root / target.lstrip("/"), link.parent))
