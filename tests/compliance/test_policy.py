"""The rules as tables: no database, no clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from compliance.models import Kind, PolicyResult
from compliance.policy import APPLIES, Facts, Hour, Letter, Limits, Outcome, Rule, Written, at_once, decide
from outreach_site.lib.ports import Engagement

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
    found_url="https://site.com/team",
)

CAREFUL = replace(LIMITS, cool_off_days=90)
FIRST_THREE = replace(LIMITS, first_letters=3)
LATELY = Written("Mara", NOW - timedelta(days=12))
OURS = Engagement("A letter of “One” waits.", campaign="campaign:1", letter=5)
THEIRS = Engagement("A letter of “Two” waits.", campaign="campaign:2", letter=5)
WROTE = Engagement("They wrote to us a day ago.")


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
        ({"recipient": "ada@site..com"}, {}, Rule.VALID_ADDRESS, Outcome.REFUSED),
        ({"recipient": "ada\nbcc: x@site.com"}, {}, Rule.VALID_ADDRESS, Outcome.REFUSED),
        ({"recipient": '"ada reed"@site.com'}, {}, Rule.VALID_ADDRESS, Outcome.REFUSED),
        ({"recipient": "a" * 250 + "@site.com"}, {}, Rule.VALID_ADDRESS, Outcome.REFUSED),
        ({"recipient": "ąda@site.com"}, {}, Rule.VALID_ADDRESS, Outcome.REFUSED),
        ({"recipient": ""}, {}, Rule.VALID_ADDRESS, Outcome.REFUSED),
        ({"recipient": "ada@münchen.de"}, {}, Rule.VALID_ADDRESS, Outcome.PASSED),
        ({"has_notice": False}, {}, Rule.NOTICE, Outcome.WARNED),
        ({"has_notice": False, "recipient_key": "a@site.de"}, {}, Rule.NOTICE, Outcome.ASKS),
        ({"has_notice": False, "recipient_key": "a@site.de", "ground": "invited"}, {}, Rule.NOTICE, Outcome.ASKS),
        (
            {"has_notice": False, "recipient_key": "a@site.de"},
            {"consents": {"a@site.de": date(2026, 1, 2)}},
            Rule.NOTICE,
            Outcome.WARNED,
        ),
        (
            {"has_notice": False, "recipient_key": "a@site.de"},
            {"treatments": {"EU": "allow"}},
            Rule.NOTICE,
            Outcome.WARNED,
        ),
        ({}, {"readers_reach_us": False}, Rule.UNSUBSCRIBE, Outcome.WARNED),
        ({"through_sandbox": True}, {"readers_reach_us": False}, Rule.UNSUBSCRIBE, Outcome.PASSED),
        ({"found_url": ""}, {}, Rule.SOURCE, Outcome.WARNED),
        ({"found_url": "", "found_passage": "On the card she gave us."}, {}, Rule.SOURCE, Outcome.PASSED),
        ({"found_url": "", "recipient_key": "a@site.de"}, {}, Rule.SOURCE, Outcome.ASKS),
        ({"found_url": "", "recipient_key": "a@site.de", "ground": "invited"}, {}, Rule.SOURCE, Outcome.WARNED),
        ({}, {"never_pitch": {"site.com": "A client's."}}, Rule.NEVER_PITCH, Outcome.REFUSED),
        ({"recipient_key": "ada@a.b.site.com"}, {"never_pitch": {"site.com": "x"}}, Rule.NEVER_PITCH, Outcome.REFUSED),
        ({"site": "blog.client.com"}, {"never_pitch": {"client.com": "x"}}, Rule.NEVER_PITCH, Outcome.REFUSED),
        ({}, {"never_pitch": {"blog.site.com": "x"}}, Rule.NEVER_PITCH, Outcome.PASSED),
        ({}, {"written": {"site.com": LATELY}}, Rule.COOL_OFF, Outcome.PASSED),  # it is switched off
        ({}, {"limits": CAREFUL, "written": {"site.com": LATELY}}, Rule.COOL_OFF, Outcome.ASKS),
        ({}, {"limits": CAREFUL, "written": {"other.com": LATELY}}, Rule.COOL_OFF, Outcome.PASSED),
        (
            {"cool_off_waived": True},
            {"limits": CAREFUL, "written": {"site.com": LATELY}},
            Rule.COOL_OFF,
            Outcome.WARNED,
        ),
        (
            {"recipient_key": "ada@gmail.com", "recipient_domain": "gmail.com"},
            {"limits": CAREFUL, "written": {"gmail.com": LATELY}},
            Rule.COOL_OFF,
            Outcome.PASSED,
        ),
        (
            {"recipient_key": "ada@gmail.com", "recipient_domain": "gmail.com"},
            {"limits": CAREFUL, "written": {"ada@gmail.com": LATELY}},
            Rule.COOL_OFF,
            Outcome.ASKS,
        ),
        ({}, {"limits": CAREFUL, "engaged": {"ada@site.com": [OURS]}}, Rule.CONVERSATION, Outcome.PASSED),
        ({}, {"limits": CAREFUL, "engaged": {"ada@site.com": [THEIRS]}}, Rule.CONVERSATION, Outcome.PASSED),
        (
            {"about": "attempt:9"},
            {"limits": CAREFUL, "engaged": {"ada@site.com": [OURS, THEIRS]}},
            Rule.CONVERSATION,
            Outcome.REFUSED,
        ),
        (
            {"about": ""},
            {"limits": CAREFUL, "engaged": {"ada@site.com": [THEIRS]}},
            Rule.CONVERSATION,
            Outcome.REFUSED,
        ),
        ({}, {"limits": CAREFUL, "engaged": {"ada@site.com": [WROTE]}}, Rule.CONVERSATION, Outcome.REFUSED),
        ({}, {"engaged": {"ada@site.com": [WROTE]}}, Rule.CONVERSATION, Outcome.PASSED),
        ({}, {"limits": FIRST_THREE}, Rule.APPROVAL, Outcome.ASKS),
        ({"approved": True}, {"limits": FIRST_THREE}, Rule.APPROVAL, Outcome.PASSED),
        ({}, {"limits": FIRST_THREE, "let_go": 3}, Rule.APPROVAL, Outcome.PASSED),
        ({}, {"look_at_regions": {"US"}}, Rule.APPROVAL, Outcome.ASKS),
        ({"approved": True}, {"look_at_regions": {"US"}}, Rule.APPROVAL, Outcome.PASSED),
        ({}, {"look_at_regions": {"EU"}}, Rule.APPROVAL, Outcome.PASSED),
        ({}, {"held": {"campaign:1": "Paused."}}, Rule.HOLD, Outcome.ASKS),
        ({}, {"held": {"address:ada@site.com": "Look."}}, Rule.HOLD, Outcome.ASKS),
        ({}, {"held": {"mailbox:2": "Other."}}, Rule.HOLD, Outcome.PASSED),
        ({}, {"per_user": {1: 99}}, Rule.USER_CAP, Outcome.PASSED),
        ({}, {"per_user": {1: 100}}, Rule.USER_CAP, Outcome.WAITS),
        ({}, {"per_domain": {"site.com": 20}}, Rule.DOMAIN_CAP, Outcome.WAITS),
        ({"daily_limit": 5}, {"per_mailbox": {1: 5}}, Rule.MAILBOX_DAY, Outcome.WAITS),
        ({}, {"per_mailbox": {1: 5000}}, Rule.MAILBOX_DAY, Outcome.PASSED),
        # A tenth of a mailbox's room is left for answers.
        ({"daily_limit": 40}, {"per_mailbox": {1: 35}}, Rule.MAILBOX_DAY, Outcome.PASSED),
        ({"daily_limit": 40}, {"per_mailbox": {1: 36}}, Rule.MAILBOX_DAY, Outcome.WAITS),
        ({"daily_limit": 40, "kind": Kind.ANSWER}, {"per_mailbox": {1: 39}}, Rule.MAILBOX_DAY, Outcome.PASSED),
        ({"daily_limit": 40, "kind": Kind.ANSWER}, {"per_mailbox": {1: 40}}, Rule.MAILBOX_DAY, Outcome.WAITS),
        ({"hourly_limit": 20}, {"per_sign_in": {"u@host": Hour(18, NOW)}}, Rule.MAILBOX_HOUR, Outcome.WAITS),
        (
            {"hourly_limit": 20, "kind": Kind.ANSWER},
            {"per_sign_in": {"u@host": Hour(19, NOW)}},
            Rule.MAILBOX_HOUR,
            Outcome.PASSED,
        ),
        ({"ramp_limit": 10}, {"per_mailbox": {1: 9}}, Rule.RAMP_UP, Outcome.PASSED),
        ({"ramp_limit": 10}, {"per_mailbox": {1: 10}}, Rule.RAMP_UP, Outcome.WAITS),
        ({"ramp_limit": 10, "kind": Kind.FOLLOW_UP}, {"per_mailbox": {1: 10}}, Rule.RAMP_UP, Outcome.WAITS),
        ({"ramp_limit": None}, {"per_mailbox": {1: 500}}, Rule.RAMP_UP, Outcome.PASSED),
        ({"is_paced": True}, {"newest_at": {"site.com": NOW - timedelta(seconds=59)}}, Rule.DOMAIN_PACE, Outcome.WAITS),
        ({"is_paced": True}, {"newest_at": {"site.com": NOW - timedelta(minutes=1)}}, Rule.DOMAIN_PACE, Outcome.PASSED),
        ({"is_paced": True}, {"newest_at": {"site.com": NOW + timedelta(seconds=59)}}, Rule.DOMAIN_PACE, Outcome.WAITS),
        ({"is_paced": True}, {"newest_at": {"site.com": NOW + timedelta(days=1)}}, Rule.DOMAIN_PACE, Outcome.PASSED),
        ({"is_paced": True}, {"newest_at": {"other.com": NOW}}, Rule.DOMAIN_PACE, Outcome.PASSED),
        ({}, {"newest_at": {"site.com": NOW}}, Rule.DOMAIN_PACE, Outcome.PASSED),
        (
            {"is_paced": True, "recipient_domain": "gmail.com"},
            {"newest_at": {"gmail.com": NOW - timedelta(seconds=16)}},
            Rule.DOMAIN_PACE,
            Outcome.PASSED,
        ),
        ({"user_id": None}, {"per_user": {None: 100}}, Rule.USER_CAP, Outcome.WAITS),
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
    hour = Hour(3, NOW - timedelta(minutes=59))
    facts = replace(FACTS, limits=replace(LIMITS, per_sign_in_hour=3), per_sign_in={"u@host": hour})
    [decision] = decide([LETTER], facts, now=NOW)
    assert decision.result == PolicyResult.DEFERRED
    assert decision.until == NOW + timedelta(minutes=1)


def test_an_hour_that_a_clock_ahead_wrote_down_is_looked_at_again_within_one() -> None:
    hour = Hour(3, NOW + timedelta(days=1))
    facts = replace(FACTS, limits=replace(LIMITS, per_sign_in_hour=3), per_sign_in={"u@host": hour})
    [decision] = decide([LETTER], facts, now=NOW)
    assert decision.result == PolicyResult.DEFERRED
    assert decision.until == NOW + timedelta(hours=1)


def test_a_mailbox_may_only_lower_the_servers_hourly_limit() -> None:
    facts = replace(FACTS, limits=replace(LIMITS, per_sign_in_hour=2), per_sign_in={"u@host": Hour(2, NOW)})
    assert outcome(replace(LETTER, hourly_limit=500), facts, Rule.MAILBOX_HOUR) == Outcome.WAITS
    assert outcome(replace(LETTER, hourly_limit=1), FACTS, Rule.MAILBOX_HOUR) == Outcome.PASSED


def test_an_answer_knows_no_slow_start_and_no_pause_between_letters_to_a_site() -> None:
    facts = replace(FACTS, per_mailbox={1: 500}, newest_at={"site.com": NOW})
    letter = replace(LETTER, kind=Kind.ANSWER, ramp_limit=10, is_paced=True)
    [decision] = decide([letter], facts, now=NOW)
    assert decision.allowed
    assert not {Rule.RAMP_UP, Rule.DOMAIN_PACE} & {check.rule for check in decision.checks}


def test_two_letters_of_a_batch_to_one_site_are_kept_apart() -> None:
    letters = [replace(LETTER, is_paced=True, about=f"attempt:{n}", recipient_key=f"p{n}@site.com") for n in (1, 2)]
    first, second = decide(letters, FACTS, now=NOW)
    assert first.allowed
    assert (second.result, second.until) == (PolicyResult.DEFERRED, NOW + timedelta(minutes=1))
    assert "a moment ago" in second.reason


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


def test_an_answer_owes_less_than_what_we_write_unasked() -> None:
    unasked = {Rule.NEVER_PITCH, Rule.CONVERSATION, Rule.APPROVAL, Rule.SOURCE, Rule.NOTICE, Rule.UNSUBSCRIBE}
    assert unasked <= APPLIES[Kind.FIRST]
    assert unasked <= APPLIES[Kind.FOLLOW_UP]
    assert not unasked & APPLIES[Kind.ANSWER]
    assert [kind for kind in Kind if Rule.COOL_OFF in APPLIES[kind]] == [Kind.FIRST]
    assert all(Rule.VALID_ADDRESS in APPLIES[kind] for kind in Kind)


def test_who_wrote_and_when_is_said() -> None:
    facts = replace(FACTS, limits=CAREFUL, written={"site.com": LATELY})
    [decision] = decide([LETTER], facts, now=NOW)
    assert decision.reason == "Mara wrote to site.com 12 days ago."
    assert decision.asking == (Rule.COOL_OFF,)
    assert decision.until is None


def test_the_second_letter_of_a_batch_to_one_site_is_held() -> None:
    other = replace(LETTER, about="attempt:2", recipient_key="tom@site.com", recipient="tom@site.com")
    first, second = decide([LETTER, other], replace(FACTS, limits=CAREFUL, names={1: "Mara"}), now=NOW)
    assert first.allowed
    assert second.reason == "Mara wrote to site.com within the last day."
    follow_up = replace(other, kind=Kind.FOLLOW_UP)
    assert [d.allowed for d in decide([LETTER, follow_up], replace(FACTS, limits=CAREFUL), now=NOW)] == [True, True]


def test_the_first_letters_are_counted_within_a_batch() -> None:
    letters = [replace(LETTER, about=f"attempt:{n}", recipient_key=f"p{n}@site.com", approved=n < 3) for n in range(5)]
    decisions = decide(letters, replace(FACTS, limits=FIRST_THREE), now=NOW)
    assert [decision.allowed for decision in decisions] == [True] * 5
    held = decide(letters[2:], replace(FACTS, limits=FIRST_THREE), now=NOW)
    assert [decision.allowed for decision in held] == [True, False, False]
    assert "1 has left so far" in held[1].reason


@pytest.mark.parametrize(
    ("letter", "facts", "result"),
    [
        ({}, {}, PolicyResult.APPROVED),
        ({}, {"per_user": {1: 100}}, PolicyResult.BLOCKED),
        ({"recipient_key": "a@site.de"}, {}, PolicyResult.APPROVED),
        ({"recipient_key": "a@site.de", "has_notice": False}, {"limits": FIRST_THREE}, PolicyResult.APPROVED),
        ({"recipient_key": "a@site.de"}, {"treatments": {"EU": "block"}}, PolicyResult.BLOCKED),
        ({}, {"held": {"mailbox:1": "Broken."}}, PolicyResult.BLOCKED),
        ({"identity_complete": False}, {}, PolicyResult.BLOCKED),
        ({}, {"limits": CAREFUL, "written": {"site.com": LATELY}}, PolicyResult.BLOCKED),
        ({}, {"suppressed": {"ada@site.com": "Said no."}}, PolicyResult.BLOCKED),
    ],
)
def test_the_answer_for_somebody_who_will_not_wait(
    letter: dict[str, object], facts: dict[str, object], result: PolicyResult
) -> None:
    changed: Facts = replace(FACTS, **facts)  # type: ignore[arg-type]  # a table's values
    [decision] = decide([replace(LETTER, **letter)], changed, now=NOW)  # type: ignore[arg-type]  # as above
    answer = at_once(decision)
    assert answer.result == result
    assert bool(answer.reason) == (result == PolicyResult.BLOCKED)
    assert not answer.asks


def test_a_question_is_not_answered_about_a_letter_that_does_not_exist() -> None:
    [decision] = decide([replace(LETTER, is_question=True, found_url="")], FACTS, now=NOW)
    assert not {Rule.STEP, Rule.SOURCE} & {check.rule for check in decision.checks}
