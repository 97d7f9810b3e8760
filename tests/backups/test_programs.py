"""Running client programs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from django_safe_migrate.backups.programs import (
    Program,
    find_program,
    program_version,
    running,
    version_numbers,
)
from django_safe_migrate.exceptions import BackupFailed
from tests.backups.conftest import running_programs

ENV = dict(os.environ)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("pg_dump (PostgreSQL) 16.14", (16, 14)),
        ("pg_dump (PostgreSQL) 18beta1", (18,)),
        ("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", (15, 18)),
        ("mysqldump  Ver 8.4.3 for Linux on x86_64", (8, 4, 3)),
        ("", ()),
        ("no version here", ()),
    ],
)
def test_versions(text: str, numbers: tuple[int, ...]) -> None:
    assert version_numbers(text) == numbers


def test_a_folder_that_was_named_is_the_only_one_looked_into(tmp_path: Path) -> None:
    assert find_program(["sh"], None) is not None
    assert find_program(["sh"], str(tmp_path)) is None
    assert find_program(["nothing-like-this", "sh"], None) == find_program(["sh"], None)


def test_a_program_that_cannot_be_run_has_no_version(tmp_path: Path) -> None:
    assert program_version(str(tmp_path / "missing")) == ""


def test_a_program_that_does_not_exist() -> None:
    with (
        pytest.raises(
            BackupFailed, match="/no/such/program cannot be run: No such file or directory"
        ),
        running(["/no/such/program"], env=ENV),
    ):
        pytest.fail("it ran")


def test_what_it_says_is_told_without_secrets() -> None:
    script = ["sh", "-c", "echo 'no entry with hunter2' >&2; exit 5"]
    with (
        running(script, env=ENV, secrets=["hunter2", ""]) as program,
        pytest.raises(BackupFailed) as caught,
    ):
        program.finish()
    assert caught.value.message == "sh ended with status 5: no entry with ********"


def test_only_the_end_of_a_long_complaint_is_told() -> None:
    script = [
        sys.executable,
        "-c",
        "import sys; sys.stderr.write('x' * 100000 + ' the end'); sys.exit(1)",
    ]
    with running(script, env=ENV) as program, pytest.raises(BackupFailed) as caught:
        program.finish()
    assert caught.value.message.endswith(" the end")
    assert len(caught.value.message) < 5000


def test_leaving_the_block_ends_the_whole_group() -> None:
    script = ["sh", "-c", "sleep 600 & sleep 600"]
    with pytest.raises(ZeroDivisionError), running(script, env=ENV, stdout=subprocess.PIPE):
        raise ZeroDivisionError
    assert running_programs("sleep") == []


def test_a_program_that_ignores_being_told_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_safe_migrate.backups.programs.STOP_GRACE", 0.2)
    script = ["sh", "-c", "trap '' TERM; echo ready; while true; do sleep 0.1; done"]
    with running(script, env=ENV, stdout=subprocess.PIPE) as program:
        assert next(program.output(stall=30)) == b"ready\n"
    assert program.process.returncode == -9


def test_a_program_that_stops_reading_says_why() -> None:
    script = ["sh", "-c", "echo 'ERROR at line 1' >&2; exit 1"]
    with (
        running(script, env=ENV, stdin=subprocess.PIPE) as program,
        pytest.raises(BackupFailed, match="ERROR at line 1"),
    ):
        feed_for_ever(program)


def feed_for_ever(program: Program) -> None:
    while True:
        program.feed(b"x" * 10_000)
