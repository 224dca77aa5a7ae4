"""Components that tables draw by a tag look as their templates do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.template import engines
from django.template.loader import render_to_string
from django.utils import timezone

EVIL = "<b>& \"'"


def drawn(tag: str, **context: object) -> str:
    template = engines["django"].from_string(f"{{% load looks %}}{{% {tag} %}}")
    return str(template.render(context)).strip()


def component(name: str, **context: object) -> str:
    return render_to_string(f"components/{name}.html", context).strip()


@pytest.mark.parametrize("tone", ["good", "", EVIL])
@pytest.mark.parametrize("name", ["badge", "state"])
def test_badges_and_states(name: str, tone: str) -> None:
    assert drawn(f"{name} tone text", tone=tone, text=EVIL) == component(name, tone=tone, text=EVIL)


@pytest.mark.parametrize("at", [None, datetime(2026, 3, 2, 9, 5, 7, tzinfo=UTC)])
def test_moments(at: datetime | None) -> None:
    with timezone.override("Europe/Berlin"):
        assert drawn("when at", at=at) == component("when", at=at)


@pytest.mark.parametrize("value", [0.0, 0.25, 1.0])
def test_meters(value: float) -> None:
    as_tag = drawn("meter value label", value=value, label=EVIL)
    as_template = component("meter", value=value, max=1, label=EVIL)
    assert as_tag.replace(" ", "") == as_template.replace(" ", "").replace("\n", "")
