"""Holds: pauses that something or somebody ordered, until a person lifts them. The gate reads them as a rule."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db import transaction

from compliance import audit
from compliance.models import Hold
from outreach_site.accounts.models import SENDING_IS_STOPPED, User, Workspace
from outreach_site.mailboxes.cards import LIFT_IT
from outreach_site.mailboxes.models import Mailbox


def place(
    *,
    workspace: Workspace,
    subject: str,
    reason: str,
    advice: str = "",
    source: str = "",
    user: User | None = None,
    now: datetime,
) -> Hold:
    """Hold back what concerns `subject` (mailbox:3, campaign:7, address:ed@example.org, workspace).

    `reason` is a sentence for a person, `advice` what they can do. A hold that stands already is left as it is, but for
    one that a mailbox's own failure placed: it would end with the failure (use.mailbox_mended), and this one with it.
    """
    said = {
        "reason": audit.one_line(reason, 500),
        "advice": audit.one_line(advice, 500),
        "source": audit.one_line(source, 64),
        "placed_at": now,
    }
    with transaction.atomic():
        standing = Hold.objects.in_workspace(workspace).standing().filter(subject=subject)
        # By an update of its own: one that ends at this moment is gone then, and a new one is placed.
        replaced = source != subject and standing.filter(source=subject).update(**said)
        hold, is_new = standing.get_or_create(workspace=workspace, subject=subject, lifted_at=None, defaults=said)
        if is_new or replaced:
            _record("hold.placed", hold, user=user, reason=hold.reason, now=now)
    return hold


def lift(hold: Hold, *, user: User, now: datetime) -> bool:
    """Let what is held back go on. False where somebody else was quicker."""
    with transaction.atomic():
        lifted = Hold.objects.standing().filter(pk=hold.pk).update(lifted_at=now, lifted_by_id=user.pk)
        if lifted:
            _record("hold.lifted", hold, user=user, reason=hold.reason, now=now)
    return bool(lifted)


def reasons(workspace: Workspace, subjects: Collection[str]) -> dict[str, str]:
    """Why each of these subjects that is held is, in a sentence. One query."""
    standing = Hold.objects.in_workspace(workspace).standing().filter(subject__in=subjects)
    return dict(standing.values_list("subject", "reason"))


def in_the_way(
    workspace: Workspace, *subjects: str, mailbox: Mailbox | None = None, held: Mapping[str, str]
) -> list[str]:
    """What keeps all letters of these subjects and of this mailbox where they are, in sentences that say where each is
    ended: a stop, a pause, holds. `held`: the reasons of holds that stand, by subject.
    """
    whys = [SENDING_IS_STOPPED] if workspace.sending_stopped_at is not None else []
    if mailbox is not None and mailbox.paused_at is not None:
        whys.append(f"The mailbox {mailbox} is paused: an owner resumes it under Settings, Mailboxes.")
    of_mailbox = [f"mailbox:{mailbox.pk}"] if mailbox is not None else []
    return whys + [f"{held[name]} {LIFT_IT}" for name in ("workspace", *subjects, *of_mailbox) if name in held]


def still_in_the_way(workspace: Workspace, *subjects: str, mailboxes: Sequence[Mailbox] = ()) -> list[str]:
    """The same for whoever has just let letters go on that leave from any of these mailboxes: what keeps all of them.
    One query.
    """
    held = reasons(workspace, ["workspace", *subjects, *(f"mailbox:{mailbox.pk}" for mailbox in mailboxes)])
    of_each = [in_the_way(workspace, *subjects, mailbox=mailbox, held=held) for mailbox in mailboxes]
    found = of_each if of_each and all(of_each) else [in_the_way(workspace, *subjects, held=held)]
    return list(dict.fromkeys(why for whys in found for why in whys))


def kind_of(hold: Hold) -> str:
    """What is held: `mailbox`, `campaign`, `address` or `workspace`."""
    return hold.subject.partition(":")[0]


def address_of(hold: Hold) -> str:
    return hold.subject.partition(":")[2] if kind_of(hold) == "address" else ""


def _record(event: str, hold: Hold, *, user: User | None, reason: str, now: datetime) -> None:
    # An address is the person's own: it goes where an erasure finds it, and not into the entry.
    audit.record(
        event,
        workspace=hold.workspace,
        user=user,
        about="" if address_of(hold) else hold.subject,
        lead_email=address_of(hold),
        reason=reason,
        details={"hold": hold.pk, "source": hold.source},
        now=now,
    )
