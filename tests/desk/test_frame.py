"""What stands around every page: navigation, workspaces, banners, home."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from campaigns.models import Attempt
from inbox.models import Reply
from outreach_site.accounts.models import Membership, Role, User, Workspace
from outreach_site.desk import frame
from outreach_site.desk.frame import Frame
from outreach_site.desk.models import Heartbeat
from tests.conftest import World
from tests.desk.conftest import Desk

QUEUE = "/w/orchard/queue/"


def frame_of(world: World, user: User, url: str = QUEUE) -> Frame:
    built = world.client(user).get(url).context["frame"]
    assert isinstance(built, Frame)
    return built


def test_counts_what_needs_a_person(world: World, desk: Desk) -> None:
    desk.reply(Reply.Classification.INTERESTED, age=timedelta(hours=1))
    desk.reply(Reply.Classification.REPLIED, age=timedelta(hours=1), read_at=timezone.now())
    away = desk.reply(Reply.Classification.OUT_OF_OFFICE, age=timedelta(hours=1))
    Reply.objects.filter(pk=away.pk).update(kind=Reply.Kind.AUTO_REPLY)
    desk.letter()
    desk.letter(Attempt.State.SENDING)
    desk.letter(Attempt.State.SENT)
    counts = {item.label: (item.count, item.tone) for item in frame_of(world, world.viewer).nav}
    assert counts["Inbox"] == (1, "")
    assert counts["Queue"] == ("2", "")
    desk.letter(Attempt.State.UNCERTAIN)
    assert {item.label: (item.count, item.tone) for item in frame_of(world, world.viewer).nav}["Queue"] == ("1", "bad")
    desk.letter(Attempt.State.FAILED)
    assert {item.label: (item.count, item.tone) for item in frame_of(world, world.viewer).nav}["Queue"] == ("2", "bad")


def test_the_queue_is_red_when_no_worker_takes_what_waits(world: World, desk: Desk) -> None:
    def badge() -> tuple[object, str]:
        return next((item.count, item.tone) for item in frame_of(world, world.viewer).nav if item.label == "Queue")

    Heartbeat.beat("mail", host="here", now=timezone.now() - timedelta(minutes=6))
    assert badge() == (None, ""), "nothing waits for them"
    desk.letter()
    assert badge() == ("1", "bad")
    Heartbeat.beat("mail", host="there", now=timezone.now())
    assert badge() == ("1", "")


def test_a_badge_counts_no_further_than_it_can_say(world: World, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame, "BADGE_AT_MOST", 2)
    for _ in range(3):
        desk.letter()
    assert next(item.count for item in frame_of(world, world.viewer).nav if item.label == "Queue") == "2+"


def test_counts_nothing_of_another_workspace(world: World, desk: Desk, other_desk: Desk) -> None:
    other_desk.reply(Reply.Classification.INTERESTED, age=timedelta(hours=1))
    other_desk.letter(Attempt.State.UNCERTAIN)
    assert [item.count for item in frame_of(world, world.owner).nav if item.count] == []


def test_says_where_one_stands(world: World) -> None:
    [current] = [item.label for item in frame_of(world, world.owner).nav if item.current]
    assert current == "Queue"


def test_the_last_workspace_is_shown_outside_any(world: World, desk: Desk) -> None:
    client = world.client(world.marketer)
    client.get(QUEUE)
    answer = client.get("/post-office/")
    assert answer.context["here"] == world.here
    assert answer.context["frame"].person.role == "Marketer"


def test_a_workspace_that_one_has_left_is_not_shown(world: World, desk: Desk) -> None:
    client = world.client(world.marketer)
    client.get(QUEUE)
    Membership.objects.filter(user=world.marketer).delete()
    answer = client.get("/post-office/")
    assert "Orchard" not in answer.content.decode()
    assert not answer.context["here"]
    assert answer.context["frame"].nav == []


def test_banners(world: World, settings: Settings) -> None:
    assert frame_of(world, world.owner).banners == []
    world.here.is_rehearsal = True
    world.here.sending_stopped_at = timezone.now()
    world.here.save()
    settings.SMTP_VERIFY_TLS = False
    banners = frame_of(world, world.owner).banners
    assert [banner.tone for banner in banners] == ["info", "bad", "warn"]
    assert "Nothing is sent until it is on again" in banners[1].text


def test_costs_five_queries_and_a_fragment_none(
    world: World, desk: Desk, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = world.client(world.owner)
    client.get("/w/orchard/search/")
    # Session, user, membership; then the frame: workspaces, unread, waiting, mailboxes in trouble, the bell.
    with django_assert_num_queries(8):
        client.get("/w/orchard/search/")
    with django_assert_num_queries(3):
        client.get("/w/orchard/search/", headers={"HX-Request": "true"})
    # A page that htmx restores from history is a whole page.
    restored = client.get("/w/orchard/search/", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert 'id="sidebar"' in restored.content.decode()


# --- Home


def test_home_is_the_last_workspace(world: World) -> None:
    Membership.objects.create(user=world.owner, workspace=world.elsewhere, role=Role.VIEWER)
    client = world.client(world.owner)
    for slug in ("quarry", "orchard"):
        client.get(f"/w/{slug}/")
        assert client.get("/")["Location"] == f"/w/{slug}/"


def test_home_is_the_first_workspace_for_who_was_nowhere_yet(world: World) -> None:
    assert world.client(world.owner).get("/")["Location"] == "/w/orchard/"


def test_home_is_no_workspace_that_one_has_left(world: World) -> None:
    world.owner.last_workspace = world.elsewhere
    world.owner.save()
    assert world.client(world.owner).get("/")["Location"] == "/w/orchard/"


def test_somebody_in_no_workspace_is_told_what_to_do(world: World) -> None:
    Membership.objects.filter(user=world.viewer).delete()
    answer = world.client(world.viewer).get("/")
    assert answer.status_code == 200
    assert "You are not in a workspace yet" in answer.content.decode()


def test_nobody_is_led_to_sign_in(world: World) -> None:
    assert world.client().get("/")["Location"] == "/accounts/login/?next=/"


@pytest.mark.parametrize("slug", ["quarry", "nowhere"])
def test_what_is_not_yours_is_not_there(world: World, slug: str) -> None:
    Workspace.objects.create(name="Third", slug="third")
    assert world.client(world.owner).get(f"/w/{slug}/").status_code == 404


# --- Forms that expired


def test_a_refused_form_brings_the_new_token_to_a_page_of_the_same_person_alone(world: World) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.owner)

    def stop(person: User, **more: str) -> Any:
        htmx = {"HX-Request": "true", "X-Person": str(person.pk)}
        return browser.post(f"{QUEUE}stop/", headers=htmx | more)

    refused = stop(world.owner)
    assert refused.status_code == 403
    assert "X-CSRFToken" not in stop(world.marketer)
    assert "X-CSRFToken" not in browser.post(f"{QUEUE}stop/", headers={"X-Person": str(world.owner.pk)})
    assert stop(world.owner, **{"X-CSRFToken": refused["X-CSRFToken"]}).status_code == 200
