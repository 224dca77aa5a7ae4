"""The workspace's own settings, a person's profile, new workspaces and leaving one."""

from __future__ import annotations

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from compliance.models import AuditEntry
from compliance.regions import Region, Treatment, treatment_of
from outreach_site.accounts.models import Membership, Role, User, Workspace
from tests.conftest import World

FORM = {
    "name": "Orchard",
    "time_zone": "Europe/Berlin",
    "daily_user_cap": "",
    "daily_domain_cap": "",
    "region_eu": "ask",
    "region_uk": "block",
    "region_ca": "ask",
    "region_au_nz": "allow",
    "region_us": "allow",
    "region_other": "ask",
}


def edit(world: World) -> str:
    return reverse("accounts:workspace_edit", args=[world.here.slug])


def test_regions_are_kept_as_the_rules_read_them(world: World) -> None:
    world.client(world.owner).post(edit(world), FORM)
    world.here.refresh_from_db()
    chosen = {region: treatment_of(region, world.here.regions) for region in Region}
    assert chosen[Region.UK] is Treatment.BLOCK
    assert chosen[Region.AU_NZ] is Treatment.ALLOW
    assert chosen[Region.OTHER] is Treatment.ASK
    assert set(world.here.regions) == {region.value for region in Region}


def test_the_form_shows_the_defaults_of_regions_that_were_never_chosen(world: World) -> None:
    form = world.client(world.owner).get(edit(world)).context["form"]
    assert {field.name: str(field.value()) for field in form.regions()} == {
        "region_eu": "ask",
        "region_uk": "ask",
        "region_ca": "ask",
        "region_au_nz": "ask",
        "region_us": "allow",
        "region_other": "allow",
    }


@pytest.mark.parametrize(("typed", "status"), [("20", 302), ("21", 422), ("0", 422), ("-3", 422), ("many", 422)])
def test_a_limit_is_bounded_by_the_servers(world: World, settings: Settings, typed: str, status: int) -> None:
    settings.DAILY_USER_CAP = 20
    assert world.client(world.owner).post(edit(world), FORM | {"daily_user_cap": typed}).status_code == status


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("america/new york", "America/New_York"),
        ("Tokyo", "Asia/Tokyo"),
        ("utc", "UTC"),
        ("Europe/Berlin", "Europe/Berlin"),
    ],
)
def test_a_time_zone_is_found_by_its_city(world: World, typed: str, zone: str) -> None:
    world.client(world.owner).post(edit(world), FORM | {"time_zone": typed})
    assert Workspace.objects.get(pk=world.here.pk).time_zone == zone


@pytest.mark.parametrize("typed", ["Atlantis", "../etc/passwd", "", "Europe/../Berlin"])
def test_what_is_no_time_zone_is_refused(world: World, typed: str) -> None:
    assert world.client(world.owner).post(edit(world), FORM | {"time_zone": typed}).status_code == 422


def test_a_change_is_recorded_with_old_and_new(world: World) -> None:
    browser = world.client(world.owner)
    browser.post(edit(world), FORM)
    browser.post(edit(world), FORM | {"daily_user_cap": "30"})
    entry = AuditEntry.objects.filter(event="workspace.changed").order_by("-pk")[0]
    assert entry.details == {"daily_user_cap": {"old": None, "new": 30}}
    count = AuditEntry.objects.count()
    browser.post(edit(world), FORM | {"daily_user_cap": "30"})
    assert AuditEntry.objects.count() == count, "the same again is no change"


def test_what_may_not_be_changed_here_is_not(world: World) -> None:
    world.client(world.owner).post(
        edit(world), FORM | {"slug": "stolen", "is_rehearsal": "on", "sending_stopped_at": "x"}
    )
    world.here.refresh_from_db()
    assert (world.here.slug, world.here.is_rehearsal) == ("orchard", False)


def test_a_viewer_is_not_led_where_the_door_is_closed(world: World) -> None:
    page = reverse("accounts:settings", args=[world.here.slug])
    assert edit(world) in world.client(world.owner).get(page).content.decode()
    assert edit(world) not in world.client(world.viewer).get(page).content.decode()


