"""A workspace with one row of every kind, all with the same number: for walks over addresses and operations."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.models import (
    Attempt,
    BulkChange,
    Campaign,
    Contact,
    DiscoveryRun,
    DraftRun,
    Lead,
    LeadImport,
    OwnLetter,
    Placement,
    Step,
    Task,
    Template,
)
from compliance.models import AuditEntry, AuditPerson, Hold, NeverPitch, Suppression, SuppressionImport
from compliance.privacy_models import Consent, ConsentFile, ConsentImport, PrivacyRequest
from compliance.suppression import stone_of
from inbox.desk_models import AnswerDraft, DraftFile, Note
from inbox.hook_models import Webhook
from inbox.models import RawBody, RawMessage, Reply
from outreach_site.accounts.models import ApiKey, Invitation, Membership, Role, SenderIdentity
from outreach_site.desk.notices.models import Notice
from outreach_site.desk.outgoing.models import Delivery, Endpoint, Event
from outreach_site.mailboxes.models import Mailbox
from tests.conftest import World, make_user

PK = 77_777  # every kind of object has a row of this number in the workspace `here`, and none elsewhere


@pytest.fixture
def full(world: World) -> World:
    """One row of every kind in `here`, all with the same number."""
    here, now = world.here, timezone.now()
    mailbox = Mailbox(
        pk=PK,
        workspace=here,
        email="m@orchard.com",
        smtp_host="smtp.orchard.com",
        smtp_user="m",
        imap_host="imap.x.com",
    )
    mailbox.set_smtp_password("secret", now=now)
    mailbox.save()
    hook = Webhook(pk=PK, mailbox=mailbox, provider=Webhook.Provider.MAILGUN)
    hook.renew(now=now)
    hook.save()
    campaign = Campaign.objects.create(pk=PK, workspace=here, name="Secret plans", mailbox=mailbox)
    Step.objects.create(pk=PK + 1, campaign=campaign, letter_subject="First", letter_body="First")
    step = Step.objects.create(
        pk=PK, campaign=campaign, position=2, letter_subject="Hello", letter_body="Hello {name|there}"
    )
    Template.objects.create(pk=PK, workspace=here, name="Ours", subject="Hello", body="Hello")
    lead = Lead.objects.create(
        pk=PK, campaign=campaign, website_url="https://site.com", site_key="site.com", domain="site.com"
    )
    BulkChange.objects.create(pk=PK, campaign=campaign, action="status", value="lost", ended_at=now)
    Task.objects.create(pk=PK, campaign=campaign, lead=lead, step=step, due_at=now)
    DiscoveryRun.objects.create(pk=PK, campaign=campaign, keyword="secret plans")
    LeadImport.objects.create(
        pk=PK, campaign=campaign, file_name="secret.csv", lines=1, headings=["site"], meanings=["website_url"]
    )
    run = DraftRun.objects.create(pk=PK, campaign=campaign, letter_subject="Hello", letter_body="Hello", total=1)
    OwnLetter.objects.create(
        pk=PK, lead=lead, run=run, state=OwnLetter.State.PROPOSED, letter_subject="Hello", letter_body="Hello"
    )
    Placement.objects.create(
        pk=PK, lead=lead, page_url="https://site.com/a", target_url="https://ours.com/", state=Placement.State.LIVE
    )
    contact = Contact.objects.create(pk=PK, lead=lead, email="ada@site.com", email_key="ada@site.com")
    lead.contact = contact
    lead.save()
    attempt = Attempt.objects.create(
        pk=PK,
        campaign=campaign,
        lead=lead,
        step=step,
        mailbox=mailbox,
        identity=world.identity,
        recipient="ada@site.com",
        recipient_key="ada@site.com",
        recipient_domain="site.com",
        subject="Hello",
        body="Hello",
        state=Attempt.State.SENT,
        message_id="<1@orchard.com>",
        finished_at=now,
        settled_at=now,
    )
    raw = RawMessage.objects.create(pk=PK, mailbox=mailbox, digest="d", size=1, folder="INBOX", received_at=now)
    RawBody.holding(raw, b"Subject: x\r\n\r\nx").save()
    Reply.objects.create(
        pk=PK,
        workspace=here,
        mailbox=mailbox,
        raw=raw,
        attempt=attempt,
        campaign=campaign,
        lead=lead,
        kind=Reply.Kind.REPLY,
        classification=Reply.Classification.INTERESTED,
        from_email="ada@site.com",
        subject="Re: Hello",
        text="Yes",
        new_text="Yes",
        received_at=now,
    )
    Note.objects.create(pk=PK, workspace=here, reply_id=PK, lead=lead, user=world.owner, text="Pays on time")
    draft = AnswerDraft.objects.create(pk=PK, reply_id=PK, user=world.owner, body="Hi Ada")
    DraftFile.objects.create(pk=PK, draft=draft, name="article.txt", size=1, content=b"x")
    Suppression.objects.create(pk=PK, workspace=here, value="no@site.com", reason="manual")
    SuppressionImport.objects.create(
        pk=PK, workspace=here, name="list.csv", reason="manual", packed=b"", lines=1, finished_at=now
    )
    consent = Consent.objects.create(
        pk=PK, workspace=here, address="ada@site.com", domain="site.com", evidence_text="Yes", obtained_on=now.date()
    )
    ConsentFile.objects.create(consent=consent, name="yes.eml", size=3, content=b"Yes")
    ConsentImport.objects.create(pk=PK, workspace=here, file_name="list.csv", compressed=b"", lines=1, finished_at=now)
    PrivacyRequest.objects.create(
        pk=PK,
        workspace=here,
        kind="erasure",
        address="ada@site.com",
        stone=stone_of("ada@site.com"),
        received_on=now.date(),
        due_on=now.date() + timedelta(days=30),
    )
    NeverPitch.objects.create(pk=PK, workspace=here, domain="orchard.com")
    Hold.objects.create(pk=PK, workspace=here, subject="address:ada@site.com", reason="Look at this.")
    entry = AuditEntry.objects.create(
        pk=PK, workspace_id=here.pk, event="letter.decided", about=attempt.about, recorded_at=now
    )
    AuditPerson.objects.create(entry=entry, lead_email="ada@site.com")
    SenderIdentity.objects.create(pk=PK, workspace=here, name="N", organisation="O", postal_address="A")
    teammate = Membership.objects.create(pk=PK, user=make_user("mate@orchard.example"), workspace=here, role=Role.OWNER)
    Invitation.objects.create(
        pk=PK,
        workspace=here,
        email="new@orchard.example",
        token_digest="x",
        expires_at=now + timedelta(days=1),
    )
    Notice.objects.create(pk=PK, workspace=here, kind="interested", key="k", about=f"reply:{PK}", at=now)
    endpoint = Endpoint(pk=PK, workspace=here, url="https://crm.orchard.com/", events=["reply.received"])
    endpoint.set_secret("whsec_c2VjcmV0", keeps_old_until=None)
    endpoint.save()
    event = Event.objects.create(
        workspace=here, what="reply.received", key="k", uid="msg_1", about="reply:1", body='{"data":{}}', created_at=now
    )
    Delivery.objects.create(pk=PK, event=event, endpoint=endpoint, next_try_at=now)
    ApiKey.objects.create(pk=PK, membership=teammate, name="K", prefix="lk_x", digest="y", scopes=["read"])
    return world
