"""Forms of people, teams and workspaces."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, cast

from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm
from allauth.account.forms import SignupForm as AllauthSignUpForm
from allauth.core import context
from django import forms
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from outreach_site.accounts import invitations, team
from outreach_site.accounts.adapter import forget_invitation, remembered_invitation
from outreach_site.accounts.keys import SCOPES_OF
from outreach_site.accounts.models import (
    COOL_OFF_DAYS,
    FIRST_LETTERS,
    ApiKey,
    Installation,
    Invitation,
    Membership,
    Role,
    Scope,
    SenderIdentity,
    User,
    Workspace,
    validate_time_zone,
)
from outreach_site.accounts.regions import Region, Treatment, treatment_of
from outreach_site.accounts.tasks import send_password_reset_soon


class TimeZoneInput(forms.TextInput):
    """A field that is typed into, with every zone as a suggestion: four hundred names are no list to scroll."""

    template_name = "accounts/time_zone_input.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        built = super().get_context(name, value, attrs)
        built["zones"] = time_zones()
        built["widget"]["attrs"]["list"] = f"{built['widget']['attrs'].get('id', name)}_zones"
        return built


@lru_cache(maxsize=1)
def time_zones() -> tuple[str, ...]:
    """Zones that are named for a place, and UTC; not the aliases and fixed offsets of the database."""
    named = (zone for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith(("Etc/", "System")))
    return ("UTC", *sorted(named))


class TimeZoneField(forms.CharField):
    """A time zone's name, forgiving case and spaces: “europe/berlin”, “America/New York”."""

    widget = TimeZoneInput

    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=64,
            validators=[validate_time_zone],
            **({"label": "Time zone", "help_text": "Type a city, such as Berlin or New York."} | options),
        )

    def to_python(self, value: Any) -> str:
        typed = str(super().to_python(value) or "")
        wanted = "_".join(typed.split()).casefold()
        for zone in time_zones():
            if wanted in {zone.casefold(), zone.rpartition("/")[2].casefold()}:
                return zone
        return typed


class ResetPasswordForm(AllauthResetPasswordForm):
    """Asking for a new password does the same work for every address: whether somebody has an account is looked up by
    a worker, and neither an answer nor the time it takes tells.
    """

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def save(self, request: HttpRequest, **kwargs: Any) -> str:  # noqa: ARG002 - allauth's signature
        email = str(self.cleaned_data["email"])
        send_password_reset_soon(email)
        return email


