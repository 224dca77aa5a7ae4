"""Whose address it was: the addresses that the server's own words are about."""

from __future__ import annotations

import re

from inbox.bounces.structure import addressed_to, is_server_name, words_of, written_by
from inbox.parsing import ParsedMessage

_I = re.IGNORECASE

_ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
# Places in which servers name the address, the surest first.
_NAMED = (
    re.compile(rf"^\s*<({_ADDRESS})>\s*(?:\(.{{0,120}}\))?\s*[:.]", re.MULTILINE),
    re.compile(rf"^\s*<({_ADDRESS})>\s*$", re.MULTILINE),
    re.compile(
        rf"\b(?:address(?:es)?(?:\(es\))?|recipients?(?:\(s\))?|mailbox(?:es)?|users?|people|person"
        rf"|destinat\w+|empf[äa]nger\w*"
        rf"|adress\w*|to|an|à|ontvanger\w*|adresat\w*|mottagar\w*|errors|groups)\b[^\n@]{{0,120}}(?:[:-]"
        rf"|errors)\s*\n+\s*(?:\"[^\"\n]{{1,80}}\" )?[<\"'(*-]*\s*({_ADDRESS})",
        _I,
    ),
    re.compile(rf"\bSMTP=({_ADDRESS})"),  # Exchange 5.5, in an X.400 name
    re.compile(rf"\bmessage was addressed,?(?: to)? <?({_ADDRESS})", _I),
    re.compile(rf"^[ \t]{{0,8}}[*>•-] ?[<\[]?({_ADDRESS})[>\]]?[ \t]*(?:$|[:;,])", re.MULTILINE),
    re.compile(rf"^({_ADDRESS}) [^\n]{{0,80}}\bERROR_CODE ?:", re.MULTILINE),  # Zoho
    re.compile(rf"^\s{{0,8}}[\"']?({_ADDRESS})[\"']?\s*$", re.MULTILINE),
    re.compile(rf"^\s{{0,8}}({_ADDRESS})\s*(?:\(.{{0,200}}\))?\s*(?:[:;,-]|\.\.\.| \(|\[)", re.MULTILINE),
    re.compile(rf"^[45]\d\d[ -].{{0,12}}<({_ADDRESS})>\.\.\.", re.MULTILINE),
    re.compile(rf"\brcpt to:\s*<({_ADDRESS})>", _I),
    re.compile(
        rf"\b(?:final-recipient|original-recipient|recipient|rcpt to|user|userid|address|e-?mail|mailbox"
        rf"|attempts|to)\s*[:=]\s*(?:rfc822;)?\s*"
        rf"[<\"'\[(]?(?:smtp:|mailto:)?({_ADDRESS})",
        _I,
    ),
    re.compile(
        rf"\b(?:to|for|an|à|a|address|user|recipient|mailbox)\s+(?:the (?:following )?(?:user|recipient"
        rf"|address):?\s*)?[<\"'\[(]{{0,2}}({_ADDRESS})",
        _I,
    ),
    re.compile(rf"[<\"'(\[](?:mailto:|smtp:)?({_ADDRESS})[>\"')\]]", _I),
    re.compile(rf"({_ADDRESS})"),
)
# A list of addresses as servers print it: each on a line of its own, perhaps with its reason behind it.
LISTED = re.compile(
    rf"^[ \t]{{0,8}}(?:[*>•-] ?)?[<\[\"'(]?({_ADDRESS})[>\]\"')]?[ \t]*(?:$|[:;,](?:[ \t]|$)|\(|\[| Invalid|\.\.\.)",
    re.MULTILINE,
)
_LISTS = 10  # the first patterns find lists of addresses, each of which failed


_EXPANDED = re.compile(rf"\(expanded from:? <?({_ADDRESS})>?\)", _I)


def named_in_words(message: ParsedMessage) -> list[str]:
    """The addresses that the server's own words are about; else whom the returned letter was addressed to."""
    words = re.sub(r"message-?id\s*:?.*|\bcid:\S+", "", words_of(message), flags=_I)
    ours = {each.lower() for each in message.recipients} | {message.from_email.lower()}
    ours |= {address.lower() for address in written_by(message)}
    addressed = addressed_to(message)
    for number, pattern in enumerate(_NAMED):
        found = _distinct(pattern.findall(words))
        theirs = [each for each in found if each not in ours]
        if theirs:
            # Of several names those that the letter was addressed to: the others are hosts' own.
            meant = [each for each in theirs if each in addressed]
            # Sendmail names the alias that an address came from: it is the one that we wrote to.
            theirs += [each for each in _distinct(_EXPANDED.findall(words)) if each not in (*theirs, *ours)]
            return theirs[:20] if number < _LISTS else (meant or theirs[:1])
        if found and number < 2:
            return found[:20]  # A letter to oneself comes back too.
    return [each for each in addressed if each not in ours] or addressed[:1]


def _distinct(addresses: list[str]) -> list[str]:
    each_once = dict.fromkeys(address.lower().strip(".'") for address in addresses)
    return [address for address in each_once if not is_server_name(address.partition("@")[0])]
