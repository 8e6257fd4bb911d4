"""Which addresses may be talked to, by mode."""

import pytest
from told import raises_sentence

from tribe_connector.sentence import sentence
from tribe_connector.tribe_api import Addresses, TribeAddressInvalid
from tribe_connector.tribe_api.addresses import check_peer

MODES = ("off", "dry_run", "demo", "live")


def same(address):
    return Addresses(api=address, auth=address, app=address)


def allowed_modes(address):
    allowed = []
    for mode in MODES:
        try:
            same(address).check(mode)
        except TribeAddressInvalid:
            continue
        allowed.append(mode)
    return tuple(allowed)


EVERYWHERE_BUT_DEMO = ("off", "dry_run", "live")


@pytest.mark.parametrize(
    ("address", "modes"),
    [
        ("https://api.tribecrm.nl", EVERYWHERE_BUT_DEMO),
        ("https://api.tribecrm.nl:8443/", EVERYWHERE_BUT_DEMO),
        ("http://127.0.0.1:8080", MODES),
        ("http://127.5.6.7", MODES),
        ("http://[::1]:8080", MODES),
        ("http://[::ffff:127.0.0.1]:8080", MODES),
        ("https://localhost", MODES),
        ("http://localhost:8080", ("demo",)),
        ("http://api.tribecrm.nl", ()),
        ("http://localhost.example", ()),
        ("http://127.0.0.1.example", ()),
        ("https://10.0.0.1", ()),
        ("https://192.168.1.1", ()),
        ("https://172.16.0.1", ()),
        ("https://169.254.169.254", ()),
        ("https://100.64.0.1", ()),
        ("https://0.0.0.0", ()),
        ("https://[fd00::1]", ()),
        ("https://[fe80::1]", ()),
        ("https://[::ffff:10.0.0.1]", ()),
        ("https://2130706433", ()),
        ("https://0x7f.1", ()),
        ("https://127.1", ()),
        ("https://user:password@api.tribecrm.nl", ()),
        ("https://api.tribecrm.nl?x=1", ()),
        ("https://api.tribecrm.nl#x", ()),
        ("https://api.tribecrm.nl:99999", ()),
        ("https://api tribecrm.nl", ()),
        ("https://api.tribecrm.nl\\@evil.example", ()),
        ("https://", ()),
        ("ftp://api.tribecrm.nl", ()),
        ("api.tribecrm.nl", ()),
        ("", ()),
    ],
)
def test_an_address_is_allowed_in(address, modes):
    assert allowed_modes(address) == modes


PUBLIC = (
    *("8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1"),
    *("192.0.1.1", "198.17.0.1", "198.20.0.1", "223.255.255.255", "169.253.0.1", "11.0.0.1"),
    *("2a00:1450:4001::8", "2001:200::1", "2606:4700::1111", "64:ff9b::8.8.8.8"),
    "::ffff:8.8.8.8",
)
NOT_PUBLIC = (
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.2", "169.254.169.254"),
    *("172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.0.1"),
    *("198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    # Another address within: mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP.
    *("::ffff:10.0.0.1", "::ffff:169.254.169.254", "::10.0.0.1", "::8.8.8.8", "::127.0.0.1"),
    *("::ffff:0:10.0.0.1", "::ffff:0:8.8.8.8", "::ffff:0:127.0.0.1"),
    *("64:ff9b::10.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254"),
    *("64:ff9b:1::8.8.8.8", "64:ff9b:1::10.0.0.1", "64:ff9b:2::1"),
    *("2002:0a00:0001::1", "2002:7f00:1::", "2002:808:808::1"),
    *("2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:10::1", "2001:20::1"),
    *("2a00:1450::5efe:10.0.0.1", "2a00:1450::200:5efe:192.168.0.1"),
    # Of one network, one machine, nobody, or many.
    *("::", "fe80::1", "fec0::1", "fd00::1", "fc00::1", "ff02::1", "ff0e::1", "100::1"),
    *("2001:db8::1", "3fff::1", "3ffe::1", "4000::1", "5f00::1", "1::1"),
)


@pytest.mark.parametrize("ip", PUBLIC)
def test_a_public_ip_is_allowed_wherever_it_stands(ip):
    check_peer("api.tribecrm.nl", ip)
    host = f"[{ip}]" if ":" in ip else ip
    assert allowed_modes(f"https://{host}") == EVERYWHERE_BUT_DEMO


@pytest.mark.parametrize("ip", NOT_PUBLIC)
def test_an_ip_that_is_not_public_is_refused_wherever_it_stands(ip):
    with pytest.raises(TribeAddressInvalid):
        check_peer("api.tribecrm.nl", ip)
    host = f"[{ip}]" if ":" in ip else ip
    assert allowed_modes(f"https://{host}") == (MODES if ip.startswith("127.") else ())


@pytest.mark.parametrize("ip", [*PUBLIC, *NOT_PUBLIC])
def test_whoever_is_this_machine_is_nowhere_else(ip):
    is_here = ip.startswith("127.")
    try:
        check_peer("localhost", ip)
    except TribeAddressInvalid:
        assert not is_here
    else:
        assert is_here


def test_one_wrong_address_is_enough():
    good = "https://api.tribecrm.nl"
    with raises_sentence(
        "address_without_https",
        TribeAddressInvalid,
        what=sentence("address_sign_in"),
        address="http://auth.tribecrm.nl",
    ):
        Addresses(api=good, auth="http://auth.tribecrm.nl", app=good).check("live")


def test_a_password_in_an_address_is_not_repeated():
    with pytest.raises(TribeAddressInvalid) as caught:
        same("https://user:geheim@api.tribecrm.nl").check("live")
    assert "geheim" not in str(caught.value)


def test_an_unknown_mode_allows_nothing():
    with pytest.raises(ValueError):
        same("https://api.tribecrm.nl").check("Live")


def test_slashes_at_the_end_do_not_matter():
    addresses = Addresses(api="https://a.nl/", auth=" https://b.nl// ", app="https://c.nl")
    assert addresses.odata == "https://a.nl/v1/odata"
    assert addresses.webhooks == "https://a.nl/v1/webhooks"
    assert addresses.token == "https://b.nl/oauth2/token"
    assert addresses.entity_link("x-1") == "https://c.nl/entity/x-1"
