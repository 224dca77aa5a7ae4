"""The only code that hands an outreach letter to a server.

One kept, authenticated TLS session per claim. What comes back is one of three answers: the server took it, it surely
did not go, or nobody can know.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.core.mail import EmailMessage

from outreach_site.mailboxes.errors import MailServerError, Stage, Verdict
from outreach_site.mailboxes.models import Mailbox
from outreach_site.mailboxes.sign_ins import smtp_server
from outreach_site.mailboxes.smtp import MailboxBackend, WrittenMessage, at_once

# A letter's whole way through the server, in seconds. With the claim's slice it stays well below the lease, so that
# nobody else can think a letter abandoned while it is still being handed over.
LETTER_SECONDS = 60.0


@dataclass(frozen=True)
class Accepted:
    """The server took the letter; its own words, often with a queue id."""

    server_words: str


@dataclass(frozen=True)
class NotSent:
    """The letter surely did not go; the error says whether, when and how to go on."""

    error: MailServerError


@dataclass(frozen=True)
class Uncertain:
    """The connection broke after the hand-over: the letter may have been sent. Never sent again blindly."""

    error: MailServerError


Answer = Accepted | NotSent | Uncertain

_NOBODY = MailServerError(
    "The letter names nobody whom it could go to.",
    stage=Stage.LETTER,
    verdict=Verdict.REFUSED_LETTER,
    permanent=True,
)


class Post:
    """A mailbox's session with its server. Raises MailServerError when its password cannot be had."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.backend = MailboxBackend(smtp_server(mailbox), letter_seconds=LETTER_SECONDS)

    def is_open_for(self, message: WrittenMessage) -> bool:
        connection = self.backend.connection
        return connection is not None and connection.is_open_for(message.envelope)

    def open(self) -> None:
        """Connect and sign in, anew where that is done already. Raises MailServerError."""
        self.backend.close()
        self.backend.open()

    def hand_over(
        self, message: EmailMessage, *, ready: Callable[[], None] = at_once, then: WrittenMessage | None = None
    ) -> Answer:
        """Give one message to the server. `then`: the one that follows at once, as far as is known.

        `ready` is called once the server was told of the letter, and before a byte of the letter itself. What it raises
        comes out here: then nothing of that has left, and this session is of no more use.
        """
        self.backend.ready, self.backend.then = ready, then.envelope if then is not None else None
        try:
            if not self.backend.send_messages([message]):
                return NotSent(_NOBODY)
        except MailServerError as err:
            if err.verdict is not Verdict.RECIPIENT_UNKNOWN:
                self.close()  # The state of the conversation is not known any more; the next letter gets a fresh one.
            return Uncertain(err) if err.uncertain else NotSent(err)
        connection = self.backend.connection
        return Accepted(connection.accepted_reply if connection is not None else "")

    def close(self) -> None:
        self.backend.close()
