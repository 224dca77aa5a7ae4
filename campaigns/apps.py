from django.apps import AppConfig

from outreach_site.lib.ports import add_holder, add_outreach_facts, add_suppression_listener, set_campaign_names


class CampaignsConfig(AppConfig):
    name = "campaigns"
    label = "campaigns"

    def ready(self) -> None:
        from campaigns.discovery.privacy import DiscoveryHolder  # noqa: PLC0415 - models are not loaded before
        from campaigns.engagements import letters_under_way  # noqa: PLC0415 - models are not loaded before
        from campaigns.lifecycle import follow_suppression  # noqa: PLC0415 - as above
        from campaigns.names import campaign_names  # noqa: PLC0415 - as above
        from campaigns.privacy import CampaignsHolder  # noqa: PLC0415 - as above

        add_suppression_listener(follow_suppression)
        add_outreach_facts(letters_under_way)
        set_campaign_names(campaign_names)
        add_holder(CampaignsHolder())
        add_holder(DiscoveryHolder())
