"""``migrate`` with assessment, verified backup, timeouts and retries, verification and a report."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser, no_translations
from django.core.management.commands import migrate

from django_safe_migrate import conf
from django_safe_migrate.databases import get_database
from django_safe_migrate.execution.executor import SafeMigrationExecutor
from django_safe_migrate.execution.nothing import (
    apps_without_migrations_for_changes,
    migrate_nothing,
)
from django_safe_migrate.execution.run_lock import hold
from django_safe_migrate.execution.surroundings import Surroundings, register_receivers
from django_safe_migrate.execution.targets import (
    Planned,
    check_graph,
    plan_for,
    resolve,
)
from django_safe_migrate.management.commands._arguments import (
    add_run_arguments,
    run_settings,
)
from django_safe_migrate.management.commands._lines import RunCommand
from django_safe_migrate.management.commands._rehearse_arguments import (
    add_rehearse_argument,
    rehearse_settings,
)
from django_safe_migrate.models import MigrationRun
from django_safe_migrate.run import RunOptions

#: The migration that makes the tables of the history.
HISTORY_TABLES = ("django_safe_migrate", "0001_initial")


class Command(RunCommand, migrate.Command):
    """Every argument of ``migrate``, and ours on top."""

    help = (
        "Applies migrations as migrate does, with an assessment and a verified backup before, lock timeouts and retries "
        "during, and verification and a report after."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add Django's own arguments, then ours."""
        super().add_arguments(parser)
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="Show the plan, its SQL, the findings, the backup and the way back of each migration; touch nothing.",
        )
        parser.add_argument(
            "--confirm",
            action="store_true",
            help="Show what --dry-run shows, and ask before anything is done.",
        )
        add_rehearse_argument(parser.add_argument)
        add_run_arguments(parser.add_argument)

    @no_translations
    def handle_safely(self, *args: Any, **options: Any) -> None:
        """Find out what is pending, and carry it out."""
        self.verbosity, self.interactive = options["verbosity"], options["interactive"]
        if options["plan"] or options["check_unapplied"]:
            migrate.Command.handle(self, *args, **options)
            return
        run_options = self._run_options(options)
        database = self.open_database(options["database"])
        if options["prune"]:
            with hold(database, run_options.run_lock_wait, self.say_waiting):
                migrate.Command.handle(self, *args, **options)
            return
        register_receivers()
        database.connection.prepare_database()
        executor = SafeMigrationExecutor(database.connection)
        planned = self._plan(executor, options)
        surroundings = self._surroundings(executor, options)
        if planned.plan or options["dry_run"]:
            self._carry_out(executor, planned, surroundings, run_options, options)
        else:
            self._nothing_to_do(executor, planned, surroundings, options)

    def _carry_out(
        self,
        executor: SafeMigrationExecutor,
        planned: Planned,
        surroundings: Surroundings,
        run_options: RunOptions,
        options: dict[str, Any],
    ) -> None:
        # Imported here: a deployment with nothing to migrate must cost no more than with migrate.
        from django_safe_migrate.management.commands._running import show_or_carry_out

        something_done = show_or_carry_out(
            self,
            options,
            run_options,
            executor=executor,
            planned=planned,
            planner=lambda fresh: self._plan(fresh, options),
            surroundings=surroundings,
        )
        if not something_done:
            self._say_nothing_to_do(options)

    def _nothing_to_do(
        self,
        executor: SafeMigrationExecutor,
        planned: Planned,
        surroundings: Surroundings,
        options: dict[str, Any],
    ) -> None:
        migrate_nothing(executor, planned.targets, surroundings)
        self._close_dead_runs(executor, options["database"])
        self._say_nothing_to_do(options)
        if self.verbosity >= 1 and options["format"] == "text":
            self._say_models_changed(
                apps_without_migrations_for_changes(executor, self.autodetector)
            )

    def _close_dead_runs(self, executor: SafeMigrationExecutor, alias: str) -> None:
        """Close runs that were killed after their last migration: no other run would come by and do it. Asks one question."""
        if HISTORY_TABLES not in executor.loader.applied_migrations:
            return
        running = MigrationRun.objects.using(alias).filter(
            status=MigrationRun.Status.RUNNING, database=alias
        )
        if not running.exists():
            return
        from django_safe_migrate.history import History

        lock = get_database(executor.connection).run_lock()
        if lock.try_acquire():
            try:
                History().import_journals(held=(alias,))
            finally:
                lock.release()

    def _say_nothing_to_do(self, options: dict[str, Any]) -> None:
        if options["format"] != "text" or options["report"]:
            from django_safe_migrate.management.commands._console import Console

            Console(self, options).nothing_to_do(options["database"])
        elif self.verbosity >= 1:
            self.stdout.write("  No migrations to apply.")

    def _say_models_changed(self, labels: list[str]) -> None:
        if labels:
            names = ", ".join(repr(label) for label in labels)
            self.stdout.write(
                self.style.NOTICE(
                    f"  Your models in app(s): {names} have changes that are not yet reflected in a migration, "
                    "and so won't be applied.\n"
                    "  Run 'manage.py makemigrations' to make new migrations, and then re-run 'manage.py safemigrate' "
                    "to apply them."
                )
            )

    def _plan(self, executor: SafeMigrationExecutor, options: dict[str, Any]) -> Planned:
        check_graph(executor.loader, executor.connection)
        targets = resolve(
            executor.loader,
            options["app_label"],
            options["migration_name"],
            run_syncdb=options["run_syncdb"],
        )
        return plan_for(executor, targets)

    def _surroundings(
        self, executor: SafeMigrationExecutor, options: dict[str, Any]
    ) -> Surroundings:
        unmigrated: tuple[str, ...] = ()
        if options["run_syncdb"]:
            chosen = (
                [options["app_label"]]
                if options["app_label"]
                else sorted(executor.loader.unmigrated_apps)
            )
            unmigrated = tuple(chosen)
        return Surroundings(
            verbosity=self.verbosity if options["format"] == "text" else 0,
            interactive=self.interactive,
            stdout=self.stdout if options["format"] == "text" else self.stderr,
            sync_apps=self.sync_apps,
            unmigrated_apps=unmigrated,
        )

    def _run_options(self, options: dict[str, Any]) -> RunOptions:
        if options["confirm"] and not options["interactive"]:
            raise CommandError(
                "--confirm asks a question and --noinput forbids it: use one of them."
            )
        settings = conf.load()
        return RunOptions(
            **run_settings(options, settings),
            **rehearse_settings(options, settings),
            fake=options["fake"],
            fake_initial=options["fake_initial"],
        )
