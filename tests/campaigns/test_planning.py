"""The launch check, the launch, the schedule, send windows, and tasks: the pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from campaigns import contacts, launching, restoring
from campaigns.following import MAY_HAVE_LEFT
from campaigns.lifecycle import start_campaign
from campaigns.models import Attempt, Campaign, Contact, DiscoveryRun, FoundSite, Lead, MailDomain, Step, Task
from campaigns.trial_letter import letter_left
from compliance import holds
from compliance.models import AuditEntry, Hold, Kind, Suppression
from outreach_site.mailboxes.models import Mailbox
from tests.campaigns.conftest import HTMX, Room
from tests.campaigns.test_following import add_step, send


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().replace("&#x27;", "'").split())


def started(room: Room) -> Any:
    return room.client().post(room.url("campaign_start", room.campaign.pk), follow=True)


class TestLaunchCheck:
    def test_says_what_goes_first_in_one_sentence(self, room: Room) -> None:
        text = text_of(room.get("campaign_launch", room.campaign.pk))
        assert "<strong>2</strong> will go from now" in text
        assert "<strong>1</strong> cannot go" in text
        assert "No address is known for this site." in text
        assert "Start: first letter now" in text

    def test_groups_what_one_action_mends(self, room: Room) -> None:
        Step.objects.update(letter_body="Hi {name}")
        room.lead("gartenfreund.de", "ada@gartenfreund.de", contact_name="Ada")
        room.lead("blumen.de", "eva@blumen.de", contact_name="Eva")
        Suppression.objects.create(workspace=room.world.here, value="hannah@brightgarden.com", reason="opt_out")
        run = DiscoveryRun.objects.create(campaign=room.campaign, keyword="beds")
        FoundSite.objects.create(
            run=run, url="https://brightgarden.com/", domain="brightgarden.com", links_to=["https://o.example/"],
            lead=room.leads[0],
        )  # fmt: skip
        text = text_of(room.get("campaign_launch", room.campaign.pk))
        assert "2 in Germany: why may you write to these people?" in text
        assert "<strong>1</strong> lacks {name}" in text
        assert "lacks=name" in text
        assert "on the suppression list" in text
        assert "<strong>1</strong> site was seen to link to you" in text
        assert "None will go by itself; <strong>2</strong> wait for you; <strong>3</strong> cannot go." in text

    def test_takes_how_many_a_day_a_domain_gets_into_account(self, room: Room) -> None:
        room.world.here.daily_domain_cap = 1
        room.world.here.save()
        for n in range(3):
            room.lead(f"blog{n}.com", f"ed{n}@bigpaper.com")
        assert "<strong>3</strong> at bigpaper.com: 1 a day." in text_of(room.get("campaign_launch", room.campaign.pk))

    def test_says_what_stands_in_the_way_of_all_of_a_mailbox(self, room: Room) -> None:
        room.mailbox.pause(now=timezone.now())
        paused = "The mailbox mara@orchard.example is paused: an owner resumes it under Settings, Mailboxes."
        text = text_of(room.get("campaign_launch", room.campaign.pk))
        assert "None will go by itself; <strong>2</strong> wait for you; <strong>1</strong> cannot go." in text
        assert text.count(paused) == 1
        assert "Finished letters" in text, "they can be read all the same"
        room.campaign.refresh_from_db()
        rest = launching.look_on(room.campaign, after=0, user=room.world.marketer, now=timezone.now())
        assert (rest.going, rest.waits, rest.cannot) == (0, 2, 1)
        assert f"2 letters are queued and wait. {paused}" in text_of(started(room))
        room.mailbox.resume()
        room.world.here.stop_sending(now=timezone.now())
        assert "stopped" in text_of(room.get("campaign_list"))
        assert "All sending is stopped in this workspace: resume it" in text_of(
            room.get("campaign_schedule", room.campaign.pk)
        )

    def test_promises_no_letter_before_the_mailboxs_next_one(self, room: Room) -> None:
        Mailbox.objects.update(next_spread_at=timezone.now() + timedelta(minutes=25))
        text = text_of(room.get("campaign_launch", room.campaign.pk))
        assert "<strong>2</strong> will go from" in text
        assert "first letter now" not in text
        said = text_of(started(room))
        assert "2 letters are queued; the first leaves" in said
        assert "leaves now" not in said
        lead = room.lead("later.com", "ed@later.com")
        sent = room.client().post(room.url("campaign_send", room.campaign.pk), {"lead": lead.pk}, follow=True)
        assert "1 letter is queued; it leaves" in text_of(sent)
        assert "leaves now" not in text_of(sent)

    def test_says_where_a_hold_is_lifted(self, room: Room) -> None:
        subject = f"mailbox:{room.mailbox.pk}"
        holds.place(workspace=room.world.here, subject=subject, reason="Look at it first.", now=timezone.now())
        text = text_of(room.get("campaign_launch", room.campaign.pk))
        assert text.count("Look at it first. Lift it under Compliance, Held back.") == 1
        assert "<strong>2</strong> wait for you" in text

    def test_says_what_may_have_left_before_a_restore(self, room: Room) -> None:
        now = timezone.now()
        restoring.after_restore(now - timedelta(hours=5), now=now)
        room.lead("later.com", "ed@later.com")
        Lead.objects.filter(site_key="later.com").update(created_at=now + timedelta(minutes=1))
        Hold.objects.update(lifted_at=now)
        text = text_of(room.get("campaign_launch", room.campaign.pk))
        assert "<strong>1</strong> will go from now" in text
        assert "<strong>3</strong> cannot go" in text
        assert "<strong>2</strong> may have had their letters already: the database was restored" in text
        assert 'queue/?show=failed">Queue, Could not be sent</a>' in text
        rest = launching.look_on(room.campaign, after=0, user=room.world.marketer, now=now)
        assert (rest.going, rest.waits, rest.cannot) == (1, 0, 3)
        said = text_of(started(room))
        assert "1 letter is queued" in said
        assert f"2 letters stand under Queue, Could not be sent. {MAY_HAVE_LEFT}" in said
        assert Attempt.objects.filter(state="failed", reason=MAY_HAVE_LEFT).count() == 2
        again = text_of(room.get("campaign_launch", room.campaign.pk))
        assert "Nothing" not in again
        assert "may have had" not in again, "they stand there by now"

    def test_leads_on_where_all_may_have_left_before_a_restore(self, room: Room) -> None:
        now = timezone.now()
        restoring.after_restore(now - timedelta(hours=5), now=now)
        assert "Put them under “Could not be sent”" in text_of(room.get("campaign_launch", room.campaign.pk))

    def test_nobody_left_and_nothing_written(self, room: Room) -> None:
        Lead.objects.update(status=Lead.Status.CONTACTED)
        assert "Nobody is left to write to" in text_of(room.get("campaign_launch", room.campaign.pk))
        Step.objects.all().delete()
        assert "This campaign has no letter yet" in text_of(room.get("campaign_launch", room.campaign.pk))

    def test_a_viewer_sees_it_without_the_button(self, room: Room) -> None:
        text = text_of(room.get("campaign_launch", room.campaign.pk, user=room.world.viewer))
        assert "will go" in text
        assert "Start: first letter" not in text

    def test_is_not_for_strangers(self, room: Room) -> None:
        assert room.get("campaign_launch", room.campaign.pk, user=room.world.stranger).status_code == 404


class TestAddresses:
    def hidden(self, room: Room, *sites: str) -> list[Lead]:
        return [
            room.lead(site, f"ed@{site}", found_url=f"https://{site}/team", found_how="obfuscated") for site in sites
        ]

    def test_a_domain_that_takes_no_mail_is_one_group(self, room: Room) -> None:
        for domain in ("brightgarden.com", "balconyharvest.com"):
            MailDomain.objects.create(domain=domain, state=MailDomain.State.NONE, checked_at=timezone.now())
        text = text_of(room.get("campaign_launch", room.campaign.pk))
        assert "<strong>2</strong> addresses are at domains that take no mail" in text
        assert "hannah@brightgarden.com</a>, <a" in text
        assert "<strong>3</strong> cannot go" in text
        assert "None will go by itself" in text

    def test_a_throw_away_address_is_told_and_goes(self, room: Room) -> None:
        room.lead("mossy.com", "ed@mailinator.com")
        text = text_of(room.get("campaign_launch", room.campaign.pk))
        assert "<strong>1</strong> address is of a kind that lasts for minutes or days" in text
        assert "<strong>3</strong> will go" in text

    def test_hidden_addresses_are_answered_for_at_once(self, room: Room) -> None:
        leads = self.hidden(room, "gartenblick.de", "blumen.de", "gardenview.com")
        text = text_of(room.get("campaign_launch", room.campaign.pk))
        assert text.count('name="contact"') == 2  # Elsewhere it is only said.
        assert "https://blumen.de/team" in text
        assert "<strong>2</strong> wait for you" in text  # Each once, though a ground is asked for too.
        keys = [str(lead.contact_id) for lead in leads]
        answer = room.client().post(
            room.url("launch_confirm", room.campaign.pk),
            {"contact": keys[:2], "ground_DE": "published", "ground_FR": "nonsense"},
            follow=True,
        )
        text = text_of(answer)
        assert "Noted: these 2 addresses may be used." in text
        assert '<option value="published" selected>' in text  # What was chosen meanwhile is kept.
        assert 'name="contact"' not in text
        entries = AuditEntry.objects.filter(event="contact.confirmed", user_id=room.world.marketer.pk)
        assert sorted(entries.values_list("about", flat=True)) == sorted(f"lead:{lead.pk}" for lead in leads[:2])
        assert Contact.objects.filter(confirmed_by=room.world.marketer).count() == 2

    def test_who_only_reads_sees_them_and_no_button(self, room: Room) -> None:
        self.hidden(room, "gartenblick.de")
        text = text_of(room.get("campaign_launch", room.campaign.pk))
        assert "Yes, this is theirs" in text
        viewer = text_of(room.get("campaign_launch", room.campaign.pk, user=room.world.viewer))
        assert "ed@gartenblick.de" in viewer
        assert "theirs</button>" not in viewer

    def test_what_waited_goes_on_and_other_letters_do_not(self, room: Room) -> None:
        one, two = self.hidden(room, "gartenblick.de", "blumen.de")
        room.queue(one, two)
        Attempt.objects.update(ground="published")
        room.post("launch_confirm", room.campaign.pk, {"contact": str(one.contact_id)})
        assert Attempt.objects.get(lead=one).due_at is not None
        assert Attempt.objects.get(lead=two).due_at is None

    def test_nonsense_and_contacts_of_others_change_nothing(self, room: Room) -> None:
        [lead] = self.hidden(room, "gartenblick.de")
        other = start_campaign(room.world.here, name="Roses", keywords="", user=room.world.marketer, now=timezone.now())
        for campaign, wrong in ((room.campaign, ["x", "9" * 30, ""]), (other, [str(lead.contact_id)])):
            room.post("launch_confirm", campaign.pk, {"contact": wrong})
        assert not Contact.objects.exclude(confirmed_at=None).exists()
        assert not AuditEntry.objects.filter(event="contact.confirmed").exists()

    def test_queries_do_not_grow(self, room: Room, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        counted = []
        for n in (2, 12):
            leads = self.hidden(room, *(f"n{n}x{m}.de" for m in range(n)))
            room.queue(*leads)
            leads = list(Lead.objects.filter(pk__in=[lead.pk for lead in leads]).select_related("contact", "campaign"))
            with CaptureQueriesContext(connection) as asked:
                done = contacts.confirm_all(leads, user=room.world.marketer, now=timezone.now())
            assert (done.addresses, done.released) == (n, n)
            counted.append(len(asked))
        assert counted[0] == counted[1]
        room.get("campaign_launch", room.campaign.pk)
        with CaptureQueriesContext(connection) as few:
            room.get("campaign_launch", room.campaign.pk)
        self.hidden(room, *(f"more{m}.de" for m in range(9)))
        with django_assert_num_queries(len(few)):
            room.get("campaign_launch", room.campaign.pk)


class TestStart:
    def test_queues_what_was_shown_under_the_ground_that_was_named(self, room: Room) -> None:
        lead = room.lead("gartenfreund.de", "ada@gartenfreund.de")
        answer = room.post("campaign_start", room.campaign.pk, {"ground_DE": "published", "ground_FR": "nonsense"})
        assert answer.url == room.url("campaign_schedule", room.campaign.pk)
        assert Attempt.objects.get(lead=lead).ground == "published"
        assert Attempt.objects.filter(state="queued", due_at__isnull=False).count() == 3
        room.campaign.refresh_from_db()
        assert room.campaign.state == Campaign.State.RUNNING

    def test_goes_on_where_it_was_paused(self, room: Room) -> None:
        room.campaign.pause()
        room.post("campaign_start", room.campaign.pk)
        room.campaign.refresh_from_db()
        assert room.campaign.state == Campaign.State.RUNNING

    def test_twice_queues_once(self, room: Room) -> None:
        for _ in range(2):
            room.post("campaign_start", room.campaign.pk, htmx=True)
        assert Attempt.objects.count() == 2

    def test_not_of_an_archived_campaign(self, room: Room) -> None:
        room.campaign.archive(now=timezone.now())
        room.post("campaign_start", room.campaign.pk)
        assert not Attempt.objects.exists()

    def test_is_not_for_strangers_viewers_nor_for_get(self, room: Room) -> None:
        assert room.post("campaign_start", room.campaign.pk, user=room.world.stranger).status_code == 404
        assert room.post("campaign_start", room.campaign.pk, user=room.world.viewer).status_code == 403
        assert room.get("campaign_start", room.campaign.pk).status_code == 405


@pytest.fixture
def many(room: Room, monkeypatch: pytest.MonkeyPatch) -> Room:
    """Eight leads, looked at two at a time: Spaniards behind Germans, one suppressed, an address that comes again."""
    monkeypatch.setattr(launching, "CHECKED", 2)
    Lead.objects.all().delete()
    for name in ("a.com", "b.de", "c.com", "d.es", "e.es", "f.de", "g.com"):
        room.lead(name, f"ed@{name}")
    room.lead("again.com", "ed@a.com")
    Suppression.objects.create(workspace=room.world.here, value="ed@c.com", reason="manual")
    return room


class TestTheRestOfALaunch:
    def test_every_lead_is_looked_at_in_slices(self, many: Room) -> None:
        page = many.get("campaign_launch", many.campaign.pk)
        check = page.context["check"]
        assert (check.leads, check.behind) == (2, 6)
        html = page.content.decode()
        assert "These are the first 2 of 8; the rest is looked at below." in html
        # A finished letter has what stands beneath it too.
        assert "and we will not write again" in html.split("Finished letters")[1]
        url, seen, text = page.context["rest_url"], [], ""
        while url:
            part = many.client().get(url, headers=HTMX)
            assert "<html" not in part.content.decode()
            text += part.content.decode()
            seen.append((part.context["slice"].first, part.context["slice"].last))
            url = part.context["next_url"]
        assert seen == [(3, 4), (5, 6), (7, 8)]
        assert part.context["sums"] == {"going": 1, "waits": 3, "cannot": 2}
        assert "All 8 are looked at." in text
        assert launching.SAME_ADDRESS in text
        # Whose ground is asked for on the page already is not asked for again; who comes first behind it is, once.
        assert text.count('name="ground_ES"') == 1
        assert 'name="ground_DE"' not in text
        assert html.count('name="ground_DE"') == 1

    def test_it_adds_up_to_what_the_launch_queues(self, many: Room) -> None:
        many.post("campaign_start", many.campaign.pk, {"ground_ES": "published"})
        due = Attempt.objects.filter(state=Attempt.State.QUEUED)
        # a.com and g.com go, d.es and e.es too with the ground that was named; b.de and f.de wait.
        assert due.filter(due_at__isnull=False).count() == 4
        assert due.filter(due_at=None).count() == 2

    def test_without_script_it_is_a_page(self, many: Room) -> None:
        page = many.client().get(many.get("campaign_launch", many.campaign.pk).context["rest_url"])
        assert "Back to the launch check" in page.content.decode()
        assert "Look at the next ones" in page.content.decode()

    def test_nonsense_in_the_address_does_no_harm(self, many: Room) -> None:
        query = "?after=x&going=-1&waits=9999999999999999999999&asked=<script>,DE,ES"
        page = many.get("launch_rest", many.campaign.pk, query=query)
        assert page.status_code == 200
        assert "<script>," not in page.content.decode()
        assert many.get("launch_rest", many.campaign.pk, query="?after=999999999").status_code == 200

    def test_says_what_is_in_the_way(self, many: Room) -> None:
        many.step.delete()
        assert many.get("launch_rest", many.campaign.pk, headers=HTMX).status_code == 200

    def test_costs_the_same_for_more(self, many: Room, monkeypatch: pytest.MonkeyPatch) -> None:
        url = many.url("launch_rest", many.campaign.pk)
        many.client().get(url, headers=HTMX)
        with CaptureQueriesContext(connection) as few:
            many.client().get(url, headers=HTMX)
        monkeypatch.setattr(launching, "CHECKED", 8)
        with CaptureQueriesContext(connection) as more:
            many.client().get(url, headers=HTMX)
        assert len(more) <= len(few)

    def test_is_not_for_strangers_nor_for_posting(self, many: Room) -> None:
        assert many.get("launch_rest", many.campaign.pk, user=many.world.stranger).status_code == 404
        assert many.get("launch_rest", many.campaign.pk, user=many.world.viewer).status_code == 200
        assert many.post("launch_rest", many.campaign.pk).status_code == 405


class TestTrialLetter:
    def test_says_why_nothing_could_be_sent(self, room: Room) -> None:
        room.post("campaign_trial", room.campaign.pk)
        page = text_of(room.get("campaign_launch", room.campaign.pk))
        assert "password" in page or "server" in page

    def test_is_not_for_strangers_nor_for_get(self, room: Room) -> None:
        assert room.post("campaign_trial", room.campaign.pk, user=room.world.stranger).status_code == 404
        assert room.get("campaign_trial", room.campaign.pk).status_code == 405


WINDOW = {"send_days": ["0", "1", "2"], "send_from": "09:00", "send_until": "12:30", "in_their_zone": "on"}


class TestWindow:
    def test_is_kept_and_moves_what_waits(self, room: Room) -> None:
        room.queue(room.leads[0])
        assert room.post("campaign_window", room.campaign.pk, WINDOW).status_code == 302
        room.campaign.refresh_from_db()
        assert (room.campaign.send_days, room.campaign.in_their_zone) == ("012", True)
        assert AuditEntry.objects.filter(event="campaign.changed").exists()
        text = text_of(room.get("campaign_schedule", room.campaign.pk))
        assert "leave Monday to Wednesday, 09:00 to 12:30 by the recipient's clock" in text

    def test_that_never_opens_is_refused_and_kept_as_typed(self, room: Room) -> None:
        answer = room.post("campaign_window", room.campaign.pk, WINDOW | {"send_until": "08:00"}, htmx=True)
        assert answer.status_code == 422
        assert "not later than" in text_of(answer)
        assert "<html" not in text_of(answer)

    def test_is_not_for_strangers_nor_for_get(self, room: Room) -> None:
        assert room.post("campaign_window", room.campaign.pk, WINDOW, user=room.world.stranger).status_code == 404
        assert room.get("campaign_window", room.campaign.pk).status_code == 405


class TestSchedule:
    def test_says_when_and_why(self, room: Room) -> None:
        add_step(room)
        room.queue(room.leads[0], room.leads[1])
        text = text_of(room.get("campaign_schedule", room.campaign.pk))
        assert "In turn." in text
        assert "its mailbox cannot be read" in text.lower()

    def test_is_a_page_without_letters_too(self, room: Room) -> None:
        assert "No letter waits" in text_of(room.get("campaign_schedule", room.campaign.pk, user=room.world.viewer))

    def test_is_not_for_strangers(self, room: Room) -> None:
        assert room.get("campaign_schedule", room.campaign.pk, user=room.world.stranger).status_code == 404

    def test_of_one_lead(self, room: Room) -> None:
        room.queue(room.leads[0])
        answer = room.get("lead_forecast", room.leads[0].pk, headers=HTMX)
        assert "First letter" in text_of(answer)
        assert "<html" not in text_of(answer)
        assert room.get("lead_forecast", room.leads[0].pk).status_code == 200
        assert room.get("lead_forecast", room.leads[0].pk, user=room.world.stranger).status_code == 404


@pytest.fixture
def task(room: Room) -> Task:
    add_step(room, kind=Step.Kind.TASK, letter_subject="Comment on their post")
    [letter] = room.queue(room.leads[0])
    send(letter)
    task = Task.objects.get()
    Task.objects.update(due_at=timezone.now())
    return task


class TestTasks:
    def test_are_listed_and_ticked_off(self, room: Room, task: Task) -> None:
        assert "Comment on their post: brightgarden.com" in text_of(room.get("task_list"))
        assert room.post("task_done", task.pk).status_code == 302
        task.refresh_from_db()
        assert task.done_by == room.world.marketer
        assert "Nothing to do by hand" in text_of(room.get("task_list", headers=HTMX))

    def test_stand_among_what_comes_next_for_the_lead(self, room: Room, task: Task) -> None:
        text = text_of(room.get("lead_forecast", task.lead_id, headers=HTMX))
        assert "Task: Comment on their post" in text

    def test_once(self, room: Room, task: Task) -> None:
        room.post("task_done", task.pk)
        answer = room.post("task_done", task.pk, htmx=True)
        assert "HX-Redirect" in answer.headers
        assert AuditEntry.objects.filter(event="task.done").count() == 1

    def test_one_ticked_off_by_mistake_is_open_again(self, room: Room, task: Task) -> None:
        add_step(room, 3)
        answer = room.client().post(room.url("task_done", task.pk), follow=True)
        undo = room.url("task_undo", task.pk)
        assert undo in answer.content.decode()
        assert Attempt.objects.filter(kind=Kind.FOLLOW_UP).count() == 1
        assert room.post("task_undo", task.pk).status_code == 302
        task.refresh_from_db()
        assert (task.done_at, task.done_by) == (None, None)
        assert not Attempt.objects.filter(kind=Kind.FOLLOW_UP).exists()
        assert AuditEntry.objects.filter(event="task.taken_up_again").count() == 1
        # And ticked off once more, what follows follows.
        assert "HX-Redirect" in room.post("task_done", task.pk, htmx=True).headers
        assert Attempt.objects.get(kind=Kind.FOLLOW_UP).state == Attempt.State.QUEUED

    @pytest.mark.parametrize(
        "change",
        [
            {"state": Attempt.State.SENT, "message_id": "<a@b>"},
            {"state": Attempt.State.CANCELLED},  # they answered
            {"due_at": timezone.now() - timedelta(minutes=1)},  # the gate may be looking at it
            {"lease_token": uuid4()},
            {"approved_at": timezone.now()},
        ],
    )
    def test_not_when_what_follows_has_gone_further(self, room: Room, task: Task, change: dict[str, object]) -> None:
        add_step(room, 3)
        room.post("task_done", task.pk)
        Attempt.objects.filter(kind=Kind.FOLLOW_UP).update(**change)
        page = room.client().post(room.url("task_undo", task.pk), follow=True).content.decode()
        assert "cannot be undone any more" in page
        task.refresh_from_db()
        assert task.done_at is not None
        assert Attempt.objects.filter(kind=Kind.FOLLOW_UP).exists()

    def test_undoing_what_is_not_done_or_of_no_more_use_changes_nothing(self, room: Room, task: Task) -> None:
        room.post("task_undo", task.pk)
        room.post("task_done", task.pk)
        Lead.objects.update(status=Lead.Status.REPLIED)
        room.post("task_undo", task.pk)
        task.refresh_from_db()
        assert task.done_at is not None
        assert not AuditEntry.objects.filter(event="task.taken_up_again").exists()

    def test_undo_is_not_for_others(self, room: Room, task: Task) -> None:
        assert room.post("task_undo", task.pk, user=room.world.stranger).status_code == 404
        assert room.post("task_undo", task.pk, user=room.world.viewer).status_code == 403
        assert room.get("task_undo", task.pk).status_code == 405

    def test_are_not_for_strangers_nor_for_get(self, room: Room, task: Task) -> None:
        assert room.post("task_done", task.pk, user=room.world.stranger).status_code == 404
        assert room.get("task_done", task.pk).status_code == 405


def test_the_api_lists_follow_ups(room: Room) -> None:
    step = add_step(room)
    [letter] = room.queue(room.leads[0])
    send(letter)
    client = room.client()
    url = f"/api/v1/backlink-outreach/campaigns/{room.campaign.pk}/follow-ups"
    [row] = client.get(url, headers={"X-Workspace": room.world.here.slug}).json()
    assert (row["kind"], row["state"], row["step"], row["variant"]) == ("follow_up", "queued", step.position, "")
    assert row["due_at"] is not None
    assert client.get(f"{url}?state=sent", headers={"X-Workspace": room.world.here.slug}).json() == []
    assert client.get(f"{url}?state=nonsense", headers={"X-Workspace": room.world.here.slug}).status_code == 422
    assert room.client(room.world.stranger).get(url).status_code == 404


def test_where_the_test_letter_arrived_is_said_and_shown(room: Room) -> None:
    assert "No test letter has gone yet" in room.get("campaign_launch", room.campaign.pk).content.decode()
    room.post("trial_arrived", room.campaign.pk, {"arrived": "inbox"})
    room.campaign.refresh_from_db()
    assert room.campaign.test_arrived == ""  # There is none.
    letter_left(room.campaign, user=room.world.marketer, now=timezone.now())
    page = room.get("campaign_launch", room.campaign.pk).content.decode()
    assert f"A test letter went to {room.world.marketer.email}" in page
    assert "Where did you find it?" in page
    for where, said in (
        ("spam", "was taken for spam"),
        ("nowhere", "did not arrive"),
        ("inbox", "arrived in the inbox"),
    ):
        room.post("trial_arrived", room.campaign.pk, {"arrived": where})
        assert said in room.get("campaign_launch", room.campaign.pk).content.decode()
    room.post("trial_arrived", room.campaign.pk, {"arrived": "<b>"})
    assert room.post("trial_arrived", room.campaign.pk, {"arrived": "spam"}, user=room.world.viewer).status_code == 403
    room.campaign.refresh_from_db()
    assert room.campaign.test_arrived == "inbox"
    letter_left(room.campaign, user=room.world.marketer, now=timezone.now())
    assert room.campaign.test_arrived == ""  # Another letter, another place.
    viewed = room.get("campaign_launch", room.campaign.pk, user=room.world.viewer).content.decode()
    assert "Where did you find it?" not in viewed
