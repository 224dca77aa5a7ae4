"""What was agreed with a site, as a person types it."""

from __future__ import annotations

from typing import Any

from django import forms

from campaigns.leads import NotASiteError, read_site
from campaigns.models import Lead, Placement
from outreach_site.accounts.models import Workspace
from outreach_site.lib.web import WebError, plain_url

_ADDRESS = {"inputmode": "url", "autocapitalize": "off", "spellcheck": "false"}
_DAY = {"type": "date"}


class PlacementForm(forms.ModelForm[Placement]):
    """A link that was agreed. Without a `lead` it is found by the page's domain."""

    page_url = forms.CharField(
        label="Page that links",
        max_length=1000,
        help_text="The address of the article, once it is known.",
        widget=forms.TextInput(attrs=_ADDRESS | {"placeholder": "https://their-site.com/article"}),
    )
    target_url = forms.CharField(
        label="Links to",
        max_length=1000,
        help_text="The page of yours that was agreed.",
        widget=forms.TextInput(attrs=_ADDRESS),
    )

    class Meta:
        model = Placement
        fields = (
            "page_url", "target_url", "anchor", "rel", "price", "currency", "agreed_on", "expires_on", "notes",
        )  # fmt: skip
        widgets = {  # noqa: RUF012 - Django's own convention
            "agreed_on": forms.DateInput(attrs=_DAY, format="%Y-%m-%d"),
            "expires_on": forms.DateInput(attrs=_DAY, format="%Y-%m-%d"),
            "notes": forms.Textarea(attrs={"rows": 3}),
            "currency": forms.TextInput(attrs={"placeholder": "EUR", "size": 4, "autocapitalize": "characters"}),
            "price": forms.NumberInput(attrs={"step": "0.01", "min": "0", "inputmode": "decimal"}),
        }
        help_texts = {  # noqa: RUF012
            "price": "With a price it is a paid link. Search engines ask that these say “sponsored”, and that is what "
            "is looked for then.",
            "expires_on": "Empty: for good.",
            "notes": "For your team.",
        }

    def __init__(self, *args: Any, workspace: Workspace, lead: Lead | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.workspace = workspace
        if lead is not None:
            self.instance.lead = lead

    def clean_page_url(self) -> str:
        return _address(self.cleaned_data["page_url"])

    def clean_target_url(self) -> str:
        return _address(self.cleaned_data["target_url"])

    def clean_currency(self) -> str:
        currency = str(self.cleaned_data["currency"]).strip().upper()
        if currency and not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
            raise forms.ValidationError("A currency has three letters: EUR, USD, GBP.")
        return currency

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("price") and not cleaned.get("currency") and "currency" not in self.errors:
            self.add_error("currency", "Of which currency? EUR, USD, GBP…")
        began, ends = cleaned.get("agreed_on"), cleaned.get("expires_on")
        if began and ends and ends < began:
            self.add_error("expires_on", "This is before the day on which it was agreed.")
        if page := cleaned.get("page_url"):
            self._find_lead(page)
        return cleaned

    def _find_lead(self, page: str) -> None:
        """The site's lead; of several campaigns' the one that has come furthest. And once a link is enough."""
        if self.instance.lead_id is None:
            try:
                domain = read_site(page).domain
            except NotASiteError as err:
                self.add_error("page_url", str(err))
                return
            leads = Lead.objects.in_workspace(self.workspace).filter(domain=domain)
            found = leads.order_by("-status_changed_at").select_related("campaign", "contact")[:20]
            best = max(found, key=lambda lead: _FURTHEST.get(Lead.Status(lead.status), 0), default=None)
            if best is None:
                self.add_error("page_url", f"No campaign has {domain} among its leads. Add it to one first.")
                return
            self.instance.lead = best
        same = Placement.objects.filter(
            lead=self.instance.lead, page_url=page, target_url=self.cleaned_data.get("target_url", "")
        )
        if same.exclude(pk=self.instance.pk).exists():
            self.add_error("page_url", "This link is written down already.")


_FURTHEST = {Lead.Status.PLACED: 3, Lead.Status.REPLIED: 2, Lead.Status.CONTACTED: 1}


def _address(text: str) -> str:
    """A whole web address, also of what was typed without its scheme."""
    text = text.strip()
    try:
        plain_url(text if "://" in text else f"https://{text}")
    except WebError as err:
        raise forms.ValidationError(str(err)) from err
    return text if "://" in text else f"https://{text}"
