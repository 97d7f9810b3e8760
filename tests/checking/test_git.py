"""Which files git calls changed, whatever their state and name."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from django_safe_migrate.checking.git import changed_files, repository_root


def git(folder: Path, *arguments: str) -> None:
    identity = [
        "-c",
        "user.name=Dev",
        "-c",
        "user.email=dev@example.com",
        "-c",
        "commit.gpgsign=false",
    ]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / name).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "some")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path, old="1", edited="1", staged="1", removed="1")
    git(tmp_path, "checkout", "-q", "-b", "feature")
    return tmp_path


def test_committed_staged_edited_and_untracked(repository: Path) -> None:
    commit(repository, committed="1")
    (repository / "edited").write_text("2")
    (repository / "staged").write_text("2")
    git(repository, "add", "staged")
    git(repository, "rm", "-q", "removed")
    (repository / "new, größe \n").write_text("1")
    (repository / ".gitignore").write_text("ignored\n")
    (repository / "ignored").write_text("1")
    changed = changed_files("main", repository)
    assert {path.name for path in changed} == {
        "committed", "edited", "staged", "new, größe \n", ".gitignore",
    }  # fmt: skip
    assert all(path.is_absolute() and path.is_file() for path in changed)


def test_what_happened_on_the_other_branch_does_not_count(repository: Path) -> None:
    commit(repository, committed="1")
    git(repository, "checkout", "-q", "main")
    commit(repository, elsewhere="1")
    git(repository, "checkout", "-q", "feature")
    assert {path.name for path in changed_files("main", repository)} == {"committed"}


def test_from_a_folder_inside(repository: Path) -> None:
    inside = repository / "src"
    inside.mkdir()
    (repository / "new").write_text("1")
    assert changed_files("main", inside) == {repository.resolve() / "new"}


def test_the_root(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    inside = repository / "src"
    inside.mkdir()
    assert repository_root(inside) == repository.resolve()
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert repository_root(elsewhere) == elsewhere
    monkeypatch.setenv("GITHUB_WORKSPACE", str(inside))
    assert repository_root(inside) == inside.resolve()
    # A workspace that this folder is not in says nothing about it.
    assert repository_root(elsewhere) == elsewhere
