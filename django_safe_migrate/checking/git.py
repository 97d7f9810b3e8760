"""What git says of the checkout: its root, and the files that were added or changed since a commit."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from django_safe_migrate.exceptions import SafeMigrateError

_SHALLOW = (
    "A shallow clone does not have the commit where they part: fetch more of the history "
    "(GitHub: actions/checkout with fetch-depth: 0; GitLab: GIT_DEPTH: 0)."
)


class GitUnusable(SafeMigrateError):
    """Git could not say what has changed."""

    default_changed = "Nothing was checked."


def repository_root(folder: Path) -> Path:
    """Return the folder that paths in reports are relative to: the workspace of GitHub, the checkout around a folder, or the folder."""
    workspace = os.environ.get("GITHUB_WORKSPACE")
    if workspace and folder.is_relative_to(Path(workspace).resolve()):
        return Path(workspace).resolve()
    program = shutil.which("git")
    found = None if program is None else _run(program, folder, "rev-parse", "--show-toplevel")
    if found is None or found.returncode != 0:
        return folder
    return Path(_text(found.stdout).rstrip("\n")).resolve()


def changed_files(ref: str, folder: Path) -> frozenset[Path]:
    """
    Return the files that exist and were added or changed since this branch left ``ref``: committed, staged, not staged, untracked.

    Raises:
        GitUnusable: there is no git, no checkout, no such commit, or no commit that both have in common.
    """
    program = shutil.which("git")
    if program is None:
        raise GitUnusable(f"--since {ref}: there is no program git on the PATH.")
    top = _run(program, folder, "rev-parse", "--show-toplevel")
    if top.returncode != 0:
        raise GitUnusable(f"--since {ref}: {folder} is in no git checkout. {_said(top)}")
    root = Path(_text(top.stdout).rstrip("\n")).resolve()
    commit = _run(
        program, root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"
    )
    if commit.returncode != 0:
        raise GitUnusable(
            f"--since {ref}: git knows no such commit; give a branch, a tag or a hash, such as origin/main. "
            "A branch of the server has to be fetched first."
        )
    base = _run(program, root, "merge-base", _text(commit.stdout).strip(), "HEAD")
    if base.returncode != 0:
        raise GitUnusable(f"--since {ref}: it has no commit in common with HEAD. {_SHALLOW}")
    # From the common ancestor to the working tree: what is committed, staged and not staged, as it is now.
    since = _text(base.stdout).strip()
    changed = _names(program, root, "diff", "--name-only", "-z", "--diff-filter=d", since, "--")
    untracked = _names(program, root, "ls-files", "--others", "--exclude-standard", "-z")
    return frozenset(root / name for name in changed | untracked)


def _names(program: str, root: Path, *arguments: str) -> set[str]:
    done = _run(program, root, *arguments)
    if done.returncode != 0:
        raise GitUnusable(f"git {arguments[0]} failed. {_said(done)}")
    return {os.fsdecode(name) for name in done.stdout.split(b"\0") if name}


def _run(program: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    # A hook's environment can name an index or a folder of git relative to where the hook runs; quoting would hide letters.
    command = [program, "-c", "core.quotePath=false", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False)


def _text(output: bytes) -> str:
    return os.fsdecode(output)


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = _text(done.stderr).strip().splitlines()
    return f"Git said: {lines[0]}" if lines else ""
