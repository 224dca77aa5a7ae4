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
        "__first_name__",
        "[TODO]",
        "<TODO>",
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
        "[Name Here]",
        "[Author Name]",
        "[Blog Name Here]",
        "[Author]",
        "[Editor]",
        "[Job Title]",
        "[Blog Post Title]",
        "[Niche]",
        "[Recipient]",
        "[Name of your blog]",
        "[Name of the site]",
        "[link to your article]",
        "[Topic/Niche]",
        "[First Name/Team]",
        "[NAME OR TEAM]",
        "[Name einfügen]",
        "[Link hier einfügen]",
        "[Name Ihrer Website]",
        "[nom du site]",
        "[nombre de la empresa]",
        "[お名前]",
        "［お名前］",
        "{contact.first_name}",
        "{!Contact.FirstName}",
        "#FNAME#",
        "##first_name##",
        "$first_name",
        "${first_name}",
        "{$name}",
        "%recipient.name%",
        "<<first name>>",
        "«First_Name»",
        "|FNAME|",
        "|first_name|",
        "%%=v(@FirstName)=%%",
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
    "greeting",
    ["Hi NAME", "Hi Name", "Hello $name", "Dear Mr. LASTNAME", "Hallo Vorname", "Hola NOMBRE", "Hi undefined"],
)
@pytest.mark.parametrize("end", [",", "!", ""])
def test_a_greeting_of_nobody_blocks(greeting: str, end: str) -> None:
    assert left_open("An idea", f"{greeting}{end}\n\nwe read your piece.") == f"Something is still open: “{greeting}”."


@pytest.mark.parametrize(
    "text",
    [
        "Hi NASA,",
        "Hi ANNA,",
        "Hi Name.com team,",
        "Hello name of the game.",
        "It costs $20, or US$30.",
        "Run echo $HOME or ${HOME}.",
        "Set `$first_name` first.",
        "#SEO #blog#site#topic",
        "C# and F#",
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
        "It says that [the author] left.",
        "[Editor's note: it rained.]",
        "[date of publication unknown]",
        "[name withheld]",
        "Gracias por TODO lo que comparten.",
        "Lo tienen TODO: rosas y limones.",
        "Your list of TODO comments is long.",
        'It says if __name__ == "__main__", and __author__.',
        "【お名前】山田太郎",
        "【ご提案】レモンについて",
        "{garden.rose}",
        "| Name | Title |",
        "a||name||b",
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
        ("Hi ,\n\nyour piece on roses.", "Hi ,"),
        ("Dear Mr. ,", "Dear Mr. ,"),
        ("Sehr geehrte Frau ,", "Sehr geehrte Frau ,"),
        ("I read [your article](https://orchard.example/a).", "[your article](https://orchard.example/a)"),
        ("I read [link](https://…) again.", "[link](https://…)"),
        ("Muchas gracias por TODO lo que comparten.", "TODO"),
        ('Your piece on `if __name__ == "__main__"` helped.', "__name__"),
        ("We like [mention something specific].", "[mention something specific]"),
        ("Hi [Name, if known],", "[Name, if known]"),
        ("In [X] years.", "[X]"),
        ("It is red [my emphasis].", "[my emphasis]"),
        ("【お名前】山田太郎", "【お名前】"),
        ("Your feed's <author> is empty.", "<author>"),
        ("In PHP, $name is a variable.", "$name"),
        ("The NAME column is empty.", "NAME"),
        ("I read WEBSITE NAME daily.", "WEBSITE NAME"),
        ("Le champ «prénom» est vide.", "«prénom»"),
    ],
)
def test_what_may_be_meant_so_is_marked_and_may_leave(text: str, place: str) -> None:
    assert left_open(text, text) == ""
    found = about("", text, "Is it meant so?")
    assert found is not None
    assert found.tone == "warn"
    assert marked(found, "", text) == [place]


@pytest.mark.parametrize("text", ["See [1], [sic] and [Sic!].", "It [...] goes […] on.", "[T]hey came on [12 May]."])
def test_what_stands_in_any_quotation_is_not_asked_about(text: str) -> None:
    assert about("", text, "Is it meant so?") is None


