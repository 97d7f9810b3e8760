"""
A process that has set a project up, and becomes its `manage.py` many times at once; used by `tests/concurrency/crowd.py`.

It reads requests from its input, one JSON object in a line, and answers each with the exit codes in the same order.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

COMMANDS = (
    "safemigrate",
    "migrate_backup",
    "migrate_check",
    "migrate_repair",
    "migrate_rollback",
    "migrate_status",
)


def main() -> None:
    """Serve until the input ends; in a child, return when its command has ended."""
    _set_up()
    for line in sys.stdin:
        request = json.loads(line)
        codes = _start_together(request)
        if codes is None:
            return
        print(json.dumps(codes), flush=True)


def _set_up() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    from django.core.management import get_commands

    get_commands()
    for name in COMMANDS:
        importlib.import_module(f"django_safe_migrate.management.commands.{name}")
    for name in ("management.commands._running", "repair", "pipeline", "recovery", "rollback"):
        importlib.import_module(f"django_safe_migrate.{name}")
    importlib.import_module("django.core.management.commands.migrate")
    gc.collect()
    gc.freeze()


def _start_together(request: dict[str, Any]) -> list[int] | None:
    """Fork a process for each command, let all of them go in the same moment, and wait for their ends; None in a child."""
    held, pistol = os.pipe()
    children = []
    for number, command in enumerate(request["commands"]):
        pid = os.fork()
        if pid == 0:
            os.close(pistol)
            _become(command, Path(request["folder"]) / f"output-{number}", request["env"])
            os.read(held, 1)
            _run()
            return None
        children.append(pid)
    os.close(held)
    os.close(pistol)
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]


def _become(command: list[str], output: Path, env: dict[str, str]) -> None:
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    for number, opened in ((0, null), (1, descriptor), (2, descriptor)):
        os.dup2(opened, number)
    os.environ.update(env)
    sys.argv[:] = ["manage.py", *command]
    sys.stdin = open(0)  # noqa: SIM115


def _run() -> None:
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
