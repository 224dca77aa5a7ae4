"""What mail programs and servers call the folders of sent mail and of junk, for servers that mark neither.

Lower case, and as IMAP libraries give them: modified UTF-7 is decoded already.
"""

from __future__ import annotations

import re
import unicodedata

SENT = (
    *("sent", "sent items", "sent mail", "sent messages"),
    # German
    *("gesendet", "gesendete elemente", "gesendete objekte", "gesendete nachrichten", "gesendete mails"),
    # French
    *("envoyés", "éléments envoyés", "messages envoyés", "courrier envoyé", "courriers envoyés"),
    # Spanish, some of it Portuguese too
    *("enviados", "elementos enviados", "mensajes enviados", "correo enviado", "correos enviados"),
    # Italian
    *("inviati", "inviata", "posta inviata", "elementi inviati", "messaggi inviati"),
    # Dutch
    *("verzonden", "verzonden items", "verzonden berichten", "verzonden e-mail"),
    # Portuguese
    *("enviadas", "itens enviados", "mensagens enviadas", "e-mails enviados", "correio enviado"),
    # Polish
    *("wysłane", "elementy wysłane", "wiadomości wysłane", "wysłane wiadomości"),
    # Swedish
    *("skickat", "skickade", "skickade objekt", "skickade meddelanden"),
    # Danish and Norwegian
    *("sendt", "sendte", "sendt post", "sendt e-post", "sendte elementer", "sendte meldinger", "sendte beskeder"),
    # Finnish
    *("lähetetyt", "lähetetyt viestit", "lähetetyt kohteet"),
    # Czech
    *("odeslané", "odeslaná pošta", "odeslané zprávy", "odeslané položky"),
    # Russian
    *("отправленные", "отправленные письма", "отправленные элементы"),
)
JUNK = (
    *("junk", "spam", "junk email", "junk e-mail", "junk mail", "junk-email", "junk-e-mail", "bulk mail", "bulk"),
    # German
    *("spamverdacht", "unerwünscht", "unerwünschte werbung", "unerwünschte nachrichten", "unerwünschte e-mails"),
    # French
    *("indésirables", "courrier indésirable", "pourriel", "pourriels"),
    # Spanish
    *("correo no deseado", "correo basura", "no deseado"),
    # Italian
    *("posta indesiderata", "indesiderata", "indesiderati"),
    # Dutch
    *("ongewenst", "ongewenste e-mail", "ongewenste mail", "ongewenste reclame"),
    # Portuguese
    *("lixo eletrônico", "lixo eletrónico", "lixo electrónico", "correio não solicitado", "e-mail não solicitado"),
    # Polish
    *("wiadomości-śmieci", "wiadomości śmieci", "niechciane", "niechciane wiadomości"),
    # Swedish
    *("skräppost", "skräp"),
    # Danish and Norwegian
    *("uønsket mail", "uønsket e-mail", "uønsket post", "uønsket e-post", "søppelpost", "søppel-e-post"),
    # Finnish
    *("roskaposti", "roskapostit"),
    # Czech
    *("nevyžádané", "nevyžádaná pošta"),
    # Russian
    *("спам", "нежелательная почта", "нежелательные"),
)


def plain(name: str) -> str:
    """As the lists have it, whatever its case, and however its accents are written."""
    return unicodedata.normalize("NFC", name).strip().lower()


def seems_sent(path: str) -> bool:
    """Whether this folder, whose server's separator is not known any more, is one of sent mail."""
    return "sent" in path.lower() or plain(_SEPARATORS.split(path)[-1]) in SENT


_SEPARATORS = re.compile(r"[./\\]")
