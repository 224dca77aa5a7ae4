"""Who may open which page. Every view says so; one that does not is refused.

A view below `/w/<workspace>/` is declared with `@allow(READERS)` and the like, and finds `request.membership` (user,
workspace, role). Another workspace's address answers 404, as if it did not exist; a role that may not do this answers
403. The same declarations are what the tests walk over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect
from redis.exceptions import RedisError

from outreach_site.accounts.models import Membership, Role, User, Workspace

log = structlog.get_logger(__name__)

READERS = frozenset(Role)
SENDERS = frozenset({Role.OWNER, Role.MARKETER})
KEEPERS = frozenset({Role.OWNER, Role.COMPLIANCE})
OWNERS = frozenset({Role.OWNER})
# All but viewers, who read and take nothing away: people who work here.
WORKERS = SENDERS | KEEPERS

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class WorkspaceRequest(HttpRequest):
    """A request below `/w/<workspace>/`, after the door: the type that views of a workspace are written against."""

    user: User
    membership: Membership


@dataclass(frozen=True)
class Access:
    """A view's declaration. `roles` None: no workspace is needed; `signed_in` False: anybody, without signing in."""

    roles: frozenset[Role] | None
    signed_in: bool = True


def allow(roles: frozenset[Role]) -> Callable[[View], View]:
    """The view works inside a workspace, for these roles."""

    def declare(view: View) -> View:
        view.access = Access(roles=roles)  # type: ignore[attr-defined]  # functions carry attributes
        return view

    return declare


def signed_in(view: View) -> View:
    """The view needs a person, but no workspace."""
    view.access = Access(roles=None)  # type: ignore[attr-defined]  # functions carry attributes
    return view


def public(view: View) -> View:
    """Anybody may open it: sign-in pages, unsubscribe and notice pages, webhooks, health."""
    view.access = Access(roles=None, signed_in=False)  # type: ignore[attr-defined]  # functions carry attributes
    return view


# Views of libraries, which have doors of their own: allauth asks for a person where one is needed, the admin for a
# superuser with a second factor, the API for a session or a key on each operation.
LIBRARY_NAMESPACES = frozenset({"admin", "api"})
LIBRARY_MODULES = ("allauth.", "django.views.static", "django.contrib.staticfiles.")


def access_of(view: Callable[..., Any], namespaces: list[str]) -> Access | None:
    """A view's declaration; for a library's view, that it keeps its own door; None where nothing was declared."""
    declared = getattr(view, "access", None)
    if isinstance(declared, Access):
        return declared
    if LIBRARY_NAMESPACES & set(namespaces) or getattr(view, "__module__", "").startswith(LIBRARY_MODULES):
        return Access(roles=None, signed_in=False)
    return None


class AccessMiddleware:
    """The door: looks at the view that the URL leads to, before it runs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()  # The next request of this thread may stand in another workspace, or in none.

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        match = request.resolver_match
        access = access_of(view, match.namespaces if match else [])
        if access is None:
            raise PermissionDenied("This page does not say who may open it.")
        if not access.signed_in:
            return None
        if not request.user.is_authenticated:
            return _sign_in_first(request)
        if access.roles is not None:
            self.enter_workspace(request, kwargs["workspace"], access.roles)
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Redis counts who tries to sign in, and how often. While it does not answer nobody may try: without a limit a
        password could be guessed. Whoever is signed in already needs none of it.
        """
        if not isinstance(exception, RedisError):
            return None
        view = request.resolver_match.view_name if request.resolver_match else ""
        log.error("Redis does not answer", view=view, reason=str(exception))
        return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": "60"})

    def enter_workspace(self, request: HttpRequest, slug: str, roles: frozenset[Role]) -> None:
        assert isinstance(request.user, User)  # noqa: S101 - is_authenticated was checked; this tells the type checker
        membership = Membership.objects.of(request.user).filter(workspace__slug=slug).first()
        if membership is None:
            raise Http404("No such workspace.")
        request.membership = membership  # type: ignore[attr-defined]  # WorkspaceRequest
        timezone.activate(membership.workspace.zone)  # Its pages tell and take times of its own day.
        if membership.role not in roles:
            raise PermissionDenied(_who_may(roles))
        if request.user.last_workspace_id != membership.workspace_id:
            User.objects.filter(pk=request.user.pk).update(last_workspace=membership.workspace_id)


def workspaces_of(user: User) -> list[Workspace]:
    return [membership.workspace for membership in Membership.objects.of(user)]


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    if not User.objects.exists():
        return redirect("account_signup")  # A new installation: whoever opens it first makes the first account.
    if getattr(request, "htmx", False):
        # A fragment cannot show the sign-in page: the whole page goes there, and comes back to where it was.
        current = request.htmx.current_url_abs_path or "/"  # type: ignore[attr-defined]  # django-htmx
        return HttpResponseClientRedirect(redirect_to_login(current).url)
    return redirect_to_login(request.get_full_path() if request.method in {"GET", "HEAD"} else "/")


def _who_may(roles: frozenset[Role]) -> str:
    names = [role.label.lower() for role in Role if role in roles]
    return f"This is open to {' and '.join(names)} only. Ask an owner of this workspace if you need it."
