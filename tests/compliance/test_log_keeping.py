"""The log as a whole, on its page: intact or not, checked now, taken away as a file; who may."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.http import StreamingHttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from compliance import audit, checkups, exports, seals
from compliance.chain import ENTRIES
from compliance.models import AuditCheck, AuditEntry, AuditHead, AuditPerson
from outreach_site.accounts.models import User
from outreach_site.desk.heartbeat import CLUSTERS
from outreach_site.desk.models import Heartbeat
from tests.compliance.sealing import another_hand, run, sealed, write
from tests.conftest import World, make_user

HTMX = {"HX-Request": "true"}


def url(world: World, name: str) -> str:
    return reverse(f"compliance:{name}", args=[world.here.slug])


def page(world: World, user: User | None = None) -> str:
    return world.client(user or world.viewer).get(url(world, "audit_list")).content.decode()


def body(response: Any) -> bytes:
    assert isinstance(response, StreamingHttpResponse)
    return b"".join(response.streaming_content)  # type: ignore[arg-type]  # synchronous here


# --- Standing ---------------------------------------------------------------------------------------------------------


def test_before_the_first_check(world: World) -> None:
    assert "Not checked yet" in page(world)


def test_intact_with_the_workspaces_own_clock(world: World) -> None:
    sealed(3)
    at = timezone.now()
    checkups.ask(user_id=None, now=at)
    assert not checkups.go_on(now=at)
    shown = page(world)
    assert "Log intact, checked <time" in shown
    assert f">{at.astimezone(world.here.zone):%H:%M}</time>" in shown
    AuditCheck.objects.update(finished_at=at - timedelta(days=3))
    assert f" on {(at - timedelta(days=3)).astimezone(world.here.zone):%B}"[:3] in page(world)


def test_not_intact_names_the_rows(world: World) -> None:
    ids = sealed(30)
    with another_hand():
        run(f"UPDATE {ENTRIES} SET reason = 'x' WHERE id > %s", ids[9])
    checkups.ask(user_id=None, now=timezone.now())
    checkups.go_on(now=timezone.now())
    shown = page(world)
    assert "This log is not as it was written" in shown
    assert f"Entry {ids[10]} was changed" in shown
    assert "And 10 more" in shown
    assert "Log intact" not in shown


def test_the_alarm(world: World) -> None:
    write(1)
    assert "Not sealed since" not in page(world)
    AuditPerson.objects.all().delete()
    write(1, now=timezone.now() - timedelta(minutes=6))
    assert "Not sealed since" in page(world)
    seals.seal(now=timezone.now())
    assert "Not sealed since" not in page(world)


def test_the_alarm_of_health(world: World) -> None:
    for cluster in CLUSTERS:
        Heartbeat.beat(cluster, host="here", now=timezone.now())
    write(1)
    answer = world.client().get("/health/")
    assert (answer.status_code, answer.json()["oldest_unsealed_audit_seconds"]) == (200, 0)
    write(1, now=timezone.now() - timedelta(minutes=6))
    answer = world.client().get("/health/")
    assert answer.status_code == 503
    assert answer.json()["oldest_unsealed_audit_seconds"] >= 360
    assert "has not been sealed for 6 minutes" in answer.json()["trouble"][0]
    seals.seal(now=timezone.now())
    assert world.client().get("/health/").status_code == 200


def test_the_page_asks_as_much_of_a_long_log(world: World) -> None:
    def queries() -> int:
        client = world.client(world.owner)
        client.get(url(world, "audit_list"))
        with CaptureQueriesContext(connection) as captured:
            client.get(url(world, "audit_list"))
        return len(captured)

    write(2, workspace_id=world.here.pk)
    few = queries()
    write(100, workspace_id=world.here.pk)
    assert queries() == few


# --- Check now --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_check_now(world: World) -> None:
    sealed(3)
    answer = world.client(world.officer).post(url(world, "audit_check"), headers=HTMX)
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "<html" not in text
    assert 'hx-trigger="every 2s"' in text
    assert "Check now" not in text
    assert AuditCheck.objects.get().asked_by_id == world.officer.pk
    assert OrmQ.objects.count() == 1, "the worker is asked"
    world.client(world.owner).post(url(world, "audit_check"), headers=HTMX)
    assert AuditCheck.objects.count() == 1, "one at a time"
    checkups.go_on(now=timezone.now())
    text = world.client(world.viewer).get(url(world, "audit_standing"), headers=HTMX).content.decode()
    assert "Log intact" in text
    assert "every 2s" not in text


def test_check_now_without_javascript(world: World) -> None:
    client = world.client(world.owner)
    answer = client.post(url(world, "audit_check"), follow=True)
    assert answer.redirect_chain == [(url(world, "audit_list"), 302)]
    assert "being checked" in answer.content.decode()
    assert client.get(url(world, "audit_standing")).status_code == 302


def test_who_may(world: World) -> None:
    for name in ("audit_export_csv", "audit_export_json", "audit_head"):
        assert world.client(world.viewer).get(url(world, name)).status_code == 403
        assert world.client(world.marketer).get(url(world, name)).status_code == 403
        assert world.client(world.stranger).get(url(world, name)).status_code == 404
    assert world.client(world.marketer).post(url(world, "audit_check")).status_code == 403
    assert world.client(world.stranger).post(url(world, "audit_check")).status_code == 404
    assert world.client(world.owner).get(url(world, "audit_check")).status_code == 405
    assert "Check now" not in page(world, world.viewer)
    assert "Check now" in page(world, world.officer)
    assert not AuditEntry.objects.exists()


# --- Files ------------------------------------------------------------------------------------------------------------


def log(world: World, **more: Any) -> AuditEntry:
    return audit.record(
        more.pop("event", "letter.decided"), workspace=more.pop("workspace", world.here), now=timezone.now(), **more
    )


def rows_of(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body(response).decode(), newline="")))


def test_csv(world: World) -> None:
    entry = log(
        world,
        user=world.marketer,
        about="attempt:7",
        policy_result="blocked",
        reason="=HYPERLINK(1)",
        legal_basis="consent",
        region="EU",
        lead_email="+ed@x.test",
        sender_email="mara@orchard.example",
        subject='-1+1, "quoted"',
        checks=[{"rule": "hold", "outcome": "refused", "sentence": "No — never."}],
        details={"number": -5},
    )
    log(world, workspace=world.elsewhere, lead_email="theirs@x.test")
    seals.seal(now=timezone.now())
    answer = world.client(world.officer).get(url(world, "audit_export_csv"))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="audit-orchard-')
    [first] = rows_of(answer)
    assert tuple(first) == exports.COLUMNS
    assert first["id"] == str(entry.pk)
    assert first["user"] == "marketer@orchard.example"
    assert (first["lead_email"], first["reason"]) == ("'+ed@x.test", "'=HYPERLINK(1)")
    assert first["subject"] == '\'-1+1, "quoted"'
    assert json.loads(first["checks"]) == [{"rule": "hold", "outcome": "refused", "sentence": "No — never."}]
    assert json.loads(first["details"]) == {"number": -5}
    assert (first["seal"], len(first["seal_digest"]), first["is_preview"]) == ("1", 64, "false")
    assert AuditEntry.objects.filter(event="audit.exported", user_id=world.officer.pk).count() == 1


def test_json(world: World) -> None:
    entry = log(world, lead_email="ed@x.test", reason="=1", details={"a": [1, 2]})
    other = log(world, event="workspace.changed")
    found = json.loads(body(world.client(world.owner).get(url(world, "audit_export_json"))))
    assert [row["id"] for row in found[:2]] == [entry.pk, other.pk]
    assert found[0]["reason"] == "=1", "nobody runs JSON"
    assert found[0]["details"] == {"a": [1, 2]}
    assert found[0]["seal"] is None
    assert found[1]["lead_email"] == ""


def test_filters_are_respected(world: World) -> None:
    wanted = log(world, lead_email="ed@x.test", policy_result="blocked")
    log(world, lead_email="ed@x.test", policy_result="approved")
    log(world, lead_email="flo@x.test", policy_result="blocked")
    narrowed = {"q": "ed@x", "result": "blocked", "event": "letters"}
    client = world.client(world.owner)
    assert [row["id"] for row in rows_of(client.get(url(world, "audit_export_csv"), narrowed))] == [str(wanted.pk)]
    assert [row["id"] for row in json.loads(body(client.get(url(world, "audit_export_json"), narrowed)))] == [wanted.pk]
    entry = AuditEntry.objects.filter(event="audit.exported").latest("pk")
    assert entry.details == {"form": "json", "result": "blocked", "event": "letters"}
    assert entry.person.lead_email == "ed@x", "an address stands where an erasure finds it"
    nothing = {"q": "nobody@x.test"}
    assert json.loads(body(client.get(url(world, "audit_export_json"), nothing))) == []
    shown = client.get(url(world, "audit_list"), narrowed).content.decode()
    assert "log.csv?q=ed%40x&amp;result=blocked&amp;event=letters" in shown


def test_a_file_is_made_in_pieces_of_constant_queries(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "CHUNK", 10)
    write(35, workspace_id=world.here.pk)
    entries = AuditEntry.objects.in_workspace(world.here)
    with CaptureQueriesContext(connection) as captured:
        pieces = exports.as_json(exports.rows_of(entries))
        next(pieces)
        assert len(captured) == 3
        assert len(list(pieces)) == 35
    assert len(captured) == 1 + 4 * 2
    assert len(list(csv.reader(io.StringIO(b"".join(exports.as_csv(exports.rows_of(entries))).decode())))) == 36


def test_the_end_as_a_file(world: World) -> None:
    client = world.client(world.owner)
    assert client.get(url(world, "audit_head")).status_code == 302, "nothing is sealed yet"
    sealed(4)
    answer = client.get(url(world, "audit_head"))
    head = AuditHead.objects.get()
    assert answer.json() | {"exported_at": ""} == {"seq": 4, "digest": head.digest, "exported_at": ""}
    assert AuditEntry.objects.filter(event="audit.head_exported", user_id=world.owner.pk).exists()
    AuditHead.objects.update(seq=3)
    assert client.get(url(world, "audit_head")).status_code == 302


# --- Admin ------------------------------------------------------------------------------------------------------------


def test_entering_the_admin_is_written_down(world: World) -> None:
    root = make_user("root@orchard.example")
    User.objects.filter(pk=root.pk).update(is_superuser=True, is_staff=True)
    client = world.client(User.objects.get(pk=root.pk))
    entered = AuditEntry.objects.filter(event="admin.entered")
    client.get("/admin/")
    assert not entered.exists(), "without a second factor nobody enters"
    Authenticator.objects.create(user=root, type=Authenticator.Type.TOTP, data={"secret": "x"})
    client.get("/admin/")
    client.get("/admin/compliance/auditentry/")
    entry = entered.get()
    assert (entry.user_id, entry.workspace_id) == (root.pk, None)
    world.client(User.objects.get(pk=root.pk)).get("/admin/compliance/auditseal/")
    assert entered.count() == 2, "another sign-in"
    world.client(world.owner).get("/admin/")
    assert entered.count() == 2


def test_seals_and_checks_are_shown_and_never_changed(world: World) -> None:
    root = make_user("root@orchard.example")
    User.objects.filter(pk=root.pk).update(is_superuser=True, is_staff=True)
    Authenticator.objects.create(user=root, type=Authenticator.Type.TOTP, data={"secret": "x"})
    client = world.client(User.objects.get(pk=root.pk))
    [entry] = sealed(1)
    checkups.ask(user_id=None, now=timezone.now())
    checkups.go_on(now=timezone.now())
    check = AuditCheck.objects.get()
    for model, pk in (("auditseal", 1), ("auditcheck", check.pk)):
        listed = client.get(f"/admin/compliance/{model}/", {"q": str(entry)} if model == "auditseal" else {})
        assert listed.status_code == 200
        assert client.get(f"/admin/compliance/{model}/{pk}/change/").status_code == 200
        for action in ("add/", f"{pk}/change/", f"{pk}/delete/"):
            assert client.post(f"/admin/compliance/{model}/{action}", {"post": "yes"}).status_code == 403
