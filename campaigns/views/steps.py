"""The sequence behind the first letter: adding, writing, moving and taking out steps, and their second versions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns import stepping
from campaigns.custom_names import custom_names_in
from campaigns.following import answer_to
from campaigns.models import Campaign, Lead, Step
from campaigns.step_forms import SecondVersionForm, StepForm
from campaigns.variants import text_of
from campaigns.views.letters import PLACEHOLDERS, chosen_start, preview_context, template_in
from campaigns.views.page import campaign_context, find_campaign, may_act, with_query
from outreach_site.accounts.access import READERS, SENDERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to

PAGE = "campaigns/step_form.html"


@allow(SENDERS)
@require_http_methods(["GET", "POST"])
def step_add(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """`?kind=task` for something that a person does. Saved first when it has its text."""
    campaign = find_campaign(request, pk)
    values = request.POST if request.method == "POST" else request.GET
    kind = Step.Kind.TASK if values.get("kind") == Step.Kind.TASK else Step.Kind.LETTER
    last = campaign.steps.current().last()
    if last is None:
        messages.info(request, "A sequence begins with its first letter. Write that one first.")
        return redirect("campaigns:campaign_letters", workspace, campaign.pk)
    step = Step(campaign=campaign, kind=kind, position=last.position + 1)
    return _edit(request, campaign, step, request.path)


@allow(READERS)
@require_GET
def step_detail(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """One step: the editor for who may write, the text for who may read, and the preview for both."""
    step = find_step(request, pk)
    if _is_first(step):
        return redirect("campaigns:campaign_letters", workspace, step.campaign_id)
    origin = _start_from(request, step)
    form = StepForm(instance=step)
    return _page(request, step.campaign, step, form, action=_at(request, "step_save", step), origin=origin)


@allow(SENDERS)
@require_POST
def step_save(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Follow-ups that wait take over what is saved here."""
    step = find_step(request, pk)
    if _is_first(step):
        raise Http404
    return _edit(request, step.campaign, step, request.path)


