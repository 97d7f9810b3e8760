"""Client programs of databases: finding them, and running them without a shell, without secrets in sight, never left behind."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

from django_safe_migrate.backups.streams import PIECE
from django_safe_migrate.exceptions import BackupFailed

STDERR_LIMIT = 4000
#: Seconds that a program which was told to stop may take.
STOP_GRACE = 5.0
#: Dumps come in pieces of a few kilobytes, and waking up for each costs more than the work on it: the pipe is made wide, and after a
#: small piece it is given these seconds to fill. A program that is faster than that is read without a pause.
PAUSE = 0.005
VERSION = re.compile(r"(\d+(?:\.\d+)+|\d+(?=\s|$|devel|beta|rc))")


def find_program(names: Sequence[str], bin_dir: str | None = None) -> str | None:
    """Return the path of the first of these programs that exists, in ``bin_dir`` if given, else on PATH."""
    # A folder that was asked for and lacks the program must not be answered with another version from PATH.
    found = (shutil.which(name, path=bin_dir or None) for name in names)
    return next((path for path in found if path), None)


def program_version(path: str) -> str:
    """Return what ``--version`` says, on one line; empty when the program cannot be run."""
    try:
        result = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout.strip().splitlines()[0] if result.stdout.strip() else ""


def version_numbers(text: str) -> tuple[int, ...]:
    """Return the first version number in a text."""
    match = VERSION.search(text)
    return tuple(int(part) for part in match[1].split(".")) if match else ()


class Program:
    """A client program that is running."""

    def __init__(
        self, process: subprocess.Popen[bytes], errors: IO[bytes], secrets: Sequence[str]
    ) -> None:
        self.process = process
        self.name = os.path.basename(str(process.args[0]))  # type: ignore[index]  # noqa: PTH119
        self._errors = errors
        self._secrets = [secret for secret in secrets if secret]

    def output(self, *, stall: float) -> Iterator[bytes]:
        """Yield what the program writes; raise when nothing comes for ``stall`` seconds."""
        assert self.process.stdout is not None  # noqa: S101 - started with a pipe
        descriptor = self.process.stdout.fileno()
        is_wide = _widen(descriptor)
        while True:
            ready, _, _ = select.select([descriptor], [], [], stall)
            if not ready:
                raise BackupFailed(
                    f"{self.name} gave nothing for {stall:.0f} s; it waits for a lock, or the server does not answer."
                )
            piece = os.read(descriptor, PIECE)
            if not piece:
                return
            yield piece
            if is_wide and len(piece) < PIECE // 4:
                time.sleep(PAUSE)

    def feed(self, piece: bytes) -> None:
        """Write to the program's input; when it is gone, raise what it said."""
        assert self.process.stdin is not None  # noqa: S101 - started with a pipe
        try:
            self.process.stdin.write(piece)
        except BrokenPipeError:
            self.finish()
            raise BackupFailed(
                f"{self.name} stopped reading before the end of its input."
            ) from None

    def finish(self) -> None:
        """Close the program's input, wait for its end and raise what it said when it failed."""
        if self.process.stdin is not None and not self.process.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
        status = self.process.wait()
        if status != 0:
            raise BackupFailed(
                f"{self.name} ended with status {status}: {self.errors() or 'no message'}"
            )

    def kill(self) -> None:
        """End the program and what it started."""
        _end(self.process)

    def errors(self) -> str:
        """Return the end of what the program wrote to its standard error, without secrets."""
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - STDERR_LIMIT))
        text = self._errors.read().decode(errors="replace").strip()
        return without_secrets(text, self._secrets)


@contextlib.contextmanager
def running(
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    secrets: Sequence[str] = (),
    stdin: Any = subprocess.DEVNULL,
    stdout: Any = subprocess.DEVNULL,
    pass_fds: Sequence[int] = (),
) -> Iterator[Program]:
    """
    Run a program in a process group of its own, which is ended when the block is left, however that happens.

    ``env`` is the whole environment. The arguments must hold no secret: everyone on the machine can read them.
    """
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                arguments,
                stdin=stdin,
                stdout=stdout,
                stderr=errors,
                env=dict(env),
                pass_fds=pass_fds,
                start_new_session=True,
            )
        except OSError as error:
            raise BackupFailed(f"{arguments[0]} cannot be run: {error.strerror}.") from error
        try:
            yield Program(process, errors, secrets)
        finally:
            _end(process)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None and not pipe.closed:
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()


def _widen(descriptor: int) -> bool:
    """Make a pipe hold a whole piece; return whether the system allowed it, as Linux does."""
    set_size = getattr(fcntl, "F_SETPIPE_SZ", None)
    if set_size is None:
        return False
    try:
        return fcntl.fcntl(descriptor, set_size, PIECE) >= PIECE
    except OSError:
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_GRACE)
            return


def without_secrets(text: str, secrets: Sequence[str]) -> str:
    """Return a text with every secret replaced by stars."""
    for secret in secrets:
        text = text.replace(secret, "********")
    return text
