"""What does a verified backup of a database of 1 GB cost, compared with `pg_dump -Fc -Z1` alone, and how much memory does it take?"""

from __future__ import annotations

import shutil
import sys
from functools import partial
from pathlib import Path

from benchmarks import projects
from benchmarks.command_line import Options, finish, label, parse, private_server, scratch_folder
from benchmarks.comparison import Comparison, interleave
from benchmarks.processes import Measurement, measure
from tests.projects import Project
from tests.servers import Server

PG_DUMP = "pg_dump -Fc -Z1"
BACKUP = "migrate_backup create"
GOAL = 1.05
MEMORY_GOAL = 100 * 1024 * 1024
SIZE = 1024**3
TABLES = 4
ROWS_AT_ONCE = 250_000
#: Room for the whole database, as a real server has: what is measured is the work, not this machine's disk.
CONFIG = ("shared_buffers = 512MB", "max_wal_size = 4GB")


def main() -> None:
    """Measure on PostgreSQL; leave with status 1 when the memory goal is missed."""
    options = parse(__doc__ or "", rounds=5, databases=["postgresql"])
    with private_server("postgresql", CONFIG) as server, scratch_folder() as folder:
        comparison = _compare(server, folder, options)
    finish(__doc__ or "", [comparison], options)
    peak = max(one.peak_rss for one in comparison.sides[BACKUP])
    print(f"\nPeak memory of our process: {peak / 1024**2:.1f} MiB (goal: at most 100 MiB)")
    sys.exit(peak > MEMORY_GOAL)


def _compare(server: Server, folder: Path, options: Options) -> Comparison:
    project = projects.small_project(folder / "project", server)
    fill(project)
    size = project.sql("SELECT pg_database_size(current_database())")[0][0]
    sides = {
        PG_DUMP: partial(_dump, project, folder),
        BACKUP: partial(_back_up, project),
    }
    measured = interleave(sides, options.rounds)
    return Comparison(label(server), f"{size / 1024**3:.2f} GiB", measured, {BACKUP: GOAL})


def fill(project: Project) -> None:
    """Add rows to several tables until the database has the wanted size."""
    for number in range(TABLES):
        project.sql(
            f"CREATE TABLE event{number} (id bigint PRIMARY KEY, at timestamptz NOT NULL, kind text NOT NULL, "
            "amount numeric(12, 2) NOT NULL, payload text NOT NULL)"
        )
    first = 1
    while project.sql("SELECT pg_database_size(current_database())")[0][0] < SIZE:
        for number in range(TABLES):
            project.sql(_insert(number, first, first + ROWS_AT_ONCE - 1))
        first += ROWS_AT_ONCE
    project.sql("VACUUM ANALYZE")
    project.sql("CHECKPOINT")


def _insert(number: int, first: int, last: int) -> str:
    """Rows about as compressible as those of an application: words that repeat beside digits that do not."""
    return (
        f"INSERT INTO event{number} SELECT i, timestamptz '2024-01-01' + i * interval '1 second', "  # noqa: S608
        "(ARRAY['created', 'paid', 'shipped', 'returned'])[1 + i % 4], (i * 7919 % 1000000) / 100.0, "
        f"'customer ' || i % 5000 || ' reference ' || md5(i::text) || md5((i * 31)::text) "
        f"FROM generate_series({first}::bigint, {last}) AS i"
    )


def _dump(project: Project, folder: Path) -> Measurement:
    entry = project.databases["default"]
    target = folder / "raw.dump"
    target.unlink(missing_ok=True)
    environment = {**project.environment(), "PGPASSWORD": entry["PASSWORD"]}
    address = ["-h", entry["HOST"], "-p", entry["PORT"], "-U", entry["USER"], entry["NAME"]]
    return measure(["pg_dump", "-Fc", "-Z1", "-f", target, *address], cwd=folder, env=environment)


def _back_up(project: Project) -> Measurement:
    shutil.rmtree(project.folder / "backups", ignore_errors=True)
    (project.folder / "backups").mkdir()
    return measure(
        [sys.executable, "manage.py", *BACKUP.split()],
        cwd=project.folder,
        env=project.environment(),
        watch_memory=True,
    )


if __name__ == "__main__":
    main()
