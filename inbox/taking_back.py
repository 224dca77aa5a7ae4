"""Surroundings that take a phrase back: "not", "if", "why should we", "before Monday", "for free".

Each of the three functions is asked about words that a phrase found: what stands before and after them in their
sentence, and the sentence. It answers whether they mean something else there.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_IF = re.compile(
    r"\b(?:if|unless|in case|whether|should you|wenn|falls|sofern|si|als|indien|se|caso|je[śs]li"
    r"|je[żz]eli)\b(?!.*[,;] ?(?:please|then|bitte|alors|entonces|dan|ent[ãa]o|to)\b)",
    re.IGNORECASE | re.DOTALL,
)
_POLITE_IF = re.compile(r"\bif (?:possible|you (?:could|would|can|don't mind|please)|it's possible)\b", re.IGNORECASE)
_NEGATED = re.compile(
    r"(?:\b(?:not|never|no longer|hardly|neither|nor|without|nicht|kein\w*|ne|n'|pas|no|non|niet|geen"
    r"|n[ãa]o|nie|nunca|mai|nem|sin|sans|ohne)|n't)(?:\s+(?!but\b)\w+){0,2}\s*$",
    re.IGNORECASE,
)
_ASKS_US = re.compile(
    r"^\W*(?:are|is|do|does|did|would|will|why|were|weren't|aren't|wouldn't|don't|have|so)\b.{0,40}\b(?:you|your)\b",
    re.IGNORECASE,
)
_PAST = re.compile(r"\b(?:was|were|had been|used to be|wasn't|weren't)(?:\s\w+){0,2}\s*$", re.IGNORECASE)
_TELLS_HOW = re.compile(
    r"\b(?:click(?:ing)?|link|button|footer|below|here|option|way|header|page|rate|can always|at any time"
    r"|any time|readers?|subscribers?|users?|customers?|visitors?|people|our list|your readers)\b",
    re.IGNORECASE,
)


# What they did themselves, and what they ask about our way of working.
_STOPPED = re.compile(
    r"\b(?:i|we|they|he|she|people|companies)(?:'ve|'d)? (?:had|have|has|decided|tried|used|plan|planned|intend"
    r"|were forced)"
    r" (?:to )?(?:stop|quit|cease)\b",
    re.IGNORECASE,
)
_ASKS_HOW = re.compile(r"\W*(?:do|does|did|are|is|was|were|how|what|when|which|has|have)\b(?! i\b)", re.IGNORECASE)


# Not before a day; not on some days, in some months.
_NOT_YET = re.compile(
    r"[^.!?,;]{0,24}?\b(?:before|until|avant|jusqu\w*|antes d\w+|hasta|prima d\w+|fino a\w*|przed|f[öo]re|innan|før"
    r"|(?:vor|bis|voor|tot|till|til) (?=\d|m[oåa]|die|di|do|fr|s[ao]|wo|vr|za|zo|ti|on|to|l[øö]|j[au]|feb|ap|au|sep"
    r"|ok|nov"
    r"|dec|dez))\b",
    re.IGNORECASE,
)
_SOMETIMES = re.compile(
    r"[^.!?,;]{0,40}?\b(?:week-?ends?\b|wochenende|fines? (?:de|di) (?:semana|settimana)|fine settimana|fim de semana"
    r"|weekend\w*|(?:in|im|en|em|in) (?:january|february|march|april|may|june|july|august|september|october|november"
    r"|december|januar|februar|m[äa]rz|juni|juli|oktober|dezember|janvier|f[ée]vrier|juin|juillet|ao[ûu]t|d[ée]cembre"
    r"|enero"
    r"|febrero|agosto|diciembre)\b)",
    re.IGNORECASE,
)
_FOR_FREE = re.compile(
    r"[^.!?,;]{0,30}?\b(?:for free|free of charge|for nothing|gratis|kostenlos\w*|umsonst|gratuit\w*|gr[áa]tis"
    r"|de gra[çc]a"
    r"|za darmo|nieodp[łl]atnie|geb[üu]hr\w*|betalt|noget for det|fees?|charges?)\b",
    re.IGNORECASE,
)
_WHY = re.compile(
    r"\W*(?:why|warum|wieso|weshalb|pourquoi|por qu[ée]|perch[ée]|porque|waarom|dlaczego|czemu|varf[öo]r|hvorfor)\b",
    re.IGNORECASE,
)
_THREATENS = re.compile(
    r"\b(?:reporting you|lawyer|solicitor|anzeig\w*|anwalt|plainte|denunci\w*|queixa|aangifte|zg[łl](?:asz|osz)\w*"
    r"|polisanm\w*"
    r"|anmelder)",
    re.IGNORECASE,
)
# "Take my name off the byline" leaves no list; "nehmen Sie mich in CC" takes nobody out of one.
_NAME = re.compile(
    r"\b(?:my|our|mon|notre|mi|mein\w*|mijn|moje|m[óo]j|mitt|mit|mio|meu) (?:name|nom|nombre|namen?|naam|nome"
    r"|nazwisko|imi[ęe]"
    r"|namn|navn)\b",
    re.IGNORECASE,
)
_LISTED = re.compile(
    r"list|lijst|verteiler|datenbank|database|\bbase|bestand|\bbaz|register|mailing|newsletter|\bfiles?|records?|system"
    r"|\bcrm|contact|kontakt|fichier|e-?mail|adress|address|adres|daten\b|donn[ée]es|datos|dati|dados|dane|gegevens",
    re.IGNORECASE,
)
_TAKE = re.compile(r"\W*(?:nehmen|tragen|nimm|melden)\b", re.IGNORECASE)
_OUT = re.compile(r"\b(?:aus|von|vom|raus|heraus|runter|ab|weg|austragen|abmelden)\b", re.IGNORECASE)


def _takes_back_request(before: str, words: str, after: str, sentence: str) -> bool:
    """A request to stop: not when denied, conditional, or said of other people's letters."""
    if _THREATENS.search(words):
        return False  # Whatever its condition: there is to be no further letter.
    if _NEGATED.search(before) and not re.search(r"\bno[,.]?\s*$|\bwhy (?:not|don't)\b", before, re.IGNORECASE):
        return True
    if _IF.search(before) and not _POLITE_IF.search(before):
        return True
    if re.search(r"\bto $", before) and re.match(
        r"[^.!?]{0,80}\b(?:send|click|visit|e-?mail|go to|use|reply)\b", after
    ):
        return True  # How to leave a list, in its footer.
    if _NOT_YET.match(after) or _is_about_a_name(words + after):
        return True
    if _TAKE.match(words) and not _OUT.search(sentence):
        return True
    if _STOPPED.search(before + words) or (sentence.rstrip().endswith("?") and _ASKS_HOW.match(sentence)):
        return True
    if (
        "subscri" in words.lower()
        and _TELLS_HOW.search(sentence)
        and not re.search(r"\b(?:me|us|please)\b", words + after[:12], re.IGNORECASE)
    ):
        return True
    return bool(
        re.search(
            r"\b(?:i|we|they|he|she) (?:had to|did|will|won't|would|used to|can|can't|never|don't|do not"
            r"|didn't|might) $",
            before,
            re.IGNORECASE,
        )
    ) and not re.search(r"\bwill (?:report|block)", before + words, re.IGNORECASE)


