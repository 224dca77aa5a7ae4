"""The test letter of a campaign: what arrives is what the real one would be."""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from django.utils import timezone

from campaigns.models import Campaign, OwnLetter
from campaigns.trial_letter import send_to_oneself
from tests.letterbox import Letterbox
from tests.servers import FaultySMTP

pytestmark = pytest.mark.django_db(transaction=True)
OpenBox = Callable[..., tuple[Letterbox, FaultySMTP]]


def arrived(box: Letterbox, server: FaultySMTP) -> EmailMessage:
    campaign = Campaign.objects.get(pk=box.campaign.pk)
    said = send_to_oneself(campaign, user=box.world.marketer, now=timezone.now())
    assert said.ok, said.sentence
    [letter] = server.accepted
    return message_from_bytes(letter.raw, policy=policy.default)


def real(box: Letterbox, server: FaultySMTP, address: str) -> EmailMessage:
    box.queue(box.campaign.leads.get(contact__email=address))
    box.send()
    return message_from_bytes(server.accepted[-1].raw, policy=policy.default)


def parts(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    return body.get_content() if body is not None else ""


def without_link(text: str) -> str:
    """The reader's own link to say no is the one thing that a test letter has not."""
    return "\n".join(line for line in text.splitlines() if "http://testserver" not in line)


@pytest.mark.parametrize("with_html", [False, True])
def test_it_looks_as_the_real_one_does(faulty_letterbox: OpenBox, with_html: bool) -> None:
    box, server = faulty_letterbox()
    box.lead("ada@fernandfig.com")
    Campaign.objects.update(with_html=with_html, reply_to="desk@orchard.example", language="de")
    box.campaign.refresh_from_db()
    trial = arrived(box, server)
    letter = real(box, server, "ada@fernandfig.com")
    assert trial.get_content_type() == letter.get_content_type()
    assert (trial["Subject"], trial["From"], trial["Reply-To"]) == (
        letter["Subject"], letter["From"], letter["Reply-To"]
    )  # fmt: skip
    for kind in ("plain", "html"):
        assert without_link(parts(trial, kind)) == without_link(parts(letter, kind))
        assert ("their-own-link" in parts(trial, kind)) is (kind == "plain" or with_html)
    assert str(trial["To"]) == box.world.marketer.email
    # Nobody is opted out by looking at it.
    assert "List-Unsubscribe" not in trial


def test_a_letter_of_ones_own_is_what_is_seen(faulty_letterbox: OpenBox) -> None:
    box, server = faulty_letterbox()
    lead = box.lead("ada@fernandfig.com")
    OwnLetter.objects.create(
        lead=lead, letter_subject="For you alone", letter_body="Hello Ada, ferns it is.", state="accepted"
    )
    assert arrived(box, server)["Subject"] == "For you alone"
