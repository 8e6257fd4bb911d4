"""Which addresses may be talked to, by mode."""

import pytest

from tribe_connector.tribe_api import Addresses, TribeAddressInvalid

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


def test_one_wrong_address_is_enough():
    good = "https://api.tribecrm.nl"
    with pytest.raises(TribeAddressInvalid, match="sign-in"):
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
