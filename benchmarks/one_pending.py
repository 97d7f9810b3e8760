"""What does `safemigrate` cost when one of 301 migrations is pending, compared with `migrate`?"""

from __future__ import annotations

from functools import partial

from benchmarks import projects
from benchmarks.command_line import Options, finish, label, parse, private_server, scratch_folder
from benchmarks.comparison import Comparison, interleave
from benchmarks.processes import Measurement
from tests.projects import Project

MIGRATE = ("migrate", "--noinput")
SAFEMIGRATE = ("safemigrate", "--backup", "never", "--noinput")
GOAL = 1.05


def main() -> None:
    """Measure on every database."""
    options = parse(__doc__ or "", rounds=9)
    finish(__doc__ or "", [_on_database(name, options) for name in options.databases], options)


def _on_database(name: str, options: Options) -> Comparison:
    with private_server(name) as server, scratch_folder() as folder:
        project = projects.large_project(folder / "project", server, pending=True)
        sides = {
            " ".join(command): partial(_migrate, project, *command)
            for command in (MIGRATE, SAFEMIGRATE)
        }
        measured = interleave(sides, options.rounds)
        return Comparison(
            label(server), "one of 301 pending", measured, {" ".join(SAFEMIGRATE): GOAL}
        )


def _migrate(project: Project, *command: str) -> Measurement:
    projects.take_pending_migration_back(project)
    return projects.run_command(project, *command)


if __name__ == "__main__":
    main()
