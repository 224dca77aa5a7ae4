"""The desk's pages below `/w/<workspace>/`."""

from __future__ import annotations

from django.urls import URLPattern, path

from outreach_site.desk import health_views, queue_views, views
from outreach_site.desk.notices import views as notices

urlpatterns: list[URLPattern] = [
    path("", views.today, name="today"),
    path("search/", views.search, name="search"),
    path("notifications/", notices.notice_list, name="notice_list"),
    path("notifications/read/", notices.notices_read, name="notices_read"),
    path("notifications/letter/", notices.digest_edit, name="digest_edit"),
    path("notifications/<int:pk>/", notices.notice_open, name="notice_open"),
    path("queue/", queue_views.queue, name="queue"),
    path("queue/mailboxes/", queue_views.mailbox_health, name="mailbox_health"),
    path("queue/stop/", queue_views.sending_stop, name="sending_stop"),
    path("queue/resume/", queue_views.sending_resume, name="sending_resume"),
    path("queue/cancel/", queue_views.letters_cancel, name="letters_cancel"),
    path("queue/<int:pk>/cancel/", queue_views.letter_cancel, name="letter_cancel"),
    path("queue/<int:pk>/requeue/", queue_views.letter_requeue, name="letter_requeue"),
    path("queue/requeue/", queue_views.letters_requeue, name="letters_requeue"),
    path("queue/give-up/", queue_views.letters_give_up, name="letters_give_up"),
    path("queue/<int:pk>/give-up/", queue_views.letter_give_up, name="letter_give_up"),
    path("queue/<int:pk>/write-anyway/", queue_views.letter_write_anyway, name="letter_write_anyway"),
    path("queue/<int:pk>/arrived/", queue_views.letter_arrived, name="letter_arrived"),
    path("queue/<int:pk>/lost/", queue_views.letter_lost, name="letter_lost"),
    path("settings/health/", health_views.settings_health, name="settings_health"),
]
