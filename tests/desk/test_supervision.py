"""The supervisor with real processes: it restarts what dies, kills what is frozen, and leaves nothing behind."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Container, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.processes, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 60.0

# A program that starts a child of its own, names both, and obeys SIGTERM as a good one does.
OBEDIENT = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("parent", os.getpid(), "child", child.pid, flush=True)
while True:
    time.sleep(0.1)
"""
# A program that is in the middle of something when it is told to stop, and says in a file that it finished it.
BUSY = """
import signal, sys, time
from pathlib import Path
mark = Path(__file__).with_suffix(".mark")
def finish(*_):
    time.sleep(0.3)
    mark.write_text("finished")
    sys.exit(0)
signal.signal(signal.SIGTERM, finish)
mark.write_text("begun")
while True:
    print("at work", flush=True)
    time.sleep(0.1)
"""
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("parent", os.getpid(), "child", os.getpid(), flush=True)
while True:
    time.sleep(0.1)
"""
FAILING = """
import sys
print("cannot go on", flush=True)
sys.exit(3)
"""


class Up:
    """A supervisor in a process of its own, and what it has said."""

    def __init__(
        self,
        tmp_path: Path,
        programs: dict[str, str],
        *,
        options: str = "",
        head: str = "",
        in_background: Container[str] = (),
        terminal: int | None = None,
        log: Path | None = None,
    ) -> None:
        listed = []
        for name, text in programs.items():
            path = tmp_path / f"{name}.py"
            path.write_text(textwrap.dedent(text))
            extra = ", pulse=pulse, frozen_after=0.5" if "pulse" in head else ""
            extra += f", in_background={name in in_background}"
            listed.append(f"Program(name={name!r}, command=[sys.executable, {str(path)!r}], patience=1.0{extra})")
        script = tmp_path / "supervisor.py"
        script.write_text(
            "import sys\n"
            "from outreach_site.desk.feeler import PulseUnknownError\n"
            "from outreach_site.desk.supervision import Backoff, Program, Supervisor\n"
            f"{head}\n"
            "backoff = Backoff(first=0.1, longest=0.4)\n"
            f"Supervisor([{', '.join(listed)}], out=sys.stdout, backoff=backoff{options}).run()\n"
            'print("the supervisor has ended", flush=True)\n'
        )
        self.log = log or tmp_path / "log"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, str(script)],
                stdout=out if terminal is None else terminal,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                start_new_session=True,
            )

    def said(self) -> str:
        return self.log.read_text()

    def pids(self, name: str) -> list[tuple[int, int]]:
        """Of each start of a program: its own and its child's."""
        found = []
        for line in self.said().splitlines():
            head, _, words = line.partition("|")
            if head.strip() == name and words.split()[:1] == ["parent"]:
                found.append((int(words.split()[1]), int(words.split()[3])))
        return found

    def wait_for_start(self, name: str, *, times: int = 1) -> tuple[int, int]:
        until(lambda: len(self.pids(name)) >= times, f"{name} to start {times} times, see {self.log}")
        return self.pids(name)[times - 1]


def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


