"""Settings of the tests: the site's own, with keys that protect nothing and services on loopback."""

from __future__ import annotations

import os
import tempfile

os.environ.update(
    ENV_FILE=os.devnull,
    SECRET_KEY="tests-only-" + "0123456789abcdef" * 4,
    DIGEST_KEY="tests-only-digest-key",
    INSTANCE_ID="tests",
    MAIL_SMTP_ENCRYPTION_KEY="MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    SITE_URL="http://testserver",
    ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
    DEBUG="false",
    SANDBOX="true",
)
for _name in list(os.environ):
    if _name.startswith(
        ("SMTP_", "IMAP_", "GLOBAL_", "MAIL_ALLOWED", "MAIL_CA", "TRUSTED_", "REDIS_", "SANDBOX_", "OPENAI_")
    ):
        del os.environ[_name]  # The machine's own mail server has no say in tests.

os.environ["VAR_DIR"] = os.environ["SANDBOX_DIR"] = tempfile.mkdtemp(prefix="linkletter-tests-")

from outreach_site.settings import *  # noqa: E402, F403

if "sqlite" in DATABASES["default"]["ENGINE"]:  # noqa: F405 - imported above
    DATABASES["default"]["TEST"] = {"NAME": ":memory:"}  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # Speed; nothing here is secret.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CACHES = CACHES | {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}  # noqa: F405 - imported above
