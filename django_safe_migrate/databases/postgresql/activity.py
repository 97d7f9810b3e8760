"""What goes on in a PostgreSQL server: waits for locks and their reasons, progress of statements, write-ahead log and temporary files."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django_safe_migrate.databases.activity import (
    APPLICATION_PREFIX,
    QUESTION_SECONDS,
    Blocker,
    Load,
    Progress,
    Wait,
    concerns,
    monitor_name,
)
from django_safe_migrate.databases.postgresql.run_lock import APPLICATION_LIMIT
from django_safe_migrate.databases.queries import without_values

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from django_safe_migrate.databases.base import Database

# A fraction of what reading all locks takes, where there are many. A role that may not see the sessions of others does not see that they wait.
WAITING = """
    SELECT a.pid::text, CASE WHEN a.wait_event_type = 'Lock' THEN pg_catalog.pg_blocking_pids(a.pid)::text[] END
    FROM pg_catalog.pg_stat_get_activity(NULL) a
    WHERE a.wait_event_type = 'Lock' OR a.query = '<insufficient privilege>'
"""

# Who blocks whom is asked only of sessions that wait: the question stops the lock manager for a moment.
WAITS = """
    SELECT w.pid::text, coalesce(extract(epoch FROM clock_timestamp() - w.since), 0)::float8, pg_catalog.pg_blocking_pids(w.pid)::text[]
    FROM (SELECT pid, min(waitstart) AS since FROM pg_catalog.pg_locks WHERE NOT granted GROUP BY pid) w
"""

#: Modes that only changes of the schema and maintenance take.
_OF_MIGRATIONS = "('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')"

_IS_MIGRATION = f"""(
    coalesce(a.application_name, '') LIKE '{APPLICATION_PREFIX}%%'
    OR EXISTS (SELECT FROM pg_catalog.pg_locks m WHERE m.pid = a.pid AND m.locktype = 'relation' AND m.mode IN {_OF_MIGRATIONS})
)"""  # noqa: S608 - constants

# What the blocker has on the very thing that is waited for, whether it has it or waits for it in front of us.
BLOCKERS = f"""
    SELECT a.pid::text, coalesce(a.usename, '')::text, coalesce(a.application_name, ''), coalesce(a.state, a.backend_type, ''),
           extract(epoch FROM clock_timestamp() - a.xact_start)::float8,
           CASE WHEN a.state LIKE 'idle in transaction%%' THEN extract(epoch FROM clock_timestamp() - a.state_change)::float8 END,
           coalesce(a.query, ''),
           coalesce((SELECT string_agg(DISTINCT CASE WHEN h.granted THEN '' ELSE 'waits for ' END || h.mode
                                       || coalesce(' on ' || c.relname, ' on ' || h.locktype), ', ')
                     FROM pg_catalog.pg_locks w
                     JOIN pg_catalog.pg_locks h ON h.pid = a.pid AND h.locktype = w.locktype
                          AND h.database IS NOT DISTINCT FROM w.database AND h.relation IS NOT DISTINCT FROM w.relation
                          AND h.virtualxid IS NOT DISTINCT FROM w.virtualxid AND h.transactionid IS NOT DISTINCT FROM w.transactionid
                          AND h.classid IS NOT DISTINCT FROM w.classid AND h.objid IS NOT DISTINCT FROM w.objid
                          AND h.page IS NOT DISTINCT FROM w.page AND h.tuple IS NOT DISTINCT FROM w.tuple
                     LEFT JOIN pg_catalog.pg_class c ON c.oid = h.relation
                     WHERE w.pid = %s AND NOT w.granted), ''),
           {_IS_MIGRATION},
           coalesce((SELECT v.virtualxid FROM pg_catalog.pg_locks v WHERE v.pid = a.pid AND v.locktype = 'virtualxid' AND v.granted
                     AND v.virtualxid = v.virtualtransaction), '')
    FROM pg_catalog.pg_stat_activity a WHERE a.pid = ANY(%s) ORDER BY a.xact_start NULLS LAST
