"""What ``migrate_create`` does once the files are written: show what the rules find, and put the safer variant in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.utils import run_formatters
from django.db import connections
from django.db.migrations.writer import MigrationWriter

from django_safe_migrate.databases import get_database
from django_safe_migrate.findings import Severity
from django_safe_migrate.reports.findings import FindingsReport, render, text
from django_safe_migrate.reports.terminal import terminal
from django_safe_migrate.safer import JustWritten, Rewriting, just_written, rewritings_of
from django_safe_migrate.safer.arranging import arrange
from django_safe_migrate.safer.files import follow, put_in_place

if TYPE_CHECKING:
    from django.db.migrations import Migration

    from django_safe_migrate.conf import Settings
    from django_safe_migrate.databases import Database
    from django_safe_migrate.management.commands.migrate_create import Command

Key = tuple[str, str]


class Review:
    """The look at the migrations that one call of the command has written."""

    def __init__(self, command: Command, options: dict[str, Any], settings: Settings) -> None:
        self._command = command
        self._options = options
        self._settings = settings
        self._fail_on = Severity.from_label(options["fail_on"] or "error")

    def of(self, keys: frozenset[Key]) -> tuple[FindingsReport, tuple[Migration, ...]]:
        """Show the findings, offer the safer variant, and return the findings and migrations that remain in the end."""
        database = self._database()
        written = just_written(keys, database)
        follow(written.migrations)
        report = self._shown(written)
        rewritings = rewritings_of(written, connections[self._options["database"]])
        if any(one.parts for one in rewritings) and self._is_wanted(rewritings):
            written = just_written(self._rewrite(rewritings), database)
            follow(written.migrations)
            report = self._shown(written)
        self._say_what_stays(report, rewritings)
        return report, written.migrations

    def _database(self) -> Database | None:
        alias = self._options["database"]
        if self._options["offline"]:
            return None
        database = get_database(connections[alias])
        if reason := database.is_reachable():
            self._say(
                f"Database {alias!r} ({database.name}) cannot be reached, so it is not asked what its tables hold: {reason}"
            )
            return None
        return database

    def _shown(self, written: JustWritten) -> FindingsReport:
        report = written.report(self._options["database"], self._settings, self._fail_on)
        if self._command.verbosity >= 1:
            output = self._command.log_output
            found = terminal(
                output,
                force_color=self._options["force_color"],
                no_color=self._options["no_color"],
            )
            if found.moves or found.is_colored:
                text.print_to(found.console(), report)
            else:
                output.write(render(report, "text"), ending="")
        return report

    def _is_wanted(self, rewritings: tuple[Rewriting, ...]) -> bool:
        if self._options["safe"] is False:
            return False
        self._say("\nThere is a safer variant:")
        for one in rewritings:
            for reason in one.reasons:
                self._say(f"  * {reason}.")
        if self._options["safe"]:
            return True
        if not self._command.interactive or not self._command.is_terminal():
            self._say("To have it, delete what was written, and use migrate_create --safe.")
            return False
        return self._answered_yes()

    def _answered_yes(self) -> bool:
        self._command.log_output.write("Write it instead? Type 'yes' to do so: ", ending="")
        self._command.log_output.flush()
        try:
            return input().strip().lower() == "yes"
        except EOFError:
            return False

    def _rewrite(self, rewritings: tuple[Rewriting, ...]) -> frozenset[Key]:
        command = self._command
        arranged = arrange(rewritings, command.migration_name)
        paths = put_in_place(arranged, include_header=command.include_header)
        run_formatters([str(path) for path in paths], stderr=command.stderr)
        self._say("\nWritten instead:")
        for migration in arranged.migrations:
            path = command.get_relative_path(MigrationWriter(migration).path)
            self._say(f"  {path}")
            for operation in migration.operations:
                self._say(f"    {operation.formatted_description()}")
        self._say("")
        everything = (*arranged.migrations, *arranged.kept)
        return frozenset((one.app_label, one.name) for one in everything)

    def _say_what_stays(self, report: FindingsReport, rewritings: tuple[Rewriting, ...]) -> None:
        if self._options["safe"] is False:
            return
        for one in rewritings:
            for remark in one.remarks:
                self._say(f"No safer variant of {remark}.")
        if self._options["safe"]:
            rules = {f.rule for f in report.findings if f.severity > Severity.INFO}
            if rules:
                self._say(
                    f"No safer variant is known for what is left: {', '.join(sorted(rules))}."
                )

    def _say(self, line: str) -> None:
        if self._command.verbosity >= 1:
            self._command.log(line)
