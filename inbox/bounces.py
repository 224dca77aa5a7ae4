"""Is it a bounce, whose, and is the address dead? Delivery reports (RFC 3464), complaints (RFC 5965), and the many
servers that only write a letter about it.

*Hard* means that the address or its host is dead. A refusal for policy, spam, size or quota is not, whatever its code.
What is found here only says what the message claims: whether it may have consequences is decided by whether it names a
Message-ID of ours, because anybody can write a bounce.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from inbox.parsing import ParsedMessage, Part, addresses_in

_I = re.IGNORECASE


class ReportKind(StrEnum):
    BOUNCE = "bounce"  # it did not arrive, and nobody will try again
    DELAY = "delay"  # not yet; somebody still tries
    COMPLAINT = "complaint"  # the reader called it spam
    RECEIPT = "receipt"  # it arrived, or was read


class Hardness(StrEnum):
    HARD = "hard"  # the address or its host is dead
    SOFT = "soft"  # full, slow, too large: it may work another time
    POLICY = "policy"  # refused for what it is or who sent it


@dataclass(frozen=True, slots=True)
class Report:
    """What a server reports about a letter. `original_ids` are Message-IDs of the letter, as the report gives them."""

    kind: ReportKind
    recipients: tuple[str, ...] = ()
    status: str = ""  # RFC 3463, such as 5.1.1
    hardness: Hardness | None = None
    reason: str = ""  # the server's own words
    original_ids: tuple[str, ...] = ()


def report_in(message: ParsedMessage) -> Report | None:
    """The report that this message is, or None for any other message."""
    complaint = _complaint(message)
    if complaint is not None:
        return complaint
    if _report_type(message) == "disposition-notification" or _has(message, "message/disposition-notification"):
        return Report(ReportKind.RECEIPT, original_ids=_original_ids(message))
    blocks = _status_blocks(message)
    if blocks:
        return _from_blocks(message, blocks)
    return _from_words(message)


# --- Structure -------------------------------------------------------------------------------------------------------


def _report_type(message: ParsedMessage) -> str:
    if message.content_type != "multipart/report":
        return ""
    match = re.search(r"report-type\s*=\s*\"?([\w-]+)", message.header("content-type"), _I)
    return match.group(1).lower() if match else ""


def _own_parts(message: ParsedMessage) -> list[Part]:
    return [part for part in message.parts if not part.is_embedded]


def _has(message: ParsedMessage, content_type: str) -> bool:
    return any(part.content_type == content_type for part in _own_parts(message))


def _complaint(message: ParsedMessage) -> Report | None:
    reports = [part for part in _own_parts(message) if part.content_type == "message/feedback-report"]
    inside = any("message/feedback-report" in part.inside for part in message.parts)
    # Hotmail's older form has no report part.
    jmrp = message.from_email.lower() == "staff@hotmail.com" and message.subject.startswith("complaint about message")
    if not reports and not inside and not jmrp and _report_type(message) != "feedback-report":
        return None
    text = "\n".join(part.text for part in reports) or "\n".join(
        part.text for part in message.parts if "message/feedback-report" in part.inside
    )
    fields = _fields(text)
    feedback = fields.get("feedback-type", "abuse").strip().lower()
    people = fields.get("original-rcpt-to") or fields.get("removal-recipient") or ""
    recipients = [address for _, address in addresses_in(people.replace("\n", ","))] or _embedded_recipients(message)
    # Reports about failed authentication (RFC 6591), and "this is no spam", complain about nobody.
    kind = ReportKind.RECEIPT if feedback in {"auth-failure", "not-spam", "dmarc"} else ReportKind.COMPLAINT
    return Report(
        kind,
        recipients=tuple(dict.fromkeys(each.lower() for each in recipients)),
        reason=feedback,
        original_ids=_original_ids(message),
    )


_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9-]{1,40})[ \t]*:[ \t]*(.*)$")


def _fields(text: str) -> dict[str, str]:
    """Header-like fields of one block, folded lines put together, repeated ones on lines of their own."""
    fields: dict[str, str] = {}
    last = ""
    for line in text.split("\n"):
        match = _FIELD.match(line)
        if match:
            last = match.group(1).lower()
            fields[last] = f"{fields[last]}\n{match.group(2)}" if last in fields else match.group(2)
        elif last and line[:1] in {" ", "\t"}:
            fields[last] = f"{fields[last]} {line.strip()}"
    return fields


_REPORT_FIELD = re.compile(r"^(?:final-recipient|original-recipient|reporting-mta)[ \t]*:", _I | re.MULTILINE)


def _status_blocks(message: ParsedMessage) -> list[dict[str, str]]:
    """The per-recipient blocks of a delivery status, wherever servers put it."""
    parts = [part for part in _own_parts(message) if part.content_type.endswith("delivery-status")]
    if not parts and (message.content_type == "multipart/report" or _looks_like_a_server(message)):
        # Some call it text/plain, some forget the part's own header.
        parts = [part for part in _own_parts(message) if _REPORT_FIELD.search(part.text)]
    blocks: list[dict[str, str]] = []
    for part in parts:
        for block in re.split(r"\n[ \t]*\n", part.text):
            fields = _fields(block)
            if (
                "final-recipient" in fields
                or "original-recipient" in fields
                or (fields.get("action") and fields.get("status"))
            ):
                blocks.append(fields)
    return blocks[:100]


def _address(field: str) -> str:
    """`rfc822; ed@example.org` → `ed@example.org`."""
    text = field.split("\n", maxsplit=1)[0].partition(";")[2] or field.split("\n", maxsplit=1)[0]
    text = text.strip().strip("<>").strip()
    text = re.sub(r"^(?:rfc822|smtp|utf-8)[;:]\s*", "", text, flags=_I)
    found = addresses_in(text)
    return found[0][1].lower() if found else ""


def _from_blocks(message: ParsedMessage, blocks: list[dict[str, str]]) -> Report | None:
    actions = {fields.get("action", "").split("\n")[0].partition("(")[0].strip().lower() for fields in blocks}
    failed = [fields for fields in blocks if _action(fields) == "failed"]
    delayed = [fields for fields in blocks if _action(fields) == "delayed"]
    about = failed or delayed
    if not about:
        arrived = actions & {"delivered", "relayed", "expanded"}
        return Report(ReportKind.RECEIPT, original_ids=_original_ids(message)) if arrived else _from_words(message)
    recipients = [
        _address(fields.get("final-recipient", "")) or _address(fields.get("original-recipient", ""))
        for fields in about
    ]
    recipients = [each for each in dict.fromkeys(recipients) if each] or _named_in_words(message)
    said = " ".join(
        f"{fields.get('diagnostic-code', '')} {fields.get('x-supplementary-info', '')}".partition(";")[2]
        or fields.get("diagnostic-code", "")
        for fields in about
    )
    status = next((code for fields in about if (code := _status_in(fields.get("status", "")))), "")
    kind = ReportKind.BOUNCE if failed else ReportKind.DELAY
    reason = " ".join(said.split()) or _reason_in(_words(message))
    return Report(
        kind,
        recipients=tuple(recipients),
        status=status,
        hardness=Hardness.SOFT if kind is ReportKind.DELAY else hardness_of(status, said, _words(message)),
        reason=reason[:500],
        original_ids=_original_ids(message),
    )


def _action(fields: dict[str, str]) -> str:
    action = fields.get("action", "").split("\n")[0].partition("(")[0].strip().lower()
    if action.startswith("fail") or action in {"error", "expired"}:
        return "failed"
    if action.startswith("delay"):
        return "delayed"
    if not action:
        return {"5": "failed", "4": "delayed"}.get(_status_in(fields.get("status", ""))[:1], "")
    return action


def _status_in(text: str) -> str:
    match = re.search(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)", text)
    return match.group(1) if match else ""


# --- Words -----------------------------------------------------------------------------------------------------------

_SERVER = re.compile(
    r"smtp[_-]?(?:mail)?[_-]?service|anti-?virus|mail ?gateway|interscan|post_master|mailer-?daemon"
    r"|mail-?daemon|post(?:master|meister)|mail (?:delivery|administrator|deliver\w*|transport)"
    r"|mail-?delivery|delivery (?:subsystem|system|agent|service|status)"
    r"|^(?:bounce|mdaemon|no-?reply-bounce|abuse-?bounce|mailerdaemon|nondeliverable|ndr)\b"
    r"|microsoft ?exchange|system administrator|systemadministrator"
    r"|internet mail delivery|mail system|message-?router|mail router|administrateur|autorespond.*bounce"
    r"|delivery-?(?:status|failure|report)",
    _I,
)
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|un-?deliverable|non-?deliver|not deliver|not be deliver|could ?n[o']t be (?:deliver|sent)"
    r"|returned (?:mail|message|e-?mail|to sender)"
    r"|return(?:ed|ing)? (?:mail|message) ?:|mail return|failure notice|fail(?:ure|ed) (?:delivery|mail"
    r"|notification)|deliver\w* (?:has )?(?:fail|error|problem|unsuccess|impossible)"
    r"|deliver\w* (?:status )?notification|delivery report|delivery (?:status|of your)"
    r"|mail (?:system )?error|mail failure|mail fail|message (?:delivery )?(?:fail|bounc|reject)"
    r"|e-?mail (?:delivery )?(?:fail|reject)"
    r"|rejected (?:mail|message)|\bbounced?\b|unknown (?:user|recipient|address)|user unknown"
    r"|invalid (?:address|recipient|e-?mail)|no such user"
    r"|(?:can(?:no|')t|unable to|could not) (?:deliver|be delivered|send)|undelivered|returning message"
    r"|returned to sender|dead letter|mail could not|warning: (?:could not send|message|e-?mail)|delayed"
    r"|unzustellbar|nicht zu(?:ge)?stell|zustellung fehlgeschlagen|unzustellbarkeit"
    r"|fehler(?:hafte)? (?:bei der )?(?:zustellung|mail)|r[üu]ckl[äa]ufer|zur[üu]ckgewiesen"
    r"|non remis|non distribu|[ée]chec (?:de|d[e'’])|impossible de (?:remettre|livrer|distribuer)"
    r"|retour de (?:courrier|message)"
    r"|no (?:se )?(?:puede|pudo|ha podido) entreg|no entregado|error de entrega|devuelto|mensaje rechazado"
    r"|non recapitabile|non recapitat|mancata (?:consegna|ricezione)|errore (?:di|nella) consegna"
    r"|consegna fallita|messaggio non consegnato"
    r"|onbestelbaar|niet (?:af)?geleverd|niet bestelbaar|mislukt|n[ãa]o (?:foi )?entregue|falha (?:na"
    r"|de) entrega|erro (?:na|de) entrega|devolvida"
    r"|niedostarczon|nie dostarczon|zwrot (?:wiadomo|niedor|nie)|nie mo[żz]na dostarczy|odesl[áa]n"
    r"|nedoru[čc]|ej levererat|kunde inte leverera|kunne ikke leveres|ulever|leveransfel"
    r"|недостав|не доставлен|возвращ|系统退信|退信|退回|配信不能|送信できません"
    r"|エラーメール|postmaster notify|mail delivery",
    _I,
)
_BOUNCE_WORDS = re.compile(
    r"(?:message|mail|e-?mail|letter|delivery)\b.{0,80}(?:could not|couldn['’]?t|cannot|can['’]?t|can not"
    r"|was not|wasn['’]t|were not|has not been|unable to|failed to|not able to)\s*(?:be )?(?:deliver"
    r"|sen[dt]|complete|process)"
    r"|(?:unable|not able|impossible|failed|sorry) to (?:be )?(?:deliver|relay|send|inform).{0,60}"
    r"|(?:had )?permanent(?: fatal)? (?:errors?|failure)|delivery (?:has )?(?:failed|to the following"
    r"|attempts?)|fatal errors?|deliver\w* fail"
    r"|(?:recipient|address|user|mailbox|account)\w*(?: \S+){0,4} (?:rejected|unknown|not found"
    r"|does ?n[o'’]t exist|not exist|no longer|disabled|inactive|unavailable|invalid|not known|is full"
    r"|over quota)"
    r"|(?:unknown|no such|invalid) (?:user|recipient|address|mailbox|host|domain)|undeliverable"
    r"|undelivered|returned to (?:you|sender)|return(?:ed|ing) (?:your )?(?:message|mail)|message you sent"
    r"|giving up on|i['’]ve given up|have been automatically rejected|5\d\d[ -]5\.\d\.\d+|\b55\d[ -]"
    r"|mailbox (?:is )?full|quota exceeded|over quota"
    r"|konnte(?:n)? nicht (?:zugestellt|gesendet|ausgeliefert)|nicht zugestellt|nicht zustellbar|unbekannt"
    r"|n['’]a pas (?:pu|été)|n['’]ont pas|impossible de|no (?:se )?(?:pudo|ha podido"
    r"|puede) (?:ser )?entreg"
    r"|non (?:è stato|puo|può|e stato) (?:possibile|essere)|non (?:è|e) stato consegnato"
    r"|kon niet (?:worden )?(?:bezorgd|afgeleverd)|niet worden (?:bezorgd|afgeleverd)|n[ãa]o (?:p[ôo]de"
    r"|foi poss)|nie (?:mog[łl]a|zosta[łl]a|mo[żz]na)"
    r"|не (?:может быть|удалось|была) достав|送信できません|届け|配信できません|無法|无法|not your fault",
    _I | re.DOTALL,
)
_DELAY_SUBJECT = re.compile(
    r"delay|warning: (?:could not send|message|e-?mail)|still (?:being )?(?:trying|not delivered)"
    r"|could not (?:yet )?(?:send|be sent|deliver).{0,20}(?:past|last) \d+ (?:hour|minute)|verz[öo]ger"
    r"|retard|retras|ritard|vertraag|op[óo][źz]ni|försen|forsink|atras",
    _I,
)
_DELAY_WORDS = re.compile(
    r"(?:will|is|are|continue|be) (?:keep |be )?(?:trying|retr\w+|attempt\w*).{0,80}"
    r"|this is a warning message only|you do not need to resend|no action is required|has been delayed"
    r"|have been delayed|not yet been delivered|will (?:be )?(?:retried|retry|keep trying|continue)"
    r"|delivery (?:is|has been) (?:temporarily )?delayed|temporarily deferred|not delivered after",
    _I,
)
_STRONG_SERVER_WORDS = re.compile(
    r"this is the (?:mail system|qmail-send|mail delivery|postfix)"
    r"|this message was created automatically by (?:the )?mail|reporting-mta:|final-recipient:"
    r"|the following address(?:\(?es\)?)? (?:failed|had)|generating server:"
    r"|diagnostic information for administrators|<<< ?5\d\d|remote host said:"
    r"|transcript of session follows|said: 5\d\d|message header follows"
    r"|below this line is a copy of the message|------ this is a copy of",
    _I,
)


def _looks_like_a_server(message: ParsedMessage) -> bool:
    return bool(_SERVER.search(message.from_email.partition("@")[0]) or _SERVER.search(message.from_name)) or (
        not message.from_email and bool(_SERVER.search(message.header("from")))
    )


def _is_null_sender(message: ParsedMessage) -> bool:
    return message.header("return-path").strip() in {"<>", "<MAILER-DAEMON>"}


def _words(message: ParsedMessage) -> str:
    """What the server says, without the letter that it sends back."""
    texts = [
        part.text if part.content_type == "text/plain" else message.text
        for part in _own_parts(message)
        if part.content_type in {"text/plain", "text/html"} and not part.is_attachment
    ]
    text = "\n".join(texts) or message.text
    cut = _COPY.search(text)
    return (text[: cut.start()] if cut and cut.start() > 0 else text)[:12_000]


_COPY = re.compile(
    r"^[-_=* ]*(?:\*+ )?(?:below this line is a copy|this is a copy of (?:the|your) (?:message|headers)"
    r"|here is a copy|copy of (?:the|your) (?:original )?message|(?:start of )?(?:returned|original|unsent"
    r"|undelivered) (?:message|mail)(?: (?:headers|text|body))?(?: (?:follows|below))?"
    r"|message header follows|original message (?:headers|follows)|the (?:header|body"
    r"|first).{0,40}(?:of the|message) (?:original )?(?:message )?(?:is|are|follows)|included is a copy"
    r"|headers of the original|text of (?:the )?(?:original )?message|unsent message (?:follows|below)"
    r"|return(?:ed)? (?:mail|message) (?:follows|text)|begin(?:ning)? of (?:original|returned))\b.*$",
    _I | re.MULTILINE,
)


def _from_words(message: ParsedMessage) -> Report | None:
    failed = [
        address.lower()
        for value in message.headers.get("x-failed-recipients", ())
        for _, address in addresses_in(value)
    ]
    from_server = _looks_like_a_server(message)
    null_sender = _is_null_sender(message)
    words = _words(message)
    subject = bool(_BOUNCE_SUBJECT.search(message.subject))
    said = bool(_BOUNCE_WORDS.search(words))
    strong = bool(_STRONG_SERVER_WORDS.search(words))
    if re.match(r"\s*(?:re|aw|sv|antw|fwd?)\s*:", message.subject, _I) and not (failed or null_sender or from_server):
        return None  # A person's answer that speaks of a bounce.
    points = 3 * bool(failed) + 2 * from_server + null_sender + 2 * subject + said + 2 * strong
    points += _report_type(message) == "delivery-status"
    evidence = (subject or strong) and said
    if not failed and not (points >= 3 and evidence) and not (points >= 4 and (said or strong or subject)):
        return None
    listed = (
        subject
        and said
        and bool(re.search(r"\b[45]\d\d\b|following (?:user|recipient|address)|mailbox|postponed", words[:2500], _I))
    )
    if not failed and not from_server and not null_sender and not (strong and said) and not listed:
        return None
    recipients = failed or _named_in_words(message)
    status = _status_in(words)
    delayed = bool(_DELAY_SUBJECT.search(message.subject) or _DELAY_WORDS.search(words)) and not re.search(
        r"permanent|giv(?:e|en|ing) up|will not be retried|fatal|could not be delivered to one or more", words, _I
    )
    if delayed and not (status.startswith("5") and not _DELAY_SUBJECT.search(message.subject)):
        return Report(
            ReportKind.DELAY,
            recipients=tuple(recipients),
            status=status,
            hardness=Hardness.SOFT,
            reason=_reason_in(words),
            original_ids=_original_ids(message),
        )
    return Report(
        ReportKind.BOUNCE,
        recipients=tuple(recipients),
        status=status,
        hardness=hardness_of(status, "", words),
        reason=_reason_in(words),
        original_ids=_original_ids(message),
    )


_ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
# Places in which servers name the address, the surest first.
_NAMED = (
    re.compile(rf"^\s*<({_ADDRESS})>\s*(?:\(.{{0,120}}\))?\s*[:.]", re.MULTILINE),
    re.compile(rf"^\s*<({_ADDRESS})>\s*$", re.MULTILINE),
    re.compile(
        rf"\b(?:address(?:es)?(?:\(es\))?|recipients?(?:\(s\))?|mailbox(?:es)?|users?|people|person"
        rf"|destinat\w+|empf[äa]nger\w*"
        rf"|adress\w*|to|an|à|ontvanger\w*|adresat\w*|mottagar\w*|errors|groups)\b[^\n@]{{0,120}}(?:[:-]"
        rf"|errors)\s*\n+\s*[<\"'(*-]*\s*({_ADDRESS})",
        _I,
    ),
    re.compile(rf"^\s{{0,8}}({_ADDRESS})\s*$", re.MULTILINE),
    re.compile(rf"^\s{{0,8}}({_ADDRESS})\s*(?:\(.{{0,200}}\))?\s*(?:[:;,-]|\.\.\.| \(|\[)", re.MULTILINE),
    re.compile(rf"^[45]\d\d[ -].{{0,12}}<({_ADDRESS})>\.\.\.", re.MULTILINE),
    re.compile(rf"\brcpt to:\s*<({_ADDRESS})>", _I),
    re.compile(
        rf"\b(?:final-recipient|original-recipient|recipient|rcpt to|user|userid|address|e-?mail|mailbox"
        rf"|attempts|to)\s*[:=]\s*(?:rfc822;)?\s*"
        rf"[<\"'\[(]?(?:smtp:|mailto:)?({_ADDRESS})",
        _I,
    ),
    re.compile(
        rf"\b(?:to|for|an|à|a|address|user|recipient|mailbox)\s+(?:the (?:following )?(?:user|recipient"
        rf"|address):?\s*)?[<\"'\[(]{{0,2}}({_ADDRESS})",
        _I,
    ),
    re.compile(rf"[<\"'(\[](?:mailto:|smtp:)?({_ADDRESS})[>\"')\]]", _I),
    re.compile(rf"({_ADDRESS})"),
)
_LISTS = 6  # the first patterns find lists of addresses, each of which failed


def _named_in_words(message: ParsedMessage) -> list[str]:
    """The addresses that the server's own words are about; else whom the returned letter was addressed to."""
    words = re.sub(r"message-?id\s*:?.*|\bcid:\S+", "", _words(message), flags=_I)
    ours = {each.lower() for each in message.recipients} | {message.from_email.lower()}
    ours |= {address.lower() for address in _embedded_senders(message)}
    addressed = _embedded_recipients(message)
    for number, pattern in enumerate(_NAMED):
        found = _distinct(pattern.findall(words))
        theirs = [each for each in found if each not in ours]
        if theirs:
            # Of several names those that the letter was addressed to: the others are hosts' own.
            meant = [each for each in theirs if each in addressed]
            return theirs[:20] if number < _LISTS else (meant or theirs[:1])
        if found and number < 2:
            return found[:20]  # A letter to oneself comes back too.
    return [each for each in addressed if each not in ours] or addressed[:1]


