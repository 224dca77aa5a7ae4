"""How dead is the address? By the server's words first, and its code second: codes are given for anything."""

from __future__ import annotations

import re

from inbox.bounces.report import Hardness
from inbox.bounces.structure import status_code

_I = re.IGNORECASE

_UNKNOWN = re.compile(
    r"(?:user|recipient|mailbox|account|address(?:ee)?|person|inbox|alias|e-?mail(?: account)?|username"
    r"|local[- ]?part|login|customer|subscriber)\S*(?: \S+){0,6}? (?:is |was |are |has been |does |could "
    r"|can |has )?"
    r"(?:unknown|not (?:be )?found|does ?n[o'’]t exist|not exist|not known|no longer|invalid|not here"
    r"|not listed|not local|nonexistent|non-existent|terminated|closed|not our customer|not a valid"
    r"|not valid|undeliverable|bad)"
    r"|(?:no such|unknown|invalid|unrecogni[sz]ed|non-?existent|nonexistent|bad|no valid|wrong|illegal"
    r"|not a (?:valid|known)|not known|undefined|no) (?:\S+ ){0,2}?(?:user ?id|user|recipient|mailbox|account|address"
    r"|person|local ?part|destination|e-?mail|alias|login|username|mail drop|inbox)\b"
    r"|(?:address|account|user|recipient) (?:you|that you) (?:tried|entered|specified).{0,40}(?:exist"
    r"|found|reach)|does ?n[o'’]t have an? \S+ account|no mailbox (?:here|by)|no longer (?:with|works?"
    r"|employed|at|available|in use|accepts?|active|valid|exists?)"
    r"|unrouteable|unroutable|recipnotfound|recipientnotfound|resolver\.adr\.\w*not ?found"
    r"|not in (?:address book|directory|my virtual|our (?:database|user))|user ?unknown|unknown ?user"
    r"|mailbox (?:not found|unavailable|does)|recipient not found|delivery not authorized.{0,20}no such"
    r"|this user does ?n[o'’]t have|sorry, no mailbox|not our customer|deactivated mailbox|has moved"
    r"|address (?:rejected|error).{0,30}(?:unknown|no such|invalid)"
    r"|(?:nobody|no one|no-one) (?:here )?(?:has|by) (?:this|that)|unbekannt(?:er|e)? (?:benutzer|empf"
    r"|adress)|empf[äa]nger\w* (?:ist )?(?:unbekannt|nicht|existiert)|existiert nicht"
    r"|adress\w* (?:ist )?(?:ung[üu]ltig|unbekannt)|n['’]existe pas|utilisateur inconnu|inconnu"
    r"|introuvable|adresse invalide|no existe|desconocid|non esist|sconosciut|inesistente|bestaat niet"
    r"|onbekend|n[ãa]o existe|nie istnieje|nieznan|adresat\w* nie|finns inte|findes ikke|не существует|不存在"
    r"|不明",
    _I,
)
_HOST_DEAD = re.compile(
    r"\b[\w-]+(?:\.[\w-]+)+ does not exist|(?:host|domain|name|mx"
    r"|server)(?: ?name)?(?: \S+){0,4} (?:unknown|not found|does ?n[o'’]t exist|not exist"
    r"|cannot be (?:found|resolved)|could ?n[o'’]t be (?:found|resolved)|lookup fail\w*)|(?:unknown"
    r"|no such|bad|invalid|unresolvable) (?:host|domain|mail domain)|null mx|nullmx"
    r"|does not accept (?:any )?(?:mail|email)|no (?:mx|a|mail) (?:record|server|host|exchanger)"
    r"|dns (?:error|lookup|server returned).{0,60}(?:not exist|nxdomain|no (?:such|answer|mx)|domain)"
    r"|nxdomain|name or service not known|no (?:route|route to host)|host or domain name not found"
    r"|domain of (?:the )?recipient.{0,30}(?:not|invalid)|no relay for"
    r"|mail(?:er)? domain .{0,60}(?:not exist|unknown)|couldn['’]t find any host",
    _I,
)
_FULL = re.compile(
    r"(?:mailbox|inbox|account|user|recipient|storage|disk)\S*(?: \S+){0,5} (?:full|over ?quota|exceed\w*"
    r"|out of|quota)|over ?(?:the )?(?:quota|limit|allowed)|quota|mailbox (?:is )?full|exceeded (?:storage"
    r"|the|his|its|their).{0,40}(?:storage|allocation|quota|limit|size)|not enough (?:space|storage|disk)"
    r"|insufficient (?:system )?(?:storage|disk|space)|mailfolder is full|voll\b|pleine?\b|lleno"
    r"|pien[ao]\b|too much mail",
    _I,
)
_LARGE = re.compile(
    r"(?:message|mail|size|attachment|letter)\S*(?: \S+){0,4} (?:too (?:big|large|long)|exceed\w*"
    r"|larger than|over (?:the )?max)|size limit|too large|maximum (?:message|allowed) size"
    r"|max message size",
    _I,
)
_POLICY = re.compile(
    r"spam|junk|unsolicited|\bpolic(?:y|ies)\b|blacklist|black-list|blocklist|block list|block(?:ed|ing)\b"
    r"|rbl\b|dnsbl|spamhaus|spamcop|barracuda|reputation|content (?:reject|filter|restrict|denied)|virus"
    r"|malware|infected|banned|prohibited|not (?:authori[sz]ed|permitted|allowed)|unauthenticated"
    r"|unauthori[sz]ed|authentication|relay(?:ing)?(?: \S+)? (?:denied|not|prohibited|disallowed|access)"
    r"|unable to relay|access denied|denied (?:by|due|for)|refused (?:by|due)|reject(?:ed)? (?:by|due"
    r"|for) (?!.{0,20}(?:unknown|no such))|\bspf\b|\bdkim\b|\bdmarc\b|sender (?:address )?(?:reject|denied"
    r"|verify|blocked|not)|reverse dns|\bptr\b|\bhelo\b|greylist|gray-?list|too many|rate limit|loop\b"
    r"|too many hops|abuse|restricted|not accept(?:ed|ing)? (?:mail|message|from)|cannot accept|permission"
    r"|moderat\w+|members? only|unwanted|suspicious|phishing|bulk|harmful|attachment",
    _I,
)
_TEMPORARY = re.compile(
    r"time(?:d)?[ -]?out|temporar\w*|try again|try later|connection (?:refused|reset|lost|closed|timed"
    r"|dropped)|not respond|no answer|unreachable|retry|deferred|delivery time expired|too long|busy"
    r"|not reachable|resources|service unavailable|system error|local error|configuration error",
    _I,
)

