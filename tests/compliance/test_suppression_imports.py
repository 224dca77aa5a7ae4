"""Suppressing a file of addresses: any size, any rot, and never half."""

from __future__ import annotations

import csv
import io
import random
import time
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from compliance import suppression_imports, tasks
from compliance.models import AuditEntry, ImportFault, Suppression, SuppressionImport
from compliance.suppression_imports import UnreadableFileError, reason_named
from outreach_site.accounts.models import User
from tests.conftest import World

HTMX = {"HX-Request": "true"}
FOREVER = float("inf")


def begin(world: World, content: str | bytes, reason: str = "manual", note: str = "") -> SuppressionImport:
    return suppression_imports.begin(
        workspace=world.here,
        content=content.encode() if isinstance(content, str) else content,
        name="list.csv",
        reason=reason,
        note=note,
        user=world.officer,
        now=timezone.now(),
    )


def read(world: World, content: str | bytes, **details: str) -> SuppressionImport:
    run = begin(world, content, **details)
    assert suppression_imports.carry_on(run.pk, until=FOREVER, now=timezone.now())
    run.refresh_from_db()
    return run


def values() -> set[tuple[str, str]]:
    return set(Suppression.objects.values_list("value", "reason"))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("ed@a.com\nED@A.com\n\n@b.com\n", {("ed@a.com", "manual"), ("b.com", "manual")}),
        (
            "name;email;reason\nEd;ed@a.com;Unsubscribed\nAda;ada@b.com;\n",
            {("ed@a.com", "unsubscribe"), ("ada@b.com", "manual")},
        ),
        ('Email,Reason\n"Reed, Ada <ada@b.com>",spam\n', {("ada@b.com", "complaint")}),
        ("domain\nrival.com\n", {("rival.com", "manual")}),
        ("\ufeffe-mail\ted\ned@a.com\tx\n", {("ed@a.com", "manual")}),
        ("E.d.Reed+news@GoogleMail.com", {("edreed@gmail.com", "manual")}),
        (
            "ed@a.com\r\nada@b.com\rtom@c.com",
            {("ed@a.com", "manual"), ("ada@b.com", "manual"), ("tom@c.com", "manual")},
        ),
        ("redaktion@münchen.de".encode("cp1252"), {("redaktion@xn--mnchen-3ya.de", "manual")}),
        ("ed@a.com\n".encode("utf-16"), {("ed@a.com", "manual")}),
    ],
)
def test_files_as_they_come(world: World, content: str | bytes, expected: set[tuple[str, str]]) -> None:
    run = read(world, content)
    assert values() == expected
    assert run.added == len(expected)
    assert run.failed == 0
    assert bytes(run.packed) == b""


def test_rot_is_told_line_by_line_and_stops_nothing(world: World) -> None:
    content = (
        'email,reason\ned@a.com,\nnot an address,\n"never closed@x.com,\nada@b.com,erasure\n,manual\n'
        f"=cmd()@x,\n{'x' * 6000}\nada\x00@c.com,\ngmail.com,\ntom@c.com,\n"
    )
    run = read(world, content, reason="opt_out", note="old tool")
    assert values() == {("ed@a.com", "opt_out"), ("ada@c.com", "opt_out"), ("tom@c.com", "opt_out")}
    faults = {fault.line: fault.sentence for fault in run.faults.all()}
    assert sorted(faults) == [3, 4, 5, 6, 7, 8, 10]
    assert "Requests" in faults[5]
    assert "no address" in faults[6]
    entry = Suppression.objects.get(value="ed@a.com")
    assert (entry.source, entry.note, entry.created_by_id) == (
        f"suppression_import:{run.pk}",
        "old tool",
        world.officer.pk,
    )
    told = AuditEntry.objects.get(event="suppression.imported")
    assert told.details == {"added": 3, "known": 0, "failed": 7}


@pytest.mark.parametrize(
    "content",
    ["", "\n\n \n", "name,age\nEd,7\n", bytes(range(256)) * 40, "gmail.com\nco.uk\n", b"\x89PNG\r\n" * 9],
)
def test_what_holds_no_address_is_refused_whole(world: World, content: str | bytes) -> None:
    with pytest.raises(UnreadableFileError):
        begin(world, content)
    assert not SuppressionImport.objects.exists()


