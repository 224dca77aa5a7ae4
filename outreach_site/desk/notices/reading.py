"""Notices as a person reads them: their words are made of what they are about, as it stands now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Max
from django.urls import reverse

from campaigns.models import Campaign, Placement
from inbox.models import Reply
from outreach_site.accounts.models import Membership, Role, User, Workspace
from outreach_site.desk.notices.models import Kind, Notice, NoticeMark, NoticeQuerySet, NoticeRead
from outreach_site.desk.outgoing.models import Endpoint
from outreach_site.mailboxes.models import Mailbox

# The bell says no number above this.
COUNTED = 99
# No transaction that writes a notice lasts so long.
SETTLED_AFTER = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Line:
    pk: int
    kind: Kind
    tone: str
    icon: str  # a Lucide name
    title: str
    detail: str = ""
    at: datetime
    url: str = ""  # empty where what it was about is gone
    is_read: bool = False


@dataclass(frozen=True)
class Day:
    on: date
    lines: Sequence[Line]


def unread_count(membership: Membership) -> int:
    """How many this person has not read, up to one more than COUNTED. One query."""
    return Notice.objects.unread_by(membership)[: COUNTED + 1].count()


def mark_read(notices: NoticeQuerySet, membership: Membership, *, now: datetime) -> int:
    """They have read these; how many were new to them."""
    unread = list(notices.unread_by(membership).values_list("pk", flat=True))
    rows = [NoticeRead(notice_id=pk, membership=membership, at=now) for pk in unread]
    NoticeRead.objects.bulk_create(rows, ignore_conflicts=True)
    return len(unread)


def mark_all_read(membership: Membership, *, through: int, now: datetime) -> int:
    """They have read everything up to this notice; how many were new to them."""
    here = Notice.objects.in_workspace(membership.workspace).filter(pk__lte=through)
    count = mark_read(here, membership, now=now)
    # Keys are given before they are seen: one below an old one can appear no more, one below a new one still may.
    settled = here.filter(at__lt=now - SETTLED_AFTER).aggregate(pk=Max("pk"))["pk"]
    if settled is not None:
        mark, _ = NoticeMark.objects.get_or_create(membership=membership)
        NoticeMark.objects.filter(pk=mark.pk, through__lt=settled).update(through=settled)
        NoticeRead.objects.filter(membership=membership, notice__lte=settled).delete()
    return count


def days(notices: Sequence[Notice], membership: Membership) -> list[Day]:
    """The notices by the day of their workspace, in their order."""
    here = membership.workspace
    grouped: dict[date, list[Line]] = defaultdict(list)
    for line in lines(notices, membership):
        grouped[here.day_of(line.at)].append(line)
    return [Day(on, found) for on, found in grouped.items()]


def lines(notices: Sequence[Notice], membership: Membership) -> list[Line]:
    """One for each notice of the person's workspace, in the same order. A query for each kind of thing among them."""
    here = membership.workspace
    known = _things(notices, here)
    pks = [notice.pk for notice in notices]
    unread = set(Notice.objects.filter(pk__in=pks).unread_by(membership).values_list("pk", flat=True))
    return [_line(notice, known.get(notice.about), membership, is_read=notice.pk not in unread) for notice in notices]


def target_of(notice: Notice, membership: Membership) -> str:
    """Where the thing is; the list itself where it is gone."""
    here = membership.workspace
    thing = _things([notice], here).get(notice.about)
    return _line(notice, thing, membership, is_read=True).url or reverse("desk:notice_list", args=[here.slug])


def _things(notices: Iterable[Notice], here: Workspace) -> dict[str, Any]:
    """What they are about, by subject; only what is in this workspace."""
    keys: dict[str, set[int]] = defaultdict(set)
    for notice in notices:
        kind, _, key = notice.about.partition(":")
        if key.isdigit():
            keys[kind].add(int(key))
    found: dict[str, Any] = {}
    for kind, pks in keys.items():
        if (look := _LOOK_UP.get(kind)) is not None:
            found |= {f"{kind}:{pk}": thing for pk, thing in look(here, pks).items()}
    return found


def _replies(here: Workspace, pks: set[int]) -> Mapping[int, Any]:
    found = Reply.objects.in_workspace(here).filter(pk__in=pks).select_related("lead", "campaign").defer("text")
    return {reply.pk: reply for reply in found}


def _mailboxes(here: Workspace, pks: set[int]) -> Mapping[int, Any]:
    return {each.pk: each for each in Mailbox.objects.in_workspace(here).filter(pk__in=pks)}


def _placements(here: Workspace, pks: set[int]) -> Mapping[int, Any]:
    found = Placement.objects.in_workspace(here).filter(pk__in=pks).select_related("lead")
    return {each.pk: each for each in found}


def _campaigns(here: Workspace, pks: set[int]) -> Mapping[int, Any]:
    return {each.pk: each for each in Campaign.objects.in_workspace(here).filter(pk__in=pks)}


def _users(here: Workspace, pks: set[int]) -> Mapping[int, Any]:
    return {each.pk: each for each in User.objects.filter(pk__in=pks, memberships__workspace=here)}


def _endpoints(here: Workspace, pks: set[int]) -> Mapping[int, Any]:
    return {each.pk: each for each in Endpoint.objects.in_workspace(here).filter(pk__in=pks)}


_LOOK_UP: dict[str, Callable[[Workspace, set[int]], Mapping[int, Any]]] = {
    "reply": _replies,
    "mailbox": _mailboxes,
    "placement": _placements,
    "campaign": _campaigns,
    "user": _users,
    "endpoint": _endpoints,
}


@dataclass(frozen=True, kw_only=True)
class _Said:
    title: str
    detail: str = ""
    url: str = ""
    tone: str = "info"
    icon: str = "bell"


