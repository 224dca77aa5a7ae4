"""The pages of a workspace's mailboxes. Everybody sees how they stand; owners alone see and change their settings."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Literal

from allauth.core.internal import ratelimit
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import connections, transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import reswap

from outreach_site.accounts.access import OWNERS, READERS, WorkspaceRequest, allow
from outreach_site.accounts.models import SENDING_IS_STOPPED, Membership, Role, Workspace
from outreach_site.lib.crypto import KeyMissingError
from outreach_site.lib.htmx import is_htmx, redirect_to
from outreach_site.lib.ports import announce_mailbox_mended
from outreach_site.mailboxes.cards import LIFT_IT, Said, cards, use_of
from outreach_site.mailboxes.environment import keep_environment_mailbox
from outreach_site.mailboxes.errors import MailServerError
from outreach_site.mailboxes.forms import IMAP, SMTP, MailboxForm
from outreach_site.mailboxes.models import Mailbox, Provider
from outreach_site.mailboxes.oauth.views import connect_button, form_may_lead_away
from outreach_site.mailboxes.presets import PRESETS, Preset, preset_for
from outreach_site.mailboxes.rules import ProblemError, audit_step
from outreach_site.mailboxes.sign_ins import imap_server, smtp_server
from outreach_site.mailboxes.trials import (
    Failed,
    TooManyTestLettersError,
    Trial,
    send_test_letter,
    try_imap,
)
from outreach_site.mailboxes.wire import ServerSettings, Surroundings

LIST, FORM = "mailboxes/mailbox_list.html", "mailboxes/mailbox_form.html"

# Enough for whoever sets a mailbox up, too few for whoever tries other people's passwords from here. (Letters that try
# a server out have a limit of their own.)
IMAP_TRIALS = {"imap_trial": "60/h/user"}
TOO_MANY_TRIALS = Said(
    tone="warn", title="You have tried to sign in very often within an hour. Wait a while before you try again."
)


def said_of(trial: Trial) -> Said:
    return Said(tone="good" if trial.ok else "bad", title=trial.sentence, text=trial.advice, words=trial.server_words)


def said_incomplete(form: MailboxForm) -> Said:
    """What is missing or wrong before anything can be tried."""
    problems = tuple(
        (str(form[name].label) if name != "__all__" else "", str(sentence))
        for name, sentences in form.errors.items()
        for sentence in sentences
    )
    return Said(tone="bad", title="Nothing was tried yet.", problems=problems)


# --- Looking ---------------------------------------------------------------------------------------------------------


@allow(READERS)
@require_GET
def mailbox_list(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    here, now = request.membership.workspace, timezone.now()
    keep_environment_mailbox(now=now)
    listed = Mailbox.objects.in_workspace(here).in_use()
    context = _with_role(request, {"cards": cards(listed, workspace=here, now=now)})
    return render(request, f"{LIST}#mailbox-cards" if is_htmx(request) else LIST, context)


# --- Adding and changing ---------------------------------------------------------------------------------------------


@allow(OWNERS)
@require_GET
def mailbox_add(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Choose the provider; from the rehearsal, the workspace where a real mailbox belongs."""
    here = request.membership.workspace
    real = _real_workspaces(request) if here.is_rehearsal else []
    if len(real) == 1:
        messages.info(request, f"Real mailboxes live in a workspace of their own: this is {real[0].name}.")
        return redirect_to(request, reverse("mailboxes:mailbox_add", args=[real[0].slug]))
    return render(request, "mailboxes/mailbox_add.html", {"presets": PRESETS.values(), "real_workspaces": real})


@allow(OWNERS)
@form_may_lead_away
@sensitive_post_parameters("smtp_password", "imap_password")
@require_http_methods(["GET", "POST"])
def mailbox_create(request: WorkspaceRequest, workspace: str, provider: str) -> HttpResponse:
    preset = _preset(provider, request.membership.workspace)
    if request.method == "GET":
        email = {"email": request.GET["email"]} if "email" in request.GET else {}
        return _form_page(request, _form(request, preset, None, initial=email), None)
    return _save(request, _form(request, preset, None), None)


