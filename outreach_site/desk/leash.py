"""The supervisor's leash: ends what it started when the supervisor itself was killed and cannot.

The supervisor holds the other end of this process's standard input and names each process group on it, `+123` when it
starts one and `-123` when it is gone. However the supervisor dies, the kernel closes that end. Then every group that is
still there is asked to stop, and killed when it does not. Knows nothing of Django, so that it weighs little.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable

TICK_SECONDS = 0.1


def hold(lines: Iterable[str], *, patience: float) -> None:
    """Follow `lines` to their end, then end the groups that are left; `patience` is in seconds."""
    groups: set[int] = set()
    for line in lines:
        sign, number = line[:1], line[1:].strip()
        if number.isdigit():
            (groups.add if sign == "+" else groups.discard)(int(number))
    end(groups, patience=patience)


def end(groups: set[int], *, patience: float) -> None:
    """SIGTERM to each leader, who ends its own in good order; after `patience` seconds SIGKILL to all that is left."""
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(group, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and any(is_alive(group) for group in groups):
        time.sleep(TICK_SECONDS)
    for group in groups:
        kill_group(group)


def kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def is_alive(group: int) -> bool:
    """Whether a process of this group is there, be it a zombie that nobody has collected."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    hold(sys.stdin, patience=float(sys.argv[1]))
