"""The API of the compliance room, below `/api/v1/backlink-outreach`: may this letter go, suppression, the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from django.http import Http404, HttpResponse
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status
from pydantic import AfterValidator, BeforeValidator, model_validator

from compliance import gate, suppression
from compliance.addresses import InvalidAddressError, normalise
from compliance.asking import first_letter
from compliance.audit import one_line
from compliance.models import AuditEntry, PolicyResult, Suppression
from compliance.policy import Decision, Outcome, Rule
from compliance.searching import begins, entries_about, suppressions_matching, within
from compliance.suppression_imports import reason_named
from outreach_site.accounts.access import KEEPERS, READERS, SENDERS
from outreach_site.accounts.api_access import ApiRequest, caller
from outreach_site.accounts.models import Scope, Workspace
from outreach_site.lib.api import Cursor, Day, Fault, Given, Limit, answers, example, invalid, page_of
from outreach_site.mailboxes.models import Mailbox

router = Router()
WORKERS = SENDERS | KEEPERS


def _address(text: str) -> str:
    """An address as it was written, once it is clear that it is one."""
    try:
        normalise(text)
    except InvalidAddressError as err:
        raise ValueError(str(err)) from err
    return text.strip()


def _line(text: object) -> object:
    return one_line(text, 998) if isinstance(text, str) else text


Address = Annotated[str, AfterValidator(_address)]


# --- May this letter go? ----------------------------------------------------------------------------------------------


class Question(Given):
    """A letter that somebody thinks of sending."""

    model_config = example(
        recipient_email="hannah@brightgarden.com",
        sender_email="mara@orchardmedia.com",
        subject="An idea for Bright Garden",
    )

    recipient_email: Address = Field(max_length=320, examples=["hannah@brightgarden.com"])
    sender_email: Address = Field(
        max_length=320, examples=["mara@orchardmedia.com"], description="A mailbox of your workspace."
    )
    subject: Annotated[str, BeforeValidator(_line)] = Field(
        default="", max_length=998, examples=["An idea for Bright Garden"]
    )


class CheckAnswer(Schema):
    """One rule's answer."""

    rule: str = Field(examples=["domain_cap"])
    outcome: str = Field(description="passed, warned, waits, asks or refused", examples=["passed"])
    sentence: str = Field(examples=["3 of 20 letters a day to brightgarden.com used."])


class Verdict(Schema):
    """Whether the letter may go now, and what every rule says."""

    model_config = example(
        allowed=True,
        reason="",
        legal_basis="legitimate_interest",
        daily_user_count=12,
        daily_user_limit=100,
        daily_domain_count=3,
        daily_domain_limit=20,
        region="US",
        region_source="generic_domain",
        checks=[
            {
                "rule": "domain_cap",
                "outcome": "passed",
                "sentence": "3 of 20 letters a day to brightgarden.com used.",
            }
        ],
    )

    allowed: bool
    reason: str = Field(description="Why not; for a letter that may go, what there is to know. May be empty.")
    legal_basis: str = Field(
        description="What the recipient's region asks for: consent or legitimate_interest.", examples=["consent"]
    )
    daily_user_count: int = Field(description="Your letters today, this one not among them.")
    daily_user_limit: int
    daily_domain_count: int = Field(description="The workspace's letters to that domain today.")
    daily_domain_limit: int
    region: str = Field(description="EU, UK, CA, AU/NZ, US or OTHER", examples=["EU"])
    region_source: str = Field(
        description="How the region is known. generic_domain: the country is unknown.", examples=["country_domain"]
    )
    checks: list[CheckAnswer]


class Refusal(Verdict):
    model_config = example(
        detail="20 of 20 letters a day to brightgarden.com used.",
        allowed=False,
        reason="20 of 20 letters a day to brightgarden.com used.",
        legal_basis="legitimate_interest",
        daily_user_count=12,
        daily_user_limit=100,
        daily_domain_count=20,
        daily_domain_limit=20,
        region="US",
        region_source="generic_domain",
        checks=[
            {
                "rule": "domain_cap",
                "outcome": "waits",
                "sentence": "20 of 20 letters a day to brightgarden.com used.",
            }
        ],
    )

    detail: str = Field(description="The reason once more, where errors have it.")


