"""A site in this process, and a Chromium in front of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

CHROMIUM = Path("/usr/bin/chromium")


@contextmanager
def browser(
    server: LiveServer,
    *,
    width: int,
    scripts: bool = True,
    session: Client | None = None,
    provoked: Collection[str] = (),
) -> Iterator[Page]:
    """A Chromium page whose errors fail the test: what the content policy blocks is one of them. `session`: of somebody
    who is signed in. `provoked`: words of the errors that the test means to see.
    """
    if not CHROMIUM.exists():
        pytest.skip("needs Debian's Chromium")
    errors: list[str] = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-quic"])
        context = chromium.new_context(
            base_url=server.url, viewport={"width": width, "height": 844}, java_script_enabled=scripts
        )
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        if session is not None:
            name = settings.SESSION_COOKIE_NAME
            page.context.add_cookies([{"name": name, "value": session.cookies[name].value, "url": server.url}])
        yield page
        chromium.close()
    assert [error for error in errors if not any(words in error for words in provoked)] == []
