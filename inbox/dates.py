"""The day on which somebody is back, read from an automatic reply in the languages that people write them in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

_MONTHS = {
    1: "january jan januar janvier janv enero ene gennaio gen januari janeiro stycznia styczeń tammikuuta leden ledna",
    2: "february feb februar februari février fevrier févr febrero febbraio fevereiro fev lutego luty helmikuuta února",
    3: "march mar märz maerz mars marzo maart mrt março marco marca marzec maaliskuuta března",
    4: "april apr avril avr abril abr aprile kwietnia kwiecień huhtikuuta dubna",
    5: "may mai mayo maggio mag mei maj maio maja toukokuuta května",
    6: "june jun juni juin junio giugno giu junho czerwca czerwiec kesäkuuta června",
    7: "july jul juli juillet juil julio luglio lug julho lipca lipiec heinäkuuta července",
    8: "august aug août aout agosto ago augustus augusti sierpnia sierpień elokuuta srpna",
    9: "september sep sept septembre septiembre settembre set setembro września wrzesień syyskuuta září",
    10: "october oct oktober okt octobre octubre ottobre ott outubro out października październik lokakuuta října",
    11: "november nov novembre noviembre novembro listopada listopad marraskuuta",
    12: "december dec dezember dez décembre decembre déc diciembre dic dicembre desember des dezembro grudnia grudzień"
    " joulukuuta prosince",
}  # fmt: skip
_MONTH_OF = {name: number for number, names in _MONTHS.items() for name in names.split()}
_MONTH = "|".join(sorted(map(re.escape, _MONTH_OF), key=len, reverse=True))
_WEEKDAYS = (
    "monday montag lundi lunes lunedì lunedi maandag segunda poniedziałek poniedziałku måndag mandag mon",
    "tuesday dienstag mardi martes martedì martedi dinsdag terça wtorek wtorku tisdag tirsdag tue tues",
    "wednesday mittwoch mercredi miércoles mercoledì mercoledi woensdag quarta środę środy onsdag wed",
    "thursday donnerstag jeudi jueves giovedì giovedi donderdag quinta czwartek czwartku torsdag thu thurs",
    "friday freitag vendredi viernes venerdì venerdi vrijdag sexta piątek piątku fredag fri",
    "saturday samstag samedi sábado sabato zaterdag sobotę lördag lørdag sat",
    "sunday sonntag dimanche domingo domenica zondag niedzielę söndag søndag sun",
)
_WEEKDAY_OF = {name: number for number, names in enumerate(_WEEKDAYS) for name in names.split()}
_WEEKDAY = "|".join(sorted(map(re.escape, _WEEKDAY_OF), key=len, reverse=True))

# Words before the day of return, the surest first: "back on 5 January" beats "from 2 January".
_CUES = (
    (
        r"(?:back|return\w*|resume|kehre?n?|revien\w*|reviendr\w*|reincorpor\w*|z powrotem|available again"
        r"|in the office again|wieder (?:da|erreichbar|im b[üu]ro"
        r"|zur[üu]ck|f[üu]r sie da)|zur[üu]ck|de retour|retour|mon retour|reprend\w*|vuelvo|regres\w*|vuelta"
        r"|incorpor\w*"
        r"|rientr\w*|torn\w*|ritorn\w*|terug|weer (?:aanwezig|bereikbaar|op kantoor)|volt\w+|retorn\w*"
        r"|regresso|wracam|powr\w*|wr[óo]c\w*|tillbaka|[åa]ter|tilbage|tilbake)"
    ),
    (
        r"(?:until|till|til|thru|through|up to|up until|bis(?: (?:zum|einschlie[ßs]lich|inklusive"
        r"|einschl\.?))?|jusqu['’]?(?:au|à|a)(?: (?:et y compris))?|hasta(?: el)?|fino al?|sino al?"
        r"|tot(?: en met)?|t/m|at[ée](?: (?:ao|o|dia))?|do(?: dnia)?|till(?: och med)?|t\.?o\.?m\.?"
        r"|til(?: og med)?|asti|saakka|indtil|fram till|frem til"
        # The end of a stretch: "from 1 to", "del 1 al".
        r"|\d{1,2}(?:er|st|nd|rd|th|\.)?(?: \w{3,10})? (?:to|au|al|a|à))"
    ),
)
# "On Wednesday I am back again": the day stands before these.
_AGAIN = re.compile(
    r"(?<!\w)(?:back|wieder|zur[üu]ck|retour|de nuevo|di nuovo|terug|weer|z powrotem|tillbaka|tilbage|tilbake|igen"
    r"|igjen)(?!\w)",
    re.IGNORECASE,
)
# "From Monday on", where no end of a stretch follows.
_FROM_THEN = re.compile(
    r"(?<!\w)(?:as of|from|starting|ab(?: dem)?|[àa] (?:partir|compter) d(?:u|e|el|os?)|dal(?:l['’])?"
    r"|a partire da(?:l)?|vanaf"
    r"|od(?: dnia)?|fr[åa]n(?: och med)?|fr\.?o\.?m\.?|fra(?: og med)?|f\.?o\.?m\.?)\s+(?:le |el |il |o |den |d\. )?",
    re.IGNORECASE,
)
_ENDS = re.compile(r"\s*(?:,? ?\d{4},?)?\s*(?:to|till|til|bis|au|[àa]|al|a|tot|do|t/m|-|–)\s+\w", re.IGNORECASE)
_ISO = re.compile(r"\b(20\d\d)[-/.](\d{1,2})[-/.](\d{1,2})\b")
_DAY_MONTH = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th|er|\.|º|°|ª|:e)?\s*(?:of |de |d['’]|di )?\s*({_MONTH})\b\.?,?\s*(?:de "
    rf"|del |of )?((?:20)\d\d)?",
    re.IGNORECASE,
)
_MONTH_DAY = re.compile(
    rf"\b({_MONTH})\b\.?\s+(?:the )?(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s*((?:20)\d\d))?", re.IGNORECASE
)
_NUMBERS = re.compile(r"\b(\d{1,2})\s?([./-])\s?(\d{1,2})(?:\s?[./-]\s?((?:20)?\d\d))?\b\.?")
_WEEKDAY_ALONE = re.compile(
    rf"\b(next |n[äa]chsten |kommenden |prochain |pr[óo]ximo |prossim\w |volgende )?({_WEEKDAY})\b", re.IGNORECASE
)
_TOMORROW = re.compile(r"\b(?:tomorrow|morgen|demain|mañana|domani|amanhã|jutro|imorgon|i morgen)\b", re.IGNORECASE)
_REACH = 90  # characters between the cue and the day
_REACH_BACK = 50  # where the day stands first
_REACH_FROM = 32
# Without a year, a day that comes so much later has rather passed.
_TOO_FAR = timedelta(days=300)


def return_date(text: str, *, sent_on: date) -> date | None:
    """The first day on which the writer may be there again; None where the text does not say, or says the past."""
    back, until = (re.finditer(rf"(?<!\w){cue}(?!\w)", text, re.IGNORECASE) for cue in _CUES)
    stretches = (
        *(_ENDS_SENTENCE.split(text[match.end() : match.end() + _REACH])[0] for match in back),
        *(_before(text, match) for match in _AGAIN.finditer(text)),
        *(_ENDS_SENTENCE.split(text[match.end() : match.end() + _REACH])[0] for match in until),
        *(_from_then(text, match) for match in _FROM_THEN.finditer(text)),
    )
    for stretch in stretches:
        day = next(_days_in(stretch, sent_on), None)
        if day is not None and sent_on <= day <= sent_on + timedelta(days=500):
            return day
    return None


# A full stop inside a date is none.
_ENDS_SENTENCE = re.compile(r"[!?\n]\s*\n|(?<=[a-zà-ž]{3})\.\s")


def _before(text: str, again: re.Match[str]) -> str:
    """The words of its sentence before "back again"."""
    return _ENDS_SENTENCE.split(text[max(0, again.start() - _REACH_BACK) : again.start()])[-1]


def _from_then(text: str, match: re.Match[str]) -> str:
    """The day from which on, or nothing where a stretch has an end: "from Monday to Friday"."""
    stretch = _ENDS_SENTENCE.split(text[match.end() : match.end() + _REACH_FROM])[0]
    first = re.match(rf"(?:\w+,? )?(?:\d{{1,2}}\S* )?(?:(?:of|de) )?(?:{_MONTH}|{_WEEKDAY})?", stretch, re.IGNORECASE)
    return "" if first and _ENDS.match(stretch, first.end()) else stretch


def _days_in(text: str, sent_on: date) -> Iterator[date]:
    """Dates in a stretch of text, by where they stand."""
    found: list[tuple[int, date]] = []
    for match in _ISO.finditer(text):
        _add(found, match.start(), int(match[1]), int(match[2]), int(match[3]))
    for match in _DAY_MONTH.finditer(text):
        _add(found, match.start(), *_with_year(match[3], _MONTH_OF[match[2].lower()], int(match[1]), sent_on))
    for match in _MONTH_DAY.finditer(text):
        _add(found, match.start(), *_with_year(match[3], _MONTH_OF[match[1].lower()], int(match[2]), sent_on))
    for match in _NUMBERS.finditer(text):
        first, second = int(match[1]), int(match[3])
        if match[2] == "-" and not match[4]:
            continue  # "9-5" are hours.
        # Day first as most of the world writes, unless only the other order is a date.
        day, month = (first, second) if second <= 12 else (second, first)
        _add(found, match.start(), *_with_year(match[4], month, day, sent_on))
    if not found:
        weekday = _WEEKDAY_ALONE.search(text)
        if weekday:
            ahead = (_WEEKDAY_OF[weekday[2].lower()] - sent_on.weekday()) % 7 or 7
            found.append((weekday.start(), sent_on + timedelta(days=ahead)))
        elif _TOMORROW.search(text):
            found.append((0, sent_on + timedelta(days=1)))
    yield from (day for _, day in sorted(found, key=lambda each: each[0]))


def _with_year(year: str | None, month: int, day: int, sent_on: date) -> tuple[int, int, int]:
    if year:
        return int(year) + (2000 if len(year) == 2 else 0), month, day
    # Without a year: the next such day, unless it has just passed.
    try:
        this_year = date(sent_on.year, month, day)
    except ValueError:
        return sent_on.year, month, day
    passed = this_year < sent_on and this_year.replace(day=1) + timedelta(days=365) - sent_on < _TOO_FAR
    return sent_on.year + passed, month, day


def _add(found: list[tuple[int, date]], place: int, year: int, month: int, day: int) -> None:
    try:
        found.append((place, date(year, month, day)))
    except ValueError:
        return
