"""Debian's Chromium in front of a site."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.needs import program

ARGUMENTS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# For anything that is waited for: where much else runs at once, even a Chromium stands still for a while.
PATIENCE = 60_000  # milliseconds


@contextmanager
def a_page(*, provoked: Collection[str] = (), **options: Any) -> Iterator[Page]:
    """A page on which nothing may go wrong silently: script errors and refused content fail the test.

    `provoked`: words of the errors that the test means to see. `options` as for playwright's `new_context`.
    """
    errors: list[str] = []
    expect.set_options(timeout=PATIENCE)
    # One a test: while it is open, its event loop runs in this thread, and Django refuses the database to whoever comes
    # next.
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program("chromium"), args=list(ARGUMENTS))
        context = chromium.new_context(**options)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        yield page
        chromium.close()
    assert [error for error in errors if not any(words in error for words in provoked)] == []


@contextmanager
def browser(
    server: LiveServer,
    *,
    width: int,
    scripts: bool = True,
    session: Client | None = None,
    provoked: Collection[str] = (),
) -> Iterator[Page]:
    """A page of a site in this process. `session`: of somebody who is signed in."""
    size = {"width": width, "height": 844}
    with a_page(provoked=provoked, base_url=server.url, viewport=size, java_script_enabled=scripts) as page:
        if session is not None:
            name = settings.SESSION_COOKIE_NAME
            page.context.add_cookies([{"name": name, "value": session.cookies[name].value, "url": server.url}])
        yield page
