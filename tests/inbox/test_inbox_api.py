"""The inbox's endpoints: look for replies now, and what came back to a campaign."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pytest_django import DjangoAssertNumQueries

from outreach_site.accounts.models import User
from tests.inbox.conftest import Correspondence, ReadBox, bounce, message, sent_letter
from tests.servers import FaultyIMAP

BASE = "/api/v1/backlink-outreach"
FaultyBox = Callable[..., tuple[ReadBox, FaultyIMAP]]


def poll(box: ReadBox, user: User | None = None, **data: Any) -> Any:
    client = box.box.world.client(user or box.box.world.marketer)
    return client.post(f"{BASE}/replies/poll", data=json.dumps(data), content_type="application/json")


def test_a_look_brings_replies(faulty_box: FaultyBox) -> None:
    box, server = faulty_box()
    attempt = sent_letter(box.box)
    server.add(message("Sounds good.", answers=attempt.message_id))
    server.add(message("Who are you?", sender="x@elsewhere.org", message_id="<2@elsewhere.org>"))
    server.add(bounce(original=attempt.message_id, status="4.2.2", words="452 4.2.2 full"))
    answer = poll(box, campaign_id=box.box.campaign.pk)
    assert (answer.status_code, answer.json()) == (200, {"replies_found": 1, "failed": 0, "errors": []})
    server.add(message("Me again.", sender="x@elsewhere.org", message_id="<3@elsewhere.org>"))
    assert poll(box).json()["replies_found"] == 1
    bare = box.box.world.client(box.box.world.marketer).generic("POST", f"{BASE}/replies/poll")
    assert (bare.status_code, bare.json()["replies_found"]) == (200, 0)


def test_what_failed_is_said(faulty_box: FaultyBox) -> None:
    box, _ = faulty_box(password="another")
    answer = poll(box, campaign_id=box.box.campaign.pk).json()
    assert (answer["replies_found"], answer["failed"]) == (0, 1)
    assert "user name and password" in answer["errors"][0]


def test_who_may_look(faulty_box: FaultyBox) -> None:
    box, server = faulty_box()
    world = box.box.world
    assert poll(box, world.viewer).status_code == 403
    assert poll(box, world.stranger, campaign_id=box.box.campaign.pk).status_code == 404
    assert poll(box, campaign_id="x").status_code == 422
    assert server.connections == 0


def test_a_campaigns_replies_in_pages(
    correspondence: Correspondence, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    world = correspondence.box.world
    for number in range(7):
        correspondence.answer(f"Thanks, this is answer {number}. Let me think about it.")
    correspondence.receive(message("Hello", sender="x@elsewhere.org", message_id="<other@elsewhere.org>"))
    url: str = f"{BASE}/campaigns/{correspondence.box.campaign.pk}/replies?limit=3"
    client, seen = world.client(world.viewer), []
    while url:
        with django_assert_max_num_queries(8):
            answer = client.get(url)
        assert answer.status_code == 200
        seen += answer.json()
        url = answer.headers.get("Link", "").partition("<")[2].partition(">")[0]
    assert [each["body"][:23] for each in seen] == [f"Thanks, this is answer {n}"[:23] for n in reversed(range(7))]
    first = seen[0]
    assert first["lead_status"] == "replied"
    assert first["attempt_id"] == correspondence.attempt.pk
    assert (first["kind"], first["classification"], first["matched_by"]) == ("reply", "replied", "in_reply_to")


def test_filters_and_walls(correspondence: Correspondence) -> None:
    world = correspondence.box.world
    correspondence.answer("Sounds good, please send it over.")
    correspondence.receive(bounce(original=correspondence.attempt.message_id))
    url = f"{BASE}/campaigns/{correspondence.box.campaign.pk}/replies"
    client = world.client(world.viewer)
    found = client.get(f"{url}?classification=bounce").json()
    assert [each["kind"] for each in found] == ["bounce"]
    assert found[0]["body"]
    assert client.get(f"{url}?classification=nonsense").status_code == 422
    assert client.get(f"{url}?cursor=nonsense").status_code == 422
    assert world.client(world.stranger).get(url).status_code == 404
    assert world.client().get(url).status_code == 401