_ASLEEP = re.compile(
    r"(?:user|account|mailbox|recipient|address)\S*(?: \S+){0,8} (?:is |been |was )?(?:disabled|suspended"
    r"|inactive|deactivated|locked|frozen|discontinued)"
    r"|(?:disabled|inactive|suspended) (?:user|account|mailbox|recipient)|receiving (?:mail|messages"
    r"|email) (?:at a rate|too quickly)|malformed or unexpected name server|temporary lookup failure",
    _I,
)
_OURS = re.compile(
    r"domain of sender|sender (?:address |domain )?(?:\S+ )?(?:does not exist|not exist|rejected"
    r"|verify failed|unknown)|invalid ip for sending|spamhaus|blacklist|block ?list|sender denied",
    _I,
)
_HARD_CODES = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.10", "5.4.310", "5.4.4", "5.3.2"})
_SOFT_CODES = re.compile(r"^(?:4\..*|5\.2\.[1-4]|5\.3\.[14]|5\.4\.[1567]|5\.4\.1[24])$")
# Postfix and Exchange Online say so of an address that nobody has (Microsoft: "directory-based edge blocking").
_ACCESS_DENIED = re.compile(r"recipient address rejected: access denied", _I)
# What is refused after the letter's text was not refused for its address: the server had accepted that. Japanese
# carriers say "unknown user" then of a reader who lets only some senders in.
_AFTER_DATA = re.compile(
    r"in reply to (?:the )?(?:end of )?data\b|after (?:end of )?data\b|for text command|smtp:data"
    r"|\bsmtp command\s+data\b"
    r"|>>> (?:data|\.)\s+<<< [45]\d\d|end of data\b",
    _I,
)
_AFTER_RCPT = re.compile(
    r"in reply to rcpt to|after rcpt to|>>> rcpt to|<<< rcpt to|smtp:rcpt|\[rcpt_to\]|\bsmtp command\s+rcpt", _I
)
_AFTER_MAIL = re.compile(r"in reply to mail from|after mail from|>>> mail from\S+\s+<<< [45]\d\d", _I)
_CARRIERS = re.compile(r"\b(?:docomo|ezweb|au|softbank|vodafone|disney|willcom|ymobile|mineo)\.(?:ne\.jp|jp|com)\b", _I)
_NULL_MX = re.compile(
    r"host does not accept mail|not accepting network messages|null mx|nullmx|does not accept (?:any )?(?:mail"
    r"|e-?mail)\b(?! from)",
    _I,
)


