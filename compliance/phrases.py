"""What the public unsubscribe page says, in the languages of the people we write to.

The reader chose neither this product nor its language, so the page speaks theirs where it can. `{who}` is who wrote,
`{address}` the reader's own address, partly hidden.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation.trans_real import parse_accept_lang_header


@dataclass(frozen=True)
class Phrases:
    language: str
    title: str
    question: str
    button: str
    done_title: str
    done: str
    unknown_title: str
    unknown: str


ENGLISH = Phrases(
    language="en",
    title="Unsubscribe",
    question="One click, and {who} will not write to {address} again.",
    button="Unsubscribe",
    done_title="You are unsubscribed",
    done="{who} will not write to {address} again. There is nothing more to do.",
    unknown_title="This link does not work",
    unknown="It may have been cut off on its way. Please open the whole link from the letter, or simply answer the "
    "letter and say that you want no more.",
)

PHRASES = {
    "en": ENGLISH,
    "de": Phrases(
        language="de",
        title="Abmelden",
        question="Ein Klick, und {who} schreibt nicht mehr an {address}.",
        button="Abmelden",
        done_title="Sie sind abgemeldet",
        done="{who} schreibt nicht mehr an {address}. Sie brauchen nichts weiter zu tun.",
        unknown_title="Dieser Link funktioniert nicht",
        unknown="Vielleicht wurde er unterwegs abgeschnitten. Bitte öffnen Sie den ganzen Link aus der E-Mail, oder "
        "antworten Sie einfach, dass Sie keine weiteren möchten.",
    ),
    "fr": Phrases(
        language="fr",
        title="Se désabonner",
        question="Un clic, et {who} n’écrira plus à {address}.",
        button="Me désabonner",
        done_title="C’est noté",
        done="{who} n’écrira plus à {address}. Vous n’avez rien d’autre à faire.",
        unknown_title="Ce lien ne fonctionne pas",
        unknown="Il a peut-être été coupé en chemin. Ouvrez le lien entier depuis le message, ou répondez simplement "
        "que vous ne souhaitez plus en recevoir.",
    ),
    "es": Phrases(
        language="es",
        title="Darse de baja",
        question="Un clic, y {who} no volverá a escribir a {address}.",
        button="Darme de baja",
        done_title="Se ha dado de baja",
        done="{who} no volverá a escribir a {address}. No tiene que hacer nada más.",
        unknown_title="Este enlace no funciona",
        unknown="Quizá se cortó por el camino. Abra el enlace completo desde el mensaje, o responda simplemente que "
        "no desea recibir más.",
    ),
    "it": Phrases(
        language="it",
        title="Annulla l’iscrizione",
        question="Un clic, e {who} non scriverà più a {address}.",
        button="Annulla l’iscrizione",
        done_title="Iscrizione annullata",
        done="{who} non scriverà più a {address}. Non deve fare altro.",
        unknown_title="Questo link non funziona",
        unknown="Forse è stato troncato. Apra il link intero dal messaggio, oppure risponda semplicemente che non "
        "desidera riceverne altri.",
    ),
    "pl": Phrases(
        language="pl",
        title="Rezygnacja z wiadomości",
        question="Jedno kliknięcie i {who} nie będzie już pisać na adres {address}.",
        button="Rezygnuję",
        done_title="Rezygnacja przyjęta",
        done="{who} nie będzie już pisać na adres {address}. Nie trzeba robić nic więcej.",
        unknown_title="Ten link nie działa",
        unknown="Być może został po drodze ucięty. Proszę otworzyć cały link z wiadomości albo po prostu odpisać, że "
        "nie chcą Państwo kolejnych.",
    ),
    "nl": Phrases(
        language="nl",
        title="Afmelden",
        question="Eén klik, en {who} schrijft niet meer naar {address}.",
        button="Afmelden",
        done_title="U bent afgemeld",
        done="{who} schrijft niet meer naar {address}. U hoeft verder niets te doen.",
        unknown_title="Deze link werkt niet",
        unknown="Misschien is hij onderweg afgebroken. Open de hele link uit het bericht, of antwoord gewoon dat u "
        "geen berichten meer wilt.",
    ),
}


def phrases_for(accept_language: str) -> Phrases:
    """The first language of an Accept-Language header (RFC 9110, 12.5.4) that we speak; English for anything else."""
    for tag, weight in parse_accept_lang_header(accept_language):
        known = PHRASES.get(tag.partition("-")[0])
        if known is not None and weight > 0:
            return known
    return ENGLISH
