"""Consent on record: who agreed to be written to, since when, and the proof.

A record is live until it is withdrawn. Whoever withdraws, opts out or complains ends it, and only a new record, for a
person who is not suppressed at their own wish, can begin another.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction

from compliance import audit, suppression
from compliance.addresses import domain_of, fold
from compliance.models import Suppression
from compliance.privacy_models import Consent, ConsentFile, ConsentQuerySet
from outreach_site.accounts.models import User, Workspace
from outreach_site.lib.among import among

EARLIEST = date(1990, 1, 1)


class NotRecordedError(Exception):
    """This consent is not taken on record; the message says why, for a person."""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What shows that somebody agreed. At least one of text, address of a page, and file."""

    text: str = ""
    url: str = ""
    file_name: str = ""
    file_content: bytes = b""

    @property
    def is_empty(self) -> bool:
        return not (self.text.strip() or self.url or self.file_content)


def live_among(workspace: Workspace, keys: Collection[str]) -> dict[str, date]:
    """Which of these normalised addresses have a live record here, and since when. One query."""
    return of_keys(keys, dict(live_records(workspace, keys).values_list("address", "obtained_on")))


def live_records(workspace: Workspace, keys: Collection[str]) -> ConsentQuerySet:
    """Their live records, which are kept under the folded address."""
    return Consent.objects.in_workspace(workspace).live().filter(among("address", {fold(key) for key in keys}))


def of_keys(keys: Collection[str], found: Mapping[str, date]) -> dict[str, date]:
    """What was found of folded addresses, by the addresses that were asked about."""
    return {key: found[fold(key)] for key in keys if fold(key) in found}


def why_not(obtained_on: date, entry: Suppression | None, *, today: date) -> str:
    """Why a consent of that day cannot be taken on record; empty where it can."""
    if obtained_on > today:
        return "The day on which it was obtained lies in the future."
    if obtained_on < EARLIEST:
        return f"{obtained_on:%Y-%m-%d} is too long ago to be the day on which it was obtained."
    if entry is not None and suppression.is_own_word(entry):
        return (
            f"This person does not want to be written to ({entry.get_reason_display().lower()}, "
            f"{entry.created_at:%Y-%m-%d}). A consent does not lift that."
        )
    return ""


def record(
    *,
    workspace: Workspace,
    address: str,
    proof: Proof,
    obtained_on: date,
    source: str,
    user: User,
    now: datetime,
) -> Consent:
    """Take one consent on record; `address` is normalised. Raises NotRecordedError."""
    if proof.is_empty:
        raise NotRecordedError("Say how they agreed: in words, with a link, or with a file.")
    address = fold(address)  # As suppression compares it, which can end it.
    try:
        with transaction.atomic():
            entry = suppression.suppressed_among(workspace, [address]).get(address)
            if sentence := why_not(obtained_on, entry, today=workspace.day_of(now)):
                raise NotRecordedError(sentence)
            consent = Consent.objects.create(
                workspace=workspace,
                address=address,
                domain=domain_of(address),
                evidence_text=proof.text.strip(),
                evidence_url=proof.url,
                source=audit.one_line(source, 200),
                obtained_on=obtained_on,
                recorded_by_id=user.pk,
                recorded_at=now,
            )
            if proof.file_content:
                ConsentFile.objects.create(
                    consent=consent,
                    name=audit.one_line(proof.file_name, 200) or "evidence",
                    size=len(proof.file_content),
                    content=proof.file_content,
                )
            audit.record(
                "consent.recorded",
                workspace=workspace,
                user=user,
                about=f"consent:{consent.pk}",
                lead_email=address,
                details={"obtained_on": obtained_on, "source": consent.source},
                now=now,
            )
    except IntegrityError as err:
        raise NotRecordedError("This address has a live record already. Withdraw that one first.") from err
    return consent


def withdraw(consent: Consent, *, reason: str, user: User, now: datetime) -> bool:
    """They have taken it back: the record stays, and nobody here writes to them again. False if it was so already.

    Suppressing ends the record (see suppression.py), so that the two can never say different things.
    """
    with transaction.atomic():
        live = Consent.objects.select_for_update(no_key=True).live().filter(pk=consent.pk).first()
        if live is None:
            return False
        suppression.suppress(
            workspace=live.workspace,
            address=live.address,
            reason=Suppression.Reason.OPT_OUT,
            source=f"consent:{live.pk}",
            note=reason,
            user=user,
            now=now,
        )
        # Where the suppression stood already, nothing has ended it yet.
        Consent.objects.live().filter(pk=live.pk).update(
            status=Consent.Status.WITHDRAWN, withdrawn_on=live.workspace.day_of(now)
        )
        audit.record(
            "consent.withdrawn",
            workspace=live.workspace,
            user=user,
            about=f"consent:{live.pk}",
            reason=reason,
            lead_email=live.address,
            details={"obtained_on": live.obtained_on},
            now=now,
        )
    return True
