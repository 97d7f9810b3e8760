"""What does a rehearsal of a database of 1 GB cost, compared with a raw dump, a raw restore and `migrate` three times?"""

from __future__ import annotations

import shutil
import sys
from functools import partial
from pathlib import Path

from benchmarks import projects
from benchmarks.command_line import Options, finish, label, parse, private_server, scratch_folder
from benchmarks.comparison import Comparison, interleave
from benchmarks.large_backup import CONFIG, fill
from benchmarks.processes import Measurement, measure
from tests.projects import Project, migration
from tests.servers import Server

FLOOR = "pg_dump, createdb, pg_restore, migrate three times, dropdb"
FORWARDS = "migrate_rehearse --extent forwards"
RETURN = "migrate_rehearse"
GOAL = 1.15
MEMORY_GOAL = 100 * 1024 * 1024
#: The alias that the raw tools restore into.
COPY = "copy"
#: A column with a default, an index, and a rewrite, each of which can be taken back.
OPERATIONS = """
    migrations.RunSQL(
        "ALTER TABLE event0 ADD COLUMN source text NOT NULL DEFAULT 'web'",
        "ALTER TABLE event0 DROP COLUMN source",
    ),
    migrations.RunSQL("CREATE INDEX event1_at ON event1 (at)", "DROP INDEX event1_at"),
    migrations.RunSQL(
        "ALTER TABLE event2 ALTER COLUMN amount TYPE double precision",
        "ALTER TABLE event2 ALTER COLUMN amount TYPE numeric(12, 2)",
    ),
    migrations.AddField('Order', 'note', models.CharField(max_length=100, null=True)),
"""


def main() -> None:
    """Measure on PostgreSQL; leave with status 1 when the memory goal is missed."""
    options = parse(__doc__ or "", rounds=3, databases=["postgresql"])
    with private_server("postgresql", CONFIG) as server, scratch_folder() as folder:
        comparison = _compare(server, folder, options)
    finish(__doc__ or "", [comparison], options)
    peak = max(one.peak_rss for one in comparison.sides[RETURN])
    print(f"\nPeak memory of our process: {peak / 1024**2:.1f} MiB (goal: at most 100 MiB)")
    sys.exit(peak > MEMORY_GOAL)


def _compare(server: Server, folder: Path, options: Options) -> Comparison:
    project = projects.small_project(folder / "project", server)
    fill(project)
    _add_pending(project)
    # Only its name is wanted: the raw tools make it anew each time.
    project.add_database(COPY)
    size = project.sql("SELECT pg_database_size(current_database())")[0][0]
    sides = {
        FLOOR: partial(_by_hand, project, folder),
        FORWARDS: partial(_rehearse, project, FORWARDS),
        RETURN: partial(_rehearse, project, RETURN),
    }
    measured = interleave(sides, options.rounds)
    return Comparison(label(server), f"{size / 1024**3:.2f} GiB", measured, {RETURN: GOAL})


def _add_pending(project: Project) -> None:
    project.write_app(
        "shop",
        models=(
            "class Order(models.Model):\n"
            "    number = models.CharField(max_length=20)\n"
            "    note = models.CharField(max_length=100, null=True)\n"
        ),
        migrations={"0002_changes": migration(OPERATIONS, dependencies=[("shop", "0001_initial")])},
    )


def _by_hand(project: Project, folder: Path) -> Measurement:
    """What somebody would do with the raw tools; the measurements of the commands are added up."""
    dump = folder / "raw.dump"
    dump.unlink(missing_ok=True)
    source, copy = project.databases["default"], project.databases[COPY]
    address = ["-h", source["HOST"], "-p", source["PORT"], "-U", source["USER"]]
    manage = [sys.executable, "manage.py"]
    there = ["--noinput", "--database", COPY]
    commands: list[list[str | Path]] = [
        ["dropdb", "--if-exists", *address, copy["NAME"]],
        ["pg_dump", "-Fc", "-Z1", "-f", dump, *address, source["NAME"]],
        ["createdb", "--template=template0", *address, copy["NAME"]],
        ["pg_restore", "--dbname", copy["NAME"], *address, dump],
        [*manage, "migrate", *there],
        [*manage, "migrate", "shop", "0001", *there],
        [*manage, "migrate", *there],
        ["dropdb", *address, copy["NAME"]],
    ]
    environment = {**project.environment(), "PGPASSWORD": source["PASSWORD"]}
    done = [measure(one, cwd=project.folder, env=environment) for one in commands]
    return Measurement(sum(one.seconds for one in done), sum(one.cpu_seconds for one in done))


def _rehearse(project: Project, command: str) -> Measurement:
    shutil.rmtree(project.folder / "backups", ignore_errors=True)
    (project.folder / "backups").mkdir()
    return measure(
        [sys.executable, "manage.py", *command.split()],
        cwd=project.folder,
        env=project.environment(),
        watch_memory=True,
        proof="applied in",
    )


if __name__ == "__main__":
    main()
