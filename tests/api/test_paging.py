"""Lists in pages: bounded, steady while rows come in and go, and a cursor that no list gave out is a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Attempt, Campaign, Lead, Template
from compliance.models import AuditEntry, Kind, Suppression
from inbox.models import RawMessage, Reply
from outreach_site.accounts.models import Workspace
from outreach_site.mailboxes.models import Mailbox
from tests.api.described import OPERATIONS, Operation
from tests.conftest import World
from tests.one_of_each import PK

Maker = Callable[[Workspace, int], Any]


def campaign(here: Workspace, number: int) -> Any:
    return Campaign.objects.create(workspace=here, name=f"Campaign {number}")


def lead(here: Workspace, number: int) -> Any:
    site = f"site-{number}.com"
    return Lead.objects.create(campaign_id=PK, website_url=f"https://{site}", site_key=site, domain=site)


def letter(here: Workspace, number: int, kind: Kind = Kind.FIRST) -> Any:
    address = f"ada@site-{number}.com"
    return Attempt.objects.create(
        campaign_id=PK,
        lead=lead(here, number),
        mailbox_id=PK,
        identity_id=PK,
        kind=kind,
        recipient=address,
        recipient_key=address,
        recipient_domain=address.partition("@")[2],
        subject="Hello",
        body="Hello",
    )


def follow_up(here: Workspace, number: int) -> Any:
    return letter(here, number, Kind.FOLLOW_UP)


def template(here: Workspace, number: int) -> Any:
    return Template.objects.create(workspace=here, name=f"Template {number}", subject="Hello", body="Hello")


def suppression(here: Workspace, number: int) -> Any:
    return Suppression.objects.create(workspace=here, value=f"no@site-{number}.com", reason="manual")


def entry(here: Workspace, number: int) -> Any:
    return AuditEntry.objects.create(
        workspace_id=here.pk, event="letter.decided", about="attempt:1", recorded_at=timezone.now()
    )


def reply(here: Workspace, number: int) -> Any:
    mailbox, now = Mailbox.objects.get(pk=PK), timezone.now()
    raw = RawMessage.objects.create(mailbox=mailbox, digest=f"d{number}", size=1, folder="INBOX", received_at=now)
    return Reply.objects.create(
        workspace=here,
        mailbox=mailbox,
        raw=raw,
        campaign_id=PK,
        kind=Reply.Kind.REPLY,
        from_email=f"ada@site-{number}.com",
        received_at=now,
    )


MAKERS: dict[str, Maker] = {
    "list_campaigns": campaign,
    "list_leads": lead,
    "list_attempts": letter,
    "list_follow_ups": follow_up,
    "list_templates": template,
    "list_suppressions": suppression,
    "list_audit_logs": entry,
    "list_campaign_replies": reply,
}
LISTS = [
    one
    for one in OPERATIONS.values()
    if one.method == "GET"
    and one.said["responses"]["200"]["content"].get("application/json", {}).get("schema", {}).get("type") == "array"
]


def url_of(operation: Operation) -> str:
    return operation.path.replace("{campaign_id}", str(PK))


def test_every_list_comes_in_pages() -> None:
    assert {one.name for one in LISTS} == set(MAKERS)
    for operation in LISTS:
        parameters = {one["name"]: one["schema"] for one in operation.said["parameters"]}
        assert "cursor" in parameters
        assert (parameters["limit"]["minimum"], parameters["limit"]["maximum"]) == (1, 200)
        assert {"Link", "X-Next-Cursor"} <= set(operation.said["responses"]["200"]["headers"])


@pytest.mark.parametrize("operation", LISTS, ids=lambda one: one.name)
def test_pages_repeat_nothing_and_hide_nothing_while_rows_come_and_go(operation: Operation, full: World) -> None:
    make, client = MAKERS[operation.name], full.client(full.owner)
    made = [make(full.here, number) for number in range(6)]
    before = [row["id"] for row in client.get(url_of(operation), {"limit": 200}).json()]
    assert before == sorted(before, reverse=True)
    seen, url, pages = [], f"{url_of(operation)}?limit=2", 0
    while url:
        answer = client.get(url)
        assert answer.status_code == 200
        seen += [row["id"] for row in answer.json()]
        assert len(answer.json()) <= 2
        make(full.here, 100 + pages)
        if pages == 0 and operation.name == "list_templates":
            made[-1].delete()  # the first row of the page that was just read
        pages += 1
        link = answer.headers.get("Link", "")
        url = link.partition("<")[2].partition(">")[0]
        assert bool(url) == ("X-Next-Cursor" in answer.headers)
    assert seen == before
    assert pages == (len(before) + 1) // 2


@pytest.mark.parametrize("operation", LISTS, ids=lambda one: one.name)
def test_a_page_costs_the_same_however_many_rows_it_has(operation: Operation, full: World) -> None:
    make, client = MAKERS[operation.name], full.client(full.owner)
    make(full.here, 0)

    def queries(limit: int) -> int:
        with CaptureQueriesContext(connection) as counted:
            assert client.get(url_of(operation), {"limit": limit}).status_code == 200
        return len(counted)

    few = queries(1)
    for number in range(1, 8):
        make(full.here, number)
    assert queries(200) == few


NO_PLACES = ["x", "-1", "1.5", "٣", "9" * 19, "9" * 80, "1~2~3", "2026-01-01~1", "9999-12-31T23:59:59-23:59~1"]


@pytest.mark.parametrize("operation", LISTS, ids=lambda one: one.name)
@pytest.mark.parametrize("cursor", NO_PLACES)
def test_a_cursor_that_no_list_gave_out_is_refused_with_a_sentence(
    operation: Operation, cursor: str, full: World
) -> None:
    answer = full.client(full.viewer).get(url_of(operation), {"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json()["fields"] == [{"field": "cursor", "message": "This page of the list does not exist."}]


@pytest.mark.parametrize("operation", LISTS, ids=lambda one: one.name)
def test_limits_are_bounded(operation: Operation, full: World) -> None:
    client = full.client(full.viewer)
    for limit in ("0", "-1", "201", "x", "1e3", "9" * 40):
        answer = client.get(url_of(operation), {"limit": limit})
        assert answer.status_code == 422, limit
        assert answer.json()["fields"][0]["field"] == "limit"


@pytest.mark.parametrize("operation", LISTS, ids=lambda one: one.name)
def test_a_misspelt_filter_does_not_list_everything(operation: Operation, full: World) -> None:
    answer = full.client(full.viewer).get(url_of(operation), {"limit": "5", "statsu": "lost"})
    assert answer.status_code == 422
    assert answer.json()["fields"] == [{"field": "statsu", "message": "There is no such parameter here."}]
