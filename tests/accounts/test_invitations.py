"""Invitations from the owner's button to the new person's first page, and everything that must not work."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import cast

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from compliance.models import AuditEntry
from outreach_site.accounts import invitations
from outreach_site.accounts.invitations import Offer
from outreach_site.accounts.models import Invitation, Membership, Role, User
from outreach_site.accounts.team import TeamError
from tests.conftest import World, make_user

PASSWORD = "a-long-quiet-orchard"


def offer_to(world: World, email: str = "new@pear.example", role: Role = Role.MARKETER) -> Offer:
    return invitations.invite(world.here, email, role, by=world.owner, now=timezone.now())


def path_of(link: str) -> str:
    return link.removeprefix("http://testserver")


def sign_up(client: Client, **changes: str) -> HttpResponse:
    form = {"name": "Nia New", "email": "new@pear.example", "password1": PASSWORD, "password2": PASSWORD}
    return cast("HttpResponse", client.post(reverse("account_signup"), form | changes))


def test_from_the_letter_to_the_first_page(world: World) -> None:
    world.client(world.owner).post(
        reverse("accounts:invitation_create", args=[world.here.slug]), {"email": "new@pear.example", "role": "marketer"}
    )
    letter = mail.outbox[0]
    assert letter.to == ["new@pear.example"]
    assert letter.subject == "Owner invites you to Orchard on Linkletter"
    link = re.search(r"http://testserver(\S+)", str(letter.body))
    assert link is not None

    browser = Client()
    page = browser.get(link[1])
    assert page.status_code == 200
    assert "Owner invites" in page.content.decode()
    assert not User.objects.filter(email="new@pear.example").exists()

    answer = browser.post(link[1])
    assert answer["Location"] == reverse("account_signup")
    form = browser.get(reverse("account_signup")).content.decode()
    assert "new@pear.example" in form
    assert "workspace_name" not in form

    assert sign_up(browser).status_code == 302
    user = User.objects.get(email="new@pear.example")
    assert user.name == "Nia New"
    assert EmailAddress.objects.get(user=user).verified, "the letter's link was the proof: no second letter"
    assert len(mail.outbox) == 1
    assert Membership.objects.get(user=user).role == Role.MARKETER
    assert browser.get(reverse("accounts:settings", args=[world.here.slug])).status_code == 200
    assert AuditEntry.objects.filter(event="team.joined", user_id=user.pk, workspace_id=world.here.pk).exists()
    assert browser.get(link[1]).status_code == 410
    browser.logout()
    assert "By invitation only" in browser.get(reverse("account_signup")).content.decode()


def test_the_link_that_is_passed_on_proves_nothing(world: World) -> None:
    """An owner knows it: it must not let them make a confirmed account for somebody else's address."""
    browser = Client()
    browser.post(path_of(offer_to(world).link))
    answer = sign_up(browser)
    assert answer["Location"] == reverse("account_email_verification_sent")
    assert not EmailAddress.objects.get(email="new@pear.example").verified
    assert mail.outbox[0].to == ["new@pear.example"]
    assert "confirm" in mail.outbox[0].subject.lower()
    assert browser.get(reverse("accounts:settings", args=[world.here.slug])).status_code == 302
    team_page = world.client(world.owner).get(reverse("accounts:team_list", args=[world.here.slug]))
    assert "address not confirmed" in team_page.content.decode()


def test_the_address_cannot_be_another(world: World) -> None:
    browser = Client()
    browser.post(path_of(offer_to(world).mailed_link))
    sign_up(browser, email="thief@quarry.example")
    assert not User.objects.filter(email="thief@quarry.example").exists()
    assert User.objects.filter(email="new@pear.example").exists()


def test_a_signature_cannot_be_made_up(world: World) -> None:
    offer = offer_to(world)
    assert Client().get(path_of(offer.link)[:-1] + ".forged/").status_code == 404
    presented = invitations.present(offer.token)
    assert presented is not None
    assert not presented.mailed


def test_whoever_has_an_account_joins_after_signing_in(world: World) -> None:
    offer = offer_to(world, world.stranger.email, Role.VIEWER)
    link = path_of(offer.mailed_link)
    signed_out = Client().get(link).content.decode()
    assert "Sign in to join" in signed_out
    browser = world.client(world.stranger)
    assert "Join Orchard" in browser.get(link).content.decode()
    assert not Membership.objects.filter(user=world.stranger, workspace=world.here).exists()
    answer = browser.post(link)
    assert answer["Location"] == reverse("desk:home")
    assert Membership.objects.get(user=world.stranger, workspace=world.here).role == Role.VIEWER
    world.stranger.refresh_from_db()
    assert world.stranger.last_workspace == world.here


def test_the_link_that_is_passed_on_does_not_tell_who_has_an_account(world: World) -> None:
    known = Client().get(path_of(offer_to(world, world.stranger.email).link)).content.decode()
    unknown = Client().get(path_of(offer_to(world).link)).content.decode()
    for page in (known, unknown):
        assert "Create your account" in page
        assert "Sign in to join" not in page


