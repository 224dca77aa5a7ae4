"""Adding leads: what makes two sites the same, what a pasted line means, and what the database holds afterwards."""

from __future__ import annotations

import random
import re
from contextlib import suppress

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from campaigns import leads
from campaigns.leads import (
    Added,
    AlreadyThere,
    NewLead,
    NotASiteError,
    Site,
    add_lead,
    add_many,
    read_page_address,
    read_paste,
    read_site,
    set_contact,
    site_key,
)
from campaigns.models import Contact, Lead
from compliance.addresses import InvalidAddressError
from tests.campaigns.conftest import Room


@pytest.mark.parametrize(
    "spelling",
    [
        "example.org",
        "EXAMPLE.org/",
        "http://example.org",
        "https://www.example.org/",
        "//example.org",
        "https://example.org:443/#top",
        "http://example.org:80/?utm_source=x&fbclid=1&gclid=2&ref=y",
        "https://example.org./index.html",
        "<https://example.org>,",
    ],
)
def test_one_site_in_many_spellings(spelling: str) -> None:
    assert site_key(spelling) == "example.org"


@pytest.mark.parametrize(
    ("text", "url", "key", "domain"),
    [
        ("blog.example.co.uk/a/", "https://blog.example.co.uk/a/", "blog.example.co.uk/a", "example.co.uk"),
        ("Bücher.de", "https://xn--bcher-kva.de/", "xn--bcher-kva.de", "xn--bcher-kva.de"),
        ("https://example.org/?b=2&a=1", "https://example.org/?a=1&b=2", "example.org?a=1&b=2", "example.org"),
        ("http://example.org:8080/x", "http://example.org:8080/x", "example.org:8080/x", "example.org"),
        (
            "example.org/%7Ejo/Über uns".replace(" ", "%20"),
            "https://example.org/~jo/%C3%9Cber%20uns",
            "example.org/~jo/%C3%9Cber%20uns",
            "example.org",
        ),
        ("brightgarden.test", "https://brightgarden.test/", "brightgarden.test", "brightgarden.test"),
    ],
)
def test_sites(text: str, url: str, key: str, domain: str) -> None:
    site = read_site(text)
    assert (site.url, site.key, site.domain) == (url, key, domain)


@pytest.mark.parametrize(
    "text",
    ["", "  ", "nonsense", "two words.com", "ftp://example.org", "javascript://example.org", "http://me:pw@example.org",
     "127.0.0.1", "http://[::1]/", "localhost", "https://", "a" * 600 + ".com", "http://example.org:99999",
     "ex\x00ample.org", "exa_mple.org", "-.org", "."],
)  # fmt: skip
def test_what_is_no_site_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(NotASiteError, match=r"\w+ .*\.$"):
        read_site(text)


@given(st.text(max_size=60))
def test_any_text_is_a_site_or_a_sentence(text: str) -> None:
    with suppress(NotASiteError):
        site = read_site(text)
        assert len(site.url) <= 500
        assert site_key(site.url) == site.key


def test_a_page_keeps_its_exact_address() -> None:
    assert read_page_address("https://example.org/contact?tab=1#people") == "https://example.org/contact?tab=1#people"
    assert read_page_address("example.org/contact") == "https://example.org/contact"
    with pytest.raises(NotASiteError):
        read_page_address("javascript:alert(1)")


