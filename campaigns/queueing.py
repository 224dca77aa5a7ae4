"""What people and other rooms ask of the queue: put letters in, take them back, say what became of them."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from campaigns import address_checks, content, following, outbox, restoring, windows
from campaigns.analytics.counting import batched
from campaigns.analytics.upkeep import recount
from campaigns.first_letters import in_the_way, in_the_way_again
from campaigns.models import Attempt, Campaign, Lead, Step, Task
from campaigns.models.attempt import due_from
from campaigns.own_letters import OwnText, own_texts
from campaigns.rendering import render
from campaigns.rota import CannotQueueError, Rota, rota_of
from campaigns.tasks import dispatch_soon
from campaigns.variants import Text, text_of
from compliance import audit, gate
from compliance.addresses import domain_of, is_free_mail
from compliance.models import Kind, PolicyResult
from compliance.policy import Decision
from outreach_site.accounts.models import SenderIdentity, User, Workspace
from outreach_site.lib.among import among
from outreach_site.lib.domains import registrable
from outreach_site.mailboxes.models import Mailbox

# "It did not arrive" may be said only when a slow server has had time to show that it did.
DOUBT_LASTS = timedelta(minutes=10)
LARGEST_REQUEST = 500
JUST_FAILED = "The letter before has just failed: look at what the server said, and then send it again."
TAKEN_BACK = "Cancelled by hand."
COLLEAGUE_ANSWERED = "Somebody else at this company answered."


@dataclass(frozen=True)
class Foreseen:
    """One lead's letter as it would be, and what would happen to it."""

    lead: Lead
    attempt: Attempt | None  # unsaved; None where there is no letter to speak of
    decision: Decision | None
    sentence: str = ""  # why it cannot go, or has to wait; empty: it goes
    may_be_confirmed: bool = False  # it is refused, and would go if the person confirms that they mean it

    @property
    def refused(self) -> bool:
        return self.attempt is None or (self.decision is not None and self.decision.result == PolicyResult.BLOCKED)

    @property
    def waits(self) -> bool:
        return not self.refused and bool(self.sentence)

    @property
    def asks_for_ground(self) -> bool:
        """Whether a person has to say why we may write: the one wait that the sender can end on the spot."""
        return self.waits and self.decision is not None and self.decision.asks_for_ground


@dataclass(frozen=True)
class Queued:
    """What became of a request: the letters that are queued, and the leads that got none, each with the reason."""

    attempts: list[Attempt]
    refused: list[tuple[Lead, str]]


def foresee_letters(
    campaign: Campaign, leads: Sequence[Lead], *, user: User, now: datetime, ground: str = ""
) -> list[Foreseen]:
    """What `queue_letters` would do, for the page that asks first. Nothing is stored. Raises CannotQueueError."""
    plan = _plan(campaign, leads, now=now)
    drafts = [_draft(plan, lead, user=user, now=now, ground=ground) for lead in leads]
    return _judge(plan, drafts, now=now, screen=False)


def queue_letters(campaign: Campaign, leads: Sequence[Lead], *, user: User, now: datetime, ground: str = "") -> Queued:
    """Queue the first letter to these leads: rendered now, decided again when it leaves.

    What the gate refuses already is not queued, and its refusal is in the audit log. A letter that was held back,
    cancelled or failed before is queued again as the same attempt. Raises CannotQueueError.
    """
    plan = _plan(campaign, leads, now=now)
    with transaction.atomic():
        only_one_queues_for(campaign.pk)
        drafts = [_draft(plan, lead, user=user, now=now, ground=ground) for lead in leads]
        foreseen = _judge(plan, drafts, now=now, screen=True)
        going = [(f.lead, f.attempt) for f in foreseen if f.attempt is not None and not f.refused]
        windows.time_first([attempt for _, attempt in going], workspace=campaign.workspace, now=now)
        for f in foreseen:
            wait_for_person(f)
        attempts, taken = _store(plan, going, now=now)
        _record_waiting(foreseen, attempts, plan, now=now)
        if campaign.state == Campaign.State.DRAFT and attempts:
            campaign.resume()
        for mailbox_id in {attempt.mailbox_id for attempt in attempts if attempt.mailbox_id is not None}:
            dispatch_soon(mailbox_id)
    refused = [(f.lead, f.sentence) for f in foreseen if f.refused]
    return Queued(attempts=attempts, refused=refused + taken)


