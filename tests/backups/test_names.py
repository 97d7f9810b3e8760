"""Names of kept and of scratch databases."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from django_safe_migrate.backups import names


@pytest.mark.parametrize("name", ["shop", "with space", "ö" * 63, "x" * 63, "a.b[c]"])
def test_a_kept_name_is_recognised_and_fits(name: str) -> None:
    kept = names.before_name(name, 63)
    assert len(kept.encode()) <= 63
    assert names.is_before_name(kept, name, 63)
    assert not names.is_before_name(kept, f"{name}2", 63)
    assert not names.is_before_name(f"{kept}x", name, 63)
    assert not names.is_before_name(f"{name}_before_monday", name, 63)


def test_two_long_names_with_one_beginning_stay_apart() -> None:
    first, second = "x" * 60 + "1", "x" * 60 + "2"
    assert not names.is_before_name(names.before_name(first, 63), second, 63)


def test_scratch_names_of_processes_that_are_gone_are_abandoned() -> None:
    mine = names.scratch_name()
    assert not names.is_abandoned(mine)
    process = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True,
        text=True,
        check=True,
    )
    gone = mine.replace(f"_{os.getpid()}_", f"_{process.stdout.strip()}_")
    assert names.is_abandoned(gone)
    # This process began long after that moment: it only has the same number.
    stamp = mine.removeprefix(names.SCRATCH_PREFIX)[:15]
    assert names.is_abandoned(mine.replace(stamp, "20250101t000000"))


def test_scratch_names_of_other_hosts_are_abandoned_after_a_day() -> None:
    mine = names.scratch_name()
    host = mine.removeprefix(names.SCRATCH_PREFIX)[16:22]
    elsewhere = mine.replace(host, "000000")
    stamp = mine.removeprefix(names.SCRATCH_PREFIX)[:15]
    assert not names.is_abandoned(elsewhere)
    assert names.is_abandoned(elsewhere.replace(stamp, "20250101t000000"))


def test_other_names_are_never_abandoned() -> None:
    assert not names.is_abandoned("safe_migrate_restore_notes")
    assert not names.is_abandoned("safe_migrate_restore_20250101t000000_0123ab")
    assert not names.is_abandoned(f"my_{names.SCRATCH_PREFIX}20250101t000000_000000_1_0123")
    assert len(names.scratch_name()) <= 60


def test_a_taken_name_is_not_given_again() -> None:
    offered = iter(["a", "b", "c"])
    assert names.free_name(lambda: next(offered), {"a", "b"}.__contains__) == "c"


def test_kept_files() -> None:
    assert names.is_before_file("db.sqlite3.before-20260101t000000", "db.sqlite3")
    assert not names.is_before_file("db.sqlite3.before-20260101t000000", "b.sqlite3")
    assert not names.is_before_file("db.sqlite3.before-lunch", "db.sqlite3")
