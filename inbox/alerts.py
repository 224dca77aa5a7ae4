"""What people are told of a mailbox that cannot be read: Today shows it, and its owners get a letter, once."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse

from outreach_site.accounts.models import Membership, Role
from outreach_site.mailboxes.errors import MailServerError
from outreach_site.mailboxes.models import Mailbox

log = structlog.get_logger(__name__)

# Servers rest for a minute now and then; three failures in a row are no accident.
AFTER_FAILURES = 3


def cannot_be_read() -> Q:
    """Mailboxes that failed so many polls in a row, or a test by hand: a server that rests for a minute is no news."""
    return Q(receiving_state=Mailbox.State.TROUBLE) & (Q(poll_failures=0) | Q(poll_failures__gte=AFTER_FAILURES))


def tell_owners(mailbox: Mailbox, err: MailServerError) -> None:
    """The platform's letter to the owners, outside any transaction. That it cannot be sent stops nothing."""
    owners = Membership.objects.filter(workspace=mailbox.workspace, role=Role.OWNER, user__is_active=True)
    to = list(owners.order_by("pk").values_list("user__email", flat=True))
    if not to:
        return
    context = {
        "mailbox": mailbox,
        "sentence": err.sentence,
        "advice": err.advice,
        "link": settings.SITE_URL + reverse("mailboxes:mailbox_list", args=[mailbox.workspace.slug]),
    }
    body = render_to_string("inbox/email/mailbox_trouble.txt", context)
    for address in to:
        try:
            EmailMessage(subject=f"Replies to {mailbox.email} are not read", body=body, to=[address]).send()
        except OSError as failure:
            log.warning("an alert could not be sent", mailbox_id=mailbox.pk, error=str(failure))
