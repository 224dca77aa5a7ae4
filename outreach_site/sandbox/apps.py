from django.apps import AppConfig


class SandboxConfig(AppConfig):
    name = "outreach_site.sandbox"
    label = "sandbox"
