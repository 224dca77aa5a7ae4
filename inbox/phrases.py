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


_MAIL = r"(?:e-?mails?|mails?|messages?|letters?|correspondence|communications?|newsletters?|spam|solicitations?|requests?|offers?|pitches|outreach|crap|junk|garbage|stuff)"
_LIST = r"(?:\w+ ){0,4}(?:lists?|database|mailings?|distribution|contacts?|system|records?|crm|files?|campaigns?|outreach|sequence|newsletter|spam|e-?mails?|sending)"

OPT_OUT = (
    _rule(
        "unsubscribe",
        r"^\W*(?:please )?unsubscribe(?: please| now| asap| immediately)?\W*$",
        r"\b(?:please|pls|plz|kindly|just|immediately|must|want to|like to|wish to|need to|how (?:do|can) (?:i|we)|now|let me) unsubscribe\b(?! (?:link|button|page|rate|option|header))",
        r"\bunsubscribe (?:me|us|my|our|this|from (?:this|your|the|all|these)|immediately|asap)\b",
        r"\b(?:be|get|been) unsubscribed\b",
        r"\bunsubscribe\s*[!.]*$",
        r"^\W*unsubscribe\b(?! (?:link|button|page|rate|option|header|here|at|by|in|using|via))",
    ),
    _rule(
        "remove me",
        r"\b(?:remove|delete|erase|scrub|drop|strike|purge) (?:me|us|myself)\b(?! (?:a|the|your|an) )",
        r"\b(?:remove|delete|erase|scrub|drop|purge|take) (?:my|our|this|all my|all our|the following) (?:name|e-?mail(?: address(?:es)?)?|address(?:es)?|contact(?: info\w*| details)?|details|data|info\w*|domain|records?|personal (?:data|info\w*))\b",
        r"\btake (?:me|us) off\b|\btake (?:me|us) out of\b",
        r"\bget (?:me|us) off (?:of )?(?:your|this|the)\b",
        rf"\b(?:remove|removed|delete|take|taken) (?:from|off)(?: of)? (?:your|this|the|all|any)(?: of your)? {_LIST}",
        r"\b(?:want|like|wish|ask\w*|need|request) to be removed\b|\bplease remove\W*$|^\W*remove(?: me| please)?\W*$",
        r"\bi (?:want|would like) (?:you to )?(?:remove|delete) (?:me|my)\b",
    ),
    _rule(
        "stop writing",
        r"(?:^|[.,;:!?\n\-–(]|\b(?:please|pls|plz|kindly|just|you|to|must|should|could|would|and|so|now|then|immediately|or|guys|people)\b)\s*(?:please |pls |just |you )?stop\s+(?:e-?mailing|mailing|contacting|messaging|spamming|bothering|pestering|harassing|soliciting|bugging|hounding|annoying|stalking)\b(?! (?:from|at|with) )",
        rf"(?:^|[.,;:!?\n\-–(]|\b(?:please|pls|plz|kindly|just|you|to|must|should|could|would|and|so|now|then|immediately|or)\b)\s*(?:please |pls |just |you )?stop\s+(?:writing|sending)\s+(?:to )?(?:me|us|this|these|those|your|such|unsolicited|any|{_MAIL})\b",
        rf"\bstop (?:with )?(?:the|these|this|your|all(?: the| these| your)?) (?:\w+ )?{_MAIL}\b",
        r"^\W*(?:stop|stop it|please stop|stop this|stop please|stop now)\W*$",
        r"\bcease (?:and desist|all|any|contact|e-?mailing|contacting|sending|further|communication)",
        r"\b(?:quit|refrain from|desist from) (?:e-?mailing|contacting|sending|spamming|messaging|bothering|writing to) (?:me|us|this|these|any|such|further)?",
    ),
    _rule(
        "do not write",
        r"\b(?:do not|don't|dont|do n't|never|stop trying to|not to)(?: ever)? (?:e-?mail|contact|message|write(?: to)?|mail|bother|approach|reach out to|solicit|spam|pester) (?:me|us|this address|this e-?mail|here)(?! (?:before|until|till|by|via|through|on|at this|at that|at my|unless|for a|with the|about (?:the|that|this) (?:article|draft|invoice|payment)|during|over|in (?:august|july|the (?:next|coming))))\b",
        r"\b(?:do not|don't|dont|never)(?: ever)? (?:e-?mail|contact|write|message|reach out|send|mail|bother)(?: (?:to )?(?:me|us|them|anything|any))? (?:again|any ?more|any further|ever)\b",
        rf"\b(?:do not|don't|dont|never)(?: ever)? send (?:me|us) (?:any |these |this |such |your |more |anything|further |unsolicited )*(?:{_MAIL}|again|anything)\b(?! (?:before|until|via))",
        rf"\bno (?:more|further) {_MAIL}(?! (?:is|are|needed|required|from my|than))\b|\bno (?:more|further) contact\b",
        rf"\b(?:do not|don't|dont|no longer|not|never)(?: \w+)? (?:wish|want|care|like|need|asked?)(?: to)? (?:receive|be contacted|hear from you|get|be e-?mailed|be approached|be on|be part)\b",
        rf"\b(?:do not|don't|dont) (?:want|need) (?:any|your|these|this|more|such|further) (?:more |further |kind of |type of )?{_MAIL}\b",
        r"\b(?:lose|forget|delete|destroy) (?:my|our|this) (?:e-?mail|address|number|contact)|\bleave (?:me|us) alone\b|\bgo away\b",
        r"\bnever (?:contact|e-?mail|write|message|bother) (?:me|us)\b",
    ),
    _rule(
        "opt out",
        r"\b(?:please |kindly )?opt (?:me|us|my \w+) out\b|\b(?:i|we)(?:'d| would| want| wish| need)?(?: like)?(?: to)? opt[- ]?out\b|\b(?:i am|i'm|we are|we're) opting out\b|^\W*opt[- ]?out\W*$|\bplease opt[- ]?out\b",
        r"\bmark(?:ed|ing)? (?:you|this|your \w+|it|these|them)(?: e-?mails?)? as spam\b|\breport(?:ed|ing)? (?:you|this|it|your \w+)(?: \w+){0,3} (?:as|for|to) (?:spam|spamhaus|abuse|your provider|the authorities|google|your isp)\b|\bi (?:have |will |'ll |am going to )?block(?:ed)? (?:you|your|this)\b",
        r"\b(?:under|per|pursuant to|according to|in accordance with) (?:the )?(?:gdpr|dsgvo|rgpd|ccpa|can-?spam)\b.{0,120}\b(?:delet|eras|remov|l[öo]sch|supprim|elimin)",
    ),
    _rule(
        "de: austragen",
        r"\b(?:aus|von|vom) (?:dem|der|ihrem|ihrer|eurem|eurer|deinem|deiner|diesem|dieser|allen|ihren)\s?(?:\w+ )?(?:verteiler\w*|liste\w*|mailing\w*|newsletter|adress\w+|datenbank|kartei)\b.{0,40}\b(?:nehmen|streichen|l[öo]schen|entfernen|austragen|abmelden)\b",
        r"\b(?:nehmen|streichen|l[öo]schen|entfernen|tragen|nimm|streich|l[öo]sch\w*|entfern\w*|melden) sie (?:mich|uns|meine|unsere|diese)|\b(?:streich|nimm|l[öo]sch|entfern)\w* (?:mich|uns|meine|unsere)\b.{0,40}\b(?:verteiler|liste|adresse|daten|datenbank)",
        r"\b(?:keine|nie wieder) (?:weiteren |solche[rn]? |mehr )?(?:e-?mails?|mails?|nachrichten|werbung|werbemails?|zuschriften|anfragen|kontaktaufnahme\w*|spam\w*)(?: dieser art)?(?: von (?:ihnen|euch|dir))?(?: mehr)?\b(?: (?:zu)?(?:senden|schicken|zusenden|zuschicken|erhalten|bekommen|w[üu]nschen))?",
        r"\b(?:schreiben|kontaktieren|mailen|bel[äa]stigen|schreib|kontaktier\w*|mail|bel[äa]stig\w*|schicken|senden)(?: sie)? (?:mir|uns|mich) (?:bitte )?(?:nicht|nie|keine)(?: mehr| wieder| weiteren)?\b",
        r"\b(?:m[öo]chte|wollen|will|w[üu]nsche\w*|m[öo]chten)\b.{0,40}\b(?:nicht mehr|keine weitere\w*|nicht weiter)\b.{0,30}\b(?:kontaktiert|angeschrieben|mails?|nachrichten|bel[äa]stigt)",
        r"\b(?:bitte )?(?:abmelden|austragen)\b(?:[.!]|$)|\bunterlassen sie\b|\bl[öo]schen sie (?:meine|unsere) (?:daten|e-?mail|adresse|kontaktdaten)|\bbitte (?:meine|unsere) (?:daten|e-?mail-?adresse|adresse) l[öo]schen|\bh[öo]r(?:en sie|t|) auf,? (?:mir|uns)",
    ),
    _rule(
        "fr: désinscrire",
        r"\b(?:d[ée]sabonn|d[ée]sinscri)\w+",
        r"\b(?:retir|supprim|enlev|ôt|effac)\w*[- ](?:moi|nous|mon|mes|notre|nos)\b.{0,50}\b(?:listes?|adresses?|mails?|e-?mails?|donn[ée]es|coordonn[ée]es|base|fichiers?|contacts?)?",
        r"\bne (?:plus|pas) (?:me |nous |m'|)(?:contacter|[ée]crire|solliciter|envoyer|recevoir|d[ée]marcher)\b",
        r"\bne (?:me|nous|m') ?(?:contactez|[ée]crivez|sollicitez|envoyez|d[ée]marchez|contacte|[ée]cris|envoie)\w* (?:plus|pas)\b",
        r"\b(?:arr[êe]tez|cessez|stoppez|arr[êe]te) (?:de |d'|vos |ces |tout )",
        r"\bne (?:souhait|v[eo]u[lx]?)\w* plus (?:recevoir|[êe]tre)\b|\bplus (?:de|aucun) (?:mails?|e-?mails?|messages?|courriels?|sollicitations?)\b",
    ),
    _rule(
        "es: dar de baja",
        r"\b(?:dar|d[ée]n?|denos|denme|dé)(?:me|nos|se)? de baja\b|\bdesuscr\w+",
        r"\b(?:elim[ií]n|b[óo]rr|qu[ií]t|ret[ií]r|s[áa]qu)\w{1,6}(?:me|nos)\b|\b(?:elimin|borr|quit|retir)(?:ar|e|en|a) (?:mi|mis|nuestr\w+|este|mi direcci[óo]n) (?:correo|e-?mail|direcci[óo]n|datos|contacto)",
        r"\bno (?:me|nos|vuelva\w* a|quiero que) ?(?:me |nos )?(?:escrib|contact|env[ií]|mand|molest)\w+(?: (?:m[áa]s|nunca|de nuevo))?\b",
        r"\b(?:dejen?|deja|paren?|para) de (?:enviar|escribir|contactar|mandar|molestar)\w*",
        r"\bno (?:deseo|quiero|queremos|deseamos)(?: m[áa]s)?(?: seguir)? (?:recib|correos|mensajes)\w*|\bno m[áa]s (?:correos|e-?mails|mensajes)\b",
    ),
    _rule(
        "it: cancellare",
        r"\b(?:disiscri|disiscriv|disinscri)\w+|\b(?:cancell|rimuov|elimin|togli)\w{0,6}(?:mi|ci|temi|teci)\b|\b(?:cancell|rimuov|elimin|togli)\w{1,4} (?:il mio|la mia|i miei|il nostro|la nostra|i nostri)\b.{0,30}\b(?:indirizzo|e-?mail|mail|contatt\w+|dati|nominativo)",
        r"\bnon (?:mi|ci|vi) ?(?:scriv|contatt|invi|mand|disturb)\w+(?: (?:pi[ùu]|mai))\b|\bnon scriv\w+ pi[ùu]\b|\bnon (?:desider|vogli)\w+(?: pi[ùu])? (?:ricever|esser)\w+",
        r"\bsmett\w+ di (?:scriver|inviar|contattar|mandar)\w+|\bbasta (?:e-?mail|mail|messaggi)\b",
    ),
    _rule(
        "nl: uitschrijven",
        r"\b(?:uitschrijven|afmelden)\b|\bschrijf (?:mij|me|ons) uit\b|\b(?:verwijder|haal|schrap) (?:mij|me|ons|mijn|onze|dit)\b.{0,50}\b(?:lijst\w*|bestand\w*|database|adres\w*|e-?mail\w*|mailinglijst|gegevens)?",
        r"\b(?:mail|e-?mail|schrijf|contacteer|benader|stuur|bel)(?: (?:mij|me|ons))? (?:a\.?u\.?b\.? )?(?:niet|nooit) (?:meer|langer)\b|\bniet meer (?:te )?(?:mailen|benaderen|contacteren|schrijven)\b|\bgeen (?:verdere )?(?:e-?mails?|mails?|mailtjes|berichten)(?: meer)\b|\bstop met (?:mailen|sturen|e-?mailen|spammen)|\bgeen prijs op (?:verdere )?(?:mails?|e-?mails?|berichten)",
    ),
    _rule(
        "pt: remover",
        r"\b(?:descadastr|desinscr)\w+|\bcancel\w+ (?:a )?(?:minha )?(?:inscri[çc][ãa]o|subscri[çc][ãa]o|assinatura)|\b(?:remov|retir|tir|exclu|apagu?)\w{1,4}(?:-me|-nos)\b|\b(?:me|nos) (?:remov|retir|tir|exclu)\w+\b|\b(?:remov|retir|exclu|apagu?)\w{1,3} (?:o meu|meu|os meus|meus|a minha|o nosso|nosso)\b.{0,30}\b(?:e-?mail|endere[çc]o|contat?o|dados|nome)",
        r"\bn[ãa]o (?:me|nos) (?:escrev|contact|contat|envi|mand)\w+(?: mais)?\b|\b(?:parem?|deixem?) de (?:me |nos )?(?:enviar|escrever|contact?ar|mandar)\b|\bn[ãa]o (?:quero|desejo|queremos|desejamos|pretendo)(?: mais)? receber\b",
    ),
    _rule(
        "pl: wypisać",
        r"\bwypis(?:a[ćc]|z|zcie|anie|ujcie)\b|\b(?:usu[ńn](?:cie|ąć)?|usuni[ęe]cie|wykre[śs]l\w*|skre[śs]l\w*)\b.{0,40}\b(?:adres\w*|mnie|nas|dan\w+|baz\w+|list\w*|mail\w*)|\bnie (?:pisz|piszcie|wysy[łl]aj\w*|kontaktuj\w*|przysy[łl]aj\w*)\b",
        r"\bprosz[ęe] (?:o )?(?:nie (?:wysy[łl]|pisa|kontaktowa|przysy[łl])\w*|zaprzesta\w+|usuni[ęe]cie|wykre[śs]lenie|wypisanie|niewysy[łl]anie)|\bnie (?:chc[ęe]|[żz]ycz[ęe] sobie|chcemy) (?:otrzymywa|dostawa|wi[ęe]cej)\w*",
    ),
)  # fmt: skip

