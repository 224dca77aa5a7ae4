"""What a reply asks for or tells, as short plain words beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from compliance.addresses import InvalidAddressError, normalise
from inbox.intents import IntentName
from inbox.models import Reply

_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}
_LABELS = {
    IntentName.ASKS_PRICE: ("Asks for a price", "info", "banknote"),
    IntentName.FREE_OF_CHARGE: ("Says it is free", "good", "gift"),
    IntentName.ASKS_TOPIC: ("Asks for a topic", "info", "lightbulb"),
    IntentName.ASKS_DRAFT: ("Asks for the text", "info", "file-text"),
    IntentName.LINK_EXCHANGE: ("Proposes a link exchange", "warn", "repeat"),
    IntentName.WRONG_PERSON: ("Wrong person", "warn", "user-round-x"),
    IntentName.LEFT_COMPANY: ("Has left", "warn", "user-round-x"),
    IntentName.ALREADY_PUBLISHED: ("Already published", "good", "link"),
}
_web = URLValidator(schemes=["http", "https"])


@dataclass(frozen=True)
class Ask:
    """One of them. `url` is a page that they name; `instead` the address of whom to write to instead."""

    label: str
    tone: str
    icon: str
    words: str
    url: str = ""
    instead: str = ""
    name: str = ""


def asks_of(reply: Reply) -> list[Ask]:
    """In the order in which they are said; a wish to hear nothing more is shown elsewhere, and larger."""
    asks = []
    for row in reply.intents if isinstance(reply.intents, list) else []:
        label = label_of(row)
        if not label:
            continue
        _, tone, icon = _LABELS[IntentName(row["intent"])]
        instead = _address(row.get("email"))
        name = str(row.get("name") or "")[:120]
        if row["intent"] in {IntentName.WRONG_PERSON, IntentName.LEFT_COMPANY} and (name or instead):
            label += f": write to {name or instead} instead"
        words = str(row.get("words", ""))
        asks.append(Ask(label, tone, icon, words=words, url=_page(row.get("url")), instead=instead, name=name))
    return asks


def label_of(row: Any) -> str:
    """One intent in a few words; "" for what is none, and for what is shown elsewhere."""
    if not isinstance(row, dict) or row.get("intent") not in _LABELS:
        return ""
    label, _, _ = _LABELS[IntentName(row["intent"])]
    amount = amount_of(row)
    return f"{label}: {amount}" if amount else label


def amount_of(row: Mapping[str, Any]) -> str:
    """€150, or €150 to 200; NOK 150 where a sign would be read as another country's."""
    amount, upto, currency = (str(row.get(key) or "")[:20] for key in ("amount", "amount_to", "currency"))
    if not amount:
        return ""
    sign = _SIGNS.get(currency, f"{currency} " if currency else "")
    return f"{sign}{amount} to {upto}" if upto else f"{sign}{amount}"


def _page(url: object) -> str:
    """An address that can stand in a link; "" for what cannot."""
    text = str(url or "")
    text = text if "://" in text else f"https://{text}"
    try:
        _web(text)
    except ValidationError:
        return ""
    return text


def _address(email: object) -> str:
    try:
        normalise(str(email or ""))
    except InvalidAddressError:
        return ""
    return str(email)
