"""The privacy desk: what is asked, by when, and an erasure from end to end."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.apps import apps
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from campaigns import queueing
from campaigns.analytics.reading import totals
from campaigns.leads import ASKED_TO_BE_ERASED, NewLead, add_lead, add_many, set_contact
from campaigns.models import Attempt, Campaign, Contact, Lead, Template
from compliance import consents, evidence, gate, holds, privacy, seals, suppression, unsubscribe, verification
from compliance.addresses import InvalidAddressError
from compliance.consents import NotRecordedError, Proof
from compliance.models import AuditEntry, AuditPerson, Hold, PolicyResult, SendRecord, Suppression, UnsubscribeToken
from compliance.privacy import RequestError
from compliance.privacy_models import Consent, ConsentFile, PrivacyRequest
from compliance.suppression import Lifting, NotLiftableError, is_stone, lifting_of, stone_of, suppressed_among
from inbox.models import RawBody, RawMessage, Reply
from outreach_site.lib import ports
from outreach_site.lib.ports import NotYetError
from tests.compliance.a_life import ED, NOW, Life, live, traces
from tests.compliance.test_gate import letter
from tests.conftest import World


@pytest.fixture
def life(world: World) -> Life:
    return live(world)


def erase(life: Life) -> PrivacyRequest:
    request = life.ask()
    assert privacy.begin_erasure(request, user=life.world.officer, now=NOW)
    assert privacy.carry_on(request.pk, until=math.inf, now=NOW).is_done
    request.refresh_from_db()
    return request


# --- What is asked ----------------------------------------------------------------------------------------------------


def test_a_request_is_to_be_answered_within_thirty_days(life: Life) -> None:
    request = life.ask("access")
    assert request.due_on == date(2026, 4, 9)
    assert request.days_left(date(2026, 4, 10)) == -1
    entry = AuditEntry.objects.get(event="privacy.requested")
    assert entry.person.lead_email == ED
    assert entry.about == request.about


def test_the_same_request_stands_once(life: Life) -> None:
    life.ask()
    with pytest.raises(RequestError, match="already"):
        life.ask()
    life.ask("access")


@pytest.mark.parametrize("received_on", [NOW.date() + timedelta(days=1), NOW.date() - timedelta(days=400)])
def test_a_day_that_cannot_be_is_refused(world: World, received_on: date) -> None:
    with pytest.raises(RequestError):
        privacy.open_request(
            workspace=world.here,
            kind="access",
            address=ED,
            received_on=received_on,
            note="",
            user=world.officer,
            now=NOW,
        )


def test_what_is_ended_stays_ended(life: Life) -> None:
    request = life.ask("access")
    assert privacy.answer(request, note="sent", user=life.world.officer, now=NOW)
    assert not privacy.answer(request, note="sent", user=life.world.officer, now=NOW)
    assert not privacy.close(request, reason="x", user=life.world.officer, now=NOW)
    assert not privacy.begin_erasure(request, user=life.world.officer, now=NOW)


# --- Erasure ----------------------------------------------------------------------------------------------------------


def test_nothing_is_left_of_an_erased_person(life: Life) -> None:
    assert len({table for table, _, _ in traces(ED)}) >= 12, (
        "the life must leave traces everywhere, or this proves nothing"
    )
    request = erase(life)
    assert traces(ED) == []
    assert traces("Ed Brand", "Once more, Ed", "Sounds good.") == []
    assert request.state == PrivacyRequest.State.DONE
    assert request.address == ""
    assert request.counts["letters, with their text"] == 2


def test_what_is_about_others_stays_with_the_name_blacked_out(life: Life) -> None:
    erase(life)
    to_ann = Attempt.objects.get(recipient="ann@fernandfig.com")
    assert to_ann.body == "Dear Ann, we also wrote to (erased), and to fred@brightgarden.com."
    assert Contact.objects.get(email="ann@fernandfig.com").found_passage == "Ann: ann@fernandfig.com, Ed: (erased)"
    answer = Reply.objects.get(from_key="ann@fernandfig.com")
    assert answer.new_text == "Better ask (erased) about this."
    assert not RawBody.objects.filter(message=answer.raw).exists()
    assert Template.objects.get(name="Ed").body == "As (erased) said"
    assert Suppression.objects.get(value="boss@brightgarden.com").note == "as (erased) says"
    assert AuditPerson.objects.filter(lead_email="boss@brightgarden.com").exists()


def test_what_numbers_are_counted_from_stays(life: Life) -> None:
    before = (Attempt.objects.count(), Reply.objects.count(), RawMessage.objects.count(), AuditEntry.objects.count())
    campaign = life.box.campaign
    people = totals(campaign.workspace, [campaign], now=NOW)
    erase(life)
    after = (Attempt.objects.count(), Reply.objects.count(), RawMessage.objects.count())
    assert after == before[:3]
    assert AuditEntry.objects.count() > before[3]
    assert totals(campaign.workspace, [campaign], now=NOW) == people
    assert people[campaign.pk].people_answered
    lead = Lead.objects.get(pk=life.letter.lead_id)
    assert (lead.contact, lead.custom_fields, lead.domain) == (None, {}, "brightgarden.com")
    gone = Attempt.objects.get(pk=life.letter.pk)
    assert (gone.recipient, gone.recipient_name, gone.subject) == ("", "(erased)", "(erased)")
    assert is_stone(gone.recipient_key)


def test_the_ledger_goes_on_counting(life: Life) -> None:
    [decision] = gate.foresee([letter(9, domain="brightgarden.com")], workspace=life.world.here, now=NOW)
    erase(life)
    record = SendRecord.objects.get(subject=life.letter.about)
    assert (record.recipient, record.recipient_key) == ("", stone_of(ED))
    assert (record.recipient_domain, record.state, record.found_passage) == ("brightgarden.com", "sent", "")
    [again] = gate.foresee([letter(9, domain="brightgarden.com")], workspace=life.world.here, now=NOW)
    assert again.daily_domain_count == decision.daily_domain_count


def test_a_queued_letter_is_stopped_first(life: Life) -> None:
    Attempt.objects.filter(pk=life.waiting.pk).update(state=Attempt.State.QUEUED)
    request = life.ask()
    privacy.begin_erasure(request, user=life.world.officer, now=NOW)
    life.waiting.refresh_from_db()
    assert life.waiting.state == Attempt.State.BLOCKED
    assert queueing.requeue(life.waiting, user=life.world.marketer, now=NOW), "anybody may try"
    assert "waits in the queue" in privacy.carry_on(request.pk, until=math.inf, now=NOW).waits_because
    assert _refused(life)


def _refused(life: Life) -> bool:
    """Put back into the queue it would be decided again, and refused."""
    [decision] = gate.foresee(
        [letter(5, recipient=ED, recipient_key=ED, recipient_domain="brightgarden.com")],
        workspace=life.world.here,
        now=NOW,
    )
    return decision.result == PolicyResult.BLOCKED


@pytest.mark.parametrize(
    ("state", "settled", "words"),
    [(Attempt.State.SENDING, False, "being handed over"), (Attempt.State.SENT, False, "just left")],
)
def test_a_letter_that_is_just_leaving_makes_it_wait(life: Life, state: str, settled: bool, words: str) -> None:
    request = life.ask()
    Attempt.objects.filter(pk=life.waiting.pk).update(state=state, settled_at=NOW if settled else None)
    privacy.begin_erasure(request, user=life.world.officer, now=NOW)
    progress = privacy.carry_on(request.pk, until=math.inf, now=NOW)
    assert not progress.is_done
    assert words in progress.waits_because
    assert Contact.objects.filter(email_key=ED).exists()
    assert suppressed_among(life.world.here, [ED])[ED].reason == "erasure", "nobody writes to them meanwhile"
    Attempt.objects.filter(pk=life.waiting.pk).update(state=Attempt.State.SENT, settled_at=NOW)
    assert privacy.carry_on(request.pk, until=math.inf, now=NOW).is_done
    assert traces(ED) == []


def test_it_goes_on_where_it_stopped(life: Life) -> None:
    request = life.ask()
    privacy.begin_erasure(request, user=life.world.officer, now=NOW)
    assert not privacy.carry_on(request.pk, until=time.monotonic() - 1, now=NOW).is_done
    assert privacy.waiting_erasures() == [request.pk]
    assert privacy.carry_on(request.pk, until=math.inf, now=NOW).is_done
    assert privacy.waiting_erasures() == []
    assert privacy.carry_on(request.pk, until=math.inf, now=NOW).is_done, "again without harm"
    assert traces(ED) == []


def test_it_is_in_the_log_without_the_address(life: Life) -> None:
    request = erase(life)
    entry = AuditEntry.objects.get(event="privacy.erased")
    assert (entry.about, entry.user_id, entry.person_digest) == (request.about, life.world.officer.pk, "")
    assert "letters, with their text: 2" in entry.details["removed"]


def test_another_workspace_keeps_what_is_its_own(life: Life) -> None:
    theirs = Campaign.objects.create(workspace=life.world.elsewhere, name="Theirs")
    add_lead(theirs, NewLead(website_url="brightgarden.com", contact_email=ED), source=Lead.Source.MANUAL, now=NOW)
    erase(life)
    assert Contact.objects.get(email_key=ED).lead.campaign == theirs
    assert suppressed_among(life.world.elsewhere, [ED]) == {}


def test_other_requests_of_the_same_person_end_with_it(life: Life) -> None:
    access = life.ask("access")
    erase(life)
    access.refresh_from_db()
    assert (access.state, access.address, access.note) == ("closed", "", "")


def test_many_spellings_are_one_person(world: World) -> None:
    life = live(world)
    dotted = "E.d.Brand+news@GoogleMail.com"
    lead = life.box.lead("ann@gmail.com")
    set_contact(lead, email=dotted, name="Ed", role="", found_url="", found_passage=f"{dotted} here", now=NOW)
    gate.preview(
        gate.question(
            recipient="ed.brand@gmail.com",
            sender="m@o.com",
            subject="",
            user=None,
            mailbox_id=0,
            sign_in="",
            through_sandbox=False,
        ),
        workspace=world.here,
        user=None,
        now=NOW,
    )
    request = privacy.open_request(
        workspace=world.here,
        kind="erasure",
        address="edbrand@gmail.com",
        received_on=NOW.date(),
        note="",
        user=world.officer,
        now=NOW,
    )
    privacy.begin_erasure(request, user=world.officer, now=NOW)
    privacy.carry_on(request.pk, until=math.inf, now=NOW)
    assert traces(dotted, "ed.brand@gmail.com", "edbrand@gmail.com") == []


# --- What it leaves behind --------------------------------------------------------------------------------------------


def test_no_import_brings_an_erased_person_back(life: Life) -> None:
    erase(life)
    campaign = life.box.campaign
    with pytest.raises(InvalidAddressError, match="asked to be erased"):
        add_lead(campaign, NewLead(website_url="new.com", contact_email=ED), source=Lead.Source.MANUAL, now=NOW)
    rows = [
        NewLead(website_url="other.com", contact_email="Ed@BrightGarden.com", line=1),
        NewLead(website_url="good.com", contact_email="ada@good.com", line=2),
    ]
    outcome = add_many(campaign, rows, source=Lead.Source.IMPORT, now=NOW)
    assert outcome.added == 1
    assert [(failed.line, failed.sentence) for failed in outcome.failed] == [(1, ASKED_TO_BE_ERASED)]
    with pytest.raises(InvalidAddressError):
        set_contact(
            Lead.objects.get(domain="good.com"),
            email=ED,
            name="",
            role="",
            found_url="",
            found_passage="",
            now=NOW,
        )
    with pytest.raises(NotRecordedError):
        consents.record(
            workspace=life.world.here,
            address=ED,
            proof=Proof(text="yes"),
            obtained_on=NOW.date(),
            source="",
            user=life.world.officer,
            now=NOW,
        )
    assert traces(ED) == []


def test_suppressing_an_erased_person_again_writes_nothing_down(life: Life) -> None:
    erase(life)
    stones = Suppression.objects.filter(scope="erased").count()
    added = suppression.suppress_many(
        workspace=life.world.here, addresses=[ED, "new@x.com"], reason="opt_out", source="list", now=NOW
    )
    assert [row.value for row in added.new] == ["new@x.com"]
    assert [row.scope for row in added.known] == ["erased"]
    assert Suppression.objects.filter(scope="erased").count() == stones == 1
    assert traces(ED) == []


def test_the_gate_refuses_for_ever_and_nothing_lifts_it(life: Life) -> None:
    erase(life)
    again = letter(3, recipient=ED, recipient_key=ED, recipient_domain="brightgarden.com")
    [decision] = gate.decide([again], workspace=life.world.here, now=NOW + timedelta(days=4000))
    assert decision.result == PolicyResult.BLOCKED
    assert decision.reason.startswith("This address is on the suppression list (asked for erasure")
    stone = Suppression.objects.get(scope="erased")
    assert lifting_of(stone) == Lifting.NEVER
    with pytest.raises(NotLiftableError):
        suppression.lift(stone, user=life.world.owner, reason="x", now=NOW, owner_typed_address=True)
    with pytest.raises(NotLiftableError):
        suppression.undo(stone, source=stone.source, user=life.world.owner, now=NOW)


def test_the_link_in_an_old_letter_still_works(life: Life) -> None:
    token = UnsubscribeToken.objects.get(about=life.letter.about)
    erase(life)
    row = unsubscribe.find(token.token)
    assert row is not None
    assert unsubscribe.has_opted_out(row)
    assert unsubscribe.use(row, now=NOW).reason == "erasure"
    assert traces(ED) == []


def test_stones_are_found_in_bulk_with_one_query(world: World) -> None:
    keys = [f"p{n}@x{n}.com" for n in range(300)]
    for key in keys[:5]:
        suppression.entomb(workspace=world.here, address=key, now=NOW)
    for wanted in (keys[:1], keys):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            found = suppressed_among(world.here, wanted)
        assert len(queries) == 1
        assert {entry.reason for entry in found.values()} == {"erasure"}
    assert len(found) == 5
    assert suppressed_among(world.elsewhere, keys) == {}


def test_an_entry_of_the_whole_server_goes_on_holding_without_a_name(world: World) -> None:
    suppression.suppress(workspace=None, address=ED, reason="opt_out", note=ED, now=NOW)
    suppression.suppress(workspace=world.here, address=ED, reason="manual", now=NOW)
    suppression.entomb(workspace=world.here, address=ED, now=NOW)
    assert not Suppression.objects.filter(value=ED).exists()
    assert suppressed_among(world.elsewhere, [ED])[ED].reason == "opt_out"
    assert suppressed_among(world.here, [ED])[ED].reason == "erasure"
    suppression.entomb(workspace=world.here, address=ED, now=NOW)
    assert Suppression.objects.count() == 2


# --- The audit log holds no address that an erasure would not find ----------------------------------------------------


def test_servers_words_do_not_reach_the_log_with_an_address(life: Life) -> None:
    entry = AuditEntry.objects.get(event="letter.sent")
    assert entry.details["server_words"] == "250 <(address)> accepted"
    assert entry.details["message_id"] == life.letter.message_id


# --- Who holds what ---------------------------------------------------------------------------------------------------

# Models with an address of somebody who is no reader of ours, each with the reason why no holder answers for it.
EXEMPT = {
    "accounts.User": "our own people: an account is deleted in the admin",
    "accounts.Invitation": "our own people, before they join",
    "accounts.SenderIdentity": "our own people: the postal address of whoever writes",
    "account.EmailAddress": "our own people's addresses to sign in with",
    "mailboxes.Mailbox": "our own mailboxes",
    "campaigns.Campaign": "where answers to us go",
    "campaigns.PlacementCheck": "words around a link, from which addresses are taken out before they are kept",
}
_TELLING = ("email", "recipient", "address", "from_key", "evidence", "passage", "found_url", "compressed", "packed")


def telling_fields(model: type[models.Model]) -> list[str]:
    return [
        field.name
        for field in model._meta.get_fields()
        if isinstance(field, models.Field)
        and not field.is_relation
        and (isinstance(field, models.EmailField) or any(word in field.name for word in _TELLING))
    ]


def test_every_model_with_an_address_has_a_holder() -> None:
    held = {name for holder in ports.holders() for name in holder.models}
    silent = {
        model._meta.label: telling_fields(model)
        for model in apps.get_models()
        if telling_fields(model) and model._meta.label not in held | set(EXEMPT)
    }
    assert silent == {}, "Say in a room's privacy.py how these are shown and erased, or here why they need not be"


def test_holders_and_exceptions_name_models_that_exist() -> None:
    known = {model._meta.label for model in apps.get_models()}
    assert {name for holder in ports.holders() for name in holder.models} <= known
    assert set(EXEMPT) <= known
    assert len(ports.holders()) == 5


def test_counting_and_showing_take_the_same_number_of_questions_for_more(
    life: Life, django_assert_max_num_queries: Callable[..., object]
) -> None:
    person = privacy.person_of(life.world.here, ED)
    with django_assert_max_num_queries(20):  # type: ignore[attr-defined]  # a context manager
        privacy.held_about(person)
    with django_assert_max_num_queries(20):  # type: ignore[attr-defined]  # a context manager
        for holder in ports.holders():
            holder.evidence(person)


def test_erasing_nobody_is_no_mistake(world: World) -> None:
    request = privacy.open_request(
        workspace=world.here,
        kind="erasure",
        address="nobody@known.com",
        received_on=NOW.date(),
        note="",
        user=world.officer,
        now=NOW,
    )
    privacy.begin_erasure(request, user=world.officer, now=NOW)
    assert privacy.carry_on(request.pk, until=math.inf, now=NOW).is_done
    assert suppressed_among(world.here, ["nobody@known.com"])


def test_holds_consents_and_files_go(life: Life) -> None:
    erase(life)
    assert not Consent.objects.exists()
    assert not ConsentFile.objects.exists()
    assert not Hold.objects.filter(subject=f"address:{ED}").exists()
    holds.place(workspace=life.world.here, subject="address:new@x.com", reason="x", now=NOW)


def test_a_holder_that_says_not_yet_changes_nothing(life: Life) -> None:
    Attempt.objects.filter(pk=life.waiting.pk).update(state=Attempt.State.SENDING)
    person = privacy.person_of(life.world.here, ED)
    for holder in ports.holders():
        if "campaigns.Attempt" in holder.models:
            with pytest.raises(NotYetError):
                holder.erase(person, now=NOW)
    assert Attempt.objects.filter(recipient_key=ED).count() == 2


def test_the_chain_of_the_log_holds_after_an_erasure(life: Life) -> None:
    seals.seal(now=NOW)
    erase(life)
    seals.seal(now=NOW)
    walk = verification.begin()
    verification.go_on(walk, through=verification.end_of_seals())
    assert walk.findings == []


def test_after_an_erasure_the_answer_says_so_and_no_more(life: Life) -> None:
    erase(life)
    pack = evidence.pack_of(life.world.here, ED, now=NOW)
    assert pack.answer == [
        "We wrote to this address once, on 7 March 2026.",
        "Since 10 March 2026 it is erased, as its owner asked. No more is kept, and nobody writes to it.",
    ]
    assert [part.name for part in pack.sections if part.exhibits] == ["objections"]


def test_an_erased_address_is_found_on_the_list_by_whoever_knows_it(life: Life) -> None:
    erase(life)
    stone = Suppression.objects.get(scope="erased")
    client = life.world.client(life.world.viewer)
    listing = f"/w/{life.world.here.slug}/compliance/suppression/"
    assert "An erased address" in client.get(listing, {"q": "Ed@BrightGarden.com"}).content.decode()
    assert "An erased address" not in client.get(listing, {"q": "ann@fernandfig.com"}).content.decode()
    page = client.get(f"{listing}{stone.pk}/").content.decode()
    assert "An erased address" in page
    assert stone.value not in page


def test_whatever_a_provider_ignores_one_consent_and_one_erasure_hold(world: World, settings: Settings) -> None:
    settings.FOLD_ADDRESSES = False
    consents.record(
        workspace=world.here,
        address="e.d@gmail.com",
        proof=Proof(text="yes"),
        obtained_on=NOW.date(),
        source="",
        user=world.officer,
        now=NOW,
    )
    assert set(consents.live_among(world.here, ["ed@gmail.com", "e.d@gmail.com", "x@y.com"])) == {
        "ed@gmail.com",
        "e.d@gmail.com",
    }
    suppression.suppress(workspace=world.here, address="ed+a@gmail.com", reason="opt_out", now=NOW)
    assert consents.live_among(world.here, ["e.d@gmail.com"]) == {}
    suppression.entomb(workspace=world.here, address="e.d@gmail.com", now=NOW)
    assert suppressed_among(world.here, ["ed@gmail.com"])["ed@gmail.com"].scope == "erased"
    assert not Suppression.objects.filter(scope="address").exists()
