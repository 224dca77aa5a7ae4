"""Their text as it is shown: the words that decided the tag, and those that ask for something, are marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inbox.asks import label_of
from inbox.models import Reply

Span = tuple[int, int]


@dataclass(frozen=True)
class Piece:
    """A stretch of text: among the words that decided the tag, or those that ask for what `ask` says, or neither."""

    text: str
    decided: bool = False
    ask: str = ""


def pieces_of(reply: Reply) -> list[Piece]:
    """The new text, cut where marked words begin and end. What decided the tag goes before what asks."""
    text = reply.new_text
    decided = _apart(decided_in(reply))
    asking = [
        (span, label)
        for span, label in _asking_in(reply)
        if all(span[1] <= start or end <= span[0] for start, end in decided)
    ]
    marks = [(span, Piece(text[slice(*span)], decided=True)) for span in decided]
    marks += [(span, Piece(text[slice(*span)], ask=label)) for span, label in asking]
    pieces: list[Piece] = []
    position = 0
    for (start, end), piece in sorted(marks, key=lambda mark: mark[0]):
        if start < position:
            continue
        if start > position:
            pieces.append(Piece(text[position:start]))
        pieces.append(piece)
        position = end
    if position < len(text):
        pieces.append(Piece(text[position:]))
    return pieces


def decided_in(reply: Reply) -> list[Span]:
    return [span for span, _ in _spans(reply.evidence, len(reply.new_text))]


def _asking_in(reply: Reply) -> Iterator[tuple[Span, str]]:
    for span, row in _spans(reply.intents, len(reply.new_text)):
        if label := label_of(row):
            yield span, label


def _spans(rows: object, length: int) -> Iterator[tuple[Span, dict[str, object]]]:
    """Places that lie in the text, whatever else the rows say."""
    for row in rows if isinstance(rows, list) else []:
        start, end = (row.get("start"), row.get("end")) if isinstance(row, dict) else (None, None)
        if isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= length:
            yield (start, end), row


def _apart(spans: Sequence[Span]) -> list[Span]:
    """Without those that begin inside an earlier one."""
    kept: list[Span] = []
    for span in sorted(spans):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept


def rest_of(reply: Reply) -> str:
    """What the new text leaves out."""
    text, new = reply.text.strip(), reply.new_text.strip()
    if text == new:
        return ""
    return text[len(new) :].strip() if new and text.startswith(new) else text
