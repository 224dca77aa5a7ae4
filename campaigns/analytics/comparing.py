"""Comparing two variants of a letter, and not seeing more in the numbers than there is."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

# Below so many letters of either variant nobody is said to be ahead.
ENOUGH_LETTERS = 100
# Two-sided, 95 of 100.
_Z = 1.959963984540054


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    part: int = 0
    whole: int = 0

    @property
    def value(self) -> float:
        """0 to 1; 0 of nothing."""
        return self.part / self.whole if self.whole else 0.0

    @property
    def percent(self) -> str:
        """`12.5 %`, with a decimal where it says something; a dash of nothing."""
        if not self.whole:
            return "–"
        return f"{self.value * 100:.1f}".removesuffix(".0") + " %"

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval (E. B. Wilson, 1927): it never leaves 0 to 1, and holds for few letters too."""
        if not self.whole:
            return 0.0, 1.0
        centre = self.value + _Z**2 / (2 * self.whole)
        spread = _Z * sqrt(self.value * (1 - self.value) / self.whole + _Z**2 / (4 * self.whole**2))
        scale = 1 + _Z**2 / self.whole
        return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def difference(one: Share, other: Share) -> tuple[float, float]:
    """Bounds of how much larger `other` is than `one`, in -1 to 1: the interval of Newcombe (1998, method 10).

    It is made of the two Wilson intervals, so it holds where answers are rare, as they are here.
    """
    (low_1, high_1), (low_2, high_2) = one.interval, other.interval
    gap = other.value - one.value
    below = sqrt((other.value - low_2) ** 2 + (high_1 - one.value) ** 2)
    above = sqrt((high_2 - other.value) ** 2 + (one.value - low_1) ** 2)
    return gap - below, gap + above


@dataclass(frozen=True)
class Verdict:
    """What two variants say. `winner`: A, B, or empty where the letters do not tell."""

    a: Share
    b: Share
    winner: str
    sentence: str


def compare(a: Share, b: Share) -> Verdict:
    """Letters that were answered, of those that left, of variant A and of variant B."""
    if min(a.whole, b.whole) < ENOUGH_LETTERS:
        return Verdict(
            a,
            b,
            "",
            f"Too early to tell: {a.whole} and {b.whole} letters have left. "
            f"The two are compared from {ENOUGH_LETTERS} letters each on.",
        )
    low, high = difference(a, b)
    if low <= 0 <= high:
        return Verdict(
            a,
            b,
            "",
            f"No winner: B's share of answers may be anything from {_points(low)} to {_points(high)} points "
            "away from A's, so the difference may be chance.",
        )
    winner, nearer, farther = ("B", low, high) if low > 0 else ("A", -high, -low)
    return Verdict(
        a,
        b,
        winner,
        f"{winner} is answered more often, by {nearer * 100:.1f} to {farther * 100:.1f} points of a hundred.",
    )


def _points(share: float) -> str:
    return f"{share * 100:+.1f}".replace("-", "−")