def prepare_for_another(lead: Lead, *, user: User, now: datetime) -> Attempt:
    """The campaign's first letter to whom the lead's last reader named instead; it leaves when a person has read it.

    Of no step, for the lead has had that letter: the gate decides about the new address alone. Raises CannotQueueError.
    """
    plan = _plan(lead.campaign, [lead], now=now)
    with transaction.atomic():
        only_one_queues_for(lead.campaign_id)
        draft = _draft(plan, lead, user=user, now=now, ground="")
        if draft.attempt is None:
            raise CannotQueueError(draft.sentence)
        had = Attempt.objects.filter(campaign=lead.campaign_id, recipient_key=draft.attempt.recipient_key)
        if had.exclude(state__in=[Attempt.State.BLOCKED, Attempt.State.CANCELLED]).exists():
            raise CannotQueueError("A letter to this address is queued or sent already.")
        draft.attempt.step = None
        draft.attempt.must_be_read = True
        [foreseen] = _judge(plan, [draft], now=now, screen=True)
        if foreseen.refused:
            raise CannotQueueError(foreseen.sentence)
        wait_for_person(foreseen)
        attempt = draft.attempt
        attempt.save()
        note("letter.queued_for_another", attempt, user=user, now=now)
    return attempt


def cancel(attempt: Attempt, *, user: User, now: datetime) -> bool:
    """Take back a letter that has not left. False if it is too late."""
    with transaction.atomic():
        if not _withdraw(Attempt.objects.filter(pk=attempt.pk), Attempt.State.CANCELLED, TAKEN_BACK, now):
            return False
        note("letter.cancelled", attempt, user=user, now=now)
    return True


def cancel_all(
    workspace: Workspace,
    *,
    campaign: Campaign | None = None,
    mailbox: Mailbox | None = None,
    user: User,
    now: datetime,
    seconds: float = float("inf"),
) -> int:
    """Take back every letter that has not left: of a campaign, of a mailbox, or of the whole workspace. How many.

    In parts, so that a long queue stops nobody else for long; each part stands by itself, and the log names their sum.
    After about so many seconds it ends, and the rest still waits.
    """
    deadline = time.monotonic() + seconds
    waiting = all_waiting(workspace, campaign=campaign, mailbox=mailbox)
    about = f"workspace:{workspace.pk}"
    if campaign is not None:
        about = campaign.subject
    if mailbox is not None:
        about = f"mailbox:{mailbox.pk}"
    cancelled = 0
    while time.monotonic() < deadline and (
        part := list(waiting.order_by("pk").values_list("pk", flat=True)[:LARGEST_REQUEST])
    ):
        some = Attempt.objects.filter(pk__in=part)
        cancelled += _withdraw(some, Attempt.State.CANCELLED, "Cancelled by hand, with all that waited.", now)
    if cancelled:
        audit.record(
            "letters.cancelled", workspace=workspace, user=user, about=about, details={"letters": cancelled}, now=now
        )
    return cancelled


def all_waiting(
    workspace: Workspace, *, campaign: Campaign | None = None, mailbox: Mailbox | None = None
) -> models.QuerySet[Attempt]:
    """Letters that have not left and still may: of a campaign, of a mailbox, or of the whole workspace."""
    waiting = Attempt.objects.in_workspace(workspace).filter(state=Attempt.State.QUEUED)
    if campaign is not None:
        waiting = waiting.filter(campaign=campaign)
    return waiting if mailbox is None else waiting.filter(mailbox=mailbox)


def cancel_waiting(*leads: Lead, reason: str, now: datetime) -> int:
    """Take back what waits for these leads unasked: they answered, or somebody wrote to them by hand. How many.

    An answer that a person wrote is no part of the sequence: it stays, unless a suppression takes it back.
    """
    return cancel_waiting_for([lead.pk for lead in leads], reason=reason, now=now)


def cancel_waiting_for(leads: Collection[int], *, reason: str, now: datetime) -> int:
    """The same by the leads' keys, with as many queries as for one."""
    unasked = Attempt.objects.filter(lead__in=leads).exclude(kind=Kind.ANSWER)
    return _withdraw(unasked, Attempt.State.CANCELLED, reason, now) if leads else 0