def _distinct(addresses: list[str]) -> list[str]:
    each_once = dict.fromkeys(address.lower().strip(".'") for address in addresses)
    return [address for address in each_once if not _SERVER.search(address.partition("@")[0])]


def _embedded_headers(message: ParsedMessage) -> str:
    """The returned letter's headers, as text, where they are a part or follow the server's words."""
    for part in message.parts:
        if part.content_type in {"text/rfc822-headers", "message/global-headers", "message/rfc822", "text/rfc822"}:
            return part.text
    text = message.text
    cut = _COPY.search(text)
    if cut:
        return text[cut.end() :].lstrip("\n -=_*")
    start = re.search(r"^(?:received|return-path|message-id|from|date|dkim-signature)\s*:", text, _I | re.MULTILINE)
    return text[start.start() :] if start else ""


def _embedded_recipients(message: ParsedMessage) -> list[str]:
    value = _fields(_embedded_headers(message)).get("to", "") or message.embedded.get("to", "")
    return list(dict.fromkeys(address.lower() for _, address in addresses_in(value.replace("\n", ","))))


def _embedded_senders(message: ParsedMessage) -> list[str]:
    fields = _fields(_embedded_headers(message))
    values = [fields.get("from", ""), fields.get("return-path", ""), message.embedded.get("from", "")]
    return [address for value in values for _, address in addresses_in(value.replace("\n", ","))]


