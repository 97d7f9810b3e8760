"""From the command line: said beforehand, kept, listed, put back, and told; never a value of a row."""

from __future__ import annotations

import json

import pytest

from tests.management.commands.shop import DROP_NOTE, installed
from tests.projects import Project, migration

DROP_BOTH = migration(
    'migrations.RemoveField("order", "note"),\nmigrations.RemoveField("order", "number"),',
    dependencies=[("shop", "0001_initial")],
)


def test_a_drop_and_its_way_back(project: Project) -> None:
    installed(project, m0002_drop=DROP_BOTH)
    before = project.snapshot(exclude=["django_safe_migrate_*", "django_migrations"])

    dry = project.manage("safemigrate", "--dry-run", "--backup", "never").stdout
    assert "    Keeps column note of shop_order (2 rows) in a side table for 30 days.\n" in dry
    assert (
        before.difference(project.snapshot(exclude=["django_safe_migrate_*", "django_migrations"]))
        == []
    )

    run = project.manage(
        "safemigrate", "--noinput", "--backup", "never", "--allow", "drop_column"
    ).stdout
    assert "Kept column note of shop_order with 2 rows in django_safe_migrate_kept_" in run
    listed = project.manage("migrate_backup", "list").stdout
    assert "Kept of data that migrations dropped (migrate_rollback puts it back):\n" in listed
    assert "  column note of shop_order, 2 rows, kept by shop.0002_drop forwards in " in listed
    preserved = json.loads(project.manage("migrate_backup", "list", "--format", "json").stdout)[
        "preserved"
    ]
    assert [(one["what"], one["rows"], one["state"]) for one in preserved] == [
        ("column note of shop_order", 2, "kept"),
        ("column number of shop_order", 2, "kept"),
    ]

    back = project.manage(
        "migrate_rollback", "--steps", "1", "--dry-run", "--backup", "never"
    ).stdout
    assert "Going back here loses nothing." in back
    assert "Brings back column note of shop_order with 2 rows, kept in " in back
    # NOT NULL and without a default, so that only its values make it possible.
    assert "Brings back column number of shop_order with 2 rows, kept in " in back
    assert " 0 of which would stop the run." not in back
    done = project.manage(
        "migrate_rollback", "--steps", "1", "--force", "--noinput", "--backup", "never"
    ).stdout
    assert "Put back 2 rows of column note of shop_order." in done
    assert (
        before.difference(project.snapshot(exclude=["django_safe_migrate_*", "django_migrations"]))
        == []
    )
    told = dry + run + listed + back + done
    assert "keep dry" not in told


def test_what_a_rollback_cannot_bring_back_is_said_beforehand(project: Project) -> None:
    installed(project, m0002_drop=DROP_BOTH)
    project.manage("safemigrate", "--noinput", "--backup", "never", "--allow", "drop_column")
    project.sql("INSERT INTO shop_order (id) VALUES (77)")
    back = project.manage(
        "migrate_rollback", "--steps", "1", "--dry-run", "--backup", "never"
    ).stdout
    assert "Going back here is impossible" in back
    assert "1 row was added since and had no value to keep." in back


@pytest.mark.vendors("sqlite")
def test_what_is_over_is_pruned_with_a_record(project: Project) -> None:
    installed(project, m0002_drop=DROP_NOTE)
    project.settings(SAFE_MIGRATE={"PRESERVE": {"KEEP_FOR": 0}})
    run = project.manage(
        "safemigrate", "--noinput", "--backup", "never", "--allow", "drop_column"
    ).stdout
    assert (
        "Pruned kept data: column note of shop_order, 2 rows, kept by shop.0002_drop forwards in "
        in run
    )
    assert project.sql("SELECT state FROM django_safe_migrate_kept") == [("pruned",)]
    assert "Kept of data" not in project.manage("migrate_backup", "list").stdout


@pytest.mark.vendors("postgresql")
def test_what_code_changes_is_kept_when_it_is_declared(project: Project) -> None:
    code = migration(
        'migrations.RunSQL("UPDATE shop_order SET note = NULL", migrations.RunSQL.noop),',
        dependencies=[("shop", "0001_initial")],
    ).replace("    operations = [", '    preserves = ["shop.Order.note"]\n    operations = [')
    installed(project, m0002_clear=code)
    dry = project.manage("safemigrate", "--dry-run", "--backup", "never").stdout
    assert "    Keeps column note of shop_order (2 rows) in a side table for 30 days.\n" in dry
    project.manage("safemigrate", "--noinput", "--backup", "never")
    assert project.sql("SELECT count(note) FROM shop_order") == [(0,)]
    way = ("migrate_rollback", "--steps", "1", "--backup", "never")
    back = project.manage(*way, "--dry-run").stdout
    assert "Brings back what its code changed of column note of shop_order, kept in " in back
    project.manage(*way, "--force", "--noinput")
    assert project.sql("SELECT note FROM shop_order ORDER BY id") == [("keep dry",), (None,)]


@pytest.mark.vendors("sqlite")
def test_a_wrong_declaration_is_said_before_anything_is_touched(project: Project) -> None:
    code = migration(
        'migrations.RunSQL("UPDATE shop_order SET note = NULL", migrations.RunSQL.noop),',
        dependencies=[("shop", "0001_initial")],
    ).replace("    operations = [", '    preserves = ["shop.Order.nope"]\n    operations = [')
    installed(project, m0002_clear=code)
    failed = project.manage("safemigrate", "--noinput", "--backup", "never", check=False)
    assert failed.returncode == 1
    assert (
        "shop.0002_clear has preserves = 'shop.Order.nope'; it must be a list of models"
        in failed.stderr
    )
    assert project.sql("SELECT count(note) FROM shop_order") == [(1,)]


@pytest.mark.vendors("mariadb")
def test_what_a_failed_run_undoes_comes_back_with_its_values(project: Project) -> None:
    """Nothing undoes the first operation but its reverse."""
    failing = migration(
        'migrations.RemoveField("order", "note"),\nmigrations.RunSQL("SELECT nonsense", ""),',
        dependencies=[("shop", "0001_initial")],
    )
    installed(project, m0002_failing=failing)
    project.settings(SAFE_MIGRATE={"ON_FAILURE": "rollback"})
    failed = project.manage(
        "safemigrate", "--noinput", "--backup", "never", "--allow", "drop_column", check=False
    )
    assert failed.returncode == 7
    assert "Put back 2 rows of column note of shop_order." in failed.stdout + failed.stderr
    assert project.sql("SELECT note FROM shop_order ORDER BY id") == [("keep dry",), (None,)]
