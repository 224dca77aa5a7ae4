"""Files that go with an answer: how many, how large, and under which names they may travel. Pure.

A name and a type come from whoever uploads, and go to a stranger's mail program: neither is taken as it comes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from compliance.audit import one_line

MEGABYTE = 1024 * 1024
LARGEST_FILE = 10 * MEGABYTE
# Encoded for mail, this is 27 MB: what Gmail and Outlook still take.
LARGEST_TOGETHER = 20 * MEGABYTE
MOST_FILES = 20
LONGEST_NAME = 120

OCTETS = "application/octet-stream"
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,57}/[a-z0-9][a-z0-9!#$&^_.+-]{0,57}")
# A mail program takes these apart as parts of the letter itself (RFC 2046, 5): as files they are bytes like others.
_PARTS_OF_MAIL = ("multipart/", "message/")


class CannotEncloseError(Exception):
    """These files cannot go with a letter; the message says which, and why."""


@dataclass(frozen=True)
class Enclosure:
    """One file as it was given: `name` and `content_type` are whatever the browser said."""

    name: str
    content_type: str
    content: bytes


def admit(enclosures: Sequence[Enclosure]) -> list[Enclosure]:
    """The files with names and types that are safe to send. Raises CannotEncloseError."""
    if len(enclosures) > MOST_FILES:
        raise CannotEncloseError(f"A letter carries at most {MOST_FILES} files; these are {len(enclosures)}.")
    admitted = []
    for enclosure in enclosures:
        name = safe_name(enclosure.name)
        if not enclosure.content:
            raise CannotEncloseError(f"“{name}” is empty. Choose the file again.")
        if len(enclosure.content) > LARGEST_FILE:
            raise CannotEncloseError(
                f"“{name}” has {_megabytes(len(enclosure.content))} MB; a file may have {LARGEST_FILE // MEGABYTE}. "
                "Send a link to it instead."
            )
        admitted.append(Enclosure(name, safe_type(enclosure.content_type), enclosure.content))
    together = sum(len(enclosure.content) for enclosure in admitted)
    if together > LARGEST_TOGETHER:
        raise CannotEncloseError(
            f"These files have {_megabytes(together)} MB together; a letter carries {LARGEST_TOGETHER // MEGABYTE}. "
            "Leave one out, or send a link to it."
        )
    return admitted


def safe_name(name: str) -> str:
    """The last part of a path, on one line and without marks that make it read differently; its ending is kept."""
    last = re.split(r"[/\\]", name)[-1]
    plain = re.sub(r'[<>:"|?*;%]', "_", one_line(last, 1_000)).strip(" .")
    if len(plain) > LONGEST_NAME:
        stem, dot, ending = plain.rpartition(".")
        keep = dot + ending if stem and len(ending) <= 10 else ""
        plain = plain[: LONGEST_NAME - len(keep)].rstrip(" .") + keep
    return plain or "file"


def safe_type(content_type: str) -> str:
    """The type without parameters where it is one (RFC 6838, 4.2); bytes otherwise."""
    bare = content_type.partition(";")[0].strip().lower()
    return bare if _TYPE.fullmatch(bare) and not bare.startswith(_PARTS_OF_MAIL) else OCTETS


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:.1f}"
