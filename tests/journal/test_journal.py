from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from django_safe_migrate import events, journal
from django_safe_migrate.events import Event
from django_safe_migrate.journal import Journal
from tests.records import Story, failed, succeeded, under_way


def write(story: Story, alias: str = "default") -> Path:
    written = Journal.open(story.run_id, alias)
    for event in story.events:
        written.append(event)
    written.close()
    return written.path


def test_what_was_written_is_read_back(folder: Path) -> None:
    story = succeeded()
    path = write(story)
    assert path.parent == folder
    assert journal.read(path) == story.events
    assert [file.record() for file in journal.journals()] == [story.record()]


def test_the_name_tells_start_alias_and_run(folder: Path) -> None:
    path = write(succeeded("0b5f6a52-6f0c-4b4e-9d53-0b1f5d7c2a11"), alias="read/only-1")
    started, rest = path.name.split("-", 1)
    assert rest == "read_only_1-0b5f6a52-6f0c-4b4e-9d53-0b1f5d7c2a11.jsonl"
    assert time.strptime(started, "%Y%m%dT%H%M%SZ")
    assert journal.journals()[0].run_id == "0b5f6a52-6f0c-4b4e-9d53-0b1f5d7c2a11"


def test_nobody_else_can_read_it(folder: Path) -> None:
    path = write(succeeded())
    assert path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.usefixtures("folder")
def test_a_torn_last_line_is_left_out() -> None:
    story = under_way()
    path = write(story)
    content = path.read_bytes()
    for length in range(len(content) - 30, len(content)):
        path.write_bytes(content[:length])
        whole = journal.read(path)
        expected = story.events if length == len(content) - 1 else story.events[:-1]
        assert whole == expected


@pytest.mark.usefixtures("folder")
def test_events_of_a_newer_version_are_left_out() -> None:
    story = succeeded()
    path = write(story)
    with path.open("a") as file:
        file.write(
            json.dumps({"event": "rehearsed", "run": story.run_id, "at": events.timestamp()}) + "\n"
        )
    assert journal.read(path) == story.events


@pytest.mark.usefixtures("folder")
def test_a_journal_without_its_beginning_is_no_record() -> None:
    story = succeeded()
    story.events = story.events[1:]
    path = write(story)
    assert journal.journals()[0].record() is None
    assert path.exists()


@pytest.mark.usefixtures("folder")
def test_a_journal_that_contradicts_itself_is_no_record(caplog: pytest.LogCaptureFixture) -> None:
    write(Story().start(plan=[]).say(events.STEP_STARTED, index=3, attempt=1))
    assert journal.journals()[0].record() is None
    assert "does not make sense and is left out" in caplog.text


@pytest.mark.usefixtures("folder")
def test_only_runs_without_an_end_are_unfinished() -> None:
    write(succeeded())
    write(failed())
    story = under_way()
    write(story)
    (found,) = journal.unfinished()
    assert found.record.id == story.run_id
    assert found.last_seen == story.events[-1].at
    assert found.is_running is True


@pytest.mark.usefixtures("folder")
def test_of_another_host_nothing_is_known() -> None:
    write(under_way(host="elsewhere.example"))
    (found,) = journal.unfinished()
    assert found.is_running is None


def test_a_killed_process_leaves_a_journal_that_says_so(folder: Path) -> None:
    """The writer is killed between two events; its journal holds everything up to there."""
    script = textwrap.dedent(
        f"""
        import os, socket, time, django
        from django.conf import settings
        settings.configure(
            DATABASES={{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}},
            SAFE_MIGRATE={{"JOURNAL_DIR": {str(folder)!r}}},
        )
        django.setup()
        from django_safe_migrate import events
        from django_safe_migrate.events import Event
        from django_safe_migrate.journal import Journal
        written = Journal.open({str(uuid.uuid4())!r}, "default")
        started = Event(events.RUN_STARTED, "r", events.timestamp(), {{"pid": os.getpid(), "host": socket.gethostname()}})
        written.append(started, durable=True)
        print("ready", flush=True)
        time.sleep(60)
        """
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    assert [one.is_running for one in journal.unfinished()] == [True]
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert [one.is_running for one in journal.unfinished()] == [False]


@pytest.mark.usefixtures("folder")
def test_a_full_disk_spoils_one_line_and_raises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    story = succeeded()
    written = Journal.open(story.run_id, "default")
    real_write = os.write
    written.append(story.events[0])

    def half(descriptor: int, data: Any) -> int:
        if len(data) > 20:
            return real_write(descriptor, bytes(data)[:20])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", half)
    written.append(Event(events.NOTICE, story.run_id, events.timestamp(), {"message": "x" * 5}))
    monkeypatch.setattr(os, "write", real_write)
    written.append(story.events[1])
    written.close()
    assert (
        written.failure
        == f"The journal {written.path} could not be written (No space left on device)."
    )
    assert journal.read(written.path) == story.events[:2]


def test_events_after_closing_are_dropped(folder: Path) -> None:
    path = write(succeeded())
    closed = Journal.open(str(uuid.uuid4()), "default")
    closed.close()
    closed.append(Event(events.NOTICE, "r", events.timestamp(), {"message": "late"}))
    assert closed.path.read_bytes() == b""
    assert path.parent == folder


@pytest.mark.usefixtures("folder")
def test_two_journals_of_one_run_cannot_be() -> None:
    story = succeeded()
    path = write(story)
    with pytest.raises(FileExistsError):
        Journal(path)


@pytest.mark.usefixtures("folder")
def test_pruning_keeps_the_newest_and_what_was_not_imported() -> None:
    stories = [succeeded() for _ in range(4)]
    paths = [write(story) for story in stories]
    for day, path in enumerate(paths, start=1):
        path.rename(path.with_name(f"2026030{day}T000000Z-" + path.name.split("-", 1)[1]))
    files = journal.journals()
    removed = journal.prune({file.run_id for file in files[:3]}, keep=1)
    assert removed == [files[0].path, files[1].path]
    assert [file.run_id for file in journal.journals()] == [stories[2].run_id, stories[3].run_id]


@pytest.mark.usefixtures("folder")
def test_an_address_tells_databases_apart_and_nothing_else(settings: Any) -> None:
    address = journal.database_address("default")
    assert len(address) == 16
    assert set(address) <= set("0123456789abcdef")
    assert journal.database_address("nowhere") == ""


def test_no_journals_without_a_folder(folder: Path) -> None:
    assert not folder.exists()
    assert journal.journals() == []
    assert journal.unfinished() == []
