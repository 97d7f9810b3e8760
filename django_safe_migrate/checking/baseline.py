"""
The baseline: a file of findings that a project has decided to live with, so that only new ones are reported.

It is JSON, sorted, with one entry for each finding, so that a merge and a review can follow it.
"""

from __future__ import annotations

import dataclasses
import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django_safe_migrate.exceptions import SafeMigrateError
from django_safe_migrate.findings import Finding
from django_safe_migrate.reports.findings.fingerprint import fingerprints

VERSION = 1
UNUSED = "baseline_unused"
_TEXTS = ("rule", "migration", "operation", "fingerprint")


class BaselineUnusable(SafeMigrateError):
    """The baseline cannot be read or written."""

    default_changed = "The file was left as it is."


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A finding that is not reported; only the fingerprint is compared, the rest is for those who read the file."""

    rule: str
    migration: str
    operation: str
    tables: tuple[str, ...]
    fingerprint: str

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {**dataclasses.asdict(self), "tables": list(self.tables)}


def read(path: Path) -> list[Entry]:
    """
    Return the entries of a baseline.

    Raises:
        BaselineUnusable: the file cannot be read, or is not a baseline of this version; the message says where.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BaselineUnusable(f"The baseline {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise _broken(path, f"is not JSON ({error})") from error
    if not isinstance(data, dict) or not isinstance(data.get("findings"), list):
        raise _broken(path, 'has no list "findings"')
    if data.get("version") != VERSION:
        raise _broken(path, f'has "version" {data.get("version")!r}, and {VERSION} is known')
    return [_entry(path, place, item) for place, item in enumerate(data["findings"])]


def write(path: Path, entries: Iterable[Entry]) -> None:
    """
    Write a baseline, sorted; the old file stays whole until the new one is.

    Raises:
        BaselineUnusable: the file cannot be written.
    """
    ordered = sorted(
        set(entries), key=lambda e: (e.migration, e.rule, e.operation, e.tables, e.fingerprint)
    )
    data = {"version": VERSION, "findings": [entry.to_json() for entry in ordered]}
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    try:
        _replace(path, text)
    except OSError as error:
        raise BaselineUnusable(
            f"The baseline {path} cannot be written: {error.strerror}."
        ) from error


def entries_of(findings: Sequence[Finding]) -> list[Entry]:
    """Return an entry for each finding."""
    return [
        Entry(one.rule, one.migration, one.operation, tuple(sorted(one.tables)), mark)
        for one, mark in zip(findings, fingerprints(findings), strict=True)
    ]


def unused(entry: Entry, severity: Any, path: Path) -> Finding:
    """Return the finding about an entry that matches nothing any more."""
    about = entry.migration or "the project"
    what = f", {entry.operation}" if entry.operation else ""
    return Finding(
        rule=UNUSED,
        severity=severity,
        message=f"The baseline has {entry.rule} of {about}{what}, and it is not found any more.",
        hint="python manage.py migrate_check --write-baseline   (with the same options; removes it)",
        operation=entry.fingerprint,
        file=str(path),
    )


def _entry(path: Path, place: int, item: Any) -> Entry:
    tables = item.get("tables", []) if isinstance(item, dict) else None
    if (
        not isinstance(item, dict)
        or not all(isinstance(item.get(name), str) for name in _TEXTS)
        or not isinstance(tables, list)
        or not all(isinstance(table, str) for table in tables)
    ):
        raise _broken(
            path, f"has an entry, number {place + 1}, without the texts {', '.join(_TEXTS)}"
        )
    return Entry(
        item["rule"], item["migration"], item["operation"], tuple(tables), item["fingerprint"]
    )


def _broken(path: Path, what: str) -> BaselineUnusable:
    return BaselineUnusable(
        f"The baseline {path} {what}. Bring it back from version control, or delete it and write it anew "
        "with migrate_check --write-baseline."
    )


def _replace(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        # As an editor would make it: a temporary file is for its owner alone.
        Path(temporary).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
