"""One further letter to somebody, on a chosen day: from the inbox thread, or from the lead."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from campaigns.api.shared import letter_text, one_line
from campaigns.rendering import MAX_SUBJECT
from campaigns.rota import CannotQueueError
from campaigns.single_follow_up import begin, schedule
from campaigns.views.page import find_lead
from outreach_site.accounts.access import SENDERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to

PAGE = "campaigns/follow_up_form.html"


class FollowUpForm(forms.Form):
    """The letter, and its day."""

    on = forms.DateField(label="Leaves on", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    subject = forms.CharField(max_length=MAX_SUBJECT, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    body = forms.CharField(label="Letter", max_length=20_000, strip=False, widget=forms.Textarea(attrs={"rows": 10}))

    def clean_subject(self) -> str:
        return str(one_line(self.cleaned_data["subject"]))

    def clean_body(self) -> str:
        return str(letter_text(self.cleaned_data["body"]))


@allow(SENDERS)
@require_http_methods(["GET", "POST"])
def lead_follow_up(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """GET shows the letter begun; POST queues it for its day. What was typed stays where that cannot be."""
    lead = find_lead(request, pk)
    now = timezone.now()
    context = {"lead": lead, "campaign": lead.campaign, "action": request.path}
    form = FollowUpForm(request.POST) if request.method == "POST" else None
    if form is not None and form.is_valid():
        try:
            attempt = schedule(lead, **form.cleaned_data, user=request.user, now=now)
        except CannotQueueError as err:
            form.add_error(None, str(err))
        else:
            undo = reverse("campaigns:attempt_cancel", args=[workspace, attempt.pk])
            when = f"leaves on {form.cleaned_data['on']:%A %d %B}" if attempt.due_at else f"waits: {attempt.reason}"
            messages.success(request, f"The follow-up {when}.", extra_tags=f"undo:{undo}")
            return redirect_to(request, reverse("campaigns:lead_detail", args=[workspace, lead.pk]))
    try:
        start = begin(lead, now=now)
    except CannotQueueError as err:
        context["problem"] = str(err)
    else:
        values = {"subject": start.subject, "body": start.body, "on": start.on}
        context |= {"form": form or FollowUpForm(initial=values), "recipient": start.recipient}
    return render(request, f"{PAGE}#follow-up-form" if is_htmx(request) else PAGE, context, status=422 if form else 200)
