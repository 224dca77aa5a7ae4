"""Amounts and currencies, as people write them: "€150", "150 EUR", "USD 1.500,00", "$80-100", "free of charge"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

_I = re.IGNORECASE


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` (and the upper one of a range) as a plain decimal, "0" for free; `currency` by ISO 4217, or empty."""

    amount: str
    currency: str
    start: int
    end: int
    amount_to: str = ""


# How currencies are written beside a number. Crowns without a country stay without one.
_CURRENCIES = {
    "USD": r"US\$|USD ?\$|\$ ?USD|\$|USD|US dollars?|dollars?|bucks|d[óo]lares|dollari|dolar[óo]w",
    "EUR": r"€|EUR|euros?",
    "GBP": r"£|GBP|pounds?(?: sterling)?|quid",
    "AUD": r"AU?\$|AUD ?\$?|\$ ?AUD",
    "CAD": r"CA?\$|CAD ?\$?|\$ ?CAD",
    "NZD": r"NZ\$|NZD ?\$?",
    "SGD": r"S\$|SGD",
    "HKD": r"HK\$|HKD",
    "BRL": r"R\$|BRL|reais",
    "CHF": r"CHF|SFr\.?|Fr\.|Franken|francs suisses",
    "PLN": r"z[łl](?:otych)?|PLN",
    "SEK": r"SEK",
    "DKK": r"DKK|dkr\.?",
    "NOK": r"NOK",
    "": r"kr\.?|kronor|kroner",
    "CZK": r"K[čc]|CZK|korun",
    "HUF": r"Ft|HUF|forint",
    "RON": r"RON|lei",
    "BGN": r"BGN|лв\.?",
    "RUB": r"₽|RUB|рублей|рубля|руб\.?",
    "UAH": r"₴|UAH|грн\.?",
    "TRY": r"₺|TRY|TL",
    "INR": r"₹|INR|Rs\.?|rupees",
    "JPY": r"JPY|円|¥",
    "CNY": r"CNY|RMB|元",
    "KRW": r"₩|KRW|원",
    "ILS": r"₪|ILS",
    "ZAR": r"ZAR",
    "NGN": r"₦|NGN|naira",
    "PHP": r"₱|PHP",
    "AED": r"AED",
    "USDT": r"USDT",
}
_NUMBER = r"\d{1,3}(?:[.,' ]\d{3}){1,3}(?!\d)(?:[.,]\d{1,2}(?!\d))?|\d{1,7}(?:[.,]\d{1,2}(?!\d))?"
_SIGNS = [(code, sign) for code, signs in _CURRENCIES.items() for sign in signs.split("|")]
# The longer sign first: "US$" is more than "$".
_ANY = "|".join(sign for _, sign in sorted(_SIGNS, key=lambda each: -len(each[1])))
_AFTER = rf"(?:{_ANY})(?![^\W\d_])"
_BEFORE = rf"(?<![^\W\d_])(?:{_ANY})"
_RANGE = r"\s?(?:-|–|—|to|bis|à|a|al|til|till|do|tot|og|and|und|et|y|e|en|i)\s?"
_AMOUNT = re.compile(
    rf"(?P<before>{_BEFORE})\s?(?P<one>{_NUMBER})(?P<k1>k\b)?"
    rf"(?:{_RANGE}(?:{_ANY})?\s?(?P<two>{_NUMBER})(?P<k2>k\b)?)?(?:\s?(?P<behind>{_AFTER}))?"
    rf"|(?<![\d.,])(?P<low>{_NUMBER})(?P<k3>k\b)?(?:,-{{1,2}})?(?:(?:\s?{_AFTER})?{_RANGE}(?P<high>{_NUMBER})(?P<k4>k\b)?)?(?:,-{{1,2}})?"
    rf"\s?(?P<after>{_AFTER})",
    _I,
)
_CODE_OF = [(code, re.compile(signs, _I)) for code, signs in _CURRENCIES.items()]
_DIGIT = re.compile(r"\d")
_FREE = re.compile(
    r"\b(?:free of (?:charge|cost)|for free|at no (?:charge|cost)|no (?:charge|fee|cost)s?\b(?! refund)|it's free"
    r"|(?:kosten(?:los|frei)|gratis|umsonst|gratuit(?:e|ement|o|a|amente)?|senza costi|kostnadsfritt|gratisowo"
    r"|bezp[łl]atn\w+|za darmo|zdarma|ilmai\w+|sem custos?|sin coste?))\b|бесплатно|безкоштовно|無料|免费|免費",
    _I,
)


def amounts_in(text: str) -> Iterator[Money]:
    """Amounts with a currency, in order."""
    if not _DIGIT.search(text):
        return
    for match in _AMOUNT.finditer(text):
        sign = match["before"] or match["after"]
        # A code behind the number knows more than the sign before it: "$150 CAD".
        code = _code(match["behind"] or sign)
        one = _decimal(match["one"] or match["low"], k=bool(match["k1"] or match["k3"]))
        second = match["two"] or match["high"]
        two = _decimal(second, k=bool(match["k2"] or match["k4"])) if second else None
        if two is not None and two <= one and not (match["k2"] or match["k4"]):
            two = None
        if two is not None and (match["k2"] or match["k4"]) and not (match["k1"] or match["k3"]) and one < 100:
            one *= 1000  # "1-2k"
        yield Money(_shown(one), code, match.start(), match.end(), _shown(two) if two is not None else "")


def free_of_charge(text: str) -> Money | None:
    """Where the text says that it costs nothing."""
    match = _FREE.search(text)
    return Money("0", "", match.start(), match.end()) if match else None


def _code(sign: str) -> str:
    sign = " ".join(sign.split())
    return next((code for code, pattern in _CODE_OF if pattern.fullmatch(sign)), "")


def _decimal(number: str, *, k: bool) -> Decimal:
    digits = number.replace(" ", "").replace("'", "")
    separators = [char for char in digits if char in ".,"]
    if separators:
        last = digits.rfind(separators[-1])
        if len(digits) - last - 1 == 3 and len(set(separators)) == 1:
            digits = digits.replace(separators[-1], "")  # thousands
        else:
            digits = digits[:last].replace(".", "").replace(",", "") + "." + digits[last + 1 :]
    return Decimal(digits) * (1000 if k else 1)


def _shown(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
