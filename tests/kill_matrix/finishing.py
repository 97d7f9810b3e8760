"""After a disturbed run: what `migrate_status` says, how it is finished, and whether that ends where it should."""

from __future__ import annotations

import contextlib
import io
import json
import re
import time
from pathlib import Path
from typing import Any

from django.core.management import execute_from_command_line
from django.db import connections

from django_safe_migrate import events, journal
from tests.kill_matrix.copies import Copies
from tests.kill_matrix.running import KILL, RANDOM, command
from tests.kill_matrix.states import Reference, differences, dump, look
from tests.real_projects.comparison import compare_dumps

#: Exit codes that the documentation explains; 1 is for errors that are not of the migrations.
EXIT_CODES = {0, 1, 3, 4, 6, 7, 8}
AGAIN, RESUME, REVERT = "running again", "--resume", "--revert"
#: No migration of the plan has more operations, and so many words to ask for.
LONGEST_MIGRATION = 6
_WORD = re.compile(r"add --assume-done (\d+) or")


def finish(
    task: dict[str, Any], copies: Copies, reference: Reference, ended: int, output: str
) -> dict[str, Any]:
    """Look, compare, go on, compare; return the state, the way and everything that was wrong."""
    started = time.monotonic()
    seen = look(copies.database)
    runs = _journaled_runs()
    _, text = manage("migrate_status", "--format", "json")
    status = json.loads(text[text.index("{") :])
    state, wrong, points = differences(seen, status, reference)
    wrong += _about_end(task, ended, output)
    wrong += _about_runs(status, runs)
    way, failed = _go_on(task, status, points)
    wrong += failed
    connections.close_all()
    final = dump(copies.database)
    if text := compare_dumps(reference.final, final, ("undisturbed", "finished")):
        wrong.append(text)
    wrong += _about_the_end(runs)
    name = Path("point.txt")
    result = {
        "point": name.read_text() if name.exists() else "",
        "state": state,
        "way": way,
        "wrong": wrong,
        "seconds": time.monotonic() - started,
    }
    name.unlink(missing_ok=True)
    return result


def manage(*arguments: str) -> tuple[int, str]:
    """Run a command of `manage.py`; return its exit code and what it printed."""
    output = io.StringIO()
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            execute_from_command_line(["manage.py", *arguments])
    except SystemExit as end:
        return (end.code if isinstance(end.code, int) else 1), output.getvalue()
    return 0, output.getvalue()


def _journaled_runs() -> dict[str, str]:
    """Return how each run ended by its journal: nobody but a killed run leaves one without an end."""
    runs = {}
    for file in journal.journals():
        found = journal.read(file.path)
        if found and found[0].name == events.RUN_STARTED:
            last = found[-1]
            is_over = last.name == events.RUN_FINISHED
            runs[file.run_id] = last.payload["status"] if is_over else "crashed"
    return runs


def _about_end(task: dict[str, Any], ended: int, output: str) -> list[str]:
    """A killed run ends by that; one that lost its server ends with an error of ours, or does not need it any more."""
    if task["action"] in {KILL, RANDOM}:
        return [] if ended in {-9, 0} else [f"the run ended with {ended}: {output[-1500:]}"]
    if ended not in EXIT_CODES or "Traceback" in output or "bug in" in output:
        return [f"the run ended with {ended}: {_telling(output)}"]
    return []


def _telling(output: str) -> str:
    """Return the part of an output that a failure has to show: the first traceback, or else the end."""
    found = re.search(r"Traceback|bug in", output)
    if not found:
        return output[-3000:]
    return f"{output[max(0, found.start() - 1000) : found.start() + 4000]} [...] {output[-500:]}"


def _about_runs(status: dict[str, Any], runs: dict[str, str]) -> list[str]:
    told = {run["id"]: run["status"] for run in status["runs"]}
    wrong = [
        f"run {key[:8]} is {how}, and told {told.get(key)}"
        for key, how in runs.items()
        if told.get(key) != how
    ]
    dead = {one["run"]["id"] for one in status["dead_runs"]}
    wrong += [
        f"run {key[:8]} was killed, and is not told so"
        for key, how in runs.items()
        if how == "crashed" and key not in dead
    ]
    if status["lock"]["state"] != "free":
        wrong.append(f"the lock is told {status['lock']}")
    return wrong


def _go_on(
    task: dict[str, Any], status: dict[str, Any], points: tuple[int, ...]
) -> tuple[str, list[str]]:
    """Run again, or repair and run again; return the way that led to the end, and what failed."""
    way = AGAIN
    if task["way"] == REVERT and status["half_done"]:
        way, wrong = _repair(REVERT, points)
        if wrong:
            return way, wrong
    code, text = manage(*command(task["backup"])[1:])
    if code == 3 and "half_done_migration" in text and way == AGAIN:
        way, wrong = _repair(RESUME, points)
        if wrong:
            return way, wrong
        code, text = manage(*command(task["backup"])[1:])
    if code:
        return way, [f"running again ended with {code}: {text[-2500:]}"]
    return way, []


def _repair(way: str, points: tuple[int, ...]) -> tuple[str, list[str]]:
    """Finish or undo what is half done, giving the word about Python and SQL that the rows give."""
    words: list[str] = []
    for _ in range(LONGEST_MIGRATION):
        code, text = manage("migrate_repair", way, *words, "--noinput", "--backup", "never")
        asked = _WORD.search(text)
        if code != 3 or not asked:
            break
        is_done = bool(points) and int(asked[1]) <= max(points)
        words += ["--assume-done" if is_done else "--assume-not-done", asked[1]]
    used = f"migrate_repair {way}" + (" with a word" if words else "")
    return used, [f"{used} {words} ended with {code}: {text[-2500:]}"] if code else []


def _about_the_end(runs: dict[str, str]) -> list[str]:
    """Whether nothing is left of the interruption but its record."""
    code, text = manage("migrate_status", "--check", "--format", "json", "--limit", "20")
    status = json.loads(text[text.index("{") : text.rindex("}") + 1])
    wrong = [] if code == 0 and status["check"]["ok"] else [f"in the end: {status['check']}"]
    wrong += [
        f"in the end {name} has {status[name]}"
        for name in ("half_done", "under_way", "invalid_indexes", "problems")
        if status[name]
    ]
    wrong += [
        f"in the end run {one['run']['id'][:8]} is told killed with work left"
        for one in status["dead_runs"]
    ]
    if status["lock"]["state"] != "free":
        wrong.append(f"in the end the lock is {status['lock']}")
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT id, status FROM django_safe_migrate_migrationrun")
        recorded = {str(key).replace("-", ""): how for key, how in cursor.fetchall()}
    wrong += [
        f"in the end run {key[:8]} is {how}, and recorded as {recorded.get(key.replace('-', ''))}"
        for key, how in runs.items()
        if recorded.get(key.replace("-", "")) != how
    ]
    if "running" in recorded.values():
        wrong.append("in the end a run is recorded as running")
    return wrong
