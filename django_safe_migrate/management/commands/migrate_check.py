"""Check migrations without carrying anything out: in CI, before a commit, and before a deployment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError, CommandParser, no_translations
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader

from django_safe_migrate import conf
from django_safe_migrate.checking.check import CheckRequest, check, write_baseline
from django_safe_migrate.checking.explaining import explain
from django_safe_migrate.checking.rule_texts import rule_texts
from django_safe_migrate.exceptions import SafeMigrateError, UnsafePlan
from django_safe_migrate.execution.targets import check_app_label
from django_safe_migrate.findings import Severity
from django_safe_migrate.management.commands._base import SafeMigrateCommand
from django_safe_migrate.management.commands._check_arguments import (
    add_check_arguments,
    baseline_path,
    baseline_to_read,
    check_output,
    scope_of,
)
from django_safe_migrate.management.commands._rules import check_rules
from django_safe_migrate.reports import facts, rules
from django_safe_migrate.reports.findings import FindingsReport, render, text
from django_safe_migrate.reports.terminal import terminal

if TYPE_CHECKING:
    from django_safe_migrate.conf import Settings
    from django_safe_migrate.databases import Database

TEXT = "text"
#: The formats that say what a migration will do; the others have room for findings only.
FORECAST_FORMATS = frozenset({TEXT, "json", "markdown"})
#: From this verbosity on the forecasts of a whole history are shown.
VERBOSE = 2


class Command(SafeMigrateCommand):
    """Shows what the rules find in migrations, and fails when a finding blocks."""

    help = (
        "Checks migrations without carrying them out: hazards of the pending ones, of all, or of those changed since a commit; "
        "model changes without a migration; conflicts; and what a database has recorded."
    )
    #: A project can put its own in place, as for makemigrations.
    autodetector = MigrationAutodetector

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what to look at, how to print it, and what to let pass."""
        add_check_arguments(parser)

    def get_check_kwargs(self, options: dict[str, Any]) -> dict[Any, Any]:
        """Have Django check the configuration without asking a database: it may not answer, or must not be asked."""
        kwargs: dict[Any, Any] = dict(super().get_check_kwargs(options))
        return {**kwargs, "databases": []}

    @no_translations
    def handle_safely(self, *args: Any, **options: Any) -> None:
        """Check, print, and end with exit code 3 when a finding blocks."""
        output = check_output(options)
        settings = conf.load()
        if options["list_rules"]:
            listed = rules.render(rule_texts(settings).values(), options["format"])
            self._write(listed, output, "The list of rules")
        elif options["explain"] is not None:
            self._explain(options, settings, output)
        else:
            self._check(options, settings, output)

    def _explain(self, options: dict[str, Any], settings: Settings, output: Path | None) -> None:
        if not options["explain"].strip():
            raise CommandError("--explain takes SQL, such as 'ALTER TABLE shop_order DROP note'.")
        database = self._database(options)
        explained = explain(options["explain"], options["database"], database, settings)
        self._write(facts.render(explained, options["format"]), output, "The explanation")

    def _check(self, options: dict[str, Any], settings: Settings, output: Path | None) -> None:
        scope = scope_of(options)
        check_rules(options["allow"], settings)
        self._check_labels(scope.labels)
        request = CheckRequest(
            alias=options["database"],
            database=None,
            scope=scope,
            settings=settings,
            autodetector=self.autodetector,
            allow=frozenset(options["allow"]),
            fail_on=Severity.from_label(options["fail_on"]),
            baseline=None if options["write_baseline"] else baseline_to_read(options, settings),
            forecast=options["format"] in FORECAST_FORMATS and not options["write_baseline"],
            verbose=options["verbosity"] >= VERBOSE,
        )
        request = request.on(self._database(options))
        if options["write_baseline"]:
            self._write_baseline(request, baseline_path(options, settings))
            return
        report = check(request)
        self._show(report, options, output)
        if report.blocking:
            raise _blocked(report)

    def _check_labels(self, labels: tuple[str, ...]) -> None:
        if labels:
            loader = MigrationLoader(None, load=False)
            loader.load_disk()
            for label in labels:
                check_app_label(loader, label)

    def _database(self, options: dict[str, Any]) -> Database | None:
        if options["offline"]:
            return None
        try:
            return self.open_database(options["database"])
        except SafeMigrateError as error:
            raise SafeMigrateError(
                error.message,
                changed="Nothing was checked.",
                next_command="migrate_check --offline   (asks no database)",
            ) from error

    def _write_baseline(self, request: CheckRequest, path: Path) -> None:
        count, removed = write_baseline(request, path)
        gone = f", {removed} removed" if removed else ""
        self.stdout.write(
            f"{path}: {count} finding{'' if count == 1 else 's'} in the baseline{gone}."
        )

    def _show(self, report: FindingsReport, options: dict[str, Any], output: Path | None) -> None:
        if output is not None:
            output.write_text(render(report, options["format"]), encoding="utf-8")
            self.stdout.write(text.summary(report))
            self.stdout.write(f"Written to {output}.")
            return
        found = terminal(
            self.stdout, force_color=options["force_color"], no_color=options["no_color"]
        )
        if options["format"] == TEXT and (found.moves or found.is_colored):
            text.print_to(found.console(), report)
        else:
            self.stdout.write(render(report, options["format"]), ending="")

    def _write(self, content: str, output: Path | None, what: str) -> None:
        if output is None:
            self.stdout.write(content, ending="")
        else:
            output.write_text(content, encoding="utf-8")
            self.stdout.write(f"{what} was written to {output}.")


def _blocked(report: FindingsReport) -> CommandError:
    names = ", ".join(sorted({finding.rule for finding in report.blocking}))
    count = len(report.blocking)
    number = f"{count} finding blocks" if count == 1 else f"{count} findings block"
    return CommandError(f"{number}: {names}.", returncode=UnsafePlan.exit_code)