def is_there(pid: int) -> bool:
    """Running, that is: a zombie whose parent was killed is its new parent's to collect."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def children_of(pid: int) -> list[str]:
    """The states of its direct children."""
    states = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid:
                states.append(fields[0])
    return states


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def start(programs: dict[str, str], **options: Any) -> Up:
        started.append(Up(tmp_path, programs, **options))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()


def test_shows_each_line_behind_its_program(up: Callable[..., Up]) -> None:
    running = up({"talker": 'import time\nprint("one")\nprint("two")\ntime.sleep(600)\n', "other": OBEDIENT})
    until(lambda: "talker | two" in running.said(), "the lines")
    assert "talker | one\n" in running.said()
    until(lambda: "other  | parent" in running.said(), "the other's line")


def test_what_runs_in_the_background_takes_no_core_from_what_somebody_waits_for(up: Callable[..., Up]) -> None:
    """And with it whatever it has started; the supervisor and the other programs stay as they are."""
    running = up({"pages": OBEDIENT, "mail": OBEDIENT}, in_background={"mail"})
    pages, mail = ({os.sched_getscheduler(pid) for pid in running.wait_for_start(name)} for name in ("pages", "mail"))
    assert (pages, mail) == ({os.SCHED_OTHER}, {os.SCHED_BATCH})
    assert os.sched_getscheduler(running.process.pid) == os.SCHED_OTHER


def test_sigterm_stops_everything_and_leaves_nothing(up: Callable[..., Up]) -> None:
    running = up({"one": OBEDIENT, "two": OBEDIENT})
    started = [*running.wait_for_start("one"), *running.wait_for_start("two")]
    running.process.terminate()
    assert running.process.wait(PATIENCE) == 0
    assert "the supervisor has ended" in running.said()
    until(lambda: not any(map(is_there, started)), "the children to be gone")


def test_ctrl_c_stops_everything_and_only_the_supervisor_hears_it(up: Callable[..., Up]) -> None:
    running = up({"one": OBEDIENT})
    parent, child = running.wait_for_start("one")
    # What a terminal does: the signal goes to the whole foreground group.
    os.killpg(running.process.pid, signal.SIGINT)
    assert running.process.wait(PATIENCE) == 0
    assert "KeyboardInterrupt" not in running.said()
    until(lambda: not is_there(parent) and not is_there(child), "the children to be gone")


def test_what_does_not_stop_is_killed(up: Callable[..., Up]) -> None:
    running = up({"stubborn": STUBBORN})
    pid, _ = running.wait_for_start("stubborn")
    began = time.monotonic()
    running.process.terminate()
    assert running.process.wait(PATIENCE) == 0
    assert 0.9 < time.monotonic() - began < 8
    assert "stubborn does not stop: killing it" in running.said()
    assert not is_there(pid)


def test_a_second_ctrl_c_does_not_wait(up: Callable[..., Up]) -> None:
    running = up({"stubborn": STUBBORN})
    pid, _ = running.wait_for_start("stubborn")
    running.process.send_signal(signal.SIGINT)
    until(lambda: "stopping" in running.said(), "the first")
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(PATIENCE) == 0
    assert not is_there(pid)


def test_a_killed_program_starts_again_and_its_own_children_go_with_it(up: Callable[..., Up]) -> None:
    running = up({"one": OBEDIENT, "two": OBEDIENT})
    parent, child = running.wait_for_start("one")
    untouched = running.wait_for_start("two")
    os.kill(parent, signal.SIGKILL)
    again, _ = running.wait_for_start("one", times=2)
    assert again != parent
    assert "one was ended by SIGKILL; it starts again in 0.1 s" in running.said()
    until(lambda: not is_there(child), "the orphan to be gone")
    assert running.pids("two") == [untouched]
    # The orphan became the supervisor's, which has collected it.
    until(lambda: "Z" not in children_of(running.process.pid), "zombies to be collected")


def test_a_program_that_keeps_failing_waits_longer_each_time(up: Callable[..., Up]) -> None:
    running = up({"failing": FAILING})
    until(lambda: running.said().count("it starts again") >= 4, "four ends")
    said = running.said()
    assert said.count("failing | cannot go on") >= 4
    pauses = [line.rpartition(" in ")[2] for line in said.splitlines() if "it starts again" in line]
    assert pauses[:4] == ["0.1 s", "0.2 s", "0.4 s", "0.4 s"]
    running.process.terminate()
    assert running.process.wait(PATIENCE) == 0


def test_a_program_that_cannot_be_started_is_said_and_tried_again(up: Callable[..., Up], tmp_path: Path) -> None:
    running = up({"one": OBEDIENT}, head="sys.executable = '/nowhere/python'; Program.__hash__ = object.__hash__")
    until(lambda: "could not be started" in running.said() or running.process.poll() is not None, "the sentence")
    assert "No such file" in running.said()


def test_a_frozen_program_is_killed_and_starts_again(up: Callable[..., Up]) -> None:
    head = "def pulse():\n    return 'the same'\n"
    running = up({"frozen": OBEDIENT}, head=head, options=", pulse_every=0.1")
    first, child = running.wait_for_start("frozen")
    second, _ = running.wait_for_start("frozen", times=2)
    assert second != first
    assert "frozen has done nothing for" in running.said()
    until(lambda: not is_there(first) and not is_there(child), "the frozen ones to be gone")


def test_a_pulse_that_moves_or_cannot_be_felt_kills_nobody(up: Callable[..., Up]) -> None:
    head = (
        "import itertools\nbeats = itertools.count()\n"
        "def pulse():\n    beat = next(beats)\n    if beat % 3 == 0:\n        raise PulseUnknownError('no database')\n"
        "    return beat // 2\n"
    )
    running = up({"well": OBEDIENT}, head=head, options=", pulse_every=0.1")
    running.wait_for_start("well")
    time.sleep(2)
    assert len(running.pids("well")) == 1
    assert "cannot tell whether well is well: no database" in running.said()


def test_a_closed_terminal_lets_the_programs_finish(up: Callable[..., Up], tmp_path: Path) -> None:
    window, terminal = pty.openpty()
    running = up({"busy": BUSY}, terminal=terminal)
    os.close(terminal)
    mark = tmp_path / "busy.mark"
    until(mark.exists, "the program")
    os.close(window)
    running.process.send_signal(signal.SIGHUP)
    running.process.wait(PATIENCE)
    assert mark.read_text() == "finished"


def test_a_full_disk_under_the_log_stops_nobody(up: Callable[..., Up], tmp_path: Path) -> None:
    running = up({"busy": BUSY}, log=Path("/dev/full"), options=", greeting=lambda: 'ready'")
    mark = tmp_path / "busy.mark"
    until(mark.exists, "the program")
    time.sleep(1)
    assert running.process.poll() is None
    assert mark.read_text() == "begun"
    running.process.terminate()
    running.process.wait(PATIENCE)
    assert mark.read_text() == "finished"


def test_a_fault_of_the_supervisor_lets_the_programs_finish(up: Callable[..., Up], tmp_path: Path) -> None:
    head = (
        "from pathlib import Path\n"
        f"def pulse():\n    if Path({str(tmp_path / 'busy.mark')!r}).exists():\n        raise ValueError('a fault')\n"
    )
    running = up({"busy": BUSY}, head=head, options=", pulse_every=0.1")
    assert running.process.wait(PATIENCE) == 1
    assert "ValueError: a fault" in running.said()
    assert (tmp_path / "busy.mark").read_text() == "finished"


def test_a_pulse_that_hangs_kills_nobody_and_hides_no_signal(up: Callable[..., Up]) -> None:
    head = "import time\ndef pulse():\n    time.sleep(600)\n"
    running = up({"well": OBEDIENT}, head=head, options=", pulse_every=0.1, pulse_patience=0.3")
    running.wait_for_start("well")
    until(lambda: "cannot tell whether well is well: no answer for" in running.said(), "the sentence")
    time.sleep(1)
    assert len(running.pids("well")) == 1
    running.process.terminate()
    assert running.process.wait(PATIENCE) == 0
    assert "does not stop" not in running.said()


def test_the_leash_ends_everything_when_the_supervisor_is_killed(up: Callable[..., Up]) -> None:
    running = up({"one": OBEDIENT, "stubborn": STUBBORN})
    started = [*running.wait_for_start("one"), *running.wait_for_start("stubborn")]
    running.process.kill()
    running.process.wait()
    until(lambda: not any(map(is_there, started)), "everything to end")


def test_a_killed_leash_is_replaced(up: Callable[..., Up]) -> None:
    running = up({"one": OBEDIENT})
    started = running.wait_for_start("one")

    def leashes() -> list[int]:
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                if b"desk/leash.py" in path.read_bytes():
                    fields = (path.parent / "stat").read_text().rpartition(")")[2].split()
                    if int(fields[1]) == running.process.pid and fields[0] != "Z":
                        found.append(int(path.parent.name))
        return found

    until(lambda: len(leashes()) == 1, "the leash")
    [first] = leashes()
    os.kill(first, signal.SIGKILL)
    until(lambda: leashes() not in ([], [first]), "a new leash")
    running.process.kill()
    running.process.wait()
    until(lambda: not any(map(is_there, started)), "everything to end")
