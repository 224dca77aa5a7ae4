"""Moments by the database's clock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now

from outreach_site.lib.moments import FromNow
from outreach_site.mailboxes.models import Mailbox
from tests.conftest import World
from tests.mailboxes.conftest import make_mailbox


@pytest.mark.parametrize("span", [timedelta(minutes=3), timedelta(days=-14), timedelta(milliseconds=1_250)])
def test_a_moment_from_now_is_now_and_a_span(world: World, span: timedelta) -> None:
    make_mailbox(world.here)
    [(now, then, sum_of_both)] = Mailbox.objects.annotate(
        now=Now(), then=FromNow(span), sum_of_both=Now() + span
    ).values_list("now", "then", "sum_of_both")
    assert abs(then - now - span) <= timedelta(milliseconds=1)
    assert abs(then - sum_of_both) <= timedelta(milliseconds=1)


def test_what_is_stored_as_one_is_in_its_place_between_others(world: World) -> None:
    box = make_mailbox(world.here)
    boxes = Mailbox.objects.filter(pk=box.pk)
    boxes.update(leased_until=FromNow(timedelta(minutes=1)))
    assert boxes.filter(leased_until__gt=FromNow(timedelta(seconds=59))).exists()
    assert boxes.filter(leased_until__lt=FromNow(timedelta(seconds=61))).exists()
    boxes.update(next_send_at=F("leased_until"))
    box.refresh_from_db()
    assert box.leased_until == box.next_send_at


def test_moments_of_different_spans_are_different() -> None:
    assert FromNow(timedelta(seconds=1)) == FromNow(timedelta(seconds=1))
    assert FromNow(timedelta(seconds=1)) != FromNow(timedelta(seconds=2))
