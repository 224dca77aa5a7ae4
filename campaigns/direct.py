"""Letters that programs send: to addresses one by one, and the first letter of one lead.

Both go through the same queue and the same gate as a campaign's letters. A recipient who is no lead yet becomes one, in
the workspace's campaign "Direct letters": whatever is written here belongs to somebody who can be shown where it came
from, and can say no.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import models, transaction

from campaigns import content as content_of
from campaigns import following, outbox
from campaigns.first_letters import earlier_ones, takes_the_place
from campaigns.leads import ASKED_TO_BE_ERASED
from campaigns.lifecycle import start_campaign
from campaigns.models import Attempt, Campaign, Contact, Lead
from campaigns.queueing import Foreseen, identity_of, keep_back, only_one_queues_for, record_waiting, wait_for_person
from campaigns.rendering import render
from campaigns.rota import CannotQueueError, mailbox_for
from campaigns.standstill import standing_still
from campaigns.tasks import dispatch_soon
from compliance import audit, gate, policy
from compliance.addresses import InvalidAddressError, domain_of, normalise
from compliance.models import Kind, PolicyResult
from compliance.policy import Decision, Outcome
from compliance.suppression import erased_among
from outreach_site.accounts.models import SenderIdentity, User, Workspace
from outreach_site.lib.domains import registrable
from outreach_site.mailboxes.models import Mailbox

DIRECT = "Direct letters"
HAS_ANOTHER_CONTACT = (
    f"Somebody has put another address in the place of this one in the campaign “{DIRECT}”, or taken it off. "
    "Put it back there before programs write to it."
)


# --- To addresses, one by one -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Result:
    """What became of one recipient. `reason` says why it was refused, or what it waits for."""

    recipient: str
    status: str  # queued, blocked (by the gate) or invalid (no address)
    reason: str = ""
    attempt: Attempt | None = None

    @property
    def number(self) -> int | None:
        return self.attempt.pk if self.attempt is not None else None


def direct_campaign(workspace: Workspace, *, user: User, now: datetime) -> Campaign:
    """The workspace's campaign for letters of programs; made where there is none."""
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
        campaign = Campaign.objects.in_workspace(workspace).filter(is_direct=True).first()
        if campaign is None:
            campaign = start_campaign(
                workspace,
                name=DIRECT,
                description="Letters that programs send to single addresses. Made by itself.",
                user=user,
                now=now,
            )
            campaign.is_direct, campaign.state, campaign.mailbox = True, Campaign.State.RUNNING, None
            campaign.save(update_fields=["is_direct", "state", "mailbox"])
    return campaign


def mailbox_named(workspace: Workspace, named: str) -> Mailbox:
    """The mailbox of this address or number; without one the workspace's only one. Raises CannotQueueError."""
    mailboxes = Mailbox.objects.in_workspace(workspace).in_use().exclude(smtp_host="").select_related("workspace")
    if not named:
        usable = list(mailboxes[:2])
        if not usable:
            raise CannotQueueError("No mailbox is connected yet. Add one under Settings, Mailboxes.")
        if len(usable) > 1:
            raise CannotQueueError("There are several mailboxes: say in `mailbox` which one writes.")
        return usable[0]
    is_number = named.isascii() and named.isdigit() and len(named) < 19
    mailbox = mailboxes.filter(models.Q(pk=int(named)) if is_number else models.Q(email__iexact=named)).first()
    if mailbox is None:
        raise CannotQueueError("There is no such mailbox in this workspace.")
    return mailbox


