"""Taking an address out of texts that are about somebody else: a quoted passage, a colleague's answer, a note.

A shelf is looked through by key, a few rows at a time, so that a large one never holds up the house.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import or_
from typing import Any

from django.db import models, transaction
from django.db.models.functions import Cast

from outreach_site.lib.ports import Person, Swept

ERASED = "(erased)"
AT_ONCE = 200


@lru_cache(maxsize=64)
def pattern_of(spellings: frozenset[str]) -> re.Pattern[str]:
    """Any of these addresses as a whole: ed@x.com is not found in fred@x.com, nor in ed@x.com.au."""
    longest_first = sorted(spellings, key=lambda each: (-len(each), each))
    return re.compile(rf"(?<![\w.+%-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-]|\.\w)", re.IGNORECASE)


def without(text: str, person: Person) -> str:
    """The text with the person's address blacked out."""
    return pattern_of(person.spellings).sub(ERASED, text)


def names(text: str, person: Person) -> bool:
    return bool(pattern_of(person.spellings).search(text))


@dataclass(frozen=True)
class TextShelf:
    """Columns of text or JSON of one model. `workspace` is the path to the workspace's key, as a lookup."""

    model: type[models.Model]
    workspace: str
    fields: Sequence[str]
    deletes: bool = False  # the row goes as a whole: it must not be rewritten

    @property
    def name(self) -> str:
        return self.model._meta.label

    def sweep(self, person: Person, *, after: int) -> Swept:
        """The next rows that name the person, in a transaction of its own. One query finds them, one saves each."""
        with transaction.atomic():
            found = list(self._naming(person).filter(pk__gt=after).order_by("pk")[:AT_ONCE])
            for row in found:
                self._clear(row, person)
            if len(found) == AT_ONCE:
                return Swept(after=found[-1].pk, is_done=False)
            newest = self.model._default_manager.order_by("-pk").values_list("pk", flat=True).first()
            return Swept(after=max(newest or 0, after), is_done=True)

    def _naming(self, person: Person) -> models.QuerySet[Any]:
        as_text = {f"{name}_as_text": Cast(name, models.TextField()) for name in self.fields}
        named = reduce(
            or_,
            (
                models.Q(**{f"{column}__icontains": spelling})
                for column in as_text
                for spelling in sorted(person.spellings)
            ),
        )
        rows = self.model._default_manager.filter(**{self.workspace: person.workspace_id})
        naming: models.QuerySet[Any] = rows.annotate(**as_text).filter(named)
        return naming

    def _clear(self, row: models.Model, person: Person) -> None:
        changed = []
        for name in self.fields:
            value = getattr(row, name)
            cleared = _cleared(value, person)
            if cleared != value:
                setattr(row, name, cleared)
                changed.append(name)
        if not changed:
            return
        if self.deletes:
            row.delete()
        else:
            row.save(update_fields=changed)


def _cleared(value: Any, person: Person) -> Any:
    if isinstance(value, str):
        return without(value, person)
    return json.loads(without(json.dumps(value, ensure_ascii=False), person))
