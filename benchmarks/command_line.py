"""What every benchmark has in common: its options, its private servers, and how it prints its result."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
from django.conf import settings

from benchmarks.comparison import Comparison, table
from tests.servers import SERVERS, Server


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    databases: tuple[str, ...]
    rounds: int
    json: Path | None


def parse(description: str, *, rounds: int, databases: Sequence[str] = tuple(SERVERS)) -> Options:
    """Return the options; `databases` are those that the benchmark can run on."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--database",
        action="append",
        choices=databases,
        help="run on this database only; may be repeated (default: all)",
    )
    parser.add_argument(
        "--rounds", type=int, default=rounds, help="how often to measure (default: %(default)s)"
    )
    parser.add_argument("--json", type=Path, help="also write the JSON to this file")
    given = parser.parse_args()
    if given.rounds < 1:
        parser.error("--rounds must be at least 1.")
    return Options(tuple(given.database or databases), given.rounds, given.json)


@contextlib.contextmanager
def private_server(
    name: str, config: Sequence[str] = (), *, durable: bool = True
) -> Iterator[Server]:
    """
    Start a server that waits for the disk as a real one does, and remove it afterwards.

    The servers of the tests do not wait, which would make every commit look free; ``durable=False`` starts one of those.
    """
    if not settings.configured:
        settings.configure()
        django.setup()
    make: Callable[..., Server] = SERVERS[name]
    server = make() if name == "sqlite" else make(config=config, durable=durable)
    server.start()
    try:
        yield server
    finally:
        server.remove()


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give a folder that is deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="safe-migrate-benchmark-") as folder:
        yield Path(folder)


def label(server: Server) -> str:
    """Return the server with its version, as a table shows it."""
    return f"{server.name} {server.version}"


def finish(
    question: str,
    comparisons: Sequence[Comparison],
    options: Options,
    *,
    appendix: str = "",
    more: Mapping[str, Any] | None = None,
) -> None:
    """Print the table and the JSON; ``appendix`` is printed below the table, ``more`` is put into the JSON."""
    document: dict[str, Any] = {
        "question": question,
        "machine": {
            "python": platform.python_version(),
            "django": django.get_version(),
            "platform": platform.platform(),
            "processors": os.cpu_count(),
        },
        "comparisons": [comparison.to_json() for comparison in comparisons],
        **(more or {}),
    }
    text = json.dumps(document, indent=2)
    tables = "\n\n".join(filter(None, (table(comparisons), appendix)))
    print(f"\n{question}\n\n{tables}\n\n{text}")
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
