"""Who may call which operation of the API: a session with CSRF protection, or an API key as a bearer token.

Every operation declares roles and scope: `auth=caller(SENDERS, Scope.WRITE)`; `request.auth` is then the Membership.
What a key may do is its scopes and the person's role today, whichever is less. With a session the workspace comes from
`X-Workspace: slug`, else it is the one last used in the browser. A key has one workspace: to name another is a 404.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, ClassVar

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.utils import timezone
from ninja.errors import HttpError

from outreach_site.accounts.keys import KEY_PREFIX
from outreach_site.accounts.models import ApiKey, Membership, Role, Scope, User
from outreach_site.accounts.rates import CALLS, SENDS, Rate, Room, take
from outreach_site.lib.api import is_text
from outreach_site.lib.crypto import token_digest

# A key's last use is a hint for people: written at most this often, so that reading stays reading.
LAST_USED_PRECISION = timedelta(minutes=1)


class ApiRequest(HttpRequest):
    """A request that passed `caller(...)`: the type that operations are written against."""

    auth: Membership
    api_key_id: int | None = None  # of the key that it came with; None: a session
    room: Room | None = None  # what is left of the rate limit that this request counts towards


class Caller:
    """One operation's door. Refusals, in this order: 401 nobody, 429 too often for a key, 403 CSRF, 404 another's
    workspace, 403 scope or role, 429 too often for sending.

    The order matters: what belongs to others does not exist, whatever the caller may do at home.
    """

    # What the OpenAPI page offers; a session needs nothing there.
    openapi_security_schema: ClassVar[dict[str, str]] = {"type": "http", "scheme": "bearer"}

    def __init__(self, roles: frozenset[Role], scope: Scope) -> None:
        self.roles = roles
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Membership | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._by_key(request, secret.strip())
        if isinstance(request.user, User):
            return self._by_session(request, request.user)
        return None

    def _by_key(self, request: HttpRequest, secret: str) -> Membership | None:
        key = _live_key(secret)
        if key is None:
            return None
        _count(request, CALLS, f"key:{key.pk}")
        wanted = _workspaces_named(request)
        if wanted - {key.membership.workspace.slug}:
            raise Http404("Not found.")
        _note_use(key)
        if self.scope not in key.scopes:
            raise HttpError(403, f"This API key lacks the scope “{self.scope.value}”.")
        request.api_key_id = key.pk  # type: ignore[attr-defined]  # ApiRequest
        membership = self._with_role(key.membership)
        if self.scope is Scope.SEND:
            _count(request, SENDS, f"key:{key.pk}")
        return membership

    def _by_session(self, request: HttpRequest, user: User) -> Membership:
        if refusal := _csrf_refusal(request):
            raise HttpError(403, f"{refusal} Reload the page, or call with an API key.")
        memberships = Membership.objects.of(user)
        wanted = _workspaces_named(request)
        if len(wanted) > 1:
            raise Http404("Not found.")
        if wanted:
            membership = memberships.filter(workspace__slug=wanted.pop()).first()
            if membership is None:
                raise Http404("Not found.")
            return self._with_session(request, membership)
        membership = memberships.filter(workspace=user.last_workspace_id).first() or memberships.first()
        if membership is None:
            raise HttpError(403, "You are in no workspace yet.")
        return self._with_session(request, membership)

    def _with_session(self, request: HttpRequest, membership: Membership) -> Membership:
        request.api_key_id = None  # type: ignore[attr-defined]  # ApiRequest
        membership = self._with_role(membership)
        if self.scope is Scope.SEND:
            _count(request, SENDS, f"membership:{membership.pk}")
        return membership

    def _with_role(self, membership: Membership) -> Membership:
        if membership.role not in self.roles:
            raise HttpError(403, "Your role in this workspace does not allow this.")
        return membership


def _count(request: HttpRequest, rate: Rate, who: str) -> None:
    """A program that has gone wild must fill neither the queue nor the server: 429 once the minute is used up."""
    room = take(rate, who, now=timezone.now())
    request.room = room  # type: ignore[attr-defined]  # ApiRequest
    if not room.allowed:
        raise HttpError(429, f"Too many requests: {rate.limit} a minute are taken. Try again in {room.seconds} s.")


def for_the_known(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page of the API's own that says nothing of any workspace: for whoever is signed in or has a key."""
    for_people = login_required(view)

    @wraps(view)
    def known(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _live_key(secret.strip()) is not None:
            return view(request, *args, **kwargs)
        return for_people(request, *args, **kwargs)

    return known


def with_rate_headers(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The operation, whose answers say what is left of the caller's minute: in `RateLimit-Limit`,
    `RateLimit-Remaining` and `RateLimit-Reset` (seconds), and after a refusal `Retry-After` (RFC 9110)."""

    @wraps(view)
    def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        room: Room | None = getattr(request, "room", None)
        if room is not None:
            response["RateLimit-Limit"] = str(room.limit)
            response["RateLimit-Remaining"] = str(room.left)
            response["RateLimit-Reset"] = str(room.seconds)
            if not room.allowed:
                response["Retry-After"] = str(room.seconds)
        return response

    return counted


def caller(roles: frozenset[Role], scope: Scope) -> Caller:
    return Caller(roles, scope)


def _live_key(secret: str) -> ApiKey | None:
    """The key of this secret, found by its digest: the time it takes says nothing about others nearly like it."""
    if not secret.startswith(KEY_PREFIX):
        return None
    return (
        ApiKey.objects.filter(digest=token_digest(secret), revoked_at=None, membership__user__is_active=True)
        .select_related("membership__workspace", "membership__user")
        .first()
    )


def _note_use(key: ApiKey) -> None:
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at > LAST_USED_PRECISION:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


def _workspaces_named(request: HttpRequest) -> set[str]:
    """The workspaces that the address and the header ask for: none, one, or two that contradict each other."""
    match = request.resolver_match
    in_path = match.kwargs.get("workspace") if match else None
    named = {slug for slug in (in_path, request.headers.get("X-Workspace")) if slug}
    if not all(map(is_text, named)):
        raise Http404("Not found.")
    return named


class _CsrfCheck(CsrfViewMiddleware):
    """Django's own check, whose refusal is a reason instead of a page."""

    def _reject(self, request: HttpRequest, reason: str) -> Any:  # noqa: ARG002 - Django's signature
        return reason


def _csrf_refusal(request: HttpRequest) -> str:
    """Why Django's own check refuses, or nothing: ninja's views are exempt from it, so a session asks for it here."""
    check = _CsrfCheck(lambda _request: HttpResponse())
    check.process_request(request)
    return str(check.process_view(request, lambda _request: HttpResponse(), (), {}) or "")
