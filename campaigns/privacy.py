"""What campaigns hold about a person, and how it goes (lib.ports.Holder): contacts, and the letters to them.

The site stays a lead, and the letter stays a row that numbers are counted from: who it went to and what it said are
blacked out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from campaigns.models import (
    Attempt,
    BulkChange,
    Campaign,
    Contact,
    DraftRun,
    EnclosedFile,
    ImportedRow,
    Lead,
    LeadImport,
    OwnLetter,
    Step,
    Tag,
    Template,
)
from compliance import known_regions
from compliance.models import Kind
from compliance.regions import Region
from compliance.suppression import stone_of
from compliance.sweeping import ERASED, TextShelf
from outreach_site.lib.ports import Cutoffs, Exhibit, NotYetError, Overdue, Person, Shelf

State = Attempt.State
# Letters that never left, and wait for nothing any more.
NEVER_LEFT = (State.DRAFT, State.BLOCKED, State.CANCELLED, State.FAILED)


class CampaignsHolder:
    """Contacts of leads, and letters to them."""

    models = frozenset(
        {
            "campaigns.Attempt",
            "campaigns.Contact",
            "campaigns.EnclosedFile",
            "campaigns.ImportedRow",
            "campaigns.Lead",
            "campaigns.LeadImport",
        }
    )

    def spellings(self, workspace_id: int, key: str) -> set[str]:
        contacts = Contact.objects.filter(lead__campaign__workspace_id=workspace_id, email_key=key)
        letters = Attempt.objects.filter(campaign__workspace_id=workspace_id, recipient_key=key)
        return {
            *contacts.values_list("email", flat=True).distinct(),
            *letters.order_by().values_list("recipient", flat=True).distinct(),
        }

    def count(self, person: Person) -> Mapping[str, int]:
        contacts, letters = _contacts(person), _letters(person)
        return {
            "contacts, with where they were found": contacts.count(),
            "leads that lose their contact and their own fields": Lead.objects.filter(contact__in=contacts).count(),
            "letters prepared for their site": OwnLetter.objects.filter(lead__contact__in=contacts).count(),
            "letters, with their text": letters.count(),
            "files sent with them": EnclosedFile.objects.filter(attempt__in=letters).count(),
        }

    def export(self, person: Person) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        return {
            "contacts": list(
                _contacts(person)
                .order_by("pk")
                .values(
                    "email",
                    "name",
                    "role",
                    "found_url",
                    "found_passage",
                    "found_how",
                    "confirmed_at",
                    "origin",
                    "found_at",
                    "lead__website_url",
                )
            ),
            "leads": list(
                Lead.objects.filter(contact__in=_contacts(person))
                .order_by("pk")
                .values(
                    "website_url",
                    "website_title",
                    "topic",
                    "status",
                    "source",
                    "custom_fields",
                    "away_until",
                    "created_at",
                )
            ),
            "letters prepared for their site": list(
                OwnLetter.objects.filter(lead__contact__in=_contacts(person))
                .order_by("pk")
                .values("lead__website_url", "state", "letter_subject", "letter_body", "claims")
            ),
            "letters": list(
                _letters(person)
                .order_by("pk")
                .values(
                    "campaign__name",
                    "kind",
                    "recipient",
                    "recipient_name",
                    "subject",
                    "body",
                    "ground",
                    "state",
                    "reason",
                    "created_at",
                    "finished_at",
                    "message_id",
                )
            ),
            "files sent with letters": list(
                EnclosedFile.objects.filter(attempt__in=_letters(person))
                .order_by("pk")
                .values("attempt__subject", "name", "content_type", "size")
            ),
        }

    def evidence(self, person: Person) -> Sequence[Exhibit]:
        return [*_found(person), *_written(person)]

    def erase(self, person: Person, *, now: datetime) -> None:
        # Locked before they are looked at: a worker that starts one of them now waits, and then finds it gone.
        letters = list(_letters(person).select_for_update(of=("self",)).order_by("pk"))
        for letter in letters:
            if letter.state == State.SENDING:
                raise NotYetError("A letter to this address is being handed over to the mail server right now.")
            if letter.state in Attempt.OUTCOMES and letter.settled_at is None:
                raise NotYetError("A letter to this address has just left, and is being written down.")
            if letter.state == State.QUEUED:
                raise NotYetError("A letter to this address waits in the queue. It is being taken out.")
        contacts = _contacts(person)
        OwnLetter.objects.filter(lead__contact__in=contacts).delete()
        Lead.objects.filter(contact__in=contacts).update(custom_fields={}, contact=None, away_until=None)
        contacts.delete()
        _black_out(Attempt.objects.filter(pk__in=[letter.pk for letter in letters]), stone=person.stone, now=now)

    def shelves(self) -> Sequence[Shelf]:
        return (
            TextShelf(Campaign, "workspace_id", ("name", "description", "keywords")),
            TextShelf(Step, "campaign__workspace_id", ("letter_subject", "letter_body")),
            TextShelf(Template, "workspace_id", ("name", "subject", "body", "category")),
            TextShelf(DraftRun, "campaign__workspace_id", ("letter_subject", "letter_body", "sentence")),
            TextShelf(
                OwnLetter,
                "lead__campaign__workspace_id",
                ("letter_subject", "letter_body", "claims", "notes", "sentence"),
            ),
            TextShelf(
                Lead,
                "campaign__workspace_id",
                ("website_url", "site_key", "website_title", "topic", "custom_fields", "next_action"),
            ),
            TextShelf(
                Contact, "lead__campaign__workspace_id", ("name", "role", "found_url", "found_passage", "origin")
            ),
            # Of a file that is still being read, whoever was erased is left out when their row comes; then it is gone.
            TextShelf(LeadImport, "campaign__workspace_id", ("file_name", "origin", "headings")),
            TextShelf(ImportedRow, "run__campaign__workspace_id", ("cells", "sentence")),
            TextShelf(Tag, "workspace_id", ("name",)),
            TextShelf(BulkChange, "campaign__workspace_id", ("query",)),
            TextShelf(EnclosedFile, "attempt__campaign__workspace_id", ("name",)),
            TextShelf(
                Attempt,
                "campaign__workspace_id",
                ("recipient_name", "subject", "body", "reason", "server_words", "letterhead"),
            ),
        )

    def overdue(self, workspace_id: int, cutoffs: Cutoffs) -> Sequence[Overdue]:
        return (
            Overdue(
                "contacts in the EU or UK to whom nobody wrote", _unwritten(workspace_id, cutoffs.unwritten), _let_go
            ),
            Overdue(
                "rows of files that did not become leads",
                ImportedRow.objects.filter(
                    run__campaign__workspace_id=workspace_id, run__finished_at__lt=cutoffs.unlinked
                ),
                _forget_rows,
            ),
        )


# --- The rows of a person ---------------------------------------------------------------------------------------------


def _contacts(person: Person) -> QuerySet[Contact]:
    return Contact.objects.filter(lead__campaign__workspace_id=person.workspace_id, email_key=person.key)


def _letters(person: Person) -> QuerySet[Attempt]:
    return Attempt.objects.filter(campaign__workspace_id=person.workspace_id, recipient_key=person.key)


def _black_out(letters: QuerySet[Attempt], *, stone: str, now: datetime) -> None:
    keys = list(letters.values_list("pk", flat=True))  # What is written below changes what they are found by.
    EnclosedFile.objects.filter(attempt__in=keys).delete()
    Attempt.objects.filter(pk__in=keys, state=State.DRAFT).update(state=State.CANCELLED, finished_at=now)
    Attempt.objects.filter(pk__in=keys).update(
        recipient="",
        recipient_name=ERASED,
        recipient_key=stone,
        subject=ERASED,
        body=ERASED,
        server_words="",
        reason="",
        in_reply_to="",
        references="",
        letterhead={},
    )


# --- What they show ---------------------------------------------------------------------------------------------------


def _found(person: Person) -> Iterator[Exhibit]:
    for contact in _contacts(person).select_related("lead__campaign").order_by("found_at", "pk"):
        lead = contact.lead
        facts = (
            ("Page", contact.found_url),
            ("Site", lead.website_url),
            ("How", lead.get_source_display()),
            ("How it was read", contact.get_found_how_display()),
            ("Use confirmed", f"{contact.confirmed_at:%d %B %Y}" if contact.confirmed_at else ""),
            ("Name", contact.name),
            ("Role", contact.role),
            ("How it came to us", contact.origin),
            ("Campaign", lead.campaign.name),
        )
        yield Exhibit(
            section="found",
            at=contact.found_at,
            title=f"{contact.email} was found",
            facts=tuple(fact for fact in facts if fact[1]),
            quote=contact.found_passage,
            about=f"lead:{lead.pk}",
        )


def _written(person: Person) -> Iterator[Exhibit]:
    files = Prefetch("enclosures", EnclosedFile.objects.defer("content"))
    letters = _letters(person).select_related("campaign", "mailbox", "identity").prefetch_related(files).order_by("pk")
    for letter in letters:
        facts = (
            ("State", letter.get_state_display()),
            ("Subject", letter.subject),
            ("From", letter.mailbox.email if letter.mailbox else ""),
            ("Signed", str(letter.identity) if letter.identity else ""),
            ("Why we may write", letter.get_ground_display() if letter.ground else ""),
            ("Kind", Kind(letter.kind).label),
            ("Campaign", letter.campaign.name),
            ("Message-ID", letter.message_id),
            ("Enclosed", ", ".join(file.name for file in letter.enclosures.all())),
            ("Note", letter.reason),
        )
        yield Exhibit(
            section="letters",
            at=letter.finished_at or letter.created_at,
            title=f"{letter.get_state_display()}: {letter.subject}",
            facts=tuple(fact for fact in facts if fact[1]),
            quote=letter.body,
            about=letter.about,
            sent_at=(letter.finished_at or letter.created_at) if letter.state == State.SENT else None,
        )


# --- What has been kept for long enough -------------------------------------------------------------------------------


def _unwritten(workspace_id: int, before: datetime) -> QuerySet[Contact]:
    """Contacts in the EU and UK that were found long ago, at sites where nothing has come of it."""
    letters = Attempt.objects.filter(
        campaign__workspace_id=OuterRef("lead__campaign__workspace_id"), recipient_key=OuterRef("email_key")
    )
    return Contact.objects.filter(
        known_regions.lies_in(Region.EU, Region.UK, workspace_id=workspace_id, address="email_key"),
        Q(found_at__lt=before) & Q(lead__created_at__lt=before),
        ~Exists(letters.filter(Q(created_at__gte=before) | ~Q(state__in=NEVER_LEFT))),
        lead__campaign__workspace_id=workspace_id,
        lead__status=Lead.Status.DISCOVERED,
    )


def _let_go(keys: Sequence[int]) -> None:
    """The contacts, and the names in letters to them that never left."""
    now = timezone.now()
    for contact in Contact.objects.filter(pk__in=keys).select_related("lead__campaign"):
        unsent = Attempt.objects.filter(
            campaign__workspace_id=contact.lead.campaign.workspace_id,
            recipient_key=contact.email_key,
            state__in=NEVER_LEFT,
        )
        _black_out(unsent, stone=stone_of(contact.email_key), now=now)
    OwnLetter.objects.filter(lead__contact__in=keys).delete()
    Contact.objects.filter(pk__in=keys).delete()


def _forget_rows(keys: Sequence[int]) -> None:
    ImportedRow.objects.filter(pk__in=keys).delete()