"""  # noqa: S608 - constants

PREPARED = """
    SELECT DISTINCT x.gid, x.owner::text, extract(epoch FROM clock_timestamp() - x.prepared)::float8, h.mode || ' on ' || c.relname
    FROM pg_catalog.pg_prepared_xacts x
    JOIN pg_catalog.pg_locks own ON own.locktype = 'transactionid' AND own.transactionid = x.transaction AND own.granted AND own.pid IS NULL
    JOIN pg_catalog.pg_locks h ON h.virtualtransaction = own.virtualtransaction AND h.pid IS NULL AND h.granted
    JOIN pg_catalog.pg_locks w ON w.pid = %s AND NOT w.granted AND w.relation = h.relation AND w.database = h.database
    JOIN pg_catalog.pg_class c ON c.oid = h.relation
"""

OPEN = "SELECT EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'virtualxid' AND granted AND virtualxid = ANY(%s))"

END = f"""
    SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a
    WHERE a.pid = %s AND a.backend_type = 'client backend' AND a.state LIKE 'idle in transaction%%'
      AND clock_timestamp() - a.state_change >= make_interval(secs => %s) AND a.pid <> pg_catalog.pg_backend_pid()
      AND NOT {_IS_MIGRATION}
"""  # noqa: S608 - constants

# Which of the statements below runs: to plan the questions about all of them takes longer than to answer them.
UNDER_WAY = " UNION ALL ".join(
    f"SELECT '{command}' FROM pg_catalog.pg_stat_get_progress_info('{command}') WHERE pid = %s"  # noqa: S608 - constants
    for command in ("CREATE INDEX", "CLUSTER", "VACUUM", "COPY")
)

PROGRESS = {
    "CREATE INDEX": """
        SELECT 'index ' || coalesce(i.relname || ' ', '') || 'on ' || coalesce(t.relname, p.relid::text), p.phase,
               CASE WHEN p.blocks_total > 0 THEN p.blocks_done WHEN p.tuples_total > 0 THEN p.tuples_done ELSE p.lockers_done END,
               CASE WHEN p.blocks_total > 0 THEN p.blocks_total WHEN p.tuples_total > 0 THEN p.tuples_total ELSE p.lockers_total END
        FROM pg_catalog.pg_stat_progress_create_index p
        LEFT JOIN pg_catalog.pg_class t ON t.oid = p.relid LEFT JOIN pg_catalog.pg_class i ON i.oid = p.index_relid WHERE p.pid = %s
    """,
    "CLUSTER": """
        SELECT lower(p.command) || ' of ' || coalesce(t.relname, p.relid::text), p.phase, p.heap_blks_scanned, p.heap_blks_total
        FROM pg_catalog.pg_stat_progress_cluster p LEFT JOIN pg_catalog.pg_class t ON t.oid = p.relid WHERE p.pid = %s
    """,
    "VACUUM": """
        SELECT 'vacuum of ' || coalesce(t.relname, p.relid::text), p.phase, p.heap_blks_scanned, p.heap_blks_total
        FROM pg_catalog.pg_stat_progress_vacuum p LEFT JOIN pg_catalog.pg_class t ON t.oid = p.relid WHERE p.pid = %s
    """,
    "COPY": """
        SELECT lower(p.command) || ' ' || coalesce(t.relname, 'a query'), '', p.bytes_processed, p.bytes_total
        FROM pg_catalog.pg_stat_progress_copy p LEFT JOIN pg_catalog.pg_class t ON t.oid = p.relid WHERE p.pid = %s
    """,
}

# The functions below the views pg_stat_database and pg_stat_replication, without the joins and columns that nobody asks for here.
LOAD = """
    SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN NULL
                ELSE pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0') END::bigint,
           (SELECT pg_catalog.pg_stat_get_db_temp_bytes(oid) FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()),
           (SELECT max(coalesce(extract(epoch FROM replay_lag), 0))::float8
            FROM pg_catalog.pg_stat_get_wal_senders() WHERE state IN ('streaming', 'catchup'))
