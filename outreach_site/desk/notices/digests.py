"""The letter about the day: to each member who wants one, at their hour, and only if there is something in it.

1. *Claim* the day: one conditional update. Whoever wins it may send; whoever dies afterwards has sent at most once.
2. *Write* what is new, unread and wanted. 3. *Send* it by the platform's own mail, or say why not.

The contents of one that could not be sent are in the next day's. One letter for each workspace: what belongs
behind different walls is not put into one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse

from outreach_site.accounts.models import Membership
from outreach_site.desk.notices.models import Digest, Kind, Notice
from outreach_site.desk.notices.reading import Line, lines

log = structlog.get_logger(__name__)

LINES = 50
# What is being written down at this moment is seen a moment later: it is for the next letter.
LAG = timedelta(minutes=2)
# Whoever has got none for long is not told of everything since.
REACHES_BACK = timedelta(days=7)

NO_PLATFORM_MAIL = "This server has no mail of its own to send it with."


def due(*, now: datetime) -> list[int]:
    """Whose hour has come on a day that is not done with, by key. One query."""
    not_done = Q(claimed_on=None) | Q(claimed_on__lt=now.date() + timedelta(days=1))  # of some time zone
    wanted = Digest.objects.filter(not_done, is_wanted=True, membership__user__is_active=True)
    found = wanted.select_related("membership__workspace").order_by("pk")
    return [digest.pk for digest in found if _is_due(digest, now)]


def _is_due(digest: Digest, now: datetime) -> bool:
    here = digest.membership.workspace
    is_done = digest.claimed_on is not None and digest.claimed_on >= here.day_of(now)
    return not is_done and now.astimezone(here.zone).hour >= digest.hour


def send(digest_id: int, *, now: datetime) -> bool:
    """Send one that is due; whether a letter left. Nothing happens where another worker was quicker."""
    people = Digest.objects.filter(is_wanted=True, membership__user__is_active=True)
    digest = people.select_related("membership__workspace", "membership__user").filter(pk=digest_id).first()
    if digest is None or not _is_due(digest, now):
        return False
    today, until = digest.membership.workspace.day_of(now), now - LAG
    free = Digest.objects.filter(Q(claimed_on=None) | Q(claimed_on__lt=today), pk=digest.pk, is_wanted=True)
    if not free.update(claimed_on=today, told_until=until):
        return False
    found = _news(digest, since=max(digest.told_until or now - timedelta(days=1), now - REACHES_BACK), until=until)
    if not found:
        return False
    try:
        _letter(digest.membership, found).send()
    except OSError as err:
        _did_not_leave(digest, str(err))
        return False
    Digest.objects.filter(pk=digest.pk).update(sent_at=now, failure="")
    return True


def _news(digest: Digest, *, since: datetime, until: datetime) -> Sequence[Notice]:
    unread = Notice.objects.unread_by(digest.membership).filter(at__gt=since, at__lte=until, kind__in=digest.kinds)
    return list(unread.order_by("-pk")[: LINES + 1])


def _did_not_leave(digest: Digest, why: str) -> None:
    """It may not have: what was in it is in the next one too, on another day."""
    log.warning("a digest could not be sent", digest=digest.pk, reason=why)
    Digest.objects.filter(pk=digest.pk).update(told_until=digest.told_until, failure=why[:300])


def _letter(membership: Membership, notices: Sequence[Notice]) -> EmailMessage:
    if not settings.GLOBAL_SMTP_HOST:
        raise OSError(NO_PLATFORM_MAIL)
    here = membership.workspace
    grouped: dict[Kind, list[tuple[Line, str]]] = defaultdict(list)
    for line in lines(notices[:LINES], membership):
        grouped[line.kind].append((line, _address("desk:notice_open", here.slug, line.pk) if line.url else ""))
    context = {
        "here": here,
        "groups": [(kind.label, grouped[kind]) for kind in Kind if kind in grouped],
        "has_more": len(notices) > LINES,
        "list_url": _address("desk:notice_list", here.slug),
        "stop_url": _address("desk:digest_edit", here.slug),
    }
    subject = " ".join(f"{here.name}: {_summary(notices[:LINES])}".split())
    body = render_to_string("desk/email/digest.txt", context)
    return EmailMessage(subject=subject, body=body, to=[membership.user.email])


_COUNTED = {
    Kind.INTERESTED: ("interested reply", "interested replies"),
    Kind.MAILBOX: ("mailbox in trouble", "mailboxes in trouble"),
    Kind.LOST_LINK: ("lost link", "lost links"),
    Kind.CAP: ("limit reached", "limits reached"),
    Kind.FINISHED: ("finished campaign", "finished campaigns"),
    Kind.WEBHOOK: ("webhook switched off", "webhooks switched off"),
}


def _summary(notices: Iterable[Notice]) -> str:
    counts = Counter(Kind(notice.kind) for notice in notices)
    return ", ".join(f"{counts[kind]} {_COUNTED[kind][counts[kind] != 1]}" for kind in Kind if counts[kind])


def _address(name: str, *args: object) -> str:
    return str(settings.SITE_URL) + reverse(name, args=args)


def choose(membership: Membership, *, is_wanted: bool, hour: int, kinds: Sequence[Kind], now: datetime) -> Digest:
    """What a member wants from now on. The first letter comes at the next time that the clock shows the hour, with what
    happened since now.
    """
    here = membership.workspace
    digest = Digest.objects.filter(membership=membership).first() or Digest(membership=membership)
    begins = is_wanted and not digest.is_wanted
    if is_wanted and (begins or hour != digest.hour) and now.astimezone(here.zone).hour >= hour:
        digest.claimed_on = here.day_of(now)
    if begins:
        digest.told_until, digest.failure = now, ""
    digest.is_wanted, digest.hour, digest.kinds = is_wanted, hour, [kind.value for kind in Kind if kind in kinds]
    digest.save()
    return digest