@allow(OWNERS)
@form_may_lead_away
@sensitive_post_parameters("smtp_password", "imap_password")
@require_http_methods(["GET", "POST"])
def mailbox_edit(request: WorkspaceRequest, workspace: str, mailbox: int) -> HttpResponse:
    found = _mailbox(request, mailbox)
    if found.from_environment:
        if request.method == "POST":
            raise PermissionDenied("This mailbox comes from the environment; change it there, and restart.")
        return render(request, "mailboxes/mailbox_detail.html", _with_role(request, {"mailbox": found}))
    form = _form(request, _preset_of(found), found)
    return _form_page(request, form, found) if request.method == "GET" else _save(request, form, found)


def _save(request: WorkspaceRequest, form: MailboxForm, mailbox: Mailbox | None) -> HttpResponse:
    if not form.is_valid():
        return _form_page(request, form, mailbox)
    try:
        saved = form.keep(by=request.user, now=timezone.now())
    except ProblemError as err:
        form.add_error(err.field if err.field in form.fields else None, err.sentence)
        return _form_page(request, form, mailbox)
    messages.success(request, f"{saved.email} is saved." if mailbox else f"{saved.email} is connected. Try it out now.")
    return redirect_to(request, reverse("mailboxes:mailbox_list", args=[request.membership.workspace.slug]))


# --- Trying what is typed, unsaved -----------------------------------------------------------------------------------


@allow(OWNERS)
@sensitive_post_parameters("smtp_password", "imap_password")
@require_POST
def new_mailbox_test_letter(request: WorkspaceRequest, workspace: str, provider: str) -> HttpResponse:
    return _try_form(request, _form(request, _preset(provider, request.membership.workspace), None, SMTP), None)


@allow(OWNERS)
@sensitive_post_parameters("smtp_password", "imap_password")
@require_POST
def new_mailbox_test_imap(request: WorkspaceRequest, workspace: str, provider: str) -> HttpResponse:
    return _try_form(request, _form(request, _preset(provider, request.membership.workspace), None, IMAP), None)


@allow(OWNERS)
@sensitive_post_parameters("smtp_password", "imap_password")
@require_POST
def mailbox_test_letter(request: WorkspaceRequest, workspace: str, mailbox: int) -> HttpResponse:
    found = _editable(request, mailbox)
    return _try_form(request, _form(request, _preset_of(found), found, SMTP), found)


@allow(OWNERS)
@sensitive_post_parameters("smtp_password", "imap_password")
@require_POST
def mailbox_test_imap(request: WorkspaceRequest, workspace: str, mailbox: int) -> HttpResponse:
    found = _editable(request, mailbox)
    return _try_form(request, _form(request, _preset_of(found), found, IMAP), found)


def _try_form(request: WorkspaceRequest, form: MailboxForm, mailbox: Mailbox | None) -> HttpResponse:
    """Answer in place: the fragment beside the button, or without scripts the whole form again."""
    said = _try_out(request, form, mailbox) if form.is_valid() else said_incomplete(form)
    status = 503 if form.key_missing else 200
    if is_htmx(request):
        return _shown(render(request, f"{FORM}#trial", {"said": said}, status=status), "innerHTML")
    return _form_page(request, form, mailbox, said={form.purpose: said}, status=status)


def _try_out(request: WorkspaceRequest, form: MailboxForm, mailbox: Mailbox | None) -> Said:
    try:
        server = form.server()
        if form.purpose == IMAP:
            return said_of(try_imap(server)) if _may_try_reading(request) else TOO_MANY_TRIALS
        return said_of(
            send_test_letter(
                server,
                from_email=form.cleaned_data["email"],
                from_name=form.cleaned_data["from_name"],
                to=request.user,
                workspace=request.membership.workspace,
                about=f"mailbox:{mailbox.pk}" if mailbox else "mailbox:new",
                now=timezone.now(),
            )
        )
    except KeyMissingError as err:
        form.key_missing = str(err)
        return Said(tone="bad", title="The saved password cannot be opened on this server.", text=str(err))
    except MailServerError as err:
        return said_of(Failed.because(err))
    except (ProblemError, TooManyTestLettersError) as err:
        return Said(tone="warn", title=str(err))


def _may_try_reading(request: WorkspaceRequest) -> bool:
    return bool(ratelimit.consume(request, app="outreach_site.mailboxes", action="imap_trial", config=IMAP_TRIALS))


# --- Buttons of a card -----------------------------------------------------------------------------------------------


