"""Settings of a workspace, below `/w/<workspace>/settings/`."""

from __future__ import annotations

from django.urls import URLPattern, path

from outreach_site.accounts.views import identities, keys, team, workspace

app_name = "accounts"
urlpatterns: list[URLPattern] = [
    path("", workspace.settings, name="settings"),
    path("workspace/", workspace.workspace_edit, name="workspace_edit"),
    path("identities/", identities.identity_list, name="identity_list"),
    path("identities/new/", identities.identity_create, name="identity_create"),
    path("identities/preview/", identities.identity_preview, name="identity_preview"),
    path("identities/<int:pk>/", identities.identity_edit, name="identity_edit"),
    path("identities/<int:pk>/default/", identities.identity_make_default, name="identity_make_default"),
    path("identities/<int:pk>/delete/", identities.identity_delete, name="identity_delete"),
    path("team/", team.team_list, name="team_list"),
    path("team/<int:pk>/role/", team.team_role, name="team_role"),
    path("team/<int:pk>/remove/", team.team_remove, name="team_remove"),
    path("team/invitations/new/", team.invitation_create, name="invitation_create"),
    path("team/invitations/<int:pk>/resend/", team.invitation_resend, name="invitation_resend"),
    path("team/invitations/<int:pk>/revoke/", team.invitation_revoke, name="invitation_revoke"),
    path("keys/", keys.key_list, name="key_list"),
    path("keys/new/", keys.key_create, name="key_create"),
    path("keys/<int:pk>/revoke/", keys.key_revoke, name="key_revoke"),
]
