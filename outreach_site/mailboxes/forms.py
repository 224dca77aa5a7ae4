"""The mailbox form: starts from a provider, tries what is typed without saving it, and never shows a password again."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib.humanize.templatetags.humanize import naturalday
from django.utils import timezone

from outreach_site.accounts.models import User, Workspace
from outreach_site.lib.crypto import KeyMissingError, SecretError
from outreach_site.mailboxes.models import Mailbox, Provider, Security
from outreach_site.mailboxes.presets import Preset
from outreach_site.mailboxes.rules import (
    TYPE_AGAIN,
    TYPE_IT,
    ProblemError,
    Typed,
    apply_address,
    apply_password,
    check_password,
    check_server,
    check_sign_in,
    keeps_password,
    save_mailbox,
    server_to_try,
)
from outreach_site.mailboxes.sign_ins import imap_server, smtp_server
from outreach_site.mailboxes.wire import ServerSettings

NO_AUTOCOMPLETE = {"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}
PASSWORD = {"autocomplete": "new-password", "autocapitalize": "off", "spellcheck": "false"}

APP_PASSWORD = re.compile(r"[a-z]{4}(?: [a-z]{4}){3}")

# These put a copy of what SMTP brings into the Sent folder by themselves; the rehearsal needs none.
KEEP_THEIR_OWN = {Provider.GMAIL, Provider.OUTLOOK, Provider.REHEARSAL}

WHOLE, SMTP, IMAP = "whole", "smtp", "imap"
# What a trial of one server needs of the form; the rest may be empty or wrong meanwhile.
NEEDED = {
    SMTP: {"email", "from_name", "smtp_host", "smtp_port", "smtp_security", "smtp_user", "smtp_password", "verify_tls"},
    IMAP: {
        "imap_host", "imap_port", "imap_security", "imap_same", "imap_user", "imap_password", "smtp_user",
        "smtp_password", "verify_tls",
    },
}  # fmt: skip


class MailboxForm(forms.ModelForm[Mailbox]):
    """`purpose` says what is asked of it: to be saved, or to try one server with the values as they stand.

    `key_missing` holds the sentence for a new password that this server could not keep; the view answers 503 then.
    """

    smtp_password = forms.CharField(
        label="Password", required=False, max_length=500, strip=False, widget=forms.PasswordInput(attrs=PASSWORD)
    )
    imap_same = forms.BooleanField(
        label="Sign in to read with the same user and password", required=False, initial=True
    )
    imap_password = forms.CharField(
        label="IMAP password", required=False, max_length=500, strip=False, widget=forms.PasswordInput(attrs=PASSWORD)
    )

    class Meta:
        model = Mailbox
        fields = (
            "email",
            "from_name",
            "smtp_host",
            "smtp_port",
            "smtp_security",
            "smtp_user",
            "verify_tls",
            "imap_host",
            "imap_port",
            "imap_security",
            "imap_user",
            "reading",
            "hourly_limit",
            "daily_limit",
            "min_gap_seconds",
            "ramps_up",
            "keep_sent_copies",
        )
        labels: ClassVar[dict[str, str]] = {
            "smtp_host": "Host",
            "smtp_port": "Port",
            "smtp_security": "Security",
            "smtp_user": "User",
            "imap_host": "IMAP host",
            "imap_port": "IMAP port",
            "imap_security": "IMAP security",
            "reading": "What is read",
        }
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "email": forms.EmailInput(attrs=NO_AUTOCOMPLETE),
            "smtp_host": forms.TextInput(attrs=NO_AUTOCOMPLETE),
            "smtp_user": forms.TextInput(attrs=NO_AUTOCOMPLETE),
            "imap_host": forms.TextInput(attrs=NO_AUTOCOMPLETE),
            "imap_user": forms.TextInput(attrs=NO_AUTOCOMPLETE),
            "reading": forms.RadioSelect(),
        }

    def __init__(
        self,
        *args: Any,
        preset: Preset,
        workspace: Workspace,
        purpose: str = WHOLE,
        now: datetime | None = None,
        **kwargs: Any,
    ) -> None:
        self.preset = preset
        self.workspace = workspace
        self.purpose = purpose
        self.key_missing = ""
        self.typed: dict[str, Typed] = {}
        super().__init__(*args, **kwargs)
        self.saved = Mailbox.objects.get(pk=self.instance.pk) if self.instance.pk else None
        if self.saved is None:
            self._start_from_preset()
        else:
            self.initial["imap_same"] = _same_sign_in(self.saved)
            self.fields["ramps_up"].help_text += " With another address, this mailbox starts anew."
        if not settings.DEBUG and (self.saved is None or self.saved.verify_tls):
            del self.fields["verify_tls"]
        if preset.host_choices:
            self._offer_hosts()
        if self.is_connected:
            self._without_servers()
            return
        for name, length in (("smtp_port", 5), ("imap_port", 5)):
            self.fields[name].widget = forms.TextInput(attrs={"inputmode": "numeric", "maxlength": length})
        self.fields["imap_port"].required = self.fields["imap_security"].required = False
        self._describe_passwords(now or timezone.now())
        if preset.host_from_address:
            self.fields["smtp_host"].required = False

    # --- How it starts ------------------------------------------------------------------------------------------------

    def _start_from_preset(self) -> None:
        preset = self.preset
        for name in ("smtp_host", "smtp_port", "smtp_security", "smtp_user", "imap_host", "imap_port", "imap_security"):
            self.initial.setdefault(name, getattr(preset, name))
        self.initial["hourly_limit"] = preset.hourly_limit
        self.initial["imap_same"] = preset.reads_by_password
        self.initial["keep_sent_copies"] = preset.provider not in KEEP_THEIR_OWN
        self.fields["imap_host"].widget.attrs["placeholder"] = preset.imap_example
        if preset.host_from_address:
            self.fields["smtp_host"].widget.attrs["placeholder"] = "mail.yourdomain.com"
            self.fields["smtp_host"].help_text = "Left empty, it is mail. and the domain of your address."
        if preset.user_is_address:
            self.fields["smtp_user"].help_text = "Usually the whole address. Left empty, it is your address."
            self.fields["smtp_user"].required = False

    @property
    def is_connected(self) -> bool:
        return self.saved is not None and self.saved.is_connected

    def _without_servers(self) -> None:
        """Servers and sign-in came with the connection, and its tokens go nowhere else: there is nothing to change."""
        for name in [name for name in self.fields if name.startswith(("smtp_", "imap_")) or name == "verify_tls"]:
            del self.fields[name]
        self.fields["email"].disabled = True
        self.fields["email"].help_text = "The address that was connected."

    def _offer_hosts(self) -> None:
        choices = list(self.preset.host_choices)
        current = self.saved.smtp_host if self.saved else ""
        if current and current not in dict(choices):
            choices.append((current, current))
        self.fields["smtp_host"].widget = forms.Select(choices=choices)
        self.fields["smtp_host"].label = "Region"

    def _describe_passwords(self, now: datetime) -> None:
        for which in ("smtp", "imap"):
            field = self.fields[f"{which}_password"]
            saved_at = getattr(self.saved, f"{which}_password_set_at", None)
            if self.saved is not None and getattr(self.saved, f"has_{which}_password"):
                field.help_text = f"{_saved_words(saved_at, now)} Left empty, it stays as it is."
                field.widget.attrs["placeholder"] = "••••••••"
            elif which == "smtp":
                field.required = self.purpose != IMAP
                field.error_messages["required"] = TYPE_IT
            if which == "smtp" and self.preset.provider == Provider.GMAIL:
                field.label = "App password"

    @property
    def lost_passwords(self) -> bool:
        """Whether passwords were typed, which a page without scripts cannot show again."""
        return self.is_bound and any(self.data.get(f"{which}_password") for which in ("smtp", "imap"))

    # --- What is wrong with it ----------------------------------------------------------------------------------------

    def full_clean(self) -> None:
        """A trial is not stopped by what it does not use."""
        super().full_clean()
        for name in self.fields.keys() - NEEDED.get(self.purpose, self.fields.keys()):
            self.errors.pop(name, None)

    def clean_smtp_password(self) -> str:
        password: str = self.cleaned_data.get("smtp_password", "")
        # Google shows an app password as four groups of four letters; the spaces are no part of it.
        if self.preset.provider == Provider.GMAIL and APP_PASSWORD.fullmatch(password.strip()):
            return password.replace(" ", "")
        return password

    def clean_smtp_user(self) -> str:
        user: str = self.cleaned_data.get("smtp_user", "").strip()
        if not user and self.preset.user_is_address:
            user = self.cleaned_data.get("email", "")
        if any(char.isspace() or not char.isprintable() for char in user):
            raise forms.ValidationError("A user name has no spaces.")
        return user

    def clean_imap_user(self) -> str:
        user: str = self.cleaned_data.get("imap_user", "").strip()
        if any(char.isspace() or not char.isprintable() for char in user):
            raise forms.ValidationError("A user name has no spaces.")
        return user

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.is_connected:
            return cleaned
        if self.preset.host_from_address and not cleaned.get("smtp_host") and cleaned.get("email"):
            cleaned["smtp_host"] = f"mail.{cleaned['email'].rpartition('@')[2]}"
        if self.purpose in {WHOLE, SMTP}:
            self._clean_server("smtp", cleaned)
        if self.purpose == IMAP or (self.purpose == WHOLE and cleaned.get("imap_host")):
            self._clean_reading(cleaned)
        elif self.purpose == WHOLE:
            cleaned["imap_host"] = cleaned["imap_user"] = ""
        if self.purpose == WHOLE and "smtp" in self.typed:
            try:
                check_sign_in(self.typed["smtp"].host, self.typed["smtp"].user, mailbox=self.saved)
            except ProblemError as err:
                self._say(err)
        return cleaned

    def _clean_reading(self, cleaned: dict[str, Any]) -> None:
        if not cleaned.get("imap_host"):
            if "imap_host" not in self.errors:
                self.add_error("imap_host", "Enter the host to read from.")
            return
        cleaned["imap_port"] = cleaned.get("imap_port") or 993
        if not cleaned.get("imap_security"):
            cleaned["imap_security"] = Security.STARTTLS if cleaned["imap_port"] == 143 else Security.TLS
        if cleaned.get("imap_same"):
            cleaned["imap_user"] = cleaned.get("smtp_user") or ""
            cleaned["imap_password"] = cleaned.get("smtp_password") or ""
        self._clean_server("imap", cleaned)

    def _clean_server(self, which: str, cleaned: dict[str, Any]) -> None:
        names = [f"{which}_{name}" for name in ("host", "port", "security", "user")]
        if any(name in self.errors for name in names):
            return
        user_field = "smtp_user" if which == "imap" and cleaned.get("imap_same") else f"{which}_user"
        if not cleaned.get(f"{which}_user"):
            if user_field not in self.errors:
                self.add_error(user_field, "Enter the user to sign in as.")
            return
        if not cleaned.get(f"{which}_host"):
            return
        typed = Typed(
            which=which,
            host=cleaned[f"{which}_host"],
            port=cleaned[f"{which}_port"],
            security=Security(cleaned[f"{which}_security"]),
            user=cleaned[f"{which}_user"],
            password=cleaned.get(f"{which}_password") or "",
            verify_tls=cleaned.get("verify_tls", True if self.saved is None else self.saved.verify_tls),
        )
        try:
            host = check_server(typed, rehearsal=self.workspace.is_rehearsal)
            cleaned[f"{which}_host"] = host
            self.typed[which] = typed = Typed(
                which, host, typed.port, typed.security, typed.user, typed.password, typed.verify_tls
            )
            check_password(self.saved, typed)
        except ProblemError as err:
            self._say(err)
        except KeyMissingError as err:
            if not self.key_missing:
                self.add_error(None, str(err))
            self.key_missing = str(err)

    def _say(self, err: ProblemError) -> None:
        field = err.field
        if field == "imap_password" and self.cleaned_data.get("imap_same"):
            # The one password that is typed for both stands in the other field.
            field = "smtp_password"
            if "smtp" in self.typed and keeps_password(self.saved, self.typed["smtp"]):
                err = ProblemError(field, TYPE_AGAIN)
        if field not in self.fields:
            self.add_error(None, err.sentence)
        elif err.sentence not in self.errors.get(field, []):
            self.add_error(field, err.sentence)

    # --- What is done with it -----------------------------------------------------------------------------------------

    def server(self) -> ServerSettings:
        """The server that this form asks to try. Raises ProblemError, KeyMissingError, MailServerError."""
        if self.saved is not None and self.saved.is_connected:
            return smtp_server(self.saved) if self.purpose == SMTP else imap_server(self.saved)
        return server_to_try(self.saved, self.typed[self.purpose], rehearsal=self.workspace.is_rehearsal)

    def keep(self, *, by: User, now: datetime) -> Mailbox:
        """Save the mailbox. Raises ProblemError, KeyMissingError."""
        mailbox = self.saved or Mailbox(workspace=self.workspace, provider=self.preset.provider, created_at=now)
        changed = apply_address(mailbox, self.cleaned_data["email"])
        for which in ("smtp", "imap"):
            if which in self.typed:
                changed += apply_password(mailbox, self.typed[which], now=now)
        if "imap" not in self.typed and mailbox.imap_password_token:
            mailbox.imap_password_token, mailbox.imap_password_set_at = "", None
            changed += ["imap_password_token", "imap_password_set_at"]
        for name in self._meta.fields or ():
            if name in self.cleaned_data and self.cleaned_data[name] != getattr(mailbox, name):
                value = self.cleaned_data[name]
                if not value and name in {"imap_port", "imap_security"}:
                    continue  # Nothing is read; what the empty fields would mean does not matter.
                setattr(mailbox, name, value)
                changed.append(name)
        save_mailbox(mailbox, changed=sorted(set(changed)), by=by)
        return mailbox


def _same_sign_in(mailbox: Mailbox) -> bool:
    """Whether one user and password serve both ways."""
    if not mailbox.imap_host:
        return True
    if mailbox.imap_user != mailbox.smtp_user:
        return False
    try:
        return mailbox.open_imap_password() == mailbox.open_smtp_password()
    except SecretError:
        return True


def _saved_words(at: datetime | None, now: datetime) -> str:
    """How old a saved password is; passwords are best changed every 90 days."""
    if at is None:
        return "A password is saved."
    days = (now - at).days
    age = str(naturalday(timezone.localtime(at))) if days < 2 else f"{days} days ago"
    return f"Saved {age}." + (" Time for a new one: it is older than 90 days." if days >= 90 else "")
