"""Leads out of files: every kind of file, every kind of rot, and never half of one."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from django_q.models import OrmQ
from openpyxl import Workbook

from campaigns import import_marks, import_undo, imports, tasks
from campaigns.columns import FIELDS
from campaigns.imports import CannotImportError
from campaigns.models import ColumnMeaning, Contact, ImportedRow, Lead, LeadImport, Tag, Task
from compliance import holds, privacy, suppression
from compliance.models import AuditEntry, Hold, Suppression
from compliance.privacy_models import PrivacyRequest
from inbox.desk_models import Note
from outreach_site.lib.tables import UnreadableFileError
from tests.campaigns.conftest import HTMX, Room

ORIGIN = "Speakers of GardenConf 2026, from its public list"


def begin(room: Room, content: str | bytes, name: str = "leads.csv") -> LeadImport:
    encoded = content.encode() if isinstance(content, str) else content
    return imports.begin(room.campaign, encoded, name=name, user=room.world.marketer, now=timezone.now())


def start(room: Room, run: LeadImport) -> None:
    imports.start(run, origin=ORIGIN, user=room.world.marketer, now=timezone.now())


def read(room: Room, content: str | bytes, name: str = "leads.csv") -> LeadImport:
    run = begin(room, content, name)
    start(room, run)
    assert not imports.work(run.pk, now=timezone.now(), seconds=600)
    run.refresh_from_db()
    return run


def counts(run: LeadImport) -> tuple[int, int, int]:
    return run.added, run.skipped, run.failed


def workbook(*rows: list[Any], before: list[str] | None = None) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Sites"
    for row in rows:
        sheet.append(row)
    for name in before or []:
        book.create_sheet(name, 0).sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


# --- What comes in ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        "site,email,name\nmünchen-garten.de,ed@hortus.org,Jörg\nferns.org,,\n",
        "\ufeffsite;email;name\r\nmünchen-garten.de;ed@hortus.org;Jörg\r\nferns.org;;\r\n",
        "site\temail\tname\nmünchen-garten.de\ted@hortus.org\tJörg\nferns.org\t\t".encode("utf-16"),
        "site,email,name\nmünchen-garten.de,ed@hortus.org,Jörg\nferns.org,,\n".encode("utf-16-le"),
        "site;email;name\rmünchen-garten.de;ed@hortus.org;Jörg\rferns.org;;".encode("cp1252"),
        "sep=;\nsite;email;name\nmünchen-garten.de;ed@hortus.org;Jörg\nferns.org;;",
        'Website|E-Mail|Full name\n"münchen-garten.de"|"ed@hortus.org"|"Jörg"\nferns.org||',
        "\n\nmünchen-garten.de,ed@hortus.org,Jörg\nferns.org,,\n",
        # One line alone is in another encoding.
        "site,email,name\nferns.org,,Grün\n".encode() + "münchen-garten.de,ed@hortus.org,Jörg\n".encode("cp1252"),
        workbook(["Site", "Email", "Name"], ["münchen-garten.de", "ed@hortus.org", "Jörg"], [], ["ferns.org"]),
        workbook(
            ["Site", "Email", "Name"], ["münchen-garten.de", "ed@hortus.org", "Jörg"], ["ferns.org"], before=["x"]
        ),
    ],
)
def test_files_as_they_come(room: Room, content: str | bytes) -> None:
    run = begin(room, content, "leads.xlsx")
    if "name" not in "".join(run.headings).lower():
        imports.choose_columns(run, ["website_url", "contact_email", "contact_name"])
    start(room, run)
    imports.work(run.pk, now=timezone.now())
    run.refresh_from_db()
    assert counts(run) == (2, 0, 0)
    lead = room.campaign.leads.select_related("contact").get(domain="xn--mnchen-garten-wob.de")
    assert lead.contact is not None
    assert (lead.contact.email, lead.contact.name, lead.source) == ("ed@hortus.org", "Jörg", Lead.Source.IMPORT)
    assert bytes(run.packed) == b""


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "nothing in this file"),
        (b"\n \n,,,\n", "nothing in this file"),
        ("site,email\n", "no row below"),
        (workbook(), "nothing in this workbook"),
        (workbook(["Site", "Email"]), "no row below"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old kind"),
        (b"%PDF-1.7\n%....", "PDF"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, "neither a spreadsheet nor a text file"),
        (b"PK\x03\x04 not really", "damaged"),
        ("<!DOCTYPE html><p>x</p>", "web page"),
        ("site," * 300 + "\n" + "a.com," * 300, "more than 200 columns"),
        ('"site,email\na.com,ed@a.com\n', "never closes"),
        ("x" * 1_000_000 + "\na.com\n", "more than 20,000 characters"),
    ],
)
def test_what_cannot_be_read_is_refused_whole(room: Room, content: str | bytes, words: str) -> None:
    with pytest.raises(UnreadableFileError, match=words):
        begin(room, content)
    assert not LeadImport.objects.exists()


def test_what_is_too_large_is_refused_whole(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MOST_LINES", 3)
    with pytest.raises(UnreadableFileError, match="split the file"):
        begin(room, "a.com\n" * 5)
    monkeypatch.setattr(imports, "LARGEST_FILE", 20)
    with pytest.raises(UnreadableFileError, match="too large"):
        begin(room, "a.com\n" * 5)


def test_rot_is_told_row_by_row_and_stops_nothing(room: Room) -> None:
    rows = [
        "site,email,name,quality_score",
        "ferns.org,ed@ferns.org,Ed,0.4",  # 2
        "not a site,ed@x.org,,",  # 3
        '"never closed,ed@x.org,,',  # 4
        "mosses.org,not an address,,",  # 5
        ",,Nobody,",  # 6
        ",info@lichens.org,,",  # 7: the address stands for its site
        ",someone@gmail.com,,",  # 8
        "nul\0site.org,a\0b@nulsite.org,,",  # 9
        f"long.org,,{'x' * 1_000_000},",  # 10
        f"long.org,,{'x' * 400},",  # 11
        "ferns.org/,other@ferns.org,,",  # 12: the same site
        "https://www.brightgarden.com/?utm_source=x,x@brightgarden.com,,",  # 13: in the campaign
        "score.org,,,7",  # 14
        "percent.org,,,\"70 %\"",  # 15
        "=cmd|' /C calc'!A0,,,",  # 16
        '"two.org","ed@two.org","Ed',  # 17
        'Two",',
        ",,,",  # 19
        'quo"te.org,x,,',  # 20: a quote that opens in the middle and never closes
        "last.org,Ed <ed@last.org>,,",
    ]  # fmt: skip
    run = read(room, "\n".join(rows))
    failed = {row.line: row.sentence for row in run.rows.filter(kind=ImportedRow.Kind.FAILED)}
    assert sorted(failed) == [3, 4, 5, 6, 8, 10, 11, 14, 16, 20]
    assert "never closes" in failed[4]
    assert "no site" in failed[6]
    assert "mail provider" in failed[8]
    assert "20,000 characters" in failed[10]
    assert "at most 120" in failed[11]
    assert "0 to 1" in failed[14]
    skipped = {row.line: (row.sentence, row.lead_id) for row in run.rows.filter(kind=ImportedRow.Kind.SKIPPED)}
    assert skipped == {
        12: ("The same site as in line 2.", None),
        13: ("brightgarden.com is in this campaign already.", room.leads[0].pk),
    }
    assert run.added == 6
    assert counts(run) == (6, 2, 10)
    contacts = set(Contact.objects.filter(lead__campaign=room.campaign).values_list("email", "name"))
    assert {("ed@two.org", "Ed Two"), ("ed@last.org", ""), ("ab@nulsite.org", "")} <= contacts
    assert Lead.objects.get(domain="percent.org").quality_score == 0.7


def test_names_in_parts_and_columns_of_their_own(room: Room) -> None:
    run = begin(
        room, "Website,First Name,Last Name,E-Mail,Domain Rating,Name,URL\na.com,Ada,Reed,ada@a.com,71,x,y.com\n"
    )
    assert run.meanings == ["website_url", "", "", "contact_email", "", "contact_name", ""]
    imports.choose_columns(run, ["website_url", "first_name", "last_name", "contact_email", "own", "own", ""])
    start(room, run)
    imports.work(run.pk, now=timezone.now())
    lead = room.campaign.leads.select_related("contact").get(domain="a.com")
    assert lead.contact is not None
    assert lead.contact.name == "Ada Reed"
    assert lead.custom_fields == {"domain_rating": "71", "own_name": "x"}


def test_what_columns_mean_is_remembered_in_the_workspace(room: Room) -> None:
    run = begin(room, "Where,Wer\na.com,Ada\n")
    assert run.meanings == ["website_url", ""]
    imports.choose_columns(run, ["website_url", "contact_role"])
    start(room, run)
    again = begin(room, "wer,where,Site\nAda,nonsense,b.com\n")
    assert again.meanings == ["contact_role", "website_url", ""]
    elsewhere = room.world.elsewhere
    assert not ColumnMeaning.objects.filter(workspace=elsewhere).exists()


@pytest.mark.parametrize(
    ("meanings", "words"),
    [
        (["website_url", "website_url", ""], "Two columns are both “Site”"),
        (["", "contact_role", ""], "which column is the site"),
        (["website_url", "contact_name", "first_name"], "a part of it"),
    ],
)
def test_columns_that_make_no_sense_are_said(room: Room, meanings: list[str], words: str) -> None:
    run = begin(room, "a,b,c\na.com,b,c\n")
    imports.choose_columns(run, meanings)
    with pytest.raises(CannotImportError, match=words):
        start(room, run)
    assert not AuditEntry.objects.filter(event="leads.import_begun").exists()


def test_nonsense_meanings_count_for_nothing(room: Room) -> None:
    run = begin(room, "a,b\na.com,b\n")
    imports.choose_columns(run, ["campaign", "website_url", "status", "x"])
    assert run.meanings == ["", "website_url"]


def test_a_file_goes_through_a_spreadsheet_and_back(room: Room) -> None:
    """What an export made harmless is read as what it was."""
    read(room, "site,title\na.com,'=1+1\nb.com,'tis the season\n")
    assert Lead.objects.get(domain="a.com").website_title == "=1+1"
    assert Lead.objects.get(domain="b.com").website_title == "'tis the season"


def test_formulas_in_a_workbook_count_as_what_they_showed(room: Room) -> None:
    run = read(room, workbook(["site", "title"], ["a.com", "=1+1"], ['=HYPERLINK("x")', "b"]))
    # Written by a program, never calculated: there is nothing to show.
    assert Lead.objects.get(domain="a.com").website_title == ""
    assert counts(run) == (1, 0, 1)


# --- What it may not do -----------------------------------------------------------------------------------------------


def test_an_import_lifts_nothing(room: Room) -> None:
    now, here = timezone.now(), room.world.here
    suppression.suppress(workspace=here, address="ed@no.org", reason=Suppression.Reason.OPT_OUT, source="test", now=now)
    suppression.suppress_many(
        workspace=here, addresses=[], domains=["never.org"], reason=Suppression.Reason.MANUAL, source="test", now=now
    )
    holds.place(workspace=here, subject="address:held@hold.org", reason="Look at this.", now=now)
    asked = privacy.open_request(
        workspace=here,
        kind=PrivacyRequest.Kind.ERASURE,
        address="gone@gone.org",
        received_on=now.date(),
        note="",
        user=room.world.owner,
        now=now,
    )
    privacy.begin_erasure(asked, user=room.world.owner, now=now)
    assert privacy.carry_on(asked.pk, until=float("inf"), now=now).is_done
    before = set(Suppression.objects.values_list("value", "scope", "reason"))
    run = read(
        room,
        "site,email,status\nno.org,Ed@No.org,contacted\nnever.org,x@mail.never.org,\nhold.org,held@hold.org,\n"
        "gone.org,gone@gone.org,\n",
    )
    assert set(Suppression.objects.values_list("value", "scope", "reason")) == before
    assert Hold.objects.standing().filter(subject="address:held@hold.org").exists()
    assert counts(run) == (1, 2, 1)
    rows = {row.line: row for row in run.rows.all()}
    assert "on the suppression list" in rows[2].sentence
    assert rows[5].cells == []
    assert "asked to be erased" in rows[5].sentence
    assert not Contact.objects.filter(email_key__in=["ed@no.org", "gone@gone.org", "x@mail.never.org"]).exists()
    text = b"".join(imports.left_out(run)).decode()
    assert "gone@gone.org" not in text


def test_where_an_address_is_from_goes_with_it(room: Room) -> None:
    read(room, "site,email,found_url\na.com,ed@a.com,\nb.com,ed@b.com,b.com/contact\n", 'my "list".csv')
    told = Contact.objects.get(email="ed@a.com")
    assert told.origin.startswith(f'{ORIGIN} (file “my "list".csv”, read in on ')
    assert told.origin.endswith(" by Marketer)")
    assert told.found_words == told.origin
    page = Contact.objects.get(email="ed@b.com")
    assert (page.found_url, page.found_words) == ("b.com/contact", "") or page.found_url.endswith("b.com/contact")
    assert page.origin == told.origin


@pytest.mark.parametrize("origin", ["", "  ", "bought"])
def test_no_import_without_a_word_of_where_it_is_from(room: Room, origin: str) -> None:
    run = begin(room, "site\na.com\n")
    with pytest.raises(CannotImportError, match="where these addresses come from"):
        imports.start(run, origin=origin, user=room.world.marketer, now=timezone.now())


# --- Pieces -----------------------------------------------------------------------------------------------------------


def test_a_death_in_between_costs_nothing(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "LINES_AT_ONCE", 10)
    run = begin(room, "\n".join(["site,email", *[f"s{n}.org,ed@s{n}.org" for n in range(35)], "not a site,"]))
    start(room, run)
    assert imports.work(run.pk, now=timezone.now(), seconds=-1)
    assert room.campaign.leads.filter(source=Lead.Source.IMPORT).count() == 10

    def die(*_: Any, **__: Any) -> None:
        raise RuntimeError("the worker was killed")

    with monkeypatch.context() as patched:
        patched.setattr(imports, "insert", die)  # after this piece's leads
        with pytest.raises(RuntimeError):
            imports.work(run.pk, now=timezone.now())
    run.refresh_from_db()
    assert (run.next_line, run.added, room.campaign.leads.filter(source=Lead.Source.IMPORT).count()) == (11, 10, 10)
    assert not imports.work(run.pk, now=timezone.now())
    run.refresh_from_db()
    assert counts(run) == (35, 0, 1)
    assert not imports.work(run.pk, now=timezone.now())
    assert run.rows.count() == 1


def test_a_worker_that_was_killed_is_followed_when_its_lease_is_over(room: Room) -> None:
    run = begin(room, "site\na.org\n")
    start(room, run)
    now = timezone.now()
    LeadImport.objects.update(lease_token="7" * 32, leased_until=now + imports.LEASE)
    assert not imports.work(run.pk, now=now)
    run.refresh_from_db()
    assert run.state == LeadImport.State.RUNNING
    LeadImport.objects.update(leased_until=now - imports.LEASE)
    tasks.import_due()
    assert OrmQ.objects.count() == 1
    assert not imports.work(run.pk, now=now)
    run.refresh_from_db()
    assert run.state == LeadImport.State.DONE


def test_two_workers_take_no_row_twice(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one finishes the whole file between this one's reading and its writing."""
    monkeypatch.setattr(imports, "LINES_AT_ONCE", 3)
    run = begin(room, "\n".join(["site", *[f"s{n}.org" for n in range(8)]]))
    start(room, run)
    real, others = imports._next_row, [True]

    def read_row(lines: Any, at: int, delimiter: str, columns: Any) -> Any:
        if others and others.pop():
            while imports.take_piece(run.pk, lines, columns, now=timezone.now()):
                pass
        return real(lines, at, delimiter, columns)

    monkeypatch.setattr(imports, "_next_row", read_row)
    assert not imports.work(run.pk, now=timezone.now())
    run.refresh_from_db()
    assert counts(run) == (8, 0, 0)
    assert room.campaign.leads.filter(source=Lead.Source.IMPORT).count() == 8


