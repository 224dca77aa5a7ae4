"""Settings of the post office: loopback alone, and which addresses and servers belong to the rehearsal."""

from __future__ import annotations

from pathlib import Path

import pytest

from outreach_site.sandbox.config import PostOffice, is_rehearsal_address, is_sandbox_server, plain_address

OFFICE = PostOffice(directory=Path("nowhere"))


@pytest.mark.parametrize("host", ["0.0.0.0", "mail.example.com", "192.168.1.4", ""])
def test_it_never_opens_to_a_network(host: str) -> None:
    with pytest.raises(ValueError, match="this machine alone"):
        PostOffice(directory=Path("nowhere"), host=host)


@pytest.mark.parametrize("span", [(-1, 2), (5, 2)])
def test_an_impossible_delay_is_refused(span: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="answer_after"):
        OFFICE.answering_after(*span)


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        ("localhost", OFFICE.smtp_port, True),
        ("LOCALHOST.", OFFICE.imaps_port, True),
        ("127.0.0.1", OFFICE.smtps_port, True),
        ("[::1]", OFFICE.imap_port, True),
        ("localhost", 25, False),
        ("smtp.example.com", OFFICE.smtp_port, False),
        ("localhost.example.com", OFFICE.smtp_port, False),
    ],
)
def test_its_own_servers_are_known(host: str, port: int, expected: bool) -> None:
    assert is_sandbox_server(OFFICE, host, port) is expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("hannah@brightgarden.test", True),
        ("Hannah@BrightGarden.TEST", True),
        ("a@test", True),
        ("a@garden.test.", True),
        ("a@brightgarden.test.example.com", False),
        ("a@contest", False),
        ("a@example.com", False),
        ("", False),
    ],
)
def test_rehearsal_addresses_end_in_test(address: str, expected: bool) -> None:
    assert is_rehearsal_address(address) is expected


def test_the_mailbox_behind_an_address() -> None:
    assert plain_address(" Alex+token=7@Rehearsal.TEST ") == "alex@rehearsal.test"
    assert plain_address("+odd@rehearsal.test") == "+odd@rehearsal.test"
