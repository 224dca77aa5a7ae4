"""Files that are made as they are sent."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import StreamingHttpResponse


def csv_to_save(pieces: Iterator[bytes], name: str) -> StreamingHttpResponse:
    """A CSV that a browser saves and nobody keeps a copy of; `name` is plain ASCII."""
    response = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response
