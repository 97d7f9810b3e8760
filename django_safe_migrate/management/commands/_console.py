"""What a command that carries out a plan prints: progress, questions, findings and the report, in the format asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError

from django_safe_migrate.preview import Preview, preview_of
from django_safe_migrate.record import RunRecord
from django_safe_migrate.reports import render
from django_safe_migrate.reports.building import build
from django_safe_migrate.reports.document import Report
from django_safe_migrate.reports.live import Listener, live

if TYPE_CHECKING:
    from django_safe_migrate.events import Event
    from django_safe_migrate.findings import Finding
    from django_safe_migrate.management.commands._lines import RunCommand
    from django_safe_migrate.run import Run

TEXT = "text"


class Console:
    """The command's side of a run."""

    def __init__(self, command: RunCommand, options: dict[str, Any]) -> None:
        self._command = command
        self._options = options
        self._record: RunRecord | None = None
        self._progress = command.stdout if options["format"] == TEXT else command.stderr
        self._lines = command.lines
        self._live = self._listener()
        self._report_file = _checked_file(options.get("report"))

    def _listener(self) -> Listener:
        """Return who prints for people; beside lines of JSON only where they can see a bar and not the lines."""
        if self._lines and (self._lines.is_terminal or not self._progress.isatty()):
            return Listener()
        return live(
            self._progress,
            verbosity=self._options["verbosity"],
            force_color=self._options["force_color"],
            no_color=self._options["no_color"],
        )

    @property
    def is_machine_readable(self) -> bool:
        """Whether standard output is for a program."""
        return bool(self._options["format"] != TEXT)

    @property
    def has_record(self) -> bool:
        """Whether a run was seen, and is reported."""
        return self._record is not None

    def write(self, text: str) -> None:
        """Say something in passing, where progress goes."""
        if self._options["verbosity"] >= 1:
            self._progress.write(text)

    def listen(self, event: Event, record: RunRecord) -> None:
        """Show an event of the run."""
        if not self._is_recovery_of_ours(record):
            self._record = record
        if self._lines:
            self._lines.event(event)
        self._live(event, record)

    def _is_recovery_of_ours(self, record: RunRecord) -> bool:
        return self._record is not None and record.rollback_of == self._record.id

    def waiting(self, holder: str) -> None:
        """Say who we wait for."""
        if self._lines:
            self._lines.waiting(holder)
            return
        self.write(f"Waiting for another run on this database: {holder or 'holder not known'}.")

    def ask(self, run: Run, findings: tuple[Finding, ...]) -> bool:
        """Ask whether the run goes on, when that is called for; without a terminal blocking findings stop it."""
        blocking = [finding for finding in findings if finding.is_blocking]
        must_ask = bool(self._options.get("confirm")) or bool(blocking)
        if not must_ask:
            return True
        if not self._options["interactive"] or not self._command.is_terminal():
            return False
        self._live.close()
        if self._options.get("confirm"):
            self.show(preview_of(run, findings))
        return self._answered_yes(blocking)

    def agree(self, what: str) -> bool:
        """Ask whether what was left half done is carried on first, where the run asks at all."""
        if not self._options.get("confirm"):
            return True
        if not self._options["interactive"] or not self._command.is_terminal():
            return False
        self._live.close()
        self._progress.write(what)
        return self._is_yes("Carry this on? Type 'yes' to go on: ")

    def _answered_yes(self, blocking: list[Finding]) -> bool:
        what = f"{len(blocking)} blocking finding(s) above. " if blocking else ""
        return self._is_yes(f"{what}Carry this plan out? Type 'yes' to go on: ")

    def _is_yes(self, question: str) -> bool:
        try:
            answer = input(question)
        except EOFError:
            return False
        return answer.strip().lower() == "yes"

    def show(self, preview: Preview) -> None:
        """Print what would be done; beside lines of JSON it is for people."""
        kind = TEXT if self._lines else self._options["format"]
        self._command.stdout.write(preview.render(kind), ending="")

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Print and write the report when the block ends, however it ends."""
        try:
            yield
        finally:
            self._live.close()
            if self._record is not None:
                self._print_report(build(self._record))

    def nothing_to_do(self, alias: str) -> None:
        """Say that every migration is applied, in the report's file too."""
        if self._lines:
            self._lines.document = render.nothing_to_do_json(alias)
        elif self.is_machine_readable or self._options["verbosity"] >= 1:
            text = render.nothing_to_do(alias, self._options["format"])
            self._command.stdout.write(text, ending="")
        if self._report_file is not None:
            self._report_file.write_text(
                render.nothing_to_do(alias, self._report_kind()), encoding="utf-8"
            )

    def _print_report(self, report: Report) -> None:
        if self._lines:
            self._lines.document = report.to_json()
        elif self.is_machine_readable or (self._options["verbosity"] >= 1 and _tells_more(report)):
            text = render.to_text(
                report, self._options["format"], stdout=self._command.stdout, options=self._options
            )
            self._command.stdout.write(text, ending="")
        if self._report_file is not None:
            self._report_file.write_text(
                render.to_text(report, self._report_kind()), encoding="utf-8"
            )

    def _report_kind(self) -> str:
        return "json" if self._report_file and self._report_file.suffix == ".json" else "markdown"


def _tells_more(report: Report) -> bool:
    """Whether the report has more than was printed already: a run that preflight stopped has only its findings."""
    return any(stage.name == "execute" for stage in report.stages)


def _checked_file(name: str | None) -> Path | None:
    """Return the path of ``--report``; raise ``CommandError`` now, not after the run, when it cannot be written."""
    if not name:
        return None
    path = Path(name)
    try:
        with path.open("a", encoding="utf-8"):
            pass
    except OSError as error:
        raise CommandError(
            f"--report {name}: cannot be written ({error.strerror}). Nothing was done."
        ) from error
    return path