def drop_tasks(leads: Collection[int], *, reason: str, now: datetime) -> None:
    """What a person was to do for these leads is done otherwise. A lead's status alone ends its tasks as well."""
    Task.objects.open().filter(lead__in=leads).update(dropped_at=now, reason=reason[:200])


def stop_at_companies(domains: Collection[str], *, workspace: Workspace, now: datetime) -> int:
    """Somebody of these companies answered: nobody else there gets a further letter unasked. How many.

    `domains` are registrable; at a mail provider, whose users share no company, nothing stops.
    """
    companies = [domain for domain in domains if domain and not is_free_mail(domain)]
    if not companies:
        return 0
    further = Attempt.objects.in_workspace(workspace).filter(
        following.TO_COME,
        state__in=[Attempt.State.QUEUED, Attempt.State.BLOCKED],  # By these an index finds the few.
        kind=Kind.FOLLOW_UP,
        recipient_domain__in=companies,
    )
    if not further.exists():  # As nearly always.
        return 0
    return _withdraw(further, Attempt.State.CANCELLED, COLLEAGUE_ANSWERED, now)


def take_out_step(step: Step, *, now: datetime) -> int:
    """What waits of a step that is no more part of its campaign; how many letters."""
    Task.objects.open().filter(step=step).update(dropped_at=now, reason=following.STEP_REMOVED)
    # By its campaign's index: a step has none.
    of_step = Attempt.objects.filter(campaign=step.campaign_id, step=step)
    return _withdraw(of_step, Attempt.State.CANCELLED, following.STEP_REMOVED, now)


def bring_back_step(step: Step, *, since: datetime, now: datetime) -> None:
    """What `take_out_step` took back at the moment `since` waits again, in the caller's transaction; what took its
    place for those leads meanwhile, and has not fallen due, goes. The caller says when the letters leave:
    following.refresh puts their own date in the place of a far one.
    """
    gone = {"reason": following.STEP_REMOVED, "lead__status__in": Lead.SILENT}
    of_step = Attempt.objects.filter(campaign=step.campaign_id, step=step)
    letters = of_step.filter(state=Attempt.State.CANCELLED, finished_at=since, **gone)
    tasks = Task.objects.filter(step=step, dropped_at=since, done_at=None, **gone)
    behind = {"campaign": step.campaign_id, "step__position__gt": step.position}
    # Where the next step has begun to be taken, or a person has written, the lead has gone on.
    went_on = Attempt.objects.filter(lead=models.OuterRef("lead"), created_at__gte=since).exclude(
        state=Attempt.State.QUEUED, due_at__gt=now, lease_token=None, approved_at=None, **behind
    )
    did_more = Task.objects.filter(lead=models.OuterRef("lead"), follows_at=models.OuterRef("follows_at"), **behind)
    waiting = ~models.Exists(went_on), ~models.Exists(did_more.exclude(done_at=None))
    of_letters = set(letters.filter(*waiting).values_list("lead", flat=True))
    of_tasks = set(tasks.filter(*waiting).values_list("lead", flat=True))
    for leads in batched(of_letters | of_tasks):
        Attempt.objects.filter(among("lead_id", leads), created_at__gte=since, **behind).delete()
        Task.objects.filter(among("lead_id", leads), done_at=None, dropped_at=None, **behind).delete()
        far = now + timedelta(days=365)
        letters.filter(among("lead_id", leads)).update(
            state=Attempt.State.QUEUED, reason="", finished_at=None, due_at=far
        )
        tasks.filter(among("lead_id", leads)).update(dropped_at=None, reason="")


