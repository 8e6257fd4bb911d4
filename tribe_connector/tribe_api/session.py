"""HTTP sessions that look whom they reached before they send anything, and that can be cut.

An address is checked when it is entered, but its name is resolved with every connection, and
whoever answers for the name may say something else then. So the IP that was really reached is
checked: before the TLS handshake, and before a token or a secret is on its way.

What comes back is counted as it comes over the network, so that no part of an answer, its head and
what is around the pieces of a body included, is larger than was asked for.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import http.cookiejar
import io
import socket
import threading
from typing import Any

import requests
import requests.adapters
import urllib3
import urllib3.connection
import urllib3.connectionpool

from .addresses import check_peer
from .bounds import LINE_BYTES


class AnswerTooLarge(Exception):
    """More comes over the network than was asked for."""


class Session(requests.Session):
    """A session that refuses private networks (``TribeAddressInvalid``), and that can be cut.

    Where a proxy of the environment is used, whom the proxy reaches is its own affair: TLS is
    then what keeps secrets from anybody but the named host.
    """

    def __init__(self):
        super().__init__()
        self._line = _Line()
        # Whoever sends them decides how many are kept, and for how long.
        self.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Adapter(self._line))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """No redirect is followed, nor looked at: for that, requests decodes the whole body."""
        return

    def expect(self, most_bytes: int) -> None:
        """Take so many bytes of the next answer at most; then ``AnswerTooLarge`` is raised."""
        self._line.bytes_left = most_bytes

    def cut(self) -> bool:
        """End whatever another thread does in this session, now and for ever.

        Returns whether anybody was reached: if not, nothing was sent, and nothing will be.
        """
        return self._line.cut()


def create_session() -> Session:
    """A session for one connection with Tribe, used by one thread at a time."""
    return Session()


class _Line:
    """The socket that a session uses: a connection that is kept alive, or its successor."""

    def __init__(self):
        # Of the answer that is being read.
        self.bytes_left = 0
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_cut = False

    def hold(self, connected: socket.socket) -> None:
        """Take note of a connection before anything is sent.

        :raises ConnectionAbortedError: when the session was cut while it was being made
        """
        with self._lock:
            if self._is_cut:
                raise ConnectionAbortedError("given up while connecting")
            self._let_go()
            # Of our own: TLS takes the other one apart, and its number may be used again.
            self._socket = connected.dup()

    def cut(self) -> bool:
        with self._lock:
            self._is_cut = True
            was_reached = self._socket is not None
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    # Closing alone would not wake a thread that waits for the next byte.
                    self._socket.shutdown(socket.SHUT_RDWR)
            self._let_go()
            return was_reached

    def release(self) -> None:
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class _Adapter(requests.adapters.HTTPAdapter):
    def __init__(self, line: _Line):
        # Before the pools are made, which is done by the constructor.
        self._line = line
        super().__init__()

    def init_poolmanager(self, *arguments, **options):  # pylint: disable=missing-return
        super().init_poolmanager(*arguments, **options)
        self._use_our_pools(self.poolmanager)

    def proxy_manager_for(self, *arguments, **options):
        manager = super().proxy_manager_for(*arguments, **options)
        # One for SOCKS has pools of its own, which reach the proxy in their own way.
        if isinstance(manager, urllib3.ProxyManager):
            self._use_our_pools(manager)
        return manager

    def close(self):  # pylint: disable=missing-return
        super().close()
        self._line.release()

    def _use_our_pools(self, manager: Any) -> None:
        manager.pool_classes_by_scheme = {
            "http": functools.partial(_HTTPPool, line=self._line),
            "https": functools.partial(_HTTPSPool, line=self._line),
        }


class _Watched:
    """A connection that is looked at as soon as it is there."""

    line: _Line
    # Of urllib3's connections, whose other half this is.
    host: str
    proxy: Any

    def _new_conn(self):
        connected = super()._new_conn()  # type: ignore[misc]
        try:
            if not self.proxy:
                check_peer(self.host, connected.getpeername()[0])
            self.line.hold(connected)
        except BaseException:
            connected.close()
            raise
        return connected


class _Counted(io.RawIOBase):
    """The bytes of a socket, as many as its line has left."""

    def __init__(self, source: io.RawIOBase, line: _Line):
        self._source = source
        self._line = line

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._source.fileno()

    def readinto(self, buffer) -> int | None:
        count = self._source.readinto(buffer)
        self._line.bytes_left -= count or 0
        if self._line.bytes_left < 0:
            raise AnswerTooLarge
        return count

    def close(self) -> None:  # pylint: disable=missing-return
        self._source.close()
        super().close()


class _ShortLines(io.BufferedReader):
    """Older urllib3 reads the lines around the pieces of a body whatever their length."""

    def readline(self, size: int | None = -1) -> bytes:
        return super().readline(LINE_BYTES if size is None or size < 0 else size)


class _Response(http.client.HTTPResponse):
    """An answer that is counted from its first byte on."""

    def __init__(self, connected, *arguments, line: _Line, **options):
        super().__init__(connected, *arguments, **options)
        self.fp = _ShortLines(_Counted(self.fp.detach(), line))

    def begin(self) -> None:  # pylint: disable=missing-return
        super().begin()
        # What is no header was left out; urllib3 would log it, with a traceback.
        headers = http.client.HTTPMessage()
        for name, value in self.headers.items():
            headers[name] = value
        self.headers = self.msg = headers


class _HTTPConnection(_Watched, urllib3.connection.HTTPConnection):
    pass


class _HTTPSConnection(_Watched, urllib3.connection.HTTPSConnection):
    pass


class _OnOneLine:
    """A pool whose connections belong to the line of a session."""

    def __init__(self, *arguments, line: _Line, **options):
        super().__init__(*arguments, **options)
        self._line = line

    def _new_conn(self):
        connection = super()._new_conn()  # type: ignore[misc]
        connection.line = self._line
        connection.response_class = functools.partial(_Response, line=self._line)
        return connection


class _HTTPPool(_OnOneLine, urllib3.connectionpool.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(_OnOneLine, urllib3.connectionpool.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection
