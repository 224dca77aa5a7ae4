"""One lead's first letter through the API: sent while the caller waits, or refused with the reasons."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns import dispatch, following, outbox, queueing, restoring
from campaigns.api import sending
from campaigns.models import Attempt, Campaign, Contact, Lead
from compliance.models import AuditEntry, Hold, SendRecord, Suppression
from compliance.room import last_hour
from compliance.suppression import suppress
from outreach_site.accounts.models import User, Workspace
from outreach_site.mailboxes.models import Mailbox
from outreach_site.sandbox.running import RunningOffice
from tests.letterbox import Letterbox
from tests.servers import FaultySMTP

Boxes = Callable[..., tuple[Letterbox, FaultySMTP]]
pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/backlink-outreach/outreach/send"
State = Attempt.State


def send(box: Letterbox, lead: Lead, *, user: User | None = None, **changes: Any) -> Any:
    data = {
        "campaign_id": lead.campaign_id,
        "lead_id": lead.pk,
        "subject": "An idea",
        "body": "Hello {first_name|there}.",
        **changes,
    }
    client = box.world.client(user or box.world.marketer)
    return client.post(URL, json.dumps(data), content_type="application/json")


def test_it_is_sent_while_the_caller_waits(rehearsal: Letterbox, post_office: RunningOffice) -> None:
    lead = rehearsal.lead("hannah@somewhere.test")
    response = send(rehearsal, lead)
    assert response.status_code == 200, response.json()
    attempt = Attempt.objects.get()
    answer = response.json()
    assert answer["id"] == attempt.pk
    assert (answer["state"], answer["recipient"], answer["sender"]) == (
        "sent",
        "hannah@somewhere.test",
        "alex@rehearsal.test",
    )
    assert answer["sent_at"] is not None
    assert answer["message_id"] == attempt.message_id
    assert (answer["allowed"], answer["legal_basis"], answer["daily_user_count"]) == (True, "legitimate_interest", 0)
    [letter] = post_office.letters()
    assert b"Hello Ada." in letter.raw
    lead.refresh_from_db()
    assert lead.status == Lead.Status.CONTACTED
    assert SendRecord.objects.get().state == "sent"
    assert attempt.step == rehearsal.step
    assert AuditEntry.objects.filter(event="api.letter_sent", user_id=rehearsal.world.marketer.pk).exists()


@pytest.mark.parametrize("is_busy", [False, True])
def test_it_does_not_wait_for_what_campaigns_spread_over_the_hour(
    faulty_letterbox: Boxes, monkeypatch: pytest.MonkeyPatch, is_busy: bool
) -> None:
    box, server = faulty_letterbox()
    Mailbox.objects.update(min_gap_seconds=1)
    box.write_to("ada@site1.com", "bob@site2.com")
    box.send()
    assert len(server.accepted) == 1
    spread_at = Mailbox.objects.get().next_spread_at
    assert spread_at is not None
    if is_busy:  # Nobody waits for it any more, and a worker has it.
        monkeypatch.setattr(sending, "WAITED_FOR", timedelta(0))
    answer = send(box, box.lead("cyd@site3.com")).json()
    if is_busy:
        assert (answer["state"], len(server.accepted)) == ("queued", 1)
        Mailbox.objects.update(next_send_at=timezone.now())
        assert dispatch.due_mailboxes(now=timezone.now()) == [box.mailbox.pk]
        box.send()
    assert len(server.accepted) == 2
    assert Attempt.objects.get(pk=answer["id"]).state == State.SENT
    # The sequence goes on when it would have, with one letter fewer in the hour.
    assert Mailbox.objects.get().next_spread_at == spread_at
    assert last_hour(box.mailbox, now=timezone.now()).count == 2


def test_only_that_letter_is_sent(rehearsal: Letterbox, post_office: RunningOffice) -> None:
    rehearsal.write_to("others@elsewhere.test")
    assert send(rehearsal, rehearsal.lead("hannah@somewhere.test")).json()["state"] == "sent"
    assert [letter.recipient for letter in post_office.letters()] == ["hannah@somewhere.test"]
    assert Attempt.objects.filter(state=State.QUEUED).count() == 1


def test_a_second_first_letter_is_refused(rehearsal: Letterbox) -> None:
    lead = rehearsal.lead("hannah@somewhere.test")
    send(rehearsal, lead)
    response = send(rehearsal, lead, subject="Something else")
    assert response.status_code == 403
    assert response.json()["reasons"][0] == "This lead has had its first letter already."
    assert response.json()["detail"] == response.json()["reason"]
    assert AuditEntry.objects.filter(event="letter.decided", policy_result="blocked").count() == 1
    # Nor does the address get one under another lead of the campaign.
    twin = rehearsal.lead("other@elsewhere.test")
    twin.contact.email = twin.contact.email_key = "hannah@somewhere.test"  # type: ignore[union-attr]
    twin.contact.save()  # type: ignore[union-attr]
    assert send(rehearsal, twin).status_code == 403
    assert Attempt.objects.count() == 1


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (State.QUEUED, "is on its way already"),
        (State.SENDING, "is on its way already"),
        (State.UNCERTAIN, "may have been sent: somebody has to say what became of it"),
    ],
)
def test_while_one_is_live_it_is_a_conflict(rehearsal: Letterbox, state: str, says: str) -> None:
    [attempt] = rehearsal.write_to("hannah@somewhere.test")
    Attempt.objects.filter(pk=attempt.pk).update(state=state)
    response = send(rehearsal, attempt.lead)
    assert (response.status_code, list(response.json())) == (409, ["detail"])
    assert says in response.json()["detail"]


@pytest.mark.parametrize("state", [State.CANCELLED, State.BLOCKED, State.FAILED])
def test_one_that_was_stopped_goes_again_as_the_same_letter(rehearsal: Letterbox, state: str) -> None:
    [attempt] = rehearsal.write_to("hannah@somewhere.test")
    Attempt.objects.filter(pk=attempt.pk).update(state=state, message_id="<kept@rehearsal.test>", settled_at=None)
    answer = send(rehearsal, attempt.lead).json()
    assert (answer["id"], answer["state"], answer["message_id"]) == (attempt.pk, "sent", "<kept@rehearsal.test>")


def test_a_reached_cap_is_refused_at_once(rehearsal: Letterbox) -> None:
    rehearsal.world.here.daily_user_cap = 1
    rehearsal.world.here.save()
    assert send(rehearsal, rehearsal.lead("hannah@somewhere.test")).json()["state"] == "sent"
    response = send(rehearsal, rehearsal.lead("tom@elsewhere.test"))
    assert response.status_code == 403
    answer = response.json()
    assert "limit of 1" in answer["reason"]
    assert (answer["daily_user_count"], answer["daily_user_limit"], answer["allowed"]) == (1, 1, False)
    assert Attempt.objects.count() == 1
    assert AuditEntry.objects.filter(event="letter.decided", policy_result="blocked").count() == 1


def test_a_suppressed_address_is_refused(rehearsal: Letterbox) -> None:
    lead = rehearsal.lead("hannah@somewhere.test")
    suppress(
        workspace=rehearsal.world.here,
        address="hannah@somewhere.test",
        reason=Suppression.Reason.OPT_OUT,
        now=timezone.now(),
    )
    response = send(rehearsal, lead)
    assert response.status_code == 403
    assert "suppression list" in response.json()["reason"]


def test_a_dead_address_is_refused_before_anybody_has_settled_that_it_is(rehearsal: Letterbox) -> None:
    [letter] = rehearsal.write_to("hannah@somewhere.test")
    Attempt.objects.update(state=State.FAILED, verdict="recipient_unknown", finished_at=timezone.now(), settled_at=None)
    assert send(rehearsal, letter.lead).status_code == 403
    assert Suppression.objects.get().reason == Suppression.Reason.HARD_BOUNCE
    assert Attempt.objects.get().state == State.FAILED


def test_a_region_that_asks_is_a_warning_and_a_first_letter_is_read_all_the_same(faulty_letterbox: Boxes) -> None:
    box, server = faulty_letterbox()
    answer = send(box, box.lead("ada@seite.de")).json()
    assert answer["state"] == "sent"
    assert any("the rule is consent" in warning for warning in answer["warnings"])
    assert (answer["region"], answer["legal_basis"]) == ("EU", "consent")
    box.world.here.first_letters = 5
    box.world.here.save()
    waits = send(box, box.lead("tom@site.com")).json()
    assert (waits["state"], waits["due_at"]) == ("queued", None)
    assert "A person reads the first 5 letters" in waits["reason"]
    assert len(server.accepted) == 1


def test_a_region_that_is_blocked_refuses(faulty_letterbox: Boxes) -> None:
    box, _ = faulty_letterbox()
    box.world.here.regions = {"EU": "block"}
    box.world.here.save()
    assert send(box, box.lead("ada@seite.de")).status_code == 403


def test_a_broken_hand_over_is_uncertain(faulty_letterbox: Boxes) -> None:
    box, _ = faulty_letterbox(drop="END")
    lead = box.lead("ada@site.com")
    answer = send(box, lead).json()
    assert answer["state"] == "uncertain"
    assert send(box, lead).status_code == 409


def test_a_letter_that_its_server_refuses_could_not_be_sent(faulty_letterbox: Boxes) -> None:
    box, server = faulty_letterbox()
    server.reply("END", "554 5.6.0 We do not like this letter")
    response = send(box, box.lead("ada@site.com"))
    assert (response.status_code, response.json()) == (500, {"detail": "The letter could not be sent."})
    [attempt] = Attempt.objects.all()
    assert attempt.state == State.FAILED
    assert "do not like" in attempt.server_words


def test_a_server_that_says_later_leaves_it_queued(faulty_letterbox: Boxes) -> None:
    box, server = faulty_letterbox()
    server.reply("RCPT", "451 4.7.1 Greylisted, try again later")
    answer = send(box, box.lead("ada@site.com")).json()
    assert answer["state"] == "queued"
    assert answer["due_at"] is not None
    assert answer["reason"]


def test_a_busy_mailbox_leaves_it_queued(rehearsal: Letterbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaigns.api.sending.WAITED_FOR", timedelta(seconds=1))
    lead = rehearsal.lead("hannah@somewhere.test")
    assert outbox.take_lease(rehearsal.mailbox) is not None
    answer = send(rehearsal, lead).json()
    assert (answer["state"], answer["due_at"] is not None) == ("queued", True)


def while_the_caller_waits(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Before the worker comes to the letter."""

    def later(*args: Any, **kwargs: Any) -> dispatch.Report:
        happens()
        return send_it(*args, **kwargs)

    send_it = dispatch.dispatch_mailbox
    monkeypatch.setattr(dispatch, "dispatch_mailbox", later)


def opt_out(box: Letterbox, address: str) -> None:
    suppress(workspace=box.world.here, address=address, reason=Suppression.Reason.OPT_OUT, now=timezone.now())


def block_region(box: Letterbox) -> None:
    """What stops a letter only when the gate decides."""
    Workspace.objects.filter(pk=box.world.here.pk).update(regions={"US": "block", "OTHER": "block"})


def take_back(box: Letterbox) -> None:
    assert queueing.cancel(Attempt.objects.get(), user=box.world.owner, now=timezone.now())


@pytest.mark.parametrize(
    ("happens", "state", "says"),
    [
        (lambda box: opt_out(box, "hannah@somewhere.test"), State.BLOCKED, "suppression list"),
        (block_region, State.BLOCKED, "does not write to this region"),
        (take_back, State.CANCELLED, "It was taken back before it left. Cancelled by hand."),
    ],
)
def test_what_stops_it_while_the_caller_waits_is_a_refusal(
    rehearsal: Letterbox,
    post_office: RunningOffice,
    monkeypatch: pytest.MonkeyPatch,
    happens: Callable[[Letterbox], None],
    state: str,
    says: str,
) -> None:
    lead = rehearsal.lead("hannah@somewhere.test")
    while_the_caller_waits(monkeypatch, lambda: happens(rehearsal))
    response = send(rehearsal, lead)
    assert response.status_code == 403
    answer = response.json()
    assert says in answer["reason"]
    assert (answer["detail"], answer["reasons"], answer["allowed"]) == (answer["reason"], [answer["reason"]], False)
    assert Attempt.objects.get().state == state
    assert post_office.letters() == []