@router.post(
    "/policy/validate",
    response=answers({200: Verdict, 403: Refusal | Fault}),
    auth=caller(WORKERS, Scope.READ),
    summary="May this letter go?",
    operation_id="validate_policy",
)
def validate_policy(request: ApiRequest, payload: Question) -> Status[Any]:
    """What would become of a first letter now. Nothing is sent and no place is reserved; the question goes into the
    audit log, marked as one.

    A letter that would have to wait, for a limit or for a person, is answered with 403 and the reason. Where the
    region asks for consent and we know of none, it is allowed, and `reason` says so.
    """
    here, user = request.auth.workspace, request.auth.user
    mailbox = _mailbox(here, payload.sender_email)
    now = timezone.now()
    letter = first_letter(
        recipient=payload.recipient_email, subject=payload.subject, mailbox=mailbox, workspace=here, user=user, now=now
    )
    decision = gate.preview(letter, workspace=here, user=user, now=now, at_once=True)
    answer = _verdict(decision, here)
    if decision.allowed:
        return Status(200, answer)
    return Status(403, answer | {"detail": decision.reason})


def _mailbox(here: Workspace, sender: str) -> Mailbox:
    """The mailbox of this workspace that writes as `sender`; another's does not exist. Raises Http404."""
    key = normalise(sender)
    for mailbox in Mailbox.objects.in_workspace(here).in_use().order_by("pk"):
        if mailbox.email.lower() == sender.lower() or normalise(mailbox.email) == key:
            return mailbox
    raise Http404("No mailbox of this workspace has that address.")


def _verdict(decision: Decision, here: Workspace) -> dict[str, Any]:
    limits = gate.limits_of(here)
    warned = " ".join(
        check.sentence
        for check in decision.checks
        if check.outcome == Outcome.WARNED and check.rule in {Rule.REGION, Rule.NOTICE, Rule.APPROVAL}
    )
    return {
        "allowed": decision.allowed,
        "reason": decision.reason or warned,
        "legal_basis": decision.legal_basis.value,
        "daily_user_count": decision.daily_user_count,
        "daily_user_limit": limits.per_user_day,
        "daily_domain_count": decision.daily_domain_count,
        "daily_domain_limit": limits.per_domain_day,
        "region": decision.region.region.value,
        "region_source": decision.region.source.value,
        "checks": [check.row for check in decision.checks],
    }


# --- Suppression ------------------------------------------------------------------------------------------------------


class NewSuppression(Given):
    """An address, or a domain with everybody there and at its subdomains."""

    model_config = example(email="ed@example.org", reason="opt_out", note="By telephone.")

    email: str | None = Field(default=None, max_length=320, examples=["ed@example.org"])
    domain: str | None = Field(default=None, max_length=254, examples=[None])
    reason: Annotated[str, BeforeValidator(_line)] = Field(
        default="manual",
        max_length=500,
        examples=["opt_out"],
        description="manual, not_interested, opt_out, unsubscribe, hard_bounce or complaint. Other words are kept as "
        "the note of an entry added by hand. What a person asked for can later be lifted by an owner only.",
    )
    note: Annotated[str, BeforeValidator(_line)] = Field(default="", max_length=500, examples=["By telephone."])

    @model_validator(mode="after")
    def _one_of_both(self) -> NewSuppression:
        if bool(self.email) == bool(self.domain):
            raise ValueError("Give an email or a domain, and not both.")
        if self.reason.strip().lower() == Suppression.Reason.ERASURE:
            raise ValueError("An erasure is a request of its own: it is answered under Compliance, Requests.")
        return self


class SuppressionNow(Schema):
    """An entry of the suppression list."""

    model_config = example(
        id=19,
        email="ed@example.org",
        domain=None,
        reason="opt_out",
        source="api",
        note="By telephone.",
        created_at="2026-03-02T10:00:00Z",
    )

    id: int
    email: str | None = Field(description="None for a domain, and for an address that was erased.")
    domain: str | None = Field(description="For a domain with everybody there; None for an address.")
    reason: str = Field(examples=["opt_out"])
    source: str = Field(description="What brought it about, such as reply:7.")
    note: str
    created_at: datetime

    @staticmethod
    def resolve_email(entry: Suppression) -> str | None:
        return entry.value if entry.scope == Suppression.Scope.ADDRESS else None

    @staticmethod
    def resolve_domain(entry: Suppression) -> str | None:
        return entry.value if entry.scope == Suppression.Scope.DOMAIN else None


@router.post(
    "/suppression",
    response=answers({200: SuppressionNow, 201: SuppressionNow}),
    auth=caller(WORKERS, Scope.WRITE),
    summary="Suppress an address or a domain",
    operation_id="create_suppression",
)
def create_suppression(request: ApiRequest, payload: NewSuppression) -> Status[Suppression]:
    """Nobody in the workspace writes there again; letters that wait are held back at once. May be repeated without
    harm: 201 for what is new, or got a stronger reason; 200 for what stood there already."""
    reason = reason_named(payload.reason)
    note = payload.note or ("" if reason else payload.reason)
    try:
        added = suppression.suppress_many(
            workspace=request.auth.workspace,
            addresses=[payload.email] if payload.email else [],
            domains=[payload.domain] if payload.domain else [],
            reason=reason or Suppression.Reason.MANUAL,
            source="api",
            note=note,
            user=request.auth.user,
            now=timezone.now(),
        )
    except InvalidAddressError as err:
        raise invalid("body", "email" if payload.email else "domain", str(err)) from err
    return Status(200 if added.known else 201, added.all[0])


