"""What editors write, and what it means. Sentences of our own, as people write them."""

from __future__ import annotations

import pytest

from inbox.classify import classify

INTERESTED = [
    "Sounds good, send it over.",
    "No problem, send it over whenever it is ready.",
    "Can't wait to read it!",
    "I'd love to hear more about the angle you have in mind.",
    "Yes please.",
    "Sure, go ahead.",
    "We'd be happy to take a look at a draft.",
    "Happy to add the link, which page should it go on?",
    "Tell me more. What would the article be about?",
    "Let's do it.",
    "Count me in!",
    "Interesting idea. Could you share a few topics first?",
    "Thanks for thinking of us. We're definitely interested.",
    "Great timing, we were just looking for a piece like this. Please send me the draft.",
    "How much would you charge, or is it free for us?",
    "Our fee for a guest article is $120, paid up front.",
    "If it is original, we would love to publish it.",
    "Stop by our office next week and we can talk it over, sounds great.",
    "I read it yesterday and I like the idea.",
    "We don't take sponsored posts, but we would love to see a guest article from you.",
    "Klingt gut, schicken Sie mir gern einen Entwurf.",
    "Gerne, das passt gut zu unserer Herbstausgabe.",
    "Avec plaisir, envoyez-moi le texte.",
    "Cela nous intéresse, pouvez-vous nous en dire plus ?",
    "Me interesa, envíame más detalles por favor.",
    "Suena bien, adelante.",
    "Volentieri, mandami una bozza.",
    "Klinkt goed, stuur maar op.",
    "Tenho interesse, pode enviar o texto.",
    "Jestem zainteresowany, proszę o szczegóły.",
    "Brzmi dobrze, proszę przesłać tekst.",
]
REFUSED = [
    "Not interested.",
    "Not interested, thanks.",
    "No thanks.",
    "No, thank you.",
    "Thanks, but no thanks.",
    "Hi Mara, thank you for the offer but we will pass on this one.",
    "We have decided not to go ahead with this.",
    "I'm afraid we're not interested in guest articles.",
    "I have to decline.",
    "This isn't a good fit for us.",
    "Sounds interesting, but we don't accept guest posts.",
    "I would love to help, but unfortunately we do not publish external articles.",
    "We no longer accept contributions from outside.",
    "Kein Interesse.",
    "Wir haben leider kein Interesse an Gastbeiträgen.",
    "Nein danke.",
    "Non merci, cela ne nous intéresse pas.",
    "Nous ne sommes pas intéressés.",
    "No me interesa, gracias.",
    "No, gracias.",
    "Non siamo interessati, grazie.",
    "Geen interesse, bedankt.",
    "Nee, dank je.",
    "Não temos interesse, obrigado.",
    "Nie jesteśmy zainteresowani.",
    "Nie, dziękuję.",
]
OPTED_OUT = [
    "Unsubscribe",
    "unsubscribe me please",
    "Please unsubscribe.",
    "Please remove me from your list.",
    "Take us off your mailing list.",
    "Remove my email address from your database immediately.",
    "Stop emailing me.",
    "STOP",
    "Please stop sending me these emails.",
    "Do not contact us again.",
    "Don't email me again!",
    "Please do not write to this address again.",
    "No more emails please.",
    "I don't want to receive any more of these.",
    "I want to be removed.",
    "Not interested. Remove me from your list.",
    "Opt me out please.",
    "Leave us alone.",
    "Under the GDPR I ask you to delete all data you hold about me.",
    "If possible, please take me off your list.",
    "Bitte nehmen Sie mich aus Ihrem Verteiler.",
    "Bitte keine weiteren Mails mehr.",
    "Bitte löschen Sie meine Daten.",
    "Merci de me désinscrire de votre liste.",
    "Ne me contactez plus.",
    "Por favor, denme de baja.",
    "No me escriban más.",
    "Cancellatemi dalla vostra lista.",
    "Non scrivetemi più.",
    "Verwijder mij uit uw bestand.",
    "Mail mij niet meer.",
    "Por favor, removam o meu email da lista.",
    "Proszę o usunięcie mojego adresu z bazy.",
    "Proszę nie pisać do mnie więcej, proszę mnie wypisać.",
    "Ta bort mig från listan, tack.",
    "Отпишите меня, пожалуйста.",
    "请退订",
]
OTHERWISE = [
    "Thanks for your note.",
    "I will have a look and come back to you.",
    "I have passed this on to our editor.",
    "Who are you?",
    "I was not in yesterday, I will read it tonight.",
    "We can't wait any longer for the invoice, please pay it.",
    "The stop is just outside our office, line 12.",
    "I removed the old article from the list yesterday.",
    "No problem at all.",
    "No worries, thanks for letting me know.",
    "How do readers unsubscribe from your newsletter?",
    "Readers can unsubscribe at any time with the link in the footer.",
    "If you are not interested, just let me know.",
    "Are you not interested in our rates?",
    "Please don't contact me before Monday, I am on deadline.",
    "You could stop by our stand at the fair.",
    "Did you remove the link to our site?",
    "I never said we were not interested.",
]
DOUBTFUL = [
    "We do not usually take such articles, and I would have to ask. Do not expect much.",
    "Normalerweise veröffentlichen wir keine Gastartikel, da müsste ich erst nachfragen.",
    "We don't accept guest posts, but let me check with my editor.",
    "Not interested right now, maybe next quarter.",
    "Not at this time. Please try again in spring.",
    "Not now.",
    "",
]


