"""Addresses of the desk: some outside any workspace, the others below `/w/<workspace>/`."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from outreach_site.desk import post_office, views, workspace_urls

app_name = "desk"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("health/", views.health, name="health"),
    *post_office.urlpatterns,
    path("w/<slug:workspace>/", include(workspace_urls.urlpatterns)),
]
