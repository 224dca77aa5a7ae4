"""The compliance room of the API: may this letter go, suppression, and the audit log."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from compliance import audit, gate, suppression
from compliance.models import AuditEntry, SendRecord, Suppression
from outreach_site.accounts.models import ApiKey, Membership, Scope, User
from outreach_site.lib.crypto import token_digest
from outreach_site.mailboxes.models import Mailbox
from tests.compliance.test_gate import letter
from tests.conftest import World

BASE = "/api/v1/backlink-outreach"
VALIDATE, SUPPRESSION, LOGS = f"{BASE}/policy/validate", f"{BASE}/suppression", f"{BASE}/audit-logs"
ANSWER = {
    "allowed",
    "reason",
    "legal_basis",
    "daily_user_count",
    "daily_user_limit",
    "daily_domain_count",
    "daily_domain_limit",
    "region",
    "region_source",
    "checks",
}


@pytest.fixture
def mailbox(world: World) -> Mailbox:
    return Mailbox.objects.create(
        workspace=world.here, email="mara@orchard.com", smtp_host="smtp.orchard.com", smtp_user="mara@orchard.com"
    )


def post(world: World, url: str, data: Any, *, user: User | None = None, **kwargs: Any) -> Any:
    client = world.client(user or world.marketer)
    return client.post(url, json.dumps(data), content_type="application/json", **kwargs)


def ask(world: World, recipient: str = "ada@site.com", **changes: Any) -> Any:
    data = {"recipient_email": recipient, "sender_email": "mara@orchard.com", "subject": "Hello"} | changes
    return post(world, VALIDATE, data)


# --- Policy validation ------------------------------------------------------------------------------------------------


def test_a_letter_that_may_go(world: World, mailbox: Mailbox) -> None:
    response = ask(world)
    assert response.status_code == 200
    answer = response.json()
    assert set(answer) == ANSWER
    assert answer["allowed"] is True
    assert answer["reason"] == ""
    assert (answer["region"], answer["region_source"]) == ("US", "generic_domain")
    assert answer["legal_basis"] == "legitimate_interest"
    assert (answer["daily_user_count"], answer["daily_user_limit"]) == (0, 100)
    assert (answer["daily_domain_count"], answer["daily_domain_limit"]) == (0, 20)
    assert {check["rule"] for check in answer["checks"]} >= {"suppression", "user_cap", "region", "valid_address"}
    assert not {"step", "source"} & {check["rule"] for check in answer["checks"]}
    assert not SendRecord.objects.exists()
    entry = AuditEntry.objects.select_related("person").get()
    assert (entry.event, entry.is_preview, entry.policy_result) == ("letter.checked", True, "approved")
    assert entry.user_id == world.marketer.pk
    assert entry.person.lead_email == "ada@site.com"


def test_a_region_that_asks_is_allowed_with_a_warning(world: World, mailbox: Mailbox) -> None:
    answer = ask(world, "ada@site.de").json()
    assert answer["allowed"] is True
    assert (answer["region"], answer["legal_basis"], answer["region_source"]) == ("EU", "consent", "country_domain")
    assert "consent" in answer["reason"]
    world.here.regions = {"EU": "block"}
    world.here.save()
    refused = ask(world, "ada@site.de")
    assert refused.status_code == 403
    assert refused.json()["allowed"] is False


def test_a_reached_cap_is_blocked(world: World, mailbox: Mailbox) -> None:
    world.here.daily_domain_cap = 1
    world.here.save()
    gate.decide([letter(1, domain="site.com")], workspace=world.here, now=timezone.now())
    refused = ask(world)
    assert refused.status_code == 403
    answer = refused.json()
    assert set(answer) == ANSWER | {"detail"}
    assert answer["detail"] == answer["reason"]
    assert "limit of 1" in answer["reason"]
    assert (answer["daily_domain_count"], answer["daily_domain_limit"]) == (1, 1)
    assert AuditEntry.objects.get(event="letter.checked").policy_result == "blocked"


def test_a_mailbox_that_starts_slowly_is_asked_too(world: World, mailbox: Mailbox) -> None:
    now = timezone.now()
    sent = [letter(n, domain=f"site{n}.com", mailbox_id=mailbox.pk, user_id=n) for n in range(1, 11)]
    gate.decide(sent, workspace=world.here, now=now)
    answer = ask(world)
    assert answer.status_code == 403
    assert {"ramp_up": "waits"}.items() <= {one["rule"]: one["outcome"] for one in answer.json()["checks"]}.items()
    Mailbox.objects.filter(pk=mailbox.pk).update(ramps_up=False)
    assert ask(world).status_code == 200


def test_the_same_subject_twice_is_blocked(world: World, mailbox: Mailbox) -> None:
    sent = letter(1, domain="site.com", recipient_key="ada@site.com", sender="mara@orchard.com")
    gate.decide([sent], workspace=world.here, now=timezone.now())
    assert "24 hours" in ask(world, subject=" RE: hello").json()["reason"]
    assert ask(world, subject="Another").status_code == 200


def test_a_suppressed_address_is_blocked(world: World, mailbox: Mailbox) -> None:
    suppression.suppress(workspace=world.here, address="ada@site.com", reason="opt_out", now=timezone.now())
    refused = ask(world, "ADA@site.com")
    assert refused.status_code == 403
    assert "suppression list" in refused.json()["reason"]


def test_the_first_letters_are_a_warning(world: World, mailbox: Mailbox) -> None:
    world.here.first_letters = 10
    world.here.save()
    answer = ask(world)
    assert answer.status_code == 200
    assert "the first 10 letters" in answer.json()["reason"]


@pytest.mark.parametrize("sender", ["nobody@orchard.com", "theirs@quarry.com", "old@orchard.com"])
def test_a_sender_that_is_no_mailbox_of_ours_does_not_exist(world: World, mailbox: Mailbox, sender: str) -> None:
    Mailbox.objects.create(workspace=world.elsewhere, email="theirs@quarry.com", smtp_host="h", smtp_user="t")
    Mailbox.objects.create(
        workspace=world.here, email="old@orchard.com", smtp_host="h", smtp_user="o", archived_at=timezone.now()
    )
    response = ask(world, sender_email=sender)
    assert response.status_code == 404
    assert "detail" in response.json()
    assert not AuditEntry.objects.filter(event="letter.checked").exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"recipient_email": "ada@site..com"}, "recipient_email"),
        ({"recipient_email": '"a b"@site.com'}, "recipient_email"),
        ({"recipient_email": "ada@site.com\nbcc: x@y.com"}, "recipient_email"),
        ({"recipient_email": "a" * 260 + "@site.com"}, "recipient_email"),
        ({"recipient_email": ""}, "recipient_email"),
        ({"recipient_email": None}, "recipient_email"),
        ({"sender_email": "mara"}, "sender_email"),
        ({"subject": 7}, "subject"),
    ],
)
def test_bad_input_is_named_by_its_field(world: World, mailbox: Mailbox, changes: dict[str, Any], field: str) -> None:
    data = {"recipient_email": "ada@site.com", "sender_email": "mara@orchard.com", "subject": "Hello"}
    response = post(world, VALIDATE, data | changes)
    assert response.status_code == 422
    assert any(fault["field"].split(".")[-1] == field for fault in response.json()["fields"])


def test_line_breaks_in_a_subject_are_spaces(world: World, mailbox: Mailbox) -> None:
    assert ask(world, subject="Hello\r\nBcc: everybody@site.com").status_code == 200
    assert AuditEntry.objects.select_related("person").get().person.subject == "Hello Bcc: everybody@site.com"


def test_who_may_ask(world: World, mailbox: Mailbox) -> None:
    for user, status in (
        (world.owner, 200),
        (world.marketer, 200),
        (world.officer, 200),
        (world.viewer, 403),
        (world.stranger, 404),
    ):
        data = {"recipient_email": "ada@site.com", "sender_email": "mara@orchard.com", "subject": "Hello"}
        assert post(world, VALIDATE, data, user=user).status_code == status, user


# --- Suppression ------------------------------------------------------------------------------------------------------


def test_an_address_is_suppressed_once(world: World) -> None:
    first = post(world, SUPPRESSION, {"email": "Ed@Site.com", "reason": "not_interested", "note": "By telephone"})
    assert first.status_code == 201
    made = first.json()
    assert {key: made[key] for key in ("email", "domain", "reason", "note", "source")} == {
        "email": "ed@site.com",
        "domain": None,
        "reason": "not_interested",
        "note": "By telephone",
        "source": "api",
    }
    again = post(world, SUPPRESSION, {"email": "ed@site.com", "reason": "manual"})
    assert (again.status_code, again.json()["id"]) == (200, made["id"])
    stronger = post(world, SUPPRESSION, {"email": "ed@site.com", "reason": "opt-out"})
    assert (stronger.status_code, stronger.json()["reason"]) == (201, "opt_out")
    entry = Suppression.objects.get()
    assert (entry.workspace, entry.created_by_id) == (world.here, world.marketer.pk)


def test_a_domain_and_words_of_ones_own(world: World) -> None:
    made = post(world, SUPPRESSION, {"domain": "@Rival.com", "reason": "They are a rival"}).json()
    assert (made["email"], made["domain"], made["reason"], made["note"]) == (
        None,
        "rival.com",
        "manual",
        "They are a rival",
    )


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"email": "ed@site.com", "domain": "site.com"},
        {"email": "ed@"},
        {"domain": "gmail.com"},
        {"domain": "co.uk"},
        {"email": "ed@site.com", "reason": "erasure"},
        {"email": 7},
        {"email": "ed@site.com", "note": "x" * 501 + "\n" * 600, "reason": 7},
    ],
)
def test_what_cannot_be_suppressed_is_422(world: World, data: dict[str, Any]) -> None:
    response = post(world, SUPPRESSION, data)
    assert response.status_code == 422
    assert response.json()["fields"]
    assert not Suppression.objects.exists()


def test_who_may_suppress(world: World) -> None:
    for user, status in ((world.officer, 201), (world.owner, 200), (world.viewer, 403)):
        assert post(world, SUPPRESSION, {"email": "ed@site.com"}, user=user).status_code == status
    assert post(world, SUPPRESSION, {"email": "ed@site.com"}, user=world.stranger).status_code == 201
    assert Suppression.objects.filter(workspace=world.elsewhere).count() == 1


def test_the_list_by_cursor_holds_each_entry_once(world: World, django_assert_max_num_queries: Any) -> None:
    now = timezone.now()
    suppression.suppress_many(
        workspace=world.here, addresses=[f"ed{n}@site.com" for n in range(25)], reason="manual", now=now
    )
    suppression.suppress(workspace=world.elsewhere, address="theirs@site.com", reason="manual", now=now)
    suppression.suppress(workspace=None, address="everywhere@site.com", reason="manual", now=now)
    client, url, seen = world.client(world.viewer), f"{SUPPRESSION}?limit=10", []
    for _ in range(3):
        with django_assert_max_num_queries(8):
            response = client.get(url)
        seen += [row["email"] for row in response.json()]
        url = response.headers.get("Link", "").partition("<")[2].partition(">")[0]
    assert url == ""
    assert len(seen) == len(set(seen)) == 25


def test_the_list_is_narrowed(world: World) -> None:
    now = timezone.now()
    suppression.suppress(workspace=world.here, address="ed@blog.site.com", reason="opt_out", now=now)
    suppression.suppress_domain(workspace=world.here, domain="site.com", reason="manual", now=now)
    suppression.suppress(workspace=world.here, address="ed@other.com", reason="manual", now=now)
    client = world.client(world.viewer)
    found = client.get(f"{SUPPRESSION}?email=ed@blog.site.com").json()
    assert {row["email"] or row["domain"] for row in found} == {"ed@blog.site.com", "site.com"}
    assert [row["email"] for row in client.get(f"{SUPPRESSION}?reason=opt_out").json()] == ["ed@blog.site.com"]


@pytest.mark.parametrize("url", [SUPPRESSION, LOGS])
@pytest.mark.parametrize("query", ["cursor=x", "cursor=-1", "cursor=99999999999999999999", "limit=0", "limit=201"])
def test_a_bad_place_or_limit_is_422(world: World, url: str, query: str) -> None:
    response = world.client(world.owner).get(f"{url}?{query}")
    assert response.status_code == 422
    assert response.json()["fields"]


def test_an_unknown_reason_or_result_is_422(world: World) -> None:
    client = world.client(world.owner)
    assert client.get(f"{SUPPRESSION}?reason=because").status_code == 422
    assert client.get(f"{LOGS}?policy_result=maybe").status_code == 422
    assert client.get(f"{LOGS}?since=yesterday").status_code == 422


# --- Audit log --------------------------------------------------------------------------------------------------------


def test_the_log_has_what_was_asked_for(world: World, settings: Settings) -> None:
    now = timezone.now()
    gate.decide([letter(1, user_id=world.marketer.pk)], workspace=world.here, now=now)
    audit.record("campaign.created", workspace=world.elsewhere, now=now)
    [row] = world.client(world.viewer).get(LOGS).json()
    assert row["user_id"] == world.marketer.pk
    assert row["lead_email"] == "ada@site1.com"
    assert row["sender_email"] == "mara@orchard.com"
    assert row["subject"] == "Hello"
    assert row["policy_result"] == "approved"
    assert row["legal_basis"] == "legitimate_interest"
    assert row["event"] == "letter.decided"
    assert row["about"] == "attempt:1"
    assert row["timestamp"]
    assert row["is_preview"] is False
    assert {"rule", "outcome", "sentence"} == set(row["checks"][0])


def test_the_log_is_narrowed_and_paged(world: World, django_assert_max_num_queries: Any) -> None:
    now = timezone.now()
    gate.decide([letter(n) for n in range(1, 13)], workspace=world.here, now=now)
    audit.record("team.invited", workspace=world.here, now=now - timedelta(days=40))
    client = world.client(world.viewer)
    for query, count in (
        ("event=letter.", 12),
        ("event=team.invited", 1),
        ("about=attempt:3", 1),
        ("email=ada@site4.com", 1),
        ("email=ada", 12),
        ("policy_result=blocked", 0),
        (f"since={(now - timedelta(days=2)).date()}", 12),
        (f"until={(now - timedelta(days=20)).date()}", 1),
    ):
        with django_assert_max_num_queries(8):
            assert len(client.get(f"{LOGS}?{query}").json()) == count, query
    first = client.get(f"{LOGS}?limit=10")
    rest = client.get(f"{LOGS}?limit=10&cursor={first.headers['X-Next-Cursor']}")
    ids = [row["id"] for row in first.json() + rest.json()]
    assert len(ids) == 13
    assert ids == sorted(ids, reverse=True)
    assert "X-Next-Cursor" not in rest.headers


def test_keys_need_their_scopes(world: World, mailbox: Mailbox) -> None:
    membership = Membership.objects.get(user=world.marketer)
    ApiKey.objects.create(membership=membership, name="r", digest=token_digest("lk_r"), scopes=[Scope.READ])
    headers = {"Authorization": "Bearer lk_r"}
    client = world.client()
    data = {"recipient_email": "ada@site.com", "sender_email": "mara@orchard.com", "subject": "x"}
    assert client.get(SUPPRESSION, headers=headers).status_code == 200
    assert client.get(LOGS, headers=headers).status_code == 200
    assert client.post(VALIDATE, data, content_type="application/json", headers=headers).status_code == 200
    response = client.post(SUPPRESSION, {"email": "a@b.com"}, content_type="application/json", headers=headers)
    assert response.status_code == 403


def test_the_schema_has_examples_and_all_three(world: World) -> None:
    schema = world.client(world.owner).get("/api/openapi.json").json()
    for path in (VALIDATE, SUPPRESSION, LOGS):
        assert path in schema["paths"]
    question = schema["components"]["schemas"]["Question"]["properties"]
    assert question["recipient_email"]["examples"] == ["hannah@brightgarden.com"]
