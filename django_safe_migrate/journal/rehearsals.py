"""Receipts of rehearsals, each a file of JSON beside the journals, so that a later run knows what was rehearsed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django_safe_migrate import events
from django_safe_migrate.journal import database_address, folders

_PREFIX, _SUFFIX = "rehearsal-", ".json"
#: So many are kept.
_KEPT = 20


def save(alias: str, receipt: Mapping[str, Any]) -> Path:
    """Write a receipt and delete the oldest ones; raise ``OSError``, or ``SafeMigrateError``, if it cannot be written."""
    stamp = "".join(character for character in events.timestamp() if character.isalnum())
    folder, _reason = folders.writable_directory()
    path = folder / f"{_PREFIX}{stamp}{_SUFFIX}"
    document = {"database_address": database_address(alias), "rehearsal": receipt}
    with path.open("x", encoding="ascii") as file:
        os.fchmod(file.fileno(), 0o600)
        json.dump(document, file, indent=1, default=str)
    for old in sorted(folder.glob(f"{_PREFIX}*{_SUFFIX}"))[:-_KEPT]:
        old.unlink(missing_ok=True)
    return path


def latest(alias: str) -> dict[str, Any] | None:
    """Return the newest receipt of this very database, None without one."""
    return next(_of(alias), None)


def _of(alias: str) -> Iterator[dict[str, Any]]:
    address = database_address(alias)
    found = [
        path for folder in folders.directories() for path in folder.glob(f"{_PREFIX}*{_SUFFIX}")
    ]
    for path in sorted(found, key=lambda one: one.name, reverse=True):
        try:
            document = json.loads(path.read_text(encoding="ascii"))
        except (OSError, ValueError):
            continue  # deleted meanwhile, or cut short by a crash: nothing was rehearsed then
        if isinstance(document, dict) and document.get("database_address") == address:
            yield document["rehearsal"]