def test_stopping_keeps_what_was_added(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "LINES_AT_ONCE", 2)
    run = begin(room, "\n".join(["site", *[f"s{n}.org" for n in range(8)]]))
    start(room, run)
    imports.work(run.pk, now=timezone.now(), seconds=-1)
    assert imports.cancel(run, user=room.world.marketer, now=timezone.now())
    assert not imports.work(run.pk, now=timezone.now())
    run.refresh_from_db()
    assert (run.state, run.added, bytes(run.packed)) == (LeadImport.State.CANCELLED, 2, b"")
    assert AuditEntry.objects.get(event="leads.import_cancelled").details["added"] == 2
    assert not imports.cancel(run, user=room.world.marketer, now=timezone.now())


def test_what_nobody_went_on_with_goes(room: Room) -> None:
    begin(room, "site\na.org\n")
    kept = read(room, "site\nb.org\nnot a site\n")
    now = timezone.now()
    imports.tidy(now=now)
    assert LeadImport.objects.count() == 2
    LeadImport.objects.update(created_at=now - 2 * imports.CHOSEN_FOR, finished_at=now - 2 * imports.KEPT_FOR)
    imports.tidy(now=now)
    assert list(LeadImport.objects.all()) == [kept]
    assert not ImportedRow.objects.exists()


