"""The benchmarks compare what they say: the project of 300 migrations is consistent, and the ratios are computed round by round."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import check_history, estimates, precision, projects
from benchmarks.check_growth import OURS, SIZES, START, growth, growth_table
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


def test_a_check_that_crashes_with_the_exit_code_of_findings_is_no_measurement(
    tmp_path: Path,
) -> None:
    program = "import sys; print(sys.argv[1]); sys.exit(1)"
    command = [sys.executable, "-c", program]
    proof = r"Summary: \d+ errors"
    found = measure(
        [*command, "Summary: 3 errors"], cwd=tmp_path, env={}, statuses=(0, 1), proof=proof
    )
    assert found.seconds > 0
    with pytest.raises(CommandFailed, match=r"did not print 'Summary: .*':\nTraceback$"):
        measure([*command, "Traceback"], cwd=tmp_path, env={}, statuses=(0, 1), proof=proof)


@pytest.mark.parametrize(
    ("cost_of_size", "further"),
    [
        pytest.param(lambda size: 0.5 + 0.002 * size, 1.0, id="linear"),
        pytest.param(lambda size: 0.5 + 0.00001 * size**2, 3.25, id="quadratic"),
    ],
)
def test_growth_is_that_of_further_migrations_without_what_is_constant(
    cost_of_size: Callable[[int], float], further: float
) -> None:
    measured = {
        (size, name): [Measurement(0.0, 1.0 + (cost_of_size(size) if name == OURS else 0.0))]
        for size in SIZES
        for name in (START, OURS)
    }
    found = growth(measured, OURS)
    assert found.further.median == pytest.approx(further)
    assert found.per_migration[100].median == pytest.approx(1000 * cost_of_size(100) / 100)
    verdict = "met" if further == 1.0 else "missed"
    assert growth_table([found]).splitlines()[-1].endswith(f"| {verdict} |")


@pytest.mark.parametrize(("ours", "verdict"), [(0.5, "0.1, met"), (1.5, "0.1, missed")])
def test_a_history_is_compared_without_the_start(ours: float, verdict: str) -> None:
    start = [Measurement(0.0, 2.0), Measurement(0.0, 3.0), Measurement(0.0, 4.0)]
    work = {
        check_history.OURS: ours,
        check_history.LINTER: 10.0,
        check_history.SAFE_MIGRATIONS: 1.0,
    }
    measured = {
        name: [Measurement(0.0, one.cpu_seconds + more) for one in start]
        for name, more in work.items()
    }
    rows = check_history.without_start({**measured, check_history.START: start})
    assert {name: spread.median for name, spread in rows.items()} == pytest.approx(work)
    lines = check_history.start_table(rows).splitlines()
    assert lines[3].endswith(f"| {ours / 10:.3f} | {verdict} |")


@pytest.mark.parametrize(
    ("estimated", "change", "verdict"),
    [
        ([1.3, 2.0, 9.0], "rewrite", "1.00 | 0.65 | 4.50 | met |"),
        ([1.2, 1.3, 9.0], "rewrite", "0.65 | 0.60 | 4.50 | missed |"),
        ([4.2, 4.2, 4.2], "rewrite", "2.10 | 2.10 | 2.10 | missed |"),
        ([4.2, 4.2, 4.2], "update", "2.10 | 2.10 | 2.10 |  |"),
    ],
)
def test_an_estimate_is_judged_by_the_median_of_its_ratios(
    estimated: list[float], change: str, verdict: str
) -> None:
    pairs = [estimates.Pair(seconds, 2.0) for seconds in estimated]
    subject = estimates.Subject("SQLite", 300_000, change, pairs)
    assert estimates.table([subject]).splitlines()[-1].endswith(f"| {verdict}")


@pytest.mark.slow
@pytest.mark.sqlite
def test_estimates_are_measured_for_every_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimates, "SIZES", (1000,))
    subjects = list(estimates.on_server("sqlite", rounds=1))
    assert [one.change for one in subjects] == [
        *estimates.changes("sqlite"),
        "rewrite, two more indexes",
    ]
    assert all(one.pairs[0].estimated > 0 and one.pairs[0].real > 0 for one in subjects)


def test_the_counts_of_real_projects_are_by_rule_and_the_findings_show_their_operation(
    tmp_path: Path,
) -> None:
    migration = tmp_path / "0002_change.py"
    migration.write_text("operations = [\n    RemoveField('order', 'note'),\n]\n")
    finding = {
        "rule": "drop_column",
        "severity": "error",
        "migration": "shop.0002_change",
        "operation": "Remove field note from order",
        "file": str(migration),
        "line": 2,
        "tables": ["shop_order"],
        "message": "It deletes.",
        "hint": "Do not.",
    }
    other = finding | {"rule": "drop_not_null", "severity": "info", "line": 0}
    report = {"migrations": [{"label": "shop.0002_change"}], "findings": [other, finding]}

    assert precision.summary("shop==1.0", report).splitlines() == [
        "shop==1.0: 1 migrations, 1 errors, 0 warnings, 1 infos",
        "",
        "| Rule | Severity | Findings |",
        "| --- | --- | --- |",
        "| `drop_column` | error | 1 |",
        "| `drop_not_null` | info | 1 |",
    ]
    errors = precision.listed(report, "error")
    assert "## 1. drop_column: shop.0002_change Remove field note from order" in errors
    assert "    RemoveField('order', 'note'),\n]\n```" in errors
    assert "drop_not_null" not in errors
