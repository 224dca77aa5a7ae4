"""Letters made personal for many leads. A worker does it in slices; the table says how far it has come.

1. *Begin*: the letter as it is, and a row for each lead, are written down.
2. *Work*: one worker holds the run. A few letters at a time: their sites are read where they are not known, then the
   provider is asked for all of them side by side, then each is written down. Whatever dies before that is asked again.
   Cancelling acts before the next few. A pause that the provider asks for is kept; what would meet every letter (the
   key, the limit) ends the run, and what was written stays.
3. A person looks at each: own_letters.py.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, models, transaction
from django.db.models.functions import Now
from django.utils import timezone

from campaigns.discovery.crawl import Polite
from campaigns.drafting import sites
from campaigns.drafting.desk import Desk, LimitReachedError, NotReady, desk_of
from campaigns.drafting.grounding import PageText
from campaigns.drafting.provider import Answer, DraftingError
from campaigns.drafting.writing import Draft, PersonalLetter, Task, personalise
from campaigns.models import Attempt, Campaign, DraftRun, Lead, OwnLetter, Step
from compliance import audit
from outreach_site.accounts.models import SenderIdentity, User
from outreach_site.lib.moments import FromNow

log = structlog.get_logger(__name__)

MOST_LETTERS = 200
AT_ONCE = 4  # questions side by side
TRIES = 3  # of one letter, whatever comes between
# For so long a slice begins something new. Sites that were begun last take sites.POLITE.seconds and a page more,
# questions PROVIDER_SECONDS; all of it stays below the patience of the cluster.
SLICE_SECONDS = 6.0
PROVIDER_SECONDS = 25.0
LEASE = timedelta(seconds=90)  # A run whose worker died is taken up after that.
PAUSE = timedelta(seconds=60)  # after a failure that may pass, where the provider names no other

State = OwnLetter.State
NONE = (State.FAILED, State.DROPPED)  # The lead gets the campaign's letter.


class CannotDraftError(Exception):
    """Nothing can be written; the message says what is missing."""


# --- 1. Begin ---------------------------------------------------------------------------------------------------------


def to_write(campaign: Campaign, step: Step | None) -> models.QuerySet[Lead]:
    """Leads that can still get the first letter and have none of their own; one that could not be written, or was
    dropped, counts as none."""
    leads = Lead.objects.filter(campaign=campaign, status=Lead.Status.DISCOVERED).exclude(contact=None)
    letters = Attempt.objects.filter(lead=models.OuterRef("pk"), step=step).exclude(
        state__in=[Attempt.State.BLOCKED, Attempt.State.CANCELLED, Attempt.State.DRAFT]
    )
    own = OwnLetter.objects.filter(lead=models.OuterRef("pk")).exclude(state__in=NONE)
    return leads.filter(~models.Exists(letters), ~models.Exists(own)).order_by("pk")


def begin(
    campaign: Campaign,
    *,
    lead_ids: Sequence[int] | None = None,
    most: int = MOST_LETTERS,
    user: User,
    now: datetime,
) -> DraftRun:
    """Write down what is to be done: for these leads, or for the first `most` that can still be written to. Raises
    CannotDraftError."""
    desk = desk_of(campaign.workspace)
    if isinstance(desk, NotReady):
        raise CannotDraftError(desk.sentence)
    step = campaign.steps.current().first()
    if step is None or not step.letter_body.strip():
        raise CannotDraftError("Write and save the campaign's letter first: the personal ones start from it.")
    leads = to_write(campaign, step)
    if lead_ids is not None:
        leads = leads.filter(pk__in=list(lead_ids)[:MOST_LETTERS])
    chosen = list(leads.values_list("pk", flat=True)[: min(max(most, 1), MOST_LETTERS)])
    if not chosen:
        raise CannotDraftError("No lead is left to write to: each has a letter, or no address.")
    try:
        with transaction.atomic():
            run = DraftRun.objects.create(
                campaign=campaign,
                user=user,
                letter_subject=step.letter_subject,
                letter_body=step.letter_body,
                total=len(chosen),
                created_at=now,
            )
            OwnLetter.objects.filter(lead__in=chosen, state__in=NONE).delete()
            OwnLetter.objects.bulk_create([OwnLetter(run=run, lead_id=pk) for pk in chosen])
            audit.record(
                "drafts.begun",
                workspace=campaign.workspace,
                user=user,
                about=campaign.subject,
                details={"letters": len(chosen)},
                now=now,
            )
    except IntegrityError as err:
        raise CannotDraftError("Personal letters of this campaign are being written already.") from err
    return run


def cancel(run: DraftRun, *, now: datetime) -> bool:
    """Nothing more is written; what was written stays. False if it was over already."""
    with transaction.atomic():
        under_way = DraftRun.objects.under_way().filter(pk=run.pk)
        if not under_way.update(cancelled_at=now, finished_at=now, lease_token=None, not_before=None):
            return False
        run.letters.filter(state=State.WAITING).delete()
    return True


def due(now: datetime) -> list[int]:
    """Runs that nobody works on and that need not wait."""
    ready = DraftRun.objects.under_way().filter(models.Q(not_before=None) | models.Q(not_before__lte=now))
    return list(ready.order_by("pk").values_list("pk", flat=True)[:100])


# --- 2. Work ----------------------------------------------------------------------------------------------------------


def work(run_id: int, *, now: datetime, seconds: float = SLICE_SECONDS, polite: Polite | None = None) -> bool:
    """One slice; whether anything is left to do at once. Somebody else's run, or one that is over, is left alone."""
    token = uuid.uuid4()
    free = models.Q(lease_token=None) | models.Q(leased_until__lt=Now())
    rested = models.Q(not_before=None) | models.Q(not_before__lte=now)
    mine = DraftRun.objects.under_way().filter(free, rested, pk=run_id)
    if not mine.update(lease_token=token, leased_until=FromNow(LEASE), not_before=None, sentence=""):
        return False
    run = DraftRun.objects.select_related("campaign__workspace", "campaign__identity").get(pk=run_id)
    worker = _Slice(run, token, time.monotonic() + seconds, now, polite)
    more = False
    try:
        worker.write()
    finally:
        more = worker.end()
    return more


