"""The desk's pages below `/w/<workspace>/`."""

from __future__ import annotations

from django.urls import URLPattern, path

from outreach_site.desk import views

urlpatterns: list[URLPattern] = [
    path("", views.today, name="today"),
    path("search/", views.search, name="search"),
    path("queue/", views.queue, name="queue"),
    path("queue/stop/", views.sending_stop, name="sending_stop"),
    path("queue/resume/", views.sending_resume, name="sending_resume"),
    path("queue/<int:pk>/cancel/", views.letter_cancel, name="letter_cancel"),
    path("queue/<int:pk>/requeue/", views.letter_requeue, name="letter_requeue"),
    path("queue/<int:pk>/write-anyway/", views.letter_write_anyway, name="letter_write_anyway"),
    path("queue/<int:pk>/arrived/", views.letter_arrived, name="letter_arrived"),
    path("queue/<int:pk>/lost/", views.letter_lost, name="letter_lost"),
]
