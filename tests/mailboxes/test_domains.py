"""The deliverability desk, against a real name server: what is there, what is not, and what nobody could say."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.urls import reverse
from django.utils import timezone

from outreach_site.mailboxes.cards import cards
from outreach_site.mailboxes.domains import desk, names
from outreach_site.mailboxes.domains.names import Names
from outreach_site.mailboxes.domains.records import Finding, Verdict, look
from outreach_site.mailboxes.domains.spf_terms import terms_of
from outreach_site.mailboxes.models import DomainCheck, SendingDomain
from tests.conftest import World
from tests.mailboxes.conftest import make_mailbox
from tests.mailboxes.name_server import NameServer, name_server_open

DOMAIN = "orchard.example"
GOOD, WARN, MISSING, UNKNOWN = Verdict.GOOD, Verdict.WARN, Verdict.MISSING, Verdict.UNKNOWN
HTMX = {"HX-Request": "true"}


@pytest.fixture
def server() -> Iterator[NameServer]:
    with name_server_open() as opened:
        yield opened


@pytest.fixture(scope="module")
def key() -> str:
    public = rsa.generate_private_key(65537, 2048).public_key()
    return base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def found(
    server: NameServer, *, providers: tuple[str, ...] = (), selectors: tuple[str, ...] = ()
) -> dict[str, Finding]:
    asked = Names(server.resolver)
    return {each.kind: each for each in look(DOMAIN, providers=providers, selectors=selectors, names=asked)}


def in_order(server: NameServer, key: str) -> None:
    server.text(DOMAIN, "google-site-verification=x", "v=spf1 include:_spf.google.com ~all")
    server.text("_spf.google.com", "v=spf1 ip4:35.190.247.0/24 ~all")
    server.text(f"google._domainkey.{DOMAIN}", f"v=DKIM1; k=rsa; p={key}")
    server.text(f"_dmarc.{DOMAIN}", "v=DMARC1; p=quarantine; rua=mailto:d@orchard.example")
    server.zone[DOMAIN, "MX"] = ["10 mx2.orchard.example.", "5 mx1.orchard.example."]


def test_a_domain_in_order(server: NameServer, key: str) -> None:
    in_order(server, key)
    answers = found(server, providers=("gmail",))
    assert {each.verdict for each in answers.values()} == {GOOD}
    assert answers["MX"].found == ("mx1.orchard.example", "mx2.orchard.example")
    assert answers["SPF"].notes == ("1 of 10 lookups.",)


def test_a_domain_without_anything(server: NameServer) -> None:
    answers = found(server, providers=("gmail",))
    assert {each.verdict for each in answers.values()} == {MISSING}
    assert answers["SPF"].publish == (DOMAIN, "v=spf1 include:_spf.google.com ~all")
    assert answers["DMARC"].publish == (f"_dmarc.{DOMAIN}", f"v=DMARC1; p=none; rua=mailto:dmarc@{DOMAIN}")
    assert answers["DKIM"].publish is not None


@pytest.mark.parametrize("how", ["fail", "silent"])
def test_trouble_is_unknown_and_never_a_failure(
    server: NameServer, key: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outreach_site.mailboxes.domains.names.QUESTION_SECONDS", 0.5)
    in_order(server, key)
    getattr(server, how).update(
        {DOMAIN, f"_dmarc.{DOMAIN}", f"google._domainkey.{DOMAIN}", f"selector1._domainkey.{DOMAIN}"}
    )
    answers = found(server, providers=("gmail",), selectors=("google",))
    assert {each.verdict for each in answers.values()} == {UNKNOWN}


def test_trouble_with_one_record_says_nothing_of_the_others(server: NameServer, key: str) -> None:
    in_order(server, key)
    server.fail.add(f"_dmarc.{DOMAIN}")
    server.fail.add("_spf.google.com")
    verdicts = {kind: each.verdict for kind, each in found(server, providers=("gmail",)).items()}
    assert verdicts == {"SPF": UNKNOWN, "DKIM": GOOD, "DMARC": UNKNOWN, "MX": GOOD}


def test_the_time_for_all_questions_ends(server: NameServer) -> None:
    answers = look(DOMAIN, providers=(), selectors=(), names=Names(server.resolver, seconds=0))
    assert {each.verdict for each in answers} == {UNKNOWN}
    assert server.asked == []


@pytest.mark.parametrize(
    ("records", "says"),
    [
        (["v=spf1 include:_spf.google.com +all"], "lets everybody"),
        (["v=spf1 include:_spf.google.com ?all"], "end it with ~all"),
        (["v=spf1 include:_spf.google.com"], "end it with ~all"),
        (["v=spf1 -all"], "leaves out _spf.google.com"),
        (["v=spf1 -all", "v=spf1 ~all"], "several SPF records"),
        (["v=spf1 include:_spf.google.com include:gone.example -all"], "where no SPF record stands"),
        (["v=spf1 include:_spf.google.com" + "".join(f" a:h{n}.x.example" for n in range(10)) + " -all"], "10 lookups"),
        (["v=spf1 include:_spf.google.com include:two.example -all"], ""),
        (["v=spf1 include:loop.example include:_spf.google.com -all"], "loop.example leads back to itself"),
        ([f"v=spf1 include:{DOMAIN} include:_spf.google.com -all"], f"{DOMAIN} leads back to itself"),
        (["v=spf1 include:there.example include:_spf.google.com -all"], "there.example leads back to itself"),
        (["v=spf1 include:_spf.google.com" + " include:two.example" * 3 + " -all"], "10 lookups"),
        (["v=spf1 include:_spf.google.com ip:1.2.3.4 -all"], "SPF knows no “ip:1.2.3.4”"),
        (["v=spf1 incude:x.example include:_spf.google.com -all"], "SPF knows no “incude:x.example”"),
        (["v=spf1 include: _spf.google.com -all"], "SPF knows no “_spf.google.com”, “include:”"),
        (["v=spf1 include:_spf.google.com a/24 ip6:2001:db8::/32 exists:%{i}.x.example xyz=1 -all"], ""),
        (["v=spf1 redirect=_spf.google.com"], ""),
        (["v=spf1 include:_spf.google.com redirect=%{d}.x.example"], ""),
        (["v=spf1 include:_spf.google.com redirect=open.example"], "lets everybody"),
        (["v=spf1 include:_spf.google.com include:open.example -all"], "includes open.example, which lets everybody"),
        (["v=spf1 include:_spf.google.com redirect=endless.example"], "end it with ~all"),
        (["v=spf1 -all include:_spf.google.com"], "never read include:_spf.google.com"),
        (["V=SPF1 INCLUDE:_SPF.Google.COM. IP4:192.0.2.1 ~ALL"], ""),
        (["v=spf1  include:_spf.google.com   -all "], ""),
        (["v=spf1 include:_spf.google.com a:v4.example/24//64 mx:%{d2r-}.x.example/24 ptr:%{d} -all"], "It uses ptr"),
        (["v=spf1 include:_spf.google.com exists:%{ir}.%{v}._spf.%{d2} -all exp=why.%{d}"], ""),
        (["v=spf1 include:_spf.google.com ip4:192.0.2.0/24 ip6:2001:db8::1/128 ip6:::ffff:192.0.2.1 -all"], ""),
        (["v=spf1 include:_spf.google.com ip4:192.0.2 -all"], "SPF cannot read “ip4:192.0.2”"),
        (["v=spf1 include:_spf.google.com ip4:192.0.2.256 -all"], "cannot read “ip4:192.0.2.256”"),
        (["v=spf1 include:_spf.google.com ip4:192.0.2.0/33 -all"], "cannot read “ip4:192.0.2.0/33”"),
        (["v=spf1 include:_spf.google.com ip4:192.0.2.0/024 -all"], "cannot read “ip4:192.0.2.0/024”"),
        (["v=spf1 include:_spf.google.com ip4:192.0.2.0/255.255.255.0 -all"], "cannot read “ip4:"),
        (["v=spf1 include:_spf.google.com ip4:mail.example.com -all"], "cannot read “ip4:mail.example.com”"),
        (["v=spf1 include:_spf.google.com ip4=192.0.2.1 ip4:192.0.2.1. -all"], "cannot read “ip4:192.0.2.1.”"),
        (["v=spf1 include:_spf.google.com ip6:2001:db8::/129 -all"], "cannot read “ip6:2001:db8::/129”"),
        (["v=spf1 include:_spf.google.com ip6:192.0.2.1 -all"], "cannot read “ip6:192.0.2.1”"),
        (["v=spf1 include:_spf.google.com ip6:fe80::1%eth0 -all"], "cannot read “ip6:fe80::1%eth0”"),
        (["v=spf1 include:_spf.google.com a:192.0.2.1 -all"], "cannot read “a:192.0.2.1”"),
        (["v=spf1 include:_spf.google.com a:v4.example/33 -all"], "cannot read “a:v4.example/33”"),
        (["v=spf1 include:_spf.google.com mx: -all"], "cannot read “mx:”"),
        (["v=spf1 include:_spf.google.com include:localhost -all"], "cannot read “include:localhost”"),
        (["v=spf1 include:_spf.google.com include:a..example -all"], "cannot read “include:a..example”"),
        (["v=spf1 include:_spf.google.com exists:%{x}.example -all"], "cannot read “exists:%{x}.example”"),
        (["v=spf1 include:_spf.google.com -all:"], "cannot read “-all:”"),
        (["v=spf1 include:_spf.google.com\tip4:192.0.2.1 -all"], "SPF cannot read"),
        (["v=spf1 include:_spf.google.com redirect=two.example redirect=open.example"], "“redirect= twice”"),
        (["v=spf1 include:_spf.google.com -redirect=open.example"], "cannot read “-redirect=open.example”"),
        (["v=spf1 ip4:192.0.2.1 -include:_spf.google.com ~all"], "“-include:_spf.google.com” lets no letter pass"),
        (["v=spf1 ?include:_spf.google.com ~all"], "“?include:_spf.google.com” lets no letter pass"),
        (["v=spf1 +include:_spf.google.com ~all"], ""),
        (["v=spf1 include:without.example ~all"], "leaves out _spf.google.com"),
        (["v=spf1 include:_spf.google.com -include:open.example ~all"], ""),
        (["v=spf1 include:_spf.google.com include:several.example ~all"], "several.example, where several SPF records"),
        (["v=spf1 include:_spf.google.com a:n1.x.example mx:n2.x.example ~all"], ""),
        (
            ["v=spf1 include:_spf.google.com a:n1.x.example mx:n2.x.example exists:n3.x.example ~all"],
            "Nothing stands at what “a:n1.x.example”, “exists:n3.x.example”, “mx:n2.x.example” name",
        ),
        (["v=spf1 include:_spf.google.com a:n1.x.example include:void.example ~all"], "Nothing stands at what"),
        (["v=spf1 include:_spf.google.com a:v4.example a:v6.example mx:two.example ~all"], ""),
        (["v=spf1 include:_spf.google.com mx:crowded.example ~all"], "mx:crowded.example names more than 10 servers"),
        (["v=spf1 include:_spf.google.com " + "ip4:192.0.2.1 " * 40 + "~all"], ""),
    ],
)
def test_spf_records(server: NameServer, records: list[str], says: str) -> None:
    server.text(DOMAIN, *records)
    server.text("_spf.google.com", "v=spf1 ip4:35.190.247.0/24 ~all")
    server.text("loop.example", "v=spf1 include:loop.example -all")
    server.text("there.example", "v=spf1 include:back.example -all")
    server.text("back.example", "v=spf1 include:there.example -all")
    server.text("two.example", "v=spf1 a:a.two.example mx a:b.two.example -all")
    server.text("open.example", "v=spf1 +all")
    server.text("endless.example", "v=spf1 ip4:192.0.2.1")
    server.text("without.example", "v=spf1 ?include:_spf.google.com -all")
    server.text("several.example", "v=spf1 -all", "v=spf1 ~all")
    server.text("void.example", "v=spf1 a:n2.x.example a:n3.x.example -all")
    for name in ("a.two.example", "b.two.example", "v4.example"):
        server.zone[name, "A"] = ["192.0.2.1"]
    server.zone["v6.example", "AAAA"] = ["2001:db8::1"]
    server.zone["two.example", "MX"] = ["10 mx.two.example."]
    server.zone["crowded.example", "MX"] = [f"10 mx{n}.crowded.example." for n in range(11)]
    answer = found(server, providers=("gmail",))["SPF"]
    assert says in answer.sentence
    assert answer.verdict is (WARN if says else GOOD)


def test_the_record_to_publish_keeps_what_is_there(server: NameServer) -> None:
    server.text(DOMAIN, "v=spf1 ip4:192.0.2.1 -all")
    answer = found(server, providers=("mailgun",))["SPF"]
    assert answer.publish == (DOMAIN, "v=spf1 include:mailgun.org ip4:192.0.2.1 -all")


def test_the_record_to_publish_has_all_last(server: NameServer) -> None:
    server.text(DOMAIN, "v=spf1 -all include:_spf.google.com")
    answer = found(server, providers=("gmail",))["SPF"]
    assert answer.publish == (DOMAIN, "v=spf1 include:_spf.google.com -all")
    assert answer.notes == ()


@pytest.mark.parametrize("sign", ["-", "~", "?"])
def test_the_record_to_publish_lets_the_mailboxes_send(server: NameServer, sign: str) -> None:
    server.text(DOMAIN, f"v=spf1 {sign}include:_spf.google.com ip4:192.0.2.1 -all")
    server.text("_spf.google.com", "v=spf1 ip4:35.190.247.0/24 ~all")
    answer = found(server, providers=("gmail",))["SPF"]
    assert answer.publish == (DOMAIN, "v=spf1 include:_spf.google.com ip4:192.0.2.1 -all")
    assert answer.notes == ()


def test_the_record_to_publish_names_what_is_there(server: NameServer) -> None:
    server.text(DOMAIN, "v=spf1 a:n1.x.example a:n2.x.example a:there.example a:n3.x.example -all")
    server.zone["there.example", "A"] = ["192.0.2.1"]
    answer = found(server)["SPF"]
    assert answer.publish == (DOMAIN, "v=spf1 a:there.example -all")


def test_nothing_stands_where_nobody_could_say(server: NameServer) -> None:
    """Trouble with a name that is only looked up is unknown, too; what is wrong without it is said all the same."""
    server.text(DOMAIN, "v=spf1 a:n1.x.example a:n2.x.example a:n3.x.example a:n4.x.example -all")
    server.fail.add("n3.x.example")
    assert found(server)["SPF"].verdict is UNKNOWN
    server.text(DOMAIN, "v=spf1 a:n3.x.example ip4:192.0.2 -all")
    answer = found(server)["SPF"]
    assert (answer.verdict, answer.publish) == (WARN, None)
    assert "cannot read “ip4:192.0.2”" in answer.sentence


@pytest.mark.parametrize("record", ["v=spf1 include: mailgun.org ~all", "v=spf1 include:gone.example ~all"])
def test_no_record_is_offered_that_receivers_would_give_up(server: NameServer, record: str) -> None:
    server.text(DOMAIN, record)
    answer = found(server, providers=("gmail",))["SPF"]
    assert any("leaves out _spf.google.com" in note for note in answer.notes)
    assert answer.publish is None


@pytest.mark.parametrize(
    ("record", "verdict", "says"),
    [
        ("v=DKIM1; p=", WARN, "withdrawn"),
        ("v=DKIM1; k=rsa; p=AAAA", WARN, "cannot be read"),
        ("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", GOOD, "published"),
    ],
)
def test_dkim_keys(server: NameServer, record: str, verdict: Verdict, says: str) -> None:
    server.text(f"ours._domainkey.{DOMAIN}", record)
    answer = found(server, selectors=("ours",))["DKIM"]
    assert answer.verdict is verdict
    assert says in answer.sentence


@pytest.mark.parametrize("piece", ["a", "1", "/1", "-", "%{d", "%{d}", ".", "a.", "include:", "ip6:", "a//"])
def test_a_hostile_record_is_read_in_a_moment(piece: str) -> None:
    """Of included records anybody may be the author; a TXT record has up to 65,535 bytes."""
    for name in ("a:", "include:", "ip4:", "ip6:", "exists:", "exp=", "x=", ""):
        for word in terms_of(f"v=spf1 {name}{piece * (65_000 // len(piece))}!"):
            assert word.is_well_formed in {True, False}


def test_without_a_selector_absence_proves_nothing(server: NameServer) -> None:
    assert found(server, providers=("ses",))["DKIM"].verdict is UNKNOWN
    assert found(server, providers=("ses",), selectors=("ours",))["DKIM"].verdict is MISSING


@pytest.mark.parametrize(
    ("name", "record", "verdict", "says"),
    [
        ("_dmarc.mail.orchard.co.uk", "v=DMARC1; p=none", WARN, "only watches"),
        ("_dmarc.mail.orchard.co.uk", "v=DMARC1; p=reject; aspf=s", GOOD, "p=reject"),
        ("_dmarc.mail.orchard.co.uk", "v=DMARC1; pct=5", WARN, "cannot be read"),
        ("_dmarc.mail.orchard.co.uk", "v=DMARC1; p=quarantine; pct=0", WARN, "only watches"),
        ("_dmarc.mail.orchard.co.uk", "v=DMARC1; p=quarantine; pct=50", GOOD, "p=quarantine"),
        ("_dmarc.orchard.co.uk", "v=DMARC1; p=none; sp=quarantine", GOOD, "p=quarantine"),
        ("_dmarc.co.uk", "v=DMARC1; p=reject", MISSING, "forged"),
    ],
)
def test_dmarc_of_the_domain_and_its_parent(
    server: NameServer, name: str, record: str, verdict: Verdict, says: str
) -> None:
    server.text(name, record)
    asked = Names(server.resolver)
    [answer] = [
        each for each in look("mail.orchard.co.uk", providers=(), selectors=(), names=asked) if each.kind == "DMARC"
    ]
    assert answer.verdict is verdict
    assert says in answer.sentence


def test_a_domain_that_takes_no_mail(server: NameServer) -> None:
    server.zone[DOMAIN, "MX"] = ["0 ."]
    assert found(server)["MX"].verdict is WARN


@pytest.mark.parametrize(("kind", "there"), [("A", "192.0.2.1"), ("AAAA", "2001:db8::1")])
def test_mail_goes_to_the_domain_itself_without_an_exchange(server: NameServer, kind: str, there: str) -> None:
    server.zone[DOMAIN, kind] = [there]
    answer = found(server)["MX"]
    assert answer.verdict is WARN
    assert "address of the domain itself" in answer.sentence


@pytest.mark.parametrize(
    "domain", ["gmail.com", "outlook.com", "hotmail.com", "yahoo.com", "icloud.com", "gmx.de", "web.de"]
)
def test_at_a_providers_own_domain_there_is_nothing_to_publish(server: NameServer, domain: str) -> None:
    [answer] = look(domain, providers=("gmail",), selectors=(), names=Names(server.resolver))
    assert answer.verdict is Verdict.THEIRS
    assert "nothing for you to do" in answer.sentence
    assert answer.publish is None
    assert server.asked == []


# --- The desk --------------------------------------------------------------------------------------------------------


def test_a_row_for_each_change_and_a_date_for_each_look(world: World, server: NameServer, key: str) -> None:
    in_order(server, key)
    mailbox = make_mailbox(world.here, provider="gmail")
    here, now = desk.sending_domain(world.here, DOMAIN), timezone.now()
    for day in range(3):
        desk.check(here, now=now + timedelta(days=day), names=Names(server.resolver))
    only = DomainCheck.objects.get()
    assert only.confirmed_at - only.found_at == timedelta(days=2)
    [card] = cards([mailbox], workspace=world.here, now=now)
    assert (card.dns.tone, card.dns.text) == ("good", "In order")
    server.text(f"_dmarc.{DOMAIN}", "v=DMARC1; p=none")
    desk.check(here, now=now + timedelta(days=3), names=Names(server.resolver))
    before, after = DomainCheck.objects.order_by("pk")
    assert desk.changes(after, before) == [desk.Change("DMARC", "good", "warn")]
    [card] = cards([mailbox], workspace=world.here, now=now)
    assert (card.dns.tone, card.dns.text) == ("warn", "Could be better")


def test_a_providers_own_domain_is_not_red(world: World, server: NameServer) -> None:
    mailbox = make_mailbox(world.here, email="mara@gmail.com", provider="gmail")
    here, now = desk.sending_domain(world.here, "gmail.com"), timezone.now()
    desk.check(here, now=now, names=Names(server.resolver))
    [card] = cards([mailbox], workspace=world.here, now=now)
    assert (card.dns.tone, card.dns.text) == ("neutral", "Your provider's")
    page = world.client(world.viewer).get(address("domain_detail", world, mailbox.pk)).text
    assert "nothing for you to do" in page
    assert "Publish at" not in page


def test_once_a_day_by_itself(world: World, server: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "system_resolver", lambda: server.resolver)
    make_mailbox(world.here)
    make_mailbox(world.elsewhere, email="b@quarry.example", smtp_user="b")
    now = timezone.now()
    assert [desk.check_due(now=now), desk.check_due(now=now + timedelta(hours=23))] == [2, 0]
    assert desk.check_due(now=now + timedelta(hours=25)) == 2


def address(name: str, world: World, pk: int) -> str:
    return reverse(f"mailboxes:{name}", args=[world.here.slug, pk])


def test_the_page(world: World, server: NameServer, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "system_resolver", lambda: server.resolver)
    in_order(server, key)
    server.text(f"_dmarc.{DOMAIN}", "v=DMARC1; p=none; x=<script>alert(1)</script>")
    mailbox = make_mailbox(world.here, provider="gmail")
    owner = world.client(world.owner)
    page, check = address("domain_detail", world, mailbox.pk), address("domain_check", world, mailbox.pk)
    assert "Not looked at yet" in owner.get(page).text
    answer = owner.post(check, {"selectors": "google, NOT/A-NAME ours"})
    assert answer["Location"] == page
    assert SendingDomain.objects.get().selector_list == ["google", "ours"]
    shown = owner.get(page).text
    assert "Could be better" in shown
    assert "<script>alert" not in shown
    server.text(f"_dmarc.{DOMAIN}", "no policy")
    partial = owner.post(check, {"selectors": ""}, headers=HTMX)
    assert partial.status_code == 200
    for text in (f"_dmarc.{DOMAIN}", f"v=DMARC1; p=none; rua=mailto:dmarc@{DOMAIN}"):
        assert f"data-copy-text>{text}</code>" in partial.text, "what is to be published can be copied"
    assert 'aria-label="Copy the record"' in partial.text
    assert "<html" not in partial.text
    assert "Looked at now: SPF in order, DKIM in order, DMARC missing, MX in order." in partial["HX-Trigger"], (
        "said, and read out"
    )


def test_who_may_look_and_who_may_ask(world: World) -> None:
    mailbox = make_mailbox(world.here)
    page, check = address("domain_detail", world, mailbox.pk), address("domain_check", world, mailbox.pk)
    assert world.client(world.viewer).get(page).status_code == 200
    assert world.client(world.viewer).post(check).status_code == 403
    assert world.client(world.owner).get(check).status_code == 405
    stranger = world.client(world.stranger)
    assert {stranger.get(page).status_code, stranger.post(check).status_code} == {404}


def test_the_history_costs_no_query_a_row(world: World, django_assert_max_num_queries: Any) -> None:
    mailbox = make_mailbox(world.here)
    here, now = desk.sending_domain(world.here, DOMAIN), timezone.now()
    for n in range(15):
        here.checks.create(found_at=now, confirmed_at=now, records=[Finding("MX", GOOD, str(n)).as_json()])
    client = world.client(world.owner)
    with django_assert_max_num_queries(12):
        client.get(address("domain_detail", world, mailbox.pk))