def _line(notice: Notice, thing: Any, member: Membership, *, is_read: bool) -> Line:
    said = _SAY[Kind(notice.kind)](notice, thing, member)
    return Line(
        pk=notice.pk,
        kind=Kind(notice.kind),
        tone=said.tone,
        icon=said.icon,
        title=said.title,
        detail=said.detail,
        at=notice.at,
        url=said.url,
        is_read=is_read,
    )


def _interested(_: Notice, reply: Reply | None, member: Membership) -> _Said:
    if reply is None:
        return _Said(
            title="Somebody was interested", detail="Their reply was deleted since.", icon="reply", tone="muted"
        )
    who = reply.from_name or reply.from_email or "Somebody"
    where = f" of {reply.lead}" if reply.lead else ""
    url = reverse("inbox:reply_detail", args=[member.workspace.slug, reply.pk])
    if reply.classification != Reply.Classification.INTERESTED:
        tag = reply.get_classification_display().lower()
        return _Said(title=f"{who}{where} answered", detail=f"Tagged “{tag}” since.", url=url, icon="reply")
    detail = f"In {reply.campaign}." if reply.campaign else ""
    return _Said(title=f"{who}{where} is interested", detail=detail, url=url, icon="reply", tone="good")


_MAILBOX_SAYS = {
    "held": ("is held back", "No letter leaves from it until somebody looks."),
    "receiving": ("cannot be read", "Replies to its letters are not seen, and no follow-up leaves from it."),
    "sending": ("cannot send", "Its server refused again and again. Its letters wait."),
    "connection": ("is soon disconnected", "Connect it again before its provider ends the connection."),
}


def _mailbox(notice: Notice, mailbox: Mailbox | None, member: Membership) -> _Said:
    what = str(notice.facts.get("what", ""))
    says, detail = _MAILBOX_SAYS.get(what, ("is in trouble", ""))
    if mailbox is None or mailbox.archived_at is not None:
        return _Said(
            title=f"{mailbox or 'A mailbox'} was in trouble",
            detail="It was removed since.",
            icon="unplug",
            tone="muted",
        )
    view = "compliance:hold_list" if what == "held" else "mailboxes:mailbox_list"
    tone = "warn" if what == "connection" else "bad"
    return _Said(
        title=f"{mailbox} {says}",
        detail=detail,
        url=reverse(view, args=[member.workspace.slug]),
        icon="unplug",
        tone=tone,
    )


def _lost_link(_: Notice, placement: Placement | None, member: Membership) -> _Said:
    if placement is None:
        return _Said(title="A link was gone", detail="Its record was deleted since.", icon="unlink", tone="muted")
    url = reverse("placements:placement_detail", args=[member.workspace.slug, placement.pk])
    if placement.state != Placement.State.LOST:
        detail = f"It is “{placement.get_state_display().lower()}” now."
        return _Said(title=f"{placement.lead}: the link was gone", detail=detail, url=url, icon="unlink")
    return _Said(
        title=f"{placement.lead}: the link is gone", detail=placement.page_url, url=url, icon="unlink", tone="bad"
    )


def _cap(notice: Notice, thing: Any, member: Membership) -> _Said:
    scope, _, whose = notice.about.partition(":")
    if scope == "user":
        who = f"{thing.get_full_name()} has" if thing else "Somebody has"
        title = f"{who} sent all that one person may send in a day"
    elif scope == "mailbox":
        title = f"{thing or 'A mailbox'} has sent all that it may send in a day"
    else:
        title = f"{whose} has got all the letters that one site gets in a day"
    limit, letters = notice.facts.get("limit"), notice.facts.get("letters")
    detail = f"The limit is {limit}. {letters} {'letter waits' if letters == 1 else 'letters wait'} for another day."
    return _Said(
        title=title, detail=detail, url=reverse("desk:queue", args=[member.workspace.slug]), icon="gauge", tone="warn"
    )


def _finished(notice: Notice, campaign: Campaign | None, member: Membership) -> _Said:
    if campaign is None:
        return _Said(title="A campaign was finished", detail="It was deleted since.", icon="flag", tone="muted")
    people = notice.facts.get("people", 0)
    return _Said(
        title=f"“{campaign}” is finished",
        detail=f"{people} {'person was' if people == 1 else 'people were'} written to, and nothing is left to send.",
        url=reverse("campaigns:campaign_results", args=[member.workspace.slug, campaign.pk]),
        icon="flag",
        tone="good",
    )


def _webhook(_: Notice, endpoint: Endpoint | None, member: Membership) -> _Said:
    if endpoint is None:
        return _Said(title="A webhook was switched off", detail="It was removed since.", icon="webhook", tone="muted")
    if member.role == Role.OWNER:
        url = reverse("desk:endpoint_detail", args=[member.workspace.slug, endpoint.pk])
    else:
        url = reverse("accounts:settings", args=[member.workspace.slug])
    name = endpoint.note or urlsplit(endpoint.url).hostname
    if endpoint.off_at is None:
        return _Said(title=f"The webhook “{name}” was switched off", detail="It is on again.", url=url, icon="webhook")
    detail = "It took nothing for long. What happens is not told there until an owner switches it on."
    return _Said(title=f"The webhook “{name}” is switched off", detail=detail, url=url, icon="webhook", tone="bad")


_SAY: dict[Kind, Callable[[Notice, Any, Membership], _Said]] = {
    Kind.INTERESTED: _interested,
    Kind.MAILBOX: _mailbox,
    Kind.LOST_LINK: _lost_link,
    Kind.CAP: _cap,
    Kind.FINISHED: _finished,
    Kind.WEBHOOK: _webhook,
}
