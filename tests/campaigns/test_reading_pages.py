"""Whom to write to, by a page: every address in every way in which sites write them, and none that is not there."""

from __future__ import annotations

import json
import time
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from campaigns.discovery import contacts, page, scoring, signals
from campaigns.discovery.contacts import How
from campaigns.discovery.signals import Kind

ONE = "editor@garden.org"


def found(html: str, url: str = "") -> list[str]:
    return sorted(each.email for each in contacts.find(page.read(html, url=url)))


WRITTEN = {
    How.MAILTO: (
        '<a href="mailto:editor@garden.org">write</a>',
        '<a href="MAILTO:editor@garden.org?subject=Hi&amp;body=x">write</a>',
        '<a href="mailto:Jo%20Roe%3Ceditor%40garden.org%3E">write</a>',
        '<a href="&#109;&#97;&#105;lto:editor&#64;garden.org">write</a>',
    ),
    How.PLAIN: (
        "<p>Write to editor@garden.org.</p>",
        "<p>Write to EDITOR@Garden.org, please</p>",
        "<p>&lt;editor@garden.org&gt;</p>",
        "<p>Write to <editor@garden.org>.</p>",
        "<p>editor&#64;garden&#46;org</p>",
        "<p>editor&amp;#64;garden.org</p>",
        "<p><b>editor</b>@<b>garden.org</b></p>",
        "<p>editor<!-- no -->@<!-- robots -->garden.org</p>",
        '<p>editor<span style="display: none">trap</span>@garden.org</p>',
        "<style>.no{display:none}</style><p>editor<i class='no'>x</i>@garden.org</p>",
        "<p>editor＠garden.org</p>",
        '<img alt="editor@garden.org" src="mail.png">',
    ),
    How.STRUCTURED: (
        '<script type="application/ld+json">{"@type":"Organization","email":"editor@garden.org"}</script>',
        (
            '<script type="application/ld+json">{"@graph":[{"publisher":{"email":["mailto:editor@garden'
            '.org"]}}]}</script>'
        ),
    ),
    How.OBFUSCATED: (
        "<p>editor [at] garden [dot] org</p>",
        "<p>editor(at)garden.org</p>",
        "<p>editor (ät) garden (punkt) org</p>",
        "<p>editor{arroba}garden{punto}org</p>",
        "<p>editor AT garden DOT org</p>",
        "<p>editor -at- garden -dot- org</p>",
        "<p>editor_at_garden_dot_org</p>",
        "<p>editor @ garden . org</p>",
        "<p>e d i t o r [at] g a r d e n [dot] o r g</p>",
        "<p>editorNOSPAM@garden.org</p>",
        '<a class="__cf_email__" data-cfemail="7e1b1a170a110c3e191f0c1a1b1050110c19">[email&#160;protected]</a>',
        '<a href="/cdn-cgi/l/email-protection#7e1b1a170a110c3e191f0c1a1b1050110c19">Mail us</a>',
        '<span style="unicode-bidi:bidi-override; direction: rtl">gro.nedrag@rotide</span>',
        "<style>.r{unicode-bidi:bidi-override;direction:rtl}</style><b class=r>gro.nedrag@rotide</b>",
        '<span data-user="editor" data-domain="garden.org"></span>',
        '<span data-name="editor" data-domain="garden" data-tld="org"></span>',
        '<a data-email="ZWRpdG9yQGdhcmRlbi5vcmc=">mail</a>',
        '<a data-enc-email="rqvgbe[at]tneqra.bet">mail</a>',
        "<script>document.write('<a href=\"mailto:' + 'editor' + '@' + 'garden.org' + '\">')</script>",
        '<script>var a = "editor", b = "garden.org"; el.textContent = a + "&#64;" + b;</script>',
        '<script>const m = ["editor", "garden.org"].join("@");</script>',
        '<script>const o = {user: "editor", host: "garden.org"}; go(`mailto:` + o.user + "@" + o.host)</script>',
        '<script>x = "gro.nedrag@rotide".split("").reverse().join("")</script>',
        "<script>x = String.fromCharCode(101,100,105,116,111,114,64,103,97,114,100,101,110,46,111,114,103)</script>",
        '<script>x = unescape("%65ditor%40garden.org")</script>',
        '<script>x = atob("ZWRpdG9yQGdhcmRlbi5vcmc=")</script>',
        '<script>x = "editor#garden.org".replace("#", "@")</script>',
        '<script>x = "\\x65ditor\\u0040garden.org"</script>',
        "<a href=\"javascript:linkTo_UnCryptMailto('nbjmup+fejupsAhbsefo/psh')\">mail</a>",
        "<a href='#' onclick=\"location = 'mai' + 'lto:' + 'editor' + '@' + 'garden.org'\">mail</a>",
        (
            "<script>var prefix='&#109;a'+'i&#108;'+'&#116;o';var "
            "addy7='editor'+'&#64;';addy7=addy7+'garden'+'&#46;'+'org';document.write('<a "
            "'+prefix+':'+addy7+'>')</script>"
        ),
    ),
}


