"""The lines beneath a first letter, in the letter's language, and which language that is. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from operator import itemgetter

from django.db import models


class Language(models.TextChoices):
    """Languages that the lines beneath a letter are written in."""

    EN = "en", "English"
    DE = "de", "German"
    FR = "fr", "French"
    ES = "es", "Spanish"
    IT = "it", "Italian"
    PT = "pt", "Portuguese"
    NL = "nl", "Dutch"
    PL = "pl", "Polish"


@dataclass(frozen=True)
class Phrases:
    """The four things that a reader is told. `{…}` are filled; a web address ends its line or stands among spaces."""

    on_behalf_of: str
    found: str
    privacy: str
    say_no: str
    day: str
    months: tuple[str, ...]


_ENGLISH_MONTHS = "January February March April May June July August September October November December"
_GERMAN_MONTHS = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
_FRENCH_MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
_SPANISH_MONTHS = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
_ITALIAN_MONTHS = "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"
_PORTUGUESE_MONTHS = "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"
_DUTCH_MONTHS = "januari februari maart april mei juni juli augustus september oktober november december"
# In the genitive, as dates are said.
_POLISH_MONTHS = "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia"

PHRASES: Mapping[Language, Phrases] = {
    Language.EN: Phrases(
        on_behalf_of="on behalf of {client}",
        found="We found your address at {url} on {day}.",
        privacy="How we handle your data: {url}",
        say_no="Not for you? One click, and we will not write again: {url}",
        day="{day} {month} {year}",
        months=tuple(_ENGLISH_MONTHS.split()),
    ),
    Language.DE: Phrases(
        on_behalf_of="im Auftrag von {client}",
        found="Ihre Adresse haben wir am {day} gefunden: {url}",
        privacy="So gehen wir mit Ihren Daten um: {url}",
        say_no="Kein Interesse? Ein Klick, und wir schreiben Ihnen nicht mehr: {url}",
        day="{day}. {month} {year}",
        months=tuple(_GERMAN_MONTHS.split()),
    ),
    Language.FR: Phrases(
        on_behalf_of="pour le compte de {client}",
        found="Nous avons trouvé votre adresse sur {url} le {day}.",
        privacy="Comment nous traitons vos données : {url}",
        say_no="Cela ne vous intéresse pas ? Un clic, et nous ne vous écrirons plus : {url}",
        day="{day} {month} {year}",
        months=tuple(_FRENCH_MONTHS.split()),
    ),
    Language.ES: Phrases(
        on_behalf_of="en nombre de {client}",
        found="Encontramos su dirección en {url} el {day}.",
        privacy="Cómo tratamos sus datos: {url}",
        say_no="¿No le interesa? Un clic y no volveremos a escribirle: {url}",
        day="{day} de {month} de {year}",
        months=tuple(_SPANISH_MONTHS.split()),
    ),
    Language.IT: Phrases(
        on_behalf_of="per conto di {client}",
        found="Abbiamo trovato il suo indirizzo su {url} in data {day}.",
        privacy="Come trattiamo i suoi dati: {url}",
        say_no="Non le interessa? Un clic e non le scriveremo più: {url}",
        day="{day} {month} {year}",
        months=tuple(_ITALIAN_MONTHS.split()),
    ),
    # Words that are right in Portugal and in Brazil.
    Language.PT: Phrases(
        on_behalf_of="em nome de {client}",
        found="O seu endereço foi encontrado em {url} no dia {day}.",
        privacy="Como tratamos os seus dados: {url}",
        say_no="Não lhe interessa? Um clique e não voltamos a escrever: {url}",
        day="{day} de {month} de {year}",
        months=tuple(_PORTUGUESE_MONTHS.split()),
    ),
    Language.NL: Phrases(
        on_behalf_of="namens {client}",
        found="Uw adres vonden wij op {day}: {url}",
        privacy="Zo gaan we met uw gegevens om: {url}",
        say_no="Geen interesse? Eén klik en we schrijven u niet meer: {url}",
        day="{day} {month} {year}",
        months=tuple(_DUTCH_MONTHS.split()),
    ),
    Language.PL: Phrases(
        on_behalf_of="w imieniu {client}",
        found="Państwa adres znaleźliśmy dnia {day} na stronie {url}",
        privacy="Jak przetwarzamy Państwa dane: {url}",
        say_no="To nie dla Państwa? Jedno kliknięcie i więcej nie napiszemy: {url}",
        day="{day} {month} {year}",
        months=tuple(_POLISH_MONTHS.split()),
    ),
}


def day_in(language: Language, moment: datetime) -> str:
    phrases = PHRASES[language]
    day = "1er" if language == Language.FR and moment.day == 1 else str(moment.day)
    return phrases.day.format(day=day, month=phrases.months[moment.month - 1], year=moment.year)


def language_of(text: str, *, chosen: str = "", domain: str = "") -> Language:
    """What was chosen for the campaign; else what the letter's own words are in; where they are too few to tell, what
    is spoken where the reader's domain is; else English.
    """
    if chosen:
        return Language(chosen)
    return _by_words(text) or _BY_COUNTRY.get(domain.rpartition(".")[2].lower(), Language.EN)


def _by_words(text: str) -> Language | None:
    """Small words that say which of these languages it is. None where they are few, or two languages come close."""
    counts: dict[str, int] = {}
    for language in chain.from_iterable(filter(None, map(_LANGUAGES_OF.get, _words(text[:TELLING].lower())))):
        counts[language] = counts.get(language, 0) + 1
    (language, most), (_, second) = [*sorted(counts.items(), key=itemgetter(1), reverse=True), ("", 0), ("", 0)][:2]
    return Language(language) if most >= FEWEST_WORDS and most >= 2 * second else None


def _words(text: str) -> list[str]:
    """Every letter on its way out is asked: plain ASCII is quicker taken apart than by a pattern, and is the same."""
    return text.translate(_NO_LETTERS).split() if text.isascii() else _WORD.findall(text)


_NO_LETTERS = {code: " " for code in range(128) if not chr(code).isalpha()}
_WORD = re.compile(r"[^\W\d_]+")
FEWEST_WORDS = 3
TELLING = 1_000  # characters: enough to tell by

_OWN_WORDS: Mapping[Language, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        Language.EN: "the and your you with would this that have from about our are be on it could i my",
        Language.DE: "und ich ihre ihren sie der das ist nicht mit für auf wir ein eine würde über von zu",
        Language.FR: "les vous votre je nous est pour avec sur une des dans et cette notre bonjour vos",
        Language.ES: "el los y su usted para una sobre nuestro hola gracias sitio este está muy pero las",
        Language.IT: "il gli della che per una sono vostro nostro con di sul ho buongiorno grazie del è",
        Language.PT: "os você seu sua para uma sobre nosso olá obrigado não com muito é um do da ao",
        Language.NL: "het een van uw jullie ik wij zijn voor met niet over graag ook onze naar dat we en",
        Language.PL: "się na jest państwa nie że dla czy oraz jak za pan pani witam dzień dobry nasz",
    }.items()
}

_LANGUAGES_OF: Mapping[str, tuple[str, ...]] = {
    word: tuple(language.value for language, own in _OWN_WORDS.items() if word in own)
    for word in frozenset().union(*_OWN_WORDS.values())
}

# Where one of these languages is what a stranger would be written to in. Belgium has two, and Switzerland four.
_BY_COUNTRY: Mapping[str, Language] = {
    **dict.fromkeys(("de", "at", "li"), Language.DE),
    **dict.fromkeys(("fr", "mc", "re"), Language.FR),
    **dict.fromkeys(("es", "mx", "ar", "cl", "pe", "uy", "ve", "ec", "bo", "py", "cr", "gt", "cu"), Language.ES),
    **dict.fromkeys(("it", "sm", "va"), Language.IT),
    **dict.fromkeys(("pt", "br", "ao", "mz"), Language.PT),
    "nl": Language.NL,
    "pl": Language.PL,
}
