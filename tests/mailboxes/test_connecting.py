"""The way out to Google or Microsoft and back: who may, what is compared, and what is never shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from compliance import holds
from compliance.models import AuditEntry, Hold
from outreach_site.accounts.models import Membership, Role, Workspace
from outreach_site.mailboxes.models import Connection, Mailbox
from tests.conftest import World
from tests.mailboxes.conftest import make_connected, make_mailbox
from tests.mailboxes.token_endpoint import TokenEndpoint, refusal

HTMX = {"HX-Request": "true"}


def url(name: str, workspace: Workspace, *args: Any) -> str:
    return reverse(f"mailboxes:{name}", args=[workspace.slug, *args])


def said(client: Client, answer: Any) -> str:
    """What the next page says at its top."""
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


@pytest.fixture
def owner(world: World) -> Client:
    return world.client(world.owner)


def gmail(world: World, **changes: Any) -> Mailbox:
    return make_mailbox(world.here, provider="gmail", smtp_host="smtp.gmail.com", **changes)


# --- Out -------------------------------------------------------------------------------------------------------------


def test_a_person_is_led_to_the_provider_with_pkce_and_state(
    world: World, owner: Client, google: TokenEndpoint, settings: Settings
) -> None:
    answer = owner.post(url("new_mailbox_connect", world.here, "gmail"), {"email": "mara@orchard.example"})
    assert answer.status_code == 302
    parts = urlsplit(answer["Location"])
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert (parts.scheme, parts.netloc) == ("https", "accounts.google.com")
    assert asked["redirect_uri"] == f"{settings.SITE_URL}/mailboxes/google/connected/"
    assert asked["code_challenge_method"] == "S256"
    assert "https://mail.google.com/" in asked["scope"].split()
    assert (asked["access_type"], asked["prompt"]) == ("offline", "consent")
    assert asked["login_hint"] == "mara@orchard.example"
    assert len(asked["state"]) >= 40
    assert "verifier" not in answer["Location"]


def test_microsoft_is_asked_for_its_own_scopes(world: World, owner: Client, microsoft: TokenEndpoint) -> None:
    answer = owner.post(url("new_mailbox_connect", world.here, "outlook"))
    asked = parse_qs(urlsplit(answer["Location"]).query)
    scopes = asked["scope"][0].split()
    assert {
        "https://outlook.office.com/SMTP.Send", "https://outlook.office.com/IMAP.AccessAsUser.All", "offline_access",
    } <= set(scopes)  # fmt: skip


def test_htmx_is_led_away_as_a_page(world: World, owner: Client, google: TokenEndpoint) -> None:
    answer = owner.post(url("mailbox_connect", world.here, gmail(world).pk), headers=HTMX)
    assert answer["HX-Redirect"].startswith("https://accounts.google.com/")


@pytest.mark.parametrize("name", ["mailbox_connect", "mailbox_disconnect"])
def test_actions_are_posted_by_owners_alone(world: World, owner: Client, google: TokenEndpoint, name: str) -> None:
    address = url(name, world.here, make_connected(world.here, google).pk)
    assert owner.get(address).status_code == 405
    assert world.client(world.stranger).post(address).status_code == 404
    for user in (world.marketer, world.officer, world.viewer):
        assert world.client(user).post(address).status_code == 403


def test_the_content_policy_lets_the_form_lead_away(world: World, owner: Client, google: TokenEndpoint) -> None:
    page = owner.get(url("mailbox_edit", world.here, gmail(world).pk))
    [policy] = [part for part in page["Content-Security-Policy"].split("; ") if part.startswith("form-action")]
    assert set(policy.split()[1:]) == {"'self'", "https://accounts.google.com", "https://login.microsoftonline.com"}
    assert "accounts.google.com" not in owner.get(url("mailbox_list", world.here))["Content-Security-Policy"]


def test_without_a_registration_the_button_says_what_to_set(world: World, owner: Client) -> None:
    for provider, name in (("gmail", "GOOGLE"), ("outlook", "MICROSOFT")):
        page = owner.get(url("mailbox_create", world.here, provider)).text
        assert f"{name}_CLIENT_ID and {name}_CLIENT_SECRET" in page
        assert f"http://testserver/mailboxes/{name.lower()}/connected/" in page
        answer = owner.post(url("new_mailbox_connect", world.here, provider))
        assert f"{name}_CLIENT_ID" in said(owner, answer)
    assert "Connect with Google" not in owner.get(url("mailbox_create", world.here, "cpanel")).text


def test_without_an_encryption_key_nobody_is_led_away(
    world: World, owner: Client, google: TokenEndpoint, settings: Settings
) -> None:
    settings.MAIL_SMTP_ENCRYPTION_KEYS = []
    answer = owner.post(url("new_mailbox_connect", world.here, "gmail"))
    assert answer["Location"] == url("mailbox_list", world.here)
    assert "openssl rand" in said(owner, answer)


# --- Back ------------------------------------------------------------------------------------------------------------


def test_a_new_mailbox_is_connected(world: World, owner: Client, google: TokenEndpoint) -> None:
    there = owner.post(url("new_mailbox_connect", world.here, "gmail"))["Location"]
    back = owner.get(google.agree(there))
    assert back["Location"] == url("mailbox_list", world.here)
    mailbox = Mailbox.objects.get()
    assert (mailbox.workspace, mailbox.email, mailbox.sign_in_by) == (world.here, google.email, "google")
    assert (mailbox.smtp_host, mailbox.imap_host) == ("smtp.gmail.com", "imap.gmail.com")
    assert mailbox.smtp_user == mailbox.imap_user == google.email
    assert not mailbox.has_smtp_password
    connection = Connection.objects.get()
    assert connection.open_refresh_token() in google.refresh_tokens
    assert connection.open_access_token() == "access-token-0"
    page = owner.get(back["Location"]).text
    assert "Connected with Google" in page
    events = AuditEntry.objects.filter(workspace_id=world.here.pk, about=f"mailbox:{mailbox.pk}")
    assert set(events.values_list("event", flat=True)) == {"mailbox.added", "mailbox.connected"}
    assert not any("token-" in str(row) for row in AuditEntry.objects.values_list("details", flat=True))


def test_a_mailbox_with_a_password_is_connected_and_its_hold_lifted(
    world: World, owner: Client, microsoft: TokenEndpoint
) -> None:
    mailbox = make_mailbox(world.here, provider="outlook", smtp_host="smtp.office365.com", imap_host="")
    holds.place(
        workspace=world.here,
        subject=f"mailbox:{mailbox.pk}",
        reason="It cannot send.",
        source=f"mailbox:{mailbox.pk}",
        now=timezone.now(),
    )
    there = owner.post(url("mailbox_connect", world.here, mailbox.pk))["Location"]
    owner.get(microsoft.agree(there))
    mailbox.refresh_from_db()
    assert (mailbox.sign_in_by, mailbox.imap_host) == ("microsoft", "outlook.office365.com")
    assert not mailbox.has_smtp_password
    assert not Hold.objects.standing().exists()


def test_connecting_again_replaces_the_tokens(world: World, owner: Client, google: TokenEndpoint) -> None:
    mailbox = make_connected(world.here, google, smtp_host="smtp.gmail.com")
    Connection.objects.update(ended_at=timezone.now(), told_ended_at=timezone.now())
    owner.get(google.agree(owner.post(url("mailbox_connect", world.here, mailbox.pk))["Location"]))
    connection = Connection.objects.get()
    assert connection.ended_at is None
    assert connection.open_refresh_token() != "refresh-token-0"


def test_another_address_than_the_mailboxes_is_refused(world: World, owner: Client, google: TokenEndpoint) -> None:
    mailbox = gmail(world)
    google.email = "somebody@else.example"
    answer = owner.get(google.agree(owner.post(url("mailbox_connect", world.here, mailbox.pk))["Location"]))
    assert "You signed in at Google as somebody@else.example" in said(owner, answer)
    assert not Connection.objects.exists()
    mailbox.refresh_from_db()
    assert mailbox.has_smtp_password


def test_a_sign_in_that_is_in_use_is_refused(world: World, owner: Client, google: TokenEndpoint) -> None:
    make_mailbox(world.elsewhere, provider="gmail", smtp_host="smtp.gmail.com")
    answer = owner.get(google.agree(owner.post(url("new_mailbox_connect", world.here, "gmail"))["Location"]))
    assert "in use already" in said(owner, answer)
    assert not Connection.objects.exists()


def test_an_answer_is_used_up(world: World, owner: Client, google: TokenEndpoint) -> None:
    back = google.agree(owner.post(url("new_mailbox_connect", world.here, "gmail"))["Location"])
    owner.get(back)
    asked = len(google.requests)
    answer = owner.get(back)
    assert "begun elsewhere" in said(owner, answer)
    assert len(google.requests) == asked


def test_an_answer_for_another_session_is_refused(world: World, owner: Client, google: TokenEndpoint) -> None:
    """An attacker's own code, brought into an owner's browser, connects nothing."""
    theirs = world.client(world.stranger)
    back = google.agree(theirs.post(url("new_mailbox_connect", world.elsewhere, "gmail"))["Location"])
    assert "begun elsewhere" in said(owner, owner.get(back))
    assert not Mailbox.objects.exists()
    assert google.requests == []
    assert Client().get(back).status_code == 302  # to the sign-in page


def test_an_answer_of_the_other_provider_is_refused(
    world: World, owner: Client, google: TokenEndpoint, microsoft: TokenEndpoint
) -> None:
    back = google.agree(owner.post(url("new_mailbox_connect", world.here, "gmail"))["Location"])
    answer = owner.get(back.replace("/google/", "/microsoft/"))
    assert "begun elsewhere" in said(owner, answer)
    assert microsoft.requests == []


def test_an_answer_that_comes_late_is_refused(world: World, owner: Client, google: TokenEndpoint) -> None:
    back = google.agree(owner.post(url("new_mailbox_connect", world.here, "gmail"))["Location"])
    with time_machine.travel(timezone.now() + timedelta(minutes=20)):
        assert "too long ago" in said(owner, owner.get(back))
    assert google.requests == []


def test_who_is_no_owner_any_more_connects_nothing(world: World, owner: Client, google: TokenEndpoint) -> None:
    back = google.agree(owner.post(url("new_mailbox_connect", world.here, "gmail"))["Location"])
    Membership.objects.filter(user=world.owner).update(role=Role.MARKETER)
    assert owner.get(back).status_code == 404
    assert google.requests == []


def test_a_refusal_at_the_provider_is_said(world: World, owner: Client, google: TokenEndpoint) -> None:
    back = google.agree(owner.post(url("new_mailbox_connect", world.here, "gmail"))["Location"])
    answer = owner.get(back.partition("&code")[0] + "&error=access_denied")
    assert "permission was not given" in said(owner, answer)


def test_a_refusal_of_the_tokens_is_said_with_its_code(world: World, owner: Client, google: TokenEndpoint) -> None:
    back = google.agree(owner.post(url("new_mailbox_connect", world.here, "gmail"))["Location"])
    google.answer = lambda: refusal("deleted_client", status=401)
    assert "Google refused, and said “deleted_client”" in said(owner, owner.get(back))


def test_words_of_the_provider_cannot_write_into_the_page(world: World, owner: Client, google: TokenEndpoint) -> None:
    back = google.agree(owner.post(url("new_mailbox_connect", world.here, "gmail"))["Location"])
    answer = owner.get(back.partition("&code")[0] + "&error=<script>alert(1)</script>", follow=True)
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"aud": "another-client"},
        {"iss": "https://accounts.google.com.evil.example"},
        {"exp": 1000},
        {"exp": None},
        {"email": "", "preferred_username": ""},
        {"email_verified": False},
        {"aud": None},
    ],
)
def test_an_id_token_that_is_not_for_us_connects_nothing(
    world: World, owner: Client, google: TokenEndpoint, claims: dict[str, object]
) -> None:
    google.claims = claims
    back = google.agree(owner.post(url("new_mailbox_connect", world.here, "gmail"))["Location"])
    assert "Nothing was connected" in said(owner, owner.get(back))
    assert not Mailbox.objects.exists()


def test_a_permission_in_part_is_no_permission(world: World, owner: Client, google: TokenEndpoint) -> None:
    google.scope = "openid email"
    back = google.agree(owner.post(url("new_mailbox_connect", world.here, "gmail"))["Location"])
    assert "leave the boxes ticked" in said(owner, owner.get(back))


def test_a_session_keeps_few_departures(world: World, owner: Client, google: TokenEndpoint) -> None:
    for _ in range(9):
        owner.post(url("new_mailbox_connect", world.here, "gmail"))
    assert len(owner.session["mailbox_departures"]) == 5


# --- Connected -------------------------------------------------------------------------------------------------------


def test_a_connected_mailbox_has_no_servers_or_passwords_to_change(
    world: World, owner: Client, google: TokenEndpoint
) -> None:
    mailbox = make_connected(world.here, google)
    address = url("mailbox_edit", world.here, mailbox.pk)
    page = owner.get(address).text
    assert 'name="smtp_password"' not in page
    assert 'name="smtp_host"' not in page
    assert "-token-" not in page
    answer = owner.post(
        address,
        {
            "email": "x@evil.example", "from_name": "Mara", "reading": "personal", "min_gap_seconds": "9",
            "smtp_host": "smtp.evil.example", "smtp_password": "x",
        },
    )  # fmt: skip
    assert answer.status_code == 302
    mailbox.refresh_from_db()
    assert (mailbox.smtp_host, mailbox.email) == ("smtp.orchard.example", "mara@orchard.example")
    assert (mailbox.from_name, mailbox.min_gap_seconds, mailbox.reading) == ("Mara", 9, "personal")
    assert not mailbox.has_smtp_password


def test_disconnecting_forgets_the_tokens(world: World, owner: Client, google: TokenEndpoint) -> None:
    mailbox = make_connected(world.here, google)
    answer = owner.post(url("mailbox_disconnect", world.here, mailbox.pk))
    assert answer["Location"] == url("mailbox_edit", world.here, mailbox.pk)
    assert not Connection.objects.exists()
    mailbox.refresh_from_db()
    assert not mailbox.is_connected
    assert "Type the password" not in owner.get(answer["Location"]).text
    assert (
        owner.post(url("mailbox_disconnect", world.here, mailbox.pk), headers=HTMX)["HX-Redirect"] == answer["Location"]
    )


def test_a_disconnected_mailbox_does_not_say_that_it_works(world: World, owner: Client, google: TokenEndpoint) -> None:
    mailbox = make_connected(world.here, google)
    mailbox.mark_sending_ok(now=timezone.now())
    mailbox.mark_receiving_ok(now=timezone.now())
    owner.post(url("mailbox_disconnect", world.here, mailbox.pk))
    mailbox.refresh_from_db()
    assert mailbox.sending_state == mailbox.receiving_state == Mailbox.State.UNTESTED


def test_disconnecting_withdraws_the_permission_at_google(world: World, owner: Client, google: TokenEndpoint) -> None:
    mailbox = make_connected(world.here, google)
    refresh_token = Connection.objects.get().open_refresh_token()
    answer = owner.post(url("mailbox_disconnect", world.here, mailbox.pk), follow=True)
    assert google.revoked == [{"token": refresh_token}], "the token alone, and no secret of ours"
    assert "Google gives nobody access by it" in answer.text


@pytest.mark.parametrize("status", [400, 503])
def test_a_permission_that_google_does_not_withdraw_is_forgotten_all_the_same(
    world: World, owner: Client, google: TokenEndpoint, status: int
) -> None:
    google.answer = lambda: refusal("invalid_request", status=status)
    mailbox = make_connected(world.here, google)
    answer = owner.post(url("mailbox_disconnect", world.here, mailbox.pk), follow=True)
    assert "Withdraw the permission itself at https://myaccount.google.com/connections" in answer.text
    assert not Connection.objects.exists()


def test_a_permission_that_google_has_forgotten_is_withdrawn(
    world: World, owner: Client, google: TokenEndpoint
) -> None:
    google.answer = lambda: refusal("invalid_token")
    mailbox = make_connected(world.here, google)
    answer = owner.post(url("mailbox_disconnect", world.here, mailbox.pk), follow=True)
    assert "Google gives nobody access by it" in answer.text


def test_a_token_that_no_key_opens_is_forgotten_all_the_same(
    world: World, owner: Client, google: TokenEndpoint, settings: Settings
) -> None:
    mailbox = make_connected(world.here, google)
    settings.MAIL_SMTP_ENCRYPTION_KEYS = ["QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="]
    owner.post(url("mailbox_disconnect", world.here, mailbox.pk))
    assert not Connection.objects.exists()
    assert google.revoked == []


def test_microsoft_has_no_such_door(world: World, owner: Client, microsoft: TokenEndpoint) -> None:
    mailbox = make_connected(world.here, microsoft, by="microsoft")
    asked = len(microsoft.requests)
    answer = owner.post(url("mailbox_disconnect", world.here, mailbox.pk), follow=True)
    assert "Withdraw the permission itself at" in answer.text
    assert len(microsoft.requests) == asked


def test_cards_of_connected_mailboxes_cost_one_query_more(
    world: World, owner: Client, google: TokenEndpoint, django_assert_num_queries: Any
) -> None:
    from outreach_site.mailboxes.cards import cards

    listed = [
        make_connected(world.here, google, email=f"m{n}@orchard.example", smtp_user=f"m{n}@orchard.example")
        for n in range(3)
    ]
    with django_assert_num_queries(4) as one:
        cards(listed[:1], workspace=world.here, now=timezone.now())
    with django_assert_num_queries(len(one.captured_queries)):
        cards(listed, workspace=world.here, now=timezone.now())
