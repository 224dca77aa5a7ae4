"""Outgoing webhooks against a real server: written with what happened, signed, tried again, and given up."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event as Signal
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from campaigns import outbox
from campaigns.models import Attempt, Placement
from campaigns.placements import checking
from compliance import privacy, suppression
from compliance.models import AuditEntry
from outreach_site.accounts.models import Installation
from outreach_site.desk import tasks
from outreach_site.desk.notices.models import Kind, Notice
from outreach_site.desk.outgoing import delivering, endpoints, recording
from outreach_site.desk.outgoing.models import TEST, Delivery, DeliveryTry, Endpoint, Event, Offered
from outreach_site.desk.outgoing.privacy import OutgoingHolder
from outreach_site.lib.ports import News, What, announce
from outreach_site.lib.web import Bounds
from outreach_site.mailboxes.errors import Verdict
from tests.conftest import World
from tests.desk.conftest import Desk
from tests.internet import PUBLIC, serving, way_to
from tests.queued import run_queued
from tests.servers import Certificates

# A moment later: what happens in a test is due.
NOW = timezone.now() + timedelta(minutes=45)  # Later than all that the suite does by the clock before these tests.
State = Delivery.State


@dataclass
class Receiver:
    """What the program on the other side was told, and what it answers."""

    answers: list[int] = field(default_factory=list)  # one after the other; then 204
    redirect_to: str = ""
    stalls: bool = False
    told: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    done: Signal = field(default_factory=Signal)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.told]


def handler_of(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.told.append(({name.lower(): value for name, value in self.headers.items()}, body))
            if receiver.stalls:
                receiver.done.wait(30)
                return
            self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
            if receiver.redirect_to:
                self.send_header("Location", receiver.redirect_to)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    return Handler


@pytest.fixture
def receiver(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """Behind https://hooks.example/ and http://hooks.example/; `inside.example` leads into the house."""
    told = Receiver()
    names = {
        "localhost": [PUBLIC],  # whom the certificate names
        "hooks.example": [PUBLIC],
        "inside.example": ["10.0.0.5"],
        "both.example": [PUBLIC, "127.0.0.1"],
    }
    with (
        serving(handler_of(told), certificates.server_context("good")) as https,
        serving(handler_of(told)) as http,
    ):
        way = way_to({"http": http, "https": https}, names=names, ca_file=str(certificates.ca_file))
        monkeypatch.setattr(delivering, "WAY", way)
        yield told
        told.done.set()


def an_endpoint(world: World, url: str = "http://hooks.example/in", **more: Any) -> tuple[Endpoint, str]:
    given: dict[str, Any] = {"note": "", "events": list(Offered), "user": world.owner, "now": NOW} | more
    return endpoints.create(world.here, url=url, **given)


def an_opt_out(world: World, address: str = "ada@garden.example") -> None:
    suppression.suppress(workspace=world.here, address=address, reason="opt_out", source="reply:7", now=NOW)


