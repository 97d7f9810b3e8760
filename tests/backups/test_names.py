"""Names of kept and of scratch databases."""

from __future__ import annotations

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


def test_only_old_scratch_names_are_abandoned() -> None:
    assert not names.is_abandoned(names.scratch_name())
    assert names.is_abandoned("safe_migrate_restore_20250101t000000_0123ab")
    assert not names.is_abandoned("safe_migrate_restore_notes")
    assert not names.is_abandoned("my_safe_migrate_restore_20250101t000000_0123ab")


def test_a_taken_name_is_not_given_again() -> None:
    offered = iter(["a", "b", "c"])
    assert names.free_name(lambda: next(offered), {"a", "b"}.__contains__) == "c"


def test_kept_files() -> None:
    assert names.is_before_file("db.sqlite3.before-20260101t000000", "db.sqlite3")
    assert not names.is_before_file("db.sqlite3.before-20260101t000000", "b.sqlite3")
    assert not names.is_before_file("db.sqlite3.before-lunch", "db.sqlite3")
