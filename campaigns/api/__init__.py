"""The API of the campaigns room: `/api/v1/backlink-outreach`, and the hourly queue below `/api/email`."""

from campaigns.api import analytics, campaigns, emails, exports, follow_ups, leads, queue, sending

routers = (
    campaigns.router,
    leads.router,
    sending.router,
    follow_ups.router,
    emails.router,
    analytics.router,
    exports.router,
)
email_router = queue.router

__all__ = ["email_router", "routers"]
