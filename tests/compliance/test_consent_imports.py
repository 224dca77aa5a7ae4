"""Lists of consents: every kind of rot is told by line, and what is good is taken once."""

from __future__ import annotations

import math
import random
import time
from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from compliance import consent_imports, suppression
from compliance.consent_imports import UnreadableFileError
from compliance.models import AuditEntry, Suppression
from compliance.privacy_models import Consent, ConsentImport
from compliance.suppression import suppressed_among
from tests.conftest import World

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
HEAD = "email,obtained_on,evidence,url,source\n"


def begin(world: World, content: str | bytes, **more: str) -> ConsentImport:
    raw = content if isinstance(content, bytes) else content.encode()
    values = {"file_name": "list.csv", "evidence_text": "", "source": ""} | more
    return consent_imports.begin(workspace=world.here, content=raw, user=world.officer, now=NOW, **values)


def read(world: World, content: str | bytes, **more: str) -> ConsentImport:
    started = begin(world, content, **more)
    assert consent_imports.carry_on(started.pk, until=math.inf, now=NOW)
    started.refresh_from_db()
    return started


def test_good_rows_are_taken(world: World) -> None:
    done = read(
        world,
        HEAD
        + "Ada@Garten.de,2026-03-01,Ticked the box,,form\n"
        + 'bob@jardin.fr,1.2.2026,"Said ""yes"", twice","https://jardin.fr/yes",\n'
        + '"carl@orto.it","2026-01-31T10:00:00Z","A letter\nof two lines",,fair\n'
        + "\n",
        source="newsletter",
    )
    assert (done.added, done.known, done.refused) == (3, 0, 0)
    ada, bob, carl = Consent.objects.order_by("pk")
    assert (ada.address, ada.obtained_on, ada.source, ada.recorded_by_id) == (
        "ada@garten.de",
        date(2026, 3, 1),
        "form",
        world.officer.pk,
    )
    assert (bob.evidence_text, bob.evidence_url, bob.source) == (
        'Said "yes", twice',
        "https://jardin.fr/yes",
        "newsletter",
    )
    assert (carl.evidence_text, carl.domain) == ("A letter\nof two lines", "orto.it")
    assert done.content == b"", "the file is not kept"
    assert AuditEntry.objects.get(event="consent.imported").details == {"added": 3, "known": 0, "refused": 0}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("nobody,2026-03-01,x,,", "@"),
        (",2026-03-01,x,,", "no address"),
        ("a@b.com,,x,,", "when they agreed"),
        ("a@b.com,3/9/2026,x,,", "Write it as"),
        ("a@b.com,2026-02-30,x,,", "no such day"),
        ("a@b.com,2027-01-01,x,,", "future"),
        ("a@b.com,1970-01-01,x,,", "too long ago"),
        ("a@b.com,2026-03-01,,,", "how they agreed"),
        ("a@b.com,2026-03-01,,javascript:alert(1),", "not the address of a page"),
        (f"a@b.com,2026-03-01,{'x' * 5001},,", "at most 5,000"),
        (f"a@b.com,2026-03-01,{'x' * 30_000},,", "20,000 characters"),
        ('a@b.com,2026-03-01,"never closed,,', "never closes"),
        ('a@b.com,2026-03-01,"x"y,,', "taken apart"),
        (f"{'a' * 300}@b.com,2026-03-01,x,,", "254 characters"),
        ("a\x00@@b.com,2026-03-01,x,,", "@"),
        ("\x01\x02\x03,\x04", ""),
    ],
)
def test_each_kind_of_rot_is_told_and_stops_nothing(world: World, row: str, words: str) -> None:
    done = read(world, f"{HEAD}{row}\nada@garten.de,2026-03-01,x,,\n")
    assert (done.added, done.refused) == (1, 1)
    problem = done.problems.get()
    assert problem.line == 2
    assert words in problem.sentence
    assert "\0" not in problem.text


