"""The people whom a rehearsal writes to: who they are, how each behaves, and what each writes back.

Everything here is pure: a letter and a moment go in, an answer's bytes come out. Planning and delivering is
delivery.py's. Each person has a mail program of their own, because programs quote, fold and thread differently and
the inbox has to cope with all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import formataddr
from enum import StrEnum

from outreach_site.sandbox.config import HOUSE_DOMAIN, plain_address
from outreach_site.sandbox.letters import Incoming
from outreach_site.sandbox.programs import Program, answer_message, automatic_reply, bounce_message


class Behaviour(StrEnum):
    """How somebody answers."""

    INTERESTED = "interested"  # would like to hear more, then asks for the draft
    DECLINES = "declines"  # says no politely
    ASKS_REMOVAL = "asks_removal"  # wants to be taken off the list
    OUT_OF_OFFICE = "out_of_office"  # an automatic reply with a date of return (RFC 3834), once a thread
    ASKS_PRICE = "asks_price"  # wants to talk about money first
    BOUNCES = "bounces"  # the mailbox is gone: a delivery status notification (RFC 3464) for every letter
    SILENT = "silent"  # never answers


BEHAVIOUR_WORDS = {
    Behaviour.INTERESTED: "Interested",
    Behaviour.DECLINES: "Declines politely",
    Behaviour.ASKS_REMOVAL: "Asks to be removed",
    Behaviour.OUT_OF_OFFICE: "Out of office",
    Behaviour.ASKS_PRICE: "Asks the price",
    Behaviour.BOUNCES: "Bounces",
    Behaviour.SILENT: "Stays silent",
}

# How many letters of one thread get an answer; after that, silence.
ANSWERED_TURNS = {
    Behaviour.INTERESTED: 2,
    Behaviour.DECLINES: 2,
    Behaviour.ASKS_REMOVAL: 2,
    Behaviour.OUT_OF_OFFICE: 1,
    Behaviour.ASKS_PRICE: 2,
    Behaviour.SILENT: 0,
}

# Addresses that every mail host answers for itself; a letter to one of them is kept and gets no answer.
HOST_MAILBOXES = frozenset({"mailer-daemon", "postmaster", "abuse"})


@dataclass(frozen=True, kw_only=True)
class Correspondent:
    """One person at a site of their own. `texts` are their answers in order, one a turn; `hours_east` is of UTC."""

    name: str
    role: str
    address: str
    site_title: str
    topic: str
    behaviour: Behaviour
    program: Program
    texts: tuple[str, ...] = ()
    hours_east: float = 0

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    @property
    def site_url(self) -> str:
        return f"https://{self.domain}/"

    @property
    def behaviour_words(self) -> str:
        return BEHAVIOUR_WORDS[self.behaviour]


def paragraphs(*texts: str) -> str:
    return "\n\n".join(texts)


CAST = (
    Correspondent(
        name="Hannah Lindqvist",
        role="Editor",
        address="hannah@brightgarden.test",
        site_title="Bright Garden",
        topic="Small-space gardening, from window sills to courtyards",
        behaviour=Behaviour.INTERESTED,
        program=Program.GMAIL,
        hours_east=1,
        texts=(
            paragraphs(
                "Hi,",
                "Thank you for writing, this sounds good. We are putting together our early spring pages at the"
                " moment and a piece like yours would sit nicely beside the seed-starting guide.",
                "Could you tell me more about the angle, and roughly how long it would be? We usually run 900 to"
                " 1,200 words with two or three photos.",
                "Best,\nHannah",
            ),
            paragraphs(
                "Hi again,",
                "Perfect, that works for us. Please send the draft as a plain document and the photos separately."
                " If it reaches me by Thursday it can go into next week's issue.",
                "Hannah",
            ),
        ),
    ),
    Correspondent(
        name="Tom Okafor",
        role="Founder",
        address="tom@balconyharvest.test",
        site_title="Balcony Harvest",
        topic="Growing vegetables on city balconies",
        behaviour=Behaviour.INTERESTED,
        program=Program.IPHONE,
        texts=(
            paragraphs(
                "Yes, I'd love to! Send me the details when you have a minute and I'll find a slot for it.",
                "Tom",
            ),
            paragraphs(
                "Great, got it. I'm at the allotment until four and will read it properly tonight.",
                "Tom",
            ),
        ),
    ),
    Correspondent(
        name="Mateus Oliveira",
        role="Managing editor",
        address="mateus.oliveira@terraceandpot.test",
        site_title="Terrace & Pot",
        topic="Container planting, pots and terrace design",
        behaviour=Behaviour.INTERESTED,
        program=Program.OUTLOOK,
        hours_east=-3,
        texts=(
            paragraphs(
                "Hello,",
                "Let's do it. We link to outside resources whenever they are truly useful to people who plant in"
                " containers, and yours is.",
                "Please let me know which page you would like us to mention, and whether you want to be credited"
                " by name.",
                "Kind regards,\nMateus Oliveira\nManaging editor, Terrace & Pot",
            ),
            paragraphs(
                "Thank you, noted. Our web team will add it within a few days, and I will confirm once it is live.",
                "Kind regards,\nMateus",
            ),
        ),
    ),
    Correspondent(
        name="Marguerite Duval",
        role="Editor in chief",
        address="m.duval@compostdiary.test",
        site_title="The Compost Diary",
        topic="Compost, soil life and kitchen waste",
        behaviour=Behaviour.DECLINES,
        program=Program.OUTLOOK,
        hours_east=1,
        texts=(
            paragraphs(
                "Dear sender,",
                "No thanks. We write everything ourselves and do not add links to older articles on request.",
                "I wish you good luck with your project all the same.",
                "Regards,\nMarguerite Duval",
            ),
            paragraphs(
                "Dear sender,",
                "My answer has not changed: we are not interested. Please do not follow up again.",
                "Regards,\nMarguerite Duval",
            ),
        ),
    ),
    Correspondent(
        name="Jonas Weidner",
        role="Publisher",
        address="jonas@allotmentjournal.test",
        site_title="Allotment Journal",
        topic="Allotment life through the seasons",
        behaviour=Behaviour.DECLINES,
        program=Program.THUNDERBIRD_GERMAN,
        hours_east=1,
        texts=(
            paragraphs(
                "Hello,",
                "thanks for the kind words about the journal. Unfortunately it is not a fit for us: we are not"
                " interested in guest articles, and our resource pages are closed for this year.",
                "All the best\nJonas",
            ),
            paragraphs(
                "Hello,",
                "as I wrote before, we are not interested. I hope you find a good place for it elsewhere.",
                "Jonas",
            ),
        ),
    ),
    Correspondent(
        name="Priya Raman",
        role="Partnerships",
        address="priya@seedandseason.test",
        site_title="Seed & Season",
        topic="Heirloom seeds and seasonal sowing calendars",
        behaviour=Behaviour.ASKS_PRICE,
        program=Program.GMAIL,
        hours_east=5.5,
        texts=(
            paragraphs(
                "Hi there,",
                "Thanks for reaching out. We publish outside contributions as partner posts. What is your budget"
                " for this? Our rate for a post with one link is 180 EUR, marked as sponsored.",
                "Priya\nSeed & Season",
            ),
            paragraphs(
                "Hi,",
                "We can go down to 150 EUR if the text comes finished and edited, but the sponsored label stays."
                " Shall I send the invoice details?",
                "Priya",
            ),
        ),
    ),
    Correspondent(
        name="Ruth Abernathy",
        role="Editor",
        address="ruth@soilmatters.test",
        site_title="Soil Matters",
        topic="Soil science for people who grow food",
        behaviour=Behaviour.ASKS_PRICE,
        program=Program.THUNDERBIRD,
        texts=(
            paragraphs(
                "Good morning,",
                "I read your page and the part on drainage is well done. Before I take it to the others: how much"
                " do you pay for a placement, and is the fee per article or per year?",
                "Ruth Abernathy",
            ),
            paragraphs(
                "Thank you for the quick answer. I will bring it to our meeting on Wednesday and come back to you.",
                "Ruth",
            ),
        ),
    ),
    Correspondent(
        name="Colin Hargreaves",
        role="Owner",
        address="colin@greenhouseweekly.test",
        site_title="Greenhouse Weekly",
        topic="Greenhouses, glazing and growing under cover",
        behaviour=Behaviour.ASKS_REMOVAL,
        program=Program.APPLE_MAIL,
        texts=(
            paragraphs(
                "I get a dozen of these a day. Please remove me from your list and stop sending me emails.",
                "Colin Hargreaves",
            ),
            paragraphs(
                "I have asked you already to remove me. Do not write to this address again.",
                "Colin Hargreaves",
            ),
        ),
    ),
    Correspondent(
        name="Ilse Vermeer",
        role="Content lead",
        address="ilse.vermeer@nativebloom.test",
        site_title="Native Bloom",
        topic="Native plants, bees and butterflies",
        behaviour=Behaviour.OUT_OF_OFFICE,
        program=Program.OUTLOOK,
        hours_east=1,
        texts=(
            paragraphs(
                "Thank you for your message.",
                "I am out of the office and will be back on {back_on}. I do not read my mail while I am away. For"
                " anything urgent please write to office@nativebloom.test.",
                "Kind regards,\nIlse Vermeer\nNative Bloom",
            ),
        ),
    ),
    Correspondent(
        name="Daniel Kowalczyk",
        role="Former editor",
        address="daniel@kitchenplot.test",
        site_title="Kitchen Plot",
        topic="Herbs and vegetables just outside the kitchen door",
        behaviour=Behaviour.BOUNCES,
        program=Program.POSTFIX,
        hours_east=1,
    ),
    Correspondent(
        name="Aoife Brennan",
        role="Editor",
        address="aoife@rewildedbackyards.test",
        site_title="Rewilded Backyards",
        topic="Letting a garden go wild, on purpose",
        behaviour=Behaviour.SILENT,
        program=Program.APPLE_MAIL,
    ),
    Correspondent(
        name="Wes Calloway",
        role="Site owner",
        address="hello@prunednotes.test",
        site_title="Pruned Notes",
        topic="Pruning, grafting and old fruit trees",
        behaviour=Behaviour.SILENT,
        program=Program.GMAIL,
        hours_east=-5,
    ),
)

_BY_ADDRESS = {correspondent.address: correspondent for correspondent in CAST}


def correspondent_at(address: str) -> Correspondent | None:
    """Who reads the mail of `address`, in any case and with any `+detail`."""
    return _BY_ADDRESS.get(plain_address(address))


def is_kept(address: str) -> bool:
    """Whether a letter to an address that no correspondent has is kept, and does not bounce.

    So it is in the house, and for every host's own mailboxes: a letter to a mailer-daemon cannot start a loop.
    """
    local, _, domain = plain_address(address).rpartition("@")
    return domain == HOUSE_DOMAIN or local in HOST_MAILBOXES


def behaviour_for(recipient: str, incoming: Incoming, *, turn: int, has_account: bool) -> Behaviour | None:
    """How `recipient` reacts to a letter, or None where nothing comes back.

    `turn` is the number of the thread's earlier letters to this recipient; `has_account` says that the recipient is an
    account of the office, which reads its own mail. Nobody answers an automatic message (RFC 3834, 2).
    """
    if incoming.is_automatic or has_account:
        return None
    correspondent = correspondent_at(recipient)
    if correspondent is None:
        return None if is_kept(recipient) else Behaviour.BOUNCES
    behaviour = correspondent.behaviour
    if behaviour is Behaviour.BOUNCES:
        return behaviour
    if behaviour is Behaviour.OUT_OF_OFFICE and incoming.is_bulk:
        return None
    return behaviour if turn < ANSWERED_TURNS[behaviour] else None


def write_answer(
    incoming: Incoming, *, recipient: str, behaviour: Behaviour, turn: int, envelope_from: str, at: datetime
) -> bytes:
    """What `recipient` sends at the moment `at` for a letter that came under the sender address `envelope_from`.

    A bounce goes to the sender address of the envelope, an answer to the letter's Reply-To or From.
    """
    correspondent = correspondent_at(recipient)
    if behaviour is Behaviour.BOUNCES or correspondent is None:
        reason = "User unknown" if correspondent is None else "The mailbox is no longer available"
        return bounce_message(incoming, recipient=recipient, envelope_from=envelope_from, reason=reason, at=at)
    local_time = at.astimezone(timezone(timedelta(hours=correspondent.hours_east)))
    sender = formataddr((correspondent.name, correspondent.address))
    if behaviour is Behaviour.OUT_OF_OFFICE:
        text = correspondent.texts[0].format(back_on=_day(back_on(local_time)))
        return automatic_reply(incoming, sender=sender, text=text, at=local_time)
    return answer_message(
        incoming, sender=sender, text=correspondent.texts[turn], program=correspondent.program, at=local_time
    )


def back_on(at: datetime) -> datetime:
    """The first Monday at least nine days away."""
    earliest = at + timedelta(days=9)
    return earliest + timedelta(days=-earliest.weekday() % 7)


def _day(moment: datetime) -> str:
    return f"{moment:%A}, {moment.day} {moment:%B %Y}"
