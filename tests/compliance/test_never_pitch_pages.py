"""The pages of the never-pitch list: who may, what is shown, and each action in five ways."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from compliance import never_pitch
from compliance.forms import read_sites
from compliance.models import AuditEntry, NeverPitch
from outreach_site.accounts.models import User
from tests.conftest import World

HTMX = {"HX-Request": "true"}


def url(world: World, name: str, *args: int) -> str:
    return reverse(f"compliance:{name}", args=[world.here.slug, *args])


def listed(world: World, domain: str = "client.com", note: str = "") -> NeverPitch:
    now = timezone.now()
    kept = never_pitch.add(world.here, [domain], why=NeverPitch.Why.CLIENT, note=note, user=world.marketer, now=now)
    return kept.new[0]


def add(world: World, lines: str, *, user: User | None = None, htmx: bool = False) -> Any:
    return world.client(user or world.marketer).post(
        url(world, "never_pitch_add"),
        {"lines": lines, "why": "competitor", "note": "Rivals"},
        headers=HTMX if htmx else {},
    )


def test_the_list_says_whose_and_who_added_it(world: World) -> None:
    listed(world, note="<b>Since May</b>")
    never_pitch.add(world.elsewhere, ["theirs.com"], why=NeverPitch.Why.OWN, user=None, now=timezone.now())
    page = world.client(world.viewer).get(url(world, "never_pitch_list")).content.decode()
    for shown in ("client.com", "A client&#x27;s site", "Marketer", "&lt;b&gt;Since May"):
        assert shown in page
    assert "theirs.com" not in page
    assert "Remove" not in page
    assert url(world, "never_pitch_add") not in page
    assert "Remove" in world.client(world.officer).get(url(world, "never_pitch_list")).content.decode()
    found = world.client(world.viewer).get(url(world, "never_pitch_list") + "?q=cli", headers=HTMX).content.decode()
    assert found.lstrip().startswith('<div id="never-pitch-rows"')
    assert "client.com" in found
    nothing = world.client(world.viewer).get(url(world, "never_pitch_list") + "?q=zzz").content.decode()
    assert "No site on the list begins like this" in nothing


@pytest.mark.parametrize("htmx", [False, True])
def test_many_are_added_at_once(world: World, htmx: bool) -> None:
    response = add(world, "https://www.Rival.com/blog?x=1\nrival.org, ed@third.com\n\n", htmx=htmx)
    assert response.status_code in {200, 204, 302}
    assert set(NeverPitch.objects.values_list("domain", "why", "note")) == {
        ("rival.com", "competitor", "Rivals"),
        ("rival.org", "competitor", "Rivals"),
        ("third.com", "competitor", "Rivals"),
    }
    assert AuditEntry.objects.filter(event="never_pitch.added", user_id=world.marketer.pk).count() == 3


def test_what_cannot_be_read_stays_in_the_field(world: World) -> None:
    response = add(world, "rival.com\nnot a site\ngmail.com\n@@")
    assert response.status_code == 422
    page = response.content.decode()
    assert "3 lines could not be read" in page
    assert "“@@” is neither an email address nor a domain." in page
    assert "not a site\ngmail.com\n@@</textarea>" in page
    assert NeverPitch.objects.get().domain == "rival.com"
    assert add(world, "").status_code == 422


@pytest.mark.parametrize("htmx", [False, True])
def test_one_is_taken_off(world: World, htmx: bool) -> None:
    entry = listed(world)
    browser = world.client(world.officer)
    path = url(world, "never_pitch_remove", entry.pk)
    asks = browser.get(path, headers=HTMX if htmx else {}).content.decode()
    assert "Pitch client.com again?" in asks
    assert browser.post(path, headers=HTMX if htmx else {}).status_code in {200, 204, 302}
    assert not NeverPitch.objects.exists()
    assert AuditEntry.objects.get(event="never_pitch.removed").details["site"] == "client.com"


def test_who_may(world: World) -> None:
    entry = listed(world)
    for name, args, may in (
        ("never_pitch_list", [], {"owner", "marketer", "officer", "viewer"}),
        ("never_pitch_add", [], {"owner", "marketer", "officer"}),
        ("never_pitch_remove", [entry.pk], {"owner", "officer"}),
    ):
        for role in ("owner", "marketer", "officer", "viewer"):
            expected = 200 if role in may else 403
            assert world.client(getattr(world, role)).get(url(world, name, *args)).status_code == expected, (name, role)
        assert world.client(world.stranger).get(url(world, name, *args)).status_code == 404
    assert world.client(world.marketer).post(url(world, "never_pitch_remove", entry.pk)).status_code == 403
    assert NeverPitch.objects.exists()


def test_the_list_costs_the_same_for_any_number(world: World, django_assert_max_num_queries: Any) -> None:
    for number in range(60):
        listed(world, f"client{number}.com")
    browser, path = world.client(world.viewer), url(world, "never_pitch_list")
    browser.get(path)
    with django_assert_max_num_queries(12):
        browser.get(path)


@pytest.mark.parametrize(
    ("written", "domains"),
    [
        ("client.com", ["client.com"]),
        ("*.client.com @other.com", []),
        ("*.client.com; @other.com", ["client.com", "other.com"]),
        ("//client.com:8080/x", ["client.com"]),
        ("HTTPS://user@Client.com/", ["client.com"]),
        ("blog.client.co.uk", ["blog.client.co.uk"]),
        ("x" * 300 + ".com", []),
    ],
)
def test_sites_in_any_spelling(written: str, domains: list[str]) -> None:
    pasted = read_sites(written)
    assert pasted.domains == domains
    assert bool(pasted.problems) != bool(domains)
