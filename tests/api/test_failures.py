"""Our own faults, as programs hear of them: no trace, and no word that nothing was done, for nobody knows."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from outreach_site.api import failed
from outreach_site.desk.errors import server_error


@pytest.mark.parametrize("answer", [server_error, lambda request: failed(request, RuntimeError("secret"))])
def test_what_changes_something_may_have_been_done(answer: Callable[[HttpRequest], HttpResponse]) -> None:
    asked = RequestFactory()
    said = {method: answer(asked.generic(method, "/api/email/queue")) for method in ("GET", "POST")}
    assert {method: response.status_code for method, response in said.items()} == {"GET": 500, "POST": 500}
    words = {method: json.loads(response.content)["detail"] for method, response in said.items()}
    assert words == {
        "GET": "Something went wrong on this server. Try again.",
        "POST": "Something went wrong on this server. What you asked for may have been done all the same: look before "
        "you ask again.",
    }
