"""
A database with 100,000 rows, and a destructive, a data and an index migration pending: stopped, migrated, rolled back, restored.

One long test per vendor, for each part needs the state that the part before it left behind.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline import big_shop
from tests.projects import Project
from tests.snapshots import Snapshot

pytestmark = pytest.mark.slow

OURS = ["django_safe_migrate_*"]
COUNTS = {f"SELECT count(*) FROM {table}": [(number,)] for table, number in big_shop.ROWS.items()}


def test_the_whole_way_there_and_back(project: Project) -> None:
    big_shop.install(project)
    before = project.snapshot(exclude=OURS)
    applied_before = project.applied_migrations()
    assert {query: project.sql(query) for query in COUNTS} == COUNTS
    assert sum(big_shop.ROWS.values()) == 100_000

    stopped_by_the_destructive_migration(project, before)
    report = migrated_after_permission(project)
    rolled_back(project, report, before, applied_before)
    restored(project, report["backup"]["name"], before)
    forward_again(project)


def stopped_by_the_destructive_migration(project: Project, before: Snapshot) -> None:
    result = project.manage("safemigrate", "--noinput", check=False)

    assert result.returncode == 3, result.stdout + result.stderr
    assert result.stderr.splitlines() == [
        "CommandError: 1 blocking finding (drop_column): see above for the harm and what to do instead. "
        "To carry the plan out all the same: --allow drop_column",
        "The database was not changed.",
        "Next: python manage.py safemigrate --dry-run   (shows the whole plan)",
    ]
    assert "Dropping column old_number of shop_customer deletes its values" in result.stdout
    assert before.difference(project.snapshot(exclude=OURS)) == []
    assert list((project.folder / "backups").glob("*")) == []
    assert history(project) == [("migrate", "failed", 3)]


def migrated_after_permission(project: Project) -> dict[str, Any]:
    markdown = project.folder / "report.md"
    result = project.manage(
        "safemigrate", "--noinput", "--allow", "drop_column",
        "--format", "json", "--report", str(markdown),
    )  # fmt: skip
    report: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])["report"]

    check_database_after(project)
    check_json(report)
    check_backup(project, report)
    check_markdown(markdown.read_text(), report)
    assert big_shop.VALUE not in result.stdout + result.stderr + markdown.read_text()
    check_history_rows(project, report)
    return report


def check_database_after(project: Project) -> None:
    assert project.applied_migrations()[-3:] == big_shop.PENDING
    after = project.snapshot(rows=False).tables
    assert "old_number" not in after["shop_customer"].columns
    assert any(
        facts["columns"] == ["placed_at"] and facts["index"]
        for facts in after["shop_order"].constraints.values()
    )
    wrong_totals = (
        "SELECT count(*) FROM shop_order WHERE COALESCE(total, 0) <> "
        "COALESCE((SELECT sum(quantity * price) FROM shop_line WHERE order_id = shop_order.id), 0)"
    )
    assert project.sql(wrong_totals) == [(0,)]
    assert project.sql("SELECT count(*) FROM shop_order WHERE total > 0")[0][0] > 20_000
    assert {query: project.sql(query) for query in COUNTS} == COUNTS


def check_json(report: dict[str, Any]) -> None:
    run = report["run"]
    assert report["schema_version"] == 1
    assert (run["kind"], run["status"], run["outcome"], run["exit_code"]) == (
        "migrate",
        "succeeded",
        "success",
        0,
    )
    assert [(stage["name"], stage["status"]) for stage in report["stages"]] == [
        ("preflight", "passed"),
        ("backup", "passed"),
        ("execute", "passed"),
        ("verify", "passed"),
    ]
    done = [(one["app_label"], one["name"], one["status"]) for one in report["migrations"]]
    assert done == [(app, name, "applied") for app, name in big_shop.PENDING]
    assert all(one["seconds"] > 0 and one["impact"] for one in report["migrations"])
    assert {"shop_customer", "shop_order"} <= set(report["tables"])
    assert [
        (one["rule"], one["severity"], one["allowed"])
        for one in report["findings"]
        if one["severity"] == "error"
    ] == [("drop_column", "error", True)]
    performance = report["performance"]
    assert performance["response_seconds_before"] > 0
    assert performance["response_seconds_after"] > 0
    assert performance["peak_rss_bytes"] > 10_000_000
    assert performance["statements"] >= 7
    assert report["failure"] is None
    assert all(check["looked_at"] for check in report["checks"])
    assert report["checks"]


def check_backup(project: Project, report: dict[str, Any]) -> None:
    backup = report["backup"]
    assert backup["broken"] == ""
    assert backup["verified_at"]
    assert backup["verification"].startswith("read back from storage, size and SHA-256 equal")
    content = (project.folder / "backups" / backup["name"]).read_bytes()
    assert len(content) == backup["size"]
    assert hashlib.sha256(content).hexdigest() == backup["sha256"]
    receipt = plain(project.sql("SELECT receipt FROM django_safe_migrate_backup")[0][0])
    counted = {table: receipt["row_counts"][table] for table in big_shop.ROWS}
    assert counted == {
        table: {"rows": number, "exact": True} for table, number in big_shop.ROWS.items()
    }
    assert "shop.0001_initial" in receipt["applied_migrations"]
    assert not any(f"shop.{name}" in receipt["applied_migrations"] for _, name in big_shop.PENDING)


def check_markdown(markdown: str, report: dict[str, Any]) -> None:
    headings = re.findall(r"^## (.*)$", markdown, re.MULTILINE)
    assert headings == [
        "Summary",
        "Executed Migrations",
        "Performance Impact",
        "Issues Encountered",
        "Rollback Plan",
    ]
    parts = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", markdown, re.MULTILINE | re.DOTALL))
    run = report["run"]["id"]
    assert f"| Batch | `{run}` |" in parts["Summary"]
    assert "| Status | **success** |" in parts["Summary"]
    assert "`shop_customer`" in parts["Summary"]
    assert report["backup"]["name"] in parts["Summary"]
    for _, name in big_shop.PENDING:
        assert f"| `shop.{name}` | applied |" in parts["Executed Migrations"]
    assert "Database response time before" in parts["Performance Impact"]
    assert "| execute | passed |" in parts["Performance Impact"]
    assert "Allowed for this run." in parts["Issues Encountered"]
    assert f"python manage.py migrate_rollback --run {run}" in parts["Rollback Plan"]
    assert f"migrate_backup restore {report['backup']['name']}" in parts["Rollback Plan"]
    assert f"undoing shop.{big_shop.DESTRUCTIVE} loses data" in parts["Rollback Plan"]


def check_history_rows(project: Project, report: dict[str, Any]) -> None:
    assert history(project) == [("migrate", "failed", 3), ("migrate", "succeeded", 0)]
    steps = project.sql(
        "SELECT step.position, step.app_label, step.name, step.direction, step.status "
        "FROM django_safe_migrate_migrationstep step JOIN django_safe_migrate_migrationrun run "
        "ON run.id = step.run_id WHERE run.status = 'succeeded' ORDER BY step.position"
    )
    assert steps == [
        (place, app, name, "forwards", "applied")
        for place, (app, name) in enumerate(big_shop.PENDING)
    ]
    linked = project.sql(
        "SELECT backup.name FROM django_safe_migrate_migrationrun run "
        "JOIN django_safe_migrate_backup backup ON backup.id = run.backup_id"
    )
    assert linked == [(report["backup"]["name"],)]


def rolled_back(
    project: Project,
    report: dict[str, Any],
    before: Snapshot,
    applied_before: list[tuple[str, str]],
) -> None:
    result = project.manage(
        "migrate_rollback", "--run", report["run"]["id"], "--force", "--noinput"
    )

    assert project.applied_migrations() == applied_before, result.stdout
    assert schema(before).difference(project.snapshot(exclude=OURS, rows=False)) == []
    assert {query: project.sql(query) for query in COUNTS} == COUNTS
    # The column is back, and what was kept of it.
    kept = "SELECT count(*) FROM shop_customer WHERE old_number IS NOT NULL"
    assert project.sql(kept) == [(9000,)]
    assert history(project)[2:] == [("rollback", "succeeded", 0)]
    assert len(backups(project)) == 2


def restored(project: Project, name: str, before: Snapshot) -> None:
    runs = history(project)
    project.manage("migrate_backup", "restore", name, "--noinput")

    assert before.difference(project.snapshot(exclude=OURS)) == []
    assert history(project) == [*runs, ("restore", "succeeded", 0)]
    # Counters of ids are restored too: the next row gets an id that no other has.
    columns, values = "name, email, preferences", "'New', 'new@example.com', '{}'"
    project.sql(f"INSERT INTO shop_customer ({columns}) VALUES ({values})")
    (newest,) = project.sql("SELECT max(id) FROM shop_customer")[0]
    assert newest == big_shop.ROWS["shop_customer"] + 1


def forward_again(project: Project) -> None:
    project.manage("safemigrate", "--noinput", "--allow", "drop_column")
    assert project.applied_migrations()[-3:] == big_shop.PENDING
    assert project.manage("migrate", "--check").returncode == 0


def history(project: Project) -> list[tuple[str, str, int]]:
    """Return the kind, the end and the exit code of each run, oldest first."""
    return [
        tuple(row)
        for row in project.sql(
            "SELECT kind, status, exit_code FROM django_safe_migrate_migrationrun ORDER BY started_at"
        )
    ]


def backups(project: Project) -> list[Path]:
    """Return the files of backups, without what is beside them."""
    names = {name for (name,) in project.sql("SELECT name FROM django_safe_migrate_backup")}
    return [path for path in (project.folder / "backups").iterdir() if path.name in names]


def schema(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot without its rows."""

    return Snapshot(
        {name: dataclasses.replace(table, rows=[]) for name, table in snapshot.tables.items()}
    )


def plain(value: Any) -> Any:
    """Return JSON of a database as Python's own: PostgreSQL's driver gives text as well as the others."""
    return json.loads(value) if isinstance(value, str | bytes) else value
