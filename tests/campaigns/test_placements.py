"""Placements: looked at over the web, kept with their evidence, and written about when they are gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from campaigns.analytics.comparing import Share
from campaigns.analytics.links import links_of
from campaigns.discovery.crawl import Polite
from campaigns.models import Attempt, Campaign, Lead, Placement, PlacementCheck
from campaigns.placements import checking, numbers, recording
from campaigns.placements.verdict import Outcome, Problem
from campaigns.placements.words import letter_about
from compliance.models import AuditEntry
from outreach_site.accounts.models import Membership, User
from outreach_site.desk.today import needs
from tests.campaigns.conftest import HTMX, Room
from tests.inbox.conftest import Correspondence, correspondence  # noqa: F401 - a fixture
from tests.internet import serving, way_to

NOW = timezone.now()
TARGET = "https://orchard.example/guide"
WORDS = "<p>" + "Slugs eat lettuce at night. " * 20 + "</p>"
THERE = f'{WORDS}<p>Read <a href="{TARGET}">the guide</a> first.</p>'
State = Placement.State


@pytest.fixture
def site() -> Iterator[Any]:
    """A site whose pages the test writes: path -> (status, HTML); what robots.txt says stands there too."""
    pages: dict[str, tuple[int, str]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = pages.get(self.path, (404, ""))
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args: object) -> None: ...

    with serving(Handler) as port:
        yield pages, Polite(pause=0, way=way_to({"http": port}))


def agreed(room: Room, **more: Any) -> Placement:
    values: dict[str, Any] = {"page_url": "http://brightgarden.com/slugs", "target_url": TARGET} | more
    placement = Placement(lead=room.leads[0], **values)
    recording.agree(placement, user=room.world.marketer, now=NOW)
    Placement.objects.update(asked_at=None, asked_by=None)
    return Placement.objects.get(pk=placement.pk)


def fresh(placement: Placement) -> Placement:
    return Placement.objects.select_related("lead").get(pk=placement.pk)


# --- Looking ----------------------------------------------------------------------------------------------------------


def test_a_link_that_is_seen_is_proof_that_the_lead_is_placed(room: Room, site: Any) -> None:
    pages, polite = site
    pages["/slugs"] = (200, THERE)
    [waiting] = room.queue(room.leads[0])
    placement = agreed(room)
    look = checking.check(placement, now=NOW, polite=polite)
    assert look is not None
    assert (look.outcome, look.status, look.anchor, look.href) == ("found", 200, "the guide", TARGET)
    assert "Read the guide first." in look.passage
    placement = fresh(placement)
    assert (placement.state, placement.first_seen_at, placement.last_seen_at) == (State.LIVE, NOW, NOW)
    assert placement.next_check_at == NOW + checking.EVERY
    assert placement.lead.status == Lead.Status.PLACED
    assert Attempt.objects.get(pk=waiting.pk).state == Attempt.State.CANCELLED
    said = AuditEntry.objects.get(event="lead.status_changed")
    assert said.details["proof"] == placement.subject


def test_a_hidden_link_is_no_proof(room: Room, site: Any) -> None:
    pages, polite = site
    pages["/slugs"] = (200, f'{WORDS}<p style="display:none"><a href="{TARGET}">x</a></p>')
    placement = agreed(room)
    checking.check(placement, now=NOW, polite=polite)
    placement = fresh(placement)
    assert (placement.state, placement.problems) == (State.CHANGED, [Problem.HIDDEN])
    assert placement.lead.status == Lead.Status.DISCOVERED


def test_who_asked_to_be_removed_stays_removed(room: Room, site: Any) -> None:
    pages, polite = site
    pages["/slugs"] = (200, THERE)
    Lead.objects.update(status=Lead.Status.UNSUBSCRIBED)
    placement = agreed(room)
    checking.check(placement, now=NOW, polite=polite)
    assert fresh(placement).lead.status == Lead.Status.UNSUBSCRIBED


def test_a_link_is_lost_after_a_second_look(room: Room, site: Any) -> None:
    pages, polite = site
    pages["/slugs"] = (200, THERE)
    placement = agreed(room)
    checking.check(placement, now=NOW, polite=polite)
    pages["/slugs"] = (200, WORDS)
    week = NOW + checking.EVERY
    assert checking.check_due(now=week, polite=polite) == 1
    doubted = fresh(placement)
    assert (doubted.state, doubted.is_doubted, doubted.next_check_at) == (
        State.LIVE, True, week + checking.SECOND_LOOK,
    )  # fmt: skip
    assert checking.check_due(now=week + timedelta(minutes=30), polite=polite) == 0
    later = week + checking.SECOND_LOOK
    assert checking.check_due(now=later, polite=polite) == 1
    lost = fresh(placement)
    assert (lost.state, lost.lost_at, lost.is_doubted) == (State.LOST, later, False)
    assert [look.outcome for look in lost.checks.all()] == ["gone", "gone", "found"]
    # And comes back.
    pages["/slugs"] = (200, THERE)
    checking.check_due(now=later + checking.EVERY, polite=polite)
    back = fresh(placement)
    assert (back.state, back.lost_at) == (State.LIVE, None)


def test_a_hiccup_between_two_good_looks_is_no_loss(room: Room, site: Any) -> None:
    pages, polite = site
    placement = agreed(room)
    now = NOW
    for body in (THERE, WORDS, THERE, WORDS):
        pages["/slugs"] = (200, body)
        checking.check(fresh(placement), now=now, polite=polite)
        now += checking.EVERY
    assert fresh(placement).state == State.LIVE


def test_what_a_person_asks_for_counts_at_once(room: Room, site: Any) -> None:
    pages, polite = site
    pages["/slugs"] = (200, THERE)
    placement = agreed(room)
    checking.check(placement, now=NOW, polite=polite)
    pages["/slugs"] = (404, "")
    checking.ask(placement, by=room.world.marketer, now=NOW)
    assert checking.check_due(now=NOW, polite=polite) == 1
    lost = fresh(placement)
    assert (lost.state, lost.asked_at) == (State.LOST, None)
    assert lost.checks.get(outcome="gone").by == room.world.marketer


def test_a_link_that_never_appeared_is_expected_not_lost(room: Room, site: Any) -> None:
    _, polite = site
    placement = agreed(room)
    checking.check(placement, now=NOW, polite=polite)
    assert (fresh(placement).state, fresh(placement).next_check_at) == (
        State.EXPECTED, NOW + checking.EXPECTED_EVERY,
    )  # fmt: skip


@pytest.mark.parametrize(
    "pages",
    [
        {"/slugs": (403, "")},
        {"/slugs": (503, "<title>Just a moment...</title>")},
        {"/slugs": (200, THERE), "/robots.txt": (200, "User-agent: *\nDisallow: /slugs")},
    ],
)
def test_a_closed_page_is_a_persons_to_look_at_and_never_lost(room: Room, site: Any, pages: Any) -> None:
    served, polite = site
    served["/slugs"] = (200, THERE)
    placement = agreed(room)
    checking.check(placement, now=NOW, polite=polite)
    served.update(pages)
    for week in (1, 2, 3):
        checking.check(fresh(placement), now=NOW + week * checking.EVERY, polite=polite)
    assert fresh(placement).state == State.REVIEW
    # A person's word stands for a while where no program may look.
    checking.confirm(fresh(placement), is_there=True, by=room.world.marketer, now=NOW)
    checking.check(fresh(placement), now=NOW + checking.EVERY, polite=polite)
    assert fresh(placement).state == State.LIVE
    checking.check(fresh(placement), now=NOW + checking.CONFIRMED_FOR, polite=polite)
    assert fresh(placement).state == State.REVIEW
    checking.confirm(fresh(placement), is_there=False, by=room.world.marketer, now=NOW)
    assert fresh(placement).state == State.LOST


def test_a_server_that_does_not_answer_changes_nothing(room: Room, site: Any) -> None:
    pages, polite = site
    pages["/slugs"] = (200, THERE)
    placement = agreed(room)
    checking.check(placement, now=NOW, polite=polite)
    pages["/slugs"] = (500, "")
    look = checking.check(fresh(placement), now=NOW, polite=polite)
    assert look is not None
    assert look.outcome == Outcome.AWAY
    assert (fresh(placement).state, fresh(placement).next_check_at) == (State.LIVE, NOW + checking.AFTER_SILENCE)


def test_a_site_that_cannot_be_reached_is_not_said_to_forbid_it(room: Room, site: Any) -> None:
    pages, polite = site
    pages["/robots.txt"] = (503, "")
    look = checking.check(agreed(room), now=NOW, polite=polite)
    assert look is not None
    assert (look.outcome, look.sentence) == (Outcome.AWAY, "brightgarden.com answers 503.")


@pytest.mark.parametrize("url", ["http://127.0.0.1/x", "http://2130706433/", "http://[::1]/", "http://10.0.0.7/"])
def test_an_address_inside_the_house_is_never_opened(room: Room, url: str) -> None:
    placement = agreed(room, page_url=url)
    look = checking.check(placement, now=NOW)
    assert look is not None
    assert look.outcome == Outcome.CLOSED
    assert fresh(placement).state == State.REVIEW


def test_two_workers_do_not_look_at_the_same_page(room: Room, site: Any) -> None:
    _, polite = site
    placement = agreed(room)
    Placement.objects.update(checking_until=NOW + timedelta(minutes=1))
    assert checking.check(placement, now=NOW, polite=polite) is None
    assert checking.check_due(now=NOW, polite=polite) == 0
    # One that died is taken over.
    assert checking.check_due(now=NOW + checking.LEASE, polite=polite) == 1


def test_one_page_of_a_host_at_a_time(room: Room, site: Any) -> None:
    _, polite = site
    agreed(room)
    agreed(room, page_url="http://brightgarden.com/other")
    assert [checking.check_due(now=NOW, polite=polite) for _ in range(3)] == [1, 1, 0]


def test_the_command_looks_at_what_is_due(room: Room, capsys: pytest.CaptureFixture[str]) -> None:
    placement = agreed(room, page_url="http://127.0.0.1/x")
    call_command("check_placements")
    assert "1 " in capsys.readouterr().out
    assert fresh(placement).checks.count() == 1


def test_a_paid_link_is_expected_to_say_so(room: Room, site: Any) -> None:
    pages, polite = site
    pages["/slugs"] = (200, THERE)
    placement = agreed(room)
    recording.quote(room.leads[0], "120", "eur")
    placement = fresh(placement)
    assert (placement.price, placement.currency) == (Decimal(120), "EUR")
    checking.check(placement, now=NOW, polite=polite)
    assert fresh(placement).problems == [Problem.NOT_SPONSORED]
    recording.quote(room.leads[0], "80", "USD")
    assert fresh(placement).price == Decimal(120)
    for nonsense in ("", "many", "-4", "0", "1e40", "NaN"):
        recording.quote(room.leads[0], nonsense, "EUR")
    assert Lead.objects.get(pk=room.leads[0].pk).quoted_price == Decimal(80)


def test_a_price_in_a_reply_marks_the_deal_as_paid(correspondence: Correspondence) -> None:  # noqa: F811 - the fixture
    placement = Placement.objects.create(
        lead=correspondence.lead, page_url="https://brightgarden.com/a", target_url=TARGET
    )
    correspondence.answer("Happy to publish it. We charge 150 EUR for a guest post.")
    assert correspondence.lead.quoted_price == Decimal(150)
    assert (fresh(placement).price, fresh(placement).currency, fresh(placement).expected_rel) == (
        Decimal(150), "EUR", Placement.Rel.SPONSORED,
    )  # fmt: skip


def test_survival_and_the_cost_of_what_stands(room: Room, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for number, (state, price, currency, seen) in enumerate(
        [
            (State.LIVE, 100, "EUR", True),
            (State.REVIEW, None, "", True),
            (State.LOST, 80, "EUR", True),
            (State.LOST, 50, "USD", True),
            (State.EXPECTED, 500, "EUR", False),
        ]
    ):
        placement = agreed(room, page_url=f"http://a.com/{number}", price=price, currency=currency)
        Placement.objects.filter(pk=placement.pk).update(state=state, first_seen_at=NOW if seen else None)
    with django_assert_num_queries(2):
        found = numbers.survival(Placement.objects.in_workspace(room.world.here), now=NOW)
    assert (found.appeared, found.standing, found.lost, found.expected, found.percent) == (4, 2, 2, 1, None)
    assert [(cost.currency, cost.paid, cost.per_standing) for cost in found.costs] == [
        ("EUR", Decimal(180), Decimal(180)),
        ("USD", Decimal(50), None),
    ]


@pytest.mark.parametrize(
    ("seen", "lost", "until", "stood", "of"),
    [
        (29, None, None, 0, 0),  # not old enough to tell
        (30, None, None, 1, 1),
        (40, 5, None, 1, 1),  # lost on the 35th day
        (40, 15, None, 0, 1),  # lost on the 25th
        (20, 15, None, 0, 0),  # lost, and still too young: it counts when the others of its age do
        (40, 15, 16, 0, 0),  # the agreed time was over before it went
        (40, 15, 14, 0, 1),  # it was not
        (40, 5, 20, 1, 1),  # stood thirty days, whatever was agreed
    ],
)
def test_standing_for_thirty_days(
    room: Room, seen: int, lost: int | None, until: int | None, stood: int, of: int
) -> None:
    def ago(days: int) -> Any:
        return NOW - timedelta(days=days)

    placement = agreed(room)
    Placement.objects.filter(pk=placement.pk).update(
        state=State.LOST if lost else State.LIVE,
        first_seen_at=ago(seen),
        lost_at=ago(lost) if lost else None,
        expires_on=ago(until).date() if until else None,
    )
    first = numbers.survival(Placement.objects.all(), now=NOW).ages[0]
    assert (first.days, first.share.part, first.share.whole) == (30, stood, of)


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [
        (0, 0, "no link is that old yet"),
        (9, 9, "too few for a share"),
        (0, 1, "too few for a share"),
        (10, 10, "100 % (between 72 and 100 %)"),  # Wilson's bounds, as tables have them
        (8, 10, "80 % (between 49 and 94 %)"),
    ],
)
def test_no_share_is_made_of_few_links(part: int, whole: int, words: str) -> None:
    assert numbers.Age(30, Share(part, whole)).words == words


def test_links_of_campaigns_are_counted_apart_and_together(
    room: Room, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    other = Campaign.objects.create(workspace=room.world.here, name="Autumn")
    there = Lead.objects.create(campaign=other, website_url="https://a.com/", domain="a.com")
    foreign = Campaign.objects.create(workspace=room.world.elsewhere, name="Theirs")
    theirs = Lead.objects.create(campaign=foreign, website_url="https://a.com/", domain="a.com")
    for number, (lead, state, price) in enumerate(
        [
            (room.leads[0], State.LIVE, 100),
            (room.leads[0], State.LOST, 80),
            (there, State.LOST, 50),
            (theirs, State.LIVE, 70),
        ]
    ):
        Placement.objects.create(
            lead=lead, page_url=f"http://a.com/{number}", target_url=TARGET, state=state, price=price, currency="EUR",
            first_seen_at=NOW - timedelta(days=100), lost_at=NOW if state == State.LOST else None,
        )  # fmt: skip
    names = {room.campaign.pk: room.campaign.name, other.pk: "Autumn"}
    with django_assert_num_queries(2):
        links = links_of(room.world.here, campaign=None, names=names, now=NOW)
    assert [(row.label, row.survival.appeared, row.paid, row.per_standing) for row in links.rows] == [
        (room.campaign.name, 2, "180.00 EUR", "180.00 EUR"),
        ("Autumn", 1, "50.00 EUR", "none stands"),
        ("All campaigns", 3, "230.00 EUR", "230.00 EUR"),
    ]
    assert [(age.days, age.share.part, age.share.whole) for age in links.total.ages] == [
        (30, 3, 3), (90, 3, 3), (180, 0, 0)
    ]  # fmt: skip
    with django_assert_num_queries(2):
        own = links_of(room.world.here, campaign=other, names={}, now=NOW)
    assert (own.total.appeared, own.total.lost, [row.label for row in own.rows]) == (1, 1, ["Autumn"])
    assert own.as_json()["costs"] == [{"currency": "EUR", "paid": "50.00", "per_standing": None}]
    assert "Autumn\t1\t0\t1\t50.00 EUR\tnone stands" in links.costs_as_text


def test_a_million_leads_are_not_read_for_a_few_links(room: Room) -> None:
    agreed(room)
    for campaign in (None, room.campaign):
        with CaptureQueriesContext(connection) as asked:
            links_of(room.world.here, campaign=campaign, names={}, now=NOW)
        assert len(asked) == 2
        # PostgreSQL knows how many rows there are.
        for query in asked.captured_queries if connection.vendor == "sqlite" else ():
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}".replace("%", "%%"))
                assert "campaigns_placement" in cursor.fetchall()[0][3]


def test_what_only_a_person_saw_is_not_said_to_be_followed(room: Room, site: Any) -> None:
    placement = agreed(room)
    assert placement.seen_rel == ""
    checking.confirm(placement, is_there=True, by=room.world.marketer, now=NOW)
    assert fresh(placement).seen_rel == ""
    assert "seen by a person" in client(room).get(url("placement_list")).text
    assert "of 1 that were seen" in client(room).get(url("placement_list")).text
    pages, polite = site
    pages["/slugs"] = (200, THERE)
    checking.check(placement, now=NOW, polite=polite)
    assert fresh(placement).seen_rel == "followed"


def test_the_letter_about_a_lost_link_is_friendly_and_whole(room: Room) -> None:
    placement = agreed(room)
    assert letter_about(placement) == ""
    placement.state = State.LOST
    text = letter_about(placement)
    assert text.startswith("Hi Hannah,\n\nthank you again")
    assert placement.page_url in text
    assert TARGET in text
    placement.state, placement.problems = State.CHANGED, [Problem.NOFOLLOW, Problem.ANCHOR]
    assert "nofollow and the words of the link have changed" in letter_about(placement)


# --- Pages ------------------------------------------------------------------------------------------------------------


def url(name: str, *args: object, slug: str = "orchard") -> str:
    return reverse(f"placements:{name}", args=[slug, *args])


def client(room: Room, user: User | None = None) -> Any:
    return room.client(user)


FORM = {"page_url": "brightgarden.com/slugs", "target_url": TARGET, "rel": "follow", "price": "", "currency": ""}


def test_the_list_shows_lost_ones_first_in_few_queries(
    room: Room, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    browser = client(room)
    empty = browser.get(url("placement_list"))
    assert "No link is agreed yet" in empty.text
    for number in range(60):
        agreed(room, page_url=f"http://a.com/{number}")
    Placement.objects.filter(page_url="http://a.com/7").update(state=State.LOST, first_seen_at=NOW)
    with django_assert_max_num_queries(14):
        page = browser.get(url("placement_list"))
    assert page.text.index("http://a.com/7") < page.text.index("http://a.com/59")
    second = browser.get(page.context["next_url"])
    both = [row.placement.page_url for row in [*page.context["rows"], *second.context["rows"]]]
    assert len(both) == len(set(both)) == 60
    lost = browser.get(url("placement_list") + "?state=lost")
    assert [row.placement.page_url for row in lost.context["rows"]] == ["http://a.com/7"]
    assert browser.get(url("placement_list") + "?state=x&after=9~~").status_code == 200


def test_a_link_is_written_down_for_the_lead_of_its_domain(room: Room) -> None:
    answer = client(room).post(url("placement_create"), FORM | {"price": "90", "currency": "eur"})
    placement = Placement.objects.get()
    assert answer.url == url("placement_detail", placement.pk)
    assert (placement.lead, placement.page_url) == (room.leads[0], "https://brightgarden.com/slugs")
    assert (placement.price, placement.currency, placement.created_by) == (Decimal(90), "EUR", room.world.marketer)
    assert placement.asked_at is not None
    assert AuditEntry.objects.get(event="placement.agreed").about == placement.subject
    again = client(room).post(url("placement_create"), FORM)
    assert again.status_code == 422
    assert "written down already" in again.text


def test_the_form_starts_from_what_is_known(room: Room) -> None:
    Lead.objects.filter(pk=room.leads[0].pk).update(quoted_price=120, quoted_currency="EUR")
    page = client(room).get(
        url("placement_create") + f"?lead={room.leads[0].pk}&page_url=https://brightgarden.com/new%3Fa=1"
    )
    assert page.context["form"]["price"].value() == Decimal(120)
    assert page.context["form"]["page_url"].value() == "https://brightgarden.com/new?a=1"
    assert client(room, room.world.owner).get(url("placement_create") + "?lead=999999").status_code == 404


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"page_url": "nowhere.org/x"}, "No campaign has nowhere.org"),
        ({"page_url": "javascript:alert(1)"}, "not an address on the web"),
        ({"page_url": "ftp://brightgarden.com/x"}, "not an address on the web"),
        ({"target_url": "http://user:pw@orchard.example/"}, "not an address on the web"),
        ({"page_url": "http://brightgarden.com:8080/"}, "usual ports"),
        ({"price": "5"}, "Of which currency"),
        ({"price": "-5", "currency": "EUR"}, "greater than or equal"),
        ({"price": "5", "currency": "E1"}, "three letters"),
        ({"agreed_on": "2026-02-01", "expires_on": "2026-01-01"}, "before the day"),
        ({"page_url": ""}, "required"),
    ],
)
def test_what_is_wrong_is_said_beside_what_was_typed(room: Room, change: dict[str, str], sentence: str) -> None:
    answer = client(room).post(url("placement_create"), FORM | change, headers=HTMX)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "<html" not in answer.text
    assert not Placement.objects.exists()


def test_editing_looks_again(room: Room) -> None:
    placement = agreed(room)
    Placement.objects.update(next_check_at=NOW + timedelta(days=7))
    answer = client(room).post(url("placement_edit", placement.pk), FORM | {"anchor": "best guide"})
    assert answer.url == url("placement_detail", placement.pk)
    assert fresh(placement).anchor == "best guide"
    assert fresh(placement).next_check_at < NOW + timedelta(hours=1)
    wrong = client(room).post(url("placement_edit", placement.pk), FORM | {"page_url": "not a page"})
    assert wrong.status_code == 422
    assert fresh(placement).page_url == "https://brightgarden.com/slugs"


def test_deleting_asks_first(room: Room) -> None:
    placement = agreed(room)
    assert "Delete this placement?" in client(room).get(url("placement_delete", placement.pk)).text
    assert Placement.objects.exists()
    assert client(room).post(url("placement_delete", placement.pk)).url == url("placement_list")
    assert not Placement.objects.exists()
    assert AuditEntry.objects.filter(event="placement.deleted").exists()


def test_the_page_shows_every_look_as_text(room: Room) -> None:
    placement = agreed(room)
    PlacementCheck.objects.create(
        placement=placement, at=NOW, outcome="found", problems=["nofollow"], passage="<script>alert(1)</script>",
        href="javascript:alert(1)", sentence="Seen", status=200,
    )  # fmt: skip
    page = client(room).get(url("placement_detail", placement.pk))
    assert "&lt;script&gt;" in page.text
    assert "<script>alert" not in page.text
    assert 'href="javascript:' not in page.text


ACTIONS = {"placement_check": {}, "placement_confirm": {"seen": "yes"}, "placement_note": {}, "placement_write": {}}


@pytest.mark.parametrize("name", ACTIONS)
def test_actions_redirect_without_script_and_are_closed_to_others(room: Room, name: str) -> None:
    placement = agreed(room)
    where = url(name, placement.pk)
    assert client(room).post(where, ACTIONS[name]).url == url("placement_detail", placement.pk)
    assert client(room).get(where).status_code == 405
    assert client(room, room.world.viewer).post(where, ACTIONS[name]).status_code == 403
    assert client(room, room.world.stranger).post(where, ACTIONS[name]).status_code == 404
    theirs = url(name, placement.pk, slug=room.world.elsewhere.slug)
    assert client(room, room.world.stranger).post(theirs, ACTIONS[name]).status_code == 404


def test_looking_now_is_asked_of_a_worker_and_shown_while_it_lasts(room: Room) -> None:
    placement = agreed(room)
    part = client(room).post(url("placement_check", placement.pk), headers=HTMX)
    assert 'hx-trigger="every 2s"' in part.text
    assert "<html" not in part.text
    assert fresh(placement).asked_by == room.world.marketer
    # A worker that never comes is not waited for without end.
    Placement.objects.update(asked_at=NOW - timedelta(minutes=5))
    page = client(room).get(url("placement_detail", placement.pk))
    assert "every 2s" not in page.text
    assert "No worker has come yet" in page.text


def test_a_person_says_what_they_saw(room: Room) -> None:
    placement = agreed(room)
    part = client(room).post(url("placement_confirm", placement.pk), {"seen": "yes"}, headers=HTMX)
    assert "saw it." in part.text
    assert (fresh(placement).state, fresh(placement).lead.status) == (State.LIVE, Lead.Status.PLACED)
    assert client(room).post(url("placement_confirm", placement.pk), {"seen": "perhaps"}).status_code == 400


def test_a_loss_stands_on_today_until_somebody_knows(room: Room) -> None:
    placement = agreed(room)
    Placement.objects.update(state=State.LOST, lost_at=NOW, first_seen_at=NOW)
    membership = Membership.objects.select_related("workspace", "user").get(user=room.world.marketer)

    def titles() -> list[str]:
        return [need.title for need in needs(membership, now=NOW)]

    assert any("the link is gone" in title for title in titles())
    part = client(room).post(url("placement_note", placement.pk), headers=HTMX)
    assert "Leave it" not in part.text
    assert not any("the link is gone" in title for title in titles())


def test_the_letter_is_begun_in_the_old_thread(correspondence: Correspondence) -> None:  # noqa: F811 - the fixture
    reply = correspondence.answer("Sounds good, please send it over.")
    placement = Placement.objects.create(
        lead=correspondence.lead, page_url="https://brightgarden.com/a", target_url=TARGET,
        state=State.LOST, first_seen_at=NOW, lost_at=NOW,
    )  # fmt: skip
    world = correspondence.box.world
    browser: Any = world.client(world.marketer)
    answer = browser.post(url("placement_write", placement.pk))
    assert answer.url == reverse("inbox:reply_detail", args=["orchard", reply.pk])
    draft = reply.drafts.get()
    assert (draft.user, draft.subject) == (world.marketer, "Re: An idea for Brightgarden")
    assert "could not find it" in draft.body
    assert fresh(placement).noted_at is not None
    # What somebody has begun is never written over.
    draft.body = "My own words"
    draft.save()
    browser.post(url("placement_write", placement.pk))
    assert reply.drafts.get().body == "My own words"


def test_a_link_whose_time_is_over_says_so(room: Room) -> None:
    placement = agreed(room, expires_on=date(2020, 1, 1))
    Placement.objects.update(state=State.LOST, first_seen_at=NOW, lost_at=NOW)
    assert "the time that was agreed had passed" in client(room).get(url("placement_detail", placement.pk)).text
