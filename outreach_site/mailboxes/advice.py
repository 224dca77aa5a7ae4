"""Failures in plain words: one sentence for what failed, one or two for what to do about it."""

from __future__ import annotations

from outreach_site.mailboxes.errors import Stage, Verdict
from outreach_site.mailboxes.models import Security
from outreach_site.mailboxes.wire import ServerSettings


def refusal_sentence(stage: Stage, verdict: Verdict, code: int) -> str:
    temporary = 400 <= code < 500
    match stage, verdict:
        case Stage.QUOTA, _:
            return "The server says that this is too much at once. The letter stays in the queue and goes later."
        case Stage.RECIPIENT, Verdict.RATE:
            return "The recipient's server asks to wait."
        case Stage.RECIPIENT, Verdict.RECIPIENT_UNKNOWN:
            return "Nobody has this address: the server knows no such recipient."
        case Stage.RECIPIENT, Verdict.RETRY:
            return "The server does not take letters for this recipient just now."
        case Stage.RECIPIENT, _:
            return "The server refused this recipient."
        case Stage.SIGN_IN, Verdict.RATE | Verdict.RETRY:
            return "The server lets nobody sign in just now."
        case Stage.SIGN_IN, _:
            return "The server did not accept the user name and password."
        case Stage.SENDER, Verdict.RETRY:
            return "The server does not take letters from this sender just now."
        case Stage.SENDER, _:
            return "The server does not let this account, or this sender address, send."
        case Stage.LETTER, Verdict.RETRY:
            return "The server did not take the letter this time."
        case Stage.LETTER, _:
            return "The server refused this letter."
    return "The server is not available just now." if temporary else "The server turned the connection away."


def token_refused(server: ServerSettings | None) -> str:
    who = server.user if server else "this account"
    return f"The server did not accept the connection of {who}."


_CONNECTION_REFUSED = (
    "Connect it again on the mailbox's page. If that does not help, the administrator of this account has switched "
    "SMTP or IMAP off, or does not allow outside applications."
)
_GOOGLE_SIGN_IN = (
    "Gmail and Google Workspace need an app password here, not the one you sign in with: switch 2-Step "
    "Verification on, then make one at myaccount.google.com/apppasswords."
)


def advice_for(stage: Stage, verdict: Verdict, *, server: ServerSettings | None = None, words: str = "") -> str:
    """What to do, in a sentence or two; what is known of the provider comes first."""
    host = server.host.lower() if server else ""
    google = host.endswith((".gmail.com", ".google.com", ".googlemail.com")) or "gsmtp" in words
    microsoft = host.endswith((".office365.com", ".outlook.com", ".hotmail.com")) or "outlook.com" in words.lower()
    match stage:
        case Stage.SIGN_IN if verdict in {Verdict.RATE, Verdict.RETRY}:
            return "Wait a few minutes and try again. Many failed sign-ins make a server close its door for a while."
        case Stage.SIGN_IN if server is not None and server.access_token:
            return _CONNECTION_REFUSED
        case Stage.SIGN_IN if google:
            return _GOOGLE_SIGN_IN
        case Stage.SIGN_IN if microsoft:
            return (
                "Check user and password. Microsoft 365 also needs SMTP AUTH to be switched on for this mailbox in its "
                "admin centre, and an app password where two-step verification is on."
            )
        case Stage.SIGN_IN:
            return (
                "Check user and password. Some providers want the whole address as user; Gmail needs an app password."
            )
        case Stage.TIMEOUT | Stage.REFUSED if verdict is not Verdict.MAILBOX_TROUBLE:
            return _other_port(server)
        case Stage.REFUSED:
            return "Read the server's words below. If they name a block list or your account, ask the provider."
        case Stage.NO_STARTTLS:
            return "Use port 465 with TLS from the start (993 to receive), or ask the host's support for STARTTLS."
        case Stage.CERTIFICATE:
            return (
                "Use port 587 and the name from your provider's help page, or ask the host's support for a valid "
                "certificate. Do not switch the checking off: the password would go to whoever answers."
            )
        case Stage.SENDER if verdict is Verdict.MAILBOX_TROUBLE and server is not None and not server.user:
            return (
                "Nobody signs in to this server. Give SMTP_USER and SMTP_PASS, or have the server let this machine "
                "send through it."
            )
        case Stage.SENDER if verdict is Verdict.MAILBOX_TROUBLE:
            return (
                "Use the address of this account as sender, or allow this one with the provider (verified sender, "
                "“send as”). If the words name a block or a suspension, ask the provider's support."
            )
        case Stage.QUOTA:
            return (
                "Lower this mailbox's letters an hour, wait for the next hour, or take a larger plan with the provider."
            )
        case Stage.PROTOCOL:
            return (
                "Try again in a few minutes. If it lasts, check host and port: 465 is TLS from the start, 587 STARTTLS."
            )
        case Stage.KEY:
            return "Type the password again and save."
    return ""


def _other_port(server: ServerSettings | None) -> str:
    first = "Check the host's name, and whether a firewall lets this server out."
    if server is None:
        return first
    other = {
        465: "Try 587 with STARTTLS instead of 465.",
        587: "Try 465 with TLS instead of 587.",
        25: "Many networks close port 25: use 587 or 465.",
        993: "Try 143 with STARTTLS instead of 993.",
        143: "Try 993 with TLS instead of 143.",
    }.get(server.port, "")
    if server.security is Security.STARTTLS and server.port in {465, 993}:
        other = f"Port {server.port} speaks TLS from the start: choose that."
    return f"{first} {other}".strip()


def imap_sign_in_advice(server: ServerSettings | None) -> str:
    host = server.host.lower() if server else ""
    if server is not None and server.access_token:
        return _CONNECTION_REFUSED
    if host.endswith((".gmail.com", ".google.com", ".googlemail.com")):
        return f"{_GOOGLE_SIGN_IN} IMAP must be switched on in Gmail's settings."
    if host.endswith((".office365.com", ".outlook.com", ".hotmail.com")):
        return (
            "Microsoft no longer accepts a password for reading mail: press “Connect with Microsoft” on the mailbox's "
            "page. Letters can still be sent with a password; replies are then read in Outlook alone."
        )
    return (
        "Check user and password. Some providers want the whole address as user, or IMAP switched on in their settings."
    )
