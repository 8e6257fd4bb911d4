"""HTTP sessions that look whom they reached before they send anything.

An address is checked when it is entered, but its name is resolved with every connection, and
whoever answers for the name may say something else then. So the IP that was really reached is
checked: before the TLS handshake, and before a token or a secret is on its way.
"""

from __future__ import annotations

import requests
import requests.adapters
import urllib3.connection
import urllib3.connectionpool

from .addresses import check_peer


def create_session() -> requests.Session:
    """A session that refuses private networks (``TribeAddressInvalid``).

    Where a proxy of the environment is used, whom the proxy reaches is its own affair: TLS is
    then what keeps secrets from anybody but the named host.
    """
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, _CheckingAdapter())
    return session


class _CheckingAdapter(requests.adapters.HTTPAdapter):
    def init_poolmanager(self, *arguments, **options):  # pylint: disable=missing-return
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {
            "http": _CheckedHTTPPool,
            "https": _CheckedHTTPSPool,
        }


class _PeerCheck:
    def _new_conn(self):
        connected = super()._new_conn()
        try:
            check_peer(self.host, connected.getpeername()[0])
        except BaseException:
            connected.close()
            raise
        return connected


class _CheckedHTTPConnection(_PeerCheck, urllib3.connection.HTTPConnection):
    pass


class _CheckedHTTPSConnection(_PeerCheck, urllib3.connection.HTTPSConnection):
    pass


class _CheckedHTTPPool(urllib3.connectionpool.HTTPConnectionPool):
    ConnectionCls = _CheckedHTTPConnection


class _CheckedHTTPSPool(urllib3.connectionpool.HTTPSConnectionPool):
    ConnectionCls = _CheckedHTTPSConnection
