"""What a mail server's answer means: its code, its enhanced code and above all its words.

Codes alone do not do: cPanel says 550 for "wait for the next hour", Yahoo 554 for "no such person", Amazon 554 for
"your account is suspended". The words below are those of Gmail, Microsoft 365, Postfix, Exim and cPanel, Plesk, Amazon
SES, SendGrid, Mailgun and Yahoo, from their documentation and their servers; each has a row in
tests/mailboxes/test_answers.py.
"""

from __future__ import annotations

import re
from enum import StrEnum

from outreach_site.mailboxes.errors import Stage, Verdict, enhanced_status


class Phase(StrEnum):
    """What the conversation was about when it failed; the words complete "… while …"."""

    CONNECT = "connecting"
    GREETING = "greeting"
    STARTTLS = "turning to TLS"
    SIGN_IN = "signing in"
    SENDER = "naming the sender"
    RECIPIENT = "naming the recipient"
    LETTER = "handing over the letter"
    READING = "reading mail"


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


# An address that a server repeats: whoever chose it must not choose what the answer means.
_ADDRESS = re.compile(r"""<?[^\s<>()\[\]:;,"']+@[^\s<>()\[\]:;,"']+>?""")

# Microsoft gives the code of a full mailbox for what its own customer may send, too.
_SUBMISSION = _any(r"\bsubmission ?quota")
# The recipient's mailbox or server has its fill; ours is well.
_RECIPIENT_FULL = _any(
    r"mailbox( is)? full",
    r"over ?quota",
    r"(mailbox|user|recipient|account)\S* (has )?exceeded (its |their )?(storage )?quota",
    r"(mailbox|inbox)\b.{0,20} exceed(s|ed) .{0,30}(size|limit|quota)",
    r"exceed(s|ed) .{0,20}storage (allocation|quota|limit)",
    r"storage (is |has been )?(exceeded|full)",
    r"over (its|their) (storage )?(limit|quota)",
    r"out of storage",
    r"insufficient (disk )?space",
    r"quota exceeded for (this )?(user|mailbox|recipient)",
    r"mailbox size limit exceeded",
    r"is receiving (email|mail|messages) (at a rate|too quickly)",
    r"recipient .{0,40}(receiving|received) .{0,40}(too|rate|limit)",
    r"receive limit .{0,40}exceeded",
)
_GREYLISTED = _any(r"gr[ae]y-?list", r"temporarily deferred.{0,40}(policy|try again)", r"delay(ed)? by postgrey")
# Ours is too much, or too fast.
_RATE = _any(
    _SUBMISSION.pattern,
    r"exceeded the max(imum)? (emails|messages|defers and failures)",
    r"max(imum)? (emails|messages|message count|defers|recipients|connections|sending rate|credits|"
    r"number of (messages|emails))"
    r".{0,30}(exceed|reached|per)",
    r"rate[ -]?limit",
    r"\brate (is |was |has been )?(exceed|too high)",
    r"\b(hourly|daily|per[ -](hour|day|minute)) ((e-?mail|message|sending|outgoing) )?(quota|limit|rate)\b",
    r"(sending|sender|submission|send|message|hourly|daily|outbound|recipient|relay(ing)?|rcpt)"
    r"[ -](rate|quota|limits?)\b.{0,60}(exceed|reach|over)",
    r"(exceed(s|ed|ing)?|reached|over) (the |your |its |his )?.{0,30}(rate|quota|permitted limits|"
    r"(sending|hourly|daily|message|thread|connection) limit|messages per (hour|day|minute|second))",
    r"(exceeded|reached) (the |your )?limit (of \d+ (e-?mails|messages|recipients)|for sending)",
    r"(limit|quota) (of|on|for) (the )?(number of )?(allowed )?(outgoing|outbound|sent|your) .{0,40}(exceed|reach)",
    r"(quota|limit) (has been |was |is )?(exceeded|reached)",
    r"\bthrottl(ed|ing)\b",
    r"too (many|much) (bad |unsolicited )?"
    r"(messages|emails|mails?|connections|sessions|login|logins|recipients|errors|concurrent|"
    r"simultaneous|auth|failed)",
    r"unusual rate",
    r"slow(ing)? down",
    r"sending (too )?(fast|quickly)",
    r"thread limit",
    r"concurrent connections",
)
_TOO_LARGE = _any(
    r"(message|mail|letter|data)( file)? (is )?too (big|large)",
    r"(message|header|line) (size|length).{0,40}(exceed|limit|too)",
    r"size limit exceeded",
    r"exceeds? .{0,30}(size|length) limit",
    r"too many hops",
)
# The server sends on for others, and not for us.
_NO_RELAY = _any(
    r"relay(ing)?( access)? (is )?(denied|not (permitted|allowed)|prohibited|disallowed)",
    r"unable to relay",
    r"not (permitted|allowed|authori[sz]ed) to relay",
    r"rcpthosts",
    r"do(es)? not relay",
)
# It looked whether the address exists, and repeats what the recipient's own server said.
_SAID_BY_THEIRS = _any(r"\bhost \S+ said:")
# The sender: its address, its right to send, its reputation.
_STANDING = _any(
    r"auth(entication)? (is )?required",
    r"authenticated (hosts or )?users only",
    r"sender login mismatch",
    r"not (the )?same as (the )?smtp authenticat",
    r"not (been )?authenticated",
    r"unauthenticated senders?",
    r"turn on smtp authentication",
    r"sender (address )?(rejected|refused|denied|verify failed|not allowed|unknown|blocked|.{0,40}not owned by)",
    r"not owned by (user|auth)",
    r"sender (verification|verify) fail",
    r"verification failed for",
    r"sendasdenied",
    r"does not have permissions? to send as",
    r"permission to send (as|on behalf)",
    r"(from|sender)( email)? address .{0,60}(not match|not verified|not allowed|not permitted|unverified|must match)",
    r"email address is not verified",
    r"identit(y|ies) (failed|.{0,40}not verified)",
    r"sandbox subdomains?",
    r"accounts? (is|are) for test purposes",
    r"(account|user|domain|sender|tenant|service|sending)\S* ((has|have) been |is |was |are )?"
    r"(temporarily |currently )?(disabled for sending|suspended|paused|blocked from sending|"
    r"not allowed to send|restricted)",
    r"domain .{0,80}is (disabled|not allowed to send)",
    r"account (is )?(disabled|under review|deactivated)$",
    r"account .{0,40}(not active|inactive) for sending",
    r"(blocked|disabled) (for|from) sending",
    r"(bad outbound|banned|unauthori[sz]ed) sender",
    r"outboundspam",
    r"outgoing (mail |email )?blocked",
    r"unusual sending activity",
    r"tenant has exceeded threshold",
    r"traffic not accepted from this ip",
    r"banned sending ip",
    r"client host rejected",
    r"sender ip .{0,20}blocked",
    r"network is on our block list",
    r"not authori[sz]ed to (perform|send)",
    r"(client host|ip( address)?|host|connections?|sending mta|address) .{0,80}"
    r"(block(ed)? (using|list|by)|blocklist|blacklist|black-list|listed (at|on|in|by)|will not be accepted|banned)",
    r"\b(spamhaus|barracudacentral|spamcop|sorbs|abuseat|uceprotect)\b(?!-)",
    r"very low reputation",
    r"(poor|bad) (sender )?reputation",
    r"invalid helo",
    r"helo .{0,30}(invalid|rejected)",
    r"sender is unauthenticated",
    r"(spf|dkim|dmarc)\b.{0,60}(fail|did not pass|not pass|reject)",
    r"due to (spf|dkim|dmarc)\b",
    r"fail\w* .{0,20}\b(spf|dkim|dmarc)\b",
)
# Our own account with the provider. To take this for the recipient's would suppress everybody whom we write to.
_CLOSED = r"(disabled|deactivated|inactive|not active|suspend|blocked|restricted|limited|expired|paused|not allowed)"
_OUR_ACCOUNT = _any(
    rf"\byour ((e-?mail|mail|smtp|sender|user|hosting) )?(account|domain|service|plan|subscription|mailbox|user)\b"
    rf".{{0,40}}{_CLOSED}",
    rf"\b(smtp|sending|submission|outgoing|outbound)"
    rf" ((e-?)?mails?|messages?|access|service|privileges?|rights?|accounts?|users?)\b.{{0,60}}{_CLOSED}",
)
# After DATA a recipient was accepted already: an account of which nothing more is said is ours.
_AN_ACCOUNT = _any(rf"(?<!email )\baccount\b(?! that you tried).{{0,20}}{_CLOSED}")
# Nobody is there. An account that is closed may be ours, where it is not said to be the recipient's.
_GONE = (
    r"(unknown|not (be )?found|does ?n[o']t exist|not exist|not known|no longer (exists?|available|active|valid|in use)"
)
_UNKNOWN = _any(
    rf"(user|recipient|mailbox|address|addressee|person|inbox|alias)\S* .{{0,60}}{_GONE}|"
    r"disabled|deactivated|inactive|invalid|unavailable|not here|not listed|undeliverable)",
    rf"account\S* .{{0,60}}{_GONE})",
    r"(no such|unknown|invalid|unrecogni[sz]ed|non-?existent|bad|no valid)"
    r" (user|recipient|mailbox|account|address|person|domain|local part|destination)",
    r"does ?n[o']t have an? \S+ account",
    r"no mailbox (here )?(by that name|here)",
    r"not a (valid|known) (user|mailbox|recipient|address)",
    r"unrouteable address",
    r"unroutable address",
    r"recipientnotfound",
    r"resolver\.adr\.\w*notfound",
    r"mailbox (not found|unavailable)$",
    r"(host|domain|name)( name)? (is )?(unknown|not found|does not exist)",
    r"null mx",
    r"does not accept (mail|email)",
    r"not our customer",
    r"over ?quota .{0,20}inactive",
)
# The recipient's own, whatever else is said of an account.
_THEIR_ACCOUNT = _any(r"that you tried to reach is (disabled|inactive)", r"\bmailbox <> is unavailable")
# A mailbox that some may write to, such as the list of a company; or a recipient who has shut us out.
_FOR_FEW = _any(
    r"resolver\.rst\.",
    r"list of allowed senders",
    r"allowed-senders list",
    r"sender (was )?not authenticated (by|for|when sending to) (this )?(organization|public folder|group|mailbox)",
    r"5\.7\.136\b.{0,10}sender was not authenticated",
    r"5\.1\.0\b.{0,10}sender denied",
    r"\bcustomer block list\b",
)
# It will be otherwise, even where the code says that it never will.
_LATER = _any(r"\btemporar(y|ily)\b", r"\b(re)?try (it )?(again|later)", r"come back later")
# Words that look like "nobody there" but say only "perhaps", or speak of policy.
_DOUBTFUL = _any(
    r"may not exist",
    r"might not exist",
    r"policy",
    r"spam",
    r"reputation",
    r"content",
    r"sender",
    r"blocked",
    r"blacklist",
)
# Status codes of our standing: those of RFC 7372, and Microsoft's.
_STANDING_CODES = frozenset(
    {
        *("5.7.20", "5.7.21", "5.7.22", "5.7.23", "5.7.24", "5.7.25", "5.7.26"),
        *("5.1.7", "5.1.8", "5.7.60"),
        *("5.7.501", "5.7.502", "5.7.503", "5.7.506", "5.7.511", "5.7.515", "5.7.750"),
    }
)
# RFC 3463 codes that say "nobody there". 5.4.1 is Microsoft's directory check; see _MICROSOFT_UNKNOWN.
_UNKNOWN_CODES = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.310"})
_MICROSOFT_UNKNOWN = re.compile(r"5\.4\.1\b.*recipient address(es)? rejected ?: access denied", re.IGNORECASE)
_UNTRUSTED_CODES = frozenset({"5.7.1", "5.0.0"})  # Given for anything at all.


