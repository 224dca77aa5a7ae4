"""The preview is the letter itself: every character of it, with what was filled in marked; and the advice under it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns import letters
from campaigns.advice import advice
from campaigns.models import Campaign
from campaigns.previews import preview, sample_lead, segments
from campaigns.rendering import MarkKind, render
from campaigns.starters import STARTERS, starter
from compliance.models import Kind
from outreach_site.accounts.models import SenderIdentity

IDENTITY = SenderIdentity(
    name="Mara Voss", organisation="Orchard", postal_address="Lindenweg 4, Berlin", site="https://orchard.example"
)
CAMPAIGN = Campaign(name="Spring", keywords="beds")
PIECES = st.sampled_from(["{name}", "{topic|x}", "{nobody}", "{nobody|}", " ", "\n", "\n\n", "  \n", "Hi", "\t", "{"])


@settings(deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_the_segments_are_the_letter_and_the_marks_are_in_their_places(body: str) -> None:
    shown = preview(
        "Hello {name}", body, lead=sample_lead(), identity=IDENTITY, campaign=CAMPAIGN, sender="m@o.example"
    )
    rendered = render("Hello {name}", body, lead=sample_lead(), identity=IDENTITY, campaign=CAMPAIGN)
    whole = letters.preview(body=rendered.body, kind=Kind.FIRST, identity=IDENTITY, contact=sample_lead().contact)
    assert "".join(part.text for part in shown.body) + "\n\n" + shown.foot + "\n" == whole
    for part in shown.body:
        if part.kind == MarkKind.FILLED:
            assert part.text in {"Alex Winter", "balcony gardens"}
        if part.kind == MarkKind.UNKNOWN:
            assert part.text in {"{nobody}", "{", "}"}
    filled = sum(mark.kind is MarkKind.FILLED for mark in rendered.body_marks)
    assert sum(part.kind == MarkKind.FILLED for part in shown.body) == filled


def test_without_a_sender_the_text_alone_is_shown() -> None:
    shown = preview("S", "Hi {name}", lead=sample_lead(), identity=None, campaign=None, sender="")
    assert ("".join(part.text for part in shown.body), shown.foot, shown.sender) == ("Hi Alex Winter", "", "")


def test_nothing_to_mark_is_one_segment() -> None:
    assert [part.text for part in segments("plain\n\nsigned", "plain", ())] == ["plain\n\nsigned"]


@pytest.mark.parametrize(
    ("subject", "body", "sentence"),
    [
        ("x" * 51, "", "The subject has 51 characters; under 50 a phone shows all of it."),
        ("Short", "", "The subject has 5 characters: short enough for a phone."),
        ("BUY this", "", "The subject does better without an exclamation mark."),
        ("READ this", "", "The subject shouts: write it without words in capitals."),
        ("S", "word " * 251, "The letter has 251 words; busy people read about 150."),
        ("S", "Click here, dear friend", "It sounds like advertising: “click here”, “dear friend”."),
        ("S", "https://a.com https://b.com {your_site}", "It has 3 links; one is enough for a first letter."),
        ("S", "Hi {{name}}", "{{name}} reads as {name} in the letter. Write {name} with single braces."),
    ],
)
def test_advice(subject: str, body: str, sentence: str) -> None:
    subject = subject + "!" if "exclamation" in sentence else subject
    assert sentence in [one.sentence for one in advice(subject, body)]


def test_advice_leaves_good_letters_and_names_in_capitals_alone() -> None:
    for one in STARTERS:
        assert {line.tone for line in advice(one.subject, one.body)} == {"good"}, one.key
    assert advice("About {TOPIC}", "")[0].tone == "good"
    assert len(advice("About {TOPIC}", "")) == 1


def test_starters_fill_for_anybody() -> None:
    for one in STARTERS:
        rendered = render(one.subject, one.body, lead=sample_lead(), identity=IDENTITY, campaign=CAMPAIGN)
        assert rendered.is_complete, rendered.trouble
    assert starter("guest-article") is STARTERS[0]
    assert starter("nothing") is None
