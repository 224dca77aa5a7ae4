"""The room's records in Django's admin: to look at. They change on their own pages, which ask, check and note it."""

from __future__ import annotations

from django.contrib import admin

from campaigns.models import Attempt, Campaign, Contact, Lead, Step, Template
from outreach_site.lib.admin import ReadOnlyAdmin, ReadOnlyInline


class StepInline(ReadOnlyInline):
    model = Step


class ContactInline(ReadOnlyInline):
    model = Contact


@admin.register(Campaign)
class CampaignAdmin(ReadOnlyAdmin):
    list_display = ("name", "workspace", "state", "owner", "created_at", "archived_at")
    list_select_related = ("workspace", "owner")
    list_filter = ("state", "workspace")
    search_fields = ("name", "keywords")
    inlines = (StepInline,)


@admin.register(Lead)
class LeadAdmin(ReadOnlyAdmin):
    list_display = ("site_key", "website_title", "contact", "status", "campaign", "created_at")
    list_select_related = ("contact", "campaign")
    list_filter = ("status", "source", "campaign__workspace")
    search_fields = ("site_key", "contact__email_key")
    ordering = ("-pk",)
    inlines = (ContactInline,)


@admin.register(Template)
class TemplateAdmin(ReadOnlyAdmin):
    list_display = ("name", "category", "subject", "workspace")
    list_select_related = ("workspace",)
    list_filter = ("workspace",)
    search_fields = ("name", "subject")


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    list_display = ("recipient", "subject", "state", "kind", "campaign", "mailbox", "due_at", "finished_at")
    list_select_related = ("campaign", "mailbox")
    list_filter = ("state", "kind", "campaign__workspace")
    search_fields = ("recipient_key", "message_id")
    ordering = ("-pk",)
