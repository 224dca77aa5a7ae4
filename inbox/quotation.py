"""What a person wrote now: a letter's lines without quotation, attribution, signature, mobile footer and disclaimer.

Lines come with what markup says about them; the rest is told by the ways in which mail programs mark what they quote,
in the languages they speak. In doubt a line is kept: a lost word of the writer's is worse than a quoted one. The one
exception is a quotation without marks, below an attribution or a header block: everything after it is the old letter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from inbox.markup import Line

MAX_LINES = 4000
_I = re.IGNORECASE

# --- "On Monday X wrote:" -------------------------------------------------------------------------------------------

_WROTE = (
    r"(?:wrote|writes|sent|schrieb(?:en)?|hat (?:am .{4,40} )?geschrieben|a [ée]crit|[ée]crit|escribi[óo]|ha escrito"
    r"|ha scritto|scrisse|scrive|schreef|geschreven|heeft .{0,60}geschreven|escreveu|pisze|napisa[łl](?:\(a\)|a)?"
    r"|skrev|kirjoitti|napsal(?:\(a\)|a)?|[íi]rta|yazd[ıi]|пишет|написал\(?а?\)?|писал\(?а?\)?|пише|a scris|έγραψε"
    r"|viết|написа)"
)
_STARTS = (
    r"(?:on|am|le|el|il(?: giorno)?|il|op|em|w dniu|dnia|den|dne|pe|în data de|at|in(?: (?:data"
    r"|einer nachricht))?|d\."
    r"|o dia|no dia|a|ons|man|tis|tir|tor|fre|l[øö]r|s[øö]n|ma|ti|ke|to|pe|la|su|on \w{3,9}day|quoting|zitat von"
    r"|citando|cytowanie|citat från|selon|hi|vào)"
)
_WROTE_WORD = re.compile(rf"\b{_WROTE}\b", _I)
_ASIAN_WORD = re.compile("メール|写道|寫道|書きました|작성")
# Those that begin with a day, or with the word before it.
_DATED = (
    # On Tue, 3 Mar 2026 at 10:12, Ann Lee <ann@example.org> wrote:
    re.compile(rf"^\W{{0,3}}{_STARTS}\b(?=.*\d).{{4,380}}\b{_WROTE}\b[^:：]{{0,80}}[:：]\s*$", _I | re.DOTALL),
    # 2026-03-03 10:12 GMT+01:00 Ann Lee <ann@example.org>:
    re.compile(
        r"^\W?\d{2,4}[-/.年]\s?\d{1,2}[-/.月]\s?\d{1,4}.{0,90}<?[^\s<>]+@[^\s<>]+>?\s*(?:\w{4,12}\s*)?[:：]?\s*$",
        _I | re.DOTALL,
    ),
    # 3 March 2026, 10:12, Ann Lee <ann@example.org>:
    re.compile(
        r"^(?=.*\b(?:19|20)\d\d\b)(?=.*\b\d{1,2}[:.h]\d\d\b).{6,160}<[^\s<>]+@[^\s<>]+>\W{0,3}[:：]\s*$", _I | re.DOTALL
    ),
    # Without a colon, as some programs write it: only with a day and an address.
    re.compile(rf"^{_STARTS}\b(?=.*\d).{{4,200}}<?[^\s<>]+@[^\s<>]+>?\s+{_WROTE}\s*$", _I),
    # In message <id>, Ann Lee writes:
    re.compile(rf"^in (?:message|article|reply to) .{{3,160}}\b{_WROTE}\b.{{0,20}}[:：]\s*$", _I | re.DOTALL),
)
# Those that begin with a name.
_NAMED = (
    re.compile(
        rf"^[^.!?]{{2,80}}\b{_WROTE}\b,?(?: on| am| le| el| il| op| em| dnia| den| at)?\s(?=.*\d).{{4,80}}[:：]\s*$",
        _I | re.DOTALL,
    ),
    re.compile(r"^.{4,120}(?:のメール|写道|寫道|書きました|작성)\s*[:：]?\s*$", re.DOTALL),
    re.compile(r"^(?:quoting|zitat von|quoting message from|citando a?|cytowanie) .{3,120}[:：]\s*$", _I),
)
# The attribution on the writer's own last line.
_SHARED = re.compile(
    rf"^(?P<own>.+?)(?:-{{2,}}|\s)\s*On (?=.*\d)(?:\w{{3,9}},? )?\w{{1,9}}[ .,/-].{{4,200}}\b{_WROTE}\s*:\s*$",
    re.DOTALL,
)
# Enough when marked lines follow at once: "Ann Lee wrote:".
_SHORT_ATTRIBUTION = re.compile(rf"^.{{2,120}}\b(?:{_WROTE}|said|says|dixit|sagte)\b.{{0,60}}[:：]\s*$", _I)
MAX_ATTRIBUTION_LINES = 4

# --- Where everything that follows is the old letter ------------------------------------------------------------------

_OLD_LETTER = (
    r"(?:antwort |reply )nachricht|original(?: e?-?mail)? message|original (?:e-?mail|message)"
    r"|urspr[üu]ngliche (?:nachricht|mail|e-mail)|originalnachricht"
    r"|original-nachricht|message d['’]origine|message original|e-?mail d['’]origine|mensaje original"
    r"|messaggio originale"
    r"|oorspronkelijk bericht|origineel bericht|mensagem original|(?:oryginalna wiadomo[śs][ćc]"
    r"|wiadomo[śs][ćc] oryginalna)"
    r"|original ?meddelande|ursprungligt meddelande|opprinnelig (?:melding|e-post)"
    r"|oprindelig (?:meddelelse|mail|besked)"
    r"|alkuper[äa]inen viesti|p[ůu]vodn[íi] (?:zpr[áa]va|e-mail)|eredeti [üu]zenet|исходное сообщение|orijinal mesaj"
    r"|reply (?:message|separator)|原始邮件|原始郵件"
)
_FORWARDED = (
    r"forwarded (?:message|by|e?-?mail)|weitergeleitete nachricht|message transf[ée]r[ée]|mensaje reenviado"
    r"|messaggio inoltrato|doorgestuurd bericht|mensagem (?:encaminhada|reenviada)|wiadomo[śs][ćc] przekazana"
    r"|przekazana wiadomo[śs][ćc]|vidarebefordrat meddelande|videresendt (?:melding|meddelelse|besked)|转发的邮件"
)
# What somebody passes on begins below this line.
FORWARDED = re.compile(
    rf"^\W{{0,4}}[-_=*—–]{{2,40}}\s*(?:{_FORWARDED})\b.{{0,60}}$"
    r"|^\W?(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-mail)"
    r"|d[ée]but du message (?:r[ée]exp[ée]di[ée]|transf[ée]r[ée])|inicio del mensaje reenviado"
    r"|inizio messaggio inoltrato|begin doorgestuurd bericht|in[íi]cio da mensagem (?:encaminhada|reenviada)"
    r"|pocz[ąa]tek przekazywanej wiadomo[śs]ci|vidarebefordrat brev)\s*[:：]?\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_CUTS = (
    re.compile(rf"^\W{{0,4}}[-_=*—–]{{1,40}}\s*(?:{_OLD_LETTER})\b.{{0,60}}$", _I),
    re.compile(rf"^\W{{0,2}}[-_=]{{2,40}}\s*.{{2,120}}\b{_WROTE}\b.{{0,40}}[-_=]{{2,40}}\s*$", _I),
    re.compile(rf"^\W{{0,2}}(?:{_OLD_LETTER})\s*[-_=*—–]{{2,40}}\s*$", _I),
    re.compile(
        r"^\W{0,10}.{0,20}\b(?:reply|respond|antwort\w*|r[ée]pon\w+) (?:above|oberhalb"
        r"|au-dessus) .{0,10}(?:line|linie|ligne)\b.{0,40}$",
        _I,
    ),
)
_RULE = re.compile(r"^\s*[-_=*—–~ ]{5,}\s*$")
_FROM = re.compile(
    r"^\W{0,3}(?:from|von|de|da|van|od|fr[åa]n|fra|l[äa]hett[äa]j[äa]|from/von|expéditeur|mittente"
    r"|remitente|afzender|nadawca|от|发件人|差出人"
    r"|kimden|felad[óo]|odes[íi]latel)\W{0,3}\s*[:：]\W{0,3}\s*\S",
    _I,
)
_DATE_FIRST = re.compile(r"^\W{0,3}(?:date|sent|datum|fecha|data)\W{0,3}\s*:\s*\S.*\d", _I)
_OTHER_FIELDS = re.compile(
    r"^\W{0,3}(?:sent|date|gesendet(?: am)?|datum|envoy[ée](?: le)?|date|enviado(?: el)?|enviada(?: em)?"
    r"|fecha|inviato|data|verzonden|wys[łl]ano"
    r"|skickat|sendt|sent/gesendet|l[äa]hetetty|to|an|[àa]|para|aan|do|till|til|vastaanottaja|subject|betreff|objet"
    r"|asunto|oggetto|onderwerp|assunto|temat|[äa]mne|emne|aihe|cc|kopie|copie|reply-to|antwort an"
    r"|importance|priorit[äy]t?"
    r"|destinatari\w*|тема|кому|дата|отправлено|收件人|主题|发送时间|tarih|kime|konu|odesl[áa]no|p[řr]edm[ěe]t|komu"
    r"|t[áa]rgy|c[íi]mzett)\W{0,3}\s*[:：]",
    _I,
)

# --- Signatures -------------------------------------------------------------------------------------------------------

_DELIMITER = re.compile(r"^(?:--|– ?–|__)\s*$")
_LONG_DELIMITER = re.compile(r"^\s*[-_=*~—–]{3,}\s*$")
_MOBILE = re.compile(
    r"^\W{0,3}(?:"
    r"(?:sent|written|typed|dictated) (?:from|via|with|using|by|on) (?:my |a |the |mail|yahoo|outlook"
    r"|gmail|samsung|proton|iphone|ipad|android"
    r"|blackberry|windows|aol|airmail|superhuman|spark|mobile|handheld|xfinity|mailbird|fastmail|front|hey).{0,60}"
    r"|get outlook for .{0,30}|outlook (?:for|f[üu]r|pour|para|per|voor) (?:ios|android|mac).{0,30}"
    r"|(?:holen sie sich|laden sie|t[ée]l[ée]charge[rz]?|obt[ée]n(?:er|ga)?|scarica|download|hanki|skaffa"
    r"|hent|pobierz|sk[äa]ffa) outlook .{0,40}"
    r"|envoy[ée] (?:de(?:puis)?|à partir de|avec|via)\b.{0,60}|(?:von|aus) meinem .{2,40} (?:gesendet"
    r"|versendet|verschickt)"
    r"|gesendet (?:mit|von|[üu]ber|aus)\b.{0,60}|diese nachricht wurde von mein.{0,60} gesendet"
    r"|enviado (?:desde|do|da|de|a partir|via|con|com|por)\b.{0,60}|inviato (?:da|dal|con)\b.{0,60}"
    r"|(?:verzonden|verstuurd) (?:vanaf|met|vanuit|via)\b.{0,60}|wys[łl]an[eoy] z\b.{0,60}|skickat fr[åa]n\b.{0,60}"
    r"|sendt fra\b.{0,60}|l[äa]hetetty .{0,60}|odesl[áa]no z\b.{0,60}|отправлено (?:с|из)\b.{0,60}"
    r"|(?:please )?excuse (?:any |the |my )?(?:typos|brevity|errors|spelling).{0,80}"
    r"|(?:pardon|sorry for|please forgive) (?:any |the |my )?(?:typos|brevity).{0,60}"
    r")\s*$",
    _I,
)
_DISCLAIMER = re.compile(
    r"^\W{0,6}(?:confidential(?:ity)?(?: notice| note| statement)?\b.{0,10}[:\-–—]|disclaimer\b"
    r"|legal notice\b|privileged (?:and|&) confidential"
    r"|(?:the information|the content|information) (?:contained |transmitted "
    r"|included )?in this (?:e-?mail|message|communication|transmission)"
    r"|th(?:is|e) (?:e-?mail|message|communication|transmission|electronic mail)(?: message)?(?:,"
    r"| \(?(?:and|including)| and)?.{0,60}"
    r"(?:attach|confidential|intended|privileged|may contain|contains? (?:confidential|information))"
    r"|(?:diese|die in dieser) (?:e-?mail|nachricht).{0,80}(?:vertraulich|bestimmt|anh[äa]nge)"
    r"|ce (?:message|courriel|mail|courrier).{0,80}(?:confidentiel|destin|pi[èe]ces)|este (?:mensaje"
    r"|correo|e-?mail).{0,80}(?:confidencial|destin|dirig)"
    r"|(?:questo messaggio|le informazioni|la presente).{0,80}(?:riservat|confidenzial|destin)"
    r"|(?:dit bericht|deze e-?mail|de informatie).{0,80}(?:vertrouwelijk|bestemd)"
    r"|esta mensagem.{0,80}(?:confidencia|destin)|(?:ta|niniejsza) wiadomo[śs][ćc].{0,80}(?:poufn|przeznacz)"
    r"|please consider the environment|think before you print|save (?:a tree|paper)|bitte (?:denken sie"
    r"|pr[üu]fen sie).{0,40}umwelt|pensez [àa] l['’]environnement"
    r"|if you (?:are not|have received|received) (?:the intended|this (?:e-?mail|message"
    r"|communication)).{0,60}(?:error|recipient)"
    r"|to unsubscribe (?:from this (?:group|list)|send)|your use of yahoo|to (?:post|subscribe|unsubscribe),? (?:send"
    r"|e-?mail)"
    r"|virus-free\.? ?www|this e-?mail has been (?:checked|scanned)|diese e-?mail wurde (?:von|auf))",
    _I,
)
_CLOSING = re.compile(
    r"^\W{0,2}(?:(?:all |many |with |my |very |kind(?:est)?,? |warm(?:est)?,? |best,? "
    r"|friendly )*(?:regards|wishes|rgds|greetings)|best|cheers|thanks(?: (?:so much|again|a lot"
    r"|in advance|and regards))?"
    r"|thank you(?: (?:so|very) much)?|many thanks|sincerely(?: yours)?|yours(?: (?:sincerely|faithfully"
    r"|truly))?|respectfully|cordially|take care|br|kr|xo+|talk soon|ta"
    r"|(?:mit )?(?:freundlichen?|besten?|vielen|lieben?|herzlichen?|sonnigen?"
    r"|sch[öo]ne[nr]?)(?: \w+)? (?:gr[üu][ßs]+en?|dank)|(?:viele|liebe|beste|herzliche"
    r"|sch[öo]ne) gr[üu][ßs]+e?|mfg|lg|vg|gru[ßs]+"
    r"|(?:bien )?(?:cordialement|amicalement)|bien [àa] (?:vous|toi)|salutations(?: \w+)*"
    r"|sinc[èe]res salutations|bonne (?:journ[ée]e|soir[ée]e)|merci(?: (?:beaucoup|d['’]avance))?"
    r"|(?:un )?(?:cordial )?saludos?(?: \w+)?|atentamente|atte|gracias|un abrazo|(?:cordiali|distinti"
    r"|i migliori|tanti) saluti|saluti|grazie|cordialmente|a presto"
    r"|(?:met )?(?:vriendelijke|hartelijke|beste) groet(?:en|jes)?|groet(?:en|jes)?|mvg|alvast bedankt"
    r"|(?:atenciosamente|cumprimentos|abra[çc]os?|com os melhores cumprimentos|obrigad[oa])"
    r"|(?:z powa[żz]aniem|pozdrawiam(?: \w+)?|pozdrowienia|(?:med )?v[äae]nlig(?:a|e)? h[äi]lsning(?:ar)?"
    r"|mvh|hilsen|med venlig hilsen|yst[äa]v[äa]llisin terveisin))\s*[,.!]*\s*$",
    _I,
)
# "Hi Ann," alone: whoever greets goes on to say something.
_GREETING = re.compile(
    r"^\W{0,3}(?:hi|hello|hey|dear|greetings|good (?:morning|afternoon|evening|day)"
    r"|hallo|guten (?:tag|morgen|abend)|moin|servus|gr[üu](?:ß|ss) gott|liebe[rs]?|(?:sehr )?geehrte[rs]?"
    r"|bonjour|bonsoir|salut|ch[eè]re?s?|madame|monsieur|hola|buen(?:os|as) (?:d[íi]as|tardes|noches)|estimad[oa]s?"
    r"|querid[oa]s?|ciao|salve|buon ?giorno|buona ?sera|gentil[ei]\w*|car[oaie]s?|ol[áa]|bom dia|boa (?:tarde|noite)"
    r"|prezad[oa]s?|dag|goede(?:morgen|middag|navond)|beste|geachte|cze[śs][ćc]|dzie[ńn] dobry|witam|szanown\w+"
    r"|hej|hei|god (?:morgon|kv[äa]ll|dag|morgen|aften)|k[äæ]ra?e?|hyv[äa]\w*|dobr[ýy] den)"
    r"(?: [^\W\d_][\w.'’-]{0,30}){0,3}\s*[,.!:]*\s*$",
    _I,
)
_CONTACT = re.compile(
    r"\+?\d[\d ()./-]{6,}\d|\bwww\.|https?://|\S+@\S+\.\w|\b(?:tel|phone|mob(?:ile)?|fax|cell|direct|skype"
    r"|linkedin|twitter|facebook|instagram|whatsapp)\b\W"
    r"|\b(?:inc|ltd|llc|gmbh|s\.?r\.?l|b\.?v|plc|corp|co|ag|sp\. z o)\b\.?|\b(?:ceo|cto|cmo|founder"
    r"|co-founder|editor|editorial|manager|director|head of|marketing|specialist|officer|president"
    r"|assistant"
    r"|coordinator|engineer|consultant|owner|partner|redaktion|gesch[äa]ftsf[üu]hrer\w*|r[ée]dact\w+"
    r"|redacci[óo]n|redactie|redaktor)\b|\||•",
    _I,
)


@dataclass(slots=True)
class _Walk:
    """The lines, and which of them stay."""

    lines: list[Line]
    keep: list[bool]
    may_attribute: list[bool]  # whether an attribution may end with the line, or has its address there

    def text(self, index: int) -> str:
        return self.lines[index].text


def new_text_of(lines: list[Line]) -> str:
    """What is new in these lines; empty when everything is quotation. Never raises."""
    lines = lines[:MAX_LINES]
    walk = _Walk(lines, [True] * len(lines), [_may_end_attribution(line.text.rstrip()) for line in lines])
    end = _drop_quotation(walk)
    _drop_signatures(walk, end)
    kept = [line.text.rstrip() for line, keep in zip(walk.lines, walk.keep, strict=True) if keep]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _is_marked(line: Line) -> bool:
    if line.quoted:
        return True
    text = line.text.lstrip()
    # ">From" at the beginning is how mbox files keep a line apart from their separator (RFC 4155).
    # ">>> here <<<" is somebody's ornament.
    return text.startswith(">") and not text.startswith(">From ") and not text.rstrip().endswith("<<")


def _drop_quotation(walk: _Walk) -> int:
    """Marks what is quotation as dropped; the index where the old letter begins for good, or the end."""
    count = len(walk.lines)
    index = 0
    while index < count:
        line = walk.lines[index]
        if _is_marked(line):
            walk.keep[index] = False
            index += 1
            continue
        text = line.text.strip()
        if not text:
            index += 1
            continue
        if len(text) < 160 and FORWARDED.match(text):
            return index  # Passed on, not quoted: it stays, and nobody takes it for the writer's own words.
        if len(text) < 120 and _may_cut(text) and any(cut.match(text) for cut in _CUTS):
            return _cut(walk, index)
        if (
            (":" in text or "：" in text)
            and (_FROM.match(text) or _DATE_FIRST.match(text))
            and _is_header_block(walk, index)
        ):
            return _cut(walk, index)
        if _split_shared_line(walk, index):
            after = _next_written(walk, index + 1)
            if after is None or not _is_marked(walk.lines[after]):
                return _cut(walk, index + 1)
            index += 1
            continue
        length = _attribution_at(walk, index)
        if length:
            for offset in range(length):
                walk.keep[index + offset] = False
            after = _next_written(walk, index + length)
            if after is None or not _is_marked(walk.lines[after]):
                return _cut(walk, index)
            index += length
            continue
        index += 1
    return count


def _may_cut(text: str) -> bool:
    """What every line that cuts has: a rule at its beginning or its end, or a word for "above"."""
    if not text[0].isalnum() or text[-1] in "-_=*—–":
        return True
    lower = text.lower()
    return "above" in lower or "oberhalb" in lower or "au-dessus" in lower


def _cut(walk: _Walk, index: int) -> int:
    for each in range(index, len(walk.lines)):
        walk.keep[each] = False
    # A rule above the header block belongs to it.
    above = index - 1
    while above >= 0 and (not walk.text(above).strip() or _RULE.match(walk.text(above))):
        walk.keep[above] = False
        above -= 1
    return above + 1


_FIELD_WITHIN = re.compile(
    r"@\S+\s+(?:date|sent|to|subject|gesendet|datum|an|betreff|envoy[ée]|objet|enviado|fecha|para|asunto|inviato|data"
    r"|oggetto|verzonden|onderwerp|wys[łl]ano|temat|skickat|sendt|[äa]mne|emne)\s*:",
    _I,
)


def _is_header_block(walk: _Walk, index: int) -> bool:
    """`From:` (or `Date:`) and two more fields of a letter within the next lines, whose values may be folded; or one
    more, where addresses leave no doubt.
    """
    found, sure = 0, "@" in walk.text(index)
    if sure and _FIELD_WITHIN.search(walk.text(index)):
        return True  # The whole block on one line.
    for each in range(index + 1, min(index + 9, len(walk.lines))):
        text = walk.text(each).strip()
        if _OTHER_FIELDS.match(text) or _FROM.match(text):
            found += 1
            sure = sure or "@" in text
        elif (not text and found == 0 and each > index + 2) or (not text and found):
            break
    return found >= 2 or (found == 1 and sure)


def _attribution_at(walk: _Walk, index: int) -> int:
    """How many lines the attribution that starts here has; 0 when none does."""
    last = min(index + MAX_ATTRIBUTION_LINES, len(walk.lines))
    if not any(walk.may_attribute[index:last]):
        return 0
    lines: list[str] = []
    for each in range(index, last):
        text = walk.text(each).strip()
        joined = " ".join(lines)
        # An address that was broken before its closing bracket looks like a marked line.
        is_rest = joined.count("<") > joined.count(">") and text.startswith(">")
        if not text or (_is_marked(walk.lines[each]) and not is_rest):
            break
        lines.append(text)
        joined = " ".join(lines)
        if len(joined) > 420:
            break
        if _is_attribution(joined):
            return 0 if _begins_later(lines) else len(lines)
        following = _next_written(walk, each + 1) if len(lines) == 1 else None
        if (
            following is not None
            and following <= each + 2
            and _is_marked(walk.lines[following])
            and _SHORT_ATTRIBUTION.match(joined)
        ):
            return 1
    return 0


def _begins_later(lines: list[str]) -> bool:
    """Whether the first of these lines is the writer's own, and the attribution begins below it."""
    rest = [" ".join(lines[start:]) for start in range(1, len(lines))]
    if any(_DATED[0].match(later) for later in rest):
        return True
    return not any(pattern.match(" ".join(lines)) for pattern in _DATED) and any(
        _is_attribution(later) for later in rest
    )