@pytest.mark.parametrize(("html", "how"), [(html, how) for how, pages in WRITTEN.items() for html in pages])
def test_ways_of_writing_an_address(html: str, how: How) -> None:
    [each] = contacts.find(page.read(f"<h1>Contact</h1>{html}<p>We are open from nine to five.</p>"))
    assert (each.email, each.how) == (ONE, how)
    assert each.passage


@pytest.mark.parametrize(
    "html",
    [
        "<p>No address here.</p>",
        '<img src="logo@2x.png" alt="logo@2x.png">',
        "<p>npm install react@18.2.0 and lodash@4.17.21</p>",
        '<input placeholder="you@garden.org">',
        "<label>Email, e.g. you@yourdomain.com or user@domain.com</label>",
        '<script>window.cfg = {"dsn": "https://abc123@o1.ingest.sentry.io/1", "author": "jane@library.dev"}</script>',
        '<script src="https://x.org/a@1.2.js"></script>',
        "<p>Follow @garden.org, or see https://user:pass@garden.org/x</p>",
        '<a href="mailto:?subject=Look&amp;body=https://garden.org">Share</a>',
        "<p>Find us at garden dot org. Meet at noon, dot.</p>",
        "<p>3 at $5 each. Dot com boom at its best dot net profit</p>",
        '<p style="display:none">hidden@garden.org</p>',
        "<template>inside@garden.org</template>",
        "<p>noreply@garden.org</p>",
        "<p>someone@localhost, x@y, @, a@b.c, name@example.invalid1</p>",
    ],
)
def test_nothing_is_made_up(html: str) -> None:
    assert found(html) == []


TEAM = """
<html lang="en"><head><title>Write for us | Bright Garden</title>
<meta name="description" content="Balcony gardening for beginners"></head><body>
<nav><a href="/blog/">Blog</a> <a href="https://other.org/">A friend</a></nav>
<h1>Write for us</h1>
<p>We welcome guest posts about balcony gardening. Send your pitch to the editor.
Articles should be at least 1,200 words.</p>
<h2>Jane Doe, Managing Editor</h2>
<p>Pitches: <a href="mailto:jane@brightgarden.org">jane@brightgarden.org</a></p>
<p>Advertising: ads@agency.example.net</p>
<p>General questions: info@brightgarden.org</p>
<p>noreply@brightgarden.org</p>
<p>Bright Garden GmbH, Lindenweg 3, 10115 Berlin, Germany. USt-IdNr.: DE 123 456 789. Tel.: +49 30 1234567</p>
<time datetime="2026-10-20">October</time>
</body></html>
"""


def test_who_is_written_to_first() -> None:
    everybody = contacts.find(page.read(TEAM, url="https://brightgarden.org/write-for-us"))
    assert [each.email for each in everybody] == [
        "jane@brightgarden.org",
        "info@brightgarden.org",
        "ads@agency.example.net",
    ]
    jane = everybody[0]
    assert (jane.name, jane.role, jane.passage) == ("Jane Doe", "Managing Editor", "Pitches: jane@brightgarden.org")
    assert jane.url == "https://brightgarden.org/write-for-us"
    assert everybody[1].name == ""


def test_a_name_is_told_only_where_it_stands() -> None:
    html = "<p>Tom Roe and Ann Lee run this site.</p><p>ann.lee@garden.org</p><p>office2@garden.org</p>"
    people = {each.email: each.name for each in contacts.find(page.read(html))}
    assert people == {"ann.lee@garden.org": "Ann Lee", "office2@garden.org": ""}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("We do not accept guest posts.", Kind.REFUSAL),
        ("Please note that we no longer accept sponsored content or link requests.", Kind.REFUSAL),
        ("No unsolicited email, please.", Kind.REFUSAL),
        ("Guest posts are currently closed.", Kind.REFUSAL),
        ("Wir veröffentlichen keine Gastartikel.", Kind.REFUSAL),
        ("Nous n'acceptons pas d'articles invités.", Kind.REFUSAL),
        ("Non accettiamo guest post.", Kind.REFUSAL),
        ("We welcome contributions from gardeners.", Kind.INVITATION),
        ("Become a contributor today", Kind.INVITATION),
        ("Send us your pitch and we will answer.", Kind.INVITATION),
        ("Gastautor werden", Kind.INVITATION),
        ("Escribe para nosotros", Kind.INVITATION),
        ("Read our submission guidelines first.", Kind.GUIDELINES),
        ("This is a guest post by Ann Lee.", Kind.GUEST_POSTS),
        ("Guest post price: $150", Kind.SELLS_LINKS),
        ("Buy high quality backlinks here", Kind.SELLS_LINKS),
    ],
)
def test_what_a_page_says(text: str, kind: Kind) -> None:
    [signal] = signals.find(page.read(f"<p>Hello. {text}</p>"))
    assert signal.kind is kind
    assert signal.quote.rstrip(".") == text.rstrip(".")


