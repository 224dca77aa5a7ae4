"""Letters for the post office's tests."""

from __future__ import annotations

from email.message import EmailMessage

from outreach_site.sandbox.running import RunningOffice
from tests.servers import PASSWORD

ALEX = "alex@rehearsal.test"


def letter_to(
    address: str,
    *,
    subject: str = "A guide for your readers",
    message_id: str = "<1.alex@rehearsal.test>",
    reply_to: str = "",
    text: str = "Hello,\n\nI read your page on seedlings.\n\nAlex\n",
) -> EmailMessage:
    message = EmailMessage()
    message["From"] = f"Alex Müller <{ALEX}>"
    message["To"] = address
    message["Subject"] = subject
    message["Message-ID"] = message_id
    message["Date"] = "Mon, 01 Dec 2025 09:30:00 +0000"
    if reply_to:
        message["In-Reply-To"] = message["References"] = reply_to
    message.set_content(text)
    return message


def send(office: RunningOffice, message: EmailMessage, *, to: str | None = None) -> None:
    office.send(message, user=ALEX, password=PASSWORD, to=to)
