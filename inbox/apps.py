from django.apps import AppConfig

from outreach_site.lib.ports import set_answer_counter


class InboxConfig(AppConfig):
    name = "inbox"
    label = "inbox"

    def ready(self) -> None:
        from inbox.answers import people_who_answered  # noqa: PLC0415 - models are not loaded before

        set_answer_counter(people_who_answered)
