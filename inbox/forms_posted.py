"""Forms that a provider posts with whole messages in them: `multipart/form-data` (RFC 7578) and the url-encoded kind.

Django's own reading decodes every field to text and limits it to a few megabytes; a message is bytes in no one charset,
and may be large. Here a field is what was sent, and the limit is that of the whole request.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

MOST_PARTS = 200
_BOUNDARY = re.compile(r'boundary="?([^";]{1,70})"?', re.IGNORECASE)
_NAME = re.compile(r'\bname="((?:[^"\\]|\\.){0,200})"', re.IGNORECASE)
_FILE = re.compile(r'\bfilename="((?:[^"\\]|\\.){0,300})"', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PostedFile:
    name: str
    file_name: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Form:
    """The first value of each field, as bytes."""

    values: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    files: Sequence[PostedFile] = field(default=(), repr=False)

    def text(self, name: str, charset: str = "utf-8") -> str:
        """Never raises: what is not in its charset is replaced."""
        value = self.values.get(name, b"")
        try:
            return value.decode(charset or "utf-8", "replace")
        except LookupError:
            return value.decode("utf-8", "replace")


def form_in(content_type: str, body: bytes) -> Form:
    """Empty where the body is no form; a part that is broken is left out."""
    if content_type.lower().startswith("application/x-www-form-urlencoded"):
        try:
            pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_PARTS)
        except ValueError:
            return Form()
        return Form(values={name.decode("utf-8", "replace"): value for name, value in reversed(pairs)})
    boundary = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/form-data") or boundary is None:
        return Form()
    values: dict[str, bytes] = {}
    files: list[PostedFile] = []
    mark = b"\r\n--" + boundary[1].encode("latin-1", "replace")
    for part in (b"\r\n" + body).split(mark, MOST_PARTS)[1:]:
        if part.startswith(b"--"):
            break
        head, separator, content = part.partition(b"\r\n\r\n")
        headers = head.decode("utf-8", "replace")
        name = _NAME.search(headers)
        if not separator or name is None:
            continue
        if file_name := _FILE.search(headers):
            files.append(PostedFile(name[1], file_name[1], _type_in(headers), content))
        else:
            values.setdefault(name[1], content)
    return Form(values, files)


def _type_in(headers: str) -> str:
    found = re.search(r"^content-type:\s*([\w.+-]+/[\w.+-]+)", headers, re.IGNORECASE | re.MULTILINE)
    return found[1].lower() if found else "application/octet-stream"
