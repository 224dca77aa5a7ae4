"""What was typed is guarded until it is kept, and not a moment longer."""

from __future__ import annotations

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.conftest import Site
from tests.browser.test_main_job import sign_in

pytestmark = pytest.mark.browser


def questions(page: Page) -> list[str]:
    """What kinds of questions the browser asks from now on; each is answered with yes."""
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)
    return asked


def test_saving_asks_nothing_and_leaving_asks(page: Page, site: Site) -> None:
    asked = questions(page)
    sign_in(page, site)
    page.get_by_role("link", name="Notifications").first.click()
    page.get_by_role("link", name="Daily letter").click()
    page.get_by_label("Send me one letter a day").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast")).to_contain_text("Saved.")
    expect(page.get_by_label("Send me one letter a day")).to_be_checked()
    assert asked == []
    page.get_by_label("Send me one letter a day").uncheck()
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", name="Notifications")).to_be_visible()
    assert asked == ["beforeunload"]


def test_what_was_refused_is_guarded_as_before(page: Page, site: Site) -> None:
    asked = questions(page)
    sign_in(page, site)
    page.goto(page.url.partition("/w/")[0] + "/w/rehearsal/compliance/suppression/add/")
    page.locator("textarea").first.fill("nobody at all")
    page.get_by_role("button", name="Suppress").click()
    expect(page.get_by_role("alert")).to_contain_text("could not be read")
    expect(page.locator("textarea").first).to_have_value("nobody at all")
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", name="Suppression")).to_be_visible()
    assert asked == ["beforeunload"]
