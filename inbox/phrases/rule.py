"""A phrase that means something, by name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A phrase and its name.

    `weak`: alone it makes nothing clear. `alone`: it is clear only as the whole of a short letter, because within a
    longer one it may answer something else.
    """

    name: str
    patterns: tuple[str, ...]  # as `re` has them; case does not count
    weak: bool = False
    alone: bool = False


def rule(name: str, *patterns: str, weak: bool = False, alone: bool = False) -> Rule:
    return Rule(name, patterns, weak, alone)