def stop_for_suppression(*, workspace_id: int | None, addresses: Sequence[str], domains: Sequence[str]) -> None:
    """What waits for a suppressed address will not leave."""
    to_them = models.Q(recipient_key__in=addresses)
    for domain in domains:
        to_them |= models.Q(recipient_key__endswith=f"@{domain}") | models.Q(recipient_key__endswith=f".{domain}")
    # Only what is queued, which an index finds: what could not be filled is refused should it ever be.
    waiting = Attempt.objects.filter(to_them, state=Attempt.State.QUEUED)
    if workspace_id is not None:
        waiting = waiting.filter(campaign__workspace_id=workspace_id)
    _withdraw(waiting, Attempt.State.BLOCKED, following.SUPPRESSED, timezone.now())
    at_them = models.Q(lead__contact__email_key__in=addresses)
    for domain in domains:
        at_them |= models.Q(lead__contact__email_key__endswith=f"@{domain}")
        at_them |= models.Q(lead__contact__email_key__endswith=f".{domain}")
    tasks = Task.objects.open().filter(at_them)
    if workspace_id is not None:
        tasks = tasks.filter(campaign__workspace_id=workspace_id)
    tasks.update(dropped_at=timezone.now(), reason="Their address is on the suppression list.")


def requeue(attempt: Attempt, *, user: User, now: datetime) -> bool:
    """Queue a letter again that could not be sent, was held back or cancelled. The gate decides anew.

    False where it is not stopped any more, or another letter of this step has gone to the same address meanwhile.
    Raises CannotQueueError where that is a first letter, or where something in its text is still open.
    """
    if attempt.state == Attempt.State.FAILED and attempt.settled_at is None:
        outbox.settle(now=now)  # What its failure has to say, a dead address above all, is said first.
    with transaction.atomic():
        only_one_queues_for(attempt.campaign_id)
        if attempt.kind == Kind.FIRST and (why := in_the_way_again(attempt)):
            raise CannotQueueError(why)
        rival = Attempt.objects.filter(step=attempt.step_id, recipient_key=attempt.recipient_key).exclude(
            models.Q(pk=attempt.pk) | models.Q(state__in=[Attempt.State.BLOCKED, Attempt.State.CANCELLED])
        )
        if attempt.step_id is not None and rival.exists():
            return False
        if _is_doubtful_since_restore(attempt, now=now):
            return False
        _fill(attempt, now=now)
        again = Attempt.objects.filter(
            pk=attempt.pk, state__in=[Attempt.State.FAILED, Attempt.State.BLOCKED, Attempt.State.CANCELLED]
        ).update(
            state=Attempt.State.QUEUED, due_at=due_from(now), tries=0, reason="", finished_at=None, settled_at=None
        )
        if not again:
            return False
        note("letter.requeued", attempt, user=user, now=now)
        if attempt.mailbox_id is not None:
            dispatch_soon(attempt.mailbox_id)
    return True


def put_back(attempt: Attempt, *, user: User, now: datetime) -> bool:
    """Undo that a person took this letter back: it waits again, for its own time. False where that cannot be.

    Raises CannotQueueError.
    """
    with transaction.atomic():
        taken_back = Attempt.objects.filter(pk=attempt.pk, state=Attempt.State.CANCELLED, reason=TAKEN_BACK)
        if not taken_back.exists() or not requeue(attempt, user=user, now=now):
            return False
        following.retime([attempt.lead_id], now=now)
    return True


def _fill(attempt: Attempt, *, now: datetime) -> None:
    """A follow-up of a sequence that was stopped before its time takes its step's text as it is now: it may be mended.
    Raises CannotQueueError.
    """
    stopped = Attempt.objects.filter(
        pk=attempt.pk, kind=Kind.FOLLOW_UP, is_single=False, step__isnull=False, message_id="", approved_at=None
    ).filter(state__in=[Attempt.State.BLOCKED, Attempt.State.CANCELLED])
    letter = stopped.select_related("step", "identity", "lead__contact", "lead__campaign__workspace").first()
    if letter is None:
        return
    if trouble := following.fill_anew(letter, now=now):
        raise CannotQueueError(f"{trouble} Mend the step's text, or fill in what is missing, first.")
    letter.save(update_fields=following.WRITTEN)


def _is_doubtful_since_restore(attempt: Attempt, *, now: datetime) -> bool:
    """A letter that was stopped before a restored database was claimed may have been sent all the same: whoever wants
    to send it first says what became of that.
    """
    forgotten = following.forgotten_time()
    stopped = Attempt.objects.select_for_update(of=("self",)).filter(
        pk=attempt.pk, state__in=[Attempt.State.FAILED, Attempt.State.BLOCKED, Attempt.State.CANCELLED]
    )
    letter = stopped.select_related("campaign__workspace", "lead__contact", "identity", "mailbox__workspace").first()
    if forgotten is None or letter is None or not forgotten.may_hold_again(letter):
        return False
    restoring.doubt([letter], forgotten.began_at, now=now)
    return True


