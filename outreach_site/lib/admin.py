"""Admin pages for records that must be believed: nobody adds, changes or deletes there, superusers included."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class _ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False


class ReadOnlyAdmin(_ReadOnly, admin.ModelAdmin[Any]):
    """A table to look at. Big tables are not counted twice for a page."""

    show_full_result_count = False
    list_per_page = 50
    actions = None


class ReadOnlyInline(_ReadOnly, admin.StackedInline[Any, Any]):
    extra = 0
    can_delete = False