@pytest.mark.parametrize(
    ("line", "site", "email", "name", "title"),
    [
        ("a.com, ed@a.com, Eve Doe, The A Blog", "a.com", "ed@a.com", "Eve Doe", "The A Blog"),
        ("Eve Doe; https://a.com/blog; ed@a.com", "https://a.com/blog", "ed@a.com", "Eve Doe", ""),
        (
            "bright garden\tbrightgarden.com\ted@brightgarden.com",
            "brightgarden.com",
            "ed@brightgarden.com",
            "",
            "bright garden",
        ),
        ("Eve Doe <ed@a.com>", "a.com", "ed@a.com", "Eve Doe", ""),
        ('"Doe, Eve", ed@a.com', "a.com", "ed@a.com", "Doe, Eve", ""),
        ("a.com ed@a.com Eve Doe", "a.com", "ed@a.com", "Eve Doe", ""),
        ("ed@a.com", "a.com", "ed@a.com", "", ""),
        ("mailto:ed@a.com, a.com", "a.com", "ed@a.com", "", ""),
        ("a.com", "a.com", "", "", ""),
        ("a.com, My Garden", "a.com", "", "", "My Garden"),
        ("a.com,,,", "a.com", "", "", ""),
    ],
)
def test_a_pasted_line(line: str, site: str, email: str, name: str, title: str) -> None:
    [row] = read_paste(line).rows
    assert (row.website_url, row.contact_email, row.contact_name, row.website_title) == (site, email, name, title)


def test_bad_lines_are_told_by_their_number_and_good_ones_kept() -> None:
    paste = read_paste(
        "a.com\n\nnonsense\nlone@gmail.com\nb.com, not@an@address\nwww.a.com/\nc.com, x, y, z, w@c.com\r\nd.com"
    )
    assert [row.website_url for row in paste.rows] == ["a.com", "d.com"]
    assert [error.line for error in paste.errors] == [3, 4, 5, 6, 7]
    assert [error.sentence for error in paste.errors][:2] == [
        "There is no site in this line.",
        "Which site is this? lone@gmail.com is an address at a mail provider.",
    ]
    assert paste.errors[3].sentence == "The same site as in line 1."


def test_a_heading_line_names_the_columns() -> None:
    paste = read_paste(
        "Title;E-Mail;Website;Name;Favourite article;Topic\nA Blog;ed@a.com;a.com;Eve;On slugs;moss\n;;;;;\n"
    )
    [row] = paste.rows
    assert row == NewLead(
        website_url="a.com",
        contact_email="ed@a.com",
        contact_name="Eve",
        website_title="A Blog",
        topic="moss",
        custom_fields={"favourite_article": "On slugs"},
        line=2,
    )
    assert [error.line for error in paste.errors] == [3]


def test_too_much_for_one_paste_is_said() -> None:
    paste = read_paste("\n".join(f"site{number}.com" for number in range(5_003)))
    assert len(paste.rows) == 5_000
    assert paste.errors[0].line == 5_001
    assert read_paste("x" * 2_000_001).rows == []


@given(st.text(max_size=200))
def test_anything_can_be_pasted(text: str) -> None:
    paste = read_paste(text)
    for row in paste.rows:
        assert site_key(row.website_url)


def test_a_lead_by_hand(room: Room) -> None:
    now = timezone.now()
    new = NewLead(
        website_url="http://WWW.Moss.example/blog/",
        contact_email=" Ed@Moss.example ",
        contact_name="Ed Fern",
        found_url="https://moss.example/contact",
        custom_fields={"Best page": "Lawns"},
    )
    answer = add_lead(room.campaign, new, source=Lead.Source.MANUAL, now=now)
    assert isinstance(answer, Added)
    lead = Lead.objects.select_related("contact").get(pk=answer.lead.pk)
    assert (lead.website_url, lead.site_key, lead.domain) == (
        "http://www.moss.example/blog/",
        "moss.example/blog",
        "moss.example",
    )
    assert lead.contact is not None
    assert (lead.contact.email, lead.contact.email_key) == ("Ed@Moss.example", "ed@moss.example")
    assert (lead.contact.found_url, lead.contact.found_at, lead.custom_fields) == (
        "https://moss.example/contact",
        now,
        {"best_page": "Lawns"},
    )


def test_the_same_site_is_there_already(room: Room) -> None:
    answer = add_lead(
        room.campaign,
        NewLead(website_url="https://www.brightgarden.com/#x"),
        source=Lead.Source.MANUAL,
        now=timezone.now(),
    )
    assert answer == AlreadyThere(room.leads[0])
    assert Lead.objects.count() == 3


