"""A person's choice about the letter of the day."""

from __future__ import annotations

from typing import Any

from django import forms

from outreach_site.accounts.models import Workspace
from outreach_site.desk.notices.models import DIGEST_AT, Digest, Kind


class DigestForm(forms.Form):
    is_wanted = forms.BooleanField(label="Send me one letter a day", required=False)
    hour = forms.TypedChoiceField(
        label="At", coerce=int, choices=[(hour, f"{hour:02d}:00") for hour in range(24)], initial=DIGEST_AT
    )
    kinds = forms.MultipleChoiceField(
        label="About",
        error_messages={"required": "Choose what the letter is about, or switch it off."},
        choices=Kind.choices,
        initial=[kind.value for kind in Kind],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, digest: Digest | None, workspace: Workspace, **kwargs: Any) -> None:
        if digest is not None:
            kwargs["initial"] = {"is_wanted": digest.is_wanted, "hour": digest.hour, "kinds": digest.kinds}
        super().__init__(*args, **kwargs)
        # Whoever wants no letter need not say what about.
        self.fields["kinds"].required = not self.is_bound or "is_wanted" in self.data
        self.fields["hour"].help_text = f"By the clock of this workspace, {workspace.time_zone}."
