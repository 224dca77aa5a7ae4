"""Template filters that the components need: a moment in plain words, a message's tone."""

from datetime import datetime, timedelta

from django import template
from django.contrib.messages import constants
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

# Django's message levels in the words that toasts and notices use for tones.
_TONES = {
    constants.DEBUG: "muted",
    constants.INFO: "info",
    constants.SUCCESS: "good",
    constants.WARNING: "warn",
    constants.ERROR: "bad",
}


@register.filter
def tone(level: int) -> str:
    """The tone (muted, info, good, warn or bad) of a message level of django.contrib.messages."""
    return _TONES.get(level, "info")


@register.filter(expects_localtime=True)
def relative(at: datetime | None) -> str:
    """A moment as a person would say it now: "5 min ago", "tomorrow 09:00", "12 Nov"; "" for none."""
    return in_words(at, timezone.localtime()) if at else ""


# The components of these names, for tables: a page of fifty rows draws hundreds, and as a template each costs ten
# times as much. tests/lib/test_looks.py holds the two against each other.


@register.simple_tag
def badge(tone: str, text: str) -> SafeString:
    """components/badge.html, without an icon."""
    mark = mark_safe('<span class="badge__mark" aria-hidden="true"></span>')
    return format_html('<span class="badge" data-tone="{}">{}{}</span>', tone or "neutral", mark, text)


@register.simple_tag
def state(tone: str, text: str) -> SafeString:
    """components/state.html, without a title."""
    mark = mark_safe('<span class="badge__mark" aria-hidden="true"></span>')
    return format_html('<span class="state" data-tone="{}">{}{}</span>', tone or "neutral", mark, text)


@register.simple_tag
def when(at: datetime | None) -> SafeString:
    """components/when.html."""
    if at is None:
        return mark_safe('<span class="muted">–</span>')
    local = timezone.localtime(at)
    return format_html(
        '<time class="when" datetime="{}" title="{}">{}</time>',
        local.isoformat(),
        date_format(local, "l j F Y, H:i T"),
        in_words(local, timezone.localtime()),
    )


@register.simple_tag
def meter(value: float, label: str) -> SafeString:
    """components/meter.html of a value from 0 to 1, without a text beside it."""
    return format_html(
        '<span class="meter"><svg class="meter__bar" viewBox="0 0 1 1" preserveAspectRatio="none" role="img" '
        'aria-label="{}: {} of 1"><rect class="meter__value" width="{}" height="1"/></svg></span>',
        label,
        value,
        value,
    )


def in_words(at: datetime, now: datetime) -> str:
    """Say when `at` is, seen from `now`. Both are aware, in the reader's time zone; clock times are of that zone."""
    days = (at.date() - now.date()).days
    return _past(at, now, days) if at <= now else _future(at, now, days)


def _past(at: datetime, now: datetime, days: int) -> str:
    ago = now - at
    if ago < timedelta(minutes=1):
        return "just now"
    if ago < timedelta(hours=1):
        return f"{ago // timedelta(minutes=1)} min ago"
    if days == 0:
        return f"{ago // timedelta(hours=1)} h ago"
    if days == -1:
        return f"yesterday {_clock(at)}"
    if days > -7:
        return f"{-days} days ago"
    return _day(at, now)


def _future(at: datetime, now: datetime, days: int) -> str:
    ahead = at - now
    if ahead < timedelta(minutes=1):
        return "in a moment"
    if ahead < timedelta(hours=1):
        return f"in {ahead // timedelta(minutes=1)} min"
    if days == 0:
        return f"today {_clock(at)}"
    if days == 1:
        return f"tomorrow {_clock(at)}"
    if days < 7:
        return f"{date_format(at, 'D')} {_clock(at)}"
    return _day(at, now)


def _clock(at: datetime) -> str:
    return at.strftime("%H:%M")


def _day(at: datetime, now: datetime) -> str:
    return date_format(at, "j M" if at.year == now.year else "j M Y")
