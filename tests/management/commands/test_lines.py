"""``--format json``: standard output as lines, whatever happens; in real processes, whose output is read as a program would."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import time
from typing import Any

import jsonschema
import pytest
from django.core.management import call_command

from django_safe_migrate.reports import as_json, event_fields
from tests.management.commands.shop import ADD_COLOUR, DROP_NOTE, FAILING, installed
from tests.projects import Project, migration

pytestmark = pytest.mark.slow

#: Writes to standard output in every way, and then waits when it is asked to.
NOISY = migration(
    "migrations.RunPython(make_noise, migrations.RunPython.noop),",
    dependencies=[("shop", "0001_initial")],
    before="""
import logging, os, pathlib, subprocess, sys, time, warnings

def make_noise(apps, schema_editor):
    print("NOISE: print")
    sys.stdout.write("NOISE: write")
    os.write(1, b"NOISE: descriptor")
    subprocess.run(["echo", "NOISE: program"])
    logging.getLogger("project").warning("NOISE: log")
    warnings.warn("NOISE: warning")
    pathlib.Path("began").touch()
    while os.environ.get("WAIT"):
        time.sleep(0.05)
""",
)
LOGGING = """
import sys
LOGGING = {
    "version": 1,
    "handlers": {"out": {"class": "logging.StreamHandler", "stream": sys.stdout}},
    "root": {"handlers": ["out"], "level": "INFO"},
}
"""
RUN = ("safemigrate", "--noinput", "--backup", "never", "--format", "json")


def lines_of(output: str) -> list[dict[str, Any]]:
    """Parse every line, and check it against the documented schema."""
    found = [json.loads(line) for line in output.splitlines()]
    for line in found:
        assert line["event"] in event_fields.LINES
        jsonschema.validate(line, event_fields.schema())
    assert [line["event"] for line in found].count(as_json.REPORT) == 1
    return found


def names(lines: list[dict[str, Any]]) -> list[str]:
    return [line["event"] for line in lines]


def test_events_come_as_lines_and_the_report_last(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR)
    result = project.manage(*RUN)
    lines = lines_of(result.stdout)
    assert names(lines)[0] == "run_started"
    assert names(lines)[-2:] == ["run_finished", "report"]
    assert {"stage_started", "step_started", "operation_finished", "step_finished"} <= {
        *names(lines)
    }
    assert len({line["run"] for line in lines}) == 1
    last = lines[-1]
    assert (last["exit_code"], last["failure"]) == (0, None)
    jsonschema.validate(last["report"], as_json.schema())
    assert last["report"]["run"]["id"] == last["run"]
    assert result.stderr == ""


@pytest.mark.vendors("sqlite")
def test_the_lines_are_those_of_the_journal(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR)
    *lines, last = lines_of(project.manage(*RUN).stdout)
    [journal] = (project.folder / ".safe_migrate" / "journal").glob(f"*{last['run']}.jsonl")
    written = [json.loads(line) for line in journal.read_text().splitlines()]
    for line in written:
        line.pop("process_started", None)
        line.pop("database_address", None)
    assert lines == written


@pytest.mark.vendors("sqlite")
def test_a_rollback_prints_lines_too(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR)
    project.manage(*RUN)
    lines = lines_of(
        project.manage("migrate_rollback", "--steps", "1", "--force", "--backup", "never", "--format", "json").stdout
    )  # fmt: skip
    assert lines[0]["kind"] == "rollback"
    assert lines[-1]["report"]["migrations"][0]["status"] == "unapplied"


def test_nothing_else_comes_to_standard_output(project: Project) -> None:
    installed(project, m0002_noisy=NOISY)
    project.add_settings_code(LOGGING)
    result = project.manage(*RUN)
    assert lines_of(result.stdout)[-1]["exit_code"] == 0
    assert "NOISE" not in result.stdout
    for what in ("print", "write", "descriptor", "program", "log", "warning"):
        assert f"NOISE: {what}" in result.stderr


@pytest.mark.vendors("sqlite")
def test_django_itself_prints_nothing_between_the_lines(project: Project) -> None:
    """The first run creates content types, permissions and tables of apps without migrations, as loudly as it can."""
    project.write("plain/__init__.py", "")
    project.write(
        "plain/models.py", "from django.db import models\nclass Thing(models.Model): pass"
    )
    project.add_app("plain")
    result = project.manage(*RUN, "--run-syncdb", "--verbosity", "3")
    assert lines_of(result.stdout)[-1]["exit_code"] == 0


def test_a_failure_is_told_by_the_last_line(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR, m0003_failing=FAILING)
    result = project.manage(*RUN, check=False)
    last = lines_of(result.stdout)[-1]
    assert last["exit_code"] == result.returncode == 7
    assert last["failure"] == last["report"]["failure"]
    assert last["failure"]["type"] == "MigrationFailed"
    assert result.stderr.startswith("CommandError: ")


@pytest.mark.vendors("sqlite")
def test_a_refusal_is_told_by_the_last_line(project: Project) -> None:
    installed(project, m0002_note=DROP_NOTE)
    result = project.manage(*RUN, check=False)
    last = lines_of(result.stdout)[-1]
    assert last["exit_code"] == result.returncode == 3
    assert last["failure"]["type"] == "UnsafePlan"


@pytest.mark.vendors("sqlite")
def test_going_back_after_a_failure_is_a_run_of_its_own_in_the_lines(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR, m0003_failing=FAILING)
    result = project.manage(*RUN, "--on-failure", "rollback", check=False)
    lines = lines_of(result.stdout)
    failed, back = [line for line in lines if line["event"] == "run_started"]
    assert back["rollback_of"] == failed["run"] == lines[-1]["run"]
    assert lines[-1]["exit_code"] == result.returncode == 7


@pytest.mark.vendors("sqlite")
def test_without_anything_pending_there_is_one_line(project: Project) -> None:
    installed(project)
    [line] = lines_of(project.manage(*RUN).stdout)
    assert (line["exit_code"], line["failure"], line["run"]) == (0, None, "")
    assert line["report"] == {
        "schema_version": 1,
        "run": None,
        "database": "default",
        "migrations": [],
    }


@pytest.mark.vendors("sqlite")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere",), "No installed app with label 'nowhere'."),
        (("--allow", "drop_colum"), "there is no such rule"),
        (("--report", "no/such/folder.json"), "cannot be written"),
    ],
)
def test_mistakes_are_told_by_a_line(
    project: Project, arguments: tuple[str, ...], words: str
) -> None:
    installed(project, m0002_colour=ADD_COLOUR)
    result = project.manage(*RUN, *arguments, check=False)
    [line] = lines_of(result.stdout)
    assert line["exit_code"] == result.returncode == 1
    assert words in line["failure"]["message"]
    assert line["report"] is None


@pytest.mark.vendors("postgresql")
def test_a_server_that_cannot_be_reached_is_told_by_a_line(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR)
    right = dict(project.databases["default"])
    project.databases["default"] |= {"NAME": "there_is_no_such_database"}
    project.write_settings()
    try:
        result = project.manage(*RUN, check=False)
    finally:
        project.databases["default"] = right
    [line] = lines_of(result.stdout)
    assert line["exit_code"] == result.returncode == 1
    assert "cannot be reached" in line["failure"]["message"]
    assert line["failure"]["next_command"].startswith("check --database default")


def begun(project: Project, *arguments: str) -> subprocess.Popen[str]:
    """Start a run and return when its migration waits."""
    process = project.popen(*RUN, *arguments, env={"WAIT": "1"}, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 300
    while not (project.folder / "began").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return process


@pytest.mark.vendors("sqlite", "postgresql")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_is_told_by_the_last_line(project: Project, number: signal.Signals) -> None:
    installed(project, m0002_noisy=NOISY)
    process = begun(project)
    process.send_signal(number)
    output, _ = process.communicate(timeout=300)
    last = lines_of(output)[-1]
    assert last["exit_code"] == process.returncode == 128 + number
    assert last["failure"]["type"] == "Interrupted"


@pytest.mark.vendors("sqlite")
def test_lines_come_while_it_happens_and_a_killed_run_has_no_last_line(project: Project) -> None:
    installed(project, m0002_noisy=NOISY)
    process = begun(project)
    assert process.stdout is not None
    read = []
    while not read or read[-1]["event"] != "operation_started":
        read.append(json.loads(process.stdout.readline()))
    process.kill()
    rest = process.communicate(timeout=300)[0]
    assert [line for line in rest.splitlines() if json.loads(line)["event"] == "report"] == []


@pytest.mark.vendors("sqlite")
def test_a_second_run_says_who_it_waits_for(project: Project) -> None:
    installed(project, m0002_noisy=NOISY)
    first = begun(project)
    try:
        result = project.manage(*RUN, "--wait", "1", check=False)
    finally:
        first.kill()
        first.communicate()
    waiting, last = lines_of(result.stdout)
    assert (waiting["event"], last["exit_code"]) == ("run_lock_held", 6)
    assert str(first.pid) in waiting["holder"]
    assert last["failure"]["type"] == "LockNotAcquired"


@pytest.mark.vendors("sqlite")
def test_a_reader_that_leaves_does_not_stop_the_run(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR)
    process = project.popen(*RUN, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(300) == 0
    assert process.stderr is not None
    process.stderr.close()
    assert ("shop", "0002_colour") in project.applied_migrations()


@pytest.mark.vendors("sqlite")
def test_a_dry_run_prints_one_document(project: Project) -> None:
    installed(project, m0002_colour=ADD_COLOUR)
    shown = json.loads(project.manage("safemigrate", "--dry-run", "--format", "json").stdout)
    assert [step["label"] for step in shown["steps"]] == ["shop.0002_colour"]


@pytest.mark.django_db(transaction=True)
def test_called_from_python_it_writes_to_the_stream_it_is_given(
    capfd: pytest.CaptureFixture[str],
) -> None:
    stdout, stderr = io.StringIO(), io.StringIO()
    call_command("safemigrate", format="json", interactive=False, stdout=stdout, stderr=stderr)
    [line] = lines_of(stdout.getvalue())
    assert line["report"]["run"] is None
    assert capfd.readouterr().out == ""
