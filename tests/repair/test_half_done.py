"""Half-done migrations made by a kill, finished and undone, on real servers."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from tests.projects import Project
from tests.repair.half_done_shop import (
    LABEL,
    SAFEMIGRATE,
    applied,
    calls,
    found,
    install,
    kill_at,
    last_run,
    repair,
    schema,
)
from tests.servers import Server
from tests.snapshots import Snapshot
from tests.status.journals import HandMade, step

#: What the migration makes when nobody kills it, by vendor.
_WANTED: dict[str, Snapshot] = {}


def undisturbed(make_project: Callable[..., Project], server: Server) -> Snapshot:
    if server.vendor not in _WANTED:
        other = install(make_project(server))
        other.manage(*SAFEMIGRATE)
        _WANTED[server.vendor] = schema(other)
    return _WANTED[server.vendor]


@pytest.mark.vendors("mariadb")
@pytest.mark.parametrize(("mark", "done"), [("first", 1), ("second", 3)])
def test_a_killed_run_is_finished(
    project: Project, make_project: Callable[..., Project], mark: str, done: int
) -> None:
    wanted = undisturbed(make_project, project.server)
    install(project)
    kill_at(project, mark)
    assert "python manage.py migrate_repair --resume" in project.manage("migrate_status").stdout
    before = schema(project)
    (problem,) = found(project, "--resume")
    assert (problem["action"], problem["subject"]) == ("resume", LABEL)
    assert problem["found"].endswith(
        f"left it half done (forwards): {done} of its 6 operations are in the database."
    )
    assert before.difference(schema(project)) == []

    repair(project, "--resume")
    assert wanted.difference(schema(project)) == []
    assert applied(project) == ["0001_initial", "0002_parcels"]
    run = last_run(project)
    assert (run["kind"], run["status"], run["migrations"]) == ("repair", "succeeded", [LABEL])
    assert project.manage("migrate_repair").stdout == "Nothing to repair.\n"
    project.manage(*SAFEMIGRATE)


@pytest.mark.vendors("mariadb")
@pytest.mark.parametrize("mark", ["first", "second"])
def test_a_killed_run_is_undone(project: Project, mark: str) -> None:
    install(project)
    before = schema(project)
    kill_at(project, mark)
    repair(project, "--revert")
    assert before.difference(schema(project)) == []
    assert applied(project) == ["0001_initial"]
    undone = {"first": ["first"], "second": ["first", "second", "first backwards"]}
    assert calls(project) == undone[mark]
    assert project.manage("migrate_repair").stdout == "Nothing to repair.\n"
    assert project.manage("migrate_status", "--check", check=False).stderr == (
        f"CommandError: 1 migration is pending: {LABEL}.\n"
    )


@pytest.mark.vendors("sqlite", "postgresql")
def test_where_no_catalogue_tells_it_asks_for_a_word(
    project: Project, make_project: Callable[..., Project]
) -> None:
    """A RunPython without a transaction of its own was under way: nobody but a person can know."""
    wanted = undisturbed(make_project, project.server)
    install(project, atomic=False)
    kill_at(project, "second")
    before = schema(project)
    refused = repair(project, "--resume", check=False)
    assert refused.returncode == 3
    assert refused.stderr == (
        f"CommandError: {LABEL}: Needs your word: no catalogue shows whether operation 4 (Raw Python operation) was carried out. "
        "Look, then add --assume-done 4 or --assume-not-done 4.\n"
        "The database was not changed.\n"
        "Next: python manage.py migrate_repair --resume --assume-done 4   (or --assume-not-done 4)\n"
    )
    wrong = repair(project, "--resume", "--assume-done", "5", check=False)
    assert wrong.returncode == 3
    assert "contradicts the catalogue, which shows 3 to 4 of 6 operations." in wrong.stderr
    assert before.difference(schema(project)) == []
    repair(project, "--resume", "--assume-not-done", "4")
    assert wanted.difference(schema(project)) == []
    assert calls(project) == ["first", "second", "second"]


@pytest.mark.vendors("postgresql")
def test_an_operation_that_is_said_to_be_done_is_undone_too(project: Project) -> None:
    install(project, atomic=False)
    before = schema(project)
    kill_at(project, "second")
    repair(project, "--revert", "--assume-done", "4")
    assert before.difference(schema(project)) == []
    assert calls(project) == ["first", "second", "second backwards", "first backwards"]


@pytest.mark.vendors("mariadb")
def test_a_repair_that_is_killed_is_repaired(
    project: Project, make_project: Callable[..., Project]
) -> None:
    wanted = undisturbed(make_project, project.server)
    install(project)
    kill_at(project, "first")
    kill_at(project, "second", "migrate_repair", "--resume", "--noinput", "--backup", "never")
    (problem,) = found(project, "--resume")
    assert "3 of its 6 operations are in the database." in problem["found"]
    kill_at(
        project, "first backwards", "migrate_repair", "--revert", "--noinput", "--backup", "never"
    )
    (problem,) = found(project, "--resume")
    assert problem["found"].endswith("2 of its 6 operations are in the database.")
    assert problem["remedy"].startswith("Carry out operations 3 (Add field colour to order), 4 ")
    repair(project, "--resume")
    assert wanted.difference(schema(project)) == []
    assert calls(project) == ["first", "first", "second", "first backwards", "second"]
    assert project.manage("migrate_repair").stdout == "Nothing to repair.\n"


@pytest.mark.vendors("mariadb")
def test_what_no_number_of_operations_makes_is_left_alone(project: Project) -> None:
    install(project)
    kill_at(project, "second")
    project.sql("ALTER TABLE shop_order ADD INDEX order_colour_idx (colour)")
    before = schema(project)
    refused = repair(project, "--resume", check=False)
    assert refused.returncode == 3
    assert refused.stderr.startswith(
        f"CommandError: {LABEL}: Nothing by itself: what is in the database is not what any number of its operations makes; "
    )
    assert before.difference(schema(project)) == []


@pytest.mark.vendors("mariadb")
def test_part_of_an_operation_is_completed(
    project: Project, make_project: Callable[..., Project]
) -> None:
    """The kill came between a table and its many-to-many table, which are two statements."""
    wanted = undisturbed(make_project, project.server)
    install(project)
    kill_at(project, "first")
    project.sql("DROP TABLE shop_parcel_others")
    shutil.rmtree(project.folder / ".safe_migrate" / "journal")
    for table in ("finding", "migrationstep", "migrationrun"):
        project.sql(f"DELETE FROM django_safe_migrate_{table}")
    run = HandMade(project, [step(LABEL, atomic=False)]).execute(0)
    run.operation(0, 0, "Create model Parcel", finished=False)
    (problem,) = found(project, "--resume")
    assert problem["found"].endswith(
        "0 of its 6 operations and part of the next one are in the database."
    )
    assert problem["remedy"].startswith("Complete operation 1, then carry out operations 2 ")
    repair(project, "--resume")
    assert wanted.difference(schema(project)) == []


@pytest.mark.vendors("mariadb")
def test_a_failing_operation_leaves_a_repair_that_can_go_on(
    project: Project, make_project: Callable[..., Project]
) -> None:
    wanted = undisturbed(make_project, project.server)
    install(project)
    kill_at(project, "first")
    path = project.folder / "shop/migrations/0002_parcels.py"
    source = path.read_text()
    project.write(
        "shop/migrations/0002_parcels.py",
        source.replace(
            "def code(apps, schema_editor):",
            "def code(apps, schema_editor):\n        1 / (name != 'second')",
        ),
    )
    failed = repair(project, "--resume", check=False)
    assert failed.returncode == 7
    assert failed.stderr.startswith(
        f"CommandError: Finishing {LABEL} failed in Raw Python operation: ZeroDivisionError: "
    )
    assert "still half done" in failed.stderr
    project.write("shop/migrations/0002_parcels.py", source)
    repair(project, "--resume")
    assert wanted.difference(schema(project)) == []
