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
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from inbox.autoreply import ABSENCE, says_away
from inbox.intents import Intent, IntentName, intents_in
from inbox.phrases import INTEREST, LATER, OPT_OUT, REFUSAL, Rule
from inbox.quotation import FORWARDED
from inbox.sentences import plain, sentences

READ = 4000  # characters: who has to say more does not refuse
LONG = 1800  # a refusal that stands in a text this long is not clear


class Tag(StrEnum):
    INTERESTED = "interested"
    NOT_INTERESTED = "not_interested"
    OUT_OF_OFFICE = "out_of_office"
    REPLIED = "replied"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words that decided, with their place in the new text."""

    words: str
    rule: str
    start: int
    end: int


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
    opt_outs = list(_found(OPT_OUT, text, _takes_back_request))
    refusals = list(_found(REFUSAL, text, _takes_back_refusal))
    interests = [
        each for each in _found(INTEREST, text, _takes_back_interest) if not _within(each, [*opt_outs, *refusals])
    ]
    intents = _intents(text, original, opt_outs)
    clear_interests = [each for each in interests if not _is_weak(each, INTEREST)]
    clear_refusals = [each for each in refusals if not _is_weak(each, REFUSAL)]

    if opt_outs:
        mixed = bool(clear_interests) and not refusals
        clear = not mixed and len(text) <= LONG
        return _verdict(Tag.NOT_INTERESTED if clear else Tag.REPLIED, opt_outs, intents, clear=clear)
    if refusals and interests:
        return _mixed(text, refusals, interests, intents)
    if clear_refusals:
        clear = len(text) <= LONG and not LATER.search(text)
        return _verdict(Tag.NOT_INTERESTED if clear else Tag.REPLIED, clear_refusals, intents, clear=clear)
    if clear_interests:
        return Verdict(Tag.INTERESTED, tuple(clear_interests), intents, 0.6 + 0.1 * min(3, len(clear_interests)))
    if _is_away(text):
        away = ABSENCE.search(text)
        evidence = (Evidence(away.group(), "away", away.start(), away.end()),) if away else ()
        return Verdict(Tag.OUT_OF_OFFICE, evidence, intents, 0.85)
    if interests:
        return Verdict(Tag.INTERESTED, tuple(interests), intents, 0.6)
    if refusals:
        return Verdict(Tag.REPLIED, tuple(refusals), intents, 0.4, needs_review=True)
    return Verdict(Tag.REPLIED, (), intents, 0.5)


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


def _verdict(tag: Tag, evidence: list[Evidence], intents: tuple[Intent, ...], *, clear: bool) -> Verdict:
    return Verdict(
        tag,
        tuple(evidence),
        intents,
        0.75 + 0.05 * min(4, len(evidence)) if clear else 0.4,
        suppresses=clear and tag is Tag.NOT_INTERESTED,
        needs_review=not clear,
    )


_CONTRAST = re.compile(
    r"\b(?:but|however|unfortunately|sadly|regrettably|although|though|that said|yet|i'm afraid|aber"
    r"|leider|jedoch|doch|mais|malheureusement|cependant|pero|lamentablemente|desafortunadamente"
    r"|ma|purtroppo|però|maar|helaas|mas|infelizmente|ale|niestety)\b",
    re.IGNORECASE,
)


def _mixed(text: str, refusals: list[Evidence], interests: list[Evidence], intents: tuple[Intent, ...]) -> Verdict:
    """Both were said. What comes after a contrast is meant; without one a person decides."""
    clear_refusals = [each for each in refusals if not _is_weak(each, REFUSAL)]
    clear_interests = [each for each in interests if not _is_weak(each, INTEREST)]
    last_refusal, last_interest = max(each.start for each in refusals), max(each.start for each in interests)
    contrasts = [match.start() for match in _CONTRAST.finditer(text)]
    before_refusal = [place for place in contrasts if last_interest < place <= last_refusal]
    before_interest = [place for place in contrasts if last_refusal < place <= last_interest]
    if before_refusal and clear_refusals and not LATER.search(text):
        return _verdict(Tag.NOT_INTERESTED, refusals, intents, clear=len(text) <= LONG)
    if (
        (before_interest or not clear_refusals)
        and interests
        and (clear_interests or any(each.intent is IntentName.ASKS_PRICE for each in intents))
    ):
        return Verdict(Tag.INTERESTED, tuple(interests), intents, 0.55, needs_review=bool(clear_refusals))
    return Verdict(
        Tag.REPLIED,
        tuple(sorted([*refusals, *interests], key=lambda each: each.start)),
        intents,
        0.35,
        needs_review=True,
    )


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


# --- Finding ---------------------------------------------------------------------------------------------------------


def _found(rules: Iterable[Rule], text: str, taken_back: Callable[[str, str, str, str], bool]) -> Iterator[Evidence]:
    """What the rules find, sentence by sentence, but for what its surroundings take back."""
    for start, end in sentences(text):
        sentence = text[start:end]
        for rule in rules:
            for match in rule.pattern.finditer(sentence):
                before, after = sentence[: match.start()], sentence[match.end() :]
                if not taken_back(before, match.group(), after, sentence):
                    lead = len(match.group()) - len(match.group().lstrip(" \t\n,.;:!?-–("))
                    begin, stop = start + match.start() + lead, start + match.end()
                    yield Evidence(text[begin:stop].rstrip(), rule.name, begin, begin + len(text[begin:stop].rstrip()))


def _within(one: Evidence, others: list[Evidence]) -> bool:
    return any(other.start <= one.start and one.end <= other.end for other in others)


def _is_weak(evidence: Evidence, rules: Iterable[Rule]) -> bool:
    return any(rule.weak for rule in rules if rule.name == evidence.rule)


_IF = re.compile(
    r"\b(?:if|unless|in case|whether|should you|wenn|falls|sofern|si|als|indien|se|caso|je[śs]li"
    r"|je[żz]eli)\b(?!.*[,;] ?(?:please|then|bitte|alors|entonces|dan|ent[ãa]o|to)\b)",
    re.IGNORECASE | re.DOTALL,
)
_POLITE_IF = re.compile(r"\bif (?:possible|you (?:could|would|can|don't mind|please)|it's possible)\b", re.IGNORECASE)
_NEGATED = re.compile(
    r"(?:\b(?:not|never|no longer|hardly|neither|nor|without|nicht|kein\w*|ne|n'|pas|no|non|niet|geen"
    r"|n[ãa]o|nie|nunca|mai|nem|sin|sans|ohne)|n't)(?:\s+(?!but\b)\w+){0,2}\s*$",
    re.IGNORECASE,
)
_ASKS_US = re.compile(
    r"^\W*(?:are|is|do|does|did|would|will|why|were|weren't|aren't|wouldn't|don't|have|so)\b.{0,40}\b(?:you|your)\b",
    re.IGNORECASE,
)
_PAST = re.compile(r"\b(?:was|were|had been|used to be|wasn't|weren't)(?:\s\w+){0,2}\s*$", re.IGNORECASE)
_TELLS_HOW = re.compile(
    r"\b(?:click(?:ing)?|link|button|footer|below|here|option|way|header|page|rate|can always|at any time"
    r"|any time|readers?|subscribers?|users?|customers?|visitors?|people|our list|your readers)\b",
    re.IGNORECASE,
)


def _takes_back_request(before: str, words: str, after: str, sentence: str) -> bool:
    """A request to stop: not when denied, conditional, or said of other people's letters."""
    if _NEGATED.search(before) and not re.search(r"\bno[,.]?\s*$|\bwhy (?:not|don't)\b", before, re.IGNORECASE):
        return True
    if _IF.search(before) and not _POLITE_IF.search(before):
        return True
    if (
        "subscri" in words.lower()
        and _TELLS_HOW.search(sentence)
        and not re.search(r"\b(?:me|us|please)\b", words + after[:12], re.IGNORECASE)
    ):
        return True
    return bool(
        re.search(
            r"\b(?:i|we|they|he|she) (?:had to|did|will|won't|would|used to|can|can't|never|don't|do not"
            r"|didn't|might) $",
            before,
            re.IGNORECASE,
        )
    ) and not re.search(r"\bwill (?:report|block)", before + words, re.IGNORECASE)


