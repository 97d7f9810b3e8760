"""Old backups go once a run has succeeded, and only then."""

from __future__ import annotations

import pytest

from tests.management.commands.shop import ADD_COLOUR, ADD_SIZE, FAILING, installed
from tests.projects import Project


def kept(project: Project) -> list[str]:
    """The names of the backups in the storage, without their metadata."""
    folder = project.folder / "backups"
    return sorted(one.name for one in folder.iterdir() if one.suffix != ".metadata")


@pytest.mark.vendors("sqlite")
def test_a_successful_run_prunes_and_a_failed_one_does_not(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR)
    project.settings(SAFE_MIGRATE={"BACKUP": {"KEEP": 1}})
    project.manage("safemigrate", "--noinput")
    (first,) = kept(project)
    project.write("shop/migrations/0003_failing.py", FAILING)
    assert project.manage("safemigrate", "--noinput", check=False).returncode == 7
    assert len(kept(project)) == 2
    assert first in kept(project)
    (project.folder / "shop" / "migrations" / "0003_failing.py").unlink()
    project.write("shop/migrations/0003_size.py", ADD_SIZE)
    result = project.manage("safemigrate", "--noinput")
    (newest,) = kept(project)
    assert newest != first
    assert "Pruned old backups: " in result.stdout
    pruned = project.sql("SELECT name FROM django_safe_migrate_backup WHERE pruned_at IS NOT NULL")
    assert (first,) in pruned
    assert (newest,) not in pruned
