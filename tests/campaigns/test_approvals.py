"""Letters that a person reads before they leave, one by one; and writing to a site although somebody has lately."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns import approvals, outbox
from campaigns.models import Attempt, Campaign, Ground, Step
from compliance.models import AuditEntry, SendRecord
from compliance.policy import Rule
from tests.campaigns.conftest import HTMX, Room
from tests.letterbox import Letterbox


@pytest.fixture
def new_room(room: Room) -> Room:
    """The same in a workspace whose first two letters are read by a person."""
    room.world.here.first_letters = 2
    room.world.here.save()
    room.campaign.workspace.refresh_from_db()
    return room


def waiting(room: Room, number: int = 3) -> list[Attempt]:
    leads = room.leads[:2] + [room.lead(f"site{n}.com", f"ed@site{n}.com") for n in range(number - 2)]
    return room.queue(*leads)


def words(letter: Attempt, **changes: str) -> dict[str, str]:
    return {"subject": letter.subject, "body": letter.body} | changes


def events(letter: Attempt) -> list[str]:
    return list(AuditEntry.objects.filter(about=letter.about).order_by("pk").values_list("event", flat=True))


# --- From the queue to the page ---------------------------------------------------------------------------------------


def test_first_letters_wait_at_once_and_say_why(new_room: Room) -> None:
    first, _, _ = waiting(new_room)
    assert (first.due_at, first.asks) == (None, "approval ")
    assert "the first 2 letters" in first.reason
    [entry] = AuditEntry.objects.filter(about=first.about)
    assert (entry.event, entry.policy_result) == ("letter.decided", "deferred")
    assert approvals.to_approve(new_room.world.here).count() == 3
    assert approvals.first_letters_left(new_room.world.here) == 2


def test_the_page_shows_the_whole_letter_and_the_next(new_room: Room) -> None:
    first, second, _ = waiting(new_room)
    page = new_room.get("approval_list").content.decode()
    assert first.body.splitlines()[0] in page
    assert "Lindenweg 4" in page
    assert "/unsubscribe/" in page
    assert "1 of 3" in page
    assert "Approve and next" in page
    assert second.recipient in new_room.get("approval_list", query=f"?after={first.pk}").content.decode()
    assert second.recipient in new_room.get("approval_list", query=f"?letter={second.pk}").content.decode()
    for odd in ("?letter=x", "?after=9999999999999999999999", "?letter=-1"):
        assert new_room.get("approval_list", query=odd).status_code == 200
    viewer = new_room.get("approval_list", user=new_room.world.viewer).content.decode()
    assert "Approve" not in viewer
    part = new_room.get("approval_list", headers=HTMX).content.decode()
    assert part.lstrip().startswith('<div id="approval"')


def test_nothing_to_read(room: Room) -> None:
    assert "Every letter is read" in room.get("approval_list").content.decode()


def test_the_page_takes_the_same_number_of_queries(new_room: Room, django_assert_max_num_queries: Any) -> None:
    waiting(new_room, 12)
    browser, page = new_room.client(), new_room.url("approval_list")
    browser.get(page)
    with django_assert_max_num_queries(22):
        browser.get(page)


# --- Approving --------------------------------------------------------------------------------------------------------


def test_approving_lets_it_go_and_leads_to_the_next(new_room: Room) -> None:
    first, second, _ = waiting(new_room)
    response = new_room.post("attempt_approve", first.pk, words(first))
    assert response.status_code == 302
    assert response["Location"].endswith(f"approvals/?after={first.pk}")
    first.refresh_from_db()
    assert first.approved_by == new_room.world.marketer
    assert first.due_at is not None
    assert events(first) == ["letter.decided", "letter.approved"]
    part = new_room.post("attempt_approve", second.pk, words(second), htmx=True)
    assert part.status_code == 200
    assert part.content.decode().lstrip().startswith('<div id="approval"')
    assert second.recipient not in part.content.decode()


def test_what_was_changed_in_place_is_what_leaves(new_room: Room) -> None:
    first, *_ = waiting(new_room)
    new_room.post("attempt_approve", first.pk, {"subject": " Better\nsubject ", "body": "Better words.\r\nTruly."})
    first.refresh_from_db()
    assert (first.subject, first.body) == ("Better subject", "Better words.\nTruly.")
    assert "letter.text_changed" in events(first)


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": " "},
        {"body": "\n \n"},
        {"subject": "x" * 201},
        {"body": "Hello {name}"},
        {"subject": "{website|x}"},
        {"body": "Hello [First Name]"},
        {"subject": "For %COMPANY%"},
    ],
)
def test_what_cannot_be_a_letter_is_refused_in_place(new_room: Room, changes: dict[str, str]) -> None:
    first, *_ = waiting(new_room)
    for htmx in (False, True):
        response = new_room.post("attempt_approve", first.pk, words(first, **changes), htmx=htmx)
        assert response.status_code == 422
    first.refresh_from_db()
    assert first.approved_at is None
    assert first.due_at is None


def test_what_would_better_be_changed_is_said_with_its_place(new_room: Room) -> None:
    first, *_ = waiting(new_room)
    assert "To look at in this letter" not in new_room.get("approval_list").content.decode()
    shouting = words(first, subject="An IDEA for <you>", body="Click here: https://bit.ly/x\n[Name]")
    Attempt.objects.filter(pk=first.pk).update(**shouting)
    for page in (new_room.get("approval_list"), new_room.get("attempt_detail", first.pk)):
        text = page.content.decode()
        assert "The subject shouts" in text
        assert "Something is still open: “[Name]”" in text
        assert ">Click here</mark>" in text
        assert ">IDEA</mark> for &lt;you&gt;" in text
    again = new_room.post("attempt_approve", first.pk, words(first, subject=" ", body="BUY NOW"), htmx=True)
    assert ">BUY NOW</mark>" in again.content.decode(), "it speaks of what stands in the form"
    Attempt.objects.filter(pk=first.pk).update(state=Attempt.State.SENT)
    gone = new_room.get("attempt_detail", first.pk).content.decode()
    assert "To look at in this letter" not in gone
    assert "An IDEA for &lt;you&gt;" in gone


def test_a_letter_that_waits_for_the_ground_too_takes_it_here(new_room: Room) -> None:
    lead = new_room.lead("garten.de", "ed@garten.de")
    [letter] = new_room.queue(lead)
    assert set(letter.asks.split()) == {"approval", "region", "source"}
    page = new_room.get("approval_list").content.decode()
    assert "Why may you write to this person?" in page
    assert new_room.post("attempt_approve", letter.pk, words(letter)).status_code == 422
    assert new_room.post("attempt_approve", letter.pk, words(letter, ground="consent")).status_code == 422
    new_room.post("attempt_approve", letter.pk, words(letter, ground="invited"))
    letter.refresh_from_db()
    assert letter.ground == Ground.INVITED
    assert "letter.ground_named" in events(letter)


def test_it_is_approved_once(new_room: Room) -> None:
    first, *_ = waiting(new_room)
    new_room.post("attempt_approve", first.pk, words(first))
    new_room.post("attempt_approve", first.pk, words(first, body="Other words."))
    first.refresh_from_db()
    assert first.body != "Other words."
    assert events(first).count("letter.approved") == 1


def test_a_letter_that_is_written_anew_is_read_anew(new_room: Room) -> None:
    first, *_ = waiting(new_room)
    new_room.post("attempt_approve", first.pk, words(first))
    new_room.post("attempt_cancel", first.pk)
    [again] = new_room.queue(first.lead)
    again.refresh_from_db()
    assert again.pk == first.pk
    assert again.approved_at is None
    assert again.due_at is None


@pytest.mark.parametrize("action", ["attempt_approve", "attempt_write_anyway"])
def test_the_door(new_room: Room, action: str) -> None:
    first, *_ = waiting(new_room)
    world = new_room.world
    path = new_room.url(action, first.pk)
    assert world.client(world.stranger).post(path, words(first)).status_code == 404
    assert world.client(world.stranger).post(new_room.url(action, first.pk, slug="quarry")).status_code == 404
    for user in (world.viewer, world.officer):
        assert world.client(user).post(path, words(first)).status_code == 403
    assert world.client(world.marketer).get(path).status_code == 405
    first.refresh_from_db()
    assert first.approved_at is None


# --- All the way ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_after_the_first_letters_the_rest_leaves_by_itself(rehearsal: Letterbox) -> None:
    here = rehearsal.world.here
    here.first_letters = 2
    here.save()
    rehearsal.campaign.workspace.refresh_from_db()
    letters = rehearsal.write_to(*[f"ed@site{n}.test" for n in range(4)])
    assert rehearsal.send().sent == 0
    user, now = rehearsal.world.marketer, timezone.now()
    for letter in letters[:2]:
        assert approvals.approve(letter, subject=letter.subject, body=letter.body, user=user, now=now)
    assert approvals.first_letters_left(here) == 0
    assert outbox.wake(now=now) == 0, "they have not left yet"
    assert rehearsal.send().sent == 2
    assert outbox.wake(now=timezone.now()) == 2
    assert rehearsal.send().sent == 2
    assert SendRecord.objects.filter(state="sent").count() == 4


# --- Cool-off ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def held(room: Room) -> Attempt:
    """A letter to a site that a teammate wrote to twelve days ago."""
    world = room.world
    world.here.cool_off_days = 90
    world.here.save()
    room.campaign.workspace.refresh_from_db()
    written_at = timezone.now() - timedelta(days=12, hours=1)
    SendRecord.objects.create(
        workspace=world.here,
        subject="attempt:990",
        kind="first",
        user_id=world.owner.pk,
        mailbox_id=1,
        sign_in="x",
        sender="x@orchard.com",
        recipient="tom@brightgarden.com",
        recipient_key="tom@brightgarden.com",
        recipient_domain="brightgarden.com",
        subject_digest="x",
        legal_basis="legitimate_interest",
        region="US",
        message_id="<x@x>",
        state="sent",
        reserved_at=written_at,
        counted_at=written_at,
    )
    [letter] = room.queue(room.leads[0])
    return letter


def test_the_letter_waits_with_who_and_when(room: Room, held: Attempt) -> None:
    assert (held.due_at, held.asks) == (None, f"{Rule.COOL_OFF} ")
    assert held.reason == f"{room.world.owner.get_full_name()} wrote to brightgarden.com 12 days ago."
    page = room.get("attempt_detail", held.pk).content.decode()
    assert held.reason in page
    assert "Write anyway" in page
    assert "Write anyway" not in room.get("attempt_detail", held.pk, user=room.world.viewer).content.decode()


@pytest.mark.parametrize("htmx", [False, True])
def test_a_person_may_write_anyway(room: Room, held: Attempt, htmx: bool) -> None:
    response = room.post("attempt_write_anyway", held.pk, htmx=htmx)
    assert response.status_code in {200, 204, 302}
    held.refresh_from_db()
    assert held.cool_off_waived_by == room.world.marketer
    assert held.due_at is not None
    entry = AuditEntry.objects.get(event="letter.cool_off_waived", about=held.about)
    assert entry.user_id == room.world.marketer.pk
    assert "12 days ago" in entry.reason
    [claimed] = outbox.claim(room.mailbox, _lease(room), at_most=5, now=timezone.now()).attempts
    assert claimed == held


def test_only_a_letter_that_waits_for_that_is_waved_on(new_room: Room) -> None:
    first, *_ = waiting(new_room)
    new_room.post("attempt_write_anyway", first.pk)
    first.refresh_from_db()
    assert first.cool_off_waived_at is None
    assert first.due_at is None


def test_another_campaign_does_not_write_to_whom_this_one_writes(room: Room) -> None:
    room.world.here.cool_off_days = 90
    room.world.here.save()
    room.campaign.workspace.refresh_from_db()
    [first] = room.queue(room.leads[0])
    campaign = Campaign.objects.create(workspace=room.campaign.workspace, name="Autumn", mailbox=room.mailbox)
    Step.objects.create(campaign=campaign, letter_subject="Autumn", letter_body="Hello {name|there}")
    other = Room(room.world, campaign, room.step, room.mailbox, room.template, [])
    lead = other.lead("brightgarden.com", "Hannah@brightgarden.com", contact_name="Hannah")
    assert other.queue(lead) == []
    assert AuditEntry.objects.filter(policy_result="blocked", reason__contains="Spring").exists()
    room.post("attempt_cancel", first.pk)
    assert len(other.queue(lead)) == 1


def _lease(room: Room) -> Any:
    token = outbox.take_lease(room.mailbox)
    assert token is not None
    return token


# --- Why was this sent, or not? ---------------------------------------------------------------------------------------


def test_a_letters_page_leads_to_every_answer(new_room: Room) -> None:
    first, *_ = waiting(new_room)
    page = new_room.get("attempt_detail", first.pk).content.decode()
    why = f"/w/orchard/compliance/audit/letters/{first.pk}/"
    assert f'hx-get="{why}"' in page
    browser = new_room.client()
    shown = browser.get(why).content.decode()
    for rule in ("Read by a person", "Suppression list", "Sites never to pitch", "Written to lately"):
        assert rule in shown
    assert "the first 2 letters" in shown
    part = browser.get(why, headers=HTMX).content.decode()
    assert "<html" not in part
    assert new_room.world.client(new_room.world.stranger).get(why).status_code == 404
    assert browser.get("/w/orchard/compliance/audit/letters/424242/").status_code == 404


def test_a_letter_that_two_things_keep_is_read_and_sent_anyway(room: Room, held: Attempt) -> None:
    room.world.here.first_letters = 2
    room.world.here.save()
    Attempt.objects.update(asks="cool_off approval ")
    page = room.get("approval_list").content.decode()
    assert "12 days ago" in page
    assert "before it leaves" not in page.split('id="approval"')[1].split("<form")[0], "what is asked here is not said"
    back = room.post("attempt_write_anyway", held.pk, {"then": "read"})
    assert back["Location"].endswith(f"approvals/?letter={held.pk}")
