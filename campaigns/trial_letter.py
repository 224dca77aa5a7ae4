"""A campaign's first letter, as it would leave, to the signed-in user's own address: to see where it arrives.

Past the outbox, audited, and counted with the other test letters of that person (mailboxes.trials).
"""

from __future__ import annotations

from datetime import datetime

from campaigns import hypertext, letters
from campaigns.models import Campaign, Lead
from campaigns.own_letters import own_texts
from campaigns.previews import sample_lead
from campaigns.queueing import identity_of
from campaigns.rendering import render
from campaigns.rota import CannotQueueError, mailbox_of
from campaigns.variants import text_of
from compliance.models import Kind
from outreach_site.accounts.models import User
from outreach_site.lib.addresses import wire_address
from outreach_site.lib.crypto import KeyMissingError
from outreach_site.mailboxes.errors import MailServerError
from outreach_site.mailboxes.sign_ins import smtp_server
from outreach_site.mailboxes.trials import Failed, TooManyTestLettersError, Trial, Worked, Written, send_test_letter


def letter_left(campaign: Campaign, *, user: User, now: datetime) -> None:
    """Where it arrives is not known yet."""
    campaign.tested_at, campaign.tested_by, campaign.test_arrived = now, user, ""
    campaign.save(update_fields=["tested_at", "tested_by", "test_arrived"])


def note_arrival(campaign: Campaign, where: str) -> bool:
    """What a person saw in their own mailbox, of the last test letter. False for a word that is none of Arrived."""
    if where not in Campaign.Arrived.values:
        return False
    return bool(Campaign.objects.filter(pk=campaign.pk).exclude(tested_at=None).update(test_arrived=where))


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
    own = own_texts([lead]).get(lead.pk) if lead.pk else None
    own = own if own and not own.trouble else None
    text = text_of(step, lead.pk)
    rendered = render(
        own.subject if own else text.subject,
        own.body if own else text.body,
        lead=lead,
        identity=identity,
        campaign=campaign,
    )
    language = letters.language_for(rendered.body, contact=lead.contact, chosen=campaign.language)
    body = letters.preview(
        body=rendered.body, kind=Kind.FIRST, identity=identity, contact=lead.contact, language=language
    )
    try:
        return send_test_letter(
            smtp_server(mailbox),
            from_email=mailbox.email,
            from_name=mailbox.from_name or identity.name,
            to=user,
            workspace=campaign.workspace,
            about=campaign.subject,
            now=now,
            written=Written(
                subject=rendered.subject,
                text=body,
                html=hypertext.from_text(body, language=language) if campaign.with_html else "",
                reply_to=wire_address(campaign.reply_to) if campaign.reply_to else "",
            ),
        )
    except MailServerError as err:
        return Failed.because(err)
    except (TooManyTestLettersError, KeyMissingError, ValueError) as err:
        return Worked(sentence=str(err), ok=False)
