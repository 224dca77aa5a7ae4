"""The desk's pages below `/w/<workspace>/`."""

from __future__ import annotations

from django.urls import URLPattern, path

from outreach_site.desk import health_views, queue_views, views
from outreach_site.desk.notices import views as notices
from outreach_site.desk.outgoing import views as outgoing

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
    path("queue/<int:pk>/put-back/", queue_views.letter_put_back, name="letter_put_back"),
    path("queue/<int:pk>/take-up/", queue_views.letter_take_up, name="letter_take_up"),
    path("queue/requeue/", queue_views.letters_requeue, name="letters_requeue"),
    path("queue/give-up/", queue_views.letters_give_up, name="letters_give_up"),
    path("queue/<int:pk>/give-up/", queue_views.letter_give_up, name="letter_give_up"),
    path("queue/<int:pk>/write-anyway/", queue_views.letter_write_anyway, name="letter_write_anyway"),
    path("queue/<int:pk>/arrived/", queue_views.letter_arrived, name="letter_arrived"),
    path("queue/<int:pk>/lost/", queue_views.letter_lost, name="letter_lost"),
    path("settings/webhooks/", outgoing.endpoint_list, name="endpoint_list"),
    path("settings/webhooks/new/", outgoing.endpoint_create, name="endpoint_create"),
    path("settings/webhooks/<int:pk>/", outgoing.endpoint_detail, name="endpoint_detail"),
    path("settings/webhooks/<int:pk>/edit/", outgoing.endpoint_edit, name="endpoint_edit"),
    path("settings/webhooks/<int:pk>/secret/", outgoing.endpoint_renew, name="endpoint_renew"),
    path("settings/webhooks/<int:pk>/switch/", outgoing.endpoint_switch, name="endpoint_switch"),
    path("settings/webhooks/<int:pk>/test/", outgoing.endpoint_test, name="endpoint_test"),
    path("settings/webhooks/<int:pk>/again/", outgoing.endpoint_again, name="endpoint_again"),
    path("settings/webhooks/<int:pk>/remove/", outgoing.endpoint_remove, name="endpoint_remove"),
    path("settings/webhooks/messages/<int:pk>/", outgoing.delivery_detail, name="delivery_detail"),
    path("settings/webhooks/messages/<int:pk>/again/", outgoing.delivery_again, name="delivery_again"),
    path("settings/health/", health_views.settings_health, name="settings_health"),
]
