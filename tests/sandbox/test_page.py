"""The post office page: who may see it, what it shows, and that it shows it safely."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from outreach_site.accounts.models import Membership, Role, Workspace
from outreach_site.sandbox.config import PostOffice
from outreach_site.sandbox.correspondents import CAST
from outreach_site.sandbox.delivery import Envelope, deliver_all, take_in
from outreach_site.sandbox.folders import Folders
from outreach_site.sandbox.store import Letter, Store
from tests.conftest import World
from tests.sandbox.letters import ALEX, letter_to

LIST = "/post-office/"
DELIVER = "/post-office/deliver/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def store(tmp_path: Path, settings: Settings) -> Iterator[Store]:
    settings.SANDBOX = True
    settings.SANDBOX_DIR = tmp_path / "office"
    with Store(settings.SANDBOX_DIR) as store:
        store.add_account(ALEX, "secret", now=datetime.now(UTC))
        yield store


@pytest.fixture
def client(world: World) -> Client:
    """A viewer of the rehearsal: nobody else sees its letters."""
    rehearsal = Workspace.objects.create(name="Rehearsal", slug="rehearsal", is_rehearsal=True)
    Membership.objects.create(user=world.viewer, workspace=rehearsal, role=Role.VIEWER)
    return world.client(world.viewer)


def take(store: Store, message: EmailMessage) -> Letter:
    import random

    office = PostOffice(directory=store.directory, answer_after=(3600, 3600))
    envelope = Envelope(account=ALEX, mail_from=ALEX, recipients=(message["To"],), tls_version="TLSv1.3")
    raw = message.as_bytes(policy=policy.SMTP)
    (letter,) = take_in(store, envelope, raw, office=office, now=datetime.now(UTC), chance=random.Random(1))
    return letter


def inbox_size(store: Store) -> int:
    folder = Folders(store, ALEX).folder("INBOX")
    assert folder is not None
    return folder.next_uid - 1


def test_an_empty_office_says_what_to_do(store: Store, client: Client) -> None:
    page = client.get(LIST).content.decode()
    assert "No letters yet" in page
    for person in CAST:
        assert person.address in page
    assert "hx-trigger" not in page.partition('id="letters"')[2].partition("</div>")[0]


def test_letters_are_listed_newest_first(store: Store, client: Client) -> None:
    take(store, letter_to("hannah@brightgarden.test", subject="First letter"))
    take(store, letter_to("owner@rehearsal.test", subject="A <b>test</b> letter", message_id="<2@x.test>"))
    page = client.get(LIST).content.decode()
    assert page.index("A &lt;b&gt;test&lt;/b&gt; letter") < page.index("First letter")
    assert "Hannah Lindqvist" in page
    assert "Kept here" in page
    assert 'hx-trigger="every 2s"' in page
    assert "1 answer on its way" in page


@pytest.mark.parametrize(("show", "seen", "unseen"), [("outreach", "Out", "Home"), ("platform", "Home", "Out")])
def test_the_filter(store: Store, client: Client, show: str, seen: str, unseen: str) -> None:
    take(store, letter_to("hannah@brightgarden.test", subject="Out there"))
    take(store, letter_to("owner@rehearsal.test", subject="Home here", message_id="<2@x.test>"))
    page = client.get(LIST, {"show": show}).content.decode().partition("Who answers how")[0]
    assert seen in page
    assert f"{unseen} " not in page
    assert client.get(LIST, {"show": "nonsense", "before": "x"}).status_code == 200


def test_it_is_paged(store: Store, client: Client) -> None:
    for number in range(30):
        take(store, letter_to("aoife@rewildedbackyards.test", subject=f"No. {number:02}", message_id=f"<{number}@x>"))
    page = client.get(LIST).content.decode()
    assert "No. 29" in page
    assert "No. 04" not in page
    assert "?before=6" in page
    second = client.get(LIST, {"before": 6}).content.decode()
    assert "No. 04" in second
    assert "No. 05" not in second
    assert "No older letters" in client.get(LIST, {"before": 1}).content.decode()


def test_the_list_for_htmx_is_the_list_alone(store: Store, client: Client) -> None:
    answer = client.get(LIST, headers=HTMX)
    assert answer.content.decode().strip().startswith('<div id="letters"')
    assert b"<html" not in answer.content


def test_a_letter_as_its_recipient_saw_it(store: Store, client: Client) -> None:
    message = letter_to("hannah@brightgarden.test", subject="Grüße", text="<script>alert(1)</script> & more\n")
    message.add_alternative('<p>Formatted</p><script>alert("2")</script>', subtype="html")
    letter = take(store, message)
    page = client.get(f"/post-office/letters/{letter.id}/").content.decode()
    assert "Grüße" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in page
    assert "<script>alert" not in page
    assert '<iframe class="letter__frame" sandbox srcdoc="&lt;p&gt;Formatted&lt;/p&gt;' in page
    assert "Alex Müller &lt;alex@rehearsal.test&gt;" in page
    assert "TLSv1.3" in page
    assert "Answer on its way" in page


def test_the_source_is_shown_on_demand(store: Store, client: Client) -> None:
    letter = take(store, letter_to("hannah@brightgarden.test"))
    source = f"/post-office/letters/{letter.id}/source/"
    assert "Message-ID: &lt;1.alex@rehearsal.test&gt;" in client.get(source).content.decode()
    partial = client.get(source, headers=HTMX).content.decode()
    assert partial.strip().startswith('<section id="source"')
    download = client.get(source, {"download": 1})
    assert download.content == letter.raw
    assert download["Content-Disposition"] == f'attachment; filename="letter-{letter.id}.eml"'


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe\x00", b'Subject: =?nope?q?x?=\r\nFrom: "\r\nDate: x\r\n\r\n\xff'])
def test_any_letter_can_be_looked_at(store: Store, client: Client, raw: bytes) -> None:
    import random

    office = PostOffice(directory=store.directory)
    envelope = Envelope(account=ALEX, mail_from=ALEX, recipients=("hannah@brightgarden.test",), tls_version="")
    (letter,) = take_in(store, envelope, raw, office=office, now=datetime.now(UTC), chance=random.Random(1))
    deliver_all(store, now=datetime.now(UTC))
    assert client.get(f"/post-office/letters/{letter.id}/").status_code == 200
    assert client.get(f"/post-office/letters/{letter.id}/source/").status_code == 200
    assert client.get(LIST).status_code == 200


def test_delivering_one_answer(store: Store, client: Client) -> None:
    letter = take(store, letter_to("hannah@brightgarden.test"))
    take(store, letter_to("tom@balconyharvest.test", message_id="<2@x.test>"))
    answer = client.post(DELIVER, {"letter": letter.id})
    assert (answer.status_code, answer["Location"]) == (302, LIST)
    assert inbox_size(store) == 1
    assert store.waiting_count() == 1
    client.post(DELIVER, {"letter": letter.id})
    assert inbox_size(store) == 1
    page = client.get(f"/post-office/letters/{letter.id}/").content.decode()
    assert "Answered: Interested" in page
    assert "this sounds good" in page


def test_delivering_all_for_htmx_answers_with_the_list(store: Store, client: Client) -> None:
    take(store, letter_to("hannah@brightgarden.test"))
    take(store, letter_to("nobody@nowhere.test", message_id="<2@x.test>"))
    answer = client.post(DELIVER, {"show": "outreach"}, headers=HTMX)
    assert inbox_size(store) == 2
    text = answer.content.decode()
    assert text.strip().startswith('<div id="letters">')
    assert "Bounced" in text
    assert "every 2s" not in text
    assert "2 answers were delivered" in answer["HX-Trigger"]


def test_delivering_from_the_letter_leads_back_to_it(store: Store, client: Client) -> None:
    letter = take(store, letter_to("hannah@brightgarden.test"))
    answer = client.post(DELIVER, {"letter": letter.id, "page": "letter"})
    assert answer["Location"] == f"/post-office/letters/{letter.id}/"


@pytest.mark.parametrize("url", ["/post-office/letters/99/", "/post-office/letters/99/source/"])
def test_a_letter_that_is_not_there(store: Store, client: Client, url: str) -> None:
    assert client.get(url).status_code == 404
    assert client.post(DELIVER, {"letter": "99"}).status_code == 404
    assert client.post(DELIVER, {"letter": "x" * 400}).status_code == 404


def test_wrong_verbs(store: Store, client: Client) -> None:
    assert client.get(DELIVER).status_code == 405
    assert client.post(LIST).status_code == 405


@pytest.mark.parametrize("url", [LIST, "/post-office/letters/1/", "/post-office/letters/1/source/"])
def test_without_the_rehearsal_there_is_no_page(client: Client, settings: Settings, url: str) -> None:
    settings.SANDBOX = False
    assert client.get(url).status_code == 404
    assert client.post(DELIVER).status_code == 404


def test_whoever_is_signed_out_signs_in_first(store: Store, world: World) -> None:
    letter = take(store, letter_to("hannah@brightgarden.test"))
    for url in (LIST, f"/post-office/letters/{letter.id}/", f"/post-office/letters/{letter.id}/source/"):
        assert world.client().get(url).status_code == 302
    assert world.client().post(DELIVER).status_code == 302
    assert inbox_size(store) == 0


def test_the_addresses_have_names() -> None:
    assert reverse("desk:post_office") == LIST
    assert reverse("desk:post_office_letter", args=[7]) == "/post-office/letters/7/"
    assert reverse("desk:post_office_source", args=[7]) == "/post-office/letters/7/source/"
    assert reverse("desk:post_office_deliver") == DELIVER
