"""Placeholders: a small language, rendered in one pass, that can do nothing but fill in words."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.models import Campaign, Contact, Lead
from campaigns.rendering import (
    BUILT_IN,
    MarkKind,
    Rendered,
    doubled_names_in,
    first_name,
    names_in,
    names_that_need_a_value,
    placeholder_name,
    problems_in,
    render,
)
from outreach_site.accounts.models import SenderIdentity

IDENTITY = SenderIdentity(name="Mara Voss", organisation="Orchard", site="https://orchard.example")
CAMPAIGN = Campaign(name="Spring", keywords="raised beds, slugs")


def a_lead(*, name: str = "Hannah Lindqvist", title: str = "Bright Garden", topic: str = "", **custom: object) -> Lead:
    lead = Lead(website_url="https://brightgarden.com/", domain="brightgarden.com", website_title=title, topic=topic)
    lead.custom_fields = custom
    lead.contact = Contact(name=name, email="hannah@brightgarden.com", email_key="hannah@brightgarden.com")
    return lead


def rendered(body: str, subject: str = "Hello", lead: Lead | None = None) -> Rendered:
    return render(subject, body, lead=lead or a_lead(), identity=IDENTITY, campaign=CAMPAIGN)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hi {name},", "Hi Hannah Lindqvist,"),
        ("Hi {first_name},", "Hi Hannah,"),
        ("Hi { Name },", "Hi Hannah Lindqvist,"),
        ("on {website}", "on Bright Garden"),
        ("about {topic}", "about raised beds"),
        ("{your_name} at {your_site}", "Mara Voss at https://orchard.example"),
        ("{name|there}", "Hannah Lindqvist"),
        ("{nobody|there}", "there"),
        ("{nobody|}.", "."),
        ("{favourite article}", "No-dig beds"),
        ("{Favourite-Article}", "No-dig beds"),
        ("{{name}}", "{name}"),
        ("{{{name}}}", "{Hannah Lindqvist}"),
        ("a {{ b }} c", "a { b } c"),
        ("no placeholder", "no placeholder"),
        ("", ""),
    ],
)
def test_fills(text: str, expected: str) -> None:
    assert rendered(text, lead=a_lead(favourite_article="No-dig beds")).body == expected


@pytest.mark.parametrize(
    ("text", "missing", "unknown"),
    [
        ("{name}", ("name",), ()),
        ("{name|there}", (), ()),
        ("{name} {first_name} {name}", ("name", "first_name"), ()),
        ("{empty_one}", ("empty_one",), ()),
        ("{nmae}", (), ("{nmae}",)),
        ("{", (), ("{",)),
        ("}", (), ("}",)),
        ("{}", (), ("{}",)),
        ("{a|b|c} {name", (), ("{",)),
        ("{ name | there", (), ("{",)),
        ("{{name}", (), ("}",)),
        ("{1}", (), ("{1}",)),
    ],
)
def test_says_what_it_cannot_fill(text: str, missing: tuple[str, ...], unknown: tuple[str, ...]) -> None:
    answer = rendered(text, lead=a_lead(name="", empty_one=" "))
    assert (answer.missing, answer.unknown) == (missing, unknown)
    assert answer.is_complete is not bool(missing or unknown)


def test_what_is_missing_stays_as_it_was_written_and_is_marked() -> None:
    answer = rendered("Hi {name}, {topic}", lead=a_lead(name="", topic="mint"))
    assert answer.body == "Hi {name}, mint"
    assert [(answer.body[m.start : m.end], m.kind) for m in answer.body_marks] == [
        ("{name}", MarkKind.MISSING),
        ("mint", MarkKind.FILLED),
    ]
    assert answer.trouble == "There is nothing to put in for {name}."


@pytest.mark.parametrize(
    ("subject", "body", "trouble"),
    [
        ("", "text", "The subject is empty."),
        ("{nothing|}", "text", "The subject is empty."),
        ("x" * 201, "text", "The subject has 201 characters; at most 200 can be sent."),
        ("Hello", " \n ", "The letter is empty."),
        ("Hello", "text", ""),
        ("Hello {x", "text", "Nothing fills {."),
    ],
)
def test_trouble_in_words(subject: str, body: str, trouble: str) -> None:
    assert rendered(body, subject).trouble == trouble


def test_values_come_from_the_sender_and_the_lead() -> None:
    bare = a_lead(title="", topic="moss")
    bare.contact = None
    answer = render("S", "{website} {topic} {name|you}", lead=bare, identity=None, campaign=None)
    assert answer.body == "brightgarden.com moss you"
    assert render("S", "{your_name}", lead=bare, identity=None, campaign=None).missing == ("your_name",)


def test_a_built_in_name_wins_over_a_field_of_the_same_name() -> None:
    assert rendered("{name}", lead=a_lead(**{"name ": "Somebody else"})).body == "Hannah Lindqvist"


def test_values_are_never_read_again() -> None:
    answer = rendered("{name} {topic}", subject="{website}", lead=a_lead(name="{topic}", title="{{x}} {name}"))
    assert answer.body == "{topic} raised beds"
    assert answer.subject == "{{x}} {name}"


@pytest.mark.parametrize(
    "trick", ["\r\nBcc: all@example.org", "\n\nBuy", "a\u2028b", "a\x00b\x1b", "a\u202eb", "\ud800"]
)
def test_values_cannot_break_a_line_or_hide(trick: str) -> None:
    answer = rendered("{name}", subject="{name} {website}", lead=a_lead(name=f"H{trick}", title=f"B{trick}"))
    assert "\n" not in answer.subject
    assert "\n" not in answer.body
    assert answer.subject.encode()
    assert not set(answer.subject + answer.body) & set("\r\x00\x1b\u2028\u202e\ud800")


def test_a_column_of_ones_own_may_have_lines_in_the_letter_but_not_in_the_subject() -> None:
    answer = rendered("{intro}", subject="{intro}", lead=a_lead(intro="One\r\n\r\nTwo"))
    assert (answer.subject, answer.body) == ("One Two", "One\n\nTwo")


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Hannah Lindqvist", "Hannah"),
        ("Hannah", "Hannah"),
        ("Dr. Anna Winter", "Anna"),
        ("Prof. Dr. Anna Winter", "Anna"),
        ("Dr. Winter", ""),
        ("Winter, Alex", "Alex"),
        ("Alex Winter, Editor", "Alex"),
        ("J. Smith", ""),
        ("J Smith", ""),
        ("van der Berg", ""),
        ("李小龙", "李小龙"),
        ("", ""),
        (" , ", ""),
    ],
)
def test_first_names(name: str, first: str) -> None:
    assert first_name(name) == first


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("{nmae}", ["Nothing is called {nmae}. Did you mean {name}?"]),
        ("{webiste} {webiste}", ["Nothing is called {webiste}. Did you mean {website}?"]),
        ("{article} {name}", []),
        ("{artikle}", ["Nothing is called {artikle}. Did you mean {article}?"]),
        ("{nmae|there}", ["Nothing is called {nmae}. Did you mean {name}?"]),
        ("{", ["There is a single {. Write {{ if the reader is to see a brace."]),
        ("{name", ["There is a single {. Write {{ if the reader is to see a brace."]),
        ("{1 2}", ["{1 2} is not a placeholder. Write one such as {name}, or {{ and }} for braces."]),
        ("{{nmae}}", []),
    ],
)
def test_problems_are_sentences_with_a_suggestion(text: str, sentences: list[str]) -> None:
    assert [problem.sentence for problem in problems_in(text, custom_names=["article"])] == sentences


def test_an_unknown_name_that_resembles_nothing_lists_what_there_is() -> None:
    [problem] = problems_in("{zzzzzz}")
    assert all(f"{{{name}}}" in problem.sentence for name in BUILT_IN)


def test_names_in_texts() -> None:
    assert names_in("{b|x} {A}", "{b}") == ("b", "a")
    assert names_that_need_a_value("{b|x} {a}", "{c|}") == ("a",)
    assert doubled_names_in("{{name}} {{other}} {{ Topic }}") == ("name", "topic")
    assert placeholder_name(" Favourite article! ") == "favourite_article"


PIECES = st.sampled_from(
    ["{", "}", "|", "{name}", "{{", "}}", "{topic|x}", "\n", "{%", "{{ 7*7 }}", "%s", "${x}", "\r"]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=12).map("".join)


@given(
    subject=TEXTS, body=TEXTS, name=TEXTS, title=TEXTS, custom=st.dictionaries(st.text(max_size=6), TEXTS, max_size=3)
)
def test_whatever_comes_it_renders(subject: str, body: str, name: str, title: str, custom: dict[str, str]) -> None:
    answer = render(subject, body, lead=a_lead(name=name, title=title, **custom), identity=IDENTITY, campaign=CAMPAIGN)
    assert len(answer.subject.splitlines()) <= 1
    assert "\r" not in answer.body
    answer.body.encode()
    for mark in answer.subject_marks:
        assert 0 <= mark.start <= mark.end <= len(answer.subject)
    for mark in answer.body_marks:
        assert 0 <= mark.start <= mark.end <= len(answer.body)
    problems_in(subject, body)


@given(
    st.text(
        alphabet=st.characters(blacklist_characters="{}", blacklist_categories=("Cc", "Cs", "Zl", "Zp")), max_size=60
    )
)
def test_text_without_braces_is_not_touched(text: str) -> None:
    plain = "".join(c for c in text if c not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u200b")
    assert rendered(plain).body == plain


def test_long_and_hostile_texts_take_no_time() -> None:
    started = time.monotonic()
    for text in ("{" * 20_000, "{a" * 7_000, "{a|" + "b" * 20_000, "{" + "a " * 10_000, "{" + "a-" * 9_000 + "}"):
        rendered(text)
        problems_in(text)
    assert time.monotonic() - started < 2
