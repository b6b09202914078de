"""Settings of the service, all read from the environment in this one place; the defaults need no server at all.

DATABASE_URL, CELERY_BROKER_URL and STORAGE_URL move it from a laptop to PostgreSQL, Redis or RabbitMQ, and S3. Each may
stand in a file instead: NAME_FILE names it, as secrets come into containers.
"""

from __future__ import annotations

from pathlib import Path

from csp.constants import NONE, SELF

from governance import environment, logs

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(environment.text("PLUMBLINE_VAR", str(BASE_DIR / "var"))).resolve()
VAR.mkdir(parents=True, exist_ok=True)

SECRET_KEY = environment.secret("SECRET_KEY", VAR / "secret_key")
SECRET_KEY_FALLBACKS = environment.listing("SECRET_KEY_FALLBACKS")
DEBUG = environment.flag("DEBUG", False)
HTTPS = environment.flag("HTTPS", False)
ALLOWED_HOSTS = environment.listing("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = environment.listing("CSRF_TRUSTED_ORIGINS")

# Where `serve` and `web` listen. Behind a proxy its headers are believed, and nobody's else.
HOST = environment.text("HOST", "127.0.0.1")
PORT = environment.number("PORT", 8000)
WEB_THREADS = environment.number("WEB_THREADS", 4, least=1)
WEB_PROCESSES = environment.number("WEB_PROCESSES", 1, least=1)
BEHIND_PROXY = environment.flag("BEHIND_PROXY", False)
TRUSTED_PROXY = environment.text("TRUSTED_PROXY", "127.0.0.1")
METRICS_TOKEN = environment.text("METRICS_TOKEN", "")

# One click signs in as somebody of the sample organisation; see governance/one_click.py.
DEMO = environment.flag("DEMO", False)
if DEMO:
    environment.here_alone("DEMO", [HOST, *ALLOWED_HOSTS], HTTPS=HTTPS, BEHIND_PROXY=BEHIND_PROXY)

# Lowest first, as the rooms lie: a room never imports one that comes after it.
ROOMS = [
    "models.rest",
    "models.accounts",
    "models.trail",
    "models.jobs",
    "models.webhooks",
    "models.registry",
    "audits",
    "privacy",
    "synthetic",
    "governance.systems",
    "governance.lawbook",
    "governance.obligations",
    "governance.risks",
    "governance.incidents",
    "governance.reviews",
    "governance.assessments",
    "governance",
]
INSTALLED_APPS = [
    *ROOMS,
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    *environment.listing("PLUMBLINE_EXTRA_APPS"),
]
MIDDLEWARE = [
    "governance.middleware.RequestMiddleware",
    "models.rest.middleware.ProblemMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "models.accounts.middleware.SignInMiddleware",
    "models.accounts.middleware.MembershipMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "governance.urls"
WSGI_APPLICATION = "governance.wsgi.application"

# The report has a Jinja2 environment of its own (audits/report), since it is drawn without Django too.
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "governance.one_click.shown",
            ],
        },
    }
]

