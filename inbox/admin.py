"""Incoming mail in the admin: to look at, never to change; its bytes are not shown."""

from __future__ import annotations

from django.contrib import admin

from inbox.models import RawMessage, Reply
from outreach_site.lib.admin import ReadOnlyAdmin


@admin.register(RawMessage)
class RawMessageAdmin(ReadOnlyAdmin):
    list_display = ("pk", "mailbox", "folder", "uid", "size", "received_at", "understood_at", "error")
    list_filter = ("mailbox",)
    list_select_related = ("mailbox",)
    search_fields = ("message_id",)
    show_full_result_count = False


@admin.register(Reply)
class ReplyAdmin(ReadOnlyAdmin):
    list_display = ("pk", "workspace", "from_email", "subject", "kind", "classification", "received_at")
    list_filter = ("kind", "classification")
    list_select_related = ("workspace",)
    search_fields = ("from_email", "subject")
    exclude = ("text", "new_text")
    show_full_result_count = False
