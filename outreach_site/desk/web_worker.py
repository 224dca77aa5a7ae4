"""Gunicorn's worker with threads, which stops without waiting for browsers that only keep a connection open."""

from __future__ import annotations

from gunicorn.workers.gthread import ThreadWorker

LOOKS_AGAIN_AFTER_SECONDS = 1.0


class WebWorker(ThreadWorker):
    """While it stops, Gunicorn's own sleeps until something happens or its patience (`--graceful-timeout`) is over, and
    does not see that an idle connection's time (`--keep-alive`, 2 s) is up: each Ctrl-C with a browser open took 30 s.
    """

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        super().wait_for_and_dispatch_events(min(timeout, LOOKS_AGAIN_AFTER_SECONDS))
