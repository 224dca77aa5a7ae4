"""Settings of the benchmarks: the site's own and its defaults, whatever stands in `.env` or in the environment."""

from __future__ import annotations

import os
import tempfile

for _name in list(os.environ):
    if _name.startswith(("SMTP_", "IMAP_", "GLOBAL_", "MAIL_", "MAX_", "DAILY_", "IDEMPOTENCY_", "TRUSTED_", "REDIS_")):
        del os.environ[_name]

os.environ.update(
    ENV_FILE=os.devnull,
    SECRET_KEY="benchmarks-only-" + "0123456789abcdef" * 4,
    DIGEST_KEY="benchmarks-only-digest-key",
    INSTANCE_ID="benchmarks",
    MAIL_SMTP_ENCRYPTION_KEY="MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    SITE_URL="https://outreach.example.com",
    ALLOWED_HOSTS="outreach.example.com",
    DEBUG="false",
    SANDBOX="false",
    VAR_DIR=tempfile.gettempdir(),  # Nothing is written there: each database has a directory of its own.
    DATABASE_URL="sqlite://:memory:",  # Nor here: _databases.py names the databases that are measured.
)

from outreach_site.settings import *  # noqa: E402, F403

# Pages are measured without the files that a start gathers.
STORAGES = STORAGES | {  # noqa: F405 - imported above
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
