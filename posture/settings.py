"""Settings. Everything that differs between installations comes from the environment; the README lists it."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from celery.schedules import crontab

from posture.platform import embedded, mail_server, numbers, secrets

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("PLIMSOLL_VAR", BASE_DIR / "var")).resolve()
VERSION = "0.1.0"


def _flag(name: str, default: bool) -> bool:
    return os.environ.get(name, str(int(default))).strip().lower() in {"1", "true", "yes", "on"}


SECRET_KEY = secrets.secret_key(VAR)
CREDENTIAL_KEYS = secrets.credential_keys(VAR)
DEBUG = False
ALLOWED_HOSTS = [h for h in os.environ.get("PLIMSOLL_HOSTS", "localhost,127.0.0.1,[::1]").split(",") if h]
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("PLIMSOLL_ORIGINS", "").split(",") if o]
SECURE = _flag("PLIMSOLL_SECURE", False)  # true where the browser reaches us over HTTPS

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "csp",
    "posture.base",
    "posture.accounts",
    "posture.history",
    "posture.fleet",
    "posture.images",
    "posture.defences",
    "posture.vulnerabilities",
    "posture.compliance",
    "posture.findings",
    "posture.risk",
    "posture.decisions",
    "posture.trends",
    "posture.gate",
    "posture.integrations",
    "posture.collection",
]

MIDDLEWARE = [
    "posture.platform.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "posture.base.middleware.RequestIdMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "posture.urls"
WSGI_APPLICATION = "posture.wsgi.application"
APPEND_SLASH = False
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {},
    }
]

# -- the two servers: given by URL, else the embedded ones
_services = embedded.services(VAR)
DATABASES = {"default": embedded.database_settings(_services.database_url)}
DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
REDIS_URL = _services.redis_url
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- people
AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
SESSION_COOKIE_NAME = "plimsoll_session"
SESSION_COOKIE_AGE = numbers.whole("PLIMSOLL_SESSION_SECONDS")  # idle time
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_NAME = "plimsoll_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = SECURE
CSRF_FAILURE_VIEW = "posture.base.problems.csrf_failure"

# -- the browser
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if _flag("PLIMSOLL_BEHIND_PROXY", False) else None
)
X_FRAME_OPTIONS = "DENY"


def _content_security_policy() -> dict[str, Any]:
    from csp.constants import NONCE, NONE, SELF

    return {
        "DIRECTIVES": {
            "default-src": [NONE],
            "script-src": [SELF],
            "style-src": [SELF, NONCE],
            "img-src": [SELF, "data:"],
            "font-src": [SELF],
            "connect-src": [SELF],
            "manifest-src": [SELF],
            "form-action": [SELF],
            "base-uri": [NONE],
            "frame-ancestors": [NONE],
        }
    }


CONTENT_SECURITY_POLICY = _content_security_policy()
STATIC_URL = "/static/"
FRONTEND_DIST = BASE_DIR / "frontend" / "dist"
STATIC_ROOT = FRONTEND_DIST
WHITENOISE_MAX_AGE = 60
WHITENOISE_ALLOW_ALL_ORIGINS = False

# -- the API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "posture.accounts.authentication.SessionAuthentication",
        "posture.accounts.authentication.TokenAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["posture.base.permissions.RolePermission"],
    "DEFAULT_RENDERER_CLASSES": ["posture.base.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "posture.base.pagination.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "posture.base.schema.Schema",
    "EXCEPTION_HANDLER": "posture.base.problems.handle",
    "URL_FORMAT_OVERRIDE": None,  # `format` is the export's own parameter
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Plimsoll API",
    "VERSION": VERSION,
    "DESCRIPTION": "Fleet container security posture: nodes, hosts, containers, images, checks, findings, loads.",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "SeverityEnum": "posture.base.serializers.SEVERITY_NAMES",
        "AssetKind": "posture.fleet.choices.AssetKind",
        "NodeKind": "posture.fleet.choices.NodeKind",
        "NodeState": "posture.fleet.choices.NodeState",
        "EnrolmentState": "posture.fleet.choices.EnrolmentState",
        "PullState": "posture.fleet.choices.PullState",
        "DefenceState": "posture.defences.choices.DefenceState",
        "FindingKind": "posture.findings.choices.FindingKind",
        "FindingState": "posture.findings.choices.FindingState",
        "Outcome": "posture.findings.choices.Outcome",
        "DecisionState": "posture.decisions.choices.DecisionState",
        "DecisionReason": "posture.decisions.choices.Reason",
        "DecisionLayer": "posture.decisions.choices.LAYER_CHOICES",
        "EndsWhen": "posture.decisions.choices.EndsWhen",
        "ClockStart": "posture.decisions.choices.ClockStart",
        "FindingVerb": "posture.decisions.worklist.VERBS",
        "DeadlineState": ["due", "overdue", "met", "missed"],
        "ActivityVerb": ["start", "stop", "assign", "comment", "decide", "hidden", "shown"],
        "ContainerStatus": "posture.fleet.choices.ContainerStatus",
        "FixStatus": "posture.vulnerabilities.choices.FIX_CHOICES",
        "UploadState": "posture.collection.choices.UploadState",
        "UploadSource": "posture.collection.choices.UploadSource",
        "FeedKind": "posture.vulnerabilities.choices.FeedKind",
        "VexStatus": "posture.vulnerabilities.choices.VexChoices",
        "ScanState": "posture.vulnerabilities.choices.ScanState",
        "SignatureOutcome": "posture.images.choices.SignatureOutcome",
        "SignerKind": "posture.images.choices.SignerKind",
        "SignatureKind": ["cosign", "attestation", "sigstore_bundle", "notation"],
        "JobState": "posture.vulnerabilities.choices.JobState",
        "ImageScanState": "posture.vulnerabilities.choices.ImageScanState",
        "JobPriority": "posture.vulnerabilities.choices.JobPriority",
        "PackageUse": "posture.vulnerabilities.choices.USE_CHOICES",
        "StepState": ["waiting", "running", "done", "failed"],
        "MessageState": "posture.integrations.choices.MessageState",
        "MessageCause": "posture.integrations.choices.Cause",
        "DigestFrequency": "posture.integrations.choices.Frequency",
        "SearchKind": ["host", "container", "image", "vulnerability", "package", "check", "node", "finding"],
        "LedgerOwnerKind": ["environment"],
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# -- the workers
CELERY_BROKER_URL = embedded.broker_url(REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": "plimsoll:", "visibility_timeout": 3600}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 250_000  # KiB
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "posture.platform.schedule:DurableScheduler"
CELERY_BEAT_SCHEDULE = {
    "claim nodes that are due": {
        "task": "posture.collection.tasks.tick",
        "schedule": timedelta(seconds=numbers.real("PLIMSOLL_TICK_SECONDS")),
        "options": {"expires": 10},
    },
    "find images to scan": {
        "task": "posture.collection.tasks.scan_tick",
        "schedule": timedelta(seconds=numbers.real("PLIMSOLL_TICK_SECONDS")),
        "options": {"expires": 10},
    },
    "review what was scanned": {
        "task": "posture.collection.tasks.review_scans",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 50},
    },
    "follow what is in use": {
        "task": "posture.collection.tasks.review_use",
        "schedule": timedelta(minutes=5),
        "options": {"expires": 290},
    },
    "lower the coverage of what went stale": {
        "task": "posture.collection.tasks.expire_evidence",
        "schedule": timedelta(minutes=5),
        "options": {"expires": 250},
    },
    "find uploads that nobody reads, and new files in the drop folder": {
        "task": "posture.collection.tasks.take_in",
        "schedule": timedelta(seconds=numbers.real("PLIMSOLL_TICK_SECONDS")),
        "options": {"expires": 10},
    },
    "fetch feeds that are due": {
        "task": "posture.collection.tasks.fetch_feeds",
        "schedule": timedelta(seconds=60),
        "options": {"expires": 50},
    },
    "end decisions whose time is over": {
        "task": "posture.collection.tasks.end_decisions",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 50},
    },
    "count the day": {
        "task": "posture.collection.tasks.count_days",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 50},
    },
    "check what decisions hide": {
        "task": "posture.collection.tasks.check_decisions",
        "schedule": crontab(hour=3, minute=17),
        "options": {"expires": 3600},
    },
    "settle what advisories say anew": {
        "task": "posture.collection.tasks.settle_matches",
        "schedule": timedelta(seconds=numbers.real("PLIMSOLL_TICK_SECONDS")),
        "options": {"expires": 10},
    },
    "count how far vulnerabilities reach": {
        "task": "posture.collection.tasks.fold_tallies",
        "schedule": timedelta(seconds=5),
        "options": {"expires": 5},
    },
    "tell what came due": {
        "task": "posture.collection.tasks.tell",
        "schedule": timedelta(seconds=numbers.real("PLIMSOLL_TICK_SECONDS")),
        "options": {"expires": 10},
    },
    "forget old pulls": {
        "task": "posture.collection.tasks.forget_old_pulls",
        "schedule": timedelta(hours=1),
        "options": {"expires": 3000},
    },
}

# -- pulls
REGISTER_HOST = _flag("PLIMSOLL_REGISTER_HOST", True)  # this machine becomes a node at the first start
PULL_LEASE_SECONDS = numbers.real("PLIMSOLL_LEASE_SECONDS")
PULL_MAX_QUEUED = numbers.whole("PLIMSOLL_MAX_QUEUED")
PULL_KEPT_DAYS = numbers.whole("PLIMSOLL_KEEP_PULLS_DAYS")
# A file with the roots of trust of a sigstore of one's own; "" is the public one, as the library brings it along.
SIGSTORE_TRUSTED_ROOT = os.environ.get("PLIMSOLL_SIGSTORE_ROOT", "")
PULL_DENIED_NETWORKS = [n for n in os.environ.get("PLIMSOLL_DENIED_NETWORKS", "").split(",") if n]

# -- reports that are sent to us
UPLOAD_MAX_BYTES = numbers.whole("PLIMSOLL_UPLOAD_MAX_BYTES")
DROP_FOLDER = Path(folder) if (folder := os.environ.get("PLIMSOLL_DROP_FOLDER", "")) else None
DROP_FOLDER_SETTLE_SECONDS = 2.0  # a file that was written to since may not be whole

# -- feeds of vulnerability intelligence
FEEDS_ALLOW_PLAINTEXT = _flag("PLIMSOLL_FEEDS_ALLOW_PLAINTEXT", False)  # a mirror within, without TLS

# -- scans of images
SCANS_AT_ONCE = numbers.whole("PLIMSOLL_SCANS")  # on this machine; 0: none
SCAN_FOLDER = Path(os.environ.get("PLIMSOLL_SCAN_FOLDER", VAR / "scans")).resolve()
SCAN_SECONDS = numbers.real("PLIMSOLL_SCAN_SECONDS")  # for reading the image, and for each tool
SCAN_IMAGE_BYTES = numbers.whole("PLIMSOLL_SCAN_IMAGE_MB") * 1024 * 1024
SCAN_MEMORY_BYTES = numbers.whole("PLIMSOLL_SCAN_MEMORY_MB") * 1024 * 1024
SCAN_AGAIN_AFTER = timedelta(days=numbers.real("PLIMSOLL_SCAN_DAYS"))
SCAN_TOOLS = [
    t.strip() for t in os.environ.get("PLIMSOLL_SCAN_TOOLS", "syft,trivy,grype").split(",") if t.strip()
]
SCAN_OFFLINE = _flag("PLIMSOLL_SCAN_OFFLINE", False)  # tools fetch no database
SCAN_PROGRAMS = {name: os.environ.get(f"PLIMSOLL_{name.upper()}", "") for name in ("syft", "trivy", "grype")}
SCAN_CACHES = {name: os.environ.get(f"PLIMSOLL_{name.upper()}_CACHE", "") for name in ("trivy", "grype")}
TRIVY_SERVER = os.environ.get("PLIMSOLL_TRIVY_SERVER", "")
TRIVY_TOKEN = secrets.from_environment("PLIMSOLL_TRIVY_TOKEN") or ""

# -- what is told by itself
MAIL_SERVER = mail_server.read()
PUBLIC_URL = mail_server.public_url()
WEBHOOKS_ALLOW_PLAINTEXT = _flag("PLIMSOLL_WEBHOOKS_ALLOW_PLAINTEXT", False)

TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
LANGUAGE_CODE = "en"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": os.environ.get("PLIMSOLL_LOG_LEVEL", "INFO")},
    # Two lines for every tick of the schedule would bury what happened.
    # A node that speaks no SSH is a line on that node; Paramiko would add a stack trace for each pull of it.
    "loggers": {name: {"level": "WARNING"} for name in ("celery.worker.strategy", "celery.app.trace")}
    | {"paramiko": {"level": "CRITICAL"}},
}