_MESSAGE_ID = re.compile(r"message-?id\s*[:=]\s*(<[^<>\s]{3,900}>)", _I)


def _original_ids(message: ParsedMessage) -> tuple[str, ...]:
    """Message-IDs of the letter that the report is about: of the letter sent back, then what the report refers to."""
    found = [message.embedded.get("message-id", "")]
    found += _MESSAGE_ID.findall(_embedded_headers(message))
    for part in _own_parts(message):
        if part.content_type.startswith(("text/", "message/")):
            found += _MESSAGE_ID.findall(part.text)
    found += [*message.headers.get("x-original-message-id", ()), message.in_reply_to, *message.references]
    found = [each.strip() for each in found if each]
    return tuple(dict.fromkeys(each for each in found if each != message.message_id))[:20]


# --- Hard, soft, policy -----------------------------------------------------------------------------------------------

_UNKNOWN = re.compile(
    r"(?:user|recipient|mailbox|account|address(?:ee)?|person|inbox|alias|e-?mail(?: account)?|username"
    r"|local[- ]?part|login|customer|subscriber)\S*(?: \S+){0,6}? (?:is |was |are |has been |does |could "
    r"|can |has )?"
    r"(?:unknown|not (?:be )?found|does ?n[o'’]t exist|not exist|not known|no longer|invalid|not here"
    r"|not listed|not local|nonexistent|non-existent|terminated|closed|not our customer|not a valid"
    r"|not valid|undeliverable|bad)"
    r"|(?:no such|unknown|invalid|unrecogni[sz]ed|non-?existent|nonexistent|bad|no valid|wrong|illegal"
    r"|not a (?:valid|known)|not known|undefined|no) (?:\S+ )?(?:user|recipient|mailbox|account|address"
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
_HARD_CODES = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.10", "5.2.1", "5.4.310", "5.4.4"})
_SOFT_CODES = re.compile(r"^(?:4\..*|5\.2\.[23]|5\.3\.[14]|5\.4\.[1567]|5\.4\.1[24]|5\.2\.4)$")
_ACCESS_DENIED = re.compile(r"5\.4\.1\b.{0,40}recipient address rejected: access denied", _I)


def hardness_of(status: str, diagnostic: str, words: str) -> Hardness:
    """How dead the address is, by the server's words first and its code second: codes are given for anything.

    `diagnostic` is the remote server's own answer; without one the report's `words` are read.
    """
    said = " ".join((diagnostic or words[:4000]).split())
    code = _status_in(said) or status
    if _ACCESS_DENIED.search(said):
        return Hardness.HARD
    if code.endswith(".2.2") or _FULL.search(said):
        return Hardness.SOFT
    unknown, dead, policy = bool(_UNKNOWN.search(said)), bool(_HOST_DEAD.search(said)), bool(_POLICY.search(said))
    if _LARGE.search(said) and not unknown:
        return Hardness.SOFT
    if _ASLEEP.search(said) or _OURS.search(said):
        # Switched off is not gone; and a fault of the sender says nothing about the recipient.
        return Hardness.POLICY if _OURS.search(said) else Hardness.SOFT
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
        return hardness_of(status, "", words)
    if code.startswith("5.7."):
        return Hardness.POLICY
    return Hardness.SOFT


def _reason_in(words: str) -> str:
    """The line that says why: the remote server's answer, else the first that speaks of a failure."""
    for pattern in (
        r"(?:said|says|was|returned|responded)\s*:?\s*((?:SMTP error.{0,40}: )?\d{3}[ -].{5,400})",
        r"\b([45]\d\d[ -](?:[45]\.\d+\.\d+ )?.{5,300})",
    ):
        match = re.search(pattern, words, _I | re.DOTALL)
        if match:
            return " ".join(match.group(1).split("\n\n")[0].split())[:500]
    for line in words.split("\n"):
        if _BOUNCE_WORDS.search(line):
            return " ".join(line.split())[:500]
    return " ".join(words.split())[:200]
