from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "outreach_site.desk"
    label = "desk"

    def ready(self) -> None:
        from django_q.signals import post_execute_in_worker, pre_execute  # noqa: PLC0415 - its models load with the apps

        from outreach_site.desk.heartbeat import on_task_begun, on_task_ended  # noqa: PLC0415 - as above
        from outreach_site.desk.notices import noticing  # noqa: PLC0415 - as above
        from outreach_site.desk.outgoing import recording  # noqa: PLC0415 - as above
        from outreach_site.desk.outgoing.privacy import OutgoingHolder  # noqa: PLC0415 - as above
        from outreach_site.lib.ports import add_holder, add_news_listener  # noqa: PLC0415 - as above

        # django-q's only hooks into its workers.
        pre_execute.connect(on_task_begun, dispatch_uid="desk.heartbeat")
        post_execute_in_worker.connect(on_task_ended, dispatch_uid="desk.runs")
        add_news_listener(noticing.on_news)
        add_news_listener(recording.on_news)
        add_holder(OutgoingHolder())