# Database. SQLite: write-ahead log, and BEGIN IMMEDIATE so that a transaction that will write waits at its start
# instead of failing in its middle.
DATABASE_URL = environment.text("DATABASE_URL", f"sqlite:///{VAR / 'plumbline.sqlite3'}")
DATABASES = {"default": environment.database("DATABASE_URL", DATABASE_URL)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "models.accounts.hashing.Argon2",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
DELEGATION_DAYS = environment.number("DELEGATION_DAYS", 90)  # the longest that a role is in another's hands
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

# Sign-in by an identity provider too, where all three are set; see models/accounts/oidc.py.
OIDC_ISSUER = environment.text("OIDC_ISSUER", "")
OIDC_CLIENT_ID = environment.text("OIDC_CLIENT_ID", "")
OIDC_CLIENT_SECRET = environment.text("OIDC_CLIENT_SECRET", "")
OIDC_NAME = environment.text("OIDC_NAME", "your organisation's account")
OIDC_SECOND_FACTOR = environment.flag("OIDC_SECOND_FACTOR", False)
OIDC = environment.all_or_none(
    OIDC_ISSUER=OIDC_ISSUER, OIDC_CLIENT_ID=OIDC_CLIENT_ID, OIDC_CLIENT_SECRET=OIDC_CLIENT_SECRET
)
if OIDC:
    environment.encrypted("OIDC_ISSUER", OIDC_ISSUER)
    INSTALLED_APPS += ["allauth", "allauth.account", "allauth.socialaccount"]
    INSTALLED_APPS += ["allauth.socialaccount.providers.openid_connect"]
    MIDDLEWARE += ["allauth.account.middleware.AccountMiddleware"]
    ACCOUNT_USER_MODEL_USERNAME_FIELD = None
    ACCOUNT_LOGIN_METHODS = {"email"}
    ACCOUNT_SIGNUP_FIELDS = ["email*"]
    SOCIALACCOUNT_ADAPTER = "models.accounts.oidc.Adapter"
    SOCIALACCOUNT_LOGIN_ON_GET = True  # a link: the policy lets no form lead elsewhere
    OIDC_APP = {
        "provider_id": "oidc",
        "name": OIDC_NAME,
        "client_id": OIDC_CLIENT_ID,
        "secret": OIDC_CLIENT_SECRET,
        "settings": {"server_url": OIDC_ISSUER},
    }
    SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [OIDC_APP]}}

# Work. The broker is only a doorbell: it may lose everything, the database knows what there is to do.
CELERY_BROKER_URL = environment.text("CELERY_BROKER_URL", "filesystem://")
BROKER_FOLDER = Path(environment.text("BROKER_FOLDER", str(VAR / "broker")))
if CELERY_BROKER_URL.startswith("filesystem"):
    for name in ("messages", "control"):
        (BROKER_FOLDER / name).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_FOLDER / "messages"),
        "data_folder_out": str(BROKER_FOLDER / "messages"),
        "control_folder": str(BROKER_FOLDER / "control"),
        "polling_interval": 0.3,
    }
elif CELERY_BROKER_URL.startswith("amqp"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {"confirm_publish": True}
else:
    # a request whose ring is not taken goes on within a second or two; the worker itself retries for ever
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "socket_connect_timeout": 2,
        "socket_timeout": 30,
        "connect_retries_timeout": 2,
        "max_retries": 1,
        "interval_start": 0.1,
    }
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = environment.text("CELERY_QUEUE", "plumbline")
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_TIMEZONE = "UTC"

JOB_CELERY_APP = "governance"
JOB_LEASE_SECONDS = environment.number("JOB_LEASE_SECONDS", 60, least=1)
JOB_REAP_SECONDS = environment.number("JOB_REAP_SECONDS", 5, least=1)
JOB_RING_AGAIN_SECONDS = environment.number("JOB_RING_AGAIN_SECONDS", 60, least=1)
JOB_GRACE_SECONDS = environment.number("JOB_GRACE_SECONDS", 20)
JOB_ATTEMPTS = environment.number("JOB_ATTEMPTS", 3, least=1)
JOB_TIME_LIMIT_SECONDS = environment.number("JOB_TIME_LIMIT_SECONDS", 3600, least=1)
JOB_MEMORY_LIMIT_BYTES = environment.number("JOB_MEMORY_LIMIT_BYTES", 4 * 1024**3)
JOB_WAITERS = environment.number("JOB_WAITERS", 2)
JOB_WORK_FOLDER = VAR / "work"

