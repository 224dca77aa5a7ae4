"""Runs several programs as one: starts them, shows their logs, restarts what dies or freezes, stops all of it.

One process, one loop, and a thread that asks for pulses (feeler.py). Each program leads a process group of its own, so
that a program is ended with everything it started, and Ctrl-C in the terminal reaches the supervisor alone. leash.py
covers the supervisor's own death. Nothing here knows Django or what the programs do.

1. Start each program; write its group on the leash.
2. Wait for output, a signal, or the next tick.
3. Show the output line by line behind the program's name.
4. Collect what ended: kill the rest of its group, start it again after a pause that doubles while it keeps failing.
5. Ask each program's pulse; one whose pulse stands still for too long is killed, and step 4 starts it again.
6. When asked to stop: SIGTERM by turns, SIGKILL for those that take too long.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

from outreach_site.desk import leash
from outreach_site.desk.feeler import Feeler, PulseUnknownError
from outreach_site.desk.leash import is_alive, kill_group
from outreach_site.lib.background import work_in_background

TICK_SECONDS = 0.25
PULSE_EVERY = 10.0
PULSE_PATIENCE = 30.0
LONGEST_LINE = 16_384
COLOURS = (36, 35, 33, 32, 34)  # of the programs' names, where the output is a terminal

PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, kw_only=True)
class Program:
    """Something that should run for as long as the supervisor does.

    `pulse` returns a value that changes while the program is well, and raises PulseUnknownError when it cannot tell;
    `frozen_after` is how many seconds it may stand still. `patience` is how many seconds the program may take to stop;
    programs of a later `turn` are stopped when those of an earlier one are gone. `in_background`: nobody waits for it
    at a screen.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    pulse: Callable[[], object] | None = None
    frozen_after: float = 180.0
    patience: float = 10.0
    turn: int = 0
    in_background: bool = False


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """How many seconds a program that died waits: `first`, doubled up to `longest`; anew once it lived `settled`."""

    first: float = 0.5
    longest: float = 30.0
    settled: float = 60.0


class Charge:
    """One program and its present process."""

    def __init__(self, program: Program, colour: int) -> None:
        self.program = program
        self.colour = colour
        self.process: subprocess.Popen[bytes] | None = None
        self.unfinished = b""  # of a line
        self.started_at = 0.0
        self.start_at: float | None = 0.0  # None: it runs
        self.pause = 0.0
        self.last_pulse: object = None
        self.pulse_seen_at = 0.0
        self.kill_at: float | None = None