def prove_sent(attempts: Iterable[Attempt], *, by: str) -> int:
    """Something that names their Message-ID proves that letters were sent: a reply, a bounce, a copy in the Sent
    folder. For how many that is news.

    A proof can come before the worker has written its own answer, and a killed one never will: so it counts for a
    letter that is *sending*, too. It also counts where a person has said meanwhile that the letter did not arrive.
    """
    with transaction.atomic():
        proved = list(
            Attempt.objects.provable()
            .filter(pk__in=[attempt.pk for attempt in attempts])
            .select_for_update(of=("self",))
            .order_by("pk")
        )
        for attempt in proved:
            outbox.count_again(attempt)
        return Attempt.objects.filter(pk__in=[attempt.pk for attempt in proved]).update(
            state=Attempt.State.SENT,
            reason=f"Proved by {by}."[:500],
            finished_at=Coalesce("finished_at", "started_at", Now()),
            lease_token=None,
            leased_until=None,
            settled_at=None,
        )


def settle_doubt(attempt: Attempt, *, arrived: bool, user: User, now: datetime) -> bool:
    """A person says what became of a letter that may have been sent. False if it is too early, or known already.

    Sent again, it is the same attempt with the same Message-ID: a server that has it can tell.
    """
    doubtful = Attempt.objects.filter(pk=attempt.pk, state=Attempt.State.UNCERTAIN)
    with transaction.atomic():
        if arrived:
            changed = doubtful.update(state=Attempt.State.SENT, reason="", settled_at=None)
        else:
            changed = doubtful.filter(finished_at__lte=now - DOUBT_LASTS).update(
                state=Attempt.State.QUEUED, due_at=now, reason="", finished_at=None, settled_at=None
            )
            if changed:
                gate.settle(gate.Outcomes(released=[attempt.about]))
                recount(attempt.workspace)
        if changed:
            note("letter.said_arrived" if arrived else "letter.said_lost", attempt, user=user, now=now)
    return bool(changed)


def only_one_queues_for(campaign_id: int) -> None:
    """Two people who queue letters to the same address wait for each other, so that the second finds the first's."""
    Campaign.objects.select_for_update(no_key=True).filter(pk=campaign_id).first()


@dataclass(frozen=True)
class _Plan:
    """What all letters of a request share."""

    campaign: Campaign
    step: Step
    rota: Rota  # from which mailbox each letter leaves
    identity: SenderIdentity
    own: Mapping[int, OwnText]  # leads that are sent a text of their own
    no_mail: AbstractSet[str]  # domains that take no mail


@dataclass(frozen=True)
class _Draft:
    lead: Lead
    attempt: Attempt | None
    sentence: str = ""


def _plan(campaign: Campaign, leads: Sequence[Lead], *, now: datetime) -> _Plan:
    step = campaign.steps.current().first()
    if step is None or not step.letter_body.strip() or not step.letter_subject.strip():
        raise CannotQueueError("This campaign has no letter yet. Write one under Letters first.")
    if campaign.archived_at is not None:
        raise CannotQueueError("This campaign is archived. Bring it back before you send from it.")
    return _Plan(
        campaign=campaign,
        step=step,
        rota=rota_of(campaign, leads, now=now),
        identity=identity_of(campaign),
        own=own_texts(leads),
        no_mail=address_checks.refused_among([lead.contact.email_key for lead in leads if lead.contact], now=now),
    )


def identity_of(campaign: Campaign) -> SenderIdentity:
    """Who writes. Raises CannotQueueError."""
    identity = campaign.identity or SenderIdentity.objects.default_of(campaign.workspace)
    if identity is None or not identity.is_complete:
        raise CannotQueueError(
            "There is no complete sender: add name, organisation and postal address under Settings, Sender identities."
        )
    return identity