def stage_of(phase: Phase) -> Stage:
    return {
        Phase.SIGN_IN: Stage.SIGN_IN,
        Phase.SENDER: Stage.SENDER,
        Phase.RECIPIENT: Stage.RECIPIENT,
        Phase.LETTER: Stage.LETTER,
    }.get(phase, Stage.PROTOCOL)


def judge(phase: Phase, code: int, words: str) -> tuple[Stage, Verdict, bool]:
    """Stage, verdict and permanence of a refusal, in this order: recipient's limits, our limits, sign-in, our standing,
    an unknown recipient, the letter.
    """
    enhanced = enhanced_status(words, code)
    words = _ADDRESS.sub("<>", words)
    temporary = 400 <= code < 500
    if phase in {Phase.RECIPIENT, Phase.LETTER} and not _SUBMISSION.search(words):
        if enhanced[1:] == ".2.2" or _RECIPIENT_FULL.search(words):
            return Stage.RECIPIENT, Verdict.RATE, False
        if _GREYLISTED.search(words):
            return Stage.RECIPIENT, Verdict.RATE, False
    if phase in {Phase.SENDER, Phase.RECIPIENT, Phase.LETTER} and (
        code != 421 and (enhanced[1:] in {".3.4", ".2.3"} or _TOO_LARGE.search(words))
    ):
        return (Stage.LETTER, Verdict.RETRY if temporary else Verdict.REFUSED_LETTER, not temporary)
    if enhanced in {"5.4.5", "5.7.28", "4.7.28"} or (_RATE.search(words) and not _SUSPENDED.search(words)):
        return Stage.QUOTA, Verdict.RATE, False
    if code == 421:
        # "Service not available": the way servers turn away a client that they find too busy.
        return (Stage.QUOTA if phase is not Phase.SIGN_IN else Stage.SIGN_IN, Verdict.RATE, False)
    # Whatever its class: Postfix answers 454, and does so until somebody has seen to it.
    no_relay = _NO_RELAY.search(words) and not _SAID_BY_THEIRS.search(words)
    if temporary and not no_relay:
        return stage_of(phase), Verdict.RETRY, False
    if phase is Phase.SIGN_IN or code in {530, 534, 535, 538} or enhanced in {"5.7.8", "5.7.57"}:
        return Stage.SIGN_IN, Verdict.MAILBOX_TROUBLE, True
    if phase in {Phase.CONNECT, Phase.GREETING, Phase.STARTTLS}:
        return Stage.REFUSED, Verdict.MAILBOX_TROUBLE, True
    if phase is Phase.SENDER:
        return Stage.SENDER, Verdict.MAILBOX_TROUBLE, True
    if _FOR_FEW.search(words):
        return Stage.RECIPIENT, Verdict.REFUSED_LETTER, True
    if _THEIR_ACCOUNT.search(words):
        return Stage.RECIPIENT, Verdict.RECIPIENT_UNKNOWN, True
    if _OUR_ACCOUNT.search(words) or (phase is Phase.LETTER and _AN_ACCOUNT.search(words)):
        return Stage.SENDER, Verdict.MAILBOX_TROUBLE, True
    if _is_unknown(code, enhanced, words):
        return Stage.RECIPIENT, Verdict.RECIPIENT_UNKNOWN, True
    if no_relay or enhanced in _STANDING_CODES or _STANDING.search(words):
        return Stage.SENDER, Verdict.MAILBOX_TROUBLE, True
    if _LATER.search(words):
        return stage_of(phase), Verdict.RETRY, False
    return stage_of(phase), Verdict.REFUSED_LETTER, True


_SUSPENDED = _any(r"tenant has exceeded threshold", r"suspend", r"outboundspam")


def _is_unknown(code: int, enhanced: str, words: str) -> bool:
    if _MICROSOFT_UNKNOWN.search(words):
        return True
    if _STANDING.search(words) or _NO_RELAY.search(words) or _LATER.search(words):
        return False
    if enhanced in _UNKNOWN_CODES or code == 556:
        return True
    return bool(_UNKNOWN.search(words)) and not _DOUBTFUL.search(words)