def test_what_is_deleted_while_the_caller_waits_is_not_there(
    rehearsal: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = rehearsal.lead("hannah@somewhere.test")
    while_the_caller_waits(monkeypatch, lambda: Attempt.objects.all().delete())
    assert send(rehearsal, lead).status_code == 404


@pytest.mark.parametrize(
    ("stopped", "says"), [("campaign", "The campaign is paused"), ("mailbox", "is paused"), ("all", "is stopped")]
)
def test_what_a_person_has_stopped_keeps_it_and_nobody_waits(
    rehearsal: Letterbox, monkeypatch: pytest.MonkeyPatch, stopped: str, says: str
) -> None:
    monkeypatch.setattr("campaigns.api.sending.WAITED_FOR", timedelta(minutes=10))
    monkeypatch.setattr("campaigns.dispatch.time.sleep", lambda _: pytest.fail("Somebody waits for a letter."))
    rehearsal.write_to("others@elsewhere.test")
    if stopped == "campaign":
        Campaign.objects.get().pause()
    elif stopped == "mailbox":
        Mailbox.objects.update(paused_at=timezone.now())
    else:
        Workspace.objects.update(sending_stopped_at=timezone.now())
    answer = send(rehearsal, rehearsal.lead("hannah@somewhere.test")).json()
    assert answer["state"] == "queued"
    assert says in answer["warnings"][-1]
    assert not SendRecord.objects.filter(state="reserved").exists()


@pytest.mark.parametrize("before", [None, State.CANCELLED, State.FAILED, State.BLOCKED])
def test_after_a_restore_what_may_have_left_before_it_does_not_leave_again(
    rehearsal: Letterbox, post_office: RunningOffice, before: Attempt.State | None
) -> None:
    lead, now = rehearsal.lead("hannah@somewhere.test"), timezone.now()
    if before is not None:
        rehearsal.queue(lead)
        long_ago = now - timedelta(days=1)
        Attempt.objects.update(state=before, created_at=long_ago, finished_at=long_ago)
    restoring.after_restore(now - timedelta(hours=5), now=now)
    Hold.objects.update(lifted_at=now)
    for _ in range(2):
        response = send(rehearsal, lead)
        assert response.status_code == 403
        assert response.json()["reasons"] == [following.MAY_HAVE_LEFT]
    assert post_office.letters() == []
    assert Attempt.objects.get().state == (before or State.FAILED)


@pytest.mark.parametrize(("before", "code"), [(State.FAILED, 403), (State.CANCELLED, 200)])
def test_the_same_address_under_another_site(rehearsal: Letterbox, before: Attempt.State, code: int) -> None:
    """A letter of the other that failed may be queued again: the address must not get both."""
    rehearsal.queue(rehearsal.lead("hannah@somewhere.test"))
    Attempt.objects.update(state=before, finished_at=timezone.now(), settled_at=timezone.now())
    other = rehearsal.lead("tom@elsewhere.test")
    Contact.objects.filter(lead=other).update(email="hannah@somewhere.test", email_key="hannah@somewhere.test")
    assert send(rehearsal, Lead.objects.get(pk=other.pk)).status_code == code


def test_a_campaign_without_steps_can_send(rehearsal: Letterbox) -> None:
    rehearsal.step.delete()
    lead = rehearsal.lead("hannah@somewhere.test")
    assert send(rehearsal, lead).json()["state"] == "sent"
    assert send(rehearsal, lead, subject="Other").status_code == 403


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"subject": ""}, 422),
        ({"subject": "x" * 201}, 422),
        ({"body": ""}, 422),
        ({"body": "x" * 20_001}, 422),
        ({"body": "Hello {nonsense}"}, 422),
        ({"campaign_id": 99999}, 404),
        ({"lead_id": 99999}, 404),
        ({"lead_id": "x"}, 422),
        ({"campaign_id": 2**70}, 404),
    ],
)
def test_what_is_wrong_is_said(rehearsal: Letterbox, changes: dict[str, Any], code: int) -> None:
    response = send(rehearsal, rehearsal.lead("hannah@somewhere.test"), **changes)
    assert response.status_code == code, response.json()
    assert not Attempt.objects.exists()


