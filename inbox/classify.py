"""What a person's letter means: interested, not interested, out of office, or just a reply; whether it asks us to stop.

Decided on the new text alone: a footer that is quoted back says nothing about its reader. Rules with evidence: the
words that decided are kept and shown. The worst error is to suppress somebody who did not refuse, so that only a clear
refusal does it; whatever is mixed, conditional or half-hearted stays `replied` and asks for a person.

1. Each phrase is found, and dropped where a negation, a condition or a question takes it back.
2. An opt-out decides; then a refusal without interest, interest without a refusal; a contrast ("…, but …") lets the
   later half decide.
3. Absence decides where neither was said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from inbox.autoreply import ABSENCE, says_away
from inbox.evidence import Evidence, found_in, in_one_clause, within
from inbox.intents import Intent, intents_in
from inbox.phrases import LATER, SARCASM
from inbox.phrases.asking import IntentName
from inbox.quotation import FORWARDED
from inbox.sentences import plain

READ = 4000  # characters: who has to say more does not refuse
LONG = 1200  # a refusal that stands in a text this long is not clear


class Tag(StrEnum):
    INTERESTED = "interested"
    NOT_INTERESTED = "not_interested"
    OUT_OF_OFFICE = "out_of_office"
    REPLIED = "replied"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`suppresses`: clear enough to stop writing without asking a person. `needs_review`: a person should decide."""

    tag: Tag
    evidence: tuple[Evidence, ...] = ()
    intents: tuple[Intent, ...] = ()
    confidence: float = 0.5
    suppresses: bool = False
    needs_review: bool = False

    @property
    def asks_opt_out(self) -> bool:
        return self.has(IntentName.OPT_OUT)

    def has(self, name: IntentName) -> bool:
        return any(each.intent is name for each in self.intents)


def classify(new_text: str, *, subject: str = "") -> Verdict:
    """Judge what a person wrote now. `subject` counts only where it is all that they wrote."""
    original = new_text[:READ]
    text = plain(original)
    passed_on = FORWARDED.search(text)
    text = text[: passed_on.start()] if passed_on else text
    if not text.strip():
        return _of_subject(subject)
    opt_outs, refusals, interests = found_in(text)
    interests = [
        each
        for each in interests
        if not within(each, [*opt_outs, *refusals]) and not in_one_clause(text, each, opt_outs)
    ]
    intents = _intents(text, original, opt_outs)
    elsewhere = any(each.intent in _ELSEWHERE for each in intents)
    if (opt_outs or refusals) and _is_away(text):
        # "I read no mail" while away is no no; a person looks.
        return Verdict(Tag.OUT_OF_OFFICE, (*opt_outs, *refusals), intents, 0.5, needs_review=True)
    if opt_outs:
        mixed = any(not each.weak for each in interests) and not refusals
        clear = any(not each.weak for each in opt_outs) and not mixed and len(text) <= LONG
        return _verdict(opt_outs, intents, clear=clear)
    if SARCASM.search(text):
        return Verdict(Tag.REPLIED, tuple(refusals), intents, 0.3, needs_review=True)
    clear_refusals = [each for each in refusals if not each.weak]
    later = bool(LATER.search(text))
    if refusals and interests:
        return _mixed(text, refusals, interests, intents, later=later)
    if clear_refusals:
        # Whoever names another person does not speak for them; whoever names a price, or goes on with "but", deals.
        deals = any(each.amount for each in intents) or _goes_on(text, max(each.end for each in refusals))
        return _verdict(clear_refusals, intents, clear=len(text) <= LONG and not (later or elsewhere or deals))
    return _without_refusal(text, interests, refusals, intents, later=later, elsewhere=elsewhere)


def _without_refusal(
    text: str,
    interests: list[Evidence],
    refusals: list[Evidence],
    intents: tuple[Intent, ...],
    *,
    later: bool,
    elsewhere: bool,
) -> Verdict:
    """No clear no: interest, absence, a step towards us, or nothing that decides."""
    clear = [each for each in interests if not each.weak]
    if clear and not (elsewhere and all(each.rule not in _OWN_INTEREST for each in clear)):
        return Verdict(Tag.INTERESTED, tuple(clear), intents, 0.6 + 0.1 * min(3, len(clear)))
    if _is_away(text):
        away = ABSENCE.search(text)
        evidence = (Evidence(away.group(), "away", away.start(), away.end()),) if away else ()
        return Verdict(Tag.OUT_OF_OFFICE, evidence, intents, 0.85)
    steps = [*interests, *(_as_evidence(each) for each in intents if each.intent in _STEPS)]
    if steps and not (elsewhere or later or refusals):
        return Verdict(Tag.INTERESTED, tuple(steps), intents, 0.6)
    if refusals:
        return Verdict(Tag.REPLIED, tuple(refusals), intents, 0.4, needs_review=True)
    return Verdict(Tag.REPLIED, (), intents, 0.5)


# Whoever asks for these takes a step towards us; whoever says the others speaks of somebody else.
_STEPS = frozenset(
    {
        IntentName.ASKS_PRICE,
        IntentName.FREE_OF_CHARGE,
        IntentName.ASKS_TOPIC,
        IntentName.ASKS_DRAFT,
        IntentName.LINK_EXCHANGE,
        IntentName.ALREADY_PUBLISHED,
    }
)
_ELSEWHERE = frozenset({IntentName.WRONG_PERSON, IntentName.LEFT_COMPANY})
# Interest of the writer's own, not "send it to her".
_OWN_INTEREST = frozenset({"interested", "sounds good", "yes"})


