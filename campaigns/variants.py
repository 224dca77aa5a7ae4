"""Which of a step's two variants a lead gets: always the same one, whoever asks and however often."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from campaigns.models import Step


@dataclass(frozen=True)
class Text:
    """What a letter is made of, before placeholders are filled."""

    subject: str
    body: str
    variant: str = ""  # A or B; empty where the step has one text


def text_of(step: Step, lead_id: int | None, *, variant: str = "") -> Text:
    """The step's text for this lead; `variant`: the one that somebody wants to look at."""
    if not step.has_variants:
        return Text(step.letter_subject, step.letter_body)
    if (variant or variant_of(step, lead_id)) == "A":
        return Text(step.letter_subject, step.letter_body, "A")
    return Text(step.other_subject or step.letter_subject, step.other_body or step.letter_body, "B")


def variant_of(step: Step, lead_id: int | None) -> str:
    """A or B by a digest of both numbers: halves of any campaign, and no order of leads leans to one of them."""
    digest = hashlib.sha256(f"{step.pk}:{lead_id}".encode()).digest()
    return "AB"[digest[0] & 1]
