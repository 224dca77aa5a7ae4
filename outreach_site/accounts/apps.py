from django.apps import AppConfig

from outreach_site.checks import register_checks


class AccountsConfig(AppConfig):
    name = "outreach_site.accounts"
    label = "accounts"

    def ready(self) -> None:
        register_checks()
