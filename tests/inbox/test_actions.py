"""Every action of the inbox: who may, how htmx and a plain browser are answered, and that a GET changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from django.test import Client

from inbox.desk_models import AnswerDraft, DraftFile, Note
from inbox.models import Reply
from tests.conftest import World
from tests.inbox.conftest import HTMX, url


@dataclass(frozen=True)
class Action:
    name: str
    data: dict[str, str] = field(default_factory=dict)
    extra: str = ""  # what the address names besides the reply
    gets: bool = False  # a GET shows a form


ACTIONS = [
    Action("reply_snooze", {"until": "tomorrow"}),
    Action("reply_wake"),
    Action("reply_assign", {"user": ""}),
    Action("note_create", {"text": "Pays late."}),
    Action("note_edit", {"text": "Pays in time."}, extra="note"),
    Action("note_delete", extra="note"),
    Action("lead_plan", {"stage": "Talking"}),
    Action("lead_act"),
    Action("reply_answer", {"subject": "Re: x", "body": "Gladly."}, gets=True),
    Action("answer_keep", {"subject": "Re: x", "body": "Gladly."}),
    Action("answer_discard"),
    Action("answer_file_remove", extra="file"),
    Action("answer_undo", extra="attempt"),
    Action("reply_link", {"lead": "0"}),
    Action("reply_unlink"),
    Action("reply_instead", {"email": "anna@brightgarden.com"}),
    Action("reply_instead_undo", extra="contact"),
]


@pytest.fixture
def extras(world: World, reply: Reply) -> dict[str, int]:
    note = Note.objects.create(workspace=world.here, reply=reply, user=world.marketer, text="Pays late.")
    draft = AnswerDraft.objects.create(reply=reply, user=world.marketer, subject="Re: x", body="Hi")
    file = DraftFile.objects.create(draft=draft, name="a.txt", size=1, content=b"x")
    assert reply.lead is not None
    assert reply.lead.contact is not None
    return {"note": note.pk, "file": file.pk, "attempt": reply.attempt_id or 0, "contact": reply.lead.contact.pk}


def address(action: Action, reply: Reply, extras: dict[str, int], slug: str = "orchard") -> str:
    more = [extras[action.extra]] if action.extra else []
    return url(action.name, reply.pk, *more, slug=slug)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_it_is_no_get_and_nobody_elses(world: World, reply: Reply, extras: dict[str, int], action: Action) -> None:
    here = address(action, reply, extras)
    if not action.gets:
        assert world.client(world.marketer).get(here).status_code == 405
    stranger = world.client(world.stranger)
    assert stranger.post(here, action.data).status_code == 404
    assert stranger.post(address(action, reply, extras, slug="quarry"), action.data).status_code == 404
    for user in (world.viewer, world.officer):
        assert world.client(user).post(here, action.data).status_code == 403


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_it_answers_a_plain_browser(client: Client, reply: Reply, extras: dict[str, int], action: Action) -> None:
    answer = client.post(address(action, reply, extras), action.data)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/w/orchard/inbox/")


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_it_answers_htmx(client: Client, reply: Reply, extras: dict[str, int], action: Action) -> None:
    answer = client.post(address(action, reply, extras), action.data, headers=HTMX)
    assert answer.status_code in {200, 204}
    assert b"<html" not in answer.content


def test_a_note_belongs_to_whoever_wrote_it(world: World, reply: Reply, extras: dict[str, int]) -> None:
    owner = world.client(world.owner)
    assert owner.post(url("note_edit", reply.pk, extras["note"]), {"text": "x"}).status_code == 404
    assert owner.post(url("note_delete", reply.pk, extras["note"])).status_code == 404
    assert Note.objects.get().text == "Pays late."


def test_a_draft_is_seen_by_nobody_else(world: World, reply: Reply, extras: dict[str, int]) -> None:
    AnswerDraft.objects.update(body="Between you and me")
    page = world.client(world.owner).get(url("reply_detail", reply.pk)).content.decode()
    assert "Between you and me" not in page
    assert world.client(world.owner).post(url("answer_file_remove", reply.pk, extras["file"])).status_code == 404
    mine = world.client(world.marketer).get(url("reply_detail", reply.pk)).content.decode()
    assert "Between you and me" in mine
