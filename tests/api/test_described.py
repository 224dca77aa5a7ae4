"""The API's description of itself: complete, valid, and its examples are true."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from ninja import Schema

from campaigns.models import Campaign, Contact, Lead, Template
from outreach_site.accounts import keys
from outreach_site.accounts.models import Membership, Scope
from outreach_site.mailboxes.models import Mailbox
from tests.api.described import OPERATIONS, SCHEMA, Operation, fits
from tests.conftest import World
from tests.one_of_each import PK

TAKE_A_BODY = [one for one in OPERATIONS.values() if one.request is not None]
# Which objects the examples mean.
MEANT = {"campaign_id": PK, "lead_id": PK + 1, "template_id": PK, "lead_ids": [PK]}


def named(operation: Operation) -> str:
    return operation.name


@pytest.mark.parametrize("path", sorted({one.path for one in OPERATIONS.values()}))
def test_a_method_that_an_address_does_not_take_is_refused_in_json(client: Client, path: str) -> None:
    taken = sorted({one.method for one in OPERATIONS.values() if one.path == path})
    answer = client.generic("TRACE", re.sub(r"\{\w+\}", str(PK), path))
    assert (answer.status_code, answer["Allow"].split(", ")) == (405, taken)
    assert answer.json() == {"detail": f"This address takes no TRACE. It takes: {', '.join(taken)}."}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=named)
def test_every_operation_says_what_it_does_and_how_it_refuses(operation: Operation) -> None:
    said = operation.said
    assert said["summary"].strip()
    assert said["description"].strip()
    assert said["tags"]
    assert said["security"] == [{"ApiKey": []}]
    codes = set(said["responses"])
    assert codes >= {"401", "403", "404", "422", "429"}
    assert len(codes & {"200", "201", "204"}) >= 1
    assert ("413" in codes) == (operation.request is not None)
    assert "Retry-After" in said["responses"]["429"]["headers"]
    assert "." not in operation.name
    assert "outreach_site" not in operation.name


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=named)
def test_every_answer_has_an_example_that_fits(operation: Operation) -> None:
    for code, media_type, content in operation.answers():
        assert "example" in content, (code, media_type)
        assert fits(content["example"], content["schema"]), (code, content["example"])
        for header in operation.said["responses"][code].get("headers", {}).values():
            assert fits(header["example"], header["schema"])


@pytest.mark.parametrize("operation", TAKE_A_BODY, ids=named)
def test_every_request_has_an_example_that_fits(operation: Operation) -> None:
    assert operation.request is not None
    assert operation.takes(operation.request["example"])


def test_examples_of_parameters_fit() -> None:
    for operation in OPERATIONS.values():
        for parameter in operation.said["parameters"]:
            assert isinstance(parameter.get("examples", {}), dict), "OpenAPI has a map there"
            if "example" in parameter:
                assert fits(parameter["example"], parameter["schema"]), (operation.name, parameter["name"])
            assert parameter["in"] != "path" or "example" in parameter


def test_no_two_schemas_share_a_name() -> None:
    """Ninja would describe both as one of them."""
    by_name: dict[str, set[str]] = {}
    waiting = [Schema]
    while waiting:
        for one in waiting.pop().__subclasses__():
            waiting.append(one)
            if one.__name__ in SCHEMA["components"]["schemas"]:
                by_name.setdefault(one.__name__, set()).add(f"{one.__module__}.{one.__qualname__}")
    assert len(by_name) > 40
    assert {name: places for name, places in by_name.items() if len(places) > 1} == {}


@pytest.fixture
def meant(workspace: World) -> World:
    """The workspace that the examples speak of."""
    Mailbox.objects.filter(pk=PK).update(email="mara@orchardmedia.com", smtp_host="mail.orchardmedia.com")
    campaign = Campaign.objects.get(pk=PK)
    lead = Lead.objects.create(
        pk=PK + 1, campaign=campaign, website_url="https://fernandfig.com", site_key="fernandfig.com", domain="f.com"
    )
    email = "tom@fernandfig.com"
    lead.contact = Contact.objects.create(lead=lead, email=email, email_key=email, name="Tom Fig")
    lead.save()
    return workspace


@pytest.mark.parametrize("operation", TAKE_A_BODY, ids=named)
def test_the_example_of_a_request_works(operation: Operation, meant: World) -> None:
    assert operation.request is not None
    example: dict[str, Any] = operation.request["example"]
    body = {name: MEANT.get(name, value) for name, value in example.items()}
    path = operation.path.replace("{campaign_id}", str(PK)).replace("{lead_id}", str(PK))
    path = path.replace("{workspace}", meant.here.slug).replace("{mailbox}", str(PK))
    if operation.name == "personalize_email":
        body["lead_website"] = "https://site.com/"  # whose pages are known here
    if operation.name == "create_template":
        Template.objects.filter(workspace=meant.here).delete()
    key = keys.issue(Membership.objects.get(user=meant.owner), name="x", scopes=list(Scope), now=timezone.now())
    answer = Client().generic(
        operation.method,
        path,
        json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {key.secret}"},
    )
    assert answer.status_code in {200, 201}, answer.content
    content = operation.said["responses"][str(answer.status_code)]["content"]["application/json"]
    assert fits(answer.json(), content["schema"])


@pytest.mark.parametrize("operation", TAKE_A_BODY, ids=named)
def test_a_misspelt_field_of_a_request_is_refused_by_its_name(operation: Operation, full: World) -> None:
    assert operation.request is not None
    path = re.sub(r"\{\w+_id\}", str(PK), operation.path)
    path = path.replace("{workspace}", full.here.slug).replace("{mailbox}", str(PK))
    answer = full.client(full.owner).generic(
        operation.method,
        path,
        json.dumps(operation.request["example"] | {"misspelt": 1}),
        content_type="application/json",
    )
    assert answer.status_code == 422, answer.content
    assert answer.json()["fields"] == [{"field": "misspelt", "message": "There is no such field here."}]
