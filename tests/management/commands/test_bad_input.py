"""A mistake of the user, or of the machine, ends in one clear message, the right exit code, and nothing changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.management.commands.shop import ADD_COLOUR, OURS, installed
from tests.projects import Project
from tests.servers import Server


def fails(
    project: Project, *arguments: str, code: int, env: dict[str, str | None] | None = None
) -> str:
    """Run a command that must fail with this code, without a traceback and without a change; return its output."""
    before = project.snapshot(exclude=[OURS])
    result = project.manage(*arguments, check=False, env=env)
    assert result.returncode == code, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    assert before.difference(project.snapshot(exclude=[OURS])) == []
    return result.stdout + result.stderr


@pytest.mark.vendors("postgresql", "mariadb")
def test_missing_client_programs(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR)
    output = fails(project, "safemigrate", "--noinput", code=4, env={"PATH": "/nowhere"})
    assert "[backup_client_missing]" in output
    assert "No backup can be made: " in output
    assert "--backup never   (to go without one)" in output
    project.manage("safemigrate", "--noinput", "--backup", "never", env={"PATH": "/nowhere"})


def test_unwritable_storage(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR)
    # A file where the folder should be: root may write into any folder.
    (project.folder / "backups").write_text("in the way")
    output = fails(project, "safemigrate", "--noinput", code=4)
    assert "[backup_storage_unusable]" in output


@pytest.mark.vendors("sqlite")
def test_a_wrong_settings_key(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR)
    project.settings(SAFE_MIGRATE={"LOCK_TIMOUT": "2s"})
    for command in (
        ["safemigrate", "--noinput"],
        ["migrate_rollback", "--steps", "1"],
        ["migrate_backup", "list"],
    ):
        output = fails(project, *command, code=1)
        assert (
            "SAFE_MIGRATE has an unknown key 'LOCK_TIMOUT'. Did you mean 'LOCK_TIMEOUT'?" in output
        )


def test_a_tampered_backup_is_not_restored(project: Project) -> None:
    installed(project)
    made = json.loads(project.manage("migrate_backup", "create", "--format", "json").stdout)
    path = Path(project.folder / "backups" / made["name"])
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    for command in (
        ["migrate_backup", "verify", made["name"]],
        ["migrate_backup", "restore", made["name"], "--noinput"],
        ["migrate_rollback", "--restore", made["name"], "--force"],
    ):
        output = fails(project, *command, code=4)
        assert made["name"] in output
        assert "The database was not changed." in output


@pytest.mark.vendors("postgresql")
def test_a_role_that_may_only_read(project: Project, postgresql_server: Server) -> None:
    installed(project, m0002_colour=ADD_COLOUR)
    project.sql("DROP ROLE IF EXISTS only_reads")
    project.sql("CREATE ROLE only_reads LOGIN PASSWORD 'x'")
    project.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO only_reads")
    writer = project.databases["default"]
    project.databases["default"] = {**writer, "USER": "only_reads", "PASSWORD": "x"}
    project.write_settings()
    result = project.manage("safemigrate", "--noinput", "--backup", "never", check=False)
    project.databases["default"] = writer
    project.write_settings()
    assert result.returncode == 3
    assert "[missing_permission]" in result.stdout
    assert "Traceback" not in result.stderr
    assert "shop_order" in result.stdout
    project.sql("DROP OWNED BY only_reads")
    project.sql("DROP ROLE only_reads")


@pytest.mark.vendors("sqlite")
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["--lock-timeout", "soon"],
            "argument --lock-timeout: 'soon' is not a duration; write seconds (2.5) or a number",
        ),
        (["--backup", "sometimes"], "argument --backup: invalid choice: 'sometimes'"),
        (["--database", "elsewhere"], "argument --database: invalid choice: 'elsewhere'"),
    ],
)
def test_wrong_options(project: Project, arguments: list[str], text: str) -> None:
    installed(project, m0002_colour=ADD_COLOUR)
    assert text in fails(project, "safemigrate", "--noinput", *arguments, code=2)
