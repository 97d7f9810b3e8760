"""`migrate_backup` as people and release phases call it."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys

import pytest

from tests.projects import Project, migration

NOTES = {
    "0001_initial": migration(
        "migrations.CreateModel('Note', [('id', models.BigAutoField(primary_key=True)), ('text', models.TextField())]),"
    )
}


@pytest.fixture
def notes(project: Project) -> Project:
    """A project with a table of two rows."""
    project.write_app(
        "notes", models="class Note(models.Model):\n    text = models.TextField()", migrations=NOTES
    )
    project.manage("migrate")
    project.sql("INSERT INTO notes_note (text) VALUES ('one'), ('two')")
    return project


def run(project: Project, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return project.manage("migrate_backup", *arguments, **options)  # type: ignore[arg-type]


def created(project: Project) -> str:
    return str(json.loads(run(project, "create", "--format", "json").stdout)["name"])


def test_from_creation_to_dropping_the_old_state(notes: Project) -> None:
    output = run(notes, "create").stdout
    name = output.split()[1]
    assert output.splitlines()[0].startswith(f"Backup {name} of database 'default': ")
    assert output.splitlines()[1] == f"Kept in FileSystemStorage {notes.folder / 'backups'}."
    assert output.splitlines()[2].startswith(
        "Verified: read back from storage, size and SHA-256 equal; "
    )

    listed = run(notes, "list").stdout.splitlines()
    assert listed[0].split() == [
        "Backup",
        "Made",
        "(UTC)",
        "Size",
        "Rows",
        "Migrations",
        "Server",
        "State",
    ]
    assert listed[1].startswith(name)
    assert listed[1].endswith("verified")
    assert run(notes, "verify", "latest").stdout.startswith(
        f"Backup {name} is whole and unchanged: "
    )

    proven = run(notes, "verify", "latest", "--restore").stdout.splitlines()
    assert proven[1].startswith(f"Backup {name} is proven: restored into a scratch database in ")
    assert " proven 20" in run(notes, "list").stdout.splitlines()[1]

    notes.sql("DELETE FROM notes_note")
    restored = run(notes, "restore", name, "--noinput").stdout.splitlines()
    assert restored[0].startswith(f"Database 'default' was restored from {name} in ")
    kept = (
        restored[1]
        .removeprefix("The state before is kept as ")
        .removesuffix(". Once it is not needed any more:")
    )
    assert restored[2] == f"  python manage.py migrate_backup drop-old {kept} --database default"
    assert notes.sql("SELECT count(*) FROM notes_note") == [(2,)]

    assert run(notes, "list").stdout.splitlines()[-1] == f"  {kept}"
    assert run(notes, "drop-old", kept, "--noinput").stdout == f"Deleted {kept}.\n"
    assert json.loads(run(notes, "list", "--format", "json").stdout)["kept"] == []


@pytest.mark.vendors("sqlite")
def test_history_written_since_the_backup_survives_the_restore(notes: Project) -> None:
    name = created(notes)
    created(notes)
    before = notes.sql("SELECT name FROM django_safe_migrate_backup ORDER BY name")
    assert len(before) == 2
    run(notes, "restore", name, "--noinput")
    assert notes.sql("SELECT DISTINCT name FROM django_safe_migrate_backup ORDER BY name") == before
    ((kept,),) = [(json.loads(run(notes, "list", "--format", "json").stdout)["kept"][0],)]
    run(notes, "drop-old", kept, "--noinput")


@pytest.mark.vendors("sqlite")
def test_pruning_and_deleting(notes: Project) -> None:
    first, second, third = (created(notes) for _ in range(3))
    assert run(notes, "prune", "--keep", "2", "--noinput").stdout == f"Deleted {first}.\n"
    assert (
        run(notes, "prune", "--noinput").stdout
        == "Nothing to delete: there are at most 10 verified backups.\n"
    )
    assert run(notes, "delete", second, "--noinput").stdout == f"Deleted {second}.\n"
    (left,) = json.loads(run(notes, "list", "--format", "json").stdout)["backups"]
    assert left["name"] == third
    refused = run(notes, "prune", "--keep", "0", "--noinput", check=False)
    assert refused.stderr == "CommandError: --keep is 0; at least one backup has to be kept.\n"


@pytest.mark.vendors("sqlite")
@pytest.mark.parametrize("action", ["restore", "delete"])
def test_without_a_terminal_nothing_is_assumed(notes: Project, action: str) -> None:
    name = created(notes)
    notes.sql("DELETE FROM notes_note")
    result = run(notes, action, name, check=False)
    assert result.returncode == 1
    assert result.stderr.endswith(
        "Nobody can answer here: add --noinput to go on. Nothing was done.\n"
    )
    assert notes.sql("SELECT count(*) FROM notes_note") == [(0,)]
    assert json.loads(run(notes, "list", "--format", "json").stdout)["backups"][0]["name"] == name


@pytest.mark.vendors("sqlite")
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["restore"],
            "CommandError: migrate_backup restore needs the name of one; migrate_backup list shows them.\n",
        ),
        (
            ["list", "x"],
            "CommandError: migrate_backup list takes no name; migrate_backup list shows them.\n",
        ),
    ],
)
def test_a_name_where_it_belongs(notes: Project, arguments: list[str], text: str) -> None:
    result = run(notes, *arguments, check=False)
    assert (result.returncode, result.stderr) == (1, text)


@pytest.mark.vendors("sqlite")
def test_a_tampered_backup_ends_with_four_and_three_sentences(notes: Project) -> None:
    name = created(notes)
    path = notes.folder / "backups" / name
    content = bytearray(path.read_bytes())
    content[5000] ^= 1
    path.write_bytes(content)
    result = run(notes, "restore", name, "--noinput", check=False)
    assert result.returncode == 4
    lines = result.stderr.splitlines()
    assert lines[0].startswith(
        f"CommandError: The content of the backup {name} is not what was written: its SHA-256 is "
    )
    assert lines[1] == "The database was not changed."
    assert "Traceback" not in result.stderr


@pytest.mark.vendors("sqlite")
def test_no_backup_to_take_the_latest_of(notes: Project) -> None:
    result = run(notes, "restore", "latest", "--noinput", check=False)
    assert result.returncode == 4
    assert result.stderr == (
        "CommandError: There is no verified backup of database 'default'.\n"
        "The database was not changed.\n"
        "Next: python manage.py migrate_backup list --database default\n"
    )
    assert run(notes, "list").stdout == "There are no backups of database 'default'.\n"


@pytest.mark.vendors("sqlite")
def test_a_wrong_backend_is_told_without_a_traceback(notes: Project) -> None:
    notes.settings(SAFE_MIGRATE={"BACKUP": {"BACKEND": "nowhere.Backend"}})
    result = run(notes, "list", check=False)
    assert result.returncode == 1
    assert result.stderr.startswith(
        'CommandError: ImproperlyConfigured: SAFE_MIGRATE["BACKUP"]["BACKEND"] is \'nowhere.Backend\', and its module cannot'
    )


@pytest.mark.vendors("postgresql", "mariadb")
def test_backups_of_a_database_that_is_down_are_listed(notes: Project) -> None:
    name = created(notes)
    entry = notes.databases["default"]
    notes.databases["default"] = {**entry, "PORT": "1"}
    notes.write_settings()
    result = run(notes, "list")
    assert name in result.stdout
    assert result.stderr.startswith(
        "Database 'default' cannot be reached, so kept states are not listed: "
    )
    refused = run(notes, "create", check=False)
    assert refused.returncode == 1
    assert "cannot be reached" in refused.stderr
    notes.databases["default"] = entry
    notes.write_settings()


@pytest.mark.vendors("postgresql", "mariadb")
def test_a_database_that_was_dropped_is_brought_back(notes: Project) -> None:
    name = created(notes)
    notes.server.drop_database(notes.databases["default"])
    result = run(notes, "restore", name, "--noinput")
    assert result.stdout.startswith(f"Database 'default' was restored from {name} in ")
    assert notes.sql("SELECT count(*) FROM notes_note") == [(2,)]
    for kept in json.loads(run(notes, "list", "--format", "json").stdout)["kept"]:
        run(notes, "drop-old", kept, "--noinput")


def test_nothing_to_repair(notes: Project) -> None:
    assert run(notes, "repair").stdout == "Nothing to repair: no restore was interrupted.\n"


@pytest.mark.vendors("sqlite")
@pytest.mark.parametrize(("answer", "rows"), [("yes\n", 2), ("y\n", 0)])
def test_on_a_terminal_it_asks(notes: Project, answer: str, rows: int) -> None:
    name = created(notes)
    notes.sql("DELETE FROM notes_note")
    output = on_a_terminal(notes, ["restore", name], answer)
    assert f"Restore {name}, made of sqlite:///" in output.replace("\r\n", "")
    assert "Its present state is kept under another name." in output
    assert notes.sql("SELECT count(*) FROM notes_note") == [(rows,)]
    assert ("Nothing was done." in output) is (rows == 0)


@pytest.mark.vendors("sqlite")
def test_on_a_terminal_the_list_is_a_table(notes: Project) -> None:
    name = created(notes)
    output = on_a_terminal(notes, ["list"], "")
    assert name in output
    assert "verified" in output


def on_a_terminal(project: Project, arguments: list[str], answer: str) -> str:
    """Run the command on a pseudo-terminal and give one answer to its question."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "migrate_backup", *arguments],
        cwd=project.folder,
        env=project.environment(),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    output = b""
    while select.select([ours], [], [], 60)[0]:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other end was closed
            break
        if not piece:
            break
        output += piece
        if answer and b"Type 'yes'" in output:
            os.write(ours, answer.encode())
            answer = ""
    process.wait(timeout=60)
    os.close(ours)
    return output.decode()


def test_a_run_proves_its_backup_where_the_settings_ask_for_it(notes: Project) -> None:
    notes.write_app(
        "notes",
        models="class Note(models.Model):\n    text = models.TextField()\n    kind = models.TextField(null=True)",
        migrations={
            **NOTES,
            "0002_kind": migration(
                "migrations.AddField('Note', 'kind', models.TextField(null=True)),",
                dependencies=[("notes", "0001_initial")],
            ),
        },
    )
    notes.settings(SAFE_MIGRATE={"BACKUP": {"PROVE": True}})
    output = notes.manage("safemigrate", "--noinput").stdout
    assert "The backup is proven: restored into a scratch database in " in output
    assert json.loads(run(notes, "list", "--format", "json").stdout)["backups"][0]["proven_at"]
    (told,) = [
        json.loads(line)["receipt"]
        for journal in notes.folder.glob(".safe_migrate/journal/**/*.jsonl")
        for line in journal.read_text().splitlines()
        if '"proven_at": "2' in line
    ]
    assert told["row_checksums"] == {}
    query = "SELECT receipt FROM django_safe_migrate_backup"
    assert "restored into a scratch database" in str(notes.sql(query))
