"""Who runs what, where: the facts about a run that are not about the database."""

from __future__ import annotations

import contextlib
import getpass
import os
import platform
import shlex
import socket
import sys
from pathlib import Path
from typing import Any

import django
from django.conf import settings as django_settings

from django_safe_migrate import __version__

#: Where platforms say which release is being deployed.
_RELEASE_VARIABLES = (
    "HEROKU_RELEASE_VERSION",
    "HEROKU_SLUG_COMMIT",
    "SOURCE_VERSION",
    "RENDER_GIT_COMMIT",
    "FLY_IMAGE_REF",
    "CI_COMMIT_SHA",
    "GITHUB_SHA",
    "GIT_COMMIT",
)


def user() -> str:
    """Return the operating system's user, or its number when it has no name (as in many containers)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid()) if hasattr(os, "getuid") else ""


def command_line() -> str:
    """Return the command as typed."""
    program = Path(sys.argv[0]).name if sys.argv else ""
    return shlex.join([program, *sys.argv[1:]])


def versions() -> dict[str, str]:
    """Return the versions that decide what a migration does."""
    return {
        "python": platform.python_version(),
        "django": django.get_version(),
        "django_safe_migrate": __version__,
    }


def release(configured: str | None) -> str:
    """Return the release being run: as configured, as the platform says, or the git revision of the project's checkout."""
    if configured:
        return configured
    for name in _RELEASE_VARIABLES:
        if value := os.environ.get(name):
            return value
    return _git_revision(Path(getattr(django_settings, "BASE_DIR", None) or Path.cwd()))


def _git_revision(start: Path) -> str:
    """Read the checked-out revision from the files of ``.git``; no program is started. Empty when they cannot be read."""
    with contextlib.suppress(OSError):
        for folder in (start.resolve(), *start.resolve().parents):
            git = _git_folder(folder / ".git")
            if (git / "HEAD").is_file():
                return _resolve_head(git)[:12]
    return ""


def _git_folder(git: Path) -> Path:
    """Follow the file that stands for ``.git`` in a worktree and in a submodule (gitrepository-layout(5))."""
    if not git.is_file():
        return git
    return git.parent / git.read_text().removeprefix("gitdir:").strip()


def _resolve_head(git: Path) -> str:
    head = (git / "HEAD").read_text().strip()
    if not head.startswith("ref: "):
        return head
    name = head.removeprefix("ref: ")
    common = git / "commondir"
    shared = git / common.read_text().strip() if common.is_file() else git
    if (shared / name).is_file():
        return (shared / name).read_text().strip()
    for line in (shared / "packed-refs").read_text().splitlines():
        revision, _, packed = line.partition(" ")
        if packed == name:
            return revision
    return ""


def facts(configured_release: str | None) -> dict[str, Any]:
    """Return who, where and what as the first event of a run tells it."""
    return {
        "who": user(),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "command": command_line(),
        "release": release(configured_release),
        "versions": versions(),
    }
