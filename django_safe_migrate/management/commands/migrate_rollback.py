"""Go back: unapply the last migrations or those of a run, or restore a backup; says beforehand what is lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser, no_translations
from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS, connections

from django_safe_migrate import conf
from django_safe_migrate.backups import get_backend
from django_safe_migrate.databases import Database
from django_safe_migrate.exceptions import UnsafePlan
from django_safe_migrate.execution.executor import SafeMigrationExecutor
from django_safe_migrate.execution.surroundings import Surroundings, register_receivers
from django_safe_migrate.history import History
from django_safe_migrate.management.commands import _rollback_strategies as strategies
from django_safe_migrate.management.commands._arguments import (
    add_run_arguments,
    run_settings,
)
from django_safe_migrate.management.commands._backup_text import restore_question
from django_safe_migrate.management.commands._console import Console
from django_safe_migrate.management.commands._lines import RunCommand
from django_safe_migrate.management.commands._running import show_or_carry_out
from django_safe_migrate.management.commands.migrate_backup import LATEST
from django_safe_migrate.repair.problem import on_database
from django_safe_migrate.rollback import Wanted, counted, plan_rollback
from django_safe_migrate.rollback.emergency import Emergency, force
from django_safe_migrate.run import ROLLBACK, RunOptions


class Command(RunCommand):
    """A backwards plan through the same stages as any run."""

    help = "Unapplies migrations, or restores a backup, after saying what comes back, what cannot, and what is lost."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what to go back to, and how."""
        _add_goals(parser.add_mutually_exclusive_group(required=True).add_argument)
        parser.add_argument(
            "--database",
            default=DEFAULT_DB_ALIAS,
            choices=tuple(connections),
            help="The database to roll back.",
        )
        parser.add_argument(
            "--noinput",
            "--no-input",
            action="store_false",
            dest="interactive",
            help="Never ask; stop instead, unless --force is given.",
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="Show what would be done and lost; touch nothing.",
        )
        parser.add_argument(
            "--force",
            action="store_true",
            help="Go back although data is lost, and past what cannot be undone: operations without a reverse, missing files, half-done "
            "migrations, a backup that cannot be made. What is skipped is told and recorded; at a terminal the name of the database is asked for.",
        )
        parser.add_argument(
            "--strategy",
            choices=strategies.STRATEGIES,
            default=strategies.REVERSE,
            help=strategies.HELP,
        )
        add_run_arguments(parser.add_argument)

    @no_translations
    def handle_safely(self, *args: Any, **options: Any) -> None:
        """Plan the way back, show it, and take it."""
        options["confirm"] = not options["force"]
        run_options = self._run_options(options)
        database = self.open_database(options["database"])
        if options["restore"] or options["strategy"] != strategies.REVERSE:
            self._by_backup(options, database)
            return
        register_receivers()
        executor = SafeMigrationExecutor(database.connection)
        wanted = counted(executor, _wanted(options), past_ghosts=options["force"])
        if options["force"]:
            something_done = self._force(options, run_options, executor, wanted, database)
        else:
            planned = plan_rollback(executor, wanted)
            something_done = bool(planned.plan or options["dry_run"]) and show_or_carry_out(
                self,
                options,
                run_options,
                executor=executor,
                planned=planned,
                planner=lambda fresh: plan_rollback(fresh, wanted),
                surroundings=self._surroundings(options),
            )
        if not something_done:
            self._say_nothing_to_do(options)

    def _force(
        self,
        options: dict[str, Any],
        run_options: RunOptions,
        executor: SafeMigrationExecutor,
        wanted: Wanted,
        database: Database,
    ) -> bool:
        """Go back past everything; return whether there was anything to do."""
        forced = force(executor, wanted, run_options, database)
        if not forced and not options["dry_run"]:
            return False
        emergency = Emergency(wanted, lambda words: self._confirm(words, database, options))
        return show_or_carry_out(
            self,
            options,
            run_options,
            executor=executor,
            planned=forced.planned,
            planner=lambda fresh: plan_rollback(fresh, wanted),
            surroundings=self._surroundings(options),
            amend=emergency.amend,
            skipped=forced.words,
        )

    def _confirm(self, words: Sequence[str], database: Database, options: dict[str, Any]) -> None:
        """Show what is skipped; at a terminal the name of the database is the answer, elsewhere --noinput is."""
        if not options["interactive"]:
            return
        again = f"migrate_rollback --force --dry-run ...{on_database(database.alias)}   (shows what would be skipped)"
        if not self.is_terminal():
            raise UnsafePlan(
                f"Going back would leave {len(words)} thing{'' if len(words) == 1 else 's'} undone; without a terminal --force "
                f"needs --noinput for that. {' '.join(words)}",
                next_command=again,
            )
        for line in words:
            self.stdout.write(line)
        try:
            answer = input(
                f"Type the name of the database ({database.name}) to go back all the same: "
            )
        except EOFError:
            answer = ""
        if answer.strip() not in {database.name, Path(database.name).name}:
            raise UnsafePlan(
                "The name of the database was not typed: the rollback was not confirmed.",
                next_command=again,
            )

    def _say_nothing_to_do(self, options: dict[str, Any]) -> None:
        if options["format"] != "text" or options["report"]:
            Console(self, options).nothing_to_do(options["database"])
        else:
            self.stdout.write(
                "Nothing to roll back: no applied migration is newer than what was asked for."
            )

    def _surroundings(self, options: dict[str, Any]) -> Surroundings:
        is_machine_readable = options["format"] != "text"
        return Surroundings(
            verbosity=0 if is_machine_readable else options["verbosity"],
            interactive=options["interactive"],
            stdout=self.stderr if is_machine_readable else self.stdout,
            sync_apps=migrate.Command().sync_apps,
        )

    def _run_options(self, options: dict[str, Any]) -> RunOptions:
        settings = conf.load()
        return RunOptions(
            **run_settings(options, settings),
            kind=ROLLBACK,
            force=options["force"],
            rollback_of=_undone(options),
        )

    def _by_backup(self, options: dict[str, Any], database: Database) -> None:
        """Go back with a backup: the one that is named, that of the run, or one from before the run with the log since then."""
        if options["restore"]:
            self._restore(options, database)
            return
        run = strategies.run_of(options, _wanted(options).run)
        if options["strategy"] == strategies.RESTORE:
            name = strategies.backup_of(run, database.alias)
            self._restore({**options, "restore": name}, database)
            return
        output = {"stdout": self.stdout, "stderr": self.stderr}
        asked = {"before": run, "database": database.alias}
        call_command("migrate_backup", "restore", LATEST, **asked, **output)

    def _restore(self, options: dict[str, Any], database: Database) -> None:
        """Restore a backup, as ``migrate_backup restore`` does, after the questions of a rollback."""
        if options["dry_run"]:
            backend, name = get_backend(), options["restore"]
            newest = backend.latest(database) if name == LATEST else None
            receipt = backend.verify(newest.name if newest else name, database.alias)
            by_hand = "\n".join(backend.by_hand(receipt.name, database))
            self.stdout.write(by_hand or restore_question(receipt, database, in_place=False))
            self.stdout.write("Nothing was touched.")
            return
        if not options["force"] and not (options["interactive"] and self.is_terminal()):
            raise UnsafePlan(
                "The restore was not confirmed; without a terminal it needs --force.",
                next_command=f"migrate_rollback --restore {options['restore']} --dry-run",
            )
        call_command(
            "migrate_backup",
            "restore",
            options["restore"],
            database=database.alias,
            interactive=not options["force"],
            stdout=self.stdout,
            stderr=self.stderr,
        )


