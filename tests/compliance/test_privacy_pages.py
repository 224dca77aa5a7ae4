"""The pages of consent, requests, evidence and privacy: each action works, as a partial and without JavaScript, for
those who may, and for nobody else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from pytest_django import Settings

from campaigns.models import Attempt, Contact
from compliance import consent_imports, privacy, suppression, tasks
from compliance.models import AuditEntry, Suppression
from compliance.privacy_models import Consent, ConsentFile, ConsentImport, PrivacyRequest, PrivacySettings
from outreach_site.accounts.models import User
from outreach_site.desk.today import needs
from tests.compliance.a_life import ED, Life, live, traces
from tests.compliance.test_pages import EVIL, HTMX, text, url
from tests.conftest import World

ADDRESS = "ada@garten.de"


def consent(world: World, address: str = ADDRESS) -> Consent:
    made = Consent.objects.create(
        workspace=world.here,
        address=address,
        domain=address.partition("@")[2],
        evidence_text="Ticked the box.",
        obtained_on=date(2026, 1, 2),
        source="form",
    )
    ConsentFile.objects.create(consent=made, name='mail "1".html', size=9, content=EVIL.encode())
    return made


def request_of(world: World, kind: str = "access", *, days_ago: int = 0) -> PrivacyRequest:
    return privacy.open_request(
        workspace=world.here,
        kind=kind,
        address=ADDRESS,
        received_on=world.here.day_of(timezone.now()) - timedelta(days=days_ago),
        note="by mail",
        user=world.officer,
        now=timezone.now(),
    )


def upload(content: str = "email,obtained_on,evidence\nada@garten.de,2026-01-02,yes\n") -> SimpleUploadedFile:
    return SimpleUploadedFile("list.csv", content.encode())


@dataclass(frozen=True)
class Action:
    """Something a page does: its address, what is posted, who may, and how one sees that it was done."""

    name: str
    data: Callable[[], dict[str, Any]]
    made: Callable[[World], list[int]]
    done: Callable[[World], bool]
    may: tuple[str, ...] = ("owner", "officer")


def in_dialog_form() -> dict[str, Any]:
    return {"address": "Ada@Garten.de", "obtained_on": "2026-01-02", "evidence_text": "yes"}


def new_request() -> dict[str, Any]:
    return {"kind": "erasure", "address": ADDRESS, "received_on": timezone.now().date().isoformat()}


def settings_data() -> dict[str, Any]:
    return {
        "is_on": "on",
        "unwritten_days": 20,
        "unlinked_days": 30,
        "raw_months": 12,
        "reply_months": 24,
        "audit_months": 36,
        "openai_tokens": 1_000_000,
    }


ACTIONS = (
    Action("consent_create", in_dialog_form, lambda _: [], lambda _: Consent.objects.filter(address=ADDRESS).exists()),
    Action(
        "consent_withdraw",
        lambda: {"reason": "by telephone"},
        lambda w: [consent(w).pk],
        lambda _: Suppression.objects.filter(value=ADDRESS, reason="opt_out").exists(),
    ),
    Action("consent_import", lambda: {"file": upload()}, lambda _: [], lambda _: Consent.objects.exists()),
    Action(
        "request_create",
        new_request,
        lambda _: [],
        lambda _: PrivacyRequest.objects.filter(kind="erasure", address=ADDRESS).exists(),
    ),
    Action(
        "request_answer",
        lambda: {"note": "sent"},
        lambda w: [request_of(w).pk],
        lambda _: PrivacyRequest.objects.filter(state="done").exists(),
    ),
    Action(
        "request_close",
        lambda: {"reason": "taken back"},
        lambda w: [request_of(w).pk],
        lambda _: PrivacyRequest.objects.filter(state="closed", outcome="taken back").exists(),
    ),
    Action(
        "request_erase",
        lambda: {"confirm": ADDRESS},
        lambda w: [request_of(w, "erasure").pk],
        lambda _: Suppression.objects.filter(scope="erased").exists(),
    ),
    Action(
        "privacy_settings_edit",
        settings_data,
        lambda _: [],
        lambda _: PrivacySettings.objects.filter(unwritten_days=20).exists(),
        may=("owner",),
    ),
)
each_action = pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)


@each_action
def test_it_works_and_leads_on_without_javascript(world: World, action: Action) -> None:
    path = url(world, action.name, *action.made(world))
    for role in action.may:
        assert world.client(getattr(world, role)).get(path).status_code == 200, role
    answer = world.client(getattr(world, action.may[0])).post(path, action.data())
    assert answer.status_code == 302, text(answer)
    assert action.done(world)
    assert world.client(world.owner).get(answer["Location"]).status_code == 200


@each_action
def test_it_works_through_htmx(world: World, action: Action) -> None:
    path = url(world, action.name, *action.made(world))
    client = world.client(getattr(world, action.may[-1]))
    partial = client.get(path, headers=HTMX)
    assert partial.status_code == 200
    assert "<html" not in text(partial)
    answer = client.post(path, action.data(), headers=HTMX)
    assert "HX-Redirect" in answer.headers or "HX-Location" in answer.headers, answer.headers
    assert action.done(world)


@each_action
def test_what_is_not_filled_in_is_said_in_the_form(world: World, action: Action) -> None:
    if action.name == "request_answer":
        return  # Nothing has to be said there.
    path = url(world, action.name, *action.made(world))
    client = world.client(getattr(world, action.may[0]))
    for headers in ({}, HTMX):
        answer = client.post(path, {}, headers=headers)
        assert answer.status_code == 422
    assert not action.done(world)


@each_action
def test_who_may_not_is_refused_and_a_stranger_finds_nothing(world: World, action: Action) -> None:
    path = url(world, action.name, *action.made(world))
    for role in {"owner", "officer", "marketer", "viewer"} - set(action.may):
        assert world.client(getattr(world, role)).post(path, action.data()).status_code == 403, role
    for verb in ("get", "post"):
        assert getattr(world.client(world.stranger), verb)(path, action.data()).status_code == 404
    assert not action.done(world)


@each_action
def test_another_verb_does_nothing(world: World, action: Action) -> None:
    path = url(world, action.name, *action.made(world))
    assert world.client(getattr(world, action.may[0])).put(path).status_code == 405
    assert not action.done(world)


# --- Consent ---------------------------------------------------------------------------------------------------------


def test_the_list_finds_and_narrows(world: World) -> None:
    consent(world)
    Consent.objects.create(
        workspace=world.here, address="bob@jardin.fr", domain="jardin.fr", status="withdrawn",
        obtained_on=date(2026, 1, 1), withdrawn_on=date(2026, 2, 1),
    )  # fmt: skip
    client = world.client(world.viewer)
    assert ADDRESS in text(client.get(url(world, "consent_list")))
    for query, there in (("q=garten", True), ("q=ADA@", True), ("q=nobody", False), ("status=withdrawn", False)):
        page = text(client.get(url(world, "consent_list") + f"?{query}", headers=HTMX))
        assert (ADDRESS in page) is there, query
        assert "<html" not in page
    assert "/withdraw/" not in text(client.get(url(world, "consent_list"), headers=HTMX)), "viewers read"


def test_an_empty_list_says_what_it_is_for(world: World) -> None:
    assert "No consent is on record" in text(world.client(world.viewer).get(url(world, "consent_list")))
    assert "Add the first one" in text(world.client(world.officer).get(url(world, "consent_list")))


def test_the_number_of_questions_does_not_grow_with_the_rows(
    world: World, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for number in range(30):
        consent(world, f"p{number}@garten.de")
        PrivacyRequest.objects.create(
            workspace=world.here, kind="access", address=f"p{number}@x.com", stone=f"{number}",
            received_on=date(2026, 1, 1), due_on=date(2026, 2, 1),
        )  # fmt: skip
    client = world.client(world.officer)
    for name in ("consent_list", "request_list"):
        with django_assert_max_num_queries(16):
            assert client.get(url(world, name)).status_code == 200


def test_a_file_is_only_ever_saved(world: World) -> None:
    made = consent(world)
    answer = world.client(world.viewer).get(url(world, "consent_file", made.pk))
    assert answer.content == EVIL.encode()
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_file_that_is_too_large_is_not_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ConsentFile, "LARGEST", 10)
    data = in_dialog_form() | {"evidence_file": SimpleUploadedFile("x.eml", b"x" * 11)}
    answer = world.client(world.officer).post(url(world, "consent_create"), data)
    assert answer.status_code == 422
    assert "too large" in text(answer)
    assert not Consent.objects.exists()


def test_the_form_says_why_somebody_cannot_be_put_on_record(world: World) -> None:
    suppression.suppress(workspace=world.here, address=ADDRESS, reason="unsubscribe", now=timezone.now())
    answer = world.client(world.officer).post(url(world, "consent_create"), in_dialog_form())
    assert answer.status_code == 422
    assert "does not want to be written to" in text(answer)


def test_an_import_tells_what_was_not_taken_and_hands_it_out(world: World) -> None:
    rows = "email,obtained_on,evidence\nada@garten.de,2026-01-02,yes\n=cmd|x,2026-01-02,yes\n"
    client = world.client(world.officer)
    answer = client.post(url(world, "consent_import"), {"file": upload(rows)})
    page = text(client.get(answer["Location"]))
    assert "=cmd|x,2026-01-02,yes" in page
    started = ConsentImport.objects.get()
    saved = client.get(url(world, "consent_import_problems", started.pk))
    assert saved["Content-Disposition"].startswith("attachment")
    assert "'=cmd|x" in text(saved), "no spreadsheet takes it for a formula"
    fragment = client.get(answer["Location"], headers=HTMX)
    assert "<html" not in text(fragment)


def test_a_long_list_goes_on_by_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compliance.views.consent.FIRST_SLICE_SECONDS", -1.0)
    asked: list[int] = []
    monkeypatch.setattr(tasks, "read_list_soon", asked.append)
    client = world.client(world.officer)
    answer = client.post(url(world, "consent_import"), {"file": upload()})
    started = ConsentImport.objects.get()
    assert asked == [started.pk]
    assert "every 2s" in text(client.get(answer["Location"]))
    assert "A list is being read in" in text(client.get(url(world, "consent_list")))
    tasks.read_list(started.pk)
    assert "every 2s" not in text(client.get(answer["Location"]))
    assert Consent.objects.exists()


def test_a_list_that_is_none_is_said_in_the_form(world: World) -> None:
    answer = world.client(world.officer).post(url(world, "consent_import"), {"file": upload("a,b\n1,2\n")})
    assert answer.status_code == 422
    assert "name the columns" in text(answer)


def test_what_a_dead_worker_left_is_finished_by_the_clock(world: World) -> None:
    started = consent_imports.begin(
        workspace=world.here, content=upload().read(), file_name="x", evidence_text="", source="",
        user=world.officer, now=timezone.now(),
    )  # fmt: skip
    erasing = request_of(world, "erasure")
    privacy.begin_erasure(erasing, user=world.officer, now=timezone.now())
    tasks.finish_what_was_begun()
    started.refresh_from_db()
    erasing.refresh_from_db()
    assert started.finished_at is not None
    assert erasing.state == "done"


def test_what_was_begun_waits_for_the_right_digest_key(world: World, settings: Settings) -> None:
    started = consent_imports.begin(
        workspace=world.here, content=upload().read(), file_name="x", evidence_text="", source="",
        user=world.officer, now=timezone.now(),
    )  # fmt: skip
    erasing = request_of(world, "erasure")
    privacy.begin_erasure(erasing, user=world.officer, now=timezone.now())
    settings.DIGEST_KEY = "a-typo-in-the-key"
    tasks.finish_what_was_begun()
    tasks.read_list(started.pk)
    tasks.erase(erasing.pk)
    started.refresh_from_db()
    erasing.refresh_from_db()
    assert started.finished_at is None
    assert erasing.state == "erasing"


# --- Requests --------------------------------------------------------------------------------------------------------


def test_the_most_pressing_stands_first_and_over_is_red(world: World) -> None:
    today = world.here.day_of(timezone.now())
    for number, days in enumerate((5, 40, 30, 25)):
        PrivacyRequest.objects.create(
            workspace=world.here, kind="access", address=f"p{number}@x.com", stone=f"{number}",
            received_on=today - timedelta(days=days),
            due_on=today + timedelta(days=30 - days),
        )  # fmt: skip
    page = text(world.client(world.viewer).get(url(world, "request_list")))
    order = [page.index(f"p{number}@x.com") for number in (1, 2, 3, 0)]
    assert order == sorted(order)
    assert "10 days over" in page
    assert 'data-tone="bad"' in page


def test_requests_stand_on_today_with_their_deadline(world: World) -> None:
    request_of(world, "erasure", days_ago=33)
    membership = world.officer.memberships.select_related("workspace").get()
    [need] = [need for need in needs(membership, now=timezone.now()) if "erased" in need.title]
    assert need.title == f"{ADDRESS} asks to be erased"
    assert need.is_late
    assert need.tone == "bad"
    assert "3 days over" in need.detail
    assert world.client(world.officer).get(need.url).status_code == 200


def test_an_erasure_needs_the_address_typed(world: World) -> None:
    life = live(world)
    one = life.ask()
    client = world.client(world.officer)
    shown = text(client.get(url(world, "request_erase", one.pk)))
    assert "<span>Letters, with their text</span><strong>2</strong>" in shown
    wrong = client.post(url(world, "request_erase", one.pk), {"confirm": "ed@elsewhere.com"})
    assert wrong.status_code == 422
    assert "Nothing has been erased" in text(wrong)
    assert Contact.objects.filter(email_key=ED).exists()
    client.post(url(world, "request_erase", one.pk), {"confirm": ED.upper()})
    assert not Contact.objects.filter(email_key=ED).exists()
    done = text(client.get(url(world, "request_detail", one.pk)))
    assert ED not in done
    assert "<span>Letters, with their text</span><strong>2</strong>" in done


def test_nothing_is_left_after_an_erasure_through_the_pages(world: World) -> None:
    life = live(world)
    one = life.ask()
    client = world.client(world.officer)
    client.post(url(world, "evidence_file"), {"address": ED, "form": "html", "request": one.pk})
    client.post(url(world, "check_address"), {"address": ED})
    client.post(url(world, "request_erase", one.pk), {"confirm": ED})
    assert traces(ED) == []


def test_a_letter_that_is_leaving_is_told_and_waited_for(world: World) -> None:
    life = live(world)
    one = life.ask()
    Attempt.objects.filter(pk=life.waiting.pk).update(state=Attempt.State.SENDING)
    client = world.client(world.officer)
    client.post(url(world, "request_erase", one.pk), {"confirm": ED})
    page = text(client.get(url(world, "request_detail", one.pk)))
    assert "being handed over to the mail server right now" in page
    assert "every 5s" in page
    Attempt.objects.filter(pk=life.waiting.pk).update(state=Attempt.State.SENT, settled_at=timezone.now())
    tasks.erase(one.pk)
    assert traces(ED) == []


def test_an_access_request_cannot_be_erased_nor_an_erasure_answered(world: World) -> None:
    access = request_of(world)
    erasure = request_of(world, "erasure")
    client = world.client(world.officer)
    client.post(url(world, "request_erase", access.pk), {"confirm": ADDRESS})
    client.post(url(world, "request_answer", erasure.pk), {"note": "x"})
    assert set(PrivacyRequest.objects.values_list("state", flat=True)) == {"open"}


# --- Evidence --------------------------------------------------------------------------------------------------------


@pytest.fixture
def life(world: World) -> Life:
    return live(world)


def test_the_answer_is_one_click_away(life: Life) -> None:
    world = life.world
    answer = world.client(world.marketer).post(url(world, "check_address"), {"address": ED})
    assert f"{url(world, 'evidence_detail')}?address=ed%40brightgarden.com" in text(answer)
    page = text(world.client(world.marketer).get(url(world, "evidence_detail") + f"?address={ED}"))
    assert "We wrote to this address once" in page
    one = life.ask("access")
    assert url(world, "evidence_detail") in text(world.client(world.officer).get(url(world, "request_detail", one.pk)))
    lead = text(world.client(world.marketer).get(f"/w/{world.here.slug}/campaigns/leads/{life.letter.lead_id}/"))
    assert url(world, "evidence_detail") in lead


@pytest.mark.parametrize("form", ["html", "json"])
def test_the_pack_is_saved_as_one_file(life: Life, form: str) -> None:
    world = life.world
    one = life.ask("access")
    answer = world.client(world.officer).post(
        url(world, "evidence_file"), {"address": ED, "form": form, "request": one.pk}
    )
    assert answer.status_code == 200
    assert (
        f'filename="evidence-ed-at-brightgarden.com-{world.here.day_of(timezone.now()):%Y-%m-%d}.{form}"'
        in answer["Content-Disposition"]
    )
    assert "sandbox" in answer["Content-Security-Policy"]
    if form == "json":
        assert json.loads(answer.content)["address"] == ED
    entry = AuditEntry.objects.get(event="privacy.pack_made")
    assert (entry.about, entry.details) == (one.about, {"form": form})


@pytest.mark.parametrize(
    "data", [{}, {"address": "nobody"}, {"address": ED, "form": "exe"}, {"address": ED, "request": "x"}]
)
def test_what_makes_no_sense_makes_no_pack(world: World, data: dict[str, str]) -> None:
    answer = world.client(world.officer).post(url(world, "evidence_file"), data)
    assert answer.status_code == 400
    assert not AuditEntry.objects.exists()


def test_a_pack_of_another_workspaces_request_is_not_made(life: Life) -> None:
    one = life.ask("access")
    world = life.world
    path = url(world, "evidence_file", workspace=world.elsewhere)
    answer = world.client(world.stranger).post(path, {"address": ED, "request": one.pk})
    assert answer.status_code == 404


def test_the_evidence_page_waits_for_an_address(world: World) -> None:
    client = world.client(world.marketer)
    assert "Whose question is it?" in text(client.get(url(world, "evidence_detail")))
    assert "@" in text(client.get(url(world, "evidence_detail") + "?address=nobody"))
    assert world.client(world.viewer).get(url(world, "evidence_detail")).status_code == 403


# --- Privacy settings ------------------------------------------------------------------------------------------------


def readers(world: World) -> list[User]:
    return [world.owner, world.marketer, world.officer, world.viewer]


def test_everybody_reads_the_rules_and_owners_change_them(world: World) -> None:
    for user in readers(world):
        page = text(world.client(user).get(url(world, "privacy_settings")))
        assert "30 days from when they were found" in page
        assert "only what is allowed here" in page
        assert (url(world, "privacy_settings_edit") in page) is (user == world.owner)


def test_the_page_foresees_tomorrow(world: World) -> None:
    life = live(world)
    lead = life.box.lead("new@garten.de")
    long_ago = timezone.now() - timedelta(days=29, hours=12)
    type(lead).objects.filter(pk=lead.pk).update(created_at=long_ago)
    Contact.objects.filter(lead=lead).update(found_at=long_ago)
    page = text(world.client(world.viewer).get(url(world, "privacy_settings")))
    assert "<span>Contacts in the EU or UK to whom nobody wrote</span><strong>1</strong>" in page
    assert Contact.objects.filter(lead=lead).exists()


def test_a_change_of_the_rules_is_written_down(world: World) -> None:
    client = world.client(world.owner)
    client.post(url(world, "privacy_settings_edit"), settings_data() | {"may_use_exa": "on"})
    entry = AuditEntry.objects.get(event="workspace.privacy_changed")
    assert entry.details == {"unwritten_days": 20, "may_use_exa": True}
    client.post(url(world, "privacy_settings_edit"), settings_data() | {"may_use_exa": "on"})
    assert AuditEntry.objects.filter(event="workspace.privacy_changed").count() == 1


@pytest.mark.parametrize("days", ["0", "-1", "", "many", "99999"])
def test_a_number_that_cannot_be_is_refused(world: World, days: str) -> None:
    answer = world.client(world.owner).post(
        url(world, "privacy_settings_edit"), settings_data() | {"unwritten_days": days}
    )
    assert answer.status_code == 422
    assert not PrivacySettings.objects.exists()


def test_nothing_written_by_strangers_runs(world: World) -> None:
    made = consent(world)
    Consent.objects.filter(pk=made.pk).update(evidence_text=EVIL, source=EVIL)
    PrivacyRequest.objects.create(
        workspace=world.here, kind="access", address=ADDRESS, stone="s", note=EVIL, outcome=EVIL,
        received_on=date(2026, 1, 1), due_on=date(2026, 2, 1),
    )  # fmt: skip
    client = world.client(world.officer)
    pages = [
        client.get(url(world, "consent_list")),
        client.get(url(world, "consent_detail", made.pk)),
        client.get(url(world, "request_detail", PrivacyRequest.objects.get().pk)),
        client.get(url(world, "evidence_detail") + f"?address={ADDRESS}"),
    ]
    for page in pages:
        assert page.status_code == 200
        assert EVIL not in text(page)


def test_an_owner_allows_drafts_and_says_how_many_tokens(world: World) -> None:
    client = world.client(world.owner)
    answer = client.post(url(world, "privacy_settings_edit"), settings_data() | {"openai_tokens": 10})
    assert answer.status_code == 422
    data = settings_data() | {"may_use_openai": "on", "openai_tokens": 250_000}
    assert world.client(world.marketer).post(url(world, "privacy_settings_edit"), data).status_code == 403
    client.post(url(world, "privacy_settings_edit"), data)
    assert "250,000" in text(client.get(url(world, "privacy_settings")))
