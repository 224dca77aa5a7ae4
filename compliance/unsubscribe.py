"""Unsubscribe links: random tokens that are stored, never expire, and outlive letter, lead, campaign and workspace."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from urllib.parse import quote

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from compliance import audit
from compliance.addresses import normalise
from compliance.models import Suppression, UnsubscribeToken
from compliance.suppression import is_own_word, is_stone, suppress, suppressed_among
from outreach_site.accounts.models import Workspace
from outreach_site.lib.among import among
from outreach_site.lib.crypto import new_token
from outreach_site.lib.inserting import Maker, insert

_token_row = Maker(UnsubscribeToken)

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def token_for(*, workspace: Workspace, address: str, about: str, sender_name: str = "", now: datetime) -> str:
    """The token of one letter (`about`, such as attempt:42) to `address`. Raises InvalidAddressError."""
    tokens = tokens_for(workspace=workspace, addresses={about: address}, sender_names={about: sender_name}, now=now)
    return tokens[about]


def tokens_for(
    *,
    workspace: Workspace,
    addresses: Mapping[str, str],
    sender_names: Mapping[str, str] | None = None,
    now: datetime,
) -> dict[str, str]:
    """The token of each letter in `addresses` (its subject to its recipient), made where there is none. Two queries.

    A letter that is tried again keeps its token, so that the same letter always carries the same link. `sender_names`
    says who will not write again (the identity's organisation); the workspace's name where it says nothing.
    Raises InvalidAddressError.
    """
    wanted = {about: normalise(address) for about, address in addresses.items()}
    known = {
        (row.about, row.address): row.token
        for row in UnsubscribeToken.objects.filter(among("about", wanted), workspace_id=workspace.pk)
    }
    made = [
        _token_row(
            token=new_token(),
            workspace_id=workspace.pk,
            workspace_name=audit.one_line((sender_names or {}).get(about) or workspace.name, 160),
            about=about,
            address=address,
            created_at=now,
        )
        for about, address in wanted.items()
        if (about, address) not in known
    ]
    insert(made, with_keys=False)
    known |= {(row.about, row.address): row.token for row in made}
    return {about: known[about, address] for about, address in wanted.items()}


def link(token: str) -> str:
    """The address of the page behind a token, as a letter carries it."""
    return settings.SITE_URL + _page_of(_SOME).replace(_SOME, token)


_SOME = "0" * 43


@cache
def _page_of(token: str) -> str:
    """Asked once: each letter names its link several times."""
    return reverse("unsubscribe:unsubscribe_page", args=[token])


def one_click_headers(token: str, mailto: str = "") -> dict[str, str]:
    """The header fields by which a mail program offers to unsubscribe; empty where neither way is open.

    RFC 8058, 3.1: one-click needs exactly one https address, beside which a mailto may stand (RFC 2369); without https
    there is no List-Unsubscribe-Post. Both fields must be covered by the DKIM signature, which the mail server makes.
    `mailto` is an address whose mail is read here; it gets the token in the subject.
    """
    https = link(token)
    one_click = https.startswith("https://")
    ways = [https] if one_click else []
    if mailto:
        ways.append(f"mailto:{quote(mailto, safe='@+')}?subject=unsubscribe%20{token}")
    headers = {"List-Unsubscribe": ", ".join(f"<{way}>" for way in ways)} if ways else {}
    if one_click:
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def find(token: str) -> UnsubscribeToken | None:
    """The row of a token, or None for one that we never gave out. At most one query."""
    return UnsubscribeToken.objects.filter(token=token).first() if _TOKEN.fullmatch(token) else None


def letters_of(tokens: Collection[str], *, workspace_id: int) -> dict[str, str]:
    """Of which letters (attempt:42) of a workspace these tokens are; unknown ones are left out. One query."""
    rows = UnsubscribeToken.objects.filter(token__in=tokens, workspace_id=workspace_id)
    return dict(rows.values_list("token", "about"))


def has_opted_out(row: UnsubscribeToken) -> bool:
    """Whether this person's own word stands already."""
    entry = suppressed_among(_workspace_of(row), [row.address]).get(row.address)
    return entry is not None and is_own_word(entry)


def use(row: UnsubscribeToken, *, now: datetime) -> Suppression:
    """Act on the link: suppress the address in the workspace that wrote. May be repeated without harm.

    Where the workspace is gone, the wish holds for every workspace on this server: an opt-out is never dropped.
    """
    workspace = _workspace_of(row)
    if is_stone(row.address):
        return suppressed_among(workspace, [row.address])[row.address]  # Erased: nobody writes there, for ever.
    with transaction.atomic():
        entry = suppress(
            workspace=workspace, address=row.address, reason=Suppression.Reason.UNSUBSCRIBE, source=row.about, now=now
        )
        if UnsubscribeToken.objects.filter(pk=row.pk, used_at=None).update(used_at=now):
            audit.record("unsubscribe.used", workspace=workspace, about=row.about, lead_email=row.address, now=now)
    return entry


def _workspace_of(row: UnsubscribeToken) -> Workspace | None:
    return Workspace.objects.filter(pk=row.workspace_id).first()
