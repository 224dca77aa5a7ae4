"""The card of what is read of a mailbox: owners alone, every action with and without scripts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from compliance.models import AuditEntry
from inbox.models import Reply
from inbox.reading_models import ReadingPlan
from outreach_site.mailboxes.models import Mailbox
from tests.inbox.conftest import ReadBox, message
from tests.servers import FaultyIMAP, MailFolder

FaultyBox = Callable[..., tuple[ReadBox, FaultyIMAP]]
HTMX = {"HX-Request": "true"}
ACTIONS = {"mailbox_folders": {"folders": ["Pitches"]}, "mailbox_history": {"since": "2020-01-01"}}


def url(box: ReadBox, name: str = "mailbox_reading") -> str:
    return reverse(f"inbox:{name}", args=[box.box.world.here.slug, box.mailbox.pk])


def post(box: ReadBox, name: str, data: object, *, htmx: bool = False) -> HttpResponse:
    client = box.box.world.client(box.box.world.owner)
    response = client.post(url(box, name), data, headers=HTMX if htmx else None)
    assert isinstance(response, HttpResponse)
    return response


@pytest.mark.parametrize("htmx", [True, False])
def test_folders_are_chosen_and_read(faulty_box: FaultyBox, htmx: bool) -> None:
    box, server = faulty_box()
    server.folders |= {"Pitches": MailFolder(), "<b>Odd": MailFolder()}
    client = box.box.world.client(box.box.world.owner)
    asked = client.get(url(box) + "?folders", headers=HTMX if htmx else None).content.decode()
    assert 'value="Pitches"' in asked
    assert "<b>" not in asked
    assert 'value="INBOX"' not in asked
    assert 'value="Sent"' not in asked
    response = post(box, "mailbox_folders", {"folders": ["Pitches"]}, htmx=htmx)
    assert response.status_code == (200 if htmx else 302)
    if htmx:
        assert "Also read: Pitches." in response.content.decode()
    assert AuditEntry.objects.get(event="mailbox.reading_changed").about == f"mailbox:{box.mailbox.pk}"
    box.poll()
    server.add(message("Sounds good.", message_id="<p@a.org>"), folder="Pitches")
    assert box.poll().stored == 1
    assert 'value="Pitches"' in client.get(url(box) + "?folders").content.decode()
    post(box, "mailbox_folders", {})
    assert ReadingPlan.objects.get().folders == []


def test_a_name_that_would_be_a_command_is_refused(faulty_box: FaultyBox) -> None:
    box, _ = faulty_box()
    for name in ("INBOX\r\nA9 DELETE INBOX", "x" * 300, ""):
        assert post(box, "mailbox_folders", {"folders": [name]}).status_code == 422
    assert post(box, "mailbox_folders", {"folders": [f"F{n}" for n in range(21)]}).status_code == 422
    assert not ReadingPlan.objects.exists()


@pytest.mark.parametrize("htmx", [True, False])
def test_history_is_asked_for(faulty_box: FaultyBox, htmx: bool) -> None:
    box, server = faulty_box()
    response = post(box, "mailbox_history", {"since": "2024-01-01"}, htmx=htmx)
    assert response.status_code == (200 if htmx else 302)
    assert ReadingPlan.objects.get().history_since == date(2024, 1, 1)
    client = box.box.world.client(box.box.world.owner)
    assert "is being read" in client.get(url(box)).content.decode()
    box.poll()
    assert "Read since 1 January 2024." in client.get(url(box)).content.decode()
    assert Reply.objects.count() == 0
    assert server.connections >= 1


def test_a_day_that_cannot_be(faulty_box: FaultyBox) -> None:
    box, _ = faulty_box()
    tomorrow = (timezone.localdate() + timedelta(days=2)).isoformat()
    for since in ("", "soon", tomorrow, "0001-01-01"):
        assert post(box, "mailbox_history", {"since": since}).status_code == 422
    assert not ReadingPlan.objects.exists()


def test_a_server_that_says_no_is_quoted(faulty_box: FaultyBox) -> None:
    box, _ = faulty_box(password="another")
    page = box.box.world.client(box.box.world.owner).get(url(box) + "?folders")
    assert page.status_code == 200
    assert "user name and password" in page.content.decode()


@pytest.mark.parametrize("name", list(ACTIONS))
def test_owners_alone(faulty_box: FaultyBox, name: str) -> None:
    box, _ = faulty_box()
    world = box.box.world
    for user, status in ((world.marketer, 403), (world.viewer, 403), (world.stranger, 404)):
        assert world.client(user).post(url(box, name), ACTIONS[name]).status_code == status
    assert world.client(world.owner).get(url(box, name)).status_code == 405
    elsewhere = reverse(f"inbox:{name}", args=[world.elsewhere.slug, box.mailbox.pk])
    assert world.client(world.stranger).post(elsewhere, ACTIONS[name]).status_code == 404
    assert not ReadingPlan.objects.exists()


def test_a_mailbox_without_imap_says_so(faulty_box: FaultyBox) -> None:
    box, _ = faulty_box()
    Mailbox.objects.filter(pk=box.mailbox.pk).update(imap_host="")
    assert "no IMAP server" in box.box.world.client(box.box.world.owner).get(url(box)).content.decode()
