"""Django's settings. Every value that differs between places comes from the environment (see config/env.py)."""

from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy

from config import env

env.load_local_defaults()

BASE_DIR = env.BASE_DIR
LOCAL_DIR = env.local_dir() or BASE_DIR / ".local"

DEBUG = env.flag("DJANGO_DEBUG")
SECRET_KEY = env.secret_key(env.secret("DJANGO_SECRET_KEY"), debugging=DEBUG)
ALLOWED_HOSTS = env.words("DJANGO_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("DJANGO_CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "ticketing",  # before the desk's theme, whose templates it extends
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "config",
    "audit",
    "signin",
    "routing",
    "ingestion",
    "itsm",
]

MIDDLEWARE = [
    "config.web.headers.HeadersMiddleware",
    "config.web.middleware.RequestIdMiddleware",
    "config.web.middleware.DeadlineMiddleware",
    "config.web.paths.EncodedSlashMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ticketing.desk.middleware.AddressMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "signin.middleware.LastUseMiddleware",
    "signin.known_device.KnownDeviceMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "audit.who.WhoMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

# Only our own files, and no script or style within a page. `data:` is for the icons of the API's description.
SECURE_CSP = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}
X_FRAME_OPTIONS = "DENY"

BEHIND_TLS_PROXY = env.flag("BEHIND_TLS_PROXY")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS_PROXY else None
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS_PROXY
PROXIES = env.number("PROXIES", 0)  # in front of Foyer, each of which adds to X-Forwarded-For
if PROXIES < 0:
    raise ImproperlyConfigured(f"PROXIES must be 0 or more, but it is {PROXIES}.")
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # a load balancer asks for these without TLS
SECURE_HSTS_SECONDS = env.number("HSTS_SECONDS", 365 * 24 * 3600) if BEHIND_TLS_PROXY else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.flag("HSTS_SUBDOMAINS", True)
# Without `preload`: that puts a whole domain on the browsers' own lists, for months, and is its owner's to decide.
# https://hstspreload.org asks software not to send it unless told to.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
CSRF_FAILURE_VIEW = "config.web.errors.form_refused"

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# --- The desk's index (SQL) -------------------------------------------------------------------------

