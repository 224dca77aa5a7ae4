"""Addresses of placements, below `/w/<workspace>/placements/`."""

from __future__ import annotations

from django.urls import URLPattern, path

from campaigns.views import placements

app_name = "placements"
urlpatterns: list[URLPattern] = [
    path("", placements.placement_list, name="placement_list"),
    path("new/", placements.placement_create, name="placement_create"),
    path("<int:pk>/", placements.placement_detail, name="placement_detail"),
    path("<int:pk>/edit/", placements.placement_edit, name="placement_edit"),
    path("<int:pk>/delete/", placements.placement_delete, name="placement_delete"),
    path("<int:pk>/check/", placements.placement_check, name="placement_check"),
    path("<int:pk>/confirm/", placements.placement_confirm, name="placement_confirm"),
    path("<int:pk>/note/", placements.placement_note, name="placement_note"),
    path("<int:pk>/write/", placements.placement_write, name="placement_write"),
]
