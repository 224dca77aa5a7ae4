"""Addresses of the inbox, below /w/<workspace>/inbox/."""

from __future__ import annotations

from django.urls import URLPattern, path

from inbox.views import answering, exports, handling, hook, lead, linking, mailbox, originals, reading, tagging

app_name = "inbox"
urlpatterns: list[URLPattern] = [
    path("", reading.reply_list, name="reply_list"),
    path("poll/", reading.poll_now, name="poll_now"),
    path("mailboxes/<int:mailbox>/", mailbox.mailbox_reading, name="mailbox_reading"),
    path("mailboxes/<int:mailbox>/folders/", mailbox.mailbox_folders, name="mailbox_folders"),
    path("mailboxes/<int:mailbox>/history/", mailbox.mailbox_history, name="mailbox_history"),
    path("webhooks/<int:mailbox>/", hook.webhook_detail, name="webhook_detail"),
    path("webhooks/<int:mailbox>/open/", hook.webhook_open, name="webhook_open"),
    path("webhooks/<int:mailbox>/show/", hook.webhook_show, name="webhook_show"),
    path("webhooks/<int:mailbox>/renew/", hook.webhook_renew, name="webhook_renew"),
    path("webhooks/<int:mailbox>/key/", hook.webhook_key, name="webhook_key"),
    path("webhooks/<int:mailbox>/close/", hook.webhook_close, name="webhook_close"),
    path("campaigns/<int:campaign>/replies.csv", exports.replies_export, name="replies_export"),
    path("leads/<int:lead>/", reading.lead_replies, name="lead_replies"),
    path("<int:reply>/", reading.reply_detail, name="reply_detail"),
    path("<int:reply>/tag/<slug:classification>/", tagging.reply_tag, name="reply_tag"),
    path("<int:reply>/untag/", tagging.reply_untag, name="reply_untag"),
    path("<int:reply>/unsuppress/", tagging.reply_undo_suppression, name="reply_undo_suppression"),
    path("<int:reply>/believe/", tagging.reply_believe, name="reply_believe"),
    path("<int:reply>/disbelieve/", tagging.reply_disbelieve, name="reply_disbelieve"),
    path("<int:reply>/unread/", handling.reply_unread, name="reply_unread"),
    path("<int:reply>/done/", handling.reply_done, name="reply_done"),
    path("<int:reply>/reopen/", handling.reply_reopen, name="reply_reopen"),
    path("<int:reply>/snooze/", handling.reply_snooze, name="reply_snooze"),
    path("<int:reply>/wake/", handling.reply_wake, name="reply_wake"),
    path("<int:reply>/assign/", handling.reply_assign, name="reply_assign"),
    path("<int:reply>/notes/", handling.note_create, name="note_create"),
    path("<int:reply>/notes/<int:note>/", handling.note_edit, name="note_edit"),
    path("<int:reply>/notes/<int:note>/delete/", handling.note_delete, name="note_delete"),
    path("<int:reply>/status/", lead.reply_lead_status, name="reply_lead_status"),
    path("<int:reply>/plan/", lead.lead_plan, name="lead_plan"),
    path("<int:reply>/acted/", lead.lead_act, name="lead_act"),
    path("<int:reply>/answer/", answering.reply_answer, name="reply_answer"),
    path("<int:reply>/answer/keep/", answering.answer_keep, name="answer_keep"),
    path("<int:reply>/answer/discard/", answering.answer_discard, name="answer_discard"),
    path("<int:reply>/answer/files/<int:file>/remove/", answering.answer_file_remove, name="answer_file_remove"),
    path("<int:reply>/answer/<int:attempt>/undo/", answering.answer_undo, name="answer_undo"),
    path("<int:reply>/letters/<int:attempt>/", reading.reply_letter, name="reply_letter"),
    path("<int:reply>/link/", linking.reply_link_search, name="reply_link_search"),
    path("<int:reply>/link/to/", linking.reply_link, name="reply_link"),
    path("<int:reply>/unlink/", linking.reply_unlink, name="reply_unlink"),
    path("<int:reply>/instead/", linking.reply_instead, name="reply_instead"),
    path("<int:reply>/instead/<int:contact>/undo/", linking.reply_instead_undo, name="reply_instead_undo"),
    path("<int:reply>/original/", originals.reply_original, name="reply_original"),
    path("<int:reply>/original/html/", originals.reply_html, name="reply_html"),
    path("<int:reply>/files/", originals.reply_files, name="reply_files"),
    path("<int:reply>/files/<int:number>/", originals.reply_file, name="reply_file"),
    path("<int:reply>/headers/", originals.reply_headers, name="reply_headers"),
    path("<int:reply>/raw.eml", originals.reply_raw, name="reply_raw"),
]
