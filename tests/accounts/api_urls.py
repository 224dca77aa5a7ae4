"""An API of a few operations, one for each kind of door."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import path
from ninja import NinjaAPI

from outreach_site.accounts.access import OWNERS, READERS, SENDERS
from outreach_site.accounts.api_access import ApiRequest, caller, with_rate_headers
from outreach_site.accounts.models import Scope
from outreach_site.urls import urlpatterns as site_urls

api = NinjaAPI(urls_namespace="api", docs_url=None)
api.add_decorator(with_rate_headers, mode="view")


def who(request: ApiRequest) -> dict[str, str]:
    return {"user": request.auth.user.email, "workspace": request.auth.workspace.slug}


@api.api_operation(["GET", "POST"], "/read", auth=caller(READERS, Scope.READ))
def read(request: HttpRequest) -> dict[str, str]:
    return who(request)  # type: ignore[arg-type]  # the door made it one


@api.api_operation(["GET", "POST"], "/write", auth=caller(SENDERS, Scope.WRITE))
def write(request: HttpRequest) -> dict[str, str]:
    return who(request)  # type: ignore[arg-type]  # as above


@api.api_operation(["GET", "POST"], "/send", auth=caller(SENDERS, Scope.SEND))
def send(request: HttpRequest) -> dict[str, str]:
    return who(request)  # type: ignore[arg-type]  # as above


@api.api_operation(["GET", "POST"], "/owned", auth=caller(OWNERS, Scope.WRITE))
def owned(request: HttpRequest) -> dict[str, str]:
    return who(request)  # type: ignore[arg-type]  # as above


@api.api_operation(["GET", "POST"], "/projects/{workspace}", auth=caller(READERS, Scope.READ))
def project(request: HttpRequest, workspace: str) -> dict[str, str]:
    return who(request)  # type: ignore[arg-type]  # as above


urlpatterns = [path("api/", api.urls), *site_urls]
