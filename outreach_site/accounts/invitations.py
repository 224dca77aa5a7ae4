"""Seats offered to an address: made, sent, sent again, taken back, accepted.

An invitation has one secret, whose digest alone is kept. Its link exists in two forms: the one that travels in the
letter carries a signature, so whoever follows it has read that mailbox and the address needs no second letter; the one
that an owner copies and passes on does not, and proves nothing about the address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse

from outreach_site.accounts import team
from outreach_site.accounts.models import Invitation, Membership, Role, User, Workspace
from outreach_site.accounts.team import TeamError
from outreach_site.lib.crypto import new_token, token_digest
from outreach_site.lib.ports import AuditRecord, record_audit


class NotYoursError(TeamError):
    """The invitation was sent to somebody else's address."""


@dataclass(frozen=True)
class Offer:
    """An invitation with its secret, which exists only now: for the letter, and for the page that shows it once."""

    invitation: Invitation
    token: str

    @property
    def link(self) -> str:
        """To copy and pass on."""
        return _link(self.token)

    @property
    def mailed_link(self) -> str:
        """For the letter to the invited address, and for nothing else."""
        return _link(_signer().sign(self.token))


@dataclass(frozen=True)
class Presented:
    """An invitation whose link somebody opened; `mailed`: it is the link of the letter."""

    invitation: Invitation
    mailed: bool


def invite(workspace: Workspace, email: str, role: Role, *, by: User, now: datetime) -> Offer:
    """Offer a seat. Raises TeamError where the address has one, or an offer of one, already."""
    email = email.strip().lower()
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
        is_theirs = Q(user__emailaddress__email=email, user__emailaddress__verified=True) | Q(user__email=email)
        if Membership.objects.in_workspace(workspace).filter(is_theirs).exists():
            raise TeamError(f"{email} is in this workspace already.")
        invitation = Invitation.objects.in_workspace(workspace).filter(email__iexact=email, accepted_at=None).first()
        if invitation is not None and invitation.is_open(now):
            raise TeamError(f"{email} has an invitation already. Send that one again instead.")
        invitation = invitation or Invitation(workspace=workspace, email=email, created_at=now)
        invitation.role = role
        return _renew(invitation, event="team.invited", by=by, now=now)


def renew(invitation: Invitation, *, by: User, now: datetime) -> Offer:
    """A new link, valid from now; the old one ends. Raises TeamError when it was accepted or revoked meanwhile."""
    with transaction.atomic():
        current = Invitation.objects.select_for_update().filter(pk=invitation.pk, accepted_at=None).first()
        if current is None:
            raise TeamError("This invitation was accepted or revoked meanwhile.")
        return _renew(current, event="team.invitation_renewed", by=by, now=now)


def _renew(invitation: Invitation, *, event: str, by: User, now: datetime) -> Offer:
    token = new_token()
    invitation.token_digest = token_digest(token)
    invitation.invited_by = by
    invitation.expires_at = now + timedelta(days=settings.INVITATION_DAYS)
    invitation.save()
    _record(event, invitation, user=by)
    return Offer(invitation=invitation, token=token)


def revoke(invitation: Invitation, *, by: User) -> None:
    """Nothing happens to an invitation that was accepted: the person is in the team by now."""
    with transaction.atomic():
        current = Invitation.objects.select_for_update().filter(pk=invitation.pk, accepted_at=None).first()
        if current is not None:
            _record("team.invitation_revoked", current, user=by)
            current.delete()


def letter(offer: Offer) -> EmailMessage:
    """The platform's letter to the invited address. The caller sends it, outside any transaction."""
    invitation = offer.invitation
    context = {
        "invitation": invitation,
        "inviter": invitation.invited_by.get_full_name() if invitation.invited_by else "",
        "role": Role(invitation.role),
        "link": offer.mailed_link,
        "site": settings.SITE_URL,
    }
    subject = render_to_string("accounts/email/invitation_subject.txt", context)
    return EmailMessage(
        subject=" ".join(subject.split()),
        body=render_to_string("accounts/email/invitation_message.txt", context),
        to=[invitation.email],
    )


def present(text: str) -> Presented | None:
    """The invitation that a link's last part names, whether it can still be accepted or not. One query."""
    token, _, signature = text.partition(".")
    if signature:
        try:
            _signer().unsign(text)
        except BadSignature:
            return None
    return find(token_digest(token), mailed=bool(signature))


def find(digest: str, *, mailed: bool) -> Presented | None:
    invitation = Invitation.objects.select_related("workspace", "invited_by").filter(token_digest=digest).first()
    return Presented(invitation, mailed=mailed) if invitation else None


def is_for(invitation: Invitation, user: User) -> bool:
    """Whether `user` has shown that the invited address is theirs."""
    return bool(EmailAddress.objects.filter(user=user, verified=True, email__iexact=invitation.email).exists())


def has_account(invitation: Invitation) -> bool:
    """Whether somebody here has shown that the invited address is theirs."""
    return bool(EmailAddress.objects.filter(verified=True, email__iexact=invitation.email).exists())


def accept(invitation: Invitation, user: User, *, now: datetime) -> Membership:
    """Take the seat. Raises NotYoursError, and TeamError when the offer has ended.

    A person who signs up with the invited address gets the seat before the address is confirmed: until it is, nobody
    can sign in to that account.
    """
    with transaction.atomic():
        current = Invitation.objects.open(now).select_for_update().filter(pk=invitation.pk).first()
        if current is None:
            raise TeamError("This invitation is no longer valid. Ask for a new one.")
        is_new = (
            user.email == current.email.lower() and not EmailAddress.objects.filter(user=user, verified=True).exists()
        )
        if not is_new and not is_for(current, user):
            raise NotYoursError(f"This invitation was sent to {current.email}.")
        membership, joined = Membership.objects.get_or_create(
            user=user, workspace=invitation.workspace, defaults={"role": current.role, "joined_at": now}
        )
        current.accepted_at = now
        current.save(update_fields=["accepted_at"])
        team.stand_in(invitation.workspace, user=user)
        if joined:
            _record("team.joined", current, user=user)
    return membership


def _record(event: str, invitation: Invitation, *, user: User) -> None:
    record_audit(
        AuditRecord(
            event=event,
            workspace_id=invitation.workspace_id,
            user_id=user.pk,
            about=f"invitation:{invitation.pk}",
            details={"email": invitation.email, "role": invitation.role},
        )
    )


def _link(part: str) -> str:
    return f"{settings.SITE_URL}{reverse('people:invitation_accept', args=[part])}"


def _signer() -> Signer:
    return Signer(salt="accounts.invitation.mailed", sep=".")
