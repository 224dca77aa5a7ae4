"""Home."""

from __future__ import annotations
from django.http import HttpRequest, HttpResponse
from outreach_site.accounts.access import signed_in


@signed_in
def home(request: HttpRequest) -> HttpResponse:
    return HttpResponse("home")
