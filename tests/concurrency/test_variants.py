"""Crowds in which not everybody does the same, or somebody is killed."""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.concurrency.conftest import Size
from tests.concurrency.crowd import check_outcomes, ended_with, wait_until
from tests.concurrency.scene import FORWARDS, NOTHING, Holding, Scene
from tests.concurrency.tally_shop import MOVING

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
#: Commands that only look, with the exit codes that they may have beside a run.
LOOKING = {
    ("migrate_status",): {0},
    ("migrate_status", "--check"): {0, 1},
    ("migrate_status", "--history"): {0},
    ("migrate_repair", "--dry-run"): {0},
    ("migrate_check",): {0, 3},
    ("safemigrate", "--dry-run"): {0},
    ("migrate_backup", "list"): {0},
}


def go_back(scene: Scene) -> None:
    """Have the moving migrations unapplied."""
    if scene.is_forwards:
        scene.move([scene.next_move()])


def test_a_run_that_is_killed_is_followed_by_another(
    installed: Scene, size: Size, place: Path
) -> None:
    go_back(installed)
    before, holding = installed.runs(), Holding(place)
    crowd = [installed.next_move("--wait", "10min")] * size.processes
    installed.crowd.start(crowd, env=holding.env)
    os.kill(holding.wait_for_holder(), signal.SIGKILL)
    holding.let_go()
    outcomes = installed.crowd.outcomes()
    assert len(ended_with(outcomes, -signal.SIGKILL)) == 1
    rest = [one for one in outcomes if one.code != -signal.SIGKILL]
    check_outcomes(rest, 0)
    assert len([one for one in rest if NOTHING not in one.output]) == 1
    installed.taken["forwards"] += 1
    installed.check_rest(before + Counter(succeeded=1, crashed=1))


def test_those_that_look_beside_a_run(installed: Scene) -> None:
    looking = [list(command) for command in LOOKING]
    moving = [installed.next_move("--wait", "10min")] * 3
    outcomes = installed.move([*moving, *looking], codes=(0, 1, 3))
    for outcome in outcomes:
        assert outcome.code in LOOKING.get(outcome.command, {0}), outcome


def test_two_databases_are_migrated_beside_each_other(installed: Scene) -> None:
    there = [*FORWARDS, "--database", "other"]
    back = [*there, "shop", "0001"]
    project = installed.project
    applied = ("shop", MOVING[-1])
    is_there = "django_migrations" in tables(installed) and applied in project.applied_migrations(
        "other"
    )
    before = installed.runs()
    commands = [installed.next_move()] * 4 + [back if is_there else there] * 4
    outcomes = installed.crowd.run(commands)
    check_outcomes(outcomes, 0)
    for crowd in (outcomes[:4], outcomes[4:]):
        assert len([one for one in crowd if NOTHING not in one.output]) == 1, crowd
    installed.taken["forwards" if installed.is_forwards else "backwards"] += 1
    installed.check_rest(before + Counter(succeeded=2))
    installed.check_lock_is_free("other")
    counted = project.sql("SELECT count(*) FROM shop_tally", alias="other")
    assert counted == [(2 if is_there else 1,)]


def tables(scene: Scene) -> set[str]:
    """Return the tables of the second database."""
    with scene.project.connection("other") as connection:
        return set(connection.introspection.table_names())


def test_records_without_files_are_pruned_by_a_crowd(installed: Scene, size: Size) -> None:
    ghosts = [("shop", f"000{number}_ghost") for number in range(4)]
    for app, name in ghosts:
        installed.project.sql(
            "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, CURRENT_TIMESTAMP)",
            [app, name],
        )
    crowd = [["safemigrate", "--noinput", "shop", "--prune"]] * size.processes
    check_outcomes(installed.crowd.run(crowd), 0)
    assert not set(ghosts) & set(installed.project.applied_migrations())
    installed.check_rest(installed.runs())


def test_a_crowd_goes_back_once(installed: Scene, size: Size, place: Path) -> None:
    """Steps are counted when a command is started: one that waited for another's way back does not go on from there."""
    if not installed.is_forwards:
        installed.move([installed.next_move()])
    before, holding, crowd = installed.runs(), Holding(place), installed.crowd
    back = ["migrate_rollback", "--steps", "2", "--noinput", "--force", "--wait", "10min"]
    crowd.start([back] * size.processes, env=holding.env)
    holding.wait_for_holder()
    wait_until(
        lambda: sum("Waiting for" in one for one in crowd.outputs()) == size.processes - 1,
        "all others wait",
    )
    holding.let_go()
    outcomes = crowd.outcomes()
    check_outcomes(outcomes, 0)
    installed.taken["backwards"] += 1
    installed.check_rest(before + Counter(succeeded=1))
    assert ("shop", "0001_initial") in installed.project.applied_migrations()
    gone = [one for one in outcomes if "Nothing to roll back" not in one.output]
    assert len(gone) == 1, gone
