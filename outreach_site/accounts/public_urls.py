"""A person's own pages, outside any workspace, below `/accounts/`; allauth's stand beside them."""

from __future__ import annotations

from django.urls import URLPattern, path

from outreach_site.accounts.views import people

app_name = "people"
urlpatterns: list[URLPattern] = [
    path("invitations/<str:token>/", people.invitation_accept, name="invitation_accept"),
    path("profile/", people.profile_edit, name="profile_edit"),
    path("workspaces/new/", people.workspace_create, name="workspace_create"),
    path("workspaces/<slug:slug>/leave/", people.workspace_leave, name="workspace_leave"),
]