def _is_about_a_name(words: str) -> bool:
    """Whether a name is to go from something that is no list, such as a byline."""
    name = _NAME.search(words)
    rest = words[name.end() :] if name else ""
    return len(rest.split()) > 1 and not _LISTED.search(rest)


def _takes_back_refusal(before: str, words: str, after: str, sentence: str) -> bool:
    """A refusal: not when conditional, asked of us, past, or denied in its turn."""
    if _IF.search(before) and not _POLITE_IF.search(before):
        return True
    if _NOT_YET.match(after) or _SOMETIMES.match(after) or _FOR_FREE.match(after):
        return True
    if sentence.rstrip().endswith("?") and (
        _ASKS_US.search(sentence)
        or _WHY.match(sentence)
        or re.search(r"\b(?:right|correct|is that|or not|why)\b.{0,20}\?", sentence, re.IGNORECASE)
    ):
        return True
    if re.match(r"(?:un|dis)interested", words, re.IGNORECASE) and _NEGATED.search(before):
        return True
    if _PAST.search(before) or re.search(
        r"\b(?:not that|isn't that|not (?:saying|because)|don't mean|wouldn't say|nobody said)\b.{0,30}$",
        before,
        re.IGNORECASE,
    ):
        return True
    if re.match(r"\W*no\b", words, re.IGNORECASE) and re.match(
        r"\W*(?:problem|worries|prob|issue|doubt|rush|hurry|matter|objection|pressure|need to (?:apologi"
        r"|worr|rush)|needed|necessary|trouble|wonder|hard feelings)",
        after,
        re.IGNORECASE,
    ):
        return True
    return bool(
        re.match(
            r"\s*,?\s*(?:until|before|yet,? (?:but|though)|unless|without (?:seeing|knowing|more|a))\b",
            after,
            re.IGNORECASE,
        )
    )


