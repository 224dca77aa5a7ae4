"""Where to tell and what; a new secret."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from django import forms

from outreach_site.desk.outgoing.models import Endpoint, Offered
from outreach_site.lib.hosts import forbidden
from outreach_site.lib.web import WebError, plain_url


class EndpointForm(forms.Form):
    url = forms.CharField(
        label="Address",
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off"}),
        help_text="On the public web. With http anybody on the way can read what is sent: take https.",
    )
    note = forms.CharField(
        label="What it is for", max_length=80, required=False, help_text="So that you know it again."
    )
    events = forms.MultipleChoiceField(
        label="Tell it when",
        choices=Offered.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
    )

    def __init__(self, *args: Any, endpoint: Endpoint | None = None, **kwargs: Any) -> None:
        kwargs["initial"] = {"events": list(Offered.values)}
        if endpoint is not None:
            kwargs["initial"] = {"url": endpoint.url, "note": endpoint.note, "events": endpoint.events}
        super().__init__(*args, **kwargs)

    def clean_url(self) -> str:
        """What can be told without asking a name server; each delivery looks at every address that the name has."""
        try:
            url = plain_url(self.cleaned_data["url"])
        except WebError as err:
            raise forms.ValidationError(str(err)) from err
        if len(url) > 500:
            raise forms.ValidationError("This address is too long.")
        host = urlsplit(url).hostname or ""
        try:
            words = forbidden(ipaddress.ip_address(host))
        except ValueError:
            words = None if "." in host.strip(".") else "no host on the public web"
        if words:
            raise forms.ValidationError(f"{host} leads to {words}. Enter an address that everybody can reach.")
        return url


class RenewForm(forms.Form):
    at_once = forms.BooleanField(
        label="Stop signing with the old one at once",
        required=False,
        help_text="If somebody may have got hold of it. Messages are refused over there until the new one is in place.",
    )
