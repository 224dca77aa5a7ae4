from django.apps import AppConfig
from django.core.checks import Tags, register

from outreach_site.lib import ports


class ComplianceConfig(AppConfig):
    name = "compliance"
    label = "compliance"

    def ready(self) -> None:
        from compliance import audit, checks, use  # noqa: PLC0415 - models are loaded only now
        from compliance.holdings import ComplianceHolder  # noqa: PLC0415 - models are loaded only now

        ports.add_holder(ComplianceHolder())
        ports.set_audit_recorder(audit.record_from_below)
        ports.set_mailbox_use_reader(use.mailbox_use)
        ports.set_mailbox_mended_listener(use.mailbox_mended)
        register(checks.check_audit_triggers, Tags.database)
