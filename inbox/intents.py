"""What a letter asks for or tells, beside yes or no: a price, a topic, a draft, a link in return, another person, that
they have left, that it is published. With the words that say so and what is read from them.

Only the new text is read. None of this suppresses anybody: `opt_out`, which does, is found by classify.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from inbox.money import Money, amounts_in, free_of_charge
from inbox.phrasebook import Phrases
from inbox.phrases.asking import ASKING, IntentName
from inbox.sentences import sentences

__all__ = ["Intent", "IntentName", "intents_in"]

_I = re.IGNORECASE


@dataclass(frozen=True, slots=True)
class Intent:
    """One intent, with the words that show it and their place in the new text. Empty where nothing was read."""

    intent: IntentName
    words: str
    start: int
    end: int
    amount: str = ""  # a plain decimal
    amount_to: str = ""  # the upper end of a range
    currency: str = ""  # ISO 4217
    url: str = ""
    email: str = ""
    name: str = ""  # of the person named

    @property
    def as_row(self) -> dict[str, object]:
        """As it is kept with a reply: name, words and place, and what was read."""
        always = {"intent", "words", "start", "end"}
        return {key: value for key, value in asdict(self).items() if value or key in always} | {
            "intent": self.intent.value
        }


_PHRASES = Phrases(ASKING)

_NEGATED = re.compile(
    r"(?:\b(?:not|no|never|without|cannot|neither|nor|nicht|kein\w*|ne|pas|aucun|sans|ning[úu]n\w*|sin|non|nessun\w*"
    r"|senza|n[ãa]o|sem"
    r"|niet|geen|zonder|nie|bez|inte|ingen|inga|ikke|ingen|en|ei|ne)|n't)(?:\s+[\w']+){0,3}\s*$",
    _I,
)
_DENIABLE = frozenset(
    {IntentName.LINK_EXCHANGE, IntentName.ASKS_TOPIC, IntentName.ASKS_DRAFT, IntentName.ALREADY_PUBLISHED}
)
_QUESTION_OR_PLAN = re.compile(
    r"\b(?:if|when|once|after|before|until|unless|will|would|can|could|should|may|might|wenn|sobald|falls|quand"
    r"|lorsque|si|cuando|cuándo|se|quando|als|wanneer|zodra|je[śs]li|gdy|kiedy|n[äa]r|hvis|om)\b",
    _I,
)
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"')\]]{3,500}", _I)
_BARE_URL = re.compile(r"(?<![\w@.-])(?:[a-z0-9-]{1,60}\.){1,4}[a-z]{2,12}/[^\s<>\"')\]]{2,300}", _I)
_ADDRESS = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}(?!\w)")
_NAME = (
    r"[A-ZÀ-ÞŁŚŻŹĆŠŽČŘ][\w'’-]{1,24}"
    r"(?: (?:(?:van|von|de|da|di|del|der|den|le|la) ){0,2}[A-ZÀ-ÞŁŚŻŹĆŠŽČŘ][\w'’-]{1,24}){0,2}"
)
_NAME_BEFORE_ADDRESS = re.compile(
    rf"({_NAME})(?:,? (?:our|my|the) [\w ]{{3,40}})?[\s,:;(<\[-]{{0,4}}(?:at|via|by e-?mail|on|unter|à|a|en|via|op|pod"
    rf"|p[åa])?[\s(<:\[]{{0,3}}$"
)
_NAMED_AFTER = re.compile(
    rf"\b(?:[Cc]ontact|[Ee]-?mail|[Aa]sk|[Rr]each out to|[Ww]rite to|[Tt]ry|[Tt]alk to|[Ss]peak (?:to|with)"
    rf"|[Tt]ouch with|[Cc]olleague|[Ee]ditor|[Mm]anager|[Kk]oll?eg(?:e|in|en)|[Aa]n|coll[èe]gue|compa[ñn]er[oa]"
    rf"|collega|colega|kolleg[aie]n?|contacter"
    rf"|replaced by|successor(?: is)?|Nachfolger(?:in)?(?: ist)?) (?:(?:is|ist|Herrn?|Frau|M\.|Mme|Mr\.?|Ms\.?|Mrs\.?"
    rf"|Dr\.?) )?({_NAME})"
)
_NO_NAMES = frozenset(
    {
        "I", "The", "Please", "You", "We", "Hi", "Hello", "Dear", "This", "It", "Thanks", "If", "For", "Our", "My",
        "And", "Or", "In", "On", "At", "Let", "Me", "Yes", "No", "Best", "Regards", "Kindly", "Instead", "Try",
        "Contact", "Mail", "Email", "Marketing", "Editor", "Bitte", "Sie", "Merci", "Veuillez", "Por", "Hola",
    }
)  # fmt: skip


def intents_in(text: str, original: str) -> list[Intent]:
    """The intents in a text as `sentences.plain` gives it; addresses are read from the original.

    Of each kind the first, but the one that says more.
    """
    found: dict[IntentName, Intent] = {}
    for intent in _each(text, original):
        known = found.get(intent.intent)
        if known is None or _weight(intent) > _weight(known):
            found[intent.intent] = intent
    return sorted(found.values(), key=lambda each: each.start)


def _weight(intent: Intent) -> int:
    return bool(intent.amount) + bool(intent.url) + 2 * bool(intent.email) + bool(intent.name)


def _each(text: str, original: str) -> Iterator[Intent]:
    for start, end in sentences(text):
        sentence = text[start:end]
        for name, patterns in _PHRASES.possible(sentence).items():
            for pattern in patterns:
                match = pattern.search(sentence)
                if match is not None and _is_meant(name, match, sentence):
                    yield _with_details(name, original, start + match.start(), start + match.end(), end)
                    break
        for money in amounts_in(sentence):
            yield _of_money(IntentName.ASKS_PRICE, text, money, start)
        free = free_of_charge(sentence)
        if free is not None and not sentence.rstrip().endswith("?"):
            yield _of_money(IntentName.FREE_OF_CHARGE, text, free, start)


def _is_meant(name: IntentName, match: re.Match[str], sentence: str) -> bool:
    before = sentence[: match.start()]
    if not match.group().strip() or (name in _DENIABLE and _NEGATED.search(before)):
        return False
    return name is not IntentName.ALREADY_PUBLISHED or not (
        sentence.rstrip().endswith("?") or _QUESTION_OR_PLAN.search(before)
    )


def _of_money(name: IntentName, text: str, money: Money, offset: int) -> Intent:
    start, end = offset + money.start, offset + money.end
    return Intent(
        name, text[start:end], start, end, amount=money.amount, amount_to=money.amount_to, currency=money.currency
    )


_NEAR = 240  # characters after the words in which an address or a name belongs to them


def _with_details(name: IntentName, original: str, start: int, end: int, sentence_end: int) -> Intent:
    url = email = person = ""
    near = original[start : max(sentence_end, min(end + _NEAR, len(original)))]
    if name is IntentName.ALREADY_PUBLISHED:
        found = _URL.search(near) or _BARE_URL.search(near)
        url = found.group().rstrip(".,;:!?") if found else ""
    if name in {IntentName.WRONG_PERSON, IntentName.LEFT_COMPANY}:
        address = _ADDRESS.search(near)
        email = address.group().rstrip(".").lower() if address else ""
        person = _person_in(near, address)
    words = original[start:end].strip()
    lead = original[start:end].find(words)
    return Intent(name, words, start + lead, start + lead + len(words), url=url, email=email, name=person)


def _person_in(near: str, address: re.Match[str] | None) -> str:
    if address is not None:
        before = _NAME_BEFORE_ADDRESS.search(near[max(0, address.start() - 90) : address.start()])
        if before and not _NO_NAMES & set(before.group(1).split()):
            return before.group(1)
    for named in _NAMED_AFTER.finditer(near):
        if not _NO_NAMES & set(named.group(1).split()):
            return named.group(1)
    return ""
