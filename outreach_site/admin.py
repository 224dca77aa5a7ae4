"""Django's admin: for superusers with a second factor, and read-only wherever the record must be believed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar, cast

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from outreach_site.lib import ports

# What has no place here, whoever registers it. A schedule of django_q names a function: to edit one is to run code.
# A second factor's row holds its secret. Groups grant permissions, of which only superusers would have a use here.
NEVER_SHOWN = frozenset({"django_q.*", "mfa.authenticator", "auth.group"})

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

# In the session: the day on which this person was last written down as being here.
ENTERED_ON = "admin_entered_on"


class LinkletterAdminSite(admin.AdminSite):
    site_header = "Linkletter"
    site_title = "Linkletter admin"
    index_title = "Records"
    site_url = "/"

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[admin.ModelAdmin[Any]] | None = None,
        **options: Any,
    ) -> None:
        models = [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        shown = [model for model in models if not {f"{model._meta.app_label}.*", model._meta.label_lower} & NEVER_SHOWN]
        super().register(shown, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return bool(user.is_active and user.is_superuser and is_mfa_enabled(user))

    def admin_view(self, view: View, cacheable: bool = False) -> View:  # noqa: FBT001, FBT002 - Django's signature
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def entering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            self._note_entering(request)
            return inner(request, *args, **kwargs)

        return cast("View", entering)

    def _note_entering(self, request: HttpRequest) -> None:
        """Whoever comes in is written down: once a session and day."""
        today = timezone.now().date().isoformat()
        if request.session.get(ENTERED_ON) == today or not self.has_permission(request):
            return
        ports.record_audit(ports.AuditRecord(event="admin.entered", user_id=request.user.pk))
        request.session[ENTERED_ON] = today

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # noqa: ARG002 - Django's signature
        """There is one way to sign in, and it is not this one: the site's own page, then a second factor."""
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if request.user.is_superuser and not is_mfa_enabled(request.user):
            messages.info(request, "The admin opens with two-step sign-in only. Set it up here, then come back.")
            return HttpResponseRedirect(reverse("mfa_activate_totp"))
        return HttpResponseRedirect(reverse("desk:home"))

    def password_change(  # type: ignore[override]  # Django's own answer is narrower than the view's contract asks for
        self,
        request: HttpRequest,  # noqa: ARG002 - Django's signature
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - as above
    ) -> HttpResponse:
        """Nor is there a second way to change a password."""
        return HttpResponseRedirect(reverse("account_change_password"))
