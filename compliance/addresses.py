"""What makes two addresses the same, and which domain an address counts for. Offline; no database."""

from __future__ import annotations

import re
from functools import lru_cache

from disposable_email_domains import blocklist as disposable
from django.conf import settings
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from outreach_site.lib.domains import FREE_MAIL, registrable

# Two names of one provider, whose addresses are the same mailbox.
SAME_PROVIDER = {"googlemail.com": "gmail.com"}
# Only where the provider itself says that it ignores them (Google's help pages, "Dots don't matter" and task-specific
# addresses). Elsewhere two spellings may be two people.
IGNORES_DOTS = frozenset({"gmail.com"})
IGNORES_PLUS_TAGS = frozenset({"gmail.com", "outlook.com", "hotmail.com", "live.com", "fastmail.com", "proton.me"})


class InvalidAddressError(ValueError):
    """The text is not one email address; the message says why, for a person."""


def normalise(address: str) -> str:
    """The one spelling of an address: lower case, domain in IDNA 2008, tags and dots dropped where they mean nothing
    (unless FOLD_ADDRESSES is off).

    This is what caps and duplicates compare; the letter itself goes to the address as it was given. At most 254
    characters (RFC 5321, 4.5.3.1.3). Raises InvalidAddressError.
    """
    return fold(_spelled(address)) if settings.FOLD_ADDRESSES else _spelled(address)


@lru_cache(maxsize=5_000)
def fold(address: str) -> str:
    """A normalised address without what its provider ignores, whatever the setting.

    Suppression compares this: no change of the setting can let an opt-out be forgotten.
    """
    local, _, domain = address.rpartition("@")
    if domain in IGNORES_PLUS_TAGS:
        local = local.partition("+")[0] or local
    if domain in IGNORES_DOTS:
        local = local.replace(".", "") or local
    return f"{local}@{domain}"


@lru_cache(maxsize=5_000)
def _spelled(address: str) -> str:
    text = address.strip()
    if len(text) > 254:
        raise InvalidAddressError("An email address has at most 254 characters.")
    # Lower case first would turn some letters of other alphabets into ours.
    if text.isascii() and (plain := _PLAIN.fullmatch(text.lower())):
        local, domain = plain.groups()
    else:
        try:
            parsed = validate_email(text, check_deliverability=False, test_environment=True, allow_quoted_local=False)
        except EmailNotValidError as err:
            raise InvalidAddressError(str(err)) from err
        local = parsed.local_part.lower()
        domain = (parsed.ascii_domain or parsed.domain).lower()
    return f"{local}@{SAME_PROVIDER.get(domain, domain)}"


# What nearly every address looks like. The validator says the same of it, thirty times slower, letter by letter.
_PLAIN = re.compile(
    r"(?=[^@]{1,64}@)([a-z0-9]+(?:[._+-][a-z0-9]+)*)@"
    rf"((?:(?=[^.]{{1,63}}\.)[a-z0-9]+(?:-[a-z0-9]+)*\.)+(?!(?:{'|'.join(SPECIAL_USE_DOMAIN_NAMES)})$)[a-z]{{2,63}})"
)


def domain_of(address: str) -> str:
    """The domain of a normalised address."""
    return address.rpartition("@")[2].lower()


def parents_of(domain: str) -> list[str]:
    """A domain and all above it, longest first: what an entry for a domain "with its subdomains" is looked up by."""
    labels = domain.lower().rstrip(".").split(".")
    return [".".join(labels[start:]) for start in range(len(labels))]


def is_free_mail(domain: str) -> bool:
    return domain.lower() in FREE_MAIL


def is_disposable(domain: str) -> bool:
    """Whether a provider of addresses that last for minutes or days owns it (the list of disposable-email-domains)."""
    domain = domain.lower()
    return domain in disposable or registrable(domain) in disposable


def is_test(address: str) -> bool:
    """Whether it ends in `.test` (RFC 6761): an address that only the rehearsal post office knows."""
    return domain_of(address).endswith(".test")


# Mailboxes of a function rather than a person (RFC 2142, and what sites use besides).
ROLE_ACCOUNTS = frozenset(
    {
        "abuse", "admin", "administrator", "billing", "contact", "editor", "editorial", "enquiries", "hello", "help",
        "hi", "hostmaster", "info", "jobs", "kontakt", "mail", "marketing", "media", "news", "no-reply", "noreply",
        "office", "post", "postmaster", "press", "redaktion", "sales", "security", "service", "submissions", "support",
        "team", "webmaster",
    }
)  # fmt: skip


def is_role_account(address: str) -> bool:
    return address.partition("@")[0].lower() in ROLE_ACCOUNTS
