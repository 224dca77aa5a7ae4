"""The compliance pages: who may open them, what they show, and what an action does with and without JavaScript."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from compliance import audit, holds, suppression
from compliance.models import AuditEntry, AuditPerson, Hold, Suppression
from compliance.suppression import Reason
from outreach_site.accounts.models import User, Workspace
from outreach_site.mailboxes.models import Mailbox
from tests.conftest import World

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
HTMX = {"HX-Request": "true"}
EVIL = "<script>alert(1)</script>"


def url(world: World, name: str, *args: int, workspace: Workspace | None = None) -> str:
    return reverse(f"compliance:{name}", args=[(workspace or world.here).slug, *args])


def text(response: Any) -> str:
    assert isinstance(response, HttpResponse)
    return response.content.decode()


def suppress(
    world: World, address: str, reason: Reason = Reason.MANUAL, *, workspace: Workspace | None = None, **more: Any
) -> Suppression:
    return suppression.suppress(workspace=workspace or world.here, address=address, reason=reason, now=NOW, **more)


def hold(world: World, subject: str = "address:ed@x.test", reason: str = "It may be a refusal.") -> Hold:
    return holds.place(workspace=world.here, subject=subject, reason=reason, advice="Read it.", now=NOW)


def objects(world: World) -> dict[str, list[int]]:
    """Every page of a workspace, with keys of things that are there."""
    entry = suppress(world, "ed@x.test")
    logged = AuditEntry.objects.get()
    held = hold(world)
    return {
        "suppression_list": [],
        "suppression_create": [],
        "suppression_detail": [entry.pk],
        "suppression_lift": [entry.pk],
        "hold_list": [],
        "hold_lift": [held.pk],
        "audit_list": [],
        "audit_detail": [logged.pk],
        "check_address": [],
    }


# --- Walls and roles --------------------------------------------------------------------------------------------------


def test_nothing_is_reachable_from_outside(world: World) -> None:
    for name, args in objects(world).items():
        for verb in ("get", "post"):
            foreign = getattr(world.client(world.stranger), verb)(url(world, name, *args))
            assert foreign.status_code == 404, (name, verb)
            anonymous = getattr(world.client(), verb)(url(world, name, *args))
            assert anonymous.status_code == 302, (name, verb)
            assert "/accounts/login/" in anonymous["Location"]


def test_a_strangers_workspace_does_not_open_our_things(world: World) -> None:
    for name, args in objects(world).items():
        if args:
            path = url(world, name, *args, workspace=world.elsewhere)
            assert world.client(world.stranger).get(path).status_code == 404, name
            assert world.client(world.stranger).post(path, {"reason": "x"}).status_code in {404, 405}, name
    assert Suppression.objects.exists()
    assert Hold.objects.standing().exists()


def test_everybody_reads(world: World) -> None:
    pages = objects(world)
    readable = ["suppression_list", "suppression_detail", "hold_list", "audit_list", "audit_detail"]
    for user in (world.owner, world.marketer, world.officer, world.viewer):
        for name in readable:
            assert world.client(user).get(url(world, name, *pages[name])).status_code == 200, (user, name)


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("suppression_create", {"owner", "marketer", "officer"}),
        ("check_address", {"owner", "marketer", "officer"}),
        ("suppression_lift", {"owner", "officer"}),
        ("hold_lift", {"owner", "officer"}),
    ],
)
def test_who_may_act(world: World, name: str, may: set[str]) -> None:
    args = objects(world)[name]
    for role in ("owner", "marketer", "officer", "viewer"):
        user: User = getattr(world, role)
        expected = 200 if role in may else 403
        assert world.client(user).get(url(world, name, *args)).status_code == expected, role
        if role not in may:
            assert world.client(user).post(url(world, name, *args), {"reason": "x"}).status_code == 403
    assert Suppression.objects.count() == 1


def test_viewers_see_no_controls(world: World) -> None:
    suppress(world, "ed@x.test")
    hold(world)
    page = text(world.client(world.viewer).get(url(world, "suppression_list")))
    assert "Lift" not in page
    assert url(world, "suppression_create") not in page
    assert url(world, "check_address") not in page
    assert "Let it go on" not in text(world.client(world.viewer).get(url(world, "hold_list")))


# --- Suppression: the list --------------------------------------------------------------------------------------------


def test_the_list_says_who_when_why_and_from_what(world: World) -> None:
    suppress(world, "ed@brightgarden.test", Reason.NOT_INTERESTED, source="reply:7", user=world.marketer)
    suppression.suppress_domain(workspace=world.here, domain="rival.test", reason=Reason.MANUAL, note=EVIL, now=NOW)
    page = text(world.client(world.viewer).get(url(world, "suppression_list")))
    for shown in ("ed@brightgarden.test", "Said no", "Reply 7", "Marketer", "@rival.test", "everybody there"):
        assert shown in page
    assert reverse("inbox:reply_detail", args=[world.here.slug, 7]) in page
    assert EVIL not in page


def test_another_workspaces_and_the_servers_entries_are_not_listed(world: World) -> None:
    suppress(world, "theirs@x.test", workspace=world.elsewhere)
    suppression.suppress(workspace=None, address="erased@x.test", reason=Reason.ERASURE, now=NOW)
    client = world.client(world.owner)
    assert "Nobody is suppressed" in text(client.get(url(world, "suppression_list")))
    assert "x.test" not in text(client.get(url(world, "suppression_list"), {"reason": "erasure"}))
    half = text(client.get(url(world, "suppression_list"), {"q": "erased@"}))
    assert "suppressed on the whole server" not in half
    whole = text(client.get(url(world, "suppression_list"), {"q": "Erased@x.test"}))
    assert "erased@x.test is suppressed on the whole server" in whole
    everywhere = Suppression.objects.get(workspace=None)
    for name in ("suppression_detail", "suppression_lift"):
        assert client.get(url(world, name, everywhere.pk)).status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ed@b", {"ed@brightgarden.test"}),
        ("ED@Bright", {"ed@brightgarden.test"}),
        ("brightgarden", {"ed@brightgarden.test", "@brightgarden.test"}),
        ("@brightgarden.test", {"ed@brightgarden.test", "@brightgarden.test"}),
        ("flo@mail.brightgarden.test", {"@brightgarden.test"}),
        ("e.d+x@googlemail.com", {"ed@gmail.com"}),
        ("rightgarden", set()),
        ("%", set()),
        ("_d@", set()),
        ("a' OR 1=1 --", set()),
        ("\x00\u202e", {"ed@brightgarden.test", "@brightgarden.test", "ed@gmail.com"}),
    ],
)
def test_search(world: World, query: str, found: set[str]) -> None:
    suppress(world, "ed@brightgarden.test")
    suppress(world, "ed@gmail.com")
    suppression.suppress_domain(workspace=world.here, domain="brightgarden.test", reason=Reason.MANUAL, now=NOW)
    response = world.client(world.viewer).get(url(world, "suppression_list"), {"q": query})
    assert {row.written for row in response.context["rows"]} == found


def test_filter_by_reason_and_nonsense_filters(world: World) -> None:
    suppress(world, "ed@x.test", Reason.OPT_OUT)
    suppress(world, "flo@x.test")
    client = world.client(world.viewer)
    only = client.get(url(world, "suppression_list"), {"reason": "opt_out"})
    assert [row.written for row in only.context["rows"]] == ["ed@x.test"]
    for nonsense in ({"reason": "x"}, {"before": "x"}, {"after": "9" * 30}, {"before": "-1"}, {"before": "²"}):
        assert len(client.get(url(world, "suppression_list"), nonsense).context["rows"]) == 2


def test_paging_by_key_goes_through_and_back(world: World) -> None:
    suppression.suppress_many(
        workspace=world.here, addresses=[f"n{n:03}@x.test" for n in range(120)], reason=Reason.MANUAL, now=NOW
    )
    client = world.client(world.viewer)
    seen: list[str] = []
    path, pages = url(world, "suppression_list") + "?q=n", []
    while path:
        response = client.get(path)
        pages.append([row.written for row in response.context["rows"]])
        seen += pages[-1]
        pager = response.context["pager"]
        path = pager["next_url"]
        assert not path or "q=n" in path
    assert [len(page) for page in pages] == [50, 50, 20]
    assert seen == [f"n{n:03}@x.test" for n in reversed(range(120))]
    back = client.get(pager["previous_url"])
    assert [row.written for row in back.context["rows"]] == pages[1]
    first = client.get(back.context["pager"]["previous_url"])
    assert [row.written for row in first.context["rows"]] == pages[0]
    assert first.context["pager"]["previous_url"] == ""


def test_htmx_gets_the_rows_alone(world: World) -> None:
    suppress(world, "ed@x.test")
    for name, mark in (("suppression_list", 'id="suppression-rows"'), ("audit_list", 'id="audit-rows"')):
        part = text(world.client(world.viewer).get(url(world, name), headers=HTMX))
        assert part.strip().startswith("<div")
        assert mark in part
        assert "<html" not in part


def test_the_number_of_queries_does_not_grow(world: World) -> None:
    client = world.client(world.officer)
    people = [world.owner, world.marketer, world.officer]

    def queries(start: int, end: int) -> list[int]:
        for n in range(start, end):
            suppress(world, f"n{n}@x.test", source=f"reply:{n}", user=people[n % 3])
            hold(world, f"address:n{n}@x.test")
        counts = []
        for name in ("suppression_list", "audit_list", "hold_list"):
            with CaptureQueriesContext(connection) as captured:
                assert client.get(url(world, name)).status_code == 200
            counts.append(len(captured))
        return counts

    client.get(url(world, "suppression_list"))  # the first visit remembers the workspace
    assert queries(0, 1) == queries(1, 45)


def test_the_history_of_an_entry(world: World) -> None:
    entry = suppress(world, "ed@x.test", user=world.marketer)
    suppress(world, "ed@x.test", Reason.OPT_OUT, source="reply:3")
    page = text(world.client(world.viewer).get(url(world, "suppression_detail", entry.pk)))
    assert "Reason made stronger: Asked to be removed" in page
    assert "Suppressed: Added by hand" in page


# --- Suppression: adding ----------------------------------------------------------------------------------------------


def test_adding_one(world: World) -> None:
    response = world.client(world.marketer).post(
        url(world, "suppression_create"), {"lines": "Ed@X.test", "reason": "opt_out", "note": "by telephone"}
    )
    assert response.status_code == 302
    assert response["Location"] == url(world, "suppression_list")
    entry = Suppression.objects.get()
    assert (entry.value, entry.reason, entry.note) == ("ed@x.test", "opt_out", "by telephone")
    assert entry.created_by_id == world.marketer.pk
    assert AuditEntry.objects.get().user_id == world.marketer.pk


def test_adding_with_htmx_leads_the_page_to_the_list(world: World) -> None:
    response = world.client(world.marketer).post(
        url(world, "suppression_create"), {"lines": "ed@x.test", "reason": "manual"}, headers=HTMX
    )
    assert response["HX-Redirect"] == url(world, "suppression_list")
    assert Suppression.objects.exists()


def test_adding_many_keeps_what_could_not_be_read(world: World) -> None:
    lines = "\n".join(
        [
            "ed@x.test, flo@x.test; gus@x.test",
            '"Smith, Hal" <hal@x.test>',
            "",
            "example.org",
            "@example.net",
            "nobody",
            "gmail.com",
            f"{EVIL}@x.test",
            "=HYPERLINK(1)@x.test\tivy@x.test",
        ]
    )
    for headers in ({}, HTMX):
        response = world.client(world.officer).post(
            url(world, "suppression_create"), {"lines": lines, "reason": "manual", "note": "kept"}, headers=headers
        )
        assert response.status_code == 422
        page = text(response)
        assert ("<html" in page) is (not headers)
        kept = response.context["form"]["lines"].value().splitlines()
        assert kept[:2] == ["nobody", "gmail.com"]
        assert response.context["form"]["note"].value() == "kept"
        assert "(line 6)" in page
        assert EVIL not in page
    stored = set(Suppression.objects.values_list("value", flat=True))
    assert {"ed@x.test", "flo@x.test", "gus@x.test", "hal@x.test", "ivy@x.test", "example.org", "example.net"} <= stored
    assert "gmail.com" not in stored


@pytest.mark.parametrize(
    "data",
    [
        {"lines": "", "reason": "manual"},
        {"lines": "nobody", "reason": "manual"},
        {"lines": "ed@x.test", "reason": "erasure"},  # not a person's to say
        {"lines": "ed@x.test", "reason": "unsubscribe"},
        {"lines": "ed@x.test", "reason": "manual", "note": "n" * 501},
        {"lines": "\n".join(f"n{n}" for n in range(10_001)), "reason": "manual"},
    ],
)
def test_a_form_that_is_wrong_adds_nothing_and_loses_nothing(world: World, data: dict[str, str]) -> None:
    response = world.client(world.officer).post(url(world, "suppression_create"), data)
    assert response.status_code == 422
    assert not Suppression.objects.exists()
    value = response.context["form"]["lines"].value()
    assert [line.strip() for line in value.splitlines()] == data["lines"].splitlines()


def test_adding_goes_to_the_workspace_one_stands_in(world: World) -> None:
    world.client(world.marketer).post(
        url(world, "suppression_create"), {"lines": "ed@x.test", "reason": "manual", "workspace": world.elsewhere.pk}
    )
    assert Suppression.objects.get().workspace_id == world.here.pk


# --- Suppression: lifting ---------------------------------------------------------------------------------------------


def test_lifting_asks_for_a_reason(world: World) -> None:
    entry = suppress(world, "ed@x.test", Reason.HARD_BOUNCE)
    client = world.client(world.officer)
    refused = client.post(url(world, "suppression_lift", entry.pk), {"reason": "  "})
    assert refused.status_code == 422
    assert Suppression.objects.exists()
    done = client.post(url(world, "suppression_lift", entry.pk), {"reason": "Their server works again."})
    assert (done.status_code, done["Location"]) == (302, url(world, "suppression_list"))
    assert not Suppression.objects.exists()
    logged = AuditEntry.objects.get(event="suppression.lifted")
    assert (logged.user_id, logged.reason) == (world.officer.pk, "Their server works again.")


def test_lifting_in_a_dialog(world: World) -> None:
    entry = suppress(world, "ed@x.test")
    client = world.client(world.officer)
    dialog = text(client.get(url(world, "suppression_lift", entry.pk), headers=HTMX))
    assert 'id="dialog-title"' in dialog
    assert "<html" not in dialog
    done = client.post(url(world, "suppression_lift", entry.pk), {"reason": "A mistake."}, headers=HTMX)
    assert done["HX-Redirect"] == url(world, "suppression_list")


@pytest.mark.parametrize("reason", [Reason.OPT_OUT, Reason.COMPLAINT, Reason.UNSUBSCRIBE])
def test_a_persons_own_word_is_an_owners_to_lift_by_typing(world: World, reason: Reason) -> None:
    entry = suppress(world, "ed@x.test", reason)
    path = url(world, "suppression_lift", entry.pk)
    assert "only an owner" in text(world.client(world.officer).get(path))
    assert world.client(world.officer).post(path, {"reason": "x", "typed": "ed@x.test"}).status_code == 403
    owner = world.client(world.owner)
    for typed in ("", "flo@x.test", "ed@x"):
        assert owner.post(path, {"reason": "x", "typed": typed}).status_code == 422
    assert Suppression.objects.exists()
    assert owner.post(path, {"reason": "They wrote again.", "typed": " ED@x.test "}).status_code == 302
    assert not Suppression.objects.exists()


def test_an_erasure_is_never_lifted(world: World) -> None:
    entry = suppress(world, "ed@x.test", Reason.ERASURE)
    path = url(world, "suppression_lift", entry.pk)
    assert "can never be lifted" in text(world.client(world.owner).get(path))
    assert world.client(world.owner).post(path, {"reason": "x", "typed": "ed@x.test"}).status_code == 403
    assert Suppression.objects.exists()


# --- Held back --------------------------------------------------------------------------------------------------------


def test_holds_say_why_and_what_to_do(world: World) -> None:
    hold(world, reason=EVIL)
    hold(world, "campaign:7", "Too many bounces.")
    page = text(world.client(world.viewer).get(url(world, "hold_list")))
    for shown in ("ed@x.test", "Campaign 7", "Too many bounces.", "Read it."):
        assert shown in page
    assert EVIL not in page


def test_nothing_held_is_a_page_too(world: World) -> None:
    assert "Nothing is held back" in text(world.client(world.viewer).get(url(world, "hold_list")))


def test_lifting_a_hold(world: World) -> None:
    held = hold(world)
    path = url(world, "hold_lift", held.pk)
    client = world.client(world.officer)
    assert "Stop holding back ed@x.test?" in text(client.get(path))
    assert "<html" not in text(client.get(path, headers=HTMX))
    held.refresh_from_db()
    assert held.lifted_at is None
    assert client.post(path)["Location"] == url(world, "hold_list")
    held.refresh_from_db()
    assert held.lifted_at is not None
    assert held.lifted_by_id == world.officer.pk
    assert client.post(path, headers=HTMX)["HX-Redirect"] == url(world, "hold_list")  # twice: no harm
    lifted = AuditEntry.objects.get(event="hold.lifted")
    assert (lifted.user_id, lifted.about, lifted.person.lead_email) == (world.officer.pk, "", "ed@x.test")


def test_a_mailbox_is_an_owners_to_release(world: World) -> None:
    mailbox = Mailbox.objects.create(
        workspace=world.here, email="mara@orchard.example", smtp_host="mail.orchard.example", smtp_user="mara"
    )
    held = hold(world, f"mailbox:{mailbox.pk}")
    path = url(world, "hold_lift", held.pk)
    officer = world.client(world.officer)
    assert "mara@orchard.example" in text(officer.get(url(world, "hold_list")))
    assert "Let it go on" not in text(officer.get(url(world, "hold_list")))
    assert officer.get(path).status_code == 403
    assert officer.post(path).status_code == 403
    mailbox.pause(now=NOW)
    said = (
        "mara@orchard.example is not held back any more. "
        "The mailbox mara@orchard.example is paused: an owner resumes it"
    )
    assert said in text(world.client(world.owner).post(path, follow=True))


def test_the_same_hold_stands_once_until_lifted(world: World) -> None:
    first, again = hold(world), hold(world, reason="Another reason.")
    assert first == again
    assert again.reason == "It may be a refusal."
    assert holds.lift(first, user=world.officer, now=NOW)
    assert not holds.lift(first, user=world.officer, now=NOW)
    assert hold(world) != first
    events = list(AuditEntry.objects.order_by("pk").values_list("event", flat=True))
    assert events == ["hold.placed", "hold.lifted", "hold.placed"]


# --- The audit log ----------------------------------------------------------------------------------------------------


def log(world: World, event: str = "letter.decided", *, at: datetime = NOW, **more: Any) -> AuditEntry:
    return audit.record(event, workspace=more.pop("workspace", world.here), now=at, **more)


def shown(world: World, **query: str) -> list[int]:
    response = world.client(world.viewer).get(url(world, "audit_list"), query)
    assert response.status_code == 200
    return [row.entry.pk for row in response.context["rows"]]


def test_the_log_is_narrowed_by_each_filter(world: World) -> None:
    letter = log(world, lead_email="Ed@X.test", policy_result="blocked")
    other = log(world, lead_email="flo@x.test", policy_result="approved")
    mailbox = log(world, "mailbox.changed", about="mailbox:3")
    log(world, lead_email="ed@x.test", workspace=world.elsewhere)
    assert shown(world) == [mailbox.pk, other.pk, letter.pk]
    assert shown(world, q="ed@") == [letter.pk]
    assert shown(world, q="ED@x.test") == [letter.pk]
    assert shown(world, q="d@x") == []
    assert shown(world, result="blocked") == [letter.pk]
    assert shown(world, event="mailboxes") == [mailbox.pk]
    assert shown(world, event="letters", result="approved") == [other.pk]
    assert shown(world, result="x", event="y", since="yesterday", q="\x00") == [mailbox.pk, other.pk, letter.pk]


def test_days_are_the_workspaces_own(world: World) -> None:
    """The workspace is in Berlin, where clocks go forward on 29 March 2026: that day has 23 hours."""
    before = log(world, at=datetime(2026, 3, 28, 22, 59, tzinfo=UTC))  # 23:59 of the 28th
    first = log(world, at=datetime(2026, 3, 28, 23, 0, tzinfo=UTC))  # 00:00 of the 29th
    last = log(world, at=datetime(2026, 3, 29, 21, 59, tzinfo=UTC))  # 23:59 in summer time
    after = log(world, at=datetime(2026, 3, 29, 22, 0, tzinfo=UTC))
    assert shown(world, since="2026-03-29", until="2026-03-29") == [last.pk, first.pk]
    assert shown(world, since="2026-03-30") == [after.pk]
    assert shown(world, until="2026-03-28") == [before.pk]
    assert shown(world, until="9999-12-31") == [after.pk, last.pk, first.pk, before.pk]


def test_an_entry_opens_with_its_checks(world: World) -> None:
    entry = log(
        world,
        user=world.marketer,
        about="attempt:42",
        policy_result="blocked",
        reason="It is on the list.",
        legal_basis="consent",
        region="EU",
        lead_email="ed@x.test",
        sender_email="mara@orchard.example",
        subject=EVIL,
        checks=[
            {"rule": "identity", "outcome": "passed", "sentence": "The letter says who writes."},
            {"rule": "suppression", "outcome": "refused", "sentence": "It is on the list."},
            {"rule": "of_another_version", "outcome": "unheard", "sentence": EVIL},
        ],
    )
    client = world.client(world.viewer)
    page = text(client.get(url(world, "audit_detail", entry.pk)))
    for words in ("Letter decided", "not allowed", "Marketer", "ed@x.test", "Letter 42", "Consent", "Who writes"):
        assert words in page
    assert page.index("Suppression list") < page.index("Who writes")  # what stands in the way comes first
    assert EVIL not in page
    assert "<html" not in text(client.get(url(world, "audit_detail", entry.pk), headers=HTMX))


def test_an_erased_person_leaves_an_entry_that_still_opens(world: World) -> None:
    entry = log(world, lead_email="ed@x.test", reason="It is on the list.")
    AuditPerson.objects.all().delete()
    page = text(world.client(world.viewer).get(url(world, "audit_detail", entry.pk)))
    assert "erased" in page
    assert "ed@x.test" not in page
    assert shown(world) == [entry.pk]


def test_an_empty_log(world: World) -> None:
    assert "Nothing has happened yet" in text(world.client(world.viewer).get(url(world, "audit_list")))


@pytest.mark.parametrize("name", ["audit_list", "audit_detail", "suppression_list", "suppression_detail", "hold_list"])
def test_reading_changes_nothing(world: World, name: str) -> None:
    args = objects(world)[name]
    before = AuditEntry.objects.count()
    world.client(world.owner).post(url(world, name, *args), {"reason": "x"})
    assert AuditEntry.objects.count() == before
    assert Suppression.objects.count() == 1


# --- Check an address -------------------------------------------------------------------------------------------------


def check(world: World, address: str, *, headers: dict[str, str] | None = None, **more: Any) -> Any:
    return world.client(world.marketer).post(
        url(world, "check_address"), {"address": address, **more}, headers=headers or {}
    )


def test_a_suppressed_address(world: World) -> None:
    suppress(world, "ed@brightgarden.com", Reason.OPT_OUT)
    response = check(world, "Ed@BrightGarden.com")
    page = text(response)
    assert "No: no letter goes to Ed@BrightGarden.com." in page
    assert response.context["verdict"].checks[0].label == "Suppression list"
    entry = AuditEntry.objects.get(event="letter.checked")
    assert entry.is_preview
    assert (entry.policy_result, entry.user_id) == ("blocked", world.marketer.pk)
    assert entry.person.lead_email == "ed@brightgarden.com"


def test_an_address_that_may_be_written_to(world: World) -> None:
    page = text(check(world, "ed@brightgarden.com"))
    assert "Yes: a letter to ed@brightgarden.com may go now." in page
    assert "Letters to this domain today" in page
    assert "This mailbox today" not in page  # no mailbox was chosen
    assert "Same letter twice" not in page


def test_with_a_mailbox_and_a_subject_more_is_checked(world: World) -> None:
    mailbox = Mailbox.objects.create(
        workspace=world.here, email="mara@orchard.example", smtp_host="mail.orchard.example", smtp_user="mara"
    )
    page = text(check(world, "ed@brightgarden.com", mailbox=mailbox.pk, subject="A link"))
    assert "Same letter twice" in page
    assert "This mailbox, last hour" in page


def test_another_workspaces_mailbox_is_no_choice(world: World) -> None:
    theirs = Mailbox.objects.create(
        workspace=world.elsewhere, email="them@quarry.example", smtp_host="mail.quarry.example", smtp_user="them"
    )
    assert "them@quarry.example" not in text(world.client(world.marketer).get(url(world, "check_address")))
    assert check(world, "ed@brightgarden.com", mailbox=theirs.pk).status_code == 422
    assert not AuditEntry.objects.exists()


def test_a_region_that_asks_needs_a_person(world: World) -> None:
    page = text(check(world, "redaktion@gartenblatt.de"))
    assert "needs a person first" in page
    assert "Rule of the region" in page


@pytest.mark.parametrize("address", ["", "nobody", "a@b.test\r\nBcc: x@y.test", "a" * 400 + "@x.test", EVIL])
def test_what_is_no_address_is_said_in_the_form(world: World, address: str) -> None:
    response = check(world, address)
    assert response.status_code == 422
    assert response.context["form"].errors["address"]
    assert EVIL not in text(response)
    assert not AuditEntry.objects.exists()


def test_htmx_gets_form_and_verdict_alone(world: World) -> None:
    part = text(check(world, "ed@brightgarden.com", headers=HTMX))
    assert 'class="check-address"' in part
    assert "<html" not in part


def test_a_link_fills_the_form_in_and_asks_nothing(world: World) -> None:
    response = world.client(world.marketer).get(url(world, "check_address"), {"address": "ed@x.test"})
    assert response.context["form"]["address"].value() == "ed@x.test"
    assert not AuditEntry.objects.exists()


def test_an_old_moment_reads_as_a_date(world: World) -> None:
    suppression.suppress(
        workspace=world.here, address="ed@x.test", reason=Reason.MANUAL, now=timezone.now() - timedelta(days=400)
    )
    assert 'class="when"' in text(world.client(world.viewer).get(url(world, "suppression_list")))


def test_forms_are_protected_against_forgery(world: World) -> None:
    entry = suppress(world, "ed@x.test")
    forger = Client(enforce_csrf_checks=True)
    forger.force_login(world.owner)
    for name, args in (("suppression_create", []), ("suppression_lift", [entry.pk]), ("check_address", [])):
        answer = forger.post(url(world, name, *args), {"reason": "x", "lines": "a@x.test", "address": "a@x.test"})
        assert answer.status_code == 403
    assert Suppression.objects.count() == 1
