"""The options that ``migrate_create`` has beyond those of ``makemigrations``."""

from __future__ import annotations

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections


def add_create_arguments(parser: Any) -> None:
    """Add for which database to look, whether to write the safer variant, and when to fail."""
    parser.add_argument(
        "--database",
        default=DEFAULT_DB_ALIAS,
        choices=tuple(connections),
        help="The database that the migrations are for.",
    )
    parser.add_argument(
        "--offline",
        action="store_true",
        help="Do not ask the database what its tables hold: every table may hold many rows.",
    )
    safe = parser.add_mutually_exclusive_group()
    safe.add_argument(
        "--safe",
        action="store_true",
        default=None,
        dest="safe",
        help="Write the safer variant where there is one, without asking.",
    )
    safe.add_argument(
        "--no-safe",
        action="store_false",
        dest="safe",
        help="Leave the migrations as makemigrations writes them, without asking.",
    )
    parser.add_argument(
        "--fail-on",
        choices=("error", "warning"),
        help="End with exit code 3 when a finding about what was written has at least this severity. Without it findings never fail.",
    )
