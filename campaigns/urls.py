"""Addresses of the campaigns room, below `/w/<workspace>/campaigns/`."""

from __future__ import annotations

from django.urls import URLPattern, path

from campaigns.views import approvals, bulk, campaigns, discovery, lead_table, leads, letters, sending, templates

app_name = "campaigns"
urlpatterns: list[URLPattern] = [
    path("", campaigns.campaign_list, name="campaign_list"),
    path("new/", campaigns.campaign_create, name="campaign_create"),
    path("<int:pk>/", lead_table.campaign_detail, name="campaign_detail"),
    path("<int:pk>/settings/", campaigns.campaign_settings, name="campaign_settings"),
    path("<int:pk>/pause/", campaigns.campaign_pause, name="campaign_pause"),
    path("<int:pk>/resume/", campaigns.campaign_resume, name="campaign_resume"),
    path("<int:pk>/archive/", campaigns.campaign_archive, name="campaign_archive"),
    path("<int:pk>/restore/", campaigns.campaign_restore, name="campaign_restore"),
    path("<int:pk>/delete/", campaigns.campaign_delete, name="campaign_delete"),
    path("<int:pk>/leads/new/", leads.lead_create, name="lead_create"),
    path("<int:pk>/leads/paste/", leads.lead_paste, name="lead_paste"),
    path("<int:pk>/leads/change/", bulk.lead_bulk, name="lead_bulk"),
    path("changes/<int:pk>/", bulk.bulk_detail, name="bulk_detail"),
    path("changes/<int:pk>/undo/", bulk.bulk_undo, name="bulk_undo"),
    path("<int:pk>/letters/", letters.campaign_letters, name="campaign_letters"),
    path("<int:pk>/letters/save/", letters.letter_save, name="letter_save"),
    path("<int:pk>/letters/preview/", letters.letter_preview, name="letter_preview"),
    path("<int:pk>/letters/start/", letters.letter_start, name="letter_start"),
    path("<int:pk>/letters/keep/", letters.letter_keep, name="letter_keep"),
    path("<int:pk>/send/", sending.campaign_send, name="campaign_send"),
    path("<int:pk>/outgoing/", sending.attempt_list, name="attempt_list"),
    path("<int:pk>/ground/", sending.campaign_ground, name="campaign_ground"),
    path("<int:pk>/find/", discovery.discovery, name="discovery"),
    path("<int:pk>/find/begin/", discovery.discovery_begin, name="discovery_begin"),
    path("searches/<int:pk>/", discovery.discovery_run, name="discovery_run"),
    path("searches/<int:pk>/cancel/", discovery.discovery_cancel, name="discovery_cancel"),
    path("searches/<int:pk>/add/", discovery.discovery_save, name="discovery_save"),
    path("leads/<int:pk>/", leads.lead_detail, name="lead_detail"),
    path("leads/<int:pk>/status/", leads.lead_status, name="lead_status"),
    path("leads/<int:pk>/edit/", leads.lead_edit, name="lead_edit"),
    path("leads/<int:pk>/delete/", leads.lead_delete, name="lead_delete"),
    path("letters/<int:pk>/", sending.attempt_detail, name="attempt_detail"),
    path("letters/<int:pk>/letter.eml", sending.attempt_eml, name="attempt_eml"),
    path("letters/<int:pk>/cancel/", sending.attempt_cancel, name="attempt_cancel"),
    path("letters/<int:pk>/approve/", approvals.attempt_approve, name="attempt_approve"),
    path("letters/<int:pk>/write-anyway/", approvals.attempt_write_anyway, name="attempt_write_anyway"),
    path("approvals/", approvals.approval_list, name="approval_list"),
    path("templates/", templates.template_list, name="template_list"),
    path("templates/new/", templates.template_create, name="template_create"),
    path("templates/preview/", templates.template_preview, name="template_preview"),
    path("templates/<int:pk>/", templates.template_edit, name="template_edit"),
    path("templates/<int:pk>/duplicate/", templates.template_duplicate, name="template_duplicate"),
    path("templates/<int:pk>/delete/", templates.template_delete, name="template_delete"),
]
