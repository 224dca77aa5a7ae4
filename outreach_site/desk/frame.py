"""What stands around every page of a signed-in person: navigation, workspaces, banners."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from campaigns.tallies import Tally, tally
from inbox.alerts import cannot_be_read
from inbox.models import Reply
from outreach_site.accounts.models import Membership, User, Workspace
from outreach_site.desk.heartbeat import Pulse, pulses
from outreach_site.desk.notices.reading import COUNTED, unread_count
from outreach_site.desk.queue import who_stopped
from outreach_site.lib.htmx import is_htmx
from outreach_site.mailboxes.models import Mailbox


@dataclass(frozen=True)
class NavItem:
    label: str
    url: str
    icon: str  # a Lucide name
    current: bool
    count: int | str | None = None
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
    here: Workspace | None = None
    nav: list[NavItem] = field(default_factory=list)
    workspaces: list[WorkspaceLink] = field(default_factory=list)
    banners: list[Banner] = field(default_factory=list)
    search_url: str = ""
    bell: NavItem | None = None
    post_office_url: str = ""


def frame(request: HttpRequest) -> dict[str, object]:
    """Context of every page: `frame` for who is signed in, `here` for the workspace they stand in (None: none).

    Both are worked out when a template first asks, once a request: fragments and public pages cost nothing. In a
    workspace it is six queries: workspaces, unread replies, letters that wait, mailboxes that cannot be read, unread
    notifications, and where letters wait, the workers' pulse.
    """
    membership = getattr(request, "membership", None)
    if is_htmx(request):
        return {"here": membership.workspace} if membership else {}
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {}
    built = SimpleLazyObject(lambda: _frame_of(request, user))
    if membership is not None:
        return {"frame": built, "here": membership.workspace}
    return {"frame": built, "here": SimpleLazyObject(lambda: _frame_of(request, user).here)}


def _frame_of(request: HttpRequest, user: User) -> Frame:
    """The frame of this request; a second template of the same request gets the same one."""
    built: Frame | None = getattr(request, "_frame", None)
    if built is None:
        built = _build(request, user)
        request._frame = built  # type: ignore[attr-defined]  # kept on the request for its own life
    return built


def _build(request: HttpRequest, user: User) -> Frame:
    memberships = list(Membership.objects.of(user))
    entered: Membership | None = getattr(request, "membership", None)
    # Outside any workspace's address one stands in the last one; never in one that one has left meanwhile.
    standing = entered or next((one for one in memberships if one.workspace_id == user.last_workspace_id), None)
    here = standing.workspace if standing else None
    return Frame(
        person=Person(
            name=user.get_full_name(), email=user.email, role=standing.get_role_display() if standing else ""
        ),
        here=here,
        nav=_nav(request, here) if here else [],
        workspaces=[
            WorkspaceLink(
                name=one.workspace.name,
                url=reverse("desk:today", args=[one.workspace.slug]),
                current=here is not None and one.workspace_id == here.pk,
                is_rehearsal=one.workspace.is_rehearsal,
            )
            for one in memberships
        ],
        banners=banners_of(here),
        search_url=reverse("desk:search", args=[here.slug]) if here else "",
        bell=_bell(request, standing) if standing else None,
        post_office_url=reverse("desk:post_office") if settings.SANDBOX else "",
    )


def _bell(request: HttpRequest, standing: Membership) -> NavItem:
    unread = unread_count(standing)
    match = request.resolver_match
    return NavItem(
        label="Notifications",
        url=reverse("desk:notice_list", args=[standing.workspace.slug]),
        icon="bell",
        current=match is not None and match.url_name == "notice_list",
        count=f"{COUNTED}+" if unread > COUNTED else unread or None,
    )


def _nav(request: HttpRequest, here: Workspace) -> list[NavItem]:
    match = request.resolver_match
    standing_in = match.namespaces[0] if match and match.namespaces else ""
    page = (match.url_name if match else None) or ""

    def item(
        label: str, url_name: str, icon: str, *, rooms: set[str], count: int | str | None = None, tone: str = ""
    ) -> NavItem:
        return NavItem(
            label=label,
            url=reverse(url_name, args=[here.slug]),
            icon=icon,
            current=standing_in in rooms or f"{standing_in}:{page}" in rooms,
            count=count or None,
            tone=tone,
        )

    unread = Reply.objects.in_workspace(here).from_people().awake(timezone.now()).filter(read_at=None).count()
    badge = queue_badge(here)
    unplugged = Mailbox.objects.in_workspace(here).in_use().filter(cannot_be_read()).count()
    return [
        item("Today", "desk:today", "sun", rooms={"desk:today"}),
        item("Campaigns", "campaigns:campaign_list", "megaphone", rooms={"campaigns"}),
        item("Inbox", "inbox:reply_list", "inbox", rooms={"inbox"}, count=unread),
        item(
            "Queue",
            "desk:queue",
            "send",
            rooms={"desk:queue", "desk:mailbox_health"},
            count=badge.text,
            tone=badge.tone,
        ),
        item("Placements", "placements:placement_list", "link", rooms={"placements"}),
        item("Compliance", "compliance:suppression_list", "shield-check", rooms={"compliance"}),
        item(
            "Settings",
            "accounts:settings",
            "settings",
            rooms={"accounts", "mailboxes", *_OF_SETTINGS},
            count=unplugged,
            tone="bad" if unplugged else "",
        ),
    ]


# The desk's own pages below Settings.
_OF_SETTINGS = (
    "desk:settings_health",
    "desk:endpoint_list",
    "desk:endpoint_create",
    "desk:endpoint_detail",
    "desk:endpoint_edit",
    "desk:endpoint_renew",
    "desk:endpoint_remove",
    "desk:delivery_detail",
)


@dataclass(frozen=True)
class Badge:
    text: str
    tone: str = ""


# A badge says no number above this.
BADGE_AT_MOST = 1_000


def queue_badge(here: Workspace) -> Badge:
    """Letters that wait; in red those that need a person, or all of them where no worker takes them. Two queries."""
    return badge_of(tally(here, at_most=BADGE_AT_MOST), lambda: pulses(timezone.now())[0])


def badge_of(stands: Tally, mail: Callable[[], Pulse]) -> Badge:
    """The same where the letters are counted already."""
    stands = replace(stands, at_most=BADGE_AT_MOST)
    if trouble := min(stands.uncertain + stands.failed, BADGE_AT_MOST):
        return Badge(stands.words(trouble), "bad")
    waiting = min(stands.waiting + stands.asking + stands.sending, BADGE_AT_MOST)
    if not waiting:
        return Badge("")
    return Badge(stands.words(waiting), "bad" if mail().is_silent else "")


def banners_of(here: Workspace | None) -> list[Banner]:
    """What somebody must not forget on any page. At most two queries, and none where sending goes on."""
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
                text=f"All sending is stopped in this workspace{_by(here)}.",
                url=reverse("desk:queue", args=[here.slug]),
                action_label="Open the queue",
            )
        )
    return banners


def _by(here: Workspace) -> str:
    stop = who_stopped(here)
    return f", by {stop.by}" if stop and stop.by else ""