def _add_goals(add: Callable[..., Any]) -> None:
    add(
        "--steps",
        type=int,
        metavar="N",
        help="Unapply the last N migrations, in the order they were really applied.",
    )
    add(
        "--run",
        metavar="ID",
        help="Return to the migrations applied before this run; the first letters of its id are enough.",
    )
    add(
        "--to",
        nargs="+",
        metavar="GOAL",
        help="Go back to APP MIGRATION or APP.MIGRATION, where 'zero' unapplies all of the app; or to before the run of this id.",
    )
    add("--restore", metavar="BACKUP", help="Restore this backup; see migrate_backup list.")


def _wanted(options: dict[str, Any]) -> Wanted:
    """
    Return what the options ask to go back to.

    Raises:
        CommandError: ``--to`` has neither one word nor two.
    """
    to = options["to"]
    if not to:
        return Wanted(steps=options["steps"], run=options["run"])
    if len(to) > 2:
        raise CommandError(
            f"--to takes APP MIGRATION, APP.MIGRATION or the id of a run, and not {len(to)} words."
        )
    if len(to) == 2:
        return Wanted(to=to)
    app_label, dot, name = to[0].partition(".")
    return Wanted(to=(app_label, name)) if dot else Wanted(run=to[0])


def _undone(options: dict[str, Any]) -> str:
    """The full id of the run that is undone, when one is named."""
    run = _wanted(options).run if not options["restore"] else None
    if run is None:
        return ""
    record = History().find(run, database=options["database"])
    return record.id if record is not None else ""
