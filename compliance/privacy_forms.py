"""Forms of consent, requests and the privacy settings."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from compliance.addresses import InvalidAddressError, normalise
from compliance.privacy_models import Consent, ConsentFile, ConsentImport, PrivacyRequest, PrivacySettings
from compliance.regions import Region

_ADDRESS_ATTRS = {
    "type": "text",
    "inputmode": "email",
    "autocomplete": "off",
    "autocapitalize": "off",
    "spellcheck": "false",
    "placeholder": "editor@example.org",
}


class AddressField(forms.CharField):
    """One email address, normalised."""

    def __init__(self, **options: Any) -> None:
        attrs = _ADDRESS_ATTRS | options.pop("attrs", {})
        super().__init__(max_length=320, label="Address", widget=forms.TextInput(attrs=attrs), **options)

    def clean(self, value: Any) -> str:
        written = str(super().clean(value) or "").strip()
        try:
            return normalise(written) if written else ""
        except InvalidAddressError as err:
            raise forms.ValidationError(str(err)) from err


class DayField(forms.DateField):
    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **options)


def _size_words(size: int) -> str:
    return f"{size // (1024 * 1024)} MB"


class ConsentForm(forms.Form):
    """A consent to take on record, with its proof."""

    address = AddressField(attrs={"autofocus": True})
    obtained_on = DayField(label="Obtained on")
    evidence_text = forms.CharField(
        label="How they agreed",
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Their own words, or what they ticked and where.",
    )
    evidence_url = forms.URLField(
        label="Page that shows it", required=False, max_length=500, assume_scheme="https", widget=forms.URLInput()
    )
    evidence_file = forms.FileField(
        label="File that shows it",
        required=False,
        max_length=200,
        help_text=f"A mail, a scan, an export. At most {_size_words(ConsentFile.LARGEST)}.",
    )
    source = forms.CharField(
        label="From", required=False, max_length=200, help_text="Such as “newsletter form, orchard.example”."
    )
    region = forms.ChoiceField(
        label="They are in", required=False, choices=[("", "Where the address says"), *Region.choices]
    )

    def clean_evidence_file(self) -> UploadedFile | None:
        file: UploadedFile | None = self.cleaned_data["evidence_file"]
        if file is not None and (file.size or 0) > ConsentFile.LARGEST:
            raise forms.ValidationError(f"This file is too large: at most {_size_words(ConsentFile.LARGEST)}.")
        return file

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        given = [values.get("evidence_text", "").strip(), values.get("evidence_url"), values.get("evidence_file")]
        if not any(given) and not {"evidence_text", "evidence_url", "evidence_file"} & set(self.errors):
            self.add_error("evidence_text", "Say how they agreed: in words, with a page, or with a file.")
        return values


class RegionForm(forms.Form):
    """Where somebody is, by a person's word."""

    address = AddressField()
    region = forms.ChoiceField(
        label="They are in", required=False, choices=[("", "Where the address says"), *Region.choices]
    )
    why = forms.CharField(
        label="How you know", required=False, max_length=300, help_text="Kept with it, and shown to whoever asks."
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("region") and not values.get("why", "").strip():
            self.add_error("why", "Say how you know, so that somebody else can tell later.")
        return values


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label="How they took it back",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2, "autofocus": True}),
        help_text="Kept with the record and in the audit log.",
    )


class ConsentImportForm(forms.Form):
    """A list of consents."""

    file = forms.FileField(
        label="CSV file",
        max_length=200,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,text/csv"}),
        help_text=f"With a first line that names its columns. At most {_size_words(ConsentImport.LARGEST)}.",
    )
    evidence_text = forms.CharField(
        label="How they agreed",
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For rows that say nothing themselves. Without it such rows are left out.",
    )
    source = forms.CharField(
        label="From", required=False, max_length=200, help_text="For rows that name no source themselves."
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > ConsentImport.LARGEST:
            raise forms.ValidationError(f"This file is too large: at most {_size_words(ConsentImport.LARGEST)}.")
        return file


class ConsentFilter(forms.Form):
    """What the consent list is narrowed to. A value that makes no sense narrows nothing."""

    q = forms.CharField(required=False, max_length=320)
    status = forms.ChoiceField(required=False, choices=[("", "Given or withdrawn"), *Consent.Status.choices])


class RequestForm(forms.Form):
    """What somebody asks of us about their own data."""

    kind = forms.ChoiceField(
        label="They ask for",
        choices=[
            (PrivacyRequest.Kind.ACCESS, "What we hold about them"),
            (PrivacyRequest.Kind.ERASURE, "To be erased"),
        ],
        widget=forms.RadioSelect(),
        initial=PrivacyRequest.Kind.ACCESS,
    )
    address = AddressField()
    received_on = DayField(label="Received on")
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="How it came, and how you know that it is them.",
    )


class AnswerForm(forms.Form):
    note = forms.CharField(
        label="How it was answered",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "autofocus": True}),
        help_text="Such as “pack sent by mail on 3 March”.",
    )


class CloseForm(forms.Form):
    reason = forms.CharField(
        label="Why it is not done",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "autofocus": True}),
        help_text="Such as “taken back by telephone”, or “we could not tell that it was them”.",
    )


class PrivacySettingsForm(forms.ModelForm[PrivacySettings]):
    class Meta:
        model = PrivacySettings
        fields = (
            "is_on",
            "unwritten_days",
            "unlinked_days",
            "raw_months",
            "reply_months",
            "audit_months",
            "may_use_exa",
            "may_use_openai",
            "openai_tokens",
        )
        labels = {  # noqa: RUF012
            "is_on": "Let go every day, by itself",
            "unwritten_days": "Contacts in the EU and UK to whom nobody wrote, in days",
            "unlinked_days": "Mail that belongs to no letter, in days",
            "raw_months": "Messages as they came, in months",
            "reply_months": "Replies, in months",
            "audit_months": "Names in the audit log, in months",
            "may_use_exa": "Exa, to find sites",
            "may_use_openai": "OpenAI, to help with letters",
            "openai_tokens": "At most so many tokens a month",
        }
        help_texts = {  # noqa: RUF012
            "unwritten_days": "From the day on which they were found. The site stays.",
            "unlinked_days": "Newsletters, and mail of strangers.",
            "raw_months": "The bytes with their attachments; the text stays with the reply.",
            "reply_months": "The number of people who answered stays.",
            "audit_months": "The decision stays, and whom it was about goes.",
            "may_use_exa": "It would be told what you search for, and no address of a person.",
            "may_use_openai": "It is told the text of pages, without email addresses, and your letters. What people "
            "answer is never told.",
            "openai_tokens": "A personal letter takes about 5,000: a token is some four letters of a text.",
        }

    @property
    def retention_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.Meta.fields[:6]]

    @property
    def leaving_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.Meta.fields[6:]]
