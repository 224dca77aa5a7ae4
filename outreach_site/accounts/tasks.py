"""What the hands call (django-q2) for account holders."""

from __future__ import annotations

from django_q.tasks import async_task

CLUSTER = "mail"


def send_password_reset(address: str) -> None:
    """The letter with a link for a new password, if somebody has an account under this address."""
    from outreach_site.accounts.adapter import send_password_reset as send  # noqa: PLC0415 - the adapter knows HTTP

    send(address)


def send_password_reset_soon(address: str) -> None:
    """Asked for any address alike: what is asked tells nobody anything. At once: nothing the caller writes matters."""
    async_task(send_password_reset, address, cluster=CLUSTER)
