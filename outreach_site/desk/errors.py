"""Error pages that help: what happened, and what to do next. Below `/api/` they are JSON, as api.py answers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string

from outreach_site.lib.api import what_failed
from outreach_site.lib.htmx import is_htmx


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if _is_for_programs(request):
        return JsonResponse({"detail": "This request could not be understood."}, status=400)
    return render(request, "400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "403.html", {"sentence": str(exception or "")}, status=403)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if _is_for_programs(request):
        return JsonResponse({"detail": "Not found. What there is stands in /api/docs."}, status=404)
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without context processors: the database may be what failed."""
    if _is_for_programs(request):
        return JsonResponse({"detail": what_failed(request)}, status=500)
    return HttpResponse(render_to_string("500.html"), status=500)


def _is_for_programs(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """An expired form: nothing was changed, and what was typed is still in the page behind.

    A page of somebody who signed in anew meanwhile gets the new token, to ask once more; somebody else's does not.
    """
    response = render(request, "403_csrf.html", status=403)
    if is_htmx(request) and request.user.is_authenticated and request.headers.get("X-Person") == str(request.user.pk):
        response["X-CSRFToken"] = get_token(request)
    return response