def _draft(plan: _Plan, lead: Lead, *, user: User, now: datetime, ground: str) -> _Draft:
    contact = lead.contact
    if contact is None:
        return _Draft(lead, None, "No address is known for this site.")
    if not contact.email.rpartition("@")[0].isascii():
        return _Draft(lead, None, "This address has letters that most mail servers cannot take before the @.")
    if (domain := domain_of(contact.email_key)) in plan.no_mail:
        return _Draft(lead, None, address_checks.no_mail(domain))
    own = plan.own.get(lead.pk)
    if own is not None and own.trouble:
        return _Draft(lead, None, own.trouble)
    text = Text(own.subject, own.body) if own else text_of(plan.step, lead.pk)
    rendered = render(text.subject, text.body, lead=lead, identity=plan.identity, campaign=plan.campaign)
    if trouble := content.trouble_with(rendered):
        return _Draft(lead, None, trouble)
    mailbox = plan.rota.take(lead)
    if isinstance(mailbox, str):
        return _Draft(lead, None, mailbox)
    return _Draft(
        lead,
        Attempt(
            campaign=plan.campaign,
            lead=lead,
            step=plan.step,
            template_id=None if own else plan.step.template_id,
            kind=Kind.FIRST,
            variant=text.variant,
            mailbox=mailbox,
            identity=plan.identity,
            user=user,
            recipient=contact.email,
            recipient_name=contact.name,
            recipient_key=contact.email_key,
            recipient_domain=registrable(domain_of(contact.email_key)),
            subject=rendered.subject,
            body=rendered.body,
            ground=ground,
            due_at=now,
            created_at=now,
        ),
    )


def wait_for_person(foreseen: Foreseen) -> None:
    """What a person has to decide is said at once, not when a worker comes by."""
    if foreseen.attempt is not None and foreseen.decision is not None and foreseen.decision.asks:
        foreseen.attempt.due_at = None
        foreseen.attempt.reason = foreseen.decision.reason[:500]
        foreseen.attempt.asks = outbox.asked_by(foreseen.decision)


def _record_waiting(foreseen: Sequence[Foreseen], stored: Sequence[Attempt], plan: _Plan, *, now: datetime) -> None:
    """Only now do these letters have a number for the audit log to name."""
    decisions = {id(f.attempt): f.decision for f in foreseen if f.decision is not None and f.decision.asks}
    waiting = [(attempt, decisions[id(attempt)]) for attempt in stored if id(attempt) in decisions]
    record_waiting(waiting, workspace=plan.campaign.workspace, now=now)


def record_waiting(waiting: Sequence[tuple[Attempt, Decision]], *, workspace: Workspace, now: datetime) -> None:
    gate.record(
        [replace(decision, letter=replace(decision.letter, about=attempt.about)) for attempt, decision in waiting],
        workspace=workspace,
        now=now,
    )


def _judge(plan: _Plan, drafts: Sequence[_Draft], *, now: datetime, screen: bool) -> list[Foreseen]:
    written = [draft.attempt for draft in drafts if draft.attempt is not None]
    questions = [
        outbox.letter_of(attempt, attempt.mailbox, now=now) for attempt in written if attempt.mailbox is not None
    ]
    ask = gate.screen if screen else gate.foresee
    decisions = iter(ask(questions, workspace=plan.campaign.workspace, now=now))
    foreseen = []
    for draft in drafts:
        decision = next(decisions) if draft.attempt is not None else None
        sentence = draft.sentence or (decision.reason if decision is not None else "")
        foreseen.append(Foreseen(draft.lead, draft.attempt, decision, sentence))
    return foreseen