def _is_attribution(text: str) -> bool:
    if len(text) > 420:
        return False
    if not _may_end_attribution(text):
        return False
    wrote = _WROTE_WORD.search(text)
    if wrote is None and not text[:3].strip("<*( ").isdigit() and not _ASIAN_WORD.search(text) and "@" not in text:
        return False
    return (wrote is not None and _is_address_wrote(text, wrote)) or any(
        pattern.match(text) for pattern in (*_DATED, *_NAMED)
    )


def _may_end_attribution(text: str) -> bool:
    """What every attribution has, and next to no other line: a colon at its end, an address, or another script."""
    return text.endswith((":", "：")) or "@" in text or not text.isascii()


def _is_address_wrote(text: str, wrote: re.Match[str]) -> bool:
    """Ann Lee <ann@example.org> wrote on 3 March:   Ann Lee <…> schrieb am 3.3.2026 um 10:12:"""
    place = text.find("@", 0, wrote.start())
    return (
        0 < place < 200
        and wrote.start() - place < 180
        and len(text) - wrote.end() <= 120
        and text.rstrip().endswith((":", "："))
    )


def _split_shared_line(walk: _Walk, index: int) -> bool:
    """ "Thanks! On Tue, 3 Mar 2026 Ann wrote:" on one line: the beginning is the writer's own. Whether it was so."""
    text = walk.text(index)
    if " On " not in text.replace("-", " ") or len(text) > 400:
        return False
    shared = _SHARED.match(text)
    if shared is None or not shared.group("own").strip(" -"):
        return False
    walk.lines[index] = replace(walk.lines[index], text=shared.group("own").rstrip(" -"))
    return True


