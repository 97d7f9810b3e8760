from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from django_safe_migrate.exceptions import SafeMigrateError
from django_safe_migrate.journal import Journal, folders, journals
from tests.records import succeeded


def test_the_state_directory_is_private_and_ignored_by_git(tmp_path: Path, settings: Any) -> None:
    settings.SAFE_MIGRATE = {}
    settings.BASE_DIR = tmp_path
    folder, reason = folders.writable_directory()
    assert (folder, reason) == (tmp_path.resolve() / ".safe_migrate" / "journal", "")
    assert (tmp_path / ".safe_migrate" / ".gitignore").read_text() == "*\n"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert folder.parent.stat().st_mode & 0o777 == 0o700


def test_a_folder_of_the_project_gets_no_gitignore(folder: Path) -> None:
    assert folders.writable_directory() == (folder, "")
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_has_a_refuge(folder: Path) -> None:
    folder.write_text("a file where the folder should be")
    run_id = succeeded().run_id
    written = Journal.open(run_id, "default")
    refuge = folders.fallback_directory()
    assert written.path.parent == refuge
    assert refuge.parent == Path(tempfile.gettempdir())
    assert refuge.stat().st_mode & 0o777 == 0o700
    assert written.fallback == (
        f"The folder of journals {folder} cannot be written (File exists). "
        f"The journal of this run is {written.path}; it is lost when the temporary directory is."
    )
    written.close()
    assert [file.run_id for file in journals()] == [run_id]


def test_a_refuge_that_others_can_write_is_refused(folder: Path) -> None:
    folder.write_text("a file where the folder should be")
    refuge = folders.fallback_directory()
    refuge.mkdir()
    refuge.chmod(0o777)
    with pytest.raises(SafeMigrateError, match="others can write there"):
        folders.writable_directory()
    assert folders.directories() == [folder]


def test_a_refuge_behind_a_link_is_refused(folder: Path, tmp_path: Path) -> None:
    folder.write_text("a file where the folder should be")
    (tmp_path / "trap").mkdir(mode=0o700)
    folders.fallback_directory().symlink_to(tmp_path / "trap")
    with pytest.raises(SafeMigrateError, match="others can write there"):
        folders.writable_directory()
