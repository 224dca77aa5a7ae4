"""Every address of the site. Pages of a workspace live under `/w/<workspace>/`."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from outreach_site.api import api
from outreach_site.desk import styleguide

workspace_urls: list[URLPattern | URLResolver] = [
    path("campaigns/", include("campaigns.urls")),
    path("placements/", include("campaigns.placement_urls")),
    path("inbox/", include("inbox.urls")),
    path("compliance/", include("compliance.urls")),
    path("settings/", include("outreach_site.accounts.urls")),
    path("settings/mailboxes/", include("outreach_site.mailboxes.urls")),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("outreach_site.desk.urls")),
    path("w/<slug:workspace>/", include(workspace_urls)),
    path("accounts/", include("outreach_site.accounts.public_urls")),
    path("accounts/", include("allauth.urls")),
    path("mailboxes/", include("outreach_site.mailboxes.oauth.urls")),
    path("unsubscribe/", include("compliance.public_urls")),
    path("webhooks/", include("inbox.public_urls")),
    path("api/", api.urls),
    path("admin/", admin.site.urls),
]

if settings.DEBUG:
    urlpatterns += styleguide.urlpatterns

handler400 = "outreach_site.desk.errors.bad_request"
handler403 = "outreach_site.desk.errors.permission_denied"
handler404 = "outreach_site.desk.errors.page_not_found"
handler500 = "outreach_site.desk.errors.server_error"
