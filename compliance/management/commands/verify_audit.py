"""`manage.py verify_audit`: is the audit log as it was written? It names what is not; the exit status is 1 then.

Status 2: it could not be asked (a file of heads that is none, another DIGEST_KEY, nothing sealed to export).
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from compliance import verification
from compliance.models import AuditHead
from compliance.seals import exported, is_true
from compliance.verification import ExportedHead, Finding, Walk
from outreach_site.accounts.installation import has_its_digest_key

# What was found is said, and forgotten, this often: memory does not grow with it.
SAY_EVERY_SECONDS = 1.0
_DIGEST = re.compile("[0-9a-f]{64}")


class Command(BaseCommand):
    help = (
        "Walks the chain of seals over the audit log and names every entry that was changed, removed, put in or moved, "
        "and an end that is missing. Exits with 1 when there is one. Reads only."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since-checkpoint",
            action="store_true",
            help="only what was sealed after the last check that found all as it was written (quicker)",
        )
        parser.add_argument(
            "--heads",
            metavar="FILE",
            help="also hold heads against the log that were exported earlier: one JSON object a line; - reads from "
            "standard input. What was cut off together with its note shows only so.",
        )
        parser.add_argument(
            "--export-head",
            action="store_true",
            help="print the log's end as one line of JSON, to be kept where nobody of this server can write; no walk",
        )

    def handle(self, *, since_checkpoint: bool, heads: str | None, export_head: bool, **options: Any) -> None:
        if not has_its_digest_key():
            raise CommandError(
                "DIGEST_KEY is not the one this database was made with: no seal could fit.", returncode=2
            )
        if export_head:
            self.stdout.write(json.dumps(_head()))
            return
        kept = _read_heads(heads) if heads else iter(())
        began = time.monotonic()
        walk, found = self._walk(since_checkpoint=since_checkpoint)
        for finding in verification.compare(kept):
            found += self._say([finding])
        took = max(time.monotonic() - began, 1e-6)
        scope = " since the last check" if since_checkpoint else ""
        self.stdout.write(f"{walk.rows:,} entries{scope} in {took:.2f} s: {walk.rows / took:,.0f} rows a second.")
        if found:
            raise CommandError(f"The audit log is NOT as it was written: {found:,} found.")
        self.stdout.write(f"The audit log is intact, up to seal {walk.seq}.")

    def _walk(self, *, since_checkpoint: bool) -> tuple[Walk, int]:
        """The walk, and how much it found. Where retention cut the log meanwhile it begins again."""
        while True:
            walk = verification.begin_after_last_check() if since_checkpoint else verification.begin()
            start, through, found = verification.begin().seq, verification.end_of_seals(), 0
            is_done = False
            while not is_done:
                is_done = verification.go_on(walk, through=through, seconds=SAY_EVERY_SECONDS)
                if is_done:
                    verification.finish(walk, now=timezone.now())
                if walk.findings and verification.begin().seq != start:
                    break
                found += self._say(walk.findings)
                walk.findings.clear()
            else:
                return walk, found

    def _say(self, findings: list[Finding]) -> int:
        for finding in findings:
            self.stdout.write(f"{finding.kind}: {finding.sentence}")
        return len(findings)


def _head() -> dict[str, Any]:
    head = AuditHead.objects.filter(pk=AuditHead.ONLY).first()
    if head is None or not head.seq:
        raise CommandError("Nothing has been sealed yet.", returncode=2)
    if not is_true(head):
        raise CommandError(
            "The note of where the log ends is not one of ours: run `manage.py verify_audit`.", returncode=2
        )
    return exported(head, now=timezone.now())


def _read_heads(name: str) -> Iterator[ExportedHead]:
    """The heads of a file, one a line; empty lines are passed over."""
    try:
        with Path("/dev/stdin" if name == "-" else name).open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _read_head(line, f"{name}, line {number}")
    except (OSError, UnicodeDecodeError) as err:
        raise CommandError(f"{name} cannot be read: {err}", returncode=2) from err


def _read_head(line: str, where: str) -> ExportedHead:
    try:
        said = json.loads(line)
        seq, digest = said["seq"], said["digest"]
    except (ValueError, KeyError, TypeError) as err:
        raise CommandError(f'{where}: not a head. It looks like {{"seq": 42, "digest": "…"}}.', returncode=2) from err
    if type(seq) is not int or seq < 1 or not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise CommandError(
            f"{where}: a head has a whole number `seq` from 1 and a `digest` of 64 hex digits.", returncode=2
        )
    return ExportedHead(seq=seq, digest=digest)