def _as_evidence(intent: Intent) -> Evidence:
    return Evidence(intent.words, intent.intent.value, intent.start, intent.end, weak=True)


def _of_subject(subject: str) -> Verdict:
    """An empty letter: the subject is all there is, as with List-Unsubscribe by mail (RFC 2369)."""
    own = re.sub(r"^\s*(?:(?:re|aw|sv|antw|odp)\s*:\s*)+", "", subject, flags=re.IGNORECASE)
    if own == subject.strip() and re.fullmatch(
        r"\W*(?:please )?(?:unsubscribe|remove(?: me)?|stop|opt[- ]?out|abmelden|d[ée]sinscription|baja"
        r"|uitschrijven)\W*",
        own,
        re.IGNORECASE,
    ):
        return opted_out(own)
    return Verdict(Tag.REPLIED, (), (), 0.3, needs_review=True)


def opted_out(words: str) -> Verdict:
    """Asked to stop by a subject alone."""
    return Verdict(Tag.NOT_INTERESTED, (), (Intent(IntentName.OPT_OUT, words.strip(), 0, 0),), 0.9, suppresses=True)


def _verdict(evidence: list[Evidence], intents: tuple[Intent, ...], *, clear: bool) -> Verdict:
    """A no that is clear, or one that a person has to look at."""
    return Verdict(
        Tag.NOT_INTERESTED if clear else Tag.REPLIED,
        tuple(evidence),
        intents,
        0.75 + 0.05 * min(4, len(evidence)) if clear else 0.4,
        suppresses=clear,
        needs_review=not clear,
    )


_CONTRAST = re.compile(
    r"\b(?:but|however|unfortunately|sadly|regrettably|although|though|that said|yet|i'm afraid|aber"
    r"|leider|jedoch|doch|mais|malheureusement|cependant|pero|lamentablemente|desafortunadamente"
    r"|ma|purtroppo|però|maar|helaas|mas|infelizmente|ale|niestety)\b",
    re.IGNORECASE,
)


# What begins so is granted, and the other half of the sentence is meant.
_CONCESSION = re.compile(
    r"(?:^|[.!?\n,]\s*)(?:although|though|while|even though|as much as|much as|obwohl|wenngleich|bien que|m[êe]me si"
    r"|aunque|sebbene|anche se|embora|apesar|hoewel|ook al|chocia[żz]|cho[ćc]|[äa]ven om|trots att|selvom|selv om"
    r"|vaikka"
    r"|a[čc]koli|хотя)\b",
    re.IGNORECASE,
)


# "But thanks", "but good luck": a courtesy, and no other offer.
_COURTESY = re.compile(
    r"\W*(?:\w+ ){0,3}?(?:thank\w*|thx|good luck|best|luck|appreciat\w*|wish\w*|hope|success|danke|dank|viel|alles gute"
    r"|merci|bonne|bon|gracias|suerte|[ée]xito|grazie|buona?|bocca|auguri|obrigad[oa]|boa|sorte|bedankt|succes"
    r"|dzi[ęe]k\w*"
    r"|powodzenia|tack|lycka|tak|held|takk|lykke)\b",
    re.IGNORECASE,
)


_BUT = re.compile(r"\b(?:but|however|aber|mais|pero|ma|maar|mas|ale|men|jednak)\b(?=(?:\W+\w+){2})", re.IGNORECASE)


def _goes_on(text: str, end: int) -> bool:
    """Whether a contrast follows what was refused, which is more than a courtesy."""
    contrast = _BUT.search(text, end)
    return contrast is not None and not _COURTESY.match(text, contrast.end())


def _mixed(
    text: str, refusals: list[Evidence], interests: list[Evidence], intents: tuple[Intent, ...], *, later: bool
) -> Verdict:
    """Both were said. What comes after a contrast is meant; without one a person decides."""
    clear_refusals = [each for each in refusals if not each.weak]
    clear_interests = [each for each in interests if not each.weak]
    last_refusal, last_interest = max(each.start for each in refusals), max(each.start for each in interests)
    contrasts = [match.start() for match in _CONTRAST.finditer(text)]
    granted = [match.start() for match in _CONCESSION.finditer(text)]
    before_refusal = [place for place in contrasts if last_interest < place <= last_refusal]
    before_refusal += [place for place in granted if place <= last_interest < last_refusal]
    before_interest = [place for place in contrasts if last_refusal < place <= last_interest]
    if before_refusal and clear_refusals and not later:
        return _verdict(refusals, intents, clear=len(text) <= LONG)
    asks = any(each.intent is IntentName.ASKS_PRICE for each in intents)
    if (before_interest or not clear_refusals) and (clear_interests or asks) and not (later and not clear_interests):
        return Verdict(Tag.INTERESTED, tuple(interests), intents, 0.55, needs_review=bool(clear_refusals))
    both = tuple(sorted([*refusals, *interests], key=lambda each: each.start))
    return Verdict(Tag.REPLIED, both, intents, 0.35, needs_review=True)


def _is_away(text: str) -> bool:
    if says_away(text):
        return True
    away = ABSENCE.search(text)
    return (
        bool(away)
        and len(text) < 400
        and not re.search(r"\b(?:was|were|have been|had been)\b", text[: away.start() + 20] if away else "")
    )


def _intents(text: str, original: str, opt_outs: list[Evidence]) -> tuple[Intent, ...]:
    asked = [Intent(IntentName.OPT_OUT, each.words, each.start, each.end) for each in opt_outs[:1]]
    return (*asked, *intents_in(text, original))
