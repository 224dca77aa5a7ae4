"""The card of a mailbox's webhook: owners alone, every action with and without scripts, and a secret that stays one."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from compliance.models import AuditEntry
from inbox.hook_models import Webhook
from outreach_site.mailboxes.models import Mailbox
from tests.conftest import World
from tests.letterbox import Letterbox, make_letterbox

HTMX = {"HX-Request": "true"}
ACTIONS = ("webhook_open", "webhook_show", "webhook_renew", "webhook_key", "webhook_close")


@pytest.fixture
def box(world: World) -> Letterbox:
    return make_letterbox(world, email="mara@orchardmedia.com", port=2525)


def url(box: Letterbox, name: str = "webhook_detail") -> str:
    return reverse(f"inbox:{name}", args=[box.world.here.slug, box.mailbox.pk])


def opened(box: Letterbox, provider: str = "mailgun") -> Webhook:
    hook = Webhook(mailbox=box.mailbox, provider=provider)
    hook.renew(now=timezone.now())
    hook.save()
    return hook


def do(box: Letterbox, name: str, *, htmx: bool = False, **data: str) -> HttpResponse:
    client = box.world.client(box.world.owner)
    response = client.post(url(box, name), data, headers=HTMX if htmx else None)
    assert isinstance(response, HttpResponse)
    return response


@pytest.mark.parametrize("htmx", [True, False])
def test_switching_it_on_shows_the_address_to_paste(box: Letterbox, settings: Settings, htmx: bool) -> None:
    settings.SITE_URL = "https://outreach.example.com"
    response = do(box, "webhook_open", htmx=htmx, provider="sendgrid")
    hook = Webhook.objects.get()
    assert f"https://outreach.example.com/webhooks/{hook.token}/" in response.text
    assert response["Cache-Control"] == "no-store"
    assert ("<html" in response.text) is not htmx
    assert AuditEntry.objects.get(event="webhook.opened").about == f"mailbox:{box.mailbox.pk}"
    # A second time, by somebody who had the page open, changes nothing.
    assert hook.token in do(box, "webhook_open", provider="mailgun").text
    assert Webhook.objects.get().provider == "sendgrid"


def test_amazon_is_to_name_our_own_ids(box: Letterbox) -> None:
    """Without them, no event proves a letter whose answer never came."""
    assert "“include original headers” on" in do(box, "webhook_open", provider="ses").text


def test_an_unknown_provider_is_refused(box: Letterbox) -> None:
    assert do(box, "webhook_open", provider="carrier pigeon").status_code == 422
    assert not Webhook.objects.exists()


def test_the_address_is_shown_when_asked_for_and_at_no_other_time(box: Letterbox) -> None:
    hook = opened(box)
    client = box.world.client(box.world.owner)
    for headers in (None, HTMX):
        assert hook.token not in client.get(url(box), headers=headers).text
        shown = client.post(url(box, "webhook_show"), headers=headers)
        assert f"/webhooks/{hook.token}/mime" in shown.text
    assert AuditEntry.objects.filter(event="webhook.shown").count() == 2


@pytest.mark.parametrize("htmx", [True, False])
def test_a_new_address_ends_the_old_one(box: Letterbox, htmx: bool) -> None:
    before = opened(box).token
    Mailbox.objects.update(webhook_verified_at=timezone.now())
    response = do(box, "webhook_renew", htmx=htmx)
    after = Webhook.objects.get().token
    assert after != before
    assert after in response.text
    assert Mailbox.objects.get(pk=box.mailbox.pk).webhook_verified_at is None
    assert Client().post(f"/webhooks/{before}/", b"{}", content_type="application/json").status_code == 404


@pytest.mark.parametrize("htmx", [True, False])
def test_the_signing_key_is_kept_encrypted_and_never_shown(box: Letterbox, htmx: bool) -> None:
    opened(box)
    response = do(box, "webhook_key", htmx=htmx, signing_key="key-3ax6xnjp29jd6fds4gc373sgvjxteol0")
    assert response.status_code == (200 if htmx else 302)
    hook = Webhook.objects.get()
    assert hook.signing_key == "key-3ax6xnjp29jd6fds4gc373sgvjxteol0"
    assert "3ax6" not in hook.signing_key_sealed
    page = box.world.client(box.world.owner).get(url(box)).text
    assert "3ax6" not in page + response.text
    assert "verified" in page
    do(box, "webhook_key", signing_key="")
    assert not Webhook.objects.get().has_signing_key
    assert list(
        AuditEntry.objects.filter(event__startswith="webhook.key").order_by("pk").values_list("event", flat=True)
    ) == ["webhook.key_set", "webhook.key_removed"]


def test_a_key_that_is_not_sendgrids_is_refused(box: Letterbox) -> None:
    opened(box, "sendgrid")
    assert do(box, "webhook_key", signing_key="key-3ax6xnjp29jd6fds4gc373sgvjxteol0").status_code == 422
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    written = base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    assert do(box, "webhook_key", signing_key=f" {written}\n").status_code == 302
    assert Webhook.objects.get().signing_key == written


@pytest.mark.parametrize("htmx", [True, False])
def test_switching_it_off(box: Letterbox, htmx: bool) -> None:
    opened(box)
    Mailbox.objects.update(webhook_verified_at=timezone.now())
    response = do(box, "webhook_close", htmx=htmx)
    assert response.status_code == (200 if htmx else 302)
    assert not Webhook.objects.exists()
    assert Mailbox.objects.get(pk=box.mailbox.pk).webhook_verified_at is None
    assert AuditEntry.objects.filter(event="webhook.closed").exists()


def test_without_the_key_of_this_server_nothing_is_opened(box: Letterbox, settings: Settings) -> None:
    settings.MAIL_SMTP_ENCRYPTION_KEYS = []
    response = do(box, "webhook_open", provider="mailgun")
    assert response.status_code == 503
    assert "MAIL_SMTP_ENCRYPTION_KEY" in response.text
    assert not Webhook.objects.exists()


@pytest.mark.parametrize("action", ACTIONS)
def test_get_does_nothing(box: Letterbox, action: str) -> None:
    opened(box)
    assert box.world.client(box.world.owner).get(url(box, action)).status_code == 405
    assert Webhook.objects.exists()


@pytest.mark.parametrize("action", ACTIONS)
def test_strangers_see_nothing_and_colleagues_may_not(box: Letterbox, action: str) -> None:
    before = opened(box).token_digest
    world = box.world
    data = {"provider": "ses", "signing_key": "x"}
    assert world.client(world.stranger).post(url(box, action), data).status_code == 404
    assert world.client().post(url(box, action), data).status_code == 302
    for user in (world.marketer, world.officer, world.viewer):
        assert world.client(user).post(url(box, action), data).status_code == 403
        assert world.client(user).get(url(box)).status_code == 403
    # The owner of another workspace does not reach this mailbox through their own either.
    theirs = reverse(f"inbox:{action}", args=[world.elsewhere.slug, box.mailbox.pk])
    assert world.client(world.stranger).post(theirs, data).status_code == 404
    assert Webhook.objects.get().token_digest == before


def test_the_mailboxs_page_leads_there_and_asks_little(
    box: Letterbox, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = box.world.client(box.world.owner)
    form = client.get(reverse("mailboxes:mailbox_edit", args=[box.world.here.slug, box.mailbox.pk]))
    assert f'hx-get="{url(box)}"' in form.text
    opened(box)
    with django_assert_max_num_queries(8):
        assert 'id="webhook"' in client.get(url(box), headers=HTMX).text
