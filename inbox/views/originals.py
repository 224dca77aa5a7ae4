"""A message as it came: HTML made harmless, files to save, headers, the whole. None of it ever runs here."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from inbox import originals
from inbox.models import RawBody, Reply
from inbox.originals import Page
from inbox.views.page import find, url_of
from outreach_site.accounts.access import READERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to

GONE = "The message as it came is not kept any more."
INERT = "sandbox; default-src 'none'; frame-ancestors 'none'"
# A letter as a page of its own, in a frame: no script, no form, no place in our origin. Its links open elsewhere, and
# pictures on servers load only where somebody asked for them, without telling who asks.
LETTER = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src {pictures}; "
    "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


@require_GET
@xframe_options_sameorigin
@allow(READERS)
def reply_html(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    """The HTML of the message. `?pictures=yes`: those on servers load, too."""
    with_remote = _wants_pictures(request)
    response = render(
        request, "inbox/original_html.html", {"page": _page(find(request, reply), with_remote=with_remote)}
    )
    response["Content-Security-Policy"] = LETTER.format(pictures="data: https:" if with_remote else "data:")
    response["Referrer-Policy"] = "no-referrer"
    return _private(response)


@require_GET
@allow(READERS)
def reply_original(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    """The frame around the HTML, with the choice of pictures; for htmx it stands in the thread."""
    found = find(request, reply)
    with_remote = _wants_pictures(request)
    own, frame = url_of(request, "reply_original", found.pk), url_of(request, "reply_html", found.pk)
    context = {
        "reply": found,
        "page": _page(found, with_remote=with_remote),
        "with_remote": with_remote,
        "frame_url": _with_pictures(frame) if with_remote else frame,
        "pictures_url": _with_pictures(own),
    }
    template = "inbox/original.html#original" if is_htmx(request) else "inbox/original.html"
    return _private(render(request, template, context))


@require_GET
@allow(READERS)
def reply_files(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    """The files of a large message, whose thread does not wait for them."""
    found = find(request, reply)
    raw = _raw(found)
    context = {"reply": found, "contents": originals.contents_of(raw) if raw is not None else None}
    return render(request, "inbox/files.html#files" if is_htmx(request) else "inbox/files.html", context)


@require_GET
@allow(READERS)
def reply_file(request: WorkspaceRequest, workspace: str, reply: int, number: int) -> HttpResponse:
    """One file, to be saved: whatever it is, nothing opens it here."""
    found = find(request, reply)
    raw = _raw(found)
    file = originals.file_in(raw, number) if raw is not None else None
    if file is None:
        return _gone(request, found, "This file is not kept any more.")
    name, content = file
    return _to_save(content, name)


@require_GET
@allow(READERS)
def reply_raw(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    """The message as it came, every byte."""
    found = find(request, reply)
    raw = _raw(found)
    return _gone(request, found, GONE) if raw is None else _to_save(raw, f"reply-{found.pk}.eml")


@require_GET
@allow(READERS)
def reply_headers(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    found = find(request, reply)
    raw = _raw(found, originals.HEADERS_LIMIT)
    context = {"reply": found, "headers": originals.headers_of(raw) if raw is not None else GONE}
    return render(request, "inbox/headers.html#headers" if is_htmx(request) else "inbox/headers.html", context)


def _page(reply: Reply, *, with_remote: bool) -> Page:
    raw = _raw(reply)
    if raw is None:
        return Page("", trouble=GONE)
    return originals.page_of(raw, with_remote=with_remote) or Page("", trouble="This message came as plain text.")


def _raw(reply: Reply, limit: int = 0) -> bytes | None:
    body = RawBody.objects.filter(pk=reply.raw_id).first()
    if body is None:
        return None
    return body.beginning(limit) if limit else body.raw


def _gone(request: WorkspaceRequest, reply: Reply, sentence: str) -> HttpResponse:
    messages.warning(request, sentence)
    return redirect_to(request, url_of(request, "reply_detail", reply.pk))


def _wants_pictures(request: WorkspaceRequest) -> bool:
    return request.GET.get("pictures") == "yes"


def _with_pictures(url: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}pictures=yes"


def _to_save(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = INERT
    return _private(response)


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    return response
