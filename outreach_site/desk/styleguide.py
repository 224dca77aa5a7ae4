"""The living style guide: every component in every state, and sample pages built from them. Served in DEBUG alone.

What it shows is made up here; nothing is read or stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from outreach_site.accounts.access import public
from outreach_site.desk.frame import Banner, Frame, NavItem, Person, WorkspaceLink

if TYPE_CHECKING:
    from django.urls import URLPattern

PAGES = {
    "components": "Components",
    "campaigns": "A list",
    "inbox": "The inbox",
    "editor": "Editor and preview",
    "settings": "Settings",
}


class SampleForm(forms.Form):
    """One field of each kind, for the guide."""

    name = forms.CharField(label="Name of the campaign", max_length=80)
    keywords = forms.CharField(required=False, help_text="Separated by commas. Used to find sites and to score them.")
    host = forms.CharField(label="SMTP host", help_text="As your provider names it, such as smtp.example.com.")
    port = forms.IntegerField(initial=587)
    password = forms.CharField(widget=forms.PasswordInput, help_text="Kept encrypted. It is never shown again.")
    region = forms.ChoiceField(choices=[("eu", "European Union"), ("us", "United States"), ("au", "Australia")])
    starts_on = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    note = forms.CharField(required=False, widget=forms.Textarea)
    kind = forms.ChoiceField(
        label="What this mailbox is used for",
        widget=forms.RadioSelect,
        choices=[("dedicated", "For outreach alone"), ("personal", "It also holds personal mail")],
    )
    days = forms.MultipleChoiceField(
        label="Send on",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("mon", "Monday"), ("tue", "Tuesday"), ("wed", "Wednesday")],
    )
    verify = forms.BooleanField(
        label="Verify the server's certificate", required=False, initial=True, help_text="Leave this on."
    )


@dataclass(frozen=True)
class SampleRow:
    """A campaign as the sample list shows it."""

    name: str
    state: str
    tone: str
    discovered: int
    contacted: int
    replied: int
    placed: int
    rate: str
    next_at: datetime | None
    owner: str


@public
@require_GET
def styleguide(request: HttpRequest, page: str = "components") -> HttpResponse:
    """One page of the guide."""
    _only_in_debug()
    if page not in PAGES:
        raise Http404
    return render(request, f"desk/styleguide_{page}.html", _sample(page))


@public
@require_GET
def styleguide_dialog(request: HttpRequest) -> HttpResponse:
    """A confirmation: as a page, or as the content of the dialog."""
    _only_in_debug()
    whole = not getattr(request, "htmx", False)
    return render(request, "desk/styleguide_dialog.html" if whole else "components/confirm.html", _sample_dialog())


@public
@require_POST
def styleguide_toast(request: HttpRequest) -> HttpResponse:
    """Says something, in the tone that was asked for."""
    _only_in_debug()
    tone = request.POST.get("tone", "good")
    say = {"good": messages.success, "warn": messages.warning, "bad": messages.error}.get(tone, messages.info)
    undo = f"undo:{reverse('styleguide_toast')}" if tone == "good" else ""
    say(request, "Nobody here will write to ed@brightgarden.test again.", extra_tags=undo)
    if getattr(request, "htmx", False):
        return HttpResponse(status=204)
    return HttpResponseRedirect(reverse("styleguide"))


def _only_in_debug() -> None:
    if not settings.DEBUG:
        raise Http404


def _sample_dialog() -> dict[str, Any]:
    return {
        "title": "Delete Rehearsal?",
        "text": "Its 12 leads, their letters and their replies go with it. Suppressed addresses stay suppressed.",
        "action": reverse("styleguide_toast"),
        "label": "Delete the campaign",
        "tone": "bad",
        "cancel_url": reverse("styleguide"),
        "type_to_confirm": "Rehearsal",
    }


def _sample(page: str) -> dict[str, Any]:
    now = timezone.now()
    here = SimpleNamespace(name="Rehearsal", slug="rehearsal")
    return {
        "page": page,
        "pages": [
            SimpleNamespace(label=label, url=reverse("styleguide_page", args=[name]), current=name == page, count=None)
            for name, label in PAGES.items()
        ],
        "here": here,
        "frame": _sample_frame(page),
        "form": SampleForm(initial={"kind": "dedicated"}),
        "wrong_form": SampleForm({"name": "", "port": "abc", "host": "smtp.example.com"}),
        "tabs": [
            SimpleNamespace(label="Leads", url="#leads", current=True, count=120),
            SimpleNamespace(label="Letters", url="#letters", current=False, count=None),
            SimpleNamespace(label="Schedule", url="#schedule", current=False, count=34),
            SimpleNamespace(label="Results", url="#results", current=False, count=None),
        ],
        "moments": [now - ago for ago in (timedelta(seconds=5), timedelta(minutes=7), timedelta(hours=30))]
        + [now + timedelta(minutes=25), now + timedelta(days=2), now + timedelta(days=90)],
        "rows": [
            SampleRow("Spring gardens", "sending", "good", 120, 84, 19, 6, "23 %", now + timedelta(minutes=12), "Mara"),
            SampleRow("Guest posts, DIY", "paused", "warn", 64, 20, 2, 0, "10 %", None, "Tom"),
            SampleRow("Broken links", "draft", "muted", 31, 0, 0, 0, "–", None, "Mara"),
            SampleRow(
                "Directories in the south-west, second round", "in trouble", "bad", 12, 9, 0, 0, "0 %", None, "Mara"
            ),
        ],
        "letters": _sample_letters(now),
    }


def _sample_frame(page: str) -> Frame:
    url = reverse("styleguide")

    def item(label: str, icon: str, name: str, *, count: int | None = None, tone: str = "") -> NavItem:
        here = name == page
        return NavItem(label, reverse("styleguide_page", args=[name]) if name else url, icon, here, count, tone)

    return Frame(
        person=Person(name="Mara Voss", email="mara@rehearsal.test", role="Owner"),
        nav=[
            item("Today", "sun", "components"),
            item("Campaigns", "megaphone", "campaigns"),
            item("Inbox", "inbox", "inbox", count=3),
            item("Queue", "send", "", count=2, tone="bad"),
            item("Placements", "link", ""),
            item("Compliance", "shield-check", "editor"),
            item("Settings", "settings", "settings"),
        ],
        workspaces=[
            WorkspaceLink("Rehearsal", url, current=True, is_rehearsal=True),
            WorkspaceLink("Orchard Media", url, current=False, is_rehearsal=False),
        ],
        banners=[
            Banner(
                "info",
                "Rehearsal: letters go to the post office on this machine and to nobody else.",
                url,
                "Open the post office",
            )
        ],
        search_url=url,
        post_office_url=url,
    )


def _sample_letters(now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "sender": "Edith Brand",
            "subject": "Re: A guide to no-dig beds",
            "text": "That sounds good! We would love to see a draft by the end of next week.",
            "tone": "good",
            "tag": "interested",
            "campaign": "Spring gardens",
            "at": now - timedelta(minutes=34),
            "unread": True,
            "current": True,
        },
        {
            "sender": "Paul Hartmann",
            "subject": "Re: A broken link on your resources page",
            "text": "No thanks. Please remove me from your list.",
            "tone": "bad",
            "tag": "not interested",
            "campaign": "Broken links",
            "at": now - timedelta(hours=4),
            "unread": True,
            "current": False,
        },
        {
            "sender": "office@oldmill.test",
            "subject": "Automatic reply: A guide to no-dig beds",
            "text": "I am on vacation until Monday and will read your message then.",
            "tone": "warn",
            "tag": "out of office",
            "campaign": "Spring gardens",
            "at": now - timedelta(days=1, hours=2),
            "unread": False,
            "current": False,
        },
        {
            "sender": "Noor el-Amin",
            "subject": "Re: A guide to no-dig beds",
            "text": "What would you charge for a placement? And who writes the text?",
            "tone": "info",
            "tag": "replied",
            "campaign": "Spring gardens",
            "at": now - timedelta(days=3),
            "unread": False,
            "current": False,
        },
    ]


urlpatterns: list[URLPattern] = [
    path("styleguide/", styleguide, name="styleguide"),
    path("styleguide/dialog/", styleguide_dialog, name="styleguide_dialog"),
    path("styleguide/toast/", styleguide_toast, name="styleguide_toast"),
    path("styleguide/<slug:page>/", styleguide, name="styleguide_page"),
]
