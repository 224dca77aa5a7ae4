"""Asks the pulses of programs in a thread of its own: who hangs on a database that is frozen hears no signal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue


class PulseUnknownError(Exception):
    """The pulse cannot be felt just now, which says nothing about the program."""


class Feeler:
    """One question a program at a time, one after another; the thread ends with the process, whatever it waits for."""

    def __init__(self) -> None:
        self._questions: SimpleQueue[tuple[str, Callable[[], object]]] = SimpleQueue()
        self._answers: SimpleQueue[tuple[str, object]] = SimpleQueue()
        self._asked_at: dict[str, float] = {}
        self._thread: threading.Thread | None = None

    def ask(self, name: str, pulse: Callable[[], object]) -> float:
        """Ask unless an answer is still awaited; for how many seconds it has been."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="feeler", daemon=True)
            self._thread.start()
        now = time.monotonic()
        if name not in self._asked_at:
            self._asked_at[name] = now
            self._questions.put((name, pulse))
        return now - self._asked_at[name]

    def answers(self) -> Iterator[tuple[str, object]]:
        """What has come: pulses by name, an exception where the asking failed."""
        while True:
            try:
                name, answer = self._answers.get_nowait()
            except Empty:
                return
            del self._asked_at[name]
            yield name, answer

    def _work(self) -> None:
        while True:
            name, pulse = self._questions.get()
            try:
                answer = pulse()
            except Exception as err:  # noqa: BLE001 - the supervisor's own thread raises what it does not know
                answer = err
            self._answers.put((name, answer))
