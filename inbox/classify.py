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
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from inbox.autoreply import ABSENCE, says_away
from inbox.intents import Intent, intents_in
from inbox.phrasebook import Phrases
from inbox.phrases import INTEREST, LATER, OPT_OUT, REFUSAL, SARCASM, Rule
from inbox.phrases.asking import IntentName
from inbox.quotation import FORWARDED, end_of_own
from inbox.sentences import plain, sentences

READ = 4000  # characters: who has to say more does not refuse
LONG = 1200  # a refusal that stands in a text this long is not clear
BRIEF = 160  # characters of a letter in which a bare "no" can only mean us


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
    weak: bool = False  # alone it makes nothing clear


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
    opt_outs, refusals, interests = _found(text)
    interests = [each for each in interests if not _within(each, [*opt_outs, *refusals])]
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
        # Whoever names another person does not speak for them.
        return _verdict(clear_refusals, intents, clear=len(text) <= LONG and not later and not elsewhere)
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


# --- Finding ---------------------------------------------------------------------------------------------------------


def _found(text: str) -> list[list[Evidence]]:
    """Opt-outs, refusals, interest: what the rules find, sentence by sentence, but for what its surroundings take
    back.
    """
    found: list[list[Evidence]] = [[], [], []]
    own = end_of_own(text)
    for start, end in sentences(text):
        sentence = text[start:end]
        for rule, patterns in _PHRASES.possible(sentence).items():
            number = _FAMILY[rule]
            for match in (match for pattern in patterns for match in pattern.finditer(sentence)):
                if not _TAKES_BACK[number](sentence[: match.start()], match.group(), sentence[match.end() :], sentence):
                    _add(found[number], rule, match, text, start, own)
    return [sorted(theirs, key=lambda each: each.start) for theirs in found]


def _add(found: list[Evidence], rule: Rule, match: re.Match[str], text: str, offset: int, own: int) -> None:
    """One more piece of evidence, unless the same words are there already. Weak below `own`, where a signature is."""
    words = match.group().rstrip()
    begin = offset + match.start() + len(words) - len(words.lstrip(" \t\n,.;:!?-–("))
    end = offset + match.start() + len(words)
    weak = rule.weak or (rule.alone and len(text) > BRIEF) or begin >= own
    weak = weak or bool(_OF_OTHERS.search(match.string[: match.start()]))
    if not any(begin < other.end and other.start < end and other.weak <= weak for other in found):
        found.append(Evidence(text[begin:end], rule.name, begin, end, weak))


_FAMILIES = (OPT_OUT, REFUSAL, INTEREST)
_FAMILY = {rule: number for number, rules in enumerate(_FAMILIES) for rule in rules}
_PHRASES = Phrases({rule: rule.patterns for rule in _FAMILY})


def _within(one: Evidence, others: list[Evidence]) -> bool:
    return any(other.start <= one.start and one.end <= other.end for other in others)


# "My colleague is", "they are": said of others, it is not the writer's own no.
_OF_OTHERS = re.compile(
    r"\b(?!(?:i|we|team|company|editors?|publication|magazine|site|website|blog|us|it|this|that|which|unfortunately|and"
    r"|but|so)\b)"
    r"\w{2,20} (?:is|are|was|were|seems?|looks)\s*$|\b(?:you|they|he|she|who)(?:'re|'s)\s*$",
    re.IGNORECASE,
)
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


# What they did themselves, and what they ask about our way of working.
_STOPPED = re.compile(
    r"\b(?:i|we|they|he|she|people|companies)(?:'ve|'d)? (?:had|have|has|decided|tried|used|plan|planned|intend"
    r"|were forced)"
    r" (?:to )?(?:stop|quit|cease)\b",
    re.IGNORECASE,
)
_ASKS_HOW = re.compile(r"\W*(?:do|does|did|are|is|was|were|how|what|when|which|has|have)\b(?! i\b)", re.IGNORECASE)


def _takes_back_request(before: str, words: str, after: str, sentence: str) -> bool:
    """A request to stop: not when denied, conditional, or said of other people's letters."""
    if _NEGATED.search(before) and not re.search(r"\bno[,.]?\s*$|\bwhy (?:not|don't)\b", before, re.IGNORECASE):
        return True
    if _IF.search(before) and not _POLITE_IF.search(before):
        return True
    if re.search(r"\bto $", before) and re.match(
        r"[^.!?]{0,80}\b(?:send|click|visit|e-?mail|go to|use|reply)\b", after
    ):
        return True  # How to leave a list, in its footer.
    if _STOPPED.search(before + words) or (sentence.rstrip().endswith("?") and _ASKS_HOW.match(sentence)):
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


# Negations that are a yes.
_YES_BY_NO = re.compile(
    r"\W*(?:can't|cannot|cant|can not|couldn't|can hardly|no problem|why not|not only|not a problem|nothing"
    r"|(?:don't|do not|dont|wouldn't) mind|don't see)\b",
    re.IGNORECASE,
)


def _takes_back_interest(before: str, words: str, after: str, sentence: str) -> bool:  # noqa: ARG001 - as the others
    """Interest: not when negated, conditional, or asked of us."""
    if re.match(
        r"\W*(?:can't|cannot|cant|can not|couldn't|can hardly|no problem|why not|not only|not a problem|nothing"
        r"|don't mind|do not mind|dont mind|wouldn't mind|don't see)\b",
        words,
        re.IGNORECASE,
    ):
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


_TAKES_BACK: tuple[Callable[[str, str, str, str], bool], ...] = (
    _takes_back_request,
    _takes_back_refusal,
    _takes_back_interest,
)