# What is kept how long, in days; docs/retention.md says why. 0 keeps it for ever.
KEEP_JOB_LOGS_DAYS = environment.number("KEEP_JOB_LOGS_DAYS", 3653)
KEEP_DELIVERIES_DAYS = environment.number("KEEP_DELIVERIES_DAYS", 90)
KEEP_NOTICES_DAYS = environment.number("KEEP_NOTICES_DAYS", 366)
KEEP_UNREFERENCED_BLOBS_DAYS = environment.number("KEEP_UNREFERENCED_BLOBS_DAYS", 7)
PRUNE_HOURS = environment.number("PRUNE_HOURS", 24)

# The trail's heads are signed with a key that manage.py trail_key makes; both files lie outside the database.
TRAIL_KEY_FILE = environment.text("TRAIL_KEY_FILE", str(VAR / "trail_key"))
TRAIL_CHECKPOINTS_FILE = environment.text("TRAIL_CHECKPOINTS_FILE", str(VAR / "trail_checkpoints.jsonl"))
TRAIL_CHECKPOINT_MINUTES = environment.number("TRAIL_CHECKPOINT_MINUTES", 60)

# Files. Limits of what people may bring; intake refuses what is above them.
STORAGE_URL = environment.text("STORAGE_URL", f"file://{VAR / 'blobs'}")
BLOB_CACHE_BYTES = environment.number("BLOB_CACHE_BYTES", 10 * 1024**3)
UPLOAD_BYTES = environment.number("UPLOAD_BYTES", 2 * 1024**3)
FORM_UPLOAD_BYTES = environment.number("FORM_UPLOAD_BYTES", 256 * 1024**2)
EVIDENCE_BYTES = environment.number("EVIDENCE_BYTES", 32 * 1024**2)
UPLOAD_ROWS = environment.number("UPLOAD_ROWS", 100_000_000)
UPLOAD_COLUMNS = environment.number("UPLOAD_COLUMNS", 5_000)
UPLOAD_CELL_LENGTH = environment.number("UPLOAD_CELL_LENGTH", 1024**2)
DATA_SOURCES = environment.text("DATA_SOURCES", "")
DISK_RESERVE_BYTES = environment.number("DISK_RESERVE_BYTES", 1024**3)
FILE_UPLOAD_TEMP_DIR = VAR / "received"
FILE_UPLOAD_TEMP_DIR.mkdir(mode=0o700, exist_ok=True)
FILE_UPLOAD_HANDLERS = ["models.registry.uploads.LimitedUpload"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024**2
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
DATA_UPLOAD_MAX_NUMBER_FILES = 10

# Webhooks go to public addresses over https; to these networks also, and there over http too.
WEBHOOK_ALLOWED_NETWORKS = environment.networks("WEBHOOK_ALLOWED_NETWORKS")

# How often one token, or one signed-in person, may ask the API: 600/min, 10/s, 50000/day, or off
API_RATE = environment.text("API_RATE", "600/min")

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# Browsers
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = environment.number("HSTS_SECONDS", 31_536_000) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None

# Where people reach us: links in mail and in calendars. Mail is sent where EMAIL_URL names a server, see
# governance/reviews/mail.py.
SITE_URL = environment.site("SITE_URL")
EMAIL_URL = environment.text("EMAIL_URL", "")
EMAIL_FROM = environment.text("EMAIL_FROM", "")
MAIL = environment.all_or_none(EMAIL_URL=EMAIL_URL, EMAIL_FROM=EMAIL_FROM)
if MAIL:
    environment.all_or_none(EMAIL_URL=EMAIL_URL, SITE_URL=SITE_URL)
    globals().update(environment.mail_server("EMAIL_URL", EMAIL_URL))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = EMAIL_FROM

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

# One line each on stderr, for people or (LOG_FORMAT=json) for machines; see governance/logs.py.
LOG_FORMAT = environment.choice("LOG_FORMAT", "line", ["json"])
LOG_LEVEL = environment.choice("LOG_LEVEL", "", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])
LOGGING = logs.configuration(LOG_FORMAT, LOG_LEVEL)
LOGGING_CONFIG = "logging.config.dictConfig"
