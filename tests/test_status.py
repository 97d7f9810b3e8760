"""The status of a database, collected from real ones, seen through the JSON that the command prints."""

from __future__ import annotations

import json
import os
import time
from typing import Any

import pytest
from django.db import IntegrityError

from tests.projects import Project, migration
from tests.status.journals import HandMade, step

CREATE = "migrations.CreateModel('{}', [('id', models.BigAutoField(primary_key=True))]),"
MODELS = """
class Order(models.Model):
    pass
"""


def shop(project: Project, **migrations: str) -> None:
    """Install an app with a first migration, and these after it, each depending on the one before."""
    files = {"0001_initial": migration(CREATE.format("Order"), initial=True)}
    before = "0001_initial"
    for name, operations in migrations.items():
        files[name] = migration(operations, dependencies=[("shop", before)])
        before = name
    project.write_app("shop", models=MODELS, migrations=files)


def collect(project: Project, *arguments: str, **options: Any) -> dict[str, Any]:
    """Return the status as JSON."""
    found: dict[str, Any] = json.loads(
        project.manage("migrate_status", "--format", "json", *arguments, **options).stdout
    )
    return found


def states(status: dict[str, Any], label: str = "shop") -> dict[str, str]:
    """Return the states of an app's migrations by name."""
    apps = {app["label"]: app["migrations"] for app in status["apps"]}
    return {one["name"]: one["state"] for one in apps.get(label, [])}


def only(items: list[Any]) -> Any:
    """Return the one item of a list."""
    assert len(items) == 1
    return items[0]


class TestMigrations:
    def test_empty_database(self, project: Project) -> None:
        shop(project)
        status = collect(project)
        assert states(status) == {"0001_initial": "pending"}
        assert status["pending"].index("auth.0001_initial") < status["pending"].index(
            "admin.0001_initial"
        )
        assert status["schema_version"] == 1
        assert status["runs"] == status["half_done"] == status["problems"] == []
        assert status["lock"] == {"state": "free", "detail": ""}
        with project.connection() as connection, connection.cursor() as cursor:
            assert connection.introspection.table_names(cursor) == []

    @pytest.mark.vendors("sqlite")
    def test_applied_pending_and_ghost(self, project: Project) -> None:
        shop(project, **{"0002_a": "", "0003_b": "", "0004_c": ""})
        project.manage("migrate", "shop", "0002")
        project.sql(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('shop', '0002_gone', '2026-01-02 03:04:05')"
        )
        status = collect(project, "shop")
        assert states(status) == {
            "0001_initial": "applied",
            "0002_a": "applied",
            "0002_gone": "ghost",
            "0003_b": "pending",
            "0004_c": "pending",
        }
        assert status["pending"] == ["shop.0003_b", "shop.0004_c"]
        assert status["check"] == {
            "ok": False,
            "reasons": [
                "2 migrations are pending: shop.0003_b, shop.0004_c.",
                "1 migration is recorded as applied, and the file is gone: shop.0002_gone.",
            ],
        }

    @pytest.mark.vendors("sqlite")
    def test_records_of_an_app_that_is_not_installed_do_not_fail_the_check(
        self, project: Project
    ) -> None:
        shop(project)
        project.manage("migrate")
        project.remove_app("shop")
        status = collect(project)
        assert states(status) == {"0001_initial": "ghost"}
        app = next(app for app in status["apps"] if app["label"] == "shop")
        assert app["installed"] is False
        assert status["check"] == {"ok": True, "reasons": []}

    @pytest.mark.vendors("sqlite")
    def test_squashed(self, project: Project) -> None:
        shop(project, **{"0002_a": ""})
        project.manage("migrate")
        squashed = migration(
            CREATE.format("Order"),
            initial=True,
            replaces=[("shop", "0001_initial"), ("shop", "0002_a")],
        )
        project.write_app("shop", migrations={"0001_squashed_0002_a": squashed})
        status = collect(project, "shop")
        assert states(status) == {
            "0001_initial": "replaced",
            "0001_squashed_0002_a": "applied",
            "0002_a": "replaced",
        }
        squash = only(status["apps"])["migrations"][1]
        assert squash["recorded"] is False
        assert squash["replaces"] == ["shop.0001_initial", "shop.0002_a"]
        assert only(status["apps"])["migrations"][0]["replaced_by"] == "shop.0001_squashed_0002_a"

        for name in ("0001_initial", "0002_a"):
            project.delete_migration("shop", name)
        assert states(collect(project, "shop")) == {"0001_squashed_0002_a": "applied"}

    @pytest.mark.vendors("sqlite")
    def test_partially_applied_squash(self, project: Project) -> None:
        shop(project, **{"0002_a": ""})
        project.manage("migrate", "shop", "0001")
        squashed = migration(
            CREATE.format("Order"),
            initial=True,
            replaces=[("shop", "0001_initial"), ("shop", "0002_a")],
        )
        project.write_app("shop", migrations={"0001_squashed_0002_a": squashed})
        status = collect(project, "shop")
        assert states(status) == {
            "0001_initial": "applied",
            "0001_squashed_0002_a": "unusable",
            "0002_a": "pending",
        }
        assert status["pending"] == ["shop.0002_a"]


