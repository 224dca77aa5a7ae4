"""The words that decide what a letter means: found by phrases, and dropped where a negation, a condition or a question
takes them back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from inbox.phrasebook import Phrases
from inbox.phrases import INTEREST, OPT_OUT, REFUSAL, Rule
from inbox.quotation import end_of_own
from inbox.sentences import sentences
from inbox.taking_back import TAKES_BACK

BRIEF = 160  # characters of a letter in which a bare "no" can only mean us


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words that decided, with their place in the new text."""

    words: str
    rule: str
    start: int
    end: int
    weak: bool = False  # alone it makes nothing clear


def found_in(text: str) -> list[list[Evidence]]:
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
                if not TAKES_BACK[number](sentence[: match.start()], match.group(), sentence[match.end() :], sentence):
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


def within(one: Evidence, others: list[Evidence]) -> bool:
    return any(other.start <= one.start and one.end <= other.end for other in others)


def in_one_clause(text: str, one: Evidence, others: list[Evidence]) -> bool:
    """ "I would be happy to be taken off your list": what they would like is just that."""
    return any(
        re.search(r"[.!?;,:\n]", text[min(one.end, other.end) : max(one.start, other.start)]) is None
        for other in others
    )


# "My colleague is", "they are": said of others, it is not the writer's own no.
_OF_OTHERS = re.compile(
    r"\b(?!(?:i|we|team|company|editors?|publication|magazine|site|website|blog|us|it|this|that|which|unfortunately"
    r"|and|dit|dat|het"
    r"|but|so)\b)"
    r"\w{2,20} (?:is|are|was|were|seems?|looks)\s*$|\b(?:you|they|he|she|who)(?:'re|'s)\s*$",
    re.IGNORECASE,
)
