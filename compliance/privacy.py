"""The privacy desk: what people ask of us about their own data, and how it is done.

An access request is answered with the evidence pack (evidence.py). An erasure goes through the house like this:

1. *Begin*: the address becomes a stone on the suppression list, which stops what waits for it. From here on nobody
   writes to them, whatever happens next.
2. *Look through*: shelf by shelf, texts that are about somebody else lose the address. In slices, each a transaction.
3. *Finish*: in one transaction every room lets the person go, and the request forgets whom it was about. A letter that
   is just being handed over makes this step wait.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import idna
from django.db import IntegrityError, transaction

from compliance import audit, suppression
from compliance.addresses import fold
from compliance.privacy_models import PrivacyRequest
from compliance.suppression import stone_of
from outreach_site.accounts.models import User, Workspace
from outreach_site.lib import ports
from outreach_site.lib.ports import NotYetError, Person

ANSWER_WITHIN = timedelta(days=30)
LONGEST_PAST = timedelta(days=366)

Kind = PrivacyRequest.Kind
State = PrivacyRequest.State


class RequestError(Exception):
    """This cannot be recorded or done; the message says why, for a person."""


@dataclass(frozen=True)
class Progress:
    """How an erasure stands. `waits_because`: what it waits for, as a sentence, where it cannot be finished yet."""

    is_done: bool
    waits_because: str = ""


def person_of(workspace: Workspace, address: str) -> Person:
    """Everything by which a normalised address is known here."""
    written = {address, fold(address)}
    for holder in ports.holders():
        written |= holder.spellings(workspace.pk, address)
    spellings = {spelling.strip().lower() for spelling in written if spelling}
    spellings |= {_readable(spelling) for spelling in spellings}
    return Person(workspace_id=workspace.pk, key=address, stone=stone_of(address), spellings=frozenset(spellings))


def _readable(address: str) -> str:
    """The address with its domain in its own letters: ed@xn--bcher-kva.de is written ed@bücher.de."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{idna.decode(domain)}" if "xn--" in domain else address
    except idna.IDNAError:
        return address


def held_about(person: Person) -> dict[str, int]:
    """What an erasure would take, in words, with numbers; what there is none of is left out."""
    found: dict[str, int] = {}
    for holder in ports.holders():
        found |= {what: number for what, number in holder.count(person).items() if number}
    return found


# --- Requests ---------------------------------------------------------------------------------------------------------


def open_request(
    *, workspace: Workspace, kind: str, address: str, received_on: date, note: str, user: User, now: datetime
) -> PrivacyRequest:
    """Write down what somebody asks; `address` is normalised. Raises RequestError."""
    today = workspace.day_of(now)
    if received_on > today:
        raise RequestError("The day on which it came lies in the future.")
    if received_on < today - LONGEST_PAST:
        raise RequestError("That is more than a year ago. Look at the day again.")
    try:
        with transaction.atomic():
            request = PrivacyRequest.objects.create(
                workspace=workspace,
                kind=Kind(kind),
                address=address,
                stone=stone_of(address),
                received_on=received_on,
                due_on=received_on + ANSWER_WITHIN,
                note=audit.one_line(note, 500),
                recorded_by_id=user.pk,
                recorded_at=now,
            )
            _record("privacy.requested", request, user=user, now=now, details={"received_on": received_on})
    except IntegrityError as err:
        raise RequestError("This request stands in the list already.") from err
    return request


def answer(request: PrivacyRequest, *, note: str, user: User, now: datetime) -> bool:
    """An access request has been answered: the person has the pack. False if it was done before."""
    return _end(request, State.DONE, note, event="privacy.answered", user=user, now=now)


def close(request: PrivacyRequest, *, reason: str, user: User, now: datetime) -> bool:
    """End a request without doing it: it was somebody else, or they took it back. False if it is under way or over."""
    return _end(request, State.CLOSED, reason, event="privacy.closed", user=user, now=now)


def _end(request: PrivacyRequest, state: State, words: str, *, event: str, user: User, now: datetime) -> bool:
    with transaction.atomic():
        row = PrivacyRequest.objects.select_for_update(no_key=True).get(pk=request.pk)
        if row.state != State.OPEN:
            return False
        row.state, row.outcome = state, audit.one_line(words, 500)
        row.done_by_id, row.done_at = user.pk, now
        row.save(update_fields=["state", "outcome", "done_by_id", "done_at"])
        _record(event, row, user=user, now=now, reason=row.outcome)
    return True


