"""./dev lint: style, types, Odoo's conventions, well-formed XML."""

import subprocess

from lxml import etree

from .console import complain, say
from .odoo_command import environment
from .odoo_source import find_or_fetch
from .paths import ADDON, CHECKOUT, PYTHON

# Large models have a file for each thing that is done with them (models/__init__.py).
LARGE_MODELS = "consider-merging-classes-inherited"
FOLDERS = [ADDON, "host", "tests", "dev"]


def run() -> int:
    """All checks; 0 when all of them pass."""
    codes = [
        _tool("ruff", "check", *FOLDERS),
        _tool("ruff", "format", "--check", *FOLDERS),
        _tool("mypy"),
        _tool("pylint", "--rcfile=.pylintrc", f"--disable={LARGE_MODELS}", ADDON),
        _well_formed_xml(),
    ]
    return max(codes)


def _tool(*arguments: str) -> int:
    say(f"-> {' '.join(arguments[:2])}")
    return subprocess.run(
        [str(PYTHON), "-m", *arguments],
        cwd=CHECKOUT,
        env=environment(find_or_fetch()),
        check=False,
    ).returncode


def _well_formed_xml() -> int:
    say("-> XML")
    code = 0
    for path in sorted((CHECKOUT / ADDON).rglob("*.xml")):
        try:
            etree.parse(str(path))
        except etree.XMLSyntaxError as error:
            complain(f"{path.relative_to(CHECKOUT)}: {error}")
            code = 1
    return code
