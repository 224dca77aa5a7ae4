"""Work that nobody waits for at a screen gives way to what somebody does."""

from __future__ import annotations

import os
from contextlib import suppress


def work_in_background(process: int = 0) -> None:
    """Tell Linux that this process, or the one with this number, and all that it starts from now on does long work: it
    takes nobody's core away the moment that it has something to do. So pages, and the database's answers, come first;
    and a busy machine changes less often between programs. Elsewhere, and where it may not be said, nothing happens.
    """
    if hasattr(os, "SCHED_BATCH"):  # not on macOS
        with suppress(OSError):
            os.sched_setscheduler(process, os.SCHED_BATCH, os.sched_param(0))
