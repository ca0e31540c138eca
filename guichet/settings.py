"""The one settings file. What differs between machines comes from the environment (documented in docs/exploiter.md)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONCE, NONE, SELF

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def env_list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in env(name, default).split(",") if part.strip()]


def env_flag(name: str, *, default: bool = False) -> bool:
    return env(name, "1" if default else "0").lower() in {"1", "true", "yes", "oui"}


def database(url: str) -> dict[str, Any]:
    """Read `postgresql://user:password@host:port/name?host=/socket/folder` into Django's form."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise SystemExit("DATABASE_URL doit commencer par postgresql:// (Guichet n'utilise que PostgreSQL).")
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    host = options.pop("host", "") or unquote(parts.hostname or "")
    port = options.pop("port", "") or (str(parts.port) if parts.port else "")
    pool = int(env("GUICHET_DB_POOL", "0"))
    if pool:
        options["pool"] = {"min_size": 1, "max_size": pool, "timeout": 10}
    options.setdefault("application_name", "guichet")
    # Statements are prepared on the server at their third use: half of its work on short ones is planning.
    if env_flag("GUICHET_DB_PREPARE", default=True):
        options |= {"server_side_binding": True, "prepare_threshold": 3}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": port,
        # With a pool Django forbids persistent connections of its own.
        "CONN_MAX_AGE": 0 if pool else 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
        "TEST": {"NAME": env("GUICHET_TEST_DB", "test_guichet")},
    }


# -- machine ------------------------------------------------------------------------------------------------------
GUICHET_HOME = Path(env("GUICHET_HOME", str(BASE_DIR / "data")))
DEBUG = env_flag("GUICHET_DEBUG")
SECRET_KEY = env("GUICHET_SECRET_KEY")
if not SECRET_KEY and (env_flag("GUICHET_TEST") or DEBUG):
    SECRET_KEY = "only-for-tests-and-debugging-" + "x" * 32
