"""
Runs in the folder of a project, with Django set up once: `driver.py prepare|reference|matrix FILE`.

Every run, and everything after it, is a process of its own, forked from this one.
"""

from __future__ import annotations

import gc
import json
import os
import pickle
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402

from tests.kill_matrix import running  # noqa: E402
from tests.kill_matrix.copies import Copies, copies_of  # noqa: E402
from tests.kill_matrix.finishing import finish, manage  # noqa: E402
from tests.kill_matrix.preparing import prepare  # noqa: E402
from tests.kill_matrix.states import Reference  # noqa: E402

#: Seconds after which a process hangs, on a machine however busy.
LIMIT = 900.0


def main() -> None:
    """Do what the command line asks for."""
    copies = copies_of(settings.DATABASES["default"])
    what, file = sys.argv[1], Path(sys.argv[2])
    if what == "prepare":
        prepare()
        copies.keep()
        return
    warm_up(copies)
    if what == "reference":
        in_a_process(lambda: running.record_reference(copies, file))
        copies.wait_for_end()
        return
    reference: Reference = pickle.loads(Path("reference.pickle").read_bytes())  # noqa: S301
    with file.with_suffix(".results").open("w") as results:
        for task in json.loads(file.read_text()):
            results.write(json.dumps(carry_out(task, copies, reference)) + "\n")
            results.flush()


def warm_up(copies: Copies) -> None:
    """Import, and compute once, what every process forked from this one would do anew."""
    running.clean(copies)
    manage(*running.command(backup=False)[1:])
    manage("migrate_repair", "--dry-run")
    connections.close_all()
    running.clean(copies)
    gc.collect()
    gc.freeze()


def carry_out(task: dict[str, Any], copies: Copies, reference: Reference) -> dict[str, Any]:
    """Disturb one run, look at what it left, finish it, and return what was seen."""
    running.clean(copies)
    ended, run_output = in_a_process(
        lambda: running.disturbed(task, copies), kill_after=task.get("delay")
    )
    copies.wait_for_end()
    answer = Path("answer.json")
    answer.unlink(missing_ok=True)
    code, output = in_a_process(
        lambda: answer.write_text(json.dumps(finish(task, copies, reference, ended, run_output)))
    )
    copies.wait_for_end()
    if code or not answer.exists():
        return {**task, "ended": ended, "state": "?", "way": "?", "wrong": [f"it ended with {code}: {output[-3000:]}"]}  # fmt: skip
    return {**task, "ended": ended, **json.loads(answer.read_text())}


def in_a_process(code: Callable[[], object], kill_after: float | None = None) -> tuple[int, str]:
    """Run code in a fork of this process; return how it ended, as `subprocess` tells it, and what it printed."""
    output = Path("output.txt")
    pid = os.fork()
    if pid == 0:
        _be_a_process(code, output)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + LIMIT
    while (found := os.waitpid(pid, os.WNOHANG)) == (0, 0):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.002)
    return os.waitstatus_to_exitcode(found[1]), output.read_text(errors="replace")


def _be_a_process(code: Callable[[], object], output: Path) -> None:
    """Do it with the output in a file, and end without what a fork inherits to clean up."""
    status = 70
    # It does not live long enough for that to be worth its time.
    gc.disable()
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        code()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
