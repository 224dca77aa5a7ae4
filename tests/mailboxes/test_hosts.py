"""Which hosts may be connected to: as tables, with a resolver that answers what the row says."""

from __future__ import annotations

import ipaddress
import socket

import pytest

from outreach_site.lib.hosts import (
    HostExceptions,
    HostRefusedError,
    Refusal,
    check_mail_port,
    forbidden,
    normalise_host,
    resolve_public,
    vet_mail_host,
)


class Names:
    """A resolver with a fixed answer, which counts how often it was asked."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)
        self.asked = 0

    def __call__(self, _name: str, _port: int) -> list[str]:
        self.asked += 1
        return self.addresses


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "93.184.216.34", "172.15.0.1", "100.63.255.255", "100.128.0.1", "2606:4700::1111", "2a00:1450::1a",
     "64:ff9b::8.8.8.8"],
)  # fmt: skip
def test_public_addresses_are_fine(address: str) -> None:
    assert forbidden(ipaddress.ip_address(address)) is None


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.9.10", "::1", "0.0.0.0", "0.1.2.3", "::", "10.0.0.1", "172.16.3.4", "172.31.255.255",
     "192.168.1.1", "169.254.169.254", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1", "224.0.0.1",
     "239.255.255.250", "ff02::1", "240.0.0.1", "255.255.255.255", "100.64.0.1", "100.127.255.254", "192.0.0.8",
     "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "192.88.99.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8",
     "::ffff:0:127.0.0.1", "::127.0.0.1", "2002:7f00:1::", "2002:808:808::", "2001::1", "2001:db8::1", "3fff::1",
     "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::8.8.8.8", "100::1", "4000::1"],
)  # fmt: skip
def test_addresses_that_are_not_on_the_public_internet_are_refused(address: str) -> None:
    assert forbidden(ipaddress.ip_address(address))
    with pytest.raises(HostRefusedError) as caught:
        resolve_public("mail.example.com", 587, resolver=Names(address))
    assert caught.value.refusal is Refusal.ADDRESS
    assert "mail.example.com" in caught.value.sentence


def test_one_forbidden_address_condemns_the_name() -> None:
    with pytest.raises(HostRefusedError, match=r"10\.0\.0\.7"):
        resolve_public("mail.example.com", 587, resolver=Names("8.8.8.8", "10.0.0.7"))


def test_a_name_is_resolved_once_and_its_addresses_are_kept() -> None:
    names = Names("8.8.8.8", "2606:4700::1111")
    vetted = resolve_public("Mail.Example.COM.", 587, resolver=names)
    assert names.asked == 1
    assert vetted.name == "mail.example.com"
    assert [endpoint.sockaddr for endpoint in vetted.endpoints] == [("8.8.8.8", 587), ("2606:4700::1111", 587, 0, 0)]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        (" Smtp.Gmail.com ", "smtp.gmail.com"),
        ("mail.example.com.", "mail.example.com"),
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("[::1]", "::1"),
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "localhost"),
        ("my_host.example", "my_host.example"),
    ],
)
def test_names_have_one_form(typed: str, name: str) -> None:
    assert normalise_host(typed) == name


@pytest.mark.parametrize(
    "typed",
    ["", " ", "https://mail.example.com", "mail.example.com:587", "user@mail.example.com", "mail example.com", "a..b",
     "-a.example", "mail.example.com/x", "a" * 64 + ".example", ("a" * 60 + ".") * 5 + "example", "ma\nil.example",
     "mail.example.com\x00"],
)  # fmt: skip
def test_what_is_not_a_name_is_refused(typed: str) -> None:
    with pytest.raises(HostRefusedError) as caught:
        normalise_host(typed)
    assert caught.value.refusal is Refusal.NAME


@pytest.mark.parametrize(
    ("failure", "refusal"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), Refusal.UNKNOWN),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), Refusal.UNREACHABLE),
        (TimeoutError("slow"), Refusal.UNREACHABLE),
    ],
)
def test_names_that_do_not_resolve(failure: OSError, refusal: Refusal) -> None:
    def resolver(name: str, port: int) -> list[str]:
        raise failure

    with pytest.raises(HostRefusedError) as caught:
        resolve_public("nowhere.example", 587, resolver=resolver)
    assert caught.value.refusal is refusal
    assert caught.value.permanent is (refusal is Refusal.UNKNOWN)


@pytest.mark.parametrize("port", [25, 465, 587, 2525, 143, 993])
def test_ports_of_mail(port: int) -> None:
    check_mail_port("mail.example.com", port)


@pytest.mark.parametrize("port", [22, 80, 443, 1025, 5432, 6379, 11211, 65535])
def test_other_ports_need_an_entry_of_their_own(port: int) -> None:
    for entries in ([], ["mail.example.com"], [f"other.example.com:{port}"], ["mail.example.com:1"]):
        with pytest.raises(HostRefusedError) as caught:
            vet_mail_host("mail.example.com", port, exceptions=HostExceptions.parse(entries), resolver=Names("8.8.8.8"))
        assert caught.value.refusal is Refusal.PORT
    exceptions = HostExceptions.parse([f"Mail.example.com:{port}"])
    assert vet_mail_host("mail.example.com", port, exceptions=exceptions, resolver=Names("8.8.8.8")).port == port


@pytest.mark.parametrize(
    ("entries", "host", "port", "allowed"),
    [
        (["mail.lan"], "mail.lan", 587, True),
        (["mail.lan"], "MAIL.lan.", 587, True),
        (["mail.lan:587"], "mail.lan", 587, True),
        (["mail.lan:587"], "mail.lan", 465, False),
        (["mail.lan"], "other.lan", 587, False),
        (["mail.lan"], "sub.mail.lan", 587, False),
        (["10.0.0.5"], "10.0.0.5", 25, True),
        # The operator named an address, not whoever's name leads there.
        (["10.0.0.5"], "mail.attacker.example", 25, False),
        (["[::1]:2525"], "::1", 2525, True),
        ([], "mail.lan", 587, False),
    ],
)
def test_exceptions_name_hosts(entries: list[str], host: str, port: int, *, allowed: bool) -> None:
    names = Names("10.0.0.5")
    exceptions = HostExceptions.parse(entries)
    if allowed:
        assert vet_mail_host(host, port, exceptions=exceptions, resolver=names).endpoints
    else:
        with pytest.raises(HostRefusedError):
            vet_mail_host(host, port, exceptions=exceptions, resolver=names)


@pytest.mark.parametrize("entry", ["https://mail.lan", "mail lan", "mail.lan:99999"])
def test_a_bad_exception_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match="mail"):
        HostExceptions.parse([entry])


@pytest.mark.parametrize("typed", ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "localhost"])
def test_disguises_of_loopback_are_seen_through(typed: str) -> None:
    """The system's resolver reads all of these as 127.0.0.1; what it says is what is vetted."""
    with pytest.raises(HostRefusedError):
        vet_mail_host(typed, 587)
