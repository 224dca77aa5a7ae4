"""Thousands of phrases searched in a short text, in a fraction of the time that trying each one takes.

A pattern cannot match where none of its cues stand: short runs of letters that every match contains. The cues are read
from the patterns themselves, once, when the first text comes: to read them all takes a third of a second, and most
processes never search. A text's own runs of letters then name the few patterns worth trying. Of most patterns every
match contains several such runs, and without one of them it is not tried. A pattern without cues is always tried. What
is found is what the patterns alone would find.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import product
from re import _constants, _parser  # type: ignore[attr-defined, unused-ignore]  # the tree of a pattern has no public name
from typing import Any, Generic, TypeVar

LENGTH = 4  # of a cue at most; 2 at least, but for what is rare
DEMANDS = 3  # of one pattern, at most
Owner = TypeVar("Owner", bound=Hashable)
# Letters by how common they are, the commonest first: what is rare tells more.
_COMMON = " etaonirshldcumgpfwybvkjxqz"
_SPELLINGS = 8  # of one run, as in `gr[uü][sß]+e`


@lru_cache(maxsize=64)
def runs_of(text: str) -> frozenset[str]:
    """All runs of up to four letters in a text."""
    text = text.lower()
    second, third, fourth = text[1:], text[2:], text[3:]
    found = set(text)
    found.update(map("".join, zip(text, second, strict=False)))
    found.update(map("".join, zip(text, second, third, strict=False)))
    found.update(map("".join, zip(text, second, third, fourth, strict=False)))
    return frozenset(found)


class Phrases(Generic[Owner]):
    """Patterns by their owner. `flags` as for `re`; the search ignores case."""

    def __init__(self, patterns: Mapping[Owner, Iterable[str]], *, flags: int = re.IGNORECASE) -> None:
        self._patterns = patterns
        self._flags = flags | re.IGNORECASE
        self._compiled: dict[int, re.Pattern[str]] = {}

    @cached_property
    def _index(self) -> _Index[Owner]:
        index = _Index[Owner]()
        for owner, sources in self._patterns.items():
            for source in sources:
                for alternative in alternatives(source):
                    index.add(owner, alternative, demands_of(alternative, self._flags))
        return index

    def possible(self, text: str) -> dict[Owner, list[re.Pattern[str]]]:
        """The patterns that may match in this text, in their order."""
        found: dict[Owner, list[re.Pattern[str]]] = {}
        for number in self._index.numbers(text):
            owner = self._index.sources[number][0]
            if owner in found:
                found[owner].append(self._pattern(number))
            else:
                found[owner] = [self._pattern(number)]
        return found

    def _pattern(self, number: int) -> re.Pattern[str]:
        pattern = self._compiled.get(number)
        if pattern is None:
            pattern = self._compiled[number] = re.compile(self._index.sources[number][1], self._flags)
        return pattern


class _Index(Generic[Owner]):
    """Which patterns, by their numbers, are worth trying in a text."""

    def __init__(self) -> None:
        self.sources: list[tuple[Owner, str]] = []
        self._by_cue: dict[str, list[int]] = {}
        self._others: list[tuple[frozenset[str], ...]] = []
        self._always: list[int] = []

    def add(self, owner: Owner, source: str, demands: Sequence[frozenset[str]]) -> None:
        number = len(self.sources)
        self.sources.append((owner, source))
        self._others.append(tuple(demands[1:]))
        if not demands:
            self._always.append(number)
        for cue in demands[0] if demands else ():
            self._by_cue.setdefault(cue, []).append(number)

    def numbers(self, text: str) -> list[int]:
        runs = runs_of(text)
        numbers = set(self._always)
        for cue in self._by_cue.keys() & runs:
            for number in self._by_cue[cue]:
                for demand in self._others[number]:
                    if demand.isdisjoint(runs):
                        break
                else:
                    numbers.add(number)
        return sorted(numbers)


class Phrasebook:
    """One set of phrases, used as a compiled pattern is."""

    def __init__(self, *patterns: str, flags: int = re.IGNORECASE) -> None:
        self._phrases = Phrases({"": patterns}, flags=flags)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Matches from left to right that do not overlap; of several at one place the first pattern's."""
        matches = [match for pattern in self._possible(text) for match in pattern.finditer(text)]
        end = -1
        for match in sorted(matches, key=lambda each: each.start()):
            if match.start() >= end:
                end = match.end()
                yield match

    def search(self, text: str) -> re.Match[str] | None:
        """The leftmost match."""
        found = [match for pattern in self._possible(text) if (match := pattern.search(text))]
        return min(found, key=lambda each: each.start(), default=None)

    def match(self, text: str) -> re.Match[str] | None:
        return next((match for pattern in self._possible(text) if (match := pattern.match(text))), None)

    def _possible(self, text: str) -> list[re.Pattern[str]]:
        return self._phrases.possible(text).get("", [])


