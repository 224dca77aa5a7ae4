"""Requests never to be written to again."""

from __future__ import annotations

from inbox.phrases.rule import rule

_MAIL = (
    r"(?:e-?mails?|mails?|messages?|letters?|correspondence|communications?|newsletters?|spam"
    r"|solicitations?|requests?|offers?|pitches|outreach|crap|junk|garbage|stuff)"
)
_LIST = (
    r"(?:\w+ ){0,4}(?:lists?|database|mailings?|distribution|contacts?|system|records?|crm|files?"
    r"|campaigns?|outreach|sequence|newsletter|spam|e-?mails?|sending)"
)
# What somebody objects to who wants no letters.
_DATA = (
    r"(?=[^.!?]{0,80}(?:verarbeit|kontakt|werb|nutzung|daten|einwilligung|zusend|utilis|trait|envoi|donn[ée]e|contact"
    r"|sollicit|prospection|trat|dato|recib|publicid|tratt|dati|invi|dado|uso|verwerk|gegeven|gebruik|mail|przetwarz"
    r"|wysy|dan[ye]|behandl|anv[äa]nd|uppgift|utskick|mejl|oplysning|data|henvend|markeds))"
)

OPT_OUT = (
    rule(
        "unsubscribe",
        r"^\W*(?:please )?unsubscribe(?: please| now| asap| immediately)?\W*$",
        r"\b(?:please|pls|plz|kindly|just|immediately|must|want to|like to|wish to|need to|how (?:do"
        r"|can) (?:i|we)|now|let me) unsubscribe\b(?! (?:link|button|page|rate|option|header))",
        r"\bunsubscribe (?:me|us|my|our|this|from (?:this|your|the|all|these)|immediately|asap)\b",
        r"\b(?:be|get|been) unsubscribed\b",
        r"\bunsubscribe\s*[!.]*$",
        r"^\W*unsubscribe\b(?! (?:link|button|page|rate|option|header|here|at|by|in|using|via))",
    ),
    rule(
        "remove me",
        r"\b(?:remove|delete|erase|scrub|drop|strike|purge) (?:me|us|myself)\b(?! (?:a|the|your|an) )",
        r"\b(?:remove|delete|erase|scrub|drop|purge|take) (?:my|our|this|all my|all our"
        r"|the following) (?:name|e-?mail(?: address(?:es)?)?|address(?:es)?|contact(?: info\w*| details)?"
        r"|details|data|info\w*|domain|records?|personal (?:data|info\w*))\b",
        r"\btake (?:me|us) off\b|\btake (?:me|us) out of\b",
        r"\bget (?:me|us) off (?:of )?(?:your|this|the)\b",
        rf"\b(?:remove|removed|delete|take|taken) (?:from|off)(?: of)? (?:your|this|the|all"
        rf"|any)(?: of your)? {_LIST}",
        r"\b(?:i|we)(?:'d| would| want| am| are| have)?(?: \w+)? (?:want|like|wish|ask\w*|need|request) to be removed\b"
        r"|\bplease remove\W*$|^\W*remove(?: me"
        r"| please)?\W*$",
        r"\bi (?:want|would like) (?:you to )?(?:remove|delete) (?:me|my)\b",
    ),
    rule(
        "stop writing",
        r"(?:^|[.,;:!?\n\-–(]|\b(?:please|pls|plz|kindly|just|you|to|must|should|could|would|and|so|now"
        r"|then|immediately|or|guys|people)\b)\s*(?:please |pls |just |you )?stop\s+(?:e-?mailing|mailing"
        r"|contacting|messaging|spamming|bothering|pestering|harassing|soliciting|bugging|hounding"
        r"|annoying|stalking)\b(?! (?:from|at|with) )",
        rf"(?:^|[.,;:!?\n\-–(]|\b(?:please|pls|plz|kindly|just|you|to|must|should|could|would|and|so|now"
        rf"|then|immediately|or)\b)\s*(?:please |pls |just |you )?stop\s+(?:writing"
        rf"|sending)\s+(?:to )?(?:me|us|this|these|those|your|such|unsolicited|any|{_MAIL})\b",
        rf"\bstop (?:with )?(?:the|these|this|your|all(?: the| these| your)?) (?:\w+ )?{_MAIL}\b",
                r"\bcease (?:and desist|all|any|contact|e-?mailing|contacting|sending|further|communication)",
        r"\b(?:quit|refrain from|desist from) (?:e-?mailing|contacting|sending|spamming|messaging"
        r"|bothering|writing to) (?:me|us|this|these|any|such|further)?",
    ),
    rule(
        "stop",
        r"^\W*(?:stop|stop it|please stop|stop this|stop please|stop now|dur(?:dur)?|alto|basta|halt|arr[êe]tez?|stopp"
        r"|停止|стоп|توقف)\W*$",
        alone=True,
    ),
    rule(
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
    rule(
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
    rule(
        "leave me out",
        r"\b(?:leave|keep) (?:me|us|this address|our (?:\w+ )?(?:team|address|office)) (?:out of|off) (?:any|all|your"
        r"|the|this|these|future|further)\b(?! loop)",
        r"\b(?:exclude|omit) (?:me|us|my \w+|our \w+|this address) from\b",
        r"\b(?:add|put) (?:me|us|my (?:e-?mail|address)|our (?:domain|address)|this address) (?:to|on) (?:your|the|a) "
        r"(?:suppression|do[- ]not[- ](?:contact|e-?mail|mail)|opt[- ]?out|exclusion|black|block)",
    ),
    rule(
        "one more and",
        r"\b(?:one more|another|again|noch (?:ein\w*|einmal)|encore une?|ancora una?|mais um|nog (?:één|een|1)"
        r"|jeszcze jed\w+"
        r"|ett \w+ till|en \w+ til|volv\w+ a|wieder)\b[^.!?]{0,60}\b(?:report(?:ing)? you|lawyer|solicitor|anzeig\w*"
        r"|anwalt"
        r"|plainte|denunci\w*|queixa|aangifte|zg[łl]asz\w*|zg[łl]osz\w*|polisanm\w*|anmelde?r\w*)",
    ),
    rule(
        "enough of it",
        rf"\benough (?:with|of) (?:the|these|this|your) {_MAIL}|\bnot (?:one|another) (?:more )?{_MAIL}\b"
        rf"|\bnie wieder (?:so )?"
        rf"eine? (?:e-?mail|mail|nachricht)|\b(?:chega|basta|koniec) (?:de|con|z) (?:\w+ )?(?:e-?mails?|correos?"
        rf"|mailami"
        rf"|spam\w*|mensagens)|\bni un (?:correo|mail|mensaje) m[áa]s\b|\bniente pi[ùu] (?:e-?mail|mail|messaggi)"
        rf"|\bno(?:g|k) med (?:\w+ )?(?:mejl|mails?)\b|\bnooit meer (?:mailen|schrijven)"
        rf"|\bhou(?:d)? op met (?:\w+ )?(?:mail\w*"
        rf"|spam\w*|sturen)|\bl[âa]chez-moi\b|\bstop hiermee\b|\b(?:don't|do not) get in touch (?:again|any ?more)"
        rf"|\b(?:inget|inte n[åa]got|ikke|intet) mere? til(?:l)? (?:mig|oss|os|meg)\b|\bsend (?:mig|meg|os"
        rf"|oss) ikke mer\w*",
        r"^\W*lass(?:en sie|t|) das(?: bitte)?(?: sein| bleiben)?\W*$",
        alone=True,
    ),
    rule(
        "asks for erasure",
        r"\b(?:request|demand|fordere|verlange|demande|exige|solicito|exijo|chiedo|richiedo|verzoek|eis|[żz][ąa]dam"
        r"|beg[äa]r"
        r"|kr[æa]ver)\b(?![^.!?]{0,60}(?:link|absatz|paragra|artikel|article|art[íi]c|artig|artyk|text|tekst|satz"
        r"|bild|image"
        r"|foto))[^.!?]{0,50}\b(?:erasure|deletion|removal|l[öo]schen|l[öo]schung|suppression|supresi[óo]n|baja"
        r"|remo[çc][ãa]o"
        r"|cancellazione|verwijder\w*|usuni[ęe]ci\w*|radering|sletning)\b",
        r"\b(?:ejerzo|exerce|esercito|exer[çc]o|[üu]be) (?:hiermit )?(?:mi|mon|il mio|o meu|mein) (?:derecho|droit"
        r"|diritto|direito"
        r"|recht)|\b(?:meine|unsere) (?:\w+ )?(?:daten|adresse|e-?mail\w*) (?:\w+ )?(?:zu )?l[öo]schen\b"
        r"|\bmijn (?:\w+ )?(?:gegevens|adres) (?:te )?verwijderen\b|\b(?:radera|slet) (?:alla |alle )?min[ae]? "
        r"(?:uppgifter|oplysninger|data)\b|\bskasowa[ćc] moje\b",
    ),
    rule(
        "gave no permission",
        r"\b(?:no autorizo|non autorizzo|n[ãa]o autorizo|geef (?:u |je )?geen toestemming|nie zgadzam si[ęe] na"
        r"|(?:har )?(?:inte"
        r"|aldrig) (?:godk[äa]nt|gett (?:\w+ )?samtycke)|(?:har )?(?:ikke|aldrig) givet (?:tilladelse|samtykke))"
        r"(?=[^.!?]{0,70}(?:adres|correo|mail|dat[oi]s?\b|dados|dane|danych|gegevens|uppgifter|oplysninger))",
        r"\b(?:never (?:agreed|consented)|nie (?:zugestimmt|eingewilligt)|jamais donn[ée] mon (?:accord"
        r"|consentement))\b"
        r"[^.!?]{0,40}[,;.–-]\s*(?:bitte |please )?(?:delete|remove|l[öo]sch\w*|supprim\w*|retir\w*)",
    ),
    rule(
        "off the list, in other tongues",
        r"\bs[áa]c(?:ad|a|que|quen)(?:me|nos) de\b|\bsolicito la baja\b|\bno me volv\w+ a (?:contact|escrib|envi)\w+"
        r"|\buit (?:uw|jullie|je|het) (?:\w+ )?(?:bestand|lijst|database) (?:te )?halen\b|\b(?:meld"
        r"|schrijf) (?:ik )?(?:me|mij)"
        r" (?:hierbij )?(?:af|uit)\b|\bniet (?:meer|langer) (?:\w+ )?(?:gemaild|benaderd|aangeschreven|gecontacteerd)",
        r"\bvon weiteren (?:\w+ )?(?:anfragen|mails?|e-?mails?|zusendungen|kontaktaufnahmen|nachrichten) (?:abzusehen"
        r"|absehen)"
        r"|\bkeine kontaktaufnahme mehr\b|\bne plus (?:m'|nous |me )?(?:importun|d[ée]rang|embêt)\w*"
        r"|\b[êe]tre (?:retir|enlev"
        r"|supprim)[ée]\w* (?:de|du) (?:vos|votre|toutes|la|cette|vos)|\bdi non (?:disturb|contatt|scriv)\w+"
        r"|\b(?:ultimat|opt[- ]?out) (?:notice|request)\b|\bconsider this (?:my|an|our) (?:\w+ )?opt[- ]?out",
        r"\bborttagen fr[åa]n\b|\bfjernes fra (?:\w+ )?(?:list\w*|database\w*|kartotek\w*)|\bl[åa]t mig vara\b"
        r"|\blad mig v[æa]re\b"
        r"|^\W*(?:avregistrera|afmeld|avmeld|uitschrijven|wypisz|wypisa[ćc])\W*$|\brezygnuj[ęe] z (?:otrzymyw|subskryp"
        r"|newsletter)\w*",
    ),
    rule(
        "objects by law",
        r"\b(?:i|we) (?:hereby )?(?:object to|withdraw (?:my|our) consent|revoke (?:my|our) consent)"
        r"(?=.{0,60}(?:process|data|contact|mail|use|consent|marketing))",
        rf"(?:\bm'oppose [àa]|\bm'oppose au|\bme opongo a|\bmi oppongo a|\bmaak bezwaar tegen|\b(?:oponho-me"
        rf"|me oponho) a"
        rf"|\bsprzeciwia(?:m|my) si[ęe]|\bmots[äa]tter (?:mig|oss)|\bg[øo]r indsigelse|\bwidersprech\w*|\buntersag\w*"
        rf"|\bwiderrufe?)\b{_DATA}",
        r"\bretire mon consentement|\b(?:mets|mettons) en demeure|\brevoco (?:mi|el|il) (?:\w+ )?consen"
        r"|\b(?:vi|la) diffid\w+ (?:dal|da)|\btrek (?:ik )?mijn toestemming|\brevogo (?:o )?(?:meu )?consentimento"
        r"|\bnie wyra[żz]a(?:m|my) zgody na (?:\w+ )?(?:przetwarz|kontakt|otrzym|wysy|przesy)\w*|\bcofa(?:m|my) zgod"
        r"|\bzaprzesta\w+ (?:\w+ ){0,2}(?:korespond|wysy|kontakt|przesy)\w*|\b[åa]terkallar (?:\w+ )?samtycke"
        r"|\btr[æa]kker (?:\w+ )?samtykke",
    ),
    rule(
        "de: austragen",
        r"\b(?:aus|von|vom) (?:dem|der|ihrem|ihrer|eurem|eurer|deinem|deiner|diesem|dieser|allen"
        r"|ihren)\s?(?:\w+ )?(?:verteiler\w*|liste\w*|mailing\w*|newsletter|adress\w+|datenbank"
        r"|kartei)\b.{0,40}\b(?:nehmen|streichen|l[öo]schen|entfernen|austragen|abmelden)\b",
        r"\b(?:nehmen|streichen|l[öo]schen|entfernen|tragen|nimm|streich|l[öo]sch\w*|entfern\w*"
        r"|melden) sie (?:mich|uns|meine|unsere|diese)|\b(?:streich|nimm|l[öo]sch|entfern)\w* (?:mich|uns"
        r"|meine|unsere)\b.{0,40}\b(?:verteiler|liste|adresse|daten|datenbank)",
        r"\b(?:keine|nie wieder) (?:weiteren |solche[rn]? |mehr )(?:e-?mails?|mails?|nachrichten|werbung"
        r"|werbemails?|zuschriften|anfragen|kontaktaufnahme\w*|spam\w*)(?: dieser art)?(?: von (?:ihnen"
        r"|euch|dir))?(?: mehr)?\b(?: (?:zu)?(?:senden|schicken|zusenden|zuschicken|erhalten|bekommen"
        r"|w[üu]nschen))?",
        r"\bbitte keine (?:e-?mails?|mails?|nachrichten|werbung|werbemails?|zuschriften|spam\w*)\b",
        r"\b(?:schreiben|kontaktieren|mailen|bel[äa]stigen|schreib|kontaktier\w*|mail|bel[äa]stig\w*"
        r"|schicken|senden)(?: sie)? (?:mir|uns|mich) (?:bitte )?(?:nicht|nie|keine)(?: mehr| wieder"
        r"| weiteren)?\b",
        r"\b(?:m[öo]chte|wollen|will|w[üu]nsche\w*|m[öo]chten)\b.{0,40}\b(?:nicht mehr|keine weitere\w*"
        r"|nicht weiter)\b.{0,30}\b(?:kontaktiert|angeschrieben|mails?|nachrichten|bel[äa]stigt)",
        r"\b(?:bitte )?(?:abmelden|austragen)\b(?:[.!]|$)|\bunterlassen sie\b|\bl[öo]schen sie (?:meine"
        r"|unsere) (?:daten|e-?mail|adresse|kontaktdaten)|\bbitte (?:meine|unsere) (?:daten"
        r"|e-?mail-?adresse|adresse) l[öo]schen|\bh[öo]r(?:en sie|t|) auf,? (?:mir|uns)",
    ),
    rule(
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
    rule(
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
    rule(
        "it: cancellare",
        r"\b(?:disiscri|disiscriv|disinscri)\w+|\b(?:cancell|rimuov|elimin|togli)\w{0,6}(?:mi|ci|temi"
        r"|teci)\b|\b(?:cancell|rimuov|elimin|togli)\w{1,4} (?:il mio|la mia|i miei|il nostro|la nostra"
        r"|i nostri)\b.{0,30}\b(?:indirizzo|e-?mail|mail|contatt\w+|dati|nominativo)",
        r"\bnon (?:mi|ci|vi) ?(?:scriv|contatt|invi|mand|disturb)\w+(?: (?:pi[ùu]|mai))\b"
        r"|\bnon scriv\w+ pi[ùu]\b|\bnon (?:desider|vogli)\w+(?: pi[ùu])? (?:ricever|esser)\w+",
        r"\bsmett\w+ di (?:scriver|inviar|contattar|mandar)\w+|\bbasta (?:e-?mail|mail|messaggi)\b",
    ),
    rule(
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
    rule(
        "pt: remover",
        r"\b(?:descadastr|desinscr)\w+|\bcancel\w+ (?:a )?(?:minha )?(?:inscri[çc][ãa]o|subscri[çc][ãa]o"
        r"|assinatura)|\b(?:remov|retir|tir|exclu|apagu?)\w{1,4}(?:-me|-nos)\b|\b(?:me|nos) (?:remov|retir"
        r"|tir|exclu)\w+\b|\b(?:remov|retir|exclu|apagu?)\w{1,3} (?:o meu|meu|os meus|meus|a minha|o nosso"
        r"|nosso)\b.{0,30}\b(?:e-?mail|endere[çc]o|contat?o|dados|nome)",
        r"\bn[ãa]o (?:me|nos) (?:escrev|contact|contat|envi|mand)\w+(?: mais)?\b|\b(?:parem?"
        r"|deixem?) de (?:me |nos )?(?:enviar|escrever|contact?ar|mandar)\b|\bn[ãa]o (?:quero|desejo"
        r"|queremos|desejamos|pretendo)(?: mais)? receber\b",
    ),
    rule(
        "pl: wypisać",
        r"\bwypis(?:a[ćc]|z|zcie|anie|ujcie)\b|\b(?:usu[ńn](?:cie|ąć)?|usuni[ęe]cie|wykre[śs]l\w*"
        r"|skre[śs]l\w*)\b.{0,40}\b(?:adres\w*|mnie|nas|dan\w+|baz\w+|list\w*|mail\w*)|\bnie (?:pisz"
        r"|piszcie|wysy[łl]aj\w*|kontaktuj\w*|przysy[łl]aj\w*)\b",
        r"\bprosz[ęe] (?:o )?(?:nie (?:wysy[łl]|pisa|kontaktowa|przysy[łl])\w*|zaprzesta\w+|usuni[ęe]cie"
        r"|wykre[śs]lenie|wypisanie|niewysy[łl]anie)|\bnie (?:chc[ęe]|[żz]ycz[ęe] sobie"
        r"|chcemy) (?:otrzymywa|dostawa|wi[ęe]cej)\w*",
    ),
    rule(
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
    rule(
        "spelt as it comes",
        r"\bun-?su[bs]{1,3}[a-z]{0,3}c?r?[ia]?b?e?\b (?:me|us|please|pls|plz|now)|\b(?:please|pls|plz"
        r"|kindly) un-?sub\w*\b|^\W*un-?sub\w{0,9}\W*$|\bunsu[bs]\w{0,2}[cs]\w*b\w*(?= me| us|\W*$)",
        r"\b(?:can|could|would|will) you (?:\w+ )?(?:please |just |kindly )?stop(?: this| it| that| now)?\W*$"
        r"|\b(?:don't|do not|dont) (?:want|need) (?:any )?(?:more|further|any) (?:of (?:these|this|them|your|those)"
        r"|from you)\b"
        r"|\b(?:remove|take|get|delete) (?:me|us) (?:off|from|out of) (?:whatever|whichever|your|any|all|this|the)\b"
        r"|\b(?:delete|remove|erase) (?:all|any) (?:of )?(?:my|our)\b"
        r"|\bquit (?:e-?mailing|mailing|writing|spamming|messaging|bothering|it)\b|\b(?:not"
        r"|never) to (?:be )?(?:contact\w*|e-?mail\w*|wri\w+) (?:me |us )?(?:again|any ?more|further)"
        r"|\bno longer (?:contact|e-?mail|write)",
        r"\bstop (?:texting|calling|reaching out|following up|chasing|this (?:spam|nonsense)|your (?:spam|mails?"
        r"|e-?mails?))\b|\bnever (?:bother|e-?mail|write|contact|message|mail|text) (?:\w+ ){0,3}(?:again|any ?more)\b"
        r"|\bi (?:did not|didn't|never) (?:sign up|subscribe|opt(?:ed)? in"
        r"|consent)\b[^.!?]{0,60}[.!?,;]\s*(?:please )?(?:remove|delete|stop|take|unsubscribe)|\bstop harassing\b",
    ),
    rule(
        "in peace",
        r"\b(?:lass(?:en|t)?(?: sie)? (?:mich|uns)(?: \w+)? in (?:ruhe|frieden)|laissez[- ](?:moi|nous) (?:tranquilles?"
        r"|en paix)|(?:fichez|foutez)[- ](?:moi|nous) la paix|d[ée]jen?(?:me|nos) (?:en paz|tranquil\w+)"
        r"|lasci(?:ate|a)(?:mi|ci) in pace|deix(?:em|e)-?(?:me|nos)? em paz|laat (?:me|mij|ons) (?:\w+ )?met rust"
        r"|daj(?:cie)? mi (?:\w+ )?spok[óo]j|l[äa]mna (?:mig|oss) (?:\w+ )?ifred|lad (?:mig|os) v[æa]re(?: i fred)?"
        r"|la (?:meg|oss) v[æa]re i fred"
        r"|nechte? (?:m[ěe]|n[áa]s) (?:b[ýy]t|na pokoji)|оставьте (?:меня|нас) в покое|отстаньте|放っておいて|別再煩"
        r"|别再烦)\b",
    ),
    rule(
        "de: keine Mails mehr",
        r"\b(?:keine?|nie) (?:\w+ ){0,2}(?:e-?mails?|mails?|nachrichten|werbung|anfragen|angebote|post"
        r"|newsletter) mehr\b|\bkeine weitere[nr]? (?:e-?mails?|mails?|nachrichten|anfragen|angebote"
        r"|kontaktaufnahmen?)\b"
        r"|\b(?:schreiben|kontaktieren|mailen|anschreiben|bel[äa]stigen|senden|schicken)\b[^.!?]{0,30}\b(?:nicht mehr"
        r"|nie wieder|nie mehr|keine)\b(?![^.!?]{0,20}(?:vor|bis|heute))|\b(?:nicht mehr"
        r"|nie wieder) (?:an)?(?:schreiben|kontaktieren|mailen|bel[äa]stigen)\b"
        r"|\b(?:l[öo]schen|entfernen|streichen|austragen|nehmen|tragen) sie (?:\w+ )?(?:mich|uns|mein\w*|unser\w*)\b"
        r"|\b(?:aus|von) (?:\w+ ){0,3}(?:verteiler|liste|datenbank|adressliste)\w*\b[^.!?]{0,30}\b(?:l[öo]schen"
        r"|entfernen|streichen|austragen|nehmen)|\bstellen sie (?:\w+ ){0,3}(?:ein|mails)\b|\b(?:verschonen"
        r"|aufh[öo]ren)\b(?: sie)? (?:mich|uns|mir)?|\bwiderspr(?:eche|uch)\b[^.!?]{0,60}(?:werb|nutzung|daten"
        r"|kontakt)",
    ),
    rule(
        "fr: plus de mails",
        r"\bne (?:me|nous|m'|plus me|plus nous)?\s?(?:re)?(?:contact|[ée]criv|sollicit|envoy|d[ée]march|relanc"
        r"|d[ée]rang)\w* (?:plus|jamais)\b|\bne plus (?:me |nous |m')?(?:re)?(?:contacter|[ée]crire|solliciter|envoyer"
        r"|relancer|d[ée]marcher|recevoir)\b"
        r"|\bstop (?:aux|[àa] (?:vos|ces|la)|les|vos|ces) (?:mails?|e-?mails?|spams?|messages?|pubs?"
        r"|sollicitations?)\b|^\W*(?:d[ée]sabonnement|d[ée]sinscription|stop pub)\W*$|\b(?:de|merci de|veuillez"
        r"|pri[èe]re de) (?:me|nous) (?:retirer|supprimer|enlever|effacer|d[ée]sinscrire)\b"
        r"|\b(?:supprimer|effacer|retirer|enlever) (?:mon|mes|notre|nos) (?:adresse|donn[ée]es|mail|e-?mail"
        r"|coordonn[ée]es|contact)|\b(?:cessez|arr[êe]tez) (?:imm[ée]diatement )?(?:de|d'|avec|ces|vos|cela|[çc]a)\b",
    ),
    rule(
        "es: no más correos",
        r"^\W*(?:baja|darse de baja|dar de baja)\W*$|\b(?:dad|den|dé|de|dar)(?:me|nos) de baja\b|\bno (?:me"
        r"|nos) (?:escrib|contact|env[ií]|mand|molest|llam)\w+(?: \w+)? m[áa]s\b|\bno (?:quiero|queremos|deseo"
        r"|deseamos) (?:recibir )?(?:m[áa]s|ning[úu]n|sus|vuestros)\b"
        r"|\b(?:elim[ií]n|b[óo]rr|qu[ií]t|s[áa]qu|supr[ií]m)\w* (?:mi|mis|nuestr\w+|este) (?:\w+ )?(?:correo|e-?mail"
        r"|mail|direcci[óo]n|datos|contacto)\b|\b(?:dej|par|ces)(?:en|a|ad|e) de (?:enviar|escribir|contactar|mandar"
        r"|molestar|llamar)\w*|\bbasta de (?:correos|mails|spam)",
    ),
    rule(
        "it: basta",
        r"\b(?:cancell|rimuov|elimin|togli|disiscriv|toglie)(?:ete|ate|i|a|ere|are|te)?(?:mi|ci)\b|\bnon (?:mi "
        r"|ci )?(?:scriv|contatt|invi|mand|disturb)\w*(?:mi|ci)? (?:pi[ùu]|mai pi[ùu])\b|\bnon (?:vogli\w+"
        r"|desider\w+) (?:pi[ùu] )?(?:ricever\w*|altre|altri|essere contatt\w+)\b|\bsmett\w+ (?:di|con)\b"
        r"|^\W*(?:cancellazione|disiscrizione|cancellami)\W*$"
        r"|\b(?:cancell|rimuov|elimin|togli)\w* (?:il|la|i) (?:mi[oae]i?|nostr[oaie]) (?:\w+ )?(?:indirizzo|e-?mail"
        r"|mail|dati|contatt\w+|nominativo)",
    ),
    rule(
        "pt: não quero mais",
        r"\b(?:parem|pare|deixem|chega) (?:de|com) (?:me |nos )?(?:mand|envi|escrev|contact|contat|spam|isso|esses)\w*"
        r"|\bn[ãa]o (?:me |nos )?(?:envi|escrev|mand|contact|contat)\w+(?:-me|-nos)? (?:mais|nunca)\b|\b(?:retir|remov"
        r"|tir|apag|exclu|elimin)\w* (?:o |a |os )?(?:meu|minha|meus|nosso|nossa) (?:\w+ )?(?:e-?mail|endere[çc]o"
        r"|contat?o|dados|nome|conta)|\bcancelar (?:a )?(?:subscri[çc][ãa]o|inscri[çc][ãa]o|assinatura)\b",
    ),
    rule(
        "nl: niet meer mailen",
        r"\bgeen (?:\w+ )?(?:e-?mails?|mails?|mailtjes|berichten|nieuwsbrieven|post) meer\b|\b(?:mail|e-?mail|schrijf"
        r"|contacteer|benader|stuur|bel) (?:mij|me|ons) (?:\w+ )?(?:niet|nooit|geen)\b[^.!?]{0,20}\b(?:meer|langer"
        r"|weer)|\b(?:haal|verwijder|schrap|schrijf) (?:mij|me|ons|mijn|onze)\b[^.!?]{0,40}\b(?:lijst\w*|bestand\w*"
        r"|database|mailing\w*|adres\w*|gegevens|uit|e-?mail\w*)\b",
    ),
    rule(
        "no contact any more",
        r"\bneem (?:\w+ ){0,3}geen contact\b|\bo nie(?:kontaktowanie|wysy[łl]anie|pisanie|przesy[łl]anie)\b"
        r"|\bbasta (?:con )?(?:le |questo |questi |lo )?(?:spam|e-?mail|mail|messaggi)\b"
        r"|\bn[ãa]o volt(?:em|e) a (?:me |nos )?(?:contact|contat|escrev|envi|mand)\w*|^\W*abmelden,? bitte\W*$",
    ),
    rule(
        "pl: proszę nie pisać",
        r"\bprosz[ęe] (?:\w+ ){0,2}(?:(?:wi[ęe]cej|ju[żz]) )?(?:\w+ ){0,3}nie (?:pisa[ćc]|wysy[łl]a[ćc]|kontaktowa[ćc]"
        r"|przysy[łl]a[ćc])|\bnie (?:[żz]ycz[ęe]|[żz]yczymy) sobie\b|\b(?:przesta[ćc]"
        r"|przesta[ńn]cie) (?:\w+ ){0,3}(?:pisa[ćc]|wysy[łl]a[ćc]|spamowa[ćc])|\b(?:usun[ąa][ćc]|usu[ńn](?:cie)?"
        r"|skasowa[ćc]|wykre[śs]li[ćc]|wypisa[ćc]) (?:mnie|nas|m[óo]j|moje|nasz\w*)\b|\bmnie (?:wypisa[ćc]|usun[ąa][ćc]"
        r"|wykre[śs]li[ćc])",
    ),
    rule(
        "sv da no: sluta skriva",
        r"\b(?:inga|inte|ikke|ingen) (?:\w+ ){0,2}(?:fler|flere|mer|mere) (?:mejl|mail|mails|e-?post\w*|e-?poster"
        r"|beskeder|meddelanden|meldinger|utskick|henvendelser)\b|\b(?:skicka|send|sende) (?:mig |meg |oss "
        r"|os )?(?:inga|ikke|inte|ingen) (?:\w+ ){0,2}(?:fler|flere|mer|mere)\b|\bikke send (?:meg|oss|mig|os)\b"
        r"|\b(?:skriv|kontakta|kontakt|mejla|maila|mail) (?:\w+ ){0,2}(?:inte|ikke|aldrig"
        r"|aldri)\b(?: \w+){0,3} ?(?:igen|mer|mere|mig|meg|oss|os|til)|\b(?:kontakta|skriv|mejla|maila|kontakt"
        r"|mail) (?:till |til )?(?:mig|meg|oss|os) (?:inte|ikke|aldrig|aldri)\b|\b(?:sluta|slut|stop|stopp|hold op"
        r"|slutt) (?:\w+ ){0,3}(?:skicka|mejla|maila|skriva|sende|skrive|spam\w*|kontakt\w*)\b"
        r"|\b(?:ta|tag) (?:mig|oss|meg|os|min \w+) (?:bort|av|ud|ut|fr[åa]n|af)\b|\bikke (?:\w+ )?kontaktes\b"
        r"|\binte (?:\w+ )?"
        r"(?:kontaktas|bli (?:\w+ )?kontaktad)|\b(?:slette|fjerne|afmelde|stryke|ta bort|radera) (?:mig|os|oss|meg"
        r"|min|mine)\b"
        r"|\b(?:(?:ta|tag) (?:bort|av|v[æa]k)|stryk|radera|fjern|slet|slett|meld) (?:\w+ )?(?:mig|oss|meg|os|min"
        r"|v[åa]r|mitt"
        r"|mine)\b(?! (?:l[äa]nk|link|artikel|artikkel))|\bmeld (?:meg|mig) (?:av|fra)\b",
    ),
    rule(
        "fi: lopettakaa",
        r"\b(?:poista(?:kaa)?|peru(?:kaa|uttakaa)?) (?:\w+ )?(?:minut|meid[äa]t|osoitteeni|s[äa]hk[öo]postini"
        r"|tilauks\w+|tietoni)\b|\b[äa]lk[äa][äa]?(?: \w+)? (?:en[äa][äa] )?(?:l[äa]het\w+|ottako|kirjoit\w+|ota)\b"
        r"|\blopet(?:a|takaa)\b",
    ),
    rule(
        "cs sk: už nepište",
        r"\b(?:u[žz] )?(?:nepi[šs]te|nezas[íi]lejte|nepos[íi]lejte|nekontaktujte|neobt[ěe][žz]ujte|nep[íi][šs]te)\b"
        r"|\b(?:odhla[sš]te?|odhl[áa]sit|vy[řr]a[ďd]te|vyma[žz]te|odstra[ňn]te|smažte) (?:\w+ )?(?:m[ěe]|m[aňn]a|n[áa]s"
        r"|mou|moji|m[ůu]j|na[šs][ie]?|z)\b|\bp[řr]esta[ňn]te\b",
    ),
    rule(
        "ru uk ja: хватит",
        r"(?:уберите|удалите|исключите|вычеркните|отпишите) (?:меня|нас|мой|наш|мою|мои)|хватит (?:писать|слать"
        r"|спамить)|не (?:пишите|присылайте|шлите|беспокойте) (?:\w+ )?(?:больше|мне|нам)?|больше не (?:пишите"
        r"|присылайте|беспокойте)|прекратите|(?:メール|連絡|送信|案内)(?:を|は|も)?(?:送ら|し|なさら)ないで|(?:送付"
        r"|連絡|配信)(?:は|を)?(?:不要|停止|やめ|止め)|(?:今後|二度と).{0,12}(?:不要|送ら|しない|やめ|控え)",
    ),
    rule(
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
    rule(
        "ru uk: отпишите",
        r"\b(?:отпишите|отписаться|отпишись|удалите (?:меня|нас|мой|наш|из)|исключите (?:меня|нас)"
        r"|не (?:пишите|присылайте|шлите|беспокойте|отправляйте)|прекратите (?:писать|присылать|рассылку"
        r"|спам)|больше не (?:пишите|присылайте|надо))",
        r"\b(?:відпишіть|відписатися|видаліть (?:мене|нас|мою)|не (?:пишіть|надсилайте|турбуйте)|припиніть)",
    ),
    rule(
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
