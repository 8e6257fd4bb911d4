"""Where Tribe lives, and which addresses may be talked to at all."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import SplitResult, urlsplit

from ..sentence import sentence
from .errors import TribeAddressInvalid

Mode = Literal["off", "dry_run", "demo", "live"]
MODES: tuple[str, ...] = get_args(Mode)

_HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\.?")
# The C resolver also reads "127.1", "0x7f.1" and "2130706433" as addresses.
_DISGUISED_IP = re.compile(r"(.*\.)?(\d+|0x[0-9a-f]*)\.?")

# What is no public address, as IANA registers it. Not left to ``is_global``, which differs between
# versions of Python and does not look into an address that holds another one.
_NOT_PUBLIC = [
    ipaddress.ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        # Within 2000::/3: protocols such as Teredo, documentation, 6to4.
        *("2001::/23", "2001:db8::/32", "2002::/16", "3ffe::/16", "3fff::/20"),
    )
]
_UNICAST = ipaddress.ip_network("2000::/3")
# NAT64: how a network with IPv6 alone reaches the IPv4 address in the last 32 bits.
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
# ISATAP: a tunnel to the IPv4 address that follows.
_TUNNELS = (0x00005EFE, 0x02005EFE)


@dataclass(frozen=True)
class Addresses:
    """The three hosts of one Tribe environment, as base URLs (docs/tribe-api.md, Addresses)."""

    api: str
    auth: str
    app: str

    def __post_init__(self):
        for name in ("api", "auth", "app"):
            object.__setattr__(self, name, (getattr(self, name) or "").strip().rstrip("/"))

    @property
    def odata(self) -> str:
        """The OData root, without a slash at the end."""
        return f"{self.api}/v1/odata"

    @property
    def files(self) -> str:
        """The root of binary downloads, without a slash at the end."""
        return f"{self.api}/v1/odata-file"

    @property
    def webhooks(self) -> str:
        """The address on which webhooks are listed, created and deleted."""
        return f"{self.api}/v1/webhooks"

    @property
    def consent(self) -> str:
        """The authorization endpoint: the page on which a person lets an application in."""
        return f"{self.auth}/oauth2/auth"

    @property
    def token(self) -> str:
        """The token endpoint of the authorization server."""
        return f"{self.auth}/oauth2/token"

    def entity_link(self, entity_id: str) -> str:
        """The page of one record in Tribe's web app."""
        return f"{self.app}/entity/{entity_id}"

    def check(self, mode: Mode) -> None:
        """Raise ``TribeAddressInvalid`` unless all three addresses suit the mode.

        HTTPS is required, except towards this machine itself. In the demo mode every host must
        be this machine. In the other modes plain HTTP is only for a loopback IP written out
        (``127.0.0.1``, ``::1``). Private networks are never an address of Tribe.
        """
        if mode not in MODES:
            raise ValueError(f"unknown mode {mode!r}")
        for what, address in (
            (sentence("address_api"), self.api),
            (sentence("address_sign_in"), self.auth),
            (sentence("address_app"), self.app),
        ):
            self._check_one(what, address, mode)

    def check_transport(self) -> None:
        """Raise ``TribeAddressInvalid`` unless a secret may travel to the sign-in address."""
        _checked(sentence("address_sign_in"), self.auth)

    @staticmethod
    def _check_one(what: str, address: str, mode: Mode) -> None:
        parts = _checked(what, address)
        if mode == "demo" and not is_loopback(parts.hostname):
            raise TribeAddressInvalid(
                sentence(
                    "address_not_on_this_machine",
                    what=what,
                    address=address,
                )
            )
        if mode != "demo" and parts.scheme == "http" and parts.hostname == "localhost":
            raise TribeAddressInvalid(
                sentence(
                    "address_without_https_on_this_machine",
                    what=what,
                    address=address,
                )
            )


def check_address(what: str, address: str) -> None:
    """Raise ``TribeAddressInvalid`` unless Tribe can be at an address, whatever the mode.

    ``what`` is what the sentence calls it, such as "API".
    """
    _checked(what, (address or "").strip().rstrip("/"))


def check_own_address(address: str) -> None:
    """Raise ``TribeAddressInvalid`` unless Tribe can be told that this Odoo is at an address.

    In a private network as well: only Tribe can say whether it reaches that.
    """
    try:
        parts = _split("", address)
    except TribeAddressInvalid:
        parts = None
    if parts is None or not (parts.scheme == "https" or is_loopback(parts.hostname)):
        raise TribeAddressInvalid(sentence("own_address_unusable"))


def host_of(address: str) -> tuple:
    """Which server an address leads to: addresses with the same answer share it.

    By scheme, host and port, which may be left out; letter case and paths make no other server.
    """
    text = (address or "").strip()
    try:
        parts = urlsplit(text)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return (text,)
    return (parts.scheme, parts.hostname, port)


def is_loopback(host: str | None) -> bool:
    """Whether a host name or IP literal is this machine itself."""
    if host == "localhost":
        return True
    ip = _literal_ip(host or "")
    return ip is not None and ip.is_loopback


def is_public(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an IP is on the internet, for everybody. One that holds another is where that is."""
    if ip.version == 6:
        if ip in _TRANSLATED:
            return is_public(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
        if ip not in _UNICAST or int(ip) >> 32 & 0xFFFFFFFF in _TUNNELS:
            return False
    return not any(ip in network for network in _NOT_PUBLIC if network.version == ip.version)


def check_peer(host: str, peer: str) -> None:
    """Raise ``TribeAddressInvalid`` unless a host may be at the IP that was reached.

    A name can lead anywhere, and elsewhere the next time it is asked: loopback is only for names
    of this machine, and a private network for none.
    """
    ip = _literal_ip(peer)
    if ip is not None and (ip.is_loopback if is_loopback(host) else is_public(ip)):
        return
    raise TribeAddressInvalid(
        sentence(
            "address_leads_to_private_network",
            host=host,
            peer=peer,
        )
    )


def _checked(what: str, address: str) -> SplitResult:
    parts = _split(what, address)
    host = parts.hostname or ""
    ip = _literal_ip(host)
    if ip is None and (not _HOST_NAME.fullmatch(host) or _DISGUISED_IP.fullmatch(host)):
        raise _not_an_address(what, address)
    if ip is not None and not is_public(ip) and not ip.is_loopback:
        raise TribeAddressInvalid(
            sentence(
                "address_in_private_network",
                what=what,
                address=address,
            )
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise TribeAddressInvalid(
            sentence(
                "address_without_https",
                what=what,
                address=address,
            )
        )
    return parts


def _split(what: str, address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        port_is_readable = parts.port is None or parts.port > 0
    except ValueError:
        raise _not_an_address(what, "") from None
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or not port_is_readable
        or re.search(r"[\s\\\x00-\x20\x7f]", address)
    ):
        raise _not_an_address(what, "")
    if parts.username is not None or parts.query or parts.fragment:
        raise TribeAddressInvalid(
            sentence(
                "address_with_user_or_query",
                what=what,
            )
        )
    return parts


def _not_an_address(what: str, address: str) -> TribeAddressInvalid:
    if not address:
        return TribeAddressInvalid(
            sentence(
                "address_not_of_the_web",
                what=what,
            )
        )
    return TribeAddressInvalid(
        sentence(
            "address_not_of_the_web_shown",
            what=what,
            address=address,
        )
    )


def _literal_ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(ip, "ipv4_mapped", None) or ip
