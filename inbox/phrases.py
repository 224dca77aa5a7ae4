"""What editors say, by what they mean: the phrases that classify.py decides with.

Written as people write: English, and the obvious phrases of German, French, Spanish, Italian, Dutch, Portuguese and
Polish. An apostrophe is always straight here; the text is brought to that before it is searched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_I = re.IGNORECASE


@dataclass(frozen=True, slots=True)
class Rule:
    """A phrase and its name. `weak`: alone it makes nothing clear."""

    name: str
    pattern: re.Pattern[str]
    weak: bool = False


def _rule(name: str, *patterns: str, weak: bool = False) -> Rule:
    return Rule(name, re.compile("|".join(f"(?:{pattern})" for pattern in patterns), _I), weak)


_MAIL = (
    r"(?:e-?mails?|mails?|messages?|letters?|correspondence|communications?|newsletters?|spam"
    r"|solicitations?|requests?|offers?|pitches|outreach|crap|junk|garbage|stuff)"
)
_LIST = (
    r"(?:\w+ ){0,4}(?:lists?|database|mailings?|distribution|contacts?|system|records?|crm|files?"
    r"|campaigns?|outreach|sequence|newsletter|spam|e-?mails?|sending)"
)

OPT_OUT = (
    _rule(
        "unsubscribe",
        r"^\W*(?:please )?unsubscribe(?: please| now| asap| immediately)?\W*$",
        r"\b(?:please|pls|plz|kindly|just|immediately|must|want to|like to|wish to|need to|how (?:do"
        r"|can) (?:i|we)|now|let me) unsubscribe\b(?! (?:link|button|page|rate|option|header))",
        r"\bunsubscribe (?:me|us|my|our|this|from (?:this|your|the|all|these)|immediately|asap)\b",
        r"\b(?:be|get|been) unsubscribed\b",
        r"\bunsubscribe\s*[!.]*$",
        r"^\W*unsubscribe\b(?! (?:link|button|page|rate|option|header|here|at|by|in|using|via))",
    ),
    _rule(
        "remove me",
        r"\b(?:remove|delete|erase|scrub|drop|strike|purge) (?:me|us|myself)\b(?! (?:a|the|your|an) )",
        r"\b(?:remove|delete|erase|scrub|drop|purge|take) (?:my|our|this|all my|all our"
        r"|the following) (?:name|e-?mail(?: address(?:es)?)?|address(?:es)?|contact(?: info\w*| details)?"
        r"|details|data|info\w*|domain|records?|personal (?:data|info\w*))\b",
        r"\btake (?:me|us) off\b|\btake (?:me|us) out of\b",
        r"\bget (?:me|us) off (?:of )?(?:your|this|the)\b",
        rf"\b(?:remove|removed|delete|take|taken) (?:from|off)(?: of)? (?:your|this|the|all"
        rf"|any)(?: of your)? {_LIST}",
        r"\b(?:want|like|wish|ask\w*|need|request) to be removed\b|\bplease remove\W*$|^\W*remove(?: me"
        r"| please)?\W*$",
        r"\bi (?:want|would like) (?:you to )?(?:remove|delete) (?:me|my)\b",
    ),
    _rule(
        "stop writing",
        r"(?:^|[.,;:!?\n\-–(]|\b(?:please|pls|plz|kindly|just|you|to|must|should|could|would|and|so|now"
        r"|then|immediately|or|guys|people)\b)\s*(?:please |pls |just |you )?stop\s+(?:e-?mailing|mailing"
        r"|contacting|messaging|spamming|bothering|pestering|harassing|soliciting|bugging|hounding"
        r"|annoying|stalking)\b(?! (?:from|at|with) )",
        rf"(?:^|[.,;:!?\n\-–(]|\b(?:please|pls|plz|kindly|just|you|to|must|should|could|would|and|so|now"
        rf"|then|immediately|or)\b)\s*(?:please |pls |just |you )?stop\s+(?:writing"
        rf"|sending)\s+(?:to )?(?:me|us|this|these|those|your|such|unsolicited|any|{_MAIL})\b",
        rf"\bstop (?:with )?(?:the|these|this|your|all(?: the| these| your)?) (?:\w+ )?{_MAIL}\b",
        r"^\W*(?:stop|stop it|please stop|stop this|stop please|stop now)\W*$",
        r"\bcease (?:and desist|all|any|contact|e-?mailing|contacting|sending|further|communication)",
        r"\b(?:quit|refrain from|desist from) (?:e-?mailing|contacting|sending|spamming|messaging"
        r"|bothering|writing to) (?:me|us|this|these|any|such|further)?",
    ),
    _rule(
        "do not write",
        r"\b(?:do not|don't|dont|do n't|never|stop trying to|not to)(?: ever)? (?:e-?mail|contact|message"
        r"|write(?: to)?|mail|bother|approach|reach out to|solicit|spam|pester) (?:me|us|this address"
        r"|this e-?mail|here)(?! (?:before|until|till|by|via|through|on|at this|at that|at my|unless|for a"
        r"|with the|about (?:the|that|this) (?:article|draft|invoice|payment)|during|over|in (?:august"
        r"|july|the (?:next|coming))))\b",
        r"\b(?:do not|don't|dont|never)(?: ever)? (?:e-?mail|contact|write|message|reach out|send|mail"
        r"|bother)(?: (?:to )?(?:me|us|them|anything|any))? (?:again|any ?more|any further|ever)\b",
        rf"\b(?:do not|don't|dont|never)(?: ever)? send (?:me|us) (?:any |these |this |such |your |more "
        rf"|anything|further |unsolicited )*(?:{_MAIL}|again|anything)\b(?! (?:before|until|via))",
        rf"\bno (?:more|further) {_MAIL}(?! (?:is|are|needed|required|from my|than))\b|\bno (?:more"
        rf"|further) contact\b",
        r"\b(?:do not|don't|dont|no longer|not|never)(?: \w+)? (?:wish|want|care|like|need"
        r"|asked?)(?: to)? (?:receive|be contacted|hear from you|get|be e-?mailed|be approached|be on"
        r"|be part)\b",
        rf"\b(?:do not|don't|dont) (?:want|need) (?:any|your|these|this|more|such|further) (?:more "
        rf"|further |kind of |type of )?{_MAIL}\b",
        r"\b(?:lose|forget|delete|destroy) (?:my|our|this) (?:e-?mail|address|number|contact)"
        r"|\bleave (?:me|us) alone\b|\bgo away\b",
        r"\bnever (?:contact|e-?mail|write|message|bother) (?:me|us)\b",
    ),
    _rule(
        "opt out",
        r"\b(?:please |kindly )?opt (?:me|us|my \w+) out\b|\b(?:i|we)(?:'d| would| want| wish"
        r"| need)?(?: like)?(?: to)? opt[- ]?out\b|\b(?:i am|i'm|we are|we're) opting out\b"
        r"|^\W*opt[- ]?out\W*$|\bplease opt[- ]?out\b",
        r"\bmark(?:ed|ing)? (?:you|this|your \w+|it|these|them)(?: e-?mails?)? as spam\b|\breport(?:ed"
        r"|ing)? (?:you|this|it|your \w+)(?: \w+){0,3} (?:as|for|to) (?:spam|spamhaus|abuse|your provider"
        r"|the authorities|google|your isp)\b|\bi (?:have |will |'ll |am going to )?block(?:ed)? (?:you"
        r"|your|this)\b",
        r"\b(?:under|per|pursuant to|according to|in accordance with) (?:the )?(?:gdpr|dsgvo|rgpd|ccpa"
        r"|can-?spam)\b.{0,120}\b(?:delet|eras|remov|l[öo]sch|supprim|elimin)",
    ),
    _rule(
        "de: austragen",
        r"\b(?:aus|von|vom) (?:dem|der|ihrem|ihrer|eurem|eurer|deinem|deiner|diesem|dieser|allen"
        r"|ihren)\s?(?:\w+ )?(?:verteiler\w*|liste\w*|mailing\w*|newsletter|adress\w+|datenbank"
        r"|kartei)\b.{0,40}\b(?:nehmen|streichen|l[öo]schen|entfernen|austragen|abmelden)\b",
        r"\b(?:nehmen|streichen|l[öo]schen|entfernen|tragen|nimm|streich|l[öo]sch\w*|entfern\w*"
        r"|melden) sie (?:mich|uns|meine|unsere|diese)|\b(?:streich|nimm|l[öo]sch|entfern)\w* (?:mich|uns"
        r"|meine|unsere)\b.{0,40}\b(?:verteiler|liste|adresse|daten|datenbank)",
        r"\b(?:keine|nie wieder) (?:weiteren |solche[rn]? |mehr )?(?:e-?mails?|mails?|nachrichten|werbung"
        r"|werbemails?|zuschriften|anfragen|kontaktaufnahme\w*|spam\w*)(?: dieser art)?(?: von (?:ihnen"
        r"|euch|dir))?(?: mehr)?\b(?: (?:zu)?(?:senden|schicken|zusenden|zuschicken|erhalten|bekommen"
        r"|w[üu]nschen))?",
        r"\b(?:schreiben|kontaktieren|mailen|bel[äa]stigen|schreib|kontaktier\w*|mail|bel[äa]stig\w*"
        r"|schicken|senden)(?: sie)? (?:mir|uns|mich) (?:bitte )?(?:nicht|nie|keine)(?: mehr| wieder"
        r"| weiteren)?\b",
        r"\b(?:m[öo]chte|wollen|will|w[üu]nsche\w*|m[öo]chten)\b.{0,40}\b(?:nicht mehr|keine weitere\w*"
        r"|nicht weiter)\b.{0,30}\b(?:kontaktiert|angeschrieben|mails?|nachrichten|bel[äa]stigt)",
        r"\b(?:bitte )?(?:abmelden|austragen)\b(?:[.!]|$)|\bunterlassen sie\b|\bl[öo]schen sie (?:meine"
        r"|unsere) (?:daten|e-?mail|adresse|kontaktdaten)|\bbitte (?:meine|unsere) (?:daten"
        r"|e-?mail-?adresse|adresse) l[öo]schen|\bh[öo]r(?:en sie|t|) auf,? (?:mir|uns)",
    ),
    _rule(
        "fr: désinscrire",
        r"\b(?:d[ée]sabonn|d[ée]sinscri)\w+",
        r"\b(?:retir|supprim|enlev|ôt|effac)\w*[- ](?:moi|nous|mon|mes|notre|nos)\b.{0,50}\b(?:listes?"
        r"|adresses?|mails?|e-?mails?|donn[ée]es|coordonn[ée]es|base|fichiers?|contacts?)?",
        r"\bne (?:plus|pas) (?:me |nous |m'|)(?:contacter|[ée]crire|solliciter|envoyer|recevoir|d[ée]marcher)\b",
        r"\bne (?:me|nous|m') ?(?:contactez|[ée]crivez|sollicitez|envoyez|d[ée]marchez|contacte|[ée]cris"
        r"|envoie)\w* (?:plus|pas)\b",
        r"\b(?:arr[êe]tez|cessez|stoppez|arr[êe]te) (?:de |d'|vos |ces |tout )",
        r"\bne (?:souhait|v[eo]u[lx]?)\w* plus (?:recevoir|[êe]tre)\b|\bplus (?:de|aucun) (?:mails?"
        r"|e-?mails?|messages?|courriels?|sollicitations?)\b",
    ),
    _rule(
        "es: dar de baja",
        r"\b(?:dar|d[ée]n?|denos|denme|dé)(?:me|nos|se)? de baja\b|\bdesuscr\w+",
        r"\b(?:elim[ií]n|b[óo]rr|qu[ií]t|ret[ií]r|s[áa]qu)\w{1,6}(?:me|nos)\b|\b(?:elimin|borr|quit"
        r"|retir)(?:ar|e|en|a) (?:mi|mis|nuestr\w+|este|mi direcci[óo]n) (?:correo|e-?mail|direcci[óo]n"
        r"|datos|contacto)",
        r"\bno (?:me|nos|vuelva\w* a|quiero que) ?(?:me |nos )?(?:escrib|contact|env[ií]|mand"
        r"|molest)\w+(?: (?:m[áa]s|nunca|de nuevo))?\b",
        r"\b(?:dejen?|deja|paren?|para) de (?:enviar|escribir|contactar|mandar|molestar)\w*",
        r"\bno (?:deseo|quiero|queremos|deseamos)(?: m[áa]s)?(?: seguir)? (?:recib|correos|mensajes)\w*"
        r"|\bno m[áa]s (?:correos|e-?mails|mensajes)\b",
    ),
    _rule(
        "it: cancellare",
        r"\b(?:disiscri|disiscriv|disinscri)\w+|\b(?:cancell|rimuov|elimin|togli)\w{0,6}(?:mi|ci|temi"
        r"|teci)\b|\b(?:cancell|rimuov|elimin|togli)\w{1,4} (?:il mio|la mia|i miei|il nostro|la nostra"
        r"|i nostri)\b.{0,30}\b(?:indirizzo|e-?mail|mail|contatt\w+|dati|nominativo)",
        r"\bnon (?:mi|ci|vi) ?(?:scriv|contatt|invi|mand|disturb)\w+(?: (?:pi[ùu]|mai))\b"
        r"|\bnon scriv\w+ pi[ùu]\b|\bnon (?:desider|vogli)\w+(?: pi[ùu])? (?:ricever|esser)\w+",
        r"\bsmett\w+ di (?:scriver|inviar|contattar|mandar)\w+|\bbasta (?:e-?mail|mail|messaggi)\b",
    ),
    _rule(
        "nl: uitschrijven",
        r"\b(?:uitschrijven|afmelden)\b|\bschrijf (?:mij|me|ons) uit\b|\b(?:verwijder|haal|schrap) (?:mij"
        r"|me|ons|mijn|onze|dit)\b.{0,50}\b(?:lijst\w*|bestand\w*|database|adres\w*|e-?mail\w*"
        r"|mailinglijst|gegevens)?",
        r"\b(?:mail|e-?mail|schrijf|contacteer|benader|stuur|bel)(?: (?:mij|me"
        r"|ons))? (?:a\.?u\.?b\.? )?(?:niet|nooit) (?:meer|langer)\b|\bniet meer (?:te )?(?:mailen"
        r"|benaderen|contacteren|schrijven)\b|\bgeen (?:verdere )?(?:e-?mails?|mails?|mailtjes"
        r"|berichten)(?: meer)\b|\bstop met (?:mailen|sturen|e-?mailen|spammen)"
        r"|\bgeen prijs op (?:verdere )?(?:mails?|e-?mails?|berichten)",
    ),
    _rule(
        "pt: remover",
        r"\b(?:descadastr|desinscr)\w+|\bcancel\w+ (?:a )?(?:minha )?(?:inscri[çc][ãa]o|subscri[çc][ãa]o"
        r"|assinatura)|\b(?:remov|retir|tir|exclu|apagu?)\w{1,4}(?:-me|-nos)\b|\b(?:me|nos) (?:remov|retir"
        r"|tir|exclu)\w+\b|\b(?:remov|retir|exclu|apagu?)\w{1,3} (?:o meu|meu|os meus|meus|a minha|o nosso"
        r"|nosso)\b.{0,30}\b(?:e-?mail|endere[çc]o|contat?o|dados|nome)",
        r"\bn[ãa]o (?:me|nos) (?:escrev|contact|contat|envi|mand)\w+(?: mais)?\b|\b(?:parem?"
        r"|deixem?) de (?:me |nos )?(?:enviar|escrever|contact?ar|mandar)\b|\bn[ãa]o (?:quero|desejo"
        r"|queremos|desejamos|pretendo)(?: mais)? receber\b",
    ),
    _rule(
        "pl: wypisać",
        r"\bwypis(?:a[ćc]|z|zcie|anie|ujcie)\b|\b(?:usu[ńn](?:cie|ąć)?|usuni[ęe]cie|wykre[śs]l\w*"
        r"|skre[śs]l\w*)\b.{0,40}\b(?:adres\w*|mnie|nas|dan\w+|baz\w+|list\w*|mail\w*)|\bnie (?:pisz"
        r"|piszcie|wysy[łl]aj\w*|kontaktuj\w*|przysy[łl]aj\w*)\b",
        r"\bprosz[ęe] (?:o )?(?:nie (?:wysy[łl]|pisa|kontaktowa|przysy[łl])\w*|zaprzesta\w+|usuni[ęe]cie"
        r"|wykre[śs]lenie|wypisanie|niewysy[łl]anie)|\bnie (?:chc[ęe]|[żz]ycz[ęe] sobie"
        r"|chcemy) (?:otrzymywa|dostawa|wi[ęe]cej)\w*",
    ),
    _rule(
        "sv da no fi: avregistrera",
        r"\b(?:avregistrera|avprenumerera|avanm[äa]l|ta bort) (?:mig|oss|min|v[åa]r)\b|\bsluta (?:skicka"
        r"|mejla|maila|kontakta)\b|\b(?:kontakta|skriv|mejla|maila) (?:mig|oss|till mig) inte\b"
        r"|\binga fler (?:mejl|mail|utskick)",
        r"\b(?:afmeld|frameld|fjern|slet|meld) (?:mig|os|min|meg|oss)\b|\b(?:stop med at|slutt å"
        r"|hold op med at) (?:sende|skrive|kontakte)\b|\b(?:skriv|kontakt) (?:mig|meg|oss|os) ikke\b"
        r"|\bavmeld\b",
        r"\b(?:poistakaa|poista|peruuttakaa) (?:minut|meid[äa]t|osoitteeni)\b"
        r"|\b[äa]lk[äa][äa]? (?:en[äa][äa] )?(?:l[äa]hett[äa]k[öo]|l[äa]het[äa]|ottako yhteytt[äa])",
    ),
    _rule(
        "cs hu ro el tr: odhlásit",
        r"\b(?:odhlaste|odhl[áa]sit|vyma[žz]te|odstra[ňn]te) (?:m[ěe]|n[áa]s|se|mou|moji|n[áa][šs]i)\b"
        r"|\b(?:nepi[šs]te|nezas[íi]lejte|nekontaktujte|nepos[íi]lejte)\b",
        r"\b(?:leiratkoz\w+|t[öo]r[öo]lje(?:nek)? (?:a|az|ki|engem)|ne k[üu]ldj\w+|ne [íi]rj\w+ (?:t[öo]bb|nekem))",
        r"\b(?:dezabon\w+|[șs]terge[țt]i-m[ăa]|nu (?:[îi]mi|ne|m[ăa]) mai (?:trimite|scrie|contacta)\w*)"
        r"|διαγρ[αά]ψτε|μη(?:ν)? (?:μου|μας) (?:ξανα)?στ[εέ]λνετε",
        r"\babonelik(?:ten|ten)? (?:[çc][ıi]k\w*|iptal)|\blisteden (?:[çc][ıi]kar\w*|[çc][ıi]kmak|silin)"
        r"|\b(?:mail|e-?posta|mesaj|ileti)\w* (?:g[öo]ndermeyin|atmay[ıi]n|yollamay[ıi]n|istemiyorum)"
        r"|\bbeni (?:listeden )?(?:[çc][ıi]kar|sil)\w*",
    ),
    _rule(
        "ru uk: отпишите",
        r"\b(?:отпишите|отписаться|отпишись|удалите (?:меня|нас|мой|наш|из)|исключите (?:меня|нас)"
        r"|не (?:пишите|присылайте|шлите|беспокойте|отправляйте)|прекратите (?:писать|присылать|рассылку"
        r"|спам)|больше не (?:пишите|присылайте|надо))",
        r"\b(?:відпишіть|відписатися|видаліть (?:мене|нас|мою)|не (?:пишіть|надсилайте|турбуйте)|припиніть)",
    ),
    _rule(
        "zh ja ko ar he vi th id: 退订",
        r"退订|退訂|取消订阅|取消訂閱|不要再(?:发|發|联系|聯繫|写|給|给)|别再(?:发|联系)|請移除|请移除|请将我(?:从|移)",
        r"配信停止|配信を(?:停止|止め|解除)|購読(?:を)?解除|登録(?:を)?(?:解除|抹消)|(?:送ら|連絡し|メールし)ないで",
        r"수신 ?거부|구독 ?(?:취소|해지)|(?:보내|연락하)지 ?(?:마|말)",
        r"إلغاء الاشتراك|الغاء الاشتراك|(?:لا|لن) (?:ترسل|تراسل|ترسلوا|تتواصل)\w*|(?:أوقف|اوقف|أوقفوا"
        r"|وقفوا|ايقاف|إيقاف)\b|احذف(?:ني|وني)|הסר(?:ו|ה)? (?:אותי|אותנו)|אל תשלח",
        r"hủy đăng ký|huỷ đăng ký|đừng (?:gửi|liên hệ|nhắn)|ยกเลิก(?:การ)?(?:รับ|สมัคร)|อย่า(?:ส่ง|ติดต่อ)"
        r"|\bberhenti (?:mengirim|berlangganan|kirim)|\bjangan (?:kirim|hubungi)",
    ),
)  # fmt: skip

_POSTS = (
    r"(?:guest|external|outside|sponsored|unsolicited|third[- ]party|contribut\w+|submissions?|links?\b"
    r"|back-?links?|link|paid|any|such|these|this|outreach|articles?|posts?|content|advert\w*"
    r"|collaborat\w+|pitches|partnerships?|requests)"
)

REFUSAL = (
    _rule(
        "not interested",
        r"\b(?:not|never|n't|isnt|arent|hardly) (?:(?:really|currently|at all|that|particularly|overly"
        r"|actually|personally|remotely|very|too|even|in any way|presently|so|going to be"
        r"|be) ){0,2}interested\b(?! parties)",
        r"^\W*not interested\b|\b(?:no|zero|absolutely no|any) interest(?:\b|ed\b)(?! (?:rate|free|charge"
        r"|income|bearing))(?! conflict)",
        r"\b(?:uninterested|disinterested)\b|\b(?:not|isn't|n't|no) (?:\w+ )?(?:of|of any) interest\b"
        r"|\bdoes(?:n't| not) interest (?:me|us)\b",
        r"\bnot something (?:that )?(?:i|we|i'm|we're|we are|i am)\b",
    ),
    _rule(
        "no thanks",
        r"(?:^|[.,;:!?\n\-–]|\b(?:but|so|it's|is|a|polite|hard|firm|say|i'll|we'll)\b)\s*no(?:pe|,"
        r"| -)? ?,? ?(?:thanks|thank you|thx|ty\b|thankyou|tks)\b(?! to )",
        r"\bthank(?:s| you)(?: (?:you|so much|very much|for \w+(?: \w+){0,4}))?,?\s*(?:but|however|-|–"
        r"|though)\s*(?:no\b(?! (?:problem|worries|need to))|it's (?:a )?no\b|that'?s a no|not for"
        r"|we(?:'re| are) (?:good|fine|all set|set|ok|happy)|i(?:'m| am) (?:good|fine|all set|set|ok)"
        r"|i'll pass|we'll pass|we(?:'ll| will)? (?:pass|decline))",
        r"^\W*(?:no|nope|nah|no way|hard no|hard pass|pass|no go|not for (?:us|me))\W*$|\b(?:it's|that's"
        r"|this is|is) (?:a |going to be a )?(?:hard |firm |definite )?(?:no\b(?! (?:problem|brainer"
        r"|worries|doubt|go\b))|pass\b)(?: from (?:us|me|our))?",
    ),
    _rule(
        "we pass",
        r"\b(?:i|we)(?:'ll| will|'d| would| have| need| must| are| am|'m|'re)?(?: (?:to|going|gonna|rather"
        r"|like|afraid|i|we|have|need|unfortunately|respectfully|kindly|politely|just|probably"
        r"|gonna have)){0,4} (?:pass(?: on (?:this|it|that|your|the))?(?=\W*(?:$|[.,!;\n]|on\b|for|this|at"
        r"|but|thank))|decline\b)",
        r"\b(?:respectfully|kindly|politely|have to|must|regretfully|going to|choose to"
        r"|decided to) (?:decline|pass\b(?! (?:it|this|your|the|that|on to|along)))|\bdecline (?:your|the"
        r"|this) (?:offer|invitation|proposal|request|kind|opportunity)",
        r"\b(?:i'd|we'd|would|i would|we would) rather not\b|\bwe (?:have )?decided (?:not to|against)\b"
        r"|\b(?:won't|will not) be (?:moving forward|proceeding|taking|pursuing|participating|adding"
        r"|linking|able to (?:accept|publish|help|accommodate|participate|add))\b",
    ),
    _rule(
        "not for us",
        r"\b(?:not|isn't|wasn't|n't|never) (?:\w+ ){0,3}(?:a |the )?(?:good |right |great |best |strong "
        r"|proper )?(?:fit|match)\b(?!\?)|\b(?:not|isn't) (?:really |quite |something |one )?for (?:us"
        r"|me)\b|\bdoes(?:n't| not) (?:\w+ )?(?:fit|suit|align|work for (?:us|me)|meet our|match)\b",
        r"\bnot (?:currently |actively |really |presently )?(?:looking (?:for|to|at)|in the market|seeking"
        r"|considering|open to|taking on|accepting|doing)\b|\b(?:i|we) (?:do not|don't|dont"
        r"|have no) (?:\w+ )?need(?: of| for)?\b(?! to (?:see|know|worry))|\bno need for\b|\bwe(?:'re"
        r"| are) (?:all set|good|fine),? (?:thanks|thank you|as (?:is|we))",
    ),
    _rule(
        "we do not publish",
        rf"\b(?:we|i|our (?:site|blog|company|magazine|editors?|policy|publication|team|guidelines)"
        rf"|the (?:site|blog|magazine))(?: \w+){{0,2}} (?:do not|don't|dont|no longer|never|cannot|can't"
        rf"|can not|are not|aren't|am not|won't|will not|does not|doesn't|is not|isn't|currently not"
        rf"|not) (?:\w+ ){{0,3}}(?:accept|accepting|take|taking|publish|publishing|offer|offering|add"
        rf"|adding|do|doing|allow|host|run|running|sell|exchange|participate|consider|considering|entertain"
        rf"|engage|link|post|permit|work with|feature|provide) (?:\w+ ){{0,3}}{_POSTS}",
        r"\b(?:no|stopped (?:accepting|taking|publishing)|closed (?:to|for)|not open (?:to"
        r"|for)) (?:longer )?(?:\w+ )?(?:guest|outside|external|sponsored) (?:posts?|contribut\w+"
        r"|submissions|articles?|content|blogs?)\b",
        r"\b(?:we|i)(?: \w+)? (?:can't|cannot|won't|will not|can not|are unable to|am unable to"
        r"|aren't able to) (?:\w+ )?(?:add (?:the|your|this|any|a) link|link to|help you|assist"
        r"|accommodate|include (?:your|the)|publish (?:your|this|it)|accept (?:your|this))",
    ),
    _rule(
        "not now",
        r"\bnot (?:right now|at (?:this|the) (?:time|moment|point|stage)|now|today|this (?:year|month"
        r"|quarter|time)|currently)\b|\bno,? not\b|\bunfortunately,? (?:no|not)\b|\bi'm afraid not\b"
        r"|^\W*(?:sorry,? )?no\b[,.! ]*(?:sorry\b)?",
        weak=True,
    ),
    _rule(
        "de: kein Interesse",
        r"\b(?:kein(?:e|erlei|en)?|null) (?:\w+ )?(?:interesse|bedarf)\b|\bnicht (?:\w+ )?interessiert\b"
        r"|\bnein,? (?:vielen |besten )?danke?\b|\bkommt (?:f[üu]r (?:uns"
        r"|mich) )?(?:leider )?nicht in ?(?:frage|betracht)\b|\binteressiert (?:uns"
        r"|mich) (?:leider )?nicht\b|\bkein interesse\b|\bdanke,? (?:aber )?nein\b",
        r"\b(?:ver[öo]ffentlichen|nehmen|akzeptieren|setzen|vergeben|verkaufen|bieten|publizieren|tauschen"
        r"|machen)(?: \w+){0,4} keine (?:\w+ )?(?:gast\w*|externe\w*|gesponserte\w*|links?|backlinks?"
        r"|werb\w*|fremd\w*|linktausch|linkplatz\w*)|\bm[üu]ssen (?:wir )?(?:\w+ )?(?:ablehnen|absagen)\b"
        r"|\blehnen (?:wir )?(?:\w+ ){0,3}ab\b|\bpasst (?:leider )?(?:nicht|\w+ nicht) zu (?:uns|mir"
        r"|unser\w*)\b|\bkein bedarf\b",
    ),
    _rule(
        "fr: pas intéressé",
        r"\b(?:pas|plus|aucunement|nullement) (?:\w+ )?int[ée]ress[ée]\w*\b|\bnon,? merci\b"
        r"|\bmerci,? (?:mais )?non\b|\bsans fa[çc]on\b|\bne (?:nous |m'|m)?(?: ?int[ée]resse) pas\b"
        r"|\bn'est pas int[ée]ress|\b(?:aucun|pas d') ?int[ée]r[êe]t\b|\bpas preneur|\b(?:d[ée]cliner"
        r"|d[ée]clinons|d[ée]cline|refuser|refusons)\b|\bne (?:souhait\w+|d[ée]sir\w+) pas (?:donner suite"
        r"|collaborer|participer|publier)|\bne donn\w+ pas suite\b",
        r"\b(?:n'acceptons|ne publions|ne prenons|n'acceptez|ne faisons|ne vendons"
        r"|ne proposons)\b.{0,12}\b(?:pas|plus|aucun)\b|\bne correspond pas\b",
    ),
    _rule(
        "es: no me interesa",
        r"\bno (?:estoy|estamos|est[áa]|estoy muy|nos sentimos) (?:\w+ )?interesad\w+|\bno (?:me|nos"
        r"|le) interesa\b|\bno,? (?:muchas )?gracias\b|\bgracias,? pero no\b|\bsin inter[ée]s\b"
        r"|\bno (?:tenemos|tengo|hay) (?:ning[úu]n )?inter[ée]s\b|\b(?:declin|rechaz)(?:o|amos|ar)\b"
        r"|\bno (?:aceptamos|publicamos|vendemos|admitimos|ofrecemos|hacemos|intercambiamos)\b",
    ),
    _rule(
        "it: non interessa",
        r"\bnon (?:sono|siamo|è|saremmo) (?:\w+ )?interessat\w+|\bnon (?:mi|ci) interessa\b"
        r"|\bno,? grazie\b|\bgrazie,? (?:ma )?no\b|\bnessun interesse\b|\bnon (?:abbiamo|ho"
        r"|c'è) (?:alcun )?interesse\b|\b(?:declin|rifiut)(?:o|iamo|are)\b|\bnon (?:accettiamo"
        r"|pubblichiamo|vendiamo|ospitiamo|offriamo|facciamo)\b",
    ),
    _rule(
        "nl: geen interesse",
        r"\bniet (?:\w+ )?ge[ïi]nteresseerd\b|\bgeen (?:\w+ )?(?:interesse|belangstelling|behoefte)\b"
        r"|\bnee,? (?:dank\w*|bedankt)\b|\b(?:bedankt|dank je|dank u),? (?:maar )?nee\b|\b(?:slaan"
        r"|sla)\b.{0,20}\bover\b|\b(?:plaatsen|accepteren|publiceren|doen|nemen)\b(?: \w+){0,3} geen\b"
        r"|\bniets voor ons\b|\bpast niet bij\b",
    ),
    _rule(
        "pt: sem interesse",
        r"\bn[ãa]o (?:estou|estamos|est[áa]) (?:\w+ )?interessad\w+|\bn[ãa]o (?:tenho|temos"
        r"|h[áa]) (?:\w+ )?interesse\b|\bsem interesse\b|\bn[ãa]o,? (?:muito )?obrigad\w+"
        r"|\bobrigad\w+,? mas n[ãa]o\b|\bn[ãa]o (?:me|nos) interessa\b|\bn[ãa]o (?:aceitamos|publicamos"
        r"|vendemos|fazemos|oferecemos)\b|\b(?:recus|declin)(?:o|amos|ar)\b",
    ),
    _rule(
        "other tongues: not interested",
        r"\b(?:inte|ikke|ikkje) interess\w+|\bnej,? tack?k?\b|\bnei,? takk\b|\bingen (?:interesse"
        r"|intresse)\b|\ben ole kiinnostunut\b|\bei kiitos\b|\b(?:nem[áa]m|nem[áa]me) z[áa]jem\b"
        r"|\bne,? d[ěe]kuj\w+|\bnem [ée]rdekel|\bk[öo]sz[öo]n[öo]m,? nem\b|\bnu (?:sunt|suntem|m[ăa]"
        r"|ne) intereseaz?\w*|\bnu,? mul[țt]umesc",
        r"\bilgilenmiyor\w+|\bhay[ıi]r,? te[şs]ekk[üu]r\w*|δεν (?:με|μας) ενδιαφ[εέ]ρει|(?:не|нам не"
        r"|мне не) интерес\w+|нет,? спасибо|спасибо,? (?:но )?нет|не цікав\w+|不感兴趣|不感興趣"
        r"|没有?兴趣|沒有?興趣|不需要"
        r"|興味(?:が|は)?(?:ありません|ない)|結構です|관심 ?(?:이 )?없|(?:غير|لست|لسنا) مهتم\w*|لا شكر|לא מעוניי?ן"
        r"|không (?:quan tâm|có nhu cầu)|ไม่สนใจ|\btidak tertarik",
    ),
    _rule(
        "provided already",
        r"\b(?:we|i)(?:'ve| have)? (?:already|currently)(?: \w+)? (?:have|got|work(?:ing)? with|use|using"
        r"|hired|employ)(?: \w+){0,3} (?:supplier|vendor|agency|provider|partner|team|writers?|someone"
        r"|somebody|company|consultant|freelancer|in[- ]house)",
    ),
    _rule(
        "pl: brak zainteresowania",
        r"\bnie (?:jestem|jeste[śs]my|b[ęe]d\w+) (?:\w+ )?zainteresowan\w+|\bnie,? dzi[ęe]kuj\w+"
        r"|\bbrak zainteresowania\b|\bdzi[ęe]kuj\w+,? (?:ale )?nie\b|\bnie (?:przyjmujemy|publikujemy"
        r"|skorzystam\w*|zamieszczamy|sprzedajemy|akceptujemy)\b|\bnie interesuje\b|\bniezainteresowan\w+",
    ),
)  # fmt: skip

# Not yet a no: somebody who says "later" may be asked again.
LATER = re.compile(
    r"\b(?:try|check|reach out|get back|circle back|come back|contact (?:me|us)|e-?mail (?:me|us)|ask"
    r"|write|ping|follow up)(?: \w+){0,4} (?:again|in (?:a few|the|\w+ (?:weeks?|months?)|january|february"
    r"|march|april|may|june|july|august|september|october|november|december|spring|summer|autumn|fall"
    r"|q[1-4])|next|later)\b"
    r"|\bmaybe (?:later|next|in|another|some)|\b(?:perhaps|possibly|maybe)(?: \w+){0,4} (?:later|next"
    r"|future)|\bin the (?:future|new year)\b|\bnext (?:quarter|year|month|spring|summer|time)\b"
    r"|\bdown the (?:road|line)\b|\bkeep (?:you|your|this)(?: \w+){0,3} (?:in mind|on file)\b"
    r"|\blater (?:this|in) |\bun autre moment|\bplus tard\b|\bsp[äa]ter\b|\bm[áa]s adelante\b"
    r"|\bpi[ùu] avanti\b|\bmisschien later\b|\bfuturamente\b|\bw przysz[łl]o[śs]ci\b",
    _I,
)

_SEND = r"(?:send|share|shoot|forward|pass|e-?mail|submit|drop|fire|ping|mail|attach|provide)"

INTEREST = (
    _rule(
        "interested",
        r"\b(?:i'm|i am|we're|we are|am|i'd be|we'd be|would be|might be|may be|could be|i was|definitely"
        r"|very|quite|certainly|potentially|totally|really|super|extremely|absolutely|always|sounds|me|we"
        r"|count me|highly|also|still|indeed|more than) (?:\w+ ){0,2}(?:interested|intrigued|keen|excited"
        r"|on board|up for|game\b)",
        r"^\W*(?:yes,? |yeah,? |hi,? |hello,? |definitely |very |absolutely )*(?:interested|intrigued"
        r"|keen)\b|\b(?:interests|intrigues) (?:me|us)\b|\byou(?:'ve| have) (?:got )?(?:my"
        r"|our) (?:attention|interest)|\bcaught my (?:eye|attention)|\bpiqued my\b",
    ),
    _rule(
        "sounds good",
        r"\b(?:sounds?|looks?|seems?|that's|that is|this is|it's|would be|be) (?:\w+ ){0,3}(?:good|great"
        r"|interesting|perfect|awesome|fantastic|amazing|wonderful|excellent|brilliant|lovely|fine"
        r"|like (?:a )?(?:plan|great|good|fun|interesting|win|something)|promising|cool|fun|exciting|nice"
        r"|intriguing|right up|fab|ideal|super)(?=\W*$| ?(?:[<]|idea|to me|topic|fit|for (?:us|me|our)"
        r"|plan|opportunity|match|addition|[.,!;:)\n-]|and|but|with|i|we|let|please|can|could|if|how|what"
        r"|when|$|\W*$))",
        r"\b(?:great|good|nice|excellent|lovely|fantastic|interesting|brilliant|perfect|cool) (?:idea"
        r"|topic|fit|opportunity|match|suggestion|offer|proposal|pitch|addition|article|resource|piece)\b"
        r"|\b(?:love|loved|like|liked) (?:the |your |this |it|these |that )(?:idea|topic|pitch|piece"
        r"|article|concept|angle|content|proposal|resource|suggestion|outline|one|sound)?"
        r"|\bworks for (?:me|us)\b|\bright up (?:my|our) (?:alley|street)\b",
    ),
    _rule(
        "would love to",
        r"\b(?:i|we|i'd|we'd|would|would absolutely|certainly|definitely|'d)(?: \w+)? (?:love|like"
        r"|be (?:happy|glad|delighted|thrilled|keen|pleased|open|willing|up)|happy|enjoy) (?:to "
        r"|for you to )?(?:\w+ )?(?:hear|see|read|learn|chat|talk|publish|have|know|collaborate|work|do"
        r"|feature|discuss|take a look|look|connect|get|receive|consider|explore|help|accept|host|include"
        r"|add|link|run|review|share|meet|set up|schedule|send|contribute|join|participate|try"
        r"|move forward|proceed|jump|hop|that|it|this|more)\b",
        r"\b(?:happy|glad|pleased|delighted|keen|open|willing|eager|excited|thrilled|ready) (?:to"
        r"|for) (?:\w+ )?(?:take|have|look|chat|talk|discuss|consider|publish|add|include|help|hear"
        r"|collaborat\w+|accept|do|share|link|run|review|read|work|connect|learn|see|explore|feature|go"
        r"|proceed|move|get|that|this|it|a |guest|new|your|suggest|host|partner|swap|exchange|meet|jump"
        r"|hop|start)\b",
        r"\b(?:open to|up for|on board with|all for|in favou?r of) (?:\w+ )?(?:this|that|it|the|your|guest"
        r"|discussing|hearing|a|ideas|new|collaborat|suggestions|contributions|chatting|talking|learning"
        r"|trying)\b|\b(?:would|i'd|we'd) love (?:that|it|this|to|some|more|the|your|a)\b|\blove to\b",
    ),
    _rule(
        "go ahead",
        rf"\b(?:please|pls|plz|do|can you|could you|would you|feel free to|go ahead and|happy for you to"
        rf"|you can|you may|you're welcome to|just|then|so|kindly|why don't you|yes,?|sure,?|ok,?|okay,?"
        rf"|great,?|thanks,?) (?:\w+ ){{0,2}}{_SEND} (?:it|them|me|us|over|along|through|the|your|a|an|some"
        rf"|more|in|that|this|details|further|additional|info\w*|examples?|samples?|pricing|any|one|two|on"
        rf"|whatever|something)\b",
        rf"(?:^|[.,!;:\n\-–]\s*){_SEND} (?:it|them|me|us|over|along|through|the|your|a|an|some|more|that"
        rf"|this|away|details|info)\b(?! (?:back|again to))",
        r"\b(?:go ahead|go for it|let's (?:do|go|talk|chat|set|schedule|discuss|connect|make|proceed|start"
        r"|hop|jump|get|give|try|find|arrange|have|move|book|explore|touch|meet|work|see|catch)"
        r"|count (?:me|us) in|(?:i'm|we're|i am|we are) in\b|sign (?:me|us) up|(?:it's|you've got|you have"
        r"|we have) a deal|deal!|\bdeal\W*$|approved|green light|thumbs up|make it happen|be my guest"
        r"|by all means|fire away|bring it on)\b",
        r"\b(?:can't|cannot|can not|couldn't|can hardly|cant) wait\b(?! (?:any|much|longer|forever|until"
        r"|for (?:the |your |this )?(?:invoice|payment|money)))"
        r"|\blook(?:ing)? forward to (?:\w+ )?(?:reading|seeing|receiving|hearing|working|it|your (?:draft"
        r"|article|piece|post|ideas|topics|proposal)|learning|chatting|talking|speaking|connecting|meeting"
        r"|discussing|that|this|collaborating)",
    ),
    _rule(
        "tell me more",
        r"\b(?:tell (?:me|us) more|(?:know|learn|hear|find out|see|get|like|need|want|read|send|some"
        r"|understand) (?:a (?:bit|little) )?more (?:about|details|info\w*|on|of|if|examples|from you"
        r"|regarding|before)|more (?:details|info(?:rmation)?|context|examples)(?: please|\?|,? (?:about"
        r"|on|would|and))|can you (?:elaborate|explain|tell|give|clarify|provide|share|show|walk)"
        r"|could you (?:elaborate|explain|tell|give|clarify|provide|share|show|walk)|what (?:did"
        r"|do) you have in mind|what (?:topics?|kind of|would (?:you|it|this)|is (?:the|your) (?:topic"
        r"|idea|proposal|angle|offer))|(?:do|did) you have (?:any|a|some) (?:topics?|examples?|samples?"
        r"|ideas?|drafts?|time|availability|more))\b",
        r"\b(?:when (?:can|could|would|are|is) (?:you|we|it|a)|are you (?:free|available|around)|(?:book"
        r"|schedule|set up|arrange|jump on|hop on|have|get on|do) (?:a |some )?(?:quick |short "
        r"|brief )?(?:call|chat|meeting|time|demo|zoom)|here(?:'s| is) (?:my|a|the|our) (?:calend\w+|link"
        r"|guidelines|number|rates?|price|media kit|cell|availability)|calendly|(?:my|our) (?:calendar"
        r"|guidelines))\b",
    ),
    _rule(
        "yes",
        r"^\W*(?:hi\b.{0,30}[,!.\n]\s*|hello\b.{0,30}[,!.\n]\s*|hey\b.{0,30}[,!.\n]\s*)?(?:yes|yep|yeah"
        r"|yup|sure|absolutely|definitely|of course|certainly|okay|ok|agreed|perfect|great|alright"
        r"|by all means)\b(?!,? (?:but no|not|no\b|i (?:got|saw|received|read)|we (?:got|saw"
        r"|received)))(?:[,.! \n]|$)",
        r"\byes,? (?:please|sure|absolutely|definitely|of course|we (?:do|would|are|can)|i (?:do|would|am"
        r"|can|will)|that|let|send|this|it|still|very|interested|happy|sounds)\b|\bno problem,? (?:send|go"
        r"|we|i|you can|happy)\b|\bwhy not\b(?! (?:just|to))|\bsure thing\b",
    ),
    _rule(
        "price",
        r"\b(?:how much|what(?:'s| is| are| would| do)(?: \w+){0,3} (?:price|pricing|cost|costs|rate|rates"
        r"|fee|fees|budget|charge|offer|compensation)|(?:our|my|the) (?:\w+ )?(?:fee|price|rate|rates"
        r"|charge|cost|pricing)(?: \w+){0,4} (?:is|are|starts?|would|:)|we charge|i charge|(?:do|can"
        r"|will) you pay|your budget|is (?:this|there|it) (?:a )?(?:paid|budget|compensation|payment)"
        r"|costs? (?:\$|€|£|usd|eur|\d)|price list|rate card|media kit)\b",
        r"(?:\$|€|£)\s?\d{2,}|\b\d{2,5} ?(?:usd|eur|gbp|dollars|euros?|pounds|\$|€|£)",
        weak=True,
    ),
    _rule(
        "we accept",
        r"\bwe (?:do |also |usually |currently |would |can |are )*(?:accept(?:ing)?|welcome|publish|offer"
        r"|take|sell) (?:\w+ ){0,3}(?:guest|sponsored|contribut\w+|submissions|paid|links?|posts?"
        r"|articles?|content|advertorials?|collaborat\w+)\b|\bfeel free to (?:send|submit|share|pitch"
        r"|suggest|propose|reach)|\b(?:happy|glad|pleased) to (?:add|include|link|publish|feature)"
        r"|\bi(?:'ve| have) (?:added|updated|included|published|linked)|\bwe(?:'ve| have) (?:added|updated"
        r"|included|published|linked)|\bconsider it done\b|\bit's live\b",
    ),
    _rule(
        "de: gerne",
        r"\b(?:klingt|h[öo]rt sich|sieht)(?: \w+){0,3} (?:gut|interessant|spannend|super|toll|prima"
        r"|vielversprechend|klasse)\b|\b(?:sehr |ja,? |machen wir |liebend |immer |wir w[üu]rden "
        r"|ich w[üu]rde )gerne?\b|^\W*(?:ja|klar|gerne?|na klar|okay|ok|super|perfekt"
        r"|einverstanden)\b(?:[,.! ]|$)|\b(?:bin|sind|w[äa]re"
        r"|w[äa]ren) (?:wir )?(?:\w+ ){0,2}interessiert\b|\binteressiert (?:mich|uns)(?! nicht| leider)"
        r"|\bhaben? (?:gro[ßs]es |durchaus |grunds[äa]tzlich )?interesse\b|\b(?:schicken"
        r"|senden) sie (?:mir|uns|doch|gerne?|den|einen|das|bitte|mal|weitere|n[äa]here)|\b(?:schick"
        r"|sende) (?:mir|uns|doch|gerne?|mal|es|den|das)\b|\bfreu(?:e|en) (?:mich|uns|wir)"
        r"|\bk[öo]nnen wir (?:gern|machen|dr[üu]ber)|\bgerne? (?:mehr|weitere|n[äa]heres|nehmen|schauen"
        r"|ver[öo]ffentlichen)|\bkl[äa]ren wir|\beinverstanden\b|\bguter? (?:idee|vorschlag|thema)\b",
    ),
    _rule(
        "fr: avec plaisir",
        r"\b(?:m'|nous |m’)int[ée]resse(?! pas)|\b(?:suis|sommes|serais|serions"
        r"|serait) (?:\w+ )?int[ée]ress[ée]\w*|\bavec (?:grand )?plaisir\b|\bvolontiers\b|\bd'accord\b"
        r"|^\W*(?:oui|ok|parfait|super|g[ée]nial)\b|\bpourquoi pas\b|\b(?:bonne|excellente) id[ée]e\b"
        r"|\bje veux bien\b|\bpartants?\b|\b(?:en savoir|dites-m'en|dites-nous-en) (?:un peu )?plus\b"
        r"|\b(?:envoyez|envoie|transmettez|faites|pouvez-vous|pourriez-vous)(?:[- ]\w+)? (?:envoyer"
        r"|parvenir|transmettre|moi|nous|votre|l'article|le texte|plus|me|nous)\b"
        r"|\bsemble (?:\w+ )?(?:int[ée]ressant|bien|parfait)|\bserai[st]? ravi|\br[ée]jouis\b"
        r"|\bvalid[ée]\b",
    ),
    _rule(
        "es: me interesa",
        r"\b(?:me|nos) interesa\b|\b(?:estoy|estamos|estar[ií]a\w*) (?:\w+ )?interesad\w+|\b(?:suena"
        r"|parece) (?:\w+ )?(?:bien|genial|interesante|perfecto|estupendo|buena)|\bcon (?:mucho )?gusto\b"
        r"|\bencantad\w+\b|\b(?:env[ií]e|env[ií]a|env[ií]en|mande|manda|p[áa]se|p[áa]sa)\w*(?:me|nos|lo|la"
        r"|melo|noslo)\b|\badelante\b|\bclaro(?: que s[ií])?\b|\b(?:me|nos) (?:gustar[ií]a|encantar[ií]a"
        r"|encanta|gusta)\b|\bde acuerdo\b|^\W*(?:s[ií]|vale|perfecto|genial|ok)\b[,.! ]|\bcu[ée]nt(?:a"
        r"|e)(?:me|nos) m[áa]s|\bm[áa]s (?:informaci[óo]n|detalles)\b",
    ),
    _rule(
        "it: volentieri",
        r"\b(?:mi|ci) (?:interessa|interesserebbe|piacerebbe|piace)\b|\b(?:sono|siamo|sarei"
        r"|saremmo) (?:\w+ )?interessat\w+|\b(?:molto )?volentieri\b|\bcon piacere\b|\bd'accordo\b"
        r"|\b(?:manda|inviate|invia|mandate|invii|mandi|mand)(?:mi|ci|temi|teci|melo|celo)?\b (?:pure|l'"
        r"|il|la|qualche|maggiori|un|una|più|tutto)|\b(?:ottima|bella|buona) idea\b|\bva bene\b"
        r"|\bcertamente\b|\bcerto\b|^\W*(?:s[ìi]|ok|perfetto|ottimo)\b[,.! ]"
        r"|\bsembra (?:\w+ )?(?:interessante|ottimo|bello|perfetto)|\bmaggiori (?:informazioni|dettagli)\b",
    ),
    _rule(
        "nl: graag",
        r"\b(?:klinkt|lijkt (?:me|mij|ons))(?: \w+){0,2} (?:goed|interessant|leuk|prima|top|mooi|super)\b"
        r"|\b(?:ben|zijn|zou) (?:\w+ )?ge[ïi]nteresseerd\b|\b(?:heel |erg |zeker |ja,? )?graag\b"
        r"|\bstuur (?:maar|het|me|mij|ons|gerust|je|uw|een)\b|\blaten we\b|\bmet plezier\b|\bakkoord\b"
        r"|^\W*(?:ja|prima|ok[ée]?|leuk|top)\b[,.! ]|\bhebben interesse\b|\bmeer (?:informatie|details"
        r"|weten)\b",
    ),
    _rule(
        "pt: com prazer",
        r"\b(?:me|nos) interessa\b|\b(?:tenho|temos)(?: \w+)? interesse\b|\b(?:estou|estamos"
        r"|estaria) (?:\w+ )?interessad\w+|\b(?:parece|soa)(?: \w+)? (?:bom|bem|[óo]timo|interessante"
        r"|perfeito|[óo]tima)|\bcom (?:todo |muito )?(?:o )?(?:prazer|gosto)\b|\b(?:envie|envia|enviem"
        r"|mande|manda|pode enviar|podem enviar|pode mandar)\b|\badoraria|\bgostar(?:ia|[íi]amos"
        r"|ei) de (?:saber|receber|ver|conhecer|ler|conversar|publicar)|^\W*(?:sim|claro|ok|perfeito"
        r"|[óo]timo)\b[,.! ]|\bvamos (?:em frente|fazer|conversar)\b|\bmais (?:informa[çc][õo]es"
        r"|detalhes)\b",
    ),
    _rule(
        "other tongues: interested",
        r"\bl[åa]ter (?:bra|intressant|spennende|godt|interessant)\b|\blyder (?:godt|interessant"
        r"|spændende)\b|\b(?:jag|vi|jeg) (?:[äa]r|er) (?:\w+ )?intress?er\w+|\bg[äa]rna\b|\bmeget gerne\b"
        r"|\bkuulostaa (?:hyv[äa]lt[äa]|mielenkiintoiselta)|\bm[áa]m(?:e)? z[áa]jem\b|\b[ée]rdekel\b"
        r"|\b(?:sunt|suntem) interesa\w+|\bm[ăa] intereseaz[ăa]\b|\bilgileniyor\w+|\bilgimi [çc]ekti\b",
        r"ενδιαφ[εέ]ρομαι|(?:мне |нам |это )интересно|с удовольствием|присылайте|цікаво|(?<![不没没])感兴趣|感興趣"
        r"|興味があります|관심(?:이)? 있|أنا مهتم|(?<!غير )(?<!لست )مهتم|מעוניין|(?<!không )quan tâm|(?<!ไม่)สนใจ"
        r"|\bsaya tertarik",
    ),
    _rule(
        "pl: chętnie",
        r"\b(?:jestem|jeste[śs]my|by[łl]\w+by\w*) (?:\w+ )?zainteresowan\w+|\bbrzmi (?:\w+ )?(?:dobrze"
        r"|[śs]wietnie|ciekawie|interesuj[ąa]co|super)|\bch[ęe]tnie\b|\bprosz[ęe] (?:o )?(?:przes[łl]a\w+"
        r"|wys[łl]a\w+|podes[łl]a\w+|wi[ęe]cej|szczeg\w+|propozycj\w+|kontakt)|\bzgoda\b"
        r"|\binteresuje (?:mnie|nas)|^\W*(?:tak|jasne|ok|super|[śs]wietnie|oczywi[śs]cie)\b[,.! ]"
        r"|\bwi[ęe]cej (?:informacji|szczeg[óo][łl][óo]w)\b",
    ),
)  # fmt: skip
