"""The inbox's pages: the list, one reply with its conversation, and what a person does with it."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import push_url, trigger_client_event

from campaigns.lifecycle import change_status
from campaigns.models import Campaign, Lead
from inbox import consequences, lists, tasks
from inbox.lists import Chosen, Row, Show
from inbox.models import Reply
from inbox.threads import thread_of
from outreach_site.accounts.access import READERS, SENDERS, WorkspaceRequest, allow
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
    Show.INTERESTED: "sparkles",
    Show.UNLINKED: "unlink",
    Show.BOUNCES: "mail-x",
    Show.AUTOMATIC: "bot",
    Show.ALL: "inbox",
}


# --- Pages ------------------------------------------------------------------------------------------------------------


@require_GET
@allow(READERS)
def reply_list(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """The list; for htmx its rows alone, with the reply marked that stands open beside them."""
    chosen = _chosen(request)
    if is_htmx(request):
        context = _rows(request, chosen, open_pk=_open_beside(request)) | {"filters": _filters(request, chosen)}
        return render(request, "inbox/reply_list.html#fresh", context)
    return render(request, "inbox/reply_list.html", _page(request, chosen))


@require_GET
@allow(READERS)
def reply_detail(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    """One reply beside the list; for htmx the reply, the lead, and the rows of the list that change by it."""
    found = _find(request, reply)
    _mark_read(request, found)
    chosen = _chosen(request)
    if is_htmx(request):
        return _reading(request, found, chosen, also_row=_open_beside(request))
    return render(request, "inbox/reply_list.html", _page(request, chosen) | _thread(request, found))


@require_GET
@allow(READERS)
def lead_replies(request: WorkspaceRequest, workspace: str, lead: int) -> HttpResponse:
    """What a lead wrote, to stand in the lead's own page."""
    here = request.membership.workspace
    found = get_object_or_404(Lead.objects.in_workspace(here).select_related("campaign"), pk=lead)
    written = Reply.objects.in_workspace(here).filter(lead=found).select_related("campaign", "lead").defer("text")
    rows = [Row.of(reply) for reply in written.order_by("-received_at", "-pk")[: lists.PAGE]]
    template = "inbox/lead_replies.html#replies" if is_htmx(request) else "inbox/lead_replies.html"
    return render(request, template, {"lead": found, "rows": rows})


# --- Actions ----------------------------------------------------------------------------------------------------------


@require_POST
@allow(SENDERS)
def reply_tag(request: WorkspaceRequest, workspace: str, reply: int, classification: str) -> HttpResponse:
    found = _find(request, reply)
    tag = next((tag for tag in Reply.TAGS if tag.value == classification), None)
    if tag is None or found.kind in {Reply.Kind.BOUNCE, Reply.Kind.COMPLAINT}:
        messages.error(request, "This cannot be tagged so. Nothing was changed.")
        return _back(request, found)
    if tag == found.classification and not found.needs_review:
        return _back(request, found)
    staying = consequences.tag(found, tag, user=request.user, now=timezone.now())
    found.refresh_from_db()
    undo = _undo(request, "reply_untag", found)
    if staying:
        messages.warning(
            request,
            f"Tagged {tag.label.lower()}. {', '.join(staying)} stays suppressed: compliance can lift that.",
            undo,
        )
    elif tag == Reply.Classification.NOT_INTERESTED:
        messages.success(request, f"Nobody here will write to {found.suppressed_value or 'them'} again.", undo)
    else:
        messages.success(request, f"Tagged {tag.label.lower()}.", undo)
    return _back(request, found)


