"""The commands that bring a whole cluster back to a backup, or forward from it to a point in time."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from django_safe_migrate.exceptions import BackupFailed

if TYPE_CHECKING:
    from django_safe_migrate.backups.pgbackrest_program import PgBackRest
    from django_safe_migrate.backups.receipt import Receipt
    from django_safe_migrate.databases import Database

#: Where the server does not tell.
UNKNOWN_FOLDER = "$PGDATA"


def commands(
    pgbackrest: PgBackRest,
    receipt: Receipt,
    database: Database,
    position: Mapping[str, Any] | None,
) -> tuple[str, ...]:
    """
    Return the commands in their order; a line that begins with ``#`` says what the next ones are for.

    Raises:
        BackupFailed: the backup ended after the position.
    """
    if position is not None:
        _ensure_before(receipt, position)
    return tuple(_commands(pgbackrest, receipt, database, position))


def _commands(
    pgbackrest: PgBackRest,
    receipt: Receipt,
    database: Database,
    position: Mapping[str, Any] | None,
) -> Iterator[str]:
    folder, name = _folder(database), _quoted(database.name)
    yield "# As the user that the server runs under, on its machine. Every database of the cluster goes back."
    yield "# Stop the site and the server, and keep the present state:"
    yield f"pg_ctl stop --mode=fast --pgdata={folder}"
    yield f"mv {folder} {folder}.before-restore && mkdir --mode=700 {folder}"
    yield "# Restore, and replay the WAL to the point:"
    restore = pgbackrest.line(f"--set={receipt.name}", *_target(receipt, position), "restore")
    yield shlex.join(restore)
    yield f"pg_ctl start --pgdata={folder}"
    yield "# The server takes queries only, and waits. Look whether this is the state that you want:"
    yield f"psql --dbname={name} --command='TABLE django_migrations ORDER BY id DESC LIMIT 5'"
    yield "# If it is, let it take changes; if not, stop it, and restore to another point:"
    yield f"psql --dbname={name} --command='SELECT pg_wal_replay_resume()'"
    yield "# Begin a new chain of backups:"
    yield shlex.join(pgbackrest.line("--type=full", "backup"))


def _target(receipt: Receipt, position: Mapping[str, Any] | None) -> list[str]:
    if position is None:
        return ["--type=immediate", "--target-action=pause"]
    timeline = position.get("timeline")
    # The newest timeline would be followed, which may have left the wanted one before the point.
    followed = [f"--target-timeline={timeline}"] if timeline else []
    if position.get("name"):
        target = ["--type=name", f"--target={position['name']}"]
    else:
        # What begins at the position comes after it.
        target = ["--type=lsn", f"--target={position['at']}", "--target-exclusive"]
    return [*target, *followed, "--target-action=pause"]


def _ensure_before(receipt: Receipt, position: Mapping[str, Any]) -> None:
    if not precedes(receipt, position):
        raise BackupFailed(
            f"The backup {receipt.name} ended at {receipt.log_position.get('at')}, after the point at {position.get('at')}: only an older "
            "one can be brought forward to there."
        )


def precedes(receipt: Receipt, position: Mapping[str, Any]) -> bool:
    """Whether a backup ended before a position, as far as numbers of one timeline can be compared with those of another."""
    ended, at = str(receipt.log_position.get("at") or ""), str(position.get("at") or "")
    return bool(ended and at) and _number(ended) <= _number(at)


def _number(lsn: str) -> int:
    high, _, low = lsn.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def _folder(database: Database) -> str:
    if database.is_reachable():
        return UNKNOWN_FOLDER
    # Refused to ordinary roles; members of pg_read_all_settings may ask.
    rows = database.ask_if_permitted("SELECT current_setting('data_directory')")
    return _quoted(str(rows[0][0])) if rows else UNKNOWN_FOLDER


def _quoted(text: str) -> str:
    return shlex.quote(text)
