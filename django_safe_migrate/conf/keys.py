"""The keys of the settings: what each accepts, its default and its documentation."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from django_safe_migrate import values

#: The default of a key that must be given.
REQUIRED: Any = object()

DEFAULT_BACKEND = "django_safe_migrate.backups.dbbackup.DbBackupBackend"


@dataclasses.dataclass(frozen=True, slots=True)
class Key:
    """One key of the dictionary: its default, the function that checks a value, and its documentation."""

    default: Any
    parse: Callable[[Any], Any]
    accepts: str
    doc: str


def _word_or_mapping(value: Any) -> Mapping[str, Any]:
    """Return the dictionary of ``REHEARSE``, which a word may stand for."""
    return {"WHEN": value} if value in ("never", "destructive", "always") else values.mapping(value)


def _truth_or_mapping(value: Any) -> Mapping[str, Any]:
    """Return the dictionary of ``PRESERVE``, which True or False may stand for."""
    return {"ENABLED": value} if isinstance(value, bool) else values.mapping(value)


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
    "PROVE": Key(
        False,
        values.truth,
        "True or False",
        "Whether a run restores its backup into a scratch database and compares it with the manifest before anything is changed. It "
        "takes about as long as a restore, and as much disk as the database.",
    ),
    "CHECKSUM_BELOW": Key(
        100_000,
        values.whole_number(minimum=0),
        "a whole number of at least 0",
        "Of tables with fewer rows than this, the manifest has a checksum of all rows, which a proof compares; of others, it has counts. "
        "0: no checksums.",
    ),
    "COPIES": Key(
        (),
        values.texts,
        "a list of aliases of STORAGES",
        "Further storages, such as a bucket in another region, into which every backup is copied once it is verified.",
    ),
    "COPIES_REQUIRED": Key(
        True,
        values.truth,
        "True or False",
        "Whether a run stops before it touches the database when a copy could not be made and verified; False: it says so and goes on.",
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
    "REHEARSE": Key(
        "never",
        _word_or_mapping,
        "'never', 'destructive', 'always' or a dictionary",
        "Whether a run carries its plan out on a restored copy first: a word, or a dictionary of the keys below, of which the word is WHEN.",
    ),
    "PRESERVE": Key(
        True,
        _truth_or_mapping,
        "True, False or a dictionary",
        "Whether what migrations drop is kept in the database for a while, so that going back brings it back: True or False, or a dictionary of the "
        "keys below, of which they are ENABLED.",
    ),
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
    "CONCURRENT_TIMEOUT": Key(
        "2h",
        values.optional_duration,
        "seconds, a duration such as '2h', or None",
        "How long CREATE INDEX CONCURRENTLY and its relatives may take on PostgreSQL, instead of the statement timeout: they wait "
        "for other transactions without a lock timeout, since they block nobody. None: the statement timeout counts for them too.",
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
    "APPS": Key(
        {},
        values.severities,
        "a dictionary of app labels and 'error', 'warning', 'info' or 'off'",
        "The highest severity that findings in the migrations of an app can have; 'off': they are not analysed. Apps of installed "
        "packages that are not named: 'warning', except where rows or values are destroyed, and where others are known to wait long.",
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
    "TARGET_VERSION": Key(
        None,
        values.target_version,
        "a version such as '16', or a product and its version such as 'mariadb 10.11', 'mysql 8.4' or 'postgresql 16', or None",
        "The server that migrations are judged for where it cannot be asked, such as in CI; None: the oldest version that Django "
        "supports.",
    ),
    "HEALTH_CHECKS": Key(
        (),
        values.health_checks,
        "a list of dotted paths, or of (dotted path, options) pairs",
        "django-health-check checks that are run before and after.",
    ),
    "POSITIONS": Key(
        "auto",
        values.choice("auto", "always", "never"),
        "'auto', 'always' or 'never'",
        "Whether a run records where the database's log is before its plan and after each migration, with a restore point on PostgreSQL. "
        "'auto': where the server archives its WAL or writes a binary log. 'always': also where archive_mode is off, such as with pg_receivewal.",
    ),
    "ARCHIVE_WAIT": Key(
        None,
        values.optional_duration,
        "seconds, a duration such as '30s', or None",
        "How long a run waits, before it starts, for PostgreSQL to archive all that was written until then; it stops when that is not done. "
        "None: it only looks at what the server says of its archiving.",
    ),
    "PROBE_URLS": Key(
        (),
        values.urls,
        "a list of http or https URLs",
        "Pages that are fetched before, during and after the execution of a plan: the report tells how long they took to answer.",
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
        "Transactions of other sessions, and prepared transactions, older than this are looked at before a run.",
    ),
    "REPLICATION_LAG": Key(
        "10s",
        values.duration,
        "seconds or a duration such as '10s'",
        "Replicas further behind than this are looked at before a run.",
    ),
    "BEFORE_START": Key(
        {},
        values.mapping,
        "a dictionary",
        "What a run makes of conditions that it finds before it starts: report, wait or stop. See its keys below.",
    ),
    "BREAKERS": Key(
        {},
        values.mapping,
        "a dictionary",
        "Circuit breakers, which pause or stop a plan while it is carried out. See its keys below.",
    ),
    "EXACT_COUNT_BELOW": Key(
        1_000_000,
        values.whole_number(minimum=0),
        "a whole number of at least 0",
        "Tables with fewer rows than this, by the server's estimate, are counted exactly; others are estimated.",
    ),
    "BASELINE": Key(
        None,
        values.optional_path,
        "a path, relative to BASE_DIR, or None",
        "The findings that migrate_check does not report; None: '.safe_migrate_baseline.json' in BASE_DIR, if it exists.",
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