# --- Reading patterns -------------------------------------------------------------------------------------------------


def alternatives(source: str) -> list[str]:
    """`a|b(?:c|d)` → `a`, `b(?:c|d)`."""
    parts, depth, in_class, start, place = [], 0, False, 0, 0
    while place < len(source):
        char = source[place]
        if char == "\\":
            place += 2
            continue
        if in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
        elif char == "|" and depth == 0:
            parts.append(source[start:place])
            start = place + 1
        place += 1
    return [*parts, source[start:]]


def cues_of(source: str, flags: int) -> frozenset[str] | None:
    """Runs of letters of which every match contains at least one; None where there are none."""
    return next(iter(demands_of(source, flags)), None)


def demands_of(source: str, flags: int) -> list[frozenset[str]]:
    """Sets of runs of letters: every match contains a run of each. The set that tells most is the first."""
    found = map(frozenset, _mandatory(_parser.parse(source, flags)))
    return sorted(dict.fromkeys(found), key=_chances)[:DEMANDS]


def _mandatory(sequence: Iterable[Any]) -> Iterator[set[str]]:
    """For each part that every match must contain, the runs of which it contains one."""
    spellings = [""]  # of the run so far
    for code, argument in sequence:
        letters = _letters(code, argument)
        if letters and len(spellings) * len(letters) <= _SPELLINGS:
            spellings = ["".join(pair) for pair in product(spellings, letters)]
            continue
        if code is _constants.AT:
            continue  # as wide as nothing
        yield from _cues_in(spellings)
        spellings = [""]
        if code is _constants.SUBPATTERN:
            yield from _mandatory(argument[3])
        elif code in {_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT} and argument[0] > 0:
            yield from _mandatory(argument[2])
        elif code is _constants.ATOMIC_GROUP:
            yield from _mandatory(argument)
        elif code is _constants.BRANCH:
            each = [_best(_mandatory(branch)) for branch in argument[1]]
            if all(each):
                yield {cue for cues in each if cues for cue in cues}
    yield from _cues_in(spellings)


def _letters(code: object, argument: Any) -> str:
    """The letters that may stand at this place, where they are few; else none."""
    if code is _constants.LITERAL:
        return chr(argument).lower()
    if code is _constants.IN and all(kind is _constants.LITERAL for kind, _ in argument):
        return "".join(dict.fromkeys(chr(letter).lower() for _, letter in argument))
    return ""


def _cues_in(spellings: list[str]) -> Iterator[set[str]]:
    length = min(LENGTH, len(spellings[0]))
    if length >= 2 or (length == 1 and all(map(_is_rare, spellings))):
        yield {min((run[at : at + length] for at in range(len(run) - length + 1)), key=_chance) for run in spellings}
    if len(spellings[0]) > LENGTH:
        # What the longer runs tell beyond that: their beginnings, and their ends.
        yield {run[:length] for run in spellings}
        yield {run[-length:] for run in spellings}


def _is_rare(char: str) -> bool:
    """Whether it tells something by itself: letters beyond English ones, emoji, signs of money."""
    return char == "$" or not char.isascii()


def _chance(cue: str) -> float:
    """Roughly how likely it is to stand at a given place of any text."""
    chance = 1.0
    for char in cue:
        place = _COMMON.find(char)
        chance *= 0.15 * 0.88 ** (place if place >= 0 else 40)
    return chance


def _best(candidates: Iterable[set[str]]) -> set[str] | None:
    return min(candidates, key=_chances, default=None)


def _chances(cues: Iterable[str]) -> float:
    return sum(map(_chance, cues))
