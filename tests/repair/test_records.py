"""Ghosts, runs left as running, and records that the schema contradicts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.projects import Project, migration
from tests.repair.half_done_shop import applied, found, install, last_run, repair, schema
from tests.status.journals import HandMade, dead_process, step

PLAIN = "migrations.AddField('order', 'colour', models.CharField(max_length=20, null=True)),"


@pytest.mark.vendors("sqlite")
def test_ghosts(project: Project) -> None:
    install(project, PLAIN)
    project.sql(
        "INSERT INTO django_migrations (app, name, applied) VALUES ('shop', '0002_gone', '2026-01-02 03:04:05')"
    )
    (problem,) = found(project)
    assert (problem["action"], problem["subject"]) == ("ghosts", "shop.0002_gone")
    assert applied(project) == ["0001_initial", "0002_gone"]
    repair(project, "--ghosts")
    assert applied(project) == ["0001_initial"]
    assert project.manage("migrate_repair").stdout == "Nothing to repair.\n"
    run = last_run(project)
    assert (run["kind"], run["status"]) == ("repair", "succeeded")


@pytest.mark.vendors("sqlite")
def test_a_ghost_that_files_depend_on_is_no_record_to_be_deleted(project: Project) -> None:
    install(project, PLAIN)
    later = migration("", dependencies=[("shop", "0002_parcels")])
    project.write_app("shop", migrations={"0003_later": later})
    project.manage("migrate", "shop")
    project.delete_migration("shop", "0002_parcels")
    refused = repair(project, "--ghosts", check=False)
    assert refused.returncode == 3
    assert refused.stderr == (
        "CommandError: shop.0002_parcels: Nothing: shop.0003_later depends on it. Bring the file back from version control.\n"
        "The database was not changed.\n"
        "Next: python manage.py migrate_status\n"
    )
    assert "0002_parcels" in applied(project)


class TestReset:
    def test_both_ways(self, project: Project) -> None:
        install(project, PLAIN)
        project.manage("migrate", "shop")
        before = schema(project)
        assert found(project, "--reset", "shop", "0002") == []
        project.sql("DELETE FROM django_migrations WHERE name = '0002_parcels'")
        repair(project, "--reset", "shop", "0002")
        assert applied(project) == ["0001_initial", "0002_parcels"]
        assert before.difference(schema(project)) == []
        project.sql("ALTER TABLE shop_order DROP COLUMN colour")
        repair(project, "--reset", "shop", "0002")
        assert applied(project) == ["0001_initial"]
        project.manage("migrate", "shop")
        assert before.difference(schema(project)) == []

    @pytest.mark.vendors("sqlite")
    def test_a_schema_that_does_not_match_is_refused(self, project: Project) -> None:
        more = PLAIN + "\nmigrations.AddField('order', 'size', models.IntegerField(null=True)),"
        install(project, more)
        project.sql("ALTER TABLE shop_order ADD COLUMN colour varchar(20)")
        refused = repair(project, "--reset", "shop", "0002", check=False)
        assert refused.returncode == 3
        assert refused.stderr == (
            "CommandError: The record of shop.0002_parcels was not changed, since the schema does not match: "
            "1 of its 2 operations are in the database.\n"
            "The database was not changed.\n"
            "Next: python manage.py migrate_repair --dry-run   (shows what is half done or differs)\n"
        )
        assert applied(project) == ["0001_initial"]

    @pytest.mark.vendors("sqlite")
    def test_another_type_is_another_schema(self, project: Project) -> None:
        install(project, PLAIN)
        project.sql("ALTER TABLE shop_order ADD COLUMN colour integer")
        refused = repair(project, "--reset", "shop", "0002", check=False)
        assert refused.returncode == 3
        assert "the schema does not match" in refused.stderr

    @pytest.mark.vendors("sqlite")
    def test_code_needs_a_word(self, project: Project) -> None:
        install(project, "migrations.RunPython(stop_at('only')),")
        refused = repair(project, "--reset", "shop", "0002", check=False)
        assert refused.returncode == 3
        assert "no catalogue shows whether operation 1 (Raw Python operation)" in refused.stderr
        repair(project, "--reset", "shop", "0002", "--assume-done", "1")
        assert applied(project) == ["0001_initial", "0002_parcels"]

    @pytest.mark.vendors("sqlite")
    def test_a_record_that_others_stand_on_is_refused(self, project: Project) -> None:
        install(project, PLAIN)
        project.manage("migrate", "shop")
        project.sql("DELETE FROM django_migrations WHERE app = 'shop' AND name = '0001_initial'")
        project.sql("ALTER TABLE shop_order DROP COLUMN colour")
        project.sql("DELETE FROM django_migrations WHERE app = 'shop'")
        project.sql("ALTER TABLE shop_order ADD COLUMN colour varchar(20)")
        refused = repair(project, "--reset", "shop", "0002", check=False)
        assert refused.returncode == 3
        assert refused.stderr == (
            "CommandError: shop.0002_parcels depends on migrations that are not applied: shop.0001_initial.\n"
            "The database was not changed.\n"
            "Next: python manage.py migrate_repair --reset shop 0001_initial   (first)\n"
        )


class TestRunsLeftRunning:
    def row(self, project: Project, run: HandMade, pid: int) -> None:
        """What the run of a process had written to the history so far."""
        project.sql(
            "INSERT INTO django_safe_migrate_migrationrun (id, kind, database, vendor, server, status, seconds, who, host, pid, "
            "command, release, fingerprint, versions, options, applied_before, stages, notices, report, started_at) "
            "SELECT %s, kind, database, vendor, server, 'running', seconds, who, host, %s, command, release, fingerprint, "
            "versions, options, applied_before, stages, notices, '{}', started_at FROM django_safe_migrate_migrationrun LIMIT 1",
            [run.id.replace("-", ""), pid],
        )

    def statuses(self, project: Project) -> dict[str, Any]:
        rows = project.sql("SELECT id, status FROM django_safe_migrate_migrationrun")
        return {str(key).replace("-", ""): status for key, status in rows}

    @pytest.mark.vendors("sqlite")
    def test_a_dead_owner(self, project: Project) -> None:
        install(project, PLAIN)
        run = HandMade(project, [step("shop.0002_parcels")]).execute(0)
        self.row(project, run, dead_process())
        (problem,) = found(project, "--runs")
        assert (problem["action"], problem["subject"]) == ("runs", f"run {run.id}")
        assert self.statuses(project)[run.id.replace("-", "")] == "running"
        repair(project, "--runs")
        assert self.statuses(project)[run.id.replace("-", "")] == "crashed"
        assert found(project, "--runs") == []

    @pytest.mark.vendors("sqlite")
    def test_a_living_owner_is_left_alone(self, project: Project) -> None:
        install(project, PLAIN)
        run = HandMade(project, [step("shop.0002_parcels")], pid=1, process_started=0).execute(0)
        self.row(project, run, 1)
        assert found(project, "--runs") == []
        assert repair(project, "--runs").stdout == "Nothing to repair.\n"
        assert self.statuses(project)[run.id.replace("-", "")] == "running"
