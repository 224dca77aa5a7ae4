"""Addresses of drafts and of letters for one site alone, among those of the campaigns room."""

from __future__ import annotations

from django.urls import URLPattern, path

from campaigns.views import drafting, own_letters

urlpatterns: list[URLPattern] = [
    path("<int:pk>/letters/draft/", drafting.campaign_draft, name="campaign_draft"),
    path("<int:pk>/personal/", own_letters.own_letter_list, name="own_letter_list"),
    path("<int:pk>/personal/ask/", own_letters.own_letters_ask, name="own_letters_ask"),
    path("<int:pk>/personal/begin/", own_letters.own_letters_begin, name="own_letters_begin"),
    path("<int:pk>/personal/accept/", own_letters.own_letters_accept, name="own_letters_accept"),
    path("personal/runs/<int:pk>/cancel/", own_letters.own_letters_cancel, name="own_letters_cancel"),
    path("leads/<int:pk>/personal/", own_letters.own_letter_start, name="own_letter_start"),
    path("personal/<int:pk>/", own_letters.own_letter_edit, name="own_letter_edit"),
    path("personal/<int:pk>/accept/", own_letters.own_letter_accept, name="own_letter_accept"),
    path("personal/<int:pk>/drop/", own_letters.own_letter_drop, name="own_letter_drop"),
    path("personal/<int:pk>/undo/", own_letters.own_letter_undo, name="own_letter_undo"),
]