@require_POST
@allow(SENDERS)
def reply_untag(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    found = _find(request, reply)
    if consequences.untag(found, user=request.user, now=timezone.now()):
        messages.info(request, "The tag is what it was.")
    else:
        messages.warning(request, "There is no tag of a person's to take back.")
    return _back(request, found)


@require_POST
@allow(SENDERS)
def reply_lead_status(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    found = _find(request, reply)
    status = next(
        (each for each in (Lead.Status.REPLIED, Lead.Status.PLACED) if each.value == request.POST.get("status")), None
    )
    if found.lead is None or status is None:
        messages.error(request, "Choose replied or placed for a reply that belongs to a lead. Nothing was changed.")
    elif found.lead.status != status:
        taken_back = change_status(found.lead, status, user=request.user, now=timezone.now())
        also = f" {taken_back} waiting letter{'' if taken_back == 1 else 's'} taken back." if taken_back else ""
        messages.success(request, f"{found.lead} is {status.label.lower()}.{also}")
    return _back(request, found)


@require_POST
@allow(SENDERS)
def reply_undo_suppression(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    found = _find(request, reply)
    try:
        lifted = consequences.undo_suppression(found, user=request.user, now=timezone.now())
    except consequences.CannotUndoError as err:
        messages.warning(request, str(err))
    else:
        messages.success(request, f"{', '.join(lifted)} may be written to again.")
    return _back(request, found)


@require_POST
@allow(SENDERS)
def reply_believe(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    """A report that names no letter of ours is true after all: the address is suppressed."""
    found = _find(request, reply)
    entry = consequences.believe_report(found, user=request.user, now=timezone.now())
    if entry is None:
        messages.warning(request, "There is nothing to decide about this message.")
    else:
        messages.success(request, f"Nobody here will write to {entry.value} again.")
    return _back(request, found)


@require_POST
@allow(SENDERS)
def reply_disbelieve(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    found = _find(request, reply)
    if consequences.disbelieve_report(found, user=request.user, now=timezone.now()):
        messages.success(request, "Set aside. The address may be written to.")
    else:
        messages.warning(request, "There is nothing to decide about this message.")
    return _back(request, found)


@require_POST
@allow(SENDERS)
def reply_unread(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    """Unread again, and back to the list: whoever stays on the page has read it."""
    found = _find(request, reply)
    Reply.objects.filter(pk=found.pk).update(read_at=None, done_at=None)
    messages.info(request, "Marked as unread.")
    return redirect_to(request, _list_url(request))


@require_POST
@allow(SENDERS)
def reply_done(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    """Dealt with: out of the inbox, and on to the next one."""
    found = _find(request, reply)
    now = timezone.now()
    chosen = _chosen(request)
    following = _after(request, found, chosen)
    Reply.objects.filter(pk=found.pk).update(done_at=now, read_at=found.read_at or now)
    messages.success(request, "Done.", _undo(request, "reply_reopen", found))
    if following is None:
        return redirect_to(request, _list_url(request))
    url = reverse("inbox:reply_detail", args=[workspace, following.pk]) + chosen.query()
    if not _replaces_thread(request):
        return redirect_to(request, url)
    following = _find(request, following.pk)
    _mark_read(request, following)
    response = push_url(_reading(request, following, chosen, also_row=found.pk), url)
    return trigger_client_event(response, CHANGED, after="settle")


@require_POST
@allow(SENDERS)
def reply_reopen(request: WorkspaceRequest, workspace: str, reply: int) -> HttpResponse:
    found = _find(request, reply)
    Reply.objects.filter(pk=found.pk).update(done_at=None)
    messages.info(request, "Back in the inbox.")
    return _back(request, found)


@require_POST
@allow(SENDERS)
def poll_now(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Ask the worker to look; the answer comes at once, the replies when they are there."""
    mailboxes = list(Mailbox.objects.in_workspace(request.membership.workspace).that_can_receive())
    for mailbox in mailboxes:
        tasks.poll_soon(mailbox.pk)
    if not mailboxes:
        messages.warning(request, "No mailbox here can receive. Add an IMAP server to one in Settings.")
    elif len(mailboxes) == 1:
        messages.info(request, f"Looking into {mailboxes[0].email}. New replies appear here.")
    else:
        messages.info(request, f"Looking into {len(mailboxes)} mailboxes. New replies appear here.")
    if is_htmx(request):
        return trigger_client_event(HttpResponse(status=204), LOOKED)
    return redirect_to(request, _list_url(request))


# --- Shared -----------------------------------------------------------------------------------------------------------


def _find(request: WorkspaceRequest, pk: int) -> Reply:
    replies = Reply.objects.in_workspace(request.membership.workspace).select_related(
        "workspace", "mailbox", "campaign", "lead__contact", "lead__campaign__workspace", "attempt"
    )
    return get_object_or_404(replies, pk=pk)


def _may_act(request: WorkspaceRequest) -> bool:
    return request.membership.role in SENDERS


def _chosen(request: WorkspaceRequest) -> Chosen:
    """The filter, from the address; what is not one is ignored."""
    show = request.GET.get("show", "")
    campaign = request.GET.get("campaign", "")
    return Chosen(
        show=Show(show) if show in set(Show) else Show.INBOX,
        campaign_id=int(campaign) if campaign.isascii() and campaign.isdigit() and len(campaign) < 18 else None,
    )


def _mark_read(request: WorkspaceRequest, reply: Reply) -> None:
    """Reading is enough, for whoever works here; a viewer's look changes nothing."""
    if reply.read_at is None and _may_act(request):
        reply.read_at = timezone.now()
        Reply.objects.filter(pk=reply.pk, read_at=None).update(read_at=reply.read_at)


def _replaces_thread(request: WorkspaceRequest) -> bool:
    details: Any = request.htmx  # type: ignore[attr-defined]  # django-htmx
    return is_htmx(request) and details.target == "thread"


def _open_beside(request: WorkspaceRequest) -> int | None:
    """The reply that stands open on the page that htmx asks from."""
    details: Any = request.htmx  # type: ignore[attr-defined]  # django-htmx
    match = re.search(r"/inbox/(\d{1,18})/", details.current_url_abs_path or "")
    return int(match.group(1)) if match else None


def _list_url(request: WorkspaceRequest) -> str:
    return reverse("inbox:reply_list", args=[request.membership.workspace.slug]) + _chosen(request).query()


def _undo(request: WorkspaceRequest, name: str, reply: Reply) -> str:
    url = reverse(f"inbox:{name}", args=[request.membership.workspace.slug, reply.pk])
    return f"undo:{url}{_chosen(request).query()}"


def _rows(request: WorkspaceRequest, chosen: Chosen, *, open_pk: int | None) -> dict[str, Any]:
    here = request.membership.workspace
    page = lists.page_of(here, chosen, before=request.GET.get("before", ""))
    list_url = reverse("inbox:reply_list", args=[here.slug])
    older = list_url + chosen.query(before=page.older) if page.older else ""
    refresh = list_url + chosen.query(**({"before": request.GET["before"]} if "before" in request.GET else {}))
    return {
        "rows": page.rows,
        "open_pk": open_pk,
        "query": chosen.query(),
        "chosen": chosen,
        "older_url": older,
        "refresh_url": refresh,
        "newest_url": list_url + chosen.query() if request.GET.get("before") else "",
        "label": lists.LABELS[chosen.show],
    }


def _filters(request: WorkspaceRequest, chosen: Chosen) -> list[dict[str, Any]]:
    here = request.membership.workspace
    list_url = reverse("inbox:reply_list", args=[here.slug])
    counts = {Show.UNREAD: lists.count_unread(here), Show.REVIEW: lists.count_to_review(here)}
    return [
        {
            "label": lists.LABELS[show],
            "url": list_url + Chosen(show, chosen.campaign_id).query(),
            "current": show is chosen.show,
            "count": counts.get(show) or None,
            "icon": ICONS.get(show, "inbox"),
            # Few stand in sight: those for every day, what waits for a person, and the one that is chosen.
            "is_chip": show in {Show.INBOX, Show.UNREAD, chosen.show} or (show is Show.REVIEW and counts[show] > 0),
        }
        for show in Show
    ]


def _page(request: WorkspaceRequest, chosen: Chosen) -> dict[str, Any]:
    here = request.membership.workspace
    mailboxes = list(Mailbox.objects.in_workspace(here).that_can_receive())
    return _rows(request, chosen, open_pk=None) | {
        "filters": _filters(request, chosen),
        "campaigns": Campaign.objects.in_workspace(here).only("pk", "name").order_by("-created_at")[:200],
        "list_url": reverse("inbox:reply_list", args=[here.slug]),
        "may_act": _may_act(request),
        "mailboxes": mailboxes,
        "troubled": [mailbox for mailbox in mailboxes if mailbox.receiving_state == Mailbox.State.TROUBLE],
        "connect_url": reverse("mailboxes:mailbox_list", args=[here.slug]),
    }


def _thread(request: WorkspaceRequest, reply: Reply) -> dict[str, Any]:
    return {
        "reply": reply,
        "thread": thread_of(reply, now=timezone.now()),
        "open_pk": reply.pk,
        "may_act": _may_act(request),
    }


def _reading(request: WorkspaceRequest, reply: Reply, chosen: Chosen, *, also_row: int | None) -> HttpResponse:
    """The reading pane, and beside it (out of band) the lead and the rows whose look changes."""
    context = _thread(request, reply) | {"query": chosen.query(), "chosen": chosen, "row": Row.of(reply)}
    if also_row is not None and also_row != reply.pk:
        before = Reply.objects.in_workspace(request.membership.workspace).filter(pk=also_row)
        left = before.select_related("campaign", "lead").defer("text").first()
        context["left_row"] = Row.of(left) if left else None
    return render(request, "inbox/reply_list.html#reading", context)


def _back(request: WorkspaceRequest, reply: Reply) -> HttpResponse:
    """After an action: the reply as it is now."""
    if _replaces_thread(request):
        response = _reading(request, _find(request, reply.pk), _chosen(request), also_row=None)
        return trigger_client_event(response, CHANGED, after="settle")
    if is_htmx(request):
        return trigger_client_event(trigger_client_event(HttpResponse(status=204), UNDONE), CHANGED)
    url = reverse("inbox:reply_detail", args=[request.membership.workspace.slug, reply.pk])
    return redirect_to(request, url + _chosen(request).query())


def _after(request: WorkspaceRequest, reply: Reply, chosen: Chosen) -> Reply | None:
    """The one that stands below it in the list."""
    key = f"{reply.received_at.timestamp():.6f},{reply.pk}"
    page = lists.page_of(request.membership.workspace, chosen, before=key)
    return page.rows[0].reply if page.rows else None
