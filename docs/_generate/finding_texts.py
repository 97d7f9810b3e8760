"""What the findings that no rule makes mean, in one line each; which there are is read from the code."""

from __future__ import annotations

from django_safe_migrate.checking import PROJECT_RULES

#: By package or module: the name, its severity, and what it means.
TEXTS: dict[str, dict[str, tuple[str, str]]] = {
    "checking": {
        name: (severity.label, meaning) for name, (severity, meaning) in PROJECT_RULES.items()
    },
    "environment": {
        "anti_wraparound_vacuum": (
            "error or warning, as BEFORE_START says",
            "An autovacuum that makes way for nobody works on a table that the plan locks.",
        ),
        "broken_off_statement": (
            "error; warning where it hinders no migration",
            "A table that SQLite was remaking is under another name or twice, or PostgreSQL has detached a partition or rebuilt an index halfway.",
        ),
        "conflicting_migrations": ("error", "An app has more than one leaf migration."),
        "ghost_migration": ("warning", "A migration is recorded as applied, and its file is gone."),
        "inconsistent_history": (
            "error",
            "A migration is recorded as applied before one that it depends on.",
        ),
        "invalid_index_before": (
            "error or warning, as BEFORE_START says",
            "A table that the plan is about has an invalid index.",
        ),
        "is_replica": ("error", "The server is a replica, and read-only."),
        "long_transaction": (
            "error or warning, as BEFORE_START says",
            "Another session has a transaction open for long; whether the plan has to wait for it.",
        ),
        "missing_migration": (
            "warning; info for packages",
            "Models have changes that no migration makes.",
        ),
        "missing_permission": ("error", "The role may not do what migrations do."),
        "outside_maintenance_window": ("error", "It is not a time at which a run may start."),
        "prepared_transaction": (
            "error or warning, as BEFORE_START says",
            "A prepared transaction is old; whether the plan has to wait for it.",
        ),
        "recorded_out_of_order": (
            "warning",
            "Migrations were recorded in another order than their files depend on each other.",
        ),
        "replication_lag": ("error or warning, as BEFORE_START says", "A replica is far behind."),
        "stop_file": ("error", "The stop file exists: nothing is to be migrated on this machine."),
        "transaction_pooler": (
            "error",
            "A connection pooler gives our session to others after each transaction.",
        ),
        "wal_archiving_failing": (
            "warning",
            "PostgreSQL's last attempt to archive WAL failed, or many finished segments wait for it.",
        ),
        "wal_not_archived": (
            "error",
            "ARCHIVE_WAIT is set, and what was written until now was not archived in that time.",
        ),
        "unreachable_database": ("error", "The database does not answer."),
    },
    "backups": {
        "pgbackrest_unusable": (
            "error",
            "pgBackRest cannot back this cluster up: missing or too old, its stanza is not in order or of another cluster, or WAL is not archived.",
        ),
        "backup_client_foreign": (
            "warning",
            "The client programs are of MySQL and the server is MariaDB, or the other way round.",
        ),
        "backup_client_missing": ("error", "A client program cannot be found."),
        "backup_client_outdated": ("error", "The client programs are older than the server."),
        "backup_copies_unusable": (
            "error; warning if COPIES_REQUIRED is False",
            "A storage for copies of backups cannot be written or read.",
        ),
        "backup_encryption_unusable": (
            "error",
            "Backups are to be encrypted, and GnuPG or the public key for that is missing.",
        ),
        "backup_not_openable_here": (
            "warning",
            "The secret key, or its passphrase, is not on this machine: it makes encrypted backups and can restore none.",
        ),
        "backup_restore_in_place": (
            "info",
            "The role may not create databases, so a restore would be done in place.",
        ),
        "backup_storage_space": (
            "error on SQLite, else warning",
            "The disk has less room than the database takes.",
        ),
        "backup_storage_unusable": ("error", "The storage for backups cannot be written or read."),
        "backup_tables_not_transactional": (
            "warning",
            "Some tables are not of InnoDB, so a backup of them is not of one moment.",
        ),
        "default_backup_storage": ("info", "No storage is configured; a private folder is used."),
        "ephemeral_backup_storage": ("warning", "Backups are on a disk that will vanish."),
        "interrupted_restore": ("error", "A restore was killed; repair it first."),
        "readable_backup_storage": ("warning", "Other users of this machine can read the backups."),
    },
    "verification": {
        "broken_foreign_key": (
            "error; warning if it was so before",
            "Rows reference rows that do not exist.",
        ),
        "check_not_carried_out": ("error", "A check broke off, so nothing is known."),
        "health_check_failed": ("error", "A health check fails that passed before."),
        "health_check_failed_before": ("warning", "A health check fails, as before the run."),
        "health_check_warned": ("warning", "A health check warns."),
        "invalid_index": ("warning", "An index was invalid before the run already."),
        "leftover_column": ("error", "A column still exists that was to be dropped."),
        "leftover_table": ("error", "A table still exists that was to be dropped."),
        "missing_column": ("error", "A column does not exist, although its migration is applied."),
        "missing_table": ("error", "A table does not exist, although its migration is applied."),
        "new_invalid_index": ("error", "The run left an invalid index behind."),
        "new_unvalidated_constraint": (
            "error",
            "The run left a constraint that existing rows were never checked against.",
        ),
        "rows_deleted_as_planned": ("info", "Rows are gone, and the plan explains it."),
        "rows_lost": (
            "error; warning if the plan does not touch the table",
            "Rows are gone, and nothing in the plan explains it.",
        ),
        "slower_response": ("warning", "The database answers much slower than before."),
        "still_applied": ("error", "A migration was to be unapplied, and is still recorded."),
        "still_pending": ("error", "A migration was to be applied, and is not recorded."),
        "unvalidated_constraint": (
            "warning; info if planned",
            "A constraint was never checked against existing rows, as before or as planned.",
        ),
    },
    "stages": {
        "half_done_migration": (
            "error",
            "An earlier run left a planned migration in the middle; going on would fail on what exists already.",
        ),
    },
    "pipeline": {
        "journal_elsewhere": (
            "warning",
            "The folder of journals cannot be written; the temporary directory is used.",
        ),
    },
}