def queue_direct(
    workspace: Workspace,
    recipients: Sequence[str],
    *,
    subject: str,
    content: str,
    mailbox: Mailbox,
    user: User,
    now: datetime,
    ground: str = "",
    found_url: str = "",
) -> list[Result]:
    """Queue the same words to each of these addresses; what became of each, in their order. Raises CannotQueueError.

    The number of queries does not grow with the addresses. What the gate refuses makes no lead.
    """
    campaign = direct_campaign(workspace, user=user, now=now)
    if campaign.archived_at is not None:
        raise CannotQueueError(f"The campaign “{DIRECT}” is archived. Bring it back before programs send from it.")
    identity = identity_of(campaign)
    results: dict[int, Result] = {}
    wanted: dict[str, int] = {}
    for place, recipient in enumerate(recipients):
        try:
            key = normalise(recipient)
        except InvalidAddressError as err:
            results[place] = Result(recipient, "invalid", str(err))
            continue
        if key in wanted:
            results[place] = Result(recipient, "blocked", "This address stands twice in the request.")
        else:
            wanted[key] = place
    for key in erased_among(workspace, wanted):
        place = wanted.pop(key)
        results[place] = Result(recipients[place], "blocked", ASKED_TO_BE_ERASED)
    with transaction.atomic():
        only_one_queues_for(campaign.pk)
        leads = _leads(campaign, list(wanted))
        drafts: dict[int, Attempt] = {}
        for key, place in wanted.items():
            if key not in leads:
                leads[key] = _new_lead(campaign, key, recipients[place].strip(), found_url=found_url, now=now)
            lead = leads[key]
            if lead is None:
                results[place] = Result(recipients[place], "blocked", HAS_ANOTHER_CONTACT)
                continue
            rendered = render(subject, content, lead=lead, identity=identity, campaign=campaign)
            if trouble := content_of.trouble_with(rendered):
                results[place] = Result(recipients[place], "blocked", trouble)
                continue
            drafts[place] = _letter(
                lead, campaign=campaign, identity=identity, mailbox=mailbox, user=user, now=now, ground=ground
            )
            drafts[place].subject, drafts[place].body = rendered.subject, rendered.body
        questions = [outbox.letter_of(attempt, mailbox, now=now) for attempt in drafts.values()]
        decisions = dict(zip(drafts, gate.screen(questions, workspace=workspace, now=now), strict=True))
        going = {place: drafts[place] for place, d in decisions.items() if d.result != PolicyResult.BLOCKED}
        _save_leads([attempt.lead for attempt in going.values()])
        for place, attempt in going.items():
            attempt.lead = attempt.lead  # It has a number only now.
            wait_for_person(Foreseen(attempt.lead, attempt, decisions[place]))
        Attempt.objects.bulk_create(going.values())
        asking = [(attempt, decisions[place]) for place, attempt in going.items() if decisions[place].asks]
        record_waiting(asking, workspace=workspace, now=now)
        if going:
            dispatch_soon(mailbox.pk)
    still = standing_still(workspace, mailbox=mailbox, campaign=campaign)
    for place, decision in decisions.items():
        if taken := going.get(place):
            why = " ".join(filter(None, [decision.reason, still]))
            results[place] = Result(recipients[place], "queued", why, taken)
        else:
            results[place] = Result(recipients[place], "blocked", decision.reason)
    return [results[place] for place in range(len(recipients))]


def _leads(campaign: Campaign, keys: Sequence[str]) -> dict[str, Lead | None]:
    """Those who are leads of it already, by the address that letters to them go to. None: the lead that was made for
    this address has another by now, or none. Two queries.
    """
    leads = Lead.objects.of(campaign)
    found: dict[str, Lead | None] = {
        lead.contact.email_key: lead
        for lead in leads.filter(contact__email_key__in=keys).order_by("-pk")  # Of several the oldest.
        if lead.contact is not None
    }
    by_site = {_site_key(key): key for key in keys}
    for site_key in leads.filter(site_key__in=by_site).values_list("site_key", flat=True):
        found.setdefault(by_site[site_key], None)
    return found


def _site_key(key: str) -> str:
    """Several people of one site are several leads here: nobody looks for sites in this campaign."""
    return f"{domain_of(key)}/{key}"


def _new_lead(campaign: Campaign, key: str, address: str, *, found_url: str, now: datetime) -> Lead:
    """Unsaved, with its contact."""
    domain = domain_of(key)
    lead = Lead(
        campaign=campaign,
        website_url=f"https://{domain}/",
        site_key=_site_key(key),
        domain=registrable(domain),
        source=Lead.Source.API,
        created_at=now,
    )
    lead.contact = Contact(lead=lead, email=address, email_key=key, found_url=found_url, found_at=now)
    return lead


def _save_leads(leads: Sequence[Lead]) -> None:
    """Lead and contact name each other: leads first, then contacts, then the leads' contacts. Three queries."""
    new = [lead for lead in leads if lead.pk is None]
    contacts = [lead.contact for lead in new if lead.contact is not None]
    for lead in new:
        lead.contact = None
    Lead.objects.bulk_create(new)
    for contact in contacts:
        contact.lead = contact.lead  # It has a number only now.
    Contact.objects.bulk_create(contacts)
    for contact in contacts:
        contact.lead.contact = contact
    Lead.objects.bulk_update(new, ["contact"])


def _letter(
    lead: Lead,
    *,
    campaign: Campaign,
    identity: SenderIdentity,
    mailbox: Mailbox,
    user: User,
    now: datetime,
    ground: str = "",
) -> Attempt:
    """Unsaved, and without its words."""
    contact = lead.contact
    if contact is None:
        raise CannotQueueError("No address is known for this site. Add one before you write.")
    return Attempt(
        campaign=campaign,
        lead=lead,
        kind=Kind.FIRST,
        mailbox=mailbox,
        identity=identity,
        user=user,
        recipient=contact.email,
        recipient_name=contact.name,
        recipient_key=contact.email_key,
        recipient_domain=registrable(domain_of(contact.email_key)),
        ground=ground,
        due_at=now,
        created_at=now,
    )


# --- The first letter of one lead -------------------------------------------------------------------------------------