@allow(SENDERS)
@require_POST
def step_preview(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """What was typed for the campaign's next letter, as the letter it would be. Saves nothing, loses nothing.

    `step` names the one that is written; without it a new one.
    """
    campaign = find_campaign(request, pk)
    number = request.POST.get("step", "")
    step = Step(campaign=campaign, position=2)
    if number.isascii() and number.isdigit() and len(number) < 19:
        step = get_object_or_404(Step.objects.current().filter(campaign=campaign), pk=int(number))
    step.new_thread = request.POST.get("new_thread") == "on"
    step.letter_subject = request.POST.get("letter_subject", step.letter_subject)
    step.letter_body = request.POST.get("letter_body", step.letter_body)
    is_second = "other_body" in request.POST or "other_subject" in request.POST
    step.other_subject = request.POST.get("other_subject", "")
    step.other_body = request.POST.get("other_body", "")
    if not is_htmx(request):
        # Only looked at: what is wrong stands under the preview, and no field is called wrong yet.
        form = (SecondVersionForm if is_second else StepForm)(instance=step)
        name = "step_second" if is_second else "step_save"
        action = _at(request, name, step) if step.pk else reverse("campaigns:step_add", args=[workspace, campaign.pk])
        return _page(request, campaign, step, form, action=action, second=is_second)
    context = _preview(request, campaign, step, variant="B" if is_second and step.has_variants else "A")
    context |= {"campaign": campaign, "step": step, "may_act": True, "is_partial": True}
    return render(request, f"{PAGE}#step-preview", context)


@allow(SENDERS)
@require_POST
def step_move(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """One place up, or down."""
    step = find_step(request, pk)
    down = request.POST.get("to") == "down"
    if not stepping.move(step, down=down, user=request.user, now=timezone.now()):
        messages.info(request, "It stays where it is: the first letter comes first.")
    return _back(request, step.campaign)


@allow(SENDERS)
@require_http_methods(["GET", "POST"])
def step_remove(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """GET asks, POST takes it out of the sequence; what has been sent by it stays."""
    step = find_step(request, pk)
    if _is_first(step):
        raise Http404
    if request.method == "POST":
        taken_back = stepping.take_out(step, user=request.user, now=timezone.now())
        letters = f" {taken_back} waiting {'letter was' if taken_back == 1 else 'letters were'} taken back."
        undo = reverse("campaigns:step_bring_back", args=[workspace, step.pk])
        messages.success(request, f"The step is taken out.{letters if taken_back else ''}", extra_tags=f"undo:{undo}")
        return _back(request, step.campaign)
    context = {
        "campaign": step.campaign,
        "title": "Take this step out?",
        "text": "Letters of it that wait are taken back, and their leads go on with the next step, if there is one. "
        "What has been sent stays on record.",
        "action": request.path,
        "cancel_url": reverse("campaigns:campaign_letters", args=[workspace, step.campaign_id]),
    }
    template = "campaigns/step_remove.html"
    return render(request, f"{template}#confirmation" if is_htmx(request) else template, context)


@allow(SENDERS)
@require_POST
def step_bring_back(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """It was taken out by mistake."""
    here = Step.objects.filter(campaign__workspace=request.membership.workspace)
    step = get_object_or_404(here.select_related("campaign__workspace"), pk=pk)
    if stepping.bring_back(step, user=request.user, now=timezone.now()):
        messages.success(request, "The step is back, and the leads that waited for it wait again.")
    else:
        messages.info(request, "This cannot be undone any more. Add the step anew if you want it back.")
    return _back(request, step.campaign)


@allow(SENDERS)
@require_http_methods(["GET", "POST"])
def step_second(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """The other version of its subject or text; empty again, there is none."""
    step = find_step(request, pk)
    if not step.is_letter:
        raise Http404
    posted = request.POST if request.method == "POST" else None
    names = custom_names_in(Lead.objects.filter(campaign=step.campaign), *(posted or {}).values())
    form = SecondVersionForm(posted, instance=step, custom_names=names)
    if posted is not None and form.is_valid():
        stepping.save(form.save(commit=False), user=request.user, now=timezone.now())
        messages.success(
            request,
            "Half of the leads get the second version from now on."
            if step.has_variants
            else "There is one version for everybody.",
        )
        return _back(request, step.campaign)
    return _page(request, step.campaign, step, form, action=request.path, second=True)


def find_step(request: WorkspaceRequest, pk: int) -> Step:
    here = Step.objects.filter(campaign__workspace=request.membership.workspace, retired_at=None)
    return get_object_or_404(
        here.select_related("campaign__workspace", "campaign__identity", "campaign__mailbox"), pk=pk
    )


def _is_first(step: Step) -> bool:
    return step.campaign.steps.current().first() == step


def _edit(request: WorkspaceRequest, campaign: Campaign, step: Step, action: str) -> HttpResponse:
    posted = request.POST if request.method == "POST" else None
    origin = "" if posted else _start_from(request, step)
    texts = (posted.get("letter_subject", ""), posted.get("letter_body", "")) if posted else ()
    names = custom_names_in(Lead.objects.filter(campaign=campaign), *texts)
    form = StepForm(posted, instance=step, custom_names=names)
    if posted is not None and form.is_valid():
        if template := template_in(request, posted.get("template", "")):
            step.template = template
        try:
            stepping.save(form.save(commit=False), user=request.user, now=timezone.now())
        except ValueError as err:
            form.add_error(None, str(err))
        else:
            what = "letter" if step.is_letter else "task"
            messages.success(request, f"The {what} is saved. Leads that wait for it follow the change.")
            return _back(request, campaign)
    return _page(request, campaign, step, form, action=action, origin=origin)


def _start_from(request: WorkspaceRequest, step: Step) -> str:
    """Put the text of the template or starter that the address names into the step, unsaved; its name. A follow-up in
    the same conversation keeps the subject that this one has.
    """
    if not step.is_letter or not may_act(request) or not (chosen := chosen_start(request)):
        return ""
    subject, step.letter_body, name = chosen
    if not step.keeps_subject:
        step.letter_subject = subject
    return name


def _page(
    request: WorkspaceRequest,
    campaign: Campaign,
    step: Step,
    form: forms.BaseForm,
    *,
    action: str,
    second: bool = False,
    origin: str = "",
) -> HttpResponse:
    context = campaign_context(request, campaign, "letters") | {
        "form": form,
        "step": step,
        "action": action,
        "second": second,
        "origin": origin,
        "start_url": with_query(
            reverse("campaigns:letter_start", args=[request.membership.workspace.slug, campaign.pk]),
            step=step.pk or "new",
        ),
        "lines": stepping.lines(campaign),
        "placeholders": PLACEHOLDERS,
        "custom_names": custom_names_in(Lead.objects.filter(campaign=campaign)),
        "too_many": step.pk is None and step.is_letter and _follow_ups(campaign) >= stepping.ADVISED_FOLLOW_UPS,
        "may_act": may_act(request),
    }
    if step.is_letter:
        context |= _preview(request, campaign, step, variant="B" if second and step.has_variants else "A")
    status = 422 if form.is_bound else 200
    return render(request, f"{PAGE}#step-editor" if is_htmx(request) else PAGE, context, status=status)


def _follow_ups(campaign: Campaign) -> int:
    return campaign.steps.current().filter(kind=Step.Kind.LETTER, position__gt=1).count()


def _preview(request: WorkspaceRequest, campaign: Campaign, step: Step, *, variant: str) -> dict[str, Any]:
    """The letter for one lead. A follow-up in the same conversation bears the first letter's subject."""
    values = request.POST if request.method == "POST" else request.GET
    wanted = values.get("show") or values.get("lead", "")
    text = text_of(step, None, variant=variant)
    subject = text.subject
    if step.keeps_subject:
        first = campaign.steps.current().first()
        subject = answer_to(text_of(first, None, variant="A").subject) if first is not None else ""
    return preview_context(request, campaign, subject, text.body, wanted)


def _at(request: WorkspaceRequest, name: str, step: Step) -> str:
    return reverse(f"campaigns:{name}", args=[request.membership.workspace.slug, step.pk])


def _back(request: WorkspaceRequest, campaign: Campaign) -> HttpResponse:
    slug = request.membership.workspace.slug
    return redirect_to(request, reverse("campaigns:campaign_letters", args=[slug, campaign.pk]))
