from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.backends.base.base import BaseDatabaseWrapper

from django_safe_migrate.history import History
from django_safe_migrate.journal import Journal
from tests.records import Story


@pytest.fixture(autouse=True)
def _journals(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    settings.SAFE_MIGRATE = {"JOURNAL_DIR": str(tmp_path / "journal")}


@pytest.fixture
def history(connection: BaseDatabaseWrapper) -> History:
    """The history in a fresh database of each vendor, with its tables."""
    make_tables()
    return History()


def make_tables() -> None:
    call_command("migrate", "django_safe_migrate", verbosity=0, interactive=False)


@pytest.fixture
def write_journal() -> Callable[[Story], Path]:
    def write(story: Story) -> Path:
        journal = Journal.open(story.run_id, "default")
        for event in story.events:
            journal.append(event)
        journal.close()
        return journal.path

    return write