def _next_written(walk: _Walk, index: int) -> int | None:
    return next((each for each in range(index, len(walk.lines)) if walk.text(each).strip()), None)


def _drop_signatures(walk: _Walk, end: int) -> None:
    """Takes signature, footer and disclaimer off the new text, which ends at `end`."""
    for index, line in enumerate(walk.lines):
        if line.signature:
            walk.keep[index] = False
    stretch = [index for index in range(min(end, len(walk.lines))) if walk.keep[index]]
    _drop_disclaimer(walk, stretch)
    stands = list(walk.keep)
    _drop_from_delimiter(walk, stretch)
    _drop_footers(walk, stretch)
    if _only_greets(walk, stretch):
        walk.keep = stands  # Some write below the signature or footer that their program has put there.
    _drop_contact_block(walk, stretch)


def end_of_own(text: str) -> int:
    """Where a signature begins in a new text that has kept it, because only a greeting stands above; else its length.

    What stands below it may be the writer's words or their office's: nothing is certain to be said by it.
    """
    place = 0
    for line in text.split("\n"):
        if line.strip() and not _GREETING.match(line.strip()):
            begins = _DELIMITER.match(line) or _LONG_DELIMITER.match(line) or _is_footer(line)
            return place if begins and place else len(text)
        place += len(line) + 1
    return len(text)


