"""Is this installation well? For probes and for operators: nothing here says who writes to whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.models import CharField, Exists, Min, OuterRef, Value
from django.db.models.functions import Cast, Concat
from redis import Redis
from redis.exceptions import RedisError

from campaigns import sessions
from campaigns.dispatch import due_mailboxes
from campaigns.models import Attempt
from campaigns.turns import waiting_for_inbox
from compliance import seals
from compliance.models import Hold, Kind
from outreach_site.accounts.installation import standing
from outreach_site.desk.heartbeat import Pulse, pulses
from outreach_site.mailboxes.models import Mailbox

# A letter that could leave and that no worker has looked at for this long: something stands still.
STUCK_AFTER = timedelta(minutes=10)
LET_IN_WITHIN_SECONDS = 5


@dataclass(frozen=True, kw_only=True)
class Health:
    """`backlog_seconds` is how long the letter that has waited longest could have left; `unsealed_seconds` how long an
    entry of the audit log has waited for its seal, once that is longer than it should be; `failing` are mailboxes that
    keep failing, for whoever may know them.
    """

    database: bool
    redis: bool | None = None  # None: there is none
    pulses: tuple[Pulse, ...] = ()
    backlog_seconds: int = 0
    is_stuck: bool = False
    unsealed_seconds: int = 0
    failing: tuple[Mailbox, ...] = ()
    trouble: str = ""  # the installation's own: it may not touch the post

    @property
    def is_well(self) -> bool:
        answers = self.database and self.redis is not False
        works = answers and not self.is_stuck and not self.unsealed_seconds and not self.trouble
        return works and not self.failing and all(pulse.is_well for pulse in self.pulses)

    @property
    def sentences(self) -> list[str]:
        """What is wrong, for a person; empty when nothing is. Says nothing of anybody."""
        if not self.database:
            return ["The database does not answer."]
        said = [self.trouble] if self.trouble else []
        if self.redis is False:
            said.append("Redis does not answer: the workers hear of nothing, and nobody can sign in.")
        said += [_about_workers(pulse) for pulse in self.pulses if not pulse.is_well]
        if self.is_stuck:
            said.append(f"Letters have waited for {self.backlog_seconds // 60} minutes, and no worker has taken them.")
        if self.unsealed_seconds:
            said.append(f"The audit log has not been sealed for {self.unsealed_seconds // 60} minutes.")
        if self.failing:
            said.append(
                "1 mailbox keeps failing." if len(self.failing) == 1 else f"{len(self.failing)} mailboxes keep failing."
            )
        return said

    @property
    def particulars(self) -> list[str]:
        """The same for the operator, who may know which mailboxes and hosts are meant."""
        silent = [
            f"{host.host}: its workers of “{pulse.cluster}” were last seen at {host.beat_at:%H:%M:%S} UTC."
            for pulse in self.pulses
            for host in pulse.silent_hosts
            if len(pulse.hosts) > 1
        ]
        return silent + [
            f"{mailbox.email} ({mailbox.workspace.slug}): {_trouble_of(mailbox)}" for mailbox in self.failing
        ]


def _about_workers(pulse: Pulse) -> str:
    if pulse.beat_at is None:
        return f"The workers of “{pulse.cluster}” have never been seen."
    if pulse.works_somewhere:
        silent = len(pulse.silent_hosts)
        return f"The workers of “{pulse.cluster}” are silent on {silent} of {len(pulse.hosts)} hosts."
    return f"The workers of “{pulse.cluster}” were last seen at {pulse.beat_at:%H:%M:%S} UTC."


def _trouble_of(mailbox: Mailbox) -> str:
    is_sending = mailbox.sending_state == Mailbox.State.TROUBLE
    return mailbox.sending_trouble if is_sending else mailbox.receiving_trouble


def health(now: datetime) -> Health:
    """A few short queries; a database that fails, or lets nobody in for some seconds, is an answer, not an error."""
    try:
        _come_in()
        return Health(
            database=True,
            redis=_redis_answers(),
            pulses=tuple(pulses(now)),
            backlog_seconds=_backlog_seconds(now),
            is_stuck=_is_stuck(now),
            unsealed_seconds=_unsealed_seconds(now),
            failing=tuple(sessions.that_keep_failing(now)),
            trouble=standing().sentence,
        )
    except DatabaseError:
        return Health(database=False)


def _come_in() -> None:
    """Who asks a frozen server something waits for ever; who asks to be let in, as long as they like."""
    if connection.vendor == "postgresql":
        newcomer = connection.copy()
        newcomer.settings_dict["OPTIONS"]["connect_timeout"] = LET_IN_WITHIN_SECONDS
        newcomer.ensure_connection()
        newcomer.close()


def _redis_answers() -> bool | None:
    if not settings.REDIS_URL:
        return None
    try:
        with Redis.from_url(settings.REDIS_URL) as connection:  # It says how long we wait.
            return bool(connection.ping())
    except (RedisError, OSError):
        return False


def _backlog_seconds(now: datetime) -> int:
    oldest = Attempt.objects.due(now).filter(campaign__state="running").aggregate(at=Min("due_at"))["at"]
    return int((now - oldest).total_seconds()) if oldest else 0


def _unsealed_seconds(now: datetime) -> int:
    oldest = seals.oldest_overdue(now)
    return int((now - oldest).total_seconds()) if oldest else 0


def _is_stuck(now: datetime) -> bool:
    """Letters and their mailboxes were ready long ago. What waits for a person is not stuck, nor is a follow-up that
    waits until its inbox was read.
    """
    then = now - STUCK_AFTER
    ready = due_mailboxes(now=then)
    if not ready:
        return False
    held = Hold.objects.standing().filter(workspace=OuterRef("workspace"))
    of_it = Concat(Value("mailbox:"), Cast(OuterRef("pk"), CharField()))
    mailboxes = Mailbox.objects.filter(pk__in=ready).exclude(Exists(held.filter(subject__in=["workspace", of_it])))
    free = list(mailboxes.values_list("pk", flat=True))
    due = Attempt.objects.due(then).that_run().filter(mailbox__in=free)
    return bool(free) and (
        due.exclude(kind=Kind.FOLLOW_UP).exists() or due.exclude(waiting_for_inbox(free, now=now)).exists()
    )
