"""Notices for programs that come by mail: Amazon SES by way of SNS sends its JSON to an address."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inbox.bounces.hardness import hardness_of
from inbox.bounces.report import Hardness, Report, ReportKind
from inbox.bounces.structure import status_code
from inbox.parsing import ParsedMessage

_LARGEST = 100_000  # characters


class _Recipient(BaseModel):
    email_address: str = Field(alias="emailAddress", max_length=320)
    status: str = Field("", max_length=40)
    diagnostic_code: str = Field("", alias="diagnosticCode", max_length=4000)


class _Bounce(BaseModel):
    bounce_type: str = Field("", alias="bounceType", max_length=40)
    recipients: list[_Recipient] = Field(default_factory=list, alias="bouncedRecipients", max_length=100)


class _Complaint(BaseModel):
    recipients: list[_Recipient] = Field(default_factory=list, alias="complainedRecipients", max_length=100)
    feedback: str = Field("abuse", alias="complaintFeedbackType", max_length=40)


class _Mail(BaseModel):
    message_id: str = Field("", alias="messageId", max_length=900)
    common: dict[str, Any] = Field(default_factory=dict, alias="commonHeaders")
    headers: list[dict[str, Any]] = Field(default_factory=list, max_length=500)


class _Notice(BaseModel):
    """Amazon's "notification contents" (docs.aws.amazon.com/ses, "Amazon SNS notification contents")."""

    model_config = ConfigDict(extra="ignore")
    kind: str = Field(alias="notificationType")
    bounce: _Bounce | None = None
    complaint: _Complaint | None = None
    mail: _Mail | None = None


def notice_in(message: ParsedMessage) -> Report | None:
    text = message.text.lstrip()
    if not text.startswith("{") or '"notificationType"' not in text[:_LARGEST]:
        return None
    # A mail program may have broken the one long line.
    body = text[: text.rfind("}") + 1][:_LARGEST].replace("\n", "")
    try:
        notice = _Notice.model_validate(json.loads(body))
    except (ValueError, ValidationError, RecursionError):
        return None
    ids = _ids(notice.mail) if notice.mail else ()
    if notice.kind == "Complaint" and notice.complaint is not None:
        return Report(
            ReportKind.COMPLAINT,
            recipients=_addresses(notice.complaint.recipients),
            reason=notice.complaint.feedback,
            original_ids=ids,
        )
    if notice.kind == "Bounce" and notice.bounce is not None:
        return _bounced(notice.bounce, ids)
    return Report(ReportKind.RECEIPT, original_ids=ids) if notice.kind == "Delivery" else None


def _bounced(bounce: _Bounce, ids: tuple[str, ...]) -> Report:
    said = " ".join(each.diagnostic_code for each in bounce.recipients)
    status = next((code for each in bounce.recipients if (code := status_code(each.status))), "")
    hardness = hardness_of(status, said, "")
    if bounce.bounce_type == "Transient" and hardness is Hardness.HARD:
        hardness = Hardness.SOFT
    return Report(
        ReportKind.BOUNCE,
        recipients=_addresses(bounce.recipients),
        status=status,
        hardness=hardness,
        reason=" ".join(said.split())[:500],
        original_ids=ids,
    )


def _addresses(recipients: Sequence[_Recipient]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.email_address.strip("<> ").lower() for each in recipients))


def _ids(mail: _Mail) -> tuple[str, ...]:
    named: list[Mapping[str, Any]] = [mail.common, *mail.headers]
    found = [str(mail.common.get("messageId", ""))]
    found += [str(each.get("value", "")) for each in named if str(each.get("name", "")).lower() == "message-id"]
    # The id that the provider put in place of ours, as it stands in the letter that left.
    found += [f"<{mail.message_id}@email.amazonses.com>"] if mail.message_id else []
    return tuple(dict.fromkeys(each.strip()[:998] for each in found if "@" in each))