SECRET_KEY_FALLBACKS = env_list("GUICHET_SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env_list("GUICHET_HOSTS", "127.0.0.1,localhost")
# Where citizens reach Guichet: in links of mails, in the embed code.
PUBLIC_URL = env("GUICHET_PUBLIC_URL", f"http://127.0.0.1:{env('GUICHET_PORT', '8000')}").rstrip("/")
BEHIND_TLS = PUBLIC_URL.startswith("https://")
DATABASES = {"default": database(env("DATABASE_URL", "postgresql:///guichet"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- the Region ---------------------------------------------------------------------------------------------------
REGION_NAME = env("GUICHET_REGION", "Région Nouvelle-Aquitaine")
REGION_DEPARTMENTS = env_list("GUICHET_DEPARTMENTS", "16,17,19,23,24,33,40,47,64,79,86,87")
MAIL_DOMAIN = env("GUICHET_MAIL_DOMAIN", "nouvelle-aquitaine.example")
MAIL_ADDRESS = env("GUICHET_MAIL_ADDRESS", f"demandes@{MAIL_DOMAIN}")
AGENT_DOMAINS = env_list("GUICHET_AGENT_DOMAINS", f"agents.{MAIL_DOMAIN}")

# What the legal pages say. Until a host is named, they say that the site is a demonstration.
LEGAL = {
    "publisher": env("GUICHET_PUBLISHER", REGION_NAME),
    "siren": env("GUICHET_PUBLISHER_SIREN", "200053759"),
    "address": env("GUICHET_PUBLISHER_ADDRESS", "Hôtel de Région, 14 rue François-de-Sourdis, 33077 Bordeaux Cedex"),
    "director": env("GUICHET_PUBLICATION_DIRECTOR", "Alain Rousset, président du conseil régional"),
    "host": env("GUICHET_LEGAL_HOST"),  # name, address and telephone (LCEN, art. 1-1)
    "dpo": env("GUICHET_DPO", f"dpo@{MAIL_DOMAIN}"),
}
# The account that pays aids, in payment orders (pain.001). The default is a made-up one, for the demonstration.
PAYER = {
    "name": env("GUICHET_PAYER_NAME", REGION_NAME),
    "iban": env("GUICHET_PAYER_IBAN", "FR1420041010050500013M02606"),
    "bic": env("GUICHET_PAYER_BIC"),
}
# Announced to citizens. Nothing is erased by the machine: an elimination wants the visa of the departmental archives.
RETENTION_MONTHS = int(env("GUICHET_RETENTION_MONTHS", "24"))
LOG_MONTHS = int(env("GUICHET_LOG_MONTHS", "12"))

# -- providers of identity: without issuer, name and secret, the button is not there ---------------------------------
OPENID: dict[str, dict[str, Any]] = {
    "franceconnect": {  # citizens
        "name": "FranceConnect",
        "issuer": env("GUICHET_FRANCECONNECT_ISSUER"),
        "client_id": env("GUICHET_FRANCECONNECT_CLIENT_ID"),
        "client_secret": env("GUICHET_FRANCECONNECT_CLIENT_SECRET"),
        "scopes": env(
            "GUICHET_FRANCECONNECT_SCOPES", "openid given_name family_name preferred_username birthdate email"
        ),
        "acr": ("eidas1", "eidas2", "eidas3"),
        "claims": "",
        "callback": "portal:franceconnect_back",
        "signed_out": "portal:signed_out",
    },
    "proconnect": {  # agents
        "name": "ProConnect",
        "issuer": env("GUICHET_PROCONNECT_ISSUER"),
        "client_id": env("GUICHET_PROCONNECT_CLIENT_ID"),
        "client_secret": env("GUICHET_PROCONNECT_CLIENT_SECRET"),
        "scopes": env("GUICHET_PROCONNECT_SCOPES", "openid given_name usual_name email uid siret"),
        "acr": (),
        "claims": '{"id_token":{"amr":{"essential":true}}}',  # whether a second proof was asked there
        "callback": "desk:proconnect_back",
        "signed_out": "desk:login",
    },
}

# -- channels: one line each, dotted path and options ---------------------------------------------------------------
CHANNELS: dict[str, tuple[str, dict[str, Any]]] = {
    "email": (
        "guichet.channels.email.EmailChannel",
        {
            "own_addresses": tuple(env_list("GUICHET_OWN_ADDRESSES", MAIL_ADDRESS)),
            "agent_domains": tuple(AGENT_DOMAINS),
            "trusted_relays": tuple(env_list("GUICHET_TRUSTED_RELAYS")),
            "authserv_id": env("GUICHET_AUTHSERV_ID"),
            "domain": MAIL_DOMAIN,
            "token_key": SECRET_KEY,
            "old_token_keys": tuple(SECRET_KEY_FALLBACKS),
            "smtp_host": env("GUICHET_SMTP_HOST"),
            "smtp_port": int(env("GUICHET_SMTP_PORT", "25")),
            "smtp_user": env("GUICHET_SMTP_USER"),
            "smtp_password": env("GUICHET_SMTP_PASSWORD"),
            "smtp_tls": env("GUICHET_SMTP_TLS", "starttls"),
            # Without an SMTP server, mail is written to a local folder that the desk shows: the demo.
            "folder": "" if env("GUICHET_SMTP_HOST") else str(GUICHET_HOME / "courriels-sortants"),
            "imap_host": env("GUICHET_IMAP_HOST"),
            "imap_port": int(env("GUICHET_IMAP_PORT", "993")),
            "imap_user": env("GUICHET_IMAP_USER"),
            "imap_password": env("GUICHET_IMAP_PASSWORD"),
            "imap_mailbox": env("GUICHET_IMAP_MAILBOX", "INBOX"),
            "allowed_recipients": tuple(env_list("GUICHET_ONLY_TO")),
        },
    ),
}
if env("GUICHET_MODEL_URL"):  # a language model, off unless an administrator plugs one
    CHANNELS["model"] = (
        "guichet.channels.model.ModelEndpoint",
        {"url": env("GUICHET_MODEL_URL"), "key": env("GUICHET_MODEL_KEY"), "name": env("GUICHET_MODEL_NAME")},
    )
LMTP_HOST = env("GUICHET_LMTP_HOST", "127.0.0.1")
LMTP_PORT = int(env("GUICHET_LMTP_PORT", "8024"))
# Live updates of the desk. Behind TLS the proxy sends /direct/ to that port; else the browser goes to the port itself.
LIVE_HOST = env("GUICHET_LIVE_HOST", "127.0.0.1")
LIVE_PORT = int(env("GUICHET_LIVE_PORT", "8001"))
_public = urlsplit(PUBLIC_URL)
LIVE_URL = env(
    "GUICHET_LIVE_URL", "/direct/" if BEHIND_TLS else f"{_public.scheme}://{_public.hostname}:{LIVE_PORT}/direct/"
)
MAIL_MAX_BYTES = int(env("GUICHET_MAIL_MAX_BYTES", str(35 * 1024 * 1024)))

# -- citizens' form -------------------------------------------------------------------------------------------------
UPLOAD_MAX_FILES = 5
UPLOAD_MAX_BYTES = 10 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
# Beyond these the rest of a request is read past, not kept, and the form says so; beyond the last one it is refused.
UPLOAD_READ_FILES = 20
DATA_UPLOAD_MAX_NUMBER_FILES = 1000
FILE_UPLOAD_HANDLERS = [
    "guichet.core.uploading.Sieve",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
# Sites of the Region that may embed the form.
EMBED_ORIGINS = env_list("GUICHET_EMBED_ORIGINS")
CLAMD = env("GUICHET_CLAMD")  # "127.0.0.1:3310" or a socket path; empty: files are marked « non analysé »

# -- interfaces -----------------------------------------------------------------------------------------------------
API_PER_MINUTE = int(env("GUICHET_API_PER_MINUTE", "600"))  # calls of one key
# Webhooks go to public addresses by https only; tests and debugging may call this machine.
WEBHOOKS_TO_LOOPBACK = DEBUG or env_flag("GUICHET_TEST")

# -- time rules -----------------------------------------------------------------------------------------------------
UNDO_SECONDS = int(env("GUICHET_UNDO_SECONDS", "15"))
DRAFT_DAYS = int(env("GUICHET_DRAFT_DAYS", "60"))
ASSISTANT_NAME = env("GUICHET_ASSISTANT_NAME", "Noa")
CHAT_MASK_DAYS = int(env("GUICHET_CHAT_MASK_DAYS", "180"))
ARTICLE_REVIEW_DAYS = int(env("GUICHET_ARTICLE_REVIEW_DAYS", "365"))
ASKED_DAYS = int(env("GUICHET_ASKED_DAYS", "180"))
# How long a worker may hold a delivery before another takes it over: longer than the longest SMTP dialogue.
OUTBOX_LEASE_SECONDS = int(env("GUICHET_OUTBOX_LEASE_SECONDS", "300"))
REOPEN_GRACE_DAYS = int(env("GUICHET_REOPEN_GRACE_DAYS", "30"))
WAITING_REMINDER_DAYS = int(env("GUICHET_WAITING_REMINDER_DAYS", "7"))
WAITING_END_DAYS = int(env("GUICHET_WAITING_END_DAYS", "30"))

# -- Django -----------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "django_htmx",
    "csp",
    "procrastinate.contrib.django",
    "guichet.core",
    "guichet.journal",
    "guichet.organisation",
    "guichet.accounts",
    "guichet.people",
    "guichet.outbox",
    "guichet.citizens",
    "guichet.knowledge",
    "guichet.cases",
    "guichet.procedures",
    "guichet.noa",
    "guichet.notices",
    "guichet.portal",
    "guichet.desk",
    "guichet.gateway",
    "guichet.demo",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "guichet.citizens.middleware.CitizenMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "guichet.core.middleware.UnstorableMiddleware",
    "guichet.core.middleware.RefusalMiddleware",
]
ROOT_URLCONF = "guichet.urls"
WSGI_APPLICATION = "guichet.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "guichet" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "guichet.core.context.region",
            ],
            "builtins": ["guichet.core.templatetags.guichet", "guichet.core.templatetags.addresses"],
        },
    }
]
FORM_RENDERER = "guichet.core.widgets.WrittenAtOnce"
LANGUAGE_CODE = "fr"
TIME_ZONE = "Europe/Paris"
USE_TZ = True
USE_I18N = True
LOCALE_PATHS = [BASE_DIR / "locale"]

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["guichet.accounts.backends.Backend"]
LOGIN_URL = "/bureau/connexion/"
LOGIN_REDIRECT_URL = "/bureau/"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
OTP_TOTP_ISSUER = "Guichet"

