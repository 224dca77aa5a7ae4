from django.contrib.admin.apps import AdminConfig


class LinkletterAdminConfig(AdminConfig):
    default_site = "outreach_site.admin.LinkletterAdminSite"
