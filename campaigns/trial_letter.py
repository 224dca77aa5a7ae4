"""A campaign's first letter, as it would leave, to the signed-in user's own address: to see where it arrives.

Past the outbox, audited, and counted with the other test letters of that person (mailboxes.trials).
"""

from __future__ import annotations

from datetime import datetime

from campaigns import letters
from campaigns.models import Campaign, Lead
from campaigns.previews import sample_lead
from campaigns.queueing import identity_of
from campaigns.rendering import render
from campaigns.rota import CannotQueueError, mailbox_of
from campaigns.variants import text_of
from compliance.models import Kind
from outreach_site.accounts.models import User
from outreach_site.lib.crypto import KeyMissingError
from outreach_site.mailboxes.errors import MailServerError
from outreach_site.mailboxes.sign_ins import smtp_server
from outreach_site.mailboxes.trials import Failed, TooManyTestLettersError, Trial, Worked, send_test_letter


def send_to_oneself(campaign: Campaign, *, user: User, now: datetime) -> Trial | Worked:
    """What the server said; where nothing could be tried, why."""
    try:
        mailbox, identity = mailbox_of(campaign), identity_of(campaign)
    except CannotQueueError as err:
        return Worked(sentence=str(err), ok=False)
    step = campaign.steps.current().first()
    if step is None or not step.letter_body.strip():
        return Worked(sentence="This campaign has no letter yet. Write one under Letters first.", ok=False)
    lead = Lead.objects.of(campaign).exclude(contact=None).order_by("pk").first() or sample_lead()
    text = text_of(step, lead.pk)
    rendered = render(text.subject, text.body, lead=lead, identity=identity, campaign=campaign)
    body = letters.preview(body=rendered.body, kind=Kind.FIRST, identity=identity, contact=lead.contact)
    try:
        return send_test_letter(
            smtp_server(mailbox),
            from_email=mailbox.email,
            from_name=mailbox.from_name or identity.name,
            to=user,
            workspace=campaign.workspace,
            about=campaign.subject,
            now=now,
            written=(rendered.subject, body),
        )
    except MailServerError as err:
        return Failed.because(err)
    except (TooManyTestLettersError, KeyMissingError) as err:
        return Worked(sentence=str(err), ok=False)
