"""The day on which somebody is back, in ten languages; the text was sent on Monday, 1 December 2025."""

from __future__ import annotations

from datetime import date

import pytest

from inbox.dates import return_date

MONDAY = date(2025, 12, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I am away until 5 January.", date(2026, 1, 5)),
        ("Back on Monday.", date(2025, 12, 8)),
        ("I'm back from Monday, 8 December.", date(2025, 12, 8)),
        ("returning 01/09/2026", date(2026, 9, 1)),
        ("I will be back Jan 5th, 2026", date(2026, 1, 5)),
        ("Out 1 Dec - 5 Dec, back on the 8th of December", date(2025, 12, 8)),
        ("back tomorrow", date(2025, 12, 2)),
        ("I'm away up to and including Friday 5 December", date(2025, 12, 5)),
        ("Ich bin bis einschließlich 5. Januar nicht im Büro.", date(2026, 1, 5)),
        ("Ab Montag bin ich wieder da.", date(2025, 12, 8)),
        ("Ich bin ab dem 8. Dezember wieder erreichbar.", date(2025, 12, 8)),
        ("Wieder im Büro am 08.12.", date(2025, 12, 8)),
        ("Ich bin bis 05.01.2026 im Urlaub", date(2026, 1, 5)),
        ("Ich bin morgen wieder da", date(2025, 12, 2)),
        ("Ab Mittwoch erreichen Sie mich wieder.", date(2025, 12, 3)),
        ("Ich kehre am 8. Dezember zurück.", date(2025, 12, 8)),
        ("Je suis absent jusqu'au 5 janvier inclus.", date(2026, 1, 5)),
        ("De retour lundi.", date(2025, 12, 8)),
        ("Je serai de retour à partir du lundi 8 décembre.", date(2025, 12, 8)),
        ("Je reviens le 8 décembre.", date(2025, 12, 8)),
        ("Absente du 1er au 5 décembre", date(2025, 12, 5)),
        ("jusqu'à vendredi", date(2025, 12, 5)),
        ("A partir du 08/12 je serai joignable", date(2025, 12, 8)),
        ("de retour demain", date(2025, 12, 2)),
        ("Estaré fuera hasta el 5 de enero.", date(2026, 1, 5)),
        ("Vuelvo el lunes.", date(2025, 12, 8)),
        ("A partir del 8 de diciembre estaré de nuevo disponible.", date(2025, 12, 8)),
        ("Regreso el 08/12/2025", date(2025, 12, 8)),
        ("de vacaciones del 1 al 5 de diciembre", date(2025, 12, 5)),
        ("Me reincorporo el miércoles 3 de diciembre", date(2025, 12, 3)),
        ("hasta el viernes", date(2025, 12, 5)),
        ("vuelvo mañana", date(2025, 12, 2)),
        ("Sono assente fino al 5 gennaio.", date(2026, 1, 5)),
        ("Rientro lunedì.", date(2025, 12, 8)),
        ("Sarò di nuovo in ufficio dal 8 dicembre.", date(2025, 12, 8)),
        ("Sarò di ritorno l'8 dicembre", date(2025, 12, 8)),
        ("in ferie dal 1 al 5 dicembre", date(2025, 12, 5)),
        ("torno domani", date(2025, 12, 2)),
        ("a partire da mercoledì sarò disponibile", date(2025, 12, 3)),
        ("fino a venerdì", date(2025, 12, 5)),
        ("Estou de férias até 5 de janeiro.", date(2026, 1, 5)),
        ("Volto na segunda-feira.", date(2025, 12, 8)),
        ("Regresso a 8 de dezembro.", date(2025, 12, 8)),
        ("A partir de 8 de dezembro estarei disponível", date(2025, 12, 8)),
        ("ausente até quinta-feira", date(2025, 12, 4)),
        ("Retorno dia 08/12", date(2025, 12, 8)),
        ("volto amanhã", date(2025, 12, 2)),
        ("até sexta", date(2025, 12, 5)),
        ("Ik ben afwezig t/m 5 januari.", date(2026, 1, 5)),
        ("Vanaf maandag ben ik er weer.", date(2025, 12, 8)),
        ("Ik ben maandag weer terug.", date(2025, 12, 8)),
        ("Ik ben terug op 8 december.", date(2025, 12, 8)),
        ("tot en met vrijdag 5 december", date(2025, 12, 5)),
        ("vanaf 8-12-2025 weer bereikbaar", date(2025, 12, 8)),
        ("morgen weer aanwezig", date(2025, 12, 2)),
        ("Woensdag ben ik weer op kantoor", date(2025, 12, 3)),
        ("Jestem na urlopie do 5 stycznia.", date(2026, 1, 5)),
        ("Wracam w poniedziałek.", date(2025, 12, 8)),
        ("Będę dostępny od 8 grudnia.", date(2025, 12, 8)),
        ("Wrócę 08.12.2025", date(2025, 12, 8)),
        ("nieobecny do piątku", date(2025, 12, 5)),
        ("od poniedziałku jestem w biurze", date(2025, 12, 8)),
        ("wracam jutro", date(2025, 12, 2)),
        ("do 5.01 włącznie", date(2026, 1, 5)),
        ("od środy będę z powrotem", date(2025, 12, 3)),
        ("Jag är på semester till och med 5 januari.", date(2026, 1, 5)),
        ("Jag är tillbaka på måndag.", date(2025, 12, 8)),
        ("Åter den 8 december.", date(2025, 12, 8)),
        ("Från och med onsdag är jag på plats igen", date(2025, 12, 3)),
        ("t.o.m. 5/1", date(2026, 1, 5)),
        ("tillbaka imorgon", date(2025, 12, 2)),
        ("Jag är tillbaka 8/12", date(2025, 12, 8)),
        ("ledig fram till fredag", date(2025, 12, 5)),
        ("fr.o.m. måndag svarar jag igen", date(2025, 12, 8)),
        ("Jeg er på ferie til og med den 5. januar.", date(2026, 1, 5)),
        ("Jeg er tilbage på mandag.", date(2025, 12, 8)),
        ("Tilbage den 8. december.", date(2025, 12, 8)),
        ("Fra og med onsdag er jeg på kontoret igen", date(2025, 12, 3)),
        ("indtil 5/1", date(2026, 1, 5)),
        ("Jeg er tilbage i morgen", date(2025, 12, 2)),
        ("frem til fredag", date(2025, 12, 5)),
        ("t.o.m. 5. januar", date(2026, 1, 5)),
        ("fra mandag kan I få fat på mig igen", date(2025, 12, 8)),
        ("Our June issue comes back often.", None),
        ("Back in a bit", None),
        ("open Monday to Friday 9-5", None),
        ("I will return your call", None),
        ("Du lundi au vendredi nous sommes ouverts", None),
        ("Back 2025-12-20", date(2025, 12, 20)),
        ("I was away until 5 November.", None),
        ("I'm out of the office from 3 to 7 December.", date(2025, 12, 7)),
    ],
)
def test_the_day_of_return(text: str, expected: date | None) -> None:
    assert return_date(text, sent_on=MONDAY) == expected


@pytest.mark.parametrize(
    "text", ["back on 31 February", "until 99.99.2026", "until 29 February", "back " * 5000, "from 1 to " * 5000]
)
def test_what_is_no_day(text: str) -> None:
    assert return_date(text, sent_on=MONDAY) is None
