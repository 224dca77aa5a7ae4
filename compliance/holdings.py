"""What the compliance records themselves hold about a person, and how it goes (lib.ports.Holder).

The ledger goes on counting, and the chain of the audit log goes on holding: an erased person leaves a keyed digest.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from compliance.addresses import (
    IGNORES_DOTS,
    IGNORES_PLUS_TAGS,
    SAME_PROVIDER,
    InvalidAddressError,
    domain_of,
    fold,
    normalise,
    parents_of,
)
from compliance.models import (
    AuditEntry,
    AuditPerson,
    Hold,
    ImportFault,
    SendRecord,
    Suppression,
    SuppressionImport,
    UnsubscribeToken,
)
from compliance.privacy_models import Consent, ConsentFile, ConsentImport, ConsentImportProblem, PrivacyRequest
from compliance.region_models import KnownRegion
from compliance.suppression import readable
from compliance.sweeping import TextShelf
from compliance.words import check_line, event_words
from outreach_site.lib.ports import Cutoffs, Exhibit, NotYetError, Overdue, Person, Shelf


class ComplianceHolder:
    """Ledger, audit log, suppressions, consents, holds, links and requests of one workspace."""

    models = frozenset(
        {
            "compliance.AuditPerson",
            "compliance.Consent",
            "compliance.ConsentFile",
            "compliance.ConsentImport",
            "compliance.ConsentImportProblem",
            "compliance.Hold",
            "compliance.KnownRegion",
            "compliance.ImportFault",
            "compliance.PrivacyRequest",
            "compliance.SendRecord",
            "compliance.Suppression",
            "compliance.SuppressionImport",
            "compliance.UnsubscribeToken",
        }
    )

    def spellings(self, workspace_id: int, key: str) -> set[str]:
        written = set(_letters(workspace_id, key).order_by().values_list("recipient", flat=True).distinct())
        return written | set(_spelled_otherwise(workspace_id, key))

    def count(self, person: Person) -> Mapping[str, int]:
        return {
            "entries of the ledger, which go on counting without a name": _letters(
                person.workspace_id, person.key
            ).count(),
            "names in the audit log, whose entries stay": _logged(person).count(),
            "consent records": _consents(person).count(),
            "holds": _holds(person).count(),
        }

    def export(self, person: Person) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        return {
            "letters_let_go": list(
                _letters(person.workspace_id, person.key)
                .order_by("pk")
                .values(
                    "subject",
                    "kind",
                    "sender",
                    "recipient",
                    "legal_basis",
                    "region",
                    "ground",
                    "found_url",
                    "found_passage",
                    "found_at",
                    "message_id",
                    "state",
                    "counted_at",
                )
            ),
            "audit_log": list(
                _logged(person)
                .order_by("pk")
                .values(
                    "lead_email",
                    "sender_email",
                    "subject",
                    "entry__event",
                    "entry__about",
                    "entry__policy_result",
                    "entry__reason",
                    "entry__legal_basis",
                    "entry__region",
                    "entry__checks",
                    "entry__details",
                    "entry__recorded_at",
                )
            ),
            "suppressions": list(
                _suppressions(person).values("scope", "value", "reason", "source", "note", "created_at")
            ),
            "consents": [
                {
                    "address": consent.address,
                    "status": consent.status,
                    "evidence_text": consent.evidence_text,
                    "evidence_url": consent.evidence_url,
                    "source": consent.source,
                    "obtained_on": consent.obtained_on,
                    "withdrawn_on": consent.withdrawn_on,
                    "recorded_at": consent.recorded_at,
                    "file": _file_of(consent),
                }
                for consent in _consents(person).select_related("file")
            ],
            "known_regions": list(_regions(person).values("key", "region", "source", "evidence", "noted_at")),
            "holds": list(_holds(person).values("subject", "reason", "source", "placed_at", "lifted_at")),
            "unsubscribe_links": list(_tokens(person).values("about", "created_at", "used_at")),
            "requests": list(_requests(person).values("kind", "received_on", "due_on", "state", "outcome", "done_at")),
        }

    def evidence(self, person: Person) -> Sequence[Exhibit]:
        return [
            *_decisions(person),
            *_consents_shown(person),
            *_objections(person),
        ]

    def erase(self, person: Person, *, now: datetime) -> None:  # noqa: ARG002 - lib.ports.Holder
        if any(
            imports.filter(workspace_id=person.workspace_id, finished_at=None).exists()
            for imports in (ConsentImport.objects.all(), SuppressionImport.objects.all())
        ):
            raise NotYetError("A list of addresses is being read in, and this one may stand in it.")
        _letters(person.workspace_id, person.key).update(
            recipient="", recipient_key=person.stone, found_url="", found_passage=""
        )
        _logged(person).delete()
        _tokens(person).update(address=person.stone)
        _consents(person).delete()
        _holds(person).delete()
        _regions(person).delete()

    def shelves(self) -> Sequence[Shelf]:
        return (
            TextShelf(Suppression, "workspace_id", ("note",)),
            TextShelf(SuppressionImport, "workspace_id", ("name", "note")),
            TextShelf(ImportFault, "run__workspace_id", ("text", "sentence")),
            TextShelf(Hold, "workspace_id", ("reason", "advice")),
            TextShelf(KnownRegion, "workspace_id", ("evidence",)),
            TextShelf(SendRecord, "workspace_id", ("found_url", "found_passage")),
            # Its digest is sealed: it can go, and cannot be rewritten.
            TextShelf(AuditPerson, "entry__workspace_id", ("subject",), deletes=True),
            TextShelf(Consent, "workspace_id", ("evidence_text", "evidence_url", "source")),
            TextShelf(ConsentFile, "consent__workspace_id", ("name",)),
            TextShelf(ConsentImport, "workspace_id", ("file_name", "evidence_text", "source")),
            TextShelf(ConsentImportProblem, "consent_import__workspace_id", ("text", "sentence")),
            TextShelf(PrivacyRequest, "workspace_id", ("note", "outcome")),
        )

    def overdue(self, workspace_id: int, cutoffs: Cutoffs) -> Sequence[Overdue]:
        return (
            Overdue(
                "rows of lists that could not be read in",
                ConsentImportProblem.objects.filter(
                    consent_import__workspace_id=workspace_id, consent_import__finished_at__lt=cutoffs.unlinked
                ),
                lambda keys: _delete(ConsentImportProblem.objects.filter(pk__in=keys)),
            ),
            Overdue(
                "rows of suppression lists that could not be read in",
                ImportFault.objects.filter(run__workspace_id=workspace_id, run__finished_at__lt=cutoffs.unlinked),
                lambda keys: _delete(ImportFault.objects.filter(pk__in=keys)),
            ),
            Overdue(
                "names in the audit log",
                AuditPerson.objects.filter(entry__workspace_id=workspace_id, entry__recorded_at__lt=cutoffs.audit),
                lambda keys: _delete(AuditPerson.objects.filter(pk__in=keys)),
            ),
            Overdue(
                "names in requests that are done",
                PrivacyRequest.objects.filter(workspace_id=workspace_id, done_at__lt=cutoffs.audit).exclude(address=""),
                lambda keys: _forget(PrivacyRequest.objects.filter(pk__in=keys)),
            ),
        )


def _delete(rows: QuerySet[Any]) -> None:
    rows.delete()


def _forget(requests: QuerySet[PrivacyRequest]) -> None:
    requests.update(address="", note="", outcome="")


# --- The rows of a person ---------------------------------------------------------------------------------------------


def _letters(workspace_id: int, key: str) -> QuerySet[SendRecord]:
    return SendRecord.objects.filter(workspace_id=workspace_id, recipient_key=key)


def _logged(person: Person) -> QuerySet[AuditPerson]:
    return AuditPerson.objects.filter(entry__workspace_id=person.workspace_id, lead_email__in=person.spellings)


def _tokens(person: Person) -> QuerySet[UnsubscribeToken]:
    return UnsubscribeToken.objects.filter(workspace_id=person.workspace_id, address=person.key)


def _consents(person: Person) -> QuerySet[Consent]:
    return Consent.objects.filter(workspace_id=person.workspace_id, address=fold(person.key)).order_by("pk")


def _holds(person: Person) -> QuerySet[Hold]:
    return Hold.objects.filter(workspace_id=person.workspace_id, subject=f"address:{person.key}").order_by("pk")


def _regions(person: Person) -> QuerySet[KnownRegion]:
    """Of the address alone: a site's is nobody's."""
    return KnownRegion.objects.filter(workspace_id=person.workspace_id, key=person.key).order_by("pk")


def _suppressions(person: Person) -> QuerySet[Suppression]:
    """Their own entries, and those of domains above them."""
    values = [fold(person.key), person.stone, *parents_of(domain_of(person.key))]
    return Suppression.objects.filter(workspace_id=person.workspace_id, value__in=values).order_by("pk")


def _requests(person: Person) -> QuerySet[PrivacyRequest]:
    return PrivacyRequest.objects.filter(workspace_id=person.workspace_id, stone=person.stone).order_by("pk")


def _file_of(consent: Consent) -> dict[str, object] | None:
    file = getattr(consent, "file", None)
    if file is None:
        return None
    return {"name": file.name, "size": file.size, "base64": base64.b64encode(bytes(file.content)).decode()}


def _spelled_otherwise(workspace_id: int, key: str) -> Iterator[str]:
    """In the log stand addresses as they were written: where a provider ignores dots and tags, under many spellings."""
    domain = domain_of(key)
    if domain not in IGNORES_DOTS | IGNORES_PLUS_TAGS:
        return
    names = {domain, *(other for other, same in SAME_PROVIDER.items() if same == domain)}
    there = Q()
    for name in names:
        there |= Q(lead_email__endswith=f"@{name}")
    logged = AuditPerson.objects.filter(there, entry__workspace_id=workspace_id)
    for written in logged.order_by().values_list("lead_email", flat=True).distinct().iterator():
        try:
            if normalise(written) == key:
                yield written
        except InvalidAddressError:
            continue


# --- What they show ---------------------------------------------------------------------------------------------------


def _decisions(person: Person) -> Iterator[Exhibit]:
    for logged in _logged(person).select_related("entry").order_by("pk"):
        entry = logged.entry
        facts = [("Answer", entry.get_policy_result_display())] if entry.policy_result else []
        if logged.subject:
            facts.append(("Subject", logged.subject))
        if logged.sender_email:
            facts.append(("From", logged.sender_email))
        if entry.legal_basis:
            facts.append(("Rule", f"{entry.get_legal_basis_display()} ({entry.region})"))
        if entry.reason:
            facts.append(("Reason", entry.reason))
        facts += _checks_of(entry)
        yield Exhibit(
            section="decisions",
            at=entry.recorded_at,
            title=event_words(entry.event) + (" (a question, nothing was sent)" if entry.is_preview else ""),
            facts=tuple(facts),
            about=entry.about,
        )


def _checks_of(entry: AuditEntry) -> list[tuple[str, str]]:
    lines = [
        check_line(str(check.get("rule", "")), str(check.get("outcome", "")), str(check.get("sentence", "")))
        for check in entry.checks
        if isinstance(check, dict)
    ]
    return [(line.label, f"{line.sentence} ({line.word})") for line in lines]


def _consents_shown(person: Person) -> Iterator[Exhibit]:
    for consent in _consents(person).select_related("file"):
        file = getattr(consent, "file", None)
        facts = [
            ("Status", consent.get_status_display()),
            ("Obtained", f"{consent.obtained_on:%Y-%m-%d}"),
            ("Withdrawn", f"{consent.withdrawn_on:%Y-%m-%d}" if consent.withdrawn_on else ""),
            ("Page", consent.evidence_url),
            ("From", consent.source),
            ("File", f"{file.name} ({file.size:,} bytes)" if file else ""),
        ]
        yield Exhibit(
            section="consents",
            at=consent.recorded_at,
            title="Consent on record" if consent.is_live else "Consent that was withdrawn",
            facts=tuple((word, value) for word, value in facts if value),
            quote=consent.evidence_text,
            about=f"consent:{consent.pk}",
        )


def _in_words(source: str) -> str:
    """A plain subject such as reply:7 as "reply 7"; another source as it stands."""
    return source.replace("_", " ").replace(":", " ") if re.fullmatch(r"[a-z_]+:\d+", source) else source


def _objections(person: Person) -> Iterator[Exhibit]:
    for entry in _suppressions(person):
        yield Exhibit(
            section="objections",
            at=entry.created_at,
            title=f"{readable(entry)} is never written to again: {entry.get_reason_display().lower()}",
            facts=tuple(fact for fact in (("From", _in_words(entry.source)), ("Note", entry.note)) if fact[1]),
            about=f"suppression:{entry.pk}",
        )
    for token in _tokens(person).exclude(used_at=None).order_by("pk"):
        if token.used_at is not None:
            yield Exhibit(section="objections", at=token.used_at, title="Used the link to say no", about=token.about)
    for hold in _holds(person):
        yield Exhibit(
            section="objections",
            at=hold.placed_at,
            title="Held back until somebody looked",
            facts=(("Reason", hold.reason),),
            about=hold.source,
        )
