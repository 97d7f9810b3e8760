"""What does `safemigrate` cost when no migration is pending, compared with `migrate`?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import projects
from benchmarks.command_line import Options, finish, label, parse, private_server, scratch_folder
from benchmarks.comparison import Comparison, interleave
from tests.projects import Project
from tests.servers import Server

MIGRATE = ("migrate", "--noinput")
SAFEMIGRATE = ("safemigrate", "--backup", "never", "--noinput")
GOAL = 1.05

MakeProject = Callable[..., Project]
SUBJECTS: dict[str, MakeProject] = {
    "small project": projects.small_project,
    "300 migrations": projects.large_project,
}


def main() -> None:
    """Measure on every database, on both projects."""
    options = parse(__doc__ or "", rounds=15)
    comparisons = [
        comparison for name in options.databases for comparison in _on_database(name, options)
    ]
    finish(__doc__ or "", comparisons, options)


def _on_database(name: str, options: Options) -> list[Comparison]:
    with private_server(name) as server, scratch_folder() as folder:
        return [
            _compare(server, subject, make, folder / str(number), options)
            for number, (subject, make) in enumerate(SUBJECTS.items())
        ]


def _compare(
    server: Server, subject: str, make: MakeProject, folder: Path, options: Options
) -> Comparison:
    project = make(folder / "with", server)
    # Shown beside it: what having our app and its dependencies in INSTALLED_APPS costs every command.
    without = make(folder / "without", server, safe_migrate=False)
    sides = {
        " ".join(MIGRATE): partial(projects.run_command, project, *MIGRATE),
        " ".join(SAFEMIGRATE): partial(projects.run_command, project, *SAFEMIGRATE),
        "migrate --noinput, not installed": partial(projects.run_command, without, *MIGRATE),
    }
    measured = interleave(sides, options.rounds)
    return Comparison(label(server), subject, measured, {" ".join(SAFEMIGRATE): GOAL})


if __name__ == "__main__":
    main()
