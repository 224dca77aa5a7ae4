"""What a letter asks for or tells beside yes or no, and what is read from it."""

from __future__ import annotations

import pytest

from inbox.classify import classify
from inbox.money import amounts_in, free_of_charge


def read(text: str) -> dict[str, dict[str, object]]:
    return {str(row["intent"]): row for row in (each.as_row for each in classify(text).intents)}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("What is your budget for this?", "asks_price"),
        ("We do accept these, our fee is payable up front.", "asks_price"),
        ("Was zahlen Sie denn dafür?", "asks_price"),
        ("Quel est votre budget ?", "asks_price"),
        ("¿Cuánto pagáis por enlace?", "asks_price"),
        ("Which topics did you have in mind?", "asks_topic"),
        ("Please send me a few title ideas.", "asks_topic"),
        ("Quels sujets proposez-vous ?", "asks_topic"),
        ("Can you send me the full article?", "asks_draft"),
        ("Schicken Sie mir gern den Artikel.", "asks_draft"),
        ("We could do a link exchange.", "link_exchange"),
        ("Happy to, if you place a link to our shop in return.", "link_exchange"),
        ("Linktausch wäre möglich.", "link_exchange"),
        ("I'm not the right person for this.", "wrong_person"),
        ("Dafür bin ich nicht zuständig.", "wrong_person"),
        ("Dana has left the company.", "left_company"),
        ("Frau Kern ist nicht mehr in unserem Unternehmen tätig.", "left_company"),
        ("It's live now!", "already_published"),
        ("Votre article est en ligne.", "already_published"),
    ],
)
def test_names(text: str, name: str) -> None:
    assert name in read(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("We don't do link exchanges.", "link_exchange"),
        ("We'd answer once it is published.", "already_published"),
        ("Is it live yet?", "already_published"),
        ("I no longer accept guest posts.", "left_company"),
        ("Feel free to send it over.", "free_of_charge"),
    ],
)
def test_what_does_not_say_it(text: str, name: str) -> None:
    assert name not in read(text)


def test_the_fee_is_read() -> None:
    fee = read("Sure. We charge €150 for a post with a do-follow link.")["asks_price"]
    assert (fee["amount"], fee["currency"], fee["words"]) == ("150", "EUR", "€150")
    assert "url" not in fee


def test_the_right_person_is_read() -> None:
    right = read("I'm not the right person. Please contact our editor Jane Doe at jane@brightgarden.com.")
    assert right["wrong_person"]["email"] == "jane@brightgarden.com"
    assert right["wrong_person"]["name"] == "Jane Doe"


def test_the_successor_is_read() -> None:
    gone = read("Tom has left the company. For partnerships write to Ada Moss <ada.moss@brightgarden.com>.")
    assert gone["left_company"]["email"] == "ada.moss@brightgarden.com"


def test_the_address_of_the_page_is_read() -> None:
    live = read("Hi Mara, your article is live: https://brightgarden.com/blog/compost. Thanks!")
    assert live["already_published"]["url"] == "https://brightgarden.com/blog/compost"


def test_the_words_stand_where_it_says() -> None:
    text = "Hi,\n\nwhat’s your budget?\n"
    row = read(text)["asks_price"]
    start, end = row["start"], row["end"]
    assert isinstance(start, int)
    assert isinstance(end, int)
    assert text[start:end] == row["words"]


@pytest.mark.parametrize(
    ("text", "amount", "amount_to", "currency"),
    [
        ("€150", "150", "", "EUR"),
        ("150 EUR", "150", "", "EUR"),
        ("USD 1.500,00", "1500", "", "USD"),
        ("1,500.50 USD", "1500.5", "", "USD"),
        ("$80-100 per post", "80", "100", "USD"),
        ("$ 80 to $100", "80", "100", "USD"),
        ("80€ bis 120€", "80", "120", "EUR"),
        ("between 80 and 100 dollars", "80", "100", "USD"),
        ("A$200", "200", "", "AUD"),
        ("$150 CAD", "150", "", "CAD"),
        ("R$ 300", "300", "", "BRL"),
        ("1 200 zł", "1200", "", "PLN"),
        ("150,- Kč", "150", "", "CZK"),
        ("1'500 CHF", "1500", "", "CHF"),
        ("2.5k usd", "2500", "", "USD"),
        ("$1-2k", "1000", "2000", "USD"),
        ("500 kr", "500", "", ""),
        ("5000円", "5000", "", "JPY"),
        ("3000 руб", "3000", "", "RUB"),
    ],
)
def test_amounts(text: str, amount: str, amount_to: str, currency: str) -> None:
    (money,) = amounts_in(text)
    assert (money.amount, money.amount_to, money.currency) == (amount, amount_to, currency)


@pytest.mark.parametrize("text", ["2026", "5 posts a month", "call 0221 150 400", "in 10 days"])
def test_numbers_that_are_no_amounts(text: str) -> None:
    assert not list(amounts_in(text))


def test_free() -> None:
    assert free_of_charge("We publish guest posts free of charge.")
    assert not free_of_charge("Feel free to write.")
