"""What does `safemigrate` cost when it migrates a wagtail site from an empty database, compared with `migrate`?"""

from __future__ import annotations

from functools import partial

from benchmarks.command_line import Options, finish, label, parse, private_server, scratch_folder
from benchmarks.comparison import Comparison, interleave
from benchmarks.processes import Measurement, measure
from tests.real_projects.generate import GeneratedProject, generate
from tests.servers import Server

MIGRATE = ("migrate", "--noinput")
SAFEMIGRATE = ("safemigrate", "--backup", "never", "--noinput")
GOAL = 1.05


def main() -> None:
    """Measure on every database."""
    options = parse(__doc__ or "", rounds=5)
    finish(__doc__ or "", [_on_database(name, options) for name in options.databases], options)


def _on_database(name: str, options: Options) -> Comparison:
    with private_server(name) as server, scratch_folder() as folder:
        database = server.create_database("wagtail")
        project = generate("wagtail", folder / "site", database, variables=server.environment())
        sides = {
            " ".join(command): partial(_migrate_from_empty, project, server, *command)
            for command in (MIGRATE, SAFEMIGRATE)
        }
        measured = interleave(sides, options.rounds)
        return Comparison(
            label(server), "wagtail from empty", measured, {" ".join(SAFEMIGRATE): GOAL}
        )


def _migrate_from_empty(project: GeneratedProject, server: Server, *command: str) -> Measurement:
    server.drop_database("wagtail")
    server.create_database("wagtail")
    return measure(
        [project.environment.python, "manage.py", *command],
        cwd=project.directory,
        env=project.variables,
    )


if __name__ == "__main__":
    main()