def _store(
    plan: _Plan, going: Sequence[tuple[Lead, Attempt]], *, now: datetime
) -> tuple[list[Attempt], list[tuple[Lead, str]]]:
    """Insert new attempts, and bring back those of the same lead and step that were stopped; who is taken already."""
    earlier = {
        attempt.lead_id: attempt
        for attempt in Attempt.objects.filter(step=plan.step, lead__in=[lead for lead, _ in going]).select_for_update()
    }
    # Letters of no step too: a program may have written to them before the campaign had one.
    had = in_the_way(plan.campaign, [lead for lead, _ in going])
    forgotten = following.forgotten_time()
    new, again, doubtful, taken = [], [], [], []
    addressed: set[str] = set()
    for lead, attempt in going:
        before = earlier.get(lead.pk)
        if lead.pk in had or attempt.recipient_key in addressed:
            taken.append((lead, had.get(lead.pk, "A letter to this address is queued or sent already.")))
            continue
        addressed.add(attempt.recipient_key)
        if look := _look_first(lead, before, forgotten):
            taken.append((lead, look.sentence))
            if look.sentence == JUST_FAILED:
                outbox.settle(now=now)  # What its failure has to say, a dead address above all, is said first.
            if look.is_new:
                keep_back(attempt)
                doubtful.append(attempt)
            continue
        if before is None:
            new.append(attempt)
        else:
            attempt.pk, attempt.message_id = before.pk, before.message_id
            again.append(attempt)
    Attempt.objects.bulk_create(new + doubtful)
    Attempt.objects.bulk_update(again, _REWRITTEN)
    return new + again, taken


@dataclass(frozen=True)
class LookFirst:
    """Why a person has to look at something before a first letter goes. `is_new`: a letter that nobody has written yet
    is kept among those that could not be sent.
    """

    sentence: str
    is_new: bool = False


def look_first(campaign: Campaign, leads: Sequence[Lead]) -> dict[int, LookFirst]:
    """What `queue_letters` would find of these leads' earlier letters, for the page that asks first. Three queries."""
    step = campaign.steps.current().first()
    stored = Attempt.objects.filter(step=step, lead__in=leads).defer("body", "references") if step is not None else []
    earlier = {attempt.lead_id: attempt for attempt in stored}
    forgotten = following.forgotten_time()
    found = {lead.pk: _look_first(lead, earlier.get(lead.pk), forgotten) for lead in leads}
    return {lead: look for lead, look in found.items() if look is not None}


def _look_first(lead: Lead, before: Attempt | None, forgotten: following.ForgottenTime | None) -> LookFirst | None:
    if before is not None and before.state == Attempt.State.FAILED and before.settled_at is None:
        return LookFirst(JUST_FAILED)
    if forgotten is not None and forgotten.may_hold_first(lead, before):
        return LookFirst(following.MAY_HAVE_LEFT, is_new=before is None)
    return None


def keep_back(attempt: Attempt) -> None:
    """A new letter that may have left in the time that a restored database has forgotten goes to those that could not
    be sent: there a person queues it again, or many at once.
    """
    attempt.state, attempt.reason = Attempt.State.FAILED, following.MAY_HAVE_LEFT
    attempt.due_at, attempt.finished_at, attempt.asks = None, attempt.created_at, ""


# What a stopped attempt takes over from the letter that is queued in its place; its id and Message-ID stay.
_REWRITTEN = (
    "template",
    "mailbox",
    "identity",
    "user",
    "recipient",
    "recipient_name",
    "recipient_key",
    "recipient_domain",
    "subject",
    "body",
    "variant",
    "ground",
    "is_single",
    "must_be_read",
    "approved_at",
    "approved_by",
    "cool_off_waived_at",
    "cool_off_waived_by",
    "state",
    "due_at",
    "asks",
    "reason",
    "tries",
    "verdict",
    "finished_at",
    "settled_at",
)


def _withdraw(attempts: models.QuerySet[Attempt], state: Attempt.State, reason: str, now: datetime) -> int:
    """Letters that are still to come and have not been started end here, and give back a place they may have reserved.
    How many.
    """
    with transaction.atomic(savepoint=False):
        # Locked before it is looked at: a worker that starts one of them now waits, and then finds it gone.
        waiting = list(attempts.filter(following.TO_COME).select_for_update(of=("self",)).order_by("pk"))
        Attempt.objects.filter(pk__in=[attempt.pk for attempt in waiting]).update(
            state=state, reason=reason[:500], finished_at=now, lease_token=None, leased_until=None, due_at=None
        )
        gate.settle(gate.Outcomes(released=[a.about for a in waiting if a.lease_token is not None]))
    return len(waiting)


def note(event: str, attempt: Attempt, *, user: User, now: datetime) -> None:
    audit.record(
        event,
        workspace=attempt.campaign.workspace,
        user=user,
        about=attempt.about,
        lead_email=attempt.recipient,
        subject=attempt.subject,
        now=now,
    )