@pytest.mark.vendors("sqlite")
class TestProblems:
    def test_file_that_others_depend_on_is_gone(self, project: Project) -> None:
        shop(project, **{"0002_a": "", "0003_b": ""})
        project.manage("migrate", "shop")
        project.delete_migration("shop", "0002_a")
        status = collect(project, "shop")
        assert states(status) == {
            "0001_initial": "applied",
            "0002_a": "ghost",
            "0003_b": "applied",
        }
        problem = only(status["problems"])
        assert problem.startswith(
            "The migration files do not fit together (NodeNotFoundError: Migration shop.0003_b"
        )
        assert status["check"]["reasons"][-1] == problem

    def test_file_that_cannot_be_imported(self, project: Project) -> None:
        shop(project)
        project.manage("migrate", "shop")
        project.write("shop/migrations/0002_wrong.py", "def broken(:")
        status = collect(project, "shop")
        assert only(status["problems"]).startswith(
            "The migration files cannot be loaded (SyntaxError: "
        )
        assert "ghost" not in states(status).values()

    def test_applied_before_its_dependency(self, project: Project) -> None:
        shop(project, **{"0002_a": ""})
        project.manage("migrate", "shop")
        project.sql("DELETE FROM django_migrations WHERE app = 'shop' AND name = '0001_initial'")
        assert collect(project)["problems"] == [
            "Migration shop.0002_a is applied before its dependency shop.0001_initial on database 'default'."
        ]

    def test_two_leaf_migrations(self, project: Project) -> None:
        shop(project, **{"0002_a": ""})
        other = migration("", dependencies=[("shop", "0001_initial")])
        project.write_app("shop", migrations={"0002_b": other})
        assert collect(project)["problems"] == [
            "App 'shop' has 2 leaf migrations (0002_a, 0002_b): run makemigrations --merge."
        ]


@pytest.mark.vendors("postgresql")
def test_invalid_index(project: Project) -> None:
    shop(project)
    project.manage("migrate")
    project.sql("CREATE TABLE twice AS SELECT 1 AS a UNION ALL SELECT 1")
    with pytest.raises(IntegrityError, match="could not create unique index"):
        project.sql("CREATE UNIQUE INDEX CONCURRENTLY twice_a ON twice (a)")
    assert only(collect(project)["invalid_indexes"]).endswith("twice.twice_a")


OPERATIONS = "\n".join(
    [
        CREATE.format("First"),
        CREATE.format("Second"),
        "migrations.AddField('first', 'note', models.CharField(max_length=9, default='')),",
        "migrations.RunPython(migrations.RunPython.noop),",
    ]
)


