"""A campaign's leads: one lead with all that happened to it, and adding by hand or by paste."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns import address_checks
from campaigns.custom_names import custom_names_in
from campaigns.discovery.signals import Kind
from campaigns.forms import LeadEditForm, LeadForm, PasteForm
from campaigns.lead_events import events_of
from campaigns.lead_list import assignable, tags_of
from campaigns.leads import (
    AlreadyThere,
    NewLead,
    Paste,
    add_lead,
    add_many,
    known_keys,
    read_paste,
    refuse_erased,
    set_contact,
    site_key,
)
from campaigns.lifecycle import OnItsWayError, change_status, delete_lead
from campaigns.models import Campaign, FoundSite, Lead
from campaigns.views.lead_table import rows_of
from campaigns.views.page import (
    find_campaign,
    find_lead,
    in_dialog,
    may_act,
    notes_of_lead,
    replies_of_lead,
)
from compliance import audit, known_regions
from compliance.addresses import InvalidAddressError, normalise
from outreach_site.accounts.access import READERS, SENDERS, WorkspaceRequest, allow
from outreach_site.lib.htmx import is_htmx, redirect_to

REASONS_SAID = 3  # of lines that were left out
PASTED_SHOWN = 100  # lines of a paste


@allow(READERS)
@require_GET
def lead_detail(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Everything about one lead; for htmx the same as a panel beside the table."""
    lead = find_lead(request, pk)
    template = "campaigns/lead_detail.html"
    return render(request, f"{template}#lead-card" if is_htmx(request) else template, lead_context(request, lead))


def lead_context(request: WorkspaceRequest, lead: Lead) -> dict[str, Any]:
    campaign = lead.campaign
    [row] = rows_of([lead], campaign)
    letters = list(lead.attempts.select_related("user", "mailbox").defer("body"))
    found = FoundSite.objects.filter(lead=lead).order_by("-pk").first()
    placements = list(lead.placements.select_related("created_by"))
    slug = request.membership.workspace.slug
    return {
        "lead": lead,
        "row": row,
        "campaign": campaign,
        "events": events_of(lead, letters, found, placements),
        "letters": letters,
        "found": found,
        "said": said_by(found) if found else [],
        "others": [each for each in lead.contacts.order_by("pk") if each.pk != lead.contact_id],
        "region": known_regions.region_for(request.membership.workspace, lead.contact.email_key)
        if lead.contact
        else None,
        "statuses": Lead.Status.choices,
        "placements": placements,
        "people": assignable(campaign.workspace) if may_act(request) else [],
        "tags": tags_of(campaign.workspace) if may_act(request) else [],
        "replies_url": replies_of_lead(slug, lead),
        "notes_url": notes_of_lead(slug, lead),
        "may_act": may_act(request),
        "in_panel": in_dialog(request),
    }


_SAID = {
    Kind.REFUSAL: ("Says no", "bad"),
    Kind.INVITATION: ("Invites", "good"),
    Kind.GUIDELINES: ("Guidelines", "good"),
}


def said_by(found: FoundSite) -> list[dict[str, str]]:
    """What its pages say for and against writing there, quoted, each with its page."""
    return [
        {"label": label, "tone": tone, "quote": str(signal.get("quote", "")), "url": str(signal.get("url", ""))}
        for kind, (label, tone) in _SAID.items()
        for signal in found.signals
        if signal.get("kind") == kind
    ][:8]