class SignUpForm(AllauthSignUpForm):
    """Creating an account: with an invitation, for its address alone; or as the first person here, with a workspace."""

    name = forms.CharField(
        label="Your name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True})
    )
    workspace_name = forms.CharField(
        label="Name of your workspace", max_length=80, help_text="Your team or your client. You can change it later."
    )
    time_zone = TimeZoneField(initial="UTC", help_text="Its day is what daily limits are counted by.")
    field_order = ("name", "email", "password1", "password2", "workspace_name", "time_zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation: Invitation | None = None
        if presented := remembered_invitation(context.request):
            self.invitation = presented.invitation
            email = self.fields["email"]
            email.initial, email.disabled = self.invitation.email.lower(), True
            email.help_text = "Your invitation was sent to this address."
            del self.fields["workspace_name"], self.fields["time_zone"]
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        try:
            return cast("tuple[User | None, HttpResponse | None]", super().try_save(request))
        except team.TeamError:
            # The door closed between the page and its button: the sign-up page says so.
            forget_invitation(request)
            return None, HttpResponseRedirect(reverse("account_signup"))

    def save(self, request: HttpRequest) -> User:
        """The account and its seat, or neither. Raises TeamError when sign-up has closed meanwhile."""
        now = timezone.now()
        with transaction.atomic():
            # Two first owners at the same moment: the second waits here, and then is not the first.
            list(Installation.objects.select_for_update().order_by("pk")[:1])
            if self.invitation is None and User.objects.exists():
                raise team.TeamError("Sign-up is by invitation only.")
            user = cast("User", super().save(request))
            user.name = self.cleaned_data["name"]
            user.save(update_fields=["name"])
            if self.invitation is not None:
                invitations.accept(self.invitation, user, now=now)
            else:
                team.open_workspace(
                    name=self.cleaned_data["workspace_name"],
                    time_zone=self.cleaned_data["time_zone"],
                    owner=user,
                    now=now,
                )
        forget_invitation(request)
        return user


class ProfileForm(forms.ModelForm[User]):
    name = forms.CharField(
        label="Your name",
        max_length=120,
        help_text="What your team sees. What recipients see is the sender identity of a campaign.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    class Meta:
        model = User
        fields = ("name",)


class NewWorkspaceForm(forms.Form):
    name = forms.CharField(
        label="Name", max_length=80, help_text="A team, a client or a site: nothing in it is seen from another one."
    )
    time_zone = TimeZoneField(initial="UTC")


class TreatmentSelect(forms.RadioSelect):
    template_name = "accounts/treatment_select.html"


class WorkspaceForm(forms.ModelForm[Workspace]):
    """The workspace's own settings; its limits are bounded by the server's."""

    time_zone = TimeZoneField()

    class Meta:
        model = Workspace
        fields = ("name", "time_zone", "daily_user_cap", "daily_domain_cap", "cool_off_days", "first_letters")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._bound("daily_user_cap", settings.DAILY_USER_CAP, "How many letters one person may send in a day.")
        self._bound(
            "daily_domain_cap",
            settings.DAILY_DOMAIN_CAP,
            "How many letters may go to one domain, such as gmail.com, in a day.",
        )
        self._with_default(
            "cool_off_days",
            "Days between letters to one site",
            "Whoever writes to a site that one of you has written to since then is told so, and decides. Somebody who "
            "waits for a letter, or has just written back, is not written to at all.",
        )
        self._with_default(
            "first_letters",
            "First letters that somebody reads",
            "So many letters wait until one of you has read and approved them; then the rest leave by themselves.",
        )
        self.fields["look_at_regions"] = forms.MultipleChoiceField(
            label="Always read letters to",
            required=False,
            choices=Region.choices,
            initial=self.instance.look_at_regions,
            widget=forms.CheckboxSelectMultiple,
            help_text="Letters to these regions leave one by one, when somebody has read them.",
        )
        for region in Region:
            self.fields[_field_of(region)] = forms.ChoiceField(
                label=region.label,
                choices=Treatment.choices,
                initial=treatment_of(region, self.instance.regions),
                widget=TreatmentSelect,
            )

    def _bound(self, name: str, most: int, help_text: str) -> None:
        field = cast("forms.IntegerField", self.fields[name])
        field.help_text = f"{help_text} At most {most}, which is also what counts when it is empty."
        field.widget.attrs |= {"min": 1, "max": most, "placeholder": most, "inputmode": "numeric"}

    def _with_default(self, name: str, label: str, help_text: str) -> None:
        field = cast("forms.IntegerField", self.fields[name])
        field.label, field.required = label, False
        field.help_text = f"{help_text} 0 switches it off; empty means {_USUAL[name]}."
        field.widget.attrs |= {"placeholder": _USUAL[name], "inputmode": "numeric"}

    def regions(self) -> list[forms.BoundField]:
        return [self[_field_of(region)] for region in Region]

    def clean_daily_user_cap(self) -> int | None:
        return self._within("daily_user_cap", settings.DAILY_USER_CAP)

    def clean_daily_domain_cap(self) -> int | None:
        return self._within("daily_domain_cap", settings.DAILY_DOMAIN_CAP)

    def clean_cool_off_days(self) -> int:
        return self._or_default("cool_off_days")

    def clean_first_letters(self) -> int:
        return self._or_default("first_letters")

    def _or_default(self, name: str) -> int:
        wanted: int | None = self.cleaned_data[name]
        return _USUAL[name] if wanted is None else wanted

    def _within(self, name: str, most: int) -> int | None:
        wanted: int | None = self.cleaned_data[name]
        if wanted is not None and wanted > most:
            raise forms.ValidationError(f"This server allows {most} at most.")
        return wanted

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self.instance.regions = {
            region.value: cleaned[_field_of(region)] for region in Region if cleaned.get(_field_of(region))
        }
        self.instance.look_at_regions = [one for one in Region.values if one in cleaned.get("look_at_regions", [])]
        return cleaned


# What a new workspace starts with, and an empty field stands for.
_USUAL = {"cool_off_days": COOL_OFF_DAYS, "first_letters": FIRST_LETTERS}


def _field_of(region: Region) -> str:
    return f"region_{region.name.lower()}"


class SenderIdentityForm(forms.ModelForm[SenderIdentity]):
    privacy_notice_url = forms.URLField(
        label="Privacy notice",
        required=False,
        assume_scheme="https",
        help_text="A page that says what you do with people's data. Readers find its address in your letters.",
    )
    site = forms.URLField(
        label="Your site",
        required=False,
        assume_scheme="https",
        help_text="The site that links are for. Letters name it with {your_site}.",
    )

    class Meta:
        model = SenderIdentity
        fields = (
            "name",
            "organisation",
            "on_behalf_of",
            "postal_address",
            "privacy_notice_url",
            "site",
            "signature",
        )
        labels = {"name": "Name", "organisation": "Organisation"}  # noqa: RUF012 - Django's own way of saying it
        help_texts = {  # noqa: RUF012 - as above
            "name": "The person who signs. Letters name them with {your_name}.",
            "organisation": "Who is responsible for the letters.",
            "on_behalf_of": "The client, if you write for one.",
            "postal_address": "Street, postcode, town and country. Every first letter shows it; many laws ask for it.",
            "signature": "How letters end. Empty: name and organisation.",
        }
        widgets = {  # noqa: RUF012 - as above
            "signature": forms.Textarea(attrs={"rows": 3}),
            "postal_address": forms.Textarea(attrs={"rows": 2}),
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "organisation": forms.TextInput(attrs={"autocomplete": "organization"}),
        }

    def clean_name(self) -> str:
        return _one_line(self.cleaned_data["name"])

    def clean_organisation(self) -> str:
        return _one_line(self.cleaned_data["organisation"])

    def clean_on_behalf_of(self) -> str:
        return _one_line(self.cleaned_data["on_behalf_of"])

    def clean_postal_address(self) -> str:
        """One line, as letters show it: what was typed on several lines is set apart by commas."""
        lines = [_one_line(line).rstrip(",") for line in self.cleaned_data["postal_address"].splitlines()]
        return ", ".join(line for line in lines if line)

    def clean_signature(self) -> str:
        return "\n".join(line.rstrip() for line in self.cleaned_data["signature"].splitlines()).strip()


def _one_line(text: str) -> str:
    return " ".join(text.split())


class RoleSelect(forms.RadioSelect):
    """Each role with a sentence that says what it may do."""

    template_name = "accounts/role_select.html"

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(*args, **kwargs)
        option["words"] = Role(option["value"]).words
        return option


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices, widget=RoleSelect)

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])


