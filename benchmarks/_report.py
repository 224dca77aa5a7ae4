"""How a benchmark speaks: a table for people, then one line of JSON for programs."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any


def say(text: str) -> None:
    """What is going on, as it goes on."""
    print(text, flush=True)


def load() -> str:
    """What else this machine is doing: figures taken on a busy one are low."""
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """The first column is words, the others are figures."""
    widths = [max(len(row[place]) for row in [columns, *rows]) for place in range(len(columns))]
    print(f"\n{title}")
    for row in [columns, ["-" * width for width in widths], *rows]:
        first, *others = (
            text.ljust(width) if place == 0 else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join([first, *others]))
    print(flush=True)


def finish(figures: Mapping[str, Any]) -> None:
    """The very last line."""
    print(json.dumps(figures), flush=True)
