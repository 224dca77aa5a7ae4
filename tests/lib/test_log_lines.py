"""No line of the log holds a link that acts for a person."""

from __future__ import annotations

import logging

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.test import Client
from django.urls import reverse
from structlog.stdlib import ProcessorFormatter

from outreach_site.lib.crypto import new_token
from outreach_site.lib.log_lines import without_tokens
from tests.conftest import World


def links(world: World) -> dict[str, str]:
    """Where the secret of each link stands, and its address."""
    confirmation = EmailConfirmationHMAC(EmailAddress.objects.get(user=world.marketer)).key
    reset = f"{user_pk_to_url_str(world.marketer)}-{default_token_generator.make_token(world.marketer)}"
    token = new_token()
    return {
        confirmation: reverse("account_confirm_email", args=[confirmation]),
        reset: reverse("account_reset_password_from_key_done").replace("/done/", f"/{reset}/"),
        token: f"/w/orchard/{token}/",
    }


def test_secrets_of_links_are_masked_and_the_rest_stays(world: World) -> None:
    for secret, address in links(world).items():
        line = without_tokens(None, "", {"event": f"Not Found: {address}", "path": address, "status": 404})
        assert secret.split(":")[-1] not in str(line)
        assert line["path"] == address.replace(secret, "…")
        assert line["event"] == f"Not Found: {address.replace(secret, '…')}"


def test_a_confirmation_that_fails_is_logged_without_its_link(world: World, caplog: pytest.LogCaptureFixture) -> None:
    confirmation = EmailConfirmationHMAC(EmailAddress.objects.get(user=world.marketer)).key
    EmailAddress.objects.all().delete()
    assert Client().post(reverse("account_confirm_email", args=[confirmation])).status_code == 404
    console = next(each for each in logging.getLogger().handlers if isinstance(each.formatter, ProcessorFormatter))
    said = "\n".join(console.format(record) for record in caplog.records)
    assert "/accounts/confirm-email/…/" in said
    assert confirmation not in said
