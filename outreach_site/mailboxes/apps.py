from django.apps import AppConfig


class MailboxesConfig(AppConfig):
    name = "outreach_site.mailboxes"
    label = "mailboxes"
