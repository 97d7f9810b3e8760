"""Configure the shop from the environment, as a hosting service would."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from config.database_url import parse_database_url

BASE_DIR = Path(__file__).resolve().parent.parent

# Everything the shop writes: its SQLite file, backups and the journal of migrations. Never in version control.
VAR_DIR = Path(os.environ.get("VAR_DIR", BASE_DIR / "var"))

DEBUG = os.environ.get("DEBUG", "1").lower() in {"1", "true", "yes", "on"}
SECRET_KEY = os.environ.get("SECRET_KEY", "django-insecure-only-for-a-laptop" if DEBUG else "")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set, and DEBUG is off. Set it to a long random text."
    )
ALLOWED_HOSTS = [
    host for host in os.environ.get("ALLOWED_HOSTS", "").replace(",", " ").split() if host
]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_safe_migrate",
    "dbbackup",
    "health_check",
    "catalogue",
    "customers",
    "orders",
    "reviews",
    "storefront",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

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
    },
]

if "DATABASE_URL" in os.environ:
    DATABASES = {"default": parse_database_url(os.environ["DATABASE_URL"], BASE_DIR)}
else:
    DATABASES = {
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": VAR_DIR / "db.sqlite3"}
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    # django-dbbackup keeps its files here, and so do our backups. On a host whose disk vanishes at every
    # release (a Heroku dyno, a Kubernetes Job) make this an S3 or another remote storage.
    "dbbackup": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": VAR_DIR / "backups",
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
}

# Every key is optional, and every default is safe; these are here to show what a project is likely to touch.
SAFE_MIGRATE = {
    # Take a verified backup before every run, and keep the newest five.
    "BACKUP": {"WHEN": "always", "KEEP": 5},
    # A statement that has to lock a table waits this long, lets everybody else through and tries again later.
    "LOCK_TIMEOUT": "2s",
    # The record of each run that survives a crash of the database.
    "JOURNAL_DIR": VAR_DIR / "journal",
    # The shop must answer these before and after the migrations.
    "HEALTH_CHECKS": ["health_check.checks.Database", "health_check.checks.Cache"],
    # Treat a rule as less serious than it is by default, or as more so:
    # "RULES": {"drop_column": "warning"},
}