def verified(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """As a receiver checks it, written down from the specification and not from our code."""
    key = base64.b64decode(secret.split("_", 1)[1])
    signed = headers["webhook-id"].encode() + b"." + headers["webhook-timestamp"].encode() + b"." + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = [one.split(",", 1) for one in headers["webhook-signature"].split(" ")]
    return any(version == "v1" and hmac.compare_digest(value, expected) for version, value in given)


def due_now() -> None:
    Delivery.objects.filter(state=State.WAITING).update(next_try_at=NOW)


# --- What is written down ---------------------------------------------------------------------------------------------


def test_an_opt_out_is_written_with_its_suppression_or_not_at_all(world: World) -> None:
    endpoint, _ = an_endpoint(world)
    with transaction.atomic():
        an_opt_out(world)
        transaction.set_rollback(True)
    assert not Event.objects.exists()
    an_opt_out(world, "Ada@Garden.example")
    an_opt_out(world)
    event = Event.objects.get()
    entry = suppression.suppressed_among(world.here, ["ada@garden.example"])["ada@garden.example"]
    said = json.loads(event.body)
    assert said["data"] == {
        "suppression_id": entry.pk,
        "reason": "opt_out",
        "source": "reply:7",
        "email": "ada@garden.example",
    }
    assert (said["type"], said["version"], said["workspace"]) == ("contact.opted_out", 1, "orchard")
    assert Delivery.objects.get().endpoint == endpoint


@pytest.mark.parametrize(
    ("reason", "source", "is_told"),
    [
        ("opt_out", "reply:1", True),
        ("unsubscribe", "attempt:1", True),
        ("complaint", "reply:1", True),
        ("not_interested", "reply:1", False),
        ("hard_bounce", "reply:1", False),
        ("manual", "", False),
        ("opt_out", "suppression_import:3", False),
    ],
)
def test_what_is_an_opt_out(world: World, reason: str, source: str, is_told: bool) -> None:
    an_endpoint(world)
    suppression.suppress(workspace=world.here, address="a@garden.example", reason=reason, source=source, now=NOW)
    assert Event.objects.exists() == is_told


def test_a_stronger_word_of_the_same_person_is_no_second_opt_out(world: World) -> None:
    an_endpoint(world)
    for reason in ("manual", "unsubscribe", "opt_out", "complaint"):
        suppression.suppress(workspace=world.here, address="a@garden.example", reason=reason, now=NOW)
    assert [json.loads(event.body)["data"]["reason"] for event in Event.objects.all()] == ["unsubscribe"]


def test_a_link_that_is_found_and_lost_is_told_twice(world: World, desk: Desk) -> None:
    an_endpoint(world)
    placement = Placement.objects.create(
        lead=desk.lead("Garden"), page_url="https://garden.example/a", target_url="https://orchard.example/"
    )
    for is_there in (True, True, False):
        checking.confirm(placement, is_there=is_there, by=world.marketer, now=timezone.now())
    told = [json.loads(event.body)["data"] for event in Event.objects.order_by("pk")]
    assert [(each["state_before"], each["state"]) for each in told] == [("expected", "live"), ("live", "lost")]
    assert told[0]["page_url"] == "https://garden.example/a"
    assert told[0]["email"] is None


def test_a_letter_that_its_server_refuses_for_good_is_told_once(world: World, desk: Desk) -> None:
    an_endpoint(world)
    letter = desk.letter(Attempt.State.FAILED, verdict=Verdict.RECIPIENT_UNKNOWN)
    other = desk.letter(Attempt.State.FAILED, verdict=Verdict.REFUSED_LETTER)
    outbox.settle(now=NOW)
    outbox.settle(now=NOW)
    [event] = Event.objects.all()
    said = json.loads(event.body)
    assert said["type"] == "letter.bounced"
    assert said["data"]["attempt_id"] == letter.pk != other.pk
    assert (said["data"]["hardness"], said["data"]["email"]) == ("hard", letter.recipient)


def test_each_endpoint_gets_what_it_chose_under_one_id(world: World) -> None:
    all_of_it, _ = an_endpoint(world)
    replies, _ = an_endpoint(world, events=[Offered.REPLY])
    off, _ = an_endpoint(world)
    endpoints.switch_off(off, user=world.owner, now=NOW)
    an_opt_out(world)
    announce([News(what=What.REPLY, workspace_id=world.here.pk, about="reply:1", key="reply:1", at=NOW)])
    assert Event.objects.count() == 2
    told = set(Delivery.objects.values_list("endpoint", "event__what"))
    assert told == {
        (all_of_it.pk, "contact.opted_out"),
        (all_of_it.pk, "reply.received"),
        (replies.pk, "reply.received"),
    }


def test_nothing_crosses_the_wall(world: World) -> None:
    an_endpoint(world)
    suppression.suppress(workspace=world.elsewhere, address="a@garden.example", reason="opt_out", now=NOW)
    suppression.suppress(workspace=None, address="b@garden.example", reason="opt_out", now=NOW)
    announce([News(what=What.REPLY, workspace_id=world.elsewhere.pk, about="reply:1", key="reply:1", at=NOW)])
    assert not Event.objects.exists()


def test_many_at_once_cost_no_more(world: World, django_assert_num_queries: Any) -> None:
    an_endpoint(world)
    an_endpoint(world)

    def news(start: int, count: int) -> list[News]:
        return [
            News(what=What.REPLY, workspace_id=world.here.pk, about=f"reply:{n}", key=f"reply:{n}", at=NOW)
            for n in range(start, start + count)
        ]

    with django_assert_num_queries(4):
        recording.on_news(news(0, 1))
    with django_assert_num_queries(4):
        recording.on_news(news(10, 100))
    Endpoint.objects.update(off_at=NOW)
    with django_assert_num_queries(1):
        recording.on_news(news(200, 100))


# --- Delivery ---------------------------------------------------------------------------------------------------------


def test_it_is_told_at_once_over_https_and_can_be_verified(world: World, receiver: Receiver) -> None:
    _, secret = an_endpoint(world, "https://localhost/in?key=1")
    with transaction.atomic():
        an_opt_out(world)
    assert run_queued(recording.TASK) >= 0
    tasks.deliver_webhooks()
    [(headers, body)] = receiver.told
    assert verified(headers, body, secret)
    assert not verified(headers, body + b" ", secret)
    assert not verified(headers | {"webhook-timestamp": "1"}, body, secret)
    assert headers["content-type"] == "application/json"
    assert abs(int(headers["webhook-timestamp"]) - timezone.now().timestamp()) < 120
    event = Event.objects.get()
    assert (headers["webhook-id"], body.decode()) == (event.uid, event.body)
    assert Delivery.objects.get().state == State.DELIVERED
    assert DeliveryTry.objects.get().status == 204


@pytest.mark.django_db(transaction=True)
def test_a_worker_is_asked_as_soon_as_it_stands(world: World, receiver: Receiver) -> None:
    an_endpoint(world)
    with transaction.atomic():
        an_opt_out(world)
        assert not OrmQ.objects.exists()
    assert run_queued(recording.TASK) == 1
    assert len(receiver.told) == 1


def test_after_an_error_it_goes_again_with_the_same_id_and_bytes(world: World, receiver: Receiver) -> None:
    an_endpoint(world)
    an_opt_out(world)
    receiver.answers = [500, 429, 302]
    for n in range(3):
        assert delivering.deliver_due(now=NOW) == 1
        delivery = Delivery.objects.get()
        assert (delivery.state, delivery.tries) == (State.WAITING, n + 1)
        wait = delivery.next_try_at - NOW
        assert delivering.WAITS[n] * 0.8 <= wait <= delivering.WAITS[n] * 1.2
        assert delivering.deliver_due(now=NOW) == 0, "it waits"
        due_now()
    delivering.deliver_due(now=NOW)
    assert Delivery.objects.get().state == State.DELIVERED
    assert len({headers["webhook-id"] for headers, _ in receiver.told}) == 1
    assert len({body for _, body in receiver.told}) == 1
    assert [each.status for each in DeliveryTry.objects.order_by("pk")] == [500, 429, 302, 204]
    assert Endpoint.objects.get().failing_since is None


def test_a_receiver_that_says_nothing_is_left_in_time(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "BOUNDS", Bounds(seconds=0.3, each=0.3))
    an_endpoint(world)
    an_opt_out(world)
    receiver.stalls = True
    delivering.deliver_due(now=NOW)
    tried = DeliveryTry.objects.get()
    assert (tried.status, tried.sentence) == (None, "hooks.example did not finish in time.")
    assert Delivery.objects.get().state == State.WAITING


def test_a_refused_connection_is_tried_again(world: World, dead_port: int) -> None:
    an_endpoint(world)
    an_opt_out(world)
    delivering.deliver_due(now=NOW, way=way_to({"http": dead_port}))
    assert DeliveryTry.objects.get().sentence == "hooks.example does not answer."
    assert Delivery.objects.get().state == State.WAITING


def test_a_certificate_of_somebody_else_gets_nothing(world: World, receiver: Receiver) -> None:
    an_endpoint(world, "https://hooks.example/")
    an_opt_out(world)
    delivering.deliver_due(now=NOW)
    assert "certificate" in DeliveryTry.objects.get().sentence
    assert receiver.told == []


@pytest.mark.parametrize("location", ["http://127.0.0.1/", "http://hooks.example/other", "http://169.254.169.254/"])
def test_no_redirect_is_followed(world: World, receiver: Receiver, location: str) -> None:
    an_endpoint(world)
    an_opt_out(world)
    receiver.answers, receiver.redirect_to = [307], location
    delivering.deliver_due(now=NOW)
    assert len(receiver.told) == 1
    assert "is not followed" in DeliveryTry.objects.get().sentence


@pytest.mark.parametrize("host", ["inside.example", "both.example"])
def test_what_leads_into_the_house_is_never_asked(world: World, receiver: Receiver, host: str) -> None:
    """A name may be public when it is entered, and lead elsewhere afterwards."""
    an_endpoint(world, f"http://{host}/")
    an_opt_out(world)
    delivering.deliver_due(now=NOW)
    assert receiver.told == []
    assert "leads to" in DeliveryTry.objects.get().sentence


def test_after_a_day_it_is_given_up(world: World, receiver: Receiver) -> None:
    assert timedelta(hours=20) < sum(delivering.WAITS, timedelta()) < timedelta(hours=28)
    an_endpoint(world)
    an_opt_out(world)
    tries = len(delivering.WAITS) + 1
    receiver.answers = [500] * tries
    for _ in range(tries):
        due_now()
        delivering.deliver_due(now=NOW)
    due_now()
    assert delivering.deliver_due(now=NOW) == 0
    assert len(receiver.told) == tries
    assert Delivery.objects.get().state == State.GIVEN_UP
    endpoint = Endpoint.objects.get()
    assert (endpoint.given_up, endpoint.off_at) == (1, None)


def last_try(endpoint: Endpoint) -> None:
    """Its waiting deliveries have one try left."""
    Delivery.objects.filter(endpoint=endpoint, state=State.WAITING).update(tries=len(delivering.WAITS), next_try_at=NOW)


def test_whoever_takes_nothing_for_three_days_is_switched_off_and_somebody_hears(
    world: World, receiver: Receiver
) -> None:
    endpoint, _ = an_endpoint(world)
    an_opt_out(world)
    last_try(endpoint)
    Endpoint.objects.update(failing_since=NOW - timedelta(days=3))
    receiver.answers = [503]
    delivering.deliver_due(now=NOW)
    endpoint.refresh_from_db()
    assert endpoint.off_at == NOW
    assert "It answered 503." in endpoint.off_because
    assert Notice.objects.get().kind == Kind.WEBHOOK
    assert AuditEntry.objects.filter(event="endpoint.switched_off", user_id=None).count() == 1


def test_ten_in_a_row_are_enough_and_one_success_begins_anew(world: World, receiver: Receiver) -> None:
    endpoint, _ = an_endpoint(world)
    Endpoint.objects.update(given_up=9, failing_since=NOW - timedelta(hours=30))
    an_opt_out(world)
    delivering.deliver_due(now=NOW)
    endpoint.refresh_from_db()
    assert (endpoint.given_up, endpoint.failing_since) == (0, None)
    Endpoint.objects.update(given_up=9, failing_since=NOW - timedelta(hours=30))
    an_opt_out(world, "bea@garden.example")
    last_try(endpoint)
    receiver.answers = [500]
    delivering.deliver_due(now=NOW)
    endpoint.refresh_from_db()
    assert endpoint.off_at is not None


def test_gone_means_gone(world: World, receiver: Receiver) -> None:
    an_endpoint(world)
    an_opt_out(world)
    receiver.answers = [410]
    delivering.deliver_due(now=NOW)
    assert Endpoint.objects.get().off_at is not None
    due_now()
    assert delivering.deliver_due(now=NOW) == 0


def test_switched_on_again_what_waited_goes(world: World, receiver: Receiver) -> None:
    endpoint, _ = an_endpoint(world)
    an_opt_out(world)
    endpoints.switch_off(endpoint, user=world.owner, now=NOW)
    an_opt_out(world, "bea@garden.example")
    assert delivering.deliver_due(now=NOW) == 0
    endpoints.switch_on(endpoint, user=world.owner, now=NOW)
    assert delivering.deliver_due(now=NOW) == 1
    assert [body["data"]["email"] for body in receiver.bodies] == ["ada@garden.example"]


def test_whoever_dies_in_between_tells_again_with_the_same_id(world: World, receiver: Receiver) -> None:
    an_endpoint(world)
    an_opt_out(world)
    [delivery] = delivering._next(NOW)
    assert delivering._take(delivery, now=NOW)
    assert not delivering._take(delivery, now=NOW), "another worker has it"
    assert delivering.deliver_due(now=NOW) == 0
    assert delivering.deliver_due(now=NOW + delivering.LEASE + timedelta(seconds=1)) == 1


def test_a_dead_receiver_keeps_nobody_waiting(world: World, receiver: Receiver) -> None:
    dead, _ = an_endpoint(world, "http://inside.example/", events=[Offered.OPT_OUT])
    for n in range(30):
        an_opt_out(world, f"a{n}@garden.example")
    alive, _ = an_endpoint(world, events=[Offered.REPLY])
    announce([News(what=What.REPLY, workspace_id=world.here.pk, about="reply:1", key="reply:1", at=NOW)])
    assert delivering.deliver_due(now=timezone.now()) == 1 + delivering.OF_EACH
    assert len(receiver.told) == 1
    due_now()
    assert delivering.deliver_due(now=NOW) == 1, "one at a time of one that fails"
    assert (dead.pk, alive.pk) == tuple(Endpoint.objects.values_list("pk", flat=True))


def test_a_restored_copy_tells_nobody(world: World, receiver: Receiver) -> None:
    an_endpoint(world)
    an_opt_out(world)
    Installation.objects.update(instance_id="another")
    assert delivering.deliver_due(now=NOW) == 0
    assert receiver.told == []


def test_a_secret_that_no_key_opens_is_a_failure_with_a_sentence(world: World, receiver: Receiver) -> None:
    an_endpoint(world)
    an_opt_out(world)
    Endpoint.objects.update(secret_token="nonsense")
    delivering.deliver_due(now=NOW)
    assert receiver.told == []
    assert "cannot be opened" in DeliveryTry.objects.get().sentence


# --- Secrets ----------------------------------------------------------------------------------------------------------


def test_the_secret_is_kept_encrypted_and_nowhere_else(world: World) -> None:
    endpoint, secret = an_endpoint(world)
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    assert secret not in str(Endpoint.objects.values().get())
    assert secret not in str(list(AuditEntry.objects.values()))
    assert endpoint.secrets(NOW) == [secret]


def test_for_a_day_both_secrets_sign(world: World, receiver: Receiver) -> None:
    endpoint, old = an_endpoint(world)
    new = endpoints.renew_secret(endpoint, at_once=False, user=world.owner, now=NOW)
    an_opt_out(world)
    delivering.deliver_due(now=NOW)
    headers, body = receiver.told[0]
    assert headers["webhook-signature"].count("v1,") == 2
    assert verified(headers, body, old)
    assert verified(headers, body, new)
    an_opt_out(world, "bea@garden.example")
    delivering.deliver_due(now=NOW + timedelta(hours=25))
    headers, body = receiver.told[1]
    assert verified(headers, body, new)
    assert not verified(headers, body, old)


def test_a_secret_in_wrong_hands_ends_at_once(world: World, receiver: Receiver) -> None:
    endpoint, old = an_endpoint(world)
    endpoints.renew_secret(endpoint, at_once=True, user=world.owner, now=NOW)
    an_opt_out(world)
    delivering.deliver_due(now=NOW)
    headers, body = receiver.told[0]
    assert not verified(headers, body, old)
    assert Endpoint.objects.get().old_secret_token == ""


def test_the_check_that_the_documentation_shows_works(world: World, receiver: Receiver) -> None:
    _, secret = an_endpoint(world)
    an_opt_out(world)
    delivering.deliver_due(now=NOW)
    headers, body = receiver.told[0]
    document = (Path(__file__).parents[2] / "docs" / "outgoing-webhooks.md").read_text()
    names: dict[str, Any] = {}
    exec(document.split("```python\n")[1].split("```")[0], names)
    check = names["is_from_linkletter"]
    with time_machine.travel(NOW):
        assert check(headers, body, secret)
        assert not check(headers, body.replace(b"opted_out", b"opted_in"), secret)
        assert not check(headers | {"webhook-id": "msg_other"}, body, secret)
        assert not check(headers, body, "whsec_" + base64.b64encode(b"another").decode())
    with time_machine.travel(NOW + timedelta(minutes=10)):
        assert not check(headers, body, secret)


# --- Erasure and keeping ----------------------------------------------------------------------------------------------


def test_an_erasure_takes_the_address_out_of_what_is_stored_and_out_of_what_waits(
    world: World, receiver: Receiver
) -> None:
    an_endpoint(world)
    an_opt_out(world, "Ada@Garden.example")
    an_opt_out(world, "bea@garden.example")
    person = privacy.person_of(world.here, "ada@garden.example")
    assert privacy.held_about(person)
    request = privacy.open_request(
        workspace=world.here,
        kind="erasure",
        address="ada@garden.example",
        received_on=NOW.date(),
        note="",
        user=world.officer,
        now=NOW,
    )
    privacy.begin_erasure(request, user=world.officer, now=NOW)
    privacy.carry_on(request.pk, until=float("inf"), now=NOW)
    stored = "".join(Event.objects.values_list("body", "address_key").order_by("pk").first() or ())
    assert "ada@" not in stored.lower()
    delivering.deliver_due(now=NOW)
    assert sorted(body["data"]["email"] for body in receiver.bodies) == ["(erased)", "bea@garden.example"]


def test_what_is_stored_is_shown_to_whoever_asks_about_themselves(world: World) -> None:
    an_endpoint(world)
    an_opt_out(world)
    person = privacy.person_of(world.here, "ada@garden.example")
    [row] = OutgoingHolder().export(person)["webhooks"]
    assert "ada@garden.example" in row["body"]
    assert OutgoingHolder().count(person) == {"webhook messages that name them": 1}
    assert OutgoingHolder().spellings(world.here.pk, person.key) == {"ada@garden.example"}
    assert not OutgoingHolder().export(privacy.person_of(world.elsewhere, "ada@garden.example"))["webhooks"]


def test_old_events_and_removed_endpoints_are_let_go(world: World) -> None:
    kept, _ = an_endpoint(world)
    removed, _ = an_endpoint(world)
    an_opt_out(world)
    delivering.forget_old(now=timezone.now())
    assert Delivery.objects.count() == 2
    endpoints.remove(removed, user=world.owner, now=NOW)
    assert Endpoint.objects.get(pk=removed.pk).secret_token == ""
    delivering.forget_old(now=NOW + timedelta(days=2))
    assert Delivery.objects.get().endpoint == kept
    assert Event.objects.count() == 1
    delivering.forget_old(now=NOW + timedelta(days=31))
    assert not Event.objects.exists()


# --- Pages ------------------------------------------------------------------------------------------------------------


def url(name: str, *args: object) -> str:
    return reverse(f"desk:{name}", args=["orchard", *args])


def form(**more: object) -> dict[str, object]:
    return {"url": "https://hooks.example/in", "note": "CRM", "events": ["reply.received"]} | more


def test_an_owner_makes_one_and_sees_its_secret_once(world: World) -> None:
    client = world.client(world.owner)
    assert "No webhooks yet" in client.get(url("endpoint_list")).content.decode()
    for headers in ({}, {"HX-Request": "true"}):
        answer = client.post(url("endpoint_create"), form(), headers=headers)
        shown = answer.content.decode()
        assert "whsec_" in shown
        assert ("<html" in shown) == (not headers)
        assert "no-store" in answer["Cache-Control"]
    endpoint = Endpoint.objects.order_by("pk").first()
    assert endpoint is not None
    for page in (url("endpoint_list"), url("endpoint_detail", endpoint.pk), url("endpoint_edit", endpoint.pk)):
        shown = client.get(page).content.decode()
        assert "whsec_" not in shown
        assert "CRM" in shown
    entry = AuditEntry.objects.filter(event="endpoint.created").first()
    assert entry is not None
    assert entry.details == {"host": "hooks.example", "events": ["reply.received"]}


@pytest.mark.parametrize(
    "address",
    [
        "",
        "hooks.example",
        "ftp://hooks.example/",
        "javascript:alert(1)",
        "https://user:pass@hooks.example/",
        "https://hooks.example:8443/",
        "http://localhost/",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://10.0.0.5/",
        "http://169.254.169.254/latest/",
        "https://" + "a" * 600 + ".example/",
    ],
)
def test_addresses_that_are_none_of_the_public_web_are_refused_with_a_sentence(world: World, address: str) -> None:
    answer = world.client(world.owner).post(url("endpoint_create"), form(url=address))
    assert answer.status_code == 422
    assert "field--bad" in answer.content.decode()
    assert not Endpoint.objects.exists()


def test_a_line_break_in_an_address_makes_no_header(world: World, receiver: Receiver) -> None:
    world.client(world.owner).post(
        url("endpoint_create"), form(url="http://hooks.example/a\r\nX-Evil: 1", events=["contact.opted_out"])
    )
    an_opt_out(world)
    delivering.deliver_due(now=NOW)
    assert all("x-evil" not in headers for headers, _ in receiver.told)


def test_nothing_to_tell_is_an_error_that_keeps_what_was_typed(world: World) -> None:
    answer = world.client(world.owner).post(url("endpoint_create"), form(events=[]), headers={"HX-Request": "true"})
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "Choose at least one." in shown
    assert "https://hooks.example/in" in shown


def test_without_a_key_it_says_what_to_do(world: World, settings: Any) -> None:
    settings.MAIL_SMTP_ENCRYPTION_KEYS = []
    answer = world.client(world.owner).post(url("endpoint_create"), form())
    assert answer.status_code == 422
    assert "MAIL_SMTP_ENCRYPTION_KEY" in answer.content.decode()
    assert not Endpoint.objects.exists()


def test_there_is_an_end_to_how_many(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "MOST", 1)
    an_endpoint(world)
    assert world.client(world.owner).post(url("endpoint_create"), form()).status_code == 422
    assert Endpoint.objects.count() == 1


def test_a_test_event_is_sent_at_once_and_is_no_failure(world: World, receiver: Receiver) -> None:
    endpoint, secret = an_endpoint(world, events=[Offered.REPLY])
    client = world.client(world.owner)
    receiver.answers = [200, 500]
    shown = client.post(url("endpoint_test", endpoint.pk), follow=True).content.decode()
    assert "It was taken: 200" in shown
    headers, body = receiver.told[0]
    assert verified(headers, body, secret)
    assert receiver.bodies[0]["type"] == TEST
    shown = client.post(url("endpoint_test", endpoint.pk), follow=True).content.decode()
    assert "It answered 500." in shown
    endpoint.refresh_from_db()
    assert (endpoint.failing_since, endpoint.given_up, endpoint.off_at) == (None, 0, None)
    assert delivering.deliver_due(now=timezone.now()) == 0
    assert DeliveryTry.objects.filter(by=world.owner).count() == 2


def test_one_message_is_sent_again_by_hand(world: World, receiver: Receiver) -> None:
    an_endpoint(world)
    an_opt_out(world)
    delivery = Delivery.objects.get()
    client = world.client(world.owner)
    assert "Not tried yet" in client.get(url("delivery_detail", delivery.pk)).content.decode()
    receiver.answers = [500]
    client.post(url("delivery_again", delivery.pk))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries) == (State.WAITING, 0), "the clock's own tries go on"
    client.post(url("delivery_again", delivery.pk))
    delivery.refresh_from_db()
    assert delivery.state == State.DELIVERED
    receiver.answers = [500]
    client.post(url("delivery_again", delivery.pk))
    delivery.refresh_from_db()
    assert delivery.state == State.DELIVERED, "what was taken once was taken"
    shown = client.get(url("delivery_detail", delivery.pk)).content.decode()
    assert "ada@garden.example" in shown
    assert [each.status for each in DeliveryTry.objects.order_by("pk")] == [500, 204, 500]
    assert shown.count("It answered 500.</td>") == 2


