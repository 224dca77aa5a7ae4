"""Where the rehearsal post office lives: its directory, its ports, and how soon its correspondents answer.

Nothing here reads Django's settings: whoever does (the command, the desk page, the gate) passes the values in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})

# The domain of the house itself: the owner, the platform and the demo's senders live here. A letter to any
# address of it is kept and shown, and never bounces.
HOUSE_DOMAIN = "rehearsal.test"

# What large providers take. A letter of outreach has a few kilobytes; an answer may carry files.
LETTER_LIMIT = 30 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class PostOffice:
    """The settings of one post office.

    `answer_after` is the range in seconds within which an answer falls due. A port of 0 means any free one (tests).
    Raises ValueError for a host that is not loopback: the post office is never open to a network.
    """

    directory: Path
    host: str = "localhost"
    smtp_port: int = 2587
    smtps_port: int = 2465
    imap_port: int = 2143
    imaps_port: int = 2993
    answer_after: tuple[float, float] = (3.0, 8.0)

    def __post_init__(self) -> None:
        if _plain_host(self.host) not in LOOPBACK_HOSTS:
            raise ValueError(f"The rehearsal post office runs on this machine alone, not on {self.host!r}.")
        soonest, latest = self.answer_after
        if not 0 <= soonest <= latest:
            raise ValueError(f"answer_after must be two ascending numbers of seconds, not {self.answer_after!r}.")

    @classmethod
    def at(cls, directory: Path, ports: Mapping[str, int]) -> PostOffice:
        """The post office in `directory` on `ports`, a mapping with the keys smtp, smtps, imap and imaps."""
        return cls(directory=directory).on(ports)

    def on(self, ports: Mapping[str, int]) -> PostOffice:
        """The same post office on other ports."""
        return replace(
            self,
            smtp_port=ports["smtp"],
            smtps_port=ports["smtps"],
            imap_port=ports["imap"],
            imaps_port=ports["imaps"],
        )

    def answering_after(self, soonest: float, latest: float) -> PostOffice:
        return replace(self, answer_after=(soonest, latest))

    @property
    def ports(self) -> dict[str, int]:
        return {
            "smtp": self.smtp_port,
            "smtps": self.smtps_port,
            "imap": self.imap_port,
            "imaps": self.imaps_port,
        }

    @property
    def ca_file(self) -> Path:
        """The certificate that a client must trust to verify the servers (MAIL_CA_FILE); made at the first start."""
        return self.directory / "ca.pem"


def is_sandbox_server(office: PostOffice, host: str, port: int) -> bool:
    """Whether `host` and `port`, as written in a mailbox's settings, mean one of the post office's own servers."""
    return _plain_host(host) in LOOPBACK_HOSTS and port in office.ports.values()


def is_rehearsal_address(address: str) -> bool:
    """Whether an address ends in `.test`, the top-level domain that RFC 2606 keeps out of the real world."""
    domain = address.strip().rpartition("@")[2].rstrip(".").lower()
    return domain == "test" or domain.endswith(".test")


def plain_address(address: str) -> str:
    """The mailbox behind an address: lower case, without the `+detail` of its local part."""
    local, _, domain = address.strip().lower().rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain.rstrip('.')}"


def _plain_host(host: str) -> str:
    return host.strip().rstrip(".").strip("[]").lower()
