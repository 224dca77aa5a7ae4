"""Retention: what goes when, that the dry run tells the truth, and what never goes."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from campaigns.models import Attempt, Contact, Lead
from compliance import audit, known_regions, retention, seals, suppression, tasks
from compliance.models import AuditEntry, AuditPerson, Suppression
from compliance.privacy_models import ConsentImport, ConsentImportProblem, PrivacyRequest, PrivacySettings
from compliance.region_models import KnownRegion
from compliance.regions import Region, RegionSource
from compliance.retention import months_before
from compliance.suppression import is_stone, stone_of
from inbox.models import RawBody, RawMessage, Reply
from outreach_site.accounts.models import Workspace
from tests.conftest import World
from tests.inbox.conftest import message, sent_letter
from tests.letterbox import Letterbox, make_letterbox

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
OLD = NOW - timedelta(days=31)


@pytest.fixture
def box(world: World) -> Letterbox:
    return make_letterbox(world, email="mara@orchardmedia.com", port=2525)


def foresee(here: Workspace, *, now: datetime = NOW) -> dict[str, int]:
    return {what: n for what, n in retention.foresee(here, PrivacySettings.of(here), now=now).items() if n}


def apply(here: Workspace, *, now: datetime = NOW) -> dict[str, int]:
    return dict(retention.apply(here, PrivacySettings.of(here), until=math.inf, now=now).removed)


def found(box: Letterbox, address: str, *, at: datetime = OLD) -> Contact:
    lead = box.lead(address)
    Lead.objects.filter(pk=lead.pk).update(created_at=at)
    Contact.objects.filter(lead=lead).update(found_at=at)
    return Contact.objects.get(lead=lead)


def mail(box: Letterbox, number: int, *, at: datetime, letter: Attempt | None = None, **more: object) -> Reply:
    raw = RawMessage.objects.create(
        mailbox=box.mailbox,
        digest=f"{number}",
        size=1,
        folder="INBOX",
        message_id=f"<{number}@x.com>",
        received_at=at,
        understood_at=at,
    )
    RawBody.holding(raw, message(f"Hello {number}")).save()
    values = {
        "from_email": f"p{number}@x.com",
        "from_key": f"p{number}@x.com",
        "text": "Hello",
        "kind": "reply",
        "classification": "replied",
    }
    return Reply.objects.create(
        workspace=box.world.here,
        mailbox=box.mailbox,
        raw=raw,
        received_at=at,
        attempt=letter,
        lead=letter.lead if letter else None,
        campaign=letter.campaign if letter else None,
        **(values | more),
    )


# --- Each rule -------------------------------------------------------------------------------------------------------


def test_unwritten_contacts_of_the_eu_and_uk_go(box: Letterbox, world: World) -> None:
    gone = [found(box, "ada@garten.de"), found(box, "bob@shed.co.uk")]
    kept = [
        found(box, "carl@shed.com"),  # no country of these
        found(box, "dora@garten.de", at=NOW - timedelta(days=29)),  # lately
        found(box, "emil@jardin.fr"),
        found(box, "finn@orto.it"),
    ]
    sent = sent_letter(box, "emma@huerto.es", at=OLD)
    Attempt.objects.filter(pk=sent.pk).update(recipient="emil@jardin.fr", recipient_key="emil@jardin.fr")
    Lead.objects.filter(contact=kept[3]).update(status=Lead.Status.REPLIED)
    assert foresee(world.here) == {"contacts in the EU or UK to whom nobody wrote": 2}
    assert apply(world.here) == {"contacts in the EU or UK to whom nobody wrote": 2}
    assert not Contact.objects.filter(pk__in=[contact.pk for contact in gone]).exists()
    assert Contact.objects.filter(pk__in=[contact.pk for contact in kept]).count() == 4
    assert Lead.objects.get(website_url__contains="garten.de/ada").contact is None, "the site stays"


def test_what_is_known_of_a_region_beats_the_ending_of_the_address(box: Letterbox, world: World) -> None:
    def know(address: str, region: Region) -> None:
        source = RegionSource.PERSON
        known_regions.note(world.here, address, region, source=source, evidence="", user=world.owner, now=OLD)

    gone = [
        found(box, "ada@garten.com"),  # its imprint is in Berlin
        found(box, "bob@mail.lists.garten.com"),
        found(box, "carl@gmail.com"),
        found(box, "dora@shed.co.uk"),  # where another workspace knows better
        found(box, "emma@jardin.fr"),  # the UK beside the EU
    ]
    kept = [found(box, "finn@office.de"), found(box, "gil@gmail.co.uk"), found(box, "hal@ourgarten.com")]
    know("x@garten.com", Region.EU)
    know("carl@gmail.com", Region.UK)
    know("emma@jardin.fr", Region.UK)
    know("x@deep.office.de", Region.US)
    know("gil@gmail.co.uk", Region.OTHER)
    KnownRegion.objects.create(workspace=world.elsewhere, key="shed.co.uk", region=Region.US, source="person")
    assert foresee(world.here) == {"contacts in the EU or UK to whom nobody wrote": 5}
    apply(world.here)
    assert not Contact.objects.filter(pk__in=[contact.pk for contact in gone]).exists()
    assert Contact.objects.filter(pk__in=[contact.pk for contact in kept]).count() == 3


def test_letters_that_never_left_go_with_their_contact(box: Letterbox, world: World) -> None:
    contact = found(box, "ada@garten.de")
    letter = sent_letter(box, "x@x.com", at=OLD)
    held = {"recipient": "ada@garten.de", "recipient_key": "ada@garten.de", "state": "blocked"}
    Attempt.objects.filter(pk=letter.pk).update(**held)
    apply(world.here)
    letter.refresh_from_db()
    assert (letter.recipient, letter.body, letter.recipient_key) == ("", "(erased)", stone_of(contact.email_key))


def test_a_letter_that_waits_keeps_its_contact(box: Letterbox, world: World) -> None:
    found(box, "ada@garten.de")
    letter = sent_letter(box, "x@x.com", at=OLD)
    Attempt.objects.filter(pk=letter.pk).update(recipient_key="ada@garten.de", state="queued")
    assert apply(world.here) == {}


def test_unlinked_mail_goes_as_a_whole(box: Letterbox, world: World) -> None:
    stranger = mail(box, 1, at=OLD)
    mail(box, 2, at=NOW - timedelta(days=29))
    mail(box, 3, at=OLD, needs_review=True)
    mail(box, 4, at=OLD, letter=sent_letter(box, at=OLD))
    assert apply(world.here) == {"mail that belongs to no letter": 1}
    assert sorted(Reply.objects.values_list("raw__digest", flat=True)) == ["2", "3", "4"]
    kept = RawMessage.objects.get(pk=stranger.raw_id)
    assert (kept.digest, kept.message_id) == ("1", ""), "known again, and not fetched again"
    assert not RawBody.objects.filter(pk=kept.pk).exists()


def test_bytes_go_before_the_text(box: Letterbox, world: World) -> None:
    letter = sent_letter(box, at=OLD)
    reply = mail(box, 1, at=NOW - timedelta(days=366), letter=letter)
    mail(box, 2, at=NOW - timedelta(days=360), letter=letter)
    assert apply(world.here) == {"messages as they came, whose text stays": 1}
    reply.refresh_from_db()
    assert reply.text == "Hello"
    assert RawBody.objects.count() == 1


def test_replies_lose_their_people_and_keep_their_number(box: Letterbox, world: World) -> None:
    letter = sent_letter(box, at=OLD)
    two_years = NOW - timedelta(days=731)
    first, second = mail(box, 1, at=two_years, letter=letter), mail(box, 2, at=two_years, letter=letter)
    again = mail(box, 3, at=two_years, letter=letter, from_key="p1@x.com")
    assert apply(world.here)["replies, whose number stays"] == 3
    for reply in (first, second, again):
        reply.refresh_from_db()
        assert (reply.text, reply.from_email, reply.from_name) == ("", "", "(erased)")
        assert is_stone(reply.from_key)
    assert first.from_key == again.from_key != second.from_key, "people are still counted once"
    assert apply(world.here) == {}


def test_the_log_forgets_who_and_not_what(box: Letterbox, world: World) -> None:
    for days in (1_200, 1_000):
        audit.record("letter.decided", workspace=world.here, lead_email="a@b.com", now=NOW - timedelta(days=days))
    assert apply(world.here) == {"names in the audit log": 1}
    assert AuditEntry.objects.filter(event="letter.decided").count() == 2
    assert AuditPerson.objects.count() == 1


def test_the_log_is_cut_where_it_is_too_old_for_everybody(world: World) -> None:
    for days in (1_200, 1_200, 1_100, 10):
        when = NOW - timedelta(days=days)
        audit.record("x.y", workspace=world.here, lead_email="a@b.com", now=when)
    seals.seal(now=NOW)
    PrivacySettings.objects.create(workspace=world.here, audit_months=38)
    assert retention.cut_log(until=math.inf, now=NOW) == 2
    assert AuditEntry.objects.filter(event="x.y").count() == 2
    PrivacySettings.objects.create(workspace=world.elsewhere, is_on=False)
    PrivacySettings.objects.filter(workspace=world.here).update(audit_months=1)
    assert retention.cut_log(until=math.inf, now=NOW) == 0, "somebody keeps it"


def test_done_requests_and_lists_forget_too(box: Letterbox, world: World) -> None:
    for state, done_at in (("done", NOW - timedelta(days=1_200)), ("done", NOW), ("open", None)):
        PrivacyRequest.objects.create(
            workspace=world.here,
            kind="access",
            state=state,
            address=f"{state}@x.com",
            stone="s",
            received_on=NOW.date(),
            due_on=NOW.date(),
            done_at=done_at,
            note="Ada wrote",
        )
    started = ConsentImport.objects.create(workspace=world.here, file_name="l", compressed=b"", finished_at=OLD)
    ConsentImportProblem.objects.create(consent_import=started, line=2, text="a@b", sentence="x")
    assert apply(world.here) == {
        "names in requests that are done": 1,
        "rows of lists that could not be read in": 1,
    }
    assert PrivacyRequest.objects.filter(address="", note="").count() == 1


def test_suppressions_never_go(box: Letterbox, world: World) -> None:
    suppression.suppress(workspace=world.here, address="a@b.com", reason="manual", now=NOW - timedelta(days=9_000))
    suppression.entomb(workspace=world.here, address="c@d.com", now=NOW - timedelta(days=9_000))
    apply(world.here)
    assert Suppression.objects.count() == 2


# --- Together --------------------------------------------------------------------------------------------------------


def everything_old(box: Letterbox) -> None:
    letter = sent_letter(box, at=OLD)
    for number, days in enumerate((31, 366, 731, 800)):
        mail(box, 10 + number, at=NOW - timedelta(days=days))
        mail(box, 20 + number, at=NOW - timedelta(days=days), letter=letter)
    for number in range(3):
        found(box, f"p{number}@garten.de")
        audit.record("x.y", workspace=box.world.here, lead_email=f"p{number}@b.com", now=NOW - timedelta(days=1_200))


def test_the_dry_run_says_what_the_run_does(box: Letterbox, world: World) -> None:
    everything_old(box)
    foreseen = foresee(world.here)
    assert len(foreseen) == 5
    assert foresee(world.here) == foreseen, "looking changes nothing"
    assert apply(world.here) == foreseen
    assert foresee(world.here) == {}
    assert apply(world.here) == {}


def test_more_rows_than_go_at_once(box: Letterbox, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "ROWS_AT_ONCE", 2)
    everything_old(box)
    foreseen = foresee(world.here)
    assert apply(world.here) == foreseen


def test_a_run_that_ran_out_of_time_goes_on(box: Letterbox, world: World) -> None:
    everything_old(box)
    foreseen = foresee(world.here)
    settings = PrivacySettings.of(world.here)
    run = retention.apply(world.here, settings, until=time.monotonic() - 1, now=NOW)
    assert (run.is_done, run.removed) == (False, {})
    assert world.here in retention.due(now=NOW)
    apply(world.here)
    kept = PrivacySettings.objects.get()
    assert (kept.removed, kept.applied_at) == (foreseen, NOW)
    assert world.here not in retention.due(now=NOW + timedelta(hours=1))
    assert world.here in retention.due(now=NOW + timedelta(hours=21))


def test_it_is_written_down_what_went(box: Letterbox, world: World) -> None:
    everything_old(box)
    apply(world.here)
    entry = AuditEntry.objects.get(event="retention.applied")
    assert "names in the audit log: 3" in entry.details["removed"]
    assert (entry.user_id, entry.workspace_id) == (None, world.here.pk)


def test_another_workspace_is_not_touched(box: Letterbox, world: World) -> None:
    everything_old(box)
    assert foresee(world.elsewhere) == {}
    assert apply(world.elsewhere) == {}
    assert Contact.objects.filter(email_key="p1@garten.de").exists()


def test_a_workspace_may_switch_it_off_or_keep_longer(box: Letterbox, world: World) -> None:
    found(box, "ada@garten.de")
    PrivacySettings.objects.create(workspace=world.here, unwritten_days=60)
    assert foresee(world.here) == {}
    PrivacySettings.objects.update(is_on=False, unwritten_days=30)
    assert world.here not in retention.due(now=NOW)
    assert world.elsewhere in retention.due(now=NOW)


def test_the_task_and_the_command(box: Letterbox, world: World) -> None:
    now = timezone.now()
    found(box, "ada@garten.de", at=now - timedelta(days=40))
    out = StringIO()
    call_command("apply_retention", "--dry-run", stdout=out)
    assert "Orchard: would go: contacts in the EU or UK to whom nobody wrote: 1." in out.getvalue()
    assert "Quarry: would go: nothing." in out.getvalue()
    assert Contact.objects.count() == 1
    tasks.apply_retention()
    assert Contact.objects.count() == 0
    found(box, "bob@garten.de", at=now - timedelta(days=40))
    tasks.apply_retention()
    assert Contact.objects.count() == 1, "once a day"
    out = StringIO()
    call_command("apply_retention", stdout=out)
    assert "Orchard: gone: contacts in the EU or UK to whom nobody wrote: 1" in out.getvalue()


def test_nothing_goes_under_another_digest_key(box: Letterbox, world: World, settings: Settings) -> None:
    found(box, "ada@garten.de", at=timezone.now() - timedelta(days=40))
    settings.DIGEST_KEY = "a-typo-in-the-key"
    tasks.apply_retention()
    with pytest.raises(CommandError, match="DIGEST_KEY is not the one"):
        call_command("apply_retention")
    assert Contact.objects.count() == 1


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ((2026, 3, 31), 1, (2026, 2, 28)),
        ((2024, 3, 31), 1, (2024, 2, 29)),
        ((2026, 1, 15), 1, (2025, 12, 15)),
        ((2026, 3, 10), 36, (2023, 3, 10)),
        ((2024, 2, 29), 12, (2023, 2, 28)),
    ],
)
def test_months_are_counted_by_the_calendar(
    day: tuple[int, int, int], months: int, expected: tuple[int, int, int]
) -> None:
    before = months_before(datetime(*day, 12, tzinfo=UTC), months)
    assert (before.year, before.month, before.day) == expected