class Supervisor:
    """Times are those of the monotonic clock: a suspended laptop or a corrected clock freezes nobody."""

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        out: IO[str],
        coloured: bool = False,
        backoff: Backoff | None = None,
        pulse_every: float = PULSE_EVERY,
        pulse_patience: float = PULSE_PATIENCE,
        greeting: Callable[[], str | None] | None = None,
    ) -> None:
        self.charges = [Charge(program, COLOURS[i % len(COLOURS)]) for i, program in enumerate(programs)]
        self.out = out
        self.coloured = coloured
        self.backoff = backoff or Backoff()
        self.pulse_every = pulse_every
        self.pulse_patience = pulse_patience
        self.feeler = Feeler()
        self.greeting = greeting
        self.width = max([len(program.name) for program in programs] + [len("run")])
        self.selector = selectors.DefaultSelector()
        self.wake_read, self.wake_write = os.pipe()
        self.leash: subprocess.Popen[bytes] | None = None
        self.signals = 0
        self.stopping_turn: int | None = None
        self.stop_noted_at: float | None = None
        self.pulses_at = 0.0

    def run(self) -> None:
        """Until a signal asks to stop and everything has stopped."""
        _adopt_orphans()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.on_signal)
        os.set_blocking(self.wake_write, False)
        signal.set_wakeup_fd(self.wake_write, warn_on_full_buffer=False)
        self.selector.register(self.wake_read, selectors.EVENT_READ)
        self.hold_leash()
        try:
            self.keep_up()
        except Exception:
            # No fault of ours may cut off what the programs are doing.
            self.signals = max(self.signals, 1)
            self.keep_up()
            raise
        finally:
            self.kill_everything()

    def keep_up(self) -> None:
        while not self.all_stopped():
            self.tick(time.monotonic())

    def on_signal(self, _number: int, _frame: object) -> None:
        self.signals += 1

    def hold_leash(self) -> None:
        patience = str(max(charge.program.patience for charge in self.charges))
        self.leash = subprocess.Popen(  # noqa: S603 - this very interpreter and a file of ours
            [sys.executable, "-I", leash.__file__, patience],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for charge in self.charges:
            if charge.process is not None:
                self.tell_leash(f"+{charge.process.pid}")

    def tell_leash(self, line: str) -> None:
        if self.leash is not None and self.leash.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # It was killed: collect() gets a new one.
                self.leash.stdin.write(f"{line}\n".encode())
                self.leash.stdin.flush()

    def all_stopped(self) -> bool:
        return self.stopping_turn is not None and all(charge.process is None for charge in self.charges)

    def tick(self, now: float) -> None:
        if self.stopping_turn is None:
            for charge in self.charges:
                if charge.start_at is not None and charge.start_at <= now:
                    self.start(charge, now)
        for key, _ in self.selector.select(TICK_SECONDS):
            if key.data is None:
                os.read(self.wake_read, 1024)
            else:
                self.read(key.data)
        self.collect(time.monotonic())
        if self.signals or self.stopping_turn is not None:
            self.stop(time.monotonic())
            return
        if now >= self.pulses_at:
            self.pulses_at = now + self.pulse_every
            self.feel_pulses()
        for name, answer in self.feeler.answers():
            self.felt(next(charge for charge in self.charges if charge.program.name == name), answer)
        if self.greeting is not None and (text := self.greeting()) is not None:
            self.greeting = None
            self.write(text)

    def start(self, charge: Charge, now: float) -> None:
        program = charge.program
        try:
            charge.process = subprocess.Popen(  # noqa: S603 - the commands are our own, see the `up` command
                program.command,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **program.environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as err:
            self.pause(charge, now, f"could not be started: {err}")
            return
        self.tell_leash(f"+{charge.process.pid}")
        if program.in_background:
            work_in_background(charge.process.pid)
        charge.started_at = charge.pulse_seen_at = now
        charge.start_at = None
        charge.last_pulse = None
        charge.kill_at = None
        assert charge.process.stdout is not None  # noqa: S101 - a pipe was asked for; this tells the type checker
        os.set_blocking(charge.process.stdout.fileno(), False)
        self.selector.register(charge.process.stdout, selectors.EVENT_READ, charge)

    def read(self, charge: Charge) -> bool:
        """Show what it said; whether it said anything."""
        pipe = charge.process.stdout if charge.process else None
        if pipe is None:
            return False
        try:
            data = os.read(pipe.fileno(), 65_536)
        except BlockingIOError:
            return False
        if not data:
            with contextlib.suppress(KeyError):
                self.selector.unregister(pipe)
            return False
        *lines, charge.unfinished = (charge.unfinished + data).split(b"\n")
        if len(charge.unfinished) > LONGEST_LINE:
            lines.append(charge.unfinished)
            charge.unfinished = b""
        for line in lines:
            self.show(charge.program.name, line.decode(errors="replace").rstrip(), charge.colour)
        return True

    def collect(self, now: float) -> None:
        """Collect every ended process: programs, the leash, and orphans that became ours."""
        while (ended := _first_ended()) is not None:
            pid, status = ended
            charge = next((c for c in self.charges if c.process is not None and c.process.pid == pid), None)
            if charge is not None:
                # Its pid is still its own, so the group that is killed here can be no other.
                kill_group(pid)
            os.waitpid(pid, 0)
            if charge is not None:
                self.let_go(charge, status, now)
            elif self.leash is not None and pid == self.leash.pid:
                self.leash.returncode = status
                if self.stopping_turn is None:
                    self.hold_leash()

    def let_go(self, charge: Charge, status: int, now: float) -> None:
        process = charge.process
        assert process is not None and process.stdout is not None  # noqa: S101, PT018 - the caller found it running
        self.drain(charge)
        with contextlib.suppress(KeyError, ValueError):
            self.selector.unregister(process.stdout)
        process.stdout.close()
        process.returncode = status
        charge.process = None
        self.tell_leash(f"-{process.pid}")
        if self.stopping_turn is None:
            self.pause(charge, now, _how_it_ended(status))

    def drain(self, charge: Charge) -> None:
        """What it said last is often why it died."""
        while self.read(charge):
            pass
        if charge.unfinished:
            self.show(charge.program.name, charge.unfinished.decode(errors="replace"), charge.colour)
            charge.unfinished = b""

    def pause(self, charge: Charge, now: float, what: str) -> None:
        lived_long = charge.started_at and now - charge.started_at >= self.backoff.settled
        charge.pause = self.backoff.first if lived_long or not charge.pause else charge.pause * 2
        charge.pause = min(charge.pause, self.backoff.longest)
        charge.start_at = now + charge.pause
        self.say(f"{charge.program.name} {what}; it starts again in {charge.pause:g} s")

    def feel_pulses(self) -> None:
        for charge in self.charges:
            if charge.program.pulse is None or charge.process is None:
                continue
            waited = self.feeler.ask(charge.program.name, charge.program.pulse)
            if waited > self.pulse_patience:
                self.felt(charge, PulseUnknownError(f"no answer for {waited:.0f} s"))

    def felt(self, charge: Charge, pulse: object) -> None:
        if charge.process is None:
            return
        if isinstance(pulse, PulseUnknownError):
            self.say(f"cannot tell whether {charge.program.name} is well: {pulse}")
        elif isinstance(pulse, Exception):
            raise pulse
        now = time.monotonic()
        if pulse != charge.last_pulse:
            charge.last_pulse = pulse
            charge.pulse_seen_at = now
        elif now - charge.pulse_seen_at > charge.program.frozen_after:
            still = now - charge.pulse_seen_at
            self.say(f"{charge.program.name} has done nothing for {still:.0f} s: killing it")
            # A frozen program hears no SIGTERM.
            kill_group(charge.process.pid)

    def stop(self, now: float) -> None:
        if self.stopping_turn is None:
            self.stopping_turn = min(charge.program.turn for charge in self.charges)
            self.stop_noted_at = now
            self.say("stopping")
            self.ask_to_stop(now)
        elif self.signals > 1:
            self.say("stopping at once")
            self.signals = 1
            for charge in self.charges:
                if charge.process is not None:
                    kill_group(charge.process.pid)
        running = [charge for charge in self.charges if charge.process is not None]
        of_this_turn = [charge for charge in running if charge.program.turn <= self.stopping_turn]
        for charge in of_this_turn:
            if charge.kill_at is not None and now >= charge.kill_at and charge.process is not None:
                self.say(f"{charge.program.name} does not stop: killing it")
                charge.kill_at = None
                kill_group(charge.process.pid)
        if running and not of_this_turn:
            self.stopping_turn = min(charge.program.turn for charge in running)
            self.ask_to_stop(now)
        if self.stop_noted_at is not None and running and now - self.stop_noted_at > 3:
            names = " and ".join(charge.program.name for charge in running)
            self.say(f"waiting for {names} to finish what is under way (Ctrl-C again: at once)")
            self.stop_noted_at = None

    def ask_to_stop(self, now: float) -> None:
        """SIGTERM to the leaders of this turn: they end their own in good order."""
        for charge in self.charges:
            if charge.process is not None and charge.program.turn == self.stopping_turn:
                charge.kill_at = now + charge.program.patience
                with contextlib.suppress(ProcessLookupError):
                    charge.process.terminate()

    def kill_everything(self) -> None:
        """The way out whatever happened: no group is left, and the leash is let go."""
        for charge in self.charges:
            if charge.process is not None:
                kill_group(charge.process.pid)
                charge.process.wait()
                if not is_alive(charge.process.pid):
                    self.tell_leash(f"-{charge.process.pid}")
        if self.leash is not None and self.leash.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self.leash.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.leash.wait(5)
        while _first_ended() is not None:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-1, os.WNOHANG)
        signal.set_wakeup_fd(-1)

    def say(self, text: str) -> None:
        self.show("run", text, 1)

    def show(self, name: str, text: str, colour: int) -> None:
        head = f"{name:<{self.width}} |"
        if self.coloured:
            head = f"\033[{colour}m{head}\033[0m"
        self.write(f"{head} {text}\n")

    def write(self, text: str) -> None:
        # A reader that went away, a terminal that was closed, a disk that is full: it stops nobody.
        with contextlib.suppress(OSError):
            self.out.write(text)
            self.out.flush()


def _first_ended() -> tuple[int, int] | None:
    """A child that has ended and was not collected yet, with its status (negative: the signal that killed it)."""
    try:
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    if ended is None:
        return None
    return ended.si_pid, ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status


def _how_it_ended(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"


def _adopt_orphans() -> None:
    """Linux: what loses its parent becomes ours and is collected; elsewhere init does it."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
