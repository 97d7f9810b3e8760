"""
Restoring PostgreSQL in place, for roles that may not create databases.

Everything happens in one transaction of psql: the present objects are dropped and those of the backup created, or nothing
changes at all. Its price: every table is locked against everyone until the end, and no old database is kept; the backend
makes a backup of the present state first.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from django_safe_migrate.backups.connector import Restored, RestoreRequest, report
from django_safe_migrate.backups.postgresql_attributes import quoted
from django_safe_migrate.backups.programs import running
from django_safe_migrate.exceptions import BackupFailed

if TYPE_CHECKING:
    from django_safe_migrate.backups.postgresql import PostgreSQLConnector

# Objects of extensions stay with their extension; so do the schemas and extensions themselves, which the list of what is
# restored leaves out. An object that depends on another goes with it, hence IF EXISTS.
DROPS = """
WITH schemas AS (
    SELECT oid, nspname FROM pg_catalog.pg_namespace WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%%'
), members AS (SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype IN ('e', 'i'))
SELECT format('DROP %%s IF EXISTS %%I.%%I CASCADE',
              CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
                             WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, s.nspname, c.relname)
FROM pg_catalog.pg_class c JOIN schemas s ON s.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
  AND NOT EXISTS (SELECT FROM members WHERE classid = 'pg_catalog.pg_class'::regclass AND objid = c.oid)
UNION ALL
SELECT format('DROP %%s IF EXISTS %%s CASCADE',
              CASE p.prokind WHEN 'a' THEN 'AGGREGATE' WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, p.oid::regprocedure)
FROM pg_catalog.pg_proc p JOIN schemas s ON s.oid = p.pronamespace
WHERE NOT EXISTS (SELECT FROM members WHERE classid = 'pg_catalog.pg_proc'::regclass AND objid = p.oid)
UNION ALL
SELECT format('DROP TYPE IF EXISTS %%I.%%I CASCADE', s.nspname, t.typname)
FROM pg_catalog.pg_type t JOIN schemas s ON s.oid = t.typnamespace LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
WHERE (t.typtype IN ('d', 'e', 'r') OR (t.typtype = 'c' AND c.relkind = 'c'))
  AND NOT EXISTS (SELECT FROM members WHERE classid = 'pg_catalog.pg_type'::regclass AND objid = t.oid)
"""
SCHEMAS = "SELECT nspname FROM pg_catalog.pg_namespace"
EXTENSIONS = "SELECT extname FROM pg_catalog.pg_extension"


def restore(connector: PostgreSQLConnector, request: RestoreRequest) -> Restored:
    """Replace the content of the database in one transaction."""
    drops = _column(connector, DROPS)
    present = [f" SCHEMA - {name} " for name in _column(connector, SCHEMAS)]
    present += [f" EXTENSION - {name} " for name in _column(connector, EXTENSIONS)]
    connector.connection.close()
    with tempfile.TemporaryDirectory(prefix="safe-migrate-") as folder:
        chosen = Path(folder) / "list"
        chosen.write_text(_wanted_entries(connector, request, present), encoding="utf-8")
        report(request.progress, "restoring in place", 0)
        _replace(connector, request, drops, chosen)
    try:
        notices = connector.compare(
            request.receipt, connector.found(connector.connection, request.receipt)
        )
    except BackupFailed as error:
        raise BackupFailed(
            error.message, changed="The database was changed: it holds what the backup could give."
        ) from error
    if request.before_swap is not None:
        request.before_swap(connector.connection)
    return Restored(notices=notices)


def _column(connector: PostgreSQLConnector, sql: str) -> list[str]:
    with connector.connection.cursor() as cursor:
        cursor.execute(sql, [])
        return [row[0] for row in cursor.fetchall()]


def _wanted_entries(
    connector: PostgreSQLConnector, request: RestoreRequest, present: list[str]
) -> str:
    """Return the archive's list, with a comment of what is there already and stays."""
    client = connector.client
    arguments = [client.path("pg_restore"), "--list", str(request.path)]
    with running(arguments, env=client.environment(), stdout=subprocess.PIPE) as program:
        text = b"".join(program.output(stall=connector.options.stall)).decode()
        program.finish()
    lines = [
        f";{line}" if any(entry in line for entry in present) else line
        for line in text.splitlines()
    ]
    return "\n".join(lines) + "\n"


def _replace(
    connector: PostgreSQLConnector, request: RestoreRequest, drops: list[str], chosen: Path
) -> None:
    """
    Feed psql with one transaction.

    Its COMMIT is sent by us, after pg_restore has ended well: a script that breaks off is rolled back, whatever the reason.
    """
    client = connector.client
    skipped = ["--no-owner", "--no-privileges"] if request.no_owner else []
    script = [
        client.path("pg_restore"),
        "--file=-",
        f"--use-list={chosen}",
        *skipped,
        str(request.path),
    ]
    psql = client.arguments("psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1")
    environment = client.environment()
    with (
        running(psql, env=environment, secrets=connector.secrets, stdin=subprocess.PIPE) as target,
        running(
            script, env=environment, secrets=connector.secrets, stdout=subprocess.PIPE
        ) as source,
    ):
        target.feed(_prologue(connector, drops).encode())
        for piece in source.output(stall=connector.options.stall):
            target.feed(piece)
        source.finish()
        target.feed(b"\nCOMMIT;\n")
        target.finish()


def _prologue(connector: PostgreSQLConnector, drops: list[str]) -> str:
    role = (connector.connection.settings_dict["OPTIONS"] or {}).get("assume_role")
    lines = ["BEGIN;", f"SET LOCAL lock_timeout = {int(connector.options.lock_wait * 1000)};"]
    if role:
        lines.insert(0, f"SET ROLE {quoted(role)};")
    return "\n".join([*lines, *(f"{drop};" for drop in drops)]) + "\n"
