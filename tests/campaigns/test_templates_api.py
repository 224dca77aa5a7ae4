"""Templates of the API: what comes in, what goes out, and what others may not see."""

from __future__ import annotations

import json
from typing import Any

import pytest

from campaigns.models import Template
from campaigns.starters import STARTERS
from compliance.models import AuditEntry
from outreach_site.accounts.models import User
from tests.conftest import World

URL = "/api/v1/backlink-outreach/emails/templates"
LETTER = {"name": "Guest article", "subject": "For {website}?", "body": "Hi {name|there},\n\nyes?", "category": "Posts"}


def call(world: World, user: User, method: str = "get", path: str = "", data: Any = None) -> Any:
    sent = {"data": json.dumps(data), "content_type": "application/json"} if data is not None else {}
    return getattr(world.client(user), method)(URL + path, **sent)


def test_a_template_is_created_read_listed_and_deleted(world: World) -> None:
    made = call(world, world.marketer, "post", data=LETTER)
    assert made.status_code == 201
    template = made.json()
    assert {key: template[key] for key in LETTER} == LETTER
    path = f"/{template['id']}"
    assert call(world, world.viewer, path=path).json() == template
    assert call(world, world.viewer).json() == [template]
    assert call(world, world.viewer, path="?category=posts").json() == [template]
    assert call(world, world.viewer, path="?category=other").json() == []
    assert call(world, world.viewer, "delete", path).status_code == 403
    assert call(world, world.marketer, "delete", path).status_code == 204
    assert call(world, world.marketer, path=path).status_code == 404
    assert not Template.objects.exists()
    events = AuditEntry.objects.filter(about=f"template:{template['id']}").values_list("event", flat=True)
    assert set(events) == {"template.created", "template.deleted"}


def test_others_templates_do_not_exist(world: World) -> None:
    theirs = Template.objects.create(workspace=world.elsewhere, name="Theirs", subject="secret", body="secret")
    for method in ("get", "delete"):
        assert call(world, world.owner, method, f"/{theirs.pk}").status_code == 404
    assert call(world, world.owner).json() == []
    assert Template.objects.filter(pk=theirs.pk).exists()


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"name": ""}, "name", "at least 1"),
        ({"body": " \n "}, "body", "at least 1"),
        ({"subject": "x" * 201}, "subject", "at most 200"),
        ({"body": "Hi {nmae}"}, "body", "Did you mean {name}?"),
        ({"subject": "For {wesbite}"}, "subject", "Did you mean {website}?"),
        ({"body": "Hi {name"}, "body", "single {"),
        ({"name": "Taken"}, "name", "There is a template of this name"),
    ],
)
def test_what_cannot_be_a_template_is_said_by_field(
    world: World, change: dict[str, str], field: str, words: str
) -> None:
    Template.objects.create(workspace=world.here, name="Taken", subject="s", body="b")
    answer = call(world, world.marketer, "post", data=LETTER | change)
    assert answer.status_code == 422
    [said] = answer.json()["fields"]
    assert said["field"].endswith(field)
    assert words in said["message"]
    assert Template.objects.count() == 1


def test_nothing_in_a_template_is_executed(world: World) -> None:
    body = "{% include 'x' %} ${7*7} <script>alert(1)</script>".replace("{", "{{").replace("}", "}}")
    made = call(world, world.marketer, "post", data=LETTER | {"subject": "Hi\r\nBcc: x@y.example", "body": body})
    assert made.status_code == 201
    assert made.json()["subject"] == "Hi Bcc: x@y.example", "a subject is one line"
    page = world.client(world.marketer).get(f"/w/{world.here.slug}/campaigns/templates/{made.json()['id']}/")
    assert b"<script>alert(1)" not in page.content


def test_the_library_can_be_kept_as_it_is(world: World) -> None:
    for one in STARTERS:
        data = {"name": one.name, "subject": one.subject, "body": one.body, "category": one.category}
        assert call(world, world.marketer, "post", data=data).status_code == 201, one.key


def test_a_list_comes_in_pages(world: World) -> None:
    for number in range(3):
        Template.objects.create(workspace=world.here, name=f"T{number}", subject="s", body="b")
    first = call(world, world.viewer, path="?limit=2")
    assert [one["name"] for one in first.json()] == ["T2", "T1"]
    rest = call(world, world.viewer, path=f"?limit=2&cursor={first['X-Next-Cursor']}")
    assert [one["name"] for one in rest.json()] == ["T0"]
    assert "Link" not in rest
