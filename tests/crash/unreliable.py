"""An SMTP server as the worst evening of the internet has it."""

from __future__ import annotations

import random
from collections import Counter

from tests.servers import Certificates, FaultySMTP, Stage, Wire, _DroppedError

# What it answers of its own, by stage: (share of all answers there, line).
REFUSALS: dict[Stage, list[tuple[float, str]]] = {
    "MAIL": [(0.004, "421 4.3.2 Service shutting down, try again later")],
    "RCPT": [(0.02, "450 4.2.1 Greylisted, try again in a minute"), (0.003, "451 4.7.1 Too many messages, slow down")],
    "DATA": [(0.005, "451 4.3.0 Temporary failure")],
    "END": [(0.01, "451 4.3.0 Not now"), (0.005, "554 5.7.1 We do not want this letter")],
}
# How it breaks, by stage. At END it has read the whole letter: "drop" and "stall" keep it and never say so, "drip" says
# so too slowly, "forget" drops the connection and the letter. "cut" hangs up while the letter is still coming.
BREAKS: dict[Stage, list[tuple[float, str]]] = {
    "BANNER": [(0.03, "drop"), (0.01, "stall")],
    "EHLO": [(0.01, "drop")],
    "AUTH": [(0.01, "drop")],
    "MAIL": [(0.005, "drop")],
    "RCPT": [(0.003, "stall"), (0.005, "drop")],
    "DATA": [(0.004, "drop"), (0.004, "cut")],
    "END": [(0.008, "drop"), (0.004, "stall"), (0.004, "drip"), (0.004, "forget")],
}
UNKNOWN = "gone"  # Nobody has an address that begins so.


class UnreliableSMTP(FaultySMTP):
    """Takes letters; besides, refuses, stalls, drips, and drops connections before and after accepting, at random.

    `in_doubt` counts how often it left a client that had sent the final dot without an answer: each may make one letter
    *uncertain*. `faults` counts everything it did, by stage and name.
    """

    def __init__(self, certificates: Certificates, *, seed: int) -> None:
        self.dice = random.Random(seed)
        self.faults: Counter[str] = Counter()
        self.in_doubt = 0
        super().__init__(certificates)

    def _welcome(self, wire: Wire) -> str:
        self.pipelining = self.dice.random() < 0.5
        return super()._welcome(wire)

    def _take(self, wire: Wire, user: str, mail_from: str, recipients: list[str]) -> None:
        if self._roll("END", [share for share in BREAKS["END"] if share[1] == "forget"]):
            while wire.line() != b".":
                pass
            self._leave_in_doubt()
            raise _DroppedError
        super()._take(wire, user, mail_from, recipients)

    def _own_reply(self, stage: Stage, recipient: str) -> str | None:
        if stage == "RCPT" and recipient.startswith(UNKNOWN):
            return "550 5.1.1 User unknown"
        return self._roll(stage, REFUSALS.get(stage, [])) or super()._own_reply(stage, recipient)

    def _say(self, wire: Wire, stage: Stage, usual: str, *, recipient: str = "") -> bool:
        how = self._roll(stage, [share for share in BREAKS.get(stage, []) if share[1] != "forget"])
        if (how in {"drop", "stall", "drip"} and stage == "END") or how == "cut":
            self._leave_in_doubt()
        if how == "stall":
            wire.hang()
        if how == "drop":
            raise _DroppedError
        if how == "cut":
            wire.say(usual)
            raise _DroppedError
        wire.drip = 0.1 if how == "drip" else 0.0
        return super()._say(wire, stage, usual, recipient=recipient)

    def _roll(self, stage: Stage, shares: list[tuple[float, str]]) -> str | None:
        with self._lock:
            roll = self.dice.random()
            for share, what in shares:
                if roll < share:
                    self.faults[f"{stage} {what[:3] if what[0].isdigit() else what}"] += 1
                    return what
                roll -= share
        return None

    def _leave_in_doubt(self) -> None:
        with self._lock:
            self.in_doubt += 1
