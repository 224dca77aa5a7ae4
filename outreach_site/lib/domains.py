"""Domains that somebody can register, by the list of public suffixes (publicsuffix.org) that its package ships; and
those of providers that give addresses to anybody.
"""

from __future__ import annotations

from functools import lru_cache

from publicsuffixlist import PublicSuffixList

# Providers that give addresses to anybody: their users are private people, and share no company.
FREE_MAIL = frozenset(
    {
        "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "hotmail.co.uk", "hotmail.fr", "hotmail.de",
        "hotmail.it", "hotmail.es", "live.com", "live.co.uk", "live.fr", "live.nl", "msn.com", "outlook.de",
        "outlook.fr", "outlook.es", "outlook.it", "yahoo.com", "yahoo.co.uk", "yahoo.fr", "yahoo.de", "yahoo.it",
        "yahoo.es", "yahoo.ca", "yahoo.com.au", "yahoo.com.br", "yahoo.co.in", "yahoo.co.jp", "ymail.com",
        "rocketmail.com", "aol.com", "icloud.com", "me.com", "mac.com", "gmx.de", "gmx.net", "gmx.at", "gmx.ch",
        "gmx.com", "web.de", "t-online.de", "freenet.de", "mail.de", "posteo.de", "mailbox.org", "orange.fr",
        "wanadoo.fr", "free.fr", "laposte.net", "sfr.fr", "libero.it", "virgilio.it", "tin.it", "alice.it",
        "wp.pl", "o2.pl", "onet.pl", "interia.pl", "seznam.cz", "proton.me", "protonmail.com", "pm.me", "tutanota.com",
        "tuta.io", "fastmail.com", "hey.com", "zoho.com", "mail.com", "mail.ru", "yandex.ru", "yandex.com", "qq.com",
        "163.com", "126.com", "naver.com", "hanmail.net", "btinternet.com", "sky.com", "virginmedia.com",
        "comcast.net", "verizon.net", "att.net", "bellsouth.net", "cox.net", "shaw.ca", "rogers.com", "bigpond.com",
        "optusnet.com.au", "xtra.co.nz", "ziggo.nl", "planet.nl", "telenet.be", "skynet.be", "bluewin.ch",
        "uol.com.br", "terra.com.br", "bol.com.br", "sapo.pt", "telia.com", "online.no",
    }
)  # fmt: skip

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
