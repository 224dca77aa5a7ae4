"""What to look at in a letter before it is queued, with the places in its text. Tables, no database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.content import Finding, findings, left_open
from campaigns.previews import sample_lead
from campaigns.rendering import render
from campaigns.starters import STARTERS
from outreach_site.accounts.models import SenderIdentity

IDENTITY = SenderIdentity(
    name="Mara Voss", organisation="Orchard", postal_address="Lindenweg 4", site="https://orchard.example"
)


def about(subject: str, body: str, words: str) -> Finding | None:
    return next((one for one in findings(subject, body) if words in one.sentence), None)


def marked(finding: Finding, subject: str, body: str) -> list[str]:
    texts = {"subject": subject, "body": body}
    return [texts[spot.place][spot.start : spot.end] for spot in finding.spots]


@pytest.mark.parametrize(
    "gap",
    [
        "[Name]",
        "[First Name]",
        "[Your Company]",
        "[insert link to article here]",
        "[URL]",
        "[Vorname]",
        "[prénom]",
        "<first name>",
        "<insert topic>",
        "%FIRSTNAME%",
        "%%first_name%%",
        "*|FNAME|*",
        "{name}",
        "{{first_name}}",
        "{{ contact.firstname }}",
        "{First Name}",
        "__NAME__",
        "TODO",
        "Lorem ipsum",
        "[Sender Name]",
        "[Website Name]",
        "[Keyword]",
        "[Your Website URL]",
        "[Your Phone Number]",
        "[your_phone_number]",
        "[Your Position]",
        "[Your Company's Website]",
        "<Your Phone Number>",
        "<Title>",
        "[Ihr Name]",
        "[Ihre Website]",
        "[Votre nom]",
        "[Tu nombre]",
        "[Il tuo nome]",
        "[O seu nome]",
        "[Uw naam]",
        "[Twoje imię]",
    ],
)
def test_what_was_left_open_blocks(gap: str) -> None:
    body = f"Hello there,\n\nwe like {gap} very much."
    found = about("An idea", body, "still open")
    assert found is not None
    assert found.tone == "bad"
    assert marked(found, "An idea", body) == [gap]
    assert gap in left_open("An idea", body)
    assert gap in left_open(f"About {gap}", "Hello")


@pytest.mark.parametrize(
    "text",
    [
        "See [1] and [sic].",
        "Costs are 5% to 10%.",
        "<3",
        "a <b> c",
        "xxx, your Mara",
        "A todo list",
        "The file __init__.py",
        "snake_case_name",
        "if (a < name) and (b > c)",
        "{ }",
        "[my emphasis]",
        "[your]",
        "C'est un article [en français].",
        "[je traduis]",
        "The [your garden is quite the best there is] remark.",
    ],
)
def test_what_only_looks_like_a_gap_does_not(text: str) -> None:
    assert left_open("An idea", text) == ""


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Your page's <title> tag says 2019.", "<title>"),
        ("There are two <link> elements.", "<link>"),
        ("Super Bowl XXX was great.", "XXX"),
        ("I read [your article](https://orchard.example/a).", "[your article](https://orchard.example/a)"),
        ("I read [link](https://…) again.", "[link](https://…)"),
    ],
)
def test_what_may_be_meant_so_is_marked_and_may_leave(text: str, place: str) -> None:
    assert left_open(text, text) == ""
    found = about("", text, "Is it meant so?")
    assert found is not None
    assert found.tone == "warn"
    assert marked(found, "", text) == [place]


def test_what_stands_in_a_gap_is_not_told_twice() -> None:
    assert about("An idea", "We like [XXX] and [insert <title>].", "Is it meant so?") is None


@pytest.mark.parametrize(
    ("subject", "body", "sentence", "places"),
    [
        ("", "Hi", "There is no subject yet.", []),
        ("x" * 51, "", "The subject has 51 characters; under 50 a phone shows all of it.", ["x"]),
        ("BUY this!", "", "The subject does better without an exclamation mark.", ["!"]),
        ("READ this", "", "The subject shouts: write it without words in capitals.", ["READ"]),
        ("S", "word " * 251, "The letter has 251 words; busy people read about 150.", []),
        (
            "S",
            "Click here, dear friend",
            "It sounds like advertising: “click here”, “dear friend”.",
            ["Click here", "dear friend"],
        ),
        ("Jetzt kaufen", "Hi", "It sounds like advertising: “jetzt kaufen”.", ["Jetzt kaufen"]),
        (
            "S",
            "Cliquez ici. Félicitations",
            "It sounds like advertising: “cliquez ici”, “félicitations”.",
            ["Cliquez ici", "Félicitations"],
        ),
        ("S", "Haga clic aquí", "It sounds like advertising: “haga clic aquí”.", ["Haga clic aquí"]),
        ("S", "Kliknij tutaj", "It sounds like advertising: “kliknij tutaj”.", ["Kliknij tutaj"]),
        (
            "S",
            "https://a.com https://b.com www.c.com",
            "It has 3 links; one is enough for a first letter.",
            ["https://a.com", "https://b.com", "www.c.com"],
        ),
        (
            "S",
            "See bit.ly/abc now",
            "“bit.ly” hides where the link goes, and filters distrust it. Write the address itself.",
            ["bit.ly/abc"],
        ),
        (
            "S",
            "THIS WORKS well",
            "The letter shouts: fewer capitals, and one mark at the end of a sentence.",
            ["THIS", "WORKS"],
        ),
        ("S", "Really?!", "The letter shouts: fewer capitals, and one mark at the end of a sentence.", ["?!"]),
    ],
)
def test_advice_and_its_place(subject: str, body: str, sentence: str, places: list[str]) -> None:
    found = about(subject, body, sentence)
    assert found is not None, findings(subject, body)
    assert found.tone == "warn"
    assert marked(found, subject, body) == places


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("About HTML and JSON", "We at NASA wrote about GDPR. IKEA too."),
        ("An idea", "Two links: https://a.example/ABCD-EFGH-IJKL and https://b.example."),
        ("An idea", "It is urgently needed; a breadwinner said so."),
        ("An idea", "Write to me at www@orchard.example or mara@bit.ly.example."),
        ("An idea", "Our SHED is old."),
    ],
)
def test_what_is_no_trouble(subject: str, body: str) -> None:
    assert {one.tone for one in findings(subject, body)} == {"good"}, findings(subject, body)


def test_the_letters_to_start_from_are_good() -> None:
    for one in STARTERS:
        rendered = render(one.subject, one.body, lead=sample_lead(), identity=IDENTITY, campaign=None)
        tones = {line.tone for line in findings(rendered.subject, rendered.body)}
        assert "bad" not in tones, one.key


@given(st.text(max_size=80), st.text(max_size=300))
def test_every_spot_lies_in_its_text(subject: str, body: str) -> None:
    for one in findings(subject, body):
        for spot in one.spots:
            assert 0 <= spot.start < spot.end <= len(subject if spot.place == "subject" else body)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 20_000,
        "<first " * 5_000,
        "your " * 4_000,
        "{{" * 10_000,
        "%name" * 4_000,
        "__" * 10_000,
        "[your-a-a-a-a" * 4_000,
        "[a](https://" * 4_000,
        "[" + "your " * 4_000,
        "[il your" * 4_000,
    ],
)
def test_a_hostile_text_is_read_in_a_moment(text: str) -> None:
    """No pattern may walk a text again and again; the suite's own patience is the bound."""
    findings("An idea", text)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Hi Ann,\n\nWe make tools for gardens.\n\nYour site is good.", True),
        ("Hi Ann,\n\nI am the best of gardeners,\nand rich.", True),
        ("Hallo Frau Berg,\n\nWir verkaufen Erde.", True),
        ("Hi Ann,\n\nI read your piece on slugs.", False),
        ("Hi Ann,\n\nYour piece on slugs helped us.", False),
        ("Hallo Frau Berg,\n\nIch lese Ihren Garten gern.", False),
        ("Slugs are back.", False),
        ("Hi Ann,", False),
        ("", False),
    ],
)
def test_an_opening_is_about_them(body: str, said: bool) -> None:
    found = [one for one in findings("Beds", body) if "opening" in one.sentence]
    assert bool(found) is said
    for one in found:
        [spot] = one.spots
        assert body[spot.start : spot.end].startswith(("We", "I ", "Wir"))


def test_one_thing_is_asked() -> None:
    assert not [one for one in findings("Beds?", "Is it? Shall I?") if "questions" in one.sentence]
    [found] = [one for one in findings("Beds", "Is it? Shall I?\nWhen? Who?") if "questions" in one.sentence]
    assert "4 questions" in found.sentence
    assert len(found.spots) == 4
