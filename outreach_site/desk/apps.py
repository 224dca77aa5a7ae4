from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "outreach_site.desk"
    label = "desk"
