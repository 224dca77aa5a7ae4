"""What an owner gives for a webhook: who posts to it, and what it signs with."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django import forms

from inbox.hook_models import Webhook


class WebhookForm(forms.Form):
    provider = forms.ChoiceField(label="Provider", choices=Webhook.Provider.choices)


class SigningKeyForm(forms.Form):
    signing_key = forms.CharField(
        label="Signing key",
        required=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="Empty takes away the one that is kept.",
    )

    def __init__(self, *args: Any, provider: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.provider = provider
        if provider == Webhook.Provider.SENDGRID:
            self.fields["signing_key"].label = "Verification key of the signed event webhook"

    def clean_signing_key(self) -> str:
        key = str(self.cleaned_data["signing_key"]).strip()
        if key and self.provider == Webhook.Provider.SENDGRID and not _is_sendgrids(key):
            raise forms.ValidationError("This is not a verification key of SendGrid: it begins with “MFkw”.")
        return key


def _is_sendgrids(key: str) -> bool:
    try:
        return isinstance(load_der_public_key(base64.b64decode(key, validate=True)), ec.EllipticCurvePublicKey)
    except (binascii.Error, ValueError):
        return False