@pytest.mark.parametrize("text", INTERESTED)
def test_interested(text: str) -> None:
    verdict = classify(text)
    assert verdict.tag == "interested", verdict
    assert not verdict.suppresses


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    verdict = classify(text)
    assert verdict.tag == "not_interested", verdict
    assert verdict.suppresses
    assert not verdict.asks_opt_out


@pytest.mark.parametrize("text", OPTED_OUT)
def test_opted_out(text: str) -> None:
    verdict = classify(text)
    assert verdict.tag == "not_interested", verdict
    assert verdict.asks_opt_out
    assert verdict.suppresses


@pytest.mark.parametrize("text", OTHERWISE)
def test_neither(text: str) -> None:
    verdict = classify(text)
    assert not verdict.suppresses, verdict
    assert verdict.tag in {"replied", "out_of_office"}, verdict


@pytest.mark.parametrize("text", DOUBTFUL)
def test_doubt_is_for_a_person(text: str) -> None:
    verdict = classify(text)
    assert not verdict.suppresses, verdict
    assert verdict.tag == "replied"
    assert verdict.needs_review


@pytest.mark.parametrize(
    "text",
    [
        "I am out of the office until 5 January and will reply when I am back.",
        "Ich bin bis zum 12.01.2026 nicht im Büro. In dringenden Fällen wenden Sie sich bitte an redaktion@garten.de.",
        "Je suis en congés jusqu'au 5 janvier, je vous répondrai à mon retour.",
        "Estaré fuera de la oficina hasta el 5 de enero. En caso de urgencia escriba a info@huerto.es.",
        "Sono in ferie fino al 5 gennaio, per urgenze scrivere a redazione@orto.it.",
        "Ik ben met vakantie tot 5 januari en lees mijn mail na terugkomst.",
        "Estou de férias até 5 de janeiro. Para assuntos urgentes, escreva para geral@horta.pt.",
        "Jestem na urlopie do 5 stycznia, odpowiem po powrocie.",
    ],
)
def test_away(text: str) -> None:
    verdict = classify(text)
    assert verdict.tag == "out_of_office", verdict
    assert not verdict.suppresses


def test_away_yesterday_is_an_answer_today() -> None:
    assert classify("Sorry, I was out of office yesterday. Sounds good, send it over!").tag == "interested"


def test_evidence_points_into_the_text() -> None:
    text = "Hello,\n\nthank you, but we’re not interested.\n\nBest, Ed"
    verdict = classify(text)
    assert [each.words for each in verdict.evidence] == ["not interested"]
    assert all(text[each.start : each.end].replace("’", "'") == each.words for each in verdict.evidence)


def test_addresses_are_not_words() -> None:
    assert not classify("Our page is https://example.org/unsubscribe and mine is stop@example.org.").suppresses


def test_what_is_passed_on_is_not_theirs() -> None:
    text = "See below.\n\n---------- Forwarded message ---------\nFrom: Jo <jo@x.org>\n\nNot interested. Remove me."
    assert not classify(text).suppresses