DATABASES: dict[str, Any] = {
    "default": dj_database_url.parse(
        env.secret("DATABASE_URL", f"sqlite:///{LOCAL_DIR / 'foyer.sqlite3'}"),
        conn_max_age=600,
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Several processes write to the one file: take the write lock at a transaction's start, wait for it, and use a WAL.
    # What is deleted is overwritten with zeros, since it may have been redacted.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- AWS --------------------------------------------------------------------------------------------

REGION = env.text("REGION", "us-east-1")
TABLE_NAME = env.text("TABLE_NAME", "poc-itsm-tickets")
DELIVERIES_TABLE = env.text("DELIVERIES_TABLE", "foyer-deliveries")
CHECKPOINTS_TABLE = env.text("CHECKPOINTS_TABLE", "foyer-checkpoints")

TICKET_TOPIC = env.text("TICKET_TOPIC", "TicketRouting")
TICKET_TOPIC_ARN = env.text("TICKET_TOPIC_ARN")  # if empty, made from the account and TICKET_TOPIC
KINESIS_STREAM_NAME = env.text("KINESIS_STREAM_NAME", "iops-dashboard-events")

SUBMISSION_QUEUE = "TicketSubmissions"
ANALYTICS_QUEUE = "AnalyticsQueue"
PRIORITY_QUEUE = "PriorityTicketsQueue"
GENERAL_QUEUE = "GeneralTicketsQueue"
JOBS_QUEUE = "FoyerJobs"
ANNOUNCER_DEAD_LETTERS = "AnnouncerDLQ"
QUEUE_URLS = {SUBMISSION_QUEUE: url} if (url := env.text("QUEUE_URL")) else {}
SQS_MAX_MESSAGE_BYTES = env.number("SQS_MAX_MESSAGE_BYTES", 262_144)

S3_BUCKET_TICKETS = env.text("S3_BUCKET_TICKETS", "zendesk-sme-tickets")
LARGE_MESSAGE_BUCKET = env.text("LARGE_MESSAGE_BUCKET", "foyer-large-messages")
LARGE_MESSAGE_PREFIXES = env.words("LARGE_MESSAGE_PREFIXES", "large-tickets/", empty=True)
ATTACHMENTS_BUCKET = env.text("ATTACHMENTS_BUCKET", "foyer-attachments")
EMBEDDING_FUNCTION = env.text("EMBEDDING_FUNCTION", "embedding-generator")

# How often counted metrics are sent. 0: only when told to, as on Lambda, which is frozen between requests.
METRICS_FLUSH_SECONDS = env.number("METRICS_FLUSH_SECONDS", 0 if env.text("AWS_LAMBDA_FUNCTION_NAME") else 30)


def _bucket(name: str) -> dict[str, Any]:
    return {"BACKEND": "config.aws.s3.Bucket", "OPTIONS": {"bucket_name": name, "region_name": REGION}}


STORAGES = {
    "default": _bucket(ATTACHMENTS_BUCKET),
    "raw_tickets": _bucket(S3_BUCKET_TICKETS),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# --- Celery: our own background tasks, on a queue of their own --------------------------------------

CELERY_TASK_ALWAYS_EAGER = env.flag("CELERY_TASK_ALWAYS_EAGER")

# How many items an import may write in a second, so that the doors keep their capacity. 0: no limit.
IMPORT_ITEMS_PER_SECOND = env.number("IMPORT_ITEMS_PER_SECOND", 500)

# Whether a second person must agree before somebody is erased at the desk.
ERASURE_NEEDS_SECOND_PERSON = env.flag("ERASURE_NEEDS_SECOND_PERSON")
# Tickets that have been closed for so many days are erased. 0: none is.
ERASE_CLOSED_DAYS = env.number("ERASE_CLOSED_DAYS", 0)
if ERASE_CLOSED_DAYS < 0:
    raise ImproperlyConfigured(f"ERASE_CLOSED_DAYS must be 0 or more, but it is {ERASE_CLOSED_DAYS}.")

# --- The doors --------------------------------------------------------------------------------------

DEFAULT_CUSTOMER = env.text("DEFAULT_CUSTOMER", "default")

ZENDESK_DOMAIN = env.text("ZENDESK_DOMAIN")
ZENDESK_API_URL = env.text("ZENDESK_API_URL", f"https://{ZENDESK_DOMAIN}" if ZENDESK_DOMAIN else "")
ZENDESK_OAUTH_CLIENT_ID = env.text("ZENDESK_OAUTH_CLIENT_ID")
ZENDESK_OAUTH_CLIENT_SECRET = env.secret("ZENDESK_OAUTH_CLIENT_SECRET")
ZENDESK_OAUTH_SCOPE = env.text("ZENDESK_OAUTH_SCOPE", "tickets:read users:read")
if bool(ZENDESK_OAUTH_CLIENT_ID) != bool(ZENDESK_OAUTH_CLIENT_SECRET):
    raise ImproperlyConfigured(
        "ZENDESK_OAUTH_CLIENT_ID and ZENDESK_OAUTH_CLIENT_SECRET (or ZENDESK_OAUTH_CLIENT_SECRET_SECRET_ID) belong "
        "together: set both or neither."
    )
ZENDESK_EMAIL = env.text("ZENDESK_EMAIL")  # this and the next are used where OAuth is not set
ZENDESK_API_TOKEN = env.secret("ZENDESK_API_TOKEN")
ZENDESK_WEBHOOK_SECRET = env.secret("ZENDESK_WEBHOOK_SECRET")
ZENDESK_ANSWER_BACK = env.flag("ZENDESK_ANSWER_BACK")  # whether what staff write at the desk goes to Zendesk
ZENDESK_SIGNATURE_TOLERANCE_SECONDS = env.number("ZENDESK_SIGNATURE_TOLERANCE_SECONDS", 300)

REQUEST_MAX_BYTES = 1024 * 1024
LARGE_REQUEST_MAX_BYTES = 5 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = LARGE_REQUEST_MAX_BYTES + 1  # a body in chunks has this length: see config/web/chunked.py

TOKEN_REQUESTS_PER_SECOND = env.number("TOKEN_REQUESTS_PER_SECOND", 500)
TOKEN_REQUESTS_BURST = env.number("TOKEN_REQUESTS_BURST", 1000)
TOKEN_CACHE_SECONDS = 30
TOKEN_DAYS = env.number("TOKEN_DAYS", 365)  # a new token ends after so many days, or sooner
if not 1 <= TOKEN_DAYS <= 3650:
    raise ImproperlyConfigured(f"TOKEN_DAYS must be between 1 and 3650, but it is {TOKEN_DAYS}.")
DELIVERY_DAYS = env.number("DELIVERY_DAYS", 400)  # then what ended well goes from the deliveries' table
if not 31 <= DELIVERY_DAYS <= 3650:  # an idempotency key holds for a month at least
    raise ImproperlyConfigured(f"DELIVERY_DAYS must be between 31 and 3650, but it is {DELIVERY_DAYS}.")
# Only tokens are cached, in each process's memory, at half a kilobyte each. Django's default would keep only 300.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 100_000}},
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["routing.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["config.web.permissions.HasScope"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],  # only for the schema; see config/web/body.py
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "config.web.negotiation.AlwaysJson",
    "DEFAULT_THROTTLE_CLASSES": ["config.web.throttling.TokenBucket"],
    "DEFAULT_RENDERER_CLASSES": ["config.web.renderers.ExactJSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "config.web.schemas.DoorSchema",
    "EXCEPTION_HANDLER": "config.web.errors.handle",
    "UNAUTHENTICATED_USER": None,
    "COMPACT_JSON": True,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Foyer",
    "DESCRIPTION": "One desk, five doors: the API of the support-ticket platform.",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "config.web.schemas.with_errors"],
    "PATH_CONVERTER_OVERRIDES": {"id": {"type": "string"}},  # any text: the converter's pattern is for encoded paths
    "ENUM_NAME_OVERRIDES": {"TicketStatus": "ticketing.tickets.workflow.STATUSES"},
}

# --- The desk ---------------------------------------------------------------------------------------

LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:ticketing_indexedticket_changelist"  # for staff who open the login page itself
LANGUAGE_CODE = "en-gb"
FORMAT_MODULE_PATH = "config.formats"  # Django's own columns show times as the rest of the desk does
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # the same everywhere, with no collectstatic that could be forgotten
SESSION_ENGINE = "signin.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_IDLE_MINUTES = env.number("SESSION_IDLE_MINUTES", 60)  # a session that nobody uses ends
SESSION_HOURS = env.number("SESSION_HOURS", 24)  # and so does every other
if SESSION_IDLE_MINUTES < 2 or SESSION_HOURS < 1:  # a use is noted once a minute
    raise ImproperlyConfigured("SESSION_IDLE_MINUTES must be 2 or more, and SESSION_HOURS 1 or more.")
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # no words travel in a cookie
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
SIGN_IN_FAILURES = env.number("SIGN_IN_FAILURES", 5)  # of a name, and so many of an address, lock it out
SIGN_IN_ADDRESS_FAILURES = env.number("SIGN_IN_ADDRESS_FAILURES", 50)
SIGN_IN_LOCK_MINUTES = env.number("SIGN_IN_LOCK_MINUTES", 15)
if not (1 <= SIGN_IN_FAILURES <= SIGN_IN_ADDRESS_FAILURES and SIGN_IN_LOCK_MINUTES >= 1):
    raise ImproperlyConfigured(
        "SIGN_IN_FAILURES and SIGN_IN_LOCK_MINUTES must be 1 or more, and SIGN_IN_ADDRESS_FAILURES no fewer than "
        "SIGN_IN_FAILURES."
    )
AXES_HANDLER = "signin.lockout.Handler"
AXES_FAILURE_LIMIT = SIGN_IN_FAILURES
AXES_COOLOFF_TIME = "signin.lockout.cool_off"
AXES_LOCKOUT_PARAMETERS = "signin.lockout.counted_by"
AXES_LOCKOUT_CALLABLE = "signin.lockout.locked_out"
AXES_CLIENT_IP_CALLABLE = "config.web.address.client_address"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # who tries on does not lengthen it
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False  # the desk has a page of its own
# Beside the password, which axes knows. The name stays, for the log.
AXES_SENSITIVE_PARAMETERS = ["old_password", "new_password1", "new_password2", "csrfmiddlewaretoken", "next"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Foyer",
    "SITE_HEADER": "Foyer",
    "SITE_SUBHEADER": "Support desk",
    "SITE_URL": None,
    "SITE_SYMBOL": "meeting_room",
    "SHOW_HISTORY": False,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _: static("ticketing/icon.svg")},
    ],
    "COLORS": lambda _: {},  # the policy forbids the <style> that Unfold makes of them: see colours.css
    "STYLES": [lambda _: static("ticketing/colours.css"), lambda _: static("ticketing/desk.css")],
    "SCRIPTS": [lambda _: static("ticketing/unfold.js"), lambda _: static("ticketing/keyboard.js")],
    "ACCOUNT": {"navigation": [{"title": "Your sessions", "link": reverse_lazy("own_sessions")}]},
    "SIDEBAR": {"navigation": "ticketing.desk.navigation.sections"},
}

# --- The record of who did what ---------------------------------------------------------------------

# The first key makes the digests of new rows; those made with the others still hold. So a new key goes in front.
AUDIT_KEYS = [one.strip() for one in env.secret("AUDIT_KEYS", SECRET_KEY).split(",") if one.strip()]
AUDIT_DAYS = env.number("AUDIT_DAYS", 0)  # after which rows go; 0: never
if AUDIT_DAYS and AUDIT_DAYS < 30:
    raise ImproperlyConfigured(f"AUDIT_DAYS must be 0 (for good) or at least 30, but it is {AUDIT_DAYS}.")

# --- Logs -------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "config.request_id.RequestIdFilter"},
        "outage": {"()": "config.aws.outage.OutageFilter"},
        "refused": {"()": "config.web.refused.RefusedFilter"},
    },
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "filters": ["request_id", "outage", "refused"],
            "formatter": "line",
        },
    },
    "root": {"handlers": ["stderr"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {
        "axes": {"level": "WARNING"},
        "botocore": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
        "urllib3.connection": {"level": "ERROR"},  # a traceback for each answer that is cut, which its caller tells
    },
}
