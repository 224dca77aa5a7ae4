"""Domains that somebody can register, by the list of public suffixes (publicsuffix.org) that its package ships."""

from __future__ import annotations

from functools import lru_cache

from publicsuffixlist import PublicSuffixList

_suffixes = PublicSuffixList()


@lru_cache(maxsize=5_000)
def registrable(domain: str) -> str:
    """The domain somebody registered: `mail.example.co.uk` → `example.co.uk`; a public suffix stays as it is.

    An ending that the list does not know counts as one, as the list's own rules say: `mail.example.test` →
    `example.test`.
    """
    domain = domain.lower().rstrip(".")
    return _suffixes.privatesuffix(domain) or domain


def is_public_name(domain: str) -> bool:
    """Whether somebody could have registered it: below an ending that exists. `node.js` is no such name."""
    return _suffixes.privatesuffix(domain.lower().rstrip("."), accept_unknown=False) is not None