def test_the_cost_of_a_piece_does_not_grow(room: Room, django_assert_max_num_queries: Any) -> None:
    chance = random.Random(7)
    lines = [
        chance.choice([f"s{n}.org,ed@s{n}.org", f"s{n % 50}.org,", "", f"rot {n},", f'"x{n}', f",ed@d{n}.com"])
        for n in range(5_000)
    ]
    run = begin(room, "site,email\n" + "\n".join(lines))
    start(room, run)
    with django_assert_max_num_queries(15 * 5 + 10):
        assert not imports.work(run.pk, now=timezone.now(), seconds=600)
    run.refresh_from_db()
    assert sum(counts(run)) == sum(1 for line in lines if line.strip(","))
    assert run.rows.count() == run.skipped + run.failed


def test_many_rows_with_rot_in_them(room: Room) -> None:
    """Every row ends as a lead or is told with its number; a tenth are rotten, each in its own way."""
    rot = ['"never closed', "a@b@c", "\x00\x01", "x" * 300, "=cmd|' /C calc'!A0", "é" * 200, "@", "a b"]
    lines = [f"site{n}.org" if n % 10 else rot[n // 10 % len(rot)] for n in range(40_000)]
    run = read(room, "site\n" + "\n".join(lines))
    assert counts(run) == (36_000, 0, 4_000)
    assert room.campaign.leads.filter(source=Lead.Source.IMPORT).count() == 36_000
    assert run.rows.last().line == 39_992  # type: ignore[union-attr]  # there are 4,000


def test_the_preview_says_what_will_happen(room: Room, django_assert_num_queries: Callable[..., Any]) -> None:
    suppression.suppress(
        workspace=room.world.here,
        address="ed@no.org",
        reason=Suppression.Reason.OPT_OUT,
        source="test",
        now=timezone.now(),
    )
    content = "site,email\na.org,ed@a.org\nbrightgarden.com,\nno.org,ed@no.org\nrot it,\na.org,\n"
    run = begin(room, content)
    run = LeadImport.objects.select_related("campaign__workspace", "user").get(pk=run.pk)
    with django_assert_num_queries(3):
        verdicts = imports.preview(run, now=timezone.now())
    assert [verdict.kind for verdict in verdicts] == [None, "skipped", "skipped", "failed", "skipped"]
    done = read(room, content)
    assert [row.sentence for row in done.rows.all()] == [each.sentence for each in verdicts if each.kind]


# --- Pages ------------------------------------------------------------------------------------------------------------


def upload(room: Room, content: str | bytes, name: str = "leads.csv", *, htmx: bool = False, **kwargs: Any) -> Any:
    encoded = content.encode() if isinstance(content, str) else content
    data = {"file": SimpleUploadedFile(name, encoded)}
    return room.post("import_create", room.campaign.pk, data, htmx=htmx, **kwargs)


def test_from_file_to_leads(room: Room) -> None:
    answer = upload(room, "site;email\na.com;ed@a.com\n<b>x</b>;\n", "my <list>.csv")
    run = LeadImport.objects.get()
    assert answer["Location"] == room.url("import_detail", run.pk)
    page = room.get("import_detail", run.pk).content.decode()
    assert "my &lt;list&gt;.csv" in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "of the first 2 rows, 1 would be added" in page.lower()
    part = room.post("import_columns", run.pk, {"meaning": ["", "contact_email"]}, htmx=True).content.decode()
    assert part.lstrip().startswith('<section class="stack stack--tight" id="import-preview"')
    room.post("import_columns", run.pk, {"meaning": ["website_url", "contact_email"]})
    answer = room.post("import_start", run.pk, {"meaning": ["website_url", "contact_email"], "origin": ORIGIN})
    assert answer["Location"] == room.url("import_detail", run.pk)
    page = room.get("import_detail", run.pk).content.decode()
    assert "every 2s" not in page
    assert Lead.objects.filter(domain="a.com").exists()
    assert room.url("import_rows", run.pk) in page
    assert "my &lt;list&gt;.csv" in room.get("import_create", room.campaign.pk).content.decode()
    events = list(AuditEntry.objects.filter(about=run.about).order_by("pk").values_list("event", "user_id"))
    assert events == [("leads.import_begun", room.world.marketer.pk), ("leads.imported", room.world.marketer.pk)]


@pytest.mark.parametrize("htmx", [False, True])
def test_what_is_missing_is_said_and_nothing_typed_is_lost(room: Room, *, htmx: bool) -> None:
    run = begin(room, "site,email\na.com,ed@a.com\n")
    answer = room.post("import_start", run.pk, {"meaning": ["", "contact_role"], "origin": ORIGIN + " <x>"}, htmx=htmx)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert ("<html" in page) != htmx
    assert "which column is the site" in page
    assert f"{ORIGIN} &lt;x&gt;" in page
    assert '<option value="contact_role" selected>' in page


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize("content", ["", "%PDF-1.4 x", "site\n"])
def test_a_bad_file_says_so_in_the_form(room: Room, content: str, *, htmx: bool) -> None:
    answer = upload(room, content, htmx=htmx)
    assert answer.status_code == 422
    assert ("<html" in answer.content.decode()) != htmx
    assert "field__errors" in answer.content.decode()


def test_a_large_file_goes_on_by_itself(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "LINES_AT_ONCE", 2)
    monkeypatch.setattr("campaigns.views.imports.AT_ONCE_SECONDS", -1.0)
    run = begin(room, "\n".join(["site", *[f"s{n}.org" for n in range(7)]]))
    room.post("import_start", run.pk, {"origin": ORIGIN})
    page = room.get("import_detail", run.pk).content.decode()
    assert "every 2s" in page
    assert "2 of 7 lines" in page
    part = room.get("import_detail", run.pk, headers=HTMX).content.decode()
    assert part.lstrip().startswith('<section class="stack" id="import-progress"')
    tasks.import_leads(run.pk)
    assert "every 2s" not in room.get("import_detail", run.pk, headers=HTMX).content.decode()
    assert room.campaign.leads.filter(source=Lead.Source.IMPORT).count() == 7


def test_rows_that_were_not_added_come_as_a_file_that_is_no_formula(room: Room) -> None:
    run = read(room, "site,email\na.com,\n=HYPERLINK(1),x\n@@x,\n")
    answer = room.get("import_rows", run.pk)
    assert answer["Content-Disposition"] == f'attachment; filename="not-added-{run.pk}.csv"'
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert rows[0] == ["site", "email", "line in the file", "what happened", "why"]
    assert [row[:4] for row in rows[1:]] == [
        ["'=HYPERLINK(1)", "x", "3", "Not understood"],
        ["'@@x", "", "4", "Not understood"],
    ]


def test_an_archived_campaign_takes_no_file(room: Room) -> None:
    run = begin(room, "site\na.org\n")
    room.campaign.archive(now=timezone.now())
    assert "archived" in upload(room, "site\na.com\n").content.decode()
    assert room.post("import_start", run.pk, {"origin": ORIGIN}).status_code == 422


def test_a_viewer_sees_and_takes_nothing(room: Room) -> None:
    chosen, done = begin(room, "site\na.org\nrot it\n"), read(room, "site\nb.org\nrot it\n")
    viewer = room.world.viewer
    for run in (chosen, done):
        page = room.get("import_detail", run.pk, user=viewer).content.decode()
        assert "rot it" in page
        assert "rows.csv" not in page
        assert "<select" not in page
    assert room.get("import_rows", done.pk, user=viewer).status_code == 403
    assert room.get("import_rows", done.pk, user=room.world.officer).status_code == 200


def test_every_field_can_be_imported(room: Room) -> None:
    """Each name that a column can have reaches the lead or its contact."""
    fields = [name for name in FIELDS if name != "contact_name"]
    values = {
        "website_url": "all.org", "contact_email": "ed@all.org", "first_name": "Ed", "last_name": "Reed",
        "contact_role": "Editor", "website_title": "All", "topic": "moss", "found_url": "all.org/team",
        "quality_score": "0,5", "relevance_score": "50%", "guest_post_likelihood": "1",
        "tags": "Fern, moss", "assignee": room.world.marketer.email.upper(),
    }  # fmt: skip
    run = begin(room, ";".join(fields) + "\n" + ";".join(values[name] for name in fields))
    assert run.meanings == fields
    start(room, run)
    imports.work(run.pk, now=timezone.now())
    lead = room.campaign.leads.select_related("contact").get(domain="all.org")
    assert lead.contact is not None
    assert (lead.contact.name, lead.contact.role, lead.contact.email) == ("Ed Reed", "Editor", "ed@all.org")
    assert (lead.website_title, lead.topic, lead.contact.found_url) == ("All", "moss", "https://all.org/team")
    assert (lead.quality_score, lead.relevance_score, lead.guest_post_likelihood) == (0.5, 0.5, 1.0)
    assert [tag.name for tag in lead.tags.all()] == ["Fern", "moss"]
    assert lead.assignee == room.world.marketer


# --- Tags and assignees -----------------------------------------------------------------------------------------------


def test_tags_and_assignees_come_with_their_leads(room: Room) -> None:
    old = Tag.objects.create(workspace=room.world.here, name="Spring")
    marketer, owner = room.world.marketer, room.world.owner
    run = read(
        room,
        "site;email;Labels;Owner\n"
        f"a.org;;SPRING, new one;{marketer.email}\n"
        f"b.org;ed@b.org;#New One | | spring;{owner.get_full_name()}\n"
        "c.org;;;\n"
        f"d.org;;{'x' * 41};\n"
        f"e.org;;;{room.world.viewer.email}\n"
        f"f.org;;;{room.world.stranger.email}\n",
    )
    assert counts(run) == (3, 0, 3)
    found = {
        lead.domain: (sorted(tag.name for tag in lead.tags.all()), lead.assignee)
        for lead in room.campaign.leads.filter(source=Lead.Source.IMPORT)
    }
    assert found == {
        "a.org": (["Spring", "new one"], marketer),
        "b.org": (["Spring", "new one"], owner),
        "c.org": ([], None),
    }
    assert old.leads.count() == 2
    said = [row.sentence for row in run.rows.all()]
    assert "cannot be a tag" in said[0]
    # Who may not write to people, and who is of another workspace, are told apart from nobody by nothing.
    assert said[1:] == [
        f"Nobody who may be given leads here is called “{who.email}”."
        for who in (room.world.viewer, room.world.stranger)
    ]


def test_a_column_of_prose_makes_no_thousands_of_tags(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_marks, "MOST_TAGS", 2)
    run = read(room, "site,tags\na.org,one\nb.org,two\nc.org,three\nd.org,One\n")
    assert counts(run) == (3, 0, 1)
    assert {tag.name for tag in Tag.objects.all()} == {"one", "two"}
    assert "more than 2 tags" in run.rows.get().sentence


def test_the_preview_shows_tags_and_makes_none(room: Room) -> None:
    run = begin(room, "site,tags,assignee\na.org,fern,Nobody\nb.org,fern,\n")
    page = room.get("import_detail", run.pk).content.decode()
    assert "#fern" in page
    assert "Nobody who may be given leads here is called “Nobody”." in page
    assert not Tag.objects.exists()


def test_tags_cost_the_same_for_many_rows(room: Room, django_assert_max_num_queries: Any) -> None:
    Tag.objects.create(workspace=room.world.here, name="fern")
    few = "site,tags\n" + "".join(f"few{n}.org,fern\n" for n in range(3))
    many = "site,tags\n" + "".join(f"many{n}.org,fern\n" for n in range(300))
    spent = []
    for content in (few, many):
        run = begin(room, content)
        start(room, run)
        with django_assert_max_num_queries(40) as seen:
            imports.work(run.pk, now=timezone.now())
        spent.append(len(seen))
    assert spent[0] == spent[1]


# --- Taking a file back -----------------------------------------------------------------------------------------------


def test_a_file_is_taken_back_but_for_what_somebody_worked_on(room: Room) -> None:
    kept = room.lead("before.org")
    run = read(room, "site,email\n" + "".join(f"s{n}.org,ed@s{n}.org\n" for n in range(7)))
    by = {lead.domain: lead for lead in room.campaign.leads.filter(source=Lead.Source.IMPORT)}
    now = timezone.now()
    Task.objects.create(campaign=room.campaign, lead=by["s0.org"], due_at=now)
    Note.objects.create(workspace=room.world.here, lead=by["s1.org"], text="Knows Ada")
    Lead.objects.filter(pk=by["s2.org"].pk).move_to(Lead.Status.LOST, now=now)
    room.queue(by["s3.org"])
    other = read(room, "site\nother.org\n")

    asked = room.get("import_undo", run.pk).content.decode()
    assert "3 leads go" in asked
    assert "4 stay" in asked
    assert room.campaign.leads.filter(domain="s5.org").exists()
    room.post("import_undo", run.pk)
    run.refresh_from_db()
    assert (run.state, run.removed, run.stayed) == (LeadImport.State.REMOVED, 3, 4)
    left = set(room.campaign.leads.filter(source=Lead.Source.IMPORT).values_list("domain", flat=True))
    assert left == {"s0.org", "s1.org", "s2.org", "s3.org", "other.org"}
    assert Lead.objects.filter(pk=kept.pk).exists()
    assert not Contact.objects.filter(email="ed@s5.org").exists()
    assert AuditEntry.objects.filter(event="leads.import_taken_back", about=run.about).count() == 1
    page = room.get("import_detail", run.pk).content.decode()
    assert "Taken back" in page
    assert "Take it back" not in page
    assert "Take it back" in room.get("import_detail", other.pk).content.decode()
    assert room.get("import_undo", run.pk).status_code == 404
    # Pressed twice, or after somebody else.
    room.post("import_undo", run.pk)
    assert AuditEntry.objects.filter(event="leads.import_taken_back").count() == 1


def test_a_large_file_goes_back_by_itself(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_undo, "AT_ONCE", 2)
    monkeypatch.setattr("campaigns.views.imports.AT_ONCE_SECONDS", 0.0)
    run = read(room, "site\n" + "".join(f"s{n}.org\n" for n in range(7)))
    room.post("import_undo", run.pk)
    run.refresh_from_db()
    assert (run.state, run.removed) == (LeadImport.State.REMOVING, 2)
    page = room.get("import_detail", run.pk).content.decode()
    assert "every 2s" in page
    assert "2 of 7 leads" in page
    OrmQ.objects.all().delete()
    tasks.import_due()  # The worker died: the next minute goes on.
    assert OrmQ.objects.count() == 1
    tasks.import_leads(run.pk)
    run.refresh_from_db()
    assert (run.state, run.removed, run.added_keys) == (LeadImport.State.REMOVED, 7, [])


def test_what_came_in_between_two_pieces_is_not_taken_back(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "LINES_AT_ONCE", 2)
    run = begin(room, "site\n" + "".join(f"s{n}.org\n" for n in range(4)))
    start(room, run)
    imports.work(run.pk, now=timezone.now(), seconds=0)
    read(room, "site\nbetween.org\n")
    imports.work(run.pk, now=timezone.now())
    run.refresh_from_db()
    assert len(run.added_keys) == 2
    room.post("import_undo", run.pk)
    assert [lead.domain for lead in room.campaign.leads.filter(source=Lead.Source.IMPORT)] == ["between.org"]


def test_a_stopped_file_is_taken_back_too_and_one_that_goes_on_is_not(room: Room) -> None:
    run = begin(room, "site\na.org\n")
    assert room.get("import_undo", run.pk).status_code == 404
    start(room, run)
    assert room.get("import_undo", run.pk).status_code == 404
    assert not import_undo.begin(run, user=room.world.marketer, now=timezone.now())
    nothing = read(room, "site\nrot it\n")
    assert room.get("import_undo", nothing.pk).status_code == 404
