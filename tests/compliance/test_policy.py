"""The rules as tables: no database, no clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from compliance.models import Kind, PolicyResult
from compliance.policy import APPLIES, Facts, Letter, Limits, Outcome, Rule, decide

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 11, 0, 0, tzinfo=UTC)
LIMITS = Limits(per_user_day=100, per_domain_day=20, per_sign_in_hour=80, repeat_hours=24)
FACTS = Facts(limits=LIMITS, day_ends_at=MIDNIGHT)
LETTER = Letter(
    about="attempt:1",
    kind=Kind.FIRST,
    user_id=1,
    mailbox_id=1,
    sign_in="u@host",
    sender="mara@orchard.com",
    recipient="Ada@site.com",
    recipient_key="ada@site.com",
    recipient_domain="site.com",
    subject="Hello",
    subject_digest="d",
    step="step:1",
    campaign="campaign:1",
)


def outcome(letter: Letter, facts: Facts, rule: Rule) -> Outcome:
    [decision] = decide([letter], facts, now=NOW)
    return next(check.outcome for check in decision.checks if check.rule == rule)


def test_a_letter_that_nothing_speaks_against_goes() -> None:
    [decision] = decide([LETTER], FACTS, now=NOW)
    assert decision.allowed
    assert decision.reason == ""
    assert [check.rule for check in decision.checks] == list(Rule)
    assert {check.outcome for check in decision.checks} == {Outcome.PASSED}


@pytest.mark.parametrize(
    ("letter", "facts", "rule", "expected"),
    [
        ({}, {"suppressed": {"ada@site.com": "Asked to be removed."}}, Rule.SUPPRESSION, Outcome.REFUSED),
        ({}, {"suppressed": {"other@site.com": "x"}}, Rule.SUPPRESSION, Outcome.PASSED),
        ({}, {"taken_steps": {("step:1", "ada@site.com")}}, Rule.STEP, Outcome.REFUSED),
        ({"step": ""}, {"taken_steps": {("", "ada@site.com")}}, Rule.STEP, Outcome.PASSED),
        ({}, {"repeats": {("mara@orchard.com", "ada@site.com", "d")}}, Rule.DUPLICATE, Outcome.REFUSED),
        ({}, {"repeats": {("zoe@orchard.com", "ada@site.com", "d")}}, Rule.DUPLICATE, Outcome.PASSED),
        ({"identity_complete": False}, {}, Rule.IDENTITY, Outcome.ASKS),
        ({}, {"held": {"campaign:1": "Paused."}}, Rule.HOLD, Outcome.ASKS),
        ({}, {"held": {"address:ada@site.com": "Look."}}, Rule.HOLD, Outcome.ASKS),
        ({}, {"held": {"mailbox:2": "Other."}}, Rule.HOLD, Outcome.PASSED),
        ({}, {"per_user": {1: 99}}, Rule.USER_CAP, Outcome.PASSED),
        ({}, {"per_user": {1: 100}}, Rule.USER_CAP, Outcome.WAITS),
        ({}, {"per_domain": {"site.com": 20}}, Rule.DOMAIN_CAP, Outcome.WAITS),
        ({"daily_limit": 5}, {"per_mailbox": {1: 5}}, Rule.MAILBOX_DAY, Outcome.WAITS),
        ({}, {"per_mailbox": {1: 5000}}, Rule.MAILBOX_DAY, Outcome.PASSED),
        ({"through_sandbox": True}, {"sandbox": True}, Rule.REHEARSAL, Outcome.REFUSED),
        ({"recipient_key": "a@b.test"}, {"sandbox": True}, Rule.REHEARSAL, Outcome.REFUSED),
        ({"recipient_key": "a@b.test", "through_sandbox": True}, {"sandbox": True}, Rule.REHEARSAL, Outcome.PASSED),
        ({"recipient_key": "a@b.test", "through_sandbox": True}, {"sandbox": False}, Rule.REHEARSAL, Outcome.REFUSED),
        ({"recipient_key": "info@site.com"}, {}, Rule.ADDRESS, Outcome.WARNED),
        ({"recipient_key": "a@site.de"}, {}, Rule.REGION, Outcome.ASKS),
        ({"recipient_key": "a@site.de", "ground": "invited"}, {}, Rule.REGION, Outcome.WARNED),
        ({"recipient_key": "a@site.de"}, {"treatments": {"EU": "allow"}}, Rule.REGION, Outcome.WARNED),
        (
            {"recipient_key": "a@site.de", "ground": "consent"},
            {"treatments": {"EU": "block"}},
            Rule.REGION,
            Outcome.REFUSED,
        ),
        ({"recipient_key": "a@site.jp"}, {}, Rule.REGION, Outcome.PASSED),
    ],
)
def test_each_rule(letter: dict[str, object], facts: dict[str, object], rule: Rule, expected: Outcome) -> None:
    assert outcome(replace(LETTER, **letter), replace(FACTS, **facts), rule) == expected  # type: ignore[arg-type]


def test_the_hour_opens_when_the_oldest_letter_is_an_hour_old() -> None:
    moments = [NOW - timedelta(minutes=m) for m in (59, 30, 10)]
    facts = replace(FACTS, limits=replace(LIMITS, per_sign_in_hour=3), per_sign_in={"u@host": moments})
    [decision] = decide([LETTER], facts, now=NOW)
    assert decision.result == PolicyResult.DEFERRED
    assert decision.until == NOW + timedelta(minutes=1)


def test_a_mailbox_may_only_lower_the_servers_hourly_limit() -> None:
    facts = replace(FACTS, limits=replace(LIMITS, per_sign_in_hour=2), per_sign_in={"u@host": [NOW, NOW]})
    assert outcome(replace(LETTER, hourly_limit=500), facts, Rule.MAILBOX_HOUR) == Outcome.WAITS
    assert outcome(replace(LETTER, hourly_limit=1), FACTS, Rule.MAILBOX_HOUR) == Outcome.PASSED


def test_letters_of_a_batch_see_the_ones_before_them() -> None:
    letters = [replace(LETTER, about=f"attempt:{n}", recipient_key=f"p{n}@site.com") for n in range(25)]
    decisions = decide(letters, FACTS, now=NOW)
    assert [decision.allowed for decision in decisions] == [True] * 20 + [False] * 5
    assert decisions[20].until == MIDNIGHT
    assert decisions[19].daily_domain_count == 19
    twins = decide([LETTER, replace(LETTER, about="attempt:2")], FACTS, now=NOW)
    assert [twin.result for twin in twins] == [PolicyResult.APPROVED, PolicyResult.BLOCKED]


def test_a_refusal_outranks_a_wait_and_all_reasons_are_told() -> None:
    facts = replace(FACTS, per_user={1: 100}, suppressed={"ada@site.com": "Said no."}, held={"mailbox:1": "Broken."})
    [decision] = decide([LETTER], facts, now=NOW)
    assert decision.result == PolicyResult.BLOCKED
    assert decision.reason == "Said no."
    assert not decision.asks
    by_rule = {check.rule: check.outcome for check in decision.checks}
    assert by_rule[Rule.USER_CAP] == Outcome.WAITS
    assert by_rule[Rule.HOLD] == Outcome.ASKS


def test_what_needs_a_person_waits_without_a_time() -> None:
    facts = replace(FACTS, per_user={1: 100}, held={"mailbox:1": "Broken."})
    [decision] = decide([LETTER], facts, now=NOW)
    assert decision.result == PolicyResult.DEFERRED
    assert decision.asks
    assert decision.until is None


def test_suppression_and_caps_apply_to_every_kind_of_letter() -> None:
    for kind in Kind:
        assert {Rule.SUPPRESSION, Rule.USER_CAP, Rule.DOMAIN_CAP, Rule.MAILBOX_HOUR, Rule.REHEARSAL} <= APPLIES[kind]
    assert Rule.DUPLICATE not in APPLIES[Kind.ANSWER]
