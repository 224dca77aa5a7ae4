"""Templates: letters to start from, which a workspace writes once and uses in many campaigns."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models.functions import Lower
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.custom_names import custom_names_in
from campaigns.forms import TemplateForm
from campaigns.library import delete_template, free_name, keep_template, note
from campaigns.models import Lead, LeadQuerySet, Template
from campaigns.previews import preview, sample_lead, which_lead
from campaigns.rendering import BUILT_IN, doubled_sentences, problems_in
from campaigns.starters import STARTERS, starter
from campaigns.views.page import may_act
from outreach_site.accounts.access import READERS, SENDERS, WorkspaceRequest, allow
from outreach_site.accounts.models import SenderIdentity, Workspace
from outreach_site.lib.htmx import is_htmx, redirect_to

PAGE = "campaigns/template_form.html"


@allow(READERS)
@require_GET
def template_list(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    templates = Template.objects.in_workspace(request.membership.workspace).order_by(Lower("category"), Lower("name"))
    context = {"templates": templates, "starters": STARTERS, "may_act": may_act(request)}
    return render(request, "campaigns/template_list.html", context)


@allow(SENDERS)
@require_http_methods(["GET", "POST"])
def template_create(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """A new template, empty or from the library (`?starter=`)."""
    here = request.membership.workspace
    chosen = starter(request.GET.get("starter", ""))
    initial = {}
    if chosen is not None:
        initial = {
            "name": free_name(here, chosen.name),
            "category": chosen.category,
            "subject": chosen.subject,
            "body": chosen.body,
        }
    return template_page(request, Template(workspace=here), initial=initial)


@allow(SENDERS)
@require_http_methods(["GET", "POST"])
def template_edit(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    return template_page(request, find_template(request, pk), initial={})


def template_page(request: WorkspaceRequest, template: Template, *, initial: dict[str, str]) -> HttpResponse:
    here = request.membership.workspace
    is_new = template.pk is None
    if request.method != "POST":
        form = TemplateForm(instance=template, initial=initial, workspace=here)
        subject = initial.get("subject", template.subject)
        body = initial.get("body", template.body)
        return render(request, PAGE, page_context(request, form, template, subject, body))
    subject, body = request.POST.get("subject", ""), request.POST.get("body", "")
    form = TemplateForm(
        request.POST, instance=template, workspace=here, custom_names=custom_names_in(leads_of(here), subject, body)
    )
    if form.is_valid():
        try:
            with transaction.atomic():
                saved = form.save()
                event = "template.created" if is_new else "template.changed"
                note(event, saved, user=request.user, now=timezone.now())
        except IntegrityError:  # Somebody took the name since it was looked at.
            form.add_error("name", "There is a template of this name. Choose another one.")
        else:
            messages.success(request, f"{saved.name} is saved.")
            return redirect_to(request, reverse("campaigns:template_edit", args=[here.slug, saved.pk]))
    page = f"{PAGE}#template-editor" if is_htmx(request) else PAGE
    # The heading names the template as it is stored, not as it was just typed.
    stored = Template(workspace=here) if is_new else Template.objects.get(pk=template.pk)
    return render(request, page, page_context(request, form, stored, subject, body), status=422)


@allow(SENDERS)
@require_POST
def template_preview(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """What was typed, as the letter to one of the leads, or to an example. Saves nothing, loses nothing."""
    here = request.membership.workspace
    template = Template(workspace=here)
    if (number := request.POST.get("template", "")).isdecimal():
        template = find_template(request, int(number[:18]))
    subject, body = request.POST.get("subject", ""), request.POST.get("body", "")
    typed = {name: request.POST.get(name, "") for name in ("name", "category", "subject", "body")}
    form = TemplateForm(instance=template, initial=typed, workspace=here)
    page = f"{PAGE}#template-preview" if is_htmx(request) else PAGE
    context = page_context(request, form, template, subject, body) | {"is_partial": is_htmx(request)}
    return render(request, page, context)


@allow(SENDERS)
@require_POST
def template_duplicate(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    template = find_template(request, pk)
    copy = keep_template(
        template.workspace,
        name=free_name(template.workspace, template.name),
        subject=template.subject,
        body=template.body,
        category=template.category,
        user=request.user,
        now=timezone.now(),
    )
    messages.success(request, f"{copy.name} is a copy of {template.name}. Change what you like.")
    return redirect_to(request, reverse("campaigns:template_edit", args=[workspace, copy.pk]))


@allow(SENDERS)
@require_http_methods(["GET", "POST"])
def template_delete(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """GET asks, POST deletes. Campaigns keep the text they took from it."""
    template = find_template(request, pk)
    if request.method == "POST":
        delete_template(template, user=request.user, now=timezone.now())
        messages.success(request, f"{template.name} is deleted.")
        return redirect_to(request, reverse("campaigns:template_list", args=[workspace]))
    context = {
        "title": f"Delete {template.name}?",
        "text": "Campaigns that started from it keep their letters.",
        "action": request.path,
        "cancel_url": reverse("campaigns:template_edit", args=[workspace, template.pk]),
    }
    page = "campaigns/template_delete.html"
    return render(request, f"{page}#confirmation" if is_htmx(request) else page, context)


def find_template(request: WorkspaceRequest, pk: int) -> Template:
    templates = Template.objects.in_workspace(request.membership.workspace).select_related("workspace")
    return get_object_or_404(templates, pk=pk)


def page_context(
    request: WorkspaceRequest, form: TemplateForm, template: Template, subject: str, body: str
) -> dict[str, Any]:
    here = request.membership.workspace
    subject, body = subject.strip(), body.replace("\r\n", "\n")
    names = custom_names_in(leads_of(here), subject, body)
    wanted = next(filter(None, (request.POST.get(key, "") for key in ("show", "find", "lead"))), "")
    shown = which_lead(leads_of(here).filter(campaign__archived_at=None), wanted)
    lead = shown.lead or sample_lead()
    campaign = shown.lead.campaign if shown.lead else None
    identity = (campaign.identity if campaign else None) or SenderIdentity.objects.default_of(here)
    checks = [{"tone": "bad", "text": problem.sentence} for problem in problems_in(subject, body, custom_names=names)]
    checks += [{"tone": "warn", "text": sentence} for sentence in doubled_sentences(subject, body)]
    seen = preview(subject, body, lead=lead, identity=identity, campaign=campaign, sender="")
    checks += [{"tone": one.tone, "text": one.sentence} for one in seen.findings] if subject or body else []
    categories = Template.objects.in_workspace(here).exclude(category="").values_list("category", flat=True)
    return {
        "form": form,
        "template": template,
        "preview": seen,
        "shown": shown,
        "checks": checks,
        "placeholders": [{"name": name, "what": what} for name, what in BUILT_IN.items()],
        "custom_names": names,
        "categories": sorted(set(categories.order_by()) | {one.category for one in STARTERS}),
    }


def leads_of(workspace: Workspace) -> LeadQuerySet:
    return Lead.objects.in_workspace(workspace).select_related("contact", "campaign__identity")
