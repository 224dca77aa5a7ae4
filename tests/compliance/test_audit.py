"""The audit log: inserted, in bulk, readable people apart, nothing that could break a line."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from compliance import audit, fields
from compliance.models import AuditEntry, AuditPerson
from outreach_site.lib import ports
from outreach_site.lib.crypto import keyed_digest
from tests.conftest import World

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


def test_everything_given_is_kept(world: World) -> None:
    entry = audit.record(
        "letter.decided",
        workspace=world.here,
        user=world.marketer,
        about="attempt:42",
        policy_result="blocked",
        reason="This address is on the suppression list.",
        legal_basis="consent",
        region="EU",
        checks=[{"rule": "suppression", "outcome": "refused", "sentence": "It is on the list."}],
        details={"ground": "published", "until": NOW, "sites": ("a", "b"), "ratio": float("nan")},
        lead_email="ed@brightgarden.test",
        sender_email="mara@orchard.example",
        subject="A link for your garden page",
        now=NOW,
    )

    stored = AuditEntry.objects.get(pk=entry.pk)
    assert (stored.workspace_id, stored.user_id, stored.event) == (world.here.pk, world.marketer.pk, "letter.decided")
    assert (stored.about, stored.policy_result, stored.legal_basis) == ("attempt:42", "blocked", "consent")
    assert stored.checks == [{"rule": "suppression", "outcome": "refused", "sentence": "It is on the list."}]
    assert stored.details == {
        "ground": "published",
        "until": "2026-03-10T09:30:00+00:00",
        "sites": ["a", "b"],
        "ratio": "nan",
    }
    assert stored.recorded_at == NOW
    assert not stored.is_preview
    assert stored.person.lead_email == "ed@brightgarden.test"
    assert stored.person.subject == "A link for your garden page"


def test_the_digest_covers_the_readable_fields_and_outlives_them(world: World) -> None:
    entry = audit.record(
        "letter.decided",
        workspace=world.here,
        lead_email="ed@x.test",
        sender_email="m@y.test",
        subject="Hello",
        now=NOW,
    )
    expected = keyed_digest("audit-person", json.dumps(["ed@x.test", "m@y.test", "Hello"]))
    assert entry.person_digest == expected
    AuditPerson.objects.get(pk=entry.pk).delete()
    assert AuditEntry.objects.get(pk=entry.pk).person_digest == expected


def test_an_entry_about_nobody_has_no_person(world: World) -> None:
    entry = audit.record("workspace.changed", workspace=world.here, now=NOW)
    assert entry.person_digest == ""
    assert not AuditPerson.objects.exists()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("two\r\nlines", "two lines"),
        ("tab\tand\x00null\x1b[31m", "tab and null [31m"),
        ("\u202eevil\u2066", "evil"),
        ("a\u2028b", "a b"),
        ("\ud800broken", "broken"),
        ("  space  ", "space"),
    ],
)
def test_a_line_stays_one_line(world: World, given: str, kept: str) -> None:
    entry = audit.record("x", workspace=None, reason=given, subject=given, details={"said": given}, now=NOW)
    stored = AuditEntry.objects.get(pk=entry.pk)
    assert stored.reason == kept
    assert stored.person.subject == kept
    assert stored.details == {"said": kept}


def test_long_texts_are_clipped_not_refused(world: World) -> None:
    entry = audit.record(
        "e" * 100,
        workspace=None,
        about="a" * 100,
        reason="r" * 600,
        region="R" * 20,
        lead_email="l" * 300,
        subject="s" * 2000,
        now=NOW,
    )
    entry.full_clean(exclude=["workspace_id", "user_id", "checks", "details"])
    assert entry.reason == "r" * 499 + "…"
    assert len(entry.person.subject) == 998


def test_a_batch_takes_as_many_queries_as_one(world: World) -> None:
    def queries(count: int) -> int:
        entries = [
            audit.Entry(event="letter.decided", workspace_id=world.here.pk, lead_email=f"{n}@x.test", now=NOW)
            for n in range(count)
        ]
        with CaptureQueriesContext(
            connection,
        ) as captured:
            rows = audit.record_many(entries)
        assert [row.person.lead_email for row in rows] == [entry.lead_email for entry in entries]
        return len(captured)

    assert queries(1) == queries(500)
    assert AuditEntry.objects.count() == AuditPerson.objects.count() == 501
    assert all(entry.person.lead_email for entry in AuditEntry.objects.select_related("person"))


def test_nothing_to_record_is_nothing_written(world: World) -> None:
    assert audit.record_many([]) == []
    assert not AuditEntry.objects.exists()


def test_lower_rooms_record_through_the_port(world: World) -> None:
    ports.record_audit(
        ports.AuditRecord(
            event="mailbox.changed",
            workspace_id=world.here.pk,
            user_id=world.owner.pk,
            about="mailbox:3",
            details={"host": "mail.example.org"},
            sender_email="mara@orchard.example",
        )
    )
    entry = AuditEntry.objects.get()
    assert (entry.event, entry.about, entry.user_id) == ("mailbox.changed", "mailbox:3", world.owner.pk)
    assert entry.details == {"host": "mail.example.org"}
    assert entry.person.sender_email == "mara@orchard.example"


@given(st.dictionaries(st.text(), st.text() | st.none() | st.integers() | st.lists(st.text())))
def test_what_is_kept_as_evidence_is_written_as_pythons_own_encoder_writes_it(value: dict[str, object]) -> None:
    """To the byte, whichever way it takes: seals are made over it."""
    assert fields.written(value) == json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    texts = {name: item for name, item in value.items() if isinstance(item, str)}
    assert fields.written_texts(texts) == json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
    assert fields.written(texts) == fields.written_texts(texts)
