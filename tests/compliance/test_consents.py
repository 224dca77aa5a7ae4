"""Consent on record: what is taken, what ends it, and what the gate makes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.grounds import BY_HAND, name_ground
from campaigns.models import Attempt, Ground
from compliance import consents, gate, suppression
from compliance.consents import NotRecordedError, Proof
from compliance.models import AuditEntry, PolicyResult, SendRecord
from compliance.policy import CONSENT, Facts, Letter, Outcome, Rule, decide
from compliance.privacy_models import Consent
from compliance.regions import Region, endings_of, region_of
from compliance.suppression import suppressed_among
from tests.compliance.test_gate import letter
from tests.compliance.test_policy import FACTS, LETTER
from tests.conftest import World

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
KEY = "ada@garten.de"


def record(world: World, address: str = KEY, *, on: date = date(2026, 3, 3), **more: object) -> Consent:
    values = {"proof": Proof(text="Ticked the box."), "source": "form", "user": world.officer, "now": NOW} | more
    return consents.record(workspace=world.here, address=address, obtained_on=on, **values)  # type: ignore[arg-type]  # a table's values


def check(rule: Rule, facts: Facts, **changes: object) -> tuple[Outcome, str]:
    asked = replace(LETTER, recipient=KEY, recipient_key=KEY, recipient_domain="garten.de", **changes)  # type: ignore[arg-type]  # a table's values
    [decision] = decide([asked], facts, now=NOW)
    return next((each.outcome, each.sentence) for each in decision.checks if each.rule == rule)


# --- What the rules say -----------------------------------------------------------------------------------------------


def test_a_live_record_needs_no_other_ground() -> None:
    facts = replace(FACTS, consents={KEY: date(2026, 3, 3)})
    assert check(Rule.REGION, facts) == (Outcome.PASSED, "Consent on record since 3 March 2026.")


def test_a_region_that_is_closed_stays_closed() -> None:
    facts = replace(FACTS, consents={KEY: date(2026, 3, 3)}, treatments={"EU": "block"})
    assert check(Rule.REGION, facts)[0] == Outcome.REFUSED


@pytest.mark.parametrize("ground", ["", CONSENT])
def test_nobodys_word_is_consent(ground: str) -> None:
    outcome, sentence = check(Rule.REGION, FACTS, ground=ground)
    assert outcome == Outcome.ASKS
    assert "none is on record" in sentence
    assert "even for businesses" in sentence


def test_another_ground_goes_with_a_warning() -> None:
    outcome, sentence = check(Rule.REGION, FACTS, ground="published")
    assert outcome == Outcome.WARNED
    assert "consent, and none is on record" in sentence


def test_only_germany_and_austria_ask_it_of_businesses() -> None:
    asked = replace(LETTER, recipient_key="ada@jardin.fr")
    [decision] = decide([asked], FACTS, now=NOW)
    [sentence] = [each.sentence for each in decision.checks if each.rule == Rule.REGION]
    assert "even for businesses" not in sentence


def test_free_mail_belongs_to_a_private_person() -> None:
    asked = replace(LETTER, recipient_key="ada@gmail.com", recipient_domain="gmail.com")
    [decision] = decide([asked], FACTS, now=NOW)
    [told] = [each for each in decision.checks if each.rule == Rule.ADDRESS]
    assert told.outcome == Outcome.WARNED
    assert "private person" in told.sentence


def test_endings_say_what_regions_say() -> None:
    endings = endings_of(Region.EU, Region.UK)
    assert {".de", ".uk", ".eu"} <= set(endings)
    assert all(region_of(f"a@b{ending}").region in {Region.EU, Region.UK} for ending in endings)


# --- The gate ---------------------------------------------------------------------------------------------------------


def ask(number: int, *, ground: str = "") -> Letter:
    return letter(number, recipient=KEY, recipient_key=KEY, recipient_domain="garten.de", ground=ground)


def test_the_gate_knows_records_and_keeps_them_as_the_ground(world: World) -> None:
    record(world)
    [decision] = gate.decide([ask(1)], workspace=world.here, now=NOW)
    assert decision.result == PolicyResult.APPROVED
    entry = AuditEntry.objects.get(event="letter.decided")
    assert entry.details["ground"] == "consent"
    assert SendRecord.objects.get().ground == "consent"


def test_a_claim_of_consent_without_a_record_is_not_written_down(world: World) -> None:
    [decision] = gate.decide([ask(1, ground="consent")], workspace=world.here, now=NOW)
    assert decision.result == PolicyResult.DEFERRED
    assert decision.asks_for_ground
    assert AuditEntry.objects.get(event="letter.decided").details["ground"] == ""


def test_records_are_asked_for_once_for_any_number(world: World) -> None:
    record(world)
    keys = [f"p{n}@x.de" for n in range(400)] + [KEY]
    with CaptureQueriesContext(connection) as queries:
        assert consents.live_among(world.here, keys) == {KEY: date(2026, 3, 3)}
    assert len(queries) == 1
    assert consents.live_among(world.elsewhere, keys) == {}


def test_consent_is_not_named_by_hand(world: World) -> None:
    assert Ground.CONSENT not in BY_HAND
    assert len(BY_HAND) == len(Ground) - 1
    with pytest.raises(ValueError, match="by hand"):
        name_ground(Attempt.objects.none(), Ground.CONSENT, user=world.marketer, now=NOW)


# --- Taking it on record, and its end ---------------------------------------------------------------------------------


def test_a_record_is_written_down(world: World) -> None:
    consent = record(world, proof=Proof(file_name="mail.eml", file_content=b"From: ada"))
    assert consent.is_live
    assert bytes(consent.file.content) == b"From: ada"
    entry = AuditEntry.objects.get(event="consent.recorded")
    assert (entry.about, entry.user_id) == (f"consent:{consent.pk}", world.officer.pk)
    assert entry.person.lead_email == KEY


def test_there_is_one_live_record_each(world: World) -> None:
    record(world)
    with pytest.raises(NotRecordedError, match="live record already"):
        record(world)
    assert AuditEntry.objects.filter(event="consent.recorded").count() == 1


@pytest.mark.parametrize(
    ("on", "proof", "words"),
    [
        (NOW.date() + timedelta(days=1), Proof(text="x"), "future"),
        (date(1970, 1, 1), Proof(text="x"), "too long ago"),
        (NOW.date(), Proof(text="  "), "Say how they agreed"),
    ],
)
def test_what_proves_nothing_is_refused(world: World, on: date, proof: Proof, words: str) -> None:
    with pytest.raises(NotRecordedError, match=words):
        record(world, on=on, proof=proof)
    assert not Consent.objects.exists()


@pytest.mark.parametrize("reason", ["unsubscribe", "opt_out", "complaint", "erasure"])
def test_whoever_said_no_is_not_brought_back_by_a_record(world: World, reason: str) -> None:
    suppression.suppress(workspace=world.here, address=KEY, reason=reason, now=NOW)
    with pytest.raises(NotRecordedError, match="does not want to be written to"):
        record(world)
    assert suppressed_among(world.here, [KEY])[KEY].reason == reason


def test_a_record_lifts_no_suppression(world: World) -> None:
    suppression.suppress(workspace=world.here, address=KEY, reason="manual", now=NOW)
    record(world)
    [decision] = gate.decide([ask(1)], workspace=world.here, now=NOW)
    assert decision.result == PolicyResult.BLOCKED


def test_withdrawing_ends_the_record_and_suppresses(world: World) -> None:
    consent = record(world)
    assert consents.withdraw(consent, reason="Told us by telephone", user=world.officer, now=NOW)
    consent.refresh_from_db()
    assert (consent.status, consent.withdrawn_on) == ("withdrawn", NOW.date())
    entry = suppressed_among(world.here, [KEY])[KEY]
    assert (entry.reason, entry.source) == ("opt_out", f"consent:{consent.pk}")
    assert AuditEntry.objects.get(event="consent.withdrawn").reason == "Told us by telephone"
    assert not consents.withdraw(consent, reason="again", user=world.officer, now=NOW)
    assert AuditEntry.objects.filter(event="consent.withdrawn").count() == 1


def test_withdrawing_works_where_the_address_is_suppressed_already(world: World) -> None:
    consent = record(world)
    suppression.suppress(workspace=world.here, address=KEY, reason="hard_bounce", now=NOW)
    assert consents.withdraw(consent, reason="x", user=world.officer, now=NOW)
    assert suppressed_among(world.here, [KEY])[KEY].reason == "opt_out"


@pytest.mark.parametrize(
    ("reason", "lives"), [("opt_out", False), ("unsubscribe", False), ("hard_bounce", True), ("manual", True)]
)
def test_whoever_says_no_ends_the_record(world: World, reason: str, lives: bool) -> None:
    record(world)
    other = Consent.objects.create(
        workspace=world.elsewhere, address=KEY, domain="garten.de", evidence_text="x", obtained_on=NOW.date()
    )
    suppression.suppress(workspace=world.here, address=KEY, reason=reason, now=NOW)
    assert bool(consents.live_among(world.here, [KEY])) is lives
    other.refresh_from_db()
    assert other.is_live, "what is said to one workspace is said to that one"


def test_after_a_withdrawal_an_owner_can_begin_anew(world: World) -> None:
    consents.withdraw(record(world), reason="x", user=world.officer, now=NOW)
    entry = suppressed_among(world.here, [KEY])[KEY]
    suppression.lift(entry, user=world.owner, reason="They asked to.", now=NOW, owner_typed_address=True)
    assert consents.live_among(world.here, [KEY]) == {}
    record(world, on=date(2026, 3, 9))
    assert consents.live_among(world.here, [KEY]) == {KEY: date(2026, 3, 9)}
