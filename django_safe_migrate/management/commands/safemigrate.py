"""``migrate`` with assessment, verified backup, timeouts and retries, verification and a report."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser, no_translations
from django.core.management.commands import migrate

from django_safe_migrate import conf
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
    check_rules,
    run_settings,
)
from django_safe_migrate.management.commands._base import SafeMigrateCommand
from django_safe_migrate.management.commands._console import Console
from django_safe_migrate.pipeline import Request
from django_safe_migrate.preview import preview
from django_safe_migrate.recovery import carry_out_with_recovery
from django_safe_migrate.run import RunOptions


class Command(SafeMigrateCommand, migrate.Command):
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
            with hold(database, run_options.run_lock_wait, self._console(options).waiting):
                migrate.Command.handle(self, *args, **options)
            return
        register_receivers()
        database.connection.prepare_database()
        executor = SafeMigrationExecutor(database.connection)
        planned = self._plan(executor, options)
        surroundings = self._surroundings(executor, options)
        console = self._console(options)
        if options["dry_run"]:
            console.show(preview(executor, planned, run_options, surroundings))
        elif not planned.plan:
            self._nothing_to_do(executor, planned, surroundings, console)
        else:
            self._carry_out(executor, options, run_options, surroundings, console)

    def _carry_out(
        self,
        executor: SafeMigrationExecutor,
        options: dict[str, Any],
        run_options: RunOptions,
        surroundings: Surroundings,
        console: Console,
    ) -> None:
        request = Request(
            options=run_options,
            planner=lambda fresh: self._plan(fresh, options),
            surroundings=surroundings,
            listener=console.listen,
            waiting=console.waiting,
            ask=console.ask,
            executor=executor,
        )
        with console.reporting():
            run = carry_out_with_recovery(request)
        if run is None:
            console.write("Another run has applied every migration meanwhile: nothing to do.")

    def _nothing_to_do(
        self,
        executor: SafeMigrationExecutor,
        planned: Planned,
        surroundings: Surroundings,
        console: Console,
    ) -> None:
        migrate_nothing(executor, planned.targets, surroundings)
        console.nothing_to_do(executor.connection.alias)
        if self.verbosity >= 1 and not console.is_machine_readable:
            changed = apps_without_migrations_for_changes(executor, self.autodetector)
            if changed:
                console.models_changed(changed)

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
        check_rules(options["allow"], settings)
        return RunOptions(
            **run_settings(options, settings),
            fake=options["fake"],
            fake_initial=options["fake_initial"],
        )

    def _console(self, options: dict[str, Any]) -> Console:
        return Console(self, options)