def test_the_settings_page_asks_a_fixed_number_of_times(
    world: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    browser = world.client(world.owner)
    page = reverse("accounts:settings", args=[world.here.slug])
    browser.get(page)
    with django_assert_max_num_queries(14):
        browser.get(page)


# --- A person's own pages -----------------------------------------------------------------------------------------


def test_a_profile_is_ones_own(world: World) -> None:
    browser = world.client(world.viewer)
    page = reverse("people:profile_edit")
    assert "Orchard" in browser.get(page).content.decode()
    assert browser.post(page, {"name": "Vera", "email": "x@y.example", "is_superuser": "on"}).status_code == 302
    world.viewer.refresh_from_db()
    assert (world.viewer.name, world.viewer.email, world.viewer.is_superuser) == (
        "Vera",
        "viewer@orchard.example",
        False,
    )
    answer = browser.post(page, {"name": ""}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert "<html" not in answer.content.decode()
    assert world.client().get(page).status_code == 302


def test_anybody_here_may_open_a_workspace_of_their_own(world: World) -> None:
    browser = world.client(world.viewer)
    page = reverse("people:workspace_create")
    assert browser.get(page).status_code == 200
    assert browser.post(page, {"name": "Plum", "time_zone": "Atlantis"}).status_code == 422
    answer = browser.post(page, {"name": "Plum", "time_zone": "UTC"}, headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == reverse("desk:home")
    membership = Membership.objects.get(workspace__name="Plum")
    assert (membership.user, membership.role) == (world.viewer, Role.OWNER)
    assert User.objects.get(pk=world.viewer.pk).last_workspace == membership.workspace
    assert world.client().get(page).status_code == 302


def test_one_may_leave(world: World) -> None:
    browser = world.client(world.viewer)
    page = reverse("people:workspace_leave", args=[world.here.slug])
    assert "Leave Orchard?" in browser.get(page, headers={"HX-Request": "true"}).content.decode()
    assert browser.post(page).status_code == 302
    assert not Membership.objects.filter(user=world.viewer).exists()
    assert AuditEntry.objects.get(event="team.left").user_id == world.viewer.pk
    assert browser.post(page).status_code == 404
    assert world.client(world.stranger).post(page).status_code == 404
    assert world.client().post(page).status_code == 302


def test_the_last_owner_may_not_leave(world: World) -> None:
    answer = world.client(world.owner).post(reverse("people:workspace_leave", args=[world.here.slug]))
    assert answer.status_code == 422
    assert "needs an owner" in answer.content.decode()
    assert Membership.objects.filter(user=world.owner).exists()


# --- Care -------------------------------------------------------------------------------------------------------------


def test_a_new_workspace_is_careful(world: World) -> None:
    world.client(world.owner).post(reverse("people:workspace_create"), {"name": "New", "time_zone": "UTC"})
    new = Workspace.objects.get(name="New")
    assert (new.cool_off_days, new.first_letters, new.look_at_regions) == (90, 10, [])


@pytest.mark.parametrize(
    ("days", "letters", "kept"),
    [("0", "0", (0, 0)), ("", "", (90, 10)), ("30", "3", (30, 3)), ("730", "1000", (730, 1000))],
)
def test_how_careful_is_the_owners_to_say(world: World, days: str, letters: str, kept: tuple[int, int]) -> None:
    form = FORM | {"cool_off_days": days, "first_letters": letters, "look_at_regions": ["EU", "CA"]}
    assert world.client(world.owner).post(edit(world), form).status_code == 302
    world.here.refresh_from_db()
    assert (world.here.cool_off_days, world.here.first_letters) == kept
    assert world.here.look_at_regions == ["EU", "CA"]
    told = AuditEntry.objects.get(event="workspace.changed").details
    assert told["look_at_regions"] == {"old": [], "new": ["EU", "CA"]}


@pytest.mark.parametrize("changes", [{"cool_off_days": "731"}, {"first_letters": "-1"}, {"look_at_regions": ["MARS"]}])
def test_what_is_no_care_is_refused(world: World, changes: dict[str, object]) -> None:
    assert world.client(world.owner).post(edit(world), FORM | changes).status_code == 422