# --- Erasure ----------------------------------------------------------------------------------------------------------


def begin_erasure(request: PrivacyRequest, *, user: User, now: datetime) -> bool:
    """Nobody writes to them from here on. False if it is under way or over already, or is no erasure."""
    with transaction.atomic():
        row = PrivacyRequest.objects.select_for_update(no_key=True).select_related("workspace").get(pk=request.pk)
        if row.state != State.OPEN or row.kind != Kind.ERASURE:
            return False
        suppression.entomb(workspace=row.workspace, address=row.address, source=row.about, user=user, now=now)
        row.state, row.done_by_id = State.ERASING, user.pk
        row.counts = held_about(person_of(row.workspace, row.address))
        row.save(update_fields=["state", "done_by_id", "counts"])
    return True


def carry_on(request_id: int, *, until: float, now: datetime) -> Progress:
    """Go on with an erasure until a monotonic moment, and finish it if everything is looked through.

    May be called by anybody at any time: what is done is done, and the rest follows.
    """
    request = PrivacyRequest.objects.select_related("workspace").get(pk=request_id)
    if request.state != State.ERASING:
        return Progress(is_done=True)
    person = person_of(request.workspace, request.address)
    progress = dict(request.progress)
    for shelf in (shelf for holder in ports.holders() for shelf in holder.shelves()):
        is_done = False
        while not is_done:
            if time.monotonic() > until:
                return Progress(is_done=False)
            swept = shelf.sweep(person, after=int(progress.get(shelf.name, 0)))
            progress[shelf.name], is_done = swept.after, swept.is_done
            PrivacyRequest.objects.filter(pk=request.pk, state=State.ERASING).update(progress=progress)
    try:
        _finish(request.pk, progress, now=now)
    except NotYetError as err:
        return Progress(is_done=False, waits_because=str(err))
    return Progress(is_done=True)


def _finish(request_id: int, progress: Mapping[str, int], *, now: datetime) -> None:
    with transaction.atomic():
        row = PrivacyRequest.objects.select_for_update(no_key=True).select_related("workspace").get(pk=request_id)
        if row.state != State.ERASING:
            return
        person = person_of(row.workspace, row.address)
        for holder in ports.holders():
            holder.erase(person, now=now)
            for shelf in holder.shelves():
                _sweep_rest(shelf, person, after=int(progress.get(shelf.name, 0)))
        counts = row.counts
        others = PrivacyRequest.objects.in_workspace(row.workspace).filter(stone=row.stone).exclude(pk=row.pk)
        others.waiting().update(state=State.CLOSED, outcome="Erased meanwhile.", done_at=now)
        PrivacyRequest.objects.filter(workspace=row.workspace, stone=row.stone).update(address="", note="", progress={})
        PrivacyRequest.objects.filter(pk=row.pk).update(state=State.DONE, done_at=now)
        audit.record(
            "privacy.erased",
            workspace=row.workspace,
            user=User.objects.filter(pk=row.done_by_id or 0).first(),
            about=row.about,
            details={"removed": [f"{what}: {number}" for what, number in counts.items()]},
            now=now,
        )


def _sweep_rest(shelf: ports.Shelf, person: Person, *, after: int) -> None:
    """What has come since the shelf was looked through."""
    is_done = False
    while not is_done:
        swept = shelf.sweep(person, after=after)
        after, is_done = swept.after, swept.is_done


def waiting_erasures() -> list[int]:
    return list(PrivacyRequest.objects.filter(state=State.ERASING).order_by("pk").values_list("pk", flat=True))


def _record(
    event: str,
    request: PrivacyRequest,
    *,
    user: User,
    now: datetime,
    reason: str = "",
    details: Mapping[str, object] | None = None,
) -> None:
    audit.record(
        event,
        workspace=request.workspace,
        user=user,
        about=request.about,
        reason=reason,
        lead_email=request.address,
        details={"kind": request.kind} | dict(details or {}),
        now=now,
    )
