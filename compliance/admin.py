"""The records in Django's admin: to look at, never to change."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from compliance.models import (
    AuditCheck,
    AuditEntry,
    AuditPerson,
    AuditSeal,
    Hold,
    SendRecord,
    Suppression,
    UnsubscribeToken,
)
from compliance.privacy_models import Consent, PrivacyRequest
from outreach_site.lib.admin import ReadOnlyAdmin, ReadOnlyInline


@admin.register(Suppression)
class SuppressionAdmin(ReadOnlyAdmin):
    list_display = ("value", "scope", "reason", "workspace", "source", "created_at")
    list_filter = ("reason", "scope")
    list_select_related = ("workspace",)
    search_fields = ("value__startswith",)
    date_hierarchy = "created_at"
    ordering = ("-pk",)


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    list_display = ("subject", "reason", "workspace", "placed_at", "lifted_at")
    list_filter = (("lifted_at", admin.EmptyFieldListFilter),)
    list_select_related = ("workspace",)
    search_fields = ("subject",)
    ordering = ("-pk",)


@admin.register(SendRecord)
class SendRecordAdmin(ReadOnlyAdmin):
    list_display = ("subject", "recipient", "sender", "state", "workspace", "counted_at")
    list_filter = ("state", "kind", "legal_basis")
    list_select_related = ("workspace",)
    search_fields = ("=subject", "=recipient_key", "=message_id")
    date_hierarchy = "counted_at"
    ordering = ("-pk",)


class AuditPersonInline(ReadOnlyInline):
    model = AuditPerson


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("recorded_at", "event", "about", "policy_result", "reason", "workspace_id", "user_id", "is_preview")
    list_filter = ("policy_result", "is_preview", "legal_basis")
    search_fields = ("=about", "=event", "person__lead_email__startswith")
    date_hierarchy = "recorded_at"
    ordering = ("-pk",)
    inlines = (AuditPersonInline,)


@admin.register(AuditSeal)
class AuditSealAdmin(ReadOnlyAdmin):
    list_display = ("seq", "entry_id", "digest", "sealed_at")
    search_fields = ("=seq", "=entry__id")
    date_hierarchy = "sealed_at"
    ordering = ("-pk",)


@admin.register(AuditCheck)
class AuditCheckAdmin(ReadOnlyAdmin):
    list_display = ("asked_at", "asked_by_id", "finished_at", "rows", "found")
    date_hierarchy = "asked_at"
    exclude = ("proof",)
    ordering = ("-pk",)


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    list_display = ("address", "status", "workspace", "source", "obtained_on", "withdrawn_on")
    list_filter = ("status",)
    list_select_related = ("workspace",)
    search_fields = ("address__startswith",)
    date_hierarchy = "obtained_on"
    ordering = ("-pk",)


@admin.register(PrivacyRequest)
class PrivacyRequestAdmin(ReadOnlyAdmin):
    list_display = ("kind", "state", "workspace", "received_on", "due_on", "done_at")
    list_filter = ("kind", "state")
    list_select_related = ("workspace",)
    search_fields = ("=address",)
    exclude = ("stone", "progress")
    ordering = ("-pk",)


@admin.register(UnsubscribeToken)
class UnsubscribeTokenAdmin(ReadOnlyAdmin):
    """Without the token itself: whoever holds it can act for the reader."""

    list_display = ("about", "address", "workspace_name", "created_at", "used_at")
    search_fields = ("=about", "=address")
    exclude = ("token",)
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[UnsubscribeToken]:
        return super().get_queryset(request).defer("token")