_POSTS = r"(?:guest|external|outside|sponsored|unsolicited|third[- ]party|contribut\w+|submissions?|links?\b|back-?links?|link|paid|any|such|these|this|outreach|articles?|posts?|content|advert\w*|collaborat\w+|pitches|partnerships?|requests)"

REFUSAL = (
    _rule(
        "not interested",
        r"\b(?:not|never|n't|isnt|arent|hardly) (?:(?:really|currently|at all|that|particularly|overly|actually|personally|remotely|very|too|even|in any way|presently|so|going to be|be) ){0,2}interested\b(?! parties)",
        r"^\W*not interested\b|\b(?:no|zero|absolutely no|any) interest(?:\b|ed\b)(?! (?:rate|free|charge|income|bearing))(?! conflict)",
        r"\b(?:uninterested|disinterested)\b|\b(?:not|isn't|n't|no) (?:\w+ )?(?:of|of any) interest\b|\bdoes(?:n't| not) interest (?:me|us)\b",
        r"\bnot something (?:that )?(?:i|we|i'm|we're|we are|i am)\b",
    ),
    _rule(
        "no thanks",
        r"(?:^|[.,;:!?\n\-–]|\b(?:but|so|it's|is|a|polite|hard|firm|say|i'll|we'll)\b)\s*no(?:pe|,| -)? ?,? ?(?:thanks|thank you|thx|ty\b|thankyou|tks)\b",
        r"\bthank(?:s| you)(?: (?:you|so much|very much|for \w+(?: \w+){0,4}))?,?\s*(?:but|however|-|–|though)\s*(?:no\b(?! (?:problem|worries|need to))|it's (?:a )?no\b|that'?s a no|not for|we(?:'re| are) (?:good|fine|all set|set|ok|happy)|i(?:'m| am) (?:good|fine|all set|set|ok)|i'll pass|we'll pass|we(?:'ll| will)? (?:pass|decline))",
        r"^\W*(?:no|nope|nah|no way|hard no|hard pass|pass|no go|not for (?:us|me))\W*$|\b(?:it's|that's|this is|is) (?:a |going to be a )?(?:hard |firm |definite )?(?:no\b(?! (?:problem|brainer|worries|doubt|go\b))|pass\b)(?: from (?:us|me|our))?",
    ),
    _rule(
        "we pass",
        r"\b(?:i|we)(?:'ll| will|'d| would| have| need| must| are| am|'m|'re)?(?: (?:to|going|gonna|rather|like|afraid|i|we|have|need|unfortunately|respectfully|kindly|politely|just|probably|gonna have)){0,4} (?:pass(?: on (?:this|it|that|your|the))?(?=\W*(?:$|[.,!;\n]|on\b|for|this|at|but|thank))|decline\b)",
        r"\b(?:respectfully|kindly|politely|have to|must|regretfully|going to|choose to|decided to) (?:decline|pass\b(?! (?:it|this|your|the|that|on to|along)))|\bdecline (?:your|the|this) (?:offer|invitation|proposal|request|kind|opportunity)",
        r"\b(?:i'd|we'd|would|i would|we would) rather not\b|\bwe (?:have )?decided (?:not to|against)\b|\b(?:won't|will not) be (?:moving forward|proceeding|taking|pursuing|participating|adding|linking|able to (?:accept|publish|help|accommodate|participate|add))\b",
    ),
    _rule(
        "not for us",
        r"\b(?:not|isn't|wasn't|n't|never) (?:\w+ ){0,3}(?:a |the )?(?:good |right |great |best |strong |proper )?(?:fit|match)\b(?!\?)|\b(?:not|isn't) (?:really |quite |something |one )?for (?:us|me)\b|\bdoes(?:n't| not) (?:\w+ )?(?:fit|suit|align|work for (?:us|me)|meet our|match)\b",
        r"\bnot (?:currently |actively |really |presently )?(?:looking (?:for|to|at)|in the market|seeking|considering|open to|taking on|accepting|doing)\b|\b(?:i|we) (?:do not|don't|dont|have no) (?:\w+ )?need(?: of| for)?\b(?! to (?:see|know|worry))|\bno need for\b|\bwe(?:'re| are) (?:all set|good|fine),? (?:thanks|thank you|as (?:is|we))",
    ),
    _rule(
        "we do not publish",
        rf"\b(?:we|i|our (?:site|blog|company|magazine|editors?|policy|publication|team|guidelines)|the (?:site|blog|magazine))(?: \w+){{0,2}} (?:do not|don't|dont|no longer|never|cannot|can't|can not|are not|aren't|am not|won't|will not|does not|doesn't|is not|isn't|currently not|not) (?:\w+ ){{0,3}}(?:accept|accepting|take|taking|publish|publishing|offer|offering|add|adding|do|doing|allow|host|run|running|sell|exchange|participate|consider|considering|entertain|engage|link|post|permit|work with|feature|provide) (?:\w+ ){{0,3}}{_POSTS}",
        r"\b(?:no|stopped (?:accepting|taking|publishing)|closed (?:to|for)|not open (?:to|for)) (?:longer )?(?:\w+ )?(?:guest|outside|external|sponsored) (?:posts?|contribut\w+|submissions|articles?|content|blogs?)\b",
        r"\b(?:we|i)(?: \w+)? (?:can't|cannot|won't|will not|can not|are unable to|am unable to|aren't able to) (?:\w+ )?(?:add (?:the|your|this|any|a) link|link to|help you|assist|accommodate|include (?:your|the)|publish (?:your|this|it)|accept (?:your|this))",
    ),
    _rule(
        "not now",
        r"\bnot (?:right now|at (?:this|the) (?:time|moment|point|stage)|now|today|this (?:year|month|quarter|time)|currently)\b|\bno,? not\b|\bunfortunately,? (?:no|not)\b|\bi'm afraid not\b|^\W*(?:sorry,? )?no\b[,.! ]*(?:sorry\b)?",
        weak=True,
    ),
    _rule(
        "de: kein Interesse",
        r"\b(?:kein(?:e|erlei|en)?|null) (?:\w+ )?(?:interesse|bedarf)\b|\bnicht (?:\w+ )?interessiert\b|\bnein,? (?:vielen |besten )?danke?\b|\bkommt (?:f[üu]r (?:uns|mich) )?(?:leider )?nicht in ?(?:frage|betracht)\b|\binteressiert (?:uns|mich) (?:leider )?nicht\b|\bkein interesse\b|\bdanke,? (?:aber )?nein\b",
        r"\b(?:ver[öo]ffentlichen|nehmen|akzeptieren|setzen|vergeben|verkaufen|bieten|publizieren|tauschen|machen)(?: \w+){0,4} keine (?:\w+ )?(?:gast\w*|externe\w*|gesponserte\w*|links?|backlinks?|werb\w*|fremd\w*|linktausch|linkplatz\w*)|\bm[üu]ssen (?:wir )?(?:\w+ )?(?:ablehnen|absagen)\b|\blehnen (?:wir )?(?:\w+ ){0,3}ab\b|\bpasst (?:leider )?(?:nicht|\w+ nicht) zu (?:uns|mir|unser\w*)\b|\bkein bedarf\b",
    ),
    _rule(
        "fr: pas intéressé",
        r"\b(?:pas|plus|aucunement|nullement) (?:\w+ )?int[ée]ress[ée]\w*\b|\bnon,? merci\b|\bmerci,? (?:mais )?non\b|\bsans fa[çc]on\b|\bne (?:nous |m'|m)?(?: ?int[ée]resse) pas\b|\bn'est pas int[ée]ress|\b(?:aucun|pas d') ?int[ée]r[êe]t\b|\bpas preneur|\b(?:d[ée]cliner|d[ée]clinons|d[ée]cline|refuser|refusons)\b|\bne (?:souhait\w+|d[ée]sir\w+) pas (?:donner suite|collaborer|participer|publier)|\bne donn\w+ pas suite\b",
        r"\b(?:n'acceptons|ne publions|ne prenons|n'acceptez|ne faisons|ne vendons|ne proposons)\b.{0,12}\b(?:pas|plus|aucun)\b|\bne correspond pas\b",
    ),
    _rule(
        "es: no me interesa",
        r"\bno (?:estoy|estamos|est[áa]|estoy muy|nos sentimos) (?:\w+ )?interesad\w+|\bno (?:me|nos|le) interesa\b|\bno,? (?:muchas )?gracias\b|\bgracias,? pero no\b|\bsin inter[ée]s\b|\bno (?:tenemos|tengo|hay) (?:ning[úu]n )?inter[ée]s\b|\b(?:declin|rechaz)(?:o|amos|ar)\b|\bno (?:aceptamos|publicamos|vendemos|admitimos|ofrecemos|hacemos|intercambiamos)\b",
    ),
    _rule(
        "it: non interessa",
        r"\bnon (?:sono|siamo|è|saremmo) (?:\w+ )?interessat\w+|\bnon (?:mi|ci) interessa\b|\bno,? grazie\b|\bgrazie,? (?:ma )?no\b|\bnessun interesse\b|\bnon (?:abbiamo|ho|c'è) (?:alcun )?interesse\b|\b(?:declin|rifiut)(?:o|iamo|are)\b|\bnon (?:accettiamo|pubblichiamo|vendiamo|ospitiamo|offriamo|facciamo)\b",
    ),
    _rule(
        "nl: geen interesse",
        r"\bniet (?:\w+ )?ge[ïi]nteresseerd\b|\bgeen (?:\w+ )?(?:interesse|belangstelling|behoefte)\b|\bnee,? (?:dank\w*|bedankt)\b|\b(?:bedankt|dank je|dank u),? (?:maar )?nee\b|\b(?:slaan|sla)\b.{0,20}\bover\b|\b(?:plaatsen|accepteren|publiceren|doen|nemen)\b(?: \w+){0,3} geen\b|\bniets voor ons\b|\bpast niet bij\b",
    ),
    _rule(
        "pt: sem interesse",
        r"\bn[ãa]o (?:estou|estamos|est[áa]) (?:\w+ )?interessad\w+|\bn[ãa]o (?:tenho|temos|h[áa]) (?:\w+ )?interesse\b|\bsem interesse\b|\bn[ãa]o,? (?:muito )?obrigad\w+|\bobrigad\w+,? mas n[ãa]o\b|\bn[ãa]o (?:me|nos) interessa\b|\bn[ãa]o (?:aceitamos|publicamos|vendemos|fazemos|oferecemos)\b|\b(?:recus|declin)(?:o|amos|ar)\b",
    ),
    _rule(
        "pl: brak zainteresowania",
        r"\bnie (?:jestem|jeste[śs]my|b[ęe]d\w+) (?:\w+ )?zainteresowan\w+|\bnie,? dzi[ęe]kuj\w+|\bbrak zainteresowania\b|\bdzi[ęe]kuj\w+,? (?:ale )?nie\b|\bnie (?:przyjmujemy|publikujemy|skorzystam\w*|zamieszczamy|sprzedajemy|akceptujemy)\b|\bnie interesuje\b|\bniezainteresowan\w+",
    ),
)  # fmt: skip

