"""The oldest libraries of HTTP that Odoo 19 runs with, in a folder that goes before the others."""

import hashlib
import importlib.metadata
import shutil
import subprocess
import sys
from pathlib import Path

from . import locks
from .console import Failure, step
from .paths import CHECKOUT, HOST, PYTHON

REQUIREMENTS = CHECKOUT / "host" / "old-libraries.txt"
FOLDER = HOST / "old-libraries"
NAMES = ("requests", "urllib3")


def folder() -> Path:
    """Where they are; made, unless what is there has the same requirements.

    :raises Failure: when it cannot be made, with pip's last line.
    """
    stamp = FOLDER / "requirements.sha256"
    with locks.exclusive(HOST / "old-libraries.lock"):
        if not stamp.exists() or stamp.read_text() != _fingerprint():
            with step("fetch the old libraries (once)"):
                _make()
            stamp.write_text(_fingerprint())
    return FOLDER


def versions() -> str:
    """What the tests must find, such as ``requests 2.31.0, urllib3 1.26.5``."""
    found = {
        each.metadata["Name"]: each.version
        for each in importlib.metadata.distributions(path=[str(FOLDER)])
    }
    return ", ".join(f"{name} {found[name]}" for name in NAMES)


def _make() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    options = ["--quiet", "--no-deps", "--no-compile", "--target", str(FOLDER)]
    command = [str(PYTHON), "-m", "pip", "install", *options, "--requirement", str(REQUIREMENTS)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        lines = (result.stderr or result.stdout).strip().splitlines() or ["no output"]
        raise Failure(f"could not fetch the old libraries: {lines[-1]}")


def _fingerprint() -> str:
    return hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
