"""Servers that somebody names: they may lie about sizes, and are no oracle for other people's passwords."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.urls import reverse
from pytest_django import Settings

from outreach_site.mailboxes import imap, views
from outreach_site.mailboxes.errors import MailServerError
from outreach_site.mailboxes.imap import classify_imap_error, connect
from outreach_site.mailboxes.models import Security
from outreach_site.mailboxes.wire import ServerSettings
from tests.conftest import World
from tests.servers import PASSWORD, FaultyIMAP


def test_an_answer_without_measure_is_not_listened_to(
    imap_server: Callable[..., FaultyIMAP], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server may announce gigabytes: what it says is read into memory."""
    server = imap_server()
    settings.MAIL_ALLOWED_HOSTS, settings.MAIL_CA_FILE = [f"localhost:{server.port}"], str(server.ca_file)
    monkeypatch.setattr(imap, "MOST_IN_ONE_ANSWER", 300_000)
    for size in (100_000, 100_000, 150_000):
        server.add(b"Subject: x\r\n\r\n" + b"a" * size)
    login = ServerSettings("localhost", server.port, Security.TLS, "mara@orchardmedia.com", PASSWORD, timeout=5)
    with connect(login) as session:
        session.select_folder("INBOX", readonly=True)
        for uid in (1, 2, 3):  # Each answer is measured alone.
            assert session.fetch([uid], ["BODY.PEEK[]"])[uid]
        with pytest.raises(session.AbortError) as caught:
            session.fetch([1, 2, 3], ["BODY.PEEK[]"])
    assert isinstance(classify_imap_error(caught.value, server=login), MailServerError)


def test_signing_in_to_read_is_tried_so_often_and_no_more(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch, dead_port: int
) -> None:
    cache.clear()
    settings.MAIL_ALLOWED_HOSTS = [f"localhost:{dead_port}"]
    monkeypatch.setattr(views, "IMAP_TRIALS", {"imap_trial": "2/h/user"})
    client = world.client(world.owner)
    url = reverse("mailboxes:new_mailbox_test_imap", args=["orchard", "other"])
    typed = {
        "imap_host": "localhost",
        "imap_port": dead_port,
        "imap_security": "tls",
        "imap_user": "somebody@else.example",
        "imap_password": "guess",
    }
    said = [client.post(url, typed, headers={"HX-Request": "true"}).content.decode() for _ in range(3)]
    assert "within an hour" not in said[0] + said[1]
    assert "within an hour" in said[2]
