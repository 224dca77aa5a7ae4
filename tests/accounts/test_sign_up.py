"""Who may make an account, and how one signs in."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from compliance.models import AuditEntry
from outreach_site.accounts import installation
from outreach_site.accounts.models import Membership, Role, User, Workspace
from tests.conftest import World
from tests.queued import run_queued

RESET = "outreach_site.accounts.tasks.send_password_reset"

PASSWORD = "a-long-quiet-orchard"
FIRST = {
    "name": "Mara Voss",
    "email": "Mara@orchard.example",
    "password1": PASSWORD,
    "password2": PASSWORD,
    "workspace_name": "Orchard Media",
    "time_zone": "europe/berlin",
}


def first_sign_up() -> Client:
    installation.claim()
    browser = Client()
    answer = browser.post(reverse("account_signup"), FIRST)
    assert answer["Location"] == reverse("account_email_verification_sent")
    return browser


@pytest.mark.django_db
def test_the_first_person_opens_a_workspace() -> None:
    browser = first_sign_up()
    user = User.objects.get()
    workspace = Workspace.objects.get()
    assert (user.email, user.name, user.is_superuser) == ("mara@orchard.example", "Mara Voss", False)
    assert (workspace.name, workspace.slug, workspace.time_zone) == ("Orchard Media", "orchard-media", "Europe/Berlin")
    assert Membership.objects.get().role == Role.OWNER
    assert AuditEntry.objects.get(event="workspace.created").user_id == user.pk
    assert "_auth_user_id" not in browser.session, "not before the address is confirmed"

    link = re.search(r"http://testserver(\S+)", str(mail.outbox[0].body))
    assert link is not None
    assert not EmailAddress.objects.get().verified
    browser.get(link[1])
    assert not EmailAddress.objects.get().verified, "a mail scanner that follows the link confirms nothing"
    elsewhere = Client()
    browser.post(link[1])
    assert EmailAddress.objects.get().verified
    elsewhere.post(link[1])
    assert "_auth_user_id" not in elsewhere.session, "the link is no key"
    assert browser.get(reverse("accounts:settings", args=["orchard-media"])).status_code == 200


@pytest.mark.django_db
def test_the_second_person_needs_an_invitation() -> None:
    first_sign_up()
    browser = Client()
    page = browser.get(reverse("account_signup")).content.decode()
    assert "By invitation only" in page
    browser.post(reverse("account_signup"), FIRST | {"email": "second@pear.example"})
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_a_form_that_stood_open_while_the_first_owner_came_makes_no_account() -> None:
    from outreach_site.accounts.forms import SignUpForm
    from outreach_site.accounts.team import TeamError

    first_sign_up()
    from allauth.core import context
    from django.test import RequestFactory

    request = RequestFactory().post(reverse("account_signup"))
    request.session = Client().session
    with context.request_context(request):
        form = SignUpForm(FIRST | {"email": "second@pear.example"})
        assert form.is_valid(), form.errors
        with pytest.raises(TeamError):
            form.save(request)
    assert User.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("time_zone", "Mars/Base", "is not a time zone"),
        ("password1", "short", "too short"),
        ("workspace_name", "", "required"),
        ("name", "", "required"),
    ],
)
def test_what_is_wrong_with_a_first_sign_up_is_said(field: str, value: str, words: str) -> None:
    installation.claim()
    page = Client().post(reverse("account_signup"), FIRST | {field: value}).content.decode()
    assert words in page
    assert not User.objects.exists()
    assert not Workspace.objects.exists()


def with_password(user: User) -> User:
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(email: str, password: str = PASSWORD, **more: str) -> tuple[Client, str]:
    browser = Client()
    answer = browser.post(reverse("account_login"), {"login": email, "password": password} | more)
    return browser, answer.headers.get("Location", "")


def test_signing_in_leads_home(world: World) -> None:
    browser, location = sign_in(with_password(world.viewer).email.upper())
    assert location == reverse("desk:home")
    assert browser.session["_auth_user_id"] == str(world.viewer.pk)


def test_signing_in_makes_a_new_session(world: World) -> None:
    with_password(world.viewer)
    browser = Client()
    session = browser.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    browser.cookies["sessionid"] = planted or ""
    browser.post(reverse("account_login"), {"login": world.viewer.email, "password": PASSWORD})
    assert browser.session.session_key != planted


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/x", "javascript:alert(1)", "/\\evil.example"]
)
def test_signing_in_leads_nowhere_else(world: World, target: str) -> None:
    _, location = sign_in(with_password(world.viewer).email, next=target)
    assert "evil" not in location
    assert location == reverse("desk:home")


def test_signing_in_comes_back_to_where_one_was(world: World) -> None:
    with_password(world.viewer)
    page = reverse("accounts:team_list", args=[world.here.slug])
    asked = Client().get(page)
    assert asked["Location"] == f"/accounts/login/?next={page}"
    _, location = sign_in(world.viewer.email, next=page)
    assert location == page


def test_whether_an_address_has_an_account_is_told_to_nobody(world: World) -> None:
    def reset(email: str) -> tuple[int, str]:
        answer = Client().post(reverse("account_reset_password"), {"email": email})
        return answer.status_code, answer["Location"]

    assert reset(world.viewer.email) == reset("nobody@nowhere.example")
    assert mail.outbox == [], "no letter is written while somebody waits for the answer: its time would tell"
    assert run_queued(RESET) == 2
    assert [letter.to for letter in mail.outbox] == [[world.viewer.email]]
    pages = [
        Client().post(reverse("account_login"), {"login": email, "password": "wrong-password-1"}).content.decode()
        for email in (with_password(world.viewer).email, "nobody@nowhere.example")
    ]
    errors = [re.findall(r"<li>(.*?)</li>|<p>(.*?)</p>", page) for page in pages]
    assert errors[0] == errors[1]


def test_letters_lead_to_the_site_whatever_name_was_called(world: World, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    Client().post(reverse("account_reset_password"), {"email": world.viewer.email}, headers={"Host": "evil.example"})
    run_queued(RESET)
    body = str(mail.outbox[0].body)
    links = re.findall(r"https?://([^/\s]+)/", body)
    assert set(links) == {"testserver"}
    link = re.search(r"http://testserver(\S+)", body)
    assert link is not None
    page = Client().get(link[1], follow=True)
    assert page.status_code == 200
    assert 'type="password"' in page.content.decode()


def test_too_many_wrong_passwords_have_to_wait(world: World) -> None:
    with_password(world.viewer)
    for _ in range(5):
        sign_in(world.viewer.email, "wrong-password-1")
    _, location = sign_in(world.viewer.email)
    assert location == "", "not even the right one, until the time is over"


def test_whoever_is_switched_off_is_out_at_once(world: World) -> None:
    browser, _ = sign_in(with_password(world.viewer).email)
    page = reverse("accounts:team_list", args=[world.here.slug])
    assert browser.get(page).status_code == 200
    User.objects.filter(pk=world.viewer.pk).update(is_active=False)
    assert browser.get(page).status_code == 302
    assert sign_in(world.viewer.email)[1] == reverse("account_inactive")


@pytest.fixture
def a_moment_that_lasts() -> Iterator[None]:
    """A code is good for thirty seconds of the clock: none may end inside a test."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


