"""Checking the log from the pages and once a day: a walk in slices, whose state and findings are a row."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction

from compliance import verification
from compliance.chain import check_proof
from compliance.models import AuditCheck, AuditHead
from compliance.seals import exported, locked_head, oldest_overdue
from compliance.verification import Finding, Kind, Walk

log = structlog.get_logger(__name__)

# When the day's own check begins, in UTC.
DAILY_AT = time(6, 0)
SLICE_SECONDS = 15.0
# A worker that died leaves its check to the next one after this long.
LEASE = timedelta(seconds=90)
# Findings that a row keeps; the rest is counted, and `manage.py verify_audit` names them all.
KEPT = 100
# Ends of the log that were found right, one a line: what `verify_audit --heads` reads. In VAR_DIR.
HEADS = "audit-heads.jsonl"
# Findings that the page names; the command names them all.
NAMED = 10
# The day's own check is that late: nobody works, or it cannot.
STALE_AFTER = timedelta(hours=36)


@dataclass(frozen=True)
class Standing:
    """What the page says of the log as a whole."""

    checked: AuditCheck | None
    under_way: AuditCheck | None
    unsealed_since: datetime | None
    is_stale: bool

    @property
    def named(self) -> list[str]:
        return [finding["sentence"] for finding in self.checked.findings[:NAMED]] if self.checked else []

    @property
    def more(self) -> int:
        return self.checked.found - len(self.named) if self.checked else 0


def standing(now: datetime) -> Standing:
    """Three queries."""
    checked = AuditCheck.objects.finished().order_by("-pk").first()
    under_way = AuditCheck.objects.unfinished().order_by("pk").first()
    done_at = checked.finished_at if checked else None
    return Standing(
        checked=checked,
        under_way=under_way,
        unsealed_since=oldest_overdue(now),
        is_stale=done_at is not None and now - done_at > STALE_AFTER,
    )


def ask(*, user_id: int | None, now: datetime) -> AuditCheck:
    """A check that begins as soon as a worker is free; the one under way, if there is one."""
    with transaction.atomic():
        locked_head()
        under_way = AuditCheck.objects.unfinished().order_by("pk").first()
        return under_way or AuditCheck.objects.create(asked_by_id=user_id, asked_at=now)


def go_on(*, now: datetime, seconds: float = SLICE_SECONDS) -> bool:
    """Work one slice of the check under way, or begin the day's. True while there is more to do.

    1. Take the check, if nobody has it, until the lease ends.
    2. Walk on from where the last slice ended.
    3. Write down how far it came; at the end look at what the walk does not see, and sign what is intact.
    """
    check = _take(now)
    if check is None:
        return False
    if not check.end_seq:
        _begin(check)
    walk = Walk(seq=check.seq, digest=check.digest, rows=check.rows)
    is_done = verification.go_on(walk, through=check.end_seq, seconds=seconds)
    if is_done:
        # What was signed as intact before is held against the log like a head that was kept elsewhere.
        if before := verification.last_intact_check():
            walk.findings += verification.compare([verification.ExportedHead(before.seq, before.digest)])
        verification.finish(walk, now=now)
        # That the sealer is late is an alarm of its own, and says nothing against the log.
        walk.findings = [finding for finding in walk.findings if finding.kind != Kind.UNSEALED]
    _write_down(check, walk, is_done=is_done, now=now)
    return not is_done


def _take(now: datetime) -> AuditCheck | None:
    with transaction.atomic():
        locked_head()
        check = AuditCheck.objects.unfinished().order_by("pk").first()
        if check is None and _is_due(now):
            check = AuditCheck.objects.create(asked_by_id=None, asked_at=now)
        if check is None or (check.worked_until is not None and check.worked_until > now):
            return None
        check.worked_until = now + LEASE
        check.save(update_fields=["worked_until"])
        return check


def _is_due(now: datetime) -> bool:
    """Whether the day's hour has come since the last check was asked for. A log that holds nothing yet needs none."""
    hour = datetime.combine(now.astimezone(UTC).date(), DAILY_AT, tzinfo=UTC)
    begins = hour if now >= hour else hour - timedelta(days=1)
    has_log = AuditHead.objects.filter(pk=AuditHead.ONLY, seq__gt=0).exists()
    return has_log and not AuditCheck.objects.filter(asked_at__gte=begins).exists()


def _begin(check: AuditCheck) -> None:
    walk = verification.begin()
    check.start_seq, check.seq, check.digest = walk.seq, walk.seq, walk.digest
    check.end_seq = max(verification.end_of_seals(), walk.seq)
    _keep(check, walk.findings)


def _write_down(check: AuditCheck, walk: Walk, *, is_done: bool, now: datetime) -> None:
    check.seq, check.digest, check.rows, check.worked_until = walk.seq, walk.digest, walk.rows, None
    _keep(check, walk.findings)
    if is_done:
        check.finished_at = now
        if check.found:
            log.error("the audit log is not as it was written", found=check.found, first=check.findings[0]["sentence"])
        else:
            check.proof = check_proof(check.seq, check.digest)
            # Kept outside the database too: `verify_audit --heads` holds it against the log.
            log.info("audit log intact", seq=check.seq, digest=check.digest, rows=check.rows)
            _keep_head(exported(check, now=now))
    check.save()


def _keep_head(head: dict[str, Any]) -> None:
    """Append it to HEADS on this host. Where that cannot be written the check stands all the same."""
    path = Path(settings.VAR_DIR) / HEADS
    try:
        path.touch(mode=0o600)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(head) + "\n")
    except OSError as err:
        log.warning("the end of the audit log could not be kept in a file", path=str(path), why=str(err))


def _keep(check: AuditCheck, findings: list[Finding]) -> None:
    check.found += len(findings)
    check.findings += [asdict(finding) for finding in findings[: max(0, KEPT - len(check.findings))]]
