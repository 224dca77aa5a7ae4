"""The letter about the day: who gets it, when, with what, and never twice."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import structlog
import time_machine
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.urls import reverse
from pytest_django import Settings

from inbox.models import Reply
from outreach_site.accounts.models import Membership, User
from outreach_site.desk import tasks
from outreach_site.desk.notices import digests
from outreach_site.desk.notices.models import Digest, Kind, Notice, NoticeRead
from outreach_site.desk.notices.noticing import Noticed, note
from tests.conftest import World
from tests.desk.conftest import Desk

BERLIN = ZoneInfo("Europe/Berlin")
YESTERDAY = datetime(2026, 6, 1, 15, tzinfo=BERLIN)
MORNING = datetime(2026, 6, 2, 8, 5, tzinfo=BERLIN)


@pytest.fixture(autouse=True)
def platform_mail(settings: Settings) -> None:
    settings.GLOBAL_SMTP_HOST = "mail.orchard.example"


class BrokenMail(EmailBackend):
    def send_messages(self, _: object) -> int:
        raise OSError("The server did not answer.")


def wants(world: World, user: User | None = None, *, hour: int = 8, kinds: list[Kind] | None = None) -> Digest:
    membership = Membership.objects.get(user=user or world.marketer, workspace=world.here)
    Membership.objects.filter(pk=membership.pk).update(joined_at=YESTERDAY - timedelta(days=30))
    return digests.choose(membership, is_wanted=True, hour=hour, kinds=kinds or list(Kind), now=YESTERDAY)


def happens(world: World, at: datetime, *, kind: Kind = Kind.FINISHED, about: str = "campaign:1") -> None:
    number = Notice.objects.count()
    note([Noticed(workspace_id=world.here.pk, kind=kind, key=str(number), about=about)], now=at)


def an_answer(world: World, desk: Desk, at: datetime, who: str = "Ada") -> Reply:
    reply = desk.reply(Reply.Classification.INTERESTED, age=timedelta(hours=1), from_name=who)
    happens(world, at, kind=Kind.INTERESTED, about=reply.about)
    return reply


def clock_strikes(at: datetime) -> int:
    """How many letters the task sent at that moment."""
    before = len(mail.outbox)
    with time_machine.travel(at, tick=False):
        tasks.send_digests()
    return len(mail.outbox) - before


def test_a_member_gets_what_is_new_at_their_hour_and_once(world: World, desk: Desk) -> None:
    wants(world)
    reply = an_answer(world, desk, YESTERDAY + timedelta(hours=2))
    happens(world, YESTERDAY + timedelta(hours=3))
    assert clock_strikes(MORNING.replace(hour=7)) == 0
    assert [clock_strikes(MORNING + timedelta(minutes=n)) for n in (0, 5, 600)] == [1, 0, 0]
    [letter] = mail.outbox
    assert letter.to == [world.marketer.email]
    assert letter.subject == "Orchard: 1 interested reply, 1 finished campaign"
    notice = Notice.objects.get(kind=Kind.INTERESTED)
    assert f"Ada of {reply.lead} is interested" in letter.body
    assert f"http://testserver/w/orchard/notifications/{notice.pk}/" in letter.body
    assert "http://testserver/w/orchard/notifications/letter/" in letter.body
    assert "@" not in letter.body


def test_the_next_day_tells_only_what_came_since(world: World, desk: Desk) -> None:
    wants(world)
    an_answer(world, desk, YESTERDAY + timedelta(hours=2), "Ada")
    assert clock_strikes(MORNING) == 1
    assert clock_strikes(MORNING + timedelta(days=1)) == 0, "nothing is new"
    an_answer(world, desk, MORNING + timedelta(days=1, hours=1), "Bea")
    assert clock_strikes(MORNING + timedelta(days=2)) == 1
    assert "Bea" in mail.outbox[-1].body
    assert "Ada" not in mail.outbox[-1].body


def test_what_is_written_at_this_very_moment_is_not_lost(world: World) -> None:
    wants(world)
    happens(world, MORNING - timedelta(minutes=1))
    assert clock_strikes(MORNING) == 0
    assert clock_strikes(MORNING + timedelta(days=1)) == 1


def test_two_workers_send_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = wants(world)
    happens(world, YESTERDAY + timedelta(hours=2))
    stale = Digest.objects.select_related("membership__workspace", "membership__user").get(pk=digest.pk)
    assert digests.send(digest.pk, now=MORNING)
    # The other one had read the row before.
    monkeypatch.setattr("django.db.models.query.QuerySet.first", lambda _: stale)
    assert not digests.send(digest.pk, now=MORNING)
    assert len(mail.outbox) == 1


def test_whoever_dies_after_the_claim_has_sent_at_most_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = wants(world)
    happens(world, YESTERDAY + timedelta(hours=2))

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(digests, "_letter", die)
        with pytest.raises(KeyboardInterrupt):
            digests.send(digest.pk, now=MORNING)
    assert clock_strikes(MORNING + timedelta(hours=1)) == 0


def test_a_letter_that_did_not_leave_is_said_and_its_contents_come_the_next_day(
    world: World, desk: Desk, settings: Settings
) -> None:
    wants(world)
    an_answer(world, desk, YESTERDAY + timedelta(hours=2))
    with structlog.testing.capture_logs() as logs:
        working, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, f"{__name__}.BrokenMail"
        assert clock_strikes(MORNING) == 0
    assert [entry["event"] for entry in logs] == ["a digest could not be sent"]
    shown = world.client(world.marketer).get(reverse("desk:digest_edit", args=["orchard"])).content.decode()
    assert "The server did not answer." in shown
    settings.EMAIL_BACKEND = working
    assert clock_strikes(MORNING + timedelta(hours=1)) == 0, "not on the same day"
    assert clock_strikes(MORNING + timedelta(days=1)) == 1
    assert "Ada" in mail.outbox[0].body
    assert Digest.objects.get().failure == ""


def test_without_platform_mail_it_is_skipped_and_said(world: World, settings: Settings) -> None:
    settings.GLOBAL_SMTP_HOST = ""
    wants(world)
    happens(world, YESTERDAY + timedelta(hours=2))
    with structlog.testing.capture_logs() as logs:
        assert clock_strikes(MORNING) == 0
        assert clock_strikes(MORNING + timedelta(hours=1)) == 0
    assert [entry["reason"] for entry in logs] == [digests.NO_PLATFORM_MAIL]
    shown = world.client(world.marketer).get(reverse("desk:digest_edit", args=["orchard"])).content.decode()
    assert "This server has no mail of its own" in shown


def test_only_what_is_wanted_unread_and_of_this_workspace_is_in_it(world: World, desk: Desk) -> None:
    digest = wants(world, kinds=[Kind.INTERESTED])
    happens(world, YESTERDAY + timedelta(hours=2))
    read = an_answer(world, desk, YESTERDAY + timedelta(hours=2), "Ada")
    NoticeRead.objects.create(
        notice=Notice.objects.get(about=read.about), membership=digest.membership, at=YESTERDAY + timedelta(hours=3)
    )
    note(
        [Noticed(workspace_id=world.elsewhere.pk, kind=Kind.INTERESTED, key="x", about="reply:1")],
        now=YESTERDAY + timedelta(hours=2),
    )
    assert clock_strikes(MORNING) == 0
    an_answer(world, desk, MORNING + timedelta(hours=1), "Bea")
    assert clock_strikes(MORNING + timedelta(days=1)) == 1
    assert mail.outbox[0].subject == "Orchard: 1 interested reply"


def test_who_left_or_was_switched_off_gets_none(world: World) -> None:
    gone, off = wants(world, world.viewer), wants(world, world.officer)
    happens(world, YESTERDAY + timedelta(hours=2))
    gone.membership.delete()
    User.objects.filter(pk=off.membership.user_id).update(is_active=False)
    assert clock_strikes(MORNING) == 0


def test_a_line_break_in_a_name_makes_no_header(world: World) -> None:
    wants(world)
    world.here.name = "Orchard\r\nBcc: all@x.example"
    world.here.save()
    happens(world, YESTERDAY + timedelta(hours=2))
    assert clock_strikes(MORNING) == 1
    assert mail.outbox[0].message()["Bcc"] is None


def test_a_long_list_ends_and_says_so(world: World) -> None:
    wants(world)
    for _ in range(digests.LINES + 5):
        happens(world, YESTERDAY + timedelta(hours=2))
    assert clock_strikes(MORNING) == 1
    assert mail.outbox[0].body.count("A campaign was finished") == digests.LINES
    assert "There is more: http://testserver/w/orchard/notifications/" in mail.outbox[0].body


@pytest.mark.parametrize(
    ("hour", "claimed"), [(8, date(2026, 6, 1)), (15, date(2026, 6, 1)), (16, None)], ids=["past", "now", "ahead"]
)
def test_an_hour_that_has_passed_today_begins_tomorrow(world: World, hour: int, claimed: date | None) -> None:
    assert wants(world, hour=hour).claimed_on == claimed


# --- The page ---------------------------------------------------------------------------------------------------------


def post(world: World, user: User, *, htmx: bool = False, **data: object) -> tuple[int, str]:
    answer = world.client(user).post(
        reverse("desk:digest_edit", args=["orchard"]), data, headers={"HX-Request": "true"} if htmx else {}
    )
    return answer.status_code, answer.content.decode()


def test_each_member_chooses_for_themselves_viewers_too(world: World) -> None:
    assert post(world, world.viewer, is_wanted="on", hour=7, kinds=["interested", "cap"])[0] == 302
    digest = Digest.objects.get()
    assert (digest.membership.user, digest.is_wanted, digest.hour) == (world.viewer, True, 7)
    assert digest.kinds == ["interested", "cap"]
    assert post(world, world.viewer, hour=7)[0] == 302
    assert not Digest.objects.get().is_wanted


def test_what_was_typed_stays_and_the_error_says_what_to_do(world: World) -> None:
    status, shown = post(world, world.marketer, htmx=True, is_wanted="on", hour=7)
    assert status == 422
    assert "Choose what the letter is about" in shown
    assert "<html" not in shown
    assert post(world, world.marketer, is_wanted="on", hour=24, kinds=["interested"])[0] == 422
    assert post(world, world.marketer, is_wanted="on", hour=7, kinds=["nonsense"])[0] == 422
    assert not Digest.objects.exists()


def test_settings_lead_there(world: World) -> None:
    shown = world.client(world.viewer).get(reverse("accounts:settings", args=["orchard"])).content.decode()
    assert reverse("desk:digest_edit", args=["orchard"]) in shown
