"""Asking the workers for a task that stands in the database already.

A broker that does not answer makes no request fail whose work is done: what happens by the clock finds the task. What
nobody would find is asked for by async_task itself, whose error whoever asks has to tell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from django.db import Error as DatabaseError
from django.db import transaction
from django_q.tasks import async_task
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)


def ask_soon(task: Callable[..., None] | str, *args: Any, **options: Any) -> None:
    """Ask for it as soon as the caller's transaction stands; `options` are those of async_task."""
    transaction.on_commit(lambda: ask(task, *args, **options))


def ask(task: Callable[..., None] | str, *args: Any, **options: Any) -> bool:
    """Ask for it now; whether the broker took it. Where it did not, this server's log says why."""
    try:
        async_task(task, *args, **options)
    except (RedisError, OSError, DatabaseError) as err:
        name = task if isinstance(task, str) else f"{task.__module__}.{task.__qualname__}"
        log.error("nobody could be asked for a task", task=name, reason=str(err))  # noqa: TRY400 - said in full
        return False
    return True
