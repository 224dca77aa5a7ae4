"""The desk's task: something for an idle cluster to begin (heartbeat.py)."""

from django.utils import timezone

from outreach_site.desk.heartbeat import forget_gone


def knock() -> None:
    """That it began is the news. Hosts that are long gone are forgotten on the way."""
    forget_gone(timezone.now())