@router.get(
    "/suppression",
    response=answers({200: list[SuppressionNow]}),
    auth=caller(READERS, Scope.READ),
    summary="List suppressions",
    operation_id="list_suppressions",
)
def list_suppressions(
    request: ApiRequest,
    response: HttpResponse,
    cursor: Cursor = "",
    limit: Limit = 50,
    email: Annotated[
        str, Query(max_length=320, description="An address and the domains above it; or how one begins.")
    ] = "",
    reason: Annotated[Suppression.Reason | None, Query(description="Only those of this reason.")] = None,
) -> Sequence[Suppression]:
    """The entries of the workspace, newest first. While there are more, the answer has a `Link` header with
    `rel="next"` (RFC 8288), and the cursor alone in `X-Next-Cursor`."""
    entries = Suppression.objects.own_of(request.auth.workspace).filter(suppressions_matching(email))
    if reason is not None:
        entries = entries.filter(reason=reason)
    return page_of(request, response, entries.order_by("-pk"), cursor=cursor, limit=limit)


# --- The audit log ----------------------------------------------------------------------------------------------------


class AuditRow(Schema):
    """One line of the audit log."""

    model_config = example(
        id=5021,
        event="letter.decided",
        about="attempt:311",
        user_id=2,
        lead_email="hannah@brightgarden.com",
        sender_email="mara@orchardmedia.com",
        subject="A balcony guide for Bright Garden",
        policy_result="approved",
        reason="",
        legal_basis="legitimate_interest",
        region="US",
        timestamp="2026-03-02T09:12:00Z",
        is_preview=False,
        checks=[
            {
                "rule": "domain_cap",
                "outcome": "passed",
                "sentence": "3 of 20 letters a day to brightgarden.com used.",
            }
        ],
    )

    id: int
    event: str = Field(examples=["letter.decided"])
    about: str = Field(description="What it is about, such as attempt:42.")
    user_id: int | None = Field(description="Who acted. None: the system, or somebody outside.")
    lead_email: str = Field(description="Empty where nobody is meant, or the person was erased.")
    sender_email: str
    subject: str
    policy_result: str = Field(description="approved, blocked or deferred; empty for other events")
    reason: str
    legal_basis: str
    region: str
    timestamp: datetime
    is_preview: bool = Field(description="Somebody only asked.")
    checks: list[CheckAnswer]

    @staticmethod
    def resolve_lead_email(entry: AuditEntry) -> str:
        return _person_of(entry, "lead_email")

    @staticmethod
    def resolve_sender_email(entry: AuditEntry) -> str:
        return _person_of(entry, "sender_email")

    @staticmethod
    def resolve_subject(entry: AuditEntry) -> str:
        return _person_of(entry, "subject")

    @staticmethod
    def resolve_timestamp(entry: AuditEntry) -> datetime:
        return entry.recorded_at


def _person_of(entry: AuditEntry, field: str) -> str:
    person = getattr(entry, "person", None)
    return str(getattr(person, field)) if person is not None else ""


@router.get(
    "/audit-logs",
    response=answers({200: list[AuditRow]}),
    auth=caller(READERS, Scope.READ),
    summary="Read the audit log",
    operation_id="list_audit_logs",
)
def list_audit_logs(
    request: ApiRequest,
    response: HttpResponse,
    cursor: Cursor = "",
    limit: Limit = 50,
    email: Annotated[str, Query(max_length=320, description="The address of a lead, or how it begins.")] = "",
    policy_result: Annotated[PolicyResult | None, Query(description="Only decisions of this kind.")] = None,
    event: Annotated[str, Query(max_length=48, description="An event, or how it begins.", examples=["letter."])] = "",
    about: Annotated[str, Query(max_length=64, examples=["attempt:42"])] = "",
    since: Annotated[Day | None, Query(description="The first day, in the workspace's time zone.")] = None,
    until: Annotated[Day | None, Query(description="The last day.")] = None,
) -> Sequence[AuditEntry]:
    """The log of the workspace, newest first, paged as the suppression list is."""
    here = request.auth.workspace
    entries = AuditEntry.objects.in_workspace(here).select_related("person").filter(entries_about(email))
    if policy_result is not None:
        entries = entries.filter(policy_result=policy_result)
    if event:
        entries = entries.filter(begins("event", one_line(event, 48)))
    if about:
        entries = entries.filter(about=one_line(about, 64))
    entries = entries.filter(within(since, until, here.zone)).order_by("-pk")
    return page_of(request, response, entries, cursor=cursor, limit=limit)
