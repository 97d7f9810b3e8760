"""Write migrations as ``makemigrations`` does, see at once what is dangerous about them, and have them written more safely."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError, CommandParser, OutputWrapper, no_translations
from django.core.management.commands import makemigrations
from django.db.migrations.exceptions import CircularDependencyError
from django.db.migrations.writer import MigrationWriter

from django_safe_migrate import conf
from django_safe_migrate.exceptions import UnsafePlan
from django_safe_migrate.management.commands._base import SafeMigrateCommand
from django_safe_migrate.management.commands._create_arguments import add_create_arguments
from django_safe_migrate.management.commands._create_safer import Review

if TYPE_CHECKING:
    from django.db.migrations import Migration

    from django_safe_migrate.reports.findings import FindingsReport


class Command(SafeMigrateCommand, makemigrations.Command):
    """Django's command, and then a look at what it has written."""

    help = (
        "Creates new migrations as makemigrations does, shows what migrate_check finds in them, and writes them in steps that block "
        "nobody for long, where there is such a variant."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add Django's options and ours."""
        makemigrations.Command.add_arguments(self, parser)
        add_create_arguments(parser)

    @no_translations
    def handle_safely(self, *args: Any, **options: Any) -> None:
        """Write, show, offer; end as makemigrations does, or with exit code 3 when ``--fail-on`` is met."""
        # Before anything is written: what is wrong with the settings is better known now.
        settings = conf.load()
        self.made: set[tuple[str, str]] = set()
        makemigrations.Command.handle(self, *args, **options)
        if not self.made:
            return
        try:
            report, migrations = Review(self, options, settings).of(frozenset(self.made))
        except CircularDependencyError as error:
            raise CommandError(
                f"The migrations were written. CircularDependencyError: {error}"
            ) from error
        if self.scriptable:
            self._print_paths(migrations)
        if options["fail_on"] and report.blocking:
            raise _failed(report)

    def write_migration_files(
        self,
        changes: Mapping[str, Iterable[Migration]],
        update_previous_migration_paths: dict[str, str] | None = None,
    ) -> None:
        """Write as Django does, and note what was written; paths for a script come when it is settled which they are."""
        stdout = self.stdout
        if self.scriptable and not self.dry_run:
            self.stdout = OutputWrapper(io.StringIO())
        try:
            super().write_migration_files(changes, update_previous_migration_paths)  # type: ignore[arg-type]
        finally:
            self.stdout = stdout
        if not self.dry_run:
            self.made.update((app, one.name) for app, some in changes.items() for one in some)

    def _print_paths(self, migrations: tuple[Migration, ...]) -> None:
        if self.verbosity >= 1:
            for migration in migrations:
                self.stdout.write(self.get_relative_path(MigrationWriter(migration).path))

    def is_terminal(self) -> bool:
        """Whether somebody can answer a question, and has seen what it is about."""
        return super().is_terminal() and self.verbosity >= 1


def _failed(report: FindingsReport) -> CommandError:
    names = ", ".join(sorted({finding.rule for finding in report.blocking}))
    return CommandError(
        f"The migrations were written, and --fail-on {report.fail_on.label} is met: {names}.",
        returncode=UnsafePlan.exit_code,
    )