def test_nobodys_server_is_flooded_by_hand(world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "BY_HAND_AN_HOUR", 2)
    endpoint, _ = an_endpoint(world)
    client = world.client(world.owner)
    shown = [client.post(url("endpoint_test", endpoint.pk), follow=True).content.decode() for _ in range(3)]
    assert ["Enough was sent there" in each for each in shown] == [False, False, True]
    assert len(receiver.told) == 2
    DeliveryTry.objects.update(at=timezone.now() - timedelta(hours=2))
    client.post(url("endpoint_test", endpoint.pk))
    assert len(receiver.told) == 3


def test_while_a_worker_has_it_nobody_sends_it_beside(world: World, receiver: Receiver) -> None:
    an_endpoint(world)
    an_opt_out(world)
    Delivery.objects.update(leased_until=timezone.now() + timedelta(minutes=1))
    delivery = Delivery.objects.get()
    shown = world.client(world.owner).post(url("delivery_again", delivery.pk), follow=True).content.decode()
    assert "A worker is sending it" in shown
    assert receiver.told == []


def test_all_that_was_given_up_gets_its_day_again(world: World, receiver: Receiver) -> None:
    endpoint, _ = an_endpoint(world)
    an_opt_out(world)
    an_opt_out(world, "bea@garden.example")
    Delivery.objects.update(state=State.GIVEN_UP, tries=9)
    recording.a_test(endpoint, now=NOW)
    client = world.client(world.owner)
    assert "Send 2 that were given up again" in client.get(url("endpoint_detail", endpoint.pk)).content.decode()
    client.post(url("endpoint_again", endpoint.pk))
    assert delivering.deliver_due(now=timezone.now()) == 2
    assert TEST not in {body["type"] for body in receiver.bodies}


