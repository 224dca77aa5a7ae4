"""What the operations of this room share: texts as they come in, the door below a campaign, and advice on words."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from ninja import Field, Schema

from campaigns.content import advice
from campaigns.models import Campaign
from outreach_site.accounts.api_access import Caller
from outreach_site.accounts.models import Membership
from outreach_site.lib.addresses import in_one_line, is_written


def one_line(text: object) -> object:
    """One line without control characters; anything but text is left for the type to refuse."""
    return in_one_line(text) if isinstance(text, str) else text


def plain_text(text: object) -> object:
    """Lines are kept, other control characters are dropped."""
    if not isinstance(text, str):
        return text
    return "".join(character for character in text if is_written(character) or character == "\n").strip()


def letter_text(text: object) -> object:
    """The same for what somebody will read: line ends are one kind, and what was aligned with tabs stays apart."""
    if not isinstance(text, str):
        return text
    return plain_text(text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    "))


class CampaignCaller(Caller):
    """A door below one campaign: another workspace's campaign does not exist, whatever is wrong with what was sent."""

    def __call__(self, request: HttpRequest) -> Membership | None:
        membership = super().__call__(request)
        match = request.resolver_match
        number = str(match.kwargs.get("campaign_id", "")) if match else ""
        if membership is not None and number.isascii() and number.isdigit() and len(number) < 19:
            here = Campaign.objects.in_workspace(membership.workspace)
            if not here.filter(pk=int(number)).exists():
                raise Http404("Not found.")
        return membership


class Place(Schema):
    place: str = Field(description="subject or body")
    start: int = Field(description="The first character, counted from 0.")
    end: int = Field(description="The character after the last.")


class Advice(Schema):
    """Something that filters and people take for advertising, and where it stands."""

    sentence: str
    places: list[Place]


def advice_on(subject: str, body: str) -> list[Advice]:
    return [
        Advice(
            sentence=one.sentence,
            places=[Place(place=spot.place, start=spot.start, end=spot.end) for spot in one.spots],
        )
        for one in advice(subject, body)
    ]
