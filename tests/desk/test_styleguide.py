"""The style guide: it shows everything in DEBUG, nothing otherwise, and behaves in a real browser."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from playwright.sync_api import Dialog
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from outreach_site.desk import styleguide
from tests.chromium import browser

urlpatterns = styleguide.urlpatterns  # In DEBUG they stand at the end of the site's own.
pytestmark = pytest.mark.urls(__name__)

PAGES = ["/styleguide/", *(f"/styleguide/{name}/" for name in styleguide.PAGES)]


@pytest.fixture
def debug(settings: Settings) -> None:
    settings.DEBUG = True


@pytest.mark.parametrize("path", PAGES)
def test_a_page_shows_without_a_query(client: Client, debug: None, path: str) -> None:
    page = client.get(path).content.decode()
    assert page.count("<main") == 1
    assert page.count("<h1") >= 1


@pytest.mark.parametrize("path", [*PAGES, "/styleguide/dialog/"])
def test_nothing_is_served_outside_debug(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_page_that_is_not_there(client: Client, debug: None) -> None:
    assert client.get("/styleguide/nothing/").status_code == 404


def test_a_confirmation_is_a_page_and_for_htmx_its_content(client: Client, debug: None) -> None:
    assert "<!doctype html>" in client.get("/styleguide/dialog/").content.decode()
    assert "<html" not in client.get("/styleguide/dialog/", headers={"HX-Request": "true"}).content.decode()


def test_a_toast_comes_with_the_next_page(client: Client, debug: None) -> None:
    page = client.post("/styleguide/toast/", {"tone": "bad"}, follow=True).content.decode()
    assert '<div class="toast" data-tone="bad">' in page


def test_a_toast_comes_with_an_htmx_answer(client: Client, debug: None) -> None:
    answer = client.post("/styleguide/toast/", {"tone": "good"}, headers={"HX-Request": "true"})
    assert answer.status_code == 204
    (toast,) = json.loads(answer["HX-Trigger"])["toasts"]["items"]
    assert toast["undo_url"] == "/styleguide/toast/"


def test_a_toast_wants_a_post(client: Client, debug: None) -> None:
    assert client.get("/styleguide/toast/").status_code == 405


# --- In a browser ---------------------------------------------------------------------------------------------------


def test_no_page_scrolls_sideways_on_a_phone(live_server: LiveServer, debug: None) -> None:
    with browser(live_server, width=390) as page:
        for path in PAGES:
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_the_drawer_opens_without_scripts(live_server: LiveServer, debug: None) -> None:
    with browser(live_server, width=390, scripts=False) as page:
        page.goto("/styleguide/")
        assert not page.locator("#sidebar").is_visible()
        page.get_by_role("button", name="More").last.click()
        assert page.locator("#sidebar").is_visible()


def test_the_dialog_opens_waits_for_the_name_and_gives_the_focus_back(live_server: LiveServer, debug: None) -> None:
    with browser(live_server, width=1280) as page:
        page.goto("/styleguide/")
        page.get_by_role("link", name="Open a dialog").click()
        delete = page.locator("#dialog").get_by_role("button", name="Delete the campaign")
        delete.wait_for()
        assert delete.is_disabled()
        page.keyboard.type("Rehearsal")
        assert delete.is_enabled()
        page.keyboard.press("Escape")
        assert page.locator("#dialog").is_hidden()
        assert page.get_by_role("link", name="Open a dialog").evaluate("link => link === document.activeElement")


def test_toasts_show_undo_and_leave(live_server: LiveServer, debug: None) -> None:
    with browser(live_server, width=1280) as page:
        page.goto("/styleguide/")
        page.get_by_role("button", name="Toast, failure").click()
        page.locator('.toast[data-tone="bad"]').wait_for()
        page.get_by_role("button", name="Toast with Undo").click()
        page.locator(".toast__undo").wait_for()
        with page.expect_response("**/styleguide/toast/") as posted:
            page.keyboard.press("z")
        assert posted.value.status == 204
        page.locator('.toast[data-tone="bad"] [data-toast-close]').click()
        page.locator('.toast[data-tone="bad"]').wait_for(state="detached")


def test_keys_walk_a_list_and_ticks_are_counted(live_server: LiveServer, debug: None) -> None:
    with browser(live_server, width=1280) as page:
        page.goto("/styleguide/campaigns/")
        for key in "jjk":
            page.keyboard.press(key)
        assert page.evaluate("document.activeElement.textContent") == "Spring gardens"
        assert page.locator(".bulk-bar").is_hidden()
        ticks = page.locator("[data-select]")
        ticks.nth(0).click()
        ticks.nth(2).click(modifiers=["Shift"])
        assert page.locator("[data-select-count]").text_content() == "3"
        page.get_by_role("button", name="Clear").click()
        assert page.locator(".bulk-bar").is_hidden()
        page.keyboard.press("/")
        assert page.locator("[data-search]").evaluate("field => field === document.activeElement")


def test_the_chosen_theme_stays(live_server: LiveServer, debug: None) -> None:
    with browser(live_server, width=1280) as page:
        page.goto("/styleguide/")
        page.locator(".account__summary").click()
        page.get_by_role("button", name="Dark").click()
        page.goto("/styleguide/inbox/")
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


def test_typing_is_not_thrown_away_unasked(live_server: LiveServer, debug: None) -> None:
    with browser(live_server, width=1280) as page:
        asked: list[str] = []
        page.goto("/styleguide/editor/")
        page.locator("#subject").press_sequentially("More")

        def agree(dialog: Dialog) -> None:
            asked.append(dialog.type)
            dialog.accept()

        page.on("dialog", agree)
        page.goto("/styleguide/")
        assert asked == ["beforeunload"]
