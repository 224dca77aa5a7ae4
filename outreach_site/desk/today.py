"""Today: what needs a person, in the order of what waiting costs them; then what comes next, and the week's numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.urls import reverse

from campaigns.approvals import first_letters_left
from campaigns.models import Attempt, Campaign, Lead, Placement, Step
from campaigns.to_do import due_tasks
from compliance.gate import limits_of
from compliance.models import Hold, SendRecord, Suppression
from compliance.policy import Rule
from compliance.privacy_models import PrivacyRequest
from inbox.alerts import AFTER_FAILURES, cannot_be_read
from inbox.asks import amount_of
from inbox.intents import IntentName
from inbox.models import Reply
from outreach_site.accounts.access import KEEPERS, SENDERS
from outreach_site.accounts.models import Membership, Role, SenderIdentity, Workspace
from outreach_site.mailboxes.models import Connection, Mailbox, SignIn
from outreach_site.mailboxes.oauth.keeping import ends_soon
from outreach_site.mailboxes.oauth.providers import provider_of

# An interested editor is to be answered within a day.
ANSWER_WITHIN = timedelta(hours=24)
LOOK_BACK = timedelta(days=30)
WEEK = timedelta(days=7)
DEADLINE_NEAR = 7  # days
ROWS_OF_A_KIND = 10
NEXT_LETTERS = 5
NEARLY_USED_UP = 0.8
# Leads for whom an answer is no longer waited for.
SETTLED_LEADS = (Lead.Status.PLACED, Lead.Status.LOST, Lead.Status.UNSUBSCRIBED)


@dataclass(frozen=True, kw_only=True)
class Need:
    """One thing that waits for a person: one sentence, one verb."""

    tone: str
    icon: str
    title: str
    detail: str
    verb: str
    url: str
    at: datetime | None = None
    is_late: bool = False


@dataclass(frozen=True, kw_only=True)
class ToDo:
    """A step of the way in, with its mark."""

    title: str
    text: str
    url: str
    verb: str
    is_done: bool


@dataclass(frozen=True, kw_only=True)
class Week:
    sent: int
    people_answered: int
    interested: int
    placed: int


@dataclass(frozen=True, kw_only=True)
class Today:
    needs: list[Need]
    first_steps: list[ToDo]
    next_letters: list[Attempt]
    waiting: int
    week: Week
    nearly_used_up: str

    @property
    def is_starting(self) -> bool:
        return any(not step.is_done for step in self.first_steps)


def today(membership: Membership, *, now: datetime) -> Today:
    """Everything the page says; the number of queries does not grow with the rows."""
    here = membership.workspace
    waiting = Attempt.objects.in_workspace(here).filter(state=Attempt.State.QUEUED, due_at__isnull=False)
    return Today(
        needs=needs(membership, now=now),
        first_steps=_rehearsal_steps(here) if here.is_rehearsal else _first_steps(here),
        next_letters=list(waiting.select_related("campaign", "lead").order_by("due_at", "pk")[:NEXT_LETTERS]),
        waiting=waiting.count(),
        week=_week(here, now),
        nearly_used_up=_nearly_used_up(membership, now),
    )


def needs(membership: Membership, *, now: datetime) -> list[Need]:
    here = membership.workspace
    return [
        *_replies(membership, now),
        *_mailboxes_in_trouble(membership, now),
        *_held_back(here),
        *_letters(membership, now),
        *_links(membership),
        *_privacy_requests(membership, now),
        *_look_through(here, now),
    ]


def _replies(membership: Membership, now: datetime) -> Iterable[Need]:
    """People who wrote and wait: the interested, then who asks something, then who wrote anything else.

    Doubtful refusals come after the next actions that are due: nobody is written to meanwhile. What a teammate has
    taken, what is snoozed and what has been answered is not here.
    """
    here = membership.workspace
    written = (
        Reply.objects.in_workspace(here)
        .from_people()
        .awake(now)
        .unanswered()
        .filter(received_at__gt=now - LOOK_BACK, done_at=None)
        .filter(Q(assignee=None) | Q(assignee=membership.user))
        .filter(
            Q(classification__in=[Reply.Classification.INTERESTED, Reply.Classification.REPLIED]) | Q(needs_review=True)
        )
        .exclude(Q(lead__status__in=SETTLED_LEADS) & Q(needs_review=False))
        .select_related("lead", "campaign")
        .defer("text")
        .order_by("-received_at", "-pk")[: 10 * ROWS_OF_A_KIND]
    )
    newest: dict[object, Reply] = {}
    for reply in written:  # Of a thread only its last word.
        newest.setdefault(reply.lead_id or reply.from_key or reply.pk, reply)
    clear = [reply for reply in reversed(newest.values()) if not reply.needs_review]  # who has waited longest first
    asking = [reply for reply in clear if _asks(reply)]
    others = [reply for reply in clear if not _asks(reply)]
    verb = "Answer" if membership.role in SENDERS else "Read"
    interested = [reply for reply in others if reply.classification == Reply.Classification.INTERESTED]
    for reply in interested[:ROWS_OF_A_KIND]:
        is_late = now - reply.received_at > ANSWER_WITHIN
        yield _reply_row(here, reply, "is interested", verb, "bad" if is_late else "good", "reply", is_late=is_late)
    for reply in asking[:ROWS_OF_A_KIND]:
        is_late = now - reply.received_at > ANSWER_WITHIN
        yield _reply_row(here, reply, _asks(reply), verb, "bad" if is_late else "good", "reply", is_late=is_late)
    unread = [reply for reply in others if reply.classification == Reply.Classification.REPLIED and not reply.read_at]
    for reply in unread[:ROWS_OF_A_KIND]:
        yield _reply_row(here, reply, "wrote back", "Read", "info", "message-square-text")
    yield from _next_actions(here, now)
    yield from _tasks(here, now)
    doubtful = [reply for reply in reversed(newest.values()) if reply.needs_review]
    for reply in doubtful[:ROWS_OF_A_KIND]:
        yield _reply_row(here, reply, "may not want to be written to", "Decide", "warn", "message-circle-question-mark")


def _asks(reply: Reply) -> str:
    """What they ask us, in words that follow their name; empty for who asks nothing."""
    if price := reply.intent(IntentName.ASKS_PRICE):
        amount = amount_of(price)
        return f"asks for {amount}" if amount else "asks the price"
    if reply.intent(IntentName.ASKS_TOPIC):
        return "asks for a topic"
    return "asks for the text" if reply.intent(IntentName.ASKS_DRAFT) else ""


def _next_actions(here: Workspace, now: datetime) -> Iterable[Need]:
    """What somebody meant to do by now, at the newest reply of the site where there is one."""
    today = here.day_of(now)
    newest = Reply.objects.filter(lead=OuterRef("pk")).order_by("-received_at").values("pk")[:1]
    due = (
        Lead.objects.in_workspace(here)
        .filter(next_action_on__lte=today, campaign__archived_at=None)
        .exclude(next_action="")
        .annotate(newest_reply=Subquery(newest))
        .order_by("next_action_on", "pk")
    )
    for lead in due[:ROWS_OF_A_KIND]:
        reply: int | None = lead.newest_reply  # type: ignore[attr-defined]  # annotated
        days = (today - lead.next_action_on).days if lead.next_action_on else 0
        stage = f"{lead.stage}. " if lead.stage else ""
        yield Need(
            tone="bad" if days else "info",
            icon="calendar-clock",
            title=f"{lead}: {lead.next_action}",
            detail=stage + (f"{days} {'day' if days == 1 else 'days'} overdue." if days else "Due today."),
            verb="Do it",
            url=reverse("inbox:reply_detail", args=[here.slug, reply])
            if reply
            else reverse("campaigns:lead_detail", args=[here.slug, lead.pk]),
            is_late=days > 0,
        )


def _tasks(here: Workspace, now: datetime) -> Iterable[Need]:
    """What sequences ask people to do by hand; the next letter waits for it."""
    for task in due_tasks(here, now=now)[:ROWS_OF_A_KIND]:
        days = (here.day_of(now) - here.day_of(task.due_at)).days
        yield Need(
            tone="bad" if days else "info",
            icon="square-check",
            title=f"{task.lead}: {task.step.letter_subject if task.step else ''}",
            detail=f"{task.campaign}. " + (f"{days} {'day' if days == 1 else 'days'} late." if days else "Due today."),
            verb="Do it",
            url=f"{reverse('campaigns:task_list', args=[here.slug])}#task-{task.pk}",
            is_late=days > 0,
        )


def _reply_row(
    here: Workspace, reply: Reply, says: str, verb: str, tone: str, icon: str, *, is_late: bool = False
) -> Need:
    who = reply.from_name or reply.from_email
    where = f" of {reply.lead}" if reply.lead else ""
    return Need(
        tone=tone,
        icon=icon,
        title=f"{who}{where} {says}",
        detail=_first_words(reply.new_text) or reply.subject,
        verb=verb,
        url=reverse("inbox:reply_answer" if verb == "Answer" else "inbox:reply_detail", args=[here.slug, reply.pk]),
        at=reply.received_at,
        is_late=is_late,
    )


def _mailboxes_in_trouble(membership: Membership, now: datetime) -> Iterable[Need]:
    """Mailboxes that fail, and those whose provider will soon ask for the permission again. One query."""
    looked_at = (
        Mailbox.objects.in_workspace(membership.workspace)
        .in_use()
        .filter(Q(sending_state=Mailbox.State.TROUBLE) | cannot_be_read() | ~Q(sign_in_by=SignIn.PASSWORD))
        .select_related("connection")
    )
    needs = [need for mailbox in looked_at if (need := _mailbox_need(mailbox, membership, now)) is not None]
    yield from needs[:ROWS_OF_A_KIND]


def _mailbox_need(mailbox: Mailbox, membership: Membership, now: datetime) -> Need | None:
    sending = mailbox.sending_state == Mailbox.State.TROUBLE
    failures = mailbox.poll_failures
    is_unread = mailbox.receiving_state == Mailbox.State.TROUBLE and (failures == 0 or failures >= AFTER_FAILURES)
    if sending or is_unread:
        tone, title = "bad", f"{mailbox.email} cannot {'send' if sending else 'be read'}"
        trouble = mailbox.sending_trouble if sending else mailbox.receiving_trouble
        detail = trouble or "The server did not do what it was asked."
        at = mailbox.sending_state_at if sending else mailbox.receiving_state_at
    else:
        connection: Connection | None = getattr(mailbox, "connection", None)
        if connection is None or ends_soon(connection, mailbox.sign_in_by, now=now) is None:
            return None
        tone, title = "warn", f"{mailbox.email} is soon disconnected"
        detail = f"{provider_of(mailbox.sign_in_by).label} ends the connection. Connect it again before that."
        at = None
    may_mend = membership.role == Role.OWNER
    args: list[object] = [membership.workspace.slug]
    return Need(
        tone=tone,
        icon="unplug",
        title=title,
        detail=detail,
        verb="Reconnect" if may_mend else "Look",
        url=reverse("mailboxes:mailbox_edit", args=[*args, mailbox.pk])
        if may_mend
        else reverse("mailboxes:mailbox_list", args=args),
        at=at,
    )


def _held_back(here: Workspace) -> Iterable[Need]:
    """Mailboxes and campaigns that wait for a person; a mailbox that is held by its own failure is in trouble above."""
    held = (
        Hold.objects.in_workspace(here)
        .standing()
        .exclude(subject__startswith="address:")
        .exclude(source=F("subject"))
        .order_by("placed_at", "pk")
    )
    for hold in held[:ROWS_OF_A_KIND]:
        kind = hold.subject.partition(":")[0]
        yield Need(
            tone="bad",
            icon="hand",
            title="The whole workspace is held back" if kind == "workspace" else f"A {kind} is held back",
            detail=hold.reason,
            verb="Look",
            url=reverse("compliance:hold_list", args=[here.slug]),
            at=hold.placed_at,
        )


def _letters(membership: Membership, now: datetime) -> Iterable[Need]:
    """Letters in doubt, letters that wait for a decision, letters that failed: a row for each kind."""
    here = membership.workspace
    queue = reverse("desk:queue", args=[here.slug])
    letters = Attempt.objects.in_workspace(here)
    to_read = Q(asks__contains=f"{Rule.APPROVAL} ")
    counts = letters.filter(
        Q(state=Attempt.State.UNCERTAIN)
        | Q(state=Attempt.State.QUEUED, due_at=None)
        | Q(state=Attempt.State.FAILED, finished_at__gt=now - WEEK)
    ).aggregate(
        uncertain=Count("pk", filter=Q(state=Attempt.State.UNCERTAIN)),
        asking=Count("pk", filter=Q(state=Attempt.State.QUEUED) & ~to_read),
        to_read=Count("pk", filter=Q(state=Attempt.State.QUEUED) & to_read),
        failed=Count("pk", filter=Q(state=Attempt.State.FAILED)),
    )
    if counts["uncertain"]:
        yield Need(
            tone="warn",
            icon="mail-question-mark",
            title=f"{_letters_word(counts['uncertain'])} may have been sent",
            detail="The connection broke at the last moment. Nothing is sent again before you say so.",
            verb="Decide",
            url=f"{queue}?show=uncertain",
        )
    if counts["to_read"]:
        left = first_letters_left(here)
        leaves = "it leaves" if counts["to_read"] == 1 else "they leave"
        yield Need(
            tone="warn",
            icon="mail-open",
            title=f"{_letters_word(counts['to_read'])} to read before {leaves}",
            detail=f"Once {left} more {'is' if left == 1 else 'are'} approved, the rest leave by themselves."
            if 0 < left < counts["to_read"]
            else "Each leaves when somebody has read it and said yes.",
            verb="Read",
            url=reverse("campaigns:approval_list", args=[here.slug]),
        )
    if counts["asking"]:
        why = letters.asking().exclude(to_read).order_by("-pk").values_list("reason", flat=True)
        yield Need(
            tone="warn",
            icon="hand",
            title=f"{_letters_word(counts['asking'])} {'waits' if counts['asking'] == 1 else 'wait'} for you",
            detail=why.first() or "",
            verb="Decide",
            url=f"{queue}?show=asking",
        )
    if counts["failed"]:
        yield Need(
            tone="bad",
            icon="mail-x",
            title=f"{_letters_word(counts['failed'])} could not be sent this week",
            detail="Each says what the server answered. You can queue it again or let it be.",
            verb="Look",
            url=f"{queue}?show=failed",
        )


def _links(membership: Membership) -> Iterable[Need]:
    """Links that are gone, and pages that only a person can look at."""
    here = membership.workspace
    if membership.role not in SENDERS:
        return
    lost = Q(state=Placement.State.LOST, noted_at=None)
    found = Placement.objects.in_workspace(here).filter(lost | Q(state=Placement.State.REVIEW)).select_related("lead")
    for placement in found.order_by("state", "-checked_at", "-pk")[:ROWS_OF_A_KIND]:
        is_lost = placement.state == Placement.State.LOST
        yield Need(
            tone="bad" if is_lost else "info",
            icon="unlink" if is_lost else "eye",
            title=f"{placement.lead}: the link is gone"
            if is_lost
            else f"{placement.lead}: look whether the link is there",
            detail=placement.page_url if is_lost else "The site lets no program look at the page.",
            verb="Look",
            url=reverse("placements:placement_detail", args=[here.slug, placement.pk]),
            at=placement.lost_at if is_lost else placement.checked_at,
        )


def _privacy_requests(membership: Membership, now: datetime) -> Iterable[Need]:
    """People who asked about their own data: each has a deadline by law, and is late once it is over."""
    here = membership.workspace
    today = here.day_of(now)
    may_do = membership.role in KEEPERS
    for request in PrivacyRequest.objects.in_workspace(here).waiting().order_by("due_on", "pk")[:ROWS_OF_A_KIND]:
        left = request.days_left(today)
        wants = "what is held about them" if request.kind == PrivacyRequest.Kind.ACCESS else "to be erased"
        yield Need(
            tone="bad" if left < 0 else "warn" if left <= DEADLINE_NEAR else "info",
            icon="user-round-search",
            title=f"{request.address} asks {'for ' if request.kind == PrivacyRequest.Kind.ACCESS else ''}{wants}",
            detail=f"To be answered by {request.due_on.day} {request.due_on:%B}"
            + (f": {-left} {'day' if left == -1 else 'days'} over." if left < 0 else "."),
            verb=("Answer" if request.kind == PrivacyRequest.Kind.ACCESS else "Erase") if may_do else "Look",
            url=reverse("compliance:request_detail", args=[here.slug, request.pk]),
            is_late=left < 0,
        )


def _look_through(here: Workspace, now: datetime) -> Iterable[Need]:
    """Addresses that were held or suppressed by themselves: somebody should see that none of them is a mistake."""
    held = Hold.objects.in_workspace(here).standing().filter(subject__startswith="address:").count()
    if held:
        yield Need(
            tone="warn",
            icon="hand",
            title=f"{_addresses(held)} held until somebody looks",
            detail="They may not want to be written to. Nothing goes there before you decide.",
            verb="Decide",
            url=reverse("compliance:hold_list", args=[here.slug]),
        )
    by_itself = (
        Suppression.objects.filter(workspace=here, created_at__gt=now - WEEK)
        .filter(reason__in=[Suppression.Reason.NOT_INTERESTED, Suppression.Reason.HARD_BOUNCE])
        .count()
    )
    if by_itself:
        yield Need(
            tone="muted",
            icon="list-x",
            title=f"{_addresses(by_itself)} suppressed this week",
            detail="Look through them: a refusal that was none can be undone.",
            verb="Look through",
            url=reverse("compliance:suppression_list", args=[here.slug]),
        )


def _rehearsal_steps(here: Workspace) -> list[ToDo]:
    """The way through a rehearsal, until it has been walked once."""
    campaign = Campaign.objects.in_workspace(here).current().order_by("pk").first()
    if campaign is None:
        return []
    has_sent = Attempt.objects.in_workspace(here).exists()
    has_read = Reply.objects.in_workspace(here).exclude(read_at=None).exists()
    if has_sent and has_read:
        return []
    return [
        ToDo(
            title="Read the letter",
            text="It has placeholders, and a preview that is the letter itself. Change it as you like.",
            url=reverse("campaigns:campaign_letters", args=[here.slug, campaign.pk]),
            verb="Open the letter",
            is_done=has_sent,
        ),
        ToDo(
            title=f"Send it to {campaign.leads.count()} sites",
            text="Tick them all and send. Real mail servers on this machine take the letters; nobody outside gets one.",
            url=reverse("campaigns:campaign_detail", args=[here.slug, campaign.pk]),
            verb="Choose whom to write to",
            is_done=has_sent,
        ),
        ToDo(
            title="Read what they answer",
            text="Within a minute some will be interested, one asks to be removed, one is away, one bounces.",
            url=reverse("inbox:reply_list", args=[here.slug]),
            verb="Open the inbox",
            is_done=has_read,
        ),
    ]


def _first_steps(here: Workspace) -> list[ToDo]:
    """What a new workspace needs before its first letter; empty once one has left."""
    if Attempt.objects.in_workspace(here).filter(state=Attempt.State.SENT).exists():
        return []
    identity = SenderIdentity.objects.default_of(here)
    has_mailbox = Mailbox.objects.in_workspace(here).in_use().exists()
    campaign = Campaign.objects.in_workspace(here).current().order_by("pk").first()
    has_letter = campaign is not None and Step.objects.filter(campaign=campaign).exists()
    steps = [
        ToDo(
            title="Say who writes",
            text="Name, organisation and postal address stand in every first letter. Many laws ask for them.",
            url=reverse("accounts:identity_list", args=[here.slug]),
            verb="Add a sender identity",
            is_done=identity is not None and identity.is_complete,
        ),
        ToDo(
            title="Connect a mailbox",
            text="Letters leave from your own address, and answers come back to it.",
            url=reverse("mailboxes:mailbox_add", args=[here.slug]),
            verb="Connect a mailbox",
            is_done=has_mailbox,
        ),
        ToDo(
            title="Create a campaign",
            text="A name is enough. Sites, contacts and the letter come next.",
            url=reverse("campaigns:campaign_create", args=[here.slug]),
            verb="Create a campaign",
            is_done=campaign is not None,
        ),
    ]
    if campaign is not None:
        steps += [
            ToDo(
                title="Write the letter",
                text="Start from a template, and see each letter as its reader will.",
                url=reverse("campaigns:campaign_letters", args=[here.slug, campaign.pk]),
                verb="Write the letter",
                is_done=has_letter,
            ),
            ToDo(
                title="Choose sites and send",
                text="Paste a list or add sites one by one, then send to those you tick.",
                url=reverse("campaigns:campaign_detail", args=[here.slug, campaign.pk]),
                verb="Open the campaign",
                is_done=False,
            ),
        ]
    return steps


def _week(here: Workspace, now: datetime) -> Week:
    since = now - WEEK
    written = (
        Reply.objects.in_workspace(here)
        .answers()
        .filter(received_at__gt=since)
        .aggregate(
            people=Count("from_key", distinct=True),
            interested=Count("from_key", distinct=True, filter=Q(classification=Reply.Classification.INTERESTED)),
        )
    )
    return Week(
        sent=SendRecord.objects.in_workspace(here).filter(state=SendRecord.State.SENT, counted_at__gt=since).count(),
        people_answered=written["people"],
        interested=written["interested"],
        placed=Lead.objects.in_workspace(here).filter(status=Lead.Status.PLACED, status_changed_at__gt=since).count(),
    )


def _nearly_used_up(membership: Membership, now: datetime) -> str:
    """A sentence when the person's own day is nearly full, and nothing before."""
    here = membership.workspace
    limit = limits_of(here).per_user_day
    used = (
        SendRecord.objects.in_workspace(here)
        .that_count()
        .filter(user_id=membership.user_id, counted_at__gte=here.day_bounds(now)[0])
        .count()
    )
    if used < limit * NEARLY_USED_UP:
        return ""
    own = here.daily_user_cap is not None and here.daily_user_cap <= settings.DAILY_USER_CAP
    return (
        f"{used} of the {limit} letters that you may send today are used"
        + (" (the workspace's limit)." if own else " (this server's limit).")
        + (" The rest leaves tomorrow." if used >= limit else "")
    )


def _letters_word(count: int) -> str:
    return "1 letter" if count == 1 else f"{count} letters"


def _addresses(count: int) -> str:
    return "1 address" if count == 1 else f"{count} addresses"


def _first_words(text: str) -> str:
    """The first lines of an answer as one line; what greets is skipped where more follows."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and len(lines[0]) < 30 and lines[0].endswith((",", "!", ":")):
        lines = lines[1:]
    words = " ".join(lines)
    return words if len(words) <= 160 else words[:159].rsplit(" ", 1)[0] + "…"