@allow(SENDERS)
@require_POST
def lead_status(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Say where a lead stands. What ends the writing takes back what waits; "unsubscribed" suppresses the address."""
    lead = find_lead(request, pk)
    wanted = request.POST.get("status") or request.GET.get("status") or ""
    if wanted not in Lead.Status.values:
        raise BadRequest("There is no such status.")
    was, status = Lead.Status(lead.status), Lead.Status(wanted)
    if was != status:
        taken_back = change_status(lead, status, user=request.user, now=timezone.now())
        say_status(request, lead, was, status, taken_back)
    if not is_htmx(request):
        return redirect_to(request, reverse("campaigns:lead_detail", args=[workspace, lead.pk]))
    lead = find_lead(request, pk)
    return render(request, "campaigns/lead_detail.html#lead-changed", lead_context(request, lead))


def say_status(request: WorkspaceRequest, lead: Lead, was: Lead.Status, status: Lead.Status, taken_back: int) -> None:
    text = f"{lead} is now {status.label.lower()}."
    if taken_back:
        text += f" {taken_back} waiting {'letter was' if taken_back == 1 else 'letters were'} taken back."
    if status == Lead.Status.UNSUBSCRIBED and lead.contact is not None:
        messages.success(request, f"{text} Nobody here will write to {lead.contact.email} again.")
        return
    here = request.membership.workspace.slug
    undo = f"{reverse('campaigns:lead_status', args=[here, lead.pk])}?status={was.value}"
    messages.success(request, text, extra_tags=f"undo:{undo}")


@allow(SENDERS)
@require_http_methods(["GET", "POST"])
def lead_create(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """A lead by hand."""
    campaign = find_campaign(request, pk)
    form = LeadForm(request.POST or None)
    known: Lead | None = None
    if request.method == "POST" and form.is_valid() and may_be_written_down(form, campaign):
        answer = add_lead(campaign, form.as_new_lead(), source=Lead.Source.MANUAL, now=timezone.now())
        if isinstance(answer, AlreadyThere):
            known = answer.lead
            form.add_error("website_url", f"{known} is in this campaign already.")
        else:
            doubts = known_of(form.cleaned_data["contact_email"])["notes"]
            messages.success(request, " ".join([f"{answer.lead} is added.", *doubts]))
            again = "another" in request.POST
            target = "campaigns:lead_create" if again else "campaigns:campaign_detail"
            return redirect_to(request, reverse(target, args=[workspace, campaign.pk]))
    template = "campaigns/lead_form.html"
    typed = request.POST.get("contact_email", "")
    context = {"form": form, "campaign": campaign, "known": known, "address": known_of(typed)}
    return render(
        request,
        f"{template}#lead-form" if is_htmx(request) else template,
        context,
        status=422 if form.is_bound else 200,
    )


@allow(SENDERS)
@require_POST
def lead_address(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """What is known of an address while it is typed. A POST, so that no log of requests holds half an address."""
    find_campaign(request, pk)
    known = known_of(request.POST.get("contact_email", "")[:320])
    return render(request, "campaigns/lead_form.html#address-notes", {"address": known})


def known_of(typed: str) -> dict[str, Any]:
    """What can be said of an address while it is typed. The DNS is not asked: what it said before is. One query."""
    if not typed.strip():
        return {"notes": ()}
    try:
        key = normalise(typed)
    except InvalidAddressError as err:
        return {"error": str(err), "notes": ()}
    found = address_checks.check_address(key, address_checks.known_among([key]))
    return {"notes": found.notes, "state": found.state}


@allow(SENDERS)
@require_http_methods(["GET", "POST"])
def lead_edit(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    lead = find_lead(request, pk)
    contact = lead.contact
    initial = {
        "website_title": lead.website_title,
        "topic": lead.topic,
        "contact_email": contact.email if contact else "",
        "contact_name": contact.name if contact else "",
        "contact_role": contact.role if contact else "",
        "found_url": contact.found_url if contact else "",
        "found_passage": contact.found_passage if contact else "",
    }
    names = custom_names_in(lead.campaign.leads.all())
    own = dict.fromkeys(names[:_OFFERED], "") | {name: str(value) for name, value in lead.custom_fields.items()}
    form = LeadEditForm(request.POST or None, initial=initial, own=own)
    if request.method == "POST" and form.is_valid() and may_be_written_down(form, lead.campaign):
        save_lead(request, lead, form)
        messages.success(request, f"{lead} is saved.")
        return redirect_to(request, reverse("campaigns:lead_detail", args=[workspace, lead.pk]))
    template = "campaigns/lead_edit.html"
    waiting = lead.attempts.waiting().count()
    return render(
        request,
        f"{template}#lead-form" if is_htmx(request) else template,
        {
            "form": form,
            "lead": lead,
            "campaign": lead.campaign,
            "waiting": waiting,
            "address": known_of(request.POST.get("contact_email", initial["contact_email"])),
        },
        status=422 if form.is_bound else 200,
    )


_OFFERED = 12  # fields that other leads of the campaign have, and this one may lack


def _own_fields(name: str) -> str:
    return "own fields" if name.startswith(("own_", "new_")) else name


def may_be_written_down(form: LeadForm | LeadEditForm, campaign: Campaign) -> bool:
    """Whether the address is not one of somebody who asked to be erased; the form says so where it is."""
    try:
        refuse_erased(campaign, form.cleaned_data["contact_email"])
    except InvalidAddressError as err:
        form.add_error("contact_email", str(err))
        return False
    return True


def save_lead(request: WorkspaceRequest, lead: Lead, form: LeadEditForm) -> None:
    now, values = timezone.now(), form.cleaned_data
    with transaction.atomic():
        lead.website_title, lead.topic = values["website_title"], values["topic"]
        lead.custom_fields = form.custom_fields()
        lead.save(update_fields=["website_title", "topic", "custom_fields"])
        set_contact(
            lead,
            email=values["contact_email"],
            name=values["contact_name"],
            role=values["contact_role"],
            found_url=values["found_url"],
            found_passage=values["found_passage"],
            now=now,
        )
        audit.record(
            "lead.changed",
            workspace=request.membership.workspace,
            user=request.user,
            about=f"lead:{lead.pk}",
            details={"changed": [_own_fields(name) for name in form.changed_data]},
            lead_email=values["contact_email"],
            now=now,
        )


@allow(SENDERS)
@require_http_methods(["GET", "POST"])
def lead_delete(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """GET asks, POST deletes. What was sent stays in the record, so that nobody gets a letter twice."""
    lead = find_lead(request, pk)
    error = ""
    if request.method == "POST":
        try:
            delete_lead(lead, user=request.user, now=timezone.now())
        except OnItsWayError as err:
            error = str(err)
        else:
            messages.success(request, f"{lead} is deleted.")
            return redirect_to(request, reverse("campaigns:campaign_detail", args=[workspace, lead.campaign_id]))
    letters = lead.attempts.count()
    context = {
        "campaign": lead.campaign,
        "lead": lead,
        "title": f"Delete {lead}?",
        "text": "Its contact"
        + (f" and {letters} {'letter' if letters == 1 else 'letters'} go" if letters else " goes")
        + " with it. An opt-out stays, and so does the record that keeps anybody from getting the same letter twice.",
        "action": request.path,
        "cancel_url": reverse("campaigns:lead_detail", args=[workspace, lead.pk]),
        "error": error,
    }
    template = "campaigns/lead_delete.html"
    page = f"{template}#confirmation" if is_htmx(request) else template
    return render(request, page, context, status=422 if error else 200)


@allow(SENDERS)
@require_http_methods(["GET", "POST"])
def lead_paste(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Paste a list, look at what was understood, add it. The text stays until it is added."""
    campaign = find_campaign(request, pk)
    form = PasteForm(request.POST or None)
    paste: Paste | None = None
    known: set[str] = set()
    if request.method == "POST" and form.is_valid():
        paste = read_paste(form.cleaned_data["text"])
        if "add" in request.POST and paste.rows:
            return add_paste(request, campaign, paste)
        known = known_keys(campaign, [site_key(row.website_url) for row in paste.rows])
    rows = pasted_rows(paste.rows, known) if paste else []
    context = {
        "form": form,
        "campaign": campaign,
        "paste": paste,
        "rows": rows,
        "new_count": len(rows) - len(known),
        "without_address": sum(not row["new"].contact_email for row in rows if not row["is_known"]),
        "doubtful": sum(row["check"].is_doubtful for row in rows if row["check"] and not row["is_known"]),
        "custom_names": sorted({name for row in (paste.rows if paste else []) for name in row.custom_fields}),
    }
    template = "campaigns/lead_paste.html"
    page = f"{template}#understood" if is_htmx(request) else template
    return render(request, page, context, status=422 if form.is_bound and not form.is_valid() else 200)


def pasted_rows(new: Sequence[NewLead], known: AbstractSet[str]) -> list[dict[str, Any]]:
    """Each line, whether the campaign has its site, and what is known of its address. One query.

    What name servers said is told of the lines that are shown, not of thousands.
    """
    keys = [normalise(row.contact_email) if row.contact_email else "" for row in new]
    domains = address_checks.known_among(key for key in keys[:PASTED_SHOWN] if key)
    return [
        {
            "new": row,
            "is_known": site_key(row.website_url) in known,
            "check": address_checks.check_address(key, domains) if key else None,
        }
        for row, key in zip(new, keys, strict=True)
    ]


def add_paste(request: WorkspaceRequest, campaign: Campaign, paste: Paste) -> HttpResponse:
    outcome = add_many(campaign, paste.rows, source=Lead.Source.PASTE, now=timezone.now())
    text = f"{outcome.added} {'lead is' if outcome.added == 1 else 'leads are'} added."
    if outcome.already_there:
        text += f" {len(outcome.already_there)} were in the campaign already."
    messages.success(request, text)
    if skipped := [*paste.errors, *outcome.failed]:
        count = "1 line was" if len(skipped) == 1 else f"{len(skipped)} lines were"
        reasons = list(dict.fromkeys(error.sentence for error in skipped))[:REASONS_SAID]
        messages.warning(request, f"{count} left out. {' '.join(reasons)}")
    here = request.membership.workspace.slug
    return redirect_to(request, reverse("campaigns:campaign_detail", args=[here, campaign.pk]))
