"""A browser for the tests: Debian's Chromium."""

import shutil

from . import debian
from .console import step

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """The program of a browser on this machine."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def ensure() -> str:
    """The program of a browser, installed if need be.

    :raises Failure: when there is none and it may not be installed
    """
    if not find():
        with step("install Debian's Chromium (once)"):
            debian.install(["chromium"])
    return find()