def test_what_is_too_large_is_refused_whole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppression_imports, "LARGEST_FILE", 20)
    with pytest.raises(UnreadableFileError, match="too large"):
        begin(world, "ed@a.com\n" * 5)
    monkeypatch.setattr(suppression_imports, "LARGEST_FILE", 1_000)
    monkeypatch.setattr(suppression_imports, "MOST_LINES", 3)
    with pytest.raises(UnreadableFileError, match="split the file"):
        begin(world, "ed@a.com\n" * 5)


def test_a_death_in_between_costs_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppression_imports, "LINES_AT_ONCE", 10)
    run = begin(world, "\n".join(["email", *[f"ed{n}@a.com" for n in range(35)], "rot"]))
    assert not suppression_imports.carry_on(run.pk, until=time.monotonic() - 1, now=timezone.now())
    assert Suppression.objects.count() == 10

    def die(*_: Any, **__: Any) -> None:
        raise RuntimeError("the worker was killed")

    with monkeypatch.context() as patched:
        patched.setattr(suppression_imports, "ImportFault", die)  # after this piece's suppressions
        with pytest.raises(AttributeError):
            suppression_imports.carry_on(run.pk, until=FOREVER, now=timezone.now())
    run.refresh_from_db()
    assert (run.next_line, Suppression.objects.count()) == (11, 10)
    assert suppression_imports.carry_on(run.pk, until=FOREVER, now=timezone.now())
    run.refresh_from_db()
    assert (run.added, run.known, run.failed, Suppression.objects.count()) == (35, 0, 1, 35)
    assert suppression_imports.carry_on(run.pk, until=FOREVER, now=timezone.now())
    assert ImportFault.objects.count() == 1


def test_somebody_who_finds_it_unfinished_finishes_it(world: World) -> None:
    run = begin(world, "ed@a.com\n")
    tasks.finish_what_was_begun()
    run.refresh_from_db()
    assert run.finished_at is not None


def test_a_large_file_in_pieces_of_a_bounded_cost(world: World, django_assert_max_num_queries: Any) -> None:
    chance = random.Random(7)
    lines = [
        chance.choice(
            [f"ed{n}@site{n % 900}.com", f"Ed <ed{n}@b.com>", "", f"rot {n}", f'"x{n}', f"@d{n}.com", "a@b@c"]
        )
        for n in range(6_000)
    ]
    run = begin(world, "\n".join(lines))
    with django_assert_max_num_queries(25 * 6 + 10):
        assert suppression_imports.carry_on(run.pk, until=FOREVER, now=timezone.now())
    run.refresh_from_db()
    assert run.added + run.failed + run.known == sum(1 for line in lines if line)
    assert run.added == Suppression.objects.count()


