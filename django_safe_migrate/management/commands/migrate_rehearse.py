"""Carry the pending plan out on a restored copy, there and back, and say what it does there."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser, no_translations
from django.db import DEFAULT_DB_ALIAS, connections

from django_safe_migrate import conf
from django_safe_migrate.backups import get_backend
from django_safe_migrate.execution.executor import SafeMigrationExecutor
from django_safe_migrate.execution.interrupts import stopping
from django_safe_migrate.execution.targets import Planned, check_graph, plan_for, resolve
from django_safe_migrate.history import History
from django_safe_migrate.journal import rehearsals
from django_safe_migrate.management.commands import _backup_text as text
from django_safe_migrate.management.commands._arguments import chosen_timeout, timeout
from django_safe_migrate.management.commands._base import SafeMigrateCommand
from django_safe_migrate.rehearsal import telling
from django_safe_migrate.rehearsal.alone import LATEST, NEW, AloneRequest, rehearse_alone
from django_safe_migrate.rehearsal.directing import failure_of
from django_safe_migrate.rehearsal.receipt import EXTENTS, SCHEMA, RehearsalReceipt
from django_safe_migrate.reports import rehearsal as words
from django_safe_migrate.reports.terminal import terminal


class Command(SafeMigrateCommand):
    """Makes a backup, restores it beside the database and rehearses there; the database itself is only read."""

    help = (
        "Restores a backup, or copies a sample, into a scratch database, carries the pending migrations out there, back, and again, and tells what each one "
        "locks, reads and writes anew, how long it takes, and what going back leaves. The database itself is not changed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what ``migrate`` takes of it, then our own options."""
        parser.add_argument("app_label", nargs="?", help="Rehearse this app's migrations only.")
        parser.add_argument(
            "migration_name", nargs="?", help="Rehearse going to this migration; 'zero' for none."
        )
        parser.add_argument(
            "--database",
            default=DEFAULT_DB_ALIAS,
            choices=tuple(connections),
            help="The database whose plan is rehearsed.",
        )
        parser.add_argument(
            "--backup",
            default=NEW,
            metavar="NAME",
            help=f"The backup to restore: a name that migrate_backup list shows, '{LATEST}', or '{NEW}' to make one.",
        )
        parser.add_argument(
            "--extent",
            choices=EXTENTS,
            help="forwards: the plan; return: the plan, back, and the plan again; full: the same with every table's values compared; schema: "
            "the same, on the schema and a sample of the rows instead of a backup. Default: SAFE_MIGRATE['REHEARSE']['EXTENT'].",
        )
        for name in ("--lock-timeout", "--statement-timeout"):
            parser.add_argument(
                name, type=timeout, metavar="DURATION", help="As for safemigrate (2s, none)."
            )
        parser.add_argument(
            "--format", choices=("text", "json"), default="text", help="Format of the output."
        )

    @no_translations
    def handle_safely(self, *args: Any, **options: Any) -> None:
        """Find out what is pending, rehearse it, and say what was seen."""
        self._options = options
        settings = conf.load()
        extent = options["extent"] or settings.rehearse.extent
        if options["extent"] == SCHEMA and options["backup"] != NEW:
            raise CommandError(
                f"--extent schema takes a sample of the database as it is now, and restores no backup: leave --backup {options['backup']} out."
            )
        database = self.open_database(options["database"])
        executor = SafeMigrationExecutor(database.connection)
        planned = self._plan(executor)
        if not planned.plan:
            self._say("  No migrations to rehearse.")
            self._print_json(None)
            return
        with (
            stopping(database.statement_canceller()),
            text.progress(self._terminal(), shown=self._is_shown()) as progress,
        ):
            request = AloneRequest(
                database=database,
                executor=executor,
                planned=planned,
                backend=get_backend(settings),
                settings=settings,
                extent=extent,
                backup=options["backup"],
                lock_timeout=chosen_timeout(options["lock_timeout"], settings.lock_timeout),
                statement_timeout=chosen_timeout(
                    options["statement_timeout"], settings.statement_timeout
                ),
                progress=progress,
            )
            self._repair(request)
            receipt, backup = rehearse_alone(request, self._told)
        if backup is not None and options["backup"] == NEW:
            History().save_backup(backup.told(), database.alias)
        self._end(receipt)

    def _repair(self, request: AloneRequest) -> None:
        """Drop what a rehearsal left that was killed; not while a run, or a restore, is under way, which holds the run lock."""
        lock = request.database.run_lock()
        if lock.try_acquire():
            try:
                for done in request.backend.repair(request.database):
                    self._say(done)
            finally:
                lock.release()

    def _plan(self, executor: SafeMigrationExecutor) -> Planned:
        check_graph(executor.loader, executor.connection)
        app_label, name = self._options["app_label"], self._options["migration_name"]
        targets = resolve(executor.loader, app_label, name, run_syncdb=False)
        return plan_for(executor, targets)

    def _told(self, line: dict[str, Any], receipt: RehearsalReceipt) -> None:
        if line["event"] == telling.PASS_FINISHED:
            self._say(words.pass_line(receipt.to_json()["passes"][-1]))

    def _end(self, receipt: RehearsalReceipt) -> None:
        """Keep the receipt, say what is in it, and fail as the plan did."""
        found = receipt.to_json()
        try:
            rehearsals.save(receipt.database, found)
        except OSError as error:
            self.stderr.write(f"The receipt could not be kept: {error}")
        for notice in receipt.notices:
            self._say(f"Notice: {notice}")
        for line in words.lines(found):
            self._say(line)
        self._print_json(found)
        alias = receipt.database
        option = "" if alias == DEFAULT_DB_ALIAS else f" --database {alias}"
        failed = failure_of(receipt, f"migrate_rehearse{option}")
        if failed is not None:
            raise failed

    # --- output -----------------------------------------------------------------------------------------------------------------

    _options: dict[str, Any]

    def _is_shown(self) -> bool:
        return bool(self._options["format"] == "text" and self._options["verbosity"] >= 1)

    def _terminal(self) -> Any:
        options = self._options
        return terminal(
            self.stdout, force_color=options["force_color"], no_color=options["no_color"]
        )

    def _say(self, line: str) -> None:
        if self._is_shown():
            self.stdout.write(line)

    def _print_json(self, receipt: dict[str, Any] | None) -> None:
        if self._options["format"] == "json":
            self.stdout.write(json.dumps({"schema_version": 1, "rehearsal": receipt}, indent=2))
