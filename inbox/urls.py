"""Addresses of the inbox, below /w/<workspace>/inbox/."""

from __future__ import annotations

from django.urls import URLPattern, path

from inbox import views

app_name = "inbox"
urlpatterns: list[URLPattern] = [
    path("", views.reply_list, name="reply_list"),
    path("poll/", views.poll_now, name="poll_now"),
    path("leads/<int:lead>/", views.lead_replies, name="lead_replies"),
    path("<int:reply>/", views.reply_detail, name="reply_detail"),
    path("<int:reply>/tag/<slug:classification>/", views.reply_tag, name="reply_tag"),
    path("<int:reply>/untag/", views.reply_untag, name="reply_untag"),
    path("<int:reply>/status/", views.reply_lead_status, name="reply_lead_status"),
    path("<int:reply>/unsuppress/", views.reply_undo_suppression, name="reply_undo_suppression"),
    path("<int:reply>/believe/", views.reply_believe, name="reply_believe"),
    path("<int:reply>/disbelieve/", views.reply_disbelieve, name="reply_disbelieve"),
    path("<int:reply>/unread/", views.reply_unread, name="reply_unread"),
    path("<int:reply>/done/", views.reply_done, name="reply_done"),
    path("<int:reply>/reopen/", views.reply_reopen, name="reply_reopen"),
]
