"""The Python environment in which Odoo and the tools run, made from pinned requirements."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from . import debian
from .console import Failure, step
from .paths import HOST, PYTHON, PYTHON_ENVIRONMENT, REQUIREMENTS

# The one that comes with Python 3.11 takes twice as long.
PIP = "pip==26.3"
STAMP = PYTHON_ENVIRONMENT / "requirements.sha256"


def make() -> None:
    """Make the environment, unless the one that is there has the same requirements.

    :raises Failure: when it cannot be made, with pip's last line.
    """
    if STAMP.exists() and STAMP.read_text() == _fingerprint():
        return
    shutil.rmtree(PYTHON_ENVIRONMENT, ignore_errors=True)
    with step("make the Python environment (once)"):
        _run([sys.executable, "-m", "venv", "--without-pip", str(PYTHON_ENVIRONMENT)])
        options = ["--quiet", "--no-deps", "--no-compile"]
        _run([*_pip(), "install", *options, PIP])
        pip = [str(PYTHON), "-m", "pip"]
        _run([*pip, "install", *options, "--requirement", str(REQUIREMENTS)])
        STAMP.write_text(_fingerprint())


def _fingerprint() -> str:
    inputs = REQUIREMENTS.read_bytes() + sys.version.encode()
    return hashlib.sha256(inputs).hexdigest()


def _pip() -> list[str]:
    """A pip that installs into the environment.

    Debian splits pip's wheel (``ensurepip``) off its Python: fetched like Odoo where missing.
    """
    ensured = subprocess.run(
        [str(PYTHON), "-m", "ensurepip"], capture_output=True, text=True, check=False
    )
    if ensured.returncode == 0:
        return [str(PYTHON), "-m", "pip"]
    folder = HOST / "pip"
    debian.fetch_and_unpack(["python3-pip-whl"], suite=None, root=folder)
    wheels = sorted((folder / "usr/share/python-wheels").glob("pip-*.whl"))
    if not wheels:
        raise Failure("no pip was found; install the Debian package python3-venv.")
    return [str(PYTHON), str(Path(wheels[-1]) / "pip")]


def _run(command: list[str]) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        lines = (result.stderr or result.stdout).strip().splitlines() or ["no output"]
        raise Failure(f"could not make the Python environment: {lines[-1]}")
