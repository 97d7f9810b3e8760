"""
Real projects to migrate: wagtail and django-oscar, written as their own documentation tells a newcomer to.

Each project starts from the upstream command (`wagtail start`, `django-admin startproject`), so that what is migrated
is what their users have; only the settings that the documentation asks for, and the database, are added.

Run `python -m tests.real_projects.generate wagtail /tmp/site --database-url sqlite:////tmp/site/db.sqlite3`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.real_projects.database_url import parse_database_url
from tests.real_projects.environment import REQUIREMENTS, Environment, build_environment

WAGTAIL_SETTINGS = '''\
"""Settings of this machine, read by mysite/settings/dev.py."""

from .base import INSTALLED_APPS, STORAGES

# The optional apps of wagtail that have migrations, and the ones whose admin views need no further service.
INSTALLED_APPS = [
    *INSTALLED_APPS,
    "wagtail.locales",
    "wagtail.contrib.search_promotions",
    "wagtail.contrib.settings",
    "wagtail.contrib.simple_translation",
    "wagtail.contrib.routable_page",
    "wagtail.contrib.table_block",
    "wagtail.contrib.typed_table_block",
    "rest_framework",
]
'''

# Where the search index is a SearchVectorField, Django's system checks want its app.
WAGTAIL_POSTGRESQL_SETTINGS = 'INSTALLED_APPS.append("django.contrib.postgres")\n'

# https://django-oscar.readthedocs.io/en/latest/internals/getting_started.html
OSCAR_SETTINGS = """

import oscar
from oscar.defaults import *  # noqa: F403

INSTALLED_APPS = [*oscar.INSTALLED_APPS, "sorl.thumbnail"]
SITE_ID = 1
MIDDLEWARE += [
    "oscar.apps.basket.middleware.BasketMiddleware",
    "django.contrib.flatpages.middleware.FlatpageFallbackMiddleware",
]
TEMPLATES[0]["OPTIONS"]["context_processors"] += [
    "oscar.apps.search.context_processors.search_form",
    "oscar.apps.checkout.context_processors.checkout",
    "oscar.apps.communication.notifications.context_processors.notifications",
    "oscar.core.context_processors.metadata",
]
AUTHENTICATION_BACKENDS = [
    "oscar.apps.customer.auth_backends.EmailBackend",
    "django.contrib.auth.backends.ModelBackend",
]
HAYSTACK_CONNECTIONS = {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}
MEDIA_URL = "media/"
MEDIA_ROOT = BASE_DIR / "media"
STATIC_ROOT = BASE_DIR / "static"
"""

OSCAR_URLS = '''\
"""The shop at the root, the admin beside it."""

from django.apps import apps
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("", include(apps.get_app_config("oscar").urls[0])),
]
'''

SAFE_MIGRATE_SETTINGS = """
INSTALLED_APPS = [*INSTALLED_APPS, "dbbackup", "django_safe_migrate"]
STORAGES = {{
    "default": {{"BACKEND": "django.core.files.storage.FileSystemStorage"}},
    "staticfiles": {{"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}},
    "dbbackup": {{"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {{"location": {location!r}}}}},
}}
"""


@dataclass(frozen=True, slots=True)
class GeneratedProject:
    """A project on disk and the environment in which it runs."""

    name: str
    directory: Path
    environment: Environment
    variables: Mapping[str, str]
    """The environment variables of its commands."""

    def manage(
        self, *arguments: str, timeout: float | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run one management command as a user would, in a process of its own, and return what it printed."""
        return subprocess.run(
            [str(self.environment.python), "manage.py", *arguments],
            cwd=self.directory,
            env=dict(self.variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )


def generate(
    name: str,
    directory: Path,
    database: Mapping[str, Any],
    *,
    safe_migrate: bool = True,
    variables: Mapping[str, str] | None = None,
) -> GeneratedProject:
    """
    Write a project and return how to run it.

    Args:
        name: `wagtail` or `oscar`.
        directory: Where to write it; it is made, and must be empty when it exists.
        database: An entry of Django's DATABASES.
        safe_migrate: Whether to install dbbackup and our app.
        variables: The environment variables whose PATH finds the client programs of the database.
    """
    write_upstream = {"wagtail": _start_wagtail, "oscar": _start_oscar}[name]
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise FileExistsError(
            f"{directory} is not empty; a project is generated into an empty folder."
        )
    environment = build_environment(name)
    settings = write_upstream(environment, directory)
    additions = ""
    if name == "wagtail" and database["ENGINE"] == "django.db.backends.postgresql":
        additions += WAGTAIL_POSTGRESQL_SETTINGS
    additions += f'\nDATABASES = {{"default": {dict(database)!r}}}\n'
    if safe_migrate:
        additions += SAFE_MIGRATE_SETTINGS.format(location=str(directory / "backups"))
        (directory / "backups").mkdir()
    settings.chmod(0o600)  # The entry may hold a password.
    settings.write_text(settings.read_text() + additions)
    return GeneratedProject(
        name, directory, environment, environment.variables(variables or os.environ)
    )


def _start_wagtail(environment: Environment, directory: Path) -> Path:
    """Run `wagtail start` and return the file of local settings that its development settings read."""
    _start(environment, "wagtail", "start", "mysite", str(directory))
    settings = directory / "mysite" / "settings" / "local.py"
    settings.write_text(WAGTAIL_SETTINGS)
    return settings


def _start_oscar(environment: Environment, directory: Path) -> Path:
    """Run `django-admin startproject`, follow the getting-started page of django-oscar, return the settings file."""
    _start(environment, "django-admin", "startproject", "frobshop", str(directory))
    settings = directory / "frobshop" / "settings.py"
    settings.write_text(settings.read_text() + OSCAR_SETTINGS)
    (directory / "frobshop" / "urls.py").write_text(OSCAR_URLS)
    return settings


def _start(environment: Environment, program: str, *arguments: str) -> None:
    command = [str(environment.path / "bin" / program), *arguments]
    subprocess.run(
        command, env=environment.variables(os.environ), check=True, capture_output=True, text=True
    )


def main() -> None:
    """Generate the project that the command line names and say how to run it."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.real_projects.generate", description=main.__doc__
    )
    parser.add_argument("name", choices=sorted(REQUIREMENTS))
    parser.add_argument("directory", type=Path)
    parser.add_argument("--database-url", required=True, type=parse_database_url, dest="database")
    parser.add_argument("--without-safe-migrate", action="store_false", dest="safe_migrate")
    options = parser.parse_args()
    project = generate(
        options.name,
        options.directory.resolve(),
        options.database,
        safe_migrate=options.safe_migrate,
    )
    importable = f"PYTHONPATH={project.variables['PYTHONPATH']}"
    print(
        f"Written. Run: cd {project.directory} && {importable} {project.environment.python} manage.py migrate"
    )


if __name__ == "__main__":
    main()