@dataclass
class _Slice:
    run: DraftRun
    token: uuid.UUID
    ends_at: float
    now: datetime
    polite: Polite | None

    def write(self) -> None:
        desk = desk_of(self.run.campaign.workspace)
        if isinstance(desk, NotReady):
            self.stop(desk.sentence)
            return
        desk = replace(desk, provider=replace(desk.provider, seconds=min(desk.provider.seconds, PROVIDER_SECONDS)))
        while time.monotonic() < self.ends_at and self.is_ours():
            letters = list(self.run.letters.filter(state=State.WAITING).select_related("lead__contact")[:AT_ONCE])
            if not letters or not self.write_some(desk, letters):
                return

    def is_ours(self) -> bool:
        """Not cancelled, and no other worker has taken it for abandoned."""
        return DraftRun.objects.under_way().filter(pk=self.run.pk, lease_token=self.token).exists()

    def write_some(self, desk: Desk, letters: Sequence[OwnLetter]) -> bool:
        """Whether to go on with the next few."""
        pages = self.pages_of(letters)
        limit = ""
        tasks: list[tuple[OwnLetter, Task]] = []
        for letter in letters:
            if letter.lead.domain not in pages:
                continue
            task = self.task(letter, pages[letter.lead.domain])
            try:
                desk.set_aside(task.question, now=self.now)
            except LimitReachedError as err:
                limit = str(err)  # What has its tokens is still written.
                break
            tasks.append((letter, task))
        goes_on = self.settle(desk, tasks)
        if limit:
            self.stop(limit)
        return goes_on and not limit

    def pages_of(self, letters: Sequence[OwnLetter]) -> dict[str, list[PageText]]:
        """By domain; a site that cannot be read is said, and its letter not written."""
        workspace = self.run.campaign.workspace
        urls = {letter.lead.domain: letter.lead.website_url for letter in letters}
        pages = sites.known(workspace, urls, now=self.now)
        unread = {domain: url for domain, url in urls.items() if domain not in pages}
        if unread:
            read, troubles = sites.read(
                workspace, unread, now=self.now, polite=self.polite, cancelled=lambda: not self.is_ours()
            )
            pages |= read
            for letter in letters:
                if trouble := troubles.get(letter.lead.domain):
                    self.fail(letter, f"{letter.lead.domain} could not be read. {trouble}")
        return pages

    def task(self, letter: OwnLetter, pages: Sequence[PageText]) -> Task:
        campaign = self.run.campaign
        identity = campaign.identity or SenderIdentity.objects.default_of(campaign.workspace)
        return personalise(
            subject=self.run.letter_subject,
            body=self.run.letter_body,
            pages=pages,
            domain=letter.lead.domain,
            topic=letter.lead.topic or campaign.topic,
            our_site=identity.site if identity else "",
        )

    def settle(self, desk: Desk, tasks: Sequence[tuple[OwnLetter, Task]]) -> bool:
        """Ask for all of them side by side, and write down what comes. Nothing in the threads touches the database."""
        if not tasks:
            return self.is_ours()

        def ask(task: Task) -> Answer[Draft] | DraftingError:
            try:
                return desk.provider.ask(task.question, PersonalLetter, task.read_personal)
            except DraftingError as err:
                return err
            except Exception as err:  # One letter must not stop the others.
                log.exception("draft failed", exc_info=err)
                return DraftingError(f"It could not be written ({type(err).__name__}).", permanent=True)

        with ThreadPoolExecutor(max_workers=len(tasks), thread_name_prefix="draft") as pool:
            answers = list(pool.map(ask, [task for _, task in tasks]))
        goes_on, end = True, ""
        for (letter, task), answer in zip(tasks, answers, strict=True):
            desk.put_right(task.question, used=answer.tokens, now=self.now)
            if isinstance(answer, Answer):
                self.propose(letter, answer.value)
            elif answer.stops:
                end = str(answer)
            elif answer.permanent or letter.tries + 1 >= TRIES:
                self.fail(letter, str(answer))
            else:
                OwnLetter.objects.filter(pk=letter.pk).update(tries=models.F("tries") + 1)
                wait = PAUSE if answer.retry_after is None else timedelta(seconds=max(answer.retry_after, 1.0))
                self.pause(str(answer), wait)
                goes_on = False
        if end:
            self.stop(end)
        return goes_on and not end

    def propose(self, letter: OwnLetter, draft: Draft) -> None:
        """A letter that a person has written or dropped meanwhile is left alone."""
        OwnLetter.objects.filter(pk=letter.pk, state=State.WAITING).update(
            state=State.PROPOSED,
            letter_subject=draft.subject,
            letter_body=draft.body,
            claims=[{"text": claim.text, "passage": claim.passage, "url": claim.url} for claim in draft.claims],
            open_claims=len(draft.open_claims),
            notes=list(draft.notes),
            written_at=timezone.now(),
        )

    def fail(self, letter: OwnLetter, sentence: str) -> None:
        OwnLetter.objects.filter(pk=letter.pk, state=State.WAITING).update(state=State.FAILED, sentence=sentence[:300])

    def pause(self, sentence: str, wait: timedelta) -> None:
        ours = DraftRun.objects.under_way().filter(pk=self.run.pk, lease_token=self.token)
        later = timezone.now() + wait
        ours.filter(models.Q(not_before=None) | models.Q(not_before__lt=later)).update(
            not_before=later, sentence=sentence[:300]
        )

    def stop(self, sentence: str) -> None:
        """What would meet every letter ends the run; what is not written goes back to the campaign's letter."""
        with transaction.atomic():
            ours = DraftRun.objects.under_way().filter(pk=self.run.pk, lease_token=self.token)
            if ours.update(finished_at=self.now, sentence=sentence[:300]):
                self.run.letters.filter(state=State.WAITING).update(state=State.FAILED, sentence=sentence[:300])

    def end(self) -> bool:
        """Give the run back; and if nothing is left, say that it is done."""
        ours = DraftRun.objects.under_way().filter(pk=self.run.pk, lease_token=self.token)
        if self.run.letters.filter(state=State.WAITING).exists():
            ours.update(lease_token=None, leased_until=None)
            return DraftRun.objects.under_way().filter(pk=self.run.pk, not_before=None).exists()
        ours.update(lease_token=None, leased_until=None, finished_at=self.now)
        return False