# "Yes, I got your mail", "ok, but who are you?": a yes to nothing that was asked.
_BARE_YES = re.compile(
    r"\W*(?:yes|yeah|yep|sure|okay|ok[ée]?|okej|perfect|great|good|alright|ja|klar|super|perfekt|prima|top|leuk|oui"
    r"|parfait"
    r"|g[ée]nial|s[íi]|vale|perfecto|genial|claro|de acuerdo|d'accord|s[ìi]|perfetto|ottimo|certo|sim|perfeito"
    r"|[óo]timo|tak|jasne"
    r"|[śs]wietnie|jo|absolut|fint|looks (?:interesting|good)|gern|graag)\W*",
    re.IGNORECASE,
)
_TAKES_NO_STEP = re.compile(
    # It came, I read it.
    r"^[^.!?]{0,60}\b(?:got|received|saw|have read|bekommen|erhalten|gelesen|re[çc]u|recib\w+|ya l[oe]|ricevut\w+"
    r"|recebi|ontvangen"
    r"|gekregen|dosta[łl]\w+|otrzyma[łl]\w+|fick|f[åa]tt|f[åa]et|modtaget|fikk)\b"
    # I will look, tell, ask.
    r"|^[^.!?]{0,60}\b(?:have a look|take a look|read it|let you know|(?:get|come) back to you|run it by|schaue?"
    r"|bescheid|melde mich"
    r"|bespreche|regarde|(?:au|vous tiens) courant|vois (?:ça|cela|avec)|lo (?:veo|miro|comento|hablo)|tomo nota"
    r"|te (?:cuento|digo)"
    r"|guardo|faccio sapere|ne parlo|vou (?:ver|analisar)|digo (?:alguma|algo)|falo com|kijk|laat het (?:je "
    r"|jullie )?weten|overleg"
    r"|zobacz\w*|dam zna[ćc]|porozmawiam|kollar|tittar|h[öo]r av mig|[åa]terkommer|tar det med|kigger|vender tilbage"
    r"|h[øo]rer fra"
    r"|tager det med)\b"
    # But who are you? Thanks for the information. Another one of these.
    r"|^\W*(?:(?:but|and|aber|und|mais|et|pero|y|ma|e|mas|maar|en|ale|a|men|och|og) )?\W*(?:who|what|why|wer|wo|warum"
    r"|qui|qui[ée]n"
    r"|chi|quem|wie|kto|kim|vem|hvem)\b"
    r"|^\W*(?:\w+ )?(?:thanks?|danke|merci|gracias|grazie|obrigad[oa]|bedankt|dzi[ęe]kuj\w+|tack"
    r"|tak) (?:\w+[ ']){0,3}(?:letting|info"
    r"|avis|aviso|dell'avviso|hinweis|informac\w+|heads)"
    r"|^\W*(?:another|noch ein\w*|schon wieder|encore une?|otr[oa]|un'altr[oa]|mais um|weer een|kolejn[yae]"
    r"|[äa]nnu e(?:tt|n)|endnu en?)\b"
    r"|^\W*geschehen\b",
    re.IGNORECASE,
)
# Negations that are a yes.
_YES_BY_NO = re.compile(
    r"\W*(?:can't|cannot|cant|can not|couldn't|can hardly|no problem|why not|not only|not a problem|nothing"
    r"|(?:don't|do not|dont|wouldn't) mind|don't see)\b",
    re.IGNORECASE,
)


def _takes_back_interest(before: str, words: str, after: str, sentence: str) -> bool:
    """Interest: not when negated, conditional, or asked of us."""
    if _BARE_YES.fullmatch(words) and _TAKES_NO_STEP.search(after):
        return True
    if _YES_BY_NO.match(words):
        return bool(re.search(r"\bif (?:it|this|that)\s*$", before, re.IGNORECASE))  # "if it can't wait"
    if _NEGATED.search(before) or re.search(r"\b(?:not|never|n't)\b", words, re.IGNORECASE):
        return True
    if _IF.search(before) and not re.search(r"\bif\b[^,]{3,60},\s*[^,]{0,40}$", before, re.IGNORECASE):
        return True
    if (
        sentence.rstrip().endswith("?")
        and _ASKS_US.search(sentence)
        and re.search(r"interest|keen|open|willing", words, re.IGNORECASE)
    ):
        return True
    return bool(
        re.search(
            r"\b(?:thanks?|thank you|appreciate|grateful|danke|merci|gracias|grazie)\b[^,.;!]{0,30}$",
            before,
            re.IGNORECASE,
        )
    ) and bool(re.search(r"interest|idea|offer|pitch|suggest|article|addition|resource", words, re.IGNORECASE))


# By family, as `inbox.evidence` has them: requests to stop, refusals, interest.
TAKES_BACK: tuple[Callable[[str, str, str, str], bool], ...] = (
    _takes_back_request,
    _takes_back_refusal,
    _takes_back_interest,
)
