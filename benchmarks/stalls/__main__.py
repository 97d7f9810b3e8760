"""
How long do requests wait while their table is migrated and somebody else holds a lock on it?

    python -m benchmarks.stalls --database postgresql --rounds 5

Six usual changes of a table of 200,000 rows, which four clients read and write 100 times a second, while a transaction that has read the table
stays open for 20 seconds. The goal for ours: no request fails, none waits longer than the lock timeout of 2 s and 0.2 s more, and the migration
is done soon after the transaction has ended.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import django

from benchmarks.command_line import label, private_server, scratch_folder
from benchmarks.stalls.outcome import Outcome, table
from benchmarks.stalls.run import measure
from benchmarks.stalls.tools import TOOLS, Tool

DATABASES = ("postgresql", "mariadb")


def main() -> None:
    """Measure the tools in turn, in the opposite order each round; leave with status 1 when ours misses its goal."""
    given = _parse()
    tables, documents = [], []
    for name in given.database or DATABASES:
        tools = [TOOLS[tool] for tool in given.tool or TOOLS if name in TOOLS[tool].servers]
        server, outcomes = on_server(name, tools, rounds=given.rounds, seconds=given.seconds)
        tables.append(table(server, outcomes))
        documents += [{"server": server, **one.to_json()} for one in outcomes]
    print(f"\n{(__doc__ or '').strip()}\n")
    print("\n\n".join(tables))
    if given.json:
        document = {"django": django.get_version(), "seconds": given.seconds, "runs": documents}
        given.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    sys.exit(any(one["tool"] == "safemigrate" and not one["met"] for one in documents))


def on_server(
    name: str, tools: list[Tool], *, rounds: int, seconds: float, **sizes: Any
) -> tuple[str, list[Outcome]]:
    """Return the server with its version, and the outcomes of every tool in every round."""
    outcomes = []
    # Waiting for the disk is not the question here, and would be taken for a stall.
    with private_server(name, durable=False) as server, scratch_folder() as folder:
        packages = {tool.name: tool.install(folder / "packages") for tool in tools}
        for number in range(rounds):
            for tool in tools if number % 2 == 0 else reversed(tools):
                place = folder / f"project{len(outcomes)}"
                outcome = measure(
                    server, tool, place, packages[tool.name], seconds=seconds, **sizes
                )
                outcomes.append(outcome)
                print(_progress(name, outcome), file=sys.stderr, flush=True)
        return label(server), outcomes


def _progress(name: str, outcome: Outcome) -> str:
    load = os.getloadavg()[0]
    return (
        f"{name}, {outcome.tool}: worst {outcome.worst:.2f} s, control {outcome.control_worst:.2f} s, waits {outcome.waiting_seconds:.1f} s of {outcome.window:.1f}, "
        f"failed {outcome.failed_in_all}, done {outcome.is_done}, ended {outcome.ended_after:+.1f} s, load {load:.1f}"
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
        "--tool", action="append", choices=list(TOOLS), help="this tool only; may be repeated"
    )
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    parser.add_argument(
        "--seconds",
        type=float,
        default=20.0,
        help="how long the transaction stays open (default: %(default)s)",
    )
    parser.add_argument("--json", type=Path, help="also write every run to this file")
    return parser.parse_args()


if __name__ == "__main__":
    main()
