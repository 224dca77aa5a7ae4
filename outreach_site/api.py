"""The JSON API under `/api/`: each room brings its router. Errors are JSON, and never a trace."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from campaigns.api import email_router
from campaigns.api import routers as campaigns_routers
from campaigns.discovery.api import router as discovery_router
from compliance.api import router as compliance_router
from inbox.api import router as inbox_router
from outreach_site.mailboxes.api import router as mailboxes_router

log = structlog.get_logger(__name__)

api = NinjaAPI(
    title="Linkletter",
    version="1",
    description="Backlink outreach. Sign in with a session, or send an API key as `Authorization: Bearer …`.",
    urls_namespace="api",
    docs_url="docs",
    openapi_url="openapi.json",
    docs_decorator=login_required,
)
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
    """422: which field, and what is wrong with it. What was sent is not repeated: it may be a secret."""
    fields = [
        {"field": ".".join(str(part) for part in error["loc"][1:]) or str(error["loc"][0]), "message": error["msg"]}
        for error in err.errors
    ]
    return api.create_response(request, {"detail": "Some fields are not right.", "fields": fields}, status=422)


@api.exception_handler(RequestDataTooBig)
def too_big(request: HttpRequest, _: RequestDataTooBig) -> HttpResponse:
    megabytes = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // (1024 * 1024)
    detail = f"The request is too large: at most {megabytes} MB are taken."
    return api.create_response(request, {"detail": detail}, status=413)


@api.exception_handler(HttpError)
def answered(request: HttpRequest, err: HttpError) -> HttpResponse:
    return api.create_response(request, {"detail": str(err)}, status=err.status_code)


@api.exception_handler(Exception)
def failed(request: HttpRequest, err: Exception) -> HttpResponse:
    log.error("api request failed", path=request.path, exc_info=err)
    return api.create_response(
        request, {"detail": "Something went wrong on this server. Nothing was changed; try again."}, status=500
    )
