"""What every page needs to serve htmx and plain browsers from one view."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.contrib.messages import get_messages
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase


def is_htmx(request: HttpRequest) -> bool:
    """Whether htmx asks for a partial (a restored history page wants the whole document)."""
    details = getattr(request, "htmx", None)
    return details is not None and bool(details) and not details.history_restore_request


def redirect_to(request: HttpRequest, url: str) -> HttpResponse:
    """Go to `url`: a redirect, which htmx follows as a page of its own instead of swapping it into a fragment."""
    return HttpResponseClientRedirect(url) if is_htmx(request) else HttpResponseRedirect(url)


class ToastMiddleware:
    """Hands pending messages to htmx answers as the client event `toasts`, so that they show without a reload.

    A message whose extra tag is `undo:<url>` carries an Undo button that posts there.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not hasattr(request, "htmx"):
            return response
        patch_vary_headers(response, ["HX-Request"])
        leaves_page = "HX-Redirect" in response or "HX-Refresh" in response or 300 <= response.status_code < 400
        if is_htmx(request) and not leaves_page and isinstance(response, HttpResponse):
            toasts = [toast(message.level_tag, str(message), message.extra_tags) for message in get_messages(request)]
            if toasts:
                trigger_client_event(response, "toasts", {"items": toasts})
        return response


def toast(tone: str, text: str, extra_tags: str | None) -> dict[str, str]:
    """One toast as the page's script reads it: tone, text and, where there is one, the address that undoes it."""
    _, _, undo_url = (extra_tags or "").partition("undo:")
    return {"tone": tone, "text": text} | ({"undo_url": undo_url} if undo_url else {})
