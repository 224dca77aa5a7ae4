"""Which of our letters a message belongs to, and by what: the evidence is kept with the reply."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from campaigns import wire_ids
from campaigns.models import Attempt, AttemptQuerySet
from compliance import unsubscribe
from inbox.scope import LEFT, key_of
from inbox.understanding import MessageKind, Understanding
from outreach_site.mailboxes.models import Mailbox

__all__ = ["LEFT", "Match", "MatchedBy", "find_many"]


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


def find_many(mailbox: Mailbox, messages: Sequence[Understanding]) -> list[Match | None]:
    """The letter of each message. In this order: In-Reply-To, References (the nearest first), or a report's original
    ids; our token; the newest letter to that address. Five queries at most, whatever their number.
    """
    ids = [_ids_of(understood) for understood in messages]
    by_id = _by_ids(mailbox, {each for pairs in ids for each, _ in pairs})
    found: list[tuple[int, MatchedBy] | None] = [
        next(((by_id[each], by) for each, by in pairs if each in by_id), None) for pairs in ids
    ]
    _fill_in(found, messages, _tokens_of, lambda tokens: _by_tokens(mailbox, tokens), MatchedBy.TOKEN)
    _fill_in(found, messages, _keys_of, lambda keys: _by_addresses(mailbox, keys), MatchedBy.ADDRESS)
    wanted = {each[0] for each in found if each is not None}
    letters = _letters(mailbox).in_bulk(wanted) if wanted else {}
    return [Match(letters[each[0]], each[1]) if each is not None and each[0] in letters else None for each in found]


def _fill_in(
    found: list[tuple[int, MatchedBy] | None],
    messages: Sequence[Understanding],
    names: Callable[[Understanding], Sequence[str]],
    ask: Callable[[set[str]], Mapping[str, int]],
    by: MatchedBy,
) -> None:
    """For what is not found yet: the names by which it may be, looked up together."""
    tried = {place: names(messages[place]) for place, each in enumerate(found) if each is None}
    wanted = {name for some in tried.values() for name in some}
    if not wanted:
        return
    known = ask(wanted)
    for place, some in tried.items():
        found[place] = next(((known[name], by) for name in some if name in known), None)


# --- What a message names ---------------------------------------------------------------------------------------------


def _ids_of(understood: Understanding) -> list[tuple[str, MatchedBy]]:
    message, report = understood.message, understood.report
    if report is not None:
        return [(each, MatchedBy.ORIGINAL) for each in report.original_ids]
    answered = [(message.in_reply_to, MatchedBy.IN_REPLY_TO)] if message.in_reply_to else []
    return answered + [(each, MatchedBy.REFERENCES) for each in reversed(message.references)]


_TOKEN = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])")
# Of what a message quotes, this much is looked through.
_TOKENS_WITHIN = 100_000


def _tokens_of(understood: Understanding) -> list[str]:
    """Opt-out tokens of ours: in the letter that is quoted or sent back, in its headers, in an "unsubscribe" subject.

    A few are looked up; a text with more of such words is not a letter of ours.
    """
    message = understood.message
    texts = [message.subject, message.embedded.get("list-unsubscribe", ""), message.text[:_TOKENS_WITHIN]]
    if understood.report is not None:
        sent_back = (part for part in message.parts if part.is_embedded or "rfc822" in part.content_type)
        texts += [part.text[:_TOKENS_WITHIN] for part in sent_back]
    return list(dict.fromkeys(token for text in texts for token in _TOKEN.findall(text)))[:5]


def _keys_of(understood: Understanding) -> list[str]:
    if understood.kind in {MessageKind.RECEIPT, MessageKind.LIST}:
        return []
    report = understood.report
    addresses = report.recipients if report is not None else [understood.message.from_email]
    return [key for key in map(key_of, addresses) if key]


# --- Whose names they are ---------------------------------------------------------------------------------------------


# What the consequences of a message need of its letter.
_NEEDED = (
    "workspace", "campaign", "lead", "mailbox", "recipient", "recipient_key", "state", "created_at", "finished_at",
)  # fmt: skip


def _letters(mailbox: Mailbox) -> AttemptQuerySet:
    return Attempt.objects.in_workspace(mailbox.workspace).only(*_NEEDED)


def _by_ids(mailbox: Mailbox, ids: set[str]) -> dict[str, int]:
    """Letters by our Message-ID, and by the one that a provider put in its place. Two queries, each with its index."""
    if not ids:
        return {}
    found: dict[str, int] = {}
    letters = Attempt.objects.in_workspace(mailbox.workspace).order_by()
    for column, wanted in (("wire_id", wire_ids.all_spellings(ids)), ("message_id", list(ids))):
        rows = letters.filter(**{f"{column}__in": wanted}).exclude(**{column: ""})
        found.update(rows.values_list(column, "pk"))
    return {each: found[spelling] for each in ids for spelling in wire_ids.spellings(each) if spelling in found}


def _by_tokens(mailbox: Mailbox, tokens: set[str]) -> dict[str, int]:
    found = unsubscribe.letters_of(tokens, workspace_id=mailbox.workspace_id)
    return {token: int(about.partition(":")[2]) for token, about in found.items() if about.startswith("attempt:")}


def _by_addresses(mailbox: Mailbox, keys: set[str]) -> dict[str, int]:
    """The newest letter to each address that has left, or may have."""
    letters = Attempt.objects.in_workspace(mailbox.workspace).filter(recipient_key__in=keys, state__in=LEFT)
    return dict(letters.order_by("finished_at", "pk").values_list("recipient_key", "pk"))