@allow(OWNERS)
@require_POST
def mailbox_check(request: WorkspaceRequest, workspace: str, mailbox: int) -> HttpResponse:
    """Try the saved settings both ways, and write down how they work."""
    found = _mailbox(request, mailbox)
    with ThreadPoolExecutor(max_workers=1) as beside:
        # At the same time: two servers that hang together must not outlast the browser's patience.
        reading = _begin_reading(beside, found) if found.imap_host and _may_try_reading(request) else None
        said = [_check_sending(request, found)]
        if reading is not None:
            said.append(_check_receiving(found, reading))
    return _card_answer(request, found, said)


def _begin_reading(beside: ThreadPoolExecutor, mailbox: Mailbox) -> Future[Trial]:
    try:
        return beside.submit(_try_reading, imap_server(mailbox), Surroundings.from_settings())
    except MailServerError as err:
        done: Future[Trial] = Future()
        done.set_result(Failed.because(err))
        return done


def _try_reading(server: ServerSettings, surroundings: Surroundings) -> Trial:
    try:
        return try_imap(server, surroundings=surroundings)
    finally:
        connections.close_all()  # This thread's own: a token that was refused is renewed through the database.


def _check_sending(request: WorkspaceRequest, mailbox: Mailbox) -> Said:
    try:
        trial = send_test_letter(
            smtp_server(mailbox),
            from_email=mailbox.email,
            from_name=mailbox.from_name,
            to=request.user,
            workspace=mailbox.workspace,
            about=f"mailbox:{mailbox.pk}",
            now=timezone.now(),
        )
    except TooManyTestLettersError as err:
        return Said(tone="warn", title=str(err))
    except MailServerError as err:
        trial = Failed.because(err)
    now = timezone.now()
    if isinstance(trial, Failed):
        mailbox.mark_sending_trouble(trial.error, now=now)
    else:
        with transaction.atomic():
            mailbox.mark_sending_ok(now=now)
            announce_mailbox_mended(mailbox.pk, user_id=request.user.pk, now=now)
    return said_of(trial)


def _check_receiving(mailbox: Mailbox, reading: Future[Trial]) -> Said:
    trial = reading.result()
    if isinstance(trial, Failed):
        mailbox.mark_receiving_trouble(trial.error, now=timezone.now())
    else:
        mailbox.mark_receiving_ok(now=timezone.now())
    return said_of(trial)


@allow(OWNERS)
@require_POST
def mailbox_pause(request: WorkspaceRequest, workspace: str, mailbox: int) -> HttpResponse:
    found = _mailbox(request, mailbox)
    if found.paused_at is None:
        with transaction.atomic():
            found.pause(now=timezone.now())
            audit_step("mailbox.paused", found, request.user)
    undo = reverse("mailboxes:mailbox_resume", args=[found.workspace.slug, found.pk])
    messages.success(request, f"{found.email} is paused: nothing leaves from it.", extra_tags=f"undo:{undo}")
    return _card_answer(request, found, [])


@allow(OWNERS)
@require_POST
def mailbox_resume(request: WorkspaceRequest, workspace: str, mailbox: int) -> HttpResponse:
    found = _mailbox(request, mailbox)
    if found.paused_at is not None:
        with transaction.atomic():
            found.resume()
            audit_step("mailbox.resumed", found, request.user)
    if whys := _in_the_way(found):
        messages.warning(request, f"{found.email} is not paused any more, but its letters still wait. {' '.join(whys)}")
    else:
        messages.success(request, f"{found.email} sends again.")
    return _card_answer(request, found, [])


def _in_the_way(mailbox: Mailbox) -> list[str]:
    """What keeps letters of a mailbox waiting that is not paused, in sentences."""
    here = mailbox.workspace
    stopped = [SENDING_IS_STOPPED] if here.sending_stopped_at is not None else []
    held_because = use_of([mailbox], workspace=here, now=timezone.now())[mailbox.pk].held_because
    return [*stopped, f"{held_because} {LIFT_IT}"] if held_because else stopped


@allow(OWNERS)
@require_http_methods(["GET", "POST"])
def mailbox_archive(request: WorkspaceRequest, workspace: str, mailbox: int) -> HttpResponse:
    """GET asks, POST does it. What the mailbox wrote stays on record; its passwords are forgotten."""
    found = _mailbox(request, mailbox)
    template = "mailboxes/mailbox_archive.html"
    if request.method == "GET":
        return render(request, f"{template}#confirm" if is_htmx(request) else template, {"mailbox": found})
    with transaction.atomic():
        found.archive(now=timezone.now())
        audit_step("mailbox.archived", found, request.user)
    messages.success(request, f"{found.email} is removed. Its letters and their replies stay.")
    return redirect_to(request, reverse("mailboxes:mailbox_list", args=[found.workspace.slug]))


