"""Show what is applied, pending, half done and under way; it changes nothing."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import CommandError, no_translations
from django.db import DEFAULT_DB_ALIAS, connections

from django_safe_migrate.exceptions import SafeMigrateError
from django_safe_migrate.management.commands._base import SafeMigrateCommand
from django_safe_migrate.reports.terminal import terminal
from django_safe_migrate.status import Status, collect, text, views
from django_safe_migrate.status.watching import find_run, watch, watch_as_json

RUNS_IN_OVERVIEW = 5
RUNS_IN_HISTORY = 20
#: What a shell reports of a program that Ctrl-C ended.
INTERRUPTED = 130


class Command(SafeMigrateCommand):
    """Reads the records of Django, the history, the journals and the run lock, and shows them."""

    help = "Shows which migrations are applied, pending, faked, squashed or without a file, the last runs, and half-done work."
    # It is what one runs when something is broken: a project whose checks fail must not stop it.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add what to show."""
        parser.add_argument(
            "app_label", nargs="*", help="Show the migrations of these apps only, each by name."
        )
        parser.add_argument(
            "--database",
            default=DEFAULT_DB_ALIAS,
            choices=tuple(connections),
            help="The database to look at.",
        )
        view = parser.add_mutually_exclusive_group()
        view.add_argument(
            "--pending",
            action="store_true",
            help="Show only what is pending, in the order in which it would be applied.",
        )
        view.add_argument(
            "--history",
            action="store_true",
            help=f"Show only the last runs, {RUNS_IN_HISTORY} unless --limit is given.",
        )
        view.add_argument(
            "--watch",
            action="store_true",
            help="Show the run under way until it ends, looking every second.",
        )
        parser.add_argument("--limit", type=_count, metavar="N", help="How many runs to show.")
        parser.add_argument(
            "--check",
            action="store_true",
            help="Exit with status 1 when something is pending or half done, or a file is gone, and say what.",
        )
        parser.add_argument(
            "--format",
            choices=("text", "json"),
            default="text",
            help="Format of the output; json with --watch gives lines.",
        )

    @no_translations
    def handle_safely(self, *args: Any, **options: Any) -> None:
        """Collect the status, show it, and fail where that was asked for."""
        if options["watch"]:
            self._watch(options)
            return
        default = RUNS_IN_HISTORY if options["history"] else RUNS_IN_OVERVIEW
        limit = default if options["limit"] is None else options["limit"]
        status = collect(options["database"], app_labels=options["app_label"], limit=limit)
        self._show(status, options)
        if status.unreachable:
            raise SafeMigrateError(
                f"Database {status.database!r} cannot be reached: {status.unreachable}",
                changed="What is shown above comes from the journals.",
                next_command=f"check --database {status.database}   (once the server is up)",
            )
        if options["check"] and status.reasons:
            raise CommandError("\n".join(status.reasons), returncode=1)

    def _show(self, status: Status, options: dict[str, Any]) -> None:
        if options["format"] == "json":
            shown = status.only_pending() if options["pending"] else status
            self.stdout.write(json.dumps(shown.to_json(), indent=2, ensure_ascii=False))
            return
        found = terminal(
            self.stdout, force_color=options["force_color"], no_color=options["no_color"]
        )
        view, detailed = _view(options), bool(options["app_label"]) or options["verbosity"] > 1
        if found.moves or found.is_colored:
            text.print_to(found.console(), status, view, detailed=detailed)
        else:
            self.stdout.write(text.render(status, view, detailed=detailed), ending="")

    def _watch(self, options: dict[str, Any]) -> None:
        if options["check"] or options["app_label"]:
            raise CommandError("--watch shows one run: it takes neither --check nor an app.")
        found = terminal(
            self.stdout, force_color=options["force_color"], no_color=options["no_color"]
        )
        try:
            record = find_run(options["database"])
            if options["format"] == "json":
                watch_as_json(record, found.stream)
            elif record is None:
                self.stdout.write(f"No run is under way on database {options['database']!r}.")
            else:
                watch(record, found)
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)


def _view(options: dict[str, Any]) -> str:
    if options["pending"]:
        return views.ONLY_PENDING
    if options["history"]:
        return views.HISTORY
    return views.HEADLINE if options["check"] else views.OVERVIEW


def _count(value: str) -> int:
    if not value.isdigit() or int(value) < 1:
        raise ArgumentTypeError(f"{value!r} is not a number of runs; write 1 or more.")
    return int(value)
