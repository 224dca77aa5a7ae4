"""Letters made personal for many leads: written in slices, looked at by a person, and then sent exactly so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns import own_letters
from campaigns.drafting import bulk, provider, sites
from campaigns.drafting.bulk import CannotDraftError
from campaigns.drafting.desk import tokens_of
from campaigns.drafting.tasks import draft_due
from campaigns.models import Attempt, DraftRun, Lead, OwnLetter, SiteText, TokenUse
from campaigns.privacy import CampaignsHolder
from campaigns.queueing import foresee_letters, queue_letters
from compliance.models import AuditEntry
from compliance.privacy_models import PrivacySettings
from outreach_site.lib.ports import Person
from outreach_site.lib.web import Way
from tests.campaigns.conftest import HTMX, Room
from tests.openai_server import OpenAIServer, completion, failure, letter

State = OwnLetter.State
PASSAGE = "Slugs hate copper, and twelve beds show it."
CLAIM = "Your twelve beds with copper settled a quarrel here."
BACKED = letter("Hi {name|there},", [(CLAIM, PASSAGE)], "about {topic}.")
OPEN = letter("Hi {name|there},", "You won a prize.", "about {topic}.")


@pytest.fixture
def ready(room: Room, openai_server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> OpenAIServer:
    PrivacySettings.objects.create(workspace=room.world.here, may_use_openai=True, openai_tokens=1_000_000)
    monkeypatch.setattr(provider, "_BACKOFF", 0.0)
    monkeypatch.setattr(sites, "POLITE", replace(sites.POLITE, way=Way(resolver=nowhere), pause=0.0))
    for lead in room.leads:
        page = {"url": f"https://{lead.domain}/", "title": lead.domain, "text": PASSAGE}
        SiteText.objects.create(workspace=room.world.here, domain=lead.domain, pages=[page])
    return openai_server


def nowhere(*_: Any) -> list[str]:
    raise OSError("no such name")


def begin(room: Room, **options: Any) -> DraftRun:
    return bulk.begin(room.campaign, user=room.world.marketer, now=timezone.now(), **options)


def done(room: Room, **options: Any) -> DraftRun:
    run = begin(room, **options)
    while bulk.work(run.pk, now=timezone.now()):
        pass
    run.refresh_from_db()
    return run


def own(room: Room, lead: int = 0) -> OwnLetter:
    return OwnLetter.objects.select_related("lead__campaign__workspace").get(lead=room.leads[lead])


# --- Writing ----------------------------------------------------------------------------------------------------------


def test_letters_are_written_for_leads_that_can_still_get_one(room: Room, ready: OpenAIServer) -> None:
    ready.will(completion(BACKED))
    run = done(room)
    assert run.finished_at is not None
    assert run.total == 2, "one of the three has no address"
    written = own(room)
    assert written.state == State.PROPOSED
    assert written.letter_body == f"Hi {{name|there}},\n\n{CLAIM}\n\nabout {{topic}}.\n"
    assert written.letter_subject == "A guide for {website}"
    assert written.claims == [{"text": CLAIM, "passage": PASSAGE.rstrip("."), "url": "https://brightgarden.com/"}]
    assert written.open_claims == 0
    assert tokens_of(room.world.here, now=timezone.now()) == 2000
    assert AuditEntry.objects.filter(event="drafts.begun", about=room.campaign.subject).exists()
    with pytest.raises(CannotDraftError, match="No lead is left"):
        begin(room)


def test_one_run_at_a_time_and_never_over_a_letter_that_is_there(room: Room, ready: OpenAIServer) -> None:
    own_letters.write(room.leads[0], subject="Mine", body="Mine", user=room.world.marketer, now=timezone.now())
    begin(room)
    with pytest.raises(CannotDraftError):
        begin(room)
    assert set(OwnLetter.objects.values_list("lead", "state")) == {
        (room.leads[0].pk, State.ACCEPTED),
        (room.leads[1].pk, State.WAITING),
    }


def test_what_is_missing_is_said(room: Room, ready: OpenAIServer) -> None:
    room.step.delete()
    with pytest.raises(CannotDraftError, match="save the campaign's letter first"):
        begin(room)
    PrivacySettings.objects.update(may_use_openai=False)
    with pytest.raises(CannotDraftError, match="An owner can switch it on"):
        begin(room)


def test_a_site_that_cannot_be_read_is_said_and_the_others_go_on(room: Room, ready: OpenAIServer) -> None:
    SiteText.objects.filter(domain=room.leads[0].domain).delete()
    ready.will(completion(BACKED))
    done(room)
    assert own(room).state == State.FAILED
    assert "brightgarden.com could not be read" in own(room).sentence
    assert own(room, 1).state == State.PROPOSED


def test_a_pause_is_kept_and_the_run_goes_on_after_it(room: Room, ready: OpenAIServer) -> None:
    ready.will(failure(429, retry_after="120"))
    run = begin(room)
    now = timezone.now()
    assert bulk.work(run.pk, now=now) is False
    run.refresh_from_db()
    assert run.finished_at is None
    assert "asks for a pause" in run.sentence
    assert run.not_before is not None
    assert run.not_before > now + timedelta(seconds=100)
    assert bulk.due(now) == []
    asked = len(ready.asked)
    assert bulk.work(run.pk, now=now) is False
    assert len(ready.asked) == asked, "nobody is asked before the pause is over"
    ready.will(completion(BACKED))
    later = now + timedelta(seconds=130)
    assert bulk.due(later) == [run.pk]
    bulk.work(run.pk, now=later)
    run.refresh_from_db()
    assert run.finished_at is not None
    assert run.sentence == ""
    assert set(OwnLetter.objects.values_list("state", flat=True)) == {State.PROPOSED}


def test_a_letter_that_fails_again_and_again_is_given_up(room: Room, ready: OpenAIServer) -> None:
    ready.will(completion("nonsense"))
    run = begin(room)
    now = timezone.now()
    for _ in range(bulk.TRIES):
        bulk.work(run.pk, now=now)
        now += timedelta(minutes=5)
    run.refresh_from_db()
    assert run.finished_at is not None
    assert own(room).state == State.FAILED
    assert own(room).letter_body == "", "no answer of that kind becomes a letter"


@pytest.mark.parametrize(("answer", "words"), [(failure(401), "OPENAI_API_KEY"), (failure(404), "OPENAI_MODEL")])
def test_what_would_meet_every_letter_ends_the_run(answer: Any, words: str, room: Room, ready: OpenAIServer) -> None:
    ready.will(answer)
    run = done(room)
    assert run.finished_at is not None
    assert words in run.sentence
    assert set(OwnLetter.objects.values_list("state", flat=True)) == {State.FAILED}


def test_the_limit_ends_the_run_and_what_was_written_stays(room: Room, ready: OpenAIServer) -> None:
    ready.will(completion(BACKED))
    PrivacySettings.objects.update(openai_tokens=6_000)
    run = done(room)
    assert "An owner can allow more" in run.sentence
    assert (own(room).state, own(room, 1).state) == (State.PROPOSED, State.FAILED)
    assert tokens_of(room.world.here, now=timezone.now()) == 1000


def test_cancelling_keeps_what_was_written(room: Room, ready: OpenAIServer) -> None:
    run = begin(room)
    OwnLetter.objects.filter(lead=room.leads[0]).update(state=State.PROPOSED, letter_body="x")
    assert bulk.cancel(run, now=timezone.now())
    assert not bulk.cancel(run, now=timezone.now())
    assert list(OwnLetter.objects.values_list("lead", flat=True)) == [room.leads[0].pk]
    assert bulk.work(run.pk, now=timezone.now()) is False
    assert ready.asked == []


def test_a_run_whose_worker_died_is_taken_up(room: Room, ready: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> None:
    ready.will(completion(BACKED))
    run = begin(room)
    died = "7c7f9d5e-0000-4000-8000-000000000000"
    DraftRun.objects.update(lease_token=died, leased_until=timezone.now() + timedelta(minutes=1))
    assert bulk.work(run.pk, now=timezone.now()) is False, "somebody works on it"
    DraftRun.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    queued: list[int] = []
    monkeypatch.setattr("campaigns.drafting.tasks.async_task", lambda _task, run_id, **_: queued.append(run_id))
    draft_due()
    assert queued == [run.pk]
    bulk.work(run.pk, now=timezone.now())
    assert own(room).state == State.PROPOSED


def test_a_letter_that_somebody_wrote_meanwhile_is_left_alone(room: Room, ready: OpenAIServer) -> None:
    def answer(_: Any) -> Any:
        return completion(BACKED)

    run = begin(room)
    own_letters.write(room.leads[0], subject="Mine", body="Mine", user=room.world.marketer, now=timezone.now())
    ready.will(answer)
    bulk.work(run.pk, now=timezone.now())
    assert own(room).letter_body == "Mine"


# --- Sending ----------------------------------------------------------------------------------------------------------


def test_nothing_is_sent_before_a_person_has_looked(room: Room, ready: OpenAIServer) -> None:
    ready.will(completion(BACKED))
    done(room)
    seen = foresee_letters(room.campaign, room.leads[:2], user=room.world.marketer, now=timezone.now())
    assert [one.sentence for one in seen] == [own_letters.TO_BE_LOOKED_AT] * 2
    assert queue_letters(room.campaign, room.leads[:2], user=room.world.marketer, now=timezone.now()).attempts == []


def test_an_accepted_letter_is_sent_exactly_so(room: Room, ready: OpenAIServer) -> None:
    ready.will(completion(BACKED))
    done(room)
    shown = room.get("own_letter_list", room.campaign.pk).context["letters"][0]["preview"]
    own_letters.accept(own(room), user=room.world.marketer, now=timezone.now())
    own_letters.drop(own(room, 1), user=room.world.marketer, now=timezone.now())
    mine, other = room.queue(*room.leads[:2])
    assert mine.body == f"Hi Hannah Lindqvist,\n\n{CLAIM}\n\nabout beds.\n"
    assert mine.subject == "A guide for brightgarden.com"
    assert "".join(part.text for part in shown.body).startswith(mine.body.rstrip())
    assert other.body == "Hi there,\n\nabout beds.\n", "dropped: the campaign's letter"
    page = room.get("campaign_letters", room.campaign.pk, query=f"?lead={room.leads[0].pk}")
    assert CLAIM in page.content.decode(), "the preview of the campaign shows what this lead gets"


def test_claims_without_a_passage_wait_for_a_person(room: Room, ready: OpenAIServer) -> None:
    ready.will(completion(OPEN))
    done(room)
    assert own(room).open_claims == 1
    assert own_letters.accept_backed(room.campaign, user=room.world.marketer, now=timezone.now()) == 0
    assert own_letters.accept(own(room), user=room.world.marketer, now=timezone.now())
    entry = AuditEntry.objects.get(event="letter.own_accepted")
    assert entry.details == {"unbacked": 1}
    assert [attempt.lead_id for attempt in room.queue(*room.leads[:2])] == [room.leads[0].pk]


def test_a_letter_of_its_own_is_found_with_one_query(room: Room, ready: OpenAIServer) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        own_letters.own_texts(room.leads)
    assert len(queries) == 1


def test_an_erased_person_takes_the_letter_along(room: Room, ready: OpenAIServer) -> None:
    own_letters.write(room.leads[0], subject="Hi", body="Hi Hannah", user=room.world.marketer, now=timezone.now())
    person = Person(room.world.here.pk, "hannah@brightgarden.com", "stone", frozenset({"hannah@brightgarden.com"}))
    [held] = CampaignsHolder().export(person)["letters prepared for their site"]
    assert held["letter_body"] == "Hi Hannah"
    CampaignsHolder().erase(person, now=timezone.now())
    assert not OwnLetter.objects.exists()


# --- The pages --------------------------------------------------------------------------------------------------------


def test_the_list_shows_claims_with_their_passages(room: Room, ready: OpenAIServer) -> None:
    ready.will(completion(BACKED))
    done(room, lead_ids=[room.leads[0].pk])
    ready.will(completion(OPEN))
    done(room, lead_ids=[room.leads[1].pk])
    page = room.get("own_letter_list", room.campaign.pk).content.decode()
    assert f'<span class="letter__filled">{CLAIM}</span>' in page
    assert PASSAGE.rstrip(".") in page
    assert 'href="https://brightgarden.com/"' in page
    assert "You won a prize." in page
    assert "Nothing on their pages backs this." in page
    assert "Accept the 1 that are backed" in page
    viewed = room.get("own_letter_list", room.campaign.pk, user=room.world.viewer).content.decode()
    assert CLAIM in viewed
    assert '<button class="button button--small button--primary"' not in viewed


def test_hostile_words_are_words_on_the_page(room: Room, ready: OpenAIServer) -> None:
    OwnLetter.objects.create(
        lead=room.leads[0],
        state=State.PROPOSED,
        letter_subject="<script>alert(1)</script>",
        letter_body="<script>alert(2)</script>",
        claims=[{"text": "<script>alert(2)</script>", "passage": "<script>alert(3)</script>", "url": "https://x.com/"}],
    )
    for page in (room.get("own_letter_list", room.campaign.pk), room.get("own_letter_edit", own(room).pk)):
        assert "<script>alert" not in page.content.decode()


def test_the_lists_queries_do_not_grow(room: Room, ready: OpenAIServer) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert room.get("own_letter_list", room.campaign.pk).status_code == 200
        return len(captured)

    def propose(lead: Lead) -> None:
        OwnLetter.objects.create(lead=lead, state=State.PROPOSED, letter_subject="S", letter_body="B")

    propose(room.leads[0])
    queries()  # What is remembered between requests is remembered now.
    few = queries()
    for number in range(8):
        propose(room.lead(f"site{number}.com", f"ed@site{number}.com"))
    assert queries() == few


def test_more_than_a_page_goes_on(room: Room, ready: OpenAIServer) -> None:
    for number in range(12):
        lead = room.lead(f"site{number}.com", f"ed@site{number}.com")
        OwnLetter.objects.create(lead=lead, state=State.PROPOSED, letter_subject="S", letter_body="B")
    page = room.get("own_letter_list", room.campaign.pk)
    assert len(page.context["letters"]) == 10
    rest = room.get("own_letter_list", room.campaign.pk, query="?" + page.context["next_url"].partition("?")[2])
    assert len(rest.context["letters"]) == 2


def test_a_run_is_watched_and_cancelled(room: Room, ready: OpenAIServer) -> None:
    assert room.post("own_letters_begin", room.campaign.pk, {"number": "1"}).status_code == 302
    run = DraftRun.objects.get()
    assert run.total == 1
    page = room.get("own_letter_list", room.campaign.pk, headers=HTMX).content.decode()
    assert "Writing" in page
    assert 'hx-trigger="every 3s"' in page
    assert 'hx-target="#own-letters"' in page, "nothing is shown yet: the first letters come by themselves"
    OwnLetter.objects.update(state=State.PROPOSED, letter_subject="S", letter_body="B")
    page = room.get("own_letter_list", room.campaign.pk).content.decode()
    assert 'hx-target="#own-status"' in page, "what somebody reads stays where it is"
    answer = room.get("own_letter_list", room.campaign.pk, headers=HTMX | {"HX-Target": "own-status"})
    assert "Show what was written since" in answer.content.decode()
    assert "<article" not in answer.content.decode()
    room.post("own_letters_cancel", run.pk)
    run.refresh_from_db()
    assert run.cancelled_at is not None
    assert 'hx-trigger="every 3s"' not in room.get("own_letter_list", room.campaign.pk).content.decode()


def test_a_change_by_hand_is_accepted_and_keeps_the_claims_that_are_left(room: Room, ready: OpenAIServer) -> None:
    ready.will(completion(letter("Hi {name|there},", [(CLAIM, PASSAGE), "You won a prize."], "about {topic}.")))
    done(room, lead_ids=[room.leads[0].pk])
    assert own(room).open_claims == 1
    typed = {"letter_subject": "Beds", "letter_body": f"Hi,\r\n\r\n{CLAIM}"}
    shown = room.post("own_letter_edit", own(room).pk, typed | {"preview": "1"}, htmx=True).content.decode()
    assert CLAIM in shown
    assert own(room).letter_subject == "A guide for {website}", "only looked at"
    assert room.post("own_letter_edit", own(room).pk, typed).status_code == 302
    written = own(room)
    assert (written.state, written.letter_body, written.open_claims) == (State.ACCEPTED, f"Hi,\n\n{CLAIM}", 0)
    assert [claim["text"] for claim in written.claims] == [CLAIM]
    assert room.post("own_letter_edit", written.pk, {"letter_subject": "S", "letter_body": " "}).status_code == 422
    assert room.post("own_letter_edit", written.pk, {"letter_subject": "", "letter_body": "B"}).status_code == 422
    answer = room.post("own_letter_edit", written.pk, {"letter_subject": "S", "letter_body": "Hi {nmae}"})
    assert answer.status_code == 422
    assert "Did you mean {name}?" in answer.content.decode()
    assert "Hi {nmae}" in answer.content.decode(), "what was typed is still there"


def test_a_letter_for_one_lead_alone_is_written_without_any_help(room: Room, settings: Any) -> None:
    settings.OPENAI_API_KEY = ""
    lead = room.leads[0]
    assert room.client().get(room.url("own_letter_start", lead.pk)).status_code == 405
    assert room.post("own_letter_start", lead.pk, user=room.world.stranger).status_code == 404
    assert room.post("own_letter_start", lead.pk, user=room.world.viewer).status_code == 403
    answer = room.post("own_letter_start", lead.pk)
    begun = own(room)
    assert answer["Location"] == room.url("own_letter_edit", begun.pk)
    assert begun.letter_body == "Hi {name|there},\n\nabout {topic}.\n"
    room.post("own_letter_edit", begun.pk, {"letter_subject": "For you", "letter_body": "Hi {name}"})
    assert room.post("own_letter_start", lead.pk, htmx=True).status_code == 200
    assert own(room).letter_body == "Hi {name}", "what stands there stays"
    [attempt] = room.queue(lead)
    assert (attempt.subject, attempt.body) == ("For you", "Hi Hannah Lindqvist")
    page = room.get("campaign_letters", room.campaign.pk).content.decode()
    assert "Write one for brightgarden.com alone" in page


ACTIONS = {
    "own_letter_accept": (State.PROPOSED, State.ACCEPTED),
    "own_letter_drop": (State.PROPOSED, State.DROPPED),
    "own_letter_undo": (State.DROPPED, State.PROPOSED),
}


@pytest.mark.parametrize("name", ACTIONS)
@pytest.mark.parametrize("htmx", [False, True])
def test_every_action(name: str, htmx: bool, room: Room, ready: OpenAIServer) -> None:
    before, after = ACTIONS[name]
    one = OwnLetter.objects.create(lead=room.leads[0], state=before, letter_subject="S", letter_body="B")
    assert room.client().get(room.url(name, one.pk)).status_code == 405
    assert room.post(name, one.pk, user=room.world.stranger).status_code == 404
    assert room.post(name, one.pk, user=room.world.viewer).status_code == 403
    assert own(room).state == before
    answer = room.post(name, one.pk, htmx=htmx)
    assert answer.status_code == (200 if htmx else 302)
    assert own(room).state == after
    room.post(name, one.pk)
    assert own(room).state == after, "a second time changes nothing"


@pytest.mark.parametrize("name", ["own_letters_begin", "own_letters_accept"])
def test_every_action_of_a_campaign(name: str, room: Room, ready: OpenAIServer) -> None:
    assert room.client().get(room.url(name, room.campaign.pk)).status_code == 405
    assert room.post(name, room.campaign.pk, user=room.world.stranger).status_code == 404
    assert room.post(name, room.campaign.pk, user=room.world.viewer).status_code == 403
    OwnLetter.objects.create(lead=room.leads[0], state=State.PROPOSED, letter_subject="S", letter_body="B")
    assert room.post(name, room.campaign.pk).status_code == 302
    assert room.post(name, room.campaign.pk, htmx=True).status_code == 200
    assert DraftRun.objects.exists() is (name == "own_letters_begin")
    assert (own(room).state == State.ACCEPTED) is (name == "own_letters_accept")


def test_chosen_leads_are_asked_about_first(room: Room, ready: OpenAIServer) -> None:
    chosen = "?" + "&".join(f"lead={lead.pk}" for lead in room.leads)
    part = room.get("own_letters_ask", room.campaign.pk, query=chosen, headers=HTMX).content.decode()
    assert "Have 2 letters made personal?" in part
    assert "1 of the chosen lead has no address" in part
    assert part.count('name="lead"') == 2
    assert "<html" not in part
    assert "<html" in room.get("own_letters_ask", room.campaign.pk, query=f"{chosen}&lead=x").content.decode()
    assert not DraftRun.objects.exists()  # Asking begins nothing.
    answer = room.post("own_letters_begin", room.campaign.pk, {"lead": [lead.pk for lead in room.leads]})
    assert answer.url == room.url("own_letter_list", room.campaign.pk)
    assert DraftRun.objects.get().total == 2
    again = room.get("own_letters_ask", room.campaign.pk, query=chosen).content.decode()
    assert "None of these leads is left to write to" in again
    assert "Write them" not in again


def test_all_that_match_are_asked_about_in_constant_queries(room: Room, ready: OpenAIServer) -> None:
    def asked(query: str) -> tuple[str, int]:
        with CaptureQueriesContext(connection) as captured:
            page = room.get("own_letters_ask", room.campaign.pk, query=query, headers=HTMX).content.decode()
        return page, len(captured)

    asked("?matching=1&q=bright")  # The first request of all looks up what is kept afterwards.
    page, few = asked("?matching=1&q=bright")
    assert "Have 1 letter made personal?" in page
    for number in range(9):
        room.lead(f"bright{number}.com", f"ed@bright{number}.com")
    page, many = asked("?matching=1&q=bright")
    assert "Have 10 letters made personal?" in page
    assert many == few


def test_what_keeps_letters_from_being_written_is_said_before(room: Room, settings: Any) -> None:
    settings.OPENAI_API_KEY = ""
    page = room.get("own_letters_ask", room.campaign.pk, query=f"?lead={room.leads[0].pk}").content.decode()
    assert "OPENAI_API_KEY" in page
    assert "made personal?" not in page
    nobody = room.client().get(room.url("own_letters_ask", room.campaign.pk), follow=True).content.decode()
    assert "Choose at least one lead." in nobody
    for user, status in ((room.world.stranger, 404), (room.world.viewer, 403)):
        assert room.get("own_letters_ask", room.campaign.pk, user=user).status_code == status
    assert room.post("own_letters_ask", room.campaign.pk).status_code == 405
    assert "Personalise" in room.get("campaign_detail", room.campaign.pk).content.decode()


# --- The panel --------------------------------------------------------------------------------------------------------

TYPED = {"letter_subject": "Mine <b>", "letter_body": "Hi {name},\n\nbeds?"}


def ask(room: Room, typed: dict[str, str] | None = None, *, htmx: bool = True, **data: Any) -> Any:
    data |= typed or {}
    return room.post("campaign_draft", room.campaign.pk, {"tone": "friendly", "topic": "beds"} | data, htmx=htmx)


def test_a_draft_stands_beside_what_was_typed(room: Room, ready: OpenAIServer) -> None:
    ready.will(completion(letter("Hi {first_name|there},", "may I?", subject="Beds for {website}")))
    for htmx in (True, False):
        page = ask(room, TYPED, htmx=htmx, what="letter", start_from="editor").content.decode()
        assert "Beds for {website}" in page
        assert 'data-fill="#letter-editor"' in page
    assert ready.material["start"] == {"subject": "Mine <b>", "body": "Hi {name},\n\nbeds?"}
    assert room.campaign.steps.get().letter_subject == "A guide for {website}", "nothing is saved"
    put_in = room.post("letter_preview", room.campaign.pk, {"letter_subject": "Beds", "letter_body": "Hi"})
    assert 'value="Beds"' in put_in.content.decode(), "without scripts the editor opens with it"


def test_subjects_are_choices(room: Room, ready: OpenAIServer) -> None:
    ready.will(completion({"subjects": [f"Beds {number}" for number in range(6)]}))
    page = ask(room, TYPED, what="subjects").content.decode()
    assert page.count("data-fill=") == 6
    assert page.count("data-filled>") == 6, "a choice changes the subject and nothing else"


def test_a_follow_up_can_be_kept_as_a_template(room: Room, ready: OpenAIServer) -> None:
    ready.will(completion(letter("Hi,", "still?", subject="x")))
    page = ask(room, TYPED, what="follow_up").content.decode()
    assert "Keep as a template" in page
    assert "Mine &lt;b&gt;" in page


def test_a_follow_up_follows_the_first_letter_whichever_editor_is_open(room: Room, ready: OpenAIServer) -> None:
    ready.will(completion(letter("Hi,", "still?", subject="x")))
    ask(room, TYPED, what="follow_up", step="", kind="letter")
    assert ready.material["letter"]["subject"] == "A guide for {website}"
    ask(room, TYPED, what="follow_up")
    assert ready.material["letter"]["subject"] == TYPED["letter_subject"]


def test_a_draft_that_claims_something_of_many_is_marked(room: Room, ready: OpenAIServer) -> None:
    ready.will(completion(letter([("I loved your last article.", "last article")], subject="Beds")))
    page = ask(room, what="letter").content.decode()
    assert (
        '<mark class="letter__found" title="Nothing on their pages backs this.">I loved your last article.</mark>'
        in page
    )


def test_failures_are_said_in_place(room: Room, ready: OpenAIServer) -> None:
    ready.will(failure(429, retry_after="300"))
    answer = ask(room, what="letter", topic="beds &amp; slugs")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "OpenAI asks for a pause. Try again in 5 minutes." in page
    assert "beds &amp;amp; slugs" in page, "what was asked for is still there"
    assert ask(room, what="letter", topic="").status_code == 422
    assert ask(room, what="follow_up", letter_body="").status_code == 422
    assert ask(room, what="poem").status_code == 422
    assert ask(room, what="letter", tone="angry").status_code == 422
    assert ask(room, what="letter", start_from="999").status_code == 422


def test_without_a_key_the_page_says_how_to_switch_it_on(room: Room, settings: Any) -> None:
    settings.OPENAI_API_KEY = ""
    assert "OPENAI_API_KEY" in room.get("campaign_draft", room.campaign.pk).content.decode()
    assert "OPENAI_API_KEY" in room.get("own_letter_list", room.campaign.pk).content.decode()
    assert "OPENAI_API_KEY" in ask(room, what="letter").content.decode()
    settings.OPENAI_API_KEY = "sk"
    page = room.get("campaign_draft", room.campaign.pk, user=room.world.owner).content.decode()
    assert "An owner can switch it on" in page
    assert "Open Privacy" in page
    assert "Open Privacy" not in room.get("campaign_draft", room.campaign.pk).content.decode()
    assert not TokenUse.objects.exists()
    assert not Attempt.objects.exists()
