"""
The settings of this package: the only reader of ``django.conf.settings``.

``load()`` reads the ``SAFE_MIGRATE`` dictionary at call time, checks every key and value, and returns a frozen snapshot. A wrong
key or value raises ``ImproperlyConfigured`` naming the key, the value seen and what is accepted. ``KEYS`` documents each key and is
what the settings page is generated from.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings

from django_safe_migrate import values
from django_safe_migrate.conf import breakers as breaker_settings
from django_safe_migrate.conf import copying, preserving, rehearsing
from django_safe_migrate.conf.breakers import BREAKER_KEYS, PAUSE, STOP_FILE, BreakerSettings
from django_safe_migrate.conf.checking import check
from django_safe_migrate.conf.keys import (
    BACKUP_KEYS,
    DEFAULT_BACKEND,
    KEYS,
    RETRY_KEYS,
    Key,
)
from django_safe_migrate.conf.preserving import PRESERVE_KEYS, PreserveSettings
from django_safe_migrate.conf.rehearsing import REHEARSE_KEYS, RehearseSettings
from django_safe_migrate.conf.starting import START_KEYS

__all__ = [
    "BACKUP_KEYS",
    "BREAKER_KEYS",
    "DEFAULT_BACKEND",
    "KEYS",
    "PAUSE",
    "PRESERVE_KEYS",
    "REHEARSE_KEYS",
    "RETRY_KEYS",
    "SETTING",
    "START_KEYS",
    "STOP_FILE",
    "BackupSettings",
    "BreakerSettings",
    "Key",
    "PreserveSettings",
    "RehearseSettings",
    "RetrySettings",
    "Settings",
    "StartSettings",
    "load",
    "project_directory",
    "state_directory",
    "stop_file",
    "stop_reason",
]

SETTING = "SAFE_MIGRATE"
#: Characters of a stop file that are told.
_LONGEST_REASON = 200


@dataclasses.dataclass(frozen=True, slots=True)
class BackupSettings:
    """The ``BACKUP`` dictionary."""

    when: str
    backend: str
    options: Mapping[str, Any]
    keep: int
    prove: bool
    checksum_below: int
    copies: tuple[str, ...]
    copies_required: bool


@dataclasses.dataclass(frozen=True, slots=True)
class RetrySettings:
    """The ``RETRY`` dictionary; ``max_wait`` in seconds."""

    attempts: int
    max_wait: float


@dataclasses.dataclass(frozen=True, slots=True)
class StartSettings:
    """The ``BEFORE_START`` dictionary: what a run makes of each condition before it starts."""

    long_transaction: values.StartAction
    prepared_transaction: values.StartAction
    anti_wraparound_vacuum: values.StartAction
    replication_lag: values.StartAction
    invalid_index: values.StartAction


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """A checked snapshot of ``SAFE_MIGRATE``; every duration in seconds."""

    backup: BackupSettings
    rehearse: RehearseSettings
    preserve: PreserveSettings
    lock_timeout: float | None
    statement_timeout: float | None
    concurrent_timeout: float | None
    retry: RetrySettings
    run_lock_wait: float
    on_failure: str
    rules: Mapping[str, str]
    apps: Mapping[str, str]
    extra_rules: tuple[str, ...]
    start_after: Mapping[str, str]
    target_version: values.TargetVersion | None
    health_checks: tuple[tuple[str, Mapping[str, Any]], ...]
    positions: str
    archive_wait: float | None
    probe_urls: tuple[str, ...]
    maintenance_windows: tuple[values.Window, ...]
    long_transaction: float
    replication_lag: float
    before_start: StartSettings
    breakers: Mapping[str, BreakerSettings]
    exact_count_below: int
    baseline: Path | None
    history_database: str | None
    journal_dir: Path | None
    release: str | None


def load() -> Settings:
    """
    Return the settings as they are now.

    Raises:
        ImproperlyConfigured: a key is unknown or a value is not accepted; the message names both.
    """
    raw = getattr(django_settings, SETTING, {})
    checked = check(raw, KEYS, SETTING)
    backup = check(checked.pop("backup"), BACKUP_KEYS, f'{SETTING}["BACKUP"]')
    copying.check_aliases(backup["copies"], SETTING)
    rehearse = rehearsing.parse(checked.pop("rehearse"), SETTING)
    preserve = preserving.parse(checked.pop("preserve"), SETTING)
    retry = check(checked.pop("retry"), RETRY_KEYS, f'{SETTING}["RETRY"]')
    start = check(checked.pop("before_start"), START_KEYS, f'{SETTING}["BEFORE_START"]')
    breakers = breaker_settings.parse(checked.pop("breakers"), checked, SETTING)
    return Settings(
        backup=BackupSettings(**backup),
        rehearse=rehearse,
        preserve=preserve,
        retry=RetrySettings(**retry),
        before_start=StartSettings(**start),
        breakers=breakers,
        **checked,
    )


def stop_file(settings: Settings) -> Path | None:
    """Return the file whose existence stops a run; None when that breaker is turned off."""
    breaker = settings.breakers.get(STOP_FILE)
    if breaker is None:
        return None
    path: Path | None = breaker.options["path"]
    folder = settings.journal_dir or state_directory() / "journal"
    return folder / "stop" if path is None else project_directory() / path


def stop_reason(path: Path) -> str | None:
    """Return the first line of a stop file, empty when it has none; None when there is no such file."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return " ".join(file.readline(_LONGEST_REASON).split())
    except FileNotFoundError:
        return None
    except OSError:
        # A file that is there and that we may not read was meant for us all the same.
        return "" if os.path.lexists(path) else None


def state_directory() -> Path:
    """Return the folder for journals, lock files and, unless a storage is configured, backups."""
    return project_directory() / ".safe_migrate"


def project_directory() -> Path:
    """Return ``BASE_DIR``, or the working directory where the project's settings have none."""
    return Path(getattr(django_settings, "BASE_DIR", None) or Path.cwd()).resolve()
