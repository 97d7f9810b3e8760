"""The command as people and scripts use it: what it prints, asks and refuses."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest

from tests.projects import Project
from tests.repair.half_done_shop import applied, install, repair

pytestmark = pytest.mark.vendors("sqlite")


def haunted(project: Project) -> Project:
    """A project with one ghost."""
    install(project, "")
    project.sql(
        "INSERT INTO django_migrations (app, name, applied) VALUES ('shop', '0002_gone', '2026-01-02 03:04:05')"
    )
    return project


def at_a_terminal(project: Project, answer: str, *arguments: str) -> tuple[int, str]:
    """Run the command with a terminal at its input, and type an answer."""
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate_repair", *arguments],
        cwd=project.folder,
        env=project.environment(),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    os.close(ours)
    os.close(theirs)
    return done.returncode, done.stdout


def test_nothing_to_repair(project: Project) -> None:
    install(project, "")
    assert project.manage("migrate_repair").stdout == "Nothing to repair.\n"
    shown = json.loads(project.manage("migrate_repair", "--format", "json").stdout)
    assert (shown["schema_version"], shown["database"], shown["problems"]) == (1, "default", [])


def test_without_a_terminal_it_only_shows(project: Project) -> None:
    haunted(project)
    for arguments in ([], ["--ghosts"], ["--ghosts", "--noinput", "--dry-run"]):
        output = project.manage("migrate_repair", *arguments).stdout
        assert output.startswith("1 problem on default (SQLite ")
        assert (
            "  shop.0002_gone  --ghosts  shop.0002_gone is recorded as applied, and its file is gone.\n"
            "                            -> Delete its record; what it did to the schema stays."
        ) in output
        assert "Nothing was touched." in output
    assert applied(project) == ["0001_initial", "0002_gone"]


def test_at_a_terminal_it_asks_once(project: Project) -> None:
    haunted(project)
    code, output = at_a_terminal(project, "no")
    assert code == 3
    assert "Carry out this repair? Type 'yes' to go on: " in output
    assert "The repair was not confirmed.\nThe database was not changed.\n" in output
    assert applied(project) == ["0001_initial", "0002_gone"]
    code, output = at_a_terminal(project, "yes")
    assert code == 0, output
    assert output.count("Type 'yes'") == 1
    assert applied(project) == ["0001_initial"]


def test_json_says_what_was_repaired(project: Project) -> None:
    haunted(project)
    shown = json.loads(repair(project, "--ghosts", "--format", "json").stdout)
    assert shown["dry_run"] is False
    assert [(one["subject"], one["repaired"]) for one in shown["problems"]] == [
        ("shop.0002_gone", True)
    ]


def test_what_was_not_asked_for_is_listed_and_left_alone(project: Project) -> None:
    haunted(project)
    project.sql("ALTER TABLE shop_order ADD COLUMN note varchar(20)")
    done = project.manage("migrate_repair", "--ghosts", "--yes")
    assert (
        "Found as well, and not asked for:\n  --schema  shop_order: Not of any migration: column note.\n"
        in done.stdout
    )
    assert applied(project) == ["0001_initial"]
    shown = json.loads(project.manage("migrate_repair", "--ghosts", "--format", "json").stdout)
    assert shown["problems"] == []
    assert [one["subject"] for one in shown["others"]] == ["shop_order"]
    nothing = project.manage("migrate_repair", "--ghosts").stdout
    assert nothing.startswith("Nothing to repair of what was asked for.\nFound as well")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ["--noinput"],
            1,
            "CommandError: --noinput needs a named action, such as --resume; without it nobody has agreed to anything.\n",
        ),
        (
            ["--resume", "--revert"],
            1,
            "CommandError: --resume and --revert lead to opposite ends: use one of them.\n",
        ),
        (
            ["--ghosts", "--assume-done", "1"],
            1,
            "CommandError: --assume-done and --assume-not-done go with --resume, --revert or --reset.\n",
        ),
        (
            ["--resume", "--assume-done", "1", "--assume-not-done", "1"],
            1,
            "CommandError: Operation 1 cannot be both done and not done.\n",
        ),
        (["--resume", "--force"], 1, "CommandError: --force goes with --schema only.\n"),
        (
            ["--reset", "shop", "0009"],
            1,
            "CommandError: Cannot find a migration matching '0009' from app 'shop'.\n",
        ),
        (
            ["--reset", "shpo", "0001"],
            1,
            "CommandError: No installed app with label 'shpo'. Did you mean 'shop'?\n",
        ),
    ],
)
def test_wrong_arguments(project: Project, arguments: list[str], code: int, message: str) -> None:
    install(project, "")
    result = project.manage("migrate_repair", *arguments, check=False)
    assert (result.returncode, result.stderr.replace(" Did you mean 'shop'?", "")) == (
        code,
        message.replace(" Did you mean 'shop'?", ""),
    )


def test_a_number_that_is_none(project: Project) -> None:
    result = project.manage("migrate_repair", "--assume-done", "0", check=False)
    assert result.returncode == 2
    assert result.stderr.endswith(
        "argument --assume-done: '0' is not the number of an operation; write 1 or more, as migrate_status shows it.\n"
    )
