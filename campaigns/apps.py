from django.apps import AppConfig

from outreach_site.lib.ports import add_suppression_listener


class CampaignsConfig(AppConfig):
    name = "campaigns"
    label = "campaigns"

    def ready(self) -> None:
        from campaigns.queueing import stop_for_suppression  # noqa: PLC0415 - models are not loaded before

        add_suppression_listener(stop_for_suppression)
