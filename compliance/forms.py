"""Forms of the compliance pages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from compliance import suppression
from compliance.addresses import InvalidAddressError, normalise
from compliance.audit import one_line
from compliance.models import NeverPitch, PolicyResult, Suppression
from compliance.suppression_imports import LARGEST_FILE
from compliance.words import GROUPS, RULES
from outreach_site.accounts.models import Workspace
from outreach_site.mailboxes.models import Mailbox

Reason = Suppression.Reason
# What a person may say by hand. An unsubscribe click and an erasure are recorded by what brings them about.
BY_HAND = (Reason.MANUAL, Reason.OPT_OUT, Reason.NOT_INTERESTED, Reason.COMPLAINT, Reason.HARD_BOUNCE)
MOST_AT_ONCE = 10_000
_IN_BRACKETS = re.compile(r"<([^<>]*)>")
_SCHEME = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_BETWEEN = re.compile(r"[,;\t]")


@dataclass(frozen=True)
class Problem:
    line: int
    text: str
    sentence: str


@dataclass(frozen=True)
class Pasted:
    """What was found in pasted text: addresses, domains, and the lines that are neither."""

    addresses: list[str] = field(default_factory=list)
    domains: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.addresses) + len(self.domains) + len(self.problems)

    @property
    def rest(self) -> str:
        """The lines to look at again."""
        return "\n".join(problem.text for problem in self.problems)


def read_pasted(text: str) -> Pasted:
    """Addresses and domains out of text: one a line, or between commas, semicolons or tabs; `Name <address>` too."""
    pasted = Pasted()
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        bracketed = _IN_BRACKETS.findall(line)
        for piece in bracketed or _BETWEEN.split(line):
            written = piece.strip().strip("\"'")
            if written:
                _sort(written, number, pasted)
            if pasted.count > MOST_AT_ONCE:
                return pasted  # Refused as a whole: nobody has to wait for the rest.
    return pasted


def _sort(written: str, line: int, pasted: Pasted) -> None:
    try:
        if "@" in written.removeprefix("@"):
            pasted.addresses.append(normalise(written))
        else:
            pasted.domains.append(suppression.normalise_domain(written))
    except InvalidAddressError as err:
        pasted.problems.append(Problem(line=line, text=one_line(written, 320), sentence=str(err)))


def read_sites(text: str) -> Pasted:
    """Domains out of text: one a line, or between commas, semicolons or tabs; web addresses and email addresses too."""
    pasted = Pasted()
    for number, line in enumerate(text.splitlines(), start=1):
        for piece in _BETWEEN.split(line):
            written = piece.strip().strip("\"'<>")
            host = _SCHEME.sub("", written).partition("/")[0].partition("?")[0].rpartition("@")[2]
            host = host.partition(":")[0].lower().removeprefix("www.")
            if not written:
                continue
            if not host or len(written.split()) > 1:
                host = written  # No site is nothing, or two words: what is wrong with it is said below.
            try:
                pasted.domains.append(suppression.normalise_domain(host))
            except InvalidAddressError as err:
                pasted.problems.append(Problem(line=number, text=one_line(written, 320), sentence=str(err)))
    return pasted


_WHY = [
    (Reason.MANUAL, "We decided not to write there"),
    (Reason.OPT_OUT, "They asked to be removed"),
    (Reason.NOT_INTERESTED, "They said no"),
    (Reason.COMPLAINT, "They complained"),
    (Reason.HARD_BOUNCE, "The address does not exist"),
]


class SuppressionFileForm(forms.Form):
    """A file of addresses that are all to be suppressed."""

    file = forms.FileField(
        label="File",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv,text/plain"}),
        help_text="A CSV or text file, one address or domain a line. It may have columns “email” and “reason”.",
    )
    reason = forms.ChoiceField(
        label="Why", choices=_WHY, initial=Reason.MANUAL, help_text="For lines that name no reason of their own."
    )
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=500,
        help_text="For whoever wonders later: “from our old tool”.",
    )

    def clean_file(self) -> UploadedFile:
        chosen: UploadedFile = self.cleaned_data["file"]
        if chosen.size is not None and chosen.size > LARGEST_FILE:
            raise forms.ValidationError(f"At most {LARGEST_FILE // 1024 // 1024} MB at a time: split the file.")
        return chosen


class SuppressForm(forms.Form):
    """One or many addresses and domains, pasted."""

    lines = forms.CharField(
        label="Addresses or domains",
        max_length=1_000_000,
        widget=forms.Textarea(
            attrs={
                "rows": 6,
                "autofocus": True,
                "spellcheck": "false",
                "autocapitalize": "off",
                "placeholder": "ed@example.org\nexample.com",
            }
        ),
        help_text="One a line. A domain such as example.com stands for everybody there, subdomains included.",
    )
    reason = forms.ChoiceField(
        label="Why",
        choices=_WHY,
        initial=Reason.MANUAL,
        help_text="What a person asked for can later be lifted by an owner only.",
    )
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=500,
        help_text="For whoever wonders later, such as “by telephone, 3 March”.",
    )

    def clean_lines(self) -> Pasted:
        pasted = read_pasted(self.cleaned_data["lines"])
        if pasted.count > MOST_AT_ONCE:
            raise forms.ValidationError(f"Up to {MOST_AT_ONCE:,} at a time, please: add the rest in a second go.")
        return pasted

    def with_the_rest(self, pasted: Pasted) -> SuppressForm:
        """The form again, with what could not be read in it, and nothing of what was."""
        return SuppressForm(initial={**self.cleaned_data, "lines": pasted.rest})


class NeverPitchForm(forms.Form):
    """One or many sites, pasted as domains, addresses of pages, or email addresses."""

    lines = forms.CharField(
        label="Sites",
        max_length=500_000,
        widget=forms.Textarea(
            attrs={
                "rows": 5,
                "autofocus": True,
                "spellcheck": "false",
                "autocapitalize": "off",
                "placeholder": "example.com\nhttps://blog.example.org/",
            }
        ),
        help_text="One a line. Each stands for its subdomains too.",
    )
    why = forms.ChoiceField(label="Whose they are", choices=NeverPitch.Why.choices, initial=NeverPitch.Why.OWN)
    note = forms.CharField(label="Note", required=False, max_length=300, help_text="Such as the client's name.")

    def clean_lines(self) -> Pasted:
        pasted = read_sites(self.cleaned_data["lines"])
        if len(pasted.domains) + len(pasted.problems) > MOST_AT_ONCE:
            raise forms.ValidationError(f"Up to {MOST_AT_ONCE:,} at a time, please: add the rest in a second go.")
        return pasted

    def with_the_rest(self, pasted: Pasted) -> NeverPitchForm:
        """The form again, with what could not be read in it, and nothing of what was."""
        return NeverPitchForm(initial={**self.cleaned_data, "lines": pasted.rest})


class LiftForm(forms.Form):
    """Why a suppression is lifted; for a person's own word, the address too."""

    reason = forms.CharField(
        label="Why may we write again?",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2, "autofocus": True}),
        help_text="Kept in the audit log.",
    )
    typed = forms.CharField(
        label="Type the address to confirm",
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, expected: str, **kwargs: Any) -> None:
        """`expected` is what has to be typed; nothing has to be where it is empty."""
        super().__init__(*args, **kwargs)
        self.expected = expected
        if expected:
            self.fields["typed"].label = f"Type {expected} to confirm"
        else:
            del self.fields["typed"]

    def clean_typed(self) -> str:
        written = str(self.cleaned_data["typed"]).strip().lower()
        if written != self.expected:
            raise forms.ValidationError("That is not the address of this entry.")
        return written


