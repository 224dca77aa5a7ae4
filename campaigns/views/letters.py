"""Writing a campaign's letter: the editor, the letter itself beside it, and what to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from campaigns.content import Finding
from campaigns.custom_names import custom_names_in
from campaigns.forms import LetterForm
from campaigns.library import free_name, keep_template
from campaigns.models import Campaign, Lead, Step, Template
from campaigns.own_letters import own_texts
from campaigns.previews import preview, sample_lead, which_lead
from campaigns.progress import lacks, waiting_letters
from campaigns.rendering import BUILT_IN, doubled_sentences, problems_in
from campaigns.starters import STARTERS, starter
from campaigns.stepping import lines
from campaigns.views.page import campaign_context, find_campaign, mailbox_of, may_act, with_query
from compliance import audit
from outreach_site.accounts.access import READERS, SENDERS, WorkspaceRequest, allow
from outreach_site.accounts.models import SenderIdentity
from outreach_site.lib.htmx import is_htmx, redirect_to

PAGE = "campaigns/campaign_letters.html"
PLACEHOLDERS = [{"name": name, "what": what} for name, what in BUILT_IN.items()]


@allow(READERS)
@require_GET
def campaign_letters(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """The first letter: the editor for who may write, the text for who may read, and the preview for both."""
    campaign = find_campaign(request, pk)
    step = first_step(campaign)
    subject, body, origin = step.letter_subject, step.letter_body, ""
    if may_act(request) and (chosen := chosen_start(request)):
        subject, body, origin = chosen
    form = LetterForm(initial={"letter_subject": subject, "letter_body": body})
    shown = preview_context(request, campaign, subject, body, request.GET.get("lead", ""))
    if is_htmx(request):
        context = shown | {"campaign": campaign, "may_act": may_act(request), "is_partial": True}
        return render(request, f"{PAGE}#letter-preview", context)
    return render(request, PAGE, page_context(request, campaign, form, step) | shown | {"origin": origin})


@allow(SENDERS)
@require_POST
def letter_save(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Letters that are queued keep the text they were queued with: what was seen is what leaves."""
    campaign = find_campaign(request, pk)
    step = first_step(campaign)
    form = letter_form(request, campaign, step)
    if not form.is_valid():
        return editor_again(request, campaign, form, status=422)
    now = timezone.now()
    with transaction.atomic():
        # Two people who write the first text at once: the second saves over the first's step instead of beside it.
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        form.instance.pk = first_step(campaign).pk
        if template := template_in(request, request.POST.get("template", "")):
            form.instance.template = template
        form.save()
        audit.record(
            "letter.text_changed",
            workspace=campaign.workspace,
            user=request.user,
            about=campaign.subject,
            details={"step": step.position},
            now=now,
        )
    waiting = waiting_letters(campaign.workspace, [campaign.pk])[campaign.pk].count
    kept = f" {waiting} queued {'letter keeps its' if waiting == 1 else 'letters keep their'} text." if waiting else ""
    messages.success(request, f"The letter is saved.{kept}")
    back = reverse("campaigns:campaign_letters", args=[workspace, campaign.pk])
    lead = request.POST.get("lead", "")
    return redirect_to(request, with_query(back, lead=lead) if lead.isdecimal() else back)