SESSION_ENGINE = "guichet.accounts.sessions"
SESSION_COOKIE_NAME = "guichet_session"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = BEHIND_TLS
CSRF_COOKIE_SECURE = BEHIND_TLS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True  # our scripts read the token of the form
CSRF_TRUSTED_ORIGINS = env_list("GUICHET_TRUSTED_ORIGINS") or ([PUBLIC_URL] if BEHIND_TLS else [])
CSRF_FAILURE_VIEW = "guichet.core.views.csrf_failure"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS else None
SECURE_HSTS_SECONDS = 31536000 if BEHIND_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = BEHIND_TLS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# How many proxies stand in front: the client's address is read that far from the right of X-Forwarded-For.
TRUSTED_PROXIES = int(env("GUICHET_TRUSTED_PROXIES", "0"))
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF, *([] if LIVE_URL.startswith("/") else [LIVE_URL])],
        "form-action": [SELF],
        "frame-src": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    },
}

STATIC_URL = "/static/"
STATIC_ROOT = GUICHET_HOME / "static"
STATICFILES_DIRS = [BASE_DIR / "guichet" / "static"]
MEDIA_ROOT = GUICHET_HOME / "fichiers"
_files_backend: dict[str, Any] = {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    "OPTIONS": {"location": str(MEDIA_ROOT)},
}
if env("GUICHET_S3_BUCKET"):
    _files_backend = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": env("GUICHET_S3_BUCKET"),
            "endpoint_url": env("GUICHET_S3_ENDPOINT") or None,
            "region_name": env("GUICHET_S3_REGION") or None,
            "access_key": env("GUICHET_S3_ACCESS_KEY") or None,
            "secret_key": env("GUICHET_S3_SECRET_KEY") or None,
            "file_overwrite": True,
            "querystring_auth": True,
        },
    }
STORAGES = {
    "default": _files_backend,
    "staticfiles": {"BACKEND": f"guichet.core.assets.{'AsTheyAre' if DEBUG or env_flag('GUICHET_TEST') else 'Named'}"},
}
WHITENOISE_AUTOREFRESH = DEBUG or env_flag("GUICHET_TEST")
WHITENOISE_USE_FINDERS = DEBUG or env_flag("GUICHET_TEST")

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("GUICHET_LOG_LEVEL", "INFO")},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "mail.log": {"level": "WARNING"},
        "procrastinate": {"level": "WARNING"},
        "weasyprint": {"level": "ERROR"},
        "pikepdf": {"level": "WARNING"},
        "fontTools": {"level": "ERROR"},
    },
}
