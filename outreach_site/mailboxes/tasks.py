"""What the clock calls (django-q2). The work is elsewhere."""

from __future__ import annotations

from django.utils import timezone

from outreach_site.mailboxes.domains import desk
from outreach_site.mailboxes.oauth import keeping


def keep_connections() -> None:
    """Use the connections with Google and Microsoft, and tell owners of those that end."""
    keeping.use_all(now=timezone.now())
    keeping.tell_owners(now=timezone.now())


def check_domains() -> None:
    """Look at the DNS of each domain that letters leave from, once a day."""
    desk.check_due(now=timezone.now())
