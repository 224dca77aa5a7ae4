"""Where a web address in a text begins and ends. Pure.

People write the punctuation of their sentence right behind it, and those whose script has no spaces the sentence, too.
"""

from __future__ import annotations

# Letters of scripts that leave no space between an address and the next word; Korean puts its endings there.
UNSPACED = (
    r"\u0e01-\u0e5b\u0e81-\u0edf\u1000-\u109f\u1780-\u17dd\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    r"\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
# What no address holds, not even one that is written with the letters of its language (RFC 3987, 2.2).
_NEVER = r"\s<>\"“”„‟«»‹›—…،؛؟٪٫٬۔।\u3001-\u3004\u3008-\u3040\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
_SPACED = rf"[^{_NEVER}{UNSPACED}]"
# Such letters belong to it where they begin a word of it (/wiki/レモン), not where they follow one (/guideです).
_TAIL = rf"(?:(?<![A-Za-z0-9])(?!を|です|でし)[{UNSPACED}]"
ADDRESS = (
    rf"(?:[^{_NEVER}./?#:]{{1,63}}\.)?"  # the first label of its host: my東京.example
    rf"[^{_NEVER}{UNSPACED}/?#]*{_TAIL}[^{_NEVER}/?#]*)?"  # the rest of its host
    rf"(?:[/?#]{_SPACED}*{_TAIL}[^{_NEVER}]*)?)?"
)
"""What follows `https://` or `www.`, as a regular expression; `without_punctuation` takes the last marks away."""

_AFTER = frozenset("'.,;:!?)]}’*")
_PAIRS = {")": "(", "]": "[", "}": "{"}


def without_punctuation(address: str) -> str:
    """Without the marks of the sentence at its end. A bracket that was opened in the address is its own."""
    surplus = {closing: address.count(closing) - address.count(opening) for closing, opening in _PAIRS.items()}
    end = len(address)
    while end and (last := address[end - 1]) in _AFTER:
        if last in surplus:
            if surplus[last] <= 0:
                break
            surplus[last] -= 1
        end -= 1
    return address[:end]