def test_switching_renewing_changing_and_removing_by_page(world: World) -> None:
    endpoint, _ = an_endpoint(world)
    client = world.client(world.owner)
    client.post(url("endpoint_switch", endpoint.pk), {"to": "off"})
    assert "It is off" in client.get(url("endpoint_detail", endpoint.pk)).content.decode()
    client.post(url("endpoint_switch", endpoint.pk), {"to": "on"})
    assert "whsec_" in client.post(url("endpoint_renew", endpoint.pk)).content.decode()
    assert client.post(url("endpoint_edit", endpoint.pk), form(url="http://hooks.example/new")).status_code == 302
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.note, endpoint.events) == ("http://hooks.example/new", "CRM", ["reply.received"])
    assert "begins with http" in client.get(url("endpoint_detail", endpoint.pk)).content.decode()
    client.post(url("endpoint_remove", endpoint.pk))
    assert client.get(url("endpoint_detail", endpoint.pk)).status_code == 404
    events = AuditEntry.objects.filter(event__startswith="endpoint.").order_by("pk").values_list("event", flat=True)
    assert list(events) == [
        "endpoint.created",
        "endpoint.switched_off",
        "endpoint.switched_on",
        "endpoint.secret_changed",
        "endpoint.changed",
        "endpoint.removed",
    ]