class UnfinishedError(CannotQueueError):
    """The words themselves cannot go: a placeholder is empty, or nothing is left of them."""


@dataclass(frozen=True)
class Queued:
    """The letter is in the queue. `decision` as it was given; `warnings` are what a person should know."""

    attempt: Attempt
    decision: Decision

    @property
    def warnings(self) -> list[str]:
        campaign = self.attempt.campaign
        still = standing_still(campaign.workspace, mailbox=self.attempt.mailbox, campaign=campaign)
        warned = [check.sentence for check in self.decision.checks if check.outcome == Outcome.WARNED]
        return [*warned, still] if still else warned


@dataclass(frozen=True)
class Refused:
    """It does not go, now or ever; the reasons are in the audit log."""

    reasons: Sequence[str]
    decision: Decision


@dataclass(frozen=True)
class Busy:
    """A first letter to this lead waits, is leaving, or may have left."""

    attempt: Attempt


def queue_first(lead: Lead, *, subject: str, body: str, user: User, now: datetime) -> Queued | Refused | Busy:
    """Queue a lead's first letter in these words, for somebody who will not wait: where a cap is reached it is refused.

    What its region asks of a launch is a warning; the first letters of a new workspace wait to be read all the same.
    Raises CannotQueueError.
    """
    campaign = lead.campaign
    if campaign.archived_at is not None:
        raise CannotQueueError("This campaign is archived. Bring it back before you send from it.")
    identity, mailbox = identity_of(campaign), mailbox_for(lead, now=now)
    rendered = render(subject, body, lead=lead, identity=identity, campaign=campaign)
    if trouble := content_of.trouble_with(rendered):
        raise UnfinishedError(trouble)
    letter = _letter(lead, campaign=campaign, identity=identity, mailbox=mailbox, user=user, now=now)
    letter.subject, letter.body, letter.is_single = rendered.subject, rendered.body, True
    letter.step = campaign.steps.current().first()
    with transaction.atomic():
        only_one_queues_for(campaign.pk)
        # To this person, under whichever lead: the address gets a campaign's first letter once.
        earlier = list(earlier_ones(campaign, [lead]).select_for_update())
        live = next((each for each in earlier if each.lead_id == lead.pk and each.state in Attempt.LIVE), None)
        if live is not None:
            return Busy(live)
        if any(each.state == Attempt.State.FAILED and each.settled_at is None for each in earlier):
            outbox.settle(now=now)  # What a failure has to say, a dead address above all, is said first.
        [decision] = gate.foresee([outbox.letter_of(letter, mailbox, now=now)], workspace=campaign.workspace, now=now)
        answer = policy.at_once(decision)
        had = any(takes_the_place(each.state, of_same_lead=each.lead_id == lead.pk) for each in earlier)
        stops = [HAD_ONE] if had else []
        mine = next((each for each in earlier if each.lead_id == lead.pk), None)
        forgotten = following.forgotten_time()
        if not stops and forgotten is not None and forgotten.may_hold_first(lead, mine):
            stops = [following.MAY_HAVE_LEFT]
            if mine is None and answer.allowed:
                keep_back(letter)
                letter.save()
        if stops or not answer.allowed:
            return _refuse(answer, stops, workspace=campaign.workspace, now=now)
        wait_for_person(Foreseen(lead, letter, decision))
        _keep(letter, earlier)
        if decision.asks:
            record_waiting([(letter, decision)], workspace=campaign.workspace, now=now)
        if campaign.state == Campaign.State.DRAFT:
            campaign.resume()
    return Queued(letter, decision)


def _refuse(answer: Decision, stops: Sequence[str], *, workspace: Workspace, now: datetime) -> Refused:
    kept_back = (Outcome.REFUSED, Outcome.WAITS, Outcome.ASKS)
    by_rules = [] if answer.allowed else [check.sentence for check in answer.checks if check.outcome in kept_back]
    reasons = [*stops, *by_rules]
    refused = replace(answer, result=PolicyResult.BLOCKED, reason=" ".join(reasons), until=None, asks=False)
    gate.record([refused], workspace=workspace, now=now)
    return Refused(reasons, refused)


HAD_ONE = "This lead has had its first letter already."


def _keep(letter: Attempt, earlier: Sequence[Attempt]) -> None:
    """A letter of this step that was stopped before is taken up again: the same attempt, with the same Message-ID."""
    again = next((each for each in earlier if each.lead_id == letter.lead_id and each.step_id == letter.step_id), None)
    if again is not None and letter.step_id is not None:
        letter.pk, letter.message_id = again.pk, again.message_id
    letter.save()


def note_request(event: str, *, workspace: Workspace, user: User, now: datetime, **details: object) -> None:
    """What a program asked for, beside what became of each letter."""
    audit.record(event, workspace=workspace, user=user, details=details, now=now)