def test_a_bad_address_adds_nothing(room: Room) -> None:
    with pytest.raises(InvalidAddressError):
        add_lead(
            room.campaign,
            NewLead(website_url="moss.example", contact_email="ed@"),
            source=Lead.Source.MANUAL,
            now=timezone.now(),
        )
    assert not Lead.objects.filter(site_key="moss.example").exists()


def test_many_at_once(room: Room) -> None:
    rows = [
        NewLead(website_url="moss.example", contact_email="ed@moss.example", contact_name="Ed", line=1),
        NewLead(website_url="brightgarden.com", line=2),
        NewLead(website_url="nonsense", line=3),
        NewLead(website_url="lawn.example", contact_email="ed@@lawn", line=4),
        NewLead(website_url="www.moss.example", line=5),
        NewLead(website_url="pond.example", line=6),
    ]
    outcome = add_many(room.campaign, rows, source=Lead.Source.PASTE, now=timezone.now())
    assert outcome.added == 2
    assert [new.line for new in outcome.already_there] == [2, 5]
    assert [error.line for error in outcome.failed] == [3, 4]
    moss = Lead.objects.of(room.campaign).get(site_key="moss.example")
    assert moss.contact is not None
    assert moss.contact.name == "Ed"
    assert Lead.objects.get(site_key="pond.example").contact is None


def test_many_cost_as_many_queries_as_few(room: Room) -> None:
    def cost(prefix: str, count: int) -> int:
        rows = [NewLead(website_url=f"{prefix}{n}.com", contact_email=f"ed@{prefix}{n}.com") for n in range(count)]
        with CaptureQueriesContext(connection) as queries:
            assert add_many(room.campaign, rows, source=Lead.Source.PASTE, now=timezone.now()).added == count
        return len(queries)

    assert cost("many", 40) == cost("few", 2)


def test_another_contact_and_back(room: Room) -> None:
    lead, now = room.leads[0], timezone.now()
    first = lead.contact

    def contact(email: str, name: str = "") -> None:
        set_contact(lead, email=email, name=name, role="", found_url="", found_passage="", now=now)

    contact("other@brightgarden.com", "Otto")
    assert lead.contact != first
    contact("HANNAH@brightgarden.com", "Hannah L.")
    lead.refresh_from_db()
    assert lead.contact == first
    assert Contact.objects.get(lead=lead, email_key="hannah@brightgarden.com").name == "Hannah L."
    contact("")
    lead.refresh_from_db()
    assert lead.contact is None
    assert lead.contacts.count() == 2


def test_the_quick_reading_says_what_the_thorough_one_says(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(3)
    parts = [
        "a.com", "www.A.com", "http://", "HTTPS://", "x-y.co.uk", "/", "/index.html", "/a/b/", "/a_b~c.d", "..",
        "-a.com", "a-.com", "a.c", "münchen.de", "/?q=1", ":80", "#x", "1.2.3.4", "a.123", "xn--a.com", "www.",
        "localhost", "A.ORG.",
    ]  # fmt: skip
    texts = ["".join(chance.choices(parts, k=chance.randint(1, 4))) for _ in range(3_000)]

    def read(text: str) -> Site | str:
        try:
            return read_site.__wrapped__(text)
        except NotASiteError as err:
            return str(err)

    quick = [read(text) for text in texts]
    for name in ("_PLAIN_URL", "_PLAIN_HOST"):
        monkeypatch.setattr(leads, name, re.compile("(?!)"))
    assert [read(text) for text in texts] == quick
    assert sum(isinstance(each, Site) for each in quick) > 300


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("moss.example/contact.", "https://moss.example/contact"),
        ("<Moss.example/contact>", "https://moss.example/contact"),
        ("moss.example", "https://moss.example/"),
        (" HTTP://Moss.example/Contact. ", "HTTP://Moss.example/Contact."),
        ("https://moss.example/contact?of=ed#top", "https://moss.example/contact?of=ed#top"),
    ],
)
def test_the_address_of_a_page_stays_as_it_was_given(given: str, kept: str) -> None:
    assert read_page_address(given) == kept
