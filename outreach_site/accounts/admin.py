"""People and workspaces in Django's admin, for those who run the installation.

What a workspace's owners do on its pages stays there. Here: switch a person off, give a workspace whose owners are gone
a new one, and look. No secret, no digest of one, and no password is shown or set.
"""

from __future__ import annotations

from typing import cast

from django import forms
from django.contrib import admin
from django.db.models import URLField
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from outreach_site.accounts import team
from outreach_site.accounts.models import ApiKey, Invitation, Membership, Role, SenderIdentity, User, Workspace
from outreach_site.lib.admin import ReadOnlyAdmin
from outreach_site.lib.ports import AuditRecord, record_audit


class UserForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ("name", "is_active", "is_superuser")

    def clean_is_active(self) -> bool:
        is_active = bool(self.cleaned_data["is_active"])
        if self.instance.is_active and not is_active:
            try:
                team.refuse_to_strand(self.instance)
            except team.LastOwnerError as err:
                raise forms.ValidationError(str(err)) from err
        return is_active


@admin.register(User)
class UserAdmin(admin.ModelAdmin[User]):
    """People come by invitation, change their address and password themselves, and are switched off, not deleted."""

    form = UserForm
    list_display = ("email", "name", "is_active", "is_superuser", "joined_at", "last_login")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("email", "name")
    ordering = ("email",)
    fields = ("email", "name", "is_active", "is_superuser", "joined_at", "last_login")
    readonly_fields = ("email", "joined_at", "last_login")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Nobody locks themselves out by accident."""
        own = ("is_active", "is_superuser") if obj is not None and obj.pk == request.user.pk else ()
        return (*self.readonly_fields, *own)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:  # noqa: ARG002 - as above
        return False

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm[User], change: bool) -> None:  # noqa: FBT001 - Django's signature
        super().save_model(request, obj, form, change)
        if form.changed_data:
            record_audit(
                AuditRecord(
                    event="user.changed",
                    user_id=request.user.pk,
                    about=f"user:{obj.pk}",
                    details={name: form.cleaned_data[name] for name in form.changed_data},
                )
            )


class MembershipForm(forms.ModelForm[Membership]):
    class Meta:
        model = Membership
        fields = ("user", "workspace", "role")

    def clean_role(self) -> str:
        role = str(self.cleaned_data["role"])
        if self.instance.pk and role != Role.OWNER:
            try:
                team.keep_an_owner(Membership.objects.select_related("workspace").get(pk=self.instance.pk))
            except team.LastOwnerError as err:
                raise forms.ValidationError(str(err)) from err
        return role


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin[Membership]):
    form = MembershipForm
    list_display = ("user", "workspace", "role", "joined_at")
    list_filter = ("role",)
    list_select_related = ("user", "workspace")
    search_fields = ("user__email", "workspace__name")
    autocomplete_fields = ("user", "workspace")

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:  # noqa: ARG002 - Django's signature
        return ("user", "workspace", "joined_at") if obj is not None else ()

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:  # noqa: ARG002 - as above
        return False  # An owner removes people on the team page, where the keys and the last owner are seen to.

    def save_model(self, request: HttpRequest, obj: Membership, form: ModelForm[Membership], change: bool) -> None:  # noqa: ARG002, FBT001 - Django's signature
        by, role = cast("User", request.user), Role(obj.role)
        if change:
            team.change_role(Membership.objects.get(pk=obj.pk), role, by=by)
        else:
            obj.pk = team.add_member(obj.user, obj.workspace, role=role, by=by, now=timezone.now()).pk


@admin.register(Workspace)
class WorkspaceAdmin(ReadOnlyAdmin):
    list_display = ("name", "slug", "time_zone", "is_rehearsal", "sending_stopped_at", "created_at")
    list_filter = ("is_rehearsal",)
    search_fields = ("name", "slug")


@admin.register(SenderIdentity)
class SenderIdentityAdmin(ReadOnlyAdmin):
    list_display = ("name", "organisation", "workspace", "is_default")
    formfield_overrides = {URLField: {"assume_scheme": "https"}}  # noqa: RUF012 - Django's own way of saying it
    list_select_related = ("workspace",)
    search_fields = ("name", "organisation", "workspace__name")


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ("email", "workspace", "role", "invited_by", "expires_at", "accepted_at")
    list_select_related = ("workspace", "invited_by")
    search_fields = ("email", "workspace__name")
    exclude = ("token_digest",)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ("name", "prefix", "membership", "created_at", "last_used_at", "revoked_at")
    list_select_related = ("membership__user", "membership__workspace")
    search_fields = ("name", "prefix", "membership__user__email")
    exclude = ("digest",)
