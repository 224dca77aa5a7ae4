"""Which words are marked in a reply, and how: what decided the tag before what asks for something."""

from __future__ import annotations

from inbox.marking import Piece, pieces_of
from inbox.models import Reply

TEXT = "Sounds good, it costs 150 euro."


def marked(*, evidence: object = (), intents: object = ()) -> list[tuple[str, bool, str]]:
    reply = Reply(new_text=TEXT, evidence=evidence or [], intents=intents or [])
    pieces = pieces_of(reply)
    assert "".join(piece.text for piece in pieces) == TEXT
    return [(piece.text, piece.decided, piece.ask) for piece in pieces if piece != Piece(piece.text)]


def at(words: str, **more: object) -> dict[str, object]:
    start = TEXT.index(words)
    return {"words": words, "start": start, "end": start + len(words), **more}


def test_both_are_marked_each_in_its_way() -> None:
    price = at("150 euro", intent="asks_price", amount="150", currency="EUR")
    assert marked(evidence=[at("Sounds good")], intents=[price]) == [
        ("Sounds good", True, ""),
        ("150 euro", False, "Asks for a price: €150"),
    ]


def test_what_decided_goes_before_what_asks() -> None:
    both = at("good, it costs", intent="asks_price")
    assert marked(evidence=[at("Sounds good"), at("good")], intents=[both]) == [("Sounds good", True, "")]


def test_places_that_are_none_mark_nothing() -> None:
    wrong = [{"start": 5, "end": 900}, {"start": 4, "end": 2}, {"start": "x", "end": 3}, "y", {}]
    assert marked(evidence=wrong, intents=[at("costs", intent="opt_out")]) == []
    assert marked(evidence={"start": 1}, intents="z") == []
