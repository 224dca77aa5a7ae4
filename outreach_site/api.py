"""The JSON API under `/api/`: each room brings its router. Errors are JSON, and never a trace."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema

from campaigns.api import email_router
from campaigns.api import routers as campaigns_routers
from campaigns.discovery.api import router as discovery_router
from compliance.api import router as compliance_router
from inbox.api import router as inbox_router
from outreach_site.accounts.api_access import for_the_known, with_rate_headers
from outreach_site.lib.api import StrictParser, field_faults, what_failed, without_surprises
from outreach_site.lib.openapi import finish
from outreach_site.mailboxes.api import router as mailboxes_router

log = structlog.get_logger(__name__)

ABOUT = """\
Backlink outreach for programs. Send an API key of yours as `Authorization: Bearer lk_…`; it is made under Settings, API
keys. What it may do is its scopes (`read`, `write`, `send`) and your role in the workspace, whichever is less.

**Lists** come in pages, newest first. While there are more, the answer has a `Link` header with `rel="next"`, and the
cursor alone in `X-Next-Cursor`.

**Limits**: 300 requests a minute and key, 60 of them such that send. `RateLimit-Limit`, `RateLimit-Remaining` and
`RateLimit-Reset` say what is left; after a 429 `Retry-After` says how many seconds to wait.

**Errors** are JSON with `detail`, a sentence for a person. 422 names the fields.
"""


class SiteAPI(NinjaAPI):
    """The API, described in full: lib/openapi.py."""

    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        return cast("OpenAPISchema", finish(super().get_openapi_schema(**kwargs)))

    @property
    def urls(self) -> tuple[list[URLResolver | URLPattern], str, str]:
        patterns, app_name, namespace = super().urls
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                pattern.callback = _refusing_in_json(pattern.callback)
        return patterns, app_name, namespace


def _refusing_in_json(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The view of one path, which the framework answers in plain text to a method that is not served there."""

    @wraps(view)
    def answered_in_json(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if response.status_code != 405:
            return response
        methods = ", ".join(sorted(response["Allow"].split(", ")))
        detail = f"This address takes no {request.method}. It takes: {methods}."
        refusal = api.create_response(request, {"detail": detail}, status=405)
        refusal["Allow"] = methods
        return refusal

    return answered_in_json


api = SiteAPI(
    title="Linkletter",
    version="1",
    description=ABOUT,
    parser=StrictParser(),
    urls_namespace="api",
    docs_url="docs",
    openapi_url="openapi.json",
    docs_decorator=for_the_known,
)
api.add_decorator(with_rate_headers, mode="view")
api.add_decorator(without_surprises)
for _router in campaigns_routers:
    api.add_router("/v1/backlink-outreach", _router, tags=["Backlink outreach"])
api.add_router("/v1/backlink-outreach", compliance_router, tags=["Compliance"])
api.add_router("/email", email_router, tags=["Queue"])
api.add_router("/v1/backlink-outreach/discover", discovery_router, tags=["Backlink outreach"])
api.add_router("/v1/backlink-outreach", inbox_router, tags=["Replies"])
api.add_router("/v1/projects", mailboxes_router, tags=["Mailboxes"])


@api.exception_handler(AuthenticationError)
def unauthorised(request: HttpRequest, _: AuthenticationError) -> HttpResponse:
    return api.create_response(request, {"detail": "Sign in, or send an API key as a bearer token."}, status=401)


@api.exception_handler(PermissionDenied)
def forbidden(request: HttpRequest, err: PermissionDenied) -> HttpResponse:
    return api.create_response(request, {"detail": str(err) or "You may not do this."}, status=403)


@api.exception_handler(Http404)
def not_found(request: HttpRequest, _: Http404) -> HttpResponse:
    return api.create_response(request, {"detail": "Not found."}, status=404)


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, err: ValidationError) -> HttpResponse:
    answer = {"detail": "Some fields are not right.", "fields": field_faults(err)}
    return api.create_response(request, answer, status=422)


@api.exception_handler(RequestDataTooBig)
def too_big(request: HttpRequest, _: RequestDataTooBig) -> HttpResponse:
    megabytes = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // (1024 * 1024)
    detail = f"The request is too large: at most {megabytes} MB are taken."
    return api.create_response(request, {"detail": detail}, status=413)


@api.exception_handler(HttpError)
def answered(request: HttpRequest, err: HttpError) -> HttpResponse:
    if isinstance(err.__cause__, ValidationError):  # What the parser refuses comes wrapped.
        return invalid(request, err.__cause__)
    response = api.create_response(request, {"detail": str(err)}, status=err.status_code)
    if (seconds := getattr(err.__cause__, "retry_after", None)) is not None:  # as the provider behind us asked for
        response["Retry-After"] = str(math.ceil(seconds))
    return response


@api.exception_handler(Exception)
def failed(request: HttpRequest, err: Exception) -> HttpResponse:
    log.error("api request failed", path=request.path, exc_info=err)
    return api.create_response(request, {"detail": what_failed(request)}, status=500)
