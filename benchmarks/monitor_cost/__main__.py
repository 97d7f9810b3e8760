"""
What does the monitor cost that watches a run?

    python -m benchmarks.monitor_cost --database postgresql --rounds 5

The same two migrations, an index of a table of 2,000,000 rows and code that changes 50,000 of them, with and without the monitor in turn, while
two clients read and write as fast as they can; with no other sessions, and with 200 that hold locks on 20 tables each or wait. The goal: the monitor's
thread and its session together take less than 1 % of the time of one processor.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django

from benchmarks.command_line import label, private_server, scratch_folder
from benchmarks.comparison import Spread
from benchmarks.monitor_cost.crowd import crowd
from benchmarks.monitor_cost.measured import RESULT, SERVER_PID, UNWATCHED, WATCHED
from benchmarks.monitor_cost.project import ROWS, TABLE, make_project, take_back
from benchmarks.stalls.clients import clients
from tests.projects import CHECKOUT, Project
from tests.servers import Server

DATABASES = ("postgresql", "mariadb")
CLIENTS = 2
#: Sessions besides the clients'.
CROWDS = (0, 200)
#: The part of one processor's time that the monitor may take.
GOAL = 0.01
CONFIG = {
    "postgresql": (
        "max_connections = 300",
        "max_locks_per_transaction = 128",
        "shared_buffers = 128MB",
        "max_wal_size = 1GB",
    ),
    "mariadb": (
        "--max-connections=300",
        "--innodb-buffer-pool-size=256M",
        "--plugin-load-add=metadata_lock_info",
    ),
}


@dataclass(frozen=True, slots=True)
class Run:
    """One run, from the monitor's start to its stop: seconds of the clock and of processors, and requests per second of the clients."""

    seconds: float
    process_cpu: float
    server_cpu: float
    thread_cpu: float
    session_cpu: float
    looks: int
    throughput: float

    @property
    def share(self) -> float:
        """The part of one processor's time that the monitor took."""
        return (self.thread_cpu + self.session_cpu) / self.seconds


@dataclass(frozen=True, slots=True)
class Subject:
    """All runs on one server with one crowd."""

    server: str
    sessions: int
    watched: Sequence[Run]
    unwatched: Sequence[Run]

    def ratio(self, value: Callable[[Run], float]) -> Spread:
        """Return the ratios with the monitor to without, one for each round."""
        pairs = zip(self.watched, self.unwatched, strict=True)
        return Spread.of([value(one) / value(other) for one, other in pairs])

    @property
    def met(self) -> bool:
        """Whether the median of the monitor's shares is below the goal."""
        return statistics.median(run.share for run in self.watched) < GOAL

    def to_json(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "met": self.met}


def main() -> None:
    """Measure with every crowd on every database; leave with status 1 when the goal is missed."""
    given = _parse()
    subjects = [
        on_server(name, sessions, rounds=given.rounds, rows=given.rows)
        for name in given.database or DATABASES
        for sessions in given.sessions or CROWDS
    ]
    print(f"\n{(__doc__ or '').strip()}\n\n{table(subjects)}")
    if given.json:
        document = {
            "django": django.get_version(),
            "subjects": [one.to_json() for one in subjects],
        }
        given.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    sys.exit(not all(one.met for one in subjects))


def on_server(name: str, sessions: int, *, rounds: int, rows: int = ROWS) -> Subject:
    """Measure with and without the monitor in turn, in the opposite order each round."""
    runs: dict[str, list[Run]] = {WATCHED: [], UNWATCHED: []}
    with private_server(name, CONFIG[name], durable=False) as server, scratch_folder() as folder:
        project = make_project(folder / "project", server, rows)
        entry = project.databases["default"]
        with crowd(project, sessions):
            for number in range(rounds):
                order = (WATCHED, UNWATCHED) if number % 2 == 0 else (UNWATCHED, WATCHED)
                for side in order:
                    runs[side].append(_run(project, server, entry, side, rows))
                print(_progress(name, sessions, runs), file=sys.stderr, flush=True)
        return Subject(label(server), sessions, runs[WATCHED], runs[UNWATCHED])


def _run(project: Project, server: Server, entry: dict[str, Any], side: str, rows: int) -> Run:
    take_back(project)
    result = project.folder / "measured.json"
    variables = {SERVER_PID: str(_pid(server)), RESULT: str(result)}
    environment = project.environment(variables)
    environment["PYTHONPATH"] += f"{os.pathsep}{CHECKOUT}"
    with clients(entry, TABLE, rows, count=CLIENTS, rate=None) as traffic:
        subprocess.run(
            [sys.executable, "-m", "benchmarks.monitor_cost.measured", side],
            cwd=project.folder,
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    measured = json.loads(result.read_text())
    began, ended = measured.pop("began"), measured.pop("ended")
    answered = sum(began <= one.ended <= ended for one in traffic.requests)
    seconds = ended - began
    return Run(seconds=seconds, throughput=answered / seconds, **measured)


def _pid(server: Any) -> int:
    return int(server._process.pid)


def table(subjects: Sequence[Subject]) -> str:
    """Return a table of markdown: the monitor's own share, and the ratios with it to without."""
    lines = [
        "| Database | Sessions | Share of one processor | Quartiles | Thread | Session | Looks per second | Seconds | Our processor | Server's processor | Requests | Goal |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    return "\n".join([*lines, *map(_line, subjects)])


def _line(one: Subject) -> str:
    share = Spread.of([run.share for run in one.watched])
    ratios = [
        one.ratio(lambda run: run.seconds),
        one.ratio(lambda run: run.process_cpu),
        one.ratio(lambda run: run.server_cpu),
        one.ratio(lambda run: run.throughput),
    ]
    cells = [
        one.server,
        str(one.sessions),
        f"{share.median:.2%}",
        f"{share.low:.2%} to {share.high:.2%}",
        f"{statistics.median(run.thread_cpu / run.seconds for run in one.watched):.2%}",
        f"{statistics.median(run.session_cpu / run.seconds for run in one.watched):.2%}",
        f"{statistics.median(run.looks / run.seconds for run in one.watched):.1f}",
        *(f"{ratio.median:.3f} ({ratio.low:.2f} to {ratio.high:.2f})" for ratio in ratios),
        f"{GOAL:.0%}, {'met' if one.met else 'missed'}",
    ]
    return f"| {' | '.join(cells)} |"


def _progress(name: str, sessions: int, runs: dict[str, list[Run]]) -> str:
    watched, unwatched = runs[WATCHED][-1], runs[UNWATCHED][-1]
    return (
        f"{name}, {sessions} sessions: {watched.share:.2%} of a processor, {watched.looks} looks, "
        f"{watched.seconds:.1f} s against {unwatched.seconds:.1f}, load {os.getloadavg()[0]:.1f}"
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--database",
        action="append",
        choices=DATABASES,
        help="on this database only; may be repeated",
    )
    parser.add_argument(
        "--sessions",
        action="append",
        type=int,
        help="how many sessions besides the clients'; may be repeated",
    )
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--rows", type=int, default=ROWS, help="default: %(default)s")
    parser.add_argument("--json", type=Path, help="also write every run to this file")
    return parser.parse_args()


if __name__ == "__main__":
    main()
