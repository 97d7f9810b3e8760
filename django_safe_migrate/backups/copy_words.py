"""What is said of copies of backups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django_safe_migrate.exceptions import BackupFailed

if TYPE_CHECKING:
    from django_safe_migrate.backups.receipt import Copy


def told(failed: Sequence[Copy]) -> str:
    """Return what is wrong with copies, each with its storage."""
    return " ".join(f'STORAGES["{copy.storage}"]: {copy.error}' for copy in failed)


def used(where: tuple[str, str], what: str) -> str:
    """Say that a copy was used, and which."""
    return f'The backup itself could not be used; its copy {where[1]} in STORAGES["{where[0]}"] was {what}.'


def listed(aliases: Sequence[str]) -> str:
    """Return storages as a text names them."""
    return " and in ".join(f'STORAGES["{alias}"]' for alias in aliases)


def with_more(error: BackupFailed, text: str, next_command: str = "") -> BackupFailed:
    """Return an error with more text, and perhaps another next command."""
    return BackupFailed(
        f"{error.message} {text}".strip(),
        changed=error.changed,
        next_command=next_command or error.next_command,
    )