def test_two_hundred_thousand_lines_with_rot_in_them(world: World) -> None:
    """Every line ends as an entry or as a fault with its number; a tenth of them are rotten, each in its own way."""
    rot = [
        '"never closed',
        "a@b@c",
        "\x00\x01",
        "ed@" + "x" * 300 + ".com",
        "=cmd|' /C calc'!A0",
        "é" * 200,
        "@",
        ",,,",
    ]
    lines = [f"editor{n}@site{n % 40_000}.com" if n % 10 else rot[n // 10 % len(rot)] for n in range(200_000)]
    run = read(world, "email\n" + "\n".join(lines))
    assert (run.added, run.known, run.failed) == (180_000, 0, 20_000)
    assert Suppression.objects.count() == 180_000
    faults = ImportFault.objects.filter(run=run).order_by("line")
    assert [faults[place].line for place in (0, 1, 19_999)] == [2, 12, 199_992]
    assert run.packed == b""


@pytest.mark.parametrize(
    ("word", "reason"),
    [("Opt-Out", "opt_out"), ("hard bounce", "hard_bounce"), ("erasure", None), ("because", None), ("", None)],
)
def test_words_of_other_tools(word: str, reason: str | None) -> None:
    assert reason_named(word) == reason


# --- Pages ------------------------------------------------------------------------------------------------------------


def url(world: World, name: str = "suppression_import", *args: int) -> str:
    return reverse(f"compliance:{name}", args=[world.here.slug, *args])


def upload(world: World, content: str, *, user: User | None = None, htmx: bool = False) -> Any:
    return world.client(user or world.marketer).post(
        url(world),
        {"file": SimpleUploadedFile("old <tool>.csv", content.encode()), "reason": "opt_out", "note": ""},
        headers=HTMX if htmx else {},
    )


@pytest.mark.parametrize("htmx", [False, True])
def test_a_small_file_is_read_at_once(world: World, htmx: bool) -> None:
    response = upload(world, "ed@a.com\nrot\n", htmx=htmx)
    run = SuppressionImport.objects.get()
    detail = url(world, "suppression_import_detail", run.pk)
    assert detail in (response.headers.get("Location") or response.headers.get("HX-Redirect") or str(response.headers))
    assert run.finished_at is not None
    page = world.client(world.viewer).get(detail).content.decode()
    assert "old &lt;tool&gt;.csv" in page
    assert "rot" in page
    assert "every 2s" not in page
    assert "faults.csv" not in page, "viewers read, and take no files away"
    assert "faults.csv" in world.client(world.marketer).get(detail).content.decode()


def test_a_large_file_goes_on_by_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppression_imports, "LINES_AT_ONCE", 2)
    monkeypatch.setattr("compliance.views.suppression_import.AT_ONCE_SECONDS", -1.0)
    upload(world, "\n".join(f"ed{n}@a.com" for n in range(7)))
    run = SuppressionImport.objects.get()
    assert run.finished_at is None
    browser, detail = world.client(world.marketer), url(world, "suppression_import_detail", run.pk)
    assert "every 2s" in browser.get(detail).content.decode()
    part = browser.get(detail, headers=HTMX).content.decode()
    assert part.lstrip().startswith('<section class="card" id="import-progress"')
    tasks.read_suppressions(run.pk)
    assert "every 2s" not in browser.get(detail, headers=HTMX).content.decode()
    assert Suppression.objects.count() == 7
    assert not OrmQ.objects.filter(key="none").exists()


@pytest.mark.parametrize("content", ["", "nothing here"])
@pytest.mark.parametrize("htmx", [False, True])
def test_an_unreadable_file_says_so_in_the_form(world: World, content: str, htmx: bool) -> None:
    response = upload(world, content, htmx=htmx)
    assert response.status_code == 422
    assert ("<html" in response.content.decode()) != htmx
    assert not SuppressionImport.objects.exists()


def test_faults_come_as_a_file_that_is_no_formula(world: World) -> None:
    run = read(world, "ed@a.com\n=HYPERLINK(1)\n@@x\n")
    response = world.client(world.officer).get(url(world, "suppression_import_faults", run.pk))
    assert response["Content-Disposition"] == f'attachment; filename="not-read-{run.pk}.csv"'
    text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]  # it streams
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["line", "what stands there", "problem"]
    assert [row[:2] for row in rows[1:]] == [["2", "'=HYPERLINK(1)"], ["3", "'@@x"]]


def test_the_doors(world: World) -> None:
    run = read(world, "ed@a.com\nrot\n")
    for name, args, may in (
        ("suppression_import", [], {"owner", "marketer", "officer"}),
        ("suppression_import_detail", [run.pk], {"owner", "marketer", "officer", "viewer"}),
        ("suppression_import_faults", [run.pk], {"owner", "marketer", "officer"}),
    ):
        for role in ("owner", "marketer", "officer", "viewer"):
            expected = 200 if role in may else 403
            answer = world.client(getattr(world, role)).get(url(world, name, *args))
            assert answer.status_code == expected, (name, role)
        assert world.client(world.stranger).get(url(world, name, *args)).status_code == 404
        other = reverse(f"compliance:{name}", args=[world.elsewhere.slug, *args])
        assert world.client(world.stranger).get(other).status_code == (404 if args else 200)
    assert upload(world, "x@y.com", user=world.viewer).status_code == 403
    assert upload(world, "x@y.com", user=world.stranger).status_code == 404