class CheckForm(forms.Form):
    """An address, and what would be sent to it."""

    address = forms.CharField(
        label="Address",
        max_length=320,
        widget=forms.TextInput(
            attrs={
                "type": "text",
                "inputmode": "email",
                "autofocus": True,
                "autocomplete": "off",
                "autocapitalize": "off",
                "spellcheck": "false",
                "placeholder": "editor@example.org",
            }
        ),
    )
    mailbox = forms.ModelChoiceField(
        label="From", queryset=Mailbox.objects.none(), required=False, empty_label="Any mailbox"
    )
    subject = forms.CharField(
        label="Subject", required=False, max_length=300, help_text="To see whether they had this letter already."
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mailboxes = Mailbox.objects.in_workspace(workspace).in_use()
        self.fields["mailbox"].queryset = mailboxes  # type: ignore[attr-defined]  # a ModelChoiceField

    def clean_address(self) -> str:
        written = str(self.cleaned_data["address"]).strip()
        try:
            normalise(written)
        except InvalidAddressError as err:
            raise forms.ValidationError(str(err)) from err
        return written


class SuppressionFilter(forms.Form):
    """What the suppression list is narrowed to. A value that makes no sense narrows nothing."""

    q = forms.CharField(required=False, max_length=320)
    reason = forms.ChoiceField(required=False, choices=[("", "Any reason"), *Reason.choices])


class AuditFilter(forms.Form):
    """What the audit log is narrowed to."""

    q = forms.CharField(required=False, max_length=320)
    result = forms.ChoiceField(required=False, choices=[("", "Any answer"), *PolicyResult.choices])
    event = forms.ChoiceField(
        required=False, choices=[("", "Everything"), *((name, label) for name, (label, _) in GROUPS.items())]
    )
    rule = forms.ChoiceField(
        required=False, choices=[("", "Any rule"), *((rule.value, name) for rule, name in RULES.items())]
    )
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)


def kept(form: forms.Form) -> dict[str, Any]:
    """The values of a filter that make sense, by name; what was typed wrongly is left out."""
    form.is_valid()
    return {name: form.cleaned_data.get(name) or "" for name in form.fields}


def as_day(value: object) -> date | None:
    return value if isinstance(value, date) else None
