"""Settings, Webhooks: for owners."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from outreach_site.accounts.access import OWNERS, WorkspaceRequest, allow
from outreach_site.desk.outgoing import delivering, endpoints, listing, recording
from outreach_site.desk.outgoing.forms import EndpointForm, RenewForm
from outreach_site.desk.outgoing.models import Delivery, Endpoint, Offered
from outreach_site.lib.crypto import KeyMissingError
from outreach_site.lib.htmx import is_htmx, redirect_to


@allow(OWNERS)
@require_safe
def endpoint_list(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    return render(request, "desk/endpoint_list.html", {"lines": listing.lines(request.membership.workspace)})


@allow(OWNERS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def endpoint_create(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """The secret is in the answer to the POST and nowhere else."""
    form = EndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            endpoint, secret = endpoints.create(
                request.membership.workspace,
                url=form.cleaned_data["url"],
                note=form.cleaned_data["note"],
                events=_chosen(form),
                user=request.user,
                now=timezone.now(),
            )
        except (endpoints.TooManyError, KeyMissingError) as err:
            form.add_error(None, str(err))
        else:
            return _show_secret(request, endpoint, secret, is_new=True)
    return _show_form(request, form, None)


@allow(OWNERS)
@require_http_methods(["GET", "HEAD", "POST"])
def endpoint_edit(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    endpoint = _endpoint(request, pk)
    form = EndpointForm(request.POST or None, endpoint=endpoint)
    if request.method == "POST" and form.is_valid():
        changed = endpoints.change(
            endpoint,
            url=form.cleaned_data["url"],
            note=form.cleaned_data["note"],
            events=_chosen(form),
            user=request.user,
            now=timezone.now(),
        )
        messages.success(request, "Saved." if changed else "Nothing was different.")
        return _back(request, endpoint)
    return _show_form(request, form, endpoint)


@allow(OWNERS)
@require_safe
def endpoint_detail(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    endpoint = _endpoint(request, pk)
    before = request.GET.get("before", "")
    page = listing.log(endpoint, before=int(before) if listing.is_key(before) else None)
    url = reverse("desk:endpoint_detail", args=[workspace, endpoint.pk])
    context = {
        "endpoint": endpoint,
        "log": page.rows,
        "counts": listing.counts(endpoint),
        "old_secret_signs": endpoint.old_secret_until is not None and endpoint.old_secret_until > timezone.now(),
        "next_url": f"{url}?before={page.next_key}" if page.next_key else "",
        "previous_url": url if before else "",
    }
    return render(request, "desk/endpoint_detail.html", context)


@allow(OWNERS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def endpoint_renew(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    endpoint = _endpoint(request, pk)
    form = RenewForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            secret = endpoints.renew_secret(
                endpoint, at_once=form.cleaned_data["at_once"], user=request.user, now=timezone.now()
            )
        except KeyMissingError as err:
            form.add_error(None, str(err))
        else:
            return _show_secret(request, endpoint, secret, is_new=False)
    return render(
        request,
        "desk/endpoint_renew.html#endpoint-renew" if is_htmx(request) else "desk/endpoint_renew.html",
        {"endpoint": endpoint, "form": form},
        status=422 if form.errors else 200,
    )


@allow(OWNERS)
@require_POST
def endpoint_switch(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """On where the form says so, else off."""
    endpoint, now = _endpoint(request, pk), timezone.now()
    if request.POST.get("to") == "on":
        if endpoints.switch_on(endpoint, user=request.user, now=now):
            recording.deliver_soon()
            messages.success(request, "It is on. What waited goes now.")
    elif endpoints.switch_off(endpoint, user=request.user, now=now):
        messages.success(request, "It is off. What waits stays; what happens meanwhile is not told.")
    return _back(request, endpoint)


@allow(OWNERS)
@require_POST
def endpoint_test(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    endpoint = _endpoint(request, pk)
    _send(request, endpoint)
    return _back(request, endpoint)


@allow(OWNERS)
@require_POST
def endpoint_again(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    endpoint = _endpoint(request, pk)
    count = endpoints.send_all_again(endpoint, now=timezone.now())
    recording.deliver_soon()
    if count:
        messages.success(request, f"{count} {'message goes' if count == 1 else 'messages go'} again.")
    return _back(request, endpoint)


@allow(OWNERS)
@require_http_methods(["GET", "HEAD", "POST"])
def endpoint_remove(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    endpoint = _endpoint(request, pk)
    if request.method == "POST":
        endpoints.remove(endpoint, user=request.user, now=timezone.now())
        messages.success(request, f"“{endpoint}” is removed. Nothing more goes there.")
        return redirect_to(request, reverse("desk:endpoint_list", args=[workspace]))
    template = "desk/endpoint_remove.html#endpoint-remove" if is_htmx(request) else "desk/endpoint_remove.html"
    return render(request, template, {"endpoint": endpoint})


@allow(OWNERS)
@require_safe
def delivery_detail(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    delivery = _delivery(request, pk)
    context = {
        "delivery": delivery,
        "endpoint": delivery.endpoint,
        "body": listing.readable(delivery.event.body),
        "log": delivery.log.select_related("by")[: listing.PAGE],
    }
    return render(request, "desk/delivery_detail.html", context)


@allow(OWNERS)
@require_POST
def delivery_again(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    delivery = _delivery(request, pk)
    _send(request, delivery.endpoint, delivery)
    return redirect_to(request, reverse("desk:delivery_detail", args=[workspace, delivery.pk]))


def _endpoint(request: WorkspaceRequest, pk: int) -> Endpoint:
    here = Endpoint.objects.in_workspace(request.membership.workspace)
    return get_object_or_404(here.select_related("workspace", "created_by"), pk=pk)


def _delivery(request: WorkspaceRequest, pk: int) -> Delivery:
    here = Delivery.objects.in_workspace(request.membership.workspace)
    return get_object_or_404(here.select_related("event", "endpoint"), pk=pk)


def _chosen(form: EndpointForm) -> list[Offered]:
    return [Offered(word) for word in form.cleaned_data["events"]]


def _back(request: WorkspaceRequest, endpoint: Endpoint) -> HttpResponse:
    return redirect_to(request, reverse("desk:endpoint_detail", args=[request.membership.workspace.slug, endpoint.pk]))


def _send(request: WorkspaceRequest, endpoint: Endpoint, delivery: Delivery | None = None) -> None:
    """Now, by hand, and what came of it as a message; None: a test."""
    now = timezone.now()
    if delivering.is_enough_by_hand(endpoint, now=now):
        messages.error(request, "Enough was sent there by hand within the hour. Wait a while.")
        return
    outcome = delivering.deliver_now(delivery or recording.a_test(endpoint, now=now), by=request.user, now=now)
    if outcome is None:
        messages.warning(request, "A worker is sending it at this moment. Look again in a minute.")
    elif outcome.is_taken:
        messages.success(request, f"It was taken: {outcome.status}, after {outcome.milliseconds} ms.")
    else:
        messages.error(request, f"It was not taken. {outcome.sentence}")


def _show_form(request: WorkspaceRequest, form: EndpointForm, endpoint: Endpoint | None) -> HttpResponse:
    return render(
        request,
        "desk/endpoint_form.html#endpoint-form" if is_htmx(request) else "desk/endpoint_form.html",
        {"form": form, "endpoint": endpoint},
        status=422 if form.errors else 200,
    )


def _show_secret(request: WorkspaceRequest, endpoint: Endpoint, secret: str, *, is_new: bool) -> HttpResponse:
    return render(
        request,
        "desk/endpoint_secret.html#endpoint-secret" if is_htmx(request) else "desk/endpoint_secret.html",
        {"endpoint": endpoint, "secret": secret, "is_new": is_new},
    )
