"""Running again after a kill: carried on after the last completed operation, where catalogue and journal prove it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.projects import Project, migration
from tests.repair.half_done_shop import (
    LABEL,
    SAFEMIGRATE,
    applied,
    calls,
    install,
    kill_at,
    schema,
)
from tests.repair.test_half_done import undisturbed

pytestmark = pytest.mark.slow

ROLLBACK = ("migrate_rollback", "--force", "--noinput", "--backup", "never", "--verbosity", "0")


def runs(project: Project) -> list[dict[str, Any]]:
    """The runs of the history, newest first."""
    shown = project.manage("migrate_status", "--history", "--format", "json").stdout
    return list(json.loads(shown)["runs"])


@pytest.mark.vendors("mariadb")
@pytest.mark.parametrize(("mark", "done"), [("first", 1), ("second", 3)])
def test_running_again_goes_on_after_the_last_completed_operation(
    project: Project, make_project: Callable[..., Project], mark: str, done: int
) -> None:
    wanted = undisturbed(make_project, project.server)
    install(project)
    kill_at(project, mark)
    shown = project.manage("safemigrate", "--dry-run", "--backup", "never").stdout
    assert f"{done} of its 6 operations are in the database. It is carried on from there" in shown
    assert "half_done_migration shop.0002_parcels (allowed)" in shown
    before = schema(project)
    assert before.difference(schema(project)) == []

    told = project.manage("safemigrate", "--noinput", "--backup", "never").stdout
    assert f"{done} of its 6 operations are in the database. It is carried on from there" in told
    assert wanted.difference(schema(project)) == []
    assert applied(project) == ["0001_initial", "0002_parcels"]
    newest, killed, _ = runs(project)
    assert (newest["kind"], newest["status"]) == ("repair", "succeeded")
    assert killed["status"] == "crashed"
    assert calls(project) == (
        ["first", "first", "second"] if mark == "first" else ["first", "second", "second"]
    )
    assert project.manage("migrate_repair").stdout == "Nothing to repair.\n"


#: Every operation shows in the catalogue, and each waits before it begins; the code is in a transaction of its own.
STOPS = """
migrations.AddField('order', 'colour', models.CharField(max_length=20, default='red')),
migrations.RunPython(stop_at('first'), stop_at('first backwards'), atomic=True),
migrations.AddField('order', 'size', models.IntegerField(null=True)),
migrations.RunPython(stop_at('second'), stop_at('second backwards'), atomic=True),
migrations.AddField('order', 'weight', models.IntegerField(null=True)),
"""


@pytest.mark.vendors("sqlite", "postgresql", "mariadb")
@pytest.mark.parametrize(("mark", "done"), [("first", 1), ("second", 3)])
def test_without_a_transaction_it_is_resumed_too(
    project: Project, make_project: Callable[..., Project], mark: str, done: int
) -> None:
    """The code that was killed was in a transaction of its own, so that nothing of it is left."""
    install(project, STOPS, atomic=False)
    kill_at(project, mark)
    told = project.manage("safemigrate", "--noinput", "--backup", "never").stdout
    assert f"{done} of its 5 operations are in the database. It is carried on from there" in told
    assert applied(project) == ["0001_initial", "0002_parcels"]
    assert {"colour", "size", "weight"} <= set(schema(project).tables["shop_order"].columns)
    assert calls(project) == (
        ["first", "first", "second"] if mark == "first" else ["first", "second", "second"]
    )
    assert project.manage("safemigrate", "--noinput", "--backup", "never").returncode == 0
    assert len(runs(project)) == 3


@pytest.mark.vendors("mariadb")
def test_the_rest_of_the_plan_follows_in_a_run_of_its_own(project: Project) -> None:
    install(project, STOPS)
    last = migration(
        "migrations.AddField('order', 'last', models.IntegerField(null=True)),",
        dependencies=[("shop", "0002_parcels")],
    )
    project.write_app("shop", migrations={"0003_last": last})
    kill_at(project, "first")
    result = project.manage("safemigrate", "--noinput", "--backup", "never", "--format", "json")
    report = json.loads(result.stdout.splitlines()[-1])
    assert applied(project) == ["0001_initial", "0002_parcels", "0003_last"]
    assert "was finished first, by run " in json.dumps(report)
    migrate, mended, killed, _ = runs(project)
    assert [one["kind"] for one in (migrate, mended, killed)] == ["migrate", "repair", "migrate"]
    assert migrate["migrations"] == ["shop.0003_last"]


@pytest.mark.vendors("mariadb")
def test_what_is_not_proven_is_left_to_a_person(project: Project) -> None:
    """Code that was changed since has no proof of what it did; a column of another type is no completed operation."""
    install(project, STOPS)
    kill_at(project, "second")
    path = project.folder / "shop/migrations/0002_parcels.py"
    source = path.read_text()
    project.write("shop/migrations/0002_parcels.py", source.replace("'weight'", "'mass'"))
    before = schema(project)
    refused = project.manage("safemigrate", "--noinput", "--backup", "never", check=False)
    assert refused.returncode == 3
    assert (
        "It is not carried on by itself: operation 5 was another one" in refused.stdout
        or "its file was changed since, and no catalogue shows what its operation 2 did"
        in refused.stdout
    )
    assert "migrate_repair --resume" in refused.stdout
    assert before.difference(schema(project)) == []
    project.write("shop/migrations/0002_parcels.py", source)
    project.sql("ALTER TABLE shop_order MODIFY size varchar(3)")
    refused = project.manage("safemigrate", "--noinput", "--backup", "never", check=False)
    assert refused.returncode == 3
    assert "It is not carried on by itself: " in refused.stdout
    assert applied(project) == ["0001_initial"]


@pytest.mark.vendors("postgresql", "sqlite")
def test_code_without_a_transaction_is_left_to_a_person(project: Project) -> None:
    install(project, STOPS.replace(", atomic=True", ""), atomic=False)
    kill_at(project, "first")
    refused = project.manage("safemigrate", "--noinput", "--backup", "never", check=False)
    assert refused.returncode == 3
    assert f"{LABEL}: Run " in refused.stdout
    assert (
        "no catalogue shows whether operation 2 (Raw Python operation) was carried out"
        in refused.stdout
    )
    assert calls(project) == ["first"]


@pytest.mark.vendors("mariadb")
def test_a_way_back_is_resumed_by_going_back_again(project: Project) -> None:
    """One step back that was killed is one step back, and not one more."""
    install(project, STOPS)
    before = schema(project)
    project.manage(*SAFEMIGRATE)
    kill_at(project, "first backwards", *ROLLBACK, "--steps", "1")
    assert applied(project) == ["0001_initial", "0002_parcels"]
    project.manage(*ROLLBACK, "--steps", "1")
    assert applied(project) == ["0001_initial"]
    assert before.difference(schema(project)) == []
    assert calls(project)[2:] == ["second backwards", "first backwards", "first backwards"]
