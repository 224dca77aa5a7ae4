"""The preview is the letter itself: every character of it, with what was filled in marked; and the advice under it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns import letters
from campaigns.content import without_opt_out
from campaigns.models import Campaign
from campaigns.previews import marked, preview, sample_lead, segments
from campaigns.rendering import MarkKind, render
from campaigns.starters import STARTERS, starter
from compliance.models import Kind
from outreach_site.accounts.models import SenderIdentity

IDENTITY = SenderIdentity(
    name="Mara Voss", organisation="Orchard", postal_address="Lindenweg 4, Berlin", site="https://orchard.example"
)
CAMPAIGN = Campaign(name="Spring", keywords="beds")
PIECES = st.sampled_from(["{name}", "{topic|x}", "{nobody}", "{nobody|}", " ", "\n", "\n\n", "  \n", "Hi", "\t", "{"])


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


def test_what_is_to_be_looked_at_is_marked_in_the_letter() -> None:
    lead = sample_lead()
    assert lead.contact is not None
    lead.contact.name = "Buy Now Ltd"
    shown = preview(
        "URGENT {name}", "Hi {name}, click here.", lead=lead, identity=IDENTITY, campaign=CAMPAIGN, sender="m@o.example"
    )
    marked = [(part.text, part.kind) for part in shown.body if part.found]
    assert marked == [("Buy Now", "filled"), ("click here", "")], "a value that was filled in may be what is to be seen"
    assert [part.text for part in shown.subject if part.found] == ["URGENT", "Buy Now"]
    assert "".join(part.text for part in shown.subject) == "URGENT Buy Now Ltd"
    assert {one.tone for one in shown.findings} == {"good", "warn"}


@pytest.mark.parametrize(
    "body",
    [
        "Hi Ann,\n\nWe are writing about [Title] today.\n\nBest",
        "Hi Ann,\n\nDo you take posts? Could I send [Title]? Or are three better?",
        "Hi Ann,\n\n[Title] is what we are. Is it? Is it? Is it?",
    ],
)
def test_what_stops_a_letter_is_marked_within_what_is_advised(body: str) -> None:
    shown = marked("S", body).body
    assert [part.text for part in shown if "still open" in part.found] == ["[Title]"]
    assert any(part.found and "still open" not in part.found for part in shown)
    assert "".join(part.text for part in shown) == body


def test_a_letter_without_a_way_to_say_no_says_so() -> None:
    shown = preview("S", "Hi", lead=sample_lead(), identity=None, campaign=None, sender="")
    assert without_opt_out() in shown.findings
    shown = preview("S", "Hi", lead=sample_lead(), identity=IDENTITY, campaign=None, sender="")
    assert without_opt_out() not in shown.findings


def test_starters_fill_for_anybody() -> None:
    for one in STARTERS:
        rendered = render(one.subject, one.body, lead=sample_lead(), identity=IDENTITY, campaign=CAMPAIGN)
        assert rendered.is_complete, rendered.trouble
    assert starter("guest-article") is STARTERS[0]
    assert starter("nothing") is None