def test_an_empty_letter_with_a_subject() -> None:
    assert classify("", subject="unsubscribe").asks_opt_out
    assert not classify("", subject="Re: unsubscribe").suppresses
    assert not classify("", subject="An idea").suppresses


@pytest.mark.parametrize(
    "below",
    ["Unsubscribe | Manage preferences", "Mara\nNo offers! We do not accept guest posts.", "Please remove me."],
)
def test_what_stands_below_a_signature_suppresses_nobody(below: str) -> None:
    for mark in ("--", "Sent from my iPhone"):
        verdict = classify(f"Hi Mara,\n\n{mark}\n{below}")
        assert not verdict.suppresses
        assert verdict.needs_review
    assert classify("Hi Mara,\n\nPlease remove me.").suppresses


def test_a_long_letter_suppresses_nobody() -> None:
    story = "We talked about the garden and the weather, and what to plant there in spring. " * 40
    verdict = classify(f"{story} Not interested.")
    assert not verdict.suppresses
    assert verdict.needs_review


def test_it_ends_in_time_whatever_it_is_given() -> None:
    import time

    began = time.monotonic()
    for text in (
        "a " * 5000,
        "not " * 5000,
        "On " * 5000,
        "we do not " * 1000,
        "\n" * 10000,
        "é" * 10000,
        "if " * 4000,
    ):
        classify(text)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "text",
    [
        "Ich bin bis 12.9. unterwegs und lese keine Mails.",
        "Not my area, please ask our content team at content@brightgarden.com",
        "We don't decide that here, contact hello@brightgarden.com instead.",
        "My colleague is not interested in tech, but he reads everything.",
        "There is no need to apologise.",
        "There is no rush at all.",
        "We had to stop emailing customers last year because of GDPR.",
        "To unsubscribe from this group, send an email to: list-unsubscribe@groups.example",
        "Oh great, another SEO email. How wonderful.",
        "I think it won't do any harm.",
        "The server refused the connection.",
        "Do you stop sending reminders if I answer?",
        "Not interested in the free version, but a sponsored post would work",
        "Take my name off the byline, otherwise good to go",
        "Why should I not be interested?",
        "No rush, no pressure, no thanks needed",
        "No guest posts in December, January is open",
        "Leave me out of the loop on the edits, just send the final",
        "We object to the second paragraph, the rest is fine",
        "Nein, ich meine die andere Seite",
        "Wir nehmen keine Gebühren",
        "Warum sollten wir das ablehnen?",
        "Nehmen Sie mich bitte in CC",
        "Kein Interesse an Linktausch, aber ein bezahlter Beitrag geht",
        "Ne m'écrivez pas avant lundi, je suis en déplacement",
        "Pas intéressé par l'échange, mais un article sponsorisé oui",
        "Retirez mon nom de la signature, sinon parfait",
        "Nous ne publions pas le week-end",
        "No me escribas antes del lunes, estoy de viaje",
        "No publicamos los fines de semana",
        "Me opongo a ese título, el resto bien",
        "Non pubblichiamo nel fine settimana",
        "Não me escreva antes de segunda, estou em viagem",
        "Não fazemos grátis, são 200 reais",
        "Tire o meu nome do fim e está ótimo",
        "Verwijder mijn naam onderaan, verder prima",
        "We plaatsen geen artikelen in het weekend",
        "Proszę nie pisać przed poniedziałkiem, jestem w podróży",
        "Nie publikujemy za darmo, koszt to 300 zł",
        "Proszę usunąć moje nazwisko z podpisu, reszta ok",
        "Vi publicerar inte gratis, det kostar 1000 kr",
        "Ta bort mitt namn i slutet, annars bra",
        "Hur fick ni tag på min adress?",
        "Vi bringer ikke noget gratis, det koster 900 kr",
        "Vi tager ikke noget for det",
    ],
)
def test_nobody_is_suppressed_by_these(text: str) -> None:
    assert not classify(text).suppresses


def test_a_bare_no_within_a_longer_letter_answers_something_else() -> None:
    letter = "Is it the kernel module?\nNope.\n" + "The build fails at the second step, and I cannot say why. " * 5
    assert not classify(letter).suppresses
    assert classify("Nope.").suppresses
