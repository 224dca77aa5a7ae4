"""Health: how readers take our letters, per mailbox and campaign; today's room; and why letters did not go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from compliance import refusals, reputation, room
from compliance.brakes import SOURCE
from compliance.models import Hold
from compliance.reputation import BOUNCES, COMPLAINTS, COMPLAINTS_A_DAY, Limit, Tally, percent
from compliance.views.sections import names_of, tabs
from compliance.words import RULES, subject_link
from outreach_site.accounts.access import READERS, WorkspaceRequest, allow
from outreach_site.accounts.models import Workspace
from outreach_site.lib.ports import campaign_names
from outreach_site.mailboxes.models import Mailbox

# Days that the page can look back; the limits are always judged by thirty.
PERIODS = (7, 30)
MOST_CAMPAIGNS = 50
# From here on somebody should look before it is too late.
NEAR = 0.6
# The bar of a rate without a limit ends at ten in a hundred; one with a limit at twice the limit.
_WIDTH = 1000
_OPT_OUTS_END = 100  # in a thousand


@dataclass(frozen=True)
class Rate:
    """One rate as a bar: its words, and how far it goes, in thousandths of the bar's width."""

    what: str
    count: int
    text: str
    label: str  # for those who do not see the bar
    width: int
    has_limit: bool
    tone: str


@dataclass(frozen=True)
class Row:
    name: str
    url: str
    letters: int
    rates: list[Rate]
    tone: str
    state: str
    note: str = ""
    hold_url: str = ""


@dataclass(frozen=True)
class Bar:
    """So many of so many, as components/meter.html draws it."""

    name: str
    used: room.Used
    url: str = ""


@dataclass(frozen=True)
class Reason:
    name: str
    blocked: int
    deferred: int
    most: int  # of any rule: what the bars are measured by
    url: str

    @property
    def count(self) -> int:
        return self.blocked + self.deferred


