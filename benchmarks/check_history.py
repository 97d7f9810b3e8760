"""
How long does `migrate_check` look at the whole history of a wagtail site, compared with other linters of migrations?

All of them look at the migrations of every installed app, on settings of PostgreSQL. `lintmigrations` of django-migration-linter asks
`sqlmigrate` for the SQL of each, for which it needs a server, and runs without its cache, as in a fresh checkout. Where `sqlmigrate`
fails, it goes on without SQL; it would stop in the middle otherwise. They do not count alike where migrations are squashed: ours looks
at 195, the linter at 214 and `check_migrations` at all 232 files. The start of Django is part of every time; `manage.py check` shows
how long that is by itself. A second table takes it off, and counts processor seconds: that is the work which the commands differ in.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from benchmarks.command_line import Options, finish, label, parse, private_server, scratch_folder
from benchmarks.comparison import Comparison, Spread, interleave
from benchmarks.processes import Measurement, measure
from tests.real_projects.generate import GeneratedProject, generate

#: Without their dependencies, of which only these two are not there anyway.
OTHERS = (
    "django-migration-linter==6.0.0",
    "django-safe-migrations==0.7.1",
    "appdirs==1.4.4",
    "toml==0.10.2",
)
SETTINGS = """
INSTALLED_APPS = [*INSTALLED_APPS, "django_migration_linter", "django_safe_migrations"]
SAFE_MIGRATIONS = {"EXCLUDED_APPS": []}
"""
LABELS = """
import django
django.setup()
from django.db.migrations.loader import MigrationLoader
print(*sorted(MigrationLoader(None).migrated_apps))
"""

OURS = "migrate_check --all --offline"
LINTER = "lintmigrations --no-cache --ignore-sqlmigrate-errors"
SAFE_MIGRATIONS = "check_migrations --include-django-apps"
START = "check"
#: What each prints only when it has come to its end: a crash has the same exit code as findings.
PROOFS = {
    OURS: r"\d+ migrations checked",
    LINTER: r"Valid migrations: \d+/\d+",
    SAFE_MIGRATIONS: r"Summary: \d+ error",
    START: r"System check identified no issues",
}
#: By what ours is compared with: the ratio that ours may have at most.
GOALS = {LINTER: 0.1, SAFE_MIGRATIONS: 1.0, START: None}
#: The exit codes of checks that have done their work, and found something.
STATUSES = (0, 1, 3)


def main() -> None:
    """Measure on PostgreSQL."""
    options = parse(__doc__ or "", rounds=5, databases=("postgresql",))
    measured, comparisons = _compared(options)
    rows = without_start(measured)
    more = {"without_start": {name: spread.to_json() for name, spread in rows.items()}}
    finish(__doc__ or "", comparisons, options, appendix=start_table(rows), more=more)


def without_start(measured: Mapping[str, Sequence[Measurement]]) -> dict[str, Spread]:
    """Return the processor seconds of each command less those of `check` in the same round."""
    return {
        name: Spread.of(
            [
                one.cpu_seconds - start.cpu_seconds
                for one, start in zip(measured[name], measured[START], strict=True)
            ]
        )
        for name in (OURS, LINTER, SAFE_MIGRATIONS)
    }


def start_table(rows: Mapping[str, Spread]) -> str:
    """Return a table of markdown; a goal is met by the ratio of the medians, since a start can take longer than the work after it."""
    lines = [
        "| Command | Processor, start taken off | Quartiles | Ours in proportion | Goal |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, spread in rows.items():
        ratio, goal = rows[OURS].median / spread.median, GOALS.get(name)
        met = "" if goal is None else f"{goal:g}, {'met' if ratio <= goal else 'missed'}"
        seconds = f"{spread.median:.2f} s | {spread.low:.2f} to {spread.high:.2f}"
        lines.append(f"| `{name}` | {seconds} | {ratio:.3f} | {met} |")
    return "\n".join(lines)


def _compared(
    options: Options,
) -> tuple[Mapping[str, Sequence[Measurement]], list[Comparison]]:
    with private_server("postgresql") as server, scratch_folder() as folder:
        database = server.create_database("wagtail")
        project = generate("wagtail", folder / "site", database, variables=server.environment())
        variables = {**project.variables, **_install_others(project, folder / "others")}
        commands = {name: name.split() for name in (OURS, LINTER, SAFE_MIGRATIONS, START)}
        commands[OURS] += _labels(project, variables)
        sides = {
            name: partial(_measured, project, variables, name, command)
            for name, command in commands.items()
        }
        measured = interleave(sides, options.rounds)
        return measured, [
            Comparison(
                label(server),
                "wagtail's history",
                {name: measured[name], OURS: measured[OURS]},
                {} if goal is None else {OURS: goal},
            )
            for name, goal in GOALS.items()
        ]


def _install_others(project: GeneratedProject, folder: Path) -> dict[str, str]:
    """Put the other linters beside the project, into a folder that is deleted with it, and return the changed variables."""
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target", folder, *OTHERS],
        check=True,
    )  # fmt: skip
    with (project.directory / "mysite" / "settings" / "local.py").open("a") as settings:
        settings.write(SETTINGS)
    return {"PYTHONPATH": f"{project.variables['PYTHONPATH']}:{folder}"}


def _labels(project: GeneratedProject, variables: dict[str, str]) -> list[str]:
    """Every app with migrations: without labels, `migrate_check` leaves out those of other people."""
    found = subprocess.run(
        [project.environment.python, "-c", LABELS],
        cwd=project.directory,
        env={**variables, "DJANGO_SETTINGS_MODULE": "mysite.settings.dev"},
        capture_output=True,
        text=True,
        check=True,
    )
    return found.stdout.split()


def _measured(
    project: GeneratedProject, variables: dict[str, str], name: str, command: list[str]
) -> Measurement:
    return measure(
        [project.environment.python, "manage.py", *command],
        cwd=project.directory,
        env=variables,
        statuses=STATUSES,
        proof=PROOFS[name],
    )


if __name__ == "__main__":
    main()
