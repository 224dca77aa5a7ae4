from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "outreach_site.accounts"
    label = "accounts"