@pytest.mark.parametrize(
    "text",
    [
        "We accept Visa and Mastercard.",
        "Guests are welcome to post a comment.",
        "Contributions to the pension fund rose.",
        "Our editor likes guidelines for cyclists.",
        "Buy a link of sausages for $5.",
    ],
)
def test_what_a_page_does_not_say(text: str) -> None:
    assert signals.find(page.read(f"<p>{text}</p>")) == []


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("USt-IdNr. DE123456789", "DE"),
        ("VAT: GB 123 4567 89", "GB"),
        ("P.IVA IT 12345678901", "IT"),
        ("Angaben gemäß § 5 DDG", "DE"),
        ("Registered in England and Wales", "GB"),
        ("12 High Street, London SW1A 1AA, United Kingdom", "GB"),
        ("Phone: +33 1 23 45 67 89", "FR"),
        ("Tel. (+351) 21 123 4567", "PT"),
    ],
)
def test_countries(text: str, country: str) -> None:
    assert {each.country for each in signals.find(page.read(f"<p>{text}</p>"))} == {country}


def test_scores_and_their_reasons() -> None:
    read = page.read(
        TEAM + "<p>" + "Soil and water for your plants. " * 150 + "</p>", url="https://brightgarden.org/write-for-us"
    )
    says, people = signals.find(read), contacts.find(read)
    good = scoring.score(read, signals=says, contacts=people, keyword="balcony gardening", today=date(2026, 11, 26))
    assert good.badges == ("high quality", "high confidence")
    assert good.likelihood.reasons[0].sentence == "They ask for contributions."
    farm = page.read(
        "<title>Links</title>"
        + "".join(f'<a href="https://site{n}.com">casino bonus {n}</a> ' for n in range(60))
        + "<p>Buy dofollow links. No guest posts.</p>",
        url="https://farm.example.com/",
    )
    bad = scoring.score(farm, signals=signals.find(farm), contacts=[], keyword="balcony", today=date(2026, 11, 26))
    assert (bad.relevance.value, bad.quality.value, bad.likelihood.value) == (0.0, 0.0, 0.0)
    assert bad.badges == ()
    assert all(0 <= score.value <= 1 for score in (good.relevance, good.quality, good.likelihood))


@pytest.mark.parametrize(
    "html",
    [
        "", "\0", "<", "<p", "a@" * 300_000,
        "<div>" * 100_000, "(at)" * 200_000, "x at " * 200_000, "a." * 400_000 + "@",
        "<script>" + '"a"+' * 30_000 + "</script>", "<script>at" + "(" * 30_000 + "</script>",
        "<script>x='@" + "\\" * 9_999 + "</script>", "<style>" + ".a{" * 50_000 + "</style>",
        '<script type="application/ld+json">' + "[" * 50_000 + "</script>", "<p " + "x='1' " * 50_000 + ">",
        '<a href="mailto:' + "a," * 100_000 + '">x</a>', "<a href='http://[x'>x</a>",
        "we do not " * 100_000, "&#" * 300_000,
    ],
)  # fmt: skip
def test_hostile_pages_end(html: str) -> None:
    started = time.process_time()
    read = page.read(html, url="https://garden.org/")
    contacts.find(read)
    signals.find(read)
    scoring.score(read, signals=[], contacts=[], keyword="x", today=date(2026, 1, 1))
    # Not how fast it is, but that it is no matter of minutes: what grows with the square takes far longer.
    assert time.process_time() - started < 30


def rows(*args: str, **options: object) -> list[dict[str, object]]:
    out = StringIO()
    call_command("read_page", *args, stdout=out, **options)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_the_command(tmp_path: Path) -> None:
    saved, lines = tmp_path / "team.html", tmp_path / "pages.jsonl"
    saved.write_text(TEAM)
    lines.write_text(json.dumps({"id": 1, "html": "x [at] garden.org"}) + '\nnonsense\n{"id": 3}\n')
    team, one, bad, incomplete = rows(str(saved), url="https://brightgarden.org/", jsonl=lines, keyword="gardening")
    assert team["emails"][0]["email"] == "jane@brightgarden.org"  # type: ignore[index]
    assert team["names"] == ["Jane Doe"]
    assert {each["kind"] for each in team["signals"]} >= {"invitation", "guidelines", "blog", "country"}  # type: ignore[attr-defined]
    assert team["scores"]["relevance"]["value"] > 0  # type: ignore[index]
    assert one["emails"][0]["how"] == "obfuscated"  # type: ignore[index]
    assert bad["error"]
    assert incomplete["error"]


def test_the_command_opens_nothing_private() -> None:
    [row] = rows("http://127.0.0.1:8000/")
    assert row["error"] == "Only the usual ports of the web are opened, and 127.0.0.1:8000 is none."
    [row] = rows("http://127.0.0.1/")
    assert "this machine itself" in str(row["error"])


def test_the_command_needs_something_to_read(tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        rows()
    with pytest.raises(CommandError):
        rows(jsonl=tmp_path / "missing.jsonl")
    [row] = rows(str(tmp_path / "missing.html"))
    assert "FileNotFoundError" in str(row["error"])
