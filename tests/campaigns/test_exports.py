"""Files that people take away: what is in them, who may, what is noted, and that they are never held as a whole."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import exports
from campaigns.marks import tag_named
from campaigns.models import Attempt, Lead
from compliance import taking
from compliance.export_models import Export
from compliance.models import AuditEntry
from inbox.models import RawMessage, Reply
from outreach_site.accounts.models import ApiKey, Membership, Role, User
from outreach_site.lib.crypto import token_digest
from tests.campaigns.conftest import HTMX, Room
from tests.conftest import make_user


def rows_in(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def url_of(room: Room, name: str) -> str:
    return reverse(name, args=[room.world.here.slug, room.campaign.pk])


def api_url(room: Room, what: str) -> str:
    return f"/api/v1/backlink-outreach/campaigns/{room.campaign.pk}/export/{what}"


def key_of(user: User, room: Room) -> dict[str, str]:
    token = f"lk_{user.pk}"
    membership = Membership.objects.get(user=user)
    ApiKey.objects.create(membership=membership, name="k", prefix="lk_k", digest=token_digest(token), scopes=["read"])
    return {"Authorization": f"Bearer {token}"}


def with_a_reply(room: Room) -> Reply:
    raw = RawMessage.objects.create(
        mailbox=room.mailbox, digest="d", size=1, folder="INBOX", received_at=timezone.now()
    )
    return Reply.objects.create(
        workspace=room.world.here,
        mailbox=room.mailbox,
        raw=raw,
        campaign=room.campaign,
        lead=room.leads[0],
        kind=Reply.Kind.REPLY,
        classification=Reply.Classification.INTERESTED,
        intents=[{"intent": "price", "words": "how much"}, {"intent": "price", "words": "fee"}],
        from_email="hannah@brightgarden.com",
        from_name='=HYPERLINK("x")',
        subject="Re: A guide",
        new_text="-2+3 yes,\nplease",
        received_at=timezone.now(),
    )


FILES = ["campaigns:leads_export", "campaigns:attempts_export", "inbox:replies_export"]


def test_leads(room: Room) -> None:
    Lead.objects.filter(pk=room.leads[0].pk).update(
        website_title="=1+1", custom_fields={"phone": "+49 30 1", "a": "ü"}, quality_score=0.25, topic="-5"
    )
    for name in ("=sum", "Garden"):
        room.leads[0].tags.add(tag_named(room.world.here, name))
    Lead.objects.filter(pk=room.leads[1].pk).update(assignee=room.world.owner)
    rows = rows_in(room.get("leads_export", room.campaign.pk))
    assert list(rows[0]) == list(exports.LEADS)
    assert [row["tags"] for row in rows[:2]] == ["'=sum, Garden", ""]
    assert [row["assignee"] for row in rows[:2]] == ["", room.world.owner.email]
    assert [row["id"] for row in rows] == [str(lead.pk) for lead in room.leads]
    first = rows[0]
    assert first["website_title"] == "'=1+1"
    assert first["topic"] == "-5"
    assert first["contact_email"] == "hannah@brightgarden.com"
    assert first["custom_fields"] == '{"a": "ü", "phone": "+49 30 1"}'
    assert first["quality_score"] == "0.25"
    assert rows[2]["contact_email"] == ""


def test_letters(room: Room) -> None:
    [sent, waiting] = room.queue(*room.leads[:2])
    now = timezone.now()
    Attempt.objects.filter(pk=sent.pk).update(state=Attempt.State.SENT, finished_at=now, message_id="<1@x>")
    rows = rows_in(room.get("attempts_export", room.campaign.pk))
    assert list(rows[0]) == list(exports.ATTEMPTS)
    assert (rows[0]["state"], rows[0]["due_at"], rows[0]["message_id"]) == ("sent", "", "<1@x>")
    assert rows[0]["sent_at"].endswith("Z")
    assert (rows[1]["state"], rows[1]["sent_at"], rows[1]["recipient"]) == ("queued", "", waiting.recipient)
    assert rows[1]["body"] == waiting.body.replace("\r\n", "\n") or waiting.body in rows[1]["body"]
    assert rows[1]["queued_by"] == room.world.marketer.email


def test_replies(room: Room) -> None:
    reply = with_a_reply(room)
    rows = rows_in(room.client().get(url_of(room, "inbox:replies_export")))
    assert [row["id"] for row in rows] == [str(reply.pk)]
    assert rows[0]["from_name"] == '\'=HYPERLINK("x")'
    assert rows[0]["body"] == "'-2+3 yes,\nplease"
    assert (rows[0]["intents"], rows[0]["classification"], rows[0]["lead_status"]) == (
        "price",
        "interested",
        "discovered",
    )


@pytest.mark.parametrize("name", FILES)
def test_the_mark_is_there_where_it_is_wanted(room: Room, name: str) -> None:
    plain = b"".join(room.client().get(url_of(room, name)).streaming_content)  # type: ignore[attr-defined]  # it streams
    marked = b"".join(room.client().get(url_of(room, name) + "?excel=1").streaming_content)  # type: ignore[attr-defined]
    assert plain.startswith(b'"id",')
    assert marked == b"\xef\xbb\xbf" + plain


@pytest.mark.parametrize("name", FILES)
def test_who_may_take_a_file_away(room: Room, name: str) -> None:
    for role in ("owner", "marketer", "officer"):
        rows_in(room.client(getattr(room.world, role)).get(url_of(room, name)))
    for user, status in ((room.world.viewer, 403), (room.world.stranger, 404)):
        assert room.client(user).get(url_of(room, name)).status_code == status
    elsewhere = reverse(name, args=[room.world.elsewhere.slug, room.campaign.pk])
    assert room.client(room.world.stranger).get(elsewhere).status_code == 404
    for method in ("post", "head"):
        assert getattr(room.client(), method)(url_of(room, name)).status_code == 405
    assert Export.objects.count() == 3


@pytest.mark.parametrize(("name", "what"), list(zip(FILES, ("leads", "attempts", "replies"), strict=True)))
def test_it_is_noted_before_a_byte_goes_out(room: Room, name: str, what: str) -> None:
    answer = room.client().get(url_of(room, name))
    entry = AuditEntry.objects.get(event=f"{what}.exported")
    assert (entry.user_id, entry.about) == (room.world.marketer.pk, room.campaign.subject)
    export = Export.objects.get()
    assert (export.what, export.rows, export.finished_at) == (what, 0, None)
    assert export.is_under_way(timezone.now())
    count = len(rows_in(answer))
    export.refresh_from_db()
    assert (export.rows, export.finished_at is not None) == (count, True)
    assert not export.is_under_way(timezone.now())


def test_one_who_goes_away_leaves_a_file_that_is_not_whole(room: Room) -> None:
    export = taking.begin(
        Export.What.LEADS,
        workspace=room.world.here,
        about=room.campaign.subject,
        total=5_000,
        user=room.world.marketer,
        now=timezone.now(),
    )
    pieces = taking.as_csv(export, ["n"], ([n] for n in range(5_000)))
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]  # what the server does
    export.refresh_from_db()
    assert export.broke_off_at is not None
    assert 0 < export.rows < 5_000
    page = room.client().get(url_of_exports(room) + f"?about={room.campaign.subject}", headers=HTMX).content.decode()
    assert "Broken off" in page
    assert "not whole" in page


def url_of_exports(room: Room) -> str:
    return reverse("compliance:export_list", args=[room.world.here.slug])


def test_progress_is_shown_while_it_goes_out(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "NOTED_EVERY", 0.0)
    export = taking.begin(
        Export.What.LEADS,
        workspace=room.world.here,
        about=room.campaign.subject,
        total=2_000,
        user=room.world.marketer,
        now=timezone.now(),
    )
    pieces = taking.as_csv(export, ["n"], ([n] for n in range(2_000)))
    next(pieces)
    next(pieces)
    part = room.client().get(url_of_exports(room) + f"?about={room.campaign.subject}", headers=HTMX).content.decode()
    assert "every 2s" in part
    assert "of 2,000 rows" in part
    assert "<html" not in part
    assert list(pieces)
    part = room.client().get(url_of_exports(room) + f"?about={room.campaign.subject}", headers=HTMX).content.decode()
    assert "every 2s" not in part
    assert "Complete" in part
    whole = room.client().get(url_of_exports(room)).content.decode()
    assert "<html" in whole
    assert "Marketer" in whole


def test_one_whose_process_died_is_not_under_way_for_ever(room: Room) -> None:
    now = timezone.now()
    export = Export(moved_at=now - timedelta(minutes=2))
    assert not export.is_under_way(now)
    assert Export(moved_at=now).is_under_way(now)


def test_others_files_are_not_shown(room: Room) -> None:
    rows_in(room.get("leads_export", room.campaign.pk))
    stranger = room.client(room.world.stranger)
    there = reverse("compliance:export_list", args=[room.world.elsewhere.slug])
    assert "Marketer" not in stranger.get(there + f"?about={room.campaign.subject}").content.decode()


@pytest.mark.parametrize("user", ["owner", "marketer", "officer"])
def test_the_page_offers_all_files(room: Room, user: str) -> None:
    page = room.get("campaign_export", room.campaign.pk, user=getattr(room.world, user)).content.decode()
    for name in FILES:
        assert url_of(room, name) in page


def test_a_viewer_is_not_offered_the_page(room: Room) -> None:
    link = room.url("campaign_export", room.campaign.pk)
    assert link in room.get("campaign_detail", room.campaign.pk).content.decode()
    assert link not in room.get("campaign_detail", room.campaign.pk, user=room.world.viewer).content.decode()
    assert room.get("campaign_export", room.campaign.pk, user=room.world.viewer).status_code == 403


# --- The API ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["leads", "attempts", "replies"])
def test_programs_get_the_same_files(room: Room, what: str) -> None:
    room.queue(room.leads[0])
    with_a_reply(room)
    answer = Client().get(api_url(room, what), headers=key_of(room.world.marketer, room))
    rows = rows_in(answer)
    assert len(rows) == {"leads": 3, "attempts": 1, "replies": 1}[what]
    assert AuditEntry.objects.get(event=f"{what}.exported").details["api"] is True


@pytest.mark.parametrize("what", ["leads", "attempts", "replies"])
def test_the_doors_of_the_api(room: Room, what: str) -> None:
    assert Client().get(api_url(room, what)).status_code == 401
    assert Client().get(api_url(room, what), headers=key_of(room.world.viewer, room)).status_code == 403
    assert Client().get(api_url(room, what), headers=key_of(room.world.stranger, room)).status_code == 404
    headers = key_of(room.world.owner, room)
    marked = Client().get(api_url(room, what) + "?bom=true", headers=headers)
    assert next(iter(marked.streaming_content)).startswith(b"\xef\xbb\xbf")  # type: ignore[attr-defined]  # it streams
    assert Client().get(api_url(room, what) + "?bom=maybe", headers=headers).status_code == 422


def test_the_cost_does_not_grow_with_the_rows(room: Room, django_assert_max_num_queries: Callable[..., Any]) -> None:
    for number in range(30):
        room.lead(f"site{number}.org", f"ed@site{number}.org")
    with django_assert_max_num_queries(2):
        assert len(list(exports.leads_of(room.campaign))) == 33
    room.queue(*Lead.objects.of(room.campaign))
    with django_assert_max_num_queries(2):
        assert len(list(exports.attempts_of(room.campaign))) == 32


def test_pieces_follow_each_other(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    from outreach_site.lib import pieces

    rows = [row[0] for row in pieces.values_by_key(Lead.objects.all(), "pk", size=1)]
    assert rows == sorted(lead.pk for lead in room.leads)
    assert [[lead.pk for lead in piece] for piece in pieces.by_key(Lead.objects.all(), size=2)] == [rows[:2], rows[2:]]


def test_a_newcomer_with_no_name_is_shown_by_address(room: Room) -> None:
    user = make_user("new@orchard.example")
    Membership.objects.create(user=user, workspace=room.world.here, role=Role.MARKETER)
    rows_in(room.client(user).get(url_of(room, "campaigns:leads_export")))
    assert "New" in room.client().get(url_of_exports(room)).content.decode()