def test_a_stolen_link_is_of_no_use_to_another_account(world: World) -> None:
    offer = offer_to(world)
    for link in (offer.link, offer.mailed_link):
        answer = world.client(world.stranger).post(path_of(link))
        assert answer.status_code == 403
        assert "another address" in answer.content.decode()
    assert not Membership.objects.filter(user=world.stranger, workspace=world.here).exists()
    assert Invitation.objects.get().accepted_at is None


def test_an_address_that_was_only_typed_into_an_account_does_not_count(world: World) -> None:
    EmailAddress.objects.create(user=world.stranger, email="new@pear.example", verified=False, primary=False)
    assert world.client(world.stranger).post(path_of(offer_to(world).mailed_link)).status_code == 403


def test_it_ends_after_a_week(world: World) -> None:
    link = path_of(offer_to(world).mailed_link)
    browser = Client()
    browser.post(link)
    with time_machine.travel(timezone.now() + timedelta(days=7, seconds=1), tick=False):
        page = browser.get(link)
        assert page.status_code == 410
        assert "expired" in page.content.decode()
        sign_up(browser)
    assert not User.objects.filter(email="new@pear.example").exists()


def test_sent_again_the_old_link_ends(world: World) -> None:
    old = offer_to(world)
    invitation = Invitation.objects.get()
    answer = world.client(world.owner).post(
        reverse("accounts:invitation_resend", args=[world.here.slug, invitation.pk])
    )
    page = answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert Client().get(path_of(old.mailed_link)).status_code == 404
    shown = re.search(r"http://testserver(/accounts/invitations/[^<\s]+)", page)
    assert shown is not None
    assert Client().get(shown[1]).status_code == 200
    assert len(mail.outbox) == 1
    assert AuditEntry.objects.filter(event="team.invitation_renewed").exists()


def test_revoked_it_is_gone(world: World) -> None:
    offer = offer_to(world)
    browser = Client()
    browser.post(path_of(offer.mailed_link))
    invitations.revoke(offer.invitation, by=world.owner)
    assert browser.get(path_of(offer.mailed_link)).status_code == 404
    sign_up(browser)
    assert not User.objects.filter(email="new@pear.example").exists()
    assert AuditEntry.objects.filter(event="team.invitation_revoked").exists()


def test_no_token_rests_anywhere(world: World) -> None:
    offer = offer_to(world)
    browser = Client()
    browser.post(path_of(offer.mailed_link))
    stored = repr(Invitation.objects.values()) + repr(dict(browser.session)) + repr(list(AuditEntry.objects.values()))
    assert offer.token not in stored


def test_one_invitation_and_one_seat_each(world: World) -> None:
    offer_to(world)
    page = reverse("accounts:invitation_create", args=[world.here.slug])
    again = world.client(world.owner).post(page, {"email": "NEW@pear.example", "role": "viewer"})
    assert again.status_code == 422
    assert "has an invitation already" in again.content.decode()
    member = world.client(world.owner).post(page, {"email": "Viewer@orchard.example", "role": "owner"})
    assert "in this workspace already" in member.content.decode()
    assert Invitation.objects.count() == 1


def test_an_expired_one_is_made_new(world: World) -> None:
    offer_to(world)
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        assert offer_to(world, role=Role.VIEWER).invitation.role == Role.VIEWER
    assert Invitation.objects.count() == 1


def test_a_second_acceptance_changes_nothing(world: World) -> None:
    user = make_user("new@pear.example")
    offer = offer_to(world)
    invitations.accept(offer.invitation, user, now=timezone.now())
    with pytest.raises(TeamError):
        invitations.accept(offer.invitation, user, now=timezone.now())
    assert Membership.objects.filter(user=user).count() == 1


def test_a_letter_that_does_not_leave_is_said(world: World, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "outreach_site.mailboxes.platform.PlatformBackend"
    settings.GLOBAL_SMTP_HOST = "localhost"
    settings.GLOBAL_SMTP_PORT = 587
    settings.MAIL_ALLOWED_HOSTS = []
    answer = world.client(world.owner).post(
        reverse("accounts:invitation_create", args=[world.here.slug]), {"email": "new@pear.example", "role": "viewer"}
    )
    page = answer.content.decode()
    assert "its letter did not leave" in page
    assert "leads to this machine itself" in page
    assert Invitation.objects.count() == 1


def test_nobody_makes_a_letter_press_of_it(world: World) -> None:
    page = reverse("accounts:invitation_create", args=[world.here.slug])
    browser = world.client(world.owner)
    for number in range(20):
        assert browser.post(page, {"email": f"p{number}@pear.example", "role": "viewer"}).status_code == 200
    answer = browser.post(page, {"email": "p21@pear.example", "role": "viewer"})
    assert answer.status_code == 422
    assert "Wait a while" in answer.content.decode()
    assert len(mail.outbox) == 20
