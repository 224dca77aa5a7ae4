"""Template filters that the components need: a moment in plain words, a message's tone."""

from datetime import datetime, timedelta

from django import template
from django.contrib.messages import constants
from django.utils import timezone
from django.utils.formats import date_format

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