# Not yet a no: somebody who says "later" may be asked again.
LATER = re.compile(
    r"\b(?:try|check|reach out|get back|circle back|come back|contact (?:me|us)|e-?mail (?:me|us)|ask|write|ping|follow up)(?: \w+){0,4} (?:again|in (?:a few|the|\w+ (?:weeks?|months?)|january|february|march|april|may|june|july|august|september|october|november|december|spring|summer|autumn|fall|q[1-4])|next|later)\b"
    r"|\bmaybe (?:later|next|in|another|some)|\b(?:perhaps|possibly|maybe)(?: \w+){0,4} (?:later|next|future)|\bin the (?:future|new year)\b|\bnext (?:quarter|year|month|spring|summer|time)\b|\bdown the (?:road|line)\b|\bkeep (?:you|your|this)(?: \w+){0,3} (?:in mind|on file)\b|\blater (?:this|in) |\bun autre moment|\bplus tard\b|\bsp[äa]ter\b|\bm[áa]s adelante\b|\bpi[ùu] avanti\b|\bmisschien later\b|\bfuturamente\b|\bw przysz[łl]o[śs]ci\b",
    _I,
)

_SEND = r"(?:send|share|shoot|forward|pass|e-?mail|submit|drop|fire|ping|mail|attach|provide)"

