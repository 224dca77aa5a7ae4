"""The queue under somebody's hands: keys, focus, Undo, and what is drawn anew meanwhile."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from campaigns.models import Attempt, Step
from inbox import answering
from inbox.desk_models import AnswerDraft, DraftFile
from inbox.models import Reply
from tests.chromium import browser
from tests.conftest import World
from tests.desk.conftest import Desk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
State = Attempt.State
QUEUE = "/w/orchard/queue/"
# What Chromium and htmx say of a form that is refused (a preview under way is given up), and of a lost network.
REFUSED = ("403", "htmx:afterRequest", "htmx:sendAbort")
OFFLINE = ("ERR_INTERNET_DISCONNECTED", "htmx:afterRequest", "htmx:sendError")
# Whether some of what has the focus is not covered by anything.
IS_SEEN = """() => {
  const element = document.activeElement, box = element.getBoundingClientRect();
  if (element === document.body || !box.width) return true;
  const middle = (Math.max(box.left, 0) + Math.min(box.right, innerWidth)) / 2;
  return [box.top + 3, (box.top + box.bottom) / 2, box.bottom - 3].some((height) =>
    element.contains(document.elementFromPoint(middle, height)));
}"""
PASSWORD = "lemons-and-apples-9"  # of the people who sign in here


def failed(desk: Desk) -> Attempt:
    return desk.letter(State.FAILED, settled_at=timezone.now(), reason="The server refused this letter.")


def test_enter_on_a_tick_presses_nothing(live_server: LiveServer, world: World, desk: Desk) -> None:
    letters = [failed(desk), failed(desk)]
    with browser(live_server, width=1280, session=world.client(world.owner)) as page:
        page.goto(f"{QUEUE}?show=failed")
        page.get_by_label(f"Choose the letter to {letters[0].recipient}").check()
        page.keyboard.press("Enter")
        page.wait_for_timeout(300)
        expect(page.locator(".queue-table tbody tr")).to_have_count(2)
    assert not Attempt.objects.exclude(state=State.FAILED).exists()


def test_undo_brings_the_row_and_the_number_back(live_server: LiveServer, world: World, desk: Desk) -> None:
    letter, other = desk.letter(), desk.letter()
    with browser(live_server, width=1280, session=world.client(world.owner)) as page:
        page.goto(QUEUE)
        number = page.locator(".sidebar").get_by_role("link", name="Queue").locator(".count")
        expect(number).to_contain_text("2")
        page.get_by_label(f"Take back the letter to {letter.recipient}").focus()
        page.keyboard.press("Enter")
        expect(page.locator(".queue-table tbody tr")).to_have_count(1)
        expect(number).to_contain_text("1")
        # The focus stands on the row that took its place, not at the top of the page.
        expect(page.locator(f"#lead-of-{other.pk}")).to_be_focused()
        page.get_by_role("button", name="Undo").click()
        expect(page.locator(".queue-table tbody tr")).to_have_count(2)
        expect(number).to_contain_text("2")


def test_all_of_a_mailbox_can_be_taken_back_while_letters_leave(
    live_server: LiveServer, world: World, desk: Desk
) -> None:
    desk.letter(State.SENDING)
    desk.letter()
    with browser(live_server, width=1280, session=world.client(world.owner)) as page:
        page.goto(f"{QUEUE}mailboxes/")
        expect(page.locator("#health-live[hx-trigger]")).to_be_visible()
        page.get_by_role("link", name="Take back all that waits to leave from").click()
        expect(page.get_by_role("dialog")).to_contain_text("Take back 1 letter")


def test_what_is_stopped_in_another_tab_shows_in_the_header_and_the_banner_too(
    live_server: LiveServer, world: World, desk: Desk
) -> None:
    desk.letter(State.SENDING)
    with browser(live_server, width=1280, session=world.client(world.owner)) as page:
        page.goto(QUEUE)
        header, banner = page.locator(".page-header"), page.locator(".banner", has_text="All sending is stopped")
        other = page.context.new_page()
        other.goto(f"{QUEUE}stop/")
        other.get_by_role("button", name="Stop all sending").click()
        expect(header.get_by_role("button", name="Resume sending")).to_be_visible()
        expect(header.get_by_role("link", name="Stop all sending")).to_have_count(0)
        expect(banner).to_be_visible()
        other.get_by_role("button", name="Resume sending").click()
        expect(header.get_by_role("link", name="Stop all sending")).to_be_visible()
        expect(banner).to_have_count(0)
        header.get_by_role("link", name="Stop all sending").click()
        expect(page.get_by_role("dialog")).to_contain_text("Stop all sending of Orchard?")


def test_the_focus_stays_while_letters_leave(live_server: LiveServer, world: World, desk: Desk) -> None:
    desk.letter(State.SENDING)
    with browser(live_server, width=1280, session=world.client(world.owner)) as page:
        page.goto(QUEUE)
        look = page.get_by_role("link", name="How they do")
        for here in (look, page.get_by_role("link", name="History"), page.get_by_role("link", name="Stop all sending")):
            here.focus()
            with page.expect_response(lambda answer: answer.url.endswith(QUEUE)):
                pass
            page.wait_for_timeout(300)
            expect(here).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_be_visible()
        with page.expect_response(lambda answer: answer.url.endswith(QUEUE)):
            pass
        page.wait_for_timeout(300)
        page.keyboard.press("Escape")
        expect(page.get_by_role("link", name="Stop all sending")).to_be_focused()


def test_who_gives_up_several_is_not_thrown_out_of_the_page(live_server: LiveServer, world: World, desk: Desk) -> None:
    letters = [failed(desk), failed(desk)]
    with browser(live_server, width=1280, session=world.client(world.owner)) as page:
        page.goto(f"{QUEUE}?show=failed")
        page.get_by_label(f"Choose the letter to {letters[0].recipient}").check()
        page.locator(".bulk-bar").get_by_role("button", name="Give up").press("Enter")
        expect(page.locator(".queue-table tbody tr")).to_have_count(1)
        expect(page.locator("#main")).to_be_focused()


@pytest.mark.parametrize(("width", "height"), [(320, 256), (640, 360), (390, 844)])
def test_nothing_that_has_the_focus_is_hidden(
    live_server: LiveServer, world: World, desk: Desk, width: int, height: int
) -> None:
    letters = [failed(desk) for _ in range(8)]
    with browser(live_server, width=width, session=world.client(world.owner)) as page:
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{QUEUE}?show=failed")
        page.get_by_label(f"Choose the letter to {letters[0].recipient}").check()
        for key in ["Tab"] * 25 + ["Shift+Tab"] * 30:
            page.keyboard.press(key)
            assert page.evaluate(IS_SEEN), (key, page.evaluate("document.activeElement.outerHTML"))


def test_a_finger_may_miss_the_box(live_server: LiveServer, world: World, desk: Desk) -> None:
    letter = failed(desk)
    with browser(live_server, width=390, session=world.client(world.owner)) as page:
        page.goto(f"{QUEUE}?show=failed")
        tick = page.get_by_label(f"Choose the letter to {letter.recipient}")
        cell = page.locator("td.table__check")
        box = cell.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 40
        cell.click(position={"x": 3, "y": 3})
        expect(tick).to_be_checked()
        tick.click()
        expect(tick).not_to_be_checked()


def test_a_server_that_is_away_is_said_once_until_it_is_back(live_server: LiveServer, world: World, desk: Desk) -> None:
    desk.letter(State.SENDING)
    with browser(live_server, width=1280, session=world.client(world.owner), provoked=OFFLINE) as page:
        page.goto(QUEUE)
        page.context.set_offline(True)
        for _ in range(2):
            page.wait_for_event("requestfailed")
        expect(page.locator(".toast")).to_have_count(1)
        expect(page.locator(".toast")).to_contain_text("cannot be renewed just now")
        page.context.set_offline(False)
        expect(page.locator(".toast")).to_have_count(0)


def test_nothing_scrolls_sideways_whatever_addresses_look_like(
    live_server: LiveServer, world: World, desk: Desk
) -> None:
    long = f"{'editorial' * 7}@{'gardening' * 6}.example"
    letters = [desk.letter(state) for state in (State.QUEUED, State.UNCERTAIN, State.FAILED, State.SENT)]
    Attempt.objects.update(recipient=long, settled_at=timezone.now())
    with browser(live_server, width=390, session=world.client(world.owner)) as page:
        for path in [
            *(f"{QUEUE}?show={show}" for show in ("next", "uncertain", "failed", "history")),
            *(reverse("campaigns:attempt_detail", args=["orchard", letter.pk]) for letter in letters),
        ]:
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 200, path
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_a_refused_file_says_why_and_stays_said(live_server: LiveServer, world: World, desk: Desk) -> None:
    reply = desk.reply(Reply.Classification.INTERESTED, age=timedelta(hours=1))
    with browser(live_server, width=1280, session=world.client(world.owner)) as page:
        page.goto(f"/w/orchard/inbox/{reply.pk}/answer/")
        page.locator("#answer-files").set_input_files({"name": "empty.txt", "mimeType": "text/plain", "buffer": b""})
        expect(page.locator("#composer-kept")).to_contain_text("“empty.txt” is empty")
        page.wait_for_timeout(1500)
        expect(page.locator("#composer-kept")).to_contain_text("“empty.txt” is empty")
    assert not DraftFile.objects.exists()


def test_two_windows_on_one_reply_show_both_texts(live_server: LiveServer, world: World, desk: Desk) -> None:
    reply = desk.reply(Reply.Classification.INTERESTED, age=timedelta(hours=1))
    with browser(live_server, width=1280, session=world.client(world.owner)) as first:
        first.goto(f"/w/orchard/inbox/{reply.pk}/answer/")
        with first.expect_popup() as opened:
            first.evaluate("window.open(location.href); undefined")
        second = opened.value
        expect(second.locator("#answer-body")).to_be_focused()
        for words in ("From the first.", "Written anew."):
            with first.expect_response(re.compile("/keep/")):
                first.locator("#answer-body").fill(words)
            expect(first.locator("#composer-kept")).to_contain_text("Draft kept")
            expect(first.locator("#composer-kept")).not_to_contain_text("another window")
        second.locator("#answer-body").fill("From the second.")
        expect(second.locator("#answer-words")).to_contain_text("in another window too")
        expect(second.locator("#answer-body")).to_have_value(
            f"Written anew.\n\n{answering.OTHER_WINDOW}\n\nFrom the second."
        )
        expect(second.locator("#composer-kept")).to_contain_text("Draft kept")
        second.wait_for_timeout(1000)
        expect(second.locator("#answer-words")).to_contain_text("in another window too")
        with second.expect_response(re.compile("/keep/")):
            second.locator("#answer-body").fill("Made one.")
    assert AnswerDraft.objects.get().body == "Made one."


def test_who_is_signed_out_while_typing_keeps_what_was_typed(live_server: LiveServer, world: World, desk: Desk) -> None:
    reply = desk.reply(Reply.Classification.INTERESTED, age=timedelta(hours=1))
    with browser(live_server, width=1280, session=world.client(world.owner)) as page:
        page.goto(f"/w/orchard/inbox/{reply.pk}/answer/")
        page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
        page.locator("#answer-body").fill("Dear Hannah, thank you for")
        expect(page.locator(".toast")).to_contain_text("You are signed out")
        assert page.url.endswith(f"/inbox/{reply.pk}/answer/")
        assert page.locator("#answer-body").input_value() == "Dear Hannah, thank you for"


def test_who_signs_in_again_in_another_tab_goes_on_where_they_typed(
    live_server: LiveServer, world: World, desk: Desk
) -> None:
    session = signed_in_with_a_password(world)
    with browser(live_server, width=1280, session=session, provoked=REFUSED) as page:
        type_a_letter_while_the_session_ends(page, desk)
        sign_in_in_another_tab(page, world.owner.email)
        page.locator("#letter-body").press_sequentially(" And lemons.")
        page.get_by_role("button", name="Save letter").click()
        expect(page.locator(".toast", has_text="The letter is saved.")).to_be_visible()
    step = Step.objects.get(campaign=desk.campaign)
    assert (step.letter_subject, step.letter_body) == ("Lemons", "Dear Hannah, this is about apples. And lemons.")


def test_what_one_typed_is_not_taken_from_another_who_signed_in_meanwhile(
    live_server: LiveServer, world: World, desk: Desk
) -> None:
    session = signed_in_with_a_password(world)
    with browser(live_server, width=1280, session=session, provoked=REFUSED) as page:
        type_a_letter_while_the_session_ends(page, desk)
        sign_in_in_another_tab(page, world.marketer.email)
        page.get_by_role("button", name="Save letter").click()
        expect(page.locator(".toast", has_text="somebody else signed in meanwhile")).to_be_visible()
        assert page.locator("#letter-body").input_value() == "Dear Hannah, this is about apples."
    assert Step.objects.get(campaign=desk.campaign).letter_subject != "Lemons"


def signed_in_with_a_password(world: World) -> Client:
    for person in (world.owner, world.marketer):
        person.set_password(PASSWORD)
        person.save()
    return world.client(world.owner)


def type_a_letter_while_the_session_ends(page: Page, desk: Desk) -> None:
    page.goto(reverse("campaigns:campaign_letters", args=["orchard", desk.campaign.pk]))
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.locator("#letter-subject").fill("Lemons")
    page.locator("#letter-body").fill("Dear Hannah, this is about apples.")
    page.get_by_role("button", name="Save letter").click()
    expect(page.locator(".toast").first).to_contain_text("Sign in in another tab")


def sign_in_in_another_tab(page: Page, email: str) -> None:
    other = page.context.new_page()
    other.goto(reverse("account_login"))
    other.locator("input[name=login]").fill(email)
    other.locator("input[name=password]").fill(PASSWORD)
    other.keyboard.press("Enter")
    expect(other.locator("body.app")).to_be_visible()
    page.bring_to_front()
