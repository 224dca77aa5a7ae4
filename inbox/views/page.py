"""What all pages of the inbox share: finding a reply, the filter in the address, the three panes, the way back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import trigger_client_event

from campaigns.models import Campaign
from inbox import lists
from inbox.lists import Chosen, Row, Show
from inbox.models import Reply
from inbox.threads import thread_of
from outreach_site.accounts.access import SENDERS, WorkspaceRequest
from outreach_site.lib.htmx import is_htmx, redirect_to
from outreach_site.mailboxes.models import Mailbox

# What the page's list listens for: fetch yourself again.
CHANGED = "replies-changed"
# The same for the open reply, after an Undo that was posted from a toast.
UNDONE = "reply-undone"
# The worker was asked to look: the list asks again after a moment.
LOOKED = "replies-looked"

# Lucide's, for the filters in the menu.
ICONS = {
    Show.REVIEW: "circle-question-mark",
    Show.ANSWER: "reply",
    Show.MINE: "user-round-check",
    Show.INTERESTED: "sparkles",
    Show.SNOOZED: "alarm-clock",
    Show.UNLINKED: "unlink",
    Show.BOUNCES: "mail-x",
    Show.AUTOMATIC: "bot",
    Show.ALL: "inbox",
}
# For every day, in sight; these too while something waits there.
_EVERY_DAY = frozenset({Show.INBOX, Show.UNREAD})
_WHILE_WAITING = frozenset({Show.REVIEW, Show.MINE})
CAMPAIGNS_OFFERED = 200


def find(request: WorkspaceRequest, pk: int) -> Reply:
    replies = Reply.objects.in_workspace(request.membership.workspace).select_related(
        "workspace", "mailbox__workspace", "campaign", "lead__contact", "lead__campaign__workspace",
        "lead__campaign__identity", "attempt", "raw", "assignee",
    )  # fmt: skip
    return get_object_or_404(replies, pk=pk)


def may_act(request: WorkspaceRequest) -> bool:
    return request.membership.role in SENDERS


def chosen_of(request: WorkspaceRequest) -> Chosen:
    """The filter, from the address; what is not one is ignored."""
    asked = request.GET
    show, tag = asked.get("show", ""), asked.get("tag", "")
    return Chosen(
        show=Show(show) if show in set(Show) else Show.INBOX,
        campaign_id=_number(asked.get("campaign", "")),
        mailbox_id=_number(asked.get("mailbox", "")),
        tag=tag if tag in Reply.Classification else "",
        words=" ".join(asked.get("q", "")[: lists.LONGEST_SEARCH].replace("\0", "").split()),
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


def mark_read(request: WorkspaceRequest, reply: Reply) -> None:
    """Reading is enough, for whoever works here; a viewer's look changes nothing, nor one at what rests."""
    now = timezone.now()
    rests = reply.snoozed_until is not None and reply.snoozed_until > now
    if reply.read_at is None and may_act(request) and not rests:
        reply.read_at = now
        Reply.objects.filter(pk=reply.pk, read_at=None).update(read_at=now)


def replaces_thread(request: WorkspaceRequest) -> bool:
    details: Any = request.htmx  # type: ignore[attr-defined]  # django-htmx
    return is_htmx(request) and details.target == "thread"


def open_beside(request: WorkspaceRequest) -> int | None:
    """The reply that stands open on the page that htmx asks from."""
    details: Any = request.htmx  # type: ignore[attr-defined]  # django-htmx
    match = re.search(r"/inbox/(\d{1,18})/", details.current_url_abs_path or "")
    return int(match.group(1)) if match else None


def list_url(request: WorkspaceRequest, **more: str) -> str:
    return reverse("inbox:reply_list", args=[request.membership.workspace.slug]) + chosen_of(request).query(**more)


def url_of(request: WorkspaceRequest, name: str, *args: object) -> str:
    """An address of this workspace's inbox, under the filter that is chosen."""
    return reverse(f"inbox:{name}", args=[request.membership.workspace.slug, *args]) + chosen_of(request).query()


def undo(request: WorkspaceRequest, name: str, *args: object) -> str:
    """The extra tag of a message that carries an Undo."""
    return f"undo:{url_of(request, name, *args)}"


# --- The panes --------------------------------------------------------------------------------------------------------


