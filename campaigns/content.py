"""What to look at in a letter before it is queued, with the places in its text. Pure: no database, no request.

One kind of finding blocks: a placeholder that nobody filled, in the manner of whatever tool the text came from. All
others are advice: what filters and people both take for advertising (see docs/deliverability.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from campaigns.rendering import BUILT_IN, Rendered
from campaigns.web_addresses import ADDRESS, without_punctuation

SHORT_SUBJECT = 50  # characters: what most phones show of a subject
GOOD_LENGTH = 150  # words
LONG_LETTER = 250  # words
MOST_LINKS = 2
CHARACTERS_OF_A_WORD = 2  # about as many stand for one in Japanese and Chinese
_HAN_OR_KANA = re.compile(r"[\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")

# What filters and people both take for advertising, in the languages that letters are written in here.
_PHRASES = (
    # English
    "100% free", "act now", "best price", "buy now", "cash bonus", "click here", "dear friend",
    "dear sir", "dear sir/madam", "dear webmaster", "double your", "earn money", "exclusive deal", "free money",
    "guaranteed", "increase your ranking", "increase your traffic", "limited time", "link exchange", "lowest price",
    "no obligation", "once in a lifetime", "order now", "risk free", "risk-free", "special promotion", "urgent",
    "this is not spam", "first page of google", "dofollow link", "high da", "pbn",
    # German
    "jetzt kaufen", "jetzt bestellen", "jetzt zugreifen", "hier klicken", "klicken sie hier", "kostenlos testen",
    "100% kostenlos", "garantiert", "geld verdienen", "schnell reich", "nur für kurze zeit", "sonderangebot",
    "unverbindlich und kostenlos", "linktausch", "sehr geehrter webmaster",
    "kein spam", "letzte chance",
    # French
    "cliquez ici", "achetez maintenant", "offre limitée", "offre exceptionnelle", "100% gratuit",
    "gagner de l'argent", "sans engagement", "dernière chance", "échange de liens",
    "cher webmaster", "ceci n'est pas un spam", "urgent",
    # Spanish
    "haga clic aquí", "haz clic aquí", "compra ahora", "oferta limitada", "100% gratis", "garantizado",
    "ganar dinero", "sin compromiso", "última oportunidad", "intercambio de enlaces",
    "estimado webmaster", "esto no es spam", "urgente",
    # Italian
    "clicca qui", "acquista ora", "offerta limitata", "100% gratuito", "garantito", "guadagnare soldi",
    "senza impegno", "ultima occasione", "scambio link", "gentile webmaster",
    # Dutch
    "klik hier", "koop nu", "nu bestellen", "100% gratis", "gegarandeerd", "geld verdienen",
    "tijdelijke aanbieding", "laatste kans", "linkruil", "beste webmaster", "vrijblijvend en gratis",
    # Polish
    "kliknij tutaj", "kup teraz", "zamów teraz", "gwarantowane", "zarabiaj", "ostatnia szansa",
    "oferta ograniczona", "wymiana linków", "to nie jest spam",
    # Portuguese
    "clique aqui", "compre agora", "garantido", "ganhar dinheiro", "última chance",
    "troca de links", "caro webmaster",
    # Swedish, Danish, Norwegian
    "klicka här", "köp nu", "garanterat", "tjäna pengar", "sista chansen", "länkbyte", "klik her",
    "køb nu", "tjen penge", "klikk her", "kjøp nå", "siste sjanse",
)  # fmt: skip
_SPAM = re.compile(
    r"(?<!\w)(?:" + "|".join(re.escape(p) for p in sorted(set(_PHRASES), key=len, reverse=True)) + r")(?!\w)",
    re.IGNORECASE,
)

# Services that hide where a link goes; block lists know them by name.
_SHORTENERS = (
    "adf.ly", "bit.do", "bit.ly", "bl.ink", "buff.ly", "clck.ru", "cutt.ly", "dub.sh", "fb.me", "goo.gl", "is.gd",
    "lnkd.in", "ow.ly", "qr.ae", "rb.gy", "rebrand.ly", "s.id", "short.io", "shorte.st", "shorturl.at", "soo.gd",
    "t.co", "t.ly", "t1p.de", "tiny.cc", "tinyurl.com", "trib.al", "u.to", "urlz.fr", "v.gd", "wp.me", "x.co",
)  # fmt: skip
_LINK = re.compile(
    rf"(?:https?://(?=\w|\[)|(?<![\w@.])www\.(?=\w)){ADDRESS}|\{{your_site(?:\|[^{{}}]*)?\}}", re.IGNORECASE
)
_HOST = re.compile(r"^(?:https?://)?(?:www\.)?([^/:?#\s]+)", re.IGNORECASE)
_SHORT_LINK = re.compile(
    rf"(?<![\w@.-])(?:https?://)?(?:www\.)?(?=(?:{'|'.join(map(re.escape, _SHORTENERS))})/\w){ADDRESS}", re.IGNORECASE
)

_IN_JAPANESE = "お名前|氏名|会社名|貴社名|御社名|サイト名|ブログ名|担当者名"
# What other tools and tired people leave open. Only names that stand for something: "[sic]" and "[1]" are no gaps.
_GAP_NAME = (
    r"(?:(?:first|last|full|your|their|the|recipient'?s?|contact'?s?|sender'?s?|blog|site|website|company|editor'?s?|"
    r"author'?s?|job|post|article|insert|add|my)"
    r"[ _-]{0,3}){0,4}"
    r"(?:first[ _-]?name|f[ _-]?name|last[ _-]?name|l[ _-]?name|full[ _-]?name|name|company|website|web[ _-]?site|site|"
    r"blog|url|link|topic|keyword|title|position|phone[ _-]?number|article|email|date|subject|city|here|"
    r"(?<!the )(?:author|editor|recipient)|niche|industry|blog[ _-]?post|"
    r"vorname|nachname|namen|firma|webseite|thema|anrede|datum|titel|empfängers?|ansprechpartners?|"
    r"prénom|prenom|nom|société|sujet|nombre|apellido|empresa|"
    r"sitio|tema|nome|azienda|sito|naam|voornaam|bedrijf|imię|firmy|strona|имя|姓名|您的姓名|이름|"
    rf"{_IN_JAPANESE})"
)
_OF = r"of|to|for|du|de la|de l['’]|de|del|della|dell['’]|do|da|des|der|van de|van het|van|ihrer|ihres|deiner|deines"
# As in "[Name Here]", "[Name of your blog]", "[nom du site]", "[Topic/Niche]" or "[Name einfügen]".
_GAP_IN_BRACKETS = (
    rf"{_GAP_NAME}(?: here| (?:hier )?(?:einfügen|eintragen|einsetzen|ergänzen|invoegen|invullen))?"
    rf"(?: (?:{_OF}) ?(?:(?:a|an|our) )?{_GAP_NAME}| ?(?:/| or | und | oder ) ?(?:{_GAP_NAME}|team)){{0,2}}"
)
# "[Your Phone Number]", "[Ihre Website]", "[Il tuo nome]": what whoever writes was to say of themselves.
_YOUR = (
    "your",
    "ihr", "ihre", "ihrem", "ihren", "ihrer", "ihres", "dein", "deine", "deinem", "deinen", "deiner", "deines",
    "votre", "vos", "ton", "ta", "tes",
    "tu", "tus", "su", "sus", "vuestro", "vuestra",
    "tuo", "tua", "tuoi", "tue", "suo", "sua", "suoi", "sue", "vostro", "vostra", "vostri", "vostre",
    "seu", "seus", "suas", "teu", "teus", "tuas",
    "uw", "jouw", "jullie",
    "twój", "twoja", "twoje", "twoją", "twojej", "twojego", "twoim", "pana", "pani", "państwa",
)  # fmt: skip
_YOURS = (
    rf"(?:(?:il|lo|la|i|gli|le|o|a) )?(?:{'|'.join(_YOUR)})(?:[ _-]{{1,2}}[^\W_]{{1,30}}(?:['’][^\W_]{{1,9}})?){{1,4}}"
)
# "Hi NAME,", "Dear Mr. LASTNAME", "Hallo Vorname!": a name of a name in the place of one; and what a program writes
# there that has none. Nobody is called so.
_SORT_OF_NAME = r"first|last|full|f|l"
_NAME_OF_NAME = (
    r"(?:(?:your|contact|recipient|editor|author|company|business|website|site|blog)[ _-]?)?"
    rf"(?:(?:{_SORT_OF_NAME})[ _-]?)?name|surname|vorname|nachname|prénom|prenom|(?-i:NOM)|nombre|apellidos?|"
    r"nome|cognome|naam|voornaam|achternaam|"
    r"imię|imie|nazwisko|förnamn|namn|fornavn|navn|имя|undefined|(?-i:null|None)"
)
_GREETING = (
    "hi|hello|hey|dear|greetings|good (?:morning|afternoon|evening|day)",
    r"hallo|moin|servus|guten (?:tag|morgen|abend)|liebe[rs]?|sehr geehrte[rs]?",
    "bonjour|bonsoir|salut|ch[eè]re?",
    "hola|buenos días|buenas tardes|estimad[oa]|querid[oa]",
    "ciao|salve|buongiorno|gentile|car[oa]",
    "dag|goedendag|beste|geachte",
    "olá|oi|bom dia|prezad[oa]",
    "cześć|dzień dobry|witaj",
    "hej|hei|hejsan|goddag|kära|kære|kjære",
    "привет|здравствуйте",
)
_TITLE = "mr|mrs|ms|dr|prof|herrn?|frau|m|mme|monsieur|madame|sr|sra|señora?|dott|signora?|heer|mevrouw|pan|pani"
_TAG = r"(?-i:title|link|subject|article|author|editor)"  # of a page, a feed or a letter, as one writes of them
_MARKDOWN = r"\((?:https?://|www\.)"  # what makes "[here](https://…)" of a bracket
_DUNDER = r"(?-i:name|title|url|email|author|date|DATE)__"  # Python's and C's own begin with two more
_GAPS = re.compile(
    rf"[\[［] {{0,3}}(?:{_GAP_IN_BRACKETS}|{_YOURS}) {{0,3}}[\]］](?!{_MARKDOWN})"  # [Name], [insert link here]
    rf"|\[ {{0,3}}(?:insert|add|todo|tbd|xxx)\b[^\]\n]{{0,60}}\]"
    # A form has 【お名前】, too, with what was asked for behind it.
    rf"|【(?:{_IN_JAPANESE})】(?=様|さま|さん|御中|[,，、。])"
    rf"|(?:<<|<(?!{_TAG}>)) {{0,3}}(?:insert\b[^>\n]{{0,60}}|todo|{_GAP_NAME}|{_YOURS}) {{0,3}}>>?"
    rf"|%%? {{0,3}}(?:[a-z]\w{{0,30}}\.)?{_GAP_NAME} {{0,3}}%%?"  # %FIRSTNAME%, %recipient.name%
    rf"|(?<![\w/#])##?{_GAP_NAME}##?(?![\w#])"  # #FNAME#, and no #hash#tags
    # Of a dollar's names only those that no program's text has: $first_name; and not where it is shown as code.
    rf"|(?<![\w$`])\$(?:{_SORT_OF_NAME})_?name(?!\w)"
    rf"|«(?:{_SORT_OF_NAME})[ _]?name»"  # Word's «First_Name»
    rf"|^(?:{'|'.join(_GREETING)})(?: there)?,? (?:(?:{_TITLE})\.? )?\$?(?:{_NAME_OF_NAME})(?=[,!:;]|\.?[ \t]{{0,3}}$)"
    rf"|\*\|[^|\n]{{1,40}}\|\*"  # *|FNAME|* (Mailchimp)
    rf"|(?<![\w|*])\|(?:{_SORT_OF_NAME})_?name\|(?![\w|*])"  # |FNAME|
    r"|%%=[^\n]{1,100}?=%%"  # %%=v(@FirstName)=%% (AMPscript)
    rf"|\{{\{{[^{{}}\n]{{1,60}}\}}\}}"  # {{name}}
    # {name}, {$name}, ${name}
    rf"|\$?\{{\$? {{0,3}}(?:{'|'.join(BUILT_IN)}|todo|{_GAP_NAME}) {{0,3}}(?:\|[^{{}}\n]{{0,60}})?\}}"
    rf"|\{{!? {{0,3}}[a-z]\w{{0,30}}\.{_GAP_NAME} {{0,3}}\}}"  # {contact.first_name}, {!Contact.FirstName}
    rf"|__(?!{_DUNDER}){_GAP_NAME}__"
    r"|(?<!\w)(?:TBD|FIXME)(?!\w)"
    r"|TODO(?:(?<=^TODO)(?:$|(?=:))|(?:(?<=[.!?(–—-]TODO)|(?<=[.!?(–—-] TODO))(?=:))"  # at the beginning of a sentence
    r"|lorem ipsum",
    re.IGNORECASE | re.MULTILINE,
)
# Those that mean a gap only as they are written here.
_ONLY_CAPITALS = re.compile(r"todo|tbd|fixme", re.IGNORECASE)
# What may be meant just so: a page's <title>, the Super Bowl XXX, a TODO (Spanish for "all" in a raised voice), a word
# put into a quotation, a program's $name, a column NAME, a greeting without a name. A "xxx" ends many a letter between
# friends.
_DOUBTFUL = re.compile(
    rf"<{_TAG}>|\[[^\[\]\n]{{1,100}}\]{_MARKDOWN}[^\s()]{{0,300}}\)|(?<!\w)(?:X{{3,}}|TODO)(?!\w)|__{_DUNDER}"
    rf"|(?<![\w$`])\$(?i:{_GAP_NAME})(?!\w)|«(?i:{_NAME_OF_NAME})»"
    r"|(?<![\w$#%*|.@/`-])(?:(?:YOUR|CONTACT|COMPANY|WEBSITE|SITE|BLOG|FIRST|LAST|FULL)[ _-]){0,2}"
    r"(?:F|L|FIRST|LAST|SUR|FULL|VOR|NACH)?NAME(?![\w`])"
    rf"|\[(?!(?i:sic)\b)[^\W\d_][^\[\]\n\d]{{1,60}}\]|\[X\](?!\w)|【(?:{_IN_JAPANESE})】"
    rf"|(?m:^)(?i:{'|'.join(_GREETING)})(?: (?i:{_TITLE})\.?)?[ \t]+,"  # "Hi ,": a name was to stand there
)

_WORD = re.compile(r"[^\W\d_]{4,}")
# Capitals that are a name, not a raised voice.
_ACRONYMS = frozenset(
    {
        "ASAP", "AJAX", "ASCII", "BBC", "GDPR", "DSGVO", "HTML", "HTTP", "HTTPS", "IKEA", "ISBN", "JSON", "JPEG",
        "NASA", "NATO", "RGPD", "REST", "SAAS", "SEPA", "UNESCO", "UNICEF", "WLAN", "YAML", "WCAG", "IMAP", "SMTP",
    }
)  # fmt: skip
_LOUD_MARKS = re.compile(r"[!?！？؟]{2,}|[$€£]{2,}")


@dataclass(frozen=True)
class Spot:
    """A stretch of the subject or the body; offsets are characters of that text."""

    place: Literal["subject", "body"]
    start: int
    end: int


@dataclass(frozen=True)
class Finding:
    """`tone` is bad (the letter cannot leave so), warn, or good; `spots` is where."""

    tone: str
    sentence: str
    spots: tuple[Spot, ...] = ()


def findings(subject: str, body: str) -> list[Finding]:
    """What to look at in a letter as it will be read: placeholders filled."""
    return [
        *_about_gaps(subject, body),
        *_about_doubts(subject, body),
        *_about_subject(subject),
        *_about_length(body),
        *_about_phrases(subject, body),
        *_about_shouting(body),
        *_about_links(subject, body),
        *_about_opening(body),
        *_about_asking(body),
    ]


def left_open(subject: str, body: str) -> str:
    """Why this letter cannot leave, in a sentence: something in it was to be filled in and was not. "" if nothing."""
    return _still_open([text[spot.start : spot.end] for text, spot in _gaps(subject, body)])


def trouble_with(rendered: Rendered) -> str:
    """Why these words cannot leave, in a sentence; "" if they can."""
    return rendered.trouble or left_open(rendered.subject, rendered.body)


def gaps_in(text: str) -> set[str]:
    """What in a text was to be filled in and was not, as it stands there."""
    return {text[spot.start : spot.end] for _, spot in _gaps("", text)}


def left_open_in_answer(subject: str, body: str, *, proposed: str) -> str:
    """The same as `left_open` for what a person writes back; what it quotes (`> …`) is the other's, and so is what the
    subject has of the `proposed` one.
    """
    own = "\n".join(line for line in body.splitlines() if not line.lstrip().startswith(">"))
    theirs = {("subject", gap) for gap in gaps_in(proposed)}
    gaps = [(spot.place, text[spot.start : spot.end]) for text, spot in _gaps(subject, own)]
    return _still_open([gap for place, gap in gaps if (place, gap) not in theirs])


def advice(subject: str, body: str) -> list[Finding]:
    """What would better be changed; what is well, and what stops the letter anyway, is not among it."""
    return [one for one in findings(subject, body) if one.tone == "warn"]


def _still_open(gaps: list[str]) -> str:
    return f"Something is still open: {_quoted(gaps)}." if gaps else ""


def _about_gaps(subject: str, body: str) -> Iterator[Finding]:
    if sentence := left_open(subject, body):
        yield Finding("bad", f"{sentence} Nothing leaves before it is filled in.", _spots(_gaps(subject, body)))


def _gaps(subject: str, body: str) -> list[tuple[str, Spot]]:
    return [
        (text, Spot(place, match.start(), match.end()))
        for place, text in _texts(subject, body)
        for match in _GAPS.finditer(text)
        if not _ONLY_CAPITALS.fullmatch(match[0]) or match[0].isupper()
    ]


def _about_doubts(subject: str, body: str) -> Iterator[Finding]:
    gaps = {(spot.place, at) for _, spot in _gaps(subject, body) for at in range(spot.start, spot.end)}
    found = [
        (text, Spot(place, match.start(), match.end()))
        for place, text in _texts(subject, body)
        for match in _DOUBTFUL.finditer(text)
        if (place, match.start()) not in gaps
    ]
    if found:
        quoted = _quoted(text[spot.start : spot.end] for text, spot in found)
        yield Finding("warn", f"Is it meant so? Readers see {quoted} as it stands there.", _spots(found))


def _about_subject(subject: str) -> Iterator[Finding]:
    if not subject.strip():
        yield Finding("warn", "There is no subject yet.")
    elif len(subject) > SHORT_SUBJECT:
        yield Finding(
            "warn",
            f"The subject has {len(subject)} characters; under {SHORT_SUBJECT} a phone shows all of it.",
            (Spot("subject", SHORT_SUBJECT, len(subject)),),
        )
    else:
        yield Finding("good", f"The subject has {len(subject)} characters: short enough for a phone.")
    plain = re.sub(r"\{[^{}]*\}", lambda match: " " * len(match[0]), subject)
    if loud := [match for match in _WORD.finditer(plain) if match[0].isupper() and match[0] not in _ACRONYMS]:
        spots = tuple(Spot("subject", match.start(), match.end()) for match in loud)
        yield Finding("warn", "The subject shouts: write it without words in capitals.", spots)
    if marks := tuple(Spot("subject", match.start(), match.end()) for match in re.finditer("[!！]+", subject)):
        yield Finding("warn", "The subject does better without an exclamation mark.", marks)


def _about_length(body: str) -> Iterator[Finding]:
    characters = len(_HAN_OR_KANA.findall(body))
    words = len(re.findall(r"\w\S*", _HAN_OR_KANA.sub(" ", body)))
    if characters > words:  # Japanese or Chinese: words are not to be told apart.
        count, length = f"{len(''.join(body.split())):,} characters", f"{CHARACTERS_OF_A_WORD * GOOD_LENGTH}"
    else:
        count, length = f"{len(body.split())} words", f"{GOOD_LENGTH}"
    if words + characters // CHARACTERS_OF_A_WORD > LONG_LETTER:
        yield Finding("warn", f"The letter has {count}; busy people read about {length}.")
    elif words or characters:
        yield Finding("good", f"The letter has {count}.")


def _about_phrases(subject: str, body: str) -> Iterator[Finding]:
    found = [
        (text, Spot(place, match.start(), match.end()))
        for place, text in _texts(subject, body)
        for match in _SPAM.finditer(text)
    ]
    if found:
        quoted = _quoted(sorted({text[spot.start : spot.end].lower() for text, spot in found}))
        yield Finding("warn", f"It sounds like advertising: {quoted}.", _spots(found))


def _about_shouting(body: str) -> Iterator[Finding]:
    """Two words in capitals side by side or three anywhere are a raised voice; one may be a name."""
    plain = re.sub(r"\{[^{}]*\}", lambda match: " " * len(match[0]), _without_links(body))
    loud = [match for match in _WORD.finditer(plain) if match[0].isupper() and match[0] not in _ACRONYMS]
    side_by_side = any(one.end() + 1 == other.start() for one, other in pairwise(loud))
    marks = list(_LOUD_MARKS.finditer(plain))
    if len(loud) >= 3 or side_by_side or marks:
        spots = tuple(Spot("body", match.start(), match.end()) for match in [*loud, *marks])
        yield Finding("warn", "The letter shouts: fewer capitals, and one mark at the end of a sentence.", spots)


def _about_links(subject: str, body: str) -> Iterator[Finding]:
    links = [spot for _, spot in _addresses(_LINK, "", body)]
    if len(links) > MOST_LINKS:
        yield Finding("warn", f"It has {len(links)} links; one is enough for a first letter.", tuple(links))
    if short := _addresses(_SHORT_LINK, subject, body):
        hosts = _quoted(sorted({_host(text[spot.start : spot.end]) for text, spot in short}))
        yield Finding(
            "warn",
            f"{hosts} hides where the link goes, and filters distrust it. Write the address itself.",
            _spots(short),
        )


_ENGLISH = r"you|your|yours"
_GERMAN = r"du|dein\w*|dich|dir|(?-i:Sie|Ihr\w*|Ihnen)|ihr|euch|euer|eure\w*"  # "sie" and "ihre" are others
_FRENCH = r"vous|votre|vos|tu|te|t['’]\w+|toi|ton|ta|tes"
_SPANISH = r"usted\w*|tu|tus|te|ti|su|sus|vosotr[oa]s|vuestr\w*"
_ITALIAN = r"lei|suo|sua|suoi|sue|tu|tuo|tua|tuoi|tue|te|ti|vostr[oaie]|voi"
_DUTCH = r"je|jij|jou|jouw|jullie|uw|u"
_NORDIC = r"du|din|ditt|dina|dig|dit|dine|deg|ert|era|er|jer|jeres|deres|dere"
_PORTUGUESE = r"você|vocês|seu|seus|sua|suas|te|teu|teus|tua|tuas|tu|vosso|vossa"
_POLISH = r"pan\w{0,3}|państw\w*|wasz\w*|twój|twoj\w*|ciebie|tobie|was"
# How one speaks of oneself at the beginning of a sentence, and of whom one writes to, in the languages that begin so.
_OPENINGS = tuple(
    (re.compile(rf"(?:{ourselves})\b"), re.compile(rf"\b(?:{'|'.join(them)})\b", re.IGNORECASE))
    for ourselves, *them in (
        (r"I['’]m|I['’]ve|We['’]re|Our", _ENGLISH),
        ("I", _ENGLISH, _ITALIAN, _NORDIC),
        ("My", _ENGLISH, _POLISH),
        ("We", _ENGLISH, _DUTCH),
        ("Ich|Wir|Mein|Meine|Unser|Unsere", _GERMAN),
        (r"Je|J['’]ai|Nous|Mon|Notre", _FRENCH),
        ("Ma", _FRENCH, _ITALIAN),
        ("Yo|Soy", _SPANISH),
        ("Somos", _SPANISH, _PORTUGUESE),
        ("Io|Sono|Siamo|Noi", _ITALIAN),
        ("Ik|Wij|Mijn", _DUTCH),
        ("Jag|Jeg", _NORDIC),
        ("Vi", _NORDIC, _ITALIAN),
        ("Eu|Sou", _PORTUGUESE),
        ("Jestem", _POLISH),
    )
)
# A Dutch sentence that begins with "Je" speaks of theirs.
_IN_DUTCH = re.compile(
    r"Je\b.*\b(?:een|het|heeft|hebt|is|bent|zijn|kan|kunt|van|over|wij|ons|onze|mijn|ik|niet)\b", re.DOTALL
)
MOST_QUESTIONS = 2
# A sentence, or what a mark stands alone behind, up to its end; the group has the marks of a question.
_QUESTION = re.compile(r"(?:[^\s.!?。！？؟][^\n.!?。！？؟]*)?(?:([?？؟]+)|[\n.!。！]|\Z)")


def _about_opening(body: str) -> Iterator[Finding]:
    """The first paragraph after the greeting is read; the others are if that one was worth it."""
    greeted = False
    for part in re.finditer(r"\S[^\n]*(?:\n(?!\s*\n)[^\n]*)*", body):
        text = part[0].rstrip()
        if len(text) <= 60 and text.endswith((",", "!")):
            greeted = True
            continue
        if greeted and _speaks_of_us_alone(text):
            spot = Spot("body", part.start(), part.start() + len(text))
            yield Finding("warn", "The opening speaks of you alone. Begin with their work.", (spot,))
        return


def _speaks_of_us_alone(text: str) -> bool:
    them = next((them for ourselves, them in _OPENINGS if ourselves.match(text)), None)
    return them is not None and not them.search(text) and not _IN_DUTCH.match(text)


def _about_asking(body: str) -> Iterator[Finding]:
    asked = [
        Spot("body", match.start(), match.end(1)) for match in _QUESTION.finditer(_without_links(body)) if match[1]
    ]
    if len(asked) > MOST_QUESTIONS:
        yield Finding(
            "warn", f"It asks {len(asked)} questions. One thing to say yes to is answered more often.", tuple(asked)
        )


def _addresses(pattern: re.Pattern[str], subject: str, body: str) -> list[tuple[str, Spot]]:
    return [
        (text, Spot(place, match.start(), match.start() + len(without_punctuation(match[0]))))
        for place, text in _texts(subject, body)
        for match in pattern.finditer(text)
    ]


def _without_links(text: str) -> str:
    """Of the same length: a link's capitals and marks are no words."""

    def blank(match: re.Match[str]) -> str:
        length = len(without_punctuation(match[0]))
        return "_" * length + match[0][length:]

    return _LINK.sub(blank, text)


def _host(link: str) -> str:
    match = _HOST.match(link)
    return match[1].lower() if match else link


def without_opt_out() -> Finding:
    """For a letter that nothing is added to: who gets it could not say no."""
    return Finding("warn", "It does not say how to decline. Name a sender, and every first letter does.")


def _texts(subject: str, body: str) -> Iterator[tuple[Literal["subject", "body"], str]]:
    yield "subject", subject
    yield "body", body


def _spots(found: Iterable[tuple[str, Spot]]) -> tuple[Spot, ...]:
    return tuple(spot for _, spot in found)


def _quoted(texts: Iterable[str]) -> str:
    return ", ".join(f"“{text}”" for text in dict.fromkeys(texts))
