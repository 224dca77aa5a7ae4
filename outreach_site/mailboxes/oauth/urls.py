"""Where Google and Microsoft send people back to: fixed, outside any workspace, one address each."""

from __future__ import annotations

from django.urls import URLPattern, path

from outreach_site.mailboxes.oauth import views

app_name = "mailbox_connection"
urlpatterns: list[URLPattern] = [path("<slug:provider>/connected/", views.connected, name="connected")]
