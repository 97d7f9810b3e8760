"""
How does the time of `migrate_check --all --offline` grow with the number of migrations?

The generated projects differ only in their number of apps. What Django takes to start (`manage.py check`) is taken off, and processor
seconds are counted, so that neither a slow disk nor a busy machine bends the curve. `makemigrations --check` of Django, which has the
same migrations to read and the same models to compare, shows how much of the growth is Django's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from benchmarks import projects
from benchmarks.command_line import finish, label, parse, private_server, scratch_folder
from benchmarks.comparison import Comparison, Spread, interleave
from benchmarks.processes import Measurement

SIZES = (100, 300, 1000)
START = "check"
OURS = "migrate_check --all --offline"
DJANGO = "makemigrations --check --dry-run"
COMMANDS = (START, OURS, DJANGO)
#: The exit code of a check that has found something that blocks.
BLOCKED = 3
#: The most that a further migration may take between the larger projects, compared with one between the smaller: 1 is linear.
GOAL = 1.25

Measured = Mapping[tuple[int, str], Sequence[Measurement]]


def main() -> None:
    """Measure on settings of PostgreSQL, without asking it."""
    options = parse(__doc__ or "", rounds=5, databases=("postgresql",))
    with private_server("postgresql") as server, scratch_folder() as folder:
        sides = {}
        for size in SIZES:
            apps = size // projects.MIGRATIONS
            project = projects.unmigrated_project(folder / str(size), server, apps)
            for name in COMMANDS:
                proof = f"{size:,} migrations checked" if name == OURS else ""
                run = partial(
                    projects.run_command, project, *name.split(), statuses=(0, BLOCKED), proof=proof
                )
                sides[f"{size} {name}"] = run
        found = interleave(sides, options.rounds)
        measured = {(size, name): found[f"{size} {name}"] for size in SIZES for name in COMMANDS}
        comparisons = [
            Comparison(
                label(server),
                f"{size} migrations",
                {name: measured[size, name] for name in COMMANDS},
            )
            for size in SIZES
        ]
    rows = [growth(measured, name) for name in (OURS, DJANGO)]
    more = {"growth": [row.to_json() for row in rows], "goal": GOAL}
    finish(__doc__ or "", comparisons, options, appendix=growth_table(rows), more=more)


class Growth:
    """What a migration takes in projects of different sizes, start-up taken off."""

    def __init__(self, name: str, per_migration: Mapping[int, Spread], further: Spread) -> None:
        self.name = name
        #: Processor milliseconds, by the number of migrations.
        self.per_migration = per_migration
        #: What a further migration takes between the two largest projects, divided by that between the two smallest.
        self.further = further

    def to_json(self) -> dict[str, object]:
        """Return what JSON can hold."""
        return {
            "command": self.name,
            "cpu_milliseconds_per_migration": {
                str(size): spread.to_json() for size, spread in self.per_migration.items()
            },
            "further_migration_ratio": self.further.to_json(),
        }


def growth(measured: Measured, name: str) -> Growth:
    """Return how a command grows; each round gives one value."""
    net = {
        size: [
            1000 * (one.cpu_seconds - start.cpu_seconds)
            for one, start in zip(measured[size, name], measured[size, START], strict=True)
        ]
        for size in SIZES
    }
    small, middle, large = SIZES
    further = [
        ((c - b) / (large - middle)) / ((b - a) / (middle - small))
        for a, b, c in zip(net[small], net[middle], net[large], strict=True)
    ]
    per_migration = {size: Spread.of([one / size for one in net[size]]) for size in SIZES}
    return Growth(name, per_migration, Spread.of(further))


def growth_table(rows: Sequence[Growth]) -> str:
    """Return a table of markdown."""
    sizes = [f"{size} migrations" for size in SIZES]
    head = ["Command", *sizes, "A further one", "Quartiles", f"Goal {GOAL:g}"]
    lines = [f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |"]
    for row in rows:
        each = [f"{row.per_migration[size].median:.2f} ms each" for size in SIZES]
        further = row.further
        met = "" if row.name != OURS else "met" if further.median <= GOAL else "missed"
        cells = [
            f"`{row.name}`",
            *each,
            f"{further.median:.2f}",
            f"{further.low:.2f} to {further.high:.2f}",
            met,
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
