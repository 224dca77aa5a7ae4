"""The unsubscribe page: for people who were written to, without signing in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from compliance import unsubscribe
from compliance.phrases import Phrases, phrases_for
from outreach_site.accounts.access import public


# One URL for both verbs, as RFC 8058 asks: mail programs POST to the address that people open. No CSRF token, as they
# cannot hold one, and it would protect nobody: whoever has the link may use it. The body is not even looked at, so that
# no form of it can stand in the way. GET only shows, because mail scanners open every link.
@public
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe_page(request: HttpRequest, token: str) -> HttpResponse:
    phrases = phrases_for(request.headers.get("Accept-Language", ""))
    row = unsubscribe.find(token)
    if row is None:
        return _page(phrases, phrases.unknown_title, phrases.unknown, status=404)
    words = {"who": row.workspace_name, "address": masked(row.address)}
    if request.method == "POST":
        unsubscribe.use(row, now=timezone.now())
    elif not unsubscribe.has_opted_out(row):
        return _page(phrases, phrases.title, phrases.question.format(**words), asks=True)
    return _page(phrases, phrases.done_title, phrases.done.format(**words))


def masked(address: str) -> str:
    """Enough for its owner to recognise it, too little for somebody a letter was forwarded to: `e•••@example.org`."""
    local, _, domain = address.rpartition("@")
    if not local:
        return "•••"  # It was erased: what stands in its place says nothing to anybody.
    return f"{local[:1] if len(local) > 1 else ''}•••@{domain}"


def _page(phrases: Phrases, title: str, text: str, *, asks: bool = False, status: int = 200) -> HttpResponse:
    """Rendered without the request: the page knows nothing of a session, and leaves no cookie."""
    context = {"phrases": phrases, "title": title, "text": text, "asks": asks}
    response = HttpResponse(render_to_string("compliance/unsubscribe_page.html", context), status=status)
    response["Content-Language"] = phrases.language
    response["Vary"] = "Accept-Language"
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
