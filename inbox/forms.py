"""What people type in the inbox: an answer, a note, what comes next for a lead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from campaigns.models import Lead
from inbox.answering import LONGEST_BODY, LONGEST_SUBJECT


class AnswerForm(forms.Form):
    """The composer. Too much is not cut here: `is_valid` says so, and what was typed is kept as it is."""

    subject = forms.CharField(max_length=LONGEST_SUBJECT, required=False)
    body = forms.CharField(max_length=LONGEST_BODY, required=False, strip=False)
    stamp = forms.CharField(max_length=20, required=False)
    seen = forms.CharField(max_length=40, required=False)
    confirmed = forms.BooleanField(required=False)

    def clean_body(self) -> str:
        return str(self.cleaned_data["body"]).replace("\r\n", "\n")


class NoteForm(forms.Form):
    text = forms.CharField(max_length=4000)


class PlanForm(forms.ModelForm[Lead]):
    """How far a lead has come, and what comes next."""

    stage = forms.ChoiceField(required=False)

    class Meta:
        model = Lead
        fields = ("stage", "next_action", "next_action_on")

    def __init__(self, *args: Any, stages: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # One that it has may have been renamed since; what is not changed is not refused.
        names = dict.fromkeys(["", self.instance.stage, *stages])
        field = self.fields["stage"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [(name, name) for name in names]
        field.error_messages["invalid_choice"] = "There is no such stage any more. Choose another."

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("next_action_on") and not cleaned.get("next_action"):
            self.add_error("next_action", "Say what is to be done on that day.")
        return cleaned
