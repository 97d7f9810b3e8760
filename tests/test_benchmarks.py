"""The benchmarks compare what they say: the project of 300 migrations is consistent, and the ratios are computed round by round."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import projects
from benchmarks.comparison import Comparison, Spread, interleave, table
from benchmarks.processes import CommandFailed, Measurement, measure
from tests.servers import Server


@pytest.mark.slow
@pytest.mark.sqlite
def test_the_large_project_has_300_migrations_that_make_its_models(
    sqlite_server: Server, tmp_path: Path
) -> None:
    project = projects.large_project(tmp_path / "large", sqlite_server, pending=True)
    try:
        own = [app for app, _ in project.applied_migrations() if app.startswith("app")]
        assert len(own) == 300
        checked = project.manage("makemigrations", "--check", "--dry-run")
        assert checked.stdout == "No changes detected\n"
        assert project.manage("migrate", "--check", check=False).returncode == 1

        for _ in range(2):
            projects.take_pending_migration_back(project)
            projects.run_command(project, "migrate", "--noinput")
        assert (projects.PENDING_APP, projects.PENDING_MIGRATION) in project.applied_migrations()
        projects.take_pending_migration_back(project)
        assert project.manage("migrate", "--check", check=False).returncode == 1
    finally:
        project.remove()


@pytest.mark.slow
@pytest.mark.sqlite
def test_the_short_way_to_the_database_gives_what_the_migrations_give(
    sqlite_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projects, "APPS", 2)
    short = projects.large_project(tmp_path / "short", sqlite_server, safe_migrate=False)
    long = projects.Project(tmp_path / "long", sqlite_server, safe_migrate=False)
    try:
        for number in range(projects.APPS):
            projects.write_app(long, number)
        long.manage("migrate", "--noinput")
        assert sorted(_columns(short)) == sorted(_columns(long))
    finally:
        short.remove()
        long.remove()


def _columns(project: projects.Project) -> list[tuple[str, str, str, bool]]:
    snapshot = project.snapshot(rows=False)
    return [
        (name, column, str(facts["type_code"]), facts["null_ok"])
        for name, taken in snapshot.tables.items()
        for column, facts in taken.columns.items()
    ]


def test_a_ratio_is_taken_within_each_round() -> None:
    # The machine is slow in the second round, for both alike.
    comparison = Comparison(
        "SQLite",
        "a project",
        {
            "migrate": [Measurement(1.0, 1.0), Measurement(10.0, 2.0), Measurement(2.0, 1.0)],
            "safemigrate": [Measurement(1.1, 1.5), Measurement(11.0, 3.0), Measurement(2.2, 1.5)],
        },
        {"safemigrate": 1.05},
    )
    assert comparison.ratio("safemigrate").median == pytest.approx(1.1)
    assert comparison.cpu_ratio("safemigrate").median == pytest.approx(1.5)
    assert comparison.to_json()["sides"]["safemigrate"]["met"] is False
    assert table([comparison]).splitlines()[-1] == (
        "| SQLite | a project | `safemigrate` | 2.200 s | 1.100 | 1.100 to 1.100 | 1.500 | 1.05, missed |"
    )


def test_a_spread_is_the_median_and_the_quartiles() -> None:
    assert Spread.of([5.0, 1.0, 3.0, 2.0, 4.0]) == Spread(3.0, 2.0, 4.0)
    assert Spread.of([7.0]) == Spread(7.0, 7.0, 7.0)


def test_sides_run_in_turn_after_one_run_that_is_not_counted() -> None:
    ran: list[str] = []

    def run(side: str) -> Measurement:
        ran.append(side)
        return Measurement(float(len(ran)), 0.0)

    measured = interleave({"a": lambda: run("a"), "b": lambda: run("b")}, rounds=2)

    assert ran == ["a", "b", "a", "b", "b", "a"]
    assert [one.seconds for one in measured["a"]] == [3.0, 6.0]
    assert [one.seconds for one in measured["b"]] == [4.0, 5.0]


def test_a_command_is_measured_with_its_own_memory(tmp_path: Path) -> None:
    program = "import time; held = bytearray(64 * 1024 * 1024); time.sleep(0.3)"
    measured = measure([sys.executable, "-c", program], cwd=tmp_path, env={}, watch_memory=True)
    assert 64 * 1024**2 < measured.peak_rss < 128 * 1024**2


def test_a_command_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match=r"status 3:\nno such thing"):
        measure(
            [sys.executable, "-c", "import sys; print('no such thing'); sys.exit(3)"],
            cwd=tmp_path,
            env={},
        )
