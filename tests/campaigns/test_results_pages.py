"""Results: the tab of a campaign, the page of all campaigns, their data, the report, and the numbers of the API."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from campaigns.analytics.results import Waits
from campaigns.models import Attempt, Campaign, Lead, Placement, RollupState, Step
from campaigns.progress import waiting_letters
from campaigns.tasks import count_numbers
from compliance.models import Kind
from inbox.models import Reply
from tests.campaigns.a_world_of_letters import Letters
from tests.campaigns.conftest import HTMX, Room
from tests.conftest import World

API = "/api/v1/backlink-outreach"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "under 1 min"),
        (0.9, "under 1 min"),
        (1, "1 min"),
        (89, "89 min"),
        (90, "2 h"),
        (2880, "2 days"),
    ],
)
def test_how_long_an_answer_took_in_words(minutes: float, words: str) -> None:
    assert Waits(count=1, median=minutes).words == words
    assert Waits(4, quarter=minutes, three_quarters=minutes).spread == f"half of them took {words}"
    assert Waits(4, quarter=minutes, three_quarters=7200).spread == f"half of them took {words} to 5 days"


@pytest.fixture
def sent(room: Room) -> Room:
    """Two letters and a follow-up have left; one person has answered twice, and a machine once."""
    now = timezone.now()
    for lead in room.leads[:2]:
        letter(room, lead, room.step, days=3)
    follow_up = Step.objects.create(
        campaign=room.campaign, position=2, letter_subject="Once more", letter_body="Hello?", wait_days=3
    )
    letter(room, room.leads[0], follow_up, days=1)
    world = Letters.begin(room.world.here, 1)
    for kind, tag in ((Reply.Kind.REPLY, "interested"), (Reply.Kind.REPLY, "replied"), (Reply.Kind.AUTO_REPLY, "")):
        reply = world.answer(room.leads[0], None, at=now - timedelta(hours=2))
        tag = tag or Reply.Classification.OUT_OF_OFFICE
        Reply.objects.filter(pk=reply.pk).update(kind=kind, classification=tag, campaign=room.campaign)
    Lead.objects.filter(pk=room.leads[0].pk).update(status=Lead.Status.PLACED)
    Lead.objects.filter(pk=room.leads[1].pk).update(status=Lead.Status.REPLIED)  # by hand: that is no reply
    return room


def letter(room: Room, lead: Lead, step: Step | None, *, days: int, variant: str = "", **more: Any) -> Attempt:
    assert lead.contact is not None
    return Attempt.objects.create(
        campaign=room.campaign,
        lead=lead,
        step=step,
        variant=variant,
        kind=Kind.FOLLOW_UP if step is not None and step.position > 1 else Kind.FIRST,
        mailbox=room.mailbox,
        recipient=lead.contact.email,
        recipient_key=lead.contact.email_key,
        recipient_domain=lead.domain,
        subject="S",
        body="B",
        **{"state": Attempt.State.SENT, "finished_at": timezone.now() - timedelta(days=days), **more},
    )


def read(room: Room, path: str, *, user: Any = None) -> Any:
    return room.client(user).get(f"{API}{path}", headers={"X-Workspace": room.world.here.slug})


# --- Pages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("counted", [False, True])
def test_a_campaign_shows_what_it_brought(sent: Room, counted: bool) -> None:
    if counted:
        count_numbers()
        count_numbers()
        assert RollupState.objects.get(workspace=sent.world.here).counted_at
    page = sent.get("campaign_results", sent.campaign.pk)
    html = page.content.decode()
    assert page.status_code == 200
    assert "1 of 2 people written to" in html
    assert "2 replies to them" in html
    assert 'aria-current="page">Results' in html
    assert "mara@orchard.example" in html
    assert "style=" not in html.split("<main")[1]
    total = page.context["results"].numbers.total
    assert (total.letters, total.people, total.people_answered, total.people_placed) == (3, 2, 1, 1)
    steps = page.context["results"].tables[0]
    # The first answer came after the follow-up, so it is the follow-up's.
    assert [(row.label, row.sums.letters, row.sums.answered) for row in steps.rows] == [
        ("First letter", 2, 0),
        ("Follow-up 1", 1, 1),
    ]


def test_the_period_is_a_partial(sent: Room) -> None:
    html = sent.get("campaign_results", sent.campaign.pk, query="?days=7", headers=HTMX).content.decode()
    assert html.lstrip().startswith('<div id="results"')
    assert "days=7" in html.split("Data as JSON")[0].split("Report")[1]
    assert sent.get("results", query="?days=all", headers=HTMX).status_code == 200
    # What is no period of ours is the usual one.
    assert sent.get("results", query="?days=9;DROP").context["results"].days == 30


def test_all_campaigns_stand_on_one_page(sent: Room) -> None:
    page = sent.get("results")
    tables = {table.name: table for table in page.context["results"].tables}
    assert [(row.label, row.sums.letters) for row in tables["campaign"].rows] == [("Spring", 3)]
    assert sent.get("campaign_list").content.decode().count(sent.url("results")) == 1


def test_nothing_yet_says_what_to_do(room: Room) -> None:
    for page in (room.get("campaign_results", room.campaign.pk), room.get("results")):
        assert "No letter has left yet" in page.content.decode()


def test_links_of_a_campaign_that_wrote_nothing_are_shown(room: Room) -> None:
    placement(room, room.leads[0])
    for page in (room.get("campaign_results", room.campaign.pk), room.get("results")):
        assert "How long links stand" in page.content.decode()


def test_the_data_of_the_page(sent: Room) -> None:
    data = sent.get("campaign_results_data", sent.campaign.pk, query="?days=7").json()
    assert data["totals"]["people_answered"] == 1
    assert data["period"]["days"] == 7
    assert len(data["daily"]) == 7
    assert data["charts"][0]["points"] == [
        {"label": "Discovered", "value": 3},
        {"label": "Written to", "value": 2},
        {"label": "Answered", "value": 1},
        {"label": "Placed", "value": 1},
    ]
    assert sent.get("results_data").json()["totals"]["letters"] == 3


def test_the_report_names_sites_and_no_person(sent: Room) -> None:
    html = sent.get("campaign_report", sent.campaign.pk).content.decode()
    assert "brightgarden.com" in html
    for private in ("hannah@", "Hannah", "balconyharvest.com", "mara@orchard.example"):
        assert private not in html
    Lead.objects.update(status=Lead.Status.CONTACTED)
    assert "No link is agreed yet." in sent.get("campaign_report", sent.campaign.pk).content.decode()


def placement(room: Room, lead: Lead, **more: Any) -> Placement:
    now = timezone.now()
    values = {"state": Placement.State.LIVE, "first_seen_at": now, "last_seen_at": now, "found_anchor": "our guide"}
    page = f"https://{lead.domain}/article"
    return Placement.objects.create(
        lead=lead, page_url=page, target_url="https://orchard.example/guide", **{**values, **more}
    )


def test_the_report_lists_links_as_they_were_seen(sent: Room) -> None:
    placement(sent, sent.leads[1], found_rel="sponsored", price="77.77", currency="EUR")
    lost = Placement.State.LOST
    placement(sent, sent.leads[2], state=lost, lost_at=timezone.now(), found_anchor="<script>alert(1)</script>")
    html = sent.get("campaign_report", sent.campaign.pk).content.decode()
    table = html.split("Links of this campaign")[1].split("</table>")[0]
    live, gone = table.split("<tbody>")[1].split("</tr>")[:2]
    for said in ("balconyharvest.com/article", "orchard.example/guide", "our guide", "sponsored", "Live"):
        assert said in live
    assert "Lost" in gone
    assert "<script>alert" not in html
    # What was paid is the team's own business.
    assert "77.77" not in html
    # Somebody said that this site links; nobody has looked.
    assert "not looked at by Linkletter: brightgarden.com" in html
    assert "too few for a share" not in html
    assert "no link is that old yet" in html


def test_links_stand_in_the_results_and_in_their_data(sent: Room) -> None:
    for page in (sent.get("campaign_results", sent.campaign.pk), sent.get("results")):
        assert "How long links stand" not in page.content.decode()
    seen = timezone.now() - timedelta(days=31)
    placement(sent, sent.leads[1], price=120, currency="EUR", first_seen_at=seen)
    for page in (sent.get("campaign_results", sent.campaign.pk), sent.get("results")):
        html = page.content.decode()
        assert "120.00 EUR" in html.split("What links cost")[-1]
        assert "too few for a share" in html
    links = {
        "seen": 1, "standing": 1, "lost": 0, "expected": 0,
        "survival": [
            {"days": 30, "seen_so_long_ago": 1, "stood": 1},
            {"days": 90, "seen_so_long_ago": 0, "stood": 0},
            {"days": 180, "seen_so_long_ago": 0, "stood": 0},
        ],
        "costs": [{"currency": "EUR", "paid": "120.00", "per_standing": "120.00"}],
    }  # fmt: skip
    assert read(sent, f"/campaigns/{sent.campaign.pk}/analytics").json()["links"] == links
    data = sent.get("results_data").json()["links"]
    assert [row["label"] for row in data["rows"]] == [sent.campaign.name, "All campaigns"]
    assert {name: data[name] for name in links} == links


def test_variants_are_compared(sent: Room) -> None:
    for n, variant in enumerate("ABAB"):
        letter(sent, sent.lead(f"v{n}.com", f"ed@v{n}.com"), sent.step, days=2, variant=variant)
    page = sent.get("campaign_results", sent.campaign.pk)
    [trial] = page.context["results"].trials
    assert [(row.label, row.sums.letters) for row in trial.rows] == [("A", 2), ("B", 2)]
    assert "Too early to tell" in page.content.decode()


def test_what_a_stranger_and_a_post_get(sent: Room) -> None:
    for name in ("campaign_results", "campaign_results_data", "campaign_report"):
        assert sent.client(sent.world.stranger).get(sent.url(name, sent.campaign.pk)).status_code == 404
        assert sent.post(name, sent.campaign.pk).status_code == 405
        assert sent.get(name, sent.campaign.pk, user=sent.world.viewer).status_code == 200
    for name in ("results", "results_data"):
        assert sent.client(sent.world.stranger).get(sent.url(name)).status_code == 404
        assert sent.post(name).status_code == 405


@pytest.mark.parametrize("name", ["campaign_results", "results", "campaign_report"])
def test_pages_cost_the_same_for_more(room: Room, name: str, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    world = Letters.begin(room.world.here, 3)
    world.campaigns = [room.campaign]
    world.steps[room.campaign.pk] = list(room.campaign.steps.all())
    world.write(6)
    url = room.url(name, None if name == "results" else room.campaign.pk)
    client = room.client()
    client.get(url)
    count_numbers()
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    assert len(few) <= 32
    world.write(12)
    for number, lead in enumerate(room.leads):
        placement(room, lead, price=number, currency="EUR")
    count_numbers()
    with django_assert_num_queries(len(few)):
        client.get(url)


def test_a_letter_remembers_its_template(room: Room) -> None:
    page = room.get("campaign_letters", room.campaign.pk, query=f"?template={room.template.pk}")
    assert f'name="template" value="{room.template.pk}"' in page.content.decode()
    text = {"letter_subject": "Hello, {name|there}", "letter_body": "Hello", "template": room.template.pk}
    room.post("letter_save", room.campaign.pk, text)
    [attempt] = room.queue(room.leads[0])
    assert Attempt.objects.get(pk=attempt.pk).template == room.template
    # A template of somewhere else does not exist.
    foreign = type(room.template).objects.create(workspace=room.world.elsewhere, name="x", subject="x", body="x")
    assert room.post("letter_save", room.campaign.pk, text | {"template": foreign.pk}).status_code == 404


# --- API --------------------------------------------------------------------------------------------------------------


def test_the_numbers_of_a_campaign_for_programs(sent: Room) -> None:
    letter(sent, sent.leads[1], None, days=1, state=Attempt.State.BLOCKED)
    said = read(sent, f"/campaigns/{sent.campaign.pk}/analytics?days=7").json()
    assert said["total_leads"] == 3
    assert said["leads_by_status"] == {
        "discovered": 1, "contacted": 0, "replied": 1, "placed": 1, "lost": 0, "bounced": 0, "unsubscribed": 0
    }  # fmt: skip
    assert (said["total_attempts"], said["total_sent"], said["total_replies"]) == (4, 3, 2)
    assert said["replies_by_classification"] == {
        "interested": 1, "replied": 1, "not_interested": 0, "out_of_office": 1, "bounce": 0, "complaint": 0
    }  # fmt: skip
    assert (said["response_rate"], said["raw_response_rate"], said["placement_rate"]) == (0.5, 0.6667, 0.5)
    today = sent.world.here.day_of(timezone.now())
    assert [date.fromisoformat(day["date"]) for day in said["daily_send_volume"]] == [
        today - timedelta(days=n) for n in range(6, -1, -1)
    ]
    assert sum(day["count"] for day in said["daily_send_volume"]) == 3
    assert said["window"]["people_written_to"] == 2
    assert read(sent, f"/campaigns/{sent.campaign.pk}/analytics?days=1").json()["window"]["sent"] == 0


def test_the_snapshot(sent: Room) -> None:
    said = read(sent, "/reporting/snapshot").json()
    assert said["total_campaigns"] == Campaign.objects.filter(workspace=sent.world.here).count()
    assert said | {"total_campaigns": 0} == {
        "total_campaigns": 0,
        "total_sends": 3,
        "total_replies": 2,
        "total_placements": 1,
        "overall_response_rate": 0.5,
        "overall_placement_rate": 0.5,
    }


def test_an_empty_workspace_has_numbers_too(world: World) -> None:
    campaign = Campaign.objects.create(workspace=world.here, name="New")
    client = world.client(world.viewer)
    said = client.get(f"{API}/campaigns/{campaign.pk}/analytics", headers={"X-Workspace": "orchard"}).json()
    assert (said["response_rate"], said["total_attempts"], len(said["daily_send_volume"])) == (0.0, 0, 30)


@pytest.mark.parametrize("days", ["0", "-1", "367", "x", "1e9"])
def test_days_have_bounds(sent: Room, days: str) -> None:
    assert read(sent, f"/campaigns/{sent.campaign.pk}/analytics?days={days}").status_code == 422


def test_another_workspaces_campaign_does_not_exist(sent: Room) -> None:
    client = sent.world.client(sent.world.stranger)
    path = f"{API}/campaigns/{sent.campaign.pk}/analytics"
    assert client.get(path, headers={"X-Workspace": "quarry"}).status_code == 404
    assert client.get(f"{API}/reporting/snapshot", headers={"X-Workspace": "quarry"}).json()["total_sends"] == 0
    assert sent.world.client().get(path).status_code == 401
    assert reverse("campaigns:results", args=["orchard"]).endswith("/campaigns/results/")


def test_what_waits_is_found_without_reading_what_was_sent(room: Room) -> None:
    room.queue(*room.leads[:2])
    with CaptureQueriesContext(connection) as captured:
        waiting = waiting_letters(room.world.here, [room.campaign.pk])
    assert waiting[room.campaign.pk].count == 2
    assert waiting[room.campaign.pk].next_due_at is not None
    [asked] = captured.captured_queries
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {asked['sql']}".replace("%", "%%"))
        plan = " ".join(row[-1] for row in cursor.fetchall())
    assert "campaign_id" not in plan
    assert "SCAN campaigns_attempt" not in plan
