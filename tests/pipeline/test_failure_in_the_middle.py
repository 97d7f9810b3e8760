"""
The second of three pending migrations raises: what `--on-failure stop`, `rollback` and `restore` make of the database, and say.

The first of the three creates a new app, which has to be gone again; the second changes schema and rows before it raises.
"""

from __future__ import annotations

import re
import subprocess
import uuid

from tests.pipeline import failing_shop
from tests.pipeline.failing_shop import AFTER, FAILING, NEW_APP
from tests.projects import Project
from tests.snapshots import Snapshot

OURS = ["django_safe_migrate_*"]
FAILURE = (
    "CommandError: Applying shop.0002_order_note failed in operation 2 (Raw Python operation): "
    f"RuntimeError: {failing_shop.MESSAGE}"
)
MENDED = "Next: python manage.py safemigrate   (after mending the migration)"


def test_stop_leaves_what_was_done_and_says_how_far_it_came(project: Project) -> None:
    before, result = fail(project, "stop")
    run = failed_run(project)

    transactional = project.server.vendor != "mysql"
    left = (
        "shop.0002_order_note left nothing behind."
        if transactional
        else "shop.0002_order_note is half done: 1 of its 2 operations stay in the database, and it is not recorded."
    )
    next_command = (
        f"migrate_rollback --run {run}   (or mend the migration, then: safemigrate)"
        if transactional
        else "migrate_status"
    )
    assert result.stderr.splitlines() == [
        FAILURE,
        f"The database was changed: 1 of 3 planned migrations are applied (reviews.0001_initial). {left}",
        f"Next: python manage.py {next_command}",
    ]
    assert applied_now(project, before) == [NEW_APP]
    tables = project.snapshot().tables
    assert "reviews_review" in tables
    assert ("note" in tables["shop_order"].columns) is not transactional
    assert before.tables["shop_order"].rows == without_note(tables["shop_order"].rows)
    assert history(project) == [("migrate", "failed", 7, False)]
    assert steps(project, run) == [("0001_initial", "applied"), ("0002_order_note", "failed"), ("0003_order_colour", "planned")]  # fmt: skip
    if not transactional:
        blocked_by_half_done_work(project, before)
    mended(project, before)


def blocked_by_half_done_work(project: Project, before: Snapshot) -> None:
    """The next run goes on at the operation that failed, not at the column that is there already; the first backup leads back."""
    (name,) = backups(project)
    result = project.manage("safemigrate", "--noinput", "--backup", "never", check=False)
    assert result.returncode == 7, result.stdout + result.stderr
    assert "Finishing shop.0002_order_note failed in Raw Python operation: " in result.stderr
    assert "The migration is still half done" in result.stderr

    project.manage("migrate_rollback", "--restore", name, "--force", "--noinput")
    assert before.difference(project.snapshot(exclude=OURS)) == []


def test_rollback_returns_to_the_migrations_from_before(project: Project) -> None:
    before, result = fail(project, "rollback")

    assert result.stderr.splitlines() == [
        FAILURE,
        "The database was rolled back: exactly the migrations applied before this run are applied.",
        MENDED,
    ]
    assert applied_now(project, before) == []
    assert before.difference(project.snapshot(exclude=OURS)) == []
    assert history(project) == [("migrate", "failed", 7, False), ("rollback", "succeeded", 0, True)]
    mended(project, before)


def test_restore_returns_to_the_backup_of_the_run(project: Project) -> None:
    before, result = fail(project, "restore")

    (name,) = backups(project)
    lines = result.stderr.splitlines()
    assert lines[0] == FAILURE
    kept = re.fullmatch(
        rf"The database was restored from {re.escape(name)}\. The state before the restore is kept as (\S+)\.",
        lines[1],
    )
    assert kept is not None, lines[1]
    assert lines[2:] == [MENDED]
    assert applied_now(project, before) == []
    assert before.difference(project.snapshot(exclude=OURS)) == []
    assert history(project) == [("migrate", "failed", 7, False), ("restore", "succeeded", 0, True)]
    # Where nothing rolls back a schema change, the restore undid what the failed step had left.
    failed = "failed" if can_rollback(project) else "reverted"
    assert steps(project, failed_run(project)) == [
        ("0001_initial", "reverted"),
        ("0002_order_note", failed),
        ("0003_order_colour", "planned"),
    ]
    project.manage("migrate_backup", "drop-old", kept[1], "--noinput")
    mended(project, before)


def fail(project: Project, on_failure: str) -> tuple[Snapshot, subprocess.CompletedProcess[str]]:
    """Run into the failure; return the database as it was before, and what the command said."""
    failing_shop.install(project)
    before = project.snapshot(exclude=OURS)
    result = project.manage("safemigrate", "--noinput", "--on-failure", on_failure, check=False)
    assert result.returncode == 7, result.stdout + result.stderr
    return before, result


def mended(project: Project, before: Snapshot) -> None:
    """Do what the message told to do next."""
    failing_shop.mend(project)
    project.manage("safemigrate", "--noinput")
    assert applied_now(project, before) == sorted([NEW_APP, FAILING, AFTER])
    assert project.sql("SELECT DISTINCT number, note FROM shop_order") == [("changed", "filled")]


def applied_now(project: Project, before: Snapshot) -> list[tuple[str, str]]:
    """Return the migrations that are recorded now and were not before."""
    known = {(row["app"], row["name"]) for row in before.tables["django_migrations"].rows}
    assert known <= set(project.applied_migrations())
    return sorted(set(project.applied_migrations()) - known)


def without_note(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return the rows without the new column, which no value may have reached."""
    assert all(row.get("note") is None for row in rows)
    plain = [{name: value for name, value in row.items() if name != "note"} for row in rows]
    return sorted(plain, key=repr)


def history(project: Project) -> list[tuple[str, str, int, bool]]:
    """Return the kind, the end, the exit code of each run, and whether it undoes another, oldest first."""
    rows = project.sql(
        "SELECT kind, status, exit_code, rollback_of_id FROM django_safe_migrate_migrationrun ORDER BY started_at"
    )
    return [(kind, status, code, undone is not None) for kind, status, code, undone in rows]


def failed_run(project: Project) -> uuid.UUID:
    """Return the id of the run that failed."""
    ((found,),) = project.sql(
        "SELECT id FROM django_safe_migrate_migrationrun WHERE status = 'failed'"
    )
    # SQLite has no type for it and keeps the digits alone.
    return uuid.UUID(str(found))


def can_rollback(project: Project) -> bool:
    with project.connection() as connection:
        return bool(connection.features.can_rollback_ddl)


def steps(project: Project, run: uuid.UUID) -> list[tuple[str, str]]:
    """Return name and status of the steps of a run, in order."""
    rows = project.sql(
        "SELECT run_id, name, status FROM django_safe_migrate_migrationstep ORDER BY position"
    )
    return [(name, status) for owner, name, status in rows if uuid.UUID(str(owner)) == run]


def backups(project: Project) -> list[str]:
    """Return the names of the backups in the history."""
    return [name for (name,) in project.sql("SELECT name FROM django_safe_migrate_backup")]
