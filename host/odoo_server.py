"""A running Odoo process on loopback, started and stopped by its own process object."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import psycopg2

from . import odoo_command
from .console import Failure
from .odoo_source import OdooSource
from .paths import LOGS
from .postgresql import Server

# Only to end what would hang: no machine is that slow.
START_SECONDS = 900
STOP_SECONDS = 120
# Odoo with threads starts itself anew when one of them takes longer.
LIMIT_TIME_REAL = 1800
# Of a process, in /proc: a zombie is only still to be reaped.
ENDED_STATES = ("Z", "X")
# Below the ports that Linux gives to outgoing connections: one of thousands could take ours.
PORTS = range(15_000, 32_000)


class OdooServer:
    """One Odoo: web server and cron workers for one database.

    ``options`` are those of Odoo's configuration file (``workers``, ``max_cron_threads`` ...). With
    ``workers`` above 0 these are processes, and one more serves long polling.
    """

    def __init__(self, server: Server, odoo: OdooSource, database: str, **options):
        self.database = database
        self._server = server
        self._odoo = odoo
        self._options = options
        self._process: subprocess.Popen | None = None
        self._is_begun = False
        self.port = free_port()
        self.long_polling_port = free_port()
        self.log = LOGS / f"{database}.{self.port}.log"

    @property
    def address(self) -> str:
        """The address of the web client."""
        return f"http://127.0.0.1:{self.port}"

    def execute(self, statement: str, values: list) -> None:
        """Change its database past Odoo: what nobody may by any interface of it."""
        connection = psycopg2.connect(dbname=self.database, **self._server.connection_options())
        with contextlib.closing(connection), connection, connection.cursor() as cursor:
            cursor.execute(statement, values)

    @property
    def long_polling_health(self) -> str:
        """Where the process for long polling says that it lives; only with ``workers``."""
        return f"http://127.0.0.1:{self.long_polling_port}/websocket/health"

    @property
    def pid(self) -> int:
        """The process ID of the running Odoo."""
        return self._process.pid

    def pids(self) -> list[int]:
        """The processes of this Odoo that live: it leads a session of its own."""
        found = []
        if not self._is_begun:
            return found
        for stat in Path("/proc").glob("[0-9]*/stat"):
            # Processes end while we look.
            with contextlib.suppress(OSError):
                # The name before it may hold spaces and brackets.
                state, _parent, _group, session = stat.read_text().rpartition(")")[2].split()[:4]
                if int(session) == self.pid and state not in ENDED_STATES:
                    found.append(int(stat.parent.name))
        return found

    def __enter__(self) -> "OdooServer":
        self.start()
        return self

    def __exit__(self, *exception) -> None:
        self.stop()

    def start(self) -> None:
        """Start Odoo and wait until it answers.

        :raises Failure: when it ends or does not answer in time.
        """
        configuration = odoo_command.write_configuration(
            LOGS / f"{self.database}.{self.port}.conf",
            odoo_command.configuration(
                self._server,
                self._odoo,
                self.database,
                **{
                    "http_port": self.port,
                    "gevent_port": self.long_polling_port,
                    "limit_time_real": LIMIT_TIME_REAL,
                    **self._options,
                },
            ),
        )
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                odoo_command.command("server", "-c", str(configuration)),
                env=odoo_command.environment(self._odoo),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._is_begun = True
        try:
            self._wait_until_ready()
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Stop Odoo in an orderly way; kill what does not end. Nothing of it is left."""
        if self._is_begun and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End Odoo and its workers at once, as a power failure would (-9)."""
        if not self._is_begun:
            return
        # Workers of a process that ended by itself live on, and may begin others meanwhile.
        while pids := self.pids():
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self._process.wait()
        # From here on its number may become somebody else's.
        self._is_begun = False

    def log_text(self) -> str:
        """What Odoo logged so far."""
        return Path(self.log).read_text(errors="replace")

    def _wait_until_ready(self) -> None:
        give_up_at = time.monotonic() + START_SECONDS
        pause = threading.Event()
        while time.monotonic() < give_up_at:
            if self._process.poll() is not None:
                raise Failure(f"Odoo ended: {odoo_command.last_error(self.log_text())}")
            if self._answers():
                return
            pause.wait(0.2)
        raise Failure(f"Odoo did not answer within {START_SECONDS} s; see {self.log}.")

    def _answers(self) -> bool:
        addresses = [f"{self.address}/web/login"]
        if self._options.get("workers"):
            addresses.append(self.long_polling_health)
        return all(map(self._is_answered, addresses))

    def _is_answered(self, address: str) -> bool:
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


def free_port() -> int:
    """A port of loopback that is free now, and stays so while an Odoo is started again."""
    for port in random.SystemRandom().sample(PORTS, len(PORTS)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise Failure("no port of loopback is free: stop what else listens on this machine.")
