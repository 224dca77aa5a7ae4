from django.urls import URLPattern

app_name = "unsubscribe"
urlpatterns: list[URLPattern] = []