def _only_greets(walk: _Walk, indexes: list[int]) -> bool:
    written = [walk.text(index).strip() for index in indexes if walk.keep[index] and walk.text(index).strip()]
    return bool(written) and all(_GREETING.match(text) for text in written)


def _drop_from_delimiter(walk: _Walk, indexes: list[int]) -> None:
    for place, index in enumerate(indexes):
        text = walk.text(index)
        if not _DELIMITER.match(text) and not _LONG_DELIMITER.match(text):
            continue
        rest = indexes[place + 1 :]
        written = [each for each in rest if walk.keep[each] and walk.text(each).strip()]
        short = bool(written) and len(written) <= 15 and all(len(walk.text(each)) < 160 for each in written[:15])
        is_delimiter = bool(_DELIMITER.match(text)) or (
            bool(_LONG_DELIMITER.match(text))
            and place > 0
            and short
            and any(_CONTACT.search(walk.text(each)) for each in written)
        )
        if is_delimiter and (place > 0 or written):
            # Quotation below a signature may be answered below it: the signature ends where marked lines begin.
            stop = next((each for each in range(index, len(walk.lines)) if _is_marked(walk.lines[each])), None)
            for each in [index, *rest]:
                if stop is None or each < stop:
                    walk.keep[each] = False
            return