# --- What they share -------------------------------------------------------------------------------------------------


def _card_answer(request: WorkspaceRequest, mailbox: Mailbox, said: list[Said]) -> HttpResponse:
    """The card as it is now; without scripts the list, with what was found as messages."""
    if is_htmx(request):
        [card] = cards([mailbox], workspace=mailbox.workspace, now=timezone.now())
        return render(request, f"{LIST}#mailbox-card", _with_role(request, {"card": card, "said": said}))
    for each in said:
        words = f" The server said: “{each.words}”" if each.words else ""
        level = {"good": messages.SUCCESS, "warn": messages.WARNING}.get(each.tone, messages.ERROR)
        messages.add_message(request, level, f"{each.title}{words} {each.text}".strip())
    return HttpResponseRedirect(reverse("mailboxes:mailbox_list", args=[mailbox.workspace.slug]))


def _form(
    request: WorkspaceRequest,
    preset: Preset,
    mailbox: Mailbox | None,
    purpose: str = "whole",
    initial: dict[str, str] | None = None,
) -> MailboxForm:
    return MailboxForm(
        request.POST if request.method == "POST" else None,
        instance=mailbox,
        initial=initial,
        preset=preset,
        workspace=request.membership.workspace,
        purpose=purpose,
        now=timezone.now(),
    )


def _form_page(
    request: WorkspaceRequest,
    form: MailboxForm,
    mailbox: Mailbox | None,
    *,
    said: dict[str, Said] | None = None,
    status: int | None = None,
) -> HttpResponse:
    slug = request.membership.workspace.slug
    kind, args = ("mailbox", [slug, mailbox.pk]) if mailbox else ("new_mailbox", [slug, form.preset.provider.value])
    context = {
        "form": form,
        "preset": form.preset,
        "mailbox": mailbox,
        "said": said or {},
        "connect": None if form.workspace.is_rehearsal else connect_button(slug, form.preset.provider, mailbox),
        "save_url": reverse("mailboxes:mailbox_edit" if mailbox else "mailboxes:mailbox_create", args=args),
        "test_letter_url": reverse(f"mailboxes:{kind}_test_letter", args=args),
        "test_imap_url": reverse(f"mailboxes:{kind}_test_imap", args=args),
    }
    if status is None:
        status = 503 if form.key_missing else 422 if form.errors else 200
    context = _with_role(request, context)
    if is_htmx(request):
        return _shown(render(request, f"{FORM}#mailbox-form", context, status=status), "outerHTML")
    return render(request, FORM, context, status=status)


def _shown(response: HttpResponse, how: Literal["innerHTML", "outerHTML"]) -> HttpResponse:
    """htmx shows no answer of 5xx unless it says how (static/js/requests.js)."""
    return reswap(response, how) if response.status_code == 503 else response


def _mailbox(request: WorkspaceRequest, pk: int) -> Mailbox:
    here = request.membership.workspace
    return get_object_or_404(Mailbox.objects.in_workspace(here).in_use().select_related("workspace"), pk=pk)


def _editable(request: WorkspaceRequest, pk: int) -> Mailbox:
    found = _mailbox(request, pk)
    if found.from_environment:
        raise PermissionDenied("This mailbox comes from the environment; change it there, and restart.")
    return found


def _preset(provider: str, workspace: Workspace) -> Preset:
    """The provider's preset; the rehearsal has its own one and no other."""
    if (provider == Provider.REHEARSAL) is not workspace.is_rehearsal:
        raise Http404("No such provider here.")
    try:
        return preset_for(provider)
    except KeyError as err:
        raise Http404("No such provider.") from err


def _preset_of(mailbox: Mailbox) -> Preset:
    return preset_for(Provider.REHEARSAL if mailbox.workspace.is_rehearsal else mailbox.provider)


def _real_workspaces(request: WorkspaceRequest) -> list[Workspace]:
    """Where this person may connect a real mailbox."""
    owned = Membership.objects.of(request.user).filter(role=Role.OWNER, workspace__is_rehearsal=False)
    return [membership.workspace for membership in owned]


def _with_role(request: WorkspaceRequest, context: dict[str, object]) -> dict[str, object]:
    return context | {"may_change": request.membership.role in OWNERS}