def code_now(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


@pytest.mark.usefixtures("a_moment_that_lasts")
def test_with_a_second_factor_the_password_alone_opens_nothing(world: World) -> None:
    user = with_password(world.viewer)
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    totp = TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    assert secret not in str(Authenticator.objects.get(pk=totp.instance.pk).data), "it rests encrypted"

    browser, location = sign_in(user.email)
    assert location.startswith(reverse("mfa_authenticate"))
    assert "_auth_user_id" not in browser.session
    assert browser.get(reverse("accounts:team_list", args=[world.here.slug])).status_code == 302
    wrong = browser.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert wrong.status_code == 200
    answer = browser.post(reverse("mfa_authenticate"), {"code": code_now(secret)})
    assert answer["Location"] == reverse("desk:home")
    assert browser.session["_auth_user_id"] == str(user.pk)


def test_a_recovery_code_opens_once(world: World) -> None:
    user = with_password(world.viewer)
    TOTP.activate(user, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    code = RecoveryCodes.activate(user).get_unused_codes()[0]
    for opens in (True, False):
        browser, _ = sign_in(user.email)
        browser.post(reverse("mfa_authenticate"), {"code": code})
        assert ("_auth_user_id" in browser.session) is opens


@pytest.mark.usefixtures("transactional_db", "a_moment_that_lasts")  # the letter leaves once it is committed
def test_a_second_factor_is_set_up_in_the_browser(world: World) -> None:
    browser, _ = sign_in(with_password(world.viewer).email)
    asked_again = browser.get(reverse("mfa_activate_totp"))["Location"]
    assert asked_again.startswith(reverse("account_reauthenticate"))
    browser.post(asked_again, {"password": PASSWORD})
    page = browser.get(reverse("mfa_activate_totp"))
    assert page.status_code == 200
    secret = page.context["form"].secret
    mail.outbox.clear()
    answer = browser.post(reverse("mfa_activate_totp"), {"code": code_now(secret)})
    assert answer.status_code == 302
    assert {authenticator.type for authenticator in Authenticator.objects.filter(user=world.viewer)} == {
        "totp",
        "recovery_codes",
    }
    assert mail.outbox[0].to == [world.viewer.email], "its owner is told"


def test_pages_cannot_be_framed(world: World) -> None:
    answer = world.client(world.owner).get(reverse("accounts:team_list", args=[world.here.slug]))
    assert answer["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
