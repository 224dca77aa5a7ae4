"""Webhooks: where SendGrid, Mailgun and Amazon SES tell us what came in and what became of letters.

One address for each mailbox; the token in it is a secret of 256 bits. Whoever has it may post, and is believed as far
as the provider's signature goes (providers.py, sns.py). Nothing of a body is ever logged.

1. Find the mailbox by the token; anything else does not exist. 2. Refuse what is too large, unread. 3. Verify. 4. Read:
what is malformed is refused whole. 5. Store, then understand (events.py).
"""

from __future__ import annotations

import structlog
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from inbox import events, providers, sns
from inbox.hook_models import Webhook
from inbox.providers import MalformedError, NotVerifiedError, Parcel, Post
from inbox.sync import LARGEST
from outreach_site.accounts.access import public
from outreach_site.lib.crypto import SecretError
from outreach_site.lib.web import Way

log = structlog.get_logger(__name__)

# Where Amazon's certificate is fetched; tests have an internet of their own.
way: Way | None = None


@public
@csrf_exempt
@require_POST
def receive(request: HttpRequest, token: str, form: str = "") -> HttpResponse:  # noqa: ARG001 - only Mailgun asks for it
    """`form`: Mailgun forwards whole messages to an address that ends with “mime”.

    404 for what is no webhook, 413 and 400 for what cannot be read, 403 for what is not verified; 503 where it should
    be posted again. Providers take any 2xx for done, and most try again after a 5xx alone.
    """
    hook = Webhook.of_token(token)
    if hook is None or hook.mailbox.archived_at is not None:
        return _answer(404)
    body = _body(request)
    if body is None:
        return _answer(413)
    post = Post({name.lower(): value for name, value in request.headers.items()}, body)
    now = timezone.now()
    try:
        parcel = _open(hook, post)
    except NotVerifiedError as err:
        events.refuse(hook, str(err), now=now)
        log.warning("a webhook was posted to and not verified", mailbox_id=hook.mailbox_id, why=str(err))
        return _answer(403)
    except MalformedError as err:
        events.refuse(hook, str(err), now=now)
        log.warning("a webhook was posted to and could not be read", mailbox_id=hook.mailbox_id, why=str(err))
        return _answer(400)
    except (sns.CannotAskError, SecretError) as err:
        log.warning("a webhook could not be verified just now", mailbox_id=hook.mailbox_id, why=str(err))
        return _answer(503)
    events.take(hook, parcel, now=now)
    return _answer(200)


def _answer(status: int) -> HttpResponse:
    response = HttpResponse(status=status, content_type="text/plain")
    response["Cache-Control"] = "no-store"
    return response


def _body(request: HttpRequest) -> bytes | None:
    """All of it; None where it is larger than a message may be. Read as it comes: Django's own limit is a form's."""
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if length > LARGEST:
            return None
        return request.read(length) if length else b""
    except (ValueError, UnreadablePostError):
        return b""


def _open(hook: Webhook, post: Post) -> Parcel:
    """Raises NotVerifiedError, MalformedError, sns.CannotAskError, SecretError."""
    match hook.provider:
        case Webhook.Provider.SENDGRID:
            return providers.from_sendgrid(post, hook.signing_key)
        case Webhook.Provider.MAILGUN:
            return providers.from_mailgun(post, hook.signing_key)
        case _:
            return _from_amazon(hook, post)


def _from_amazon(hook: Webhook, post: Post) -> Parcel:
    """Anybody may have a topic that Amazon signs for: the first one that is subscribed says whose are believed."""
    said = sns.read(post, now=timezone.now(), way=way)
    if hook.account and said.account != hook.account:
        raise NotVerifiedError("The notification comes from another account of Amazon's than the first one did.")
    if said.type == "SubscriptionConfirmation":
        sns.confirm(said, way=way)
        Webhook.objects.filter(pk=hook.pk, account="").update(account=said.account)
        return Parcel()
    if said.type == "UnsubscribeConfirmation":
        return Parcel()
    if not hook.account:
        raise NotVerifiedError("No topic is subscribed yet.")
    return providers.from_ses(said.message, notification=said.fields, region=said.region)