def rows(request: WorkspaceRequest, chosen: Chosen, *, open_pk: int | None) -> dict[str, Any]:
    here = request.membership.workspace
    before = request.GET.get("before", "")
    page = lists.page_of(here, chosen, user=request.user, now=timezone.now(), before=before)
    return {
        "rows": page.rows,
        "open_pk": open_pk,
        "query": chosen.query(),
        "chosen": chosen,
        "older_url": list_url(request, before=page.older) if page.older else "",
        "looked_back_to": page.looked_back_to,
        "refresh_url": list_url(request, **({"before": before} if before else {})),
        "newest_url": list_url(request) if before else "",
        "label": f"Found for {chosen.words}" if chosen.words else lists.LABELS[chosen.show],
    }


def filters(request: WorkspaceRequest, chosen: Chosen) -> list[dict[str, Any]]:
    here = request.membership.workspace
    counts = lists.counts(here, user=request.user, now=timezone.now())
    return [
        {
            "label": lists.LABELS[show],
            "url": reverse("inbox:reply_list", args=[here.slug])
            + Chosen(show, chosen.campaign_id, chosen.mailbox_id, chosen.tag).query(),
            "current": show is chosen.show and not chosen.words,
            "count": counts.get(show) or None,
            "icon": ICONS.get(show, "inbox"),
            # Few stand in sight: those for every day, what waits for a person, and the one that is chosen.
            "is_chip": show in {*_EVERY_DAY, chosen.show} or (show in _WHILE_WAITING and counts[show] > 0),
        }
        for show in Show
    ]


def page(request: WorkspaceRequest, chosen: Chosen) -> dict[str, Any]:
    here = request.membership.workspace
    mailboxes = list(Mailbox.objects.in_workspace(here).that_can_receive())
    campaigns = Campaign.objects.in_workspace(here).only("pk", "name").order_by("-created_at")
    return rows(request, chosen, open_pk=None) | {
        "filters": filters(request, chosen),
        "campaigns": campaigns[:CAMPAIGNS_OFFERED],
        "tags": Reply.TAGS,
        "list_url": reverse("inbox:reply_list", args=[here.slug]),
        "may_act": may_act(request),
        "mailboxes": mailboxes,
        "troubled": [mailbox for mailbox in mailboxes if mailbox.receiving_state == Mailbox.State.TROUBLE],
        "connect_url": reverse("mailboxes:mailbox_list", args=[here.slug]),
    }


def thread(request: WorkspaceRequest, reply: Reply, *, composing: bool = False) -> dict[str, Any]:
    """What the reading pane and the lead's show. `composing`: somebody asked for the composer."""
    return {
        "reply": reply,
        "thread": thread_of(
            reply, user=request.user if may_act(request) else None, composing=composing, now=timezone.now()
        ),
        "open_pk": reply.pk,
        "may_act": may_act(request),
    }


def reading(
    request: WorkspaceRequest,
    reply: Reply,
    chosen: Chosen,
    *,
    also_row: int | None,
    composing: bool = False,
    said: Mapping[str, object] | None = None,
) -> HttpResponse:
    """The reading pane, and beside it (out of band) the lead and the rows whose look changes."""
    marked = Reply.objects.in_workspace(request.membership.workspace).with_answered()
    context = thread(request, reply, composing=composing) | {"query": chosen.query(), "chosen": chosen, **(said or {})}
    wanted = {reply.pk, also_row} - {None}
    found = {
        each.pk: Row.of(each)
        for each in marked.select_related("campaign", "lead", "assignee").defer("text").filter(pk__in=wanted)
    }
    context["row"] = found.get(reply.pk) or Row.of(reply)
    if also_row is not None and also_row != reply.pk:
        context["left_row"] = found.get(also_row)
    return render(request, "inbox/reply_list.html#reading", context)


def back(request: WorkspaceRequest, reply: Reply, *, composing: bool = False) -> HttpResponse:
    """After an action: the reply as it is now."""
    if replaces_thread(request):
        response = reading(request, find(request, reply.pk), chosen_of(request), also_row=None, composing=composing)
        return trigger_client_event(response, CHANGED, after="settle")
    if is_htmx(request):
        return trigger_client_event(trigger_client_event(HttpResponse(status=204), UNDONE), CHANGED)
    return redirect_to(request, url_of(request, "reply_detail", reply.pk))


def following(request: WorkspaceRequest, reply: Reply, chosen: Chosen) -> Reply | None:
    """The one that stands below it in the list."""
    here = request.membership.workspace
    below = lists.page_of(here, chosen, user=request.user, now=timezone.now(), before=lists.key_after(reply))
    return below.rows[0].reply if below.rows else None