@allow(SENDERS)
@require_POST
def letter_preview(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """What was typed, as the letter it would be. Saves nothing, loses nothing."""
    campaign = find_campaign(request, pk)
    return editor_again(request, campaign, letter_form(request, campaign, first_step(campaign)), status=200)


def editor_again(request: WorkspaceRequest, campaign: Campaign, form: LetterForm, *, status: int) -> HttpResponse:
    """The editor as it was typed; for htmx the part that was asked for."""
    subject, body = form.data.get("letter_subject", ""), form.data.get("letter_body", "")
    wanted = request.POST.get("show") or request.POST.get("lead", "")
    context = preview_context(request, campaign, subject, body, wanted) | {"campaign": campaign, "form": form}
    if is_htmx(request):
        part = "letter-preview" if status == 200 else "letter-editor"
        context |= {"custom_names": form.custom_names, "placeholders": PLACEHOLDERS, "is_partial": status == 200}
        return render(request, f"{PAGE}#{part}", context | {"may_act": True}, status=status)
    if status == 200:
        # Only looked at: what is wrong stands under the preview, and no field is called wrong yet.
        form = LetterForm(initial={"letter_subject": subject, "letter_body": body})
    return render(
        request,
        PAGE,
        page_context(request, campaign, form, first_step(campaign)) | context | {"form": form},
        status=status,
    )


def first_step(campaign: Campaign) -> Step:
    return campaign.steps.current().first() or Step(campaign=campaign, position=1)


def letter_form(request: WorkspaceRequest, campaign: Campaign, step: Step) -> LetterForm:
    names = custom_names_in(
        Lead.objects.filter(campaign=campaign),
        request.POST.get("letter_subject", ""),
        request.POST.get("letter_body", ""),
    )
    return LetterForm(request.POST, instance=step, custom_names=names)


def chosen_start(request: WorkspaceRequest) -> tuple[str, str, str] | None:
    """The text of the template or starter that the address names, and its name; nothing is saved by choosing one."""
    if template := template_in(request, request.GET.get("template", "")):
        return template.subject, template.body, template.name
    if chosen := starter(request.GET.get("starter", "")):
        return chosen.subject, chosen.body, chosen.name
    return None


def template_in(request: WorkspaceRequest, number: str) -> Template | None:
    """The template that a form or an address names; None where it names none. 404 for another workspace's."""
    if not number.isdecimal():
        return None
    return get_object_or_404(Template.objects.in_workspace(request.membership.workspace), pk=int(number[:18]))


def page_context(request: WorkspaceRequest, campaign: Campaign, form: LetterForm, step: Step) -> dict[str, Any]:
    return campaign_context(request, campaign, "letters") | {
        "form": form,
        "step": step,
        "lines": lines(campaign),
        "placeholders": PLACEHOLDERS,
        "custom_names": custom_names_in(Lead.objects.filter(campaign=campaign)),
    }


def preview_context(
    request: WorkspaceRequest, campaign: Campaign, subject: str, body: str, wanted: str
) -> dict[str, Any]:
    """The letter for one lead, its neighbours, and what to look at; a letter of its own in place of what is typed.
    Eight queries.
    """
    # What a browser sends has its own line ends; what a reader gets has none of them.
    body = body.replace("\r\n", "\n")
    identity = campaign.identity or SenderIdentity.objects.default_of(campaign.workspace)
    mailbox = mailbox_of(campaign)
    shown = which_lead(Lead.objects.of(campaign), wanted)
    own = own_texts([shown.lead]).get(shown.lead.pk) if shown.lead else None
    own = own if own and not own.trouble else None
    seen = preview(
        own.subject if own else subject,
        own.body if own else body,
        lead=shown.lead or sample_lead(),
        identity=identity,
        campaign=campaign,
        sender=mailbox.email if mailbox else "",
    )
    return {
        "preview": seen,
        "shown": shown,
        "own": own,
        "identity": identity,
        "checks": checks(request, campaign, subject, body, identity, seen.findings) if subject or body else [],
    }


@dataclass(frozen=True)
class CheckLine:
    tone: str
    text: str
    url: str = ""
    label: str = ""


def checks(
    request: WorkspaceRequest,
    campaign: Campaign,
    subject: str,
    body: str,
    identity: SenderIdentity | None,
    found: Sequence[Finding],
) -> list[CheckLine]:
    """What stands in the way first, then what could be better, then what is well."""
    slug = request.membership.workspace.slug
    to_write = Lead.objects.filter(campaign=campaign, status=Lead.Status.DISCOVERED).exclude(contact=None)
    names = custom_names_in(Lead.objects.filter(campaign=campaign), subject, body)
    lines = [CheckLine("bad", problem.sentence) for problem in problems_in(subject, body, custom_names=names)]
    leads_url = reverse("campaigns:campaign_detail", args=[slug, campaign.pk])
    total, lacking = lacks(subject, body, leads=to_write, campaign=campaign, identity=identity)
    lines += [
        CheckLine(
            "warn",
            f"{lack.leads} of {total} leads {'lacks' if lack.leads == 1 else 'lack'} {{{lack.name}}}",
            f"{leads_url}?status=discovered&lacks={lack.name}",
            "Show",
        )
        for lack in lacking
        if lack.name in BUILT_IN or lack.name in names
    ]
    if total and not lines:
        lines.append(
            CheckLine(
                "good",
                f"All {total} leads that can still get it have what it needs."
                if total > 1
                else "The one lead that can still get it has what it needs.",
            )
        )
    if identity is None or not identity.is_complete:
        settings_url = reverse("campaigns:campaign_settings", args=[slug, campaign.pk])
        lines.append(CheckLine("bad", "Nobody is named as the sender yet.", settings_url, "Choose who writes"))
    else:
        lines.append(CheckLine("good", "Who you are, your postal address and a way to say no follow every letter."))
    if mailbox_of(campaign) is None:
        settings_url = reverse("campaigns:campaign_settings", args=[slug, campaign.pk])
        lines.append(CheckLine("warn", "No mailbox is chosen for this campaign.", settings_url, "Choose one"))
    lines += [CheckLine("warn", sentence) for sentence in doubled_sentences(subject, body)]
    lines += [CheckLine(one.tone, one.sentence) for one in found]
    order = {"bad": 0, "warn": 1, "good": 2}
    return sorted(lines, key=lambda line: order[line.tone])


@allow(SENDERS)
@require_GET
def letter_start(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """What to start from: this workspace's templates, then the library. Choosing fills the editor and saves nothing.

    `step` names the follow-up that is written (`new`: one more); without it the first letter.
    """
    campaign = find_campaign(request, pk)
    step, editor_url = first_step(campaign), reverse("campaigns:campaign_letters", args=[workspace, campaign.pk])
    number = request.GET.get("step", "")
    if number == "new":
        step, editor_url = Step(), reverse("campaigns:step_add", args=[workspace, campaign.pk])
    elif number.isascii() and number.isdigit() and len(number) < 19:
        step = get_object_or_404(campaign.steps.current(), pk=int(number))
        editor_url = reverse("campaigns:step_detail", args=[workspace, step.pk])
    context = {
        "campaign": campaign,
        "editor_url": editor_url,
        "own": Template.objects.in_workspace(request.membership.workspace),
        "starters": STARTERS,
        "has_text": bool(step.letter_body),
    }
    template = "campaigns/letter_start.html"
    return render(request, f"{template}#choices" if is_htmx(request) else template, context)


@allow(SENDERS)
@require_POST
def letter_keep(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Keep the campaign's letter as a template of the workspace."""
    campaign = find_campaign(request, pk)
    step = first_step(campaign)
    if not step.letter_body:
        messages.warning(request, "There is no letter to keep yet. Save one first.")
        return redirect_to(request, reverse("campaigns:campaign_letters", args=[workspace, campaign.pk]))
    template = keep_template(
        campaign.workspace,
        name=free_name(campaign.workspace, campaign.name),
        subject=step.letter_subject,
        body=step.letter_body,
        user=request.user,
        now=timezone.now(),
    )
    Step.objects.filter(pk=step.pk).update(template=template)
    messages.success(request, f"Kept as the template “{template.name}”.")
    return redirect_to(request, reverse("campaigns:template_edit", args=[workspace, template.pk]))
