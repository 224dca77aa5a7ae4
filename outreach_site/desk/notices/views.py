"""The list behind the bell, and each person's own choice about the letter of the day."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from outreach_site.accounts.access import READERS, WorkspaceRequest, allow
from outreach_site.desk.notices import digests, reading
from outreach_site.desk.notices.forms import DigestForm
from outreach_site.desk.notices.models import Digest, Kind, Notice, NoticeQuerySet
from outreach_site.lib.htmx import is_htmx, redirect_to

PAGE = 50


@allow(READERS)
@require_GET
def notice_list(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    member = request.membership
    before, only_unread = request.GET.get("before", ""), request.GET.get("show") == "unread"
    unread = reading.unread_count(member)
    found = Notice.objects.unread_by(member) if only_unread else _here(request)
    if before.isascii() and before.isdigit() and len(before) < 19:
        found = found.filter(pk__lt=int(before))
    page = list(found.order_by("-pk")[: PAGE + 1])
    url = reverse("desk:notice_list", args=[workspace])
    more = f"{'show=unread&' if only_unread else ''}before={page[PAGE - 1].pk}" if len(page) > PAGE else ""
    count = f"{reading.COUNTED}+" if unread > reading.COUNTED else unread or ""
    context = {
        "days": reading.days(page[:PAGE], member),
        "through": page[0].pk if page and not before else "",
        "unread": unread,
        "only_unread": only_unread,
        "tabs": [
            {"label": "All", "url": url, "current": not only_unread},
            {"label": "Unread", "url": f"{url}?show=unread", "current": only_unread, "count": count},
        ],
        "next_url": f"{url}?{more}" if more else "",
        "previous_url": request.path + ("?show=unread" if only_unread else "") if before else "",
    }
    return render(request, "desk/notice_list.html", context)


@allow(READERS)
@require_GET
def notice_open(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """On to what it is about; it has been read then, as a reply is that somebody opens."""
    notice = get_object_or_404(_here(request), pk=pk)
    reading.mark_read(_here(request).filter(pk=pk), request.membership, now=timezone.now())
    return redirect_to(request, reading.target_of(notice, request.membership))


@allow(READERS)
@require_POST
def notices_read(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """All that stood on the page, and nothing that came while it was read."""
    through = request.POST.get("through", "")
    if through.isascii() and through.isdigit() and len(through) < 19:
        count = reading.mark_all_read(request.membership, through=int(through), now=timezone.now())
        if count:
            messages.success(request, f"{count} {'notification is' if count == 1 else 'notifications are'} read.")
    return redirect_to(request, reverse("desk:notice_list", args=[workspace]))


def _here(request: WorkspaceRequest) -> NoticeQuerySet:
    return Notice.objects.in_workspace(request.membership.workspace)


@allow(READERS)
@require_http_methods(["GET", "HEAD", "POST"])
def digest_edit(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Each member's own; where the letter's last line leads."""
    member = request.membership
    digest = Digest.objects.filter(membership=member).first()
    form = DigestForm(request.POST or None, digest=digest, workspace=member.workspace)
    if request.method == "POST" and form.is_valid():
        digests.choose(
            member,
            is_wanted=form.cleaned_data["is_wanted"],
            hour=form.cleaned_data["hour"],
            kinds=[Kind(kind) for kind in form.cleaned_data["kinds"]],
            now=timezone.now(),
        )
        messages.success(request, "Saved." if form.cleaned_data["is_wanted"] else "You get no daily letter.")
        return redirect_to(request, reverse("desk:digest_edit", args=[workspace]))
    context = {
        "form": form,
        "digest": digest,
        "address": request.user.email,
        "has_platform_mail": bool(settings.GLOBAL_SMTP_HOST),
    }
    template = "desk/digest_form.html#digest-form" if is_htmx(request) else "desk/digest_form.html"
    return render(request, template, context, status=422 if form.errors else 200)