def test_a_switched_off_webhook_leads_owners_to_it_and_others_to_settings(world: World) -> None:
    endpoint, _ = an_endpoint(world, note="CRM")
    with transaction.atomic():
        endpoints.switched_off(endpoint, because="It answered 500.", now=timezone.now())
    notice = Notice.objects.get()
    leads_to = [
        world.client(user).get(url("notice_open", notice.pk))["Location"] for user in (world.owner, world.viewer)
    ]
    assert leads_to == [url("endpoint_detail", endpoint.pk), reverse("accounts:settings", args=["orchard"])]
    assert "“CRM” is switched off" in world.client(world.viewer).get(url("notice_list")).content.decode()


def test_only_owners_have_webhooks(world: World) -> None:
    endpoint, _ = an_endpoint(world)
    for user in (world.marketer, world.officer, world.viewer):
        client = world.client(user)
        assert client.get(url("endpoint_list")).status_code == 403
        assert client.post(url("endpoint_test", endpoint.pk)).status_code == 403
        assert url("endpoint_list") not in client.get(reverse("accounts:settings", args=["orchard"])).content.decode()
    assert world.client(world.stranger).get(url("endpoint_detail", endpoint.pk)).status_code == 404
    through = reverse("desk:endpoint_detail", args=["quarry", endpoint.pk])
    assert world.client(world.stranger).get(through).status_code == 404


def test_the_pages_cost_the_same_for_any_number(world: World, django_assert_max_num_queries: Any) -> None:
    for _ in range(6):
        endpoint, _ = an_endpoint(world)
    for n in range(60):
        an_opt_out(world, f"a{n}@garden.example")
    client = world.client(world.owner)
    with django_assert_max_num_queries(13):
        client.get(url("endpoint_list"))
    with django_assert_max_num_queries(13):
        shown = client.get(url("endpoint_detail", endpoint.pk)).content.decode()
    assert shown.count(">Opt-out</a>") == 50
    assert "before=" in shown


def test_names_are_shown_as_text(world: World) -> None:
    endpoint, _ = an_endpoint(world, note="<script>x</script>")
    suppression.suppress(
        workspace=world.here, address="a@garden.example", reason="opt_out", source="<b>bold</b>", now=NOW
    )
    for page in (
        url("endpoint_list"),
        url("endpoint_detail", endpoint.pk),
        url("delivery_detail", Delivery.objects.get().pk),
    ):
        shown = world.client(world.owner).get(page).content.decode()
        assert "<script>x" not in shown
        assert "<b>bold" not in shown
