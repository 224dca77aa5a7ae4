"""Charts as shapes for `templates/components/chart_*.html`: drawn by the server, printed as they stand, with a table.

Coordinates are of a box of 1000 by 100 that the page stretches; texts stand beside it, and are not stretched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 1000, 100


@dataclass(frozen=True)
class Bar:
    """A rectangle, and what it says."""

    x: float
    y: float
    width: float
    height: float
    label: str
    value: int


@dataclass(frozen=True)
class Chart:
    """Values in an order, such as letters by day. `title` is what it shows, `unit` what is counted ("letters")."""

    title: str
    unit: str
    points: Sequence[tuple[str, int]]
    first_column: str = "Day"

    @property
    def top(self) -> int:
        """The largest value; at least 1, so that nothing is divided by nothing."""
        return max((value for _, value in self.points), default=0) or 1

    @property
    def total(self) -> int:
        return sum(value for _, value in self.points)

    @property
    def in_words(self) -> str:
        return ", ".join(f"{label} {value}" for label, value in self.points)

    @property
    def description(self) -> str:
        """For who cannot see it: the range, and the highest place."""
        if not self.total:
            return f"No {self.unit}."
        label, value = max(self.points, key=lambda point: point[1])
        return (
            f"{self.total} {self.unit} from {self.points[0][0]} to {self.points[-1][0]}, "
            f"most of them ({value}) {'on' if self.first_column == 'Day' else 'in the week from'} {label}."
        )

    @property
    def bars(self) -> list[Bar]:
        """Upright ones, side by side."""
        step = WIDTH / max(1, len(self.points))
        return [
            Bar(round(n * step + step * 0.1, 2), HEIGHT - height, round(step * 0.8, 2), height, label, value)
            for n, (label, value) in enumerate(self.points)
            for height in [round(value / self.top * HEIGHT, 2)]
        ]

    @property
    def rows(self) -> list[Bar]:
        """Lying ones, each in a box of its own, as long as its part of the largest."""
        return [Bar(0, 0, round(value / self.top * WIDTH, 2), HEIGHT, label, value) for label, value in self.points]

    @property
    def funnel(self) -> list[Bar]:
        """Lying ones below each other, all with the same middle."""
        step = HEIGHT / max(1, len(self.points))
        return [
            Bar(
                round((WIDTH - row.width) / 2, 2),
                round(n * step, 2),
                row.width,
                round(step * 0.86, 2),
                row.label,
                row.value,
            )
            for n, row in enumerate(self.rows)
        ]

    @property
    def shares(self) -> list[tuple[str, int, str]]:
        """Each place with its part of the one before it, in percent; of the first, and of nothing, a dash."""
        before = [0, *(value for _, value in self.points)]
        return [
            (label, value, f"{round(100 * value / whole)} %" if whole else "–")
            for (label, value), whole in zip(self.points, before, strict=False)
        ]

    @property
    def line(self) -> str:
        """The points of an SVG polyline."""
        step = WIDTH / max(1, len(self.points) - 1)
        places = [
            f"{n * step:.2f},{HEIGHT - value / self.top * HEIGHT:.2f}" for n, (_, value) in enumerate(self.points)
        ]
        return " ".join(places if len(places) != 1 else [*places, f"{WIDTH},{places[0].partition(',')[2]}"])

    @property
    def as_text(self) -> str:
        """Its table as spreadsheets take it from the clipboard: a tab between two cells."""
        return as_text([(self.first_column, self.unit.capitalize()), *self.points])

    def as_json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "unit": self.unit,
            "points": [{"label": label, "value": value} for label, value in self.points],
        }


def as_text(rows: Sequence[Sequence[object]]) -> str:
    """Rows of a table with tabs and line ends. What looks like a formula gets a mark before it."""
    return "\n".join("\t".join(_cell(cell) for cell in row) for row in rows)


def _cell(cell: object) -> str:
    text = " ".join(str(cell).split())
    return f"'{text}" if text[:1] in {"=", "+", "-", "@"} else text