def _drop_disclaimer(walk: _Walk, indexes: list[int]) -> None:
    for place, index in enumerate(indexes):
        if walk.keep[index] and place > 0 and _DISCLAIMER.match(walk.text(index)):
            for each in indexes[place:]:
                walk.keep[each] = False
            return


def _is_footer(text: str) -> bool:
    if "<" in text:
        text = re.sub(r"\s*<(?:https?://|mailto:)[^>]*>?", " (link)", text)
    text = text.strip()
    bare = text.removesuffix("(link)").strip()
    return bool(_MOBILE.match(bare)) or bool(text != bare and re.match(r"^sent (?:from|with|via) \S.{0,40}$", bare, _I))


def _drop_footers(walk: _Walk, indexes: list[int]) -> None:
    # What follows "Sent from my phone" without a mark is the old letter: nobody writes below it.
    is_below = False  # something that was written
    for place, index in enumerate(indexes):
        if is_below and not walk.text(index - 1).strip() and _is_footer(walk.text(index)):
            for each in indexes[place:]:
                walk.keep[each] = False
            break
        is_below = is_below or (walk.keep[index] and bool(walk.text(index).strip()))
    written = [index for index in indexes if walk.keep[index] and walk.text(index).strip()]
    for _ in range(3):
        if not written:
            return
        if _is_footer(walk.text(written[-1])) or _LONG_DELIMITER.match(walk.text(written[-1])):
            walk.keep[written.pop()] = False
        elif len(written) > 1 and _is_footer(f"{walk.text(written[-2])} {walk.text(written[-1])}"):
            walk.keep[written.pop()] = False
            walk.keep[written.pop()] = False
        else:
            return


def _drop_contact_block(walk: _Walk, indexes: list[int]) -> None:
    """Below "Kind regards, Ann": telephone, address, title. Closing and name are the writer's and stay."""
    written = [index for index in indexes if walk.keep[index] and walk.text(index).strip()]
    for place in range(len(written) - 1, max(-1, len(written) - 18), -1):
        if not _CLOSING.match(walk.text(written[place]).strip()):
            continue
        below = written[place + 2 :]
        is_block = below and len(below) <= 14 and all(len(walk.text(each)) < 120 for each in below)
        if is_block and any(_CONTACT.search(walk.text(each)) for each in below):
            for each in indexes:
                if each > written[place + 1]:
                    walk.keep[each] = False
        return
