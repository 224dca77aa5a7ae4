"""Which of our letters a message belongs to, and by what: the evidence is kept with the reply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Q

from campaigns import wire_ids
from campaigns.models import Attempt, AttemptQuerySet
from inbox.scope import key_of
from inbox.understanding import MessageKind, Understanding
from outreach_site.mailboxes.models import Mailbox

# Letters that have left, or may have: nobody answers another.
LEFT = (Attempt.State.SENT, Attempt.State.UNCERTAIN, Attempt.State.SENDING)


class MatchedBy(StrEnum):
    IN_REPLY_TO = "in_reply_to"
    REFERENCES = "references"
    ORIGINAL = "original"  # the Message-ID of the letter that a report sends back
    TOKEN = "token"  # noqa: S105 - the opt-out link of one letter, quoted or sent back
    ADDRESS = "address"  # the newest letter to that address
    HAND = "hand"  # a person said so


@dataclass(frozen=True, slots=True)
class Match:
    attempt: Attempt
    by: MatchedBy

    @property
    def is_proof(self) -> bool:
        """Whether it names our Message-ID or token, which only somebody who had the letter knows."""
        return self.by not in {MatchedBy.ADDRESS, MatchedBy.HAND}


def find(mailbox: Mailbox, understood: Understanding) -> Match | None:
    """In this order: In-Reply-To, References (the nearest first), a report's original ids, the address. Two queries."""
    message, report = understood.message, understood.report
    ids: list[tuple[str, MatchedBy]] = []
    if report is not None:
        ids += [(each, MatchedBy.ORIGINAL) for each in report.original_ids]
    else:
        ids += [(message.in_reply_to, MatchedBy.IN_REPLY_TO)] if message.in_reply_to else []
        ids += [(each, MatchedBy.REFERENCES) for each in reversed(message.references)]
    letters = _by_ids(mailbox, [each for each, _ in ids])
    for each, by in ids:
        if each in letters:
            return Match(letters[each], by)
    keys = [key_of(each) for each in report.recipients] if report is not None else [key_of(message.from_email)]
    if understood.kind in {MessageKind.RECEIPT, MessageKind.LIST}:
        return None
    return _by_address(mailbox, [key for key in keys if key])


def _letters(mailbox: Mailbox) -> AttemptQuerySet:
    return Attempt.objects.in_workspace(mailbox.workspace).select_related("lead__contact", "campaign__workspace")


def _by_ids(mailbox: Mailbox, ids: Sequence[str]) -> dict[str, Attempt]:
    if not ids:
        return {}
    found = _letters(mailbox).filter(Q(message_id__in=ids) | Q(wire_id__in=wire_ids.all_spellings(ids)))
    kept = {each: attempt for attempt in found for each in (attempt.message_id, attempt.wire_id) if each}
    return {each: kept[spelling] for each in ids for spelling in wire_ids.spellings(each) if spelling in kept}


def _by_address(mailbox: Mailbox, keys: Sequence[str]) -> Match | None:
    if not keys:
        return None
    newest = _letters(mailbox).filter(recipient_key__in=keys, state__in=LEFT).order_by("-finished_at", "-pk").first()
    return Match(newest, MatchedBy.ADDRESS) if newest else None