def test_an_unfilled_placeholder_is_the_bodys_fault(rehearsal: Letterbox) -> None:
    response = send(rehearsal, rehearsal.lead("hannah@somewhere.test"), body="Hello {nonsense}")
    assert response.json()["fields"] == [{"field": "body", "message": "Nothing fills {nonsense}."}]


def test_what_another_tool_left_open_is_its_fault_too(rehearsal: Letterbox) -> None:
    response = send(rehearsal, rehearsal.lead("hannah@somewhere.test"), body="Hello [Name]")
    assert response.json()["fields"] == [{"field": "body", "message": "Something is still open: “[Name]”."}]


def test_what_would_better_be_changed_is_answered(rehearsal: Letterbox) -> None:
    response = send(rehearsal, rehearsal.lead("hannah@somewhere.test"), body="Click here, {first_name|there}.")
    assert response.status_code == 200
    [advice] = response.json()["advice"]
    assert "click here" in advice["sentence"]
    assert advice["places"] == [{"place": "body", "start": 0, "end": 10}]


def test_a_lead_without_an_address(rehearsal: Letterbox) -> None:
    lead = rehearsal.lead("hannah@somewhere.test")
    Lead.objects.update(contact=None)
    response = send(rehearsal, lead)
    assert response.status_code == 422
    assert "No address is known" in response.json()["fields"][0]["message"]


