"""What an owner chooses of a mailbox's reading: folders besides the usual ones, and how far back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from outreach_site.mailboxes.imap import can_be_opened

MOST_FOLDERS = 20
EARLIEST = date(1990, 1, 1)


class FoldersForm(forms.Form):
    """`offered`: the names as the server spells them; without it, whatever could be the name of a folder."""

    folders = forms.MultipleChoiceField(label="Also read", required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, offered: Sequence[str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = list(offered) if offered is not None else [name for name in self._posted() if can_be_opened(name)]
        self.fields["folders"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]  # of its field

    def _posted(self) -> list[str]:
        getlist = getattr(self.data, "getlist", None)
        return list(getlist("folders")) if getlist else []

    def clean_folders(self) -> list[str]:
        names: list[str] = list(dict.fromkeys(self.cleaned_data["folders"]))
        if len(names) > MOST_FOLDERS:
            raise forms.ValidationError(f"At most {MOST_FOLDERS} folders.")
        return names


class HistoryForm(forms.Form):
    since = forms.DateField(
        label="Read what arrived since",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Older mail is read behind new mail, oldest first; what we have is not taken in twice.",
    )

    def clean_since(self) -> date:
        since: date = self.cleaned_data["since"]
        if not EARLIEST <= since <= timezone.localdate():
            raise forms.ValidationError("Choose a day that has been.")
        return since
