"""Who may call which operation of the API: a session with CSRF protection, or an API key as a bearer token.

Every operation declares roles and scope: `auth=caller(SENDERS, Scope.WRITE)`; `request.auth` is then the Membership.
What a key may do is its scopes and the person's role today, whichever is less. With a session the workspace comes from
`X-Workspace: slug`, else it is the one last used in the browser.
"""

from __future__ import annotations

from datetime import timedelta

from django.http import Http404, HttpRequest
from django.middleware.csrf import CsrfViewMiddleware
from django.utils import timezone
from ninja.errors import HttpError

from outreach_site.accounts.models import ApiKey, Membership, Role, Scope, User
from outreach_site.lib.crypto import token_digest

KEY_PREFIX = "lk_"
# A key's last use is a hint for people: written at most this often, so that reading stays reading.
LAST_USED_PRECISION = timedelta(minutes=1)


class ApiRequest(HttpRequest):
    """A request that passed `caller(...)`: the type that operations are written against."""

    auth: Membership


class Caller:
    """One operation's door. Refusals: 401 nobody, 403 role or scope or CSRF, 404 another's workspace."""

    def __init__(self, roles: frozenset[Role], scope: Scope) -> None:
        self.roles = roles
        self.scope = scope

    def __call__(self, request: HttpRequest) -> Membership | None:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            membership = self._by_key(key.strip())
        elif request.user.is_authenticated and isinstance(request.user, User):
            membership = self._by_session(request, request.user)
        else:
            return None
        if membership is None:
            return None
        slug = _workspace_in_path(request)
        if slug is not None and slug != membership.workspace.slug:
            raise Http404("Not found.")
        if membership.role not in self.roles:
            raise HttpError(403, "Your role in this workspace does not allow this.")
        return membership

    def _by_key(self, key: str) -> Membership | None:
        found = (
            ApiKey.objects.filter(digest=token_digest(key), revoked_at=None, membership__user__is_active=True)
            .select_related("membership__workspace", "membership__user")
            .first()
        )
        if found is None:
            return None
        if self.scope not in found.scopes:
            raise HttpError(403, f"This API key lacks the scope “{self.scope.value}”.")
        now = timezone.now()
        if found.last_used_at is None or now - found.last_used_at > LAST_USED_PRECISION:
            ApiKey.objects.filter(pk=found.pk).update(last_used_at=now)
        return found.membership

    def _by_session(self, request: HttpRequest, user: User) -> Membership | None:
        if _csrf_refuses(request):
            raise HttpError(403, "The CSRF token is missing or wrong. Reload the page, or call with an API key.")
        slug = _workspace_in_path(request) or request.headers.get("X-Workspace")
        memberships = Membership.objects.of(user)
        if slug:
            membership = memberships.filter(workspace__slug=slug).first()
            if membership is None:
                raise Http404("Not found.")
            return membership
        return memberships.filter(workspace=user.last_workspace_id).first() or memberships.first()


def caller(roles: frozenset[Role], scope: Scope) -> Caller:
    return Caller(roles, scope)


def _workspace_in_path(request: HttpRequest) -> str | None:
    match = request.resolver_match
    return match.kwargs.get("workspace") if match else None


def _csrf_refuses(request: HttpRequest) -> bool:
    """Whether Django's own check refuses: ninja's views are exempt from it, so a session must ask for it here."""
    check = CsrfViewMiddleware(lambda _request: None)  # type: ignore[arg-type,return-value]  # never called
    check.process_request(request)
    return check.process_view(request, lambda: None, (), {}) is not None  # type: ignore[arg-type,return-value]