@pytest.mark.parametrize(
    "text", ["TODO: say why", "It is red. TODO: say why", "Red.\nTODO\nYours", "(TODO: say why)", "【お名前】様"]
)
def test_a_note_to_oneself_blocks(text: str) -> None:
    assert left_open("An idea", text)


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
            "Cliquez ici. Dernière chance",
            "It sounds like advertising: “cliquez ici”, “dernière chance”.",
            ["Cliquez ici", "Dernière chance"],
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
        ("お得！！", "", "The subject does better without an exclamation mark.", ["！！"]),
        (
            "S",
            "Siehe https://a.com。 https://b.com/x? (www.c.com)",
            "It has 3 links; one is enough for a first letter.",
            ["https://a.com", "https://b.com/x", "www.c.com"],
        ),
        (
            "S",
            "bit.ly/abcです。 www.bit.ly/x.",
            "“bit.ly” hides where the link goes, and filters distrust it. Write the address itself.",
            ["bit.ly/abc", "www.bit.ly/x"],
        ),
        ("S", "無料！！！", "The letter shouts: fewer capitals, and one mark at the end of a sentence.", ["！！！"]),
        (
            "S",
            "レモンの記事を拝読しました。" * 100,
            "The letter has 1,400 characters; busy people read about 300.",
            [],
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
        ("Congratulations", "You are a worthy winner. Félicitations !"),
        ("Un citronnier", "Un citronnier garanti sans virus."),
        ("Zitronen", "Das empfehle ich dringend."),
        ("レモン", "レモンの記事を拝読しました。弊社の表もございます。"),
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
        "#name" * 4_000,
        "${" * 10_000,
        "«first " * 3_000,
        "Hi there name\n" * 1_500,
        "FIRST NAME " * 2_000,
        "<first " * 5_000,
        "your " * 4_000,
        "{{" * 10_000,
        "%name" * 4_000,
        "__" * 10_000,
        "[your-a-a-a-a" * 4_000,
        "[a](https://" * 4_000,
        "[" + "your " * 4_000,
        "[il your" * 4_000,
        "[blog post site article " * 3_000,
        "[name of name of name of" * 3_000,
        "[name/" * 8_000,
        "{contact." * 5_000,
        "bit.ly/" * 8_000,
        "https://www.bit.ly/(" * 3_000,
        "a " * 20_000,
        "? a" * 15_000,
        "。" * 20_000,
        "Je " * 15_000,
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
        ("Bonjour Anne,\n\nJe m'appelle Marie et je dirige une agence à Lyon.", True),
        ("Bonjour Anne,\n\nJe lis votre blog.", False),
        ("Dag Anne,\n\nJe artikel over slakken heeft ons geholpen.", False),
        ("Dag Anne,\n\nIk las je artikel over slakken.", False),
        ("Dag Anne,\n\nWe lazen je artikel.", False),
        ("Buongiorno Anna,\n\nSono Maria e scrivo su un blog di giardini.", True),
        ("Buongiorno Anna,\n\nVi scrivo per il vostro sito.", False),
        ("Hola Ana,\n\nSoy María y leo su blog.", False),
        ("Hallo Anna,\n\nIch bin Maria und liebe Gärten; sie sind unser Thema.", True),
        ("Hallo Anna,\n\nIch las, was Sie schreiben.", False),
        ("Hej Anna,\n\nVi säljer jord.", True),
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
        assert body[spot.start : spot.end].startswith(("We", "I ", "Wir", "Je", "Sono", "Ich", "Vi"))


def test_one_thing_is_asked() -> None:
    assert not [one for one in findings("Beds?", "Is it? Shall I?") if "questions" in one.sentence]
    [found] = [one for one in findings("Beds", "Is it? Shall I?\nWhen? Who?") if "questions" in one.sentence]
    assert "4 questions" in found.sentence
    assert len(found.spots) == 4


@pytest.mark.parametrize(
    "body",
    [
        "https://a.example/?p=12 links to https://b.example/?page_id=3 and https://c.example/?q. Would it do?",
        "See https://a.example/? It is good.",
    ],
)
def test_what_stands_in_a_link_is_no_question(body: str) -> None:
    assert not [one for one in findings("Beds", body) if "questions" in one.sentence]


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        ("Is https://a.example/x.html good? Or https://b.example/x? Who ?", ["Is https://a.example/x.html good?"]),
        ("ご興味は？本当に？いつ？", ["ご興味は？", "本当に？", "いつ？"]),
        ("هل تقبلون؟ متى؟ كيف؟", ["هل تقبلون؟", "متى؟", "كيف؟"]),
    ],
)
def test_questions_of_any_script_are_marked_whole(body: str, asked: list[str]) -> None:
    [found] = [one for one in findings("Beds", body) if "3 questions" in one.sentence]
    assert marked(found, "Beds", body)[: len(asked)] == asked