class InvitationForm(RoleForm):
    email = forms.EmailField(label="Email address", max_length=254, widget=forms.EmailInput(attrs={"autofocus": True}))
    field_order = ("email", "role")

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class ApiKeyForm(forms.Form):
    name = forms.CharField(
        label="Name",
        max_length=80,
        help_text="What uses it, so that you know what stops when you revoke it.",
        widget=forms.TextInput(attrs={"autofocus": True, "placeholder": "Reporting script"}),
    )
    scopes = forms.MultipleChoiceField(
        label="What it may do", choices=Scope.choices, widget=forms.CheckboxSelectMultiple, initial=[Scope.READ]
    )

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.membership = membership
        cast("forms.MultipleChoiceField", self.fields["scopes"]).choices = _choices(SCOPES_OF[Role(membership.role)])

    def clean_name(self) -> str:
        """One live key of a name: two could not be told apart, and a form that is sent twice makes one key."""
        name = _one_line(self.cleaned_data["name"])
        if ApiKey.objects.filter(membership=self.membership, name__iexact=name, revoked_at=None).exists():
            raise forms.ValidationError("You have a key with this name. Revoke that one, or choose another name.")
        return name

    def clean_scopes(self) -> list[Scope]:
        return [Scope(scope) for scope in self.cleaned_data["scopes"]]


def _choices(scopes: Iterable[Scope]) -> list[tuple[str, str]]:
    return [(scope.value, scope.label) for scope in scopes]
