"""The friendly letter to a site whose link is gone, or is not as agreed: a beginning for a person to go on with."""

from __future__ import annotations

from campaigns.models import Placement
from campaigns.placements.verdict import Problem

_REQUESTS = {
    Problem.NOFOLLOW: "the link now says nofollow",
    Problem.UGC: "the link now says ugc",
    Problem.SPONSORED: "the link now says sponsored",
    Problem.NOT_SPONSORED: "the link does not say sponsored yet, and as we paid for it search engines ask that it does",
    Problem.ANCHOR: "the words of the link have changed",
    Problem.TARGET: "the link leads to another page of ours than the one we spoke about",
    Problem.THROUGH: "the link goes through another address instead of straight to us",
    Problem.HIDDEN: "the link cannot be seen by readers",
    Problem.NOINDEX: "the page asks search engines to leave it out",
    Problem.CANONICAL: "the page names another one as the one to be found",
}


def letter_about(placement: Placement) -> str:
    """Thanks, what was seen, and one question; no blame. "" where nothing is wrong."""
    name = placement.lead.contact.name.split()[0] if placement.lead.contact and placement.lead.contact.name else ""
    greeting = f"Hi {name}," if name else "Hello,"
    if placement.state == Placement.State.LOST:
        return (
            f"{greeting}\n\nthank you again for the link from {placement.page_url}. I looked today and could not find "
            f"it any more; perhaps it went with a change to the page.\n\nCould you put it back? It led to "
            f"{placement.target_url}.\n\nIf you took it out on purpose, I would be glad to know why.\n"
        )
    said = [_REQUESTS[problem] for problem in map(Problem, placement.problems) if problem in _REQUESTS]
    if placement.state != Placement.State.CHANGED or not said:
        return ""
    seen = f"{', '.join(said[:-1])} and {said[-1]}" if len(said) > 1 else said[0]
    return (
        f"{greeting}\n\nthank you for the link from {placement.page_url}. I looked today and saw that {seen}.\n\n"
        f"Could you have a look? It should lead to {placement.target_url}.\n"
    )
