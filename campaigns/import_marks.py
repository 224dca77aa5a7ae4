"""Tags and assignees that a file of leads names: read from its cells, and written with the leads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, Self

from campaigns.lead_list import assignable
from campaigns.marks import CannotChangeError, tag_name, tag_named
from campaigns.models import Lead, Tag
from outreach_site.accounts.models import Workspace
from outreach_site.lib.inserting import insert

MOST_TAGS = 500  # of a workspace, as an import may leave it: a column of prose taken for tags would make thousands
_BETWEEN_TAGS = re.compile(r"[,;|]")


class NoSuchMarkError(ValueError):
    """A row's tag or assignee cannot be; the message says why, for a person."""


class Marks(NamedTuple):  # A tuple: there are as many as rows in the file.
    """As they stand in a row."""

    tags: Sequence[str] = ()
    assignee: str = ""

    @classmethod
    def read(cls, tags: str, assignee: str) -> Self:
        return cls([name for part in _BETWEEN_TAGS.split(tags) if (name := part.strip())] if tags else (), assignee)


class MarkReader:
    """What the marks of rows mean in a workspace, as it stands now. One query each for people and for tags, if any."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @cached_property
    def _people(self) -> dict[str, int | None]:
        """By address, and by name where only one of them has it; None for a name that several have."""
        members = assignable(self._workspace)
        people: dict[str, int | None] = {}
        for member in members:
            name = " ".join(member.get_full_name().split()).casefold()
            people[name] = None if name in people else member.pk
        return people | {member.email.casefold(): member.pk for member in members}

    @cached_property
    def _tags(self) -> set[str]:
        return {name.casefold() for name in Tag.objects.in_workspace(self._workspace).values_list("name", flat=True)}

    def person(self, text: str) -> int:
        """A member's key, for an address or a name. Raises NoSuchMarkError."""
        key = " ".join(text.split()).casefold()
        if key not in self._people:
            raise NoSuchMarkError(f"Nobody who may be given leads here is called “{text[:60]}”.")
        if (found := self._people[key]) is None:
            raise NoSuchMarkError(f"Several members are called “{text[:60]}”. Use the email address.")
        return found

    def check(self, names: Sequence[str]) -> None:
        """Whether these can be a lead's tags; they count from now on. Raises NoSuchMarkError."""
        for name in names:
            try:
                key = tag_name(name).casefold()
            except CannotChangeError as err:
                raise NoSuchMarkError(f"“{name[:60]}” cannot be a tag. {err}") from err
            if key not in self._tags and len(self._tags) >= MOST_TAGS:
                raise NoSuchMarkError(
                    f"“{name}” would be more than {MOST_TAGS} tags. Is this column a field of its own?"
                )
            self._tags.add(key)


def write_tags(workspace: Workspace, names: Mapping[int, Sequence[str]]) -> None:
    """Give new leads, by their keys, tags of these names; tags that are not there yet are made."""
    if not names:
        return
    known = {tag.name.casefold(): tag.pk for tag in Tag.objects.in_workspace(workspace)}
    pairs: dict[tuple[int, int], None] = {}
    for lead, theirs in names.items():
        for name in theirs:
            key = tag_name(name).casefold()
            if key not in known:
                known[key] = tag_named(workspace, name).pk
            pairs[lead, known[key]] = None
    through = Lead.tags.through
    insert([through(lead_id=lead, tag_id=tag) for lead, tag in pairs], with_keys=False)