@allow(READERS)
@require_safe
def compliance_home(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Who comes to the rooms' own address is shown how things stand."""
    return redirect("compliance:health", workspace)


@allow(READERS)
@require_safe
def health(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """The number of queries does not grow with mailboxes, campaigns or letters."""
    here = request.membership.workspace
    now = timezone.now()
    days = next((each for each in PERIODS if str(each) == request.GET.get("days")), PERIODS[-1])
    mailboxes = list(Mailbox.objects.in_workspace(here))
    tallies = reputation.of_workspace(here, since=now - timedelta(days=days), now=now)
    judged = (
        tallies
        if timedelta(days=days) == reputation.WINDOW
        else reputation.of_workspace(here, since=now - reputation.WINDOW, now=now)
    )
    of_holds = _holds(here)
    used = room.today(here, mailboxes, now=now)
    # Whole days of the workspace, as the audit log is narrowed by.
    first_day = here.day_of(now) - timedelta(days=days - 1)
    why = refusals.counted(here, since=here.day_bounds(now - timedelta(days=days - 1))[0])
    campaigns = _campaigns(here, tallies)
    context = {
        "days": days,
        "periods": [{"days": each, "url": f"{request.path}?days={each}", "current": each == days} for each in PERIODS],
        "mailboxes": [
            _row(box.email, f"mailbox:{box.pk}", tallies, judged, of_holds, here)
            for box in mailboxes
            if box.archived_at is None or f"mailbox:{box.pk}" in tallies
        ],
        "campaigns": [
            _row(name, subject, tallies, judged, of_holds, here) for subject, name in campaigns[:MOST_CAMPAIGNS]
        ],
        "more_campaigns": max(0, len(campaigns) - MOST_CAMPAIGNS),
        "people": _people(used, here),
        "domains": [Bar(name, each) for name, each in used.domains],
        "room": used.mailboxes,
        "reasons": _reasons(why, here, since=first_day.isoformat()),
        "refusals": why,
        "is_empty": not (tallies or judged or used.people or why.rules),
        "limits": {
            "bounces": percent(BOUNCES.per_mille, 1000),
            "bounces_after": BOUNCES.after,
            "complaints": percent(COMPLAINTS.per_mille, 1000),
            "complaints_after": COMPLAINTS.after,
            "complaints_a_day": COMPLAINTS_A_DAY,
            "days": reputation.WINDOW.days,
        },
        "tabs": tabs(request, "health"),
    }
    return render(request, "compliance/health.html", context)


# --- Mailboxes and campaigns ------------------------------------------------------------------------------------------


@dataclass
class _Known:
    """What is known of the holds of one subject: the one that stands, and when the last of ours was lifted."""

    is_held: bool = False
    lifted_at: datetime | None = None


def _holds(here: Workspace) -> Mapping[str, _Known]:
    """One query; holds of addresses are no matter of this page."""
    rows = Hold.objects.in_workspace(here).exclude(subject__startswith="address:")
    found: dict[str, _Known] = {}
    for subject, source, lifted_at in rows.values_list("subject", "source", "lifted_at"):
        known = found.setdefault(subject, _Known())
        if lifted_at is None:
            known.is_held = True
        elif source == SOURCE and (known.lifted_at is None or lifted_at > known.lifted_at):
            known.lifted_at = lifted_at
    return found


def _campaigns(here: Workspace, tallies: Mapping[str, Tally]) -> list[tuple[str, str]]:
    """Subject and name of the campaigns that wrote, those with the most letters first."""
    found = [subject for subject in tallies if subject.startswith("campaign:")]
    found.sort(key=lambda subject: (-tallies[subject].letters, subject))
    numbers = {subject: int(subject.removeprefix("campaign:")) for subject in found}
    names = campaign_names(list(numbers.values()), workspace_id=here.pk)
    return [
        (subject, names.get(numbers[subject], f"A campaign that is gone ({numbers[subject]})")) for subject in found
    ]


def _row(
    name: str,
    subject: str,
    tallies: Mapping[str, Tally],
    judged: Mapping[str, Tally],
    of_holds: Mapping[str, _Known],
    here: Workspace,
) -> Row:
    """`tallies` are those of the period that is shown, `judged` those of the thirty days that limits are judged by."""
    tally = tallies.get(subject, Tally())
    known = of_holds.get(subject, _Known())
    tone, state, note = _state(judged.get(subject, Tally()), known, here)
    return Row(
        name=name,
        url="" if name.startswith("A campaign that is gone") else subject_link(subject, here).url,
        letters=tally.letters,
        rates=[
            _rate("Hard bounces", tally.bounces, tally.letters, BOUNCES),
            _rate("Complaints", tally.complaints, tally.letters, COMPLAINTS, places=2),
            _rate("Opt-outs", tally.opt_outs, tally.letters),
        ],
        tone=tone,
        state=state,
        note=note,
        hold_url=reverse("compliance:hold_list", args=[here.slug]) if known.is_held else "",
    )


def _state(tally: Tally, known: _Known, here: Workspace) -> tuple[str, str, str]:
    """Tone, word and, where the word does not say it all, a note."""
    if known.is_held:
        return "bad", "held back", ""
    if reputation.reached(tally):
        if known.lifted_at is not None:
            day = here.day_of(known.lifted_at)
            return "warn", "over the limit", f"Let go on by a person on {day.day} {day:%B}."
        return "bad", "over the limit", "It will be held back within a minute."
    if _is_near(tally.bounces, tally.letters, BOUNCES) or _is_near(tally.complaints, tally.letters, COMPLAINTS):
        return "warn", "near the limit", ""
    if tally.fresh_complaints:
        return "warn", "a complaint today", "Another one within a day holds it back."
    if tally.letters < BOUNCES.after:
        return "muted", "too few to tell", ""
    return "good", "fine", ""


def _is_near(events: int, letters: int, limit: Limit) -> bool:
    return letters >= limit.after and events * 1000 >= limit.per_mille * letters * NEAR


def _rate(what: str, count: int, letters: int, limit: Limit | None = None, *, places: int = 1) -> Rate:
    text = f"{percent(count, letters, places=places)} %" if letters else "–"
    end = 2 * limit.per_mille if limit else _OPT_OUTS_END
    width = min(_WIDTH, count * 1000 * _WIDTH // (letters * end)) if letters else 0
    tone = ""
    if limit and letters >= limit.after:
        tone = "bad" if limit.is_reached(count, letters) else "warn" if _is_near(count, letters, limit) else "good"
    bounded = f"; the limit is {percent(limit.per_mille, 1000)} %" if limit else ""
    return Rate(
        what=what,
        count=count,
        text=text,
        label=f"{what}: {count} of {letters}{bounded}",
        # What happened at all can be seen.
        width=max(width, _WIDTH // 40) if count else 0,
        has_limit=limit is not None,
        tone=tone,
    )


# --- Today's room, and reasons ----------------------------------------------------------------------------------------


def _people(used: room.Room, here: Workspace) -> list[Bar]:
    names = names_of(user_id for user_id, _ in used.people)
    return [Bar(names.get(user_id or 0, "Somebody who has left"), each) for user_id, each in used.people]


def _reasons(why: refusals.Refusals, here: Workspace, *, since: str) -> list[Reason]:
    most = max((each.count for each in why.rules), default=0)
    log = reverse("compliance:audit_list", args=[here.slug])
    return [
        Reason(
            name=RULES[each.rule] if each.rule else "Noted without a reason",
            blocked=each.blocked,
            deferred=each.deferred,
            most=most,
            url=f"{log}?{urlencode({'rule': each.rule.value, 'since': since})}" if each.rule else "",
        )
        for each in why.rules
    ]
