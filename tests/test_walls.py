"""A walk over every address of the site: walls between workspaces, roles, and what is open without signing in.

A new URL is covered by existing. It must declare who may open it, and a test row must exist for whatever it shows: the
walk fails when the owner's own 404 would make a stranger's meaningless.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from outreach_site.accounts.access import READERS, Access, access_of
from outreach_site.accounts.api_access import Caller
from outreach_site.accounts.models import ApiKey, Membership, Role, Scope
from outreach_site.api import api
from outreach_site.lib.crypto import token_digest
from tests.conftest import World
from tests.one_of_each import PK

# Open to anybody (DESIGN.md, "Where one stands"): sign-in pages, invitation, unsubscribe, webhooks, health.
PUBLIC = {
    "unsubscribe:unsubscribe_page",
    "desk:health",
    "people:invitation_accept",
    "webhooks:receive",
    "webhooks:receive_mime",
}
# Pages that every member may use and that take a POST without changing anything of the workspace: what a person has
# read, and which letters they want, is their own.
READS_BY_POST = {"compliance:check_address", "desk:notices_read", "desk:digest_edit"}


@dataclass(frozen=True)
class Address:
    name: str
    route: str
    view: Callable[..., Any]
    access: Access | None
    kwargs: tuple[str, ...]
    converters: dict[str, str]

    def path(self, workspace: str) -> str:
        text = self.route
        for kwarg in self.kwargs:
            value = workspace if kwarg == "workspace" else self._value(kwarg)
            text = text.replace(f"<{self.converters[kwarg]}{kwarg}>", value)
        assert "<" not in text, f"The walk cannot fill {self.route}"
        return "/" + text

    def _value(self, kwarg: str) -> str:
        return str(PK) if self.converters[kwarg].startswith("int") else "interested"

    @property
    def has_object(self) -> bool:
        return any(self.converters[kwarg].startswith("int") for kwarg in self.kwargs)


def addresses() -> Iterator[Address]:
    yield from _walk(get_resolver(), "", [])


def _walk(resolver: URLResolver, prefix: str, namespaces: list[str]) -> Iterator[Address]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = [*namespaces, entry.namespace] if entry.namespace else namespaces
            yield from _walk(entry, route, inner)
        elif isinstance(entry, URLPattern):
            kwargs = {part.split(">")[0] for part in route.split("<")[1:]}
            converters = {
                part.rpartition(":")[2]: part.rpartition(":")[0] + (":" if ":" in part else "") for part in kwargs
            }
            yield Address(
                name=":".join([*namespaces, str(entry.name)]),
                route=route,
                view=entry.callback,
                access=access_of(entry.callback, namespaces),
                kwargs=tuple(converters),
                converters=converters,
            )


def of_a_workspace() -> list[Address]:
    return [address for address in addresses() if "workspace" in address.kwargs and "api" not in address.name]


def ask(client: Client, method: str, path: str, *, htmx: bool = False) -> HttpResponseBase:
    """One request, whose effects are taken back."""
    headers = {"HX-Request": "true"} if htmx else {}
    with transaction.atomic():
        answer: HttpResponseBase = getattr(client, method)(path, headers=headers)
        transaction.set_rollback(True)
    return answer


def test_every_view_says_who_may_open_it() -> None:
    silent = [address.route for address in addresses() if address.access is None]
    assert silent == []


def test_every_address_of_a_workspace_asks_for_a_role() -> None:
    open_ones = [a.name for a in of_a_workspace() if a.access is None or not a.access.roles]
    assert open_ones == []
    assert len(of_a_workspace()) > 40


def test_a_stranger_finds_nothing_here(full: World) -> None:
    client = full.client(full.stranger)
    found = [
        (method, address.name, answer.status_code)
        for address in of_a_workspace()
        for method in ("get", "post")
        for htmx in (False, True)
        if (answer := ask(client, method, address.path(full.here.slug), htmx=htmx)).status_code != 404
    ]
    assert found == []


def test_an_object_is_not_reachable_through_another_workspace(full: World) -> None:
    stranger, owner = full.client(full.stranger), full.client(full.owner)
    reached, meaningless = [], []
    for address in of_a_workspace():
        if not address.has_object:
            continue
        through = {m: ask(stranger, m, address.path(full.elsewhere.slug)).status_code for m in ("get", "post")}
        if not (404 in through.values() and set(through.values()) <= {404, 405}):
            reached.append((address.name, through))
        at_home = {ask(owner, m, address.path(full.here.slug)).status_code for m in ("get", "post")}
        if at_home <= {404, 405}:
            meaningless.append((address.name, at_home))
    assert reached == []
    assert meaningless == [], "These need a row in the fixture `full`"


def test_a_viewer_is_refused_every_action(full: World) -> None:
    client = full.client(full.viewer)
    wrong = []
    for address in of_a_workspace():
        assert address.access is not None
        assert address.access.roles is not None
        posted = ask(client, "post", address.path(full.here.slug)).status_code
        got = ask(client, "get", address.path(full.here.slug)).status_code
        if Role.VIEWER in address.access.roles:
            expected = posted == 405 or address.name in READS_BY_POST
        else:
            expected = posted == 403 and got == 403
        if not expected:
            wrong.append((address.name, got, posted))
    assert wrong == []


def test_readers_may_open_every_page_that_is_theirs(full: World) -> None:
    for user in (full.viewer, full.officer, full.marketer, full.owner):
        client = full.client(user)
        broken = [
            (address.name, answer.status_code)
            for address in of_a_workspace()
            if address.access is not None
            and address.access.roles == READERS
            and (answer := ask(client, "get", address.path(full.here.slug))).status_code not in {200, 302, 405}
        ]
        assert broken == []


def test_signed_out_only_the_public_pages_open(full: World) -> None:
    client = Client()
    open_ones = set()
    for address in addresses():
        if address.name.startswith(("admin:", "api:")) or not address.view.__module__.startswith(
            ("outreach_site", "compliance", "campaigns", "inbox")
        ):
            continue
        try:
            path = address.path(full.here.slug)
        except AssertionError:
            path = "/" + address.route.split("<")[0] + "x" * 43 + "/"
        for method in ("get", "post"):
            answer = ask(client, method, path)
            signs_in = answer.status_code == 302 and "/accounts/login/" in answer["Location"]
            if not signs_in:
                open_ones.add(address.name)
    assert open_ones - PUBLIC == set()


def test_the_admin_is_closed_without_a_second_factor(full: World) -> None:
    full.owner.is_superuser = full.owner.is_staff = True
    full.owner.save()
    for user in (None, full.viewer, full.owner):
        client = full.client(user)
        for path in ("/admin/", "/admin/campaigns/attempt/", "/admin/accounts/user/"):
            assert ask(client, "get", path).status_code in {302, 403}, path


# --- The API ----------------------------------------------------------------------------------------------------------


def operations() -> Iterator[tuple[str, str, Caller]]:
    """Method, path and door of every operation."""
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                for method in operation.methods:
                    doors = operation.auth_callbacks
                    assert len(doors) == 1, f"{method} {prefix}{path} must declare auth=caller(...)"
                    assert isinstance(doors[0], Caller), f"{method} {prefix}{path} must declare auth=caller(...)"
                    yield method.lower(), f"/api{prefix}{path}", doors[0]


def filled(path: str, workspace: str) -> str:
    parts = []
    for part in path.split("/"):
        if part.startswith("{"):
            parts.append(workspace if "workspace" in part else str(PK))
        else:
            parts.append(part)
    return "/".join(parts)


def key_for(membership: Membership, scopes: list[str]) -> dict[str, str]:
    token = f"lk_{membership.pk}_{'_'.join(scopes)}"
    ApiKey.objects.create(
        membership=membership, name="walk", prefix="lk_walk", digest=token_digest(token), scopes=scopes
    )
    return {"Authorization": f"Bearer {token}"}


def test_every_operation_has_a_door() -> None:
    assert len(list(operations())) >= 4


def test_nobody_gets_401(full: World) -> None:
    for method, path, _ in operations():
        answer = Client().generic(method.upper(), filled(path, full.here.slug), "{}", content_type="application/json")
        assert answer.status_code == 401, (method, path)
        assert "detail" in answer.json()


def test_a_strangers_key_reaches_nothing_here(full: World) -> None:
    membership = Membership.objects.get(user=full.stranger)
    headers = key_for(membership, [scope.value for scope in Scope])
    for method, path, _ in operations():
        if "{" not in path:
            continue
        for slug in (full.here.slug, full.elsewhere.slug):
            answer = Client().generic(
                method.upper(), filled(path, slug), "{}", content_type="application/json", headers=headers
            )
            assert answer.status_code in {404, 422}, (method, path, answer.status_code)
            if slug == full.here.slug:
                assert answer.status_code == 404, (method, path)


def test_a_viewers_key_changes_nothing(full: World) -> None:
    membership = Membership.objects.get(user=full.viewer)
    headers = key_for(membership, [scope.value for scope in Scope])
    for method, path, door in operations():
        if method == "get" and Role.VIEWER in door.roles:
            continue
        answer = Client().generic(
            method.upper(), filled(path, full.here.slug), "{}", content_type="application/json", headers=headers
        )
        assert answer.status_code == 403, (method, path, answer.status_code)


def test_scopes_are_asked_for(full: World) -> None:
    membership = Membership.objects.get(user=full.owner)
    headers = key_for(membership, [])
    for method, path, _ in operations():
        answer = Client().generic(
            method.upper(), filled(path, full.here.slug), "{}", content_type="application/json", headers=headers
        )
        assert answer.status_code == 403, (method, path)
        assert "scope" in answer.json()["detail"]
