"""Addresses outside any workspace."""

from __future__ import annotations

from django.urls import URLPattern, path

from outreach_site.desk import views

app_name = "desk"
urlpatterns: list[URLPattern] = [
    path("", views.home, name="home"),
]
