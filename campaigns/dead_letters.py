"""Letters that could not be sent, several at a time: queued again, or given up."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from django.db import transaction

from campaigns import queueing
from campaigns.models import Attempt
from campaigns.rota import CannotQueueError
from compliance import audit
from outreach_site.accounts.models import User, Workspace

AT_ONCE = 200
GIVEN_UP = "Given up by hand."


def requeue_all(workspace: Workspace, numbers: Sequence[int], *, user: User, now: datetime) -> int:
    """Queue these again, the gate deciding each anew; those that may not be are left. How many were queued."""
    queued = 0
    for letter in _failed(workspace, numbers):
        with suppress(CannotQueueError):
            queued += queueing.requeue(letter, user=user, now=now)
    return queued


def give_up(workspace: Workspace, numbers: Sequence[int], *, user: User, now: datetime) -> int:
    """They leave the list of what could not be sent, and stand in the history with what the server said. How many."""
    with transaction.atomic():
        given_up = [
            letter
            for letter in _failed(workspace, numbers)
            if Attempt.objects.filter(pk=letter.pk, state=Attempt.State.FAILED, settled_at__isnull=False).update(
                state=Attempt.State.CANCELLED, reason=f"{GIVEN_UP} {letter.reason}"[:500]
            )
        ]
        audit.record_many(
            [
                audit.Entry(
                    event="letter.given_up",
                    workspace_id=workspace.pk,
                    user_id=user.pk,
                    about=letter.about,
                    lead_email=letter.recipient,
                    subject=letter.subject,
                    now=now,
                )
                for letter in given_up
            ]
        )
    return len(given_up)


def take_up(workspace: Workspace, number: int, *, user: User, now: datetime) -> bool:
    """Undo that a person gave this letter up: it stands among what could not be sent again. False where it does not."""
    with transaction.atomic():
        given_up = Attempt.objects.in_workspace(workspace).filter(
            pk=number, state=Attempt.State.CANCELLED, reason__startswith=GIVEN_UP
        )
        letter = given_up.select_related("campaign__workspace").select_for_update(of=("self",)).first()
        if letter is None:
            return False
        letter.state, letter.reason = Attempt.State.FAILED, letter.reason.removeprefix(GIVEN_UP).strip()
        letter.save(update_fields=["state", "reason"])
        queueing.note("letter.taken_up", letter, user=user, now=now)
    return True


def _failed(workspace: Workspace, numbers: Sequence[int]) -> list[Attempt]:
    letters = Attempt.objects.in_workspace(workspace).filter(pk__in=list(numbers)[:AT_ONCE], state=Attempt.State.FAILED)
    return list(letters.select_related("campaign__workspace").order_by("pk"))
