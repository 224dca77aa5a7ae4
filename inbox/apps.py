from django.apps import AppConfig

from outreach_site.lib.ports import (
    add_hand_letters,
    add_holder,
    add_inbox_freshness,
    add_outreach_facts,
    set_answer_beginner,
    set_answer_book,
)


class InboxConfig(AppConfig):
    name = "inbox"
    label = "inbox"

    def ready(self) -> None:
        from inbox.answering import begin_for_lead  # noqa: PLC0415 - models are not loaded before
        from inbox.answers import Answers  # noqa: PLC0415 - as above
        from inbox.conversations import conversations, written_by_hand  # noqa: PLC0415 - as above
        from inbox.freshness import posted_until, read_until  # noqa: PLC0415 - as above
        from inbox.privacy import InboxHolder  # noqa: PLC0415 - as above

        set_answer_beginner(begin_for_lead)
        set_answer_book(Answers())
        add_outreach_facts(conversations)
        add_hand_letters(written_by_hand)
        add_inbox_freshness(read_until)
        add_inbox_freshness(posted_until)
        add_holder(InboxHolder())
