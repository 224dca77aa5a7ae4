"""Forms of a campaign's sequence: a step, its second version, and when letters leave."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from campaigns.forms import check_placeholders
from campaigns.models import Campaign, Step
from campaigns.sequences import LONGEST_WAIT
from campaigns.stepping import ADVISED_WAIT

DAYS = [("0", "Mon"), ("1", "Tue"), ("2", "Wed"), ("3", "Thu"), ("4", "Fri"), ("5", "Sat"), ("6", "Sun")]


class StepForm(forms.ModelForm[Step]):
    """A follow-up, or a task. Its kind is the instance's, and stays."""

    wait_days = forms.IntegerField(
        label="Working days after the step before",
        min_value=1,
        max_value=LONGEST_WAIT,
        initial=ADVISED_WAIT,
        help_text="Three to five are usual. Weekends and public holidays of the recipient's country do not count.",
    )

    class Meta:
        model = Step
        fields = ("wait_days", "new_thread", "letter_subject", "letter_body")
        labels = {"new_thread": "Begin a new conversation, with a subject of its own"}  # noqa: RUF012
        widgets = {  # noqa: RUF012
            "letter_subject": forms.TextInput(attrs={"autocomplete": "off"}),
            "letter_body": forms.Textarea(attrs={"rows": 14, "class": "editor"}),
        }

    def __init__(self, *args: Any, custom_names: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.custom_names = list(custom_names)
        subject, body = self.fields["letter_subject"], self.fields["letter_body"]
        if self.instance.pk is None:
            self.initial["wait_days"] = ADVISED_WAIT
        if self.instance.is_letter:
            subject.help_text = "Only for a new conversation. In the same one it is “Re:” and the first subject."
            body.required = True
        else:
            del self.fields["new_thread"]
            subject.label, subject.required = "What is to be done", True
            subject.widget.attrs["placeholder"] = "Comment on their latest article"
            body.label, body.widget.attrs["rows"] = "More about it", 5

    def clean_letter_subject(self) -> str:
        text: str = self.cleaned_data["letter_subject"]
        return check_placeholders(text, self.custom_names) if self.instance.is_letter else text

    def clean_letter_body(self) -> str:
        text: str = self.cleaned_data["letter_body"]
        return check_placeholders(text, self.custom_names) if self.instance.is_letter else text

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("new_thread") and not cleaned.get("letter_subject") and "letter_subject" not in self.errors:
            self.add_error("letter_subject", "A new conversation needs a subject of its own.")
        return cleaned


class SecondVersionForm(forms.ModelForm[Step]):
    """The other subject or the other letter: one of them, so that it is known what made the difference."""

    class Meta:
        model = Step
        fields = ("other_subject", "other_body")
        widgets = {  # noqa: RUF012
            "other_subject": forms.TextInput(attrs={"autocomplete": "off"}),
            "other_body": forms.Textarea(attrs={"rows": 12, "class": "editor"}),
        }
        help_texts = {  # noqa: RUF012
            "other_subject": "To try another subject over the same letter.",
            "other_body": "To try another letter under the same subject.",
        }

    def __init__(self, *args: Any, custom_names: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.custom_names = list(custom_names)
        if self.instance.keeps_subject:
            del self.fields["other_subject"]

    def clean_other_subject(self) -> str:
        return check_placeholders(self.cleaned_data["other_subject"], self.custom_names)

    def clean_other_body(self) -> str:
        return check_placeholders(self.cleaned_data["other_body"], self.custom_names)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("other_subject") and cleaned.get("other_body"):
            raise forms.ValidationError(
                "Try one thing at a time: with another subject and another letter nobody knows which made the "
                "difference. Empty one of the two."
            )
        return cleaned


class WindowForm(forms.ModelForm[Campaign]):
    """When first letters and follow-ups leave."""

    send_days = forms.MultipleChoiceField(
        label="Days", choices=DAYS, required=False, widget=forms.CheckboxSelectMultiple, help_text="None: any time."
    )
    send_from = forms.TimeField(label="From", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    send_until = forms.TimeField(label="Until", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))

    class Meta:
        model = Campaign
        fields = ("send_days", "send_from", "send_until", "in_their_zone", "send_on_holidays")
        labels = {  # noqa: RUF012
            "in_their_zone": "By the recipient's clock",
            "send_on_holidays": "Also on public holidays of the recipient's country",
        }
        help_texts = {  # noqa: RUF012
            "in_their_zone": "Guessed from the country in their address. Where that tells nothing, yours counts."
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["send_days"] = list(self.instance.send_days)

    def clean_send_days(self) -> str:
        return "".join(sorted(self.cleaned_data["send_days"]))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        opens, closes = cleaned.get("send_from"), cleaned.get("send_until")
        if cleaned.get("send_days") and opens and closes and opens >= closes:
            self.add_error("send_until", "This is not later than the hour in which it begins.")
        return cleaned
