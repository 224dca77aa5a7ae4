"""What no line of the log may hold: tokens in addresses, which are secrets or act for a person."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

# 256 bits, URL-safe, as crypto.new_token makes them.
_TOKEN = re.compile(r"/[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])")
# allauth's own links: a confirmed address (a signed value) and a new password (user and token).
_SIGNED = re.compile(r"(/confirm-email/|/reset/key/)[^/\s]+")


def without_tokens(_logger: Any, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor of structlog: Django, for one, logs the address of each request that fails."""
    for key in ("event", "path", "url"):
        if isinstance(line.get(key), str):
            line[key] = _SIGNED.sub(r"\1…", _TOKEN.sub("/…", line[key]))
    return line