def test_who_may_send(rehearsal: Letterbox) -> None:
    lead = rehearsal.lead("hannah@somewhere.test")
    world = rehearsal.world
    assert send(rehearsal, lead, user=world.viewer).status_code == 403
    assert send(rehearsal, lead, user=world.officer).status_code == 403
    assert send(rehearsal, lead, user=world.stranger).status_code == 404
    assert world.client().post(URL, "{}", content_type="application/json").status_code == 401


def test_the_letters_of_a_campaign_are_listed(rehearsal: Letterbox) -> None:
    first, second, third = rehearsal.write_to("a@site.test", "b@site.test", "c@site.test")
    Attempt.objects.filter(pk=first.pk).update(state=State.SENT, finished_at=timezone.now())
    client = rehearsal.world.client(rehearsal.world.viewer)
    url = f"/api/v1/backlink-outreach/campaigns/{rehearsal.campaign.pk}/attempts"
    page = client.get(f"{url}?limit=2")
    assert [row["id"] for row in page.json()] == [third.pk, second.pk]
    rest = client.get(f"{url}?limit=2&cursor={page['X-Next-Cursor']}")
    assert [row["id"] for row in rest.json()] == [first.pk]
    assert "Link" not in rest
    [sent] = client.get(url, {"state": "sent"}).json()
    assert (sent["state"], sent["recipient"], sent["sent_at"] is not None) == ("sent", "a@site.test", True)
    assert "body" not in sent
    assert client.get(url, {"state": "nonsense"}).status_code == 422
    assert client.get(url, {"cursor": "x"}).status_code == 422
    assert rehearsal.world.client(rehearsal.world.stranger).get(url).status_code == 404


def test_a_removed_mailbox_is_said(rehearsal: Letterbox) -> None:
    lead = rehearsal.lead("hannah@somewhere.test")
    Mailbox.objects.get().archive(now=timezone.now())
    response = send(rehearsal, lead)
    assert response.status_code == 422
    assert "was removed" in response.json()["fields"][0]["message"]
