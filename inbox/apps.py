from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "inbox"
    label = "inbox"

    def ready(self) -> None:
        from inbox.answers import people_who_answered
        from outreach_site.lib.ports import set_answer_counter

        set_answer_counter(people_who_answered)
