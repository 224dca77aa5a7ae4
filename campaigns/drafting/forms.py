"""What a person asks for when they want a draft."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import models

from campaigns.drafting.writing import Tone
from campaigns.models import Template
from campaigns.starters import STARTERS, starter
from outreach_site.accounts.models import Workspace


class Kind(models.TextChoices):
    LETTER = "letter", "A letter"
    FOLLOW_UP = "follow_up", "A follow-up to this letter"
    SUBJECTS = "subjects", "Subjects for this letter"


class DraftForm(forms.Form):
    """`letter_subject` and `letter_body` are what stands in the editor."""

    use_required_attribute = False

    what = forms.ChoiceField(label="Draft", choices=Kind.choices, initial=Kind.LETTER)
    topic = forms.CharField(label="About", max_length=300, required=False)
    tone = forms.ChoiceField(label="Tone", choices=Tone.choices, initial=Tone.FRIENDLY)
    start_from = forms.ChoiceField(label="Starting from", required=False)
    letter_subject = forms.CharField(max_length=200, required=False, widget=forms.HiddenInput)
    letter_body = forms.CharField(max_length=20_000, required=False, strip=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.templates = {str(one.pk): one for one in Template.objects.in_workspace(workspace)[:200]}
        choose = self.fields["start_from"]
        assert isinstance(choose, forms.ChoiceField)  # noqa: S101 - for the type checker
        choose.choices = [
            ("", "Nothing"),
            ("editor", "What stands in the editor"),
            *([("Yours", [(key, one.name) for key, one in self.templates.items()])] if self.templates else []),
            ("From the library", [(one.key, one.name) for one in STARTERS]),
        ]

        # Only a letter needs it; subjects and follow-ups have the letter itself.
        self.fields["topic"].required = self.data.get("what", Kind.LETTER) == Kind.LETTER
        self.fields["topic"].error_messages["required"] = "Say in a few words what the letter should be about."

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        kind = values.get("what")
        if kind == Kind.SUBJECTS and not (values.get("topic") or values.get("letter_body")):
            self.add_error("topic", "Say what the letter is about, or write it first.")
        return values

    @property
    def start(self) -> tuple[str, str] | None:
        """Subject and body of what the draft starts from."""
        wanted = self.cleaned_data["start_from"]
        if wanted == "editor":
            return self.cleaned_data["letter_subject"], self.cleaned_data["letter_body"]
        if template := self.templates.get(wanted):
            return template.subject, template.body
        chosen = starter(wanted)
        return (chosen.subject, chosen.body) if chosen else None