def hardness_of(status: str, diagnostic: str, words: str, *, mail_host: str = "") -> Hardness:
    """`diagnostic` is the remote server's own answer; without one the report's `words` are read.

    `words` also tell at which command the answer came.
    """
    said = " ".join((diagnostic or words[:4000]).split())
    context = " ".join(words[:4000].split())
    code = status_code(said) or status
    if _ACCESS_DENIED.search(said) or _NULL_MX.search(said):
        return Hardness.HARD
    if code.endswith(".2.2") or _FULL.search(said):
        return Hardness.SOFT
    unknown, dead, policy = bool(_UNKNOWN.search(said)), bool(_HOST_DEAD.search(said)), bool(_POLICY.search(said))
    if _LARGE.search(said) and not unknown:
        return Hardness.SOFT
    if _ASLEEP.search(said) or _OURS.search(said) or (code == "5.2.1" and not _AFTER_RCPT.search(said)):
        # Switched off is not gone (5.2.1: the mailbox is there); a fault of the sender's is not the recipient's.
        return Hardness.POLICY if _OURS.search(said) else Hardness.SOFT
    if _AFTER_MAIL.search(context):
        return Hardness.POLICY
    if unknown and _is_refused_late(code, said, context, mail_host):
        return Hardness.POLICY
    if (
        code[2:4] == "7."
        and policy
        and not (unknown and re.search(r"user unknown|no such user|does ?n[o'’]t exist", said, _I))
    ):
        return Hardness.POLICY
    if unknown and not (policy and code not in _HARD_CODES):
        return Hardness.HARD
    if dead and not code.startswith("4."):
        return Hardness.HARD
    if policy and code not in {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"}:
        return Hardness.POLICY
    if code in _HARD_CODES or status in _HARD_CODES:
        return Hardness.HARD
    if _SOFT_CODES.match(code) or _TEMPORARY.search(said):
        return Hardness.SOFT
    if diagnostic and words:
        # The remote answer says nothing; perhaps the report does.
        return hardness_of(status, "", words, mail_host=mail_host)
    if code.startswith("5.7."):
        return Hardness.POLICY
    return Hardness.SOFT


def _is_refused_late(code: str, said: str, context: str, mail_host: str) -> bool:
    """Whether an "unknown user" came after the letter's text, or where it often does."""
    if code in {"5.1.1", "5.1.2", "5.1.6", "5.1.10", "5.1.351"} or _AFTER_RCPT.search(f"{context} {said}"):
        return False
    return bool(_AFTER_DATA.search(context) or _AFTER_DATA.search(said) or _CARRIERS.search(f"{said} {mail_host}"))
