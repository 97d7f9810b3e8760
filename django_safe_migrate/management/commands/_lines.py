"""Standard output as lines of JSON: the events of a run while they happen, and a last line that tells how the command ends."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TextIO, cast

from django.core.management.base import OutputWrapper

from django_safe_migrate.management.commands._base import SafeMigrateCommand

if TYPE_CHECKING:
    from django_safe_migrate.events import Event

logger = logging.getLogger("django_safe_migrate")

JSON = "json"
#: Options with which a command carries nothing out, and prints what it prints without lines.
_NO_RUN = ("dry_run", "plan", "check_unapplied", "prune")
_STANDARD_OUTPUT, _STANDARD_ERROR = 1, 2
#: What a shell reports of a program that Ctrl-C ended.
_INTERRUPTED = 130


class RunCommand(SafeMigrateCommand):
    """A command that carries out a plan. With ``--format json`` its standard output has lines of JSON, and nothing else."""

    #: Where the lines are written; None in any other format.
    lines: Lines | None = None

    def handle(self, *args: Any, **options: Any) -> str | None:
        """Handle the command as any other, its standard output kept for lines where that was asked for."""
        if options["format"] != JSON or any(options.get(name) for name in _NO_RUN):
            return super().handle(*args, **options)
        stdout = self.stdout
        with _alone(stdout) as stream:
            self.lines = Lines(stream)
            # Whatever Django and the project print is for people.
            self.stdout = OutputWrapper(cast(TextIO, self.stderr._out))
            try:
                with self.lines.ending():
                    return super().handle(*args, **options)
            finally:
                self.stdout, self.lines = stdout, None


class Lines:
    """Writes lines; every one is flushed, so that whoever reads them knows it at once."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        #: The report of the run, for the last line.
        self.document: Mapping[str, Any] | None = None

    @property
    def is_terminal(self) -> bool:
        """Whether the lines are read by somebody."""
        return self._stream.isatty()

    def event(self, event: Event) -> None:
        """Write an event of the run."""
        from django_safe_migrate.reports import as_json

        self._write(as_json.event_line(event))

    def waiting(self, holder: str) -> None:
        """Write that another run is waited for."""
        from django_safe_migrate import events
        from django_safe_migrate.reports import as_json

        told = {"holder": holder}
        self._write(as_json.line(as_json.LOCK_HELD, "", events.timestamp(), told))

    @contextlib.contextmanager
    def ending(self) -> Iterator[None]:
        """Write the last line when the block ends, however it ends."""
        try:
            yield
        except BaseException as error:
            self._end(_exit_code(error), error)
            raise
        else:
            self._end(0, None)

    def _end(self, exit_code: int, error: BaseException | None) -> None:
        from django_safe_migrate import events
        from django_safe_migrate.reports import as_json

        failure = (self.document or {}).get("failure")
        if failure is None and error is not None:
            failure = _failure(error)
        try:
            self._write(as_json.report_line(self.document, events.timestamp(), exit_code, failure))
        except (OSError, ValueError):
            # Nobody reads any more: what became of the run is in the journal and the history.
            logger.warning("The last line could not be written.", exc_info=True)

    def _write(self, line: str) -> None:
        self._stream.write(line)
        self._stream.flush()


def _exit_code(error: BaseException) -> int:
    """The exit status that the command will have."""
    if isinstance(error, KeyboardInterrupt):
        return _INTERRUPTED
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    return int(getattr(error, "returncode", 1))


def _failure(error: BaseException) -> dict[str, str]:
    """Why there was no run, with the keys that the failure of a report has."""
    from django_safe_migrate.exceptions import SafeMigrateError
    from django_safe_migrate.execution.errors import describe

    cause = error.__cause__
    if isinstance(cause, SafeMigrateError):
        return cause.to_json()
    told = str(error) if type(error).__module__.startswith("django.core") else describe(error)
    return {
        "type": type(cause or error).__name__,
        "message": told,
        "changed": "",
        "next_command": "",
    }


@contextlib.contextmanager
def _alone(stdout: OutputWrapper) -> Iterator[TextIO]:
    """
    Give what a command prints to one writer: whatever else is printed meanwhile goes to standard error.

    Also what a migration prints, a handler of the log that the project bound to standard output, and programs that are started.
    """
    stream = cast(TextIO, stdout._out)
    if not _is_standard_output(stream):
        with contextlib.redirect_stdout(sys.stderr):
            yield stream
        return
    stream.flush()
    kept = os.dup(_STANDARD_OUTPUT)
    os.dup2(_STANDARD_ERROR, _STANDARD_OUTPUT)
    own = open(kept, "w", encoding="ascii", closefd=False)  # noqa: PTH123, SIM115 - a descriptor has no path
    try:
        yield own
    finally:
        # What nobody reads any more was told when it was written.
        with contextlib.suppress(OSError):
            own.close()
        stream.flush()
        os.dup2(kept, _STANDARD_OUTPUT)
        os.close(kept)


def _is_standard_output(stream: Any) -> bool:
    try:
        return bool(stream.fileno() == _STANDARD_OUTPUT)
    except (AttributeError, OSError, ValueError):
        return False
