"""What a server reports about a letter, whatever its form."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ReportKind(StrEnum):
    BOUNCE = "bounce"  # it did not arrive, and nobody will try again
    DELAY = "delay"  # not yet; somebody still tries
    COMPLAINT = "complaint"  # a feedback report (RFC 5965)
    RECEIPT = "receipt"  # it arrived, or was read


class Hardness(StrEnum):
    """*Hard*: the address or its host is dead. A refusal for policy, size or quota is not, whatever its code."""

    HARD = "hard"  # the address or its host is dead
    SOFT = "soft"  # full, slow, too large: it may work another time
    POLICY = "policy"  # refused for what it is or who sent it


@dataclass(frozen=True, slots=True)
class Report:
    """What a server reports about a letter. `original_ids` are Message-IDs of the letter, as the report gives them."""

    kind: ReportKind
    recipients: tuple[str, ...] = ()
    status: str = ""  # RFC 3463, such as 5.1.1
    hardness: Hardness | None = None
    reason: str = ""  # the server's own words
    original_ids: tuple[str, ...] = ()
    by_person: bool = True  # of a complaint: False where a machine reports, as on a failed signature (RFC 6591)