"""


def monitoring_connection(database: Database) -> BaseDatabaseWrapper:
    """Return a connection that names itself, outside of any pool."""
    options = {
        **database.connection.settings_dict["OPTIONS"],
        "application_name": monitor_name(APPLICATION_LIMIT),
        "connect_timeout": QUESTION_SECONDS,
    }
    options.pop("pool", None)
    return database.new_connection(OPTIONS=options, AUTOCOMMIT=True)


def session_id(database: Database) -> str:
    """Ask on the driver's cursor, so that nobody takes this for SQL of a migration."""
    connection = database.connection
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.cursor() as cursor:
        cursor.execute("SELECT pg_catalog.pg_backend_pid()")
        return str(cursor.fetchone()[0])


def waits(database: Database, session: str) -> tuple[Wait, ...]:
    """Sessions of the server that wait, and those in their way; 0 stands for a prepared transaction."""
    if session and not _is_concerned(session, database.ask(WAITING)):
        return ()
    return tuple(
        Wait(pid, max(0.0, seconds), tuple(dict.fromkeys(blocked_by)))
        for pid, seconds, blocked_by in database.ask(WAITS)
    )


def _is_concerned(session: str, waiting: list[tuple[Any, ...]]) -> bool:
    """Whether a session waits or keeps others waiting, or nobody can tell without looking at all locks."""
    if any(blocked_by is None for _, blocked_by in waiting):
        return True
    return concerns(session, (Wait(pid, 0.0, tuple(names)) for pid, names in waiting))


def blockers(database: Database, wait: Wait) -> tuple[Blocker, ...]:
    """The sessions and prepared transactions for which a session waits."""
    pids = [int(pid) for pid in wait.blocked_by if pid != "0"]
    found = []
    for (
        pid,
        user,
        application,
        state,
        age,
        idle,
        query,
        lock,
        migrates,
        transaction,
    ) in database.ask(BLOCKERS, [int(wait.session), pids]):
        found.append(
            Blocker(
                session=pid,
                user=user,
                application=application,
                state=state,
                seconds=age,
                idle_seconds=idle,
                query=without_values(query),
                lock=lock,
                is_migration=migrates,
                transaction=transaction,
            )
        )
    if "0" in wait.blocked_by:
        found += [
            Blocker(
                session="", user=owner, application=gid, state="prepared transaction", seconds=age, lock=lock
            )
            for gid, owner, age, lock in database.ask(PREPARED, [int(wait.session)])
        ]  # fmt: skip
    return tuple(found)


def are_open(database: Database, transactions: Collection[str]) -> bool:
    """A transaction holds the lock on its own virtual number as long as it lasts."""
    return bool(database.ask(OPEN, [list(transactions)])[0][0])


def end_idle_session(database: Database, blocker: Blocker, after: float) -> bool:
    """One statement checks and ends; nothing happens when the session is no longer what it was."""
    if not blocker.session:
        return False
    rows = database.ask_if_permitted(END, [int(blocker.session), after])
    return bool(rows and rows[0][0])


def statement_progress(database: Database, session: str) -> Progress | None:
    """Of index builds, CLUSTER and VACUUM FULL, VACUUM and COPY."""
    number = int(session)
    for (command,) in database.ask(UNDER_WAY, [number] * len(PROGRESS)):
        # It may have ended since.
        for what, phase, done, total in database.ask(PROGRESS[command], [number]):
            return Progress(what, phase, int(done), int(total))
    return None


def load(database: Database) -> Load:
    """What the whole server wrote to its log, what sorts of this database wrote to disk, and the lag of the slowest replica."""
    rows = database.ask_if_permitted(LOAD)
    if not rows:
        return Load()
    log, temporary, lag = rows[0]
    return Load(
        None if log is None else int(log),
        None if temporary is None else int(temporary),
        None if lag is None else float(lag),
    )
