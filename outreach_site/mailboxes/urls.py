"""Pages of a workspace's mailboxes, under `/w/<workspace>/settings/mailboxes/`."""

from __future__ import annotations

from django.urls import URLPattern, path

from outreach_site.mailboxes import views
from outreach_site.mailboxes.domains import views as domains
from outreach_site.mailboxes.oauth import views as oauth

app_name = "mailboxes"

urlpatterns: list[URLPattern] = [
    path("", views.mailbox_list, name="mailbox_list"),
    path("add/", views.mailbox_add, name="mailbox_add"),
    path("add/<slug:provider>/", views.mailbox_create, name="mailbox_create"),
    path("add/<slug:provider>/test-letter/", views.new_mailbox_test_letter, name="new_mailbox_test_letter"),
    path("add/<slug:provider>/test-imap/", views.new_mailbox_test_imap, name="new_mailbox_test_imap"),
    path("add/<slug:provider>/connect/", oauth.new_mailbox_connect, name="new_mailbox_connect"),
    path("<int:mailbox>/", views.mailbox_edit, name="mailbox_edit"),
    path("<int:mailbox>/test-letter/", views.mailbox_test_letter, name="mailbox_test_letter"),
    path("<int:mailbox>/test-imap/", views.mailbox_test_imap, name="mailbox_test_imap"),
    path("<int:mailbox>/check/", views.mailbox_check, name="mailbox_check"),
    path("<int:mailbox>/connect/", oauth.mailbox_connect, name="mailbox_connect"),
    path("<int:mailbox>/disconnect/", oauth.mailbox_disconnect, name="mailbox_disconnect"),
    path("<int:mailbox>/domain/", domains.domain_detail, name="domain_detail"),
    path("<int:mailbox>/domain/check/", domains.domain_check, name="domain_check"),
    path("<int:mailbox>/pause/", views.mailbox_pause, name="mailbox_pause"),
    path("<int:mailbox>/resume/", views.mailbox_resume, name="mailbox_resume"),
    path("<int:mailbox>/archive/", views.mailbox_archive, name="mailbox_archive"),
]
