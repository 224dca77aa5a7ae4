"""What an inline script would write, as far as its strings alone tell: `"info" + "@" + "example.org"`.

Nothing is executed. Strings, what they are joined with, and a handful of pure functions on them are put together; all
else is unknown, and what touches something unknown is left apart.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

# Where a value is unknown, it stands between the known ones: nothing is joined across it.
UNKNOWN = "\0"
_TOKENS_AT_MOST = 20_000
_LONGEST = 5_000  # characters of one value
_DEEPEST = 40

_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/"""
    r"""|(?P<string>"(?:[^"\\\n]|\\.){0,5000}"|'(?:[^'\\\n]|\\.){0,5000}'|`(?:[^`\\]|\\.){0,5000}`)"""
    r"""|(?P<regex>(?<=[(,])\s*/(?:[^/\\\n]|\\.){1,200}/[gimsuy]{0,6})"""
    r"""|(?P<name>[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*)"""
    r"""|(?P<number>0x[0-9a-fA-F]+|\d+)"""
    r"""|(?P<mark>\+=|[-+=()\[\]{},;:.?!<>*/%&|^~])""",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|([0-7]{1,3})|(.))", re.DOTALL)
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}


def strings_of(script: str) -> Iterator[str]:
    """The values that a script puts together, and those that it writes as they stand."""
    yield from _Reader(_tokens(script)).read()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def _tokens(script: str) -> list[_Token]:
    tokens = []
    for match in _TOKEN.finditer(script):
        if match.lastgroup is not None:
            tokens.append(_Token(match.lastgroup, match[match.lastgroup].strip()))
            if len(tokens) >= _TOKENS_AT_MOST:
                break
    return tokens


def _unquoted(literal: str) -> str:
    def plain(match: re.Match[str]) -> str:
        hexadecimal = match[1] or match[2] or match[3]
        if hexadecimal or match[4]:
            code = int(hexadecimal, 16) if hexadecimal else int(match[4], 8)
            return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else ""
        return _PLAIN.get(match[5], "" if match[5] == "\n" else match[5])

    return _ESCAPE.sub(plain, literal[1:-1])


Value = str | list[str]


@dataclass
class _Reader:
    tokens: list[_Token]
    at: int = 0
    depth: int = 0
    known: dict[str, Value] = field(default_factory=dict)

    def read(self) -> Iterator[str]:
        while self.at < len(self.tokens):
            start = self.at
            name = self.assigned_to()
            value = self.expression()
            if name:
                if name.endswith("+"):
                    name = name[:-1]
                    value = _text(self.known.get(name, UNKNOWN)) + _text(value)
                self.known[name] = self.known[name.rpartition(".")[2]] = (
                    value if isinstance(value, list) else (value[:_LONGEST])
                )
            text = _text(value)
            if len(text) > 3:
                yield text
            if self.at == start:
                self.at += 1

    def assigned_to(self) -> str:
        """The name before `=`, `+=` or, in an object, `:`; the cursor then stands behind it."""
        token, mark = self.peek(), self.peek(1)
        if token is None or mark is None or token.kind not in {"name", "string"}:
            return ""
        if mark.text not in {"=", "+=", ":"} or (token.kind == "string" and mark.text != ":"):
            return ""
        following = self.peek(2)
        if following is not None and following.text == "=":  # A comparison.
            return ""
        self.at += 2
        name = token.text if token.kind == "name" else _unquoted(token.text)
        return name + ("+" if mark.text == "+=" else "")

    def expression(self) -> Value:
        if self.depth > _DEEPEST:
            self.at += 1
            return UNKNOWN
        self.depth += 1
        try:
            value = self.term()
            while (token := self.peek()) is not None and token.text == "+":
                self.at += 1
                value = (_text(value) + _text(self.term()))[:_LONGEST]
            return value
        finally:
            self.depth -= 1

    def term(self) -> Value:
        token = self.peek()
        if token is None or token.text in {")", "]", "}", ",", ";"}:
            return UNKNOWN
        self.at += 1
        value: Value = UNKNOWN
        if token.kind == "string":
            value = _unquoted(token.text)
        elif token.kind == "number":
            value = token.text
        elif token.kind == "name":
            value = self.name(token.text)
        elif token.text == "(":
            value = self.expression()
            self.skip(")")
        elif token.text == "[":
            value = self.listed("]")
        return self.methods(value)

    def name(self, name: str) -> Value:
        head, _, last = name.rpartition(".")
        following = self.peek()
        if following is not None and following.text == "(":
            self.at += 1
            arguments = self.listed(")")
            known = self.known.get(head) if head else None
            if known is not None:
                return _method(known, last, arguments)
            return _call(last, arguments)
        value = self.known.get(name)
        return value if value is not None else self.known.get(last, UNKNOWN) if head else UNKNOWN

    def methods(self, value: Value) -> Value:
        """`.join("@")` and its kin behind a value."""
        while (dot := self.peek()) is not None and dot.text == ".":
            name, bracket = self.peek(1), self.peek(2)
            if name is None or bracket is None or name.kind != "name" or bracket.text != "(":
                break
            self.at += 3
            value = _method(value, name.text, self.listed(")"))
        return value

    def listed(self, end: str) -> list[str]:
        values: list[str] = []
        while (token := self.peek()) is not None and token.text != end and len(values) < 1_000:
            start = self.at
            if token.kind == "regex":
                self.at += 1
                values.append(token.text)
            else:
                values.append(_text(self.expression()))
            self.skip(",")
            if self.at == start:
                self.at += 1
        self.skip(end)
        return values

    def peek(self, ahead: int = 0) -> _Token | None:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else None

    def skip(self, text: str) -> None:
        token = self.peek()
        if token is not None and token.text == text:
            self.at += 1


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ",".join(value)


