"""Debian packages without installing them: fetched with a private apt state, then unpacked.

The machine's own sources, lists and packages stay untouched.
"""

import contextlib
import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

from .console import Failure
from .paths import HOST

APT = HOST / "apt"
UNSTABLE = "sid"
# Two at once could want the same private apt.
ONE_AT_A_TIME = threading.Lock()


def fetch_and_unpack(packages: list[str], *, suite: str | None, root: Path) -> None:
    """Download Debian packages of a suite (None: the machine's own) and unpack them into root.

    :raises Failure: where apt is missing or the suite does not have a package.
    """
    _require_apt()
    with ONE_AT_A_TIME:
        state = _AptState(suite or "own")
        state.write_sources(suite)
        state.update()
        archives = state.download(packages)
        root.mkdir(parents=True, exist_ok=True)
        for archive in archives:
            _run(["dpkg", "-x", str(archive), str(root)], f"unpack {archive.name}")
        shutil.rmtree(state.folder)


def install(packages: list[str]) -> None:
    """Install Debian packages on this machine, where the user may.

    :raises Failure: without root, with the command to run by hand.
    """
    _require_apt()
    if os.geteuid() != 0:
        raise Failure(f"run 'sudo apt-get install {' '.join(packages)}' first, then this again.")
    _run(["apt-get", "update"], "read Debian's package lists")
    _run(
        ["apt-get", "install", "-y", "--no-install-recommends", *packages],
        f"install {', '.join(packages)}",
        environment={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    )


class _AptState:
    """One private apt: its sources, lists and cache in a folder of their own."""

    def __init__(self, name: str):
        self.folder = APT / name
        for part in ("sources", "lists/partial", "cache/archives/partial", "packages"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)

    def write_sources(self, suite: str | None) -> None:
        stanza = _own_debian_stanza()
        if suite:
            stanza = re.sub(r"(?m)^Suites:.*$", f"Suites: {suite}", stanza)
        (self.folder / "sources" / "debian.sources").write_text(stanza + "\n")

    def update(self) -> None:
        _run([*self._apt_get(), "update"], "read Debian's package lists")

    def download(self, packages: list[str]) -> list[Path]:
        _run(
            [*self._apt_get(), "download", *packages],
            f"download {', '.join(packages)}",
            folder=self.folder / "packages",
        )
        return sorted((self.folder / "packages").glob("*.deb"))

    def _apt_get(self) -> list[str]:
        options = {
            "Dir::Etc::SourceList": "/dev/null",
            "Dir::Etc::SourceParts": self.folder / "sources",
            "Dir::State::Lists": self.folder / "lists",
            "Dir::Cache": self.folder / "cache",
            "APT::Sandbox::User": "root",
        }
        if os.geteuid() != 0:
            del options["APT::Sandbox::User"]
        return ["apt-get", "-q", *(f"-o{name}={value}" for name, value in options.items())]


def _own_debian_stanza() -> str:
    """The machine's main Debian source, in deb822 form."""
    for file in sorted(Path("/etc/apt/sources.list.d").glob("*.sources")):
        for stanza in re.split(r"\n\s*\n", file.read_text()):
            if re.search(r"(?m)^Suites:.*\b(?!.*security)[a-z]+", stanza) and re.search(
                r"(?m)^URIs:.*/debian/?\s*$", stanza
            ):
                return stanza.strip()
    with contextlib.suppress(FileNotFoundError):
        for line in Path("/etc/apt/sources.list").read_text().splitlines():
            match = re.match(r"deb\s+(?:\[([^]]*)\]\s+)?(\S+/debian/?)\s+(\S+)\s+(.+)", line)
            if match:
                return _deb822(match)
    raise Failure(
        "no Debian source was found in /etc/apt; name an existing Odoo 19 in ODOO_SOURCE instead."
    )


def _deb822(match: re.Match) -> str:
    options, uri, suite, components = match.groups()
    stanza = f"Types: deb\nURIs: {uri}\nSuites: {suite}\nComponents: {components}"
    signed_by = re.search(r"signed-by=(\S+)", options or "")
    return f"{stanza}\nSigned-By: {signed_by.group(1)}" if signed_by else stanza


def _require_apt() -> None:
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise Failure(
            "apt is missing on this machine; name an existing Odoo 19 in ODOO_SOURCE instead."
        )


def _run(command: list[str], what: str, *, folder=None, environment=None) -> None:
    result = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if result.returncode:
        last = (result.stdout.strip().splitlines() or ["no output"])[-1]
        raise Failure(f"could not {what}: {last}")