class TestKilledRuns:
    """A run was killed; what it did to the tables is done here by hand."""

    def plan(self, project: Project, *, atomic: bool) -> list[dict[str, Any]]:
        shop(project)
        more = migration(OPERATIONS, dependencies=[("shop", "0001_initial")], atomic=atomic)
        project.write_app("shop", migrations={"0002_more": more})
        project.manage("migrate", "shop", "0001")
        return [step("shop.0002_more", atomic=atomic)]

    def test_half_done_without_a_transaction(self, project: Project) -> None:
        run = HandMade(
            project, self.plan(project, atomic=False), backup={"name": "default-1.dump"}
        ).execute(0)
        run.operation(0, 0, "Create model First", finished=True)
        run.operation(0, 1, "Create model Second", finished=False)
        project.sql("CREATE TABLE shop_first (id integer)")
        project.sql("CREATE TABLE shop_second (id integer)")
        status = collect(project)
        half = only(status["half_done"])
        assert [one["state"] for one in half["operations"]] == [
            "finished",
            "unclear",
            "not begun",
            "not begun",
        ]
        assert half["explanation"] == (
            "shop.0002_more: 1 of 4 operations are finished, and it is not recorded. "
            "It is not known how far this came: Create model Second."
        )
        assert [one["command"] for one in half["next_commands"]] == [
            "migrate_repair --resume",
            "migrate_repair --revert",
            "migrate_rollback --restore default-1.dump",
            "sqlmigrate shop 0002_more",
        ]
        assert half["run_id"] == run.id
        assert "1 migration is half done: shop.0002_more." in status["check"]["reasons"]
        assert only(status["dead_runs"])["next_commands"] == half["next_commands"]

    def test_operation_under_way_of_which_nothing_is_there(self, project: Project) -> None:
        run = HandMade(project, self.plan(project, atomic=False)).execute(0)
        run.operation(0, 0, "Create model First", finished=False)
        status = collect(project)
        assert status["half_done"] == []
        dead = only(status["dead_runs"])
        assert [one["command"] for one in dead["next_commands"]] == ["safemigrate"]
        assert dead["explanation"].endswith(
            "shop.0002_more was under way; nothing of it is left in the database. "
            "Of its migrations 0 of 1 had been carried out."
        )

    def test_only_the_record_is_missing(self, project: Project) -> None:
        run = HandMade(project, self.plan(project, atomic=False)).execute(0)
        for place, text in enumerate(
            [
                "Create model First",
                "Create model Second",
                "Add field note to first",
                "Raw Python operation",
            ]
        ):
            run.operation(0, place, text, finished=True)
        project.sql("CREATE TABLE shop_first (id integer, note varchar(9))")
        project.sql("CREATE TABLE shop_second (id integer)")
        half = only(collect(project)["half_done"])
        assert (
            half["explanation"]
            == "shop.0002_more: all 4 operations are finished, and it is not recorded."
        )
        assert half["next_commands"][0] == {
            "command": "migrate_repair --resume",
            "purpose": "record what is in the database already",
        }

    def test_atomic_migration(self, project: Project) -> None:
        """Half done only where a schema change survives the rollback of its transaction."""
        run = HandMade(project, self.plan(project, atomic=True)).execute(0)
        run.operation(0, 0, "Create model First", finished=True)
        run.operation(0, 1, "Create model Second", finished=False)
        if project.server.vendor == "mysql":
            project.sql("CREATE TABLE shop_first (id integer)")
        half_done = [one["migration"] for one in collect(project)["half_done"]]
        assert half_done == (["shop.0002_more"] if project.server.vendor == "mysql" else [])

    def test_undone_since(self, project: Project) -> None:
        run = HandMade(project, self.plan(project, atomic=False)).execute(0)
        run.operation(0, 0, "Create model First", finished=True)
        run.operation(0, 1, "Create model Second", finished=False)
        assert collect(project)["half_done"] == []

    def test_recorded_since(self, project: Project) -> None:
        run = HandMade(project, self.plan(project, atomic=False)).execute(0)
        run.operation(0, 0, "Create model First", finished=True)
        project.sql("CREATE TABLE shop_first (id integer)")
        project.manage("migrate", "shop", "--fake")
        assert collect(project)["half_done"] == []

    @pytest.mark.vendors("sqlite")
    def test_restored_since(self, project: Project) -> None:
        run = HandMade(project, self.plan(project, atomic=False)).execute(0)
        run.operation(0, 0, "Create model First", finished=True)
        project.sql("CREATE TABLE shop_first (id integer)")
        time.sleep(0.1)
        HandMade(project, [], kind="restore").finish("succeeded")
        status = collect(project)
        assert (status["half_done"], status["dead_runs"]) == ([], [])

    @pytest.mark.vendors("sqlite")
    def test_process_that_lives(self, project: Project) -> None:
        plan = self.plan(project, atomic=True)
        run = HandMade(project, plan, pid=os.getpid(), process_started=0.0).execute(0)
        run.operation(0, 1, "Create model Second", finished=False)
        status = collect(project)
        progress = only(status["under_way"])
        assert progress["run"]["id"] == run.id
        assert (progress["stage"], progress["migration"], progress["operation"]) == (
            "execute",
            "shop.0002_more",
            "Create model Second",
        )
        assert status["dead_runs"] == []

    @pytest.mark.vendors("sqlite")
    def test_killed_rollback_can_be_begun_again(self, project: Project) -> None:
        plan = self.plan(project, atomic=True)
        HandMade(
            project, plan, kind="rollback", command="manage.py migrate_rollback --steps 1"
        ).execute(0)
        dead = only(collect(project)["dead_runs"])
        assert dead["next_commands"] == [
            {"command": "migrate_rollback --steps 1", "purpose": "begin this rollback again"}
        ]

    def test_half_done_backwards(self, project: Project) -> None:
        plan = self.plan(project, atomic=False)
        project.manage("migrate", "shop")
        plan[0]["direction"] = "backwards"
        run = HandMade(project, plan, kind="rollback").execute(0)
        run.operation(0, 3, "Raw Python operation", finished=True)
        run.operation(0, 2, "Add field note to first", finished=True)
        project.sql("ALTER TABLE shop_first DROP COLUMN note")
        half = only(collect(project)["half_done"])
        assert [(one["index"], one["state"]) for one in half["operations"]] == [
            (3, "finished"),
            (2, "finished"),
            (1, "not begun"),
            (0, "not begun"),
        ]
        assert [one["command"] for one in half["next_commands"]] == [
            "migrate_repair --resume",
            "migrate_repair --revert",
            "sqlmigrate shop 0002_more --backwards",
        ]