INTEREST = (
    _rule(
        "interested",
        r"\b(?:i'm|i am|we're|we are|am|i'd be|we'd be|would be|might be|may be|could be|i was|definitely|very|quite|certainly|potentially|totally|really|super|extremely|absolutely|always|sounds|me|we|count me|highly|also|still|indeed|more than) (?:\w+ ){0,2}(?:interested|intrigued|keen|excited|on board|up for|game\b)",
        r"^\W*(?:yes,? |yeah,? |hi,? |hello,? |definitely |very |absolutely )*(?:interested|intrigued|keen)\b|\b(?:interests|intrigues) (?:me|us)\b|\byou(?:'ve| have) (?:got )?(?:my|our) (?:attention|interest)|\bcaught my (?:eye|attention)|\bpiqued my\b",
    ),
    _rule(
        "sounds good",
        r"\b(?:sounds?|looks?|seems?|that's|that is|this is|it's|would be|be) (?:\w+ ){0,3}(?:good|great|interesting|perfect|awesome|fantastic|amazing|wonderful|excellent|brilliant|lovely|fine|like (?:a )?(?:plan|great|good|fun|interesting|win|something)|promising|cool|fun|exciting|nice|intriguing|right up|fab|ideal|super)(?= ?(?:idea|to me|topic|fit|for (?:us|me|our)|plan|opportunity|match|addition|[.,!;:)\n-]|and|but|with|i|we|let|please|can|could|if|how|what|when|$|\W*$))",
        r"\b(?:great|good|nice|excellent|lovely|fantastic|interesting|brilliant|perfect|cool) (?:idea|topic|fit|opportunity|match|suggestion|offer|proposal|pitch|addition|article|resource|piece)\b|\b(?:love|loved|like|liked) (?:the |your |this |it|these |that )(?:idea|topic|pitch|piece|article|concept|angle|content|proposal|resource|suggestion|outline|one|sound)?|\bworks for (?:me|us)\b|\bright up (?:my|our) (?:alley|street)\b",
    ),
    _rule(
        "would love to",
        r"\b(?:i|we|i'd|we'd|would|would absolutely|certainly|definitely|'d)(?: \w+)? (?:love|like|be (?:happy|glad|delighted|thrilled|keen|pleased|open|willing|up)|happy|enjoy) (?:to |for you to )?(?:\w+ )?(?:hear|see|read|learn|chat|talk|publish|have|know|collaborate|work|do|feature|discuss|take a look|look|connect|get|receive|consider|explore|help|accept|host|include|add|link|run|review|share|meet|set up|schedule|send|contribute|join|participate|try|move forward|proceed|jump|hop|that|it|this|more)\b",
        r"\b(?:happy|glad|pleased|delighted|keen|open|willing|eager|excited|thrilled|ready) (?:to|for) (?:\w+ )?(?:take|have|look|chat|talk|discuss|consider|publish|add|include|help|hear|collaborat\w+|accept|do|share|link|run|review|read|work|connect|learn|see|explore|feature|go|proceed|move|get|that|this|it|a |guest|new|your|suggest|host|partner|swap|exchange|meet|jump|hop|start)\b",
        r"\b(?:open to|up for|on board with|all for|in favou?r of) (?:\w+ )?(?:this|that|it|the|your|guest|discussing|hearing|a|ideas|new|collaborat|suggestions|contributions|chatting|talking|learning|trying)\b|\b(?:would|i'd|we'd) love (?:that|it|this|to|some|more|the|your|a)\b|\blove to\b",
    ),
    _rule(
        "go ahead",
        rf"\b(?:please|pls|plz|do|can you|could you|would you|feel free to|go ahead and|happy for you to|you can|you may|you're welcome to|just|then|so|kindly|why don't you|yes,?|sure,?|ok,?|okay,?|great,?|thanks,?) (?:\w+ ){{0,2}}{_SEND} (?:it|them|me|us|over|along|through|the|your|a|an|some|more|in|that|this|details|further|additional|info\w*|examples?|samples?|pricing|any|one|two|on|whatever|something)\b",
        rf"(?:^|[.,!;:\n\-–]\s*){_SEND} (?:it|them|me|us|over|along|through|the|your|a|an|some|more|that|this|away|details|info)\b(?! (?:back|again to))",
        r"\b(?:go ahead|go for it|let's (?:do|go|talk|chat|set|schedule|discuss|connect|make|proceed|start|hop|jump|get|give|try|find|arrange|have|move|book|explore|touch|meet|work|see|catch)|count (?:me|us) in|(?:i'm|we're|i am|we are) in\b|sign (?:me|us) up|(?:it's|you've got|you have|we have) a deal|deal!|\bdeal\W*$|approved|green light|thumbs up|make it happen|be my guest|by all means|fire away|bring it on)\b",
        r"\b(?:can't|cannot|can not|couldn't|can hardly|cant) wait\b|\blook(?:ing)? forward to (?:\w+ )?(?:reading|seeing|receiving|hearing|working|it|your (?:draft|article|piece|post|ideas|topics|proposal)|learning|chatting|talking|speaking|connecting|meeting|discussing|that|this|collaborating)",
    ),
    _rule(
        "tell me more",
        r"\b(?:tell (?:me|us) more|(?:know|learn|hear|find out|see|get|like|need|want|read|send|some|understand) (?:a (?:bit|little) )?more (?:about|details|info\w*|on|of|if|examples|from you|regarding|before)|more (?:details|info(?:rmation)?|context|examples)(?: please|\?|,? (?:about|on|would|and))|can you (?:elaborate|explain|tell|give|clarify|provide|share|show|walk)|could you (?:elaborate|explain|tell|give|clarify|provide|share|show|walk)|what (?:did|do) you have in mind|what (?:topics?|kind of|would (?:you|it|this)|is (?:the|your) (?:topic|idea|proposal|angle|offer))|(?:do|did) you have (?:any|a|some) (?:topics?|examples?|samples?|ideas?|drafts?|time|availability|more))\b",
        r"\b(?:when (?:can|could|would|are|is) (?:you|we|it|a)|are you (?:free|available|around)|(?:book|schedule|set up|arrange|jump on|hop on|have|get on|do) (?:a |some )?(?:quick |short |brief )?(?:call|chat|meeting|time|demo|zoom)|here(?:'s| is) (?:my|a|the|our) (?:calend\w+|link|guidelines|number|rates?|price|media kit|cell|availability)|calendly|(?:my|our) (?:calendar|guidelines))\b",
    ),
    _rule(
        "yes",
        r"^\W*(?:hi\b.{0,30}[,!.\n]\s*|hello\b.{0,30}[,!.\n]\s*|hey\b.{0,30}[,!.\n]\s*)?(?:yes|yep|yeah|yup|sure|absolutely|definitely|of course|certainly|okay|ok|agreed|perfect|great|alright|by all means)\b(?!,? (?:but no|not|no\b|i (?:got|saw|received|read)|we (?:got|saw|received)))(?:[,.! \n]|$)",
        r"\byes,? (?:please|sure|absolutely|definitely|of course|we (?:do|would|are|can)|i (?:do|would|am|can|will)|that|let|send|this|it|still|very|interested|happy|sounds)\b|\bno problem,? (?:send|go|we|i|you can|happy)\b|\bwhy not\b(?! (?:just|to))|\bsure thing\b",
    ),
    _rule(
        "price",
        r"\b(?:how much|what(?:'s| is| are| would| do)(?: \w+){0,3} (?:price|pricing|cost|costs|rate|rates|fee|fees|budget|charge|offer|compensation)|(?:our|my|the) (?:\w+ )?(?:fee|price|rate|rates|charge|cost|pricing)(?: \w+){0,4} (?:is|are|starts?|would|:)|we charge|i charge|(?:do|can|will) you pay|your budget|is (?:this|there|it) (?:a )?(?:paid|budget|compensation|payment)|costs? (?:\$|€|£|usd|eur|\d)|price list|rate card|media kit)\b",
        r"(?:\$|€|£)\s?\d{2,}|\b\d{2,5} ?(?:usd|eur|gbp|dollars|euros?|pounds|\$|€|£)",
        weak=True,
    ),
    _rule(
        "we accept",
        r"\bwe (?:do |also |usually |currently |would |can |are )*(?:accept(?:ing)?|welcome|publish|offer|take|sell) (?:\w+ ){0,3}(?:guest|sponsored|contribut\w+|submissions|paid|links?|posts?|articles?|content|advertorials?|collaborat\w+)\b|\bfeel free to (?:send|submit|share|pitch|suggest|propose|reach)|\b(?:happy|glad|pleased) to (?:add|include|link|publish|feature)|\bi(?:'ve| have) (?:added|updated|included|published|linked)|\bwe(?:'ve| have) (?:added|updated|included|published|linked)|\bconsider it done\b|\bit's live\b",
    ),
    _rule(
        "de: gerne",
        r"\b(?:klingt|h[öo]rt sich|sieht)(?: \w+){0,3} (?:gut|interessant|spannend|super|toll|prima|vielversprechend|klasse)\b|\b(?:sehr |ja,? |machen wir |liebend |immer |wir w[üu]rden |ich w[üu]rde )gerne?\b|^\W*(?:ja|klar|gerne?|na klar|okay|ok|super|perfekt|einverstanden)\b(?:[,.! ]|$)|\b(?:bin|sind|w[äa]re|w[äa]ren) (?:wir )?(?:\w+ ){0,2}interessiert\b|\binteressiert (?:mich|uns)(?! nicht| leider)|\bhaben? (?:gro[ßs]es |durchaus |grunds[äa]tzlich )?interesse\b|\b(?:schicken|senden) sie (?:mir|uns|doch|gerne?|den|einen|das|bitte|mal|weitere|n[äa]here)|\b(?:schick|sende) (?:mir|uns|doch|gerne?|mal|es|den|das)\b|\bfreu(?:e|en) (?:mich|uns|wir)|\bk[öo]nnen wir (?:gern|machen|dr[üu]ber)|\bgerne? (?:mehr|weitere|n[äa]heres|nehmen|schauen|ver[öo]ffentlichen)|\bkl[äa]ren wir|\beinverstanden\b|\bguter? (?:idee|vorschlag|thema)\b",
    ),
    _rule(
        "fr: avec plaisir",
        r"\b(?:m'|nous |m’)int[ée]resse(?! pas)|\b(?:suis|sommes|serais|serions|serait) (?:\w+ )?int[ée]ress[ée]\w*|\bavec (?:grand )?plaisir\b|\bvolontiers\b|\bd'accord\b|^\W*(?:oui|ok|parfait|super|g[ée]nial)\b|\bpourquoi pas\b|\b(?:bonne|excellente) id[ée]e\b|\bje veux bien\b|\bpartants?\b|\b(?:en savoir|dites-m'en|dites-nous-en) (?:un peu )?plus\b|\b(?:envoyez|envoie|transmettez|faites|pouvez-vous|pourriez-vous|merci de)(?:[- ]\w+)? (?:envoyer|parvenir|transmettre|moi|nous|votre|l'article|le texte|plus|me|nous)\b|\bsemble (?:\w+ )?(?:int[ée]ressant|bien|parfait)|\bserai[st]? ravi|\br[ée]jouis\b|\bvalid[ée]\b",
    ),
    _rule(
        "es: me interesa",
        r"\b(?:me|nos) interesa\b|\b(?:estoy|estamos|estar[ií]a\w*) (?:\w+ )?interesad\w+|\b(?:suena|parece) (?:\w+ )?(?:bien|genial|interesante|perfecto|estupendo|buena)|\bcon (?:mucho )?gusto\b|\bencantad\w+\b|\b(?:env[ií]e|env[ií]a|env[ií]en|mande|manda|p[áa]se|p[áa]sa)\w*(?:me|nos|lo|la|melo|noslo)\b|\badelante\b|\bclaro(?: que s[ií])?\b|\b(?:me|nos) (?:gustar[ií]a|encantar[ií]a|encanta|gusta)\b|\bde acuerdo\b|^\W*(?:s[ií]|vale|perfecto|genial|ok)\b[,.! ]|\bcu[ée]nt(?:a|e)(?:me|nos) m[áa]s|\bm[áa]s (?:informaci[óo]n|detalles)\b",
    ),
    _rule(
        "it: volentieri",
        r"\b(?:mi|ci) (?:interessa|interesserebbe|piacerebbe|piace)\b|\b(?:sono|siamo|sarei|saremmo) (?:\w+ )?interessat\w+|\b(?:molto )?volentieri\b|\bcon piacere\b|\bd'accordo\b|\b(?:manda|inviate|invia|mandate|invii|mandi|mand)(?:mi|ci|temi|teci|melo|celo)?\b (?:pure|l'|il|la|qualche|maggiori|un|una|più|tutto)|\b(?:ottima|bella|buona) idea\b|\bva bene\b|\bcertamente\b|\bcerto\b|^\W*(?:s[ìi]|ok|perfetto|ottimo)\b[,.! ]|\bsembra (?:\w+ )?(?:interessante|ottimo|bello|perfetto)|\bmaggiori (?:informazioni|dettagli)\b",
    ),
    _rule(
        "nl: graag",
        r"\b(?:klinkt|lijkt (?:me|mij|ons))(?: \w+){0,2} (?:goed|interessant|leuk|prima|top|mooi|super)\b|\b(?:ben|zijn|zou) (?:\w+ )?ge[ïi]nteresseerd\b|\b(?:heel |erg |zeker |ja,? )?graag\b|\bstuur (?:maar|het|me|mij|ons|gerust|je|uw|een)\b|\blaten we\b|\bmet plezier\b|\bakkoord\b|^\W*(?:ja|prima|ok[ée]?|leuk|top)\b[,.! ]|\bhebben interesse\b|\bmeer (?:informatie|details|weten)\b",
    ),
    _rule(
        "pt: com prazer",
        r"\b(?:me|nos) interessa\b|\b(?:tenho|temos)(?: \w+)? interesse\b|\b(?:estou|estamos|estaria) (?:\w+ )?interessad\w+|\b(?:parece|soa)(?: \w+)? (?:bom|bem|[óo]timo|interessante|perfeito|[óo]tima)|\bcom (?:todo |muito )?(?:o )?(?:prazer|gosto)\b|\b(?:envie|envia|enviem|mande|manda|pode enviar|podem enviar|pode mandar)\b|\badoraria|\bgostar(?:ia|[íi]amos|ei) de (?:saber|receber|ver|conhecer|ler|conversar|publicar)|^\W*(?:sim|claro|ok|perfeito|[óo]timo)\b[,.! ]|\bvamos (?:em frente|fazer|conversar)\b|\bmais (?:informa[çc][õo]es|detalhes)\b",
    ),
    _rule(
        "pl: chętnie",
        r"\b(?:jestem|jeste[śs]my|by[łl]\w+by\w*) (?:\w+ )?zainteresowan\w+|\bbrzmi (?:\w+ )?(?:dobrze|[śs]wietnie|ciekawie|interesuj[ąa]co|super)|\bch[ęe]tnie\b|\bprosz[ęe] (?:o )?(?:przes[łl]a\w+|wys[łl]a\w+|podes[łl]a\w+|wi[ęe]cej|szczeg\w+|propozycj\w+|kontakt)|\bzgoda\b|\binteresuje (?:mnie|nas)|^\W*(?:tak|jasne|ok|super|[śs]wietnie|oczywi[śs]cie)\b[,.! ]|\bwi[ęe]cej (?:informacji|szczeg[óo][łl][óo]w)\b",
    ),
)  # fmt: skip

WRONG_PERSON = re.compile(
    r"\b(?:not|isn't|n't) the (?:right|best|correct|appropriate) (?:person|contact|department|team|one|address)\b|\b(?:wrong|incorrect) (?:person|department|address|contact|e-?mail)\b|\bno longer (?:with|work\w*|employed|at|part|involved|responsible|handle)\b|\b(?:has|have) left (?:the )?(?:company|organi[sz]ation|us)\b|\bplease (?:contact|e-?mail|reach out to|write to|get in touch with|speak (?:to|with)) (?:\w+ ){0,4}(?:instead|directly|who|at|@)|\b(?:forward(?:ed|ing)?|pass(?:ed|ing)?) (?:this|it|your \w+)(?: \w+)? (?:on|along|to)\b|\b(?:nicht (?:der|die) richtige\w*|bin nicht zust[äa]ndig|pas la bonne personne|no soy la persona|non sono la persona|niet de juiste persoon|n[ãa]o sou a pessoa|nie jestem w[łl]a[śs]ciw)",
    _I,
)
