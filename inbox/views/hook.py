"""The webhook of a mailbox, for owners: switch it on, see its address again, renew it, give the signing key, close it.

The address is a secret. It stands in an answer to a POST alone, which no cache and no history keeps.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import reswap

from inbox.hook_forms import SigningKeyForm, WebhookForm
from inbox.hook_models import Webhook
from outreach_site.accounts.access import OWNERS, WorkspaceRequest, allow
from outreach_site.lib.crypto import SecretError
from outreach_site.lib.htmx import is_htmx, redirect_to
from outreach_site.lib.ports import AuditRecord, record_audit
from outreach_site.mailboxes.models import Mailbox


@allow(OWNERS)
@require_GET
def webhook_detail(request: WorkspaceRequest, workspace: str, mailbox: int) -> HttpResponse:
    return _page(request, _mailbox(request, mailbox))


@allow(OWNERS)
@require_POST
def webhook_open(request: WorkspaceRequest, workspace: str, mailbox: int) -> HttpResponse:
    """Switch it on, and show its address. One that is open already stays as it is."""
    found = _mailbox(request, mailbox)
    form = WebhookForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form=form, status=422)
    hook = Webhook(mailbox=found, provider=form.cleaned_data["provider"])
    try:
        hook.renew(now=timezone.now())
    except SecretError as err:
        return _page(request, found, trouble=str(err), status=503)
    with transaction.atomic():
        hook, is_new = Webhook.objects.get_or_create(
            mailbox=found,
            defaults={name: getattr(hook, name) for name in ("provider", "token_digest", "token_sealed", "opened_at")},
        )
        if is_new:
            _audit(request, "webhook.opened", hook)
    return _page(request, found, shows_address=True)


@allow(OWNERS)
@require_POST
def webhook_show(request: WorkspaceRequest, workspace: str, mailbox: int) -> HttpResponse:
    """The address once more, to be pasted at the provider."""
    found, hook = _hook(request, mailbox)
    _audit(request, "webhook.shown", hook)
    return _page(request, found, shows_address=True)


@allow(OWNERS)
@require_POST
def webhook_renew(request: WorkspaceRequest, workspace: str, mailbox: int) -> HttpResponse:
    """Another address: the one before is dead at once."""
    found, hook = _hook(request, mailbox)
    try:
        hook.renew(now=timezone.now())
    except SecretError as err:
        return _page(request, found, trouble=str(err), status=503)
    with transaction.atomic():
        hook.save()
        _forget_reading(found)
        _audit(request, "webhook.renewed", hook)
    return _page(request, found, shows_address=True)


@allow(OWNERS)
@sensitive_post_parameters("signing_key")
@require_POST
def webhook_key(request: WorkspaceRequest, workspace: str, mailbox: int) -> HttpResponse:
    """Keep the key that the provider signs with, encrypted; an empty one takes it away."""
    found, hook = _hook(request, mailbox)
    form = SigningKeyForm(request.POST, provider=hook.provider)
    if not form.is_valid():
        return _page(request, found, key_form=form, status=422)
    try:
        hook.set_signing_key(form.cleaned_data["signing_key"])
    except SecretError as err:
        return _page(request, found, trouble=str(err), status=503)
    with transaction.atomic():
        hook.save(update_fields=["signing_key_sealed"])
        _audit(request, "webhook.key_set" if hook.has_signing_key else "webhook.key_removed", hook)
    messages.success(request, "The key is kept." if hook.has_signing_key else "The key is taken away.")
    return _done(request, found)


@allow(OWNERS)
@require_POST
def webhook_close(request: WorkspaceRequest, workspace: str, mailbox: int) -> HttpResponse:
    """Its address and its key are forgotten."""
    found, hook = _hook(request, mailbox)
    with transaction.atomic():
        _audit(request, "webhook.closed", hook)
        hook.delete()
        _forget_reading(found)
    messages.success(request, f"The webhook of {found.email} is closed.")
    return _done(request, found)


# --- What they share --------------------------------------------------------------------------------------------------


def _mailbox(request: WorkspaceRequest, pk: int) -> Mailbox:
    return get_object_or_404(Mailbox.objects.in_workspace(request.membership.workspace).in_use(), pk=pk)


def _hook(request: WorkspaceRequest, pk: int) -> tuple[Mailbox, Webhook]:
    found = _mailbox(request, pk)
    return found, get_object_or_404(Webhook, mailbox=found)


def _forget_reading(mailbox: Mailbox) -> None:
    """What an address proved that is gone proves nothing any more."""
    Mailbox.objects.filter(pk=mailbox.pk).update(webhook_verified_at=None)


def _audit(request: WorkspaceRequest, event: str, hook: Webhook) -> None:
    record_audit(
        AuditRecord(
            event,
            workspace_id=request.membership.workspace.pk,
            user_id=request.user.pk,
            about=f"mailbox:{hook.mailbox_id}",
            details={"provider": hook.provider},
        )
    )


def _done(request: WorkspaceRequest, mailbox: Mailbox) -> HttpResponse:
    if is_htmx(request):
        return _page(request, mailbox)
    here = request.membership.workspace
    return redirect_to(request, reverse("inbox:webhook_detail", args=[here.slug, mailbox.pk]))


def _page(
    request: WorkspaceRequest,
    mailbox: Mailbox,
    *,
    shows_address: bool = False,
    trouble: str = "",
    form: WebhookForm | None = None,
    key_form: SigningKeyForm | None = None,
    status: int = 200,
) -> HttpResponse:
    hook = Webhook.objects.filter(mailbox=mailbox).first()
    address = ""
    if hook is not None and shows_address:
        try:
            address = f"{settings.SITE_URL}{reverse('webhooks:receive', args=[hook.token])}"
        except SecretError as err:
            trouble, status = str(err), 503
    context = {
        "mailbox": mailbox,
        "hook": hook,
        "address": address,
        "is_public": settings.SITE_URL.startswith("https://"),
        "trouble": trouble,
        "form": form or WebhookForm(initial={"provider": mailbox.provider}),
        "key_form": key_form or (SigningKeyForm(provider=hook.provider) if hook else None),
    }
    name = "inbox/webhook_detail.html"
    response = render(request, f"{name}#webhook-card" if is_htmx(request) else name, context, status=status)
    response["Cache-Control"] = "no-store"
    # htmx shows no answer of 5xx unless it says how.
    return reswap(response, "outerHTML") if status == 503 and is_htmx(request) else response
