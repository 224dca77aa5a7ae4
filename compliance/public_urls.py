"""Pages that anybody may open."""

from django.urls import path

from compliance.views import public

app_name = "unsubscribe"
urlpatterns = [
    # Any text is taken for a token, so that a mangled link gets the page that helps.
    path("<str:token>/", public.unsubscribe_page, name="unsubscribe_page"),
]