def _call(name: str, arguments: list[str]) -> Value:
    """What a function that is known by its name gives; its arguments where it only writes them."""
    if name == "fromCharCode":
        return "".join(chr(int(code, 0)) for code in arguments if re.fullmatch(r"\d{1,5}|0x[0-9a-fA-F]{1,4}", code))
    if name in {"unescape", "decodeURIComponent", "decodeURI"} and arguments:
        return unquote(arguments[0])
    if name == "atob" and arguments:
        return from_base64(arguments[0])
    if "uncryptmailto" in name.lower() and arguments:
        return _shifted_back(arguments[0])
    if name in {"write", "writeln", "String", "html", "append", "concat"}:
        return "".join(arguments)
    return UNKNOWN.join(["", *arguments, ""])


def _method(value: Value, name: str, arguments: list[str]) -> Value:
    argument = arguments[0] if arguments else ""
    if isinstance(value, list):
        if name == "join":
            return (argument if arguments else ",").join(value)
        if name == "reverse":
            return value[::-1]
        return [*value, *arguments] if name == "concat" else UNKNOWN
    if name == "split":
        return list(value) if not argument else value.split(argument)
    if name in {"replace", "replaceAll"} and len(arguments) == 2:
        what = re.sub(r"\\(.)", r"\1", argument[1 : argument.rindex("/")]) if argument.startswith("/") else argument
        return value.replace(what, arguments[1]) if what else value
    if name == "concat":
        return value + "".join(arguments)
    if name in {"toLowerCase", "trim", "toString"}:
        return value.strip() if name == "trim" else value.lower() if name == "toLowerCase" else value
    return UNKNOWN


def from_base64(text: str) -> str:
    try:
        return base64.b64decode(text.strip()[:_LONGEST], validate=True).decode()
    except ValueError:
        return ""


def _shifted_back(text: str) -> str:
    """TYPO3 shifts the signs of a mailto link by a number of its site's own: the one that makes it a mailto is it."""
    for shift in range(-26, 27):
        plain = "".join(_shift(sign, shift) for sign in text)
        if plain.startswith("mailto:"):
            return plain
    return ""


_RANGES = ((0x2B, 0x3A), (0x40, 0x5A), (0x61, 0x7A))


def _shift(sign: str, by: int) -> str:
    for first, last in _RANGES:
        if first <= ord(sign) <= last:
            return chr(first + (ord(sign) - first + by) % (last - first + 1))
    return sign
