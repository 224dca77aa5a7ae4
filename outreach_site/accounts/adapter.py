"""Adapters."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter


class AccountAdapter(DefaultAccountAdapter): ...


class MfaAdapter(DefaultMFAAdapter): ...
