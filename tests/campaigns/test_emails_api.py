"""Drafts of the API: names, fields and codes; nothing is saved, and every failure is a sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from campaigns.drafting import provider, sites
from campaigns.drafting.desk import tokens_of
from campaigns.models import SiteText, Template
from compliance.privacy_models import PrivacySettings
from outreach_site.accounts.models import User
from tests.conftest import World
from tests.openai_server import OpenAIServer, completion, failure, letter

URL = "/api/v1/backlink-outreach/emails"
BASE = "Hi Hannah,\n\nI like what you write.\n\nWould a piece on beds suit you? https://orchard.example/guide"
PAYLOADS = {
    "generate": {"topic": "beds"},
    "personalize": {"base_email": BASE, "lead_website": "https://brightgarden.com/"},
    "subject-suggestions": {"topic": "beds"},
    "follow-up": {"original_subject": "Beds", "original_body": "Hi,\n\nwould beds suit you?"},
}
GOOD = letter(
    "Hi Hannah,", [("You say that slugs hate copper.", "Slugs hate copper")], "Would a piece on beds suit you?"
)


@pytest.fixture
def ready(world: World, openai_server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> OpenAIServer:
    PrivacySettings.objects.create(workspace=world.here, may_use_openai=True, openai_tokens=100_000)
    monkeypatch.setattr(provider, "_BACKOFF", 0.0)
    page = {"url": "https://brightgarden.com/", "title": "Bright Garden", "text": "Slugs hate copper, we find."}
    SiteText.objects.create(workspace=world.here, domain="brightgarden.com", pages=[page])
    return openai_server


def call(world: World, what: str, data: Any, user: User | None = None) -> Any:
    client = world.client(user or world.marketer)
    return client.post(f"{URL}/{what}", data=json.dumps(data), content_type="application/json")


def test_a_letter_is_drafted(world: World, ready: OpenAIServer) -> None:
    template = Template.objects.create(workspace=world.here, name="T", subject="For {website}", body="Hi {name|there}")
    ready.will(completion(letter("Hi {name|there},", "may I?", subject="Beds for {website}")))
    answer = call(world, "generate", {"topic": "beds", "tone": "casual", "template_id": template.pk})
    assert answer.status_code == 200
    assert answer.json() == {
        "subject": "Beds for {website}",
        "body": "Hi {name|there},\n\nmay I?\n",
        "claims": [],
        "notes": [],
    }
    assert ready.material["start"] == {"subject": "For {website}", "body": "Hi {name|there}"}
    assert tokens_of(world.here, now=timezone.now()) == 1000
    assert Template.objects.count() == 1, "nothing is saved"


def test_a_letter_is_made_personal_from_the_sites_page(world: World, ready: OpenAIServer) -> None:
    ready.will(completion(GOOD))
    data = PAYLOADS["personalize"] | {"lead_name": "Hannah", "content_topic": "beds"}
    answer = call(world, "personalize", data)
    assert answer.status_code == 200
    got = answer.json()
    assert got["body"].startswith("Hi Hannah,\n\nYou say that slugs hate copper.")
    assert got["claims"] == [
        {
            "text": "You say that slugs hate copper.",
            "passage": "Slugs hate copper",
            "url": "https://brightgarden.com/",
            "backed": True,
        }
    ]
    assert (ready.material["reader"], ready.material["topic"]) == ("Hannah", "beds")


def test_a_claim_without_a_passage_says_so(world: World, ready: OpenAIServer) -> None:
    ready.will(completion(letter("Hi Hannah,", "You won a prize.", "Would a piece on beds suit you?")))
    [claim] = call(world, "personalize", PAYLOADS["personalize"]).json()["claims"]
    assert (claim["text"], claim["backed"], claim["passage"]) == ("You won a prize.", False, "")


def test_subjects_are_five_to_ten(world: World, ready: OpenAIServer) -> None:
    ready.will(completion({"subjects": [f"Beds {number}" for number in range(8)]}))
    answer = call(world, "subject-suggestions", {"topic": "beds", "tone": "formal"})
    assert answer.json() == {"subjects": [f"Beds {number}" for number in range(8)]}


def test_a_follow_up_is_drafted(world: World, ready: OpenAIServer) -> None:
    ready.will(completion(letter("Hi,", "still of interest?", subject="New")))
    answer = call(world, "follow-up", PAYLOADS["follow-up"])
    assert (answer.json()["subject"], answer.json()["body"]) == ("Beds", "Hi,\n\nstill of interest?\n")


@pytest.mark.parametrize("what", PAYLOADS)
def test_every_failure_is_a_sentence(what: str, world: World, ready: OpenAIServer, settings: Any) -> None:
    ready.will(failure(429, retry_after="300"))
    answer = call(world, what, PAYLOADS[what])
    assert (answer.status_code, answer.json()["detail"]) == (429, "OpenAI asks for a pause. Try again in 5 minutes.")
    assert answer["Retry-After"] == "300"
    ready.will(completion("nonsense"))
    answer = call(world, what, PAYLOADS[what])
    assert answer.status_code == 502
    assert "thrown away" in answer.json()["detail"]
    ready.will(completion(None, refusal="No."))
    assert call(world, what, PAYLOADS[what]).status_code == 502
    PrivacySettings.objects.update(openai_tokens=1_000)
    answer = call(world, what, PAYLOADS[what])
    assert answer.status_code == 429
    assert "An owner can allow more" in answer.json()["detail"]
    PrivacySettings.objects.update(may_use_openai=False)
    answer = call(world, what, PAYLOADS[what])
    assert answer.status_code == 403
    assert "switched off" in answer.json()["detail"]
    settings.OPENAI_API_KEY = ""
    answer = call(world, what, PAYLOADS[what])
    assert answer.status_code == 503
    assert "OPENAI_API_KEY" in answer.json()["detail"]


@pytest.mark.parametrize("what", PAYLOADS)
def test_a_viewer_drafts_nothing(what: str, world: World, ready: OpenAIServer) -> None:
    assert call(world, what, PAYLOADS[what], world.viewer).status_code == 403
    assert ready.asked == []


@pytest.mark.parametrize(
    ("what", "change", "field"),
    [
        ("generate", {"topic": " "}, "topic"),
        ("generate", {"tone": "angry"}, "tone"),
        ("personalize", {"base_email": ""}, "base_email"),
        ("personalize", {"lead_website": "not a site"}, "lead_website"),
        ("personalize", {"lead_website": "http://127.0.0.1/"}, "lead_website"),
        ("personalize", {"lead_website": "http://169.254.169.254/latest"}, "lead_website"),
        ("personalize", {"lead_website": "file:///etc/passwd"}, "lead_website"),
        ("follow-up", {"original_body": ""}, "original_body"),
        ("subject-suggestions", {"topic": "x" * 301}, "topic"),
    ],
)
def test_what_is_wrong_is_said_by_field(
    what: str, change: dict[str, str], field: str, world: World, ready: OpenAIServer
) -> None:
    answer = call(world, what, PAYLOADS[what] | change)
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"].endswith(field)
    assert ready.asked == []
    assert tokens_of(world.here, now=timezone.now()) == 0


def test_anothers_template_does_not_exist(world: World, ready: OpenAIServer) -> None:
    theirs = Template.objects.create(workspace=world.elsewhere, name="T", subject="secret", body="secret")
    assert call(world, "generate", {"topic": "beds", "template_id": theirs.pk}).status_code == 404
    assert ready.asked == []


def test_what_another_workspace_read_is_read_anew(
    world: World, ready: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    SiteText.objects.update(workspace=world.elsewhere)

    def nobody(*_: Any, **__: Any) -> list[str]:
        raise OSError("no such name")

    way = replace(sites.POLITE.way, resolver=nobody) if sites.POLITE.way else None
    assert way is None
    from outreach_site.lib.web import Way

    monkeypatch.setattr(sites, "POLITE", replace(sites.POLITE, way=Way(resolver=nobody)))
    answer = call(world, "personalize", PAYLOADS["personalize"])
    assert answer.status_code == 422
    assert "brightgarden.com could not be read" in answer.json()["fields"][0]["message"]