def test_a_file_without_its_columns_is_not_begun(world: World) -> None:
    for content in ("", "\n\n", "ada@garten.de,2026-03-01\n", "email,name\nada@garten.de,Ada\n", "\x00\x01\x02"):
        with pytest.raises(UnreadableFileError):
            begin(world, content)
    assert not ConsentImport.objects.exists()


def test_a_stray_quotation_mark_swallows_no_good_row(world: World) -> None:
    rows = "".join(f"p{n}@x.de,2026-03-01,x,,\n" for n in range(5))
    done = read(world, f'{HEAD}"\n{rows}"\n{rows.replace("p", "q")}')
    assert (done.added, done.refused) == (10, 2)


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_files_of_any_program_are_read(world: World, coding: str) -> None:
    content = "E-Mail;Obtained on;Evidence\r\nada@garten.de;1.3.2026;Häkchen gesetzt\r\n".encode(coding)
    assert read(world, content).added == 1
    assert Consent.objects.get().evidence_text == "Häkchen gesetzt"


def test_a_second_time_changes_nothing(world: World) -> None:
    content = HEAD + "ada@garten.de,2026-03-01,x,,\nada@garten.de,2026-03-02,y,,\n"
    first, second = read(world, content), read(world, content)
    assert (first.added, first.known) == (1, 1)
    assert (second.added, second.known) == (0, 2)
    assert Consent.objects.get().evidence_text == "x"


def test_an_import_lifts_nothing_and_writes_no_erased_person_down(world: World) -> None:
    suppression.suppress(workspace=world.here, address="no@garten.de", reason="unsubscribe", now=NOW)
    suppression.entomb(workspace=world.here, address="gone@garten.de", now=NOW)
    done = read(world, HEAD + "no@garten.de,2026-03-01,x,,\ngone@garten.de,2026-03-01,x,,\n")
    assert (done.added, done.refused) == (0, 2)
    assert {problem.text for problem in done.problems.all()} == {"no@garten.de", ""}
    assert suppressed_among(world.here, ["no@garten.de"])
    assert not Consent.objects.exists()
    assert Suppression.objects.count() == 2


def test_what_died_in_the_middle_goes_on_and_takes_nothing_twice(world: World) -> None:
    rows = "".join(f"p{n}@x.de,2026-03-01,x,,\n" for n in range(2500))
    started = begin(world, HEAD + rows)
    assert not consent_imports.carry_on(started.pk, until=time.monotonic() - 1, now=NOW)
    lines = started.content.decode().split("\n")
    heading = consent_imports.heading_of(lines)
    assert not consent_imports._take_chunk(started.pk, lines, heading, now=NOW)
    started.refresh_from_db()
    assert (started.added, started.finished_at) == (1000, None)
    assert consent_imports.carry_on(started.pk, until=math.inf, now=NOW)
    assert consent_imports.carry_on(started.pk, until=math.inf, now=NOW), "again without harm"
    assert Consent.objects.count() == 2500


def test_a_large_file_full_of_rot_is_read_in_bounded_steps(world: World) -> None:
    rng = random.Random(7)
    rot = ['"', "a@b", "\x00\x00", "x" * 25_000, "a@b.com,yesterday,x,,", "é@é.é,2026-01-01,x,,", ",,,,,,,,,,"]
    rows = [rng.choice(rot) if n % 3 == 0 else f"p{n}@x{n % 50}.de,2026-03-01,yes,," for n in range(6_000)]
    started = begin(world, HEAD + "\n".join(rows))
    with CaptureQueriesContext(connection) as queries:
        assert consent_imports.carry_on(started.pk, until=math.inf, now=NOW)
    started.refresh_from_db()
    assert started.added == 4_001, "one kind of rot is an address after all"
    empty = sum(row.strip("\0") == "" for row in rows)
    assert started.added + started.known + started.refused + empty == 6_000
    assert len(queries) < 200, "questions grow with chunks, not with rows"
