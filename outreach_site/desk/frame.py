"""What stands around every page of a signed-in person: navigation, workspaces, banners."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse

from campaigns.models import Attempt
from inbox.models import Reply
from outreach_site.accounts.access import workspaces_of
from outreach_site.accounts.models import Membership, User, Workspace


@dataclass(frozen=True)
class NavItem:
    label: str
    url: str
    icon: str  # a Lucide name
    current: bool
    count: int | None = None
    tone: str = ""  # "bad" where it is in trouble


@dataclass(frozen=True)
class WorkspaceLink:
    name: str
    url: str
    current: bool
    is_rehearsal: bool


@dataclass(frozen=True)
class Banner:
    tone: str
    text: str
    url: str = ""
    action_label: str = ""


@dataclass(frozen=True)
class Person:
    name: str
    email: str
    role: str


@dataclass(frozen=True)
class Frame:
    person: Person
    nav: list[NavItem] = field(default_factory=list)
    workspaces: list[WorkspaceLink] = field(default_factory=list)
    banners: list[Banner] = field(default_factory=list)
    search_url: str = ""
    post_office_url: str = ""


def frame(request: HttpRequest) -> dict[str, object]:
    """Context of every page: `frame` for who is signed in, `here` for the workspace they stand in.

    Three queries in a workspace: workspaces, unread replies, waiting letters.
    """
    user = getattr(request, "user", None)
    if not isinstance(user, User) or getattr(request, "htmx", False):
        membership = getattr(request, "membership", None)
        return {"here": membership.workspace} if membership else {}
    membership = getattr(request, "membership", None)
    here: Workspace | None = membership.workspace if membership else user.last_workspace
    built = Frame(
        person=Person(
            name=user.get_full_name(), email=user.email, role=Membership(role=membership.role).get_role_display()
        )
        if membership
        else Person(name=user.get_full_name(), email=user.email, role=""),
        nav=_nav(request, here) if here else [],
        workspaces=[
            WorkspaceLink(
                name=workspace.name,
                url=reverse("desk:today", args=[workspace.slug]),
                current=here is not None and workspace.pk == here.pk,
                is_rehearsal=workspace.is_rehearsal,
            )
            for workspace in workspaces_of(user)
        ],
        banners=_banners(here),
        search_url=reverse("desk:search", args=[here.slug]) if here else "",
        post_office_url=reverse("desk:post_office") if settings.SANDBOX else "",
    )
    return {"frame": built, "here": here}


def _nav(request: HttpRequest, here: Workspace) -> list[NavItem]:
    match = request.resolver_match
    standing_in = match.namespaces[0] if match and match.namespaces else ""
    page = match.url_name if match else ""

    def item(
        label: str, url_name: str, icon: str, *, rooms: set[str], count: int | None = None, tone: str = ""
    ) -> NavItem:
        return NavItem(
            label=label,
            url=reverse(url_name, args=[here.slug]),
            icon=icon,
            current=standing_in in rooms or f"{standing_in}:{page}" in rooms,
            count=count or None,
            tone=tone,
        )

    unread = Reply.objects.in_workspace(here).filter(read_at=None).count()
    queue = queue_counts(here)
    return [
        item("Today", "desk:today", "sun", rooms={"desk:today"}),
        item("Campaigns", "campaigns:campaign_list", "megaphone", rooms={"campaigns"}),
        item("Inbox", "inbox:reply_list", "inbox", rooms={"inbox"}, count=unread),
        item(
            "Queue",
            "desk:queue",
            "send",
            rooms={"desk:queue"},
            count=queue.waiting,
            tone="bad" if queue.in_trouble else "",
        ),
        item("Compliance", "compliance:suppression_list", "shield-check", rooms={"compliance"}),
        item("Settings", "accounts:settings", "settings", rooms={"accounts", "mailboxes"}),
    ]


@dataclass(frozen=True)
class QueueCounts:
    waiting: int
    in_trouble: int


def queue_counts(here: Workspace) -> QueueCounts:
    """Letters that wait, and letters that need a person. One query."""
    counts = Attempt.objects.in_workspace(here).aggregate(
        waiting=Count("pk", filter=Q(state__in=[Attempt.State.QUEUED, Attempt.State.SENDING])),
        trouble=Count("pk", filter=Q(state=Attempt.State.UNCERTAIN)),
    )
    return QueueCounts(waiting=counts["waiting"], in_trouble=counts["trouble"])


def _banners(here: Workspace | None) -> list[Banner]:
    banners = []
    if here is not None and here.is_rehearsal:
        banners.append(
            Banner(
                tone="info",
                text="Rehearsal: letters go to the post office on this machine and to nobody else.",
                url=reverse("desk:post_office") if settings.SANDBOX else "",
                action_label="Open the post office",
            )
        )
    if not settings.SMTP_VERIFY_TLS:
        banners.append(
            Banner(
                tone="bad",
                text="Certificates of mail servers are not verified (SMTP_VERIFY_TLS=false). "
                + ("Use this for development only." if settings.DEBUG else "Nothing is sent until it is on again."),
            )
        )
    if here is not None and here.sending_stopped_at is not None:
        banners.append(
            Banner(
                tone="warn",
                text="All sending is stopped in this workspace.",
                url=reverse("desk:queue", args=[here.slug]),
                action_label="Open the queue",
            )
        )
    return banners
