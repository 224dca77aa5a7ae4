"""The evidence pack: every word of it has a record behind it, and it is one file that runs nothing."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.template.loader import render_to_string

from compliance import evidence, privacy, suppression
from compliance.evidence import Pack
from compliance.models import AuditEntry
from tests.compliance.a_life import ED, NOW, Life, live
from tests.conftest import World


@pytest.fixture
def life(world: World) -> Life:
    return live(world)


def pack(life: Life, address: str = ED) -> Pack:
    return evidence.pack_of(life.world.here, address, now=NOW)


def section(made: Pack, name: str) -> list[str]:
    return [exhibit.title for part in made.sections if part.name == name for exhibit in part.exhibits]


def test_it_answers_the_question(life: Life) -> None:
    answer = " ".join(pack(life).answer)
    assert "We wrote to this address once, on 7 March 2026." in answer
    assert "https://brightgarden.com/contact on" in answer
    assert f"where it says “Ed: {ED}”" in answer
    assert "Consent is on record since 1 February 2026." in answer
    assert "legitimate interest" in answer


def test_it_holds_everything(life: Life) -> None:
    made = pack(life)
    assert section(made, "found") == ["Ed@BrightGarden.com was found"]
    assert section(made, "letters")[0] == "Sent: An idea for Brightgarden"
    assert len(section(made, "letters")) == 2
    assert section(made, "answers") == [
        "Reply: Re: An idea for Brightgarden",
        "Bounce: Undelivered Mail Returned to Sender",
    ]
    assert "Letter decided" in section(made, "decisions")
    assert section(made, "consents") == ["Consent on record"]
    [decided] = [exhibit for part in made.sections for exhibit in part.exhibits if exhibit.title == "Letter decided"]
    facts = dict(decided.facts)
    assert facts["Suppression list"].startswith("The address is not on the suppression list.")
    letters = next(part for part in made.sections if part.name == "letters")
    assert "I liked your piece on raised beds." in letters.exhibits[0].quote


def test_whoever_said_no_reads_that_it_holds(life: Life) -> None:
    suppression.suppress(workspace=life.world.here, address=ED, reason="opt_out", now=NOW - timedelta(days=1))
    made = pack(life)
    assert f"{ED} is never written to again: asked to be removed" in section(made, "objections")
    assert "Since 10 March 2026 nobody here writes to it again." in made.answer, "it bounced first"
    assert "When we wrote last, consent was on record." in made.answer
    assert not any("Consent is on record" in sentence for sentence in made.answer), "they took it back"


def test_it_never_says_what_no_record_says(world: World) -> None:
    made = evidence.pack_of(world.here, "nobody@known.com", now=NOW)
    assert made.is_empty
    assert made.answer == ["We have not written to this address."]
    html = render_to_string("compliance/evidence_file.html", {"pack": made})
    assert "No consent is on record." in html


def test_the_file_stands_alone_and_runs_nothing(life: Life) -> None:
    life.receive(
        b"From: Ed <ed@brightgarden.com>\r\nSubject: <script>alert(1)</script>\r\nMessage-ID: <evil@x>\r\n"
        + f"In-Reply-To: {life.letter.message_id}\r\n\r\n<img src=x onerror=alert(1)>".encode()
    )
    html = render_to_string("compliance/evidence_file.html", {"pack": pack(life)})
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert not re.search(r"<(?:img|link|iframe|object)", html)
    assert not re.search(r"<[^>]*\s(?:src|href|on\w+)=", html)
    assert ED in html
    assert "Orchard Media, Lindenweg 4, 10115 Berlin, Germany" in html


def test_programs_get_every_row(life: Life) -> None:
    told = json.loads(evidence.as_json(pack(life), privacy.person_of(life.world.here, ED)))
    assert told["address"] == ED
    assert {name for name, rows in told["records"].items() if rows} >= {
        "contacts", "leads", "letters", "replies", "letters_let_go", "audit_log", "consents", "holds", "requests",
    } - {"requests"}  # fmt: skip
    [consent] = told["records"]["consents"]
    assert consent["file"]["name"] == "ed.eml"
    assert told["records"]["leads"][0]["custom_fields"] == {"editor": "Ed Brand"}


def test_it_stays_behind_the_wall(life: Life) -> None:
    made = evidence.pack_of(life.world.elsewhere, ED, now=NOW)
    assert made.is_empty
    told = json.loads(evidence.as_json(made, privacy.person_of(life.world.elsewhere, ED)))
    assert not any(told["records"].values())


def test_taking_it_away_is_written_down(life: Life) -> None:
    evidence.record_handing_out(pack(life), form="html", about="", user=life.world.officer, now=NOW)
    entry = AuditEntry.objects.get(event="privacy.pack_made")
    assert (entry.user_id, entry.details, entry.person.lead_email) == (life.world.officer.pk, {"form": "html"}, ED)
