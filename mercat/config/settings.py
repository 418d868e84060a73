"""Django's settings, from the typed environment."""

from __future__ import annotations

from urllib.parse import urlsplit

import dj_database_url

from mercat.config import registrations
from mercat.config.demo import PASSPHRASE
from mercat.config.embedded import embedded_url
from mercat.config.environment import environment, text_secret

ENV = environment()

DEBUG = ENV.debug
SECRET_KEY = text_secret(ENV.secret("secret_key", ENV.secret_key_file))
ALLOWED_HOSTS = [
    "127.0.0.1",
    "localhost",
    "[::1]",
    urlsplit(ENV.base_url).hostname or "127.0.0.1",
    *filter(None, [urlsplit(ENV.media_url).hostname]),
    *filter(None, ENV.allowed_hosts.split(",")),
]
ROOT_URLCONF = "mercat.config.urls"
WSGI_APPLICATION = "mercat.config.wsgi.application"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "django_htmx",
    "procrastinate.contrib.django",
    "mercat.audit",
    "mercat.people",
    "mercat.register",
    "mercat.delivery",
    "mercat.images",
    "mercat.posts",
    "mercat.watch",
    "mercat.web",
    "mercat.config",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "mercat.web.middleware.ContentSecurityPolicy",
    "mercat.web.middleware.Public",
    "mercat.web.middleware.Failures",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "mercat.web.middleware.Devices",
    "mercat.people.signing_in.middleware.Proofs",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

_DATABASE = dj_database_url.parse(ENV.database_url or embedded_url(ENV.home, ENV.app_role))
# A pool in every process: workers' threads and web threads share few connections.
_POOL = {"min_size": 0, "max_size": 12, "timeout": 20, "max_idle": 60}
DATABASES = {
    "default": {
        **_DATABASE,
        "OPTIONS": {**_DATABASE.get("OPTIONS", {}), "pool": _POOL},
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = ["mercat.people.backend.PeopleBackend"]
LOGIN_URL = "web:sign-in"
LOGIN_REDIRECT_URL = "web:home"
LOGOUT_REDIRECT_URL = "web:sign-in"
# OWASP's first choice. What a passphrase must be is said below, for every body alike; the pack has no say in it.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"mercat.people.signing_in.passphrases.{name}"} for name in ("Strong", "NotBreached", "NotNamed")
]
MERCAT_BREACHED_PASSPHRASES = ENV.breached_passphrases
MERCAT_SIGN_IN_KEY = text_secret(ENV.secret("sign_in_key", ENV.sign_in_key_file))

# django-allauth brings the parts (docs/adr/0012); nobody signs up, and nobody changes an e-mail, by it.
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
MFA_ADAPTER = "mercat.people.signing_in.adapters.Factors"
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
SOCIALACCOUNT_ADAPTER = "mercat.people.signing_in.adapters.SingleSignOn"
SOCIALACCOUNT_LOGIN_ON_GET = True  # a link: no form may lead away from here
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10  # seconds
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True}}
MERCAT_OIDC = {
    "issuer": ENV.oidc_issuer.rstrip("/"),
    "name": ENV.oidc_name,
    "client_id": ENV.oidc_client_id,
    "secret": text_secret(ENV.oidc_client_secret_file) if ENV.oidc_client_secret_file else "",
    "number": ENV.oidc_number_claim,
    "groups": ENV.oidc_groups_claim,
    "device": ENV.oidc_device_claim,
    "device_value": ENV.oidc_device_value,
}

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "APP_DIRS": True,
        "OPTIONS": {"environment": "mercat.web.jinja.environment"},
    },
]
FORM_RENDERER = "django.forms.renderers.Jinja2"

STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True  # the built assets live in the web room; nothing is collected twice
MEDIA_ROOT = ENV.home / "files"
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

USE_TZ = True
TIME_ZONE = "Europe/London"
LANGUAGE_CODE = "en-gb"
USE_I18N = False

SESSION_ENGINE = "mercat.people.signing_in.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENV.base_url.startswith("https://")
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [ENV.base_url]
CSRF_FAILURE_VIEW = "mercat.web.views.errors.csrf_failed"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Rule 9 of sending: jobs are nudges. The Django connector lets a nudge commit with the rows it is about.
PROCRASTINATE_ON_APP_READY = "mercat.delivery.queue.on_app_ready"
PROCRASTINATE_READONLY_MODELS = True

MERCAT_PACK = ENV.pack
MERCAT_DEMO = ENV.demo
MERCAT_DEMO_PASSPHRASE = PASSPHRASE
MERCAT_LOOPBACK = ENV.loopback
# Behind a web server that is not trusted to say whose requests it hands on, everybody has its address.
MERCAT_SHARED_ADDRESS = bool(ENV.public_url) and not ENV.trusted_proxy
MERCAT_DEVICE_NETWORKS = ENV.networks_of_devices
MERCAT_PROXY_SECRET = text_secret(ENV.proxy_secret_file) if ENV.proxy_secret_file else ""
MERCAT_HR_DROP = ENV.hr_drop
MERCAT_APP_ROLE = ENV.app_role
MERCAT_AUDIT_KEY_FILE = ENV.secret("audit_key", ENV.audit_key_file)
MERCAT_AUDIT_ORIGIN = ENV.audit_origin
MERCAT_VAULT_KEY = ENV.vault_key or f"file:{ENV.secret('vault_key', None)}"
MERCAT_VAULT_PUBLIC_FILE = ENV.secret("vault_key.pub", ENV.vault_public_file)
MERCAT_BASE_URL = ENV.base_url
MERCAT_MEDIA_URL = ENV.fetched_from
MERCAT_SANDBOX_URL = ENV.sandbox_url
MERCAT_APPS = registrations.of_stand_ins() if ENV.demo else registrations.read(ENV.secret("apps.toml", ENV.apps_file))
# Origins that adapters may reach although they are private: the stand-ins, and what the installation names.
MERCAT_PRIVATE_ORIGINS = frozenset(
    [*filter(None, ENV.private_origins.split(",")), *([ENV.sandbox_url] if ENV.demo else [])]
)
# Notices by e-mail (mercat/people/notices). Django would otherwise try a server on this machine.
MERCAT_EMAIL = ENV.mail is not None
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if ENV.mail else 'dummy'}.EmailBackend"
EMAIL_TIMEOUT = 10  # seconds
if ENV.mail:
    DEFAULT_FROM_EMAIL = ENV.email_from
    EMAIL_HOST, EMAIL_PORT = ENV.mail.host, ENV.mail.port
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = ENV.mail.user, ENV.mail.password
    EMAIL_USE_TLS, EMAIL_USE_SSL = ENV.mail.starttls, ENV.mail.tls
MERCAT_SEND_THREADS = ENV.send_threads

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "httpx": {"level": "WARNING"},  # its INFO lines carry addresses with queries
        "procrastinate": {"level": "WARNING"},
        "waitress.queue": {"level": "ERROR"},  # eight busy threads are no news
    },
}
