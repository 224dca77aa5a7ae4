"""What the clock and the hands call (django-q2). Tasks take ids; the work is elsewhere.

What writes digests waits for the right DIGEST_KEY: under another one an opt-out would not be found again, and the log
would look forged.
"""

from __future__ import annotations

import time

from django.utils import timezone
from django_q.tasks import async_task

from compliance import brakes, checkups, consent_imports, privacy, retention, seals, suppression_imports
from compliance.models import SuppressionImport
from compliance.privacy_models import ConsentImport, PrivacySettings
from outreach_site.accounts.installation import has_its_digest_key
from outreach_site.lib.asking import ask_soon

CLUSTER = "long"
SLICE_SECONDS = 20.0


def apply_retention() -> None:
    """Every day: each workspace's rules; the rest of a large one follows at once."""
    if not has_its_digest_key():
        return
    until, now = time.monotonic() + SLICE_SECONDS, timezone.now()
    runs = [retention.apply(here, PrivacySettings.of(here), until=until, now=now) for here in retention.due(now=now)]
    if not all(run.is_done for run in runs):
        async_task(apply_retention, cluster=CLUSTER)
    elif runs:
        retention.cut_log(until=until, now=now)


def finish_what_was_begun() -> None:
    """Every few minutes: erasures that had to wait, and lists that nobody reads on because their worker died."""
    if not has_its_digest_key():
        return
    until, now = time.monotonic() + SLICE_SECONDS, timezone.now()
    for import_id in ConsentImport.objects.unfinished().order_by("pk").values_list("pk", flat=True):
        consent_imports.carry_on(import_id, until=until, now=now)
    for run_id in SuppressionImport.objects.unfinished().order_by("pk").values_list("pk", flat=True):
        suppression_imports.carry_on(run_id, until=until, now=now)
    for request_id in privacy.waiting_erasures():
        privacy.carry_on(request_id, until=until, now=now)


def read_suppressions(run_id: int) -> None:
    """One slice of a file of suppressions; the next follows at once while lines are left."""
    if not has_its_digest_key():
        return
    if not suppression_imports.carry_on(run_id, until=time.monotonic() + SLICE_SECONDS, now=timezone.now()):
        async_task(read_suppressions, run_id, cluster=CLUSTER)


def read_suppressions_soon(run_id: int) -> None:
    ask_soon(read_suppressions, run_id, cluster=CLUSTER)


def read_list(import_id: int) -> None:
    """One slice of a list of consents; the next follows at once while rows are left."""
    if not has_its_digest_key():
        return
    if not consent_imports.carry_on(import_id, until=time.monotonic() + SLICE_SECONDS, now=timezone.now()):
        async_task(read_list, import_id, cluster=CLUSTER)


def erase(request_id: int) -> None:
    """One slice of an erasure. What has to wait is taken up by `finish_what_was_begun`."""
    if not has_its_digest_key():
        return
    progress = privacy.carry_on(request_id, until=time.monotonic() + SLICE_SECONDS, now=timezone.now())
    if not progress.is_done and not progress.waits_because:
        async_task(erase, request_id, cluster=CLUSTER)


def read_list_soon(import_id: int) -> None:
    """Ask the cluster for long work to read on as soon as the caller's transaction stands."""
    ask_soon(read_list, import_id, cluster=CLUSTER)


def erase_soon(request_id: int) -> None:
    ask_soon(erase, request_id, cluster=CLUSTER)


def hold_what_harms() -> None:
    """Every minute: mailboxes and campaigns that too much came back to wait for a person."""
    brakes.pull(now=timezone.now())


def seal_audit() -> None:
    """Every minute: seal what was recorded. A backlog goes on at once, in another slice."""
    if has_its_digest_key() and seals.seal(now=timezone.now()).more:
        async_task(seal_audit)


def check_audit() -> None:
    """Begin the day's check of the log when its hour has come, or go on with one that is under way."""
    if has_its_digest_key() and checkups.go_on(now=timezone.now()):
        async_task(check_audit, cluster=CLUSTER)


def check_audit_soon() -> None:
    """Ask for the first slice as soon as the caller's transaction stands."""
    ask_soon(check_audit, cluster=CLUSTER)
