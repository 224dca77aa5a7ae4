"""Unsubscribe: stored tokens, headers after RFC 8058 and 2369, and a page that works for anybody who has the link."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.message import Message

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from compliance import suppression, unsubscribe
from compliance.models import AuditEntry, Suppression, UnsubscribeToken
from compliance.phrases import ENGLISH, PHRASES, phrases_for
from compliance.views.public import masked
from outreach_site.accounts.models import Workspace
from tests.conftest import World

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
ONE_CLICK = "List-Unsubscribe=One-Click"


def token_of(world: World, address: str = "ed@brightgarden.test", sender_name: str = "Orchard Media") -> str:
    return unsubscribe.token_for(
        workspace=world.here, address=address, about="attempt:42", sender_name=sender_name, now=NOW
    )


def path_of(token: str) -> str:
    return f"/unsubscribe/{token}/"


# --- Tokens -----------------------------------------------------------------------------------------------------------


def test_a_token_is_random_and_stored(world: World) -> None:
    token = token_of(world, "Ed@BrightGarden.test")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token)
    row = UnsubscribeToken.objects.get(token=token)
    assert (row.workspace_id, row.address, row.about) == (world.here.pk, "ed@brightgarden.test", "attempt:42")
    assert row.workspace_name == "Orchard Media"


def test_a_letter_keeps_its_token_and_another_gets_its_own(world: World) -> None:
    assert token_of(world) == token_of(world)
    assert token_of(world) != token_of(world, "flo@brightgarden.test")
    assert UnsubscribeToken.objects.count() == 2


def test_a_batch_takes_as_many_queries_as_one(world: World) -> None:
    def queries(start: int, count: int) -> int:
        letters = {f"attempt:{n}": f"n{n}@x.test" for n in range(start, start + count)}
        with CaptureQueriesContext(connection) as captured:
            tokens = unsubscribe.tokens_for(workspace=world.here, addresses=letters, now=NOW)
        assert set(tokens) == set(letters)
        assert len(set(tokens.values())) == count
        return len(captured)

    assert queries(0, 1) == queries(1, 500)
    assert UnsubscribeToken.objects.filter(workspace_name="Orchard").count() == 501


# --- Headers ----------------------------------------------------------------------------------------------------------


def test_one_click_headers_over_https(world: World, settings: Settings) -> None:
    settings.SITE_URL = "https://links.example"
    headers = unsubscribe.one_click_headers("t" * 43)
    assert headers == {
        "List-Unsubscribe": f"<https://links.example/unsubscribe/{'t' * 43}/>",
        "List-Unsubscribe-Post": ONE_CLICK,
    }


def test_a_mailto_stands_second_with_the_token_in_its_subject(world: World, settings: Settings) -> None:
    settings.SITE_URL = "https://links.example"
    headers = unsubscribe.one_click_headers("t" * 43, mailto="mara+x%y@orchard.example")
    ways = headers["List-Unsubscribe"].split(", ")
    assert ways == [
        f"<https://links.example/unsubscribe/{'t' * 43}/>",
        f"<mailto:mara+x%25y@orchard.example?subject=unsubscribe%20{'t' * 43}>",
    ]
    assert len(re.findall("https:", headers["List-Unsubscribe"])) == 1  # RFC 8058, 3.1: exactly one


def test_without_https_nothing_is_promised(world: World, settings: Settings) -> None:
    settings.SITE_URL = "http://localhost:8000"
    assert unsubscribe.one_click_headers("t" * 43) == {}
    by_mail = unsubscribe.one_click_headers("t" * 43, mailto="mara@orchard.example")
    assert by_mail == {"List-Unsubscribe": f"<mailto:mara@orchard.example?subject=unsubscribe%20{'t' * 43}>"}
    assert unsubscribe.link("t" * 43) == f"http://localhost:8000/unsubscribe/{'t' * 43}/"


def test_the_headers_survive_the_wire_unencoded(world: World, settings: Settings) -> None:
    settings.SITE_URL = "https://a-rather-long-name-for-a-host.outreach.links.example.org"
    headers = unsubscribe.one_click_headers("t" * 43, mailto="a.rather.long.name@orchard-media.example")
    message: Message = EmailMessage("Hello", "Text", "m@orchard.example", ["e@x.test"], headers=headers).message()
    raw = message.as_bytes()
    assert b"=?" not in raw.split(b"\n\n")[0]
    assert " ".join(message["List-Unsubscribe"].split()) == headers["List-Unsubscribe"]
    unfolded = re.sub(r"\n[ \t]+", " ", raw.decode())
    assert headers["List-Unsubscribe"] in unfolded
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in raw


# --- The page ---------------------------------------------------------------------------------------------------------


def test_get_shows_and_changes_nothing(world: World) -> None:
    token = token_of(world)
    for _ in range(2):  # a mail scanner opens it more than once
        response = Client().get(path_of(token))
        assert response.status_code == 200
    page = response.content.decode()
    assert "One click, and Orchard Media will not write to e•••@brightgarden.test again." in page
    assert page.count("<form") == page.count("<button") == 1
    assert "<script" not in page
    assert "ed@brightgarden.test" not in page
    assert not Suppression.objects.exists()
    assert UnsubscribeToken.objects.get().used_at is None


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (ONE_CLICK, "application/x-www-form-urlencoded"),
        (
            '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
        ),
        ("", "text/plain"),
        ("{broken", "application/json"),
    ],
)
def test_one_click_works_without_cookie_or_csrf_token(world: World, body: str, content_type: str) -> None:
    token = token_of(world)
    program = Client(enforce_csrf_checks=True)
    response = program.post(path_of(token), data=body, content_type=content_type)
    assert response.status_code == 200  # and no redirect, which programs do not follow
    assert not response.cookies
    entry = Suppression.objects.get()
    assert (entry.value, entry.reason, entry.workspace_id) == ("ed@brightgarden.test", "unsubscribe", world.here.pk)
    assert entry.source == "attempt:42"
    used = AuditEntry.objects.get(event="unsubscribe.used")
    assert (used.user_id, used.about, used.person.lead_email) == (None, "attempt:42", "ed@brightgarden.test")


def test_twice_does_no_harm(world: World) -> None:
    token = token_of(world)
    first, second = Client().post(path_of(token)), Client().post(path_of(token))
    assert first.content == second.content
    assert "You are unsubscribed" in first.content.decode()
    assert Suppression.objects.count() == 1
    assert AuditEntry.objects.filter(event="unsubscribe.used").count() == 1


def test_afterwards_the_page_says_that_it_is_done(world: World) -> None:
    token = token_of(world)
    Client().post(path_of(token))
    page = Client().get(path_of(token)).content.decode()
    assert "You are unsubscribed" in page
    assert "<form" not in page


def test_a_weaker_suppression_still_leaves_the_word_to_the_person(world: World) -> None:
    suppression.suppress(workspace=world.here, address="ed@brightgarden.test", reason="manual", now=NOW)
    token = token_of(world)
    assert "<form" in Client().get(path_of(token)).content.decode()
    Client().post(path_of(token))
    assert Suppression.objects.get().reason == "unsubscribe"


@pytest.mark.parametrize(
    "token", ["t" * 43, "short", "é" * 43, "t" * 42 + "%00", "..", "<script>alert(1)<script>", "t" * 4000]
)
def test_an_unknown_token_gets_a_page_that_helps_and_tells_nothing(world: World, token: str) -> None:
    token_of(world)
    for answer in (Client().get(path_of(token)), Client(enforce_csrf_checks=True).post(path_of(token))):
        page = answer.content.decode()
        assert answer.status_code == 404
        assert "This link does not work" in page
        assert "Orchard" not in page
        assert "<script" not in page
    assert not Suppression.objects.exists()


def test_the_token_outlives_its_workspace(world: World) -> None:
    gone = Workspace.objects.create(name="Gone", slug="gone")
    token = unsubscribe.token_for(workspace=gone, address="ed@x.test", about="attempt:1", now=NOW)
    gone.delete()
    response = Client().post(path_of(token))
    assert response.status_code == 200
    entry = Suppression.objects.get()
    assert (entry.workspace_id, entry.value) == (None, "ed@x.test")


def test_names_cannot_break_out_of_the_page(world: World) -> None:
    token = token_of(world, sender_name="<b>{who.__class__}</b>\r\nX-Evil: 1")
    response = Client().get(path_of(token))
    page = response.content.decode()
    assert "&lt;b&gt;{who.__class__}&lt;/b&gt; X-Evil: 1" in page
    assert "<b>" not in page


def test_the_page_is_not_kept_indexed_or_referred_to(world: World) -> None:
    response = Client().get(path_of(token_of(world)))
    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Robots-Tag"] == "noindex"
    assert not response.cookies


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("pt-BR,fr;q=0.7,en;q=0.3", "fr"),
        ("PL", "pl"),
        ("de;q=0,nl", "nl"),
        ("zh-CN", "en"),
        ("", "en"),
        (";;;q=1,\x00", "en"),
        ("*", "en"),
    ],
)
def test_the_page_speaks_the_readers_language(world: World, header: str, language: str) -> None:
    response = Client().get(path_of(token_of(world)), headers={"accept-language": header})
    page = response.content.decode()
    assert f'<html lang="{language}">' in page
    assert response["Content-Language"] == language
    assert "Accept-Language" in response["Vary"]
    assert PHRASES[language].title in page.replace("&#x27;", "'")


def test_every_language_says_everything() -> None:
    assert set(PHRASES) == {"en", "de", "fr", "es", "it", "pl", "nl"}
    for code, phrases in PHRASES.items():
        assert phrases.language == code
        for sentence in (phrases.question, phrases.done):
            assert sentence.count("{who}") == sentence.count("{address}") == 1
        assert phrases.unknown
    assert phrases_for("xx") is ENGLISH


@pytest.mark.parametrize(
    ("address", "shown"),
    [("ed@x.test", "e•••@x.test"), ("e@x.test", "•••@x.test"), ("a.very.long.name@x.test", "a•••@x.test")],
)
def test_an_address_is_shown_to_its_owner_alone(address: str, shown: str) -> None:
    assert masked(address) == shown
