"""One settings file, read from the environment and `.env`; docs/configuration.md lists every variable."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import django_stubs_ext
import structlog
from csp.constants import NONE, SELF
from environs import EnvError

from outreach_site.lib.env import (
    authorities,
    database,
    encryption_keys,
    environment,
    host_names,
    mail_hosts,
    networks,
    port,
    redis_address,
    secret_key,
    sender,
    smtp_security,
    web_address,
)
from outreach_site.lib.log_lines import without_tokens

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

env = environment(Path(os.environ.get("ENV_FILE", BASE_DIR / ".env")))

# What this installation makes and keeps beside its code: the SQLite file, gathered static files, the post office.
VAR_DIR = Path(env.str("VAR_DIR", str(BASE_DIR / "var")))
# How the workers of this host are told from those of others.
HOST_NAME = env.str("HOST_NAME", "") or socket.gethostname()

# --- Who this installation is -------------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", "")
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
DIGEST_KEY = env.str("DIGEST_KEY", "")
INSTANCE_ID = env.str("INSTANCE_ID", "")
for _name, _value in (("SECRET_KEY", SECRET_KEY), ("DIGEST_KEY", DIGEST_KEY), ("INSTANCE_ID", INSTANCE_ID)):
    if not _value:
        raise EnvError(
            f"{_name} is not set. `make run` writes a .env with fresh values; docs/configuration.md explains."
        )
SECRET_KEY = secret_key(SECRET_KEY, is_debugging=DEBUG)

ALLOWED_HOSTS = host_names(env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"]), "ALLOWED_HOSTS")
SITE_URL = web_address(env.str("SITE_URL", "http://localhost:8000"), "SITE_URL")
_HTTPS = SITE_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
# Addresses of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed; nobody else's are.
TRUSTED_PROXIES = networks(env.list("TRUSTED_PROXIES", []), "TRUSTED_PROXIES")

# --- Rooms --------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "outreach_site.desk",
    "inbox",
    "campaigns",
    "compliance",
    "outreach_site.mailboxes",
    "outreach_site.accounts",
    "outreach_site.sandbox",
    "outreach_site.apps.LinkletterAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "django_q",
    "lucide",
    "ninja",
    "template_partials",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "outreach_site.lib.htmx.ToastMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "outreach_site.accounts.access.AccessMiddleware",
]
if TRUSTED_PROXIES:
    MIDDLEWARE.insert(0, "outreach_site.lib.proxies.TrustedProxyMiddleware")

ROOT_URLCONF = "outreach_site.urls"
WSGI_APPLICATION = "outreach_site.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "outreach_site.desk.frame.frame",
            ],
            "libraries": {"looks": "outreach_site.lib.looks"},
        },
    }
]
FORM_RENDERER = "outreach_site.lib.forms.LinkletterRenderer"

# --- Database -----------------------------------------------------------------------------------------------------

# Other tools write the asynchronous driver into the address; it names the same file.
DATABASE_URL = (env.str("DATABASE_URL", "") or f"sqlite:///{VAR_DIR / 'linkletter.sqlite3'}").replace(
    "sqlite+aiosqlite:", "sqlite:", 1
)
_database = database(DATABASE_URL)
if _database["ENGINE"] == "django.db.backends.sqlite3":
    _database["ENGINE"] = "outreach_site.lib.sqlite"
    if _database["NAME"] not in {"", ":memory:"}:
        try:
            Path(_database["NAME"]).parent.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            raise EnvError(
                f"VAR_DIR or DATABASE_URL names {err.filename}, which cannot be made: {err.strerror}."
            ) from err
    # synchronous=FULL: with NORMAL a power cut may lose a commit, and so send a letter twice.
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        # The cache (32 MB, used as needed) and the pages between checkpoints keep a batch of 500 letters from writing
        # the same pages twice; SQLite's own 2 MB and 4 MB do not.
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
            "PRAGMA cache_size=-32000; PRAGMA wal_autocheckpoint=8000;"
        ),
    }
else:
    # A server that is frozen or cut off is noticed; what DATABASE_URL says itself goes before.
    _database["OPTIONS"] = {
        "connect_timeout": 10,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 60_000,
        **_database.get("OPTIONS", {}),
    }
DATABASES = {"default": _database}

REDIS_URL = redis_address(env.str("REDIS_URL", ""))
CACHES: dict[str, dict[str, Any]] = {
    # The rate limits of sign-in live in the cache, so it is shared by all processes.
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"},
    # Where django-q writes its statistics, twice a second and cluster: nobody reads them (desk/heartbeat.py).
    "nowhere": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
}

# --- Background work: django-q2 -----------------------------------------------------------------------------------

# The retry clock starts when a task is prefetched: retry > timeout * (1 + ceil((queue_limit + bulk) / workers)).
Q_CLUSTER: dict[str, Any] = {
    "name": "mail",
    "workers": 2,
    "queue_limit": 2,
    "bulk": 1,
    # A slice of 20 s may end with a server that takes 60 s to open and 60 s for a letter: killed in the middle of it,
    # that letter would become uncertain for nothing.
    "timeout": 150,
    "retry": 480,
    "ack_failures": True,
    "max_attempts": 1,
    "catch_up": False,
    "save_limit": -1,
    "recycle": 500,
    "poll": 0.5,
    "cache": "nowhere",
    "label": "Background work",
    **({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}),
    # A crawl must never stop the post: long work has a cluster of its own.
    "ALT_CLUSTERS": {"long": {"workers": 1, "queue_limit": 1, "bulk": 1, "timeout": 60, "retry": 300}},
}

# --- Helpers outside: nothing of them is needed ------------------------------------------------------------------

EXA_API_KEY = env.str("EXA_API_KEY", "")
OPENAI_API_KEY = env.str("OPENAI_API_KEY", "")
# Another server that speaks OpenAI's language, such as one of one's own.
OPENAI_BASE_URL = web_address(env.str("OPENAI_BASE_URL", "") or "https://api.openai.com/v1", "OPENAI_BASE_URL")
OPENAI_MODEL = env.str("OPENAI_MODEL", "") or "gpt-4.1-mini"

# --- People -------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "desk:home"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "outreach_site.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "signup": "outreach_site.accounts.forms.SignUpForm",
    "reset_password": "outreach_site.accounts.forms.ResetPasswordForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True  # A changed password or second factor is told to its owner.
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True  # In the browser that signed up, and in no other.
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if _HTTPS else "http"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Linkletter"
MFA_ADAPTER = "outreach_site.accounts.adapter.MfaAdapter"
INVITATION_DAYS = 7

# --- Outreach mail ------------------------------------------------------------------------------------------------

MAIL_SMTP_ENCRYPTION_KEYS = encryption_keys(env.list("MAIL_SMTP_ENCRYPTION_KEY", []))
MAIL_CA_FILE = authorities(env.str("MAIL_CA_FILE", ""))
# Exceptions for private and loopback mail hosts, and for unusual ports, as `host` or `host:port`.
MAIL_ALLOWED_HOSTS = mail_hosts(env.list("MAIL_ALLOWED_HOSTS", []), "MAIL_ALLOWED_HOSTS")

SMTP_HOST = env.str("SMTP_HOST", "")
SMTP_PORT = port(env.int("SMTP_PORT", 587), "SMTP_PORT")
SMTP_SECURE: bool | None = env.bool("SMTP_SECURE") if env.str("SMTP_SECURE", "") else None
SMTP_SECURITY = smtp_security(port=SMTP_PORT, secure=SMTP_SECURE)
SMTP_USER = env.str("SMTP_USER", "")
SMTP_PASS = env.str("SMTP_PASS", "")
SMTP_FROM_EMAIL = env.str("SMTP_FROM_EMAIL", "") or SMTP_USER
SMTP_FROM_NAME = env.str("SMTP_FROM_NAME", "")
SMTP_VERIFY_TLS = env.bool("SMTP_VERIFY_TLS", True)
SMTP_SEND_TIMEOUT = env.int("SMTP_SEND_TIMEOUT", 30)
IMAP_HOST = env.str("IMAP_HOST", "")
IMAP_PORT = port(env.int("IMAP_PORT", 993), "IMAP_PORT")
IMAP_USER = env.str("IMAP_USER", "")
IMAP_PASS = env.str("IMAP_PASS", "")
IMAP_FETCH_LIMIT = env.int("IMAP_FETCH_LIMIT", 50)
IMAP_POLL_MINUTES = env.int("IMAP_POLL_MINUTES", 5)

MAX_EMAILS_PER_HOUR = env.int("MAX_EMAILS_PER_HOUR", 80)
DAILY_USER_CAP = env.int("DAILY_USER_CAP", 100)
DAILY_DOMAIN_CAP = env.int("DAILY_DOMAIN_CAP", 20)
IDEMPOTENCY_HOURS = env.int("IDEMPOTENCY_HOURS", 24)
FOLD_ADDRESSES = env.bool("FOLD_ADDRESSES", True)
for _name in [
    "SMTP_SEND_TIMEOUT",
    "IMAP_FETCH_LIMIT",
    "IMAP_POLL_MINUTES",
    "MAX_EMAILS_PER_HOUR",
    "DAILY_USER_CAP",
    "DAILY_DOMAIN_CAP",
    "IDEMPOTENCY_HOURS",
]:
    if globals()[_name] < 1:
        raise EnvError(f"{_name} must be 1 or more, not {globals()[_name]}.")

# This installation's registrations with Google and Microsoft, for mailboxes that are connected without a password.
GOOGLE_CLIENT_ID = env.str("GOOGLE_CLIENT_ID", "")
GOOGLE_CLIENT_SECRET = env.str("GOOGLE_CLIENT_SECRET", "")
MICROSOFT_CLIENT_ID = env.str("MICROSOFT_CLIENT_ID", "")
MICROSOFT_CLIENT_SECRET = env.str("MICROSOFT_CLIENT_SECRET", "")

# --- The platform's own mail: to account holders only, never outreach ------------------------------------------------

GLOBAL_SMTP_HOST = env.str("GLOBAL_SMTP_HOST", "")
GLOBAL_SMTP_PORT = port(env.int("GLOBAL_SMTP_PORT", 587), "GLOBAL_SMTP_PORT")
GLOBAL_SMTP_USER = env.str("GLOBAL_SMTP_USER", "")
GLOBAL_SMTP_PASS = env.str("GLOBAL_SMTP_PASS", "")
GLOBAL_SMTP_VERIFY_TLS = env.bool("GLOBAL_SMTP_VERIFY_TLS", True)
GLOBAL_MAIL_FROM = sender(env.str("GLOBAL_MAIL_FROM", "").strip(), "GLOBAL_MAIL_FROM")
DEFAULT_FROM_EMAIL = GLOBAL_MAIL_FROM or "linkletter@localhost"
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_BACKEND = (
    "outreach_site.mailboxes.platform.PlatformBackend"
    if GLOBAL_SMTP_HOST
    else "django.core.mail.backends.console.EmailBackend"
)
EMAIL_TIMEOUT = SMTP_SEND_TIMEOUT

# --- The rehearsal post office --------------------------------------------------------------------------------------

SANDBOX = env.bool("SANDBOX", False)
SANDBOX_DIR = Path(env.str("SANDBOX_DIR", str(VAR_DIR / "sandbox")))
SANDBOX_HOST = "localhost"
SANDBOX_PORTS: dict[str, int] = {
    "smtp": port(env.int("SANDBOX_SMTP_PORT", 2587), "SANDBOX_SMTP_PORT"),
    "smtps": port(env.int("SANDBOX_SMTPS_PORT", 2465), "SANDBOX_SMTPS_PORT"),
    "imap": port(env.int("SANDBOX_IMAP_PORT", 2143), "SANDBOX_IMAP_PORT"),
    "imaps": port(env.int("SANDBOX_IMAPS_PORT", 2993), "SANDBOX_IMAPS_PORT"),
}
# Trusted for the post office's own ports alone, so that a rehearsal weakens nothing else.
SANDBOX_CA_FILE = SANDBOX_DIR / "ca.pem"

# --- The web --------------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},  # Files are kept in the database.
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
SECURE_SSL_REDIRECT = _HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/$"]  # A probe on the machine itself comes without TLS.
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = False
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_SECURE = _HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "outreach_site.desk.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-src": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
NINJA_PAGINATION_MAX_LIMIT = 200

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

# --- Checks and logs --------------------------------------------------------------------------------------------------

# Whether HTTPS is used is SITE_URL's to say: these would repeat it. (HSTS, redirect, cookies.)
SILENCED_SYSTEM_CHECKS = [
    *(["security.W004", "security.W008", "security.W012", "security.W016"] if not _HTTPS else []),
    "security.W005",  # Subdomains of an operator's domain are not ours to bind.
    "security.W021",  # Nor is preloading it.
]

_shared_processors: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    without_tokens,
    structlog.processors.TimeStamper(fmt="iso"),
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "lines": {
            "()": "structlog.stdlib.ProcessorFormatter",
            "processor": structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
            if DEBUG or SANDBOX
            else structlog.processors.JSONRenderer(),
            "foreign_pre_chain": _shared_processors,
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "mail.log": {"level": "WARNING"},  # aiosmtpd: every line of every conversation
        "django-q": {"level": "WARNING", "handlers": ["console"], "propagate": False},
        "django.server": {"level": "WARNING", "handlers": ["console"], "propagate": False},
    },
}
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_shared_processors,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.ExceptionRenderer(),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
