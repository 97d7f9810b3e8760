"""
Django's system checks of our configuration, tagged ``safe_migrate``.

* E001: ``SAFE_MIGRATE`` has a key or a value that is not accepted.
* E002: ``HISTORY_DATABASE`` names no database.
* W001: another installed app has a command of the same name as one of ours.
* W002: ``RULES`` names a rule that does not exist.
* I001: there is no storage for backups in ``STORAGES``, so that they are kept on this machine.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error, Info, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages
from django.core.management import find_commands
from django.db import connections

from django_safe_migrate import conf

if TYPE_CHECKING:
    from django_safe_migrate.conf import Settings

TAG = "safe_migrate"
APP = "django_safe_migrate"
STORAGE = "dbbackup"


@register(TAG)
def check_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check ``SAFE_MIGRATE`` and what it names."""
    try:
        settings = conf.load()
        unknown = list(_check_rules(settings))
    except ImproperlyConfigured as error:
        return [Error(str(error), id="safe_migrate.E001")]
    return [
        *_check_history_database(settings),
        *unknown,
        *_check_storage(settings),
    ]


def _check_history_database(settings: Settings) -> Iterator[CheckMessage]:
    alias = settings.history_database
    if alias is not None and alias not in connections:
        yield Error(
            f'{conf.SETTING}["HISTORY_DATABASE"] is {alias!r}, and DATABASES has no such alias.',
            hint=f"Use one of: {', '.join(sorted(connections))}.",
            id="safe_migrate.E002",
        )


def _check_rules(settings: Settings) -> Iterator[CheckMessage]:
    if not settings.rules and not settings.extra_rules:
        return
    # Imported here, since most commands of a project run these checks and have no use for the rules.
    from django_safe_migrate.management.commands._rules import allowable_rules

    known = allowable_rules(settings)
    for name in sorted(set(settings.rules) - known):
        close = difflib.get_close_matches(name, known, n=1)
        yield Warning(
            f'{conf.SETTING}["RULES"] gives a severity to {name!r}, and there is no such rule.',
            hint=f"Did you mean {close[0]!r}?"
            if close
            else f"The rules are: {', '.join(sorted(known))}.",
            id="safe_migrate.W002",
        )


def _check_storage(settings: Settings) -> Iterator[CheckMessage]:
    uses_storage = (
        settings.backup.backend == conf.DEFAULT_BACKEND and settings.backup.when != "never"
    )
    if uses_storage and STORAGE not in storages.backends:
        yield Info(
            f"STORAGES has no {STORAGE!r} entry, so backups are kept on this machine, "
            f"below {conf.state_directory()}.",
            hint=f'Add STORAGES["{STORAGE}"] with a storage that outlives this machine, such as a bucket.',
            id="safe_migrate.I001",
        )


@register(TAG)
def check_commands(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Look for apps whose commands hide ours, or are hidden by them: of several the first in ``INSTALLED_APPS`` wins."""
    ours = set(_commands(apps.get_app_config(APP)))
    messages: list[CheckMessage] = []
    is_before_us = True
    for config in apps.get_app_configs():
        if config.name == APP:
            is_before_us = False
            continue
        shared = sorted(ours.intersection(_commands(config)))
        if shared:
            messages.append(_shared_command(config.name, shared, is_before_us))
    return messages


def _commands(config: AppConfig) -> list[str]:
    return find_commands(str(Path(config.path) / "management"))


def _shared_command(other: str, names: list[str], other_wins: bool) -> CheckMessage:
    listed = ", ".join(repr(name) for name in names)
    what = f"The command {listed} is" if len(names) == 1 else f"The commands {listed} are"
    winner = other if other_wins else APP
    order = (
        f"Put {APP!r} before {other!r} in INSTALLED_APPS."
        if other_wins
        else f"{APP!r} is before {other!r} in INSTALLED_APPS, as it must be. Remove {other!r} once nothing needs it, "
        "or add 'safe_migrate.W001' to SILENCED_SYSTEM_CHECKS."
    )
    return Warning(
        f"{what} in both {APP!r} and {other!r}; manage.py runs that of {winner!r}.",
        hint=order,
        id="safe_migrate.W001",
    )
