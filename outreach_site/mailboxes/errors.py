"""What can go wrong with a mail server, as one exception that says what failed, and what to do about it."""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum

MAX_WORDS = 400


class Stage(StrEnum):
    """Where a conversation with a mail server failed."""

    DNS = "dns"  # the name gives no address
    BLOCKED_HOST = "blocked_host"  # it leads into a private network
    BLOCKED_PORT = "blocked_port"  # a port that mail does not use
    REFUSED = "refused"  # nobody listens there, or the server turns us away at once
    TIMEOUT = "timeout"  # no answer in time
    NO_STARTTLS = "no_starttls"  # only clear text is offered
    CERTIFICATE = "certificate"  # the certificate does not prove that it is this host
    SIGN_IN = "sign_in"  # user, password, or the right to sign in
    SENDER = "sender"  # the sender's address or standing
    RECIPIENT = "recipient"  # this one address
    LETTER = "letter"  # this one letter
    QUOTA = "quota"  # too much, too fast
    PROTOCOL = "protocol"  # it does not speak as a mail server should, or hangs up
    KEY = "key"  # the saved password cannot be opened, or none is saved


class Verdict(StrEnum):
    """What a failure means for the letter that was to go."""

    RETRY = "retry"  # the same letter may go later
    RATE = "rate"  # it may go later, and slower; with Stage.RECIPIENT the limit is the recipient's alone
    RECIPIENT_UNKNOWN = "recipient_unknown"  # nobody has this address: never write to it again
    REFUSED_LETTER = "refused_letter"  # this letter, or this recipient's server, for good; the mailbox is well
    MAILBOX_TROUBLE = "mailbox_trouble"  # no letter of this mailbox can go until somebody changes something
    UNCERTAIN = "uncertain"  # it was handed over and no answer came: it may have been sent


class MailServerError(Exception):
    """One failure at the boundary to a mail server.

    `sentence` and `advice` are for people; `server_words` is the server's own answer on one line, without any secret,
    and empty where it gave none: `detail` then holds what the system said, for a log. `code` is the SMTP reply code
    (RFC 5321) and `enhanced` the status code (RFC 3463), where it gave them. `permanent` says that trying again
    without changing anything is useless.
    """

    def __init__(
        self,
        sentence: str,
        *,
        stage: Stage,
        verdict: Verdict,
        permanent: bool,
        advice: str = "",
        code: int | None = None,
        enhanced: str = "",
        server_words: str = "",
        detail: str = "",
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.stage = stage
        self.verdict = verdict
        self.permanent = permanent
        self.advice = advice
        self.code = code
        self.enhanced = enhanced
        self.server_words = server_words
        self.detail = detail

    @property
    def concerns_mailbox(self) -> bool:
        """Whether it says something about the mailbox itself, not about one recipient or one letter."""
        return not self.uncertain and self.stage not in {Stage.RECIPIENT, Stage.LETTER}

    @property
    def quoted_words(self) -> str:
        """The server's own answer as a person may look it up: code and words."""
        words = self.server_words
        return f"{self.code} {words}".strip() if self.code else words

    @property
    def uncertain(self) -> bool:
        return self.verdict is Verdict.UNCERTAIN

    def __repr__(self) -> str:
        return f"MailServerError({self.sentence!r}, stage={self.stage}, verdict={self.verdict}, code={self.code})"


def one_line(words: bytes | str, *, secrets: Iterable[str] = ()) -> str:
    """A server's answer as one short line fit for a page and a log: no control characters, no secret.

    A server may echo what it was told; a password, plain or in the base64 of AUTH, is blotted out.
    """
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    for secret in secrets:
        if secret:
            text = _blot(text, secret)
    # Categories C*: control, format (which holds the marks that reverse reading order), surrogate, private use.
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(char).startswith("C") else char for char in text)
    text = " ".join(text.split())
    return text if len(text) <= MAX_WORDS else text[: MAX_WORDS - 1].rstrip() + "…"


def _blot(text: str, secret: str) -> str:
    for form in {secret, base64.b64encode(secret.encode()).decode(), repr(secret)[1:-1]}:
        if len(form) >= 3:
            text = text.replace(form, "[hidden]")
    return text


_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")


def enhanced_status(words: str, code: int | None = None) -> str:
    """The RFC 3463 status code of an answer, when it agrees with the class of its reply code; else an empty string.

    It stands at the beginning of the text (RFC 2034), or after `#` or within brackets with older servers. Version
    numbers and addresses look alike, so only the first sixty characters are read.
    """
    for match in _ENHANCED.finditer(words[:60]):
        if code is None or match.group(1) == str(code)[0]:
            return match.group(0)
    return ""
