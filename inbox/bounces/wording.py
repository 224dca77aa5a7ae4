"""The words in which servers report a failure or a delay, in the languages they speak."""

from __future__ import annotations

import re

_I = re.IGNORECASE

BOUNCE_SUBJECT = re.compile(
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
    r"|エラーメール|配信(?:不能|失敗|エラー)|送信失敗|配信でき|送信でき|postmaster notify|mail delivery"
    r"|failed mail|mail fail|malformed recipient|(?:auto\w+ )?rejected mail|邮件.{0,6}(?:失败|退|无法)|投递失败|退信"
    r"|郵件.{0,6}(?:失敗|退|無法)|傳送失敗|반송"
    r"|배달.{0,6}실패"
    r"|doru[čc]en[íi].{0,12}(?:selhalo|nezda)|k[ée]zbes[íi]t[ée]si hiba|teslim edilemedi|iletilemedi"
    r"|не(?:возможно)? достав|недоставлен",
    _I,
)
BOUNCE_WORDS = re.compile(
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
    r"|giving up on|i['’]ve given up|has been returned|attempting to deliver|invalid final delivery"
    r"|could not find a gateway|was aborted after"
    r"|malformed address|incorrectly constructed|did not exactly match|mailbox is full|invalid user|no matches to"
    r"|not accepting (?:e-?)?mail|did not reach|automatically rejected|returned because|not delivered to"
    r"|envelope expired"
    r"|delivery problems?|delivery errors?|(?:has|have) delivery|unable to be delivered|refused (?:by|to accept)"
    r"|reasons? why|have been automatically rejected|5\d\d[ -]5\.\d\.\d+|\b55\d[ -]"
    r"|mailbox (?:is )?full|quota exceeded|over quota"
    r"|konnte(?:n)? nicht (?:zugestellt|gesendet|ausgeliefert)|nicht zugestellt|nicht zustellbar|unbekannt"
    r"|n['’]a pas (?:pu|été)|n['’]ont pas|impossible de|no (?:se )?(?:pudo|ha podido"
    r"|puede) (?:ser )?entreg"
    r"|non (?:è stato|puo|può|e stato) (?:possibile|essere)|non (?:è|e) stato consegnato"
    r"|kon niet (?:worden )?(?:bezorgd|afgeleverd)|niet worden (?:bezorgd|afgeleverd)|n[ãa]o (?:p[ôo]de"
    r"|foi poss)|nie (?:mog[łl]a|zosta[łl]a|mo[żz]na)"
    r"|не (?:может быть|удалось|была) достав|送信できません|届け|配信できません|配信できま|無法|无法|not your fault",
    _I | re.DOTALL,
)
DELAY_SUBJECT = re.compile(
    r"delay|delivery warning|warning: (?:could not send|message|e-?mail)|still (?:being )?(?:trying|not delivered)"
    r"|could not (?:yet )?(?:send|be sent|deliver).{0,20}(?:past|last) \d+ (?:hour|minute)|verz[öo]ger"
    r"|retard|retras|ritard|vertraag|op[óo][źz]ni|försen|forsink|atras",
    _I,
)
DELAY_WORDS = re.compile(
    r"(?:will|is|are|continue|be) (?:keep |be )?(?:trying|retr\w+|attempt\w*).{0,80}"
    r"|this is a warning message only|you do not need to resend|no action is required|has been delayed|postponed"
    r"|have been delayed|not yet been delivered|will (?:be )?(?:retried|retry|keep trying|continue)"
    r"|delivery (?:is|has been) (?:temporarily )?delayed|temporarily deferred|not delivered after|advisory[- ]only"
    r"|still (?:undelivered|in the queue|trying)"
    r"|(?:wird|werden) weiter versucht|noch nicht zugestellt|nouvelles? tentatives?|pas encore [ée]t[ée]"
    r"|se seguir[áa] intentando"
    r"|verr[àa] ritentat|wordt (?:later )?opnieuw",
    _I,
)
SERVER_WORDS = re.compile(
    r"this is the (?:mail system|qmail-send|mail delivery|postfix)"
    r"|this message was created automatically by (?:the )?mail|reporting-mta:|final-recipient:"
    r"|the following address(?:\(?es\)?)? (?:failed|had)|generating server:"
    r"|diagnostic information for administrators|<<< ?5\d\d|remote host said:"
    r"|^ {0,8}(?:rcpt to|mail from):\s?<?\S+@|^\W{0,8}(?:<<<|>>>) ?(?:rcpt to|mail from|data|[45]\d\d[ -])"
    r"|(?:sent|received) (?:<<<|>>>)|returned mail follows|message from interscan|session transcript|mts-id"
    r"|had (?:permanent|delivery) (?:fatal |delivery )?(?:errors?|problems?)|delivery attempts?:|error_code ?:"
    r"|remote-mta:|diagnostic-code:"
    r"|transcript of session follows|said: 5\d\d|message header follows"
    r"|below this line is a copy of the message|------ this is a copy of",
    _I | re.MULTILINE,
)
# Words that end a doubt whether somebody still tries.
FINAL_WORDS = re.compile(
    r"permanent|giv(?:e|en|ing) up|given up|will not be retried|fatal|could not be delivered to one or more"
    r"|no longer (?:be )?(?:try|retri)|retry time(?:out)? (?:not reached|exceeded)|expired",
    _I,
)


_ANSWERS = (
    re.compile(
        r"(?:said|says|was|returned|responded|reason|response"
        r"|because)\s*:?\s*((?:SMTP error.{0,40}: )?[45]\d\d[ -].{5,400})",
        _I | re.DOTALL,
    ),
    re.compile(r"^[ \t]*<<<[ \t]*([45]\d\d[ -].{3,400})", re.MULTILINE | re.DOTALL),
    re.compile(r"\b([45]\d\d[ -](?:#?[45]\.\d+\.\d+ )?.{5,300})", re.DOTALL),
)


def remote_answer(words: str) -> str:
    """The remote server's own answer, where the report quotes it."""
    for pattern in _ANSWERS:
        match = pattern.search(words)
        if match:
            return " ".join(match.group(1).split("\n\n")[0].split())[:500]
    return ""


def reason_in(words: str) -> str:
    """The line that says why: the remote server's answer, else the first that speaks of a failure."""
    answer = remote_answer(words)
    if answer:
        return answer
    for line in words.split("\n"):
        if BOUNCE_WORDS.search(line):
            return " ".join(line.split())[:500]
    return " ".join(words.split())[:200]
