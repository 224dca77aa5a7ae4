"""Webhooks, open to providers: /webhooks/<token>/."""

from __future__ import annotations

from django.urls import URLPattern, path

from inbox import webhooks

app_name = "webhooks"
urlpatterns: list[URLPattern] = [
    path("<str:token>/", webhooks.receive, name="receive"),
    path("<str:token>/<slug:form>", webhooks.receive, name="receive_mime"),
]
