"""What the columns of a file are: what a person can say of them, and what can be guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from campaigns.leads import COLUMNS
from campaigns.models import ColumnMeaning
from campaigns.rendering import placeholder_name
from outreach_site.accounts.models import Workspace
from outreach_site.lib.tables import RowError, UnreadableFileError, read_table

OWN = "own"

# What a column can be, and how a person is told.
FIELDS: Mapping[str, str] = {
    "website_url": "Site",
    "contact_email": "Email address",
    "contact_name": "Contact’s name",
    "first_name": "Contact’s first name",
    "last_name": "Contact’s last name",
    "contact_role": "Contact’s role",
    "website_title": "Site’s name",
    "topic": "Topic",
    "found_url": "Page it was found on",
    "quality_score": "Quality, 0 to 1",
    "relevance_score": "Relevance, 0 to 1",
    "guest_post_likelihood": "Guest articles, 0 to 1",
    "tags": "Tags, commas between them",
    "assignee": "Assigned to, by email address or name",
}
SCORES = ("quality_score", "relevance_score", "guest_post_likelihood")
# What people and other programs call their columns, besides what a pasted list knows.
HEADINGS: Mapping[str, str] = {
    **COLUMNS,
    **dict.fromkeys(("domain_name", "root_domain", "page", "target_url", "referring_domain"), "website_url"),
    **dict.fromkeys(("email_address_1", "work_email", "e_mail_adresse", "emails", "email_1"), "contact_email"),
    **dict.fromkeys(("first_name", "firstname", "given_name", "vorname", "first"), "first_name"),
    **dict.fromkeys(("last_name", "lastname", "surname", "family_name", "nachname", "last"), "last_name"),
    **dict.fromkeys(("author", "ansprechpartner", "contact_person", "kontakt"), "contact_name"),
    **dict.fromkeys(("website_name", "company", "company_name", "organization", "organisation"), "website_title"),
    **dict.fromkeys(("niche", "thema", "keyword", "category"), "topic"),
    **dict.fromkeys(("found_on", "contact_page", "contact_url", "email_source"), "found_url"),
    **dict.fromkeys(("tag", "label", "labels", "schlagworte"), "tags"),
    **dict.fromkeys(("assigned_to", "owner", "lead_owner", "responsible"), "assignee"),
    **{name: name for name in FIELDS},
}  # fmt: skip
_LOOKS_LIKE_ADDRESS = re.compile(r"(?:mailto:)?[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+", re.IGNORECASE)
_LOOKS_LIKE_SITE = re.compile(r"(?:https?://)?(?:[\w-]+\.)+[a-z]{2,24}(?:[/?#]\S*)?", re.IGNORECASE)


def is_data(cell: str) -> bool:
    cell = cell.strip()
    return bool(_LOOKS_LIKE_ADDRESS.fullmatch(cell) or _LOOKS_LIKE_SITE.fullmatch(cell))


def guess(workspace: Workspace, headings: Sequence[str], samples: Sequence[Sequence[str]]) -> list[str]:
    """What each column seems to be: as this workspace last said of such a heading, else by its name, else by its looks.

    No field is guessed for two columns. What nothing is known of is left out.
    """
    names = [placeholder_name(heading)[:120] for heading in headings]
    known = dict(
        ColumnMeaning.objects.filter(workspace=workspace, heading__in=[name for name in names if name]).values_list(
            "heading", "meaning"
        )
    )
    taken: set[str] = set()
    meanings = []
    for name in names:
        guess = known.get(name, HEADINGS.get(name, ""))
        if guess in taken or (guess not in FIELDS and guess != OWN):
            guess = ""
        if guess != OWN:
            taken.add(guess)
        meanings.append(guess)
    if "contact_name" in taken and "first_name" in taken:
        meanings = ["" if meaning in {"first_name", "last_name"} else meaning for meaning in meanings]
    for field, looks in (("contact_email", _LOOKS_LIKE_ADDRESS), ("website_url", _LOOKS_LIKE_SITE)):
        if field in taken:
            continue
        for place, meaning in enumerate(meanings):
            filled = [cell.strip() for row in samples if (cell := row[place] if place < len(row) else "").strip()]
            if (
                not meaning
                and names[place] not in known
                and filled
                and sum(bool(looks.fullmatch(cell)) for cell in filled) * 2 > len(filled)
            ):
                meanings[place] = field
                break
    return meanings


def letter(place: int) -> str:
    """What a spreadsheet calls its columns: A, B … Z, AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def sites_in(content: bytes) -> list[str]:
    """What stands in a file's column of sites: the one whose heading says so, else the one that looks like it.

    Raises UnreadableFileError.
    """
    table = read_table(content)
    rows: list[list[str]] = []
    at = table.first
    while at < len(table.lines):
        try:
            cells, at = table.row(at)
        except RowError:
            at += 1
            continue
        rows.append([cell.strip() for cell in cells])
    if not rows:
        raise UnreadableFileError("There is nothing in this file that can be read.")
    named = [place for place, cell in enumerate(rows[0]) if HEADINGS.get(placeholder_name(cell)) == "website_url"]
    width = max(map(len, rows[:50]))
    place = named[0] if named else max(range(width), key=lambda place: _sites_at(rows[:50], place))
    sites = [row[place] for row in rows[bool(named) :] if place < len(row) and row[place]]
    if not named:
        sites = [site for site in sites if _LOOKS_LIKE_SITE.fullmatch(site)]
    if not sites:
        raise UnreadableFileError("There is no column of sites in this file. Call it “site”, in the first line.")
    return sites


def _sites_at(rows: Sequence[Sequence[str]], place: int) -> int:
    return sum(place < len(row) and bool(_LOOKS_LIKE_SITE.fullmatch(row[place])) for row in rows)
