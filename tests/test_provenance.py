from __future__ import annotations

import getpass
import os
import platform
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import django
import pytest

from django_safe_migrate import __version__, provenance

VARIABLES = provenance._RELEASE_VARIABLES


@pytest.fixture(autouse=True)
def _no_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def git(folder: Path, *arguments: str) -> str:
    environment = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.com",
    }
    result = subprocess.run(
        ["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True, text=True
    )
    return result.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path, settings: Any) -> Path:
    """A git checkout with one commit, whose folder `site` is BASE_DIR."""
    folder = tmp_path / "checkout"
    (folder / "site").mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "commit", "--quiet", "--allow-empty", "--message=first")
    settings.BASE_DIR = folder / "site"
    return folder


class TestRelease:
    def test_as_configured(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(VARIABLES[0], "v42")
        assert provenance.release("2026.3") == "2026.3"

    @pytest.mark.parametrize("name", VARIABLES)
    def test_as_the_platform_says(
        self, name: str, checkout: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(name, "v42")
        assert provenance.release(None) == "v42"

    def test_an_empty_variable_says_nothing(
        self, checkout: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(VARIABLES[0], "")
        assert provenance.release(None) == git(checkout, "rev-parse", "HEAD")[:12]

    def test_the_revision_of_a_branch(self, checkout: Path) -> None:
        assert provenance.release(None) == git(checkout, "rev-parse", "HEAD")[:12]

    def test_the_revision_of_a_branch_with_packed_references(self, checkout: Path) -> None:
        git(checkout, "pack-refs", "--all")
        assert not (checkout / ".git" / "refs" / "heads" / "main").exists()
        assert provenance.release(None) == git(checkout, "rev-parse", "HEAD")[:12]

    def test_a_detached_head(self, checkout: Path) -> None:
        git(checkout, "checkout", "--quiet", "--detach")
        assert provenance.release(None) == git(checkout, "rev-parse", "HEAD")[:12]

    @pytest.mark.parametrize("packed", [False, True])
    def test_a_worktree(self, checkout: Path, tmp_path: Path, settings: Any, packed: bool) -> None:
        """Its `.git` is a file, and its branches are in the checkout that it belongs to."""
        git(checkout, "worktree", "add", "--quiet", "-b", "other", str(tmp_path / "tree"))
        git(tmp_path / "tree", "commit", "--quiet", "--allow-empty", "--message=second")
        if packed:
            git(checkout, "pack-refs", "--all")
        settings.BASE_DIR = str(tmp_path / "tree")
        revision = git(tmp_path / "tree", "rev-parse", "HEAD")
        assert revision != git(checkout, "rev-parse", "HEAD")
        assert provenance.release(None) == revision[:12]

    def test_a_branch_without_a_commit(self, tmp_path: Path, settings: Any) -> None:
        git(tmp_path, "init", "--quiet")
        settings.BASE_DIR = tmp_path
        assert provenance.release(None) == ""

    def test_no_checkout(self, tmp_path: Path, settings: Any) -> None:
        settings.BASE_DIR = tmp_path
        assert provenance.release(None) == ""

    def test_a_checkout_that_this_user_may_not_read(
        self, checkout: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Deployed by root, run by another: `.git` cannot be entered. That is no reason to fail."""

        def refuse(self: Path, **options: Any) -> os.stat_result:
            raise PermissionError(13, "Permission denied", str(self))

        monkeypatch.setattr(Path, "is_file", refuse)
        assert provenance.release(None) == ""


class TestWho:
    def test_a_user_with_a_name(self) -> None:
        assert provenance.user() == getpass.getuser()

    @pytest.mark.parametrize("error", [KeyError("uid not found"), OSError("No username set")])
    def test_a_user_without_a_name(self, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
        """A container's user is often a number alone; Python 3.13 raises another error than 3.11."""

        def refuse() -> str:
            raise error

        monkeypatch.setattr(getpass, "getuser", refuse)
        assert provenance.user() == str(os.getuid())

    @pytest.mark.parametrize(
        ("argv", "told"),
        [
            (
                ["/srv/shop/manage.py", "safemigrate", "--noinput"],
                "manage.py safemigrate --noinput",
            ),
            (
                ["manage.py", "migrate_rollback", "--run", "a b"],
                "manage.py migrate_rollback --run 'a b'",
            ),
            ([], "''"),
        ],
    )
    def test_the_command(self, argv: list[str], told: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "argv", argv)
        assert provenance.command_line() == told


def test_the_facts_of_a_run() -> None:
    facts = provenance.facts("2026.3")
    assert facts == {
        "who": provenance.user(),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "command": provenance.command_line(),
        "release": "2026.3",
        "versions": {
            "python": platform.python_version(),
            "django": django.get_version(),
            "django_safe_migrate": __version__,
        },
    }
