"""A world of letters and answers made by chance, and its numbers counted by hand: as plainly as one can say them."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from campaigns.models import Attempt, Campaign, Lead, Step, Template
from compliance.models import Kind
from inbox.models import RawMessage, Reply, ReplyLabel
from outreach_site.accounts.models import Workspace
from outreach_site.mailboxes.models import Mailbox

NOW = datetime(2026, 4, 20, 9, 30, tzinfo=UTC)
LEFT = (Attempt.State.SENT, Attempt.State.UNCERTAIN)
ENDINGS = ("com", "de", "co.uk", "ca", "com.au", "jp")
State, Tag = Attempt.State, Reply.Classification


@dataclass
class Letters:
    """Campaigns of one workspace, and what happens to them."""

    here: Workspace
    dice: random.Random
    campaigns: list[Campaign] = field(default_factory=list)
    steps: dict[int, list[Step]] = field(default_factory=dict)
    mailboxes: list[Mailbox] = field(default_factory=list)
    templates: list[Template] = field(default_factory=list)
    count: int = 0

    @classmethod
    def begin(cls, here: Workspace, seed: int) -> Letters:
        world = cls(here, random.Random(seed))
        for name in ("a", "b"):
            email = f"{name}@{here.slug}.example"
            mailbox = Mailbox.objects.create(
                workspace=here, email=email, smtp_host=f"{name}.{here.slug}.example", smtp_user=email
            )
            world.mailboxes.append(mailbox)
            world.templates.append(Template.objects.create(workspace=here, name=name, subject="Hello", body="Hello"))
            campaign = Campaign.objects.create(workspace=here, name=name)
            world.campaigns.append(campaign)
            world.steps[campaign.pk] = [
                Step.objects.create(campaign=campaign, position=n, letter_subject="S", letter_body="B") for n in (1, 2)
            ]
        return world

    def moment(self, *, back: int = 40) -> datetime:
        return NOW - timedelta(minutes=self.dice.randrange(back * 24 * 60))

    def write(self, leads: int) -> None:
        """Leads, letters to most of them in every state, and answers of all kinds to some."""
        for _ in range(leads):
            self.count += 1
            campaign = self.dice.choice(self.campaigns)
            address = f"e{self.count}@site{self.count}.{self.dice.choice(ENDINGS)}"
            lead = Lead.objects.create(
                campaign=campaign,
                website_url=f"https://{address.partition('@')[2]}",
                site_key=f"{self.here.slug}-{self.count}",
                domain=address.partition("@")[2],
                source=self.dice.choice(list(Lead.Source)),
                status=self.dice.choice(list(Lead.Status)),
                status_changed_at=self.moment(),
            )
            letters = [self.letter(lead, step, address) for step in self.steps[campaign.pk] if self.dice.random() < 0.7]
            if self.dice.random() < 0.2:
                letters.append(self.letter(lead, None, address))
            for _ in range(self.dice.choice((0, 0, 0, 1, 1, 2))):
                self.answer(lead, self.dice.choice([*letters, None]))

    def letter(self, lead: Lead, step: Step | None, address: str) -> Attempt:
        state = self.dice.choices([State.SENT, State.UNCERTAIN, State.FAILED, State.QUEUED], [6, 1, 1, 1])[0]
        kind = self.dice.choice([Kind.FIRST, Kind.ANSWER]) if step is None else Kind.FIRST
        return Attempt.objects.create(
            campaign=lead.campaign,
            lead=lead,
            step=step,
            template=self.dice.choice([*self.templates, None]),
            kind=Kind.FOLLOW_UP if step is not None and step.position > 1 else kind,
            mailbox=self.dice.choice(self.mailboxes),
            recipient=address,
            recipient_key=address,
            recipient_domain=address.partition("@")[2],
            subject="S",
            body="B",
            state=state,
            finished_at=None if state == State.QUEUED else self.moment(),
        )

    def answer(self, lead: Lead, letter: Attempt | None, *, at: datetime | None = None) -> Reply:
        kind = self.dice.choices(list(Reply.Kind), [8, 1, 1, 1, 1, 1, 1])[0]
        tag = {Reply.Kind.BOUNCE: Tag.BOUNCE, Reply.Kind.COMPLAINT: Tag.COMPLAINT}.get(kind, Tag.OUT_OF_OFFICE)
        at = at or self.moment(back=30)
        raw = RawMessage.objects.create(
            mailbox=self.mailboxes[0],
            digest=hashlib.sha256(str(self.dice.random()).encode()).hexdigest(),
            size=1,
            folder="INBOX",
            received_at=at,
            understood_at=at,
        )
        return Reply.objects.create(
            workspace=self.here,
            mailbox=self.mailboxes[0],
            raw=raw,
            attempt=letter,
            campaign=lead.campaign,
            lead=lead,
            kind=kind,
            classification=self.dice.choice(Reply.TAGS) if kind == Reply.Kind.REPLY else tag,
            received_at=at,
        )

    def go_on(self, now: datetime) -> None:
        """What can happen between two counts: answers to old letters, other tags, links that went live."""
        for lead in self.dice.sample(list(Lead.objects.in_workspace(self.here)), 6):
            reply = self.answer(lead, self.dice.choice([*lead.attempts.all(), None]), at=now - timedelta(minutes=2))
            RawMessage.objects.filter(pk=reply.raw_id).update(understood_at=now - timedelta(minutes=1))
        for reply in self.dice.sample(list(Reply.objects.from_people().filter(workspace=self.here)), 4):
            reply.classification = self.dice.choice(Reply.TAGS)
            reply.save()
            ReplyLabel.objects.create(reply=reply, classification=reply.classification, labelled_at=now)
        for lead in self.dice.sample(list(Lead.objects.in_workspace(self.here)), 4):
            lead.status, lead.status_changed_at = Lead.Status.PLACED, now
            lead.save()
        waiting = Attempt.objects.filter(workspace=self.here, state=State.QUEUED)
        waiting.update(state=State.SENT, finished_at=now - timedelta(minutes=1))


@dataclass
class ByHand:
    """The numbers of one campaign, or of all."""

    letters: int = 0
    people: int = 0
    people_answered: int = 0
    people_placed: int = 0
    replies: int = 0
    interested: int = 0
    median_minutes: float | None = None
    daily: Counter[date] = field(default_factory=Counter)
    by_step: Counter[str] = field(default_factory=Counter)
    answered_by_mailbox: Counter[str] = field(default_factory=Counter)
    by_template: Counter[str] = field(default_factory=Counter)
    by_source: Counter[str] = field(default_factory=Counter)
    by_ending: Counter[str] = field(default_factory=Counter)
    came_back: Counter[str] = field(default_factory=Counter)


def count_by_hand(here: Workspace, campaign: Campaign | None, days: int | None, *, now: datetime, zone: str) -> ByHand:
    """Everything is loaded and looked at, lead by lead."""
    hand = ByHand()
    waits: list[int] = []
    today = now.astimezone(ZoneInfo(zone)).date()

    def is_in(moment: datetime) -> bool:
        day = moment.astimezone(ZoneInfo(zone)).date()
        return day <= today and (days is None or day > today - timedelta(days=days))

    for lead in Lead.objects.in_workspace(here).filter(**({"campaign": campaign} if campaign else {})):
        left = [letter for letter in lead.attempts.all() if letter.state in LEFT and letter.kind != Kind.ANSWER]
        left.sort(key=lambda letter: (letter.finished_at, letter.pk))
        answers = [
            reply
            for reply in lead.replies.order_by("received_at", "pk")
            if reply.kind == Reply.Kind.REPLY and reply.classification != Tag.OUT_OF_OFFICE
        ]
        credited: list[tuple[Attempt, Reply]] = []
        for reply in answers:
            named = [letter for letter in left if letter.pk == reply.attempt_id]
            earlier = [letter for letter in left if letter.finished_at and letter.finished_at <= reply.received_at]
            if named or earlier:
                credited.append(((named or earlier)[-1], reply))
        if left and left[0].finished_at and is_in(left[0].finished_at):
            hand.people += 1
            hand.people_answered += bool(credited)
            hand.people_placed += lead.status == Lead.Status.PLACED
        for letter in left:
            assert letter.finished_at is not None
            if not is_in(letter.finished_at):
                continue
            hand.letters += 1
            hand.daily[letter.finished_at.astimezone(ZoneInfo(zone)).date()] += 1
            place = "" if letter.step is None else str(letter.step.pk if campaign else letter.step.position)
            hand.by_step[place] += 1
            hand.by_template[str(letter.template_id or "")] += 1
            hand.by_source[lead.source] += 1
            hand.by_ending[letter.recipient.partition(".")[2]] += 1
            hand.replies += sum(each == letter for each, _ in credited)
            if credited and credited[0][0] == letter:
                hand.answered_by_mailbox[str(letter.mailbox_id)] += 1
                hand.interested += any(reply.classification == Tag.INTERESTED for reply in answers)
                waits.append(max(0, int((credited[0][1].received_at - letter.finished_at).total_seconds() // 60)))
        for reply in lead.replies.all():
            ignored = {Reply.Kind.DELAY, Reply.Kind.RECEIPT, Reply.Kind.LIST}
            if reply.kind not in ignored and is_in(reply.received_at):
                hand.came_back[reply.classification] += 1
    hand.median_minutes = median(waits) if waits else None
    return hand