def _takes_back_refusal(before: str, words: str, after: str, sentence: str) -> bool:
    """A refusal: not when conditional, asked of us, past, or denied in its turn."""
    if _IF.search(before) and not _POLITE_IF.search(before):
        return True
    if sentence.rstrip().endswith("?") and (
        _ASKS_US.search(sentence)
        or re.search(r"\b(?:right|correct|is that|or not|why)\b.{0,20}\?", sentence, re.IGNORECASE)
    ):
        return True
    if _PAST.search(before) or re.search(
        r"\b(?:not that|isn't that|not (?:saying|because)|don't mean|wouldn't say|nobody said)\b.{0,30}$",
        before,
        re.IGNORECASE,
    ):
        return True
    if re.match(r"\W*no\b", words, re.IGNORECASE) and re.match(
        r"\W*(?:problem|worries|prob|issue|doubt|rush|hurry|matter|objection|pressure|need to (?:apologi"
        r"|worr|rush)|trouble|wonder|hard feelings)",
        after,
        re.IGNORECASE,
    ):
        return True
    return bool(
        re.match(
            r"\s*,?\s*(?:until|before|yet,? (?:but|though)|unless|without (?:seeing|knowing|more|a))\b",
            after,
            re.IGNORECASE,
        )
    )


def _takes_back_interest(before: str, words: str, after: str, sentence: str) -> bool:  # noqa: ARG001 - as the others
    """Interest: not when negated, conditional, or asked of us."""
    if re.match(r"\W*(?:can't|cannot|cant|can not|couldn't|can hardly|no problem|why not)\b", words, re.IGNORECASE):
        return False
    if _NEGATED.search(before) or re.search(r"\b(?:not|never|n't)\b", words, re.IGNORECASE):
        return True
    if _IF.search(before) and not re.search(r"\bif\b[^,]{3,60},\s*[^,]{0,40}$", before, re.IGNORECASE):
        return True
    if (
        sentence.rstrip().endswith("?")
        and _ASKS_US.search(sentence)
        and re.search(r"interest|keen|open|willing", words, re.IGNORECASE)
    ):
        return True
    return bool(
        re.search(
            r"\b(?:thanks?|thank you|appreciate|grateful|danke|merci|gracias|grazie)\b[^,.;!]{0,30}$",
            before,
            re.IGNORECASE,
        )
    ) and bool(re.search(r"interest|idea|offer|pitch|suggest|article|addition|resource", words, re.IGNORECASE))
