"""
The settings of this package: the only reader of ``django.conf.settings``.

``load()`` reads the ``SAFE_MIGRATE`` dictionary at call time, checks every key and value, and returns a frozen snapshot. A wrong
key or value raises ``ImproperlyConfigured`` naming the key, the value seen and what is accepted. ``KEYS`` documents each key and is
what the settings page is generated from.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured

from django_safe_migrate import values

SETTING = "SAFE_MIGRATE"
DEFAULT_BACKEND = "django_safe_migrate.backups.dbbackup.DbBackupBackend"


@dataclasses.dataclass(frozen=True, slots=True)
class Key:
    """One key of the dictionary: its default, the function that checks a value, and its documentation."""

    default: Any
    parse: Callable[[Any], Any]
    accepts: str
    doc: str


BACKUP_KEYS: dict[str, Key] = {
    "WHEN": Key(
        "always",
        values.choice("always", "destructive", "never"),
        "'always', 'destructive' or 'never'",
        "When a run makes a backup first. 'destructive': when the plan can lose data or runs code whose effect is not known.",
    ),
    "BACKEND": Key(
        DEFAULT_BACKEND,
        values.text,
        "a dotted path to a backup backend",
        "The class that makes, verifies and restores backups.",
    ),
    "OPTIONS": Key({}, values.mapping, "a dictionary", "Keyword arguments for the backend."),
    "KEEP": Key(
        10,
        values.whole_number(minimum=1),
        "a whole number of at least 1",
        "How many backups of each database are kept; older ones are pruned after a successful run.",
    ),
}

RETRY_KEYS: dict[str, Key] = {
    "ATTEMPTS": Key(
        30,
        values.whole_number(minimum=1),
        "a whole number of at least 1",
        "How often a migration that could not get its lock is tried in all.",
    ),
    "MAX_WAIT": Key(
        "10min",
        values.duration,
        "seconds or a duration such as '10min'",
        "How long the attempts of one migration may take together.",
    ),
}

KEYS: dict[str, Key] = {
    "BACKUP": Key({}, values.mapping, "a dictionary", "Backups: see its keys below."),
    "LOCK_TIMEOUT": Key(
        "2s",
        values.optional_duration,
        "seconds, a duration such as '2s', or None",
        "How long one statement waits for a lock before it lets everyone else through and tries again later.",
    ),
    "STATEMENT_TIMEOUT": Key(
        None,
        values.optional_duration,
        "seconds, a duration such as '15min', or None",
        "How long one statement may run; None is the server's own setting.",
    ),
    "RETRY": Key(
        {}, values.mapping, "a dictionary", "Retries after a lock timeout: see its keys below."
    ),
    "RUN_LOCK_WAIT": Key(
        "10min",
        values.duration,
        "seconds or a duration such as '10min'",
        "How long a run waits for another run on the same database before it leaves with exit code 6.",
    ),
    "ON_FAILURE": Key(
        "stop",
        values.choice("stop", "rollback", "restore"),
        "'stop', 'rollback' or 'restore'",
        "What happens when a migration fails: stop there, unapply what this run applied, or restore its backup.",
    ),
    "RULES": Key(
        {},
        values.severities,
        "a dictionary of rule names and 'error', 'warning', 'info' or 'off'",
        "Severities that replace those of the rules.",
    ),
    "EXTRA_RULES": Key(
        (),
        values.texts,
        "a list of dotted paths to modules",
        "Modules of the project that hold rules of its own.",
    ),
    "START_AFTER": Key(
        {},
        values.mapping,
        "a dictionary of app labels and migration names",
        "Migrations up to and including these are not analysed.",
    ),
    "HEALTH_CHECKS": Key(
        (),
        values.health_checks,
        "a list of dotted paths, or of (dotted path, options) pairs",
        "django-health-check checks that are run before and after.",
    ),
    "MAINTENANCE_WINDOWS": Key(
        (),
        values.windows,
        "a list such as ['Sat 02:00-04:00', '22:00-23:30'], in TIME_ZONE",
        "When a run may start; outside of them it stops with a finding. Empty: at any time.",
    ),
    "LONG_TRANSACTION": Key(
        "1min",
        values.duration,
        "seconds or a duration such as '1min'",
        "Transactions of other sessions older than this are reported before a run.",
    ),
    "REPLICATION_LAG": Key(
        "10s",
        values.duration,
        "seconds or a duration such as '10s'",
        "Replicas further behind than this are reported before a run.",
    ),
    "EXACT_COUNT_BELOW": Key(
        1_000_000,
        values.whole_number(minimum=0),
        "a whole number of at least 0",
        "Tables with fewer rows than this, by the server's estimate, are counted exactly; others are estimated.",
    ),
    "HISTORY_DATABASE": Key(
        None,
        values.optional_text,
        "a database alias or None",
        "Where the history is kept; None: where DATABASE_ROUTERS send it, usually 'default'.",
    ),
    "JOURNAL_DIR": Key(
        None,
        values.optional_path,
        "a path or None",
        "Where the journal is kept; None: '.safe_migrate/journal' below BASE_DIR.",
    ),
    "RELEASE": Key(
        None,
        values.optional_text,
        "a text or None",
        "The release that history and reports name; None: found in the environment or the git checkout.",
    ),
}


@dataclasses.dataclass(frozen=True, slots=True)
class BackupSettings:
    """The ``BACKUP`` dictionary."""

    when: str
    backend: str
    options: Mapping[str, Any]
    keep: int


@dataclasses.dataclass(frozen=True, slots=True)
class RetrySettings:
    """The ``RETRY`` dictionary; ``max_wait`` in seconds."""

    attempts: int
    max_wait: float


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """A checked snapshot of ``SAFE_MIGRATE``; every duration in seconds."""

    backup: BackupSettings
    lock_timeout: float | None
    statement_timeout: float | None
    retry: RetrySettings
    run_lock_wait: float
    on_failure: str
    rules: Mapping[str, str]
    extra_rules: tuple[str, ...]
    start_after: Mapping[str, str]
    health_checks: tuple[tuple[str, Mapping[str, Any]], ...]
    maintenance_windows: tuple[values.Window, ...]
    long_transaction: float
    replication_lag: float
    exact_count_below: int
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
    checked = _check(raw, KEYS, SETTING)
    backup = _check(checked.pop("backup"), BACKUP_KEYS, f'{SETTING}["BACKUP"]')
    retry = _check(checked.pop("retry"), RETRY_KEYS, f'{SETTING}["RETRY"]')
    return Settings(backup=BackupSettings(**backup), retry=RetrySettings(**retry), **checked)


def state_directory() -> Path:
    """Return the folder for journals, lock files and, unless a storage is configured, backups."""
    base = getattr(django_settings, "BASE_DIR", None)
    return Path(base or Path.cwd()).resolve() / ".safe_migrate"


def _check(raw: Any, keys: dict[str, Key], where: str) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        raise ImproperlyConfigured(f"{where} is {raw!r}; it must be a dictionary.")
    for name in raw:
        if name not in keys:
            raise ImproperlyConfigured(_unknown_key(name, keys, where))
    return {
        name.lower(): _parse(raw.get(name, key.default), key, f'{where}["{name}"]')
        for name, key in keys.items()
    }


def _parse(value: Any, key: Key, where: str) -> Any:
    try:
        return key.parse(value)
    except (TypeError, ValueError) as error:
        reason = f" ({error})" if str(error) else ""
        raise ImproperlyConfigured(
            f"{where} is {value!r}{reason}; it must be {key.accepts}."
        ) from error


def _unknown_key(name: Any, keys: dict[str, Key], where: str) -> str:
    close = difflib.get_close_matches(str(name).upper(), keys, n=1)
    suggestion = f" Did you mean {close[0]!r}?" if close else ""
    return (
        f"{where} has an unknown key {name!r}.{suggestion} Known keys: {', '.join(sorted(keys))}."
    )
