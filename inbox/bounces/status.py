"""Delivery status notifications (RFC 3464), wherever servers put their blocks, and receipts (RFC 8098)."""

from __future__ import annotations

import re

from inbox.bounces.hardness import hardness_of
from inbox.bounces.recipients import named_in_words
from inbox.bounces.report import Hardness, Report, ReportKind
from inbox.bounces.structure import (
    comes_from_server,
    fields_of,
    has_part,
    original_ids,
    own_parts,
    report_type,
    status_code,
    words_of,
)
from inbox.bounces.wording import reason_in
from inbox.parsing import ParsedMessage, Part, addresses_in

_I = re.IGNORECASE
_REPORT_FIELD = re.compile(r"^(?:final-recipient|original-recipient|reporting-mta)[ \t]*:", _I | re.MULTILINE)
MAX_BLOCKS = 100


def status_in(message: ParsedMessage) -> Report | None:
    """The delivery status in this message; None where it has none, or none that says what happened."""
    blocks = _blocks(message)
    failed = [fields for fields in blocks if _action(fields) == "failed"]
    about = failed or [fields for fields in blocks if _action(fields) == "delayed"]
    if not about:
        arrived = {_action(fields) for fields in blocks} & {"delivered", "relayed", "expanded"}
        return Report(ReportKind.RECEIPT, original_ids=original_ids(message)) if arrived else None
    recipients = [_recipient(fields) for fields in about]
    recipients = [each for each in dict.fromkeys(recipients) if each] or named_in_words(message)
    said = " ".join(_diagnostic(fields) for fields in about)
    status = next((code for fields in about if (code := status_code(fields.get("status", "")))), "")
    words = words_of(message)
    return Report(
        ReportKind.BOUNCE if failed else ReportKind.DELAY,
        recipients=tuple(recipients),
        status=status,
        hardness=hardness_of(status, said, words, mail_host=_host(about)) if failed else Hardness.SOFT,
        reason=(" ".join(said.split()) or reason_in(words))[:500],
        original_ids=original_ids(message),
    )


def _blocks(message: ParsedMessage) -> list[dict[str, str]]:
    """The per-recipient blocks of a delivery status."""
    parts = [part for part in own_parts(message) if part.content_type.endswith("delivery-status")]
    if not parts and (report_type(message) or comes_from_server(message)):
        # Some call it text/plain, some forget the part's own header, some gateways wrap the report they got in theirs.
        parts = [part for part in own_parts(message) if _REPORT_FIELD.search(part.text)]
        parts = parts or [part for part in message.parts if part.content_type.endswith("delivery-status")]
    return [fields for part in parts for fields in _blocks_of(part)][:MAX_BLOCKS]


def _blocks_of(part: Part) -> list[dict[str, str]]:
    blocks = [fields_of(block) for block in re.split(r"\n[ \t]*\n", part.text)]
    return [
        fields
        for fields in blocks
        if "final-recipient" in fields
        or "original-recipient" in fields
        or (fields.get("action") and fields.get("status"))
    ]


def _action(fields: dict[str, str]) -> str:
    action = fields.get("action", "").split("\n")[0].partition("(")[0].strip().lower()
    if action.startswith("fail") or action in {"error", "expired"}:
        return "failed"
    if action.startswith("delay"):
        return "delayed"
    if not action:
        return {"5": "failed", "4": "delayed"}.get(status_code(fields.get("status", ""))[:1], "")
    return action


def _diagnostic(fields: dict[str, str]) -> str:
    text = f"{fields.get('diagnostic-code', '')} {fields.get('x-supplementary-info', '')}".strip()
    first = text.split("\n")[0]
    # `smtp; 550 …`: the type is not part of what was said.
    return text.partition(";")[2] if re.match(r"[\w-]{1,20}\s*;", first) else text


def _host(about: list[dict[str, str]]) -> str:
    return " ".join(fields.get("remote-mta", "") for fields in about).lower()


def _recipient(fields: dict[str, str]) -> str:
    """The final recipient; the original one where the final one is missing or an inner name."""
    final, original = _address(fields.get("final-recipient", "")), _address(fields.get("original-recipient", ""))
    is_inner = "." not in final.partition("@")[2]
    return original if original and is_inner else final


_QUOTED_LOCAL = re.compile(r'^"(?:[^"\\]|\\.){1,100}"@[^\s<>"@]{1,253}$')


def _address(field: str) -> str:
    """`rfc822; ed@example.org` → `ed@example.org`."""
    first = field.split("\n", maxsplit=1)[0]
    text = (first.partition(";")[2] or first).strip().strip("<>").strip()
    text = re.sub(r"^(?:rfc822|smtp|utf-8)[;:]\s*", "", text, flags=_I).strip("<> ")
    if _QUOTED_LOCAL.match(text):
        return text.lower()
    found = addresses_in(text)
    return found[0][1].lower() if found else ""


# --- Receipts ---------------------------------------------------------------------------------------------------------

_REJECTED = re.compile(
    r"\brejected\b|quota exceeded|could not be delivered|not (?:been )?delivered|refus[ée]|abgelehnt", _I
)


def receipt_in(message: ParsedMessage) -> Report | None:
    """A disposition notification: read, or deleted unread. Dovecot and Sieve (RFC 5429) reject letters in this form."""
    is_receipt = report_type(message) == "disposition-notification"
    if not is_receipt and not has_part(message, "message/disposition-notification"):
        return None
    part = next((each for each in own_parts(message) if each.content_type == "message/disposition-notification"), None)
    fields = fields_of(part.text) if part else {}
    words = words_of(message)
    if "deleted" in fields.get("disposition", "").lower() and (match := _REJECTED.search(words)):
        recipient = _address(fields.get("final-recipient", "")) or _address(fields.get("original-recipient", ""))
        return Report(
            ReportKind.BOUNCE,
            recipients=(recipient,) if recipient else (),
            hardness=hardness_of("", words[match.start() :][:1000], words),
            reason=" ".join(words.split())[:500],
            original_ids=_named_ids(message, fields),
        )
    return Report(ReportKind.RECEIPT, original_ids=_named_ids(message, fields))


def _named_ids(message: ParsedMessage, fields: dict[str, str]) -> tuple[str, ...]:
    named = fields.get("original-message-id", "").strip()
    return tuple(dict.fromkeys(each for each in (named, *original_ids(message)) if each))
